"""Whether a log tried what another choice would do, and whether its propensities can be right."""

from dataclasses import dataclass

import numpy as np

from engine.outcome.offpolicy.log import Log
from engine.outcome.offpolicy.policy import Policy
from engine.sentences import Sentence

MOST_NEVER_TRIED = 0.05  # share of choices that nothing is known of: more would decide the answer
FEWEST_EFFECTIVE = 100  # rows' worth of evidence
HEAVIEST = 0.01  # share of all weight in one row: from there on single rows speak for hundreds
MEAN_WEIGHT_NOTED = 0.05  # by which the mean weight misses what it must be on average
MEAN_WEIGHT_REFUSED = 0.2
FAR_OFF = 4.0  # standard errors: no matter of luck
FEWEST_OF_ACTION = 20  # rows by which an action's propensities are judged
MOST_SPREAD = 10.0  # highest over lowest propensity of an action: beyond, its rarest rows are not in the log


@dataclass(frozen=True, slots=True)
class Overlap:
    """effective: Kish's sample size (sum w)^2 / sum w^2. heaviest: largest share of one row. never_tried: share of
    the policy's choices. mean_weight: 1 - never_tried on average where propensities are right.

    refusals: why no verdict is given; notes: what to know about the figures."""

    effective: float
    heaviest: float
    never_tried: float
    mean_weight: float
    refusals: list[Sentence]
    notes: list[Sentence]


def overlap(log: Log, policy: Policy, weight: np.ndarray) -> Overlap:
    """What the weights (n,) say; see `estimators` for what they are."""
    total, square = float(weight.sum()), float(np.sum(weight**2))
    effective = total**2 / square if square else 0.0
    heaviest = float(weight.max()) / total if total else 1.0
    mean, never = total / len(log), policy.never_tried
    found = Overlap(effective, heaviest, never, mean, [], [])
    if never > MOST_NEVER_TRIED:
        values = {"share": _percent(never), "most": _percent(MOST_NEVER_TRIED)}
        found.refusals.append(Sentence("offpolicy.never_tried", values))
    elif never:
        found.notes.append(Sentence("offpolicy.partly_never_tried", {"share": _percent(never)}))
    if effective < FEWEST_EFFECTIVE:
        values = {"effective": f"{effective:,.0f}", "rows": f"{len(log):,}", "needed": str(FEWEST_EFFECTIVE)}
        found.refusals.append(Sentence("offpolicy.few_effective", values))
    elif heaviest > HEAVIEST:
        values = {"share": _percent(heaviest), "effective": f"{effective:,.0f}", "rows": f"{len(log):,}"}
        found.refusals.append(Sentence("offpolicy.heavy", values))
    off = abs(mean - (1 - never))
    if off > MEAN_WEIGHT_NOTED:
        values = {"mean": f"{mean:.2f}", "expected": f"{1 - never:.2f}"}
        refused = off > MEAN_WEIGHT_REFUSED
        key = "offpolicy.mean_weight_refused" if refused else "offpolicy.mean_weight"
        (found.refusals if refused else found.notes).append(Sentence(key, values))
    if wrong := _unfit(log):
        found.notes.append(Sentence("offpolicy.propensity_unfit", {"actions": ", ".join(wrong)}))
    return found


def _unfit(log: Log) -> list[str]:
    """Actions whose propensities cannot be right: of an action that every row might have had, 1 / propensity adds up
    to the number of rows. Fewer is also what an action gives that some rows could not have had.
    """
    count = np.bincount(log.action, minlength=len(log.actions))
    inverse = 1 / log.propensity
    sums = np.bincount(log.action, weights=inverse)
    error = np.sqrt(np.bincount(log.action, weights=inverse**2 * (1 - log.propensity)))
    off = np.abs(sums - len(log)) > FAR_OFF * np.maximum(error, 1e-9) + 1e-6 * len(log)
    # The error is told from the same rows: where they are few, or unlike, it is known too badly to accuse anybody.
    highest, lowest = np.zeros(len(count)), np.ones(len(count))
    np.maximum.at(highest, log.action, log.propensity)
    np.minimum.at(lowest, log.action, log.propensity)
    judged = off & (count >= FEWEST_OF_ACTION) & (highest < MOST_SPREAD * lowest)
    return [log.actions[k] for k in np.flatnonzero(judged)[:5]]


def _percent(share: float) -> str:
    return f"{share * 100:.1f} %"
