"""Features and their values in a marketer's words and units."""

import doctest

import numpy as np
import pytest

from engine.campaign import feature_words, rows, told
from engine.campaign.feature_words import value_words, words
from engine.campaign.told import points_sentence, whole_points


@pytest.mark.parametrize("module", [feature_words, told])
def test_examples_in_docstrings_hold(module):
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    ("feature", "value", "english", "chinese"),
    [
        ("recency_days", 1.2, "1 day", "1 天"),
        ("recency_days", 1234.0, "1,234 days", "1,234 天"),
        ("aov", 85.4, "$85", "$85"),
        ("aov", 8.456, "$8.46", "$8.46"),
        ("click_rate", 0.034, "3.4%", "3.4%"),
        ("discount", 0.2, "20%", "20%"),
        ("frequency", 3.0, "3", "3"),
        ("season", 6.0, "June", "6 月"),
        ("channel", "sms", "SMS", "短信"),
        ("channel", "carrier_pigeon", "carrier pigeon", "carrier pigeon"),
        ("weekday", "Monday", "Monday", "星期一"),
        ("customer_language", "zh", "Chinese", "中文"),
        ("recency_days", np.nan, "not known", "未知"),
        ("city_tier", "", "not known", "未知"),
        ("category", "", "not given", "未填写"),
        ("campaign theme", None, "not given", "未填写"),
        ("city_tier", "tier 1", "tier 1", "tier 1"),
    ],
)
def test_a_value_has_its_unit(feature, value, english, chinese):
    assert value_words(feature, value, "USD", "en") == english
    assert value_words(feature, value, "USD", "zh") == chinese


def test_every_feature_of_ours_has_a_name_and_an_own_column_keeps_its_own():
    ours = {*rows.CUSTOMER_LOGS, *rows.CUSTOMER_SHARES, *rows.OFFER_TEXTS, "send_hour", "weekday", "season", "headline"}
    for feature in ours:
        assert words(feature, "en") != words(feature, "zh")
    assert words("campaign theme") == "theme"
    assert words("city_tier") == "city tier"


@pytest.mark.parametrize("name", ["share", "sent_by", "unit_days", "window_all"])
def test_a_shop_may_call_its_own_column_like_one_of_our_texts(name):
    assert words(name) == name.replace("_", " ")


@pytest.mark.parametrize(
    ("points", "english", "chinese"),
    [
        (13, "Tier: gold. Higher chance, +13 points.", "Tier：gold。概率较高，+13 分。"),
        (-1, "Tier: gold. Lower chance, -1 point.", "Tier：gold。概率较低，-1 分。"),
        (0, "Tier: gold. Hardly a difference, 0 points.", "Tier：gold。几乎没有差别，0 分。"),
    ],
)
def test_a_sentence_says_which_way_and_how_far(points, english, chinese):
    assert points_sentence("tier", "gold", points, "en") == english
    assert points_sentence("tier", "gold", points, "zh") == chinese


@pytest.mark.parametrize("seed", range(20))
def test_whole_points_add_up_and_none_turns_around(seed):
    moves = np.random.default_rng(seed).normal(0, 0.05, 30)
    points = whole_points(moves)
    assert points.sum() == round(100 * moves.sum())
    assert (np.abs(points - 100 * moves) < 1).all()
    assert (points * moves >= 0).all()
