"""Sales by month beside the shop system, rows over time, and what the data is enough for, on the Data page."""

import io
import json
import shutil
from datetime import date

import pandas as pd
import pytest

from dashboard import charts
from dashboard.views.data_parts import reasons
from dashboard.views.data_parts import reconciliation as part
from engine.shop import intake, quality, stated, store

LINES = """order_id,customer_id,ordered_at,product_id,quantity,unit_price,discount,status,refunded,tax,shipping
o1,c1,2026-01-05,p1,10,100.00,0,paid,0,190.00,0
o2,c2,2026-01-06,p1,1,50.00,2.50,paid,0,9.50,4.90
o3,c2,2026-03-07,p2,1,30.00,0,=cancelled,0,5.70,0
o4,,2026-03-08,p2,2,11.00,0,paid,0,0,0
o5,c4,soon,p2,1,11.00,0,paid,0,0,0
"""


@pytest.fixture(scope="module")
def planted_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("planted")
    (folder / "orders.csv").write_text(LINES)
    intake.import_files([folder / "orders.csv"], folder / "shop")
    return folder / "shop"


@pytest.fixture
def planted(planted_dir, tmp_path):
    return shutil.copytree(planted_dir, tmp_path / "shop")


def months_table(app):
    return next(table for table in app.dataframe if "gross" in table.value.columns).value


def test_a_typed_figure_is_explained_kept_and_there_next_time(open_app, planted, words):
    app = open_app(planted, "data")
    assert not app.exception
    app.selectbox(key="quality.month").select("2026-01").run()
    app.number_input(key="quality.figure.2026-01").set_value(1047.50 + 199.50)
    app.button(key="quality.keep").click().run()
    assert not app.exception
    said = words(app).replace("\\", "")
    assert "This difference comes to the gap:" in said
    assert "+$199.50 tax: the shop system counts it" in said
    assert "from 2 orders. The shop system is $199.50 higher." in said
    assert "1 rows set aside cannot be valued or have no readable month" in said
    kept = stated.stated(store.open_shop(planted))[date(2026, 1, 1)]
    assert kept.figure == 1247.00
    again = open_app(planted, "data")
    again.selectbox(key="quality.month").select("2026-01").run()
    assert again.number_input(key="quality.figure.2026-01").value == 1247.00
    again.button(key="quality.forget").click().run()
    assert not again.exception
    assert again.number_input(key="quality.figure.2026-01").value is None
    assert stated.stated(store.open_shop(planted)) == {}


def test_a_gap_is_explained_in_chinese(open_app, planted, words, now):
    stated.keep_stated(store.open_shop(planted), date(2026, 3, 1), 52.0, "博", now)
    said = words(open_app(planted, "data", "zh")).replace("\\", "")
    assert "店铺系统为 $52.00，本页净销售额为 $30.00（1 笔订单）。店铺系统高出 $22.00。" in said
    assert "由 博 于 2026-06-01 输入" in said


def test_a_gap_that_nothing_explains_is_said_to_be_so(open_app, planted, words):
    app = open_app(planted, "data")
    app.button(key="quality.keep").click().run()
    assert "Type a figure first." in words(app)
    app.number_input(key="quality.figure.2026-03").set_value(400.0)
    app.button(key="quality.keep").click().run()
    said = words(app).replace("\\", "")
    assert "No known difference" in said
    assert "stay unexplained" in said
    app.number_input(key="quality.figure.2026-03").set_value(30.0)
    app.button(key="quality.keep").click().run()
    assert "agree to the cent" in words(app).replace("\\", "")


def test_the_table_has_every_month_and_what_could_not_be_placed(open_app, planted_dir, words):
    app = open_app(planted_dir, "data")
    table = months_table(app).set_index("month")
    assert list(table.index) == ["2026-03", "2026-02", "2026-01", "unreadable"]
    assert table.loc["2026-01", ["net", "gross", "discounts"]].tolist() == [1047.50, 1050.00, 2.50]
    assert table["set_aside_rows"].tolist() == [1, 0, 0, 1]
    app.segmented_control(key="data.see").set_value("volumes").run()
    said = words(app)
    assert "Orders: 7 weeks without a row" in said
    assert "**Groups of customers**: needs 50 customers with an order: you have 2" in said
    assert "This shop's orders do not record: Refunds" not in said


def test_a_full_disk_is_a_sentence_and_nothing_is_kept(open_app, planted, words, full_disk):
    app = open_app(planted, "data")
    app.number_input(key="quality.figure.2026-03").set_value(400.0)
    full_disk()
    app.button(key="quality.keep").click().run()
    assert not app.exception
    assert "The disk is full" in words(app)
    assert stated.stated(store.open_shop(planted)) == {}


@pytest.mark.parametrize(("name", "seen"), [("stated.json", "months"), ("sources.json", "files")])
def test_a_damaged_file_is_a_sentence(open_app, planted, words, name, seen):
    (planted / name).write_text("{")
    app = open_app(planted, "data")
    app.segmented_control(key="data.see").set_value(seen).run()
    assert not app.exception
    assert f"{name} cannot be read" in words(app)


def test_a_shop_without_orders_says_what_sales_by_month_need(open_app, empty_shop, words):
    app = open_app(empty_shop, "data")
    assert not app.exception
    assert "Sales by month need orders" in words(app)
    assert "0 of 16 have what they need." in words(app)


def test_the_file_holds_every_figure_and_no_formula(planted_dir):
    months = quality.reconciliation(store.open_shop(planted_dir))
    table = months.assign(stated=float("nan"), gap=float("nan"))
    read = pd.read_csv(io.BytesIO(part._file(table.assign(month=table["month"].dt.strftime("%Y-%m")))), dtype=str)
    assert read["net"].tolist() == ["1047.5", "0.0", "30.0", "0.0"]
    assert read["tax"].tolist()[0] == "199.5"
    assert "status|=cancelled" in read.columns
    assert read["set_aside|customer_id is empty"].tolist() == ["0.0", "0.0", "22.0", "0.0"]


# --- charts ---


def test_net_and_what_was_set_aside_are_stacked():
    months = pd.DataFrame({"month": pd.to_datetime(["2026-01-01"]), "net": [10.0], "set_aside_value": [2.0]})
    chart = charts.net_by_month(months, "Net", "Aside", "USD")
    assert [(bar.name, list(bar.y)) for bar in chart.data] == [("Net", [10.0]), ("Aside", [2.0])]
    assert chart.layout.barmode == "relative"
    nothing = charts.net_by_month(months.assign(set_aside_value=0.0), "Net", "Aside", "USD")
    assert [bar.name for bar in nothing.data] == ["Net"]


def test_each_table_has_its_own_scale_on_one_line_of_time():
    starts = pd.to_datetime(["2026-01-05", "2026-01-12", "2026-01-05"])
    rows = pd.DataFrame({"table": ["orders", "orders", "ads"], "unit": "week", "start": starts, "rows": [3, 0, 900]})
    chart = charts.rows_over_time(rows, {"orders": "Orders", "ads": "Ads"})
    assert [list(line.y) for line in chart.data] == [[3, 0], [900]]
    assert [line.yaxis for line in chart.data] == ["y", "y2"]
    assert [note.text for note in chart.layout.annotations] == ["Orders", "Ads"]
    assert "template" not in json.loads(chart.to_json())["layout"] or len(chart.to_json()) < 6000


# --- reasons ---


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("customer_id is empty", "no customer number"),
        ("product_id is not in products", "product number not found in Products"),
        ("order is not paid: pending", "the order is not paid: pending"),
        ("ordered_at lies in the future (kept)", "time of the order lies in the future (kept)"),
        ("something nobody has words for", "something nobody has words for"),
    ],
)
def test_a_reason_is_said_in_a_marketers_words(reason, words):
    assert reasons.in_words(reason) == words
