"""What each action earns, by what was known before: a model that is only as good as its log, and says so nowhere.

Rewards that are never negative: expected = m(context) x f(action). Others: m(context) + f(action). m is a regularised
regression of scikit-learn, f what the action adds, drawn towards nothing the less the action was tried. With few
actions m also lets context change what an action does.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special
from sklearn.linear_model import LogisticRegression, Ridge
from threadpoolctl import threadpool_limits

from engine.model.encode import Encoder, learn
from engine.outcome.offpolicy.log import Log
from engine.outcome.offpolicy.policy import Policy

FOLDS = 5
FEW_ACTIONS = 20  # up to so many, and MOST_CROSSED columns, what an action does may hang on context
MOST_CROSSED = 200
PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1)  # scikit-learn's C; the first is nearly no regression at all
MOST_ROWS_TO_TUNE = 30_000
# Actions differ at least by so much: a log too small to show that they do must not make them all alike. Of the mean:
LEAST_SD = 0.5
LEAST_SD_SIGNED = 0.1  # of the rewards' standard deviation, where there may be losses


@dataclass(frozen=True, slots=True)
class Actions:
    """What actions add. f: (K,) factor or summand. trust: (K,) share of it that the action's own rows speak for.
    size: (K,) expected rewards, or rows, behind it. sd: how much actions differ."""

    f: np.ndarray
    trust: np.ndarray
    size: np.ndarray
    sd: float


@dataclass(frozen=True, slots=True)
class Expected:
    """Cross-fitted: each row's from models of other rows. logged: (n,) of the action that was taken; chosen: (n,) of
    the policy's choice. direct: (n,) as chosen, its actions from all rows. leverage: (n,) by how much n times the mean
    of `direct` moves with the row's reward. doubt: variance of that mean because actions are drawn together.
    """

    logged: np.ndarray
    chosen: np.ndarray
    direct: np.ndarray
    leverage: np.ndarray
    doubt: float


def expected(log: Log, policy: Policy, seed: int = 0) -> Expected:
    """What the logged and the chosen actions earn, as models of other rows say."""
    fold = _folds(log, seed)
    context = _context(log)
    of_logged, of_chosen = np.empty(len(log)), np.empty(len(log))
    base = np.empty((len(log), context.width))
    with threadpool_limits(1, "blas"):
        penalty = context.tuned(log, fold)
        for k in range(FOLDS):
            train, test = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
            model = context.fitted(log, train, penalty)
            actions = _actions(log, train, context.of_action(model(train), log.action[train]))
            base[test] = model(test)
            of_logged[test] = _of_logged(log, test, base[test], actions)
            of_chosen[test] = _of_chosen(log, policy, test, base[test], actions)
    every = np.arange(len(log))
    actions = _actions(log, every, context.of_action(base, log.action))
    direct = _of_chosen(log, policy, every, base, actions)
    return Expected(of_logged, of_chosen, direct, *_moves(log, policy, base, actions))


# --- what was known before ---


@dataclass(frozen=True, slots=True)
class _Context:
    """Encoded context: (n, d), or none; width: columns of what a model of it says, K where actions are told apart."""

    matrix: np.ndarray | None
    count: int
    width: int

    def columns(self, rows: np.ndarray, action: np.ndarray) -> np.ndarray:
        """What the regression sees of rows had they been given these actions."""
        assert self.matrix is not None
        known = self.matrix[rows]
        if self.width == 1:
            return known
        own = (action[:, None] == np.arange(self.count)).astype("float64")
        crossed = (own[:, :, None] * known[:, None, :]).reshape(len(rows), -1)
        return np.hstack([known, own, crossed])

    def of_action(self, said: np.ndarray, action: np.ndarray) -> np.ndarray:
        """Of (n, width) the column of each row's action."""
        return said[:, 0] if self.width == 1 else said[np.arange(len(said)), action]

    def tuned(self, log: Log, fold: np.ndarray) -> float:
        """The penalty that says most of rows held out."""
        if self.matrix is None:
            return PENALTIES[0]
        train, test = np.flatnonzero(fold > 1)[:MOST_ROWS_TO_TUNE], np.flatnonzero(fold == 1)[:MOST_ROWS_TO_TUNE]
        lost = []
        for penalty in PENALTIES:
            said = self.of_action(self.fitted(log, train, penalty)(test), log.action[test])
            reward = log.reward[test]
            if _is_binary(log.reward):
                said = np.clip(said, 1e-9, 1 - 1e-9)
                lost.append(-float(np.mean(special.xlogy(reward, said) + special.xlog1py(1 - reward, -said))))
            else:
                lost.append(float(np.mean((reward - said) ** 2)))
        return PENALTIES[int(np.argmin(lost))]

    def fitted(self, log: Log, rows: np.ndarray, penalty: float) -> Callable[[np.ndarray], np.ndarray]:
        """A function of rows -> (rows, width), learned from `rows`."""
        reward = log.reward[rows]
        level = float(reward.mean())
        if self.matrix is None or np.ptp(reward) == 0:
            return lambda asked: np.full((len(asked), self.width), level)
        if _is_binary(log.reward):
            model = LogisticRegression(C=penalty, max_iter=300).fit(self.columns(rows, log.action[rows]), reward)
        else:
            model = Ridge(alpha=1 / penalty).fit(self.columns(rows, log.action[rows]), reward)
        least = level * 0.05 if log.never_negative else -np.inf

        def said(asked: np.ndarray) -> np.ndarray:
            found = np.empty((len(asked), self.width))
            for k in range(self.width):
                columns = self.columns(asked, np.full(len(asked), k))
                told = model.predict_proba(columns)[:, 1] if hasattr(model, "predict_proba") else model.predict(columns)
                found[:, k] = np.maximum(told, least)
            return found

        return said


def _context(log: Log) -> _Context:
    encoder: Encoder | None = None
    if log.context.shape[1]:
        encoder = learn(log.context, np.ones(len(log)), {})
    count = len(log.actions)
    if encoder is None or encoder.columns == ["nothing known"]:
        return _Context(None, count, 1)
    matrix = encoder.matrix(log.context)
    is_crossed = count <= FEW_ACTIONS and count * matrix.shape[1] <= MOST_CROSSED
    return _Context(matrix, count, count if is_crossed else 1)


def _is_binary(reward: np.ndarray) -> bool:
    return bool(np.isin(reward, (0.0, 1.0)).all())


def _folds(log: Log, seed: int) -> np.ndarray:
    """0 to FOLDS - 1 per row, all rows of a cluster alike."""
    random = np.random.default_rng(seed)
    if log.cluster is None:
        return random.permutation(len(log)) % FOLDS
    return (random.permutation(int(log.cluster.max()) + 1) % FOLDS)[log.cluster]


# --- what actions add ---


def _actions(log: Log, rows: np.ndarray, base: np.ndarray) -> Actions:
    """Empirical Bayes: (DerSimonian and Laird 1986) how much actions differ, and how far to believe each."""
    count, action, reward = len(log.actions), log.action[rows], log.reward[rows]
    times = log.never_negative
    size = np.bincount(action, weights=base if times else None, minlength=count).astype("float64")
    seen = size > 0
    rest = np.bincount(action, weights=reward if times else reward - base, minlength=count)
    own = np.where(seen, rest / np.where(seen, size, 1.0), 1.0 if times else 0.0)
    square = float(np.sum((reward - base) ** 2)) / max(float(size.sum()), 1e-12)
    noise = np.where(seen, square / np.where(seen, size, 1.0), np.inf)
    middle, least = (1.0, LEAST_SD) if times else (0.0, LEAST_SD_SIGNED * float(np.std(reward)))
    sd = max(_differ(own[seen], noise[seen]), least)
    trust = sd**2 / (sd**2 + noise) if sd else np.zeros(count)
    return Actions(middle + trust * (own - middle), trust, size, sd)


def _differ(own: np.ndarray, noise: np.ndarray) -> float:
    """Standard deviation of actions beyond their noise."""
    if len(own) < 2 or not (noise > 0).all():
        return 0.0
    weight = 1 / noise
    heterogeneity = float(np.sum(weight * (own - np.average(own, weights=weight)) ** 2))
    scale = float(weight.sum() - np.sum(weight**2) / weight.sum())
    return float(np.sqrt(max(0.0, (heterogeneity - (len(own) - 1)) / scale))) if scale > 0 else 0.0


def _of_logged(log: Log, rows: np.ndarray, base: np.ndarray, actions: Actions) -> np.ndarray:
    action = log.action[rows]
    own = base[:, 0] if base.shape[1] == 1 else base[np.arange(len(rows)), action]
    return own * actions.f[action] if log.never_negative else own + actions.f[action]


def _of_chosen(log: Log, policy: Policy, rows: np.ndarray, base: np.ndarray, actions: Actions) -> np.ndarray:
    """Under the policy. Of an action that the log does not know, as much as of the usual one is expected."""
    chance, cell = policy.chance, policy.cell[rows]
    unknown = np.maximum(1 - chance.sum(axis=1), 0.0)[cell]
    if base.shape[1] == 1:
        mean = (chance @ actions.f)[cell]
        whole = chance.sum(axis=1)[cell]
        known = base[:, 0] * mean if log.never_negative else base[:, 0] * whole + mean
    else:
        own = base * actions.f if log.never_negative else base + actions.f
        known = np.sum(chance[cell] * own, axis=1)
    return known + unknown * base.mean(axis=1)


def _moves(log: Log, policy: Policy, base: np.ndarray, actions: Actions) -> tuple[np.ndarray, float]:
    """Leverage of each row on the direct estimate, and the variance of what is only drawn together, see Expected."""
    times, n = log.never_negative, len(log)
    if base.shape[1] == 1:
        cells = np.bincount(policy.cell, weights=base[:, 0] if times else None, minlength=len(policy.chance))
        share = cells @ policy.chance / n
    else:
        share = np.mean(policy.chance[policy.cell] * (base if times else 1.0), axis=0)
    own = share * actions.trust * n / np.where(actions.size > 0, actions.size, np.inf)
    level = float(base.mean()) if times else 1.0
    rest = float(np.sum(share * (1 - actions.trust))) / level if level else 0.0
    doubt = float(np.sum((share * (1 - actions.trust) * actions.sd) ** 2))
    return own[log.action] + rest, doubt
