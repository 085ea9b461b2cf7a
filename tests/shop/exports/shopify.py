"""Shopify's exports of orders, customers and products."""

import random

from tests.shop.exports import Export, Order, csv_bytes, money

ORDER_COLUMNS = [
    "Name", "Email", "Financial Status", "Paid at", "Fulfillment Status", "Fulfilled at", "Accepts Marketing",
    "Currency", "Subtotal", "Shipping", "Taxes", "Total", "Discount Code", "Discount Amount", "Shipping Method",
    "Created at", "Lineitem quantity", "Lineitem name", "Lineitem price", "Lineitem compare at price", "Lineitem sku",
    "Lineitem requires shipping", "Lineitem taxable", "Lineitem fulfillment status", "Billing Name", "Billing Street",
    "Billing Address1", "Billing Address2", "Billing Company", "Billing City", "Billing Zip", "Billing Province",
    "Billing Country", "Billing Phone", "Shipping Name", "Shipping Street", "Shipping Address1", "Shipping Address2",
    "Shipping Company", "Shipping City", "Shipping Zip", "Shipping Province", "Shipping Country", "Shipping Phone",
    "Notes", "Note Attributes", "Cancelled at", "Payment Method", "Payment Reference", "Refunded Amount", "Vendor",
    "Outstanding Balance", "Employee", "Location", "Device ID", "Id", "Tags", "Risk Level", "Source",
    "Lineitem discount", "Tax 1 Name", "Tax 1 Value", "Phone", "Receipt Number", "Duties",
]  # fmt: skip
ADDRESS = {
    "Billing Name": "Zelda Quux", "Billing Street": "Nowhere 7", "Billing Address1": "Nowhere 7",
    "Billing City": "Atlantis", "Billing Zip": "99999", "Billing Country": "DE", "Billing Phone": "+49 000 1234567",
    "Shipping Name": "Zelda Quux", "Shipping Address1": "Nowhere 7", "Shipping City": "Atlantis",
    "Shipping Country": "DE",
}  # fmt: skip


class _File:
    def __init__(self) -> None:
        self.rows: list[dict[str, object]] = []
        self.orders: dict[str, Order] = {}
        self.aside: dict[str, int] = {}

    def add(
        self, name, lines, email="", discount=0, shipping=0, tax=0, on_top=True, refund=0, refunded_goods=0,
        customer=None, reason="", **cells,
    ):  # fmt: skip
        """lines: (name, sku, quantity, price, line discount) in cents. refund: as paid back, of which for goods."""
        gross = sum(quantity * price for _, _, quantity, price, _ in lines)
        off = sum(line[-1] for line in lines) + discount
        subtotal = gross - off
        first = {
            "Financial Status": "paid", "Accepts Marketing": "no", "Currency": "EUR", "Subtotal": money(subtotal),
            "Shipping": money(shipping), "Taxes": money(tax), "Discount Amount": money(discount),
            "Total": money(subtotal + shipping + (tax if on_top else 0)), "Refunded Amount": money(refund),
            "Created at": "2026-01-05 10:00:00 +0100", "Payment Method": "Shopify Payments", "Source": "web",
            "Id": str(4_000_000 + len(self.orders)), **ADDRESS, **cells,
        }  # fmt: skip
        for number, (product, sku, quantity, price, line_off) in enumerate(lines):
            self.rows.append(
                (first if number == 0 else {})
                | {"Name": name, "Email": email, "Phone": cells.get("Phone", "") if number == 0 else ""}
                | {"Lineitem quantity": quantity, "Lineitem name": product, "Lineitem price": money(price)}
                | {"Lineitem sku": sku, "Lineitem discount": money(line_off), "Vendor": "Loom"}
            )
        if reason:
            self.aside[reason] = self.aside.get(reason, 0) + len(lines)
        else:
            key = email.strip().lower() if customer is None else customer
            self.orders[name] = Order(
                key, gross, off, shipping, tax, refunded_goods, cells.get("Fulfillment Status", "")
            )


def orders(many: int = 120, seed: int = 1) -> Export:
    """Every trap by hand, then `many` orders by chance."""
    file = _File()
    shirt, mug, sock = ("Shirt - Red / M", "SH-R-M", 1, 1999, 0), ("Mug", "MUG", 2, 850, 0), ("Sock", "", 1, 333, 0)
    file.add("#1001", [shirt, mug, sock], "Ada@Example.com", discount=1000, shipping=490, tax=500)
    file.add("#1002", [("Pin", "PIN", 1, 100, 0)] * 3, "bob@example.com", discount=1)
    file.add("#1003", [mug, ("Gift", "GIFT", 1, 0, 0)], "ada@example.com ", shipping=500, tax=271, on_top=False)
    file.add("#1004", [shirt], customer="guest-#1004")
    file.add("#1005", [mug], customer="+4917000000001", Phone="'+49 170 000 00001")
    # Refunded whole, with shipping and tax on top: 16.99 + 4.90 + 3.23.
    file.add("#1006", [("Lamp", "LAMP", 1, 1699, 0)], "cy@example.com", shipping=490, tax=323, refund=2512,
             refunded_goods=1699, **{"Financial Status": "refunded"})  # fmt: skip
    # One of two lines back: 50.00 and its tax of 4.00; the shipping of 9.00 is kept.
    file.add("#1007", [("Rug", "RUG", 1, 5000, 0), ("Bowl", "BOWL", 1, 5000, 0)], "dee@example.com", shipping=900,
             tax=800, refund=5400, refunded_goods=5000, **{"Financial Status": "partially_refunded"})  # fmt: skip
    # More than the goods, less than all: the goods, and some of the shipping.
    file.add("#1008", [("Bowl", "BOWL", 1, 10000, 0)], "dee@example.com", shipping=1000, refund=10500,
             refunded_goods=10000, **{"Financial Status": "partially_refunded"})  # fmt: skip
    file.add("#1009", [shirt, mug], "eve@example.com", reason="order is a test order",
             **{"Payment Method": "bogus"})  # fmt: skip
    file.add("#1010", [shirt, mug, sock], "eve@example.com", reason="order is not paid: pending",
             **{"Financial Status": "pending"})  # fmt: skip
    file.add("#1011", [mug], "eve@example.com", reason="order is not paid: voided",
             **{"Financial Status": "voided", "Cancelled at": "2026-01-06 09:00:00 +0100"})  # fmt: skip
    file.add("#1012", [mug, sock], "fay@example.com", reason="currency SEK has no rate in the shop's settings",
             Currency="SEK")  # fmt: skip
    file.add("#1013", [("Rug", "RUG", 3, 1111, 111)], "fay@example.com", discount=222, shipping=333,
             **{"Created at": "2026-01-05 23:30:00 -0500", "Fulfillment Status": "fulfilled"})  # fmt: skip
    file.add("#1014", [shirt], "all@example.com", discount=1999)
    file.add("#1015", [mug], "fay@example.com", **{"Cancelled at": "2026-01-07 09:00:00 +0100"})
    chance = random.Random(seed)
    for number in range(2000, 2000 + many):
        _by_chance(file, f"#{number}", chance)
    return Export("orders_export_1.csv", csv_bytes(ORDER_COLUMNS, file.rows), len(file.rows), file.orders, file.aside)


def _by_chance(file: _File, name: str, chance: random.Random) -> None:
    lines = [
        (f"Thing {sku}", f"T{sku}", chance.randint(1, 4), chance.randint(1, 20_000), 0)
        for sku in chance.sample(range(40), chance.randint(1, 6))
    ]
    gross = sum(line[2] * line[3] for line in lines)
    discount = chance.choice([0, 0, 1, gross // 7, gross // 3])
    goods, shipping, on_top = gross - discount, chance.choice([0, 490, 995]), chance.random() < 0.5
    tax = round(goods * 0.19) if on_top else round(goods * 0.19 / 1.19)
    back = chance.choice([0, 0, 0, goods // 2, goods // 3])
    refund = back + (round(back * tax / goods) if on_top and goods else 0)
    if chance.random() < 0.1:
        back, refund = goods, goods + shipping + (tax if on_top else 0)
    file.add(name, lines, f"c{chance.randint(1, 40)}@example.com", discount, shipping, tax, on_top, refund, back)


def dollars() -> Export:
    """Two orders in dollars, for a shop that counts in euros."""
    file = _File()
    file.add("#1", [("Mug", "MUG", 3, 999, 0), ("Pin", "PIN", 1, 101, 0)], "a@example.com", discount=7, Currency="USD")
    file.add("#2", [("Mug", "MUG", 1, 1050, 0)], "b@example.com")
    return Export("orders_export.csv", csv_bytes(ORDER_COLUMNS, file.rows), len(file.rows), file.orders)


def customers() -> bytes:
    """Four customers: by address, by phone, by number alone, and by nothing."""
    columns = [
        "Customer ID", "First Name", "Last Name", "Email", "Accepts Email Marketing", "Default Address Company",
        "Default Address Address1", "Default Address City", "Default Address Country Code", "Default Address Phone",
        "Phone", "Accepts SMS Marketing", "Total Spent", "Total Orders", "Note", "Tax Exempt", "Tags",
    ]  # fmt: skip
    person = {
        "First Name": "Zelda",
        "Last Name": "Quux",
        "Default Address Address1": "Nowhere 7",
        "Total Spent": "9.00",
    }
    rows = [
        {"Customer ID": "'700100", "Email": "Ada@example.com", "Accepts Email Marketing": "yes", "Tags": "vip"},
        {"Customer ID": "'700101", "Phone": "'+4917000000001", "Accepts Email Marketing": "no"},
        {"Customer ID": "'700102", "Accepts Email Marketing": "no", "Accepts SMS Marketing": "no"},
        {"Accepts Email Marketing": "no"},
    ]
    return csv_bytes(columns, [person | row for row in rows])


def products() -> bytes:
    """A shirt in two sizes with a further picture, and a mug without variants and SKU."""
    columns = [
        "Handle", "Title", "Body (HTML)", "Vendor", "Product Category", "Type", "Tags", "Published", "Option1 Name",
        "Option1 Value", "Option2 Name", "Option2 Value", "Variant SKU", "Variant Inventory Qty", "Variant Price",
        "Image Src", "Image Position", "Cost per item", "Status",
    ]  # fmt: skip
    rows = [
        {"Handle": "shirt", "Title": "Shirt", "Body (HTML)": "<p>Soft &amp; warm</p>", "Vendor": "Loom",
         "Type": "Clothes", "Option1 Value": "Red", "Option2 Value": "M", "Variant SKU": "'SH-R-M",
         "Variant Inventory Qty": 4, "Variant Price": "19.99", "Cost per item": "8.10", "Image Src": "https://x/1"},
        {"Handle": "shirt", "Option1 Value": "Red", "Option2 Value": "L", "Variant SKU": "SH-R-L",
         "Variant Inventory Qty": 0, "Variant Price": "19.99", "Cost per item": "8.10", "Image Src": "https://x/2"},
        {"Handle": "shirt", "Image Src": "https://x/3", "Image Position": 3},
        {"Handle": "mug", "Title": "Mug", "Vendor": "Kiln", "Type": "Kitchen", "Option1 Name": "Title",
         "Option1 Value": "Default Title", "Variant Price": "8.50"},
    ]  # fmt: skip
    return csv_bytes(columns, rows)
