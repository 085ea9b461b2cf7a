"""Figures of a hold-out table: worked by hand, and again from the exported file with scikit-learn alone."""

import io

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from engine.model import evaluate, fit, holdout
from tests.model.test_fit import SHRUNK, interaction, messages

# Two campaigns: 4 and 2 messages. Said 0.8 0.4 (came) 0.4 0.2 (did not); 0.5 (came) 0.5 (did not).
TABLE = pd.DataFrame(
    {
        "campaign": ["a", "a", "a", "a", "b", "b"],
        "unit": [0, 0, 0, 0, 1, 1],
        "fold": 0,
        "trials": 1.0,
        "successes": [1.0, 1.0, 0.0, 0.0, 1.0, 0.0],
        "said": [0.8, 0.4, 0.4, 0.2, 0.5, 0.5],
        "half": 0.5,
    }
)


def test_figures_per_message_are_those_of_a_worked_example():
    found = evaluate.per_message(TABLE, "said")
    squared = (0.2**2 + 0.6**2 + 0.4**2 + 0.2**2 + 0.5**2 + 0.5**2) / 6
    assert found["mse"] == pytest.approx(squared)
    assert found["rmse"] == pytest.approx(squared**0.5)
    assert found["mae"] == pytest.approx((0.2 + 0.6 + 0.4 + 0.2 + 0.5 + 0.5) / 6)
    assert found["r2"] == pytest.approx(1 - squared / 0.25)  # half of all came: the mean's own squared error is 1/4
    # Pairs of one that came and one that did not: 0.8 wins 3; 0.4 wins 1, ties 1, loses 1; 0.5 wins 2, ties 1.
    assert found["auc"] == pytest.approx((3 + 1.5 + 2.5) / 9)
    assert found["log_loss"] == pytest.approx(-np.log([0.8, 0.4, 0.6, 0.8, 0.5, 0.5]).mean())
    assert found["predicted_over_actual"] == pytest.approx(2.8 / 3)


def test_figures_per_campaign_count_each_campaign_once():
    # Said 0.45 and 0.5 on average, 0.5 and 0.5 came: no campaign differs from another, so R2 has nothing to explain.
    found = evaluate.per_campaign(TABLE, "said")
    assert found["mse"] == pytest.approx(0.05**2 / 2)
    assert found["mae"] == pytest.approx(0.05 / 2)
    assert found["r2"] is None
    apart = TABLE.assign(successes=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0])
    assert evaluate.per_campaign(apart, "said")["r2"] == pytest.approx(1 - 0.2**2 / (2 * 0.125**2))


def test_a_row_that_stands_for_many_counts_as_many():
    single = TABLE.loc[TABLE.index.repeat(3)].reset_index(drop=True)
    grouped = TABLE.assign(trials=3.0, successes=3 * TABLE["successes"])
    for figures in (evaluate.per_message, evaluate.per_campaign):
        assert figures(grouped, "said") == pytest.approx(figures(single, "said"))


def test_a_paired_difference_is_that_of_a_worked_example():
    # Campaigns of 10, 10 and 20; summed differences 1, -1, 2: mean 2/40. Residuals 0.5, -1.5, 1: their squares add up
    # to 3.5, so the standard error is sqrt(3/2 x 3.5) / 40; Student's t(0.975, 2) is 4.3027.
    found = evaluate.paired(np.array([10.0, 10.0, 20.0]), np.array([1.0, -1.0, 2.0]))
    assert (found.mean, found.units) == (0.05, 3)
    reach = 4.302653 * np.sqrt(1.5 * 3.5) / 40
    assert found.low == pytest.approx(0.05 - reach, abs=1e-6)
    assert found.high == pytest.approx(0.05 + reach, abs=1e-6)
    assert not found.tells


def test_a_difference_tells_where_every_campaign_says_the_same():
    found = evaluate.paired(np.array([10.0, 11.0, 9.0]), np.array([-2.0, -2.1, -1.9]))
    assert found.tells and found.high < 0


def test_one_campaign_gives_a_difference_without_a_range():
    found = evaluate.difference(TABLE[TABLE["campaign"] == "a"], "said", "half")
    assert found.low is None and found.high is None and not found.tells
    assert found.mean == pytest.approx(-np.log([0.8, 0.4, 0.6, 0.8]).mean() + np.log(0.5))


def test_the_calibration_curve_has_equal_parts_and_keeps_equal_forecasts_together():
    table = pd.DataFrame({"trials": 1.0, "successes": 0.0, "p": np.repeat(np.arange(1, 11) / 100, 5)})
    table.loc[table["p"] == 0.1, "successes"] = [1.0, 1.0, 0.0, 0.0, 0.0]
    curve = evaluate.calibration(table, "p")
    assert curve["trials"].tolist() == [5.0] * 10
    assert curve["predicted"].tolist() == pytest.approx([n / 100 for n in range(1, 11)])
    assert curve["actual"].tolist() == [0.0] * 9 + [0.4]
    # Wilson's interval of 2 in 5: 0.118 to 0.769 (Newcombe 1998 gives the method; by hand).
    assert curve.loc[9, ["low", "high"]].tolist() == pytest.approx([0.1176, 0.7693], abs=1e-4)
    assert evaluate.calibration_error(curve) == pytest.approx((sum(range(1, 10)) / 100 + 0.3) / 10)
    assert len(evaluate.calibration(table.assign(p=0.02), "p")) == 1


def arrays(rows):
    return fit.Rows(rows.features, rows.trials, np.asarray(rows.successes), rows.unit, rows.campaign)


@pytest.fixture(scope="module")
def judged():
    rows = arrays(messages(campaigns=8, each=700, response=interaction))
    _, found = fit.train(rows, "later whole campaigns", SHRUNK, 0)
    return rows, found


@pytest.fixture(scope="module")
def held(judged):
    return holdout.hold_out(*judged, SHRUNK, set(), 0)


def printed(value, digits=5):
    return f"{value:.{digits}f}"


def test_every_figure_follows_from_the_exported_table(judged, held):
    said = evaluate.figures(held.table, held.models, judged[1].chosen, held.curve)
    file = held.table.to_csv(index=False)
    table = pd.read_csv(io.StringIO(file))
    came, count = table["successes"], len(table)
    for name in held.models:
        p, one = table[name], said["per_message"][name]
        squared = metrics.mean_squared_error(came, p)
        again = {
            "log_loss": metrics.log_loss(came, p),
            "auc": metrics.roc_auc_score(came, p),
            "mse": squared,
            "rmse": squared**0.5,
            "mae": metrics.mean_absolute_error(came, p),
            "r2": metrics.r2_score(came, p),
            "predicted_over_actual": p.sum() / came.sum(),
        }
        assert {n: printed(v) for n, v in one.items()} == {n: printed(v) for n, v in again.items()}
        assert printed(metrics.brier_score_loss(came, p)) == printed(one["mse"])
        rates = table.groupby("campaign")[["successes", name]].mean()
        whole = said["per_campaign"][name]
        assert printed(whole["mse"]) == printed(metrics.mean_squared_error(rates["successes"], rates[name]))
        assert printed(whole["mae"]) == printed(metrics.mean_absolute_error(rates["successes"], rates[name]))
        assert printed(whole["r2"]) == printed(metrics.r2_score(rates["successes"], rates[name]))
    losses = {n: -(came * np.log(table[n]) + (1 - came) * np.log(1 - table[n])) for n in (*held.models, *held.curve)}
    for name, one in said["against"].items():
        assert printed(one["mean"]) == printed((losses[said["chosen"]] - losses[name]).mean())
    for point, name in zip(said["learning_curve"], held.curve, strict=True):
        assert printed(point["log_loss"]) == printed(losses[name].mean())
    tenths = pd.qcut(table[said["chosen"]].rank(method="first"), 10, labels=False)
    assert sum(bin["trials"] for bin in said["calibration"]) == count
    by_tenth = came.groupby(tenths).mean()
    assert [bin["actual"] for bin in said["calibration"]] == pytest.approx(by_tenth.tolist(), abs=0.03)


def test_the_candidates_on_the_card_are_those_of_the_table(judged, held):
    said = evaluate.figures(held.table, held.models, judged[1].chosen, held.curve)
    for one in judged[1].candidates.to_dict("records"):
        assert said["per_message"][one["kind"]]["log_loss"] == pytest.approx(one["log_loss"], abs=1e-6)


def test_later_campaigns_are_judged_once_by_models_that_had_not_seen_them(judged, held):
    rows, found = judged
    for number in held.table["fold"].unique():
        learned = set(rows.campaign[found.folds[number].train])
        assert not learned & set(held.table.loc[held.table["fold"] == number, "campaign"])
    counted = pd.Series(rows.campaign).value_counts()
    assert (held.table["campaign"].value_counts() == counted.loc[held.table["campaign"].unique()]).all()


def test_simple_models_say_nothing_of_what_they_have_not_seen(judged, held):
    rows, found = judged
    first = held.table[held.table["fold"] == 0]
    past = rows.successes[found.folds[0].train].mean()
    assert first["constant"].to_numpy() == pytest.approx(past, rel=1e-5)
    # Gold customers by SMS respond more: a tree sees it, a plain regression sees less of it.
    loss = {name: evaluate.per_message(held.table, name)["log_loss"] for name in held.models}
    assert loss["small_tree"] < loss["constant"] - 0.01


def test_the_learning_curve_judges_the_same_rows_with_more_and_more_campaigns(held):
    assert list(held.curve.values()) == sorted(held.curve.values())
    assert list(held.curve.values())[-1] == 5  # of eight campaigns the first five are before every judged one
    assert all(held.table[name].notna().all() for name in held.curve)


def test_a_hold_out_table_is_the_same_after_it_was_stored(held):
    content = holdout.stored(held.table)
    pd.testing.assert_frame_equal(holdout.read(content, "x"), held.table, check_dtype=False)
    assert holdout.stored(holdout.read(content, "x")) == content


def test_a_large_hold_out_table_is_thinned_and_says_nearly_the_same(judged, held, monkeypatch):
    monkeypatch.setattr(holdout, "KEPT_ROWS", 1_000)
    small = holdout.hold_out(*judged, SHRUNK, set(), 0).table
    assert len(small) < len(held.table) / 1.5
    for column in ("trials", "successes"):
        sums = [table.groupby("campaign")[column].sum() for table in (small, held.table)]
        pd.testing.assert_series_equal(*sums)
    chosen = judged[1].chosen
    figures = [evaluate.per_message(table, chosen)["log_loss"] for table in (small, held.table)]
    assert figures[0] == pytest.approx(figures[1], rel=0.03)


def test_customer_folds_have_no_learning_curve():
    rows = arrays(messages(campaigns=1, each=800))
    unit = np.arange(len(rows.trials)) % 5
    rows = fit.Rows(rows.features, rows.trials, rows.successes, unit, rows.campaign)
    _, found = fit.train(rows, "customers held out; no campaign-to-campaign variation in this range", set(), 0)
    held = holdout.hold_out(rows, found, set(), set(), 0)
    assert held.curve == {}
    said = evaluate.figures(held.table, held.models, found.chosen, held.curve)
    assert said["learning_curve"] == [] and said["campaigns"] == 1
