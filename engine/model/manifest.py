"""Fitted models as JSON and LightGBM text, with a manifest of hashes; a file whose hash is wrong is refused."""

import hashlib
import json
from pathlib import Path

import lightgbm as lgb
import numpy as np

from engine.errors import ModelFileProblem
from engine.model.calibrate import Affine
from engine.model.encode import Encoder
from engine.model.fit import Response


def response_files(name: str, model: Response) -> dict[str, bytes]:
    """File name -> content of one response model."""
    facts = {
        "kind": model.kind,
        "encoder": model.encoder.to_json(),
        "intercept": model.intercept,
        "weights": model.weights.tolist(),
        "affine": {"shift": model.affine.shift, "slope": model.affine.slope},
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
    )


def manifest(files: dict[str, bytes]) -> bytes:
    """The hash of every file, as JSON."""
    return json.dumps(
        {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}, indent=1
    ).encode()


def read(folder: Path) -> dict[str, bytes]:
    """Every file of a model folder. Raises ModelFileProblem for a missing or changed one."""
    try:
        hashes = json.loads((folder / "manifest.json").read_text())
        files = {name: (folder / name).read_bytes() for name in hashes}
    except (OSError, ValueError) as error:
        raise ModelFileProblem(
            f"The forecast models in {folder} are incomplete ({error}). Train them again."
        ) from error
    for name, content in files.items():
        if (found := hashlib.sha256(content).hexdigest()) != hashes[name]:
            raise ModelFileProblem(
                f"{folder / name} was changed after it was trained "
                f"(expected {hashes[name][:12]}, found {found[:12]}). Train again."
            )
    return files
