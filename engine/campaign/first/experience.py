"""What the few past campaigns of a shop did: counts per campaign, and how alike each is to a plan."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import numpy as np
import pandas as pd

from engine.campaign.past_sends import known_deliveries, known_totals
from engine.model.calibrate import USUAL_SD
from engine.model.fit import MIN_SUCCESSES
from engine.model.mixing import Estimate, Level, observed
from engine.shop.store import Shop

COLUMNS = [
    "campaign_id", "channel", "kind", "sent", "clicks", "click_trials", "orders", "order_trials", "held_orders", "held",
]  # fmt: skip
# How far the rates of alike campaigns lie from each other, in log-odds: one kind of offer from another as far as one
# campaign from the next, one channel from another twice as far.
OFFERS_APART, CHANNELS_APART = USUAL_SD, 2 * USUAL_SD
Counted = Literal["clicks", "orders", "extra"]


@dataclass(frozen=True, slots=True)
class Experience:
    """campaigns: one row per past campaign whose outcome is known, with COLUMNS; *_trials are messages of which an
    outcome is recorded, held those left out on purpose. last_sent is "" without any."""

    campaigns: pd.DataFrame
    last_sent: str

    @property
    def messages(self) -> int:
        return int(self.campaigns["sent"].sum())

    @property
    def responses(self) -> int:
        """Orders on record, or clicks where no campaign records orders."""
        return self.total("orders") or self.total("clicks")

    def total(self, counted: Counted) -> int:
        return int(self.campaigns[counted].sum())

    @property
    def can_be_learned(self) -> bool:
        """Whether the response models can be fitted to orders."""
        failures = self.campaigns["order_trials"].sum() - self.campaigns["orders"].sum()
        return bool(min(self.campaigns["orders"].sum(), failures) >= MIN_SUCCESSES)

    def levels(self, counted: Counted, channel: str, kind: str, scale: float = 1.0) -> list[Level]:
        """The campaigns from broad to narrow: by other channels, by this one, by this one with this kind of offer.

        Rates in log-odds; of "extra", the difference between those written to and those held out, as fractions, and
        `scale` turns a difference in log-odds into one of theirs.
        """
        of_channel, of_kind = self.campaigns["channel"].eq(channel), self.campaigns["kind"].eq(kind)

        def level(name: str, chosen: pd.Series, apart: float) -> Level:
            rows = self.campaigns[chosen].to_dict("records")
            found = [estimate for row in rows if (estimate := _ESTIMATES[counted](row)) is not None]
            return Level(name, found, apart * scale)

        return [
            level("other_channels", ~of_channel, CHANNELS_APART),
            level("this_channel", of_channel & ~of_kind, OFFERS_APART),
            level("this_offer", of_channel & of_kind, 0.0),
        ]

    def counted(self, counted: Counted) -> int:
        """How many campaigns say something of this."""
        return sum(_ESTIMATES[counted](row) is not None for row in self.campaigns.to_dict("records"))


def _clicks(row: dict[str, Any]) -> Estimate | None:
    return observed(row["clicks"], row["click_trials"]) if row["click_trials"] else None


def _orders(row: dict[str, Any]) -> Estimate | None:
    return observed(row["orders"], row["order_trials"]) if row["order_trials"] else None


def _extra(row: dict[str, Any]) -> Estimate | None:
    """Order rate of those written to less that of those held out, and the variance of both together."""
    if not row["order_trials"] or not row["held"]:
        return None
    rates = [(row["orders"] + 0.5) / (row["order_trials"] + 1), (row["held_orders"] + 0.5) / (row["held"] + 1)]
    variance = sum(p * (1 - p) / n for p, n in zip(rates, (row["order_trials"], row["held"]), strict=True))
    return Estimate(row["orders"] / row["order_trials"] - row["held_orders"] / row["held"], variance)


_ESTIMATES: dict[str, Callable[[dict[str, Any]], Estimate | None]] = {
    "clicks": _clicks,
    "orders": _orders,
    "extra": _extra,
}


def experience(shop: Shop, as_of: date) -> Experience:
    """The past campaigns whose outcome was known by `as_of`: from single deliveries, else from totals."""
    if not shop.rows("campaigns"):
        return Experience(pd.DataFrame(columns=COLUMNS), "")
    described = shop.table("campaigns").drop_duplicates("campaign_id").set_index("campaign_id")
    parts, last = [], []
    if shop.rows("deliveries"):
        deliveries, treated = known_deliveries(shop, as_of)
        parts.append(_counted(deliveries[treated].assign(trials=1.0)).join(_held(deliveries[~treated])))
        last.append(deliveries["sent_at"].max())
    if shop.rows("campaign_results"):
        totals = known_totals(shop, described.reset_index(), as_of, set(parts[0].index) if parts else set())
        parts.append(_counted(totals))
        last.append(totals["sent_at"].max())
    if not parts:
        return Experience(pd.DataFrame(columns=COLUMNS), "")
    table = pd.concat(parts).reindex(
        columns=[name for name in COLUMNS if name not in ("campaign_id", "channel", "kind")]
    )
    table = table.fillna(0.0).join(_about(described)).reset_index(names="campaign_id")
    sent_at = pd.Series(last).max()
    return Experience(table[COLUMNS], "" if pd.isna(sent_at) else sent_at.date().isoformat())


def _about(described: pd.DataFrame) -> pd.DataFrame:
    """channel and kind of each campaign; "" and "none" where they are not recorded."""
    about = described.reindex(columns=["channel", "offer_kind"]).rename(columns={"offer_kind": "kind"})
    return (
        about.astype("str")
        .where(about.notna(), pd.Series({"channel": "", "kind": "none"}), axis=1)
        .replace({"kind": {"": "none"}})
    )


def _counted(rows: pd.DataFrame) -> pd.DataFrame:
    """Counts of what was sent, by campaign_id. No more can have responded than were written to."""
    counts = pd.DataFrame({"campaign_id": rows["campaign_id"], "sent": rows["trials"]})
    for name, column, trials in (("clicks", "clicked", "click_trials"), ("orders", "converted", "order_trials")):
        recorded = rows[column] if column in rows else pd.Series(np.nan, rows.index)
        counts[name] = np.minimum(recorded, rows["trials"])
        counts[trials] = rows["trials"].where(recorded.notna(), 0.0)
    return counts.groupby("campaign_id").sum()


def _held(rows: pd.DataFrame) -> pd.DataFrame:
    """held and held_orders by campaign_id, of those left out on purpose whose orders are recorded."""
    if "converted" not in rows:
        return pd.DataFrame(columns=["held", "held_orders"])
    by_campaign = rows.dropna(subset=["converted"]).groupby("campaign_id")["converted"]
    return pd.DataFrame({"held": by_campaign.size(), "held_orders": by_campaign.sum()})
