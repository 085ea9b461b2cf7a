"""A sample shop is made once, whole, with its truth beside it."""

import json
from types import SimpleNamespace

import pytest

from engine.errors import StoreProblem
from engine.shop import samples, store
from tests.tiny import simulated


@pytest.fixture
def tiny_sample(monkeypatch):
    sample = SimpleNamespace(tables=simulated(), settings={"currency": "EUR"}, truth={"lift": 0.2})
    monkeypatch.setattr(samples, "_generate", lambda name, seed: sample)


def test_a_sample_shop_opens_with_its_settings_tables_and_truth(tmp_path, tiny_sample):
    told = []
    shop = samples.build("demo", tmp_path / "demo", progress=lambda share, text: told.append(share))
    assert shop.settings.currency == "EUR"
    assert shop.rows("deliveries") == 600
    assert json.loads((tmp_path / "demo" / "truth.json").read_text()) == {"lift": 0.2}
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_a_folder_that_holds_a_shop_is_left_as_it_is(tmp_path, tiny_sample):
    samples.build("demo", tmp_path)
    with pytest.raises(StoreProblem, match=r"holds a shop already. Choose another folder, or delete it first"):
        samples.build("demo", tmp_path)


def test_a_shop_whose_tables_are_being_exchanged_counts_as_a_shop(tmp_path, tiny_sample):
    samples.build("demo", tmp_path)
    (tmp_path / "tables").rename(tmp_path / "tables.previous")
    with pytest.raises(StoreProblem, match=r"holds a shop already"):
        samples.build("demo", tmp_path)
    assert store.open_shop(tmp_path).rows("customers") == 60


def test_an_unknown_sample_is_refused_with_the_choices(tmp_path):
    with pytest.raises(StoreProblem, match=r"no sample shop called shoes. Choose one of: demo, complete-journey"):
        samples.build("shoes", tmp_path)
    assert not (tmp_path / "tables").exists()


def test_the_demo_shop_sets_nothing_aside_and_excludes_what_is_protected(demo_shop_dir):
    shop = store.open_shop(demo_shop_dir)
    assert shop.rows("customers") == 5_000
    assert not (demo_shop_dir / "set_aside").exists()
    assert {"gender", "age_band"} <= set(shop.settings.protected) & set(shop.table("customers"))
