"""Another choice judged on a log: known answers, planted truths, and every file that cannot be used."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from engine.__main__ import main
from engine.outcome.offpolicy import answer, intervals
from engine.outcome.offpolicy.log import as_log
from engine.outcome.offpolicy.policy import as_policy
from engine.sentences import all_texts

OPEN_BANDIT = Path("/work/shared/data/open_bandit")
needs_open_bandit = pytest.mark.skipif(not OPEN_BANDIT.exists(), reason="the Open Bandit logs are not on this machine")


def drawn(rates, shown, rows, seed=0, context=None):
    """A log of actions drawn with probabilities `shown`, clicked with probability `rates`."""
    random = np.random.default_rng(seed)
    action = random.choice(len(rates), rows, p=shown)
    reward = (random.random(rows) < np.asarray(rates)[action]).astype(int)
    frame = pd.DataFrame(
        {"action": [f"a{k}" for k in action], "reward": reward, "propensity": np.asarray(shown)[action]}
    )
    return frame if context is None else frame.assign(**context)


def choice(*probabilities):
    return pd.DataFrame({"action": [f"a{k}" for k in range(len(probabilities))], "probability": probabilities})


def judged(frame, policy, seed=0):
    log = as_log(frame, "log.csv")
    return answer.evaluate(log, as_policy(policy, log, "policy.csv"), seed)


def by_name(found):
    return {one.name: one.value for one in found.found}


# --- known answers ---


def test_weights_sums_and_sample_size_are_those_worked_out_by_hand():
    frame = pd.DataFrame({"action": list("aabb") * 5, "reward": [1, 0, 2, 1] * 5, "propensity": [0.5] * 20})
    policy = pd.DataFrame({"action": ["a", "b"], "probability": [0.8, 0.2]})
    found = judged(frame, policy)
    # w = 1.6, 1.6, 0.4, 0.4; w r = 1.6, 0, 0.8, 0.4; sums 4 and 2.8; (sum w)^2 / sum w^2 = 80^2 / (20 x 1.36 x ...)
    assert by_name(found)["IPS"].value == pytest.approx(2.8 / 4)
    assert by_name(found)["SNIPS"].value == pytest.approx(2.8 / 4)
    assert found.overlap.effective == pytest.approx(20**2 / (10 * 1.6**2 + 10 * 0.4**2))
    assert found.logged.value == 1.0


def test_the_choice_that_was_made_earns_what_the_log_earned():
    shown = (0.5, 0.3, 0.2)
    found = judged(drawn((0.1, 0.2, 0.05), shown, 3000), choice(*shown))
    for name in ("IPS", "SNIPS"):
        assert by_name(found)[name].value == pytest.approx(found.logged.value)
    assert found.overlap.effective == pytest.approx(3000)
    assert found.verdict == "no_difference"
    assert all(abs(one.gain.value) < 0.002 for one in found.found)


def test_the_gamma_interval_is_the_exact_one_of_a_count():
    # Of n rows with weight 1 and x events: the Poisson limits of Garwood (1936), here 5: 1.62 to 11.67.
    n, x = 10_000, 5
    reward = np.zeros(n)
    reward[:x] = 1
    found = intervals.interval(x / n, intervals.Spread(np.sqrt(x) / n, 1 / n))
    assert (found.low * n, found.high * n) == (pytest.approx(1.623, abs=0.01), pytest.approx(11.67, abs=0.01))


def test_a_difference_of_two_normal_intervals_is_the_normal_interval_of_the_difference():
    one, other = intervals.Estimate(3.0, 1.0, 5.0), intervals.Estimate(1.0, 0.0, 2.0)
    apart = intervals.difference(one, other)
    assert (apart.low, apart.high) == (pytest.approx(2 - np.sqrt(5)), pytest.approx(2 + np.sqrt(5)))


# --- planted truths ---


def test_a_better_choice_is_found_and_its_value_is_inside_every_interval():
    rates, shown = (0.02, 0.06, 0.03), (0.4, 0.3, 0.3)
    found = judged(drawn(rates, shown, 20_000, seed=1), choice(0.0, 1.0, 0.0))
    assert found.verdict == "better"
    for one in found.found:
        assert one.value.low <= 0.06 <= one.value.high, one.name
        assert one.gain.low <= 0.06 - np.dot(rates, shown) <= one.gain.high, one.name
    assert judged(drawn(rates, shown, 20_000), choice(1.0, 0.0, 0.0)).verdict == "worse"


def test_what_hangs_on_context_is_found_by_a_policy_that_looks_at_it():
    random = np.random.default_rng(3)
    n = 12_000
    kind, action = random.integers(0, 2, n), random.integers(0, 2, n)
    reward = random.random(n) < np.where(kind == action, 0.10, 0.02)
    frame = pd.DataFrame(
        {"action": action, "reward": reward.astype(int), "propensity": 0.5, "kind": np.array(["x", "y"])[kind]}
    )
    policy = pd.DataFrame({"kind": ["x", "x", "y", "y"], "action": [0, 1, 0, 1], "probability": [1.0, 0.0, 0.0, 1.0]})
    found = judged(frame, policy)
    assert found.verdict == "better"
    for one in found.found:
        assert one.value.low <= 0.10 <= one.value.high, one.name
    plain = judged(frame.drop(columns="kind"), pd.DataFrame({"action": [0, 1], "probability": [0.5, 0.5]}))
    assert found.headline.value.value > 1.5 * plain.headline.value.value


def test_losses_count_as_losses():
    frame = drawn((0.05, 0.05), (0.5, 0.5), 8_000, seed=1)
    frame["reward"] = frame["reward"] * 10 - np.where(frame["action"] == "a1", 0.4, 0.0)
    found = judged(frame, choice(0.0, 1.0))
    for one in found.found:
        assert one.value.low <= 0.1 <= one.value.high, one.name


@pytest.mark.parametrize(
    ("count", "rate", "backwards", "rows"), [(34, 0.005, False, 10_000), (34, 0.005, True, 10_000)]
)
def test_intervals_hold_the_truth_where_clicks_are_rare(count, rate, backwards, rows):
    """100 logs with some 50 clicks: at least 90 of them; all counts in bench/results/offpolicy.txt."""
    random, held = np.random.default_rng(5), []
    for seed in range(100):
        rates = np.clip(rate * random.gamma(4, 1 / 4, count), 0, 1)
        uneven = (random.dirichlet(np.full(count, 0.5)) + 0.02 / count) / 1.02
        even = np.full(count, 1 / count)
        shown, other = (uneven, even) if backwards else (even, uneven)
        found = judged(drawn(rates, shown / shown.sum(), rows, seed), choice(*(other / other.sum())))
        held.append({one.name: one.value.low <= other @ rates <= one.value.high for one in found.found})
    shares = pd.DataFrame(held).mean()
    assert (shares >= 0.9).all(), shares.to_dict()


@needs_open_bandit
def test_a_warning_where_the_other_policy_was_hardly_tried():
    log = pd.read_csv(OPEN_BANDIT / "bts_men_log.csv.gz", index_col=0)
    other = pd.read_csv(OPEN_BANDIT / "random_men_log.csv.gz", index_col=0)
    frame = log.rename(columns={"item_id": "action", "click": "reward", "propensity_score": "propensity"})
    policy = other.groupby("position")["item_id"].value_counts(normalize=True).rename("probability").reset_index()
    found = judged(frame[["action", "reward", "propensity", "position"]], policy.rename(columns={"item_id": "action"}))
    assert by_name(found)["IPS"].value == pytest.approx(0.00296, abs=1e-5), "the data's own README"
    assert found.verdict == "no_overlap"
    assert [one.key for one in found.overlap.refusals] == ["offpolicy.heavy"]
    assert [one.key for one in found.overlap.notes] == ["offpolicy.mean_weight"]


# --- what is never tried, and what does not fit ---


def test_actions_never_tried_are_counted_and_no_verdict_is_given():
    frame = drawn((0.1, 0.1), (0.5, 0.5), 2_000)
    policy = pd.DataFrame({"action": ["a0", "a1", "new"], "probability": [0.4, 0.3, 0.3]})
    found = judged(frame, policy)
    assert found.overlap.never_tried == pytest.approx(0.3)
    assert found.verdict == "no_overlap"
    assert set(found.table()["verdict"]) == {"not enough overlap"}
    assert found.table()["value"].notna().all()
    few = judged(frame, policy.assign(probability=[0.5, 0.48, 0.02]))
    assert few.overlap.never_tried == pytest.approx(0.02)
    assert few.verdict == "no_difference"
    assert [one.key for one in few.overlap.notes] == ["offpolicy.partly_never_tried"]


def test_a_policy_that_shares_nothing_with_the_log_has_no_value():
    found = judged(drawn((0.1,), (1.0,), 500), pd.DataFrame({"action": ["new"], "probability": [1.0]}))
    assert found.overlap.effective == 0
    assert np.isnan(by_name(found)["SNIPS"].value)
    assert found.verdict == "no_overlap"
    json.dumps(found.report())


def test_the_chance_of_being_written_to_given_for_everybody_is_noticed():
    """A frequent slip: propensity is that of the logged action, not that of the message."""
    random = np.random.default_rng(0)
    sent = random.random(5_000) < 0.8
    reward = (random.random(5_000) < 0.1).astype(int)
    frame = pd.DataFrame({"action": np.where(sent, "send", "hold"), "reward": reward, "propensity": 0.8})
    policy = pd.DataFrame({"action": ["send", "hold"], "probability": [0.5, 0.5]})
    wrong = judged(frame, policy)
    assert "offpolicy.propensity_unfit" in [one.key for one in wrong.overlap.notes]
    right = judged(frame.assign(propensity=np.where(sent, 0.8, 0.2)), policy)
    assert right.overlap.notes == []


def test_no_reward_at_all_still_has_a_range():
    found = judged(drawn((0.0, 0.0), (0.5, 0.5), 1_000), choice(0.2, 0.8))
    for one in found.found:
        assert one.value.value == 0.0 < one.value.high < 0.02, one.name
    assert found.verdict == "no_difference"


# --- the command, and files that cannot be used ---


def command(folder, frame, policy, code=0, *more):
    for name, table in (("log.csv", frame), ("policy.csv", policy)):
        table.to_csv(folder / name, index=False)
    asked = ["offpolicy", folder / "log.csv", "--policy", folder / "policy.csv", "--out", folder / "out.csv", *more]
    ended = CliRunner().invoke(main, [str(one) for one in asked], catch_exceptions=False)
    assert ended.exit_code == code, ended.stderr
    return ended


def test_the_command_writes_a_row_per_estimator_and_prints_why(tmp_path):
    printed = json.loads(command(tmp_path, drawn((0.02, 0.06), (0.5, 0.5), 8_000), choice(0.1, 0.9)).stdout)
    table = pd.read_csv(tmp_path / "out.csv")
    assert table.columns[:7].tolist() == [
        "estimator", "value", "low", "high", "effective_sample_size", "unsupported_share", "verdict",
    ]  # fmt: skip
    assert table["estimator"].tolist() == ["IPS", "SNIPS", "DM", "DR", "SNDR"]
    assert (table["low"] <= table["value"]).all() and (table["value"] <= table["high"]).all()
    assert set(table["verdict"]) == {"better"} and printed["verdict"] == "better"
    assert printed["rows"] == 8_000 and printed["logged"]["low"] < printed["logged"]["value"]
    again = (tmp_path / "out.csv").read_bytes()
    command(tmp_path, drawn((0.02, 0.06), (0.5, 0.5), 8_000), choice(0.1, 0.9))
    assert (tmp_path / "out.csv").read_bytes() == again


def small(**changes):
    return drawn((0.1, 0.2), (0.5, 0.5), 40).astype(object).assign(**changes)


def with_cell(column, value):
    frame = small()
    frame.loc[3, column] = value
    return frame


BROKEN = [
    (small().drop(columns="propensity"), choice(0.5, 0.5), "column propensity is missing"),
    (small().drop(columns="reward"), choice(0.5, 0.5), "log.csv: column reward is missing"),
    (with_cell("propensity", 0), choice(0.5, 0.5), "log.csv row 5: propensity is “0” (1 such rows)"),
    (with_cell("propensity", 1.2), choice(0.5, 0.5), "propensity is “1.2”"),
    (with_cell("propensity", ""), choice(0.5, 0.5), "propensity is “”"),
    (with_cell("propensity", "NaN"), choice(0.5, 0.5), "propensity is “NaN”"),
    (with_cell("propensity", "inf"), choice(0.5, 0.5), "propensity is “inf”"),
    (with_cell("propensity", -0.1), choice(0.5, 0.5), "propensity is “-0.1”"),
    (with_cell("reward", "yes"), choice(0.5, 0.5), "reward is “yes”"),
    (with_cell("reward", ""), choice(0.5, 0.5), "a number is needed, 0 where nothing came of it"),
    (with_cell("action", ""), choice(0.5, 0.5), "log.csv row 5: action is empty"),
    (small().iloc[:0], choice(0.5, 0.5), "log.csv has 0 rows; at least 10 are needed"),
    (small(), choice(0.5, 0.4), "the probabilities add up to 0.9; they must add up to 1"),
    (small(), choice(1.5, -0.5), "policy.csv row 2: probability is “1.5”"),
    (small(), choice(0.5, 0.5).assign(action="a0"), "policy.csv row 3: action “a0” stands again"),
    (small(), choice(0.5, 0.5).drop(columns="action"), "policy.csv: column action is missing"),
    (small(), choice().astype(object), "policy.csv has no rows"),
    (small(), choice(0.5, 0.5).assign(kind="x"), "the log has no column kind"),
    (small(kind="y"), choice(0.5, 0.5).assign(kind="x"), "says nothing for kind = y, which 40 rows"),
    (small(), choice(0.5, "half"), "probability is “half”"),
]


@pytest.mark.parametrize(("frame", "policy", "said"), BROKEN, ids=[said[:40] for *_, said in BROKEN])
def test_what_cannot_be_used_is_refused_in_a_sentence(tmp_path, frame, policy, said):
    ended = command(tmp_path, frame, policy, code=2)
    assert said in ended.stderr
    assert not (tmp_path / "out.csv").exists()


def test_ids_that_look_like_nothing_are_actions(tmp_path):
    frame = small(action=["NA", "007"] * 20)
    policy = pd.DataFrame({"action": ["NA", "007"], "probability": [0.5, 0.5]})
    assert json.loads(command(tmp_path, frame, policy).stdout)["unsupported_share"] == 0


def test_every_reason_has_its_text():
    for key in ("better", "worse", "no_difference", "no_overlap"):
        assert f"offpolicy.verdict_{key}" in all_texts() and f"offpolicy.word_{key}" in all_texts()
