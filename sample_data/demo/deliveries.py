"""Who was written to, who was held out at random, and what both did in the window."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from sample_data.demo import campaigns, customers, dates, response
from sample_data.demo.customers import People
from sample_data.demo.groups import GROUPS, NAMES, per_group

HOLDOUT = 0.1
# Audience sizes bring 60 campaigns to about 120,000 deliveries; Chinese campaigns go to Chinese readers only.
AUDIENCE = {"email": 2_700, "sms": 1_900, "push": 1_850, "social": 2_600}
# Groups a goal looks for, as a factor on the chance to be in its audience.
GOAL_TILT = {
    "win_back": {"lapsed": 3.0, "one_time": 2.0},
    "vip": {"vip": 4.0, "quiet_loyal": 2.0},
    "second_purchase": {"one_time": 2.5, "new": 2.5},
    "sunset": {"lapsed": 4.0},
    "overstock": {"deal_hunter": 2.0},
}
PROXY_OPENS = 0.08  # mail clients that open every message by themselves


@dataclass(slots=True)
class Sent:
    """Everything the past campaigns left behind. Customers and campaigns are index numbers."""

    rows: list[pd.DataFrame] = field(default_factory=list)  # one frame of deliveries per campaign
    audience_shares: list[float] = field(default_factory=list)
    extra_customer: list[np.ndarray] = field(default_factory=list)  # extra orders because of a message
    extra_second: list[np.ndarray] = field(default_factory=list)
    extra_campaign: list[np.ndarray] = field(default_factory=list)
    expected: list[dict] = field(default_factory=list)  # per campaign, from the planted probabilities
    by_group: np.ndarray = field(
        default_factory=lambda: np.zeros((len(NAMES), 4))
    )  # treated, organic, extra, lost orders


def send_all(
    rng: np.random.Generator, planned: list[dict], who: People, orders: pd.DataFrame
) -> tuple[Sent, pd.DataFrame, dict[str, np.ndarray]]:
    """Run every campaign over the organic orders (columns customer, second).

    Returns what was sent, the orders with columns campaign (-1 = in no window) and treated, lost ones removed and extra
    ones added, and per channel the second at which each customer unsubscribed (-1 = did not).
    """
    sent = Sent()
    unsubscribed = {channel: np.full(customers.COUNT, -1) for channel in response.CHANNELS}
    campaign_of = np.full(len(orders), -1)
    treated_of = np.zeros(len(orders), dtype=bool)
    lost = np.zeros(len(orders), dtype=bool)
    starts, ends = campaigns.starts_in_seconds(planned)
    order_customer, order_second = orders["customer"].to_numpy(), orders["second"].to_numpy()
    for index, plan in enumerate(planned):
        audience = _audience(rng, plan, who, unsubscribed, starts[index], sent)
        treated = rng.random(len(audience)) >= HOLDOUT
        position = np.full(customers.COUNT, -1)
        position[audience] = np.arange(len(audience))
        inside = np.flatnonzero(
            (order_second >= starts[index]) & (order_second < ends[index]) & (position[order_customer] >= 0)
        )
        organic = np.zeros(len(audience), dtype=bool)
        organic[position[order_customer[inside]]] = True
        outcome = _react(rng, plan, who, audience, treated, organic)
        slot = position[order_customer[inside]]
        campaign_of[inside], treated_of[inside] = index, treated[slot]
        lost[inside] |= outcome["lost"].to_numpy()[slot]
        _add_extra(rng, sent, index, audience[outcome["extra"]], starts[index], ends[index])
        left = outcome["unsubscribed"].fillna(0).to_numpy(dtype=bool)
        unsubscribed[plan["channel"]][audience[left]] = starts[index] + rng.integers(60, 86_000, left.sum())
        sent.rows.append(outcome.assign(campaign=index, customer=audience, treated=treated))
        sent.expected.append(_expected(plan, who, audience, treated, starts[index], ends[index], sent.by_group))
    kept = orders.assign(campaign=campaign_of, treated=treated_of)[~lost]
    return sent, _with_extra(kept, sent), unsubscribed


def _audience(
    rng: np.random.Generator, plan: dict, who: People, unsubscribed: dict, start: float, sent: Sent
) -> np.ndarray:
    """Customers chosen for a campaign: reachable, joined, not unsubscribed; leaning to the groups its goal is for."""
    reachable = who.reachable[plan["channel"]] & (who.joined_day * dates.DAY_SECONDS < start)
    reachable &= np.max(list(unsubscribed.values()), axis=0) < 0
    if plan["language"] == "zh":
        reachable &= who.speaks_chinese
    tilt = np.array([GOAL_TILT.get(plan["goal"], {}).get(name, 1.0) for name in NAMES])[who.group]
    size = min(AUDIENCE[plan["channel"]], int(0.92 * reachable.sum()))
    # Gumbel keys: the largest `size` of them are a weighted sample without replacement.
    keys = np.where(reachable, np.log(tilt) + rng.gumbel(size=customers.COUNT), -np.inf)
    sent.audience_shares.append(size / reachable.sum())
    return np.sort(np.argpartition(-keys, size)[:size])


def _react(
    rng: np.random.Generator, plan: dict, who: People, audience: np.ndarray, treated: np.ndarray, organic: np.ndarray
) -> pd.DataFrame:
    """opened, clicked, unsubscribed (empty for the holdout), and whether an order was lost or came extra."""
    group, favourite = who.group[audience], who.favourite[audience]
    p_click = response.sigmoid(response.click_log_odds(plan, group, favourite, who.speaks_chinese[audience]))
    p_extra = response.sigmoid(response.extra_log_odds(plan, group, favourite))
    draw = rng.random((6, len(audience)))
    extra = treated & ~organic & (draw[0] < p_extra)
    lost = treated & organic & (draw[1] < per_group("lost_share")[group])
    clicked = draw[2] < np.where(organic, p_click, response.click_chance(p_click, p_extra, extra))
    opened = clicked | (draw[3] < per_group("opens")[group]) | (draw[4] < PROXY_OPENS)
    leaves = np.array([response.UNSUBSCRIBE_FACTOR.get(item.name, 1.0) for item in GROUPS])[group]
    unsubscribed = draw[5] < response.UNSUBSCRIBE[plan["channel"]] * leaves

    def known(flags: np.ndarray, recorded: bool = True) -> pd.Series:
        return pd.Series(flags.astype("int64"), dtype="Int64").where(treated & recorded)

    return pd.DataFrame(
        {
            "opened": known(opened, recorded=plan["channel"] in ("email", "push")),
            "clicked": known(clicked),
            "unsubscribed": known(unsubscribed),
            "extra": extra,
            "lost": lost,
        }
    )


def _add_extra(rng: np.random.Generator, sent: Sent, index: int, buyers: np.ndarray, start: float, end: float) -> None:
    """Extra orders come early in the window: most within its first third."""
    sent.extra_customer.append(buyers)
    sent.extra_second.append((start + 300 + (end - start - 600) * rng.beta(1, 2.5, len(buyers))).astype(np.int64))
    sent.extra_campaign.append(np.full(len(buyers), index))


def _with_extra(orders: pd.DataFrame, sent: Sent) -> pd.DataFrame:
    extra = pd.DataFrame(
        {
            "customer": np.concatenate(sent.extra_customer),
            "second": np.concatenate(sent.extra_second),
            "campaign": np.concatenate(sent.extra_campaign),
            "treated": True,
        }
    )
    return pd.concat([orders, extra], ignore_index=True).sort_values(["second", "customer"], ignore_index=True)


def _expected(
    plan: dict, who: People, audience: np.ndarray, treated: np.ndarray, start: float, end: float, by_group: np.ndarray
) -> dict:
    """What the planted probabilities say of one campaign, before chance; added up per group in `by_group`."""
    group, favourite = who.group[audience], who.favourite[audience]
    days = (np.full(customers.COUNT, moment / dates.DAY_SECONDS) for moment in (start, end))
    organic = -np.expm1(-who.organic_orders(*days))[audience]
    extra = (1 - organic) * response.sigmoid(response.extra_log_odds(plan, group, favourite))
    lost = organic * per_group("lost_share")[group]
    click = response.sigmoid(response.click_log_odds(plan, group, favourite, who.speaks_chinese[audience]))
    np.add.at(by_group, group[treated], np.stack([np.ones(len(audience)), organic, extra, lost], axis=1)[treated])
    return {
        "true_click_rate": float(click[treated].mean()),
        "true_organic_order_rate": float(organic.mean()),
        "true_order_rate_if_sent": float((organic + extra - lost).mean()),
        "true_expected_extra_orders": float((extra - lost)[treated].sum()),
        "click_effect_log_odds": plan["click_effect"],
        "extra_order_effect_log_odds": plan["extra_effect"],
    }


def deliveries(sent: Sent, planned: list[dict], revenue: pd.DataFrame) -> pd.DataFrame:
    """The deliveries table. `revenue`: campaign, customer, revenue after discount of what was bought in the window."""
    rows = pd.concat(sent.rows, ignore_index=True).merge(revenue, on=["campaign", "customer"], how="left")
    starts = np.array([plan["starts_at"] for plan in planned]).astype("datetime64[us]")
    treated = rows["treated"].to_numpy()
    return pd.DataFrame(
        {
            "campaign_id": np.array([plan["campaign_id"] for plan in planned])[rows["campaign"]],
            "customer_id": customers.customer_ids()[rows["customer"]],
            "sent_at": starts[rows["campaign"]],
            "treated": treated.astype("int64"),
            "propensity": 1.0 - HOLDOUT,
            "opened": rows["opened"],
            "clicked": rows["clicked"],
            "converted": rows["revenue"].notna().astype("int64"),
            "revenue": rows["revenue"].fillna(0.0).round(2),
            "unsubscribed": rows["unsubscribed"],
        }
    )
