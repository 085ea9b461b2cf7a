"""A plan outside what was tried is said to be so, with the nearest thing that was."""

import json

import pandas as pd
import pytest

from engine.campaign import support
from engine.campaign.support import Tried, check
from tests.tiny import shop_of

PEOPLE = [f"c{n}" for n in range(100)]
TRIED = Tried(
    {"email": {"percent": [0.1, 0.2, 0.4], "amount": [5.0, 20.0], "none": [0.0]}, "sms": {"percent": [0.2]}},
    {"email": {"percent": 5_000, "amount": 900, "none": 700}, "sms": {"percent": 150}},
    {"email": [8.0, 12.0, 20.0]},
    tuple(PEOPLE),
    {"email": {"percent": [0.0], "amount": [0.0, 50.0], "none": [0.0]}, "sms": {"percent": [0.0]}},
)


def said(channel="email", kind="percent", discount=0.2, hour=None, audience=PEOPLE, min_spend=None):
    sentence = check(TRIED, channel, kind, discount, hour, support.mailed_share(TRIED, set(audience)), min_spend)
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
        ({"channel": "pigeon"}, "No past campaign went out by pigeon; tried were email, sms."),
        ({"kind": "gift"}, "Offer gift was never tried by email; tried there were amount, none, percent."),
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
            "offer_kind": ["percent", "percent", "", "gift"],
            "discount": [0.2, 0.1, "", ""],
            "send_hour": [9, "", 18, 3],
        }
    )
    shop = shop_of(tmp_path / "shop", {"campaigns": campaigns})
    sent = pd.DataFrame(
        {"campaign_id": ["k1", "k1", "k2", "k3"], "customer_id": ["b", "a", "a", ""], "trials": [1.0, 1.0, 1.0, 40.0]}
    )
    found = support.tried(shop, sent)
    assert found == Tried(
        {"email": {"percent": [0.1, 0.2]}, "sms": {"none": [0.0]}},
        {"email": {"percent": 3}, "sms": {"none": 40}},
        {"email": [9.0], "sms": [18.0]},
        ("a", "b"),
        {"email": {"percent": [0.0]}, "sms": {"none": [0.0]}},
    )
    assert Tried.from_json(json.loads(json.dumps(found.to_json()))) == found
    assert support.tried(shop, None).offers == {}


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
