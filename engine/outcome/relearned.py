"""What results teach the forecasts: two candidates beside the model in use, judged on later campaigns.

Of the campaigns since the model in use was learned, the earlier half is given to the candidates and all three are
judged on the later half. Recalibrated: the model in use, moved in log-odds (engine.campaign.recalibrate). Retrained:
learned anew with the earlier half. What is better by more than chance is then made again with every campaign and put in
use (engine.campaign.promotion.on_later); where none is, nothing changes, and the reason is kept.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

import numpy as np

from engine.campaign import evaluation, past_sends, promotion, recalibrate, response, since, unprompted, versions
from engine.campaign.past_sends import Messages
from engine.campaign.promotion import Compared, InUse, Verdict
from engine.campaign.recalibrate import Recalibrated
from engine.campaign.response import Models
from engine.campaign.rows import of_campaign
from engine.campaign.since import Known
from engine.errors import ModelFileProblem
from engine.model import fit, manifest
from engine.model.fit import LIMIT_SECONDS
from engine.model.parts import tells_apart
from engine.sentences import Sentence
from engine.shop import store
from engine.shop.features import default_as_of
from engine.shop.store import Shop

Name = Literal["recalibrated", "retrained"]
Progress = Callable[[float, str], None]
LOG = "relearned.json"  # in the models' folder: what came of it each time, the last KEPT times
KEPT = 24


@dataclass(frozen=True, slots=True)
class Candidate:
    """One candidate and what became of it on later campaigns. made: the version it is kept as, "" where it is not."""

    name: Name
    verdict: Verdict
    made: str = ""

    def to_json(self) -> dict:
        return {"candidate": self.name, "version": self.made} | self.verdict.to_json()


@dataclass(frozen=True, slots=True)
class Relearned:
    """as_of, the model used before and after, the campaigns since it was learned by target, and the candidates."""

    as_of: date
    before: str | None
    after: str | None
    campaigns: dict[str, int]
    candidates: tuple[Candidate, ...]
    recalibrated: dict[str, Recalibrated]

    @property
    def promoted(self) -> Name | None:
        return next((one.name for one in self.candidates if one.made and one.made == self.after), None)

    def to_json(self) -> dict:
        return {
            "as_of": str(self.as_of),
            "in_use_before": self.before,
            "in_use_after": self.after,
            "promoted": self.promoted,
            "campaigns_since": self.campaigns,
            "recalibration": {target: one.to_json() for target, one in self.recalibrated.items()},
            "candidates": [one.to_json() for one in self.candidates],
        }


def relearn(
    shop: Shop,
    as_of: date | None = None,
    seed: int = 0,
    progress: Progress = lambda share, text: None,
    search_seconds: float = LIMIT_SECONDS,
) -> Relearned:
    """Judge both candidates, put the better one in use where one is, and keep what came of it.

    Raises NotEnoughData before the first training, and ModelFileProblem where the model in use cannot be read: it is
    learned by `train`.
    """
    as_of = as_of or default_as_of(shop)
    models = response.load(shop)
    in_use = response.model_in_use(shop)
    if in_use is None:
        raise ModelFileProblem(Sentence("refused.no_model", {"version": models.version}))
    progress(0.05, "Reading what came since")
    messages = past_sends.past_messages(shop, as_of)
    past = since.of_messages(shop, messages, as_of)
    splits = {t: cut for t, one in past.items() if (cut := split(one, in_use.learned.get(t, frozenset())))}
    progress(0.2, "Judging the recalibrated forecasts")
    moved = Candidate("recalibrated", promotion.on_later(models.version, judged_moved(past, splits, in_use)))
    progress(0.3, "Judging forecasts learned anew")
    anew = Candidate("retrained", promotion.on_later(models.version, judged_anew(past, splits, in_use, seed)))
    progress(0.5, "Making the better one")
    made: dict[str, Recalibrated] = {}
    for name in _better(moved, anew):
        if name == "retrained":
            again = response.train(shop, as_of, seed, progress, search_seconds)
            own = Verdict(again.card["promotion"]["why"], models.version, tuple(again.card["promotion"]["targets"]))
            anew = replace(anew, made=again.version) if again.card["promoted"] else Candidate("retrained", own)
        else:
            made = recalibrations(past, in_use)
            anyway = _anyway(messages, models, made, in_use)
            moved = replace(moved, made=_save(shop, as_of, seed, models, made, anyway, past, moved.verdict))
        if response.current_version(shop) != models.version:
            break
    counts = {target: one.newer(in_use.learned.get(target, frozenset())) for target, one in past.items()}
    after = response.current_version(shop)
    found = Relearned(as_of, models.version, after, counts, (moved, anew), made)
    _note(shop, found)
    progress(1.0, "Done")
    return found


def _better(moved: Candidate, anew: Candidate) -> list[Name]:
    """The candidates that are better than the model in use, the best first."""
    better = [one for one in (anew, moved) if one.verdict.why == "better"]
    return [one.name for one in sorted(better, key=lambda one: _total(one.verdict))]


def _total(verdict: Verdict) -> float:
    return sum(one.difference.mean for one in verdict.compared.values())


# --- the campaigns that are given, and those that judge ---


@dataclass(frozen=True, slots=True)
class Split:
    """Positions of a target's rows: what the model in use has seen, what candidates get, what judges them."""

    seen: np.ndarray
    given: np.ndarray
    judged: np.ndarray


def split(past: Known, learned: frozenset[str]) -> Split | None:
    """The campaigns since, by their first send: the earlier half is given, the later half judges.

    None with fewer than promotion.MIN_UNSEEN to judge and one to give.
    """
    unseen = past.unseen(learned)
    names = past.at.loc[np.unique(past.rows.campaign[unseen])].sort_values(kind="stable").index
    judging = max(promotion.MIN_UNSEEN, (len(names) + 1) // 2)
    if len(names) <= judging:
        return None
    late = unseen & np.isin(past.rows.campaign.astype("str"), names[-judging:])
    if past.rows.successes[late].sum() <= 0:
        return None
    return Split(np.flatnonzero(~unseen), np.flatnonzero(unseen & ~late), np.flatnonzero(late))


def judged_moved(past: dict[str, Known], splits: dict[str, Split], in_use: InUse) -> dict[str, Compared | None]:
    """Each target's recalibrated model against the one in use, on the later campaigns."""
    asked: dict[str, Compared | None] = {}
    for target, cut in splits.items():
        model, rows = in_use.responses.get(target), past[target].rows
        moved = recalibrate.of(model, rows.take(cut.given)) if model else None
        if model and moved:
            late = rows.take(cut.judged)
            asked[target] = promotion.on_rows(late, moved.model.predict(late.features), model.predict(late.features))
    return asked


def judged_anew(
    past: dict[str, Known], splits: dict[str, Split], in_use: InUse, seed: int
) -> dict[str, Compared | None]:
    """Each target learned anew, in the way the one in use was, against it on the later campaigns."""
    asked: dict[str, Compared | None] = {}
    for target, cut in splits.items():
        model, rows = in_use.responses.get(target), past[target].rows
        learned = rows.take(np.sort(np.concatenate([cut.seen, cut.given])))
        if model is None or not tells_apart(learned, np.ones(len(learned.trials), dtype=bool), fit.MIN_SUCCESSES):
            continue
        shrunk = of_campaign(learned.features)
        anew = fit.fit_candidates(learned, shrunk, seed, (model.kind,), past[target].rule)[model.kind]
        late = rows.take(cut.judged)
        asked[target] = promotion.on_rows(late, anew.predict(late.features), model.predict(late.features))
    return asked


# --- the recalibrated model, as one that is used ---


def recalibrations(past: dict[str, Known], in_use: InUse) -> dict[str, Recalibrated]:
    """Each target recalibrated on every campaign since."""
    found = {}
    for target, one in past.items():
        unseen = np.flatnonzero(one.unseen(in_use.learned.get(target, frozenset())))
        if target in in_use.responses and len(unseen):
            moved = recalibrate.of(in_use.responses[target], one.rows.take(unseen))
            if moved:
                found[target] = moved
    return found


def _save(
    shop: Shop,
    as_of: date,
    seed: int,
    models: Models,
    made: dict[str, Recalibrated],
    anyway: fit.Response | None,
    past: dict[str, Known],
    verdict: Verdict,
) -> str:
    """The recalibrated model as a version of its own, in use; what it was judged on stays that of the one before.

    It counts as having seen the campaigns it was moved by, so that nothing is judged on them again.
    """
    about = response.comes_from(shop, as_of, seed) | {"recalibrated_from": models.version}
    card = models.card | {
        "as_of": str(as_of),
        "shop_version": shop.version,
        "data_rows": about["data"]["rows"],
        "versions": about["code"],
        "recalibrated": {target: one.to_json() for target, one in made.items()},
        "recalibrated_from": models.version,
        "promoted": True,
        "promotion": verdict.to_json(),
    }
    version = response.named(as_of, about)
    responses = models.responses | {target: one.model for target, one in made.items()}
    moved = replace(models, version=version, responses=responses, anyway=anyway, card=card)
    files = _judged_files(shop, models.version, past) | response.files_of(moved)
    versions.save(shop, version, files, about, True)
    return version


def _anyway(
    messages: Messages | None, models: Models, made: dict[str, Recalibrated], in_use: InUse
) -> fit.Response | None:
    """Who buys anyway. It is told from the order model and moves with it; those left out since then put it right."""
    if models.anyway is None or messages is None or "converted" not in messages.held or "order" not in made:
        return models.anyway
    learned = in_use.learned.get("order", frozenset())
    new = messages.held["converted"].notna() & ~messages.held["campaign_id"].isin(learned)
    if not new.any():
        return models.anyway
    columns = unprompted.features_of(messages.held_features[new], made["order"].model)
    rows, _ = past_sends.training_rows(messages.held[new], columns, "converted")
    moved = recalibrate.of(models.anyway, rows)
    return moved.model if moved else models.anyway


def _judged_files(shop: Shop, version: str, past: dict[str, Known]) -> dict[str, bytes]:
    """The evaluation of the model before, with every campaign there is by now among those learned from."""
    files = {
        name: content
        for name, content in manifest.read(versions.folder(shop, version)).items()
        if name == evaluation.FILE or name.startswith("held_out-")
    }
    facts = json.loads(files[evaluation.FILE])
    for target, one in past.items():
        if target in facts:
            every = {str(name) for name in np.unique(one.rows.campaign)}
            facts[target]["campaigns_learned"] = sorted({*facts[target]["campaigns_learned"], *every})
    return files | {evaluation.FILE: json.dumps(facts, indent=1, default=float).encode()}


# --- what came of it each time ---


def _note(shop: Shop, found: Relearned) -> None:
    with store.writing(shop.path):
        kept = [*log(shop), found.to_json()][-KEPT:]
        content = json.dumps(kept, indent=1, default=_plain, ensure_ascii=False).encode()
        store.replace_file(shop.path / "models" / LOG, content)


def _plain(value: object) -> object:
    return value.item() if hasattr(value, "item") else str(value)


def log(shop: Shop) -> list[dict]:
    """What came of it each time, as Relearned.to_json, the latest last."""
    path = shop.path / "models" / LOG
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
