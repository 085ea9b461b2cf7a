"""What past campaigns say of words: a planted effect is found, and where there is none, none is told."""

import numpy as np
import pandas as pd
from scipy import stats

from engine.campaign import copy_features
from engine.campaign.copy_features import FEATURES, LEVEL, Effect, Evidence, learned
from tests.tiny import shop_of

SHOPS = 40


def history(seed: int, campaigns: int, question: float = 0.0):
    """Campaigns that differ by chance, by their discount, and by `question` in a click's log-odds."""
    rng = np.random.default_rng(seed)
    has = pd.DataFrame({name: (rng.random(campaigns) < 0.4).astype("float64") for name in FEATURES})
    has["length"] = rng.integers(15, 60, campaigns) / 10
    beside = pd.DataFrame({"share": rng.choice([0.0, 0.1, 0.2], campaigns)})
    odds = -3 + 2 * beside["share"] + question * has["question"] + rng.normal(0, 0.25, campaigns)
    messages = pd.Series(rng.integers(300, 2000, campaigns))
    return has, beside, pd.Series(rng.binomial(messages, 1 / (1 + np.exp(-odds)))), messages


def test_a_planted_effect_is_found_with_a_range_around_it():
    (found,) = learned(*history(1, 60, question=0.7)).told
    assert found.feature == "question"
    assert 0 < found.low < 0.7 < found.high


def test_where_words_change_nothing_an_effect_is_told_in_no_more_shops_than_the_level_says():
    told = sum(bool(learned(*history(seed, 24)).told) for seed in range(SHOPS))
    assert told <= stats.binom.ppf(0.99, SHOPS, 1 - LEVEL)


def test_few_campaigns_are_no_evidence_and_their_number_is_said():
    assert learned(*history(1, 15, question=3.0)) == Evidence(15)
    assert Evidence(15).of("Is it time?") is None


def test_an_effect_is_that_of_what_a_headline_has():
    found = Evidence(40, (Effect("question", 0.4, 0.1, 0.7), Effect("product", -0.2, -0.3, -0.1)))
    assert found.of("Time for tea") == Effect("", 0.0, 0.0, 0.0)
    both = found.of("Oat Night Cream?", ["Oat Night Cream"])
    assert [round(one, 9) for one in (both.effect, both.low, both.high)] == [0.2, -0.2, 0.6]


def test_features_are_read_in_both_languages():
    lines = pd.Series(["{first_name}, 20% off Oat Cream today?", "满减来了✨", "Time for tea"])
    found = copy_features.features(lines, ["Oat Cream"]).astype(bool).drop(columns="length")
    assert [list(found.columns[row]) for row in found.to_numpy()] == [
        ["question", "urgent", "number", "discount", "first_name", "product"],
        ["emoji", "discount"],
        [],
    ]


def test_a_shop_is_read_by_channel_and_its_totals_are_enough(tmp_path):
    has, _, clicks, messages = history(1, 60, question=0.9)
    ids = [f"k{number}" for number in range(60)]
    headlines = ["Time for tea?" if one else "Time for tea" for one in has["question"]]
    shop = shop_of(
        tmp_path / "shop",
        {
            "campaigns": pd.DataFrame(
                {"campaign_id": ids, "channel": "email", "starts_at": "2026-01-01", "headline": headlines}
            ),
            "campaign_results": pd.DataFrame({"campaign_id": ids, "recipients": messages, "clicked": clicks}),
        },
    )
    found = copy_features.evidence(shop, "email")
    assert found.campaigns == 60 and "question" in [one.feature for one in found.told]
    assert copy_features.evidence(shop, "sms") == Evidence(0)
    assert copy_features.evidence(shop_of(tmp_path / "none", {}), "email") == Evidence(0)
