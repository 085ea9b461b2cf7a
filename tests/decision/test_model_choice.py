"""Who puts another model in use, and why, stands in the approval history."""

import json

import pytest

from engine.campaign import versions
from engine.decision import ledger, model_choice
from engine.errors import ModelFileProblem, NotAllowed
from engine.shop.store import create_shop


@pytest.fixture
def shop(tmp_path):
    shop = create_shop(tmp_path / "shop", {})
    for name, promoted in (("a", True), ("b", False)):
        versions.save(shop, name, {"card.json": json.dumps({}).encode()}, {}, promoted)
    return shop


def test_a_model_put_in_use_by_a_person_is_recorded_with_the_reason(shop, tmp_path, now):
    config = tmp_path / "config"
    model_choice.use(shop, "b", "Ana", "ana", " The import is mended ", now, config)
    assert versions.current_version(shop) == "b"
    last = ledger.entries(shop.path, shop.shop_id, config)[-1]
    assert (last.action, last.actor, last.plan_id) == ("model_chosen", "Ana", "model b")
    assert last.payload == {"reason": "The import is mended", "version": "b", "instead_of": "a"}
    assert ledger.verify(shop.path, shop.shop_id, config).ok


def test_without_a_reason_or_a_whole_model_nothing_changes_and_nothing_is_recorded(shop, tmp_path, now):
    config = tmp_path / "config"
    with pytest.raises(NotAllowed, match="Say why"):
        model_choice.use(shop, "b", "Ana", "ana", "  ", now, config)
    (versions.folder(shop, "b") / "card.json").write_text("[]")
    with pytest.raises(ModelFileProblem, match="was changed"):
        model_choice.use(shop, "b", "Ana", "ana", "because", now, config)
    assert versions.current_version(shop) == "a"
    assert ledger.entries(shop.path, shop.shop_id, config) == []


def test_a_viewer_may_not(shop, tmp_path, now):
    config = tmp_path / "config"
    config.mkdir()
    (config / "roles.toml").write_text('[people]\nVic = "viewer"\n')
    with pytest.raises(NotAllowed, match="viewer"):
        model_choice.use(shop, "b", "Vic", "vic", "because", now, config)
