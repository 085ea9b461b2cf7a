"""What each plan brought, from the shop's own orders: those sent against those left out by chance.

Nobody has to report anything: who was drawn how is kept with the export, and the orders come with the next import. Both
groups count whole, as they were drawn, whether a message arrived or not. A customer who ordered counts once, as in a
forecast; money is of all their orders inside the days, net of what came back (engine.outcome.order_money).

    extra_orders = sent x (share of those sent who ordered - the same of those left out)
    extra_profit = sent x (profit per customer sent - profit per customer left out) - send cost - ads

Profit per customer is after discounts, so those given to people who would have bought anyway are in it. What customers
bought in the year before takes some chance out of the difference (engine.outcome.difference).
"""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from engine.outcome import difference, joined, results
from engine.outcome.experiments import uneven
from engine.outcome.joined import Known
from engine.outcome.order_money import MONEY
from engine.shop.store import Shop

COLUMNS = [
    "plan_id", "name", "channel", "goal", "source", "send_from", "starts_at", "days", "is_window", "is_over",
    "known_on", "orders_until", "sent", "held_out", "sent_ordered", "held_ordered", "order_rate", "held_rate",
    "extra_orders", "extra_orders_low", "extra_orders_high", "extra_profit", "extra_profit_low", "extra_profit_high",
    "chance_of_loss", "extra_gross_profit", "extra_discount", "adjusted", "attributed_orders", "attributed_revenue",
    "discount_cost", "returned", "send_cost", "ad_cost", "clicked", "clicked_of", "reached_by_others_sent",
    "reached_by_others_held", "ratio_p", "basis", "verdict", "orders_found", "offer_kind", "not_compared",
]  # fmt: skip
COMPARED = [  # what says that one group did better than the other: missing where that cannot be said
    "extra_orders", "extra_orders_low", "extra_orders_high", "extra_profit", "extra_profit_low", "extra_profit_high",
    "chance_of_loss", "extra_gross_profit", "extra_discount", "adjusted",
]  # fmt: skip
ORDERED = [
    "sent_ordered", "held_ordered", "order_rate", "held_rate", "attributed_orders", "attributed_revenue",
    "discount_cost", "returned",
]  # fmt: skip
HORIZONS = (7, 30)  # days after the send; and the plan's own window
OWN = 0  # in place of a number of days: each plan at its own window
UNEVEN = uneven.BELOW
FEWEST_ORDERED = 10  # customers of both groups together, below which a range is a guess
FEWEST_HELD = 20
AGREES = 0.5  # of those a sending tool says ordered, the part whose order must be in the shop

_PROFIT, _GROSS, _DISCOUNT, _REVENUE, _RETURNED = (
    MONEY.index(name) for name in ("profit", "gross_profit", "discount", "revenue", "returned")
)


def measured(shop: Shop, as_of: date | None = None) -> pd.DataFrame:
    """COLUMNS: one row per plan (or campaign that left somebody out) and number of days, the latest send first.

    days: 7, 30 and the plan's own window (is_window). is_over: whether the orders reach to the end of those days for
    everyone; until then the row says what came so far, and known_on is the day from which it can be known (a date).
    Where the orders end before the send, whatever would be counted in them is missing: unknown is not 0.
    Ranges are 95 %. adjusted: whether the time before the send narrowed them. attributed_orders, attributed_revenue:
    everything that those sent bought in these days, those included who would have anyway; discount_cost, returned: what
    was taken off and came back of it. reached_by_others_*: customers who got another campaign's message in these days.
    basis: "incremental", or "attributed" where nobody was left out. COMPARED is missing where nothing can be compared:
    the verdict is too_few, uneven, elsewhere or no_holdout, or so far too few ordered. Counts and rates of both groups
    stay. not_compared: customers in neither `sent` nor `held_out`, as nobody of the other group had a chance of being
    sent it like theirs; the extra_* are without them and bear their part of send_cost and ad_cost, which are of
    everybody sent. orders_found: of those a sending tool says ordered, the part whose order the shop has.

    verdict   gained, lost   the range of the extra profit lies above 0, below 0
              unclear        it does not
              not_yet        the days are not over
              too_few        too few ordered or were left out for a range
              uneven         the groups came out uneven
              elsewhere      the orders that the sending tool tells of are not in this shop
              no_holdout     nobody was left out
    Raises NotEnoughData without orders.
    """
    return of_known(shop, joined.read(shop, as_of))


def of_known(shop: Shop, known: Known, only: str | None = None) -> pd.DataFrame:
    """`measured` of what was read; of one plan where it is named."""
    counts, ads = results.counted(shop), _ad_costs(shop)
    rows: list[dict[str, Any]] = []
    about = known.draws.about
    for campaign in about[about["campaign_id"].eq(only)].itertuples() if only else about.itertuples():
        people = known.people.get(str(campaign.campaign_id))
        people = people[people["global_holdout"] != 1] if people is not None else None
        if people is None or not (people["treated"] == 1).any():
            continue
        base = _base(campaign, counts, ads)
        rows += _rows(known, people, base)
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.sort_values(["starts_at", "plan_id", "days"], ascending=[False, True, True], ignore_index=True)


def _base(campaign: Any, counts: pd.DataFrame | None, ads: pd.Series) -> dict[str, Any]:
    """What is the same for every number of days."""
    base: dict[str, Any] = {
        name: getattr(campaign, name)
        for name in ("name", "channel", "goal", "source", "send_from", "starts_at", "offer_kind")
    }
    plan_id = str(campaign.campaign_id)
    base |= {
        "plan_id": plan_id,
        "window": int(campaign.window_days),
        "send_cost": float(campaign.send_cost),
        "ad_cost": float(ads.get(plan_id, 0.0)),
        "clicked": np.nan,
        "clicked_of": np.nan,
    }
    if counts is not None and plan_id in counts.index:
        base |= {"clicked": counts.at[plan_id, "clicks"], "clicked_of": counts.at[plan_id, "click_trials"]}
    return base


def _ad_costs(shop: Shop) -> pd.Series:
    """What ads of each campaign cost, by campaign_id."""
    if not {"campaign_id", "cost"} <= set(shop.columns("ads")):
        return pd.Series(dtype="float64")
    return shop.table("ads", ["campaign_id", "cost"]).groupby("campaign_id")["cost"].sum()


def _rows(known: Known, people: pd.DataFrame, base: dict[str, Any]) -> list[dict[str, Any]]:
    """One campaign's rows: by number of days."""
    window = base.pop("window")
    at, treated = people["at"].to_numpy("datetime64[us]"), people["treated"].eq(1).to_numpy()
    drawn = difference.groups(treated, people["propensity"].to_numpy("float64"))
    before, ratio_p = joined.past(known, people), ratio_check(people)
    rows = []
    for days in sorted({*HORIZONS, window}):
        inside = joined.outcomes(known, people, days)
        known_on = _whole_day(at.max() + days * joined.DAY)
        row = base | {
            "days": days,
            "is_window": int(days == window),
            "is_over": int(known_on <= known.orders.until),
            "known_on": known_on,
            "orders_until": known.orders.until,
            "ratio_p": ratio_p,
        }
        # Orders of a window that is not over may still come with the next import.
        row["orders_found"] = _found(people, inside) if days == window and row["is_over"] else np.nan
        counted = people[drawn.usable] if drawn.sent else people
        rows.append(row | joined.reached_by_others(known, counted, days) | _counted(inside, treated))
        rows[-1] |= _compared(inside, drawn, before, rows[-1])
    found = next(row["orders_found"] for row in rows if row["is_window"])
    for row in rows:
        row["orders_found"] = found
        row["verdict"] = _verdict(row)
        if row["verdict"] in ("uneven", "elsewhere", "too_few") or _ordered(row) < FEWEST_ORDERED:
            row |= dict.fromkeys(COMPARED, np.nan)
        if not known.has_begun(people):
            row |= dict.fromkeys(ORDERED, np.nan)
    return rows


def _whole_day(at: np.datetime64) -> date:
    """The day from whose 00:00 on all is known."""
    return pd.Timestamp(at).ceil("D").date()


# --- sent against left out ---


def _counted(inside: np.ndarray, treated: np.ndarray) -> dict[str, Any]:
    """What those sent bought, whoever would have anyway."""
    money = inside[treated, 2:]
    return {
        "attributed_orders": float(inside[treated, 1].sum()),
        "attributed_revenue": float(money[:, _REVENUE].sum()),
        "discount_cost": float(money[:, _DISCOUNT].sum()),
        "returned": float(money[:, _RETURNED].sum()),
    }


def _found(people: pd.DataFrame, inside: np.ndarray) -> float:
    """Of the customers who ordered, by the sending tool, the part who ordered by the shop's own orders."""
    said = (people["converted"] == 1).to_numpy()
    return float(inside[said, 0].mean()) if said.sum() >= FEWEST_ORDERED else float("nan")


def ratio_check(people: pd.DataFrame) -> float:
    """p of as many sent and left out as there are, if the draw's shares were kept; NaN where nobody recorded them."""
    return uneven.p_of_draws(people["treated"].eq(1).to_numpy(), people["propensity"].to_numpy("float64"))


def _compared(inside: np.ndarray, drawn: difference.Groups, before: np.ndarray, row: dict[str, Any]) -> dict[str, Any]:
    """Counts of both groups, and extra orders and profit with their ranges."""
    if not drawn.held or not drawn.sent:
        sent = int(drawn.treated.sum())
        ordered = int(inside[drawn.treated, 0].sum())
        return {
            "not_compared": 0,
            "sent": sent, "held_out": int((~drawn.treated).sum()), "sent_ordered": ordered, "held_ordered": 0,
            "order_rate": ordered / sent, "basis": "attributed",
        }  # fmt: skip
    columns = [0, *(2 + np.array([_PROFIT, _GROSS, _DISCOUNT]))]
    orders, profit, gross, discount = difference.differences(inside[:, columns], drawn, before, [0, 2, 2, 3])
    sent, counted = drawn.sent, inside[:, 0].astype(bool) & drawn.usable
    cost = float(np.nansum([row["send_cost"], row["ad_cost"]])) * (sent / int(drawn.treated.sum()))
    return {
        "sent": sent,
        "held_out": drawn.held,
        "not_compared": drawn.apart,
        "sent_ordered": int((counted & drawn.treated).sum()),
        "held_ordered": int((counted & ~drawn.treated).sum()),
        "order_rate": orders.sent_mean,
        "held_rate": orders.held_mean,
        **scaled("extra_orders", orders, sent, 0.0),
        **scaled("extra_profit", profit, sent, cost),
        "chance_of_loss": profit.chance_below(cost / sent),
        "extra_gross_profit": sent * gross.mean,
        "extra_discount": sent * discount.mean,
        "adjusted": int(profit.adjusted),
        "basis": "incremental",
    }


def scaled(name: str, found: difference.Difference, sent: int, cost: float) -> dict[str, Any]:
    """A difference per customer as one of all who were sent it, with its range, less what it cost."""
    return {
        name: sent * found.mean - cost,
        f"{name}_low": sent * found.low - cost,
        f"{name}_high": sent * found.high - cost,
    }


def _verdict(row: dict[str, Any]) -> str:
    """See `measured`."""
    if row["ratio_p"] < UNEVEN:
        return "uneven"
    if row["orders_found"] < AGREES:
        return "elsewhere"
    if row["basis"] == "attributed":
        return "too_few" if row["held_out"] else "no_holdout"
    if row["held_out"] < FEWEST_HELD:  # no day changes that
        return "too_few"
    if not row["is_over"]:
        return "not_yet"
    if _ordered(row) < FEWEST_ORDERED:
        return "too_few"
    if row["extra_profit_low"] > 0:
        return "gained"
    return "lost" if row["extra_profit_high"] < 0 else "unclear"


def at(table: pd.DataFrame, days: int) -> pd.DataFrame:
    """Rows of `measured` at this many days; with OWN each plan's at its own window. One row per plan."""
    return table[table["is_window"] == 1] if days == OWN else table[table["days"] == days]


def _ordered(row: dict[str, Any]) -> int:
    """Customers of both groups who ordered."""
    return int(row["sent_ordered"] + row["held_ordered"])


def final(table: pd.DataFrame, days: int) -> pd.DataFrame:
    """Of these the rows whose comparison holds: over, even, and with enough people."""
    rows = at(table, days)
    return rows[rows["verdict"].isin(["gained", "lost", "unclear"])]
