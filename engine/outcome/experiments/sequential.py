"""Looking at a test every day: p-values that stay right however often, and whenever, somebody looks.

Rates. Each day's conversions are taken as given, and the question is in which arm they fell. Where both arms convert
alike, the arm's share of them is hypergeometric, whatever the rate of that day; where the odds differ by a factor, it
is Fisher's noncentral hypergeometric. The likelihood ratio of the two, multiplied over days and averaged over factors,
is a test martingale: the chance that it ever reaches 1 / p is at most p (Ville 1939), at low rates too, and with rates
that move from day to day. The averaging is the mixture of Robbins (1970), as in Johari et al. (2017); no library here
has it for two rates (tea-tasting and statsmodels test at one look).

Numbers of visitors. The same with a multinomial against a Dirichlet mixture (Lindon and Malek 2022).
"""

import numpy as np
import pandas as pd
from scipy import special

# The factors averaged over: log odds ratios spaced by a third, so that one of them is near any true one, weighted
# towards a tenth, the size of lift that tests of copy and offers look for.
_SIZES = 0.01 * 1.35 ** np.arange(18)
FACTORS = np.concatenate([-_SIZES[::-1], _SIZES])
_WEIGHTS = np.exp(-0.5 * np.log(np.abs(FACTORS) / 0.1) ** 2)
_LOG_WEIGHTS = np.log(_WEIGHTS / _WEIGHTS.sum())
_COUNTED = 64  # as many possible outcomes of a day are summed; of more, a saddlepoint is off by less than 1e-4
_CHUNK = 20_000  # days at once: 10 MB each table
_SHARES_KNOWN = 100.0  # the Dirichlet prior weighs as 100 visitors: shares within about 10 points of those expected


def always_valid(days: pd.DataFrame) -> pd.DataFrame:
    """Each day's evidence that an arm converts otherwise than the base.

    days: pair, x, n, x0, n0 (conversions and visitors of arm and base on that day), in the order of days within a pair.
    Returns, row by row: p (running minimum, at most 1) and log_e (of the martingale).
    """
    x, n, x0, n0 = (days[name].to_numpy("float64") for name in ("x", "n", "x0", "n0"))
    pair = days["pair"].to_numpy()
    # Conversions beyond a day's visitors come from earlier days' visitors: all of those so far share them out.
    late = (x > n) | (x0 > n0)
    so_far = days.groupby("pair")[["n", "n0"]].cumsum()
    share = np.divide(so_far["n"], (so_far["n"] + so_far["n0"]).clip(lower=1)).to_numpy()
    gain = np.zeros((len(days), len(FACTORS)))
    for start in range(0, len(days), _CHUNK):
        at = slice(start, start + _CHUNK)
        gain[at] = x[at, None] * FACTORS - _log_mean(x[at] + x0[at], n[at], n0[at], late[at], share[at])
    evidence = special.logsumexp(pd.DataFrame(gain).groupby(pair).cumsum().to_numpy() + _LOG_WEIGHTS, axis=1)
    table = pd.DataFrame({"log_e": evidence}, index=days.index)
    table["p"] = np.exp(-table["log_e"].groupby(pair).cummax().clip(lower=0))
    return table


def lift_interval(
    log_e: np.ndarray, counts: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray], alpha: float
) -> tuple[np.ndarray, np.ndarray]:
    """Lifts that the evidence has not ruled out at 1 / alpha: holds at every look together.

    counts: conversions and visitors of arm and base, all days together. A lift is out where its likelihood is below
    alpha times the mixture's. The likelihood is taken as a parabola in the logarithm of the ratio, through its peak and
    its height at "no lift" (the likelihood ratio statistic), so that "no lift" is out exactly where the p-value of
    the last look is below alpha. NaN without conversions in both arms.
    """
    x, n, x0, n0 = counts
    with np.errstate(divide="ignore", invalid="ignore"):
        pooled = (x + x0) / (n + n0)
        peak = sum(
            special.xlogy(done, done / people / pooled)
            + special.xlogy(people - done, (1 - done / people) / (1 - pooled))
            for done, people in ((x, n), (x0, n0))
        )
        middle = np.log(x / n / (x0 / n0))
        spread = np.where(peak > 1e-9, middle**2 / (2 * peak), 1 / x - 1 / n + 1 / x0 - 1 / n0)
        half = np.sqrt(2 * spread * (np.maximum(peak - log_e, 0) + np.log(1 / alpha)))
        low, high = np.expm1(middle - half), np.expm1(middle + half)
    known = (x > 0) & (x0 > 0)
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


def _log_mean(done: np.ndarray, n: np.ndarray, n0: np.ndarray, late: np.ndarray, share: np.ndarray) -> np.ndarray:
    """log E[exp(factor x K)] for each day and factor, K the arm's part of `done` where both arms convert alike."""
    fewest = np.minimum(np.minimum(done, n + n0 - done), np.minimum(n, n0))
    out = done[:, None] * np.log1p(share[:, None] * np.expm1(FACTORS))  # binomial, the late ones
    counted, many = ~late & (fewest < _COUNTED), ~late & (fewest >= _COUNTED)
    out[counted] = _summed(done[counted], n[counted], n0[counted])
    out[many] = _saddle(done[many], n[many], n0[many])
    return out


def _summed(done: np.ndarray, n: np.ndarray, n0: np.ndarray) -> np.ndarray:
    low, high = np.maximum(done - n0, 0), np.minimum(done, n)
    k = low[:, None] + np.arange(_COUNTED)
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = np.log((done[:, None] - k) * (n[:, None] - k) / ((k + 1) * (n0[:, None] - done[:, None] + k + 1)))
    steps = np.where(k < high[:, None], steps, -np.inf)
    logs = np.concatenate([np.zeros((len(done), 1)), np.cumsum(steps, axis=1)[:, :-1]], axis=1)
    chances = np.exp(logs - logs.max(axis=1, keepdims=True, initial=0))
    chances /= chances.sum(axis=1, keepdims=True)
    return low[:, None] * FACTORS + np.log(chances @ np.exp(np.arange(_COUNTED)[:, None] * FACTORS))


def _saddle(done: np.ndarray, n: np.ndarray, n0: np.ndarray) -> np.ndarray:
    """The sum of C(done, k) C(rest, n - k) exp(factor k) by its saddlepoint, against that of factor 0."""
    done, n, n0 = done[:, None], n[:, None], n0[:, None]
    rest = n + n0 - done

    def log_sum(factor: np.ndarray) -> np.ndarray:
        odds = np.exp(factor)
        b = done * odds + rest - n - n * odds
        r = (-b + np.sqrt(b * b + 4 * odds * n0 * n)) / (2 * odds * n0)
        a, plain = odds * r / (1 + odds * r), r / (1 + r)
        spread = done * a * (1 - a) + rest * plain * (1 - plain)
        return done * np.log1p(odds * r) + rest * np.log1p(r) - n * np.log(r) - 0.5 * np.log(spread)

    return log_sum(FACTORS[None, :]) - log_sum(np.zeros((1, 1)))


def uneven_groups(days: pd.DataFrame) -> pd.Series:
    """The p-value of "visitors fell into the arms as intended", per experiment at its last day, running minimum.

    days: experiment, day, arm, visitors, share (intended, adding to 1 within an experiment), each experiment's days in
    order, each day with a row of every arm.
    """
    so_far = days.groupby(["experiment", "arm"], sort=False)["visitors"].cumsum()
    prior = _SHARES_KNOWN * days["share"]
    part = special.gammaln(prior + so_far) - special.gammaln(prior) - so_far * np.log(days["share"])
    looks = pd.DataFrame(
        {"experiment": days["experiment"], "day": days["day"], "part": part, "visitors": so_far}
    ).groupby(["experiment", "day"], sort=False)[["part", "visitors"]].sum()  # fmt: skip
    log_e = looks["part"] + special.gammaln(_SHARES_KNOWN) - special.gammaln(_SHARES_KNOWN + looks["visitors"])
    return np.exp(-log_e.clip(lower=0).groupby("experiment", sort=False).max())
