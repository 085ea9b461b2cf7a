"""Sales by month, what explains a difference to the shop system, rows over time: by hand, and by pandas alone."""

import json
from datetime import UTC, date, datetime
from itertools import combinations
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from engine.__main__ import main
from engine.errors import DataProblem, StoreProblem
from engine.shop import gap, intake, quality, sales, stated, store
from tests import tiny

UCI = Path(__file__).parents[3] / "shared" / "data" / "uci_online_retail" / "online_retail_II_2009_2010.parquet"
UCI_COLUMNS = {
    "Invoice": "order_id", "StockCode": "product_id", "Quantity": "quantity", "Price": "unit_price",
    "InvoiceDate": "ordered_at", "Customer ID": "customer_id",
}  # fmt: skip
HEAD = "order_id,customer_id,ordered_at,product_id,quantity,unit_price,discount,status,refunded,tax,shipping"
# Each cause of a difference has a size that no two others come to.
LINES = [
    "o1,c1,2026-01-05,p1,10,100.00,0,paid,0,0,0",
    "o2,c2,2026-01-06,p1,1,50.00,0.13,paid,0,0,0",  # discounts 0.13
    "o3,c2,2026-01-07,p2,-1,1.07,0,paid,0,0,0",  # goods sent back 1.07
    "o4,c3,2026-01-08,p2,1,60.00,0,paid,3.31,0,0",  # refunds 3.31
    "o5,c3,2026-01-09,p2,1,70.00,0,paid,0,11.90,0",  # tax 11.90
    "o6,c4,2026-01-10,p1,1,80.00,0,paid,0,0,38.70",  # shipping 38.70
    "o7,c4,2026-01-11,p1,1,127.10,0,cancelled,0,0,0",  # cancelled 127.10
    "o8,c5,2026-01-12,p3,1,411.30,0,paid,0,0,0",
    "o8,c5,2026-01-12,p3,1,411.30,0,paid,0,0,0",  # the same line again, 411.30
    ",c6,2026-01-13,p3,1,1303.70,0,paid,0,0,0",  # without an order: 1303.70
    "o9,,2026-01-14,p3,3,1409.00,6.60,paid,0,0,0",  # without a customer: 4220.40
    "o10,c7,2026-02-02,p3,1,0,0,paid,0,0,0",  # for nothing, the month after
]
NET = 1000.00 + 49.87 - 1.07 + 60.00 - 3.31 + 70.00 + 80.00 + 127.10 + 411.30 + 411.30
CAUSES = {
    "discounts": 0.13, "return_lines": 1.07, "refunds": 3.31, "tax": 11.90, "shipping": 38.70,
    "status|cancelled": -127.10, "duplicates": -411.30, "set_aside|order_id is empty": 1303.70,
    "set_aside|customer_id is empty": 4220.40,
}  # fmt: skip


def imported(folder: Path, lines: list[str], name: str = "orders.csv", head: str = HEAD) -> store.Shop:
    file = folder / name
    file.write_text("\n".join([head, *lines]), encoding="utf-8")
    intake.import_files([file], folder / "shop", table="orders")
    return store.open_shop(folder / "shop")


@pytest.fixture
def planted(tmp_path):
    return imported(tmp_path, LINES)


def january(shop):
    return quality.reconciliation(shop).iloc[0]


# --- the reconciliation ---


def test_a_month_is_summed_as_by_hand(planted):
    row = january(planted)
    assert row["month"] == pd.Timestamp("2026-01-01")
    assert row["gross"] == pytest.approx(1000 + 50 + 60 + 70 + 80 + 127.10 + 2 * 411.30)
    assert row["discounts"] == pytest.approx(0.13)
    assert row["returns"] == pytest.approx(1.07 + 3.31)
    assert row["net"] == pytest.approx(NET) == row["gross"] - row["discounts"] - row["returns"]
    assert (row["orders"], row["customers"], row["lines"]) == (7, 5, 9)
    assert (row["tax"], row["shipping"], row["refunds"]) == pytest.approx((11.90, 38.70, 3.31))
    assert (row["duplicates"], row["duplicates_value"], row["free_lines"]) == (1, pytest.approx(411.30), 0)
    assert (row["status|cancelled"], row["status|paid"]) == pytest.approx((127.10, NET - 127.10))
    assert (row["set_aside_rows"], row["set_aside_value"], row["set_aside_unread"]) == (2, pytest.approx(5524.10), 0)
    assert row["set_aside|customer_id is empty"] == pytest.approx(3 * 1409 - 6.60)


def test_net_is_that_of_the_sales_figures(planted):
    table, lines = quality.reconciliation(planted), sales.lines(planted)
    figures = sales.figures(lines, pd.Timestamp("2026-01-01"), pd.Timestamp("2026-02-01"))
    row = table.iloc[0]
    assert table["net"].sum() == pytest.approx(lines["net"].sum())
    assert (row["net"], row["orders"]) == (pytest.approx(figures.net_sales), figures.orders)
    assert row["customers"] == figures.new_customers + figures.returning_customers


def test_lines_of_price_0_are_counted_and_months_without_a_line_are_there(tmp_path):
    table = quality.reconciliation(imported(tmp_path, [*LINES[:9], LINES[11].replace("2026-02", "2026-04")]))
    assert list(table["month"].dt.strftime("%Y-%m")) == ["2026-01", "2026-02", "2026-03", "2026-04"]
    assert list(table["lines"]) == [9, 0, 0, 1]
    assert list(table["free_lines"]) == [0, 0, 0, 1]


def test_what_a_shop_does_not_record_is_missing_and_not_0(tmp_path):
    head = "order_id,customer_id,ordered_at,product_id,quantity,unit_price"
    row = january(imported(tmp_path, ["o1,c1,2026-01-05,p1,2,5.00"], head=head))
    assert row[["tax", "shipping", "refunds"]].isna().all()
    assert (row["net"], row["discounts"], row["returns"]) == (10.0, 0.0, 0.0)


def test_rows_whose_month_or_value_cannot_be_read_stand_in_a_row_of_their_own(tmp_path):
    lines = [
        LINES[0],
        "o2,c1,yesterday,p1,2,10.00,1.00,paid,0,0,0",  # worth 19, no month
        "o3,c1,2026-01-06,p1,many,10.00,0,paid,0,0,0",  # a month, no value
        "o4,c1,2026-01-07,p1,1,ten,0,paid,0,0,0",
        "o5,,2026-01-08,p1,1,10.00,a little,paid,0,0,0",  # the discount cannot be read
        "o6,c1,2026-01-09,p1,0,10.00,0,paid,0,0,0",  # a quantity of 0 is worth 0
    ]
    shop = imported(tmp_path, lines)
    table = quality.reconciliation(shop)
    assert list(table["month"].isna()) == [False, True]
    assert (table["set_aside_rows"].tolist(), table["set_aside_unread"].tolist()) == ([1, 4], [0, 3])
    assert table["set_aside_value"].tolist() == pytest.approx([0.0, 19.0])
    assert table["lines"].tolist() == [1, 0]
    assert table["set_aside_rows"].sum() == len(intake.set_aside(shop)["orders"])


@pytest.mark.parametrize("row", ["no json", "[1, 2]", "", '{"quantity": null}', '{"quantity": "1"}'])
def test_a_row_set_aside_that_cannot_be_read_is_counted(planted, row):
    path = planted.path / "set_aside" / "orders.csv"
    aside = pd.read_csv(path, dtype=str, keep_default_na=False)
    aside.loc[0, "row"] = row
    aside.to_csv(path, index=False)
    table = quality.reconciliation(planted)
    unknown = table[table["month"].isna()].iloc[0]
    assert (unknown["set_aside_rows"], unknown["set_aside_unread"], unknown["set_aside_value"]) == (1, 1, 0.0)
    assert table["set_aside_rows"].sum() == 2


def test_exports_that_overlap_do_not_count_a_row_set_aside_twice(tmp_path):
    imported(tmp_path, LINES)
    shop = imported(tmp_path, [*LINES, "o11,,2026-01-20,p1,2,1.50,0,paid,0,0,0"], "later.csv")
    assert len(intake.set_aside(shop)["orders"]) == 5
    assert january(shop)["set_aside_value"] == pytest.approx(5524.10 + 3.00)
    assert january(shop)["net"] == pytest.approx(NET)


def test_a_shop_without_orders_has_no_months(tmp_path):
    assert quality.reconciliation(store.create_shop(tmp_path / "empty", {})).empty


def test_a_shop_all_of_whose_orders_were_set_aside_says_what_they_are_worth(tmp_path):
    row = january(imported(tmp_path, [LINES[10]]))
    assert (row["net"], row["lines"], row["set_aside_value"]) == (0.0, 0, pytest.approx(4220.40))


# --- what explains a difference ---


@pytest.mark.parametrize("causes", [*combinations(CAUSES, 1), *combinations(CAUSES, 2)], ids=" + ".join)
def test_each_cause_and_each_pair_of_causes_is_found(planted_row, causes):
    figure = NET + sum(CAUSES[one] for one in causes)
    if set(causes) == {"discounts", "set_aside|customer_id is empty"}:
        figure += 6.60  # the discount of the row set aside
    if set(causes) == {"return_lines", "refunds"}:
        causes = ("returns",)  # together they are all returns, which is simpler
    if set(causes) == {"set_aside|order_id is empty", "set_aside|customer_id is empty"}:
        causes = ("set_aside",)
    found = gap.explained(planted_row, round(figure, 2))
    assert found.fits
    assert {what for what, _ in found.parts} == set(causes)
    assert found.rest == pytest.approx(0, abs=0.01)
    assert sum(amount for _, amount in found.parts) + found.rest == pytest.approx(found.gap)
    assert all(abs(found.gap - sum(amount for _, amount in parts)) > 0.01 for parts in found.others)


@pytest.fixture(scope="module")
def planted_row(tmp_path_factory):
    return january(imported(tmp_path_factory.mktemp("planted"), LINES))


def test_three_causes_are_found(planted_row):
    found = gap.explained(planted_row, NET + 11.90 + 38.70 - 127.10)
    assert {what for what, _ in found.parts} == {"tax", "shipping", "status|cancelled"}


def test_a_figure_without_tax_is_found_where_prices_include_it(planted_row):
    assert gap.explained(planted_row, NET - 11.90).parts == (("tax_out", pytest.approx(-11.90)),)


def test_the_tax_of_cancelled_lines_goes_with_them(tmp_path):
    lines = [
        "o1,c1,2026-01-05,p1,1,100.00,0,paid,0,19.00,0",
        "o2,c2,2026-01-06,p1,1,30.00,0,cancelled,0,5.70,0",
        "o3,c2,2026-01-06,p1,1,44.00,0,paid,0,8.36,0",
    ]
    found = gap.explained(january(imported(tmp_path, lines)), 119.00 + 52.36)  # what was paid, with tax
    assert dict(found.parts) == pytest.approx({"status|cancelled": -30.0, "tax": 27.36})
    assert found.fits and not found.others


def test_differences_that_do_not_touch_each_other_are_found_too(tmp_path):
    lines = [
        "o1,c1,2026-01-05,p1,1,100.00,0,paid,0,19.00,0",
        "o2,c2,2026-01-06,p1,1,31.00,0,cancelled,0,5.70,0",
        "o3,,2026-01-06,p1,1,44.00,0,paid,0,8.36,0",
    ]
    row = january(imported(tmp_path, lines))
    for figure, what in (
        (131.00 - 31.00 + 24.70, {"status|cancelled": -31.00, "tax": 24.70}),  # the tax of cancelled lines is booked
        (131.00 + 44.00 + 24.70, {"set_aside|customer_id is empty": 44.00, "tax": 24.70}),
    ):
        assert dict(gap.explained(row, figure).parts) == pytest.approx(what)


def test_the_gross_figure_of_every_row_is_found_with_what_was_set_aside(tmp_path):
    lines = [
        "o1,c1,2026-01-05,p1,1,100.00,0,,0,0,0", "o2,c1,2026-01-06,p1,-1,20.00,0,,0,0,0",
        "o3,,2026-01-07,p1,1,70.00,0,,0,0,0", "o4,,2026-01-08,p1,-1,9.00,0,,0,0,0",
    ]  # fmt: skip
    found = gap.explained(january(imported(tmp_path, lines)), 170.00)
    assert dict(found.parts) == pytest.approx({"set_aside|customer_id is empty": 61.0, "returns": 29.0})


def test_no_gap_needs_no_explanation(planted_row):
    found = gap.explained(planted_row, round(NET, 2) + 0.01)
    assert found.agrees and found.fits and found.parts == ()


def test_several_combinations_that_fit_are_all_said(tmp_path):
    lines = ["o1,c1,2026-01-05,p1,1,100.00,0,paid,0,7.50,7.50", "o2,c1,2026-01-06,p1,1,50.00,7.50,paid,0,0,0"]
    found = gap.explained(january(imported(tmp_path, lines)), 150.00)
    every = {parts[0][0] for parts in (found.parts, *found.others)}
    assert every == {"tax", "shipping", "discounts"}


def test_a_combination_to_the_cent_comes_before_a_single_one_that_is_only_near(tmp_path):
    row = january(imported(tmp_path, ["o1,c1,2026-01-05,p1,1,9000.00,0,paid,0,1000.00,0.60"]))
    found = gap.explained(row, 10000.60)
    assert dict(found.parts) == pytest.approx({"tax": 1000.0, "shipping": 0.60})
    assert found.others == ()  # tax alone is within a thousandth, and only a part of it
    rounded = gap.explained(row, 10000.30)
    assert rounded.fits and rounded.parts == (("tax", pytest.approx(1000.0)),)
    assert rounded.rest == pytest.approx(0.30)


@pytest.mark.parametrize(("beyond", "fits"), [(0.99, True), (1.01, False)])
def test_a_combination_fits_up_to_a_thousandth_of_the_gap(tmp_path, beyond, fits):
    row = january(imported(tmp_path, ["o1,c1,2026-01-05,p1,1,9000.00,0,paid,0,1000.00,0"]))
    found = gap.explained(row, 10000.00 + beyond)
    assert (found.fits, found.rest) == (fits, pytest.approx(beyond))


def test_where_nothing_fits_the_closest_is_said_with_the_rest(tmp_path):
    row = january(imported(tmp_path, ["o1,c1,2026-01-05,p1,1,100.00,0,paid,0,19.00,1.00"]))
    found = gap.explained(row, 125.00)
    assert (found.fits, found.parts) == (False, (("tax", 19.0),))  # shipping would bring it from 6 to 5 only
    assert found.rest == pytest.approx(6.0)
    assert found.others == ()


def test_where_nothing_is_known_nothing_is_claimed(tmp_path):
    found = gap.explained(january(imported(tmp_path, LINES[:1])), 1234.56)
    assert (found.fits, found.parts, found.rest) == (False, (), pytest.approx(234.56))


def test_many_statuses_are_explained_in_no_time(tmp_path):
    lines = [f"o{n},c1,2026-01-05,p1,1,{100 + n * n / 7:.2f},0,s{n},1.00,2.00,3.00" for n in range(60)]
    row = january(imported(tmp_path, lines))
    found = gap.explained(row, row["net"] - row["status|s59"])
    assert found.parts[0][0] == "status|s59"


# --- what the shop system says, kept ---


def test_a_stated_figure_is_there_next_time_with_who_and_when(planted, now):
    stated.keep_stated(planted, date(2026, 1, 31), 2300.5, "Ana", now)
    stated.keep_stated(planted, date(2026, 2, 1), -3, "博", now)
    kept = stated.stated(store.open_shop(planted.path))
    assert list(kept) == [date(2026, 1, 1), date(2026, 2, 1)]
    assert kept[date(2026, 1, 1)] == stated.Stated(2300.5, "Ana", now.isoformat(timespec="seconds"))
    stated.keep_stated(planted, date(2026, 1, 1), None, "Ana", now)
    assert list(stated.stated(planted)) == [date(2026, 2, 1)]


@pytest.mark.parametrize("figure", [float("nan"), float("inf")])
def test_a_stated_figure_is_a_number(planted, figure):
    with pytest.raises(DataProblem, match="a number is needed"):
        stated.keep_stated(planted, date(2026, 1, 1), figure, "Ana", datetime(2026, 2, 1, tzinfo=UTC))
    assert stated.stated(planted) == {}


@pytest.mark.parametrize("content", ["{", "[]", '{"2026-01": 5}', '{"May": {"figure": 1, "who": "", "when": ""}}'])
def test_a_damaged_file_of_stated_figures_is_a_sentence(planted, content):
    (planted.path / "stated.json").write_text(content)
    with pytest.raises(StoreProblem, match=r"stated\.json cannot be read"):
        stated.stated(planted)


# --- rows over time and by file ---


def test_volumes_show_weeks_without_a_row(tmp_path):
    lines = ["o1,c1,2026-01-05,p1,1,1,,,,,", "o2,c1,2026-01-07,p1,1,1,,,,,", "o3,c1,2026-01-20,p1,1,1,,,,,"]
    found = quality.volumes(imported(tmp_path, lines))  # 2026-01-05 is a Monday
    assert found["unit"].unique().tolist() == ["week"]
    assert list(found["start"].dt.strftime("%m-%d")) == ["01-05", "01-12", "01-19"]
    assert list(found["rows"]) == [2, 0, 1]


def test_volumes_count_every_row_of_every_table_with_dates(tmp_path):
    shop = tiny.shop_of(tmp_path / "shop", tiny.tables())
    found = quality.volumes(shop)
    assert found["unit"].unique().tolist() == ["month"]  # people joined in 2024, ads ran in October 2025
    for name in ("customers", "orders", "events", "campaigns", "deliveries", "ads"):
        assert found.loc[found["table"] == name, "rows"].sum() == shop.rows(name)
    assert not {"products", "campaign_products"} & set(found["table"])  # nothing there has a date


def test_rows_without_a_date_are_counted_apart(tmp_path):
    shop = store.create_shop(tmp_path / "shop", {})
    people = pd.DataFrame({"customer_id": ["a", "b", "c"], "joined_at": ["2026-01-05", "", "2026-01-06"]})
    store.save_tables(shop, {"customers": people})
    found = quality.volumes(shop)
    assert found[found["start"].isna()]["rows"].tolist() == [1]
    assert found["rows"].sum() == 3


def test_an_empty_shop_has_no_volumes(tmp_path):
    assert quality.volumes(store.create_shop(tmp_path / "empty", {})).empty


def test_rows_of_files_are_shown_where_they_were_recorded(planted):
    assert quality.counts(planted)["file"].tolist() == ["orders.csv"]
    recorded = {"name": "o.csv", "table": "orders", "at": "2026-02-01", "rows_in": 12, "kept": 10, "set_aside": 2}
    files = {"1": {"name": "old.csv", "table": "orders", "at": ""}, "2": recorded}
    (planted.path / "sources.json").write_text(json.dumps({"files": files}))
    found = quality.counts(planted)
    assert found["rows_in"].isna().tolist() == [True, False]
    assert found.loc[1, ["rows_in", "kept", "set_aside"]].tolist() == [12, 10, 2]


def test_a_damaged_list_of_files_is_a_sentence(planted):
    (planted.path / "sources.json").write_text("[]")
    with pytest.raises(StoreProblem, match="Bring the files in again"):
        quality.counts(planted)


# --- the command ---


def run(*arguments):
    return CliRunner().invoke(main, [str(one) for one in arguments])


def test_the_command_reports_everything_as_json(planted, now):
    stated.keep_stated(planted, date(2026, 1, 1), NET + 11.90, "Ana", now)
    done = run("quality", "--shop", planted.path)
    report = json.loads(done.stdout)
    assert done.exit_code == 0
    first = report["reconciliation"][0]
    assert (first["month"], first["net"], first["set_aside_value"]) == ("2026-01", pytest.approx(NET), 5524.10)
    assert first["set_aside_by_reason"]["order_id is empty"] == 1303.70
    assert first["by_status"]["cancelled"] == 127.10
    assert report["stated"][0]["parts"] == [["tax", pytest.approx(11.90)]]
    assert {row["table"] for row in report["volumes"]} == {"orders"}
    assert not next(one for one in report["readiness"] if one["module"] == "groups")["ready"]


def test_the_command_answers_for_an_empty_shop(tmp_path):
    done = run("quality", "--shop", store.create_shop(tmp_path / "empty", {}).path)
    assert done.exit_code == 0
    assert json.loads(done.stdout)["reconciliation"] == []


# --- a real retailer's year ---


@pytest.fixture(scope="module")
def real_lines():
    """Its first four months."""
    if not UCI.exists():
        pytest.skip(f"{UCI} is not on this machine")
    raw = pd.read_parquet(UCI, columns=list(UCI_COLUMNS))
    return raw[raw["InvoiceDate"] < "2010-04-01"]


@pytest.fixture(scope="module")
def real_months(real_lines, tmp_path_factory):
    folder = tmp_path_factory.mktemp("uci")
    real_lines.to_parquet(folder / "export.parquet")
    mapping = folder / "map.toml"
    mapping.write_text("[orders]\n" + "\n".join(f'"{theirs}" = "{ours}"' for theirs, ours in UCI_COLUMNS.items()))
    intake.import_files([folder / "export.parquet"], folder / "shop", mapping, "orders")
    return quality.reconciliation(store.open_shop(folder / "shop")).set_index("month")


def test_a_real_shops_months_add_up_as_pandas_alone_says(real_months, real_lines):
    value, month = real_lines["Quantity"] * real_lines["Price"], real_lines["InvoiceDate"].dt.strftime("%Y-%m")
    known, sold = real_lines["Customer ID"].notna(), real_lines["Quantity"] > 0
    ours = real_months.set_axis(real_months.index.strftime("%Y-%m"))
    assert len(ours) == 4
    assert ours["net"].to_dict() == pytest.approx(value[known].groupby(month).sum().to_dict())
    assert ours["gross"].to_dict() == pytest.approx(value[known & sold].groupby(month).sum().to_dict())
    assert (ours["net"] + ours["set_aside_value"]).to_dict() == pytest.approx(value.groupby(month).sum().to_dict())
    assert (ours["lines"] + ours["set_aside_rows"]).sum() == len(real_lines)
    assert ours["orders"].to_dict() == real_lines[known & sold].groupby(month)["Invoice"].nunique().to_dict()
    assert ours["customers"].to_dict() == real_lines[known & sold].groupby(month)["Customer ID"].nunique().to_dict()


def test_a_real_shops_gap_is_its_sales_without_a_customer(real_months, real_lines):
    march = real_lines[real_lines["InvoiceDate"] >= "2010-03-01"]
    row, value = real_months.loc["2010-03-01"], march["Quantity"] * march["Price"]
    every, sold = float(value.sum()), float(value[march["Quantity"] > 0].sum())
    nobody = "set_aside|customer_id is empty"
    assert gap.explained(row, every).parts == ((nobody, pytest.approx(row["set_aside_value"])),)
    assert {what for what, _ in gap.explained(row, sold).parts} == {nobody, "returns"}
