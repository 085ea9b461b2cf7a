"""`python -m engine launch`: a form in, customers by score out, the report on stdout."""

import json

import pandas as pd
import pytest
from click.testing import CliRunner

from engine.__main__ import main
from engine.shop import store
from tests.campaign.launches import planted, product


@pytest.fixture
def shop(tmp_path):
    return planted(tmp_path / "shop", launches=8, people=100).path


@pytest.fixture
def asked(tmp_path):
    path = tmp_path / "rose.json"
    path.write_text(product(stock=40, unit_cost=8.0).model_dump_json(), encoding="utf-8")
    return path


def run(*arguments: object):
    return CliRunner().invoke(main, ["launch", *map(str, arguments)], catch_exceptions=False)


def test_it_prints_the_report_and_writes_customers_by_score(shop, asked, tmp_path):
    ended = run("--shop", shop, "--product", asked, "--size", 20, "--out", tmp_path / "out.csv")
    assert ended.exit_code == 0, ended.stderr
    report, table = json.loads(ended.stdout), pd.read_csv(tmp_path / "out.csv")
    assert [one["days"] for one in report["expected"]] == [30, 90]
    assert all(one["units_low"] < one["units"] < one["units_high"] for one in report["expected"])
    assert (report["verdict"], report["expected"][0]["launches"]) == ("uncertain", 8)
    assert 0 < report["stock"]["sold_out"] < 1
    assert report["break_even"]["units"] == 16, "40 pieces at 8 cost 320, and one brings 20"
    assert report["audience"]["customers"] == table["chosen"].sum() == 20
    assert table.columns[:4].tolist() == ["customer_id", "p_buy", "times_average", "chosen"]
    assert "rose" not in set(store.open_shop(shop).table("products")["product_id"]), "asking saves nothing"


def test_it_saves_only_when_told_and_once(shop, asked, tmp_path):
    arguments = ("--shop", shop, "--product", asked, "--out", tmp_path / "out.csv", "--save")
    assert run(*arguments).exit_code == 0
    (tmp_path / "out.csv").unlink()
    again = run(*arguments)
    assert (again.exit_code, (tmp_path / "out.csv").exists()) == (2, False)
    assert "already has a product rose" in again.stderr
    assert run(*arguments, "--update").exit_code == 0


def test_a_form_that_does_not_fit_is_refused_with_its_field(shop, tmp_path):
    path = tmp_path / "bad.json"
    path.write_text('{"product_id": "x", "name": "X", "launched_at": "2026-01-01"}', encoding="utf-8")
    ended = run("--shop", shop, "--product", path, "--out", tmp_path / "out.csv")
    assert (ended.exit_code, (tmp_path / "out.csv").exists()) == (2, False)
    assert "bad.json: price: Field required" in ended.stderr
