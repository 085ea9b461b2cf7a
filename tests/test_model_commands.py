"""Commands about learned models: which there are, which is used, what the one in use was judged on."""

import json

import pandas as pd
import pytest
from click.testing import CliRunner

from engine.__main__ import main
from engine.campaign import response, versions
from engine.model import manifest
from engine.shop import store
from tests.tiny import CAMPAIGN_TABLES, shop_of, tables, trained


def run(*arguments, code=0):
    ended = CliRunner().invoke(main, [str(part) for part in arguments], catch_exceptions=False)
    assert ended.exit_code == code, ended.output
    return ended


@pytest.fixture
def shop(tmp_path):
    return trained(tmp_path / "shop", *CAMPAIGN_TABLES)


def test_the_figures_printed_follow_from_the_file_written(shop, tmp_path):
    out = tmp_path / "held.csv"
    said = json.loads(run("held-out", "--target", "order", "--shop", shop.path, "--out", out).stdout)
    table = pd.read_csv(out)
    assert (said["rows"], said["successes"]) == (len(table), table["successes"].sum())
    # Messages that the models cannot tell apart share a row.
    ordered, all_sent, predicted = table["successes"], table["trials"], table["predicted"]
    brier = (ordered * (1 - predicted) ** 2 + (all_sent - ordered) * predicted**2).sum() / all_sent.sum()
    assert said["per_message"][said["chosen"]]["mse"] == pytest.approx(brier, abs=1e-8)
    assert table["row"].tolist() == list(range(1, len(table) + 1))


@pytest.mark.parametrize("target", ["unsubscribe", "ad_click", "fame"])
def test_a_forecast_that_was_not_judged_has_no_table(shop, tmp_path, target):
    out = tmp_path / "held.csv"
    ended = run("held-out", "--target", target, "--shop", shop.path, "--out", out, code=2)
    assert f"No model of this shop was judged on {target}s" in ended.stderr
    assert not out.exists()


def test_models_are_listed_and_another_one_is_put_in_use_for_a_reason(shop):
    first = response.current_version(shop)
    kept = versions.folder(shop, first)
    versions.save(shop, "other", manifest.read(kept), manifest.about(kept), promoted=False)
    listed = json.loads(run("models", "--shop", shop.path).stdout)["models"]
    assert [(one["version"], one["in_use"]) for one in listed] == [("other", False), (first, True)]
    run("use-model", "other", "--shop", shop.path, code=2)
    assert json.loads(run("use-model", "other", "--reason", "to compare", "--shop", shop.path).stdout) == {
        "in_use": "other"
    }
    assert response.current_version(store.open_shop(shop.path)) == "other"
    ended = run("use-model", "gone", "--reason", "to compare", "--shop", shop.path, code=2)
    assert ended.stderr.strip() == "There is no model gone in this shop. See: python -m engine models"


def test_before_the_first_training_there_is_nothing_to_list(tmp_path):
    shop = shop_of(tmp_path / "shop", tables("orders"))
    assert json.loads(run("models", "--shop", shop.path).stdout) == {"models": []}
