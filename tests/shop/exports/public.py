"""Public data sets: a few rows in their shape."""

from tests.shop.exports import Export, Order, csv_bytes


def uci() -> Export:
    """Online Retail II: two invoices, a cancellation, postage, a guest, and the book-keeper's correction."""
    columns = ["Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price", "Customer ID", "Country"]
    rows = [
        ("536365", "85123A", "WHITE HANGING HEART T-LIGHT HOLDER", 6, "2010-12-01 08:26:00", "2.55", "17850.0"),
        ("536365", "71053", "WHITE METAL LANTERN", 6, "2010-12-01 08:26:00", "3.39", "17850.0"),
        ("536365", "POST", "POSTAGE", 1, "2010-12-01 08:26:00", "18", "17850.0"),
        ("536366", "22633", "HAND WARMER UNION JACK", 6, "2010-12-01 08:28:00", "1.85", "13047.0"),
        ("C536379", "22633", "HAND WARMER UNION JACK", -1, "2010-12-02 09:41:00", "1.85", "13047.0"),
        ("536414", "22139", "", 56, "2010-12-01 11:52:00", "0", ""),
        ("A563186", "B", "Adjust bad debt", 1, "2011-08-12 14:51:00", "-11062.06", ""),
    ]
    table = [dict(zip(columns, (*row, "United Kingdom"), strict=True)) for row in rows]
    orders = {
        "536365": Order("17850", 6 * 255 + 6 * 339 + 1800),
        "536366": Order("13047", 6 * 185),
        "C536379": Order("13047", -185),
    }
    return Export("online_retail_II.csv", csv_bytes(columns, table), len(rows), orders)


def behaviour() -> bytes:
    """Taobao's UserBehavior.csv: no header."""
    rows = ["1,2268318,2520377,pv,1511544070", "1,2268318,2520377,buy,1511561733", "2,2333346,2520771,fav,1511572885"]
    return ("\n".join([*rows, "3,2576651,149192,cart,1511600888"]) + "\n").encode()
