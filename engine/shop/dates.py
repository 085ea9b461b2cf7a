"""Dates as exports write them: one format a column, found where only one fits, and asked for where two do."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import pandas as pd

ISO, EPOCH = "iso", "epoch"  # beside strptime formats; epoch: seconds (or milliseconds) since 1970 in UTC
_SECONDS = r"\d{10}(?:\d{3})?(?:\.0+)?"  # 2001 to 2286
_DAYS = (
    "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日",
    "%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d-%m-%y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%d-%b-%Y",
    "%d-%b-%y", "%Y%m%d",
)  # fmt: skip
_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", ", %H:%M", ", %I:%M %p", " %H:%M:%S %z")
FORMATS = tuple(day + time for day in _DAYS for time in _TIMES)
_SAMPLE = 2_000  # distinct values that a format is chosen by; all of them confirm it
_FEW = 25  # of them, that rule formats out
_MOSTLY = 0.5


@dataclass(frozen=True, slots=True)
class Guess:
    """The format of a column ("" where none fits), or why it cannot be told, in a sentence with both readings."""

    format: str
    problem: str = ""
    choices: tuple[str, ...] = ()


def guess(column: pd.Series) -> Guess:
    """The one format in which the column's dates can be read; ISO where most of them are."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return Guess(ISO)
    values = pd.Series(column.dropna().astype("str").str.strip().unique(), dtype="str")
    values = values[values != ""]
    sample = values.iloc[:: max(1, len(values) // _SAMPLE)].head(_SAMPLE + 1)
    if values.empty or _share(sample, ISO) >= _MOSTLY:
        return Guess(ISO)
    if sample.str.fullmatch(_SECONDS).mean() >= _MOSTLY:
        return Guess(EPOCH)
    few = sample.iloc[:: max(1, len(sample) // _FEW)]
    likely = [one for one in FORMATS if _share(few, one) > 0]  # 152 formats on all of them take seconds
    best = max(likely, key=lambda one: _share(sample, one), default="")
    if not best or _share(sample, best) < _MOSTLY:
        return Guess("")
    other = _swapped(best)
    return Guess(best) if other is None else _of_two(values, best, other)


def _of_two(values: pd.Series, one: str, other: str) -> Guess:
    """Day before month, or month before day: decided by the dates that only one of them can read."""
    by_one, by_other = _read(values, one).notna(), _read(values, other).notna()
    only_one, only_other = values[by_one & ~by_other], values[by_other & ~by_one]
    if len(only_one) and len(only_other):
        first, second = only_one.iloc[0], only_other.iloc[0]
        return Guess(
            "",
            f"{first} can only be {_said(first, one)} and {second} only {_said(second, other)}: days and "
            "months stand in different orders in one column. Export it with one date format.",
        )
    if len(only_one) or len(only_other):
        return Guess(one if len(only_one) else other)
    both = values[by_one & by_other]
    told_apart = both[_read(both, one).to_numpy() != _read(both, other).to_numpy()]
    if told_apart.empty:  # 01/01 and 02/02 only: either reading is right
        return Guess(one)
    shown = told_apart.iloc[0]
    sentence = f"{shown} can be {_said(shown, one)} ({one}) or {_said(shown, other)} ({other})."
    return Guess("", sentence, (one, other))


def read(column: pd.Series, written: str, time_zone: str, to_zone: str) -> pd.Series:
    """The column's dates as instants of `to_zone` without a zone; where one cannot be read, all as text.

    Times without a zone of their own are of `time_zone` ("" for `to_zone`). A date that cannot be read stays as it was.
    """
    found = instants(column, written, time_zone or to_zone, to_zone)
    texts = column.astype("str").str.strip()
    lost = found.isna() & texts.notna() & texts.ne("")
    if not lost.any():
        return found
    return found.dt.strftime("%Y-%m-%d %H:%M:%S").where(~lost, texts)


def instants(column: pd.Series, written: str, from_zone: str, to_zone: str) -> pd.Series:
    """Instants of `to_zone` without a zone, in microseconds; missing where a date is not written so."""
    if pd.api.types.is_datetime64_any_dtype(column):
        naive = column
    else:
        texts = column.astype("str").str.strip().str.replace(r"(?<=\d) ?(?:UTC|GMT)$", "Z", regex=True)
        # "+02:00" or "Z" after a time; "2026-01-05" ends in what looks like one.
        aware = texts.str.contains(r"(?:Z|[+-]\d\d:?\d\d)$", regex=True, na=False) & texts.str.contains(
            r"\d[T ]\d", regex=True, na=False
        )
        naive = _read(texts.where(~aware), written)
        if aware.any() and written != EPOCH:
            there = _read(texts.where(aware), written, utc=True)
            here = there.dt.tz_convert(ZoneInfo(to_zone)).dt.tz_localize(None)
            return _moved(naive, from_zone, to_zone).astype("datetime64[us]").fillna(here.astype("datetime64[us]"))
    if written == EPOCH and naive.dt.tz is None:
        naive = naive.dt.tz_localize("UTC")
    return _moved(naive, from_zone, to_zone).astype("datetime64[us]")


def _moved(times: pd.Series, from_zone: str, to_zone: str) -> pd.Series:
    if times.dt.tz is None:
        if from_zone == to_zone:
            return times
        # An hour that the clock repeated at its change is read as the later one.
        times = times.dt.tz_localize(ZoneInfo(from_zone), nonexistent="shift_forward", ambiguous=False)
    return times.dt.tz_convert(ZoneInfo(to_zone)).dt.tz_localize(None)


def _read(texts: pd.Series, written: str, utc: bool = False) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(texts):
        return texts
    if written == EPOCH:
        seconds = pd.to_numeric(texts, errors="coerce").astype("float64")
        return pd.to_datetime(seconds.where(seconds < 1e11, seconds / 1000), unit="s", errors="coerce")
    if written != ISO:
        return pd.to_datetime(texts, format=written, errors="coerce", utc=utc)
    # "2026" and "2026-02" are read as the first of January and of February; they name no day.
    whole = texts.str.match(r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}", na=False)
    return pd.to_datetime(texts.where(whole), format="ISO8601", errors="coerce", utc=utc)


def _share(values: pd.Series, written: str) -> float:
    if written == ISO:
        return float(instants(values, written, "UTC", "UTC").notna().mean())
    return float(_read(values, written, utc="%z" in written).notna().mean())


def _swapped(written: str) -> str | None:
    """The same format with day and month in each other's place, where somebody writes dates so."""
    swapped = written.replace("%d", "\0").replace("%m", "%d").replace("\0", "%m")
    return swapped if swapped != written and swapped.split(" ")[0].strip(",") in _DAYS else None


def _said(text: str, written: str) -> str:
    day = _read(pd.Series([text]), written).iloc[0]
    return f"{day.day} {day:%B %Y}"
