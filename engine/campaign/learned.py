"""What a response model learned, for people: which features matter, how the rate goes with each, simple rules.

Of a sample of the rows it learned from. It is what goes together in the past, not what causes what.
"""

from dataclasses import asdict

import numpy as np
import pandas as pd

from engine.campaign.rows import CUSTOMER_SHARES, DISCOUNT_BEND
from engine.model.baselines import Leaf
from engine.model.encode import source
from engine.model.fit import Response, Rows

SAMPLE = 2_000
SHOWN = 20  # features whose dependence is kept: the most important ones
BINS = 10
LEVELS = 12
OTHER = "\x00other"  # no text of a shop's
# Columns whose thresholds nobody can read; the small tree does without.
UNREADABLE = {"season|sin", "season|cos", "discount|curve", "discount|x discount_share", "discount|amount"}
RATES = ("click_rate", "order_rate", "click_rate_channel")
SHARES = {*CUSTOMER_SHARES, "campaign_share", "discount|fraction", "discount|curve", "coded_orders|share"}


def told(model: Response, rows: Rows, seed: int) -> dict:
    """importance: mean |contribution| by feature, largest first. dependence: by feature, its bins or levels.

    Of at most SAMPLE rows, each counted by its trials. A bin has low, high (of the feature; None for a level), level
    (its text; None for a bin), share (of the trials), contribution with its 10 % and 90 % (log-odds), rate (mean
    predicted).
    """
    size = min(SAMPLE, len(rows.trials))
    drawn = np.sort(np.random.default_rng(seed).choice(len(rows.trials), size, replace=False))
    frame, weight = rows.features.iloc[drawn].reset_index(drop=True), rows.trials[drawn]
    base, parts = model.contributions(frame)
    rate = model.predict(frame)
    importance = (parts.abs() * weight[:, None]).sum() / weight.sum()
    importance = importance[importance > 0].sort_values(ascending=False, kind="stable")
    return {
        "rows": size,
        "base": base,
        "importance": [{"feature": str(name), "mean_abs": float(value)} for name, value in importance.items()],
        "dependence": {
            str(name): _dependence(values_of(frame, str(name)), parts[name].to_numpy(), rate, weight)
            for name in importance.index[:SHOWN]
        },
    }


def values_of(frame: pd.DataFrame, feature: str) -> pd.Series:
    """One feature in the units people know: a logarithm undone, the month instead of its sine, a text as it stands."""
    if f"{feature}|sin" in frame and f"{feature}|cos" in frame:
        angle = np.arctan2(frame[f"{feature}|sin"], frame[f"{feature}|cos"]) % (2 * np.pi)
        return pd.Series(np.minimum(np.floor(angle / (2 * np.pi) * 12) + 1, 12), frame.index)
    for detail in ("|log", "", "|fraction", "|length"):
        if f"{feature}{detail}" in frame:
            return own_units(f"{feature}{detail}", frame[f"{feature}{detail}"])
    column = next(str(c) for c in frame if source(str(c)) == feature)
    return own_units(column, frame[column])


def own_units(column: str, values: pd.Series) -> pd.Series:
    """Values of a model's column as the shop knows them: exp of a rate's logarithm, a count from log(1 + count)."""
    feature, _, detail = column.partition("|")
    if not pd.api.types.is_numeric_dtype(values):
        return values.astype("str")
    numbers = values.astype("float64")
    if detail == "log" and feature in RATES:
        return np.exp(numbers)
    if detail in ("log", "amount", "per thousand"):
        return np.expm1(numbers)
    return -DISCOUNT_BEND * np.log1p(-numbers) if column == "discount|curve" else numbers


def is_share(feature: str) -> bool:
    """Whether a feature's values are fractions, to be written in percent."""
    return feature in RATES or feature in {source(column) for column in SHARES} - {"coded_orders"}


def _dependence(values: pd.Series, parts: np.ndarray, rate: np.ndarray, weight: np.ndarray) -> list[dict]:
    numeric = pd.api.types.is_numeric_dtype(values)
    group = _bins(values.to_numpy("float64")) if numeric else _levels(values, weight)
    found = []
    for one in sorted(set(group), key=lambda name: (str(name) == "", name if numeric else 0)):
        inside = group == one
        low, high = (float(np.quantile(parts[inside], share)) for share in (0.1, 0.9))
        of = values[inside]
        found.append(
            {
                "low": float(of.min()) if numeric and one >= 0 else None,
                "high": float(of.max()) if numeric and one >= 0 else None,
                "level": None if numeric else str(one),
                "share": float(weight[inside].sum() / weight.sum()),
                "contribution": float(np.average(parts[inside], weights=weight[inside])),
                "contribution_low": low,
                "contribution_high": high,
                "rate": float(np.average(rate[inside], weights=weight[inside])),
            }
        )
    return found if numeric else sorted(found, key=lambda bin: -bin["share"])


def _bins(values: np.ndarray) -> np.ndarray:
    """The number of each value's bin, -1 where it is unknown: single values where there are few, else tenths."""
    isknown = ~np.isnan(values)
    single = np.unique(values[isknown])
    if len(single) <= LEVELS:
        return np.where(isknown, np.searchsorted(single, values), -1)
    edges = np.unique(np.quantile(values[isknown], np.linspace(0, 1, BINS + 1)[1:-1]))
    return np.where(isknown, np.searchsorted(edges, values, side="left"), -1)


def _levels(values: pd.Series, weight: np.ndarray) -> np.ndarray:
    """The text of each row, OTHER for one beyond LEVELS."""
    total = pd.Series(weight).groupby(values.to_numpy()).sum().sort_values(ascending=False, kind="stable")
    kept = set(total.index[: LEVELS if len(total) <= LEVELS else LEVELS - 1])
    return np.array([value if value in kept else OTHER for value in values], dtype=object)


def rules(leaves: list[Leaf]) -> list[dict]:
    """The small tree's rules as JSON."""
    return [asdict(leaf) for leaf in leaves]
