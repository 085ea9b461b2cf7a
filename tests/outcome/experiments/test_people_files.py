"""Files with a row per person: counted as a file of counts, read against known answers, and refused in sentences."""

import io

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import stats

from engine.errors import DataProblem
from engine.outcome import experiments
from engine.outcome.experiments.correction import holm
from engine.outcome.experiments.example import example_people
from engine.outcome.experiments.people import FEWEST_IN_GROUP


def people(size=3_000, arms=("control", "b", "c"), seed=0):
    """experiment, variant, customer_id, converted, revenue (whole amounts), before, group; arm b sells more."""
    chance = np.random.default_rng(seed)
    variant = chance.choice(arms, size)
    before = chance.gamma(2, 20, size).round()
    converted = chance.binomial(1, np.where(variant == "b", 0.30, 0.22))
    revenue = converted * (before + chance.gamma(2, 15, size)).round()
    return pd.DataFrame(
        {
            "experiment": "spring", "variant": variant, "customer_id": [f"c{number}" for number in range(size)],
            "converted": converted, "revenue": revenue, "before": before,
            "group": chance.choice(["new", "old"], size),
        }
    )  # fmt: skip


def counted(table, *days):
    """The same as a file of counts, by pandas alone."""
    by = ["experiment", "variant", *days]
    table = table.assign(revenue_sq=table["revenue"] ** 2)
    grouped = table.groupby(by, sort=False).agg(
        visitors=("customer_id", "size"), conversions=("converted", "sum"), revenue=("revenue", "sum"),
        revenue_sq=("revenue_sq", "sum"),
    )  # fmt: skip
    return grouped.reset_index().rename(columns={"experiment": "experiment_id"})


def of(table, way, variant):
    money = experiments.analyse(table).effects.money
    return money[(money["way"] == way) & (money["variant"] == variant)].iloc[0]


# --- counted ---


def test_people_counted_read_exactly_as_the_file_of_counts():
    several = pd.concat([people(seed=1), people(900, ("x", "y"), seed=2).assign(experiment="autumn")])
    found = experiments.analyse(several.reset_index(drop=True))
    pd.testing.assert_frame_equal(found.results, experiments.read(counted(several)), check_exact=True)
    assert found.by_day.empty and set(found.effects.money["experiment_id"]) == {"spring", "autumn"}


def test_people_with_the_day_on_which_they_came_read_as_counts_by_day():
    table = people(seed=3).assign(day=lambda t: [f"2026-03-{1 + number % 9:02d}" for number in range(len(t))])
    found, other = experiments.analyse(table), experiments.analyse(counted(table, "day"))
    pd.testing.assert_frame_equal(found.results, other.results, check_exact=True)
    pd.testing.assert_frame_equal(found.by_day, other.by_day, check_exact=True)
    assert not any("has no day" in one for one in found.effects.about)


def test_text_as_a_csv_file_has_it_reads_as_numbers():
    table = people(400, ("control", "b"), seed=4)
    text = pd.read_csv(io.StringIO(table.to_csv(index=False)), dtype=str, keep_default_na=False)
    pd.testing.assert_frame_equal(experiments.read(text), experiments.read(table))
    flags = table.assign(converted=table["converted"].astype(bool))
    pd.testing.assert_frame_equal(experiments.read(flags), experiments.read(table))


def test_the_intended_shares_of_a_small_holdout_are_taken_from_the_file():
    table = people(5_000, seed=5)
    table["variant"] = np.where(np.arange(5_000) % 10 == 0, "control", "b")
    assert set(experiments.read(table)["verdict"]) == {"invalid"}
    shared = table.assign(expected_share=np.where(table["variant"] == "control", 0.1, 0.9))
    assert "invalid" not in set(experiments.read(shared)["verdict"])


def test_without_converted_who_spent_anything_converted_and_that_is_said():
    table = people(seed=6)
    found = experiments.analyse(table.drop(columns=["converted", "experiment"]))
    spent = (table["revenue"] > 0).groupby(table["variant"]).sum()
    assert found.results.set_index("variant")["conversions"].to_dict() == spent.to_dict()
    assert found.results["experiment_id"].unique().tolist() == ["test"]
    assert any("who spent anything is counted as converted" in one for one in found.effects.about)


# --- money, against known answers ---


def test_the_plain_difference_is_welchs_and_that_of_the_counts():
    table = people(seed=7)
    row = of(table, "plain", "b")
    own, base = (table.loc[table["variant"] == arm, "revenue"] for arm in ("b", "control"))
    welch = stats.ttest_ind(own, base, equal_var=False)
    reach = welch.confidence_interval(0.95)
    assert (row["low"], row["high"], row["p_value"]) == pytest.approx((reach.low, reach.high, welch.pvalue))
    counts = experiments.read(table).set_index("variant").loc["b"]
    assert row["difference"] == pytest.approx(counts["revenue_difference"])
    assert (row["people"], row["base_people"]) == (len(own), len(base))


def test_the_adjusted_difference_is_that_of_a_regression_on_what_was_spent_before():
    table = people(8_000, seed=8)
    pair = table[table["variant"] != "c"].assign(arm=lambda t: (t["variant"] == "b") * 1.0)
    fitted = smf.ols("revenue ~ arm + before", pair).fit(cov_type="HC3")
    plain, row = of(table, "plain", "b"), of(table, "adjusted", "b")
    assert row["difference"] == pytest.approx(fitted.params["arm"], rel=0.01)
    low, high = fitted.conf_int().loc["arm"]
    assert (row["low"], row["high"]) == pytest.approx((low, high), rel=0.02)
    narrower = ((high - low) / (plain["high"] - plain["low"])) ** 2
    assert row["variance_saved"] == pytest.approx(1 - narrower, abs=0.002) and row["variance_saved"] > 0.03


def test_the_capped_difference_is_scipys_on_cut_amounts_with_one_cap_for_all_arms():
    table = people(seed=9)
    spent = table.loc[table["revenue"] > 0, "revenue"]
    cap = spent.quantile(0.99)
    for arm in ("b", "c"):
        row = of(table, "capped", arm)
        own, base = (table.loc[table["variant"] == one, "revenue"] for one in (arm, "control"))
        welch = stats.ttest_ind(own.clip(upper=cap), base.clip(upper=cap), equal_var=False)
        reach = welch.confidence_interval(0.95)
        assert (row["low"], row["high"], row["p_value"]) == pytest.approx((reach.low, reach.high, welch.pvalue))
        both = pd.concat([own, base])
        assert row["cap"] == pytest.approx(cap) and row["people_capped"] == (both > cap).sum()
        assert row["left_out"] == pytest.approx((both - both.clip(upper=cap)).sum())


def test_each_way_is_corrected_for_the_number_of_arms():
    money = experiments.analyse(people(seed=10)).effects.money
    assert len(money) == 6
    for _, rows in money.groupby("way"):
        expected = holm(rows["p_value"], pd.Series(0, index=rows.index))
        assert rows["p_adjusted"].tolist() == expected.tolist() and (rows["p_adjusted"] >= rows["p_value"]).all()


def test_amounts_too_uneven_for_so_few_people_are_said():
    table = people(300, ("control", "b"), seed=11)
    table.loc[5, "revenue"] = 90_000.0
    row = of(table, "plain", table.loc[5, "variant"] if table.loc[5, "variant"] != "control" else "b")
    assert row["people_needed"] > 300 and "too uneven to trust this interval" in row["said"]
    even = of(people(6_000, ("control", "b"), seed=11), "plain", "b")
    assert even["people_needed"] < 3_000 and "too uneven" not in even["said"]


# --- groups ---


def test_groups_differ_only_where_the_interaction_says_so():
    table = people(12_000, ("control", "b"), seed=12)
    both = table["variant"].eq("b") & table["group"].eq("new")
    chance = np.random.default_rng(1)
    table["converted"] = chance.binomial(1, np.where(both, 0.30, 0.20))
    found = experiments.analyse(table.drop(columns=["revenue", "before"])).effects
    assert found.groups.set_index("group")["p_adjusted"].lt(0.05).to_dict() == {"new": True, "old": False}
    assert found.groups["differs_by_group"].all() and found.money.empty
    assert any("worked better for some groups than for others" in one for one in found.notes["spring"])


def test_groups_are_corrected_over_arms_too_and_small_ones_are_named():
    table = people(4_000, seed=13)
    table.loc[:20, "group"] = "tiny"
    table.loc[30:33, "group"] = ""
    found = experiments.analyse(table).effects
    assert len(found.groups) == 4
    assert found.groups["p_adjusted"].tolist() == holm(found.groups["p_value"], pd.Series(0, range(4))).tolist()
    said = " ".join(found.notes["spring"])
    assert f"groups with fewer than {FEWEST_IN_GROUP} people in an arm are not compared (1): “tiny”" in said
    assert "Row 32: group is empty (such rows: 4)" in said
    assert said.count("Nothing says that") == 2


def test_the_base_is_the_same_for_verdicts_money_and_groups_whoever_has_no_group():
    table = people(4_000, ("x", "y"), seed=16)
    first = table["variant"].iloc[0]
    table.loc[:50, "group"] = table.loc[:50, "group"].where(table["variant"] != first, "")
    found = experiments.analyse(table)
    assert found.results["variant"].iloc[0] == first and found.results["verdict"].iloc[0] == ""
    assert set(found.effects.money["base"]) == set(found.effects.groups["base"]) == {first}
    of_base = table[(table["variant"] == first) & (table["group"] != "")].groupby("group").size()
    assert found.effects.groups.set_index("group")["base_visitors"].to_dict() == of_base.to_dict()


def test_no_group_with_enough_people_is_said_and_nothing_is_made_of_it():
    table = people(300, ("control", "b"), seed=17)
    few = experiments.analyse(table).effects
    assert few.groups.empty and "are not compared (2): “new”, “old”" in " ".join(few.notes["spring"])
    none = experiments.analyse(table.assign(group="")).effects
    assert none.groups.empty and "group is empty (such rows: 300)" in " ".join(none.notes["spring"])
    apart = table.assign(group=table["variant"])
    assert "are not compared (2)" in " ".join(experiments.analyse(apart).effects.notes["spring"])


# --- what is wrong, in sentences ---


def broken(row, **cells):
    table = people(600, ("control", "b"), seed=14).astype("object")
    for name, value in cells.items():
        table.loc[row, name] = value
    return table


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"converted": "2"}, 'Row 9: converted is "2" (such rows: 1); 1 (converted) or 0'),
        ({"converted": ""}, 'Row 9: converted is "" (such rows: 1)'),
        ({"revenue": "-4"}, 'Row 9: revenue is "-4" (such rows: 1); an amount from 0 up'),
        ({"revenue": "12,50"}, 'Row 9: revenue is "12,50"'),
        ({"revenue": ""}, 'Row 9: revenue is ""'),
        ({"variant": " "}, "Row 9: variant is empty (such rows: 1)"),
        ({"variant": "Control"}, 'variant is "Control", and elsewhere "control"'),
        ({"customer_id": ""}, "Row 9: customer_id is empty"),
        ({"customer_id": "c3", "variant": "control"}, "Row 9: customer_id is that of row 5"),
        ({"customer_id": "c1", "variant": "b"}, "Row 9: customer_id is in variant"),
        ({"day": "soon"}, 'Row 9: day is "soon"'),
        ({"expected_share": "x"}, 'Row 9: expected_share is "x"'),
    ],
)
def test_a_bad_row_makes_its_test_invalid_and_says_row_and_column(cells, said):
    table = broken(7, **cells)
    if cells.get("customer_id") == "c3":
        table.loc[3, "variant"] = "control"
    if cells.get("customer_id") == "c1":
        table.loc[1, "variant"] = "control"
    sound = people(600, ("x", "y"), seed=15).assign(experiment="sound")
    found = experiments.analyse(pd.concat([table, sound], ignore_index=True))
    bad = found.results[found.results["experiment_id"] == "spring"]
    assert bad["verdict"].eq("invalid").all() and said in bad["reason"].iloc[0], bad["reason"].iloc[0]
    assert not found.results.loc[found.results["experiment_id"] == "sound", "verdict"].eq("invalid").any()
    assert set(found.effects.money["experiment_id"]) == {"sound"}


def test_rows_are_counted_as_the_file_has_them():
    found = experiments.analyse(broken(7, converted="2"), lines=np.arange(600) + 4)
    assert "Row 11: converted" in found.results["reason"].iloc[0]


def test_a_reason_says_each_thing_once():
    found = experiments.read(broken(7, converted="", variant=""))
    reason = found["reason"].iloc[0]
    assert reason.count("variant is empty") == 1 and reason.count("converted is") == 1
    assert "Empty is unknown" not in reason and "name no variant" not in reason


@pytest.mark.parametrize("value", ["", "x", "-1"])
def test_what_was_spent_before_is_taken_out_of_everybody_or_of_nobody(value):
    found = experiments.analyse(broken(7, before=value))
    assert set(found.effects.money["way"]) == {"plain", "capped"}
    assert f'Row 9: before is "{value}" (such rows: 1)' in " ".join(found.effects.notes["spring"])
    assert not found.results["verdict"].eq("invalid").any()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("variant,customer_id,converted", "has a header and no rows. One row per person"),
        ("variant,customer_id\na,1", "lacks converted or revenue; it has variant, customer_id"),
        ("customer_id,revenue\n1,5", "lacks variant"),
        ("variant,converted\na,1", "lacks customer_id"),
    ],
)
def test_a_file_of_people_without_a_needed_column_or_rows_is_refused(text, said):
    with pytest.raises(DataProblem, match=said):
        experiments.read(pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False))


def test_one_arm_is_no_test():
    found = experiments.analyse(people(500, ("control",)))
    assert "is the only arm" in found.results["reason"].iloc[0] and found.effects.money.empty


def test_more_arms_than_any_test_has_are_ids_of_something_else():
    table = people(500).assign(variant=[f"v{number}" for number in range(500)])
    assert "variant names 500 arms" in experiments.read(table)["reason"].iloc[0]


def test_nobody_who_spent_and_nobody_beside_one_person_are_not_compared():
    table = people(500, ("control", "b"))
    found = experiments.analyse(table.assign(revenue=0.0)).effects
    assert found.money.empty and 'Money of "b" is not compared' in found.notes["spring"][0]
    lone = table[(table["variant"] == "control") | ~table.duplicated("variant")]
    assert experiments.analyse(lone).effects.money.empty
    same = experiments.analyse(table.assign(before=5.0)).effects
    assert set(same.money["way"]) == {"plain", "capped"} and "before is the same" in same.notes["spring"][0]


def test_columns_that_are_not_read_are_named_and_what_is_lacking_is_said():
    table = people(500, ("control", "b")).rename(columns={"group": "segment"})
    assert "Columns that are not read: segment." in experiments.analyse(table).effects.about
    bare = experiments.analyse(table[["variant", "customer_id", "converted", "before"]]).effects
    assert any("before is not used" in one for one in bare.about) and bare.money.empty and bare.groups.empty
    assert any("has no day" in one for one in bare.about)


def test_every_sentence_is_said_in_chinese():
    found = experiments.analyse(example_people(), language="zh")
    said = [*found.effects.about, *found.effects.money["said"], *found.effects.notes["spring-letter"]]
    assert len(said) >= 5 and not any("against" in one or "file" in one for one in said)


def test_the_example_is_the_same_every_time_and_shows_groups_that_differ():
    assert example_people().equals(example_people())
    found = experiments.analyse(example_people()).effects
    assert set(found.money["way"]) == {"plain", "adjusted", "capped"}
    assert found.money["variance_saved"].max() > 0.2 and found.groups["differs_by_group"].all()
