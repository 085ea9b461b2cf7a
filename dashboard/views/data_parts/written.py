"""Part of Data: a date as somebody would say it, and the ways to write one."""

from datetime import datetime

import pandas as pd

from dashboard.text import language, t
from engine.shop import dates

_SHOWN = datetime(2026, 3, 31, 14, 5)  # no other order of its numbers is a date


def date_in_words(written: str, by: str) -> str:
    """The day that a date says, read by a format: "5 January 2026"."""
    day = dates.instants(pd.Series([written], dtype="str"), by, "UTC", "UTC").iloc[0]
    if pd.isna(day):
        return by
    return f"{day.year}年{day.month}月{day.day}日" if language() == "zh" else f"{day.day} {day:%B %Y}"


def format_name(by: object) -> str:
    """A format by an example of it: "31/03/2026 14:05"."""
    if not by:
        return t("data.format_found_out")
    if by == dates.EPOCH:
        return t("data.format_epoch")
    return "2026-03-31 14:05" if by == dates.ISO else _SHOWN.strftime(str(by))


def formats_of(cells: pd.Series) -> list[str]:
    """The formats in which at least one of these cells is a date."""
    texts = cells.dropna().astype("str").str.strip()
    texts = texts[texts != ""].head(3)
    if texts.empty or not texts.str.contains(r"\d[-/.年 ]|\d{8}", regex=True).any():
        return []
    return [
        one
        for one in (dates.ISO, dates.EPOCH, *dates.FORMATS)
        if dates.instants(texts, one, "UTC", "UTC").notna().any()
    ]
