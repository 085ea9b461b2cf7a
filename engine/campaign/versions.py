"""The models a shop has learned, each in a folder of its own, and which of them is in use."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from engine.errors import ModelFileProblem
from engine.model import manifest
from engine.sentences import Sentence
from engine.shop import store
from engine.shop.store import Shop

KEPT = 5  # the model in use and the latest others


@dataclass(frozen=True, slots=True)
class Version:
    """One learned model: its card, and whether it is in use, or the latest and was not put in use."""

    version: str
    card: dict
    in_use: bool
    waiting: bool


def folder(shop: Shop, version: str) -> Path:
    return Path(shop.path) / "models" / version


def current_version(shop: Shop) -> str | None:
    """The version in use, None before the first training."""
    return _pointed(shop, "current")


def waiting_version(shop: Shop) -> str | None:
    """The version learned last where it was not put in use, else None."""
    return _pointed(shop, "waiting")


def _pointed(shop: Shop, name: str) -> str | None:
    pointer = shop.path / "models" / name
    return pointer.read_text().strip() if pointer.exists() else None


def save(shop: Shop, version: str, files: dict[str, bytes], about: dict, promoted: bool) -> None:
    """Write a model's folder, put it in use if `promoted`, and remove the oldest folders beyond KEPT."""
    with store.writing(shop.path):
        target = folder(shop, version)
        for name, content in files.items():
            store.replace_file(target / name, content)
        store.replace_file(target / manifest.NAME, manifest.manifest(files, about))
        for left in manifest.unlisted(target, files):
            left.unlink()
        if promoted or version == current_version(shop):
            _put_in_use(shop, version)
        else:
            store.replace_file(shop.path / "models" / "waiting", version.encode())
        _forget_oldest(shop)


def use(shop: Shop, version: str) -> None:
    """Put a kept version in use. Raises ModelFileProblem where its files are not whole."""
    if version not in [path.name for path in _folders(shop)]:
        raise ModelFileProblem(Sentence("refused.no_model", {"version": version}))
    manifest.read(folder(shop, version))
    with store.writing(shop.path):
        _put_in_use(shop, version)


def _put_in_use(shop: Shop, version: str) -> None:
    store.replace_file(shop.path / "models" / "current", version.encode())
    (shop.path / "models" / "waiting").unlink(missing_ok=True)


def versions(shop: Shop) -> list[Version]:
    """Every kept version whose files are whole, the one learned last first."""
    used, waiting = current_version(shop), waiting_version(shop)
    found = []
    for path in _folders(shop):
        try:
            card = json.loads(manifest.read(path)["card.json"])
        except ModelFileProblem:
            continue  # the page of the model in use says so; another one cannot be chosen
        found.append(Version(path.name, card, path.name == used, path.name == waiting))
    return found


def _folders(shop: Shop) -> list[Path]:
    """Folders of models that were written to the end, the latest first."""
    written = [path.parent for path in (shop.path / "models").glob(f"*/{manifest.NAME}")]
    return sorted(written, key=lambda path: ((path / manifest.NAME).stat().st_mtime_ns, path.name), reverse=True)


def _forget_oldest(shop: Shop) -> None:
    kept = {current_version(shop), waiting_version(shop)}
    others = [path for path in _folders(shop) if path.name not in kept]
    for path in others[max(KEPT - len(kept - {None}), 0) :]:
        shutil.rmtree(path, ignore_errors=True)
