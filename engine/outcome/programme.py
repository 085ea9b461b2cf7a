"""All plans together: their sum, and everything that was sent against those whom no plan ever writes to."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from engine.outcome import difference, joined, measured
from engine.outcome.joined import Known
from engine.outcome.order_money import MONEY
from engine.shop.store import Shop

Z = float(stats.norm.ppf(0.5 + difference.LEVEL / 2))


@dataclass(frozen=True, slots=True)
class Together:
    """The sum of the plans whose comparison holds at so many days; ranges 95 %. None of them where plans is 0.

    days: measured.OWN for each plan at its own window. plans: counted; waiting: their days are not over; apart: not
    counted for another reason. first, last: days of the first and last send counted (ISO). gained, lost: plans whose
    own range of the profit lies above 0, below 0. extra_profit = extra_gross_profit - extra_discount - cost; cost is of
    sending and of ads; unpriced: plans that do not say what a message costs, whose sending counts as free.
    """

    days: int
    plans: int
    waiting: int
    apart: int
    gained: int
    lost: int
    sent: int
    held: int
    extra_orders: float
    extra_orders_low: float
    extra_orders_high: float
    extra_profit: float
    extra_profit_low: float
    extra_profit_high: float
    chance_of_loss: float
    attributed_orders: float
    extra_gross_profit: float
    extra_discount: float
    cost: float
    unpriced: int
    first: str
    last: str


def together(table: pd.DataFrame, days: int) -> Together:
    """`measured` summed at this many days, or with measured.OWN each plan at its own window.

    Each plan drew its own groups by chance, so their errors are independent and their squares add up.
    """
    mine = measured.at(table, days)
    rows = measured.final(table, days)
    waiting = int((mine["verdict"] == "not_yet").sum())
    orders, profit = _summed(rows, "extra_orders"), _summed(rows, "extra_profit")
    spread = (profit[2] - profit[0]) / Z
    return Together(
        days, len(rows), waiting, len(mine) - len(rows) - waiting, int((rows["verdict"] == "gained").sum()),
        int((rows["verdict"] == "lost").sum()), int(rows["sent"].sum()), int(rows["held_out"].sum()),
        orders[0], orders[1], orders[2], profit[0], profit[1], profit[2],
        float(stats.norm.cdf(-profit[0] / spread)) if spread > 0 else float("nan"),
        float(rows["attributed_orders"].sum()), float(rows["extra_gross_profit"].sum()),
        float(rows["extra_discount"].sum()), float(rows[["send_cost", "ad_cost"]].sum().sum()),
        int(rows["send_cost"].isna().sum()),
        str(rows["starts_at"].min())[:10] if len(rows) else "", str(rows["starts_at"].max())[:10] if len(rows) else "",
    )  # fmt: skip


def _summed(rows: pd.DataFrame, name: str) -> tuple[float, float, float]:
    middle = float(rows[name].sum())
    half = float(np.sqrt((((rows[f"{name}_high"] - rows[f"{name}_low"]) / 2) ** 2).sum()))
    return middle, middle - half, middle + half


@dataclass(frozen=True, slots=True)
class Programme:
    """Everything sent, against those whom no plan writes to, from each customer's first plan until the orders end.

    sent: customers whom plans may write to (each plan's own holdout among them), held: those of the permanent holdout
    whom they would have reached. per_customer: extra profit of one. Ranges 95 %. verdict as in `measured`.
    """

    plans: int
    since: str
    until: str
    sent: int
    held: int
    order_rate: float
    held_rate: float
    extra_orders: float
    extra_orders_low: float
    extra_orders_high: float
    extra_profit: float
    extra_profit_low: float
    extra_profit_high: float
    chance_of_loss: float
    send_cost: float
    ratio_p: float
    verdict: str


def everything(shop: Shop, known: Known) -> Programme | None:
    """The effect of writing at all; None where no export met anybody of the permanent holdout.

    A customer counts from the first plan that would have reached them, whichever group they are in. The comparison of
    shares asks whether as many are in the permanent holdout as the shop's setting says.
    """
    ours = known.draws.about[known.draws.about["source"] == "assignment"]
    people = [known.people[one] for one in ours["campaign_id"] if one in known.people]
    if not people:
        return None
    first = pd.concat(people, ignore_index=True).sort_values("at", kind="stable").drop_duplicates("customer_id")
    first = first[first["at"] < pd.Timestamp(known.orders.until)]
    held = first["global_holdout"].eq(1)
    if not held.any() or held.all():
        return None
    share = shop.settings.global_holdout
    first = first.assign(treated=(~held).astype("int64"), propensity=1 - share if share else np.nan)
    days = (pd.Timestamp(known.orders.until) - first["at"].min()).days + 1
    inside = joined.outcomes(known, first, days)
    drawn = difference.groups(first["treated"].eq(1).to_numpy(), np.full(len(first), np.nan))
    profit, gross = 2 + MONEY.index("profit"), 2 + MONEY.index("gross_profit")
    columns = inside[:, [0, profit, gross]]
    orders, earned, _ = difference.differences(columns, drawn, joined.past(known, first), [0, 2, 2])
    cost = float(ours["send_cost"].sum())
    row = {
        "plans": len(ours),
        "since": str(first["at"].min().date()),
        "until": known.orders.until.isoformat(),
        "sent": drawn.sent,
        "held": drawn.held,
        "order_rate": orders.sent_mean,
        "held_rate": orders.held_mean,
        "send_cost": cost,
        "ratio_p": measured.ratio_check(first),
        **measured.scaled("extra_orders", orders, drawn.sent, 0.0),
        **measured.scaled("extra_profit", earned, drawn.sent, cost),
        "chance_of_loss": earned.chance_below(cost / max(drawn.sent, 1)),
    }
    return Programme(**row, verdict=_verdict(row, columns[:, 0].sum()))


def _verdict(row: dict, ordered: float) -> str:
    if row["ratio_p"] < measured.UNEVEN:
        return "uneven"
    if row["held"] < measured.FEWEST_HELD or ordered < measured.FEWEST_ORDERED:
        return "too_few"
    if row["extra_profit_low"] > 0:
        return "gained"
    return "lost" if row["extra_profit_high"] < 0 else "unclear"
