"""What a submitted plan's forecast was computed from, kept so that its numbers can be computed again for good.

`snapshots/` of the shop holds files named by the SHA-256 of what is in them: one for each submission, and one for each
model that submissions rest on, so that a model's folder may go. A customer's rows are sealed under that customer's own
key (engine.privacy.customer_keys); nothing else in a snapshot is of one customer, and no customer is named in it.
Past orders stand in it as sales do in the shop after an erasure: without whose they were, their number and their time.
"""

import hashlib
import io
import json
import platform
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from engine import privacy
from engine.access import acting
from engine.campaign import response, versions, window
from engine.campaign.expected import Forecast
from engine.campaign.first import outlook
from engine.campaign.first.assumed import Assumed, of_json
from engine.campaign.first.outlook import Ground
from engine.campaign.offers import Margin
from engine.campaign.response import Models
from engine.campaign.scene import Scene
from engine.decision import kept_parts, sealed_rows
from engine.errors import StoreProblem
from engine.model import manifest
from engine.privacy import customer_keys
from engine.sentences import Sentence
from engine.shop.store import Shop

FORM = 1  # of the files; a later one says how it reads earlier ones
_SOMEBODY = ""  # stands for everyone ever written to who is in no snapshot


@dataclass(frozen=True, slots=True)
class Question:
    """Everything that a plan's forecast is computed from. ground: only where nothing was learned."""

    shop: Shop
    models: Models | None
    scenes: Sequence[Scene]
    messages: list[dict]
    typed: Assumed
    ground: Ground | None = None
    seed: int = 0
    even_untried: bool = False

    def forecast(self) -> Forecast:
        """The answer."""
        return outlook.forecast(
            self.shop, self.models, self.scenes, self.messages, self.typed, self.seed, self.even_untried, self.ground
        )


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A question as it was kept. customers: the representatives; erased: those of them whose rows are gone.

    versions: of the libraries it was answered with; model_sha256: of the file with its model. drafts: what the copy was
    chosen from, see `replayed_texts.chosen`.
    """

    question: Question
    customers: int
    erased: int
    versions: Mapping[str, str]
    drafts: list[dict[str, Any]]
    model_sha256: str | None


def asked(
    shop: Shop, models: Models | None, scenes: Sequence[Scene], messages: list[dict], typed: Assumed, seed: int = 0
) -> Question:
    """The question what a plan would do; where nothing was learned, with what the shop's tables say of it."""
    ground = None
    if not outlook.is_learned(models):
        ground = outlook.ground(shop, scenes, window.of_messages(shop.settings, messages))
    return Question(shop, models, scenes, messages, typed, ground, seed)


def path_of(shop_dir: Path, sha256: str) -> Path:
    return shop_dir / "snapshots" / f"{sha256}.zip"


def keep(question: Question, config: Path, drafts: Sequence[Mapping[str, Any]] = ()) -> str:
    """Keeps a question in its shop; the SHA-256 it is found by. The same question twice is one file.

    Raises StoreProblem where disk or keys refuse, ModelFileProblem where the model's files are not whole, NotAllowed
    for who submits nothing.
    """
    acting.require("submit", config)
    shop, scenes, models = question.shop, question.scenes, question.models
    columns, places = _columns(scenes, models)
    layout, rows = sealed_rows.packed(columns)
    keys = customer_keys.of_customers(shop.shop_id, config, scenes[0].known["customer_id"].tolist())
    past, arrays = kept_parts.baskets_kept(scenes[0].baskets, question.messages)
    about = {
        "form": FORM,
        "versions": _versions(),
        "model": {"version": models.version, "sha256": _model_kept(shop, models)} if models else None,
        "shop": kept_parts.shop_kept(shop, question.messages),
        "messages": question.messages,
        "typed": question.typed.to_json(),
        "ground": kept_parts.ground_kept(question.ground, scenes[0].customer_ids) if question.ground else None,
        "seed": question.seed,
        "even_untried": question.even_untried,
        "baskets": past,
        "scenes": [_scene_kept(scene) for scene in scenes],
        "places": places,
        "layout": layout,
        "drafts": [dict(draft) for draft in drafts],
    }
    sealed = [key.name + key.sealed(row) for key, row in zip(keys, rows, strict=True)]
    files = {"about.json": _json(about), "rows": b"".join(len(one).to_bytes(4, "little") + one for one in sealed)}
    return _written(shop.path, files | {f"{name}.npy": _array(one) for name, one in arrays.items()})


def read(shop: Shop, config: Path, sha256: str) -> Snapshot:
    """A question as it was kept, of the customers who were not erased since.

    Raises StoreProblem where a file is gone or was changed, or where keys are.
    """
    files = _read(shop.path, sha256)
    about = json.loads(files["about.json"])
    if about["form"] > FORM:
        raise StoreProblem(Sentence("replayed.newer"))
    sealed = _sealed(files["rows"])
    names = [one[: customer_keys.NAME_BYTES] for one in sealed]
    keys, _ = customer_keys.by_name(shop.shop_id, config, names)
    left = [(name, one) for name, one in zip(names, sealed, strict=True) if name in keys]
    rows = [keys[name].opened(one[customer_keys.NAME_BYTES :]) for name, one in left]
    columns = sealed_rows.unpacked(about["layout"], rows)
    ids = pd.Series([name.hex() for name, _ in left], dtype="str")
    arrays = {name.removesuffix(".npy"): np.load(io.BytesIO(content), allow_pickle=False)
              for name, content in files.items() if name.endswith(".npy")}  # fmt: skip
    question = Question(
        shop=kept_parts.shop_of(about["shop"], shop),
        models=_models(shop.path, about, columns, ids) if about["model"] else None,
        scenes=_scenes(about, arrays, columns, ids),
        messages=about["messages"],
        typed=of_json(about["typed"]),
        ground=kept_parts.ground_of(about["ground"]) if about["ground"] else None,
        seed=about["seed"],
        even_untried=about["even_untried"],
    )
    model = about["model"]["sha256"] if about["model"] else None
    return Snapshot(question, len(sealed), len(sealed) - len(left), about["versions"], about["drafts"], model)


def moved(then: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """What is not of the version any more that a question was answered with: then, and now."""
    now = _versions()
    names = dict.fromkeys([*then, *now])
    return {name: (then.get(name, ""), now.get(name, "")) for name in names if then.get(name) != now.get(name)}


def _versions() -> dict[str, str]:
    return manifest.code() | {"processor": platform.machine()}


# --- the audience ---


def _columns(scenes: Sequence[Scene], models: Models | None) -> tuple[list[pd.Series], dict[str, Any]]:
    """(columns of the representatives, each once; where every scene finds its own)."""
    columns: list[pd.Series] = []
    known: dict[tuple[str, bytes], int] = {}

    def place(column: pd.Series) -> int:
        number = pd.api.types.is_numeric_dtype(column)
        content = column.to_numpy().tobytes() if number else _json([None if pd.isna(x) else str(x) for x in column])
        if (key := (str(column.dtype), content)) not in known:
            known[key] = len(columns)
            columns.append(column)
        return known[key]

    mailed = frozenset(models.tried.mailed) if models else frozenset()
    places: dict[str, Any] = {
        "columns": [[[str(name), place(scene.columns[name])] for name in scene.columns] for scene in scenes],
        "share": [place(scene.known["discount_share"]) if "discount_share" in scene.known else None
                  for scene in scenes],
        "reached": [place(pd.Series(scene.reached)) for scene in scenes],
        "mailed": place(pd.Series([one in mailed for one in scenes[0].known["customer_id"]], dtype="bool"))
        if mailed else None,
    }  # fmt: skip
    return columns, places


def _scene_kept(scene: Scene) -> dict[str, Any]:
    """A scene without its customers."""
    return {
        "audience": len(scene.audience),
        "reachable": len(scene.customer_ids),
        "left_out": scene.left_out,
        "as_of": str(scene.as_of),
        "margin": asdict(scene.margin),
    }


def _scenes(
    about: dict[str, Any], arrays: dict[str, np.ndarray], columns: list[pd.Series], ids: pd.Series
) -> list[Scene]:
    past, found = kept_parts.baskets_of(about["baskets"], arrays), []
    for number, told in enumerate(about["scenes"]):
        of, share = about["places"]["columns"][number], about["places"]["share"][number]
        known = pd.DataFrame({"customer_id": ids} | ({} if share is None else {"discount_share": columns[share]}))
        found.append(
            Scene(
                ("",) * told["audience"],
                ("",) * told["reachable"],
                known,
                columns[about["places"]["reached"][number]].to_numpy(dtype=bool),
                told["left_out"],
                date.fromisoformat(told["as_of"]),
                Margin(**told["margin"]),
                past,
                pd.DataFrame({name: columns[place] for name, place in of}, index=known.index),
            )
        )
    return found


# --- the model ---


def _model_kept(shop: Shop, models: Models) -> str:
    """The files that forecasts of a model come from, kept once; without the customers who were written to."""
    files = manifest.read(versions.folder(shop, models.version))
    needed = {name: content for name, content in files.items() if name.partition(".")[0] in response.FORECASTS}
    needed["tried.json"] = _json(json.loads(needed["tried.json"]) | {"mailed": []})
    return _written(shop.path, needed)


def _models(shop_dir: Path, about: dict[str, Any], columns: list[pd.Series], ids: pd.Series) -> Models:
    models = response.of_files(about["model"]["version"], _read(shop_dir, about["model"]["sha256"]))
    if (place := about["places"]["mailed"]) is None:
        return models
    mailed = (*ids[columns[place].to_numpy(dtype=bool)], _SOMEBODY)
    return replace(models, tried=replace(models.tried, mailed=mailed))


# --- files ---


def _json(content: object) -> bytes:
    """As exact as floats are; the order of names stays, for it is the order in which some things are said."""
    return json.dumps(content, ensure_ascii=True, separators=(",", ":")).encode()


def _array(array: np.ndarray) -> bytes:
    stored = io.BytesIO()
    np.save(stored, array, allow_pickle=False)
    return stored.getvalue()


def _sealed(content: bytes) -> list[bytes]:
    found, place = [], 0
    while place < len(content):
        end = place + 4 + int.from_bytes(content[place : place + 4], "little")
        found.append(content[place + 4 : end])
        place = end
    return found


def _written(shop_dir: Path, files: dict[str, bytes]) -> str:
    """The SHA-256 under which these files lie in one. The same files give the same bytes."""
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            packing = zipfile.ZIP_STORED if name == "rows" else zipfile.ZIP_DEFLATED  # sealed rows do not shrink
            archive.writestr(zipfile.ZipInfo(name), content, packing)
    content = stored.getvalue()
    sha256 = hashlib.sha256(content).hexdigest()
    path = path_of(shop_dir, sha256)
    if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
        privacy.replace(path, content)
    return sha256


def content(shop_dir: Path, sha256: str) -> bytes:
    """A file's bytes. Raises StoreProblem where it is gone, or is not the one that was kept."""
    path = path_of(shop_dir, sha256)
    try:
        found = path.read_bytes()
    except OSError as error:
        raise StoreProblem(Sentence("replayed.gone", {"file": str(path)})) from error
    if hashlib.sha256(found).hexdigest() != sha256:
        raise StoreProblem(Sentence("replayed.changed", {"file": str(path)}))
    return found


def model_of(shop_dir: Path, sha256: str) -> str | None:
    """The SHA-256 of the file with the model that a snapshot rests on; None without one, or where it is unreadable."""
    try:
        with zipfile.ZipFile(path_of(shop_dir, sha256)) as archive:
            model = json.loads(archive.read("about.json"))["model"]
    except (OSError, ValueError, LookupError, zipfile.BadZipFile):
        return None
    return str(model["sha256"]) if model else None


def _read(shop_dir: Path, sha256: str) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content(shop_dir, sha256))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
