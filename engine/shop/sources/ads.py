"""Reports of advertisements: one row an ad (or campaign) and day.

GA4, a report or an exploration of Google Ads by session campaign and date, saved as CSV (2023 and later): comment lines
"# ---" first, which the gate leaves out; a row of totals without a campaign (in an exploration with a field more than
the header: the gate sets it aside); dates as 20260305; campaigns such as (organic) and (not set) that are no ads.
Amounts are in the property's currency, which the file does not name.

Meta, Ads Manager's or Ads Reporting's table as CSV or XLSX: the currency stands in the column's name, "Amount spent
(EUR)"; an empty cell of purchases or clicks means none; "Reporting starts" to "Reporting ends" may be one day or many;
a row of totals has no names. "Purchases" is taken, "Results" is not: it may count anything. A report broken down by
age, gender or place is refused: its rows are parts of an ad's day and not that day, and the first two are protected.
"""

import pandas as pd

from engine.errors import DataProblem
from engine.shop.sources import amounts, roles
from engine.shop.sources.cells import filled, number
from engine.shop.sources.taken import Source, Taken
from engine.shop.store import ShopSettings
from engine.shop.tables import Problem

COLUMNS = ("ad_id", "date", "channel", "impressions", "clicks", "conversions", "cost", "revenue")
COUNTS = ("clicks", "conversions", "cost", "revenue")  # empty where there were impressions: none


def google(frame: pd.DataFrame, settings: ShopSettings) -> Taken:
    """Google Ads by campaign and day. Rows of totals and of visits that no ad brought are set aside."""
    rows = frame.copy()
    said = rows["campaign_name"].fillna("").astype("str").str.strip()
    is_total = said.str.casefold().isin(["", "total", "totals", "grand total"])
    aside: list[Problem] = [(int(row), "campaign_name", said[row], "row of totals") for row in rows.index[is_total]]
    shown = sum(number(rows, column).abs() for column in ("impressions", "clicks", "cost"))
    no_ad = ~is_total & (shown == 0)
    aside += [(int(row), "campaign_name", said[row], "no ad was shown or clicked") for row in rows.index[no_ad]]
    rows = rows[~is_total & ~no_ad].copy()
    rows["ad_id"], rows["channel"] = said[rows.index], "google_ads"
    return _taken(rows, aside)


def meta(frame: pd.DataFrame, settings: ShopSettings) -> Taken:
    """Meta's ads by day or period, in the shop's currency. Raises DataProblem for a report with breakdowns."""
    rows = frame.copy()
    broken = [column for column in rows if column.startswith("broken_down_by_") and filled(rows[column]).any()]
    if broken:
        what = ", ".join(column.removeprefix("broken_down_by_") for column in broken)
        raise DataProblem(f"This report is broken down by {what}. Export it without breakdowns, by day.")
    _name_currency(rows)
    named = [column for column in ("ad_id", "ad_name", "ad_set_name", "campaign_name") if column in rows]
    nameless = ~pd.concat([filled(rows[column]) for column in named], axis=1).any(axis=1)
    aside: list[Problem] = [(int(row), named[0], None, "row of totals") for row in rows.index[nameless]]
    rows, foreign = amounts.in_shop_currency(rows[~nameless].copy(), settings)
    rows = rows.copy()
    rows["ad_id"], rows["channel"] = _ad(rows), "meta_ads"
    flagged = {}
    if "ends_on" in rows:
        days = (_day(rows["ends_on"]) - _day(rows["date"])).dt.days + 1
        rows["period_days"] = days
        flagged = {"row of several days (kept as that period)": int((days > 1).sum())}
    taken = _taken(rows, aside + foreign)
    taken.flagged.update({reason: count for reason, count in flagged.items() if count})
    return taken


def _name_currency(rows: pd.DataFrame) -> None:
    """cost.EUR -> cost, with EUR as the row's currency."""
    for column in list(rows):
        if column != roles.base(column):
            rows[roles.base(column)] = rows.pop(column)
            rows["currency"] = column[-3:]


def _day(times: pd.Series) -> pd.Series:
    return pd.to_datetime(times, errors="coerce").dt.normalize()


def _ad(rows: pd.DataFrame) -> pd.Series:
    """The ad's number; else its names, from the campaign down."""
    path = pd.Series("", rows.index)
    for column in ("campaign_name", "ad_set_name", "ad_name"):
        if column in rows:
            name = rows[column].fillna("").astype("str").str.strip()
            path = path + (" / " + name).where(name.ne(""), "")
    path = path.str.removeprefix(" / ")
    return rows["ad_id"].where(filled(rows["ad_id"]), path) if "ad_id" in rows else path


def _taken(rows: pd.DataFrame, aside: list[Problem]) -> Taken:
    for column in (column for column in COUNTS if column in rows):
        rows[column] = rows[column].where(filled(rows[column]) | ~filled(rows["impressions"]), 0)
    attributes = ("campaign_name", "ad_set_name", "ad_name", "period_days")
    return Taken("ads", rows[[column for column in (*COLUMNS, *attributes) if column in rows]], aside)


SOURCES = (
    Source(
        "ga4_google_ads",
        "GA4: Google Ads by campaign and day",
        "ads",
        {
            "campaign_name": ("Session campaign", "Session Google Ads campaign", "Google Ads campaign", "Campaign"),
            "date": ("Date", "Day"),
            "impressions": ("Google Ads impressions", "Ads impressions"),
            "clicks": ("Google Ads clicks", "Ads clicks"),
            "cost": ("Google Ads cost", "Ads cost"),
            "conversions": ("Ecommerce purchases", "Purchases", "Key events", "Conversions"),
            "revenue": ("Purchase revenue", "Total revenue", "Ecommerce revenue"),
        },
        ("campaign_name", "date", "impressions", "clicks", "cost"),
        google,
    ),
    Source(
        "meta_ads",
        "Meta: ads",
        "ads",
        {
            "ad_id": ("Ad ID",),
            "date": ("Day", "Reporting starts"),
            "ends_on": ("Reporting ends",),
            "campaign_name": ("Campaign name",),
            "ad_set_name": ("Ad set name", "Ad Set Name"),
            "ad_name": ("Ad name",),
            "impressions": ("Impressions",),
            "clicks": ("Link clicks", "Clicks (all)"),
            "conversions": ("Purchases", "Website purchases"),
            "cost": ("Amount spent (*)",),
            "revenue": ("Purchases conversion value", "Website purchases conversion value"),
            "broken_down_by_age": ("Age",),
            "broken_down_by_gender": ("Gender",),
            "broken_down_by_country": ("Country",),
            "broken_down_by_platform": ("Platform", "Placement"),
        },
        ("date", "impressions", "cost", "campaign_name"),
        meta,
    ),
)  # fmt: skip
