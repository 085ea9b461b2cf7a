"""What went with better results, line by line."""

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from scipy import special

from engine.campaign.copy_features import product_names
from engine.model.shrunk import log_odds
from engine.outcome import sends
from engine.outcome.what_worked import settling as tests
from engine.outcome.what_worked import traits as columns
from engine.outcome.what_worked.associations import LEAST_ROWS, Association, Results, associations, sides
from engine.outcome.what_worked.settling import Settling
from engine.outcome.what_worked.traits import Trait
from engine.sentences import Sentence
from engine.shop.big_days import keeps_chinese_days
from engine.shop.store import Shop

Measure = Literal["extra", "orders", "clicks", "revenue"]
MEASURES: tuple[Measure, ...] = ("extra", "orders", "clicks", "revenue")
PER = 1_000  # extra orders are told per so many messages
LEAST_SENT = 100  # messages or times shown


@dataclass(frozen=True, slots=True)
class Line:
    """One trait. effect, low, high: a relative change (0.1: 10 % more); of "extra" orders per PER messages.

    sent_with, sent_without: messages (ads: times shown) on both sides. told: it stands out of all traits looked at.
    """

    trait: Trait
    effect: float
    low: float
    high: float
    p_value: float
    p_adjusted: float
    told: bool
    with_it: int
    without: int
    sent_with: int
    sent_without: int
    settling: Settling | None


@dataclass(frozen=True, slots=True)
class Answer:
    """Of one kind of sending ("messages", "ads") and one measure: an association, never a cause.

    lines: the clearest first. usual: the mean of the measure (a rate, revenue per message, extra per PER). campaigns:
    campaigns or ads; first, last: of their sending. corrected: what was taken out ("audience", "season", "channel",
    "offer", "language", "group": within a campaign only). missing: why nothing is told.
    """

    kind: str
    measure: Measure
    lines: list[Line]
    usual: float
    campaigns: int
    sent: int
    first: pd.Timestamp | None
    last: pd.Timestamp | None
    corrected: tuple[str, ...]
    missing: Sentence | None = None


def answer(shop: Shop) -> list[Answer]:
    """One per kind of sending and measure that was recorded. Raises NotEnoughData without campaigns and ads."""
    table = sends.sends(shop)
    names, chinese = product_names(shop), keeps_chinese_days(shop)
    known = {*columns_known(), *sends.COPIED}
    found = []
    for kind, rows in table.groupby("kind", sort=True):
        own = [one for one in rows if one not in known and rows[one].notna().any()]
        rows, few = rows.reset_index(drop=True), (rows["sent"] < LEAST_SENT).to_numpy()
        for measure in MEASURES:
            results = measured(rows, measure)
            if results is not None:
                results = replace(results, chance=np.where(few, 0.0, results.chance))
                traits = columns.traits(rows, names, own)
                beside = columns.beside(rows, chinese)
                found.append(_answer(shop, str(kind), measure, rows, results, traits, beside))
    return found


def rows(one: Answer) -> list[dict[str, object]]:
    """The lines as numbers, for files. kind, measure, family, name, level; effect, low, high as of Line; told 1 or 0;
    test_per_arm (people), test_difference (in the rate), test_days: None where no test can be planned."""
    return [
        {
            "kind": one.kind, "measure": one.measure, "family": line.trait.family, "name": line.trait.name,
            "level": line.trait.level, "effect": line.effect, "low": line.low, "high": line.high,
            "p_value": line.p_value, "p_adjusted": line.p_adjusted, "told": int(line.told),
            "campaigns_with": line.with_it, "campaigns_without": line.without, "sent_with": line.sent_with,
            "sent_without": line.sent_without,
            "test_per_arm": line.settling.per_arm if line.settling else None,
            "test_difference": line.settling.difference if line.settling else None,
            "test_days": line.settling.days if line.settling else None,
        }
        for line in one.lines
    ]  # fmt: skip


def columns_known() -> set[str]:
    """Columns of `sends` that are no trait of their own."""
    return {
        "unit", "channel", "at", "sent", "delivered", "clicked", "clicked_of", "orders", "orders_of", "revenue",
        "held_out", "held_out_orders", "held_out_of", "kind", "group", "reached", "hour", "weekday", "recent_buyers",
        "buyers",
    }  # fmt: skip


def measured(rows: pd.DataFrame, measure: Measure) -> Results | None:
    """The measure by row; None where it is not recorded of any."""
    group = _groups(rows)
    if measure == "extra":
        if "held_out_of" not in rows or not (rows["held_out_of"] > 0).any():
            return None
        done, of = rows["orders"].to_numpy("float64"), rows["orders_of"].to_numpy("float64")
        held, held_of = rows["held_out_orders"].to_numpy("float64"), rows["held_out_of"].to_numpy("float64")
        with np.errstate(divide="ignore", invalid="ignore"):
            p, q = (done + 0.5) / (of + 1), (held + 0.5) / (held_of + 1)
            value = np.where(held_of > 0, done / of - held / held_of, np.nan)
            chance = p * (1 - p) / of + q * (1 - q) / held_of
        return Results(PER * value, np.where(np.isfinite(chance), PER**2 * chance, 0.0), group)
    if measure == "revenue":
        orders = rows["orders"].to_numpy("float64")
        revenue = rows["revenue"].to_numpy("float64") / rows["reached"].to_numpy("float64")
        use = (orders > 0) & (revenue > 0)
        if not use.any():
            return None
        value = np.full(len(rows), np.nan)
        value[use] = np.log(revenue[use])
        # Orders come by chance, and baskets differ by about as much as they are worth.
        return Results(value, np.where(use, 2 / np.maximum(orders, 1), 0.0), group)
    done, of = ("clicked", "clicked_of") if measure == "clicks" else ("orders", "orders_of")
    count, trials = rows[done].to_numpy("float64"), rows[of].to_numpy("float64")
    use = (trials > 0) & np.isfinite(count)
    if not count[use].sum() > 0:
        return None
    value, chance = np.full(len(rows), np.nan), np.zeros(len(rows))
    value[use], chance[use] = log_odds(np.minimum(count[use], trials[use]), trials[use])
    return Results(value, chance, group)


def _groups(rows: pd.DataFrame) -> np.ndarray | None:
    """The campaign that ads are compared within; None where rows stand for themselves."""
    if not rows["group"].notna().any():
        return None
    group = rows["group"].astype("str").where(rows["group"].notna())
    return group.to_numpy() if group.duplicated().sum() >= LEAST_ROWS else None


def _answer(
    shop: Shop,
    kind: str,
    measure: Measure,
    rows: pd.DataFrame,
    results: Results,
    traits: dict[Trait, np.ndarray],
    beside: dict[str, np.ndarray],
) -> Answer:
    use = np.isfinite(results.value) & (results.chance > 0)
    known = rows[use]
    usual = usual_of(known, measure)
    corrected = tuple(dict.fromkeys(name.split()[0] for name in beside)) if results.group is None else ("group",)
    missing, lines = None, []
    if len(known) < LEAST_ROWS:
        values = {"campaigns": len(known), "needed": LEAST_ROWS}
        missing = Sentence(f"worked.few_{kind}", values)
    else:
        found = associations(traits, results, beside)
        pace, window = _pace(known), _window(shop, known)
        lines = [_line(one, traits[one.trait], known, use, measure, usual, pace, window) for one in found]
        missing = None if lines else Sentence("worked.nothing_varies")
    return Answer(
        kind, measure, lines, usual, len(known), int(known["sent"].sum()),
        known["at"].min() if len(known) else None, known["at"].max() if len(known) else None, corrected, missing,
    )  # fmt: skip


def usual_of(rows: pd.DataFrame, measure: Measure) -> float:
    """The measure over all rows together."""
    if measure == "extra":
        difference = rows["orders"] / rows["orders_of"] - rows["held_out_orders"] / rows["held_out_of"]
        return float(np.average(PER * difference, weights=rows["sent"])) if len(rows) else math.nan
    part, whole = {
        "orders": ("orders", "orders_of"), "clicks": ("clicked", "clicked_of"), "revenue": ("revenue", "reached"),
    }[measure]  # fmt: skip
    total = float(rows[whole].sum())
    return float(rows[part].sum()) / total if total > 0 else math.nan


def _pace(rows: pd.DataFrame) -> float | None:
    """Messages a day, over the time in which these went out."""
    days = (rows["at"].max() - rows["at"].min()).days
    return float(rows["sent"].sum()) / days if days > 0 else None


def _window(shop: Shop, rows: pd.DataFrame) -> int:
    return max((shop.settings.window(str(one)) for one in rows["channel"].dropna().unique()), default=7)


def _line(
    one: Association,
    column: np.ndarray,
    rows: pd.DataFrame,
    use: np.ndarray,
    measure: Measure,
    usual: float,
    pace: float | None,
    window: int,
) -> Line:
    having, sent = sides(one.trait, column)[use], rows["sent"].to_numpy("float64")
    with_it, without = (int(sent[having == side].sum()) for side in (1.0, 0.0))
    effect, low, high = (_told(value, measure, usual) for value in (one.effect, one.low, one.high))
    base, difference = _rate(rows, measure, usual, effect)
    test = tests.settling(base, difference, pace, window)
    return Line(
        one.trait, effect, low, high, one.p_value, one.p_adjusted, one.is_told, one.with_it, one.without, with_it,
        without, test,
    )  # fmt: skip


def _told(value: float, measure: Measure, usual: float) -> float:
    """An effect as it is said: of rates the change at the usual rate, which odds alone are not."""
    if measure == "extra":
        return value
    if measure == "revenue":
        return math.expm1(value)
    usual = min(max(usual, 1e-6), 1 - 1e-6)  # a tool's totals may know more orders than messages
    return float(special.expit(special.logit(usual) + value)) / usual - 1


def _rate(rows: pd.DataFrame, measure: Measure, usual: float, effect: float) -> tuple[float, float]:
    """The rate a test would be about, and the difference in it. Revenue is tested on orders, which vary less."""
    if measure in ("orders", "clicks"):
        return usual, usual * effect
    base = usual_of(rows, "orders")
    return base, effect / PER if measure == "extra" else base * effect
