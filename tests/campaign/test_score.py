"""Every row given comes back, in order, with a number; what was wrong with it stands beside it."""

import numpy as np
import pandas as pd
import pytest

from engine.campaign import response
from engine.campaign.score import score_ads, score_deliveries
from engine.errors import DataProblem, NotEnoughData
from engine.shop.gate import read_file
from tests.tiny import CAMPAIGN_TABLES, GOLDEN, shop_of, tables, trained

NAUGHTY = """campaign_id,customer_id,sent_at,clicked,comment
k09,c001,2025-09-22 20:00,,fine
k09,c001,2025-09-22 20:00,,the same again
gone,c001,2025-09-22 20:00,,unknown campaign
k09,nobody,2025-09-22 20:00,,unknown customer
k09,NA,,,no time
k09,c005,soon,7,two things wrong
,,,,nothing at all
k09,null,2025-09-22T20:00:00Z,1,an outcome
"""


@pytest.fixture
def shop(tmp_path):
    return trained(tmp_path / "shop")


def scored(shop, path, score=score_deliveries):
    return score(shop, response.load(shop), path)


def written(folder, text, name="messages.csv"):
    path = folder / name
    path.write_text(text)
    return path


def test_no_row_is_dropped_and_each_has_a_number_and_its_note(shop, tmp_path):
    path = written(tmp_path, NAUGHTY)
    found = scored(shop, path)
    given = read_file(path)
    pd.testing.assert_frame_equal(found[list(given)], given)
    for name in ("p_click", "p_conversion", "expected_revenue"):
        assert found[name].notna().all()
        assert (found[f"{name}_low"] <= found[name]).all()
        assert (found[name] <= found[f"{name}_high"]).all()
    assert found["p_click"].between(0, 1).all()
    assert found["note"].tolist() == [
        "",
        "",
        "campaign_id is not in campaigns",
        "customer_id is not in customers",
        "",
        "sent_at is not a date in ISO form, such as 2026-03-31 or 2026-03-31 14:05: 'soon'; "
        "clicked is neither 1 nor 0: '7'",
        "campaign_id is not in campaigns; customer_id is not in customers",
        "",
    ]
    assert found["p_click"].iloc[0] == found["p_click"].iloc[1]


def test_the_outcome_of_a_row_does_not_change_its_number(shop, tmp_path):
    first = scored(shop, written(tmp_path, NAUGHTY))
    second = scored(shop, written(tmp_path, NAUGHTY.replace(",1,an outcome", ",0,an outcome")))
    np.testing.assert_array_equal(first["p_click"], second["p_click"])


def test_a_row_scores_the_same_alone_and_among_others(shop, tmp_path):
    lines = (GOLDEN / "shop" / "deliveries.csv").read_text().splitlines()
    many = scored(shop, written(tmp_path, "\n".join([lines[0], *lines[400:560]])))
    numbers = [c for c in many if c.startswith(("p_", "expected"))]
    for position in (0, 7, 159):
        alone = scored(shop, written(tmp_path, "\n".join([lines[0], lines[400 + position]])))
        np.testing.assert_allclose(alone[numbers].iloc[0], many[numbers].iloc[position], rtol=1e-9)


def test_expected_revenue_is_chance_times_what_is_paid_after_the_discount(shop, tmp_path):
    found = scored(shop, GOLDEN / "shop" / "deliveries.csv")
    paid = found["expected_revenue"] / found["p_conversion"]
    models = response.load(shop)
    features = response.feature_rows.message_rows(shop, shop.table("deliveries"), shop.table("campaigns"))
    discount = found["campaign_id"].map(shop.table("campaigns").set_index("campaign_id")["discount"]).fillna(0.0)
    np.testing.assert_allclose(paid, models.value.predict(features) * (1 - discount), rtol=1e-9)


def test_a_customer_attribute_in_the_file_overrides_the_shops(shop, tmp_path):
    row = "k09,c002,2025-09-22 20:00"  # c002 is silver
    head = "campaign_id,customer_id,sent_at"
    plain = scored(shop, written(tmp_path, f"{head}\n{row}\n"))
    told = scored(shop, written(tmp_path, f"{head},tier\n{row},gold\n{row},silver\n{row},\n"))
    assert told["p_conversion"].iloc[0] != plain["p_conversion"].iloc[0]
    np.testing.assert_allclose(told["p_conversion"].iloc[1:], plain["p_conversion"].iloc[0], rtol=1e-12)


def test_a_send_time_may_be_left_out(shop, tmp_path):
    without = scored(shop, written(tmp_path, "campaign_id,customer_id\nk09,c001\n"))
    at_start = scored(shop, written(tmp_path, "campaign_id,customer_id,sent_at\nk09,c001,2025-09-22\n"))
    assert without["p_click"].tolist() == at_start["p_click"].tolist()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("customer_id,sent_at\nc1,2026-01-01\n", r"messages.csv: column campaign_id is missing"),
        ("a,b\n1,2\n", r"messages.csv: column campaign_id, customer_id is missing"),
    ],
)
def test_a_file_without_who_or_what_is_refused(shop, tmp_path, text, said):
    with pytest.raises(DataProblem, match=said):
        scored(shop, written(tmp_path, text))


def test_a_header_without_rows_gives_the_columns_without_rows(shop, tmp_path):
    found = scored(shop, written(tmp_path, "campaign_id,customer_id,sent_at\n"))
    assert found.empty
    assert {"p_click", "p_conversion", "note"} <= set(found)


def test_an_offer_of_a_kind_of_the_shops_own_is_scored(tmp_path):
    frames = tables(*CAMPAIGN_TABLES)
    frames["campaigns"].loc[:3, "offer_kind"] = "lottery"
    shop = shop_of(tmp_path / "shop", frames)
    response.train(shop)
    found = scored(shop, GOLDEN / "shop" / "deliveries.csv")
    assert found["expected_revenue"].notna().all()


def test_a_shop_of_customers_campaigns_and_deliveries_scores(tmp_path):
    shop = trained(tmp_path / "shop", *CAMPAIGN_TABLES)
    found = scored(shop, GOLDEN / "shop" / "deliveries.csv")
    assert found[["p_click", "p_conversion", "expected_revenue"]].notna().all().all()
    sent = found["treated"] == "1"
    assert found.loc[sent, "p_conversion"].mean() == pytest.approx(
        found.loc[sent, "converted"].astype(float).mean(), rel=0.25
    )


AD_ROWS = """ad_id,date,placement,impressions,cost
a1,2025-11-01,feed,1000,10
a3,2025-11-01,search,2000,80
new,2025-11-01,search,1000,
a1,,feed,,5
a1,soon,nowhere,-5,x
"""


@pytest.mark.parametrize("names", [(), ("ads",)])
def test_ads_score_with_or_without_the_rest_of_a_shop(tmp_path, names):
    shop = trained(tmp_path / "shop", *names)
    path = written(tmp_path, AD_ROWS, "ads.csv")
    found = scored(shop, path, score_ads)
    pd.testing.assert_frame_equal(found[list(read_file(path))], read_file(path))
    assert found[["p_click", "p_conversion"]].notna().all().all()
    assert found["p_click"].iloc[1] > 1.3 * found["p_click"].iloc[0]  # planted: search is clicked twice as often
    assert found["note"].iloc[2] == "ad_id was never seen before"
    assert found["expected_revenue"].isna().tolist()[:4] == [False, False, False, True]
    assert found["note"].iloc[4].count(";") == 2
    assert "impressions is below 0: '-5'" in found["note"].iloc[4]
    assert pd.isna(found["expected_revenue"].iloc[4])
    assert "date is not a date" in found["note"].iloc[4]
    assert "cost is not a number" in found["note"].iloc[4]


def test_expected_revenue_of_an_ad_is_for_all_its_impressions(tmp_path):
    shop = trained(tmp_path / "shop", "ads")
    found = scored(shop, written(tmp_path, AD_ROWS, "ads.csv"), score_ads)
    each = response.load(shop).card["targets"]["ad_value"]["revenue_per_conversion"]
    assert found["expected_revenue"].iloc[1] == pytest.approx(2000 * found["p_conversion"].iloc[1] * each)


def test_what_a_shop_never_learned_is_refused(tmp_path):
    ads, messages = trained(tmp_path / "ads", "ads"), trained(tmp_path / "messages", *CAMPAIGN_TABLES)
    with pytest.raises(NotEnoughData, match=r"learned nothing about messages yet"):
        scored(ads, GOLDEN / "shop" / "deliveries.csv")
    with pytest.raises(NotEnoughData, match=r"learned nothing about ads yet"):
        scored(messages, GOLDEN / "shop" / "ads.csv", score_ads)
