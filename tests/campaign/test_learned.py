"""What a model learned is told as it was planted, in the units and words people know."""

import numpy as np
import pandas as pd
import pytest

from engine.campaign import learned, learned_words
from engine.model import fit
from engine.model.baselines import Condition, Leaf
from tests.model.test_fit import SHRUNK, messages


@pytest.fixture(scope="module")
def told():
    rows = messages()  # clicks depend on the discount only
    model = fit.fit_candidates(rows, SHRUNK, 0, ("linear",))["linear"]
    return learned.told(model, rows, 0), model, rows


def test_the_feature_that_was_planted_matters_most(told):
    found, model, rows = told
    sizes = {one["feature"]: one["mean_abs"] for one in found["importance"]}
    assert found["importance"][0]["feature"] == "discount"
    assert sizes["discount"] > 4 * max(size for name, size in sizes.items() if name != "discount")
    _, parts = model.contributions(rows.features)
    assert sizes["discount"] == pytest.approx(parts["discount"].abs().mean(), rel=0.05)


def test_dependence_shows_the_planted_slope_over_the_values_of_the_past(told):
    found, _, rows = told
    bins = found["dependence"]["discount"]
    assert [one["low"] for one in bins] == sorted(set(rows.features["discount|fraction"]))
    slope = np.polyfit([one["low"] for one in bins], [one["contribution"] for one in bins], 1)[0]
    assert slope == pytest.approx(6, rel=0.15)  # log-odds were -2.5 + 6 x discount
    assert sum(one["share"] for one in bins) == pytest.approx(1)
    for one in bins:  # nothing else goes with the discount, so that all rows of a bin say the same
        assert one["contribution_low"] == pytest.approx(one["contribution"]) == one["contribution_high"]


def test_a_number_that_is_often_unknown_has_a_place_for_that(told):
    table = learned_words.dependence(told[0], "recency_days")
    assert table["label"].tolist().count("not known") == 1
    assert len(table) == learned.BINS + 1
    assert table["share"].sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("column", "values", "known_as"),
    [
        ("recency_days|log", np.log1p([0.0, 30.0]), [0, 30]),
        ("click_rate|log", np.log([0.02, 0.5]), [0.02, 0.5]),
        ("discount|fraction", [0.0, 0.2], [0.0, 0.2]),
        ("discount_share", [0.1, 0.2], [0.1, 0.2]),
    ],
)
def test_values_are_told_in_the_units_people_know(column, values, known_as):
    frame = pd.DataFrame({column: values})
    assert learned.values_of(frame, column.split("|")[0]).tolist() == pytest.approx(known_as)


def test_the_season_is_told_as_the_month():
    angle = 2 * np.pi * np.array([15, 200, 364]) / 365.25
    frame = pd.DataFrame({"season|sin": np.sin(angle), "season|cos": np.cos(angle), "season|november": 0.0})
    assert learned.values_of(frame, "season").tolist() == [1, 7, 12]


def test_many_levels_are_told_as_the_most_frequent_ones_and_the_rest():
    values = pd.Series([f"p{min(n // 2, 30)}" for n in range(100)])
    group = learned._levels(values, np.ones(100))
    assert len(set(group)) == learned.LEVELS
    assert (group == learned.OTHER).sum() > 0
    told = {"dependence": {"x": [{"level": learned.OTHER, "contribution": 0.1, "contribution_low": 0.0,
                                  "contribution_high": 0.2, "share": 1.0, "rate": 0.5}]}}  # fmt: skip
    assert learned_words.dependence(told, "x", "zh")["label"].tolist() == ["其他"]


RULE = Leaf(
    (
        Condition("recency_days|log", False, float(np.log1p(30))),
        Condition("channel=email", True, 0.5),
        Condition("discount_share", True, 0.25),
        Condition("headline|question", False, 0.5),
        Condition("gap_days|log|missing", True, 0.5),
    ),
    0.1,
    100.0,
)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "days since last order up to 30 and channel is email and share of past spend discounted above 25.0% and "
               "not: headline asks a question and days between orders is not known"),
        ("zh", "距上次下单天数不超过 30，且渠道为 email，且历史折扣占比大于 25.0%，"
               "且非：标题是问句，且平均下单间隔天数未知"),
    ],
)  # fmt: skip
def test_a_rule_is_a_sentence(language, said):
    assert learned_words.rule_in_words(learned.rules([RULE])[0]["conditions"], language) == said


def test_a_tree_without_a_rule_speaks_of_everybody():
    assert learned_words.rule_in_words([], "en") == "everybody"
