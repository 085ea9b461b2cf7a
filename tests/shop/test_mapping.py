"""A mapping file says what it says: read, written and read again; a mistake in it is a sentence."""

import pytest

from engine.errors import DataProblem
from engine.shop import mapping
from engine.shop.gate import Reading
from engine.shop.mapping import TableMapping

FULL = """
[orders]
Invoice = "order_id"
"Customer no." = "customer_id"
"with = and ]" = "ignore"

[orders.read]
encoding = "gb18030"
delimiter = ";"
decimal = ","
time_zone = "Europe/Berlin"
dates = { ordered_at = "%d/%m/%Y" }
missing = { discount = "fill 0", product_id = "drop", status = "keep" }
"""


def written(tmp_path, text):
    path = tmp_path / "map.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_option_of_a_mapping_file_is_read(tmp_path):
    (one,) = mapping.read(written(tmp_path, FULL))
    assert one.columns == {"Invoice": "order_id", "Customer no.": "customer_id", "with = and ]": "ignore"}
    assert (one.table, one.decimal, one.time_zone) == ("orders", ",", "Europe/Berlin")
    assert one.dates == {"ordered_at": "%d/%m/%Y"}
    assert one.missing == {"discount": "fill 0", "product_id": "drop", "status": "keep"}
    assert one.reading == Reading("gb18030", ";", ())


@pytest.mark.parametrize(
    "mappings",
    [
        [],
        [TableMapping(table="orders", columns={"a": "order_id"})],
        [TableMapping(table="orders", columns={one: "order_id"}) for one in "ab"],
        [TableMapping(table="reviews", columns={'"': "rating", "é 茶\n": "text", "a.b": "ignore"})],
        [TableMapping(table="customers", columns={"a": "customer_id"}, missing={"x": "fill = ] '\""}, delimiter="\t")],
        [TableMapping(table="orders", columns={"Name": "order_id"}, source="shopify_orders", time_zone="UTC")],
        [TableMapping(table="reviews", columns={one: "rating"}) for one in ("read", "b")],
    ],
    ids=["none", "one", "two of a table", "odd names", "odd values", "an export", "a column called read"],
)  # fmt: skip
def test_what_is_written_is_read_again(tmp_path, mappings):
    assert mapping.read(written(tmp_path, mapping.write(mappings))) == mappings


def test_a_column_called_read_can_be_mapped_beside_options(tmp_path):
    one = TableMapping(table="reviews", columns={"read": "rating", "b": "text"}, decimal=",")
    assert mapping.read(written(tmp_path, mapping.write([one]))) == [one]


def test_several_exports_of_one_table_stand_in_double_brackets(tmp_path):
    text = '[[orders]]\nA = "order_id"\n[[orders]]\nB = "order_id"\n[orders.read]\ndecimal = ","\n'
    first, second = mapping.read(written(tmp_path, text))
    assert (first.columns, first.decimal) == ({"A": "order_id"}, "")
    assert (second.columns, second.decimal) == ({"B": "order_id"}, ",")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[sales]\na = 'b'", r"map.toml: no table called sales. Tables are: customers, products"),
        ("[orders", r"map.toml: not a readable mapping file"),
        ("orders = 3", r"map.toml: orders: write one line per column, such as"),
        ("[orders]\na = 3", r"map.toml: orders: write one line per column"),
        ("orders = [1, 2]", r"map.toml: orders: write one line per column"),
        ("[orders]\na = 'order_id'\nb = 'order_id'", r"map.toml: orders: .*two columns are said to be order_id"),
        ("[orders.read]\nsource = 'amazon'", r"map.toml: orders: source: .*no such export; known are .*; got 'amazon'"),
        ("[orders.read]\ndelimiter = '.'", r"map.toml: orders: delimiter: .*one of , ; \| or a tab; got '\.'"),
        ("[orders.read]\ndecimal = 'x'", r"map.toml: orders: decimal: .*; got 'x'"),
        ("[orders.read]\ntime_zone = 'Mars'", r"map.toml: orders: time_zone: .*write it as in .*; got 'Mars'"),
        ("[orders.read]\ntime_zone = '../etc'", r"map.toml: orders: time_zone: .*write it as in Europe/Berlin"),
        ("[orders.read]\nmissing = { a = 'guess' }", r"map.toml: orders: missing: .*'guess' is not \"keep\", \"drop\""),
        ("[orders.read]\nencodings = 'x'", r"map.toml: orders: encodings: Extra inputs are not permitted"),
        ("[orders.read]\ntable = 'ads'", r"map.toml: orders: .*table"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_mapping_file_is_named(tmp_path, text, said):
    with pytest.raises(DataProblem, match=said):
        mapping.read(written(tmp_path, text))


def test_a_mapping_file_that_is_not_there_or_no_text_is_named(tmp_path):
    with pytest.raises(DataProblem, match=r"gone.toml: not a readable mapping file"):
        mapping.read(tmp_path / "gone.toml")
    (tmp_path / "map.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataProblem, match=r"map.toml: not a readable mapping file"):
        mapping.read(tmp_path / "map.toml")


def test_a_mapping_fits_a_file_that_has_all_its_columns():
    one = TableMapping(table="reviews", columns={"a": "rating", "b": "text"})
    assert one.fits(["b", "a", "c"]) and not one.fits(["a"])
    assert not TableMapping(table="reviews", columns={}).fits(["a"]), "which says nothing of any file"


def test_what_is_confirmed_again_takes_the_place_of_what_was_known(tmp_path):
    old = TableMapping(table="orders", columns={"a": "order_id", "b": "status"})
    other = TableMapping(table="orders", columns={"c": "order_id"})
    new = TableMapping(table="orders", columns={"b": "customer_id", "a": "order_id"})
    assert mapping.with_confirmed([old, other], [new]) == [other, new]
    assert mapping.saved(tmp_path) == []
    (tmp_path / mapping.FILE).write_text(mapping.write([other, new]))
    assert mapping.saved(tmp_path) == [other, new]
