"""What was learned about the effect of writing, kept in the shop: JSON, arrays, LightGBM text; no customer's id."""

import io
import json
from dataclasses import asdict
from pathlib import Path

import lightgbm as lgb
import numpy as np

from engine.campaign.uplift import evidence, people
from engine.campaign.uplift.crossfit import CrossFitted, Estimate, Line
from engine.campaign.uplift.learned import Learned, Progress, learn_from
from engine.campaign.uplift.learners import Effect, Responses, Straight
from engine.campaign.uplift.worth import HeldOut
from engine.errors import NotEnoughData
from engine.model import manifest
from engine.model.encode import Encoder
from engine.sentences import Sentence
from engine.shop import store
from engine.shop.store import Shop

FOLDER = "extra"
_ARRAYS = ("effect", "anyway", "gamma", "gamma_anyway", "customer", "campaign")


def learn_and_keep(
    shop: Shop,
    assume_randomised: bool = False,
    seed: int = 0,
    progress: Progress = lambda share, text: None,
) -> Learned:
    """Learn from all that the shop knows of its customers, for every customer, and keep it for its pages."""
    past = evidence.gather(shop, assume_randomised=assume_randomised)
    evidence.refuse(past)
    learned = learn_from(shop, past, people.attributes(shop), True, seed, progress)
    learned.facts["shop_version"] = shop.version
    learned.facts["share_off"] = past.share_off
    files = _files(learned)
    with store.writing(shop.path):
        for name, content in files.items():
            store.replace_file(shop.path / FOLDER / name, content)
        store.replace_file(shop.path / FOLDER / "manifest.json", manifest.manifest(files))
        for left in manifest.unlisted(shop.path / FOLDER, files):
            left.unlink()
    progress(1.0, "Done")
    return learned


def is_kept(shop: Shop) -> bool:
    """Whether anything was learned yet."""
    return (shop.path / FOLDER / "manifest.json").exists()


def load(shop: Shop) -> Learned:
    """What was kept. Raises NotEnoughData before the first time, ModelFileProblem for a changed file."""
    if not is_kept(shop):
        raise NotEnoughData(Sentence("refused.no_uplift"))
    files = manifest.read(Path(shop.path) / FOLDER)
    content = json.loads(files["learned.json"])
    arrays = np.load(io.BytesIO(files["held_out.npz"]), allow_pickle=False)
    trees = files.get("trees.txt")
    found = CrossFitted(
        content["chosen"], _effect(content["effect"], trees), _straight(content["deviation"]),
        _responses(content["arms"]), Line(**content["line"]), arrays["gamma"],
        arrays["gamma_anyway"], arrays["effect"], arrays["anyway"],
        {name: Estimate(**one) for name, one in content["facts"]["qini"].items()},
        Estimate(**content["facts"]["average_uplift"]), content["chance"],
    )  # fmt: skip
    held_out = HeldOut(**{name: arrays[name] for name in _ARRAYS}, chance=content["chance"])
    limits = {name: (low, high) for name, (low, high) in content["limits"].items()}
    encoder, attributes = Encoder.from_json(content["encoder"]), tuple(content["attributes"])
    return Learned(found, encoder, limits, attributes, content["with_history"], held_out, content["facts"])


def _files(learned: Learned) -> dict[str, bytes]:
    found, effect = learned.found, learned.found.effect
    content = {
        "chosen": found.chosen,
        "chance": found.chance,
        "effect": {
            "name": effect.name, "propensity": effect.propensity,
            **{part: asdict(own) for part in ("arms", "of_sent", "of_held", "line") if (own := getattr(effect, part))},
        },
        "deviation": asdict(found.deviation),
        "arms": asdict(found.arms),
        "line": asdict(found.line),
        "encoder": learned.encoder.to_json(),
        "limits": learned.limits,
        "attributes": learned.attributes,
        "with_history": learned.with_history,
        "facts": learned.facts,
    }  # fmt: skip
    arrays = io.BytesIO()
    np.savez_compressed(arrays, **{name: getattr(learned.held_out, name) for name in _ARRAYS})
    files = {"learned.json": json.dumps(content, default=_plain).encode(), "held_out.npz": arrays.getvalue()}
    return files if effect.trees is None else files | {"trees.txt": effect.trees.model_to_string().encode()}


def _plain(value: object) -> object:
    return value.tolist() if isinstance(value, np.ndarray) else value.item()  # type: ignore[attr-defined]


def _straight(content: dict) -> Straight:
    return Straight(content["intercept"], np.array(content["weights"]), np.array(content["covariance"]))


def _responses(content: dict) -> Responses:
    arrays = {name: np.array(content[name]) for name in ("common", "difference")}
    return Responses(**(content | arrays))


def _effect(content: dict, trees: bytes | None) -> Effect:
    lines = {part: _straight(content[part]) for part in ("of_sent", "of_held", "line") if part in content}
    return Effect(
        content["name"],
        arms=_responses(content["arms"]) if "arms" in content else None,
        trees=lgb.Booster(model_str=trees.decode()) if trees else None,
        propensity=content["propensity"],
        **lines,
    )
