"""Each channel by itself: what was sent, what its records claim, what a holdout says it added, and what that cost."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from engine import terms
from engine.campaign import offers
from engine.campaign.order_value import list_value
from engine.outcome import past, results
from engine.sentences import Sentence
from engine.shop.store import Shop

COLUMNS = [
    "channel", "kind", "campaigns", "first", "last", "sent", "delivered", "impressions", "clicked", "recorded_orders",
    "recorded_revenue", "cost", "with_holdout", "tested_sent", "held_out", "extra_orders", "extra_low", "extra_high",
    "cost_per_extra", "cost_per_extra_low", "cost_per_extra_high", "discount_given", "extra_profit",
    "extra_profit_low", "extra_profit_high", "window_days", "verdict",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Worth:
    """What an order leaves: margin as a share of list value without tax, the share kept, and what that rests on."""

    margin: float
    kept: float
    said: tuple[Sentence, ...]


def channels(shop: Shop) -> pd.DataFrame:
    """One row per channel and kind with COLUMNS, those with most sent first; counts are sums over its past campaigns.

    kind: "messages" or "ads": a channel that is used for both is two, as one counts messages and the other impressions.
    recorded_orders: what the channel's own record claims (converted, a mail tool's totals, an ad platform).
    extra_orders and what follows are of the campaigns with a holdout alone (with_holdout of them, tested_sent
    messages), 95 %: sent x (order rate - held-out rate), summed campaign by campaign. cost_per_extra = cost of sending
    those / extra_orders; no upper end where the range of extra orders reaches 0. discount_given: list value of the
    recorded orders - their revenue, in those campaigns, as far as it is kept. extra_profit = extra_orders x list value
    of an order x kept x margin - discount_given - cost. Money is missing where no order carries revenue. verdict:
    "pays", "loses", "cannot_tell", "no_holdout".
    Raises NotEnoughData without campaigns and ads.
    """
    table, earned = past.campaigns(shop), worth(shop)
    kind = table["source"].eq("ads").map({True: "ads", False: "messages"})
    named = table["channel"].astype("str").fillna("?")
    table = table.assign(channel=named, kind=kind, given=_discounts(shop, table))
    rows = [_one(str(name), str(kind), rows, earned) for (name, kind), rows in table.groupby(["channel", "kind"])]
    return pd.DataFrame(rows, columns=COLUMNS).sort_values(
        ["sent", "impressions"], ascending=False, ignore_index=True, na_position="last"
    )


def worth(shop: Shop) -> Worth:
    """What the shop keeps of an order, from its unit costs where they are known."""
    tax, said = 0.0, []
    if shop.settings.prices_include_tax:
        known = _tax_share(shop)
        tax = known or 0.0
        said += [Sentence("channels.tax_unknown")] if known is None else []
    margin = offers.margin(shop, [], None, tax)
    key = "channels.margin_measured" if margin.is_measured else "channels.margin_set"
    values = {"margin": f"{margin.share:.0%}", "measured": f"{margin.measured:.0%}"}
    kept = terms.kept_share(tax, shop.settings.return_rate)
    said += [Sentence(key, values), Sentence("channels.kept", {"kept": f"{kept:.0%}"})]
    return Worth(margin.share, kept, tuple(said))


def _tax_share(shop: Shop) -> float | None:
    """Tax as a share of what was paid; None where no order says."""
    if "tax" not in shop.columns("orders"):
        return None
    lines = shop.table("orders", ["quantity", "unit_price", "tax"])
    lines = lines[lines["tax"].notna() & (lines["quantity"] > 0)]
    paid = float((lines["quantity"] * lines["unit_price"]).sum())
    return float(np.clip(lines["tax"].sum() / paid, 0.0, 0.9)) if paid > 0 else None


def _discounts(shop: Shop, table: pd.DataFrame) -> pd.Series:
    """Money taken off the recorded orders of each campaign: their list value, as its offer implies it, - revenue."""
    revenue = table["revenue"].astype("float64")
    if not shop.rows("campaigns") or "offer_kind" not in table:
        return revenue * 0.0
    least = pd.Series(0.0, table.index)
    if "min_spend" in shop.columns("campaigns"):
        known = shop.table("campaigns", ["campaign_id", "min_spend"]).drop_duplicates("campaign_id")
        least = table["campaign_id"].map(known.set_index("campaign_id")["min_spend"]).astype("float64")
    kind = table["offer_kind"].astype("str").fillna("")
    orders = table["orders"].astype("float64")
    each = list_value(revenue / orders.where(orders > 0), kind, table["discount"].astype("float64"), least)
    return (each * orders - revenue).where(orders > 0, revenue * 0.0)


def _one(name: str, kind: str, rows: pd.DataFrame, earned: Worth) -> dict[str, object]:
    """The row of a channel from those of its campaigns."""
    found: dict[str, object] = {
        "channel": name,
        "kind": kind,
        "campaigns": len(rows),
        "first": rows["starts_at"].min(),
        "last": rows["starts_at"].max(),
        "window_days": rows["window_days"].max(),
        "recorded_orders": _sum(rows["orders"]),
        "recorded_revenue": _sum(rows["revenue"]),
    }
    found |= {one: _sum(rows[one]) for one in ("sent", "delivered", "impressions", "clicked", "cost")}
    held = rows[rows["basis"] == "incremental"]
    found["with_holdout"] = len(held)
    if not len(held):
        return found | {"verdict": "no_holdout"}
    return found | _added(held, earned)


def _added(held: pd.DataFrame, earned: Worth) -> dict[str, object]:
    """What the campaigns with a holdout added, and what it earned."""
    totals = results.totals(held)
    extra, low, high = (float(one) for one in (totals.extra, totals.extra_low, totals.extra_high) if one is not None)
    cost, given = _sum(held["cost"]), _sum(held["given"])
    orders, revenue = _sum(held["orders"]), _sum(held["revenue"])
    value = (revenue + given) / orders * earned.kept if orders else np.nan
    spent = given * earned.kept + (cost if cost == cost else 0.0)

    def profit(count: float) -> float:
        return terms.gross_profit(count * value, earned.margin) - spent

    gain = (profit(extra), profit(low), profit(high))
    verdict = "pays" if gain[1] > 0 else "loses" if gain[2] < 0 else "cannot_tell"
    return {
        "tested_sent": _sum(held["sent"]),
        "held_out": _sum(held["held_out"]),
        "extra_orders": extra,
        "extra_low": low,
        "extra_high": high,
        "cost_per_extra": cost / extra if extra > 0 else np.nan,
        "cost_per_extra_low": cost / high if high > 0 else np.nan,
        "cost_per_extra_high": cost / low if low > 0 else np.nan,
        "discount_given": given * earned.kept,
        **dict(zip(("extra_profit", "extra_profit_low", "extra_profit_high"), gain, strict=True)),
        "verdict": verdict,
    }


def _sum(column: pd.Series) -> float:
    return float(column.astype("float64").sum(min_count=1))
