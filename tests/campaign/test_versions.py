"""Learned models lie in folders of their own; a few are kept, one is in use."""

import json
import os

import pytest

from engine.campaign import versions
from engine.errors import ModelFileProblem
from engine.shop.store import create_shop


@pytest.fixture
def shop(tmp_path):
    return create_shop(tmp_path / "shop", {})


def learn(shop, name, promoted=True, at=None):
    card = json.dumps({"as_of": "2026-01-01", "promoted": promoted}).encode()
    versions.save(shop, name, {"card.json": card}, {"seed": 0}, promoted)
    if at is not None:
        os.utime(versions.folder(shop, name) / "manifest.json", (at, at))


def test_before_the_first_training_there_is_none(shop):
    assert versions.current_version(shop) is None
    assert versions.versions(shop) == []


def test_the_model_learned_last_is_in_use_unless_it_was_not_promoted(shop):
    learn(shop, "a")
    learn(shop, "b", promoted=False)
    assert (versions.current_version(shop), versions.waiting_version(shop)) == ("a", "b")
    learn(shop, "c")
    assert (versions.current_version(shop), versions.waiting_version(shop)) == ("c", None)


def test_the_oldest_folders_go_and_the_one_in_use_stays(shop):
    learn(shop, "used", at=0)
    for number in range(8):
        learn(shop, f"n{number}", promoted=False, at=1 + number)
    left = {path.name for path in (shop.path / "models").iterdir() if path.is_dir()}
    assert left == {"used", "n7", "n6", "n5", "n4"}
    assert len(versions.versions(shop)) == versions.KEPT


def test_a_version_that_is_not_kept_or_not_whole_cannot_be_used(shop):
    learn(shop, "a")
    learn(shop, "b")
    with pytest.raises(ModelFileProblem, match=r"There is no model \.\./\.\./x in this shop"):
        versions.use(shop, "../../x")
    (versions.folder(shop, "a") / "card.json").write_text("{}")
    with pytest.raises(ModelFileProblem, match=r"card.json was changed"):
        versions.use(shop, "a")
    assert versions.current_version(shop) == "b"
    assert [one.version for one in versions.versions(shop)] == ["b"]


def test_learning_the_same_again_leaves_no_file_of_before(shop):
    versions.save(shop, "a", {"card.json": b"{}", "order.trees.txt": b"tree"}, {}, True)
    versions.save(shop, "a", {"card.json": b"{}"}, {}, True)
    assert sorted(path.name for path in versions.folder(shop, "a").iterdir()) == ["card.json", "manifest.json"]
