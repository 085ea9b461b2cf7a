"""Known exports through the whole import: every order to the cent, every row accounted for, no address left open."""

import json

import pytest

from engine.errors import DataProblem
from engine.shop import intake, store, vault
from tests.shop.exports import ads, mail, public, shopify, tmall, woocommerce

EUROPE = {"currency": "EUR", "time_zone": "Europe/Berlin", "rates": {"USD": 0.9}}
CHINA = {"currency": "CNY", "time_zone": "Asia/Shanghai"}


def brought_in(folder, files, settings=EUROPE):
    """The report and the shop of an import of these files (name -> bytes)."""
    source, into = folder / "exports", folder / "shop"
    source.mkdir(exist_ok=True)
    for name, content in files.items():
        (source / name).write_bytes(content)
    store.create_shop(into, settings)
    report = intake.import_files([source / name for name in files], into, config=folder / "keys")
    return report, store.open_shop(into)


def net_by_order(shop):
    """Net sales of each order in cents."""
    orders = shop.table("orders")
    net = orders["quantity"] * orders["unit_price"]
    for column in ("discount", "refunded"):
        if column in orders:
            net = net - orders[column].fillna(0.0)
    return (net.groupby(orders["order_id"]).sum() * 100).round().astype(int).to_dict()


def is_accounted_for(report):
    return all(
        entry["rows_in"] == entry["kept"] + entry["set_aside"]
        and sum(entry["set_aside_by_reason"].values()) == entry["set_aside"]
        for entry in report["tables"].values()
    )


@pytest.mark.parametrize(
    ("files", "orders", "settings"),
    [
        ([shopify.orders()], shopify.orders(), EUROPE),
        ([woocommerce.plugin()], woocommerce.plugin(), EUROPE),
        ([woocommerce.items()], woocommerce.items(), EUROPE),
        ([*tmall.both()], next(one for one in tmall.both() if one.orders), CHINA),
    ],
    ids=["Shopify", "WooCommerce, one row an item", "WooCommerce, plug-in", "Tmall's two files"],
)
def test_every_order_of_an_export_is_in_the_shop_to_the_cent(tmp_path, files, orders, settings):
    report, shop = brought_in(tmp_path, {file.name: file.content for file in files}, settings)
    assert net_by_order(shop) == {name: order.net for name, order in orders.orders.items()}
    assert is_accounted_for(report)
    assert sum(len(rows) for rows in intake.set_aside(shop).values()) == report["tables"]["orders"]["set_aside"]


def test_addresses_are_in_the_vault_and_nowhere_else(tmp_path):
    files = {"orders_export.csv": shopify.orders().content, "customers_export.csv": shopify.customers()}
    _, shop = brought_in(tmp_path, files)
    with_address = {order.customer for order in shopify.orders().orders.values() if "@" in order.customer}
    assert vault.count(shop.path, "email") == len(with_address)
    opened = [path for path in shop.path.rglob("*") if path.is_file() and "vault" not in path.parts]
    assert [path.name for path in opened if b"@example.com" in path.read_bytes().lower()] == []
    keys = set(shop.table("orders")["customer_id"])
    assert keys <= set(shop.table("customers")["customer_id"])


def test_customers_brought_later_are_the_ones_that_ordered(tmp_path):
    _, shop = brought_in(tmp_path, {"orders_export.csv": shopify.orders().content})
    before = set(shop.table("customers")["customer_id"])
    brought_in(tmp_path, {"customers_export.csv": shopify.customers()})
    after = set(shop.table("customers")["customer_id"])
    assert before <= after
    assert len(after - before) == 1, "only the one who never ordered is new"


def test_who_unsubscribed_by_a_list_of_the_mail_tool_is_not_written_to(tmp_path):
    _, shop = brought_in(tmp_path, {"suppressed.csv": mail.klaviyo_suppressed()})
    customers = shop.table("customers")
    assert len(customers) == 5
    stopped = customers.reindex(columns=["suppressed", "email_consent"]).eq([1, 0]).any(axis=1)
    assert (stopped | customers.reindex(columns=["unsubscribed_at"])["unsubscribed_at"].notna()).all()


@pytest.mark.parametrize(
    ("content", "table", "kept"),
    [(mail.klaviyo(), "campaign_results", 4), (mail.mailchimp(), "campaign_results", 2), (ads.ga4(), "ads", 3),
     (ads.ga4(exploration=True), "ads", 3), (ads.meta(), "ads", 3)],
    ids=["Klaviyo", "Mailchimp", "GA4", "GA4 exploration", "Meta"],
)  # fmt: skip
def test_results_and_ads_are_kept_and_the_rest_accounted_for(tmp_path, content, table, kept):
    report, shop = brought_in(tmp_path, {"report.csv": content})
    assert shop.rows(table) == kept
    assert is_accounted_for(report)
    if table == "campaign_results":
        known = set(shop.table("campaigns")["campaign_id"])
        assert set(shop.table(table)["campaign_id"]) <= known


def test_online_retail_and_taobao_behaviour_are_recognised(tmp_path):
    report, _ = brought_in(tmp_path, {"retail.csv": public.uci().content})
    assert report["tables"]["orders"]["set_aside_by_reason"] == {"customer_id is empty": 2}
    (tmp_path / "other").mkdir()
    report, shop = brought_in(tmp_path / "other", {"UserBehavior.csv": public.behaviour()})
    assert set(shop.table("events")["kind"]) <= {"view", "cart", "wishlist", "purchase"}
    assert any("purchases have no price" in note for note in report["notes"])


@pytest.mark.parametrize("which", [0, 1])
def test_half_of_an_export_in_two_files_says_what_is_missing(tmp_path, which):
    half = tmall.both()[which]
    with pytest.raises(DataProblem, match=r"comes in two files.*Bring in both at once"):
        brought_in(tmp_path, {half.name: half.content}, CHINA)


def test_what_was_read_how_is_on_record(tmp_path):
    _, shop = brought_in(tmp_path, {"orders_export.csv": shopify.orders().content})
    (entry,) = json.loads((shop.path / "sources.json").read_text())["files"].values()
    assert (entry["name"], entry["table"], entry["mapping"]["source"]) == (
        "orders_export.csv", "orders", "shopify_orders",
    )  # fmt: skip
    assert len(entry["sha256"]) == 64 and entry["rows_in"] == entry["kept"] + entry["set_aside"]


def test_rows_without_a_rate_become_sales_once_there_is_one(tmp_path):
    export = shopify.dollars()
    report, shop = brought_in(tmp_path, {export.name: export.content}, {"currency": "EUR"})
    assert report["tables"]["orders"]["set_aside_by_reason"] == {"currency USD has no rate in the shop's settings": 2}
    store.save_settings(shop, {"rates": {"USD": 0.9}})
    report, shop = brought_in(tmp_path, {export.name: export.content})
    assert (report["tables"]["orders"]["kept"], report["tables"]["orders"]["set_aside"]) == (3, 0)
    assert len(intake.set_aside(shop)["orders"]) == 0, "what was set aside is not told any more"
    assert len(intake.provenance(shop)["files"]) == 1
    assert brought_in(tmp_path, {export.name: export.content})[0]["unchanged_files"] == [export.name]
