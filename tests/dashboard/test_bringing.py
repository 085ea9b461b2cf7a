"""Files brought in on Data: what was understood of them is shown, can be changed, and is what is then taken in."""

import io
import json
import zipfile

import pandas as pd
import pytest

from engine.shop import databases, gate, incoming, intake, mapping, store
from tests.dashboard.test_data import brought, imported, reasons, table
from tests.shop.exports import shopify, tmall

HEAD = "order_id,customer_id,ordered_at,product_id,quantity,unit_price\n"
TWO_WAYS = (HEAD + "o1,c1,05/01/2026,p1,1,2.50\no2,c2,06/01/2026,p1,1,2.50\n").encode()
OWN_WORDS = b"Bestellung,Kunde,Tag,Artikel,Menge,Einzelpreis\nB1,K1,2026-01-05,A1,2,9.50\nB2,K2,2026-01-06,A1,1,9.50\n"


@pytest.fixture
def page(open_app, empty_shop):
    """The Data page of a shop without any data."""
    return open_app(empty_shop, "data")


@pytest.fixture
def at_once(monkeypatch):
    """An import that is asked for is done in this process: what comes of it is the same, without a report."""

    def start(into, folder, now):
        staged = incoming.load(folder)
        intake.import_files(
            incoming.files(folder, staged), into, now=now, pseudonymise=staged.pseudonymise, keep_mapping=True
        )
        incoming.discard(into)

    monkeypatch.setattr(incoming, "start", start)


def take_in(app, folder):
    """The shop after its waiting files were taken in."""
    assert not app.button(key="data.import").disabled
    app.button(key="data.import").click().run()
    assert not app.exception and not app.error
    return store.open_shop(folder)


def told(app, place="0.csv.0", table="orders", **roles):
    """The page after columns were given a meaning in the table, by the name of the column."""
    key = f"data.columns.{place}.{table}"
    columns = list(app.dataframe(key=key).value["column"])
    edits = {columns.index(column): {"role": role} for column, role in roles.items()}
    app.session_state[key] = {"edited_rows": edits, "added_rows": [], "deleted_rows": []}
    return app.button(key=f"data.use.{place}").click().run()


def test_a_shopify_file_of_orders_is_known_shown_taken_in_and_every_row_is_accounted_for(page, empty_shop, words):
    store.save_settings(store.open_shop(empty_shop), {"currency": "EUR"})
    export = shopify.orders(many=30)
    app = brought(page, (export.name, export.content))
    assert "Goes into Orders: this is Shopify: orders." in words(app).replace("\\", "")
    assert table(app, "Lineitem sku")["Name"].tolist() == ["#1001"] * 3 + ["#1002"] * 2
    assert "columns are taken in" in words(app)
    imported(app, empty_shop)
    lost = sum(export.aside.values())
    said = f"Orders: {export.rows} rows in = {export.rows - lost} kept + {lost} set aside"
    assert said in words(app)
    assert sum(reasons(app).values()) == lost
    assert reasons(app)["Orders", "the order is not paid: pending"] == export.aside["order is not paid: pending"]
    orders = store.open_shop(empty_shop).table("orders")
    net = (orders["quantity"] * orders["unit_price"] - orders["discount"] - orders["refunded"].fillna(0)).sum()
    assert round(net * 100) == sum(order.net for order in export.orders.values())


def test_a_zip_of_several_exports_is_looked_at_and_taken_in_as_one(at_once, page, empty_shop):
    store.save_settings(store.open_shop(empty_shop), {"currency": "EUR"})
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in (("orders.csv", shopify.orders(many=5).content), ("people.csv", shopify.customers())):
            archive.writestr(name, content)
    app = brought(page, ("export.zip", packed.getvalue()))
    assert not app.exception
    assert [box.key for box in app.selectbox if box.key.startswith("data.encoding")] == ["data.encoding.0.zip"]
    shop = take_in(app, empty_shop)
    assert shop.rows("orders") and shop.rows("customers")


def test_amounts_in_a_currency_without_a_rate_are_told_before_anything_is_taken_in(page, words):
    export = shopify.orders(many=5)
    assert "Amounts in EUR, SEK: this shop counts in USD" in words(brought(page, (export.name, export.content)))


def test_a_date_that_can_be_two_days_is_asked_for_and_the_answer_is_how_it_is_read(at_once, page, empty_shop, words):
    app = brought(page, ("orders.csv", TWO_WAYS))
    assert app.button(key="data.import").disabled
    ask = app.radio(key="data.ask.0.csv.0.date.ordered_at")
    assert ask.label == "Which day is 05/01/2026 (time of the order)?"
    assert ask.options == ["5 January 2026", "1 May 2026"]
    app = ask.set_value("%m/%d/%Y").run()
    assert not app.button(key="data.import").disabled
    shop = take_in(app, empty_shop)
    times = shop.table("orders")["ordered_at"]
    assert times.tolist() == [pd.Timestamp("2026-05-01"), pd.Timestamp("2026-06-01")]


def test_a_comma_that_can_be_two_things_is_asked_for(at_once, page, empty_shop):
    app = brought(page, ("orders.csv", TWO_WAYS.replace(b"2.50", b'"1,250"').replace(b"05/01/", b"25/01/")))
    app = app.radio(key="data.ask.0.csv.0.decimal.").set_value(".").run()
    shop = take_in(app, empty_shop)
    assert shop.table("orders")["unit_price"].tolist() == [1250.0, 1250.0]


def test_text_in_an_unknown_encoding_is_refused_with_a_switch_and_then_shown_right(at_once, page, empty_shop, words):
    names = ["烏龍茶葉", "高山茶組", "瓷杯兩件", "木盤", "竹製茶匙", "禮盒"]
    rows = "".join(f"p{number},{name},茶具與茶葉,{number}.5\n" for number, name in enumerate(names, start=1))
    content = f"product_id,name,category,price\n{rows}".encode("big5")
    app = brought(page, ("products.csv", content))
    assert "Say how it is encoded" in words(app)
    assert app.button(key="data.import").disabled
    app = app.selectbox(key="data.encoding.0.csv").set_value("big5").run()
    assert table(app, "product_id")["name"].tolist() == names[:5]
    shop = take_in(app, empty_shop)
    assert shop.table("products")["name"].tolist() == names
    assert [one.encoding for one in mapping.saved(empty_shop)] == ["big5"], "next month's file is read without asking"


def test_a_column_that_is_missing_blocks_the_import_by_its_name_until_it_is_chosen(at_once, page, empty_shop, words):
    app = brought(page, ("sales.csv", OWN_WORDS.replace(b"Kunde", b"Wer")))
    app = app.selectbox(key="data.table.0.csv").set_value("orders").run()
    said = words(app)
    assert "Orders need a column for:" in said and "customer number" in said
    assert app.button(key="data.import").disabled
    columns = {"Bestellung": "order_id", "Wer": "customer_id", "Tag": "ordered_at", "Artikel": "product_id",
               "Menge": "quantity", "Einzelpreis": "unit_price"}  # fmt: skip
    app = told(app, **columns)
    assert "as you said" in words(app)
    shop = take_in(app, empty_shop)
    assert shop.table("orders")["customer_id"].tolist() == ["K1", "K2"]


def test_a_column_is_given_another_meaning_and_two_cannot_have_the_same(at_once, page, empty_shop, words):
    content = HEAD.replace("\n", ",net,note\n") + "o1,c1,2026-01-05,p1,2,9.50,1.5,x\n"
    app = brought(page, ("orders.csv", content.encode()))
    app = told(app, net="unit_price")
    assert "More than one column is to stand for: price of one unit." in words(app)
    app = told(app, net="discount")
    shop = take_in(app, empty_shop)
    assert shop.table("orders")["discount"].tolist() == [1.5]


def test_next_months_file_is_read_as_was_said_for_the_first(at_once, page, open_app, empty_shop, words):
    app = brought(page, ("january.csv", TWO_WAYS))
    take_in(app.radio(key="data.ask.0.csv.0.date.ordered_at").set_value("%d/%m/%Y").run(), empty_shop)
    february = TWO_WAYS.replace(b"/01/", b"/02/").replace(b"o1", b"o3").replace(b"o2", b"o4")
    app = brought(open_app(empty_shop, "data"), ("february.csv", february))
    assert not app.radio and not app.button(key="data.import").disabled
    shop = take_in(app, empty_shop)
    days = shop.table("orders")["ordered_at"].dt.strftime("%m-%d")
    assert sorted(days) == ["01-05", "01-06", "02-05", "02-06"]


def test_a_file_is_left_out_and_the_rest_waits_through_a_reload_until_not_now(page, open_app, empty_shop, words):
    other = HEAD.encode() + b"o9,c9,2026-02-01,p1,1,1\n"
    brought(page, ("bad.csv", b"<html>login</html>"), ("orders.csv", other))
    again = open_app(empty_shop, "data")
    assert "bad.csv" in words(again).replace("\\", "") and again.button(key="data.import").disabled
    again.button(key="data.leave_out.0.csv").click().run()
    assert not again.exception
    assert "bad.csv" not in words(again).replace("\\", "") and not again.button(key="data.import").disabled
    folder = incoming.waiting(empty_shop)
    assert [one.name for one in incoming.load(folder).files] == ["orders.csv"]
    again.button(key="data.not_now").click().run()
    assert incoming.waiting(empty_shop) is None and not folder.exists()
    assert again.get("file_uploader")


def test_addresses_as_customer_numbers_are_taken_in_as_pseudonyms_only_when_somebody_says_so(
    at_once, page, empty_shop, words, tmp_path, monkeypatch
):
    monkeypatch.setenv("OFFERLAB_CONFIG", str(tmp_path / "config"))
    people = ["ada@example.com", "bob@example.com"]
    content = HEAD + "".join(f"o{n},{one},2026-01-05,p1,1,2.50\n" for n, one in enumerate(people))
    app = brought(page, ("orders.csv", content.encode()))
    assert "Customers are numbered by their e-mail addresses" in words(app)
    assert app.button(key="data.import").disabled
    app = app.checkbox(key="data.pseudonymise").check().run()
    shop = take_in(app, empty_shop)
    ids = shop.table("orders")["customer_id"]
    assert ids.nunique() == 2 and not ids.str.contains("@").any()


def test_tmalls_two_files_are_asked_for_together_and_joined(page, empty_shop, words):
    store.save_settings(store.open_shop(empty_shop), {"currency": "CNY", "time_zone": "Asia/Shanghai"})
    orders, lines = tmall.both()
    app = brought(page, (lines.name, lines.content))
    assert "this export comes in two files" in words(app)
    assert app.button(key="data.import").disabled
    app.button(key="data.not_now").click().run()
    app = brought(app, (orders.name, orders.content), (lines.name, lines.content))
    imported(app, empty_shop)
    lost = sum(lines.aside.values())
    assert f"Orders: {lines.rows} rows in = {lines.rows - lost} kept + {lost} set aside" in words(app)
    assert f"{orders.rows} orders in = {orders.rows} used + 0 set aside" in words(app)


def test_every_source_file_is_listed_with_its_rows_its_fingerprint_and_how_it_was_read(at_once, page, empty_shop):
    app = brought(page, ("orders.csv", TWO_WAYS))
    app = app.radio(key="data.ask.0.csv.0.date.ordered_at").set_value("%d/%m/%Y").run()
    take_in(app, empty_shop)
    app.segmented_control(key="data.see").set_value("files").run()
    row = table(app, "sha256").iloc[0]
    assert (row["file"], row["rows_in"], row["kept"], row["set_aside"]) == ("orders.csv", 2, 2, 0)
    (kept,) = json.loads((empty_shop / "sources.json").read_text())["files"].values()
    assert row["sha256"] == kept["sha256"][:12] and len(row["sha256"]) == 12
    assert row["read_as"] == "utf-8 · comma · time of the order 31/03/2026"


def test_a_table_of_a_database_is_looked_at_and_its_password_is_written_nowhere(
    at_once, page, empty_shop, words, monkeypatch
):
    asked = []

    def sheets(database):
        asked.append(database)
        frame = pd.read_csv(io.BytesIO(TWO_WAYS.replace(b"05/", b"25/")), dtype=str)
        return [gate.Sheet("db.example/shop/sales", frame, frame.index.to_numpy(), pd.DataFrame())]

    monkeypatch.setattr(databases, "sheets", sheets)
    page.text_input(key="data.url").set_value("mysql://reader@db.example/shop")
    page.text_input(key="data.database_table").set_value("sales")
    page.text_input(key="data.password").set_value("tiger")
    app = page.button(key="data.read_table").click().run()
    assert not app.exception
    assert "db.example/shop/sales" in words(app).replace("\\", "") and "tiger" in asked[0].url
    assert not [path for path in empty_shop.rglob("*") if path.is_file() and b"tiger" in path.read_bytes()]
    assert take_in(app, empty_shop).rows("orders") == 2


def test_an_address_that_cannot_be_read_is_a_sentence(page, empty_shop, words):
    page.text_input(key="data.url").set_value("sqlite:///ledger.db")
    app = page.button(key="data.read_table").click().run()
    assert "on the command line only" in words(app)
    assert incoming.waiting(empty_shop) is None
