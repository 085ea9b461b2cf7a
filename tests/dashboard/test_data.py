import time

import pytest

from dashboard import widgets
from engine import jobs
from engine.shop import store

ORDERS = (
    b"order_id,customer_id,ordered_at,product_id,quantity,unit_price\n"
    b"o1,c1,2026-01-05,p1,2,9.50\no2,c2,2026-01-06,p1,1,9.50\no3,c2,yesterday,p1,1,9.50\n"
)


def brought(app, *files):
    """The page after these uploads (name, content) were looked at."""
    for name, content in files:
        app.file_uploader(key="data.files").upload(name, content)
    app.run()
    app.button(key="data.look").click().run()
    assert not app.exception
    return app


def imported(app, shop):
    """The job of the import that was asked for, ended, and the page after it."""
    app.button(key="data.import").click().run()
    assert not app.exception
    until = time.monotonic() + 60
    while (job := jobs.latest(shop, "import")) is None or not job.is_over:
        assert time.monotonic() < until
        time.sleep(0.1)
    app = app.run()
    assert not app.exception
    return job


def table(app, column):
    """The table on the page that has a column of this name."""
    return next(found.value for found in app.dataframe if column in found.value.columns)


def reasons(app):
    """Rows set aside as the page counts them: (table, reason) -> rows."""
    return {(row.table, row.reason): row.rows for row in table(app, "reason").itertuples()}


def test_every_table_is_listed_with_rows_and_dates(open_app, demo_shop_dir):
    app = open_app(demo_shop_dir, "data")
    assert not app.exception
    found = table(app, "last").set_index("table")
    assert found.loc["Customers", "rows"] == 5000
    assert str(found.loc["Orders", "last"].date()) == "2026-05-31"


def test_a_file_makes_a_shop_and_rows_that_cannot_be_used_are_set_aside_with_a_reason(open_app, tmp_path, words):
    app = open_app(tmp_path / "shops" / "none", "data")
    app.text_input(key="data.shop_name").set_value("My Shop").run()
    app.selectbox(key="data.currency").set_value("EUR").run()
    brought(app, ("orders.csv", ORDERS))
    assert "Goes into Orders" in words(app)
    assert not (tmp_path / "shops" / "My-Shop" / "shop.toml").exists(), "nothing is taken in by looking"
    imported(app, tmp_path / "shops" / "My-Shop")
    assert "Orders: 3 rows in = 2 kept + 1 set aside" in words(app)
    assert reasons(app) == {("Orders", "time of the order: not a date that can be read"): 1}
    made = store.open_shop(tmp_path / "shops" / "My-Shop")
    assert made.rows("orders") == 2
    assert (made.settings.name, made.settings.currency) == ("My Shop", "EUR")
    assert any(button.key == "data.aside.orders" for button in app.get("download_button"))


def test_a_shop_needs_a_name_first(open_app, tmp_path, words):
    app = open_app(tmp_path / "shops" / "none", "data")
    app.file_uploader(key="data.files").upload("orders.csv", ORDERS).run()
    app.button(key="data.look").click().run()
    assert "name first" in words(app)
    assert not (tmp_path / "shops").exists()


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("orders.csv", b"", "the file is empty"),
        ("orders.csv", b"<html>login</html>", "a web page saved as .csv"),
        ("orders.xlsx", b"no workbook", "not a readable XLSX file"),
        ("orders.parquet", b"no parquet", "not a readable Parquet file"),
    ],
)
def test_a_file_that_cannot_be_used_is_explained_and_changes_nothing(
    open_app, empty_shop, words, name, content, sentence
):
    app = brought(open_app(empty_shop, "data"), (name, content))
    assert sentence in words(app)
    assert app.button(key="data.import").disabled
    assert jobs.latest(empty_shop, "import") is None


def test_the_name_of_an_upload_never_becomes_a_path(open_app, empty_shop, tmp_path, words):
    app = brought(open_app(empty_shop, "data"), ("../../orders.csv", ORDERS))
    imported(app, empty_shop)
    assert store.open_shop(empty_shop).rows("orders") == 2
    assert not list(tmp_path.rglob("*.csv")) or [p.parent.name for p in tmp_path.rglob("*.csv")] == ["set_aside"]


def test_a_full_disk_is_a_sentence_and_nothing_is_changed(open_app, empty_shop, words, full_disk):
    app = open_app(empty_shop, "data")
    app.file_uploader(key="data.files").upload("orders.csv", ORDERS).run()
    full_disk()
    app.button(key="data.look").click().run()
    assert not app.exception
    assert "The disk is full" in words(app)
    assert jobs.latest(empty_shop, "import") is None
    assert store.open_shop(empty_shop).rows("orders") == 0


def many_orders():
    head, _, _ = ORDERS.partition(b"\n")
    return head + b"\n" + b"".join(b"n%d,c1,2026-01-05,p1,1,9.50\n" % number for number in range(400_000))


def test_an_import_goes_on_while_its_page_is_left_and_can_be_cancelled_from_a_new_window(open_app, empty_shop, words):
    app = brought(open_app(empty_shop, "data"), ("orders.csv", many_orders()))
    app.button(key="data.import").click().run()
    assert not app.exception
    assert "data.files" not in [widget.key for widget in app.get("file_uploader")], "one import at a time"
    elsewhere = open_app(empty_shop, "settings")
    assert "Work in progress" in words(elsewhere)
    assert any(link.proto.page.endswith("data") for link in elsewhere.sidebar.get("page_link"))
    again = open_app(empty_shop, "data")
    again.button(key="common.cancel.import").click().run()
    assert not again.exception
    assert jobs.latest(empty_shop, "import").state == "cancelled"
    assert "Importing files: cancelled" in words(again)
    assert store.open_shop(empty_shop).rows("orders") == 0
    assert "Work in progress" not in words(open_app(empty_shop, "settings"))


def test_a_shop_that_is_being_made_is_found_again_after_a_reload(open_app, tmp_path):
    app = open_app(tmp_path / "shops" / "none", "data")
    app.text_input(key="data.shop_name").set_value("Mine").run()
    brought(app, ("orders.csv", many_orders()))
    app.button(key="data.import").click().run()
    again = open_app(tmp_path / "shops" / "none", "data")
    again.button(key="common.cancel.import").click().run()
    assert jobs.latest(tmp_path / "shops" / "Mine", "import").state == "cancelled"
    assert not (tmp_path / "shops" / "Mine" / "tables").exists()


def test_the_work_of_a_shop_is_listed_with_how_it_ended(open_app, empty_shop):
    cut = ORDERS.replace(b"o1,c1", b"1.2E+15,c1")  # seen when all of it is read, not when its first rows are
    app = brought(open_app(empty_shop, "data"), ("orders.csv", cut))
    imported(app, empty_shop)
    app.segmented_control(key="data.see").set_value("work").run()
    row = table(app, "said").iloc[0]
    assert (row["work"], row["state"]) == ("Importing files", "did not work out")
    assert "before a spreadsheet shortened it" in row["said"]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, ""), (0, "a few seconds left"), (9.9, "a few seconds left"), (34, "about 30 seconds left"),
        (60, "about a minute left"), (125, "about 2 minutes left"), (4000, "about 67 minutes left"),
        (10000, "about 3 hours left"),
    ],
)  # fmt: skip
def test_the_time_left_is_said_as_roughly_as_it_is_known(seconds, said):
    assert widgets.time_left(seconds) == said
