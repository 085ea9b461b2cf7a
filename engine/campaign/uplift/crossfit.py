"""Every learner judged on customers it has not seen, and the one that ranks them best.

Customers are cut into folds; all that is said of a fold's customers comes from models of the others, down to the order
probabilities inside a learner, which come from models that have seen neither fold. Because the holdout was drawn by
chance, what is seen in a fold needs no model to be true.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from scipy import stats
from threadpoolctl import threadpool_limits

from engine.campaign.uplift import learners
from engine.campaign.uplift.learners import NAMES, Effect, Responses, Trial

FOLDS = 5
SLOPE_SD = 0.5  # how far a learner's differences between customers are usually off, as a factor around 1
LEVEL = 0.9  # of every interval of an average, a gain or a Qini
# Without any effect models of two folds agree more than their shared rows say, because an order probability and its
# change rise together: in simulations (bench/uplift.py) the share of chance came out at two thirds of what it was.
UNSEEN = 1.5
FEW_CAMPAIGNS = 8  # with fewer, campaigns say too little of how much they differ


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its interval at LEVEL."""

    value: float
    low: float
    high: float

    def times(self, factor: float) -> "Estimate":
        return Estimate(self.value * factor, self.low * factor, self.high * factor)

    def to_json(self) -> dict[str, float]:
        return {"value": self.value, "low": self.low, "high": self.high}


@dataclass(frozen=True, slots=True)
class Line:
    """Effect of people with a learner's score: level + slope x (score - centre), with the covariance of the two.

    The best linear predictor of the effect (Chernozhukov, Demirer, Duflo and Fernandez-Val 2018), its slope drawn to 1
    and never below 0; the level is the doubly robust average effect.
    """

    level: float
    slope: float
    centre: float
    level_sd: float
    slope_sd: float

    def effect(self, score: np.ndarray) -> np.ndarray:
        return self.level + self.slope * (score - self.centre)

    def sd(self, score: np.ndarray) -> np.ndarray:
        """Standard error of the mean effect of people with this score."""
        return np.sqrt(self.level_sd**2 + (score - self.centre) ** 2 * self.slope_sd**2)


@dataclass(frozen=True, slots=True)
class CrossFitted:
    """What was learned, and what it said of customers it had not seen.

    gamma, gamma_anyway: doubly robust scores per row, of the effect and of an order without the message. held_out,
    anyway: the same two by models, choice and line of the other folds.
    qini: per learner, extra orders per customer above those of a random order of writing, mean over shares written to.
    chance: share of the chosen learner's ranking that another draw of the same size would change, see `_chance`.
    """

    chosen: str
    effect: Effect
    deviation: learners.Straight
    arms: Responses
    line: Line
    gamma: np.ndarray
    gamma_anyway: np.ndarray
    held_out: np.ndarray
    anyway: np.ndarray
    qini: dict[str, Estimate]
    average: Estimate
    chance: float


def cross_fit(
    trial: Trial,
    fold: np.ndarray,
    customer: np.ndarray,
    campaign: np.ndarray,
    seed: int = 0,
    progress: Callable[[float], None] = lambda share: None,
) -> CrossFitted:
    """Learners of `trial`; `fold`: 0 to FOLDS - 1 per row, the same for all rows of a customer."""
    with threadpool_limits(1, "blas"):  # two threads on a busy two-core machine are slower than one
        settings = learners.tuned(trial.take(fold > 1), trial.take(fold <= 1), seed)
        progress(0.1)
        pairs = _pairs(trial, fold, settings, seed, lambda share: progress(0.1 + 0.4 * share))
        single = [learners.responses(trial.take(fold != k), settings, seed) for k in range(FOLDS)]
        progress(0.6)
        sent, not_sent = _of_own_fold(trial, fold, single)
        gamma = learners.scores(trial, sent, not_sent)
        every = np.empty((FOLDS, len(NAMES), len(gamma)))  # what each fold's models say of all rows
        for k in range(FOLDS):
            found = _learned_without(trial, fold, k, pairs, single[k], seed)
            every[k] = [found[name].predict(trial.matrix) for name in NAMES]
            progress(0.6 + 0.06 * (k + 1))
        arms = learners.responses(trial, settings, seed)
        final = learners.effects(trial, sent, not_sent, arms, fold == 0, seed)
        progress(0.97)
    held_out = _held_out(every, gamma, fold, customer, campaign)
    share = float(trial.propensity.mean())
    chosen, qini, chance = _choice(every, gamma, fold, customer, campaign)
    deviation = final["dr"].line
    assert deviation is not None, "the DR learner is a line"
    own = _deviations(every, fold)[NAMES.index(chosen)]
    line = fit_line(own, gamma, customer, campaign)
    # Scores of new customers are the final model's: told from its own mean too.
    line = replace(line, centre=line.centre + float(final[chosen].predict(trial.matrix).mean()))
    return CrossFitted(
        chosen, final[chosen], deviation, arms, line, gamma,
        learners.scores_anyway(trial, not_sent), held_out, learners.anyway(sent, not_sent, held_out, share), qini,
        mean(gamma, customer, campaign), chance,
    )  # fmt: skip


def _pairs(
    trial: Trial, fold: np.ndarray, settings: learners.Settings, seed: int, progress: Callable[[float], None]
) -> dict[frozenset[int], Responses]:
    """Order probabilities learned without two folds, by the two."""
    every = list(combinations(range(FOLDS), 2))
    found = {}
    for number, two in enumerate(every):
        found[frozenset(two)] = learners.responses(trial.take(~np.isin(fold, two)), settings, seed)
        progress((number + 1) / len(every))
    return found


def _of_own_fold(trial: Trial, fold: np.ndarray, models: list[Responses]) -> tuple[np.ndarray, np.ndarray]:
    sent, not_sent = np.empty(len(fold)), np.empty(len(fold))
    for k, model in enumerate(models):
        sent[fold == k], not_sent[fold == k] = model.predict(trial.matrix[fold == k])
    return sent, not_sent


def _learned_without(
    trial: Trial, fold: np.ndarray, k: int, pairs: dict[frozenset[int], Responses], arms: Responses, seed: int
) -> dict[str, Effect]:
    """Learners that know nothing of fold k, nor, of any other row, that row's own fold."""
    kept = fold != k
    own, rest = trial.take(kept), fold[kept]
    sent, not_sent = np.empty(len(rest)), np.empty(len(rest))
    for j in np.unique(rest):
        model = pairs[frozenset((k, int(j)))]
        sent[rest == j], not_sent[rest == j] = model.predict(own.matrix[rest == j])
    return learners.effects(own, sent, not_sent, arms, rest == (k + 1) % FOLDS, seed)


def _choice(
    every: np.ndarray, gamma: np.ndarray, fold: np.ndarray, customer: np.ndarray, campaign: np.ndarray
) -> tuple[str, dict[str, Estimate], float]:
    """The learner that ranks held-out customers best, every learner's Qini, and the winner's `_chance`."""
    qini, chance = {}, {}
    for number, name in enumerate(NAMES):
        chance[name] = _chance(every[:, number])
        parts = _qini_parts(every[fold, number, np.arange(len(fold))], gamma, fold)
        qini[name] = mean(parts, customer, campaign, chance[name])
    chosen = max(NAMES, key=lambda name: qini[name].value)
    return chosen, qini, chance[chosen]


def _held_out(
    every: np.ndarray, gamma: np.ndarray, fold: np.ndarray, customer: np.ndarray, campaign: np.ndarray
) -> np.ndarray:
    """Effect per row, with learner and line chosen on the other folds too: nothing said of a row has seen it."""
    predicted = _deviations(every, fold)
    parts = np.array([_qini_parts(score, gamma, fold) for score in predicted])
    held_out = np.empty(len(gamma))
    for k in range(FOLDS):
        others, own = fold != k, fold == k
        best = int(parts[:, others].mean(axis=1).argmax())
        line = fit_line(predicted[best, others], gamma[others], customer[others], campaign[others])
        held_out[own] = line.effect(predicted[best, own])
    return held_out


def _deviations(every: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """(learners, rows): what models that have not seen a row's fold say of it, above their own mean of all rows.

    Models of the other folds have seen this one: by plain scores a fold that ordered more by chance would lift what its
    own rows are compared with, and be written to less.
    """
    return (every - every.mean(axis=2, keepdims=True))[fold, :, np.arange(len(fold))].T


def _chance(every: np.ndarray) -> float:
    """Share of a ranking that is chance: 0 where models of different folds agree, 1 where they do by shared rows alone.

    `every`: one row per fold's model, what it says of all customers. Two of them share 3 of the 4 folds each has seen,
    so that pure chance makes them agree to 3/4.

    What is learned from one fold and seen in another is, as far as it is chance, learned from the other and seen in the
    one just so: the sum over folds then has twice the variance that its rows show. `mean` takes this share of it more.
    """
    if np.ptp(every, axis=1).min() < 1e-12:
        return 1.0
    shared = (FOLDS - 2) / (FOLDS - 1)
    agreement = np.corrcoef(every)[np.triu_indices(FOLDS, 1)].mean()
    return float(np.clip(UNSEEN * (1 - agreement) / (1 - shared), 0.0, 1.0))


def _qini_parts(score: np.ndarray, gamma: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Per row what it adds to the Qini coefficient; their mean is the coefficient.

    The area between the curve of extra orders, those with the highest score written to first, and the straight line of
    a random order is the mean of effect x (1/2 - rank) (Yadlowsky and others 2021). Ranks are within a fold: scores of
    two models are not one scale.
    """
    parts = np.empty(len(gamma))
    for k in np.unique(fold):
        own = fold == k
        rank = stats.rankdata(-score[own]) / own.sum()
        centred = rank - rank.mean()
        parts[own] = -(gamma[own] - gamma[own].mean()) * centred
    return parts


def fit_line(score: np.ndarray, gamma: np.ndarray, customer: np.ndarray, campaign: np.ndarray) -> Line:
    """How the effect seen hangs on a score."""
    centre, level = float(score.mean()), float(gamma.mean())
    deviation = score - centre
    square = float(np.mean(deviation**2))
    level_sd = spread(gamma - level, customer, campaign)
    if square < 1e-16:
        return Line(level, 1.0, centre, level_sd, SLOPE_SD)
    seen = float(np.mean(deviation * gamma)) / square
    residual = gamma - level - seen * deviation
    seen_sd = spread(residual * deviation, customer, campaign) / square
    precision = 1 / seen_sd**2 + 1 / SLOPE_SD**2
    slope = max((seen / seen_sd**2 + 1 / SLOPE_SD**2) / precision, 0.0)
    return Line(level, slope, centre, level_sd, precision**-0.5)


# --- averages and their errors ---


def spread(part: np.ndarray, customer: np.ndarray, campaign: np.ndarray) -> float:
    """Standard error of the mean of centred parts, whose rows of one customer and of one campaign move together.

    Two-way clusters (Cameron, Gelbach and Miller 2011); with few campaigns customers alone.
    """
    total = _clustered(part, customer)
    if _differs(campaign):
        both = total + _clustered(part, campaign) - float(np.sum(part**2))
        total = max(total, both)
    return float(np.sqrt(total)) / len(part)


def _differs(campaign: np.ndarray) -> bool:
    return int(campaign.max()) + 1 >= FEW_CAMPAIGNS


def _clustered(part: np.ndarray, cluster: np.ndarray) -> float:
    sums = np.bincount(cluster, weights=part)
    return float(np.sum(sums**2)) * (count := len(sums)) / max(count - 1, 1)


def mean(
    part: np.ndarray, customer: np.ndarray, campaign: np.ndarray, chance: float = 0.0, level: float = LEVEL
) -> Estimate:
    """Mean of `part` over rows with its interval. customer, campaign: numbers from 0 on, per row.

    chance: 0 for what hangs on no choice; of what was chosen by cross-fitted models, see `_chance`.
    """
    value = float(part.mean())
    reach = quantile(campaign, level) * spread(part - value, customer, campaign) * float(np.sqrt(1 + chance))
    return Estimate(value, value - reach, value + reach)


def quantile(campaign: np.ndarray, level: float) -> float:
    """Standard errors to go on either side: Student's t over campaigns where their differences are known."""
    upper = 0.5 + level / 2
    return float(stats.t.ppf(upper, int(campaign.max())) if _differs(campaign) else stats.norm.ppf(upper))
