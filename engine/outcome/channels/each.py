"""Each channel by itself: what was sent, what its records claim, what its holdouts say it added, and what that cost."""

import numpy as np
import pandas as pd

from engine.decision import plans
from engine.outcome import measured, past
from engine.outcome.draws import Draws
from engine.outcome.programme import together
from engine.shop.store import Shop

APART = ("not_yet", "too_few", "uneven", "elsewhere")  # verdicts of `measured` that keep a campaign out of the sum

COLUMNS = [
    "channel", "kind", "campaigns", "first", "last", "sent", "delivered", "impressions", "clicked", "recorded_orders",
    "recorded_revenue", "cost", "by_export", "several_channels", "with_holdout", "counted", *APART, "tested_sent",
    "held_out", "attributed_orders", "extra_orders", "extra_low", "extra_high", "tested_cost", "cost_per_extra",
    "cost_per_extra_low", "cost_per_extra_high", "extra_gross_profit", "extra_discount", "extra_profit",
    "extra_profit_low", "extra_profit_high", "chance_of_loss", "window_days", "verdict",
]  # fmt: skip


def recorded(shop: Shop, drawn: Draws) -> pd.DataFrame:
    """past.campaigns with kind, by_export and several_channels, and with the plans that only their export tells of.

    kind: "messages" or "ads". by_export: 1 for a plan without any record of its sending; what was given to the sending
    tool counts as sent. several_channels: 1 for a plan whose steps go by more than one channel: as nobody can part its
    result between them, all of it is the first one's.
    Raises NotEnoughData where there is none of these.
    """
    ours = drawn.about[drawn.about["source"] == "assignment"].set_index("campaign_id")
    table = past.campaigns(shop) if ours.empty else past.recorded(shop)
    is_ads = table["source"].eq("ads")
    table = table.assign(kind=is_ads.map({True: "ads", False: "messages"}), by_export=0)
    is_told = table["source"].isin(["deliveries", "totals"])
    alone = ours[~ours.index.isin(table.loc[is_told, "campaign_id"])]
    table = table[is_ads | is_told | ~table["campaign_id"].isin(alone.index)]
    added = alone.reset_index().rename(columns={"messages": "sent", "send_cost": "cost"})
    added = added.assign(kind="messages", by_export=1, source="none", basis="attributed").reindex(columns=table.columns)
    parts = [one for one in (table, added) if len(one)]
    table = pd.concat(parts, ignore_index=True) if parts else table
    table["starts_at"] = table["starts_at"].fillna(table["campaign_id"].map(ours["starts_at"]))
    own = table["campaign_id"].map(ours["channel"]).where(table["kind"] == "messages")
    named = own.astype("str").fillna(table["channel"].astype("str"))
    several = [
        saved.plan.plan_id
        for saved in plans.saved_plans(shop.path)
        if len({step.channel for step in saved.plan.steps}) > 1
    ]
    is_several = table["campaign_id"].isin(several) & table["kind"].eq("messages")
    return table.assign(channel=named.where(named.ne("")).fillna("?"), several_channels=is_several.astype("int64"))


def channels(told: pd.DataFrame, results: pd.DataFrame | None, days: int = measured.OWN) -> pd.DataFrame:
    """One row per channel and kind with COLUMNS, those with most sent first; counts are sums over its past campaigns.

    told: `recorded`. results: `measured`, None for a shop without orders. A channel that is used for messages and for
    ads is two, as one counts messages and the other impressions.

    recorded_orders: what the channel's own record claims (converted, a mail tool's totals, an ad platform).

    with_holdout: campaigns that left somebody out, of which `counted` are in what follows, not_yet, too_few, uneven and
    elsewhere are not (see measured). extra_orders and money: programme.together of those counted, after so many days or
    each in its own window, 95 %; so the rows of all channels add up to that of all plans. tested_sent, held_out:
    customers; attributed_orders: all that those sent ordered in these days. cost_per_extra = tested_cost /
    extra_orders, without an upper end where the range of extra orders reaches 0, and missing where a campaign does not
    say what a message costs.
    extra_profit = extra_gross_profit - extra_discount - tested_cost.

    verdict: "pays", "loses", "cannot_tell", "none_counted", "no_holdout" (all of ads), "no_orders".
    """
    where = told[told["kind"] == "messages"].drop_duplicates("campaign_id").set_index("campaign_id")["channel"]
    mine = results.assign(channel=results["plan_id"].map(where)) if results is not None else None
    rows = [
        _recorded(str(name), str(kind), of_channel) | _added(str(name), str(kind), mine, days)
        for (name, kind), of_channel in told.groupby(["channel", "kind"])
    ]
    return pd.DataFrame(rows, columns=COLUMNS).sort_values(
        ["sent", "impressions"], ascending=False, ignore_index=True, na_position="last"
    )


def _recorded(name: str, kind: str, rows: pd.DataFrame) -> dict[str, object]:
    """What the records of a channel's campaigns say."""
    starts = pd.to_datetime(rows["starts_at"])
    found: dict[str, object] = {
        "channel": name,
        "kind": kind,
        "campaigns": rows["campaign_id"].nunique(),
        "first": starts.min(),
        "last": starts.max(),
        "window_days": rows["window_days"].max(),
        "recorded_orders": _sum(rows["orders"]),
        "recorded_revenue": _sum(rows["revenue"]),
        "by_export": int(rows["by_export"].sum()),
        "several_channels": int(rows["several_channels"].sum()),
    }
    return found | {one: _sum(rows[one]) for one in ("sent", "delivered", "impressions", "clicked", "cost")}


def _added(name: str, kind: str, results: pd.DataFrame | None, days: int) -> dict[str, object]:
    """What the campaigns with a holdout added, and what it earned."""
    if kind == "ads":
        return dict.fromkeys(["with_holdout", "counted", *APART], 0) | {"verdict": "no_holdout"}
    if results is None:
        return {"verdict": "no_orders"}
    mine = results[results["channel"] == name]
    rows, found = measured.at(mine, days), together(mine, days)
    held = int(rows["verdict"].ne("no_holdout").sum())
    counts: dict[str, object] = {"with_holdout": held, "counted": found.plans}
    counts |= {verdict: int(rows["verdict"].eq(verdict).sum()) for verdict in APART}
    if not found.plans:
        return counts | {"verdict": "none_counted" if held else "no_holdout"}
    cost = found.cost if not found.unpriced else np.nan
    extra, low, high = found.extra_orders, found.extra_orders_low, found.extra_orders_high
    verdict = "pays" if found.extra_profit_low > 0 else "loses" if found.extra_profit_high < 0 else "cannot_tell"
    return counts | {
        "tested_sent": found.sent,
        "held_out": found.held,
        "attributed_orders": found.attributed_orders,
        "extra_orders": extra,
        "extra_low": low,
        "extra_high": high,
        "tested_cost": found.cost,
        "cost_per_extra": cost / extra if extra > 0 else np.nan,
        "cost_per_extra_low": cost / high if high > 0 else np.nan,
        "cost_per_extra_high": cost / low if low > 0 else np.nan,
        "extra_gross_profit": found.extra_gross_profit,
        "extra_discount": found.extra_discount,
        "extra_profit": found.extra_profit,
        "extra_profit_low": found.extra_profit_low,
        "extra_profit_high": found.extra_profit_high,
        "chance_of_loss": found.chance_of_loss,
        "verdict": verdict,
    }


def _sum(column: pd.Series) -> float:
    return float(column.astype("float64").sum(min_count=1))
