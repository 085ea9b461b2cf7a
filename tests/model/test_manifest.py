"""A model folder is what was trained, and says what from."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

import engine
from engine.errors import ModelFileProblem
from engine.model import manifest

FILES = {"card.json": b"{}", "order.json": b"[1]"}


def written(folder, content=None):
    folder.mkdir(exist_ok=True)
    for name, text in FILES.items():
        (folder / name).write_bytes(text)
    (folder / manifest.NAME).write_bytes(content or manifest.manifest(FILES, {"seed": 3, "data": {"rows": {"ads": 2}}}))
    return folder


def test_a_folder_is_read_back_with_what_it_comes_from(tmp_path):
    folder = written(tmp_path / "m")
    assert manifest.read(folder) == FILES
    assert manifest.about(folder) == {"seed": 3, "data": {"rows": {"ads": 2}}}
    listed = json.loads((folder / manifest.NAME).read_text())["files"]
    assert listed["order.json"] == hashlib.sha256(b"[1]").hexdigest()


def test_a_file_that_is_not_listed_is_refused_but_not_one_of_the_file_system(tmp_path):
    folder = written(tmp_path / "m")
    (folder / ".DS_Store").write_bytes(b"")
    assert manifest.read(folder) == FILES
    (folder / "order.trees.txt").write_bytes(b"tree")
    with pytest.raises(ModelFileProblem, match=r"order.trees.txt does not belong to the model"):
        manifest.read(folder)


@pytest.mark.parametrize(
    "content",
    [b"{", b"[]", b'{"files": []}', b'{"files": {"../shop.toml": "0"}}', b'{"files": {"gone.json": "0"}}', b'{"a": 1}'],
)
def test_a_list_that_is_none_or_reaches_elsewhere_is_refused(tmp_path, content):
    folder = written(tmp_path / "m", content)
    (tmp_path / "shop.toml").write_text("")
    with pytest.raises(ModelFileProblem, match=r"are incomplete .* Train them again"):
        manifest.read(folder)


def test_a_manifest_written_anew_to_match_is_not_seen(tmp_path):
    """What hashes beside their files cannot do, and the module says so."""
    folder = written(tmp_path / "m")
    (folder / "order.json").write_bytes(b"[2]")
    (folder / manifest.NAME).write_bytes(manifest.manifest(FILES | {"order.json": b"[2]"}))
    assert manifest.read(folder)["order.json"] == b"[2]"
    assert "writes the manifest anew to match" in manifest.__doc__


def test_the_code_has_another_hash_after_any_change_of_a_source(tmp_path, monkeypatch):
    before = manifest.code()
    assert before == manifest.code()
    assert {"engine", "python", "lightgbm", "scikit-learn"} <= set(before)
    copied = Path(shutil.copytree(Path(engine.__path__[0]) / "model", tmp_path / "engine" / "model")).parent
    monkeypatch.setattr(engine, "__path__", [str(copied)])
    copy = manifest.code()["engine"]
    (copied / "model" / "fit.py").write_text((copied / "model" / "fit.py").read_text() + "# \n")
    assert manifest.code()["engine"] != copy != before["engine"]
