"""Which hour to send at: the response by hour, corrected for what else differs, and what is not known of it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from engine.model.shrunk import effects, log_odds
from engine.outcome.sends import sends
from engine.sentences import Sentence
from engine.shop.store import Shop

LEVEL = 0.95  # of all hours together
FEWEST_CAMPAIGNS, FEWEST_HOURS = 8, 2


@dataclass(frozen=True, slots=True)
class Hours:
    """Of one channel; measure: "click" or "order".

    table: hour, campaigns, messages, raw (its own rate), rate, low, high (fractions; the channel's usual rate with the
    hour's effect alone, drawn towards none; 95 % of all hours together), verdict ("better", "worse", "cannot_tell").
    never: hours that were never tried. best: the hour whose range lies above those of all others, mostly None.
    missing: why nothing can be said; the table then has only counts.
    """

    channel: str
    measure: str
    campaigns: int
    messages: int
    usual: float
    first: pd.Timestamp
    last: pd.Timestamp
    table: pd.DataFrame
    never: tuple[int, ...]
    best: int | None
    corrected: tuple[str, ...]
    missing: Sentence | None = None


def hours(shop: Shop) -> list[Hours]:
    """By channel of messages; none where no campaign says when it was sent."""
    table = sends(shop)
    table = table[(table["kind"] == "messages") & table["hour"].notna()]
    return [_of(str(channel), rows.reset_index(drop=True)) for channel, rows in table.groupby("channel")]


def _of(channel: str, rows: pd.DataFrame) -> Hours:
    measure = "click" if rows["clicked"].sum() > 0 else "order"
    done, of = ("clicked", "clicked_of") if measure == "click" else ("orders", "orders_of")
    rows = rows[rows[of].fillna(0) > 0].reset_index(drop=True)
    rows = rows.assign(done=np.minimum(rows[done].fillna(0.0), rows[of]), of=rows[of], hour=rows["hour"].astype(int))
    table = rows.groupby("hour").agg(campaigns=("unit", "size"), messages=("of", "sum"), done=("done", "sum"))
    table = table.reset_index().assign(raw=lambda found: found["done"] / found["messages"])
    never = tuple(hour for hour in range(24) if hour not in set(table["hour"]))
    usual = float(rows["done"].sum() / rows["of"].sum()) if len(rows) else float("nan")
    columns, corrected = beside(rows)
    missing = None
    if len(rows) < FEWEST_CAMPAIGNS or len(table) < FEWEST_HOURS:
        values = {"campaigns": len(rows), "hours": len(table), "needed": FEWEST_CAMPAIGNS}
        missing = Sentence("channels.hours_few", values)
        table = table.assign(rate=np.nan, low=np.nan, high=np.nan, verdict="cannot_tell")
    else:
        table = _judged(table, rows, columns, usual)
    return Hours(
        channel, measure, len(rows), int(rows["of"].sum()), usual, rows["at"].min(), rows["at"].max(),
        table.drop(columns="done"), never, _best(table) if missing is None else None, corrected, missing,
    )  # fmt: skip


def beside(rows: pd.DataFrame) -> tuple[np.ndarray, tuple[str, ...]]:
    """A column of ones and what else differs between campaigns; as many columns as a fourth of the rows at most."""
    none = pd.Series(0.0, rows.index)
    kind = rows["offer_kind"].astype("str").fillna("none") if "offer_kind" in rows else none.astype("str")
    share = rows["discount"].where(kind.eq("percent")).fillna(0.0) if "discount" in rows else none
    audience = rows.get("recent_buyers", none)
    found = {"audience": audience.fillna(audience.mean()).fillna(0.0), "discount": share.astype("float64")}
    if "language" in rows:
        found["language"] = rows["language"].astype("str").eq("zh").astype("float64")
    names = [name for name, column in found.items() if column.nunique() > 1][: max(len(rows) // 4 - 1, 0)]
    return np.column_stack([np.ones(len(rows)), *(found[name].to_numpy("float64") for name in names)]), tuple(names)


def _judged(table: pd.DataFrame, rows: pd.DataFrame, columns: np.ndarray, usual: float) -> pd.DataFrame:
    odds, chance = log_odds(rows["done"].to_numpy("float64"), rows["of"].to_numpy("float64"))
    group = np.searchsorted(table["hour"].to_numpy(), rows["hour"].to_numpy())
    found = effects(group, columns, odds, chance)
    wide = float(stats.norm.ppf(1 - (1 - LEVEL) / 2 / len(table)))
    middle = np.log(usual / (1 - usual))
    low, high = found.mean - wide * found.sd, found.mean + wide * found.sd
    verdict = np.select([low > 0, high < 0], ["better", "worse"], "cannot_tell")
    rates = {
        name: 1 / (1 + np.exp(-(middle + one)))
        for name, one in zip(("rate", "low", "high"), (found.mean, low, high), strict=True)
    }
    return table.assign(**rates, verdict=verdict)


def _best(table: pd.DataFrame) -> int | None:
    top = table.loc[table["rate"].idxmax()]
    others = table[table["hour"] != top["hour"]]
    return int(top["hour"]) if (others["high"] < top["low"]).all() else None
