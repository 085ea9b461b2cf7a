"""Text: how it is laid out, in which letters, and what is no table at all."""

from tests.shop.hostile.case import HEADER, Case, kept, orders, refused, set_aside

TWO = orders({}, {"order_id": "o2"})
ROWS = {"order_id": ["o1", "o2"], "unit_price": [9.5, 9.5]}
NAMED = {"product_id": ["p1"]}


def products(*names: str) -> str:
    return "product_id,name\n" + "".join(f"p{number},{name}\n" for number, name in enumerate(names, 1))


def late(broken: bytes, word: str = "Tea") -> bytes:
    """Five megabytes of products, and then one that is written otherwise."""
    line = f"{word} and more words so that this takes fewer lines than it would otherwise take"
    good = "".join(f"p{number},{line}\n" for number in range(1, 60_001))
    return b"product_id,name\n" + good.encode() + b"p0," + broken + b"\n"


def wide(columns: int, above: str = "") -> bytes:
    return above.encode() + b",".join(b"c%d" % number for number in range(columns)) + b"\n"


def cell_of(full: bool) -> bytes:
    return b"product_id,name\np1," + b"a" * (100_000_000 if full else 40_000_000) + b"\n"


def one_line(full: bool) -> bytes:
    """A header, and then commas without an end."""
    return orders().encode() + b"," * (200_000_000 if full else 40_000_000)


def wide_rows(full: bool) -> bytes:
    """Every row has thirty thousand fields where the header has six."""
    return orders().encode() + (b"," * 30_000 + b"\n") * (6_000 if full else 1_500)


NOT_A_TABLE = [
    refused("nothing", "orders.csv", b"", "the file is empty"),
    refused("only a mark", "orders.csv", b"\xef\xbb\xbf", "the file is empty"),
    refused("only blank lines", "orders.csv", b"\n\n \n\r\n", "the file is empty"),
    refused("a web page", "orders.csv", b"<!DOCTYPE html>\n<html><body>Log in", "a web page .* while logged in"),
    refused("a web page's table called .csv", "orders.csv", b"\n <table><tr><td>1", "a web page"),
    refused("XML", "orders.csv", b'<?xml version="1.0"?>\n<orders><order/></orders>', "XML, not CSV. Export it as CSV"),
    refused("XML without its first line", "orders.csv", b"<orders>\n<order id='1'/></orders>", "XML, not CSV"),
    refused("JSON", "orders.csv", b'[{"order_id": 1}]', "JSON, not CSV. Export it as CSV"),
    refused("a JSON object a line", "orders.csv", b'{"order_id": 1}\n{"order_id": 2}\n', "JSON, not CSV"),
    refused("a PDF", "orders.csv", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "it is a PDF document"),
    refused("a picture", "orders.csv", b"\x89PNG\r\n\x1a\n" + bytes(40), "it is a picture"),
    refused("a database", "orders.csv", b"SQLite format 3\x00" + bytes(90), "it is a database file"),
    refused("prose", "orders.csv", b"Dear all,\nplease find the orders attached.\nBest, Ana\n", "orders.csv"),
    refused("NUL bytes", "orders.csv", TWO.replace("9.50", "9\x00.50").encode(), "holds NUL bytes"),
    refused("NUL characters in UTF-16", "orders.csv", TWO.replace("p1", "p\x001").encode("utf-16"), "NUL"),
]  # fmt: skip

LAID_OUT = [
    kept("only a header", "orders.csv", orders().encode(), {}, rows=0, said="no rows below its header"),
    kept("blank lines between rows", "orders.csv", TWO.replace("\n", "\n\n").encode(), ROWS),
    kept("a title above the header", "orders.csv", f"Orders of 2026\n\n{TWO}".encode(), ROWS, said="2 lines above"),
    kept("comments, and ids that begin with #", "orders.csv", f"# exported\n{TWO.replace('o1', '#1')}".encode(),
         {"order_id": ["#1", "o2"]}),
    refused("a header that says a name twice", "orders.csv", TWO.replace("product_id", "order_id").encode(),
            "column 'order_id' stands twice in the header. Rename"),
    refused("a header with a gap", "orders.csv", TWO.replace("product_id", "").encode(),
            "column 4 has no name. Name it in the header"),
    kept("a column without name and cells", "orders.csv", TWO.replace("\n", ",\n").encode(), ROWS),
    refused("a header of numbers", "orders.csv", b"1,2,3,4\n5,6,7,8\n", "is missing for orders. Found: 1, 2, 3, 4"),
    refused("a million columns", "orders.csv", wide(1_000_000), "more than 500 columns", heavy=True),
    refused("a hundred thousand columns", "orders.csv", wide(100_000), "more than 500 columns", heavy=True),
    refused("a hundred thousand columns below a title", "orders.csv", wide(100_000, "Orders\n"), "more than 500 col"),
    refused("a cell of a hundred megabytes", "products.csv", cell_of, "line 2: .*more than 65,536 char", heavy=True),
    refused("a cell a letter too long", "products.csv", products("a" * 65_537).encode(), "line 2: a cell of more than"),
    kept("a cell as long as may be", "products.csv", products("a" * 65_536).encode(), {"name": ["a" * 65_536]},
         table="products"),
    refused("a line of commas without an end", "orders.csv", one_line, "line 2: ", heavy=True),
    refused("rows of thirty thousand fields", "orders.csv", wide_rows, "line 2.* 30,001 fields", heavy=True),
    refused("a quotation mark that is never closed", "orders.csv", TWO.replace("p1", '"p1', 1).encode(),
            "line 3: the file ends inside quotation marks. Repair"),
    refused("a quotation mark never closed, and much below it", "orders.csv",
            (TWO.replace("p1", '"p1', 1) + TWO * 2_000).encode(), "quotation mark that is never closed"),
    refused("quotation marks after a quoted part", "orders.csv", TWO.replace("p1", '"p"1').encode(),
            "line 2: quotation marks that do not fit"),
    kept("quotation marks in the middle", "products.csv", products('5" nails', "a 'b'").encode(),
         {"name": ['5" nails', "a 'b'"]}, table="products"),
    set_aside("a few ragged rows", "orders.csv", (TWO + TWO.split("\n")[1] + ",9\no3,c1\n").encode(),
              {"more fields than the header": 1, "fewer fields than the header": 1}, kept=2),
    refused("mostly ragged rows", "orders.csv", (orders({}) + "o2,c1,2026-01-05,p1,2,9,50\n" * 3).encode(),
            "its lines have more fields than the header: 7 in line 3, 6 in the header"),
    kept("lone CR line ends", "orders.csv", TWO.replace("\n", "\r").encode(), ROWS),
    kept("lone CR line ends, more than 500 commas", "orders.csv", orders(
        *({"order_id": f"o{number}"} for number in range(200)), end="\r").encode(),
         {"order_id": [f"o{number}" for number in range(200)]}),
    kept("CRLF line ends", "orders.csv", TWO.replace("\n", "\r\n").encode(), ROWS),
    *(kept(f"delimiter {mark!r}", "orders.csv", TWO.replace(",", mark).encode(), ROWS) for mark in ";\t|"),
    kept("a sep= line", "orders.csv", f"sep=;\n{TWO.replace(',', ';')}".encode(), ROWS),
    kept("control characters", "products.csv", products("a\x07b\x1b[31m").encode(), {"name": ["a\x07b\x1b[31m"]},
         table="products"),
    kept("spaces round names and cells", "orders.csv", TWO.replace(",", " , ").encode(), ROWS),
    set_aside("rows of commas", "orders.csv", f"{TWO},,,,,\n".encode(), {"order_id is empty": 1}, kept=2),
    kept("a header in capitals", "orders.csv", TWO.replace(",".join(HEADER), ",".join(HEADER).upper()).encode(), ROWS),
]  # fmt: skip

LETTERS = [
    *(kept(f"Chinese in {name}", "products.csv", products("面霜", "乌龙茶").encode(name), {"name": ["面霜", "乌龙茶"]},
           table="products") for name in ("gbk", "gb18030", "utf-8", "utf-8-sig", "utf-16")),
    kept("a rare Chinese letter in GB18030", "products.csv", products("面霜和乌龙茶及䶮").encode("gb18030"),
         {"name": ["面霜和乌龙茶及䶮"]}, table="products"),
    refused("Big5", "products.csv", products("烏龍茶與面霜", "保濕乳液").encode("big5"), "neither UTF-8 nor GB18030"),
    refused("Latin-1", "products.csv", products("Crème brûlée", "Müller Öl").encode("latin-1"),
            "neither UTF-8 nor GB18030 text.* Say how it is encoded"),
    kept("UTF-16, its large end first", "products.csv", b"\xfe\xff" + products("茶").encode("utf-16-be"),
         {"name": ["茶"]}, table="products"),
    *(refused(f"{name} without a mark", "orders.csv", TWO.encode(name), "NUL bytes")
      for name in ("utf-16-le", "utf-16-be", "utf-32-le")),
    refused("UTF-32 with a mark", "orders.csv", TWO.encode("utf-32"), "UTF-32|NUL"),
    refused("UTF-8 with a broken byte after 5 MB", "products.csv", lambda full: late(b"Caf\xe9"),
            "line 60,002"),
    refused("the same in a file of Chinese", "products.csv", lambda full: late(b"Caf\xe9 x", "乌龙茶"),
            "line 60,002"),
    refused("Latin-1 that reads as Chinese, after 5 MB", "products.csv",
            lambda full: late("Müller".encode("latin-1")), "line 60,002"),
    refused("lines of UTF-8 and lines of GB18030", "products.csv",
            b"product_id,name\n" + b"".join(f"p{n},{'面霜和乌龙茶'}\n".encode("gb18030" if n % 10 else "utf-8")
                                                   for n in range(40)), "both UTF-8 and|neither UTF-8"),
    refused("half a letter at the end", "products.csv", products("茶").encode()[:-2], "line 2"),
]  # fmt: skip

CASES: list[Case] = [*NOT_A_TABLE, *LAID_OUT, *LETTERS]
