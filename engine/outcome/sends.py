"""Past campaigns as rows to compare: what was sent, to whom, when, and the counts of what came of it."""

import numpy as np
import pandas as pd

from engine.errors import NotEnoughData
from engine.outcome import past
from engine.outcome.touches import orders_before, placed
from engine.shop.attributes import allowed_attribute
from engine.shop.store import Shop
from engine.shop.tables import TABLES

BEFORE = 90  # days before a message in which an order makes a customer a recent buyer
COPIED = (
    "name", "goal", "language", "offer_kind", "discount", "min_spend", "gift_product_id", "code", "category",
    "send_hour", "headline", "body",
)  # fmt: skip


def sends(shop: Shop) -> pd.DataFrame:
    """One row per campaign with known outcome, or per ad of a shop's ads; `unit` is its id.

    kind ("messages", "ads"), channel, group (of an ad: the campaign it belongs to, else missing), at, hour, weekday
    (0 = Monday), sent (messages sent, impressions), clicked, clicked_of, orders, orders_of, revenue, reached (messages
    that revenue is of), held_out, held_out_orders, held_out_of; COPIED and attributes of the campaign or ad; and the
    audience: recent_buyers (share of those written to who ordered in the BEFORE days before) and buyers (ever before),
    missing where the shop has no orders or no single deliveries.
    Raises NotEnoughData without campaigns and ads.
    """
    parts = [_messages(shop), _ads(shop)]
    parts = [one for one in parts if len(one)]
    if not parts:
        raise NotEnoughData("No past campaign or ad of this shop has a recorded result yet.")
    table = pd.concat(parts, ignore_index=True)
    if "channel" not in table:
        table["channel"] = None
    at = pd.to_datetime(table["at"])
    return table.assign(at=at, weekday=at.dt.day_of_week.astype("float64"))


def _messages(shop: Shop) -> pd.DataFrame:
    if not shop.rows("campaigns"):
        return pd.DataFrame()
    found = past.campaigns(shop)
    found = found[found["source"].isin(("deliveries", "totals"))]
    if not len(found):
        return pd.DataFrame()
    known = shop.table("campaigns").drop_duplicates("campaign_id").set_index("campaign_id")
    kept = [one for one in (*COPIED, *own_columns(shop, known)) if one in known]
    table = found[
        ["campaign_id", "channel", "starts_at", "sent", "delivered", "clicked", "clicked_of", "orders", "orders_of",
         "revenue", "held_out", "held_out_orders", "held_out_of"]
    ].rename(columns={"campaign_id": "unit", "starts_at": "at"})  # fmt: skip
    table = table.join(known[kept], on="unit").assign(kind="messages", group=None)
    table["reached"] = table["delivered"].fillna(table["sent"])
    return _hours(table).join(_audiences(shop), on="unit")


def _hours(table: pd.DataFrame) -> pd.DataFrame:
    """With the hour of sending: the campaign's own, else of its start, unless that is but a date."""
    at = pd.to_datetime(table["at"])
    of_start = at.dt.hour.astype("float64").where(at != at.dt.normalize())
    own = table["send_hour"].astype("float64") if "send_hour" in table else of_start
    return table.assign(hour=own.fillna(of_start))


def _audiences(shop: Shop) -> pd.DataFrame:
    """recent_buyers and buyers by campaign_id; no rows where nobody can say."""
    if not (shop.rows("deliveries") and shop.rows("orders")):
        return pd.DataFrame(columns=["recent_buyers", "buyers"], dtype="float64")
    wanted = ("campaign_id", "customer_id", "sent_at", "treated")
    rows = shop.table("deliveries", [one for one in shop.columns("deliveries") if one in wanted])
    rows = rows[rows["treated"].fillna(1.0).eq(1.0)] if "treated" in rows else rows
    orders = placed(shop)
    first = orders["ordered_at"].min()
    ever = max(int((rows["sent_at"].max() - first).days) + 1, BEFORE)
    table = pd.DataFrame(
        {
            "campaign_id": rows["campaign_id"],
            "recent_buyers": (orders_before(rows, orders, BEFORE) > 0).astype("float64"),
            "buyers": (orders_before(rows, orders, ever) > 0).astype("float64"),
        }
    )
    return table.groupby("campaign_id").mean()


def _ads(shop: Shop) -> pd.DataFrame:
    """Each ad over all its days."""
    if not shop.rows("ads"):
        return pd.DataFrame()
    rows = shop.table("ads")
    blank = pd.Series(np.nan, rows.index)
    conversions = rows.get("conversions", blank)
    counted = pd.DataFrame(
        {
            "unit": rows["ad_id"], "at": rows["date"], "sent": rows["impressions"], "clicked": rows["clicks"],
            "clicked_of": rows["impressions"], "orders": conversions, "revenue": rows.get("revenue", blank),
            "orders_of": rows["clicks"].where(conversions.notna(), 0.0), "reached": rows["clicks"],
        }
    )  # fmt: skip
    sums = ["sent", "clicked", "clicked_of", "orders", "orders_of", "revenue", "reached"]
    by_ad = counted.groupby("unit")
    table = by_ad[sums].sum(min_count=1).join(by_ad["at"].min())
    named = [one for one in ("channel", "campaign_id", *COPIED, *own_columns(shop, rows)) if one in rows]
    own = rows.groupby("ad_id")[named].first()
    own = own.rename(columns={"campaign_id": "group"}) if "campaign_id" in own else own.assign(group=None)
    return table.join(own).reset_index().assign(kind="ads", hour=np.nan)


def own_columns(shop: Shop, table: pd.DataFrame) -> list[str]:
    """The columns of campaigns or ads that the shop itself added, dates and protected ones left out."""
    ours = {*TABLES["campaigns"].columns, *TABLES["ads"].columns}
    protected = shop.settings.protected
    return [one for one in table if one not in ours and allowed_attribute(table[one], str(one), protected)]
