"""A plan outside what was tried is said to be so, with the nearest thing that was."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from engine.campaign import support
from engine.campaign.nearest import Past
from engine.campaign.support import Alike, Tried, check
from tests.tiny import shop_of

PEOPLE = [f"c{n}" for n in range(100)]
OFFERS = {"percent": [0.1, 0.2, 0.4], "amount": [5.0, 20.0], "spend_save": [10.0, 20.0], "none": [0.0]}
SENDS = {"percent": 5_000, "amount": 900, "spend_save": 800, "none": 700}
SPENDS = {"percent": [0.0], "amount": [0.0, 50.0], "spend_save": [100.0, 150.0], "none": [0.0]}
TRIED = Tried(
    {"email": OFFERS, "sms": {"percent": [0.2]}, "push": {"gift": [0.0, 12.0, 20.0], "points": [0.0]}},
    {"email": SENDS, "sms": {"percent": 150}, "push": {"gift": 400, "points": 400}},
    {"email": [8.0, 12.0, 20.0]},
    tuple(PEOPLE),
    {"email": SPENDS, "sms": {"percent": [0.0]}, "push": {"gift": [0.0], "points": [0.0]}},
    basket=100.0,
)


def said(channel="email", kind="percent", discount=0.2, hour=None, audience=PEOPLE, min_spend=None, **more):
    mailed = support.mailed_share(TRIED, set(audience))
    sentence = check(TRIED, channel, kind, discount, hour, mailed, min_spend, **more)
    return sentence.text() if sentence else None


@pytest.mark.parametrize("discount", [0.07, 0.1, 0.13, 0.15, 0.2, 0.23, 0.37, 0.43])
def test_a_discount_near_one_that_was_tried_or_in_a_small_gap_is_supported(discount):
    assert said(discount=discount) is None


@pytest.mark.parametrize(
    ("discount", "nearest"), [(0.05, "10 %"), (0.25, "20 %"), (0.36, "40 %"), (0.5, "40 %"), (0.0, "10 %")]
)
def test_another_discount_is_not_and_the_nearest_is_named(discount, nearest):
    assert said(discount=discount) == f"{100 * discount:.0f} % off was never tried by email; nearest is {nearest}."


@pytest.mark.parametrize(("discount", "fine"), [(4, True), (6, True), (10, False), (16, True), (25, True), (30, False)])
def test_amounts_are_near_within_a_quarter(discount, fine):
    assert (said(kind="amount", discount=discount) is None) == fine


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"channel": "pigeon"}, "No past campaign went out by pigeon; tried were email, push, sms."),
        ({"kind": "gift"}, "Offer gift was never tried by email; tried there were amount, none, percent, spend_save."),
        ({"channel": "sms"}, "Only 150 messages by sms had offer percent; 200 are needed to learn from."),
        ({"hour": 3.0}, "Nothing was ever sent by email at 3:00; tried hours are 8:00 to 20:00."),
        ({"audience": [*PEOPLE[:10], *map(str, range(90))]},
         "Only 10% of this audience was ever written to; past response says little about the rest."),
    ],
)  # fmt: skip
def test_each_thing_never_tried_has_its_sentence(changed, expected):
    assert said(**changed) == expected


def test_what_was_tried_is_supported():
    assert said(kind="none", discount=None) is None
    assert said(hour=7.0) is said(hour=21.0) is None
    assert said(audience=[]) is None
    assert said(audience=[*PEOPLE[:20], *map(str, range(80))]) is None


def test_what_was_tried_is_read_from_past_messages(tmp_path):
    campaigns = pd.DataFrame(
        {
            "campaign_id": ["k1", "k2", "k3", "later"],
            "channel": ["email", "email", "sms", "push"],
            "starts_at": ["2026-01-01"] * 4,
            "offer_kind": ["percent", "percent", "gift", "gift"],
            "gift_product_id": ["", "", "p2", "p1"],
            "discount": [0.2, 0.1, "", ""],
            "send_hour": [9, "", 18, 3],
        }
    )
    products = pd.DataFrame({"product_id": ["p1", "p2"], "name": ["Cup", "Tea"], "price": [8.0, 15.0]})
    shop = shop_of(tmp_path / "shop", {"campaigns": campaigns, "products": products})
    sent = pd.DataFrame(
        {"campaign_id": ["k1", "k1", "k2", "k3"], "customer_id": ["b", "a", "a", ""], "trials": [1.0, 1.0, 1.0, 40.0]}
    )
    found = support.tried(shop, sent)
    assert found == Tried(
        {"email": {"percent": [0.1, 0.2]}, "sms": {"gift": [15.0]}},
        {"email": {"percent": 3}, "sms": {"gift": 40}},
        {"email": [9.0], "sms": [18.0]},
        ("a", "b"),
        {"email": {"percent": [0.0]}, "sms": {"gift": [0.0]}},
    )
    assert Tried.from_json(json.loads(json.dumps(found.to_json()))) == found
    assert support.tried(shop, None).offers == {}


@pytest.mark.parametrize(
    ("tiers", "expected"),
    [
        ([(100, 10), (150, 20)], None),
        ([(110, 12)], None),  # within a quarter of both
        ([(100, 10), (150, 40)], "40.00 off was never tried by email; nearest is 20.00."),
        ([(50, 10)], "A minimum spend of 50 was never tried with offer spend_save by email; nearest is 100."),
    ],
)
def test_each_tier_has_to_be_near_one_that_was_tried(tiers, expected):
    assert said(kind="spend_save", discount=None, offer={"tiers": tiers}) == expected


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        (None, None),  # not known: nothing to compare
        (13.0, None),
        (16.0, None),  # between two that were tried and are not further apart than twice
        (60.0, "A gift worth 60.00 was never tried by push; nearest is one worth 20.00."),
        (5.0, "A gift worth 5.00 was never tried by push; nearest is one worth 12.00."),
    ],
)
def test_a_gift_has_to_be_worth_about_what_gifts_were_worth(price, expected):
    assert said(channel="push", kind="gift", discount=price) == expected


def test_an_offer_whose_size_nobody_recorded_is_not_measured_by_it():
    assert said(channel="push", kind="points", discount=500.0) is None


@pytest.mark.parametrize(("cap", "fine"), [(None, True), (30.0, True), (17.0, True), (16.0, False), (5.0, False)])
def test_a_cap_that_makes_the_offer_smaller_than_it_says_was_never_tried(cap, fine):
    """20 % of a usual order of 100 is 20 off; three points less is still near."""
    found = said(offer={"max_discount": cap})
    assert (found is None) == fine
    assert fine or found.startswith(f"With at most {cap:.2f} off, 20 % is about {cap:.0f} % of a usual order (100.00)")


@pytest.mark.parametrize(("share", "fine"), [(None, True), (0.6, True), (0.35, True), (0.3, False), (0.02, False)])
def test_an_offer_on_a_part_of_the_order_counts_as_its_share_of_it(share, fine):
    """Without a campaign that offered nothing the smallest tried is 10 %, and 7 % is near: 20 % of 35 %."""
    tried = replace(TRIED, sends=TRIED.sends | {"email": SENDS | {"none": 0}})
    offer = {"applies_to": ["Makeup", "p7"], "share": share}
    found = check(tried, "email", "percent", 0.2, None, 1.0, offer=offer)
    assert (found is None) == fine
    assert fine or found.text().startswith(f"20 % off on Makeup, p7 only is about {20 * share:.0f} % of a whole order")


def test_where_offering_nothing_was_tried_no_offer_on_a_part_is_too_small():
    tried = replace(TRIED, offers={"email": {"percent": [0.05, 0.2], "none": [0.0]}}, sends={"email": SENDS})
    assert check(tried, "email", "percent", 0.2, None, 1.0, offer={"applies_to": ["p7"], "share": 0.1}) is None


def test_an_audience_unlike_those_written_to_is_refused_with_what_is_strange():
    unlike = said(alike=Alike(0.31, ("recency_days", "home_town")))
    assert unlike == (
        "Only 31% of this audience are like customers who were ever written to; the others differ most in "
        "days since last order, home town."
    )
    assert said(alike=Alike(0.6, ())) is None


def test_a_message_too_far_from_every_campaign_is_refused():
    past = Past.of(
        ("goal", "hour"),
        {"goal": ("launch", "vip")},
        np.array([[0.0, 8.0], [1.0, 12.0]]),
        {"goal": 0.5, "hour": 0.5},
        0.6,
        tuple({"channel": "email", "name": name, "day": "2025-03-01"} for name in ("First", "Second")),
    )
    found = check(replace(TRIED, past=past), "email", "percent", 0.2, None, 1.0, columns={"goal": "sunset", "hour": 20})
    assert found.text().startswith("No past campaign by email is close enough to this one")
    assert (
        check(replace(TRIED, past=past), "email", "percent", 0.2, None, 1.0, columns={"goal": "vip", "hour": 14})
        is None
    )


def test_many_plans_are_checked_as_each_alone():
    plans = pd.DataFrame(
        {
            "channel": ["email", "email", "sms", "email", "email"],
            "offer_kind": ["percent", "percent", "percent", None, "amount"],
            "discount": [0.2, 0.6, 0.2, None, 5.0],
            "send_hour": [10, 10, 10, 10, 3],
            "mailed": [1.0, 1.0, 1.0, 1.0, None],
            "starts_at": ["2026-06-08"] * 5,
        }
    )
    assert support.inside(TRIED, plans).tolist() == [True, False, False, True, False]


@pytest.mark.parametrize(
    ("spend", "fine"), [(None, True), (0, True), (45, True), (60, True), (100, False), (20, False)]
)
def test_a_minimum_spend_is_near_within_a_quarter_and_none_at_all_is_no_hurdle(spend, fine):
    assert (said(kind="amount", discount=5, min_spend=spend) is None) == fine


def test_a_minimum_spend_where_none_was_ever_asked_for_is_never_tried():
    assert said(min_spend=40).startswith("A minimum spend was never asked for with offer percent by email")


def test_what_was_stored_before_minimum_spends_were_noted_still_loads():
    stored = TRIED.to_json()
    del stored["spends"]
    assert check(Tried.from_json(stored), "email", "percent", 0.2, None, 1.0, 40.0) is None
