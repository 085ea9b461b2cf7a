"""Results of campaigns out of mail tools: one row a campaign, or a variant of one.

Klaviyo, the export of campaigns (columns as since 2023): "Send Time" in the account's time, "Campaign Channel" Email or
SMS, orders and revenue inside the account's attribution window. An A/B test has a row a variant and may have one more
for all of them, which is set aside: its variants are its parts.

Mailchimp, campaigns.csv of the reports: "Send Date" as "Mar 05, 2026 10:00 am" in the account's time, soft and hard
bounces apart, orders and revenue only where a shop is connected. "Total" opens and clicks count one person several
times and are not taken, nor are rates: they are worked out from counts.

"Opens" of both contain those that a mail client makes by itself.
"""

import pandas as pd

from engine.shop.sources import cells
from engine.shop.sources.cells import filled, number
from engine.shop.sources.lines import last_said
from engine.shop.sources.taken import Source, Taken
from engine.shop.store import ShopSettings
from engine.shop.tables import TABLES, Problem


def results(frame: pd.DataFrame, settings: ShopSettings) -> Taken:
    """campaign_results, with the campaigns they are of; rows of what was never sent are set aside."""
    rows = frame.copy()
    name, sent = rows["campaign.name"], rows["campaign.starts_at"]
    rows["campaign_id"] = _id(rows, name, sent)
    aside: list[Problem] = [
        (int(row), "campaign.starts_at", None, "campaign was not sent") for row in rows.index[~filled(sent)]
    ]
    rows = rows[filled(sent)]
    summed = _sum_of_variants(rows)
    aside += [
        (int(row), "variant", None, "sum of a campaign whose variants have rows of their own")
        for row in rows.index[summed]
    ]
    rows = rows[~summed].copy()
    rows["date"] = rows["campaign.starts_at"]
    if {"soft_bounced", "hard_bounced"} <= set(rows):
        rows["bounced"] = number(rows, "soft_bounced") + number(rows, "hard_bounced")
    table = rows[[column for column in TABLES["campaign_results"].columns if column in rows]]
    return Taken("campaign_results", table, aside, {"campaigns": _campaigns(rows)})


def _id(rows: pd.DataFrame, name: pd.Series, sent: pd.Series) -> pd.Series:
    """The tool's own number; else name and day, as names are used again."""
    made = name.astype("str").str.strip() + " " + sent.astype("str").str[:10]
    if "campaign_id" not in rows:
        return made
    return rows["campaign_id"].where(filled(rows["campaign_id"]), made)


def _sum_of_variants(rows: pd.DataFrame) -> pd.Series:
    if "variant" not in rows:
        return pd.Series(False, rows.index)
    has = filled(rows["variant"])
    return ~has & has.groupby(rows["campaign_id"]).transform("any")


def _campaigns(rows: pd.DataFrame) -> pd.DataFrame:
    said = rows.copy()
    channel = cells.words(said, "campaign.channel")
    said["campaign.channel"] = channel.where(channel.ne(""), "email")
    said["campaign.type"] = "campaign"
    times = pd.to_datetime(said["campaign.starts_at"], errors="coerce")
    if times.dropna().ne(times.dropna().dt.normalize()).any():  # dates alone say nothing of the hour
        said["campaign.send_hour"] = times.dt.hour
    return last_said(said, "campaign_id", [], "campaign.")


SOURCES = (
    Source(
        "klaviyo_campaigns",
        "Klaviyo: campaigns",
        "campaign_results",
        {
            "campaign_id": ("Campaign ID",),
            "campaign.name": ("Campaign Name",),
            "variant": ("Variant Name", "Variant"),
            "campaign.headline": ("Subject", "Subject Line"),
            "campaign.starts_at": ("Send Time", "Send Date"),
            "campaign.channel": ("Campaign Channel", "Message Channel"),
            "recipients": ("Total Recipients",),
            "delivered": ("Successful Deliveries",),
            "opened": ("Unique Opens",),
            "clicked": ("Unique Clicks",),
            "bounced": ("Bounces",),
            "unsubscribed": ("Unsubscribes",),
            "complained": ("Spam Complaints",),
            "orders": ("Unique Placed Order", "Unique Ordered Product"),
            "revenue": ("Revenue", "Placed Order Value", "Ordered Product Value"),
        },
        ("campaign.name", "campaign.starts_at", "recipients", "complained"),
        results,
    ),
    Source(
        "mailchimp_campaigns",
        "Mailchimp: campaigns",
        "campaign_results",
        {
            "campaign_id": ("Unique Id", "Unique ID", "Campaign ID"),
            "campaign.name": ("Title",),
            "campaign.headline": ("Subject",),
            "campaign.starts_at": ("Send Date",),
            "recipients": ("Total Recipients",),
            "delivered": ("Successful Deliveries",),
            "soft_bounced": ("Soft Bounces",),
            "hard_bounced": ("Hard Bounces",),
            "opened": ("Unique Opens",),
            "clicked": ("Unique Clicks",),
            "unsubscribed": ("Unsubscribes",),
            "complained": ("Abuse Complaints",),
            "orders": ("Total Orders",),
            "revenue": ("Total Revenue", "Total Gross Sales"),
        },
        ("campaign.name", "campaign.starts_at", "recipients", "complained"),
        results,
    ),
)
