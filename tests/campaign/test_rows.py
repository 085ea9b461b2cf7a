"""Model columns: what was known before the send, the offer as a curve, and nothing protected or from later."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from engine.campaign import rows
from tests.tiny import shop_of, tables


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return shop_of(tmp_path_factory.mktemp("shop") / "golden", tables())


def built(shop, deliveries=None):
    sent = shop.table("deliveries") if deliveries is None else deliveries
    return rows.message_rows(shop, sent, shop.table("campaigns"))


def test_there_is_one_row_per_message_in_order(shop):
    sent = shop.table("deliveries").sample(frac=1, random_state=0)
    straight, shuffled = built(shop), built(shop, sent)
    assert shuffled.index.equals(sent.index)
    pd.testing.assert_frame_equal(shuffled.sort_index(), straight)


def test_the_outcome_of_a_message_is_in_none_of_its_columns(shop):
    sent = shop.table("deliveries")
    turned = sent.assign(clicked=1 - sent["clicked"], converted=1 - sent["converted"], revenue=sent["revenue"] + 99.0)
    pd.testing.assert_frame_equal(built(shop, turned), built(shop, sent))


def test_outcomes_stay_out_even_where_customers_have_columns_of_those_names(tmp_path):
    frames = tables()
    frames["customers"] = frames["customers"].assign(
        revenue="120", converted="3", clicked="8", channel="web", type="b2c"
    )
    frames["customers"].loc[0, ["revenue", "channel", "type"]] = ["80", "app", "b2b"]
    shop = shop_of(tmp_path / "shop", frames)
    found = built(shop)
    assert sorted(found["revenue"].unique()) == [80.0, 120.0]
    assert found["converted"].unique().tolist() == [3.0]
    assert found["customer clicked"].unique().tolist() == [8.0]
    assert set(found["customer channel"]) == {"web", "app"}
    assert set(found["channel"]) == {"email"}
    assert set(found["customer type"]) == {"b2c", "b2b"}


def test_protected_dates_and_nearly_unique_columns_are_left_out(tmp_path):
    frames = tables()
    names = [f"n{n}" for n in range(60)]
    frames["customers"] = frames["customers"].assign(nickname=names, **{"Gender": "f", "民族": "x"})
    frames["campaigns"] = frames["campaigns"].assign(age="30", batch=[f"b{n}" for n in range(10)])
    found = built(shop_of(tmp_path / "shop", frames))
    assert "tier" in found
    assert not {"nickname", "gender", "Gender", "民族", "campaign age", "joined_at", "unsubscribed_at"} & set(found)


def test_texts_that_nearly_name_a_campaign_are_scored_but_not_learned():
    frame = pd.DataFrame(
        {"campaign batch": [f"b{n}" for n in range(100)], "campaign theme": ["a", "b"] * 50, "ad_id": range(100)}
    ).astype("str")
    assert list(rows.learnable(frame)) == ["campaign theme", "ad_id"]


def test_a_row_is_the_same_alone_and_among_others(shop):
    sent = shop.table("deliveries")
    some = sent.iloc[[5, 77, 301, 599]]
    pd.testing.assert_frame_equal(built(shop, some), built(shop, sent).loc[some.index])
    for position in some.index:
        alone = built(shop, sent.loc[[position]])
        pd.testing.assert_frame_equal(alone, built(shop, some).loc[[position]])
    ads = shop.table("ads")
    pd.testing.assert_frame_equal(rows.ad_rows(shop, ads.loc[[3]]), rows.ad_rows(shop, ads).loc[[3]])


def test_a_rate_of_the_past_is_drawn_towards_the_usual(shop):
    known = pd.DataFrame({"sent": [0.0, 1.0, 1000.0], "clicked": [0.0, 1.0, 500.0], "ordered": [0.0] * 3,
                          "sent_channel": [0.0, 1.0, 1000.0], "clicked_channel": [0.0, 1.0, 500.0]})  # fmt: skip
    rate = np.exp(rows._past_response(known)["click_rate|log"])
    np.testing.assert_allclose(rate, [0.03, 1.6 / 21, 500.6 / 1020])


def context(**columns):
    frame = pd.DataFrame({"channel": ["email"], "sent_at": pd.to_datetime(["2026-03-02 10:00"]), **columns})
    offer = rows.offer_columns(frame)
    return pd.DataFrame(offer | rows.shared_columns(offer, pd.Series([0.5])) | rows.message_columns(frame, []))


def test_a_discount_bends_and_doubling_it_gains_less_than_twice():
    curve = [context(offer_kind=["percent"], discount=[d])["discount|curve"].iloc[0] for d in (0.0, 0.1, 0.2, 0.4)]
    np.testing.assert_allclose(curve, 1 - np.exp(-np.array([0.0, 0.1, 0.2, 0.4]) / 0.12))
    assert curve[2] - curve[1] < curve[1]


def test_money_off_is_not_taken_for_a_fraction():
    found = context(offer_kind=["amount"], discount=[20.0]).iloc[0]
    assert found["discount|fraction"] == found["discount|curve"] == 0.0
    assert found["discount|amount"] == pytest.approx(np.log(21))


def test_an_absent_offer_is_no_discount():
    found = context().iloc[0]
    assert (found["offer_kind"], found["discount|fraction"], found["discount|x discount_share"]) == ("", 0.0, 0.0)


@pytest.mark.parametrize(
    ("headline", "marks"),
    [
        ("Back for more?", {"question"}), ("真的吗？", {"question"}), ("Last day", {"urgent"}), ("今天", {"urgent"}),
        ("Lasting comfort", set()), ("Made for you", {"personal"}), ("Hi {first_name}", {"personal"}),
        ("Youth", set()), ("3 for 2", {"number"}), ("Spring ☀", {"emoji"}), ("Quiet", set()),
    ],
)  # fmt: skip
def test_marks_of_a_headline_are_seen(headline, marks):
    found = context(headline=[headline]).iloc[0]
    assert {
        name for name in ("question", "urgent", "personal", "number", "emoji") if found[f"headline|{name}"]
    } == marks
    assert found["headline|length"] == len(headline)


@pytest.mark.parametrize(
    ("hour", "band"), [(0, "0-5"), (5, "0-5"), (6, "6-9"), (10, "10-11"), (13, "12-13"), (20, "18-20"), (23, "21-23")]
)
def test_an_hour_is_a_part_of_the_day(hour, band):
    assert rows.hour_band(pd.Series([float(hour)])).tolist() == [band]
    assert rows.hour_band(pd.Series([np.nan])).tolist() == [""]


def test_the_hour_is_that_of_the_campaign_else_of_the_send_and_midnight_is_no_hour(shop):
    sent = (
        shop.table("deliveries")
        .head(3)
        .assign(sent_at=pd.to_datetime(["2025-02-10 07:00", "2025-02-10 00:00", "2025-02-10 00:00"]))
    )
    without = shop.table("campaigns").drop(columns="send_hour")
    assert rows.message_rows(shop, sent, without)["send_hour"].tolist() == ["6-9", "", ""]
    assert built(shop, sent)["send_hour"].tolist() == ["18-20"] * 3


@pytest.mark.parametrize(
    ("sent", "starts", "day"),
    [
        ("2026-03-10 10:00", "2026-03-10", "2026-03-10"),  # on its first day
        ("2026-03-15 10:00", "2026-03-10", "2026-03-10"),  # later: still what was known on the first day
        ("2026-05-15 10:00", "2026-03-10", "2026-05-01"),  # a flow: the month's first day
        ("2026-03-09 10:00", "2026-03-10", "2026-03-09"),  # before its start: never from later than the send
        ("2026-03-15 10:00", None, "2026-03-01"),
    ],
)
def test_features_are_of_the_first_day_and_never_of_later_than_the_send(sent, starts, day):
    found = rows.feature_day(pd.Series(pd.to_datetime([sent])), pd.Series(pd.to_datetime([starts])))
    assert found.iloc[0] == pd.Timestamp(day)


def test_an_outcome_is_known_after_the_campaigns_end_or_else_the_window():
    windows = pd.DataFrame({"campaign_id": ["k1", "k2"], "ends_at": pd.to_datetime(["2026-01-10", None]),
                            "window_days": [7.0, 7.0]})  # fmt: skip
    sent = pd.DataFrame({"campaign_id": ["k1", "k2", "gone"], "sent_at": pd.to_datetime(["2026-01-01"] * 3)})

    def known(day):
        return rows.outcome_known(sent, windows, day).tolist()

    assert known(date(2026, 1, 8)) == [False, False, False]
    assert known(date(2026, 1, 9)) == [False, True, True]
    assert known(date(2026, 1, 11)) == [True, True, True]


def test_totals_have_the_columns_of_their_campaign_and_nothing_of_customers(shop):
    totals = pd.DataFrame({"campaign_id": ["k02", "k05"], "recipients": [10.0, 10.0]})
    found = rows.total_rows(shop, totals, shop.table("campaigns"))
    assert found["discount|fraction"].tolist() == [0.1, 0.0]
    assert rows.of_campaign(found) == set(found) - {"channel"}


def test_an_ad_is_known_by_its_own_columns_and_the_price_of_attention(shop):
    ads = pd.DataFrame({"ad_id": ["a1"], "date": pd.to_datetime(["2025-10-01"]), "impressions": [1000.0], "cost": [9.0],
                        "placement": ["feed"], "clicks": [5.0]})  # fmt: skip
    found = rows.ad_rows(shop, ads).iloc[0]
    assert found["cost|per thousand"] == pytest.approx(np.log(10))
    assert found["placement"] == "feed"
    pd.testing.assert_series_equal(found, rows.ad_rows(shop, ads.assign(clicks=900.0)).iloc[0])
