"""Every past campaign in one line, with the counts from which each of its figures can be checked by hand."""

import numpy as np
import pandas as pd

from engine.errors import NotEnoughData
from engine.outcome import results
from engine.shop.features import campaign_windows
from engine.shop.store import Shop

DESCRIBED = ["name", "channel", "goal", "offer_kind", "discount", "code"]
COLUMNS = [
    "campaign_id", *DESCRIBED, "starts_at", "ends_at", "window_days", "source", "basis", "sent", "delivered",
    "impressions", "clicked", "clicked_of", "ctr", "ctr_low", "ctr_high", "orders", "orders_of", "order_rate",
    "order_rate_low", "order_rate_high", "cvr", "revenue", "cost", "cost_each", "cost_from", "revenue_per_recipient",
    "roas", "unsubscribed", "unsubscribed_of", "unsubscribe_rate", "held_out", "held_out_orders", "held_out_of",
    "held_out_rate", "extra_orders", "extra_orders_low", "extra_orders_high", "extra_per_1000", "extra_per_1000_low",
    "extra_per_1000_high", "distinguishable",
]  # fmt: skip
_RENAMED = {
    "clicks": "clicked", "click_trials": "clicked_of", "order_trials": "orders_of",
    "unsubscribe_trials": "unsubscribed_of", "held_out_trials": "held_out_of",
}  # fmt: skip


def campaigns(shop: Shop) -> pd.DataFrame:
    """One row per past campaign and source with COLUMNS, the latest first; what nobody recorded is missing.

    source: "deliveries" (single ones), "totals" (of a mail tool, for campaigns without single ones), "ads" (summed over
    a campaign's ads, or over one ad that names no campaign), "none" (a campaign that nothing is recorded of).

    of messages                                         of ads
        ctr = clicked / clicked_of                          ctr = clicked / impressions
        order_rate = orders / orders_of                     cvr = orders / orders_of
        unsubscribe_rate = unsubscribed / unsubscribed_of   roas = revenue / cost
        revenue_per_recipient = revenue / delivered (sent, where what was delivered is not known)
        cost = sent x cost_each
        extra_orders = sent x (orders / orders_of - held_out_orders / held_out_of)

    clicked_of, orders_of and so on are the messages delivered whose clicks, orders and so on are known; of ads,
    orders_of are the clicks where the orders are known. cost_each: money per message, cost_from "campaign" (its
    send_cost) or "settings" (the shop's for the channel), "ads". Low and high are 95 %.
    Raises NotEnoughData without campaigns and ads.
    """
    if not (shop.rows("campaigns") or shop.rows("ads")):
        raise NotEnoughData(
            "This shop has no past campaigns yet. Import campaigns with deliveries or campaign_results, or ads."
        )
    return recorded(shop)


def recorded(shop: Shop) -> pd.DataFrame:
    """`campaigns`, no rows of a shop that has none."""
    found = pd.concat([_messages(shop), _ads(shop)], ignore_index=True)
    table = found.reindex(columns=COLUMNS).sort_values(["starts_at", "campaign_id"], ascending=False, kind="stable")
    return table.reset_index(drop=True)


def _described(shop: Shop) -> pd.DataFrame:
    """What campaigns were, by campaign_id: DESCRIBED, starts_at, ends_at, window_days, send_cost."""
    if not shop.rows("campaigns"):
        columns = [*DESCRIBED, "starts_at", "ends_at", "window_days", "send_cost"]
        return pd.DataFrame(columns=columns, index=pd.Index([], name="campaign_id", dtype="str"))
    known = shop.table("campaigns").drop_duplicates("campaign_id").set_index("campaign_id")
    windows = campaign_windows(shop).drop_duplicates("campaign_id").set_index("campaign_id")
    described = known.reindex(columns=[*DESCRIBED, "send_cost"])
    return described.join(windows[["starts_at", "ends_at", "window_days"]])


# --- messages ---


def _messages(shop: Shop) -> pd.DataFrame:
    """Campaigns counted from single deliveries or totals, and those that nothing is recorded of."""
    described, counts = _described(shop), results.counted(shop)
    if counts is None:
        return described[~described.index.isin(_of_ads(shop))].assign(source="none").reset_index()
    table = described.join(results.with_rates(counts), how="outer").rename(columns=_RENAMED)
    table.index.name = "campaign_id"
    table["source"] = table["source"].fillna("none")
    reached = table["sent"]  # delivered, or sent where nobody counted that: what rates are of
    table["extra_orders"] = table["recipients"] * table["extra_per_1000"] / results.PER
    for end in ("low", "high"):
        table[f"extra_orders_{end}"] = table["recipients"] * table[f"extra_per_1000_{end}"] / results.PER
    table["unsubscribe_rate"] = table["unsubscribed"] / table["unsubscribed_of"].where(table["unsubscribed_of"] > 0)
    table["revenue_per_recipient"] = table["revenue"] / reached.where(reached > 0)
    table["sent"] = table["recipients"]
    table = _with_cost(shop, table)
    is_only_ads = table["source"].eq("none") & table.index.isin(_of_ads(shop))
    return table[~is_only_ads].reset_index()


def _with_cost(shop: Shop, table: pd.DataFrame) -> pd.DataFrame:
    """What sending cost: by the campaign's own price of a message, else by the shop's for the channel."""
    own, usual = table["send_cost"].astype("float64"), table["channel"].map(shop.settings.send_cost).astype("float64")
    each = own.fillna(usual)
    origin = pd.Series("campaign", table.index).where(own.notna(), "settings").where(each.notna())
    return table.assign(cost_each=each, cost=table["sent"] * each, cost_from=origin)


# --- ads ---


def _of_ads(shop: Shop) -> set[str]:
    """Campaigns that ads name."""
    if "campaign_id" not in shop.columns("ads"):
        return set()
    return set(shop.table("ads", ["campaign_id"])["campaign_id"].dropna())


def _ads(shop: Shop) -> pd.DataFrame:
    """Ads summed by the campaign they name, or by ad."""
    if not shop.rows("ads"):
        return pd.DataFrame()
    rows = shop.table("ads")
    blank = pd.Series(np.nan, rows.index)
    named = rows["campaign_id"] if "campaign_id" in rows else pd.Series(None, rows.index, dtype="str")
    conversions = rows.get("conversions", blank)
    table = pd.DataFrame(
        {
            "campaign_id": named.fillna(rows["ad_id"]), "at": rows["date"], "channel": rows.get("channel", blank),
            "impressions": rows["impressions"], "clicked": rows["clicks"], "orders": conversions,
            "orders_of": rows["clicks"].where(conversions.notna(), 0.0), "cost": rows.get("cost", blank),
            "revenue": rows.get("revenue", blank),
        }
    )  # fmt: skip
    by_id = table.groupby("campaign_id")
    sums = by_id[["impressions", "clicked", "orders", "orders_of", "cost", "revenue"]].sum(min_count=1)
    sums = sums.join(by_id.agg(starts_at=("at", "min"), ends_at=("at", "max"), ad_channel=("channel", "first")))
    return _with_ad_rates(sums.join(_described(shop)[DESCRIBED])).reset_index()


def _with_ad_rates(table: pd.DataFrame) -> pd.DataFrame:
    def over(part: str, whole: str) -> pd.Series:
        return table[part] / table[whole].where(table[whole] > 0)

    return table.assign(
        name=table["name"].astype("str").fillna(table.index.to_series()),
        channel=table["ad_channel"].astype("str").fillna(table["channel"]),
        source="ads",
        basis="platform",
        clicked_of=table["impressions"],
        ctr=over("clicked", "impressions"),
        cvr=over("orders", "orders_of"),
        roas=over("revenue", "cost"),
        cost_from="ads",
    )
