"""How good forecasts have been: the share of ranges that held, bias and calibration, over time and by channel.

Takes forecasts beside what came, whoever made them: those on record (engine.outcome.judged), or campaigns that a model
was asked about without having seen them (`rehearsed`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import logit

from engine.model import calibrate, coverage
from engine.model.coverage import Held

JUDGED = ["figure", "campaign", "channel", "at", "forecast", "low", "high", "actual", "trials"]
FEWEST = 3  # campaigns, for a bias with a range
RATES = ("ctr", "rate")  # how the names of rates end
_TARGET = {"click": "ctr", "order": "order_rate", "ad_click": "ad_ctr", "ad_conversion": "ad_order_rate"}
FIGURES = tuple(_TARGET.values())  # of those rehearsed


@dataclass(frozen=True, slots=True)
class Bias:
    """Mean of log(forecast / actual) over campaigns: 0.1 is 10 % too much. low, high: 95 %, None with few."""

    mean: float
    low: float | None
    high: float | None
    campaigns: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """Log-odds of what came = shift + slope x log-odds of what was said, at the usual forecast. Perfect: 0 and 1.

    A slope below 1 says that forecasts differ more than what comes.
    """

    shift: float
    slope: float
    campaigns: int


def on_record(judged: pd.DataFrame) -> pd.DataFrame:
    """JUDGED of engine.outcome.judged: what is over, has a range, and came."""
    known = judged[judged["held"].notna()]
    at = pd.to_datetime(known["starts_at"])
    return known.rename(columns={"plan_id": "campaign"}).assign(at=at)[[*JUDGED, "held"]].sort_values("at")


def rehearsed(card: Mapping, since: pd.DataFrame, starts: Mapping[str, pd.Timestamp]) -> pd.DataFrame:
    """JUDGED of campaigns held out when the model was learned, and of those since. starts: by campaign.

    card: of the model in use; since: engine.campaign.since.campaigns. The earliest first.
    """
    parts = []
    for target, figure in _TARGET.items():
        facts = card["targets"].get(target, {})
        table = pd.DataFrame(facts.get("coverage", {}).get("rows", []))
        if len(table):
            trials = {row["campaign"]: row["trials"] for row in facts["held_out"]}
            table = table.assign(
                figure=figure, at=_when(table["campaign"], starts), trials=table["campaign"].map(trials)
            )
            parts.append(table.rename(columns={"predicted": "forecast"}))
        newer = since[since["target"] == target].rename(columns={"predicted": "forecast"})
        parts.append(newer.assign(figure=figure))
    found = pd.concat([part[JUDGED] for part in parts if len(part)] or [pd.DataFrame(columns=JUDGED)])
    found = found.assign(held=found["actual"].between(found["low"], found["high"]).astype("float64"))
    return found.sort_values("at", kind="stable", ignore_index=True)


def _when(campaign: pd.Series, starts: Mapping[str, pd.Timestamp]) -> pd.Series:
    """The first day of a campaign; of ads, whose campaigns are weeks, that of the week."""
    weeks = pd.to_datetime(campaign.astype("str").str.split("/").str[0], errors="coerce", format="%Y-%m-%d")
    return pd.to_datetime(campaign.map(starts)).fillna(weeks)


def held(rows: pd.DataFrame) -> Held:
    """How many of the ranges held, with the share's own range."""
    return coverage.held(int(rows["held"].sum()), len(rows))


def over_time(rows: pd.DataFrame, periods: int = 6) -> pd.DataFrame:
    """at, first, last, inside, of, share, low, high: stretches of as many campaigns, one after the other."""
    ordered = rows.sort_values("at", kind="stable")
    found = []
    for part in np.array_split(np.arange(len(ordered)), max(1, min(periods, len(ordered) // 5))):
        own = ordered.iloc[part]
        if len(own):
            one = held(own)
            first, last = own["at"].min(), own["at"].max()
            found.append(
                (first + (last - first) / 2, first, last, one.inside, one.of, one.inside / one.of, one.low, one.high)
            )
    return pd.DataFrame(found, columns=["at", "first", "last", "inside", "of", "share", "low", "high"])


def bias(rows: pd.DataFrame) -> Bias | None:
    """Of one figure's rows together; None where nothing can be compared.

    Half a success stands for none: as a rate, as a count, or in money half of the least that any of them brought.
    """
    known = rows[rows["forecast"] > 0]
    is_rate, is_money = known["figure"].str.endswith(RATES), known["figure"].eq("revenue")
    least = (0.5 / known["trials"]).where(is_rate, 0.5).fillna(0.5)
    least = least.mask(is_money, known.loc[known["actual"] > 0, "actual"].min() / 2)
    actual = known["actual"].where(known["actual"] > 0, least)
    ratio = np.log((known["forecast"] / actual).dropna().to_numpy("float64"))
    if not len(ratio):
        return None
    mean, count = float(ratio.mean()), len(ratio)
    if count < FEWEST:
        return Bias(mean, None, None, count)
    reach = float(stats.t.ppf(0.975, count - 1) * ratio.std(ddof=1) / np.sqrt(count))
    return Bias(mean, mean - reach, mean + reach, count)


def bias_over_time(rows: pd.DataFrame) -> pd.DataFrame:
    """channel, period (first day of a quarter), bias, low, high, campaigns: of each channel and quarter."""
    found = []
    quarter = rows["at"].dt.to_period("Q").dt.start_time
    for (channel, period), own in rows.groupby([rows["channel"].astype("str"), quarter]):
        one = bias(own)
        if one is not None:
            found.append((channel, period, one.mean, one.low, one.high, one.campaigns))
    return pd.DataFrame(found, columns=["channel", "period", "bias", "low", "high", "campaigns"])


def calibration(rows: pd.DataFrame) -> Calibration | None:
    """Of rates; None with fewer than FEWEST campaigns or none that anybody answered."""
    known = rows[(rows["forecast"] > 0) & (rows["forecast"] < 1) & (rows["trials"] > 0)]
    trials = known["trials"].to_numpy("float64")
    successes = np.clip(known["actual"].to_numpy("float64"), 0, 1) * trials
    if len(known) < FEWEST or successes.sum() <= 0:
        return None
    said = logit(known["forecast"].to_numpy("float64"))
    affine = calibrate.fit(said, trials, successes, unit=known["campaign"].to_numpy("str"))
    usual = float(np.average(said, weights=trials))
    return Calibration(float(affine(np.array(usual))) - usual, affine.slope, len(known))


def told(rows: pd.DataFrame, figures: Sequence[str]) -> list[dict]:
    """As JSON, of each figure and channel ("" = all): the ranges that held, bias, and of rates the calibration."""
    found = []
    for figure in figures:
        own = rows[rows["figure"] == figure]
        channels = ["", *sorted({str(one) for one in own["channel"]} - {""})]
        for channel in channels if len(channels) > 2 else [""]:
            some = own[own["channel"] == channel] if channel else own
            if len(some):
                found.append(_told(some, figure, channel))
    return found


def _told(rows: pd.DataFrame, figure: str, channel: str) -> dict:
    moved = bias(rows) if not figure.startswith("extra_") else None
    fitted = calibration(rows) if figure.endswith(RATES) else None
    return {
        "figure": figure,
        "channel": channel,
        "first": rows["at"].min().date(),
        "last": rows["at"].max().date(),
        "ranges_that_held": asdict(held(rows)),
        "bias": asdict(moved) if moved else None,
        "calibration": asdict(fitted) if fitted else None,
    }
