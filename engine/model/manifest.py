"""Fitted models as JSON and LightGBM text, with a manifest: the hash of every file, the data, the code, the seed.

What it protects against: a file that was changed, cut short, left over from another training, or taken from another
model. What it does not: somebody who may write to the folder and writes the manifest anew to match; that takes a
signature with a key they lack. Files hold numbers and text alone, so that even then reading one runs no code.
"""

import hashlib
import json
import platform
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

import lightgbm as lgb
import numpy as np

from engine.errors import ModelFileProblem
from engine.model import code as code_of
from engine.model.calibrate import Affine
from engine.model.encode import Encoder
from engine.model.fit import Response
from engine.sentences import Sentence


def response_files(name: str, model: Response) -> dict[str, bytes]:
    """File name -> content of one response model."""
    facts = {
        "kind": model.kind,
        "encoder": model.encoder.to_json(),
        "intercept": model.intercept,
        "weights": model.weights.tolist(),
        "affine": {"shift": model.affine.shift, "slope": model.affine.slope},
        "centre": None if model.centre is None else model.centre.tolist(),
    }
    files = {f"{name}.json": json.dumps(facts, indent=1).encode()}
    if model.trees is not None:
        files[f"{name}.trees.txt"] = model.trees.model_to_string().encode()
    return files


def response(name: str, files: dict[str, bytes]) -> Response:
    """The model stored as `response_files` stores it."""
    facts = json.loads(files[f"{name}.json"])
    trees = files.get(f"{name}.trees.txt")
    return Response(
        facts["kind"],
        Encoder.from_json(facts["encoder"]),
        facts["intercept"],
        np.array(facts["weights"], dtype="float64"),
        lgb.Booster(model_str=trees.decode()) if trees else None,
        Affine(**facts["affine"]),
        None if facts.get("centre") is None else np.array(facts["centre"], dtype="float64"),
    )


NAME = "manifest.json"
LIBRARIES = ("lightgbm", "scikit-learn", "numpy", "pandas", "scipy")


def manifest(files: dict[str, bytes], about: dict | None = None) -> bytes:
    """The hash of every file, and the facts `about` the model, as JSON."""
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}
    return json.dumps({"files": hashes, **(about or {})}, indent=1).encode()


def code() -> dict[str, str]:
    """What the model was learned with: one hash of the engine's sources, and the version of each library."""
    return {
        "engine": code_of.engine_sha256(),
        "python": platform.python_version(),
        **{name: version(name) for name in LIBRARIES},
    }


def about(folder: Path) -> dict:
    """The facts beside the hashes. Raises ModelFileProblem where the manifest cannot be read."""
    return {name: value for name, value in _stored(folder).items() if name != "files"}


def _stored(folder: Path) -> dict:
    try:
        found = json.loads((folder / NAME).read_text())
        if not isinstance(found["files"], dict) or any(Path(name).name != name for name in found["files"]):
            raise ValueError("its list of files is not one")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _incomplete(folder, error) from error
    return found


def _incomplete(folder: Path, error: Exception) -> ModelFileProblem:
    return ModelFileProblem(Sentence("refused.model_incomplete", {"folder": str(folder), "error": str(error)}))


def read(folder: Path) -> dict[str, bytes]:
    """Every file of a model folder. Raises ModelFileProblem for a missing, changed or unlisted one."""
    hashes = _stored(folder)["files"]
    try:
        files = {name: (folder / name).read_bytes() for name in hashes}
    except OSError as error:
        raise _incomplete(folder, error) from error
    for name, content in files.items():
        if (found := hashlib.sha256(content).hexdigest()) != hashes[name]:
            values = {"file": str(folder / name), "expected": hashes[name][:12], "found": found[:12]}
            raise ModelFileProblem(Sentence("refused.model_changed", values))
    if extra := unlisted(folder, files):
        raise ModelFileProblem(Sentence("refused.model_stranger", {"file": str(extra[0])}))
    return files


def unlisted(folder: Path, names: Iterable[str]) -> list[Path]:
    """Files in a model's folder that are none of its own. Hidden ones are the file system's."""
    own = {*names, NAME}
    return sorted(path for path in folder.iterdir() if path.name not in own and not path.name.startswith("."))
