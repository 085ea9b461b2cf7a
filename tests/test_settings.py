"""The environment is read once; an empty variable is no variable."""

from pathlib import Path

import pytest

from engine import settings

NAMES = (
    "OFFERLAB_SHOP", "OFFERLAB_MODEL", "OFFERLAB_LLM_URL", "OFFERLAB_LLM_KEY", "OFFERLAB_CACHE", "OFFERLAB_CONFIG",
    "OFFERLAB_BACKUPS",
)  # fmt: skip


def test_each_variable_has_its_field():
    values = ("/shop", "/m.gguf", "http://x/v1", "key", "/cache", "/config", "/backups")
    read = settings.read(dict(zip(NAMES, values, strict=True)) | {"OFFERLAB_WINDOW": "w", "HF_ENDPOINT": "http://hub"})
    assert read == settings.Settings(
        Path("/shop"), "/m.gguf", "http://x/v1", "key", "w", "http://hub", Path("/cache"), Path("/config"),
        Path("/backups"),
    )  # fmt: skip


@pytest.mark.parametrize("environment", [{}, dict.fromkeys(NAMES, "")])
def test_unset_and_empty_are_the_same(environment):
    read = settings.read(environment)
    assert (read.shop, read.model, read.llm_url, read.llm_key, read.backups) == (None, None, None, None, None)
    assert "offerlab" in read.cache.parts
    assert "offerlab" in read.config.parts
    assert read.cache != read.config


def test_a_home_folder_is_spelled_out(monkeypatch):
    monkeypatch.setenv("HOME", "/home/ana")
    assert settings.read({"OFFERLAB_SHOP": "~/shop"}).shop == Path("/home/ana/shop")


def test_the_environment_at_the_time_of_asking_counts(monkeypatch, tmp_path):
    monkeypatch.setenv("OFFERLAB_SHOP", str(tmp_path))
    assert settings.read().shop == tmp_path
