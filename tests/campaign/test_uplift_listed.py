"""`uplift`: a file of customers in, what writing to each earns out; refused where no chance drew the holdout."""

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from engine.__main__ import main
from engine.campaign.uplift import evidence, kept, people
from engine.errors import ModelFileProblem, NotEnoughData
from engine.shop import store
from tests.campaign import randomised
from tests.tiny import shop_of

DATA = randomised.drawn("half", 4_000, 1)


def run(*arguments, code=0):
    """What a command did, in this process."""
    ended = CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)
    assert ended.exit_code == code, ended.stderr
    return ended


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A shop of 4,000 customers, half of whom gain by a message."""
    return randomised.shop(tmp_path_factory.mktemp("shops") / "half", DATA)


def answered(shop, folder, listed, *more):
    """The table as text, and the report."""
    file, out = folder / "listed.csv", folder / "out.csv"
    listed.to_csv(file, index=False)
    usual = ("uplift", "--shop", shop.path, "--customers", file, "--margin", 50, "--cost", 1, "--out", out)
    report = json.loads(run(*usual, *more).stdout)
    return pd.read_csv(out, dtype="str", keep_default_na=False), report


@pytest.fixture(scope="module")
def answer(shop, tmp_path_factory):
    """Listed: new customers with two of the shop's attributes, ids that look empty, one twice, a wrong cell."""
    listed = pd.DataFrame(
        {
            "customer_id": ["z9", "NA", "null", "007", "z9", "z1"],
            "c": ["2", "-2", "2", "-2", "2", "a lot"],
            "b": ["0", "0", "", "0", "0", "0"],
            "unknown": ["1", "2", "3", "4", "5", "6"],
        }
    )
    return answered(shop, tmp_path_factory.mktemp("out"), listed)


def test_every_row_comes_back_in_its_place_with_ids_as_they_stand(answer):
    table, _ = answer
    assert list(table) == ["customer_id", "uplift", "low", "high", "send", "expected_profit"]
    assert table["customer_id"].tolist() == ["z9", "NA", "null", "007", "z9", "z1"]
    assert (table.iloc[0] == table.iloc[4]).all()


def test_profit_is_uplift_times_margin_less_cost_and_decides_who_is_written_to(answer):
    table, report = answer
    numbers = table.drop(columns="customer_id").astype("float64")
    np.testing.assert_allclose(numbers["expected_profit"], numbers["uplift"] * 50 - 1)
    assert (numbers["send"] == (numbers["expected_profit"] > 0)).all()
    assert ((numbers["low"] <= numbers["uplift"]) & (numbers["uplift"] <= numbers["high"])).all()
    assert table["send"].tolist()[:4] == ["1", "0", "1", "0"]
    total = report["total_expected_profit"]
    assert total["value"] == pytest.approx(numbers.loc[numbers["send"] == 1, "expected_profit"].sum())
    assert total["low"] <= total["value"] <= total["high"]


def test_the_report_says_what_it_rests_on(answer):
    _, report = answer
    assert (report["rows"], report["campaigns"], report["customers"]) == (4_000, 1, 6)
    assert report["sent"] + report["held_out"] == 4_000
    assert (report["first_sent"], report["last_sent"]) == ("2025-03-01", "2025-03-01")
    assert report["attributes"] == ["b", "c"], "those present in both"
    assert set(report["qini"]) == {"t", "x", "dr", "dr_trees"}
    assert report["learner"] == max(report["qini"], key=lambda name: report["qini"][name]["value"])
    assert report["verdict"]
    for name in ("gain_against_sending_to_all", "gain_against_sending_to_none"):
        assert report[name]["low"] <= report[name]["value"] <= report[name]["high"]
    assert report["notes"] == ["listed.csv row 7: c is 'a lot'; a number is needed. Taken as unknown."]


def test_who_shares_nothing_with_the_past_gets_the_average(shop, tmp_path):
    table, report = answered(shop, tmp_path, pd.DataFrame({"customer_id": ["n1", "n2"]}))
    assert table["uplift"].nunique() == 1
    assert float(table["uplift"][0]) == pytest.approx(report["average_uplift"]["value"], rel=0.05)
    assert "everyone gets the average effect" in report["notes"][0]


def test_customers_are_not_told_apart_by_what_is_protected(tmp_path):
    tables = randomised.tables(DATA)
    tables["customers"]["gender"] = np.where(DATA.matrix[:, 2] > 0, "f", "m")
    shop = shop_of(tmp_path / "shop", tables)
    listed = pd.DataFrame({"customer_id": ["n1", "n2"], "gender": ["f", "m"], "a": [0, 0]})
    table, report = answered(shop, tmp_path, listed)
    assert report["attributes"] == ["a"]
    assert table["uplift"].nunique() == 1


def test_without_propensity_it_is_refused_unless_chance_is_vouched_for(tmp_path):
    shop = randomised.shop(tmp_path / "shop", DATA, without=("propensity",))
    listed = tmp_path / "listed.csv"
    listed.write_text("customer_id,c\nn1,2\n")
    usual = (
        "uplift",
        "--shop",
        shop.path,
        "--customers",
        listed,
        "--margin",
        50,
        "--cost",
        1,
        "--out",
        tmp_path / "out.csv",
    )
    refused = run(*usual, code=2)
    assert "column propensity" in refused.stderr
    assert "--assume-randomised" in refused.stderr
    assert not (tmp_path / "out.csv").exists()
    assert json.loads(run(*usual, "--assume-randomised").stdout)["randomisation"] == "assumed"


@pytest.mark.parametrize(
    ("content", "arguments", "said"),
    [
        ("id,c\nn1,2\n", (), "listed.csv: column customer_id is missing. Found: id, c."),
        ("customer_id,c\n", (), "listed.csv: there is no customer in it."),
        ("customer_id,c\nn1,2\n,3\n", (), "listed.csv row 3: customer_id is empty."),
        ("customer_id\nn1\n", ("--margin", "-1"), "--margin is -1.0; an amount of money from 0 up is needed."),
        ("customer_id\nn1\n", ("--cost", "nan"), "--cost is nan; an amount of money from 0 up is needed."),
    ],
)
def test_a_file_that_cannot_be_answered_is_refused_with_what_to_do(shop, tmp_path, content, arguments, said):
    (tmp_path / "listed.csv").write_text(content)
    usual = ("--customers", tmp_path / "listed.csv", "--margin", 50, "--cost", 1, "--out", tmp_path / "out.csv")
    ended = run("uplift", "--shop", shop.path, *usual, *arguments, code=2)
    assert ended.stderr.splitlines()[-1] == said
    assert not (tmp_path / "out.csv").exists()


# --- what can be learned from ---


def changed(**columns):
    """The shop's tables with columns of deliveries replaced."""
    tables = randomised.tables(DATA)
    return tables | {"deliveries": tables["deliveries"].assign(**columns)}


@pytest.mark.parametrize(
    ("columns", "state", "said"),
    [
        ({}, "ready", None),
        ({"treated": 1}, "no_holdout", "Nobody was left out"),
        ({"propensity": None}, "no_propensity", "column propensity"),
        ({"converted": 0}, "few_orders", "at least 30 of each are needed"),
        ({"converted": None}, "no_holdout", "Hold out 10 %"),
    ],
)
def test_what_the_past_lacks_is_said(tmp_path, columns, state, said):
    found = evidence.gather(shop_of(tmp_path / "shop", changed(**columns)))
    assert found.state == state
    if said:
        with pytest.raises(NotEnoughData, match=said):
            evidence.refuse(found)


def test_a_shop_without_deliveries_is_told_to_hold_out(tmp_path):
    tables = {"customers": randomised.tables(DATA)["customers"]}
    assert evidence.standing(shop_of(tmp_path / "shop", tables)) == ("no_holdout", 0)


def test_rows_that_cannot_be_used_are_counted(tmp_path):
    propensity = np.full(4_000, 0.8)
    propensity[:10] = 1.0
    converted = pd.Series(DATA.converted.astype("int64"), dtype="Int64")
    converted[20:25] = pd.NA
    found = evidence.gather(shop_of(tmp_path / "shop", changed(propensity=propensity, converted=converted)))
    assert found.left_out == {"outcome not recorded": 5, "nobody left to chance": 10}
    assert len(found.rows) == 3_985


def test_more_messages_than_the_propensity_allows_are_noticed(tmp_path):
    assert evidence.gather(shop_of(tmp_path / "shop", changed(propensity=0.5))).share_off
    assert not evidence.gather(shop_of(tmp_path / "other", changed())).share_off


def test_messages_whose_outcome_may_still_change_are_left_out(tmp_path):
    tables = randomised.tables(DATA, campaigns=3)
    tables["campaigns"]["ends_at"] = ["2025-03-08", "2025-03-22", "2025-04-05"]
    found = evidence.gather(shop_of(tmp_path / "shop", tables))
    assert set(found.rows["campaign_id"]) == {"k0", "k1"}
    assert found.left_out["outcome not known yet"] == 1_333


# --- what is kept for the pages ---


@pytest.fixture
def learned_shop(shop, tmp_path):
    """A shop of this test's own, with what was learned kept in it."""
    own = randomised.shop(tmp_path / "own", DATA)
    run("uplift", "--shop", own.path)
    return store.open_shop(own.path)


def test_what_is_kept_says_the_same_and_names_no_customer(learned_shop):
    ids = [f"customer{number}" for number in range(10, 40)]
    columns = people.all_columns_today(learned_shop, ids, with_history=False)
    again = kept.learn_and_keep(learned_shop).of(columns)
    pd.testing.assert_frame_equal(kept.load(learned_shop).of(columns), again)
    for file in (learned_shop.path / kept.FOLDER).iterdir():
        assert b"customer1" not in file.read_bytes()


def test_a_changed_file_is_refused(learned_shop):
    path = learned_shop.path / kept.FOLDER / "learned.json"
    path.write_bytes(path.read_bytes().replace(b'"slope": ', b'"slope": 1'))
    with pytest.raises(ModelFileProblem, match="was changed after it was trained"):
        kept.load(learned_shop)


def test_before_it_was_learned_the_command_is_named(shop):
    with pytest.raises(NotEnoughData, match="Run: python -m engine uplift"):
        kept.load(shop)
