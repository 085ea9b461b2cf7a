"""Did the way a subject was written change its clicks? What this shop's own campaigns say, or that they do not say.

A ridge regression of each campaign's click log-odds on features of its headline, beside what it offered and in which
language. Campaigns differ for reasons nobody wrote down, so a campaign counts by its messages only up to how much
campaigns differ anyway. An effect is told only where both hold: campaigns left out are predicted better with the
features than without, and its range, for all features at once, leaves out "no effect".
"""

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.linear_model import BayesianRidge
from sklearn.model_selection import KFold
from threadpoolctl import threadpool_limits

from engine.campaign import merge
from engine.campaign.plan import PARTS
from engine.campaign.rows import headline_columns
from engine.campaign.writer.voice import clicks_by_campaign
from engine.shop.store import Shop

LEAST_CAMPAIGNS = 16  # below, a range over seven features says nothing
LEAST_WITH = 4  # campaigns that have a feature, and that lack it
LEAST_MESSAGES = 100  # of a campaign
LEVEL = 0.95  # of all ranges together
FOLDS = 10
FEATURES = ("question", "urgent", "number", "emoji", "discount", "first_name", "product", "length")
_DISCOUNT = r"[%％]|\d\s*折|\boff\b|[$€£¥￥]\s?\d|立减|满减|半价|\bhalf price\b"


@dataclass(frozen=True, slots=True)
class Effect:
    """What one feature does to a click's log-odds, with its range. `length`: ten characters more."""

    feature: str
    effect: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the past campaigns of a channel say of words. `told` is empty where they say nothing."""

    campaigns: int
    told: tuple[Effect, ...] = ()

    def of(self, headline: str, names: Collection[str] = ()) -> Effect | None:
        """The effect of all that a headline has, against one that has none of it; None without evidence.

        The parts' ranges are added up, which is wider than their sum's own range.
        """
        if not self.told:
            return None
        has = features(pd.Series([headline]), names).iloc[0]
        sizes = [(one, float(has[one.feature])) for one in self.told]
        return Effect(
            "",
            sum(one.effect * size for one, size in sizes),
            sum(min(one.low * size, one.high * size) for one, size in sizes),
            sum(max(one.low * size, one.high * size) for one, size in sizes),
        )


def relative(log_odds: float) -> float:
    """How much more is clicked, as a fraction of the clicks: clicks are so rare that odds and shares are the same.

    >>> round(relative(0.0953), 2)
    0.1
    """
    return math.expm1(log_odds)


def features(headlines: pd.Series, names: Collection[str] = ()) -> pd.DataFrame:
    """One row a headline: 1.0 or 0.0 for each feature, its length in tens of characters. `names`: of products."""
    marks = headline_columns(headlines.astype("str"))
    found = {name: marks[f"headline|{name}"] for name in ("question", "urgent", "number", "emoji")}
    found["discount"] = headlines.str.contains(_DISCOUNT, regex=True, case=False).astype("float64")
    found["first_name"] = headlines.str.contains(merge.SLOT, regex=False).astype("float64")
    named = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True) if len(name) >= 2)
    found["product"] = headlines.str.contains(named, regex=True, case=False).astype("float64") if named else 0.0
    found["length"] = headlines.str.len().astype("float64") / 10
    return pd.DataFrame(found, index=headlines.index)[list(FEATURES)]


def title(filled: Mapping[str, str]) -> str:
    """What readers see first of a message: its headline or subject, of a text message its text.

    As a plan writes it into its campaign, so that what was learned from campaigns speaks of the same words.
    """
    return filled.get("headline") or filled.get("subject") or filled.get("body", "")


def product_names(shop: Shop) -> frozenset[str]:
    """Names that a headline may name."""
    return (
        frozenset(shop.table("products", ["name"])["name"].dropna().astype(str))
        if shop.has("products")
        else frozenset()
    )


def evidence(shop: Shop, channel: str) -> Evidence:
    """What the shop's campaigns of a channel say; nothing for a shop without headlines or clicks."""
    text = "headline" if {"headline", "subject"} & set(PARTS.get(channel, ("headline",))) else "body"
    present = shop.columns("campaigns")
    if not {"channel", text} <= set(present):
        return Evidence(0)
    beside = [one for one in ("language", "offer_kind", "discount") if one in present]
    campaigns = shop.table("campaigns", ["campaign_id", "channel", text, *beside])
    campaigns = campaigns[(campaigns["channel"] == channel) & campaigns[text].fillna("").str.strip().ne("")]
    sent = campaigns.merge(clicks_by_campaign(shop), on="campaign_id")
    sent = sent[sent["messages"] >= LEAST_MESSAGES].sort_values("campaign_id", ignore_index=True)
    has = features(sent[text], product_names(shop))
    return learned(has, _beside(sent), sent["clicks"], sent["messages"])


def _beside(sent: pd.DataFrame) -> pd.DataFrame:
    """What else differs between campaigns and goes with their words: language and offer."""
    none = pd.Series("", sent.index)
    kind = sent.get("offer_kind", none).fillna("none").replace("", "none")
    share = sent["discount"].where(kind == "percent").fillna(0.0) if "discount" in sent else 0.0
    return pd.DataFrame(
        {"zh": (sent.get("language", none) == "zh").astype("float64"), "offer": kind.ne("none").astype("float64")}
    ).assign(share=share)


# --- the regression ---


def learned(has: pd.DataFrame, beside: pd.DataFrame, clicks: pd.Series, messages: pd.Series) -> Evidence:
    """The effects of features, a row a campaign."""
    count = len(has)
    own = [name for name in has if _varies(has[name])]
    if count < LEAST_CAMPAIGNS or not own:
        return Evidence(count)
    beside = beside[[name for name in beside if beside[name].nunique() > 1]]
    rate = (clicks + 0.5) / (messages + 1)
    odds = np.log(rate / (1 - rate)).to_numpy()
    chance = (1 / (messages * rate * (1 - rate))).to_numpy()  # variance of each, were nothing else different
    both = pd.concat([has[own], beside], axis=1).to_numpy("float64")
    with threadpool_limits(1, "blas"):  # tables this small are slower with two threads
        weight = _weights(both, odds, chance)
        found = _told(both, own, odds, weight)
        if not found or _missed(both, odds, weight) >= _missed(beside.to_numpy("float64"), odds, weight):
            return Evidence(count)
    return Evidence(count, found)


def _varies(column: pd.Series) -> bool:
    if column.isin([0.0, 1.0]).all():
        return min(column.sum(), len(column) - column.sum()) >= LEAST_WITH
    return column.nunique() >= LEAST_WITH


def _weights(rows: np.ndarray, odds: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """One over what a campaign's log-odds vary by: chance, and how much campaigns differ anyway."""
    between = 0.0
    for _ in range(2):
        weight = 1 / (chance + between)
        fitted = _fit(rows, odds, weight)
        off = odds - fitted.predict(_scaled(rows, rows))
        free = max(len(odds) - rows.shape[1] - 1, 1)
        between = max(0.0, float(np.sum(off**2) / free - chance.mean()))
    return np.asarray(1 / (chance + between))


def _told(rows: np.ndarray, own: list[str], odds: np.ndarray, weight: np.ndarray) -> tuple[Effect, ...]:
    """The features whose range leaves out no effect, the ranges made for all of them together (Bonferroni)."""
    model, scale = _fit(rows, odds, weight), _spread(rows)
    wide = float(stats.t.ppf(1 - (1 - LEVEL) / 2 / len(own), max(len(odds) - rows.shape[1] - 1, 1)))
    found = []
    for at, name in enumerate(own):
        effect, sd = model.coef_[at] / scale[at], math.sqrt(model.sigma_[at, at]) / scale[at]
        if abs(effect) > wide * sd:
            found.append(Effect(name, float(effect), float(effect - wide * sd), float(effect + wide * sd)))
    return tuple(found)


def _missed(rows: np.ndarray, odds: np.ndarray, weight: np.ndarray) -> float:
    """Weighted squared error for campaigns left out."""
    total = 0.0
    for learn, judge in KFold(min(FOLDS, len(odds)), shuffle=True, random_state=0).split(odds):
        if rows.shape[1]:
            told = _fit(rows[learn], odds[learn], weight[learn]).predict(_scaled(rows[judge], rows[learn]))
        else:
            told = np.average(odds[learn], weights=weight[learn])
        total += float(np.sum(weight[judge] * (odds[judge] - told) ** 2))
    return total


def _fit(rows: np.ndarray, odds: np.ndarray, weight: np.ndarray) -> BayesianRidge:
    """Ridge on columns of one size, its penalty learned from the rows (MacKay 1992)."""
    return BayesianRidge(max_iter=100, tol=1e-4).fit(_scaled(rows, rows), odds, sample_weight=weight / weight.mean())


def _scaled(rows: np.ndarray, by: np.ndarray) -> np.ndarray:
    return np.asarray((rows - by.mean(axis=0)) / _spread(by))


def _spread(rows: np.ndarray) -> np.ndarray:
    spread = rows.std(axis=0)
    return np.where(spread > 0, spread, 1.0)
