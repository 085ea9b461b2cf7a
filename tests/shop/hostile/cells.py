"""Tables in good order whose cells are odd: numbers, dates, ids, formulas."""

from tests.shop.hostile.case import Case, column, kept, orders, refused, set_aside

DATE = "is not a date in ISO form, such as 2026-03-31 or 2026-03-31 14:05"
QUANTITY = "quantity is 0, not a number or beyond 10,000,000"
PRICE = "unit_price is below 0 or beyond 10,000,000"


def prices(*cells: str) -> bytes:
    return column("unit_price", *cells).encode()


def dates(*cells: str) -> bytes:
    return column("ordered_at", *cells).encode()


def ids(*cells: str) -> bytes:
    return column("product_id", *cells).encode()


NUMBERS = [
    kept("a decimal comma", "orders.csv", prices("9,50", "12,00"), {"unit_price": [9.5, 12.0]}),
    kept("a decimal comma and points for thousands", "orders.csv", prices("9,50", "1.234", "1.234,5"),
         {"unit_price": [9.5, 1234.0, 1234.5]}),
    kept("thousands", "orders.csv", prices("1,234.50", "12", "1 234.50"), {"unit_price": [1234.5, 12.0, 1234.5]}),
    kept("currency signs", "orders.csv", prices("$9.50", "9.50 USD", "($1.00)".replace("(", "").replace(")", "")),
         {"unit_price": [9.5, 9.5, 1.0]}),
    refused("signs of two currencies in one column", "orders.csv", prices("$9.50", "€9.50"),
            "unit_price .*(\\$ and €|€ and \\$)"),
    set_aside("1,5 and 1.5", "orders.csv", prices("1,5", "1.5"), {"unit_price is not a number": 1}, kept=1),
    refused("1,234 and nothing that says more", "orders.csv", prices("1,234", "2,345"), "comma in 1,234 .*decimal = "),
    set_aside("a percentage where money is asked for", "orders.csv",
              orders({"discount": "1.00"}, {"order_id": "o2", "discount": "10%"}).encode(),
              {"discount is not a number": 1}, kept=1),
    set_aside("spaces inside a number", "orders.csv", prices("9.50", "5 6", "12 34"),
              {"unit_price is not a number": 2}, kept=1),
    set_aside("brackets that do not match", "orders.csv", prices("9.50", "(5", "5)"),
              {"unit_price is not a number": 2}, kept=1),
    set_aside("infinity, and numbers that are none", "orders.csv",
              prices("1", "inf", "-inf", "1e999", "NaN", "0x10", "1_000", "ten", "--1", "1.2.3", "１２"),
              {"unit_price is not a number": 10}, kept=1),
    set_aside("whole numbers beyond 2^63", "orders.csv",
              column("quantity", "1", "9223372036854775808", "99999999999999999999999").encode(), {QUANTITY: 2},
              kept=1),
    set_aside("negative prices", "orders.csv", prices("9.50", "-9.50", "(9.50)", "9.50-"), {PRICE: 3}, kept=1),
    set_aside("quantity 0", "orders.csv", column("quantity", "1", "0", "0.0", "-0").encode(), {QUANTITY: 3}, kept=1),
    set_aside("nothing where a number is needed", "orders.csv", prices("1", "", " "), {"unit_price is empty": 2},
              kept=1),
    set_aside("prices of billions", "orders.csv", prices("9.50", "1e10", "12345678901"), {PRICE: 2}, kept=1),
    kept("returns", "orders.csv", column("quantity", "2", "-1").encode(), {"quantity": [2.0, -1.0]}),
]  # fmt: skip

DATES = [
    refused("01/02 and 13/02 by different rules", "orders.csv", dates("13/02/2026", "02/13/2026", "01/02/2026"),
            "days and months stand in different orders in one column. Export it"),
    refused("dates that can all be read twice", "orders.csv", dates("01/02/2026", "03/04/2026"),
            "can be 1 February 2026 .* or 2 January 2026 .*dates = "),
    kept("one date that settles it", "orders.csv", dates("01/02/2026", "13/02/2026"),
         {"ordered_at": ["2026-02-01", "2026-02-13"]}),
    set_aside("30 February, and what is no date", "orders.csv",
              dates("2026-02-28", "2026-02-27", "2026-02-26", "2026-02-25", "2026-02-30", "2026-13-01", "soon"),
              {f"ordered_at {DATE}": 3}, kept=4),
    set_aside("a year, a month", "orders.csv", dates("2026-02-28", "2026-02-27", "2026", "2026-02"),
              {f"ordered_at {DATE}": 2}, kept=2),
    kept("seconds since 1970", "orders.csv", dates("1767225600", "1767225601"),
         {"ordered_at": ["2026-01-01 00:00:00", "2026-01-01 00:00:01"]}),
    set_aside("a spreadsheet's day numbers", "orders.csv", dates("46027", "46028.5"), {f"ordered_at {DATE}": 2},
              kept=0),
    kept("dates to come", "orders.csv",
         dates("2026-01-05", "2031-01-05"), {"ordered_at": ["2026-01-05", "2031-01-05"]}),
    kept("an hour that the clock left out", "orders.csv",
         dates("2026-03-29 02:30"), {"ordered_at": ["2026-03-29 02:30"]}),
    kept("times of two zones", "orders.csv", dates("2026-01-05T12:00:00+02:00", "2026-01-05T12:00:00Z"),
         {"ordered_at": ["2026-01-05 10:00", "2026-01-05 12:00"]}),
]  # fmt: skip

IDS = [
    refused("ids that a spreadsheet cut short", "orders.csv", ids("1.23E+18", "p1"), "product_id 1.23E.18 was a "),
    refused("the same with a decimal comma", "orders.csv", ids("1,23E+18", "p1"), "last digits are lost. Export again"),
    kept("an article number like 5E12", "orders.csv", ids("5E12", "7E05"), {"product_id": ["5E12", "7E05"]}),
    kept("leading zeros", "orders.csv", ids("007", "07", "7"), {"product_id": ["007", "07", "7"]}),
    kept("NA and null as ids", "orders.csv", ids("NA", "null", "None", "nan", "#N/A1"),
         {"product_id": ["NA", "null", "None", "nan", "#N/A1"]}),
    kept('="007"', "orders.csv", ids('="007"', '="7"'), {"product_id": ["007", "7"]}),
    kept("more digits than any number", "orders.csv", ids("12345678901234567890123", "9007199254740993"),
         {"product_id": ["12345678901234567890123", "9007199254740993"]}),
    kept("upper and lower case", "orders.csv", ids("a", "A", "é", "É"), {"product_id": ["a", "A", "é", "É"]}),
    set_aside("a spreadsheet's errors as text", "orders.csv", ids("p1", "#REF!", "#N/A", "#NAME?"),
              {"product_id is an error of the spreadsheet": 3}, kept=1),
    refused("addresses as customers' numbers", "orders.csv", column("customer_id", "a@b.de", "c@d.de").encode(),
            "customer_id holds e-mail addresses"),
    set_aside("an address among customers' numbers", "orders.csv",
              column("customer_id", "c1", "c2", "c3", "a@b.de").encode(),
              {"customer_id is an e-mail address, and no customer's number": 1}, kept=3),
]  # fmt: skip

FORMULAS = ['=HYPERLINK("http://x.example","look")', "+cmd|' /C calc'!A0", "@SUM(1+1)", "-2+3", "\t=1+1", "=1+1"]
WORDS = [
    kept("formulas in a text", "products.csv",
         ("product_id,name\n" + "".join(f'p{n},"{text.replace(chr(34), chr(34) * 2)}"\n'
                                        for n, text in enumerate(FORMULAS))).encode(),
         {"name": [text.strip() for text in FORMULAS]}, table="products"),
    kept("marks that turn the writing round", "products.csv", "product_id,name\np1,\u202eevil\u202c\u200f\n".encode(),
         {"name": ["\u202eevil\u202c\u200f"]}, table="products"),
    set_aside("a customer twice", "customers.csv", b"customer_id,tier\nc1,gold\nc2,x\nc1,silver\n",
              {"customer_id stands again further down": 1}, kept=2, table="customers"),
]  # fmt: skip

CASES: list[Case] = [*NUMBERS, *DATES, *IDS, *WORDS]
