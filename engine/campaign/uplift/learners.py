"""T, X and DR learners of an individual effect, for randomised treatment with a known propensity.

Kuenzel, Sekhon, Bickel and Yu (2019) for T and X; Kennedy (2023) for DR. Arrays have one entry per row; a matrix has
standardised columns (engine.model.encode). Effects are differences of probabilities.
"""

from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
from scipy.special import expit
from sklearn.linear_model import BayesianRidge, LogisticRegression

NAMES = ("t", "x", "dr", "dr_trees")
INVERSE_PENALTIES = (0.003, 0.03, 0.3)
# How much freer the two arms' common part is than their difference: an effect has a tenth of an order's information.
DIFFERENCES = (0.05, 0.2, 1.0)
FREE = 30.0  # scale of the treatment column: its average effect is not to be shrunk
FAILURES_PER_SUCCESS, FEWEST = 5, 5_000
TREE = {
    "objective": "regression",
    "num_leaves": 6,
    "learning_rate": 0.1,
    "max_bin": 31,
    "lambda_l2": 20.0,
    "feature_fraction": 0.7,
    "num_threads": 1,  # two threads on a busy two-core machine wait for each other longer than they work
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}
MOST_TREES = 60


@dataclass(frozen=True, slots=True)
class Trial:
    """Rows of a randomised trial. treated, converted: 1 or 0; propensity: P(treated = 1), inside (0, 1)."""

    matrix: np.ndarray
    treated: np.ndarray
    converted: np.ndarray
    propensity: np.ndarray

    def take(self, where: np.ndarray) -> "Trial":
        return Trial(self.matrix[where], self.treated[where], self.converted[where], self.propensity[where])


@dataclass(frozen=True, slots=True)
class Settings:
    """Penalties of the response model: scikit-learn's C, and the scale of the columns of the arms' difference."""

    inverse: float
    difference: float


@dataclass(frozen=True, slots=True)
class Responses:
    """P(order) of both arms from one logistic regression: a common part, and a difference drawn to the same for all."""

    intercept: float
    common: np.ndarray
    effect: float
    difference: np.ndarray
    centre: float  # mean of treated: its column is centred

    def predict(self, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(P(order | sent), P(order | not sent)) per row."""
        common, difference = self.intercept + matrix @ self.common, self.effect + matrix @ self.difference
        return expit(common + (1 - self.centre) * difference), expit(common - self.centre * difference)


def responses(trial: Trial, settings: Settings, seed: int) -> Responses:
    """Both arms' order probabilities; of many rows without an order a weighted sample (Fithian and Hastie 2014)."""
    rows, weight = _sampled(trial, seed)
    matrix, columns = trial.matrix[rows], trial.matrix.shape[1]
    centre = float(trial.treated.mean())
    arm = (trial.treated[rows] - centre)[:, None]
    design = np.column_stack([matrix, arm * FREE, arm * matrix * settings.difference])
    model = LogisticRegression(C=settings.inverse, solver="newton-cholesky", max_iter=50)
    model.fit(design, trial.converted[rows], sample_weight=weight)
    weights = model.coef_[0]
    return Responses(
        float(model.intercept_[0]),
        weights[:columns],
        float(weights[columns] * FREE),
        weights[columns + 1 :] * settings.difference,
        centre,
    )


def _sampled(trial: Trial, seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    kept, weight = [], []
    for arm in (0, 1):
        own = trial.treated == arm
        successes, failures = np.flatnonzero(own & (trial.converted == 1)), np.flatnonzero(own & (trial.converted == 0))
        size = min(len(failures), max(FAILURES_PER_SUCCESS * len(successes), FEWEST))
        drawn = failures if size == len(failures) else np.sort(random.choice(failures, size, replace=False))
        kept += [successes, drawn]
        weight += [np.ones(len(successes)), np.full(size, len(failures) / max(size, 1))]
    return np.concatenate(kept), np.concatenate(weight)


def tuned(learned: Trial, judged: Trial, seed: int) -> Settings:
    """Penalties with the lowest log-loss on `judged`, both arms weighing the same."""
    weight = np.where(judged.treated == 1, 1 / judged.propensity, 1 / (1 - judged.propensity))
    best, lowest = Settings(INVERSE_PENALTIES[0], DIFFERENCES[0]), np.inf
    tried = [Settings(inverse, DIFFERENCES[1]) for inverse in INVERSE_PENALTIES]
    for round_ in range(2):
        for one in tried:
            sent, not_sent = responses(learned, one, seed).predict(judged.matrix)
            p = np.clip(np.where(judged.treated == 1, sent, not_sent), 1e-6, 1 - 1e-6)
            loss = -np.average(judged.converted * np.log(p) + (1 - judged.converted) * np.log1p(-p), weights=weight)
            if loss < lowest:
                best, lowest = one, loss
        if round_ == 0:
            tried = [Settings(best.inverse, difference) for difference in DIFFERENCES if difference != DIFFERENCES[1]]
    return best


def scores(trial: Trial, sent: np.ndarray, not_sent: np.ndarray) -> np.ndarray:
    """Doubly robust score of each row's effect: unbiased whatever the response models say (Robins and others 1994)."""
    return sent + trial.treated * (trial.converted - sent) / trial.propensity - scores_anyway(trial, not_sent)


def scores_anyway(trial: Trial, not_sent: np.ndarray) -> np.ndarray:
    """The same of an order without the message."""
    return not_sent + (1 - trial.treated) * (trial.converted - not_sent) / (1 - trial.propensity)


def anyway(sent: np.ndarray, not_sent: np.ndarray, effect: np.ndarray, propensity: float) -> np.ndarray:
    """Probability to order without the message, from what all did and what writing added.

    Surer than the order probability of those left out, of whose orders there are few.
    """
    return np.clip(propensity * sent + (1 - propensity) * not_sent - propensity * effect, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Straight:
    """A ridge regression whose penalty is learned from the rows themselves (MacKay 1992)."""

    intercept: float
    weights: np.ndarray
    covariance: np.ndarray

    def predict(self, matrix: np.ndarray) -> np.ndarray:
        return self.intercept + matrix @ self.weights

    def sd(self, matrix: np.ndarray) -> np.ndarray:
        """How far a row's own deviation from the average may be from what is predicted: posterior sd."""
        return np.sqrt(np.einsum("ij,jk,ik->i", matrix, self.covariance, matrix, optimize=True))


def straight(matrix: np.ndarray, target: np.ndarray, weight: np.ndarray) -> Straight:
    """Fitted to `target`."""
    model = BayesianRidge(max_iter=100, tol=1e-4).fit(matrix, target, sample_weight=weight / weight.mean())
    return Straight(float(model.intercept_), model.coef_, model.sigma_)


@dataclass(frozen=True, slots=True)
class Effect:
    """One learner's effect of a message on a row's order probability."""

    name: str
    arms: Responses | None = None
    of_sent: Straight | None = None
    of_held: Straight | None = None
    line: Straight | None = None
    trees: lgb.Booster | None = None
    propensity: float = 0.5

    def predict(self, matrix: np.ndarray) -> np.ndarray:
        if self.arms is not None:
            sent, not_sent = self.arms.predict(matrix)
            return sent - not_sent
        if self.of_sent is not None and self.of_held is not None:
            # The side that was learned from more rows of the other arm's model counts by the other arm's share.
            return self.propensity * self.of_held.predict(matrix) + (1 - self.propensity) * self.of_sent.predict(matrix)
        assert self.line is not None, "every other learner is a line, with or without trees on it"
        found = self.line.predict(matrix)
        return found if self.trees is None else found + self.trees.predict(matrix, num_threads=1)


def effects(
    trial: Trial, sent: np.ndarray, not_sent: np.ndarray, arms: Responses, stop: np.ndarray, seed: int
) -> dict[str, Effect]:
    """Every learner, from rows whose order probabilities come from models that have not seen them.

    `arms` is the T learner, fitted on all of these rows; `stop` marks the rows on which trees are stopped.
    """
    treated = trial.treated == 1
    share = float(trial.propensity.mean())
    held_effect = (sent - trial.converted)[~treated]
    sent_effect = (trial.converted - not_sent)[treated]
    pseudo = scores(trial, sent, not_sent)
    weight = _precision(trial, sent, not_sent)
    line = straight(trial.matrix, pseudo, weight)
    even = np.ones(len(pseudo))
    of_sent = straight(trial.matrix[treated], sent_effect, even[treated])
    of_held = straight(trial.matrix[~treated], held_effect, even[~treated])
    return {
        "t": Effect("t", arms=arms),
        "x": Effect("x", of_sent=of_sent, of_held=of_held, propensity=share),
        "dr": Effect("dr", line=line),
        "dr_trees": Effect("dr_trees", line=line, trees=_trees(trial.matrix, pseudo, weight, line, stop, seed)),
    }


def _precision(trial: Trial, sent: np.ndarray, not_sent: np.ndarray) -> np.ndarray:
    """Inverse variance of the scores; within five times the usual one, so that no few rows decide."""
    variance = sent * (1 - sent) / trial.propensity + not_sent * (1 - not_sent) / (1 - trial.propensity)
    usual = float(np.median(variance))
    return 1.0 / np.clip(variance, max(usual / 5, 1e-9), max(usual * 5, 1e-9))


def _trees(
    matrix: np.ndarray, target: np.ndarray, weight: np.ndarray, line: Straight, stop: np.ndarray, seed: int
) -> lgb.Booster | None:
    """Boosted trees on what the line leaves, stopped early on the rows `stop`; None where none helps."""
    left = target - line.predict(matrix)
    settings = TREE | {"seed": seed, "min_data_in_leaf": max(20, len(target) // 40)}
    learned = lgb.Dataset(matrix[~stop], left[~stop], weight=weight[~stop], params=settings)
    judged = lgb.Dataset(matrix[stop], left[stop], weight=weight[stop], reference=learned, params=settings)
    booster = lgb.train(
        settings, learned, MOST_TREES, valid_sets=[judged], callbacks=[lgb.early_stopping(5, verbose=False)]
    )
    if booster.best_iteration < 1 or booster.best_score["valid_0"]["l2"] >= float(
        np.average(left[stop] ** 2, weights=weight[stop])
    ):
        return None
    return lgb.Booster(model_str=booster.model_to_string(num_iteration=booster.best_iteration))
