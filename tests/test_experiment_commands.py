"""experiment and plan-experiment as another program calls them."""

import json

import pandas as pd
import pytest
from click.testing import CliRunner

from engine.__main__ import main

TESTS = """experiment_id,variant,visitors,conversions
001,control,10000,500
001,NA,10000,620
bad,a,100,5
bad,b,100,700
"""


def run(*arguments, code=0):
    ended = CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)
    assert ended.exit_code == code, ended.stderr
    return ended


def test_experiment_writes_a_row_per_arm_and_counts_its_verdicts(tmp_path):
    (tmp_path / "tests.csv").write_text(TESTS, encoding="utf-8")
    printed = json.loads(run("experiment", tmp_path / "tests.csv", "--out", tmp_path / "read.csv").stdout)
    assert printed["tests"] == 2 and printed["invalid_tests"] == 1 and printed["verdicts"]["won"] == 1
    found = pd.read_csv(tmp_path / "read.csv", dtype=str, keep_default_na=False)
    assert found["experiment_id"].tolist() == ["001", "001", "bad", "bad"]
    assert found["variant"].tolist() == ["control", "NA", "a", "b"]
    assert found["verdict"].tolist() == ["", "won", "invalid", "invalid"]
    assert found["visitors"].tolist()[0] == "10000" and found["srm_flag"].tolist()[0] == "0"
    assert found.loc[0, ["lift", "low", "high", "p_value"]].tolist() == [""] * 4


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("experiment_id,variant,visitors,conversions\n", "has a header and no rows"),
        ("experiment_id,variant,visitors\n1,a,5\n", "lacks conversions"),
        ("", "empty"),
    ],
)
def test_a_file_that_is_no_file_of_tests_is_refused_and_nothing_is_written(tmp_path, content, said):
    (tmp_path / "tests.csv").write_text(content, encoding="utf-8")
    ended = run("experiment", tmp_path / "tests.csv", "--out", tmp_path / "read.csv", code=2)
    assert said in ended.stderr and not (tmp_path / "read.csv").exists()
    run("experiment", tmp_path / "tests.csv", "--smallest-lift", -1, "--out", tmp_path / "read.csv", code=2)


def test_plan_experiment_prints_size_days_power_and_worth():
    planned = json.loads(
        run(
            "plan-experiment", "--base", 0.05, "--lift", 0.1, "--daily", 5000, "--audience", 200000, "--value", 9
        ).stdout
    )
    assert planned["visitors_per_arm"] == 31_234 and planned["days"] == 13
    assert planned["power"] == pytest.approx(0.8, abs=0.001)
    assert planned["decision"]["verdict"] == "worth testing" and len(planned["reasons"]) == 4
    said = run("plan-experiment", "--base", 5, "--lift", 0.1, "--language", "zh", code=2).stderr
    assert "基础转化率" in said
