"""Whether a newly learned model takes the place of the one in use.

The rule, in order:
1. A first model is used, and so is the one in use learned again, one asked for as of an earlier day, one that no longer
   looks at what the shop has come to protect, and one that follows a model whose files cannot be read.
2. Not used: a model that no longer forecasts something the one in use does.
3. Not used: a model that is worse in anything it forecasts. Worse: its log-loss is higher by more than the noise, on
   campaigns that neither has seen. For that the new way of learning is given what the one in use had learned from, and
   both are asked about the campaigns since. With fewer than MIN_UNSEEN of them, what both said of campaigns held back
   when they were learned is compared instead, on those in both hold-out tables.
4. Not used: a model of the same data, settings and code (another seed) that is not better by more than the noise.
5. Otherwise it is used: with new data, not worse is enough.

A model that follows from results alone, with nobody asking for it (engine.outcome.relearned), is held to more
(`on_later`): it is used where it is better than the one in use by more than the noise in something it forecasts, and
worse by more than the noise in nothing.

Noise: the range of the mean difference over whole campaigns, one-sided 99 % for each forecast (5 % over all five).
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd

from engine.campaign.rows import of_campaign
from engine.model import evaluate, fit
from engine.model.evaluate import Difference
from engine.sentences import Sentence

MIN_UNSEEN = 3
NOISE = 0.98  # two-sided, so 1 % on the side that counts
Why = Literal[
    "first", "unreadable", "again", "earlier", "protected", "lost", "worse", "same", "not_worse", "nothing_to_compare",
    "better", "not_better", "few_later",
]  # fmt: skip
REFUSED: tuple[Why, ...] = ("lost", "worse", "same", "not_better", "few_later")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a model without asking it. about: its manifest's facts. forecasts: the targets it learned, and
    "anyway" where it knows who buys anyway."""

    version: str
    as_of: date
    protected: frozenset[str]
    about: dict
    forecasts: frozenset[str]


@dataclass(frozen=True, slots=True)
class InUse:
    """The model in use, by target: its responses, the campaigns it learned from, its hold-out tables."""

    facts: Facts
    responses: dict[str, fit.Response]
    learned: dict[str, frozenset[str]]
    tables: dict[str, pd.DataFrame]


@dataclass(frozen=True, slots=True)
class Compared:
    """The new model's log-loss minus that of the one in use. unseen: on campaigns neither has seen."""

    difference: Difference
    unseen: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the new model is used, why, and the comparisons behind it by target."""

    why: Why
    against: str | None = None
    targets: tuple[str, ...] = ()
    compared: dict[str, Compared] = field(default_factory=dict)

    @property
    def promoted(self) -> bool:
        return self.why not in REFUSED

    def to_json(self) -> dict:
        compared = {t: asdict(one.difference) | {"unseen": one.unseen} for t, one in self.compared.items()}
        return {
            "why": self.why,
            "reason": sentence(self.why, self.targets).text("en"),
            "targets": list(self.targets),
            "against": self.against,
            "compared": compared,
        }


def sentence(why: str, targets: Iterable[str]) -> Sentence:
    """Why a model is used, or is not."""
    named = tuple(Sentence(f"promotion.target_{target}") for target in targets)
    return Sentence(f"promotion.{why}", {"targets": named} if named else {})


def compare(
    in_use: InUse, target: str, rows: fit.Rows, kind: fit.Kind, table: pd.DataFrame, seed: int
) -> Compared | None:
    """The new way of learning against the model in use for one target; None where no campaign allows it.

    `rows`: everything the new model was learned from. `table`: its hold-out table, with the column `predicted`.
    """
    learned = in_use.learned.get(target)
    if learned is None or target not in in_use.responses:
        return None
    seen = np.isin(rows.campaign.astype("str"), list(learned))
    fresh = len(np.unique(rows.campaign[~seen]))
    if fresh >= MIN_UNSEEN and _teaches(rows, seen) and rows.successes[~seen].sum() > 0:
        past, future = rows.take(np.flatnonzero(seen)), rows.take(np.flatnonzero(~seen))
        model = fit.fit_candidates(past, of_campaign(rows.features), seed, (kind,))[kind]
        return on_rows(future, model.predict(future.features), in_use.responses[target].predict(future.features))
    return _both_held_back(table, in_use.tables.get(target))


def _teaches(rows: fit.Rows, where: np.ndarray) -> bool:
    successes, trials = rows.successes[where].sum(), rows.trials[where].sum()
    return bool(min(successes, trials - successes) >= fit.MIN_SUCCESSES)


def _both_held_back(new: pd.DataFrame, old: pd.DataFrame | None) -> Compared | None:
    """On campaigns that both models held back, where the two agree on what came."""
    if old is None or new.empty or old.empty:
        return None
    both = _by_campaign(new).add_suffix("_new").join(_by_campaign(old).add_suffix("_old"), how="inner")
    same = both[
        np.isclose(both["trials_new"], both["trials_old"]) & np.isclose(both["successes_new"], both["successes_old"])
    ]
    if len(same) < MIN_UNSEEN:
        return None
    more = (same["loss_new"] - same["loss_old"]).to_numpy()
    return Compared(evaluate.paired(same["trials_new"].to_numpy(), more, NOISE), unseen=False)


def _by_campaign(table: pd.DataFrame) -> pd.DataFrame:
    loss = evaluate.losses(table["trials"].to_numpy(), table["successes"].to_numpy(), table["predicted"].to_numpy())
    return table.assign(loss=loss).groupby("campaign")[["trials", "successes", "loss"]].sum()


def decide(old: Facts | None, readable: bool, new: Facts, asked: dict[str, Compared | None]) -> Verdict:
    """The rule above. `asked`: what `compare` said by target. `readable`: False if the one in use was not."""
    if old is None:
        return Verdict("first" if readable else "unreadable")
    compared = {target: one for target, one in asked.items() if one is not None}
    told = {target: one.difference.mean for target, one in compared.items() if one.difference.tells}
    worse = sorted(target for target, mean in told.items() if mean > 0)
    lost = sorted(old.forecasts - new.forecasts)
    steps: list[tuple[bool, Why, list[str]]] = [
        (new.version == old.version, "again", []),
        (new.as_of < old.as_of, "earlier", []),
        (bool(new.protected - old.protected), "protected", []),
        (bool(lost), "lost", lost),
        (bool(worse), "worse", worse),
        (_same_but_for_seed(old, new) and not told, "same", []),
        (not compared, "nothing_to_compare", []),
    ]
    why, targets = next(((why, named) for holds, why, named in steps if holds), ("not_worse", []))
    return Verdict(why, old.version, tuple(targets), compared)


def on_later(against: str, asked: dict[str, Compared | None]) -> Verdict:
    """Whether a candidate is better than the one in use on later campaigns, by target as `compare` measures it."""
    compared = {target: one for target, one in asked.items() if one is not None}
    told = {target: one.difference.mean for target, one in compared.items() if one.difference.tells}
    worse, better = ([t for t, mean in sorted(told.items()) if sign * mean > 0] for sign in (1, -1))
    if not compared:
        return Verdict("few_later", against)
    if worse:
        return Verdict("worse", against, tuple(worse), compared)
    return Verdict("better" if better else "not_better", against, tuple(better), compared)


def on_rows(rows: fit.Rows, new: np.ndarray, old: np.ndarray) -> Compared:
    """Two models that have not seen these rows, by the probabilities they give."""
    losses = [evaluate.losses(rows.trials, rows.successes, one) for one in (new, old)]
    summed = pd.DataFrame({"trials": rows.trials, "more": losses[0] - losses[1]}).groupby(rows.campaign).sum()
    return Compared(evaluate.paired(summed["trials"].to_numpy(), summed["more"].to_numpy(), NOISE), unseen=True)


def _same_but_for_seed(old: Facts, new: Facts) -> bool:
    return old.about | {"seed": None} == new.about | {"seed": None}
