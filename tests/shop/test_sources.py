"""Known exports, each in a file of its true shape, against what was planted in it."""

import random

import pandas as pd
import pytest

from engine.errors import DataProblem
from engine.shop import gate, sources
from engine.shop.sources import amounts, cells, joined, lines, roles
from engine.shop.store import ShopSettings
from engine.shop.tables import TABLES, check
from tests.shop.exports import Export, ads, mail, public, shopify, tmall, woocommerce
from tests.shop.reading import SETTINGS, finished, per_order, read, roles_of

COLUMNS = ("customer", "gross", "discount", "shipping", "tax", "refund", "net")


def planted(export: Export) -> pd.DataFrame:
    table = {name: [getattr(order, column) for column in COLUMNS] for name, order in export.orders.items()}
    return pd.DataFrame.from_dict(table, orient="index", columns=COLUMNS).sort_index()


def assert_to_the_cent(export: Export, kept: pd.DataFrame) -> None:
    found = per_order(kept).rename(columns={"customer_id": "customer"})[list(COLUMNS)].sort_index()
    pd.testing.assert_frame_equal(found, planted(export), check_names=False, check_dtype=False)


# --- Shopify ---


def test_shopify_orders_come_out_to_the_cent(tmp_path):
    export = shopify.orders()
    found = read(tmp_path, export.name, export.content)
    assert found.source.name == "shopify_orders"
    assert_to_the_cent(export, found.kept)
    assert found.reasons == export.aside
    assert found.is_whole() and found.rows == export.rows
    assert found.taken.flagged["order of a guest without e-mail or phone (kept)"] == 1
    assert found.taken.flagged["order was cancelled, and nothing was paid back (kept)"] == 1


def test_shopify_lines_keep_their_products_times_and_shares(tmp_path):
    export = shopify.orders(many=0)
    kept = read(tmp_path, export.name, export.content).kept.set_index("order_id")
    assert list(kept.loc["#1001", "product_id"]) == ["SH-R-M", "MUG", "Sock"]  # no SKU: its name
    assert list(kept.loc["#1001", "discount"]) == [4.96, 4.22, 0.82]  # 10.00 by 19.99 : 17.00 : 3.33
    assert sorted(kept.loc["#1002", "discount"]) == [0.0, 0.0, 0.01]
    assert str(kept.loc["#1001", "ordered_at"].iloc[0]) == "2026-01-05 10:00:00"
    assert str(kept.loc["#1013", "ordered_at"]) == "2026-01-06 05:30:00"  # 23:30 in New York, in Berlin


def test_shopify_customers_are_named_by_orders_without_names_or_addresses(tmp_path):
    export = shopify.orders(many=0)
    taken = read(tmp_path, export.name, export.content).taken
    assert {"ada@example.com", "+4917000000001"} <= taken.personal
    assert "guest-#1004" not in taken.personal
    assert set(taken.derived["customers"]["customer_id"]) == {order.customer for order in export.orders.values()}
    assert "guest-#1004" not in set(taken.derived["contacts"]["customer_id"])
    said = " ".join(table.astype("str").to_csv() for table in (taken.frame, *taken.derived.values()))
    assert not [word for word in ("Zelda", "Quux", "Nowhere", "Atlantis", "99999") if word in said]
    assert set(taken.derived["products"].set_index("product_id").loc[["MUG", "Sock"], "name"]) == {"Mug", "Sock"}


def test_an_order_in_dollars_adds_up_in_dollars_and_counts_in_euros(tmp_path):
    export = shopify.dollars()
    kept = read(tmp_path, export.name, export.content).kept
    net = (kept["quantity"] * kept["unit_price"] - kept["discount"]).groupby(kept["order_id"]).sum()
    assert net["#1"] == pytest.approx(0.9 * (3 * 9.99 + 1.01 - 0.07), abs=0.005)
    assert net["#2"] == pytest.approx(10.50)


def test_shopify_customers_have_the_keys_of_their_orders(tmp_path):
    found = read(tmp_path, "customers_export.csv", shopify.customers())
    assert found.source.name == "shopify_customers"
    assert list(found.kept["customer_id"]) == ["ada@example.com", "+4917000000001", "shopify-700102"]
    assert list(found.kept["email_consent"]) == [1, 0, 0]
    assert found.taken.personal == {"ada@example.com", "+4917000000001"}
    assert found.reasons == {"customer_id is empty": 1}
    assert "total_spent" not in found.kept and "Zelda" not in found.kept.to_csv()


def test_shopify_products_are_variants_and_pictures_are_set_aside(tmp_path):
    found = read(tmp_path, "products_export.csv", shopify.products())
    assert list(found.kept["product_id"]) == ["SH-R-M", "SH-R-L", "Mug"]
    assert list(found.kept["name"]) == ["Shirt - Red / M", "Shirt - Red / L", "Mug"]
    assert list(found.kept["category"]) == ["Clothes", "Clothes", "Kitchen"]
    assert found.kept["unit_cost"].tolist()[:2] == [8.1, 8.1] and found.kept["unit_cost"].isna()[2]
    assert found.kept["description"][0] == "Soft & warm"
    assert found.reasons == {"row of a picture: no variant of a product": 1}
    assert found.is_whole()


# --- WooCommerce ---


def test_woocommerce_orders_come_out_to_the_cent(tmp_path):
    export = woocommerce.plugin()
    found = read(tmp_path, export.name, export.content)
    assert found.source.name == "woocommerce_orders"
    orders, truth = per_order(found.kept), planted(export)
    # Units that were sent back are gone from the lines: what is left of gross and discount is the engine's to say.
    columns = ["net", "shipping", "tax"]
    pd.testing.assert_frame_equal(orders[columns].sort_index(), truth[columns], check_names=False, check_dtype=False)
    as_bought = [name for name, order in export.orders.items() if orders.loc[name, "gross"] == order.gross]
    assert len(as_bought) > 60
    same = ["gross", "discount", "refund"]
    pd.testing.assert_frame_equal(orders.loc[as_bought, same], truth.loc[as_bought, same], check_names=False)
    assert found.reasons == export.aside
    assert found.is_whole() and found.rows == export.rows


def test_woocommerce_items_come_out_to_the_cent(tmp_path):
    export = woocommerce.items()
    found = read(tmp_path, export.name, export.content)
    assert found.source.name == "woocommerce_items"
    assert_to_the_cent(export, found.kept)
    assert found.reasons == export.aside
    assert found.is_whole()
    assert dict(found.kept.groupby("order_id")["status"].first()) == {k: v.status for k, v in export.orders.items()}


def test_woocommerces_own_report_says_which_export_to_bring(tmp_path):
    with pytest.raises(DataProblem, match="Advanced Order Export"):
        read(tmp_path, "report.csv", woocommerce.analytics())


# --- Taobao, Tmall ---

YUAN = ShopSettings(shop_id="s", currency="CNY", time_zone="Asia/Shanghai")


def both_files(folder):
    orders, lines = tmall.both()
    of_orders, whole = roles_of(folder, orders.name, orders.content, YUAN)
    of_lines, parts = roles_of(folder, lines.name, lines.content, YUAN)
    return lines, of_orders, of_lines, whole, parts


def test_taobaos_two_files_come_out_to_the_cent(tmp_path):
    export, of_orders, of_lines, whole, parts = both_files(tmp_path)
    assert (of_orders.name, of_lines.name, of_lines.joined_to) == ("tmall_orders", "tmall_lines", "tmall_orders")
    rows, aside_lines, aside_orders = joined.join(parts, whole)
    assert (aside_lines, aside_orders) == ([], [])
    found = finished(of_lines, rows, YUAN)
    assert_to_the_cent(export, found.kept)
    assert found.reasons == export.aside
    assert found.is_whole() and found.rows == export.rows
    assert list(found.kept["product_id"])[:3] == ["TEA-500", "CUP-1", "托盘"]
    assert str(found.kept["ordered_at"].iloc[0]) == "2026-03-08 20:15:01"
    refunds = found.kept[found.kept["order_id"] == "3141592653589793005"].set_index("product_id")["refunded"]
    assert refunds.to_dict() == {"TEA-500": 0.0, "CUP-1": 63.64}  # of the line that came back


def test_taobaos_masked_buyers_are_guests_and_said_to_be(tmp_path):
    _, _, of_lines, whole, parts = both_files(tmp_path)
    taken = of_lines.take(joined.join(parts, whole)[0], YUAN)
    assert taken.flagged["order of a masked buyer, kept as a guest's"] == 1
    assert taken.notes[0].startswith("The buyers of 1 of 9 orders are masked")
    assert taken.personal == {"茶客老王", "小李", "tea@example.com"}
    contacts = taken.derived["contacts"].set_index("customer_id")
    assert contacts.loc["tea@example.com", "email"] == "tea@example.com"
    said = " ".join(table.astype("str").to_csv() for table in (taken.frame, *taken.derived.values()))
    assert not [word for word in ("张", "杭州", "请快点", "138****") if word in said]


def test_yuan_without_a_rate_are_named(tmp_path):
    _, _, of_lines, whole, parts = both_files(tmp_path)
    taken = of_lines.take(joined.join(parts, whole)[0], SETTINGS)
    assert taken.notes[-1] == "Amounts are in yuan (CNY) and the shop counts in EUR: set the rate of CNY."


def test_each_of_taobaos_files_alone_says_which_other_one_is_needed(tmp_path):
    _, of_orders, of_lines, whole, parts = both_files(tmp_path)
    with pytest.raises(DataProblem, match="bring in ExportOrderDetailList"):
        of_orders.take(whole, YUAN)
    with pytest.raises(DataProblem, match="bring in ExportOrderList"):
        of_lines.take(parts, YUAN)


def test_orders_without_lines_and_lines_without_an_order_are_set_aside():
    lines = pd.DataFrame({"order_id": ["a", " b", "x", ""], "quantity": [1, 2, 3, 4]}, index=[0, 1, 5, 6])
    orders = pd.DataFrame({"order_id": ["a", "b", "b", "c"], "status": ["1", "old", "2", "3"]}, index=[3, 4, 7, 8])
    rows, aside_lines, aside_orders = joined.join(lines, orders)
    assert rows["status"].to_dict() == {0: "1", 1: "2"}
    assert {row: reason for row, *_, reason in aside_lines} == {
        5: "line of an order that is not in the file of orders",
        6: "order_id is empty",
    }
    assert {row: reason for row, *_, reason in aside_orders} == {
        4: "order stands again further down",
        8: "order has no line in the file of lines",
    }


# --- mail tools ---


def test_klaviyos_campaigns_come_with_their_counts_hours_and_subjects(tmp_path):
    found = read(tmp_path, "klaviyo.csv", mail.klaviyo())
    assert found.source.name == "klaviyo_campaigns"
    first = found.kept.iloc[0]
    assert (first["campaign_id"], first["recipients"], first["delivered"]) == ("01HSPRING", 1250, 1240)
    assert (first["opened"], first["clicked"], first["bounced"]) == (500, 61, 10)
    assert (first["unsubscribed"], first["complained"], first["orders"], first["revenue"]) == (3, 1, 12, 1234.5)
    tested = found.kept[found.kept["campaign_id"] == "01HTEST"]
    assert tested["variant"].tolist() == ["A", "B"] and tested["clicked"].sum() == 9
    assert found.reasons == {
        "campaign was not sent": 1,
        "sum of a campaign whose variants have rows of their own": 1,
    }
    assert found.is_whole()
    campaigns = found.taken.derived["campaigns"].set_index("campaign_id")
    assert campaigns["channel"].to_dict() == {"01HSPRING": "email", "01HTEST": "email", "01HTEXT": "sms"}
    assert campaigns["send_hour"].to_dict() == {"01HSPRING": 9, "01HTEST": 18, "01HTEXT": 9}
    assert campaigns.loc["01HSPRING", "headline"] == "Spring is here"
    assert check("campaigns", campaigns.reset_index()).set_aside.empty


def test_mailchimps_campaigns_add_up_their_bounces_and_keep_what_is_unknown_empty(tmp_path):
    found = read(tmp_path, "campaigns.csv", mail.mailchimp())
    assert found.source.name == "mailchimp_campaigns"
    assert found.kept["bounced"].tolist() == [15, 15]
    assert found.kept["orders"].iloc[0] == 7 and found.kept["revenue"].iloc[0] == 400.1
    assert found.kept["orders"].isna().iloc[1] and found.kept["revenue"].isna().iloc[1]
    assert [str(day) for day in found.kept["date"]] == ["2026-03-05 10:00:00", "2026-04-02 19:15:00"]
    assert found.taken.derived["campaigns"]["name"].tolist() == ["Newsletter", "Newsletter"]
    assert found.is_whole()


def test_klaviyos_suppressed_people_are_not_written_to(tmp_path):
    found = read(tmp_path, "suppressed.csv", mail.klaviyo_suppressed())
    assert found.source.name == "klaviyo_suppressed"
    assert found.kept["suppressed"].tolist() == [1] * 5
    people = found.kept.set_index("customer_id")
    assert people.index[people["email_consent"] == 0].tolist() == ["p0@example.com", "p2@example.com"]
    assert str(people.loc["p0@example.com", "unsubscribed_at"].date()) == "2026-01-01"
    assert people["unsubscribed_at"].notna().sum() == 2
    assert found.taken.personal == set(people.index)
    assert found.reasons == {"is no e-mail address": 1} and found.is_whole()


def test_a_list_of_goods_sent_back_is_not_taken_for_suppressed_people(tmp_path):
    with pytest.raises(DataProblem, match="none of its reasons is one"):
        read(tmp_path, "returns.csv", b"Email,Reason,Date\na@x.org,too small,2026-01-01\n")


def test_mailchimps_unsubscribed_and_cleaned_are_told_apart(tmp_path):
    left = read(tmp_path, "unsubscribed.csv", mail.mailchimp_unsubscribed())
    assert (left.kept["customer_id"][0], left.kept["email_consent"][0]) == ("ada@example.com", 0)
    assert str(left.kept["unsubscribed_at"][0]) == "2026-02-01 10:11:12"
    bounced = read(tmp_path, "cleaned.csv", mail.mailchimp_cleaned())
    assert bounced.kept["suppressed"][0] == 1 and "email_consent" not in bounced.kept
    said = left.kept.astype("str").to_csv() + bounced.kept.astype("str").to_csv()
    assert not [word for word in ("Zelda", "Quux", "Nowhere") if word in said]


# --- advertisements ---


def test_ga4_ads_come_by_campaign_and_day_without_totals(tmp_path):
    found = read(tmp_path, "ga4.csv", ads.ga4())
    assert found.source.name == "ga4_google_ads"
    assert found.kept["ad_id"].tolist() == ["brand", "brand", "spring_sale"]
    assert [str(day.date()) for day in found.kept["date"]] == ["2026-03-01", "2026-03-02", "2026-03-01"]
    sums = found.kept[["impressions", "clicks", "cost", "conversions", "revenue"]].sum()
    assert sums.tolist() == [4600, 131, 60.25, 6, 410.5]  # as the row of totals says
    assert found.reasons == {"row of totals": 1, "no ad was shown or clicked": 2}
    assert found.is_whole()


def test_an_explorations_row_of_totals_is_set_aside_by_the_gate(tmp_path):
    (tmp_path / "ga4.csv").write_bytes(ads.ga4(exploration=True))
    (sheet,) = gate.sheets(tmp_path / "ga4.csv")
    assert [fields[-1] for fields in sheet.ragged["fields"]] == ["Grand total"]
    found = read(tmp_path, "ga4.csv", ads.ga4(exploration=True))
    assert found.kept["clicks"].sum() == 131 and found.reasons == {"no ad was shown or clicked": 2}


@pytest.mark.parametrize(("currency", "rate"), [("EUR", 1.0), ("USD", 0.9)])
def test_meta_ads_carry_their_currency_in_a_columns_name(tmp_path, currency, rate):
    found = read(tmp_path, "meta.csv", ads.meta(currency))
    assert found.source.name == "meta_ads"
    assert found.kept["cost"].tolist() == pytest.approx([20.5 * rate, 1.6 * rate, 66.0 * rate])
    assert found.kept["revenue"].tolist() == pytest.approx([130.0 * rate, 0.0, 99.9 * rate])
    assert found.kept["conversions"].tolist() == [2, 0, 3] and found.kept["clicks"].tolist() == [40, 0, 70]
    assert found.kept["ad_id"].tolist() == ["120201", "120202", "120203"]
    assert found.kept["period_days"].tolist() == [1, 1, 7]
    assert found.taken.flagged == {"row of several days (kept as that period)": 1}
    assert found.reasons == {"row of totals": 1} and found.is_whole()


def test_meta_ads_in_a_currency_without_a_rate_are_set_aside(tmp_path):
    found = read(tmp_path, "meta.csv", ads.meta("SEK"))
    assert found.reasons == {"row of totals": 1, "currency SEK has no rate in the shop's settings": 3}
    assert found.kept.empty and found.is_whole()


def test_meta_ads_broken_down_by_age_are_refused(tmp_path):
    with pytest.raises(DataProblem, match="broken down by age"):
        read(tmp_path, "meta.csv", ads.meta(Age="25-34"))


# --- public data sets ---


def test_uci_online_retail_keeps_returns_and_sets_aside_who_is_nobody(tmp_path):
    export = public.uci()
    found = read(tmp_path, export.name, export.content)
    assert found.source.name == "uci_online_retail"
    assert_to_the_cent(export, found.kept)
    assert found.reasons == {"customer_id is empty": 2}
    assert found.taken.flagged == {"line of postage, a discount or a correction (kept)": 2}
    assert found.is_whole()


def test_taobaos_behaviour_has_no_header_and_is_known_all_the_same(tmp_path):
    found = read(tmp_path, "UserBehavior.csv", public.behaviour())
    assert found.source.name == "taobao_behaviour"
    assert found.kept["kind"].tolist() == ["view", "purchase", "wishlist", "cart"]
    assert found.kept["customer_id"].tolist() == ["1", "1", "2", "3"]
    assert str(found.kept["occurred_at"][0]) == "2017-11-24 18:21:10"  # 1511544070 in Berlin
    assert found.rows == len(found.kept) == 4
    assert found.taken.notes[0].startswith("1 purchases have no price")


@pytest.mark.parametrize("first", [["1", "2", "3", "pv"], ["1", "2", "3", "seen", "5"], ["a", "2", "3", "pv", "5"]])
def test_another_file_without_a_header_is_not_taken_for_behaviour(first):
    assert sources.without_header(pd.DataFrame(columns=first)) is None


# --- what goes for all ---


@pytest.mark.parametrize("name", sources.SOURCES)
def test_every_role_of_a_source_is_one_of_its_table_or_has_a_kind(name):
    source = sources.SOURCES[name]
    assert set(source.known_by) <= set(source.columns)
    assert not source.joined_to or source.joined_to in sources.SOURCES
    for table in {source.table, "campaigns"} if source.table == "campaign_results" else {source.table}:
        required = set(TABLES[table].required) & set(source.columns)
        assert all(roles.kind(source.table, role) for role in required)


def test_an_unknown_file_is_no_known_export():
    assert sources.recognised(["id", "when", "what"]) is None


# --- the arithmetic ---


def test_shares_add_up_to_the_whole_whatever_the_weights():
    chance = random.Random(5)
    order = pd.Series([f"o{chance.randint(1, 60)}" for _ in range(400)])
    weight = pd.Series([chance.choice([0.0, 0.01, 3.33, 1999.99]) for _ in order])
    whole = pd.Series({name: chance.choice([0.0, 0.01, -7.77, 123.45, 0.005]) for name in order.unique()})
    given = amounts.shared(order.map(whole), weight, order).groupby(order).sum()
    pd.testing.assert_series_equal(given.round(6), whole.sort_index(), check_names=False)


@pytest.mark.parametrize(
    ("refund", "tax", "shipping", "total", "goods_back"),
    [
        (121.0, 10.0, 11.0, 121.0, 100.0),  # all of it: tax on top
        (111.0, 16.0, 11.0, 111.0, 100.0),  # all of it: tax in the prices
        (55.0, 10.0, 0.0, 110.0, 50.0),  # half, with its tax
        (50.0, 16.0, 0.0, 100.0, 50.0),  # half, tax in the prices
        (115.0, 0.0, 20.0, 120.0, 100.0),  # no more than the goods
        (30.0, 0.0, 0.0, 0.0, 30.0),  # no total is known
        (0.0, 10.0, 5.0, 115.0, 0.0),
    ],
)
def test_the_goods_part_of_a_refund_is_known(refund, tax, shipping, total, goods_back):
    given = [pd.Series([value]) for value in (100.0, refund, tax, shipping, total)]
    assert amounts.refunded_goods(*given).tolist() == [goods_back]


def test_strangers_without_an_address_are_not_one_customer():
    rows = pd.DataFrame({"email": ["n/a", "", None, " Ada@X.org "], "phone": ["-", "12", "0049 170 123", "1"]})
    assert cells.contact(rows).tolist() == [None, None, "0049170123", "ada@x.org"]


def test_a_customers_number_holds_for_the_address_it_came_with(tmp_path):
    frame = pd.DataFrame(
        {
            "order_id": ["1", "2", "3"], "customer_id": ["77", "", ""], "email": ["a@x.org", "A@x.org", "b@x.org"],
            "ordered_at": "2026-01-01", "product_id": "p", "quantity": "1", "unit_price": "2",
        }
    )  # fmt: skip
    taken = lines.take(frame, SETTINGS)
    assert taken.frame["customer_id"].tolist() == ["77", "77", "b@x.org"]
    assert taken.personal == {"b@x.org"}


def test_a_price_is_worked_out_of_a_lines_total_and_its_discount():
    frame = pd.DataFrame({"order_id": ["1"], "quantity": ["3"], "line_total": ["9.00"], "discount": ["1.50"]})
    found = lines.take(frame, SETTINGS).frame.iloc[0]
    assert (found["unit_price"], found["discount"]) == (3.5, "1.50")
