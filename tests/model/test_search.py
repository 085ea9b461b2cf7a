"""Settings are searched in a fixed number of trials, each on record, on what is held out, and within a stated time."""

from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from engine.model import search
from engine.model.parts import Rows, Settings

RULE = "later whole campaigns"


def noise(campaigns=12, each=150, seed=0):
    """Twenty columns of a campaign that mean nothing, beside one of the customer that means much."""
    random = np.random.default_rng(seed)
    unit = np.repeat(np.arange(campaigns), each)
    frame = pd.DataFrame({f"campaign c{n}": random.normal(0, 1, campaigns)[unit] for n in range(20)})
    frame["recency"] = random.normal(0, 1, len(unit))
    log_odds = -1.5 + frame["recency"] + random.normal(0, 0.4, campaigns)[unit]
    hit = (random.random(len(unit)) < expit(log_odds)).astype(float)
    return Rows(frame, np.ones(len(unit)), hit, unit, np.array([f"k{u:02d}" for u in unit]))


SHRUNK = {f"campaign c{n}" for n in range(20)}


@pytest.fixture(scope="module")
def found():
    return search.search(noise(), RULE, SHRUNK, 0, False)


def test_every_trial_is_on_record_and_the_usual_settings_come_first(found):
    told = found.to_json()
    parts = [trial["part"] for trial in told["trials"]]
    assert parts == ["linear"] * search.LINEAR_TRIALS + ["trees"] * search.TREE_TRIALS
    assert told["trials"][0]["ridge"] == Settings().ridge
    assert told["trials"][search.LINEAR_TRIALS]["leaves"] == Settings().leaves
    assert all(0 < trial["log_loss"] < 1 and trial["seconds"] > 0 for trial in told["trials"])
    assert told["chosen"] == asdict(found.settings)
    assert (told["cut_short"], told["limit_seconds"]) == (False, search.LIMIT_SECONDS)


def test_what_is_chosen_was_tried(found):
    trials = found.to_json()["trials"]
    linear = [(trial["ridge"], trial["shrink"]) for trial in trials if trial["part"] == "linear"]
    assert (found.settings.ridge, found.settings.shrink) in linear
    best = min((trial for trial in trials if trial["part"] == "trees"), key=lambda trial: trial["log_loss"])
    assert (found.settings.leaves, found.settings.l2) == (best["leaves"], best["l2"])


def test_columns_of_a_campaign_that_mean_nothing_are_shrunk(found):
    assert found.settings.shrink < 1.0


def test_the_same_seed_finds_the_same(found):
    again = search.search(noise(), RULE, SHRUNK, 0, False)
    assert again.settings == found.settings
    assert [trial["log_loss"] for trial in again.trials] == [trial["log_loss"] for trial in found.trials]


def test_a_search_that_runs_out_of_time_says_so_and_still_answers():
    short = search.search(noise(), RULE, SHRUNK, 0, False, limit_seconds=1e-6)
    assert short.cut_short
    assert len(short.trials) < search.LINEAR_TRIALS
    assert short.settings.half_life is None


def test_what_is_judged_had_no_say_in_what_it_is_judged_by():
    rows, changed = noise(), noise()
    changed.features.loc[changed.unit == 11, "recency"] = 1e6
    for fold in search.splits.folds(rows.unit, RULE)[:-1]:
        one, other = (search._linear_loss(r, fold, SHRUNK, 0)(Settings()) for r in (rows, changed))
        np.testing.assert_array_equal(one, other)


def test_with_nothing_to_judge_on_settings_are_the_usual_ones():
    few = search.search(noise(campaigns=1), RULE, SHRUNK, 0, False)
    assert (few.settings, few.trials) == (Settings(), [])


def test_one_standard_error_takes_the_tightest_of_those_that_campaigns_cannot_tell_apart():
    # Worked by hand: trial 1 is best; trial 0 is worse by 0.02 in all, with differences 0.05 and -0.03 of sd 0.0566,
    # so one standard error of their sum is 0.08; trial 2 is worse by 0.2 in each, without any spread.
    trials = [{"ridge": 0.01}, {"ridge": 0.1}, {"ridge": 0.001}]
    losses = [np.array([0.30, 0.20]), np.array([0.25, 0.23]), np.array([0.45, 0.43])]
    assert search._tightest(trials, losses) == {"ridge": 0.01}
