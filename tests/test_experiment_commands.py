"""experiment and plan-experiment as another program calls them."""

import json

import pandas as pd
import pytest
from click.testing import CliRunner

from engine.__main__ import main
from engine.outcome.experiments.example import example_people

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
        ("variant,customer_id\na,1\n", "lacks converted or revenue"),
        ("", "empty"),
    ],
)
def test_a_file_that_is_no_file_of_tests_is_refused_and_nothing_is_written(tmp_path, content, said):
    (tmp_path / "tests.csv").write_text(content, encoding="utf-8")
    ended = run("experiment", tmp_path / "tests.csv", "--out", tmp_path / "read.csv", code=2)
    assert said in ended.stderr and not (tmp_path / "read.csv").exists()
    run("experiment", tmp_path / "tests.csv", "--smallest-lift", -1, "--out", tmp_path / "read.csv", code=2)


def test_experiment_reads_a_row_per_person_and_prints_money_groups_and_notes(tmp_path):
    example_people().to_csv(tmp_path / "people.csv", index=False)
    printed = json.loads(run("experiment", tmp_path / "people.csv", "--out", tmp_path / "read.csv").stdout)
    assert printed["tests"] == 1 and printed["verdicts"]["won"] == 1
    found = pd.read_csv(tmp_path / "read.csv", dtype=str, keep_default_na=False)
    assert sorted(found["variant"]) == ["control", "letter"] and "won" in found["verdict"].tolist()
    of_people = printed["people"]
    assert [row["way"] for row in of_people["money"]] == ["plain", "adjusted", "capped"]
    assert "cap" not in of_people["money"][0] and of_people["money"][2]["people_capped"] > 0
    assert {row["group"] for row in of_people["groups"]} == {"new", "returning", "regular"}
    assert "worked better for some groups" in of_people["notes"]["spring-letter"][0]
    assert any("has no day" in one for one in of_people["about"])


def test_a_bad_row_of_a_person_is_named_by_where_it_stands_in_the_file(tmp_path):
    lines = ["variant,customer_id,converted", "control,c1,1", "", "control,c2,yes", "b,c3,0"]
    (tmp_path / "people.csv").write_text("\n".join(lines), encoding="utf-8")
    run("experiment", tmp_path / "people.csv", "--language", "zh", "--out", tmp_path / "read.csv")
    reason = pd.read_csv(tmp_path / "read.csv")["reason"].iloc[0]
    assert "第 4 行：converted 为“yes”" in reason


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
    said = run("plan-experiment", "--base", 0.05, "--lift", "1e-9", code=2).stderr
    assert said.startswith("No test would show a lift of 1e-09 on a base of 0.05")
