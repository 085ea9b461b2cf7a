"""Do responses change over time, beyond what campaigns differ by? Only then does the past count for less.

A trend of response rates over time within each channel, in a regression of campaigns with random effects: campaigns
differ by what they offered and said (a ridge on their columns) and by chance, and both are estimated (restricted
maximum likelihood; Berkey et al. 1995, "A random-effects regression model for meta-analysis"). All trends are asked at
once, by an F test.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import stats
from scipy.optimize import minimize

from engine.model.calibrate import USUAL_SD
from engine.model.encode import learn
from engine.model.parts import Rows

CHANNEL = "channel"
MIN_UNITS = 6  # of a channel, for a trend of its own
LEVEL = 0.05
CLOCKS = ("season|", "weekday")  # they tell the time themselves, and would explain a trend away
_USUAL_COLUMN_SD = 0.15


@dataclass(frozen=True, slots=True)
class Drift:
    """found: whether response rates have a trend. p: chance of such trends where there is none; None = not asked.
    trends: log-odds from the first unit to the last, with standard error, by channel ("all" where there is none)."""

    found: bool
    p: float | None
    reason: str
    trends: dict[str, tuple[float, float]] = field(default_factory=dict)

    def to_json(self) -> dict:
        trends = [{"channel": name, "log_odds": slope, "se": se} for name, (slope, se) in self.trends.items()]
        return {"found": self.found, "p": self.p, "level": LEVEL, "reason": self.reason, "trends": trends}


def drift(rows: Rows, rule: str, shrunk: set[str]) -> Drift:
    """Whether response rates of `rows` have a trend; `shrunk`: the columns that describe a campaign."""
    if rule.startswith("customers"):
        return Drift(False, None, "all at one time")
    rates, columns = _rates(rows, shrunk)
    usual = rates.groupby("channel")["unit"].count()
    asked = [str(channel) for channel, count in usual.items() if count >= MIN_UNITS]
    fixed = _fixed(rates, asked)
    free = len(rates) - fixed.shape[1]
    if not asked or free < 3:
        return Drift(False, None, f"no channel with {MIN_UNITS} campaigns or stretches of time")
    slopes, covariance = _regression(rates, columns, fixed)
    slopes, covariance = slopes[-len(asked) :], covariance[-len(asked) :, -len(asked) :]
    statistic = float(slopes @ np.linalg.solve(covariance, slopes)) / len(asked)
    p = float(stats.f.sf(statistic, len(asked), free))
    errors = np.sqrt(np.diag(covariance))
    trends = {c: (float(s), float(e)) for c, s, e in zip(asked, slopes, errors, strict=True)}
    return Drift(p < LEVEL, p, "trend" if p < LEVEL else "no trend beyond what campaigns differ by", trends)


def _rates(rows: Rows, shrunk: set[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A row per unit and channel: log-odds and its sampling variance; and the campaign's columns, aligned.

    Half a success and half a failure are added (Haldane 1956, Anscombe 1956): no rate is 0 or 1.
    """
    named = rows.features[CHANNEL].astype("str") if CHANNEL in rows.features else pd.Series("all", rows.features.index)
    code, units = pd.MultiIndex.from_arrays([rows.unit, named.to_numpy()]).factorize(sort=True)
    s = np.bincount(code, weights=rows.successes) + 0.5
    f = np.bincount(code, weights=rows.trials - rows.successes) + 0.5
    rates = pd.DataFrame({"unit": units.get_level_values(0), "channel": units.get_level_values(1)})
    rates = rates.assign(log_odds=np.log(s / f), variance=1 / s + 1 / f)
    described = [c for c in rows.features if str(c) in shrunk and not str(c).startswith(CLOCKS)]
    return rates, rows.features[described].groupby(code).first()


def _fixed(rates: pd.DataFrame, asked: list[str]) -> np.ndarray:
    """A column per channel, then the time, from -1/2 to 1/2, of each channel that is asked."""
    time = (rates["unit"].rank(method="dense") - 1).to_numpy()
    time = time / max(time.max(), 1.0) - 0.5
    levels = [rates["channel"].eq(channel).to_numpy("float64") for channel in sorted(rates["channel"].unique())]
    return np.stack([*levels, *(rates["channel"].eq(channel).to_numpy() * time for channel in asked)], axis=1)


def _regression(rates: pd.DataFrame, columns: pd.DataFrame, fixed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fixed effects and their covariance."""
    described = learn(columns, np.full(len(columns), 1e3), {}).matrix(columns)
    shared, y = described @ described.T, rates["log_odds"].to_numpy()
    usual = np.log([_USUAL_COLUMN_SD, USUAL_SD])

    def solved(sds: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        column_sd, campaign_sd = np.exp(sds)
        covariance = column_sd**2 * shared + np.diag(campaign_sd**2 + rates["variance"].to_numpy())
        root = np.linalg.cholesky(covariance)
        white = np.linalg.solve(root, np.column_stack([fixed, y]))
        information = white[:, :-1].T @ white[:, :-1]
        effects = np.linalg.solve(information, white[:, :-1].T @ white[:, -1])
        rest = white[:, -1] - white[:, :-1] @ effects
        deviance = np.log(np.diag(root)).sum() + 0.5 * np.linalg.slogdet(information)[1] + 0.5 * rest @ rest
        return float(deviance), effects, np.linalg.inv(information)

    options = {"xatol": 0.02, "fatol": 0.005}  # a trend's error hardly hangs on the last per cent of a spread
    # Drawn to what is usual, as few campaigns can show their spread only roughly.
    found = minimize(
        lambda sds: solved(sds)[0] + 0.5 * np.sum((sds - usual) ** 2), usual, method="Nelder-Mead", options=options
    ).x
    _, effects, covariance = solved(found)
    return effects, covariance
