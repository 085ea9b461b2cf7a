"""A contribution in words: whose value of the feature it is, and how many points it moves the chance."""

from typing import Any

import numpy as np
import pandas as pd

from engine.campaign.feature_words import share, value_words, words
from engine.campaign.learned import values_of
from engine.campaign.scene import Setting
from engine.model.encode import source
from engine.sentences import say

# Learned from as drawn towards a usual rate; told as they are.
_PAST_RATES = {
    "click_rate": ("clicked", "sent"),
    "order_rate": ("ordered", "sent"),
    "click_rate_channel": ("clicked_channel", "sent_channel"),
}


def whole_points(contributions: np.ndarray) -> np.ndarray:
    """Log-odds as whole hundredths that add up to those of the sum: the largest remainders are rounded up.

    Contributions in points add up, and ten are odds about a tenth higher.

    >>> whole_points(np.array([0.124, 0.124, -0.004])).tolist()
    [12, 12, 0]
    """
    exact = 100 * contributions
    low = np.floor(exact)
    short = int(np.rint(exact.sum()) - low.sum())
    low[np.argsort(low - exact, kind="stable")[:short]] += 1
    return low.astype("int64")


def points_sentence(feature: str, phrase: str, points: int, language: str) -> str:
    """ "Days since last order: 12 days. Higher chance, +13 points." """
    named = words(feature, language)
    about = say("explained.about", language, feature=named[:1].upper() + named[1:], value=phrase)
    return say("explained.said", language, about=about, effect=_effect(points, language))


def _effect(points: int, language: str) -> str:
    if not points:
        return say("explained.none", language)
    counted = say("explained.point" if abs(points) == 1 else "explained.points", language, points=f"{points:+d}")
    return say("explained.higher" if points > 0 else "explained.lower", language, points=counted)


class Teller:
    """Values of the features of some rows in words: of a setting of sliders, of one row of an ads file (a frame), or of
    a setting `against` another one."""

    def __init__(
        self, at: Setting | pd.DataFrame, plan: dict, currency: str, language: str, against: Setting | None = None
    ):
        self._at, self._currency, self.language, self._against = at, currency, language, against
        self._settings = _settings(plan, currency, language)

    def value(self, feature: str) -> tuple[str, str]:
        """The value, and the same in a phrase that says whose it is; both "" where there is none to show."""
        if feature in self._settings:
            return self._settings[feature], self._settings[feature]
        if isinstance(self._at, pd.DataFrame):
            return self._single(feature, _of(self._at, feature))
        if not _has(self._at.scene.columns, feature):
            alone = pd.DataFrame([self._at.columns])
            return self._single(feature, values_of(alone, feature) if _has(alone, feature) else None)
        if self._against is not None:
            return self._compared(feature, _of_customers(self._at, feature), _of_customers(self._against, feature))
        slot = f"typical {self.language}"  # of customers: no slider changes it
        known: dict[str, tuple[str, str]] = self._at.scene.latest(slot, None, self._currency, dict)
        if feature not in known:
            known[feature] = self._typical(feature, _of_customers(self._at, feature))
        return known[feature]

    def spread(self, points: int) -> str:
        """What the customers' differences among each other are worth."""
        key = "spread_against" if self._against is not None else "spread_up" if points >= 0 else "spread_down"
        return say("explained.said", self.language, about=say(f"explained.{key}", self.language),
                   effect=_effect(points, self.language))  # fmt: skip

    def _words(self, feature: str, value: object) -> str:
        return value_words(feature, value, self._currency, self.language)

    def _single(self, feature: str, values: pd.Series | None) -> tuple[str, str]:
        if values is None:
            return "", say("explained.not_given", self.language)
        said = self._words(feature, _plain(values.iloc[0]))
        return said, said

    def _typical(self, feature: str, values: pd.Series) -> tuple[str, str]:
        """The median of numbers, the most common of texts; exact where all have the same."""
        if values.nunique(dropna=False) == 1:
            said = self._words(feature, _plain(values.iloc[0]))
            return said, said
        if values.isna().mean() > 0.5:
            said = self._words(feature, None)
            return said, say("explained.mostly", self.language, value=said, share=share(float(values.isna().mean())))
        if pd.api.types.is_numeric_dtype(values):
            said = self._words(feature, float(values.median()))
            return said, say("explained.typically", self.language, value=said)
        most = str(values.mode().iloc[0])
        said = self._words(feature, most)
        return said, say("explained.mostly", self.language, value=said, share=share(float(values.eq(most).mean())))

    def _compared(self, feature: str, here: pd.Series, there: pd.Series) -> tuple[str, str]:
        """Means of numbers; of texts the share of the one that differs most."""
        if pd.api.types.is_numeric_dtype(here):
            ends = [self._words(feature, _mean(values)) for values in (here, there)]
            return ends[0], say("explained.on_average", self.language, here=ends[0], there=ends[1])
        shares = [values.value_counts(normalize=True) for values in (here, there)]
        most = str(shares[0].sub(shares[1], fill_value=0.0).abs().idxmax())
        ends = [share(float(one.get(most, 0.0))) for one in shares]
        said = self._words(feature, most)
        return f"{said} {ends[0]}", say("explained.of_each", self.language, value=said, here=ends[0], there=ends[1])


def _has(frame: pd.DataFrame, feature: str) -> bool:
    return any(source(str(column)) == feature for column in frame)


def _of(frame: pd.DataFrame, feature: str) -> pd.Series | None:
    return values_of(frame, feature) if _has(frame, feature) else None


def _of_customers(at: Setting, feature: str) -> pd.Series:
    """A feature of those whom the message reaches, in the units people know."""
    scene = at.scene
    if feature in _PAST_RATES:
        done, of = (scene.known[name].astype("float64") for name in _PAST_RATES[feature])
        return (done / of.where(of > 0))[scene.reached]
    return values_of(scene.columns, feature)[scene.reached]


def _mean(values: pd.Series) -> float:
    """To a thousandth, as far as a share is told."""
    return round(float(values.mean()), 3)


def _plain(value: object) -> object:
    return float(value) if isinstance(value, (int, float, np.number)) else value


def _settings(plan: dict, currency: str, language: str) -> dict[str, str]:
    """What the plan itself sets, as it is printed beside its feature."""
    if not plan:
        return {}

    def said(feature: str, value: object) -> str:
        return value_words(feature, value, currency, language)

    kind, size = str(plan.get("offer_kind") or "none"), _given(plan, "discount")
    nothing = say("explained.nothing", language)
    shown = {name: said(name, _given(plan, name)) for name in ("channel", "goal", "language", "category", "type")}
    shown["offer_kind"] = said("offer_kind", kind)
    shown["discount"] = said("discount" if kind == "percent" else "aov", float(size)) if size else nothing
    least = _given(plan, "min_spend")
    shown["min_spend"] = said("min_spend", float(least)) if least else nothing
    start = pd.to_datetime(plan.get("starts_at"))
    if start is not None and not pd.isna(start):
        day = start + pd.Timedelta(days=int(plan.get("day") or 0))
        shown["season"], shown["weekday"] = said("season", day.month), said("weekday", day.day_name())
    headline = str(_given(plan, "headline") or "")[:60]
    shown["headline"] = say("explained.quoted", language, words=headline) if headline else nothing
    hour = _given(plan, "send_hour")
    shown["send_hour"] = said("send_hour", None if hour is None else f"{int(hour)}:00")
    return shown


def _given(plan: dict, name: str) -> Any:
    value = plan.get(name)
    return None if value is None or value == "" or pd.isna(value) else value
