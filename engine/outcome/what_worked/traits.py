"""What past campaigns and ads have or lack, as columns: words, offer, timing, channel, attributes of the shop's own."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from engine.campaign import copy_features
from engine.shop import big_days

MOST_LEVELS = 8  # of an attribute; one with more names campaigns rather than telling them apart
HOURS = {"morning": (5, 11), "midday": (11, 17), "evening": (17, 23)}  # from, until
PER_DISCOUNT = 0.1  # a discount is told per 10 points of the price
WORDS = tuple(one for one in copy_features.FEATURES if one != "length")


@dataclass(frozen=True, slots=True)
class Trait:
    """family: "headline", "body", "offer", "timing", "channel", "about"; name within it, level of a text column ("").

    is_amount: its effect is per unit (10 characters, 10 points of discount), its sides are above and below the middle.
    """

    family: str
    name: str
    level: str = ""
    is_amount: bool = False


def traits(rows: pd.DataFrame, names: Collection[str], own: Collection[str]) -> dict[Trait, np.ndarray]:
    """Columns by trait, one value a row of `sends`: 1.0 has it, 0.0 lacks it, NaN unknown; or an amount.

    names: of products, for words; own: attributes of the shop's own.
    """
    found: dict[Trait, np.ndarray] = {}
    for part in ("headline", "body"):
        found |= _words(rows, part, names)
    found |= _offer(rows) | _timing(rows)
    found |= _levels(rows, "channel", "channel", "channel")
    for column in ("goal", "language", *own):
        found |= _levels(rows, "about", column, column)
    return found


def _words(rows: pd.DataFrame, part: str, names: Collection[str]) -> dict[Trait, np.ndarray]:
    if part not in rows:
        return {}
    texts = rows[part].astype("str").fillna("").str.strip()
    has = copy_features.features(texts, names).where(texts.ne(""))
    found = {Trait(part, name): has[name].to_numpy("float64") for name in WORDS}
    return found | {Trait(part, "length", is_amount=True): has["length"].to_numpy("float64")}


def _offer(rows: pd.DataFrame) -> dict[Trait, np.ndarray]:
    if "offer_kind" not in rows:
        return {}
    kind = rows["offer_kind"].astype("str").fillna("none")
    found = {Trait("offer", "any"): kind.ne("none").to_numpy("float64")}
    found |= _levels(rows.assign(offer_kind=kind), "offer", "offer_kind", "kind")
    if "discount" in rows:
        off = rows["discount"].astype("float64").where(kind.eq("percent"))
        found[Trait("offer", "discount", is_amount=True)] = (off / PER_DISCOUNT).to_numpy()
    has_offer = kind.ne("none")
    for column in ("min_spend", "code", "category"):
        if column in rows:
            found[Trait("offer", column)] = rows[column].notna().astype("float64").where(has_offer).to_numpy()
    return found


def _timing(rows: pd.DataFrame) -> dict[Trait, np.ndarray]:
    hour, day = rows["hour"].to_numpy("float64"), rows["weekday"].to_numpy("float64")
    of_messages = rows["kind"].eq("messages").to_numpy()
    found = {}
    for name, (first, end) in HOURS.items():
        found[Trait("timing", name)] = np.where(np.isnan(hour), np.nan, (hour >= first) & (hour < end))
    found[Trait("timing", "weekend")] = np.where(of_messages, day >= 5, np.nan)
    for number in range(7):
        found[Trait("timing", "weekday", str(number))] = np.where(of_messages, day == number, np.nan)
    return found


def _levels(rows: pd.DataFrame, family: str, column: str, name: str) -> dict[Trait, np.ndarray]:
    """One column per level of a text; a level against all others."""
    if column not in rows:
        return {}
    values = rows[column].astype("str").where(rows[column].notna())
    levels = sorted(values.dropna().unique())
    if not 2 <= len(levels) <= MOST_LEVELS:
        return {}
    # Of two levels one is the other's opposite.
    chosen = levels[:1] if len(levels) == 2 else levels
    return {
        Trait(family, name, level): values.eq(level).astype("float64").where(values.notna()).to_numpy()
        for level in chosen
    }


# --- what else differs ---


def beside(rows: pd.DataFrame, chinese: bool) -> dict[str, np.ndarray]:
    """Columns by name for what goes with traits and with results: audience, season, channel, offer, language."""
    found: dict[str, np.ndarray] = {}
    for name in ("recent_buyers", "buyers"):
        if name in rows and rows[name].notna().any():
            found[f"audience {name}"] = rows[name].fillna(rows[name].mean()).to_numpy("float64")
    for level in sorted(rows["channel"].dropna().unique())[1:]:
        found[f"channel {level}"] = rows["channel"].eq(level).to_numpy("float64")
    if "offer_kind" in rows:
        kind = rows["offer_kind"].astype("str").fillna("none")
        found["offer any"] = kind.ne("none").to_numpy("float64")
        if "discount" in rows:
            off = rows["discount"].astype("float64").where(kind.eq("percent"))
            found["offer discount"] = off.fillna(0.0).to_numpy("float64")
    year = 2 * np.pi * rows["at"].dt.day_of_year.to_numpy() / 365.25
    found |= {"season cos": np.cos(year), "season sin": np.sin(year), "season sale": _on_sale(rows, chinese)}
    if "language" in rows:
        found["language zh"] = rows["language"].eq("zh").to_numpy("float64")
    return {name: column for name, column in found.items() if np.ptp(column) > 0}


def _on_sale(rows: pd.DataFrame, chinese: bool) -> np.ndarray:
    """1.0 for what went out on the days of a big sale."""
    days = rows["at"].dt.date
    years = {day.year for day in days}
    sales = [one for year in years for one in big_days.of_year(year, chinese)]
    return np.array([float(any(one.starts_at <= day <= one.ends_at for one in sales)) for day in days])
