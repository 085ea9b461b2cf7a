"""A file of tests, read: columns, known answers, verdicts, and shares of false alarms in tests whose truth is known."""

import io

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from engine.errors import DataProblem
from engine.outcome import experiments
from tests.outcome.experiments.planted import totals

CONTRACT = [
    "experiment_id", "variant", "srm_p", "srm_flag", "lift", "low", "high", "p_value", "p_adjusted", "always_valid_p",
    "prob_best", "verdict", "reason",
]  # fmt: skip


def table(text):
    return pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)


def read(rows, header="experiment_id,variant,visitors,conversions", **rule):
    return experiments.read(table(header + "\n" + "\n".join(rows)), experiments.Rule(**rule))


def arm(results, variant, experiment=None):
    rows = results[results["variant"] == variant]
    return (rows if experiment is None else rows[rows["experiment_id"] == experiment]).iloc[0]


# --- the contract ---


def test_columns_begin_with_those_of_the_contract_and_rows_keep_the_files_order():
    found = read(["b,x,100,5", "a,q,100,5", "b,control,100,6", "a,p,100,5"])
    assert list(found)[: len(CONTRACT)] == CONTRACT
    assert found[["experiment_id", "variant"]].to_numpy().tolist() == [
        ["b", "x"],
        ["b", "control"],
        ["a", "q"],
        ["a", "p"],
    ]


def test_the_base_is_control_or_else_the_first_and_has_no_statistics():
    found = read(["1,x,1000,50", "1,control,1000,60", "2,x,1000,50", "2,y,1000,60"])
    own = ["lift", "low", "high", "p_value", "p_adjusted", "always_valid_p", "prob_best", "difference", "expected_loss"]
    for variant, experiment in (("control", "1"), ("x", "2")):
        assert arm(found, variant, experiment)[own].isna().all()
        assert arm(found, variant, experiment)["verdict"] == ""
    assert arm(found, "x", "1")["lift"] == pytest.approx(50 / 60 - 1)
    assert arm(found, "y", "2")["lift"] == pytest.approx(60 / 50 - 1)


def test_ids_are_text_and_counts_may_be_written_with_a_point():
    found = read(["007,NA,1234.0,50", "007,null,1234,60.0", " 7 ,a,100,5", "7,b,100,5"])
    assert found["experiment_id"].tolist() == ["007", "007", "7", "7"]
    assert found["variant"].tolist() == ["NA", "null", "a", "b"]
    assert found["visitors"].tolist() == [1234, 1234, 100, 100]
    assert (found["verdict"] != "invalid").all()


def test_a_table_of_numbers_reads_as_one_of_texts():
    numbers = pd.DataFrame(
        {"experiment_id": [1, 1], "variant": ["a", "b"], "visitors": [900, 1100], "conversions": [50, 40]}
    )
    pd.testing.assert_frame_equal(experiments.read(numbers), experiments.read(numbers.astype(str)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("experiment_id,variant,visitors\n1,a,5", "This file lacks conversions; it has"),
        ("experiment_id,variant,visitors,conversions", "This file has a header and no rows."),
    ],
)
def test_a_file_without_a_needed_column_or_rows_is_refused(text, said):
    with pytest.raises(DataProblem, match=said):
        experiments.read(table(text))


# --- numbers ---


def test_groups_are_compared_with_the_intended_shares():
    found = read(
        ["1,control,9000,450,0.9", "1,b,1100,60,0.1"], "experiment_id,variant,visitors,conversions,expected_share"
    )
    assert found["srm_p"].iloc[0] == pytest.approx(stats.chisquare([9000, 1100], [9090, 1010]).pvalue)
    even = read(["1,control,9000,450", "1,b,9500,470", "1,c,9100,460"])
    assert even["srm_p"].iloc[0] == pytest.approx(stats.chisquare([9000, 9500, 9100]).pvalue)
    assert even["srm_flag"].tolist() == [1, 1, 1]


def test_p_values_of_several_arms_are_those_of_holm():
    found = experiments.read(totals(10, (0.05, 0.05, 0.055, 0.06), 4_000, seed=2))
    for _, one in found[found["variant"] != "control"].groupby("experiment_id"):
        np.testing.assert_allclose(one["p_adjusted"], multipletests(one["p_value"].to_numpy(), method="holm")[1])


def test_prob_best_is_what_draws_from_the_posteriors_say():
    found = read(
        ["1,control,1000,30", "1,b,1000,45", "1,c,1200,38", "2,control,100,2", "2,b,1000000,40000"], smallest_lift=0.1
    )
    draws = np.random.default_rng(0).beta([31, 46, 39], [971, 956, 1163], (200_000, 3))
    best = np.bincount(draws.argmax(axis=1), minlength=3) / 200_000
    assert found["prob_best"].iloc[1:3].to_numpy() == pytest.approx(best[1:], abs=0.004)
    losses = (draws.max(axis=1, keepdims=True) - draws).mean(axis=0)
    assert found["expected_loss"].iloc[1:3].to_numpy() == pytest.approx(losses[1:], rel=0.02)
    narrow = np.random.default_rng(1).beta([3, 40_001], [99, 960_001], (200_000, 2))
    assert found["prob_best"].iloc[4] == pytest.approx((narrow[:, 1] > narrow[:, 0]).mean(), abs=0.004)


def test_revenue_is_compared_by_welch_from_its_sums():
    chance = np.random.default_rng(3)
    spent = [np.where(chance.random(n) < 0.05, chance.gamma(2, mean, n), 0) for n, mean in ((3_000, 20), (2_900, 24))]
    rows = [
        f"1,{name},{len(one)},{(one > 0).sum()},{one.sum()},{(one**2).sum()}"
        for name, one in zip("ab", spent, strict=True)
    ]
    found = arm(read(rows, "experiment_id,variant,visitors,conversions,revenue,revenue_sq"), "b")
    theirs = stats.ttest_ind(spent[1], spent[0], equal_var=False)
    assert found["revenue_p_value"] == pytest.approx(theirs.pvalue)
    assert (found["revenue_low"], found["revenue_high"]) == pytest.approx(tuple(theirs.confidence_interval()))
    assert "Revenue per visitor" in found["reason"]


def test_revenue_of_a_few_large_buyers_is_said_to_need_more_visitors():
    header = "experiment_id,variant,visitors,conversions,revenue,revenue_sq"
    # One order of 5,000 among 1,000 visitors and 20 of 10: skewness is at least 29.
    few = arm(read(["1,a,1000,21,5200,25002000", "1,b,1000,21,5200,25002000"], header), "b")
    needed = few["revenue_visitors_needed"]
    spent = np.repeat([0, 10, 5000], [979, 20, 1])
    assert few["revenue_enough"] == 0 and 355 * stats.skew(spent) ** 2 >= needed > 200_000
    assert "too uneven" in few["reason"]
    alone = arm(read(["1,a,1000,21,5200", "1,b,1000,21,5300"], header.removesuffix(",revenue_sq")), "b")
    assert alone["revenue_difference"] == pytest.approx(0.1) and np.isnan(alone["revenue_p_value"])


# --- verdicts ---


def test_each_verdict_is_given_where_it_is_due():
    found = read([
        "won,control,10000,500", "won,b,10000,620", "lost,control,10000,500", "lost,b,10000,390",
        "same,control,1000000,50000", "same,b,1000000,50100", "open,control,1000,50", "open,b,1000,55",
        "uneven,control,10000,500", "uneven,b,9000,700",
    ])  # fmt: skip
    given = found[found["variant"] == "b"].set_index("experiment_id")["verdict"].to_dict()
    assert given == {"won": "won", "lost": "lost", "same": "no difference worth having", "open": "inconclusive",
                     "uneven": "invalid"}  # fmt: skip
    assert "Groups came out uneven" in arm(found, "b", "uneven")["reason"]
    assert arm(found, "b", "uneven")[["lift", "low", "p_value", "always_valid_p", "prob_best"]].notna().all()
    assert found["n_more"].notna().tolist() == [False] * 7 + [True, False, False]
    assert experiments.summary(found, experiments.Rule())["verdicts"] == {
        "won": 1, "lost": 1, "no difference worth having": 1, "inconclusive": 1,
    }  # fmt: skip


def test_what_an_inconclusive_test_still_needs_shows_the_smallest_lift_in_four_of_five():
    found = arm(read(["1,control,10000,500", "1,b,10000,505"], smallest_lift=0.1), "b")
    whole = 10_000 + int(found["n_more"])
    again = experiments.read(totals(2_000, (0.05, 0.055), whole, seed=4))
    assert (again["verdict"] == "won").sum() / 2_000 == pytest.approx(0.8, abs=0.03)


def test_with_days_the_always_valid_p_decides():
    rows = [f"1,{name},{day},2500,{done}" for day in range(1, 9) for name, done in (("control", 125), ("b", 139))]
    found = arm(read(rows, "experiment_id,variant,day,visitors,conversions"), "b")
    assert found["p_adjusted"] < 0.05 < found["always_valid_adjusted"]
    assert found["verdict"] == "inconclusive"
    assert found["days"] == 8 and found["visitors"] == 20_000


def test_reasons_are_said_in_chinese():
    found = experiments.read(totals(1, (0.05, 0.09), 5_000), language="zh")
    assert found["reason"].iloc[1].startswith("胜出")


# --- false alarms, and lifts that are found ---


@pytest.mark.parametrize(
    ("rates", "visitors", "splits"),
    [
        ((0.05, 0.05), 4_000, (1, 1)),
        ((0.004, 0.004), 1_500, (1, 1)),
        ((0.05,) * 4, 3_000, (1,) * 4),
        ((0.02, 0.02), 1_000, (9, 1)),
    ],
)
def test_equal_arms_are_told_apart_in_at_most_five_of_a_hundred_tests(rates, visitors, splits):
    drawn = totals(2_000, rates, visitors, seed=11, splits=splits)
    shares = drawn["variant"].map(dict(zip(dict.fromkeys(drawn["variant"]), splits, strict=True))) / sum(splits)
    found = experiments.read(drawn.assign(expected_share=shares.round(6)))
    for p in ("p_adjusted", "always_valid_adjusted"):
        wrong = (found[p] < 0.05).groupby(found["experiment_id"]).any().mean()
        assert wrong < 0.05 + 2.3 * (0.05 * 0.95 / 2_000) ** 0.5, p


def test_a_planted_lift_is_found_and_lies_within_its_interval():
    found = experiments.read(totals(1_000, (0.05, 0.06), 12_000, seed=12))
    told = found[found["variant"] != "control"]
    assert (told["verdict"] == "won").mean() > 0.9
    assert ((told["low"] <= 0.2) & (told["high"] >= 0.2)).mean() == pytest.approx(0.95, abs=0.02)
