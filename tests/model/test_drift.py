"""Changes that were planted are found and named; where nothing changed there is hardly ever an alarm."""

import numpy as np
import pandas as pd
import pytest

from engine.model import drift
from engine.model.drift import Drift
from engine.model.moved import moved

OLD, NEW = 24, 5


def imported(seed: int, planted: str = "", rows: int = 120) -> Drift:
    """24 groups and 5 later ones, each with a mood of its own; `planted` changes the later ones."""
    random = np.random.default_rng(seed)
    parts, groups = [], []
    for number in range(OLD + NEW):
        later = number >= OLD
        n = int(rows * np.exp(random.normal(0, 0.2))) * (2 if later and planted == "volume" else 1)
        tenure = random.gamma(2, 50, n) * np.exp(random.normal(0, 0.1))
        spent = tenure * np.exp(random.normal(0, 0.3, n))
        raised = 0.3 if later and planted == "prices" else 0.0
        category = random.choice(["tea", "cups", "soap"], n, p=[0.5, 0.3, 0.2]).astype(object)
        category[random.random(n) < (0.2 if later and planted == "mix" else 0.0)] = "candles"
        visits = random.poisson(1, n).astype("float64")
        visits[random.random(n) < (0.15 if later and planted == "missing" else 0.0)] = np.nan
        columns = {
            "price": np.exp(random.normal(3, 0.6, n) + random.normal(0, 0.05) + raised),
            "tenure": tenure,
            "spent": random.permutation(spent) if later and planted == "relation" else spent,
            "category": category,
            "visits": visits,
            "channel": random.choice(["email", "sms"]),
            "same": 1.0,
            "mood": random.normal(random.normal(0, 0.2), 1, n),
        }
        parts.append(pd.DataFrame(columns))
        groups.append(np.full(n, number))
    before, after = (pd.concat(parts[part], ignore_index=True) for part in (slice(OLD), slice(OLD, None)))
    return drift.found(before, after, np.concatenate(groups[:OLD]), np.concatenate(groups[OLD:]), seed)


@pytest.mark.parametrize(
    ("planted", "column", "kind"),
    [
        ("prices", "price", "number"),
        ("mix", "category", "level"),
        ("missing", "visits", "missing"),
        ("volume", "rows", "volume"),
    ],
)
def test_a_planted_change_is_found_and_nothing_else_is_named(planted, column, kind):
    found = imported(3, planted)
    assert [(one.column, one.kind) for one in found.changes] == [(column, kind)]
    assert found.alarm


def test_a_change_says_what_it_was_and_what_it_is():
    price, mix, gone = (imported(3, planted).changes[0] for planted in ("prices", "mix", "missing"))
    assert price.after / price.before == pytest.approx(np.exp(0.3), rel=0.1)
    assert (mix.level, mix.before) == ("candles", 0.0) and mix.after == pytest.approx(0.2, abs=0.05)
    assert gone.before == 0.0 and gone.after == pytest.approx(0.15, abs=0.04)


def test_a_number_that_moved_is_told_as_that_where_a_few_values_went_missing_too():
    random = np.random.default_rng(4)
    before = pd.DataFrame({"price": random.normal(10, 2, 1_000)})
    after = pd.DataFrame({"price": random.normal(20, 2, 1_000)})
    after.loc[random.random(1_000) < 0.03, "price"] = np.nan
    week = np.arange(1_000) % 10
    (one,) = drift.found(before, after, week, 10 + week, volume=False).changes
    assert (one.kind, round(one.before), round(one.after)) == ("number", 10, 20)


def test_columns_that_no_longer_go_together_are_seen_by_the_classifier_alone():
    found = imported(3, "relation")
    assert not found.changes and found.alarm
    assert found.classifier.by[0] == ("tenure", "spent")
    assert found.classifier.auc > 0.6 and found.classifier.p <= drift.LEVEL


@pytest.mark.parametrize("imports", [pytest.param(20), pytest.param(100, marks=pytest.mark.full)])
def test_at_most_five_of_a_hundred_unchanged_imports_raise_an_alarm(imports):
    alarms = sum(imported(1_000 + seed, rows=60).alarm for seed in range(imports))
    assert alarms <= max(1, 0.05 * imports)


def test_groups_of_very_different_size_raise_no_alarm_by_themselves():
    random = np.random.default_rng(5)
    sizes = np.exp(random.normal(4, 1.2, 30)).astype(int) + 2
    group = np.repeat(np.arange(30), sizes)
    table = pd.DataFrame({"x": random.normal(random.normal(0, 0.5, 30)[group]), "y": random.normal(size=len(group))})
    late = group >= 25
    assert not drift.found(table[~late], table[late], group[~late], group[late]).alarm


def test_too_few_groups_say_so_and_compare_nothing():
    table = pd.DataFrame({"x": np.arange(20.0)})
    found = drift.found(table, table, np.repeat([0, 1, 2, 3], 5), np.zeros(20))
    assert (found.reason, found.alarm, found.groups_after) == ("few_groups", False, 1)


def campaigns(random: np.random.Generator, count: int, odds: float = 0.0, together: float = 0.0) -> pd.DataFrame:
    """together: sd by which every four campaigns in a row miss their forecast together."""
    p = random.uniform(0.02, 0.08, count)
    trials = random.integers(400, 2_000, count)
    shared = np.repeat(random.normal(0, together, count), 4)[:count] if together else 0.0
    actual = p * np.exp(random.normal(odds, 0.15, count) + shared)
    return pd.DataFrame({"trials": trials, "successes": random.binomial(trials, actual), "predicted": p})


def test_a_response_that_fell_by_forty_per_cent_is_found_and_measured():
    random = np.random.default_rng(2)
    found = moved(campaigns(random, 12), campaigns(random, 6, np.log(0.6)))
    assert found.p < drift.LEVEL
    assert found.low < np.log(0.6) < found.high
    assert found.ratio == pytest.approx(0.6, abs=0.1)


@pytest.mark.parametrize("together", [0.0, 0.1])
def test_unchanged_responses_are_found_to_have_moved_no_oftener_than_the_level(together):
    random = np.random.default_rng(4)
    p = np.array(
        [moved(campaigns(random, 12, 0.0, together), campaigns(random, 4, 0.0, together)).p for _ in range(500)]
    )
    assert (p <= drift.LEVEL).sum() <= 8  # 2.5 expected; 9 or more by chance: 0.1 %
    assert 1 <= (p <= 0.05).sum() <= 40  # 25 expected, 41 or more by chance: 0.1 %


def test_a_model_that_was_wrong_from_the_start_has_not_moved():
    random = np.random.default_rng(6)
    assert moved(campaigns(random, 12, 0.5), campaigns(random, 6, 0.5)).p > 0.05


def test_one_campaign_is_too_few_to_say_anything_of_responses():
    random = np.random.default_rng(1)
    found = moved(campaigns(random, 12), campaigns(random, 1))
    assert (found.log_odds, found.p, found.campaigns) == (None, 1.0, 1)
