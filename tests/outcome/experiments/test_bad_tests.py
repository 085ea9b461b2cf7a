"""One bad test in a file is called invalid and told why; the others are read all the same."""

import io

import pandas as pd
import pytest

from engine.outcome import experiments

GOOD = "good,control,1000,50,2026-01-01,0.5\ngood,b,1000,60,2026-01-01,0.5\n"
HEADER = "experiment_id,variant,visitors,conversions,day,expected_share\n"
DAY = "2026-01-01"

BAD = [
    (["control,0,0,D,", "b,100,5,D,"], "Nobody was in control (0 visitors)"),
    (["control,100,5,D,"], '"control" is the only arm'),
    (["control,100,5,D,", "b,100,5,D,", "b,100,5,D,"], '"b" has more than one row for 2026-01-01'),
    (["control,100,5,,", "b,100,5,,", "b,100,6,,"], '"b" has more than one row (1 too many)'),
    (["control,100,5,D,", "b,100,150,D,"], '"b" has 150 conversions from 100 visitors'),
    (["control,100,-5,D,", "b,100,5,D,"], 'conversions of "control" is -5'),
    (["control,abc,5,D,", "b,100,5,D,"], 'visitors of "control" is "abc"'),
    (["control,12.5,5,D,", "b,100,5,D,"], 'visitors of "control" is "12.5"'),
    (["control,1e300,5,D,", "b,100,5,D,"], 'visitors of "control" is "1e300"'),
    (["control,inf,5,D,", "b,100,5,D,"], 'visitors of "control" is "inf"'),
    (["control,,5,D,", "b,100,5,D,"], 'visitors is empty for "control"'),
    (["control,100,NaN,D,", "b,100,5,D,"], 'conversions of "control" is "NaN"'),
    (["control,100,5,D,0.5", "b,100,5,D,0.6"], "add to 1.1 and not to 1"),
    (["control,100,5,D,50", "b,100,5,D,50"], "add to 100 and not to 1"),
    (["control,100,5,D,0.5", "b,100,5,D,"], "shares of 1 of 2 arms add to 0.5"),
    (["control,100,5,D,0", "b,100,5,D,1"], 'expected_share of "control" is "0"'),
    (["control,100,5,D,half", "b,100,5,D,0.5"], 'expected_share of "control" is "half"'),
    (["control,90,5,D,0.5", "b,90,5,D,0.5", "control,90,5,2026-01-02,0.9", "b,10,5,2026-01-02,0.1"], "changes during"),
    (["control,100,5,soon,", "b,100,5,D,"], 'day is "soon"'),
    (["control,100,5,D,", "b,100,5,,"], "Some rows have a day and others have none"),
    ([",100,5,D,", "b,100,5,D,"], "name no variant"),
]  # fmt: skip


def read(rows):
    return experiments.read(pd.read_csv(io.StringIO(HEADER + rows), dtype=str, keep_default_na=False))


@pytest.mark.parametrize(("rows", "said"), BAD, ids=[said for _, said in BAD])
def test_a_bad_test_is_invalid_with_its_reason_beside_a_good_one(rows, said):
    found = read(GOOD + "".join(f"bad,{row}\n" for row in rows).replace(",D,", f",{DAY},"))
    bad, good = (found[found["experiment_id"] == name] for name in ("bad", "good"))
    assert (bad["verdict"] == "invalid").all()
    assert bad["reason"].str.contains(said, regex=False).all(), bad["reason"].iloc[0]
    pd.testing.assert_frame_equal(good, read(GOOD))
    assert "{" not in bad["reason"].iloc[0]


def test_rows_without_an_experiment_are_one_invalid_test():
    found = read(GOOD + f",control,10,1,{DAY},\n,b,10,1,{DAY},\n")
    assert found["verdict"].tolist() == ["", "inconclusive", "invalid", "invalid"]


def test_statistics_are_given_where_they_can_be_though_the_test_is_invalid():
    found = read(f"1,control,1000,50,{DAY},0.5\n1,b,1000,80,{DAY},0.7\n")
    assert found.iloc[1][["lift", "low", "high", "p_value", "p_adjusted", "always_valid_p", "prob_best"]].notna().all()


def test_missing_days_are_said_and_invalidate_nothing():
    days = ("2026-01-01", "2026-01-02", "2026-01-05")
    found = read("".join(f"1,{arm},1000,50,{day},\n" for day in days for arm in ("control", "b")))
    assert found["verdict"].tolist() == ["", "inconclusive"]
    assert found["reason"].str.contains("2 of 5 days are missing.", regex=False).all()


def test_a_day_that_one_arm_lacks_is_said():
    arms = {"control": (11, 0.5238), "b": (10, 0.4762)}
    found = read(
        "".join(f"1,{arm},1000,50,{day},{share}\n" for arm, (days, share) in arms.items() for day in range(days))
    )
    assert found["verdict"].tolist() == ["", "inconclusive"]
    assert found["reason"].str.contains('"b" has 10 of the 11 days', regex=False).all()


def test_a_day_may_have_more_conversions_than_visitors():
    found = read(
        "".join(f"1,{arm},{n},{x},{day},\n" for arm in ("control", "b") for day, n, x in ((1, 1000, 20), (2, 5, 30)))
    )
    assert found["verdict"].tolist() == ["", "inconclusive"]
    assert found["conversions"].tolist() == [50, 50]


def test_days_are_sorted_as_numbers_or_dates_and_not_as_texts():
    order = [*range(1, 12)]
    rows = [(day, arm, 100, 5 + (day if arm == "b" else 0)) for day in order for arm in ("control", "b")]
    plain = pd.DataFrame(rows, columns=["day", "variant", "visitors", "conversions"]).assign(experiment_id="1")
    mixed = plain.sample(frac=1, random_state=0)
    by_day = experiments.analyse(mixed).by_day
    assert by_day["day"].tolist() == [str(day) for day in order]
    dates = plain.assign(day=[f"2026-01-{day:02d}" for day, *_ in rows])
    pd.testing.assert_series_equal(experiments.analyse(dates).by_day["always_valid_p"], by_day["always_valid_p"])
