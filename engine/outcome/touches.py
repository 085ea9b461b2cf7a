"""Messages and the shop's own orders, joined by customer and time: who ordered how many days after which message."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from engine.errors import NotEnoughData
from engine.outcome.draws import Draws, draws
from engine.sentences import Sentence
from engine.shop import sales
from engine.shop.features import campaign_windows, default_as_of
from engine.shop.store import Shop

HORIZON = 30  # days after a message within which an order is looked at, where no window is longer

DAY = 86_400  # seconds


@dataclass(frozen=True, slots=True)
class Touches:
    """messages: campaign_id, customer_id, sent_at, treated (bool), channel, window_days.

    orders: order_id, customer_id, ordered_at, net (money after discounts and returns), one row per order placed.
    pairs: message and order (positions in these tables) and days between, 0 to HORIZON or the longest window; an order
    appears once for each message before it. as_of: the first instant that nothing is known of. by_export: campaign_id
    of the plans that no delivery tells of: whoever was given to the sending tool counts as sent, at the plan's moment
    and by its first channel.
    """

    messages: pd.DataFrame
    orders: pd.DataFrame
    pairs: pd.DataFrame
    as_of: pd.Timestamp
    by_export: tuple[str, ...] = ()

    @property
    def claims(self) -> pd.DataFrame:
        """The pairs whose message was sent and whose order came within that message's window."""
        message = self.pairs["message"].to_numpy()
        inside = self.pairs["days"].to_numpy() < self.messages["window_days"].to_numpy("float64")[message]
        return self.pairs[inside & self.messages["treated"].to_numpy()[message]]


def touches(shop: Shop, drawn: Draws | None = None) -> Touches:
    """Every message and every order of the shop. drawn: where it was read before.

    Raises NotEnoughData for a shop that lacks either.
    """
    drawn = drawn if drawn is not None else draws(shop)
    is_exported = drawn.about["source"].eq("assignment").any()
    for name in ("orders",) if is_exported else ("deliveries", "campaigns", "orders"):
        if not shop.rows(name):
            raise NotEnoughData(Sentence(f"channels.needs_{name}"))
    as_of, orders = pd.Timestamp(default_as_of(shop)), placed(shop)
    if not len(orders):
        raise NotEnoughData(Sentence("channels.needs_orders"))
    messages, by_export = _messages(shop, drawn, as_of)
    if not messages["treated"].any():
        raise NotEnoughData(Sentence("channels.none_sent"))
    return Touches(messages, orders, _pairs(messages, orders), as_of, by_export)


def _messages(shop: Shop, drawn: Draws, as_of: pd.Timestamp) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Single deliveries, with what exports tell beside them: of a plan without any delivery everybody it was for, of
    one whose deliveries name nobody left out those people. And which plans are known by their export alone."""
    rows = _delivered(shop)
    ours = drawn.about[drawn.about["source"] == "assignment"].set_index("campaign_id")
    people = drawn.people[drawn.people["campaign_id"].isin(ours.index) & drawn.people["global_holdout"].ne(1)]
    treated = people["treated"].eq(1)
    of_sent, of_held = (set(rows.loc[rows["treated"].eq(one), "campaign_id"]) for one in (True, False))
    is_new = np.where(treated, ~people["campaign_id"].isin(of_sent), ~people["campaign_id"].isin(of_held))
    added = people[is_new & people["at"].lt(as_of)]  # one exported for a later day has reached nobody yet
    added = pd.DataFrame(
        {
            "campaign_id": added["campaign_id"].astype("str"), "customer_id": added["customer_id"].astype("str"),
            "sent_at": added["at"], "treated": added["treated"].eq(1),
        }
    )  # fmt: skip
    alone = set(added.loc[added["treated"], "campaign_id"])
    parts = [one for one in (rows, added) if len(one)]
    table = pd.concat(parts, ignore_index=True) if parts else rows
    table = table.join(_windows(shop, ours), on="campaign_id")
    return table[table["channel"].notna()].reset_index(drop=True), tuple(one for one in ours.index if one in alone)


def _delivered(shop: Shop) -> pd.DataFrame:
    """campaign_id, customer_id, sent_at, treated (bool) of single deliveries."""
    kept = ["campaign_id", "customer_id", "sent_at", "treated"]
    if not shop.rows("deliveries"):
        kinds = {"sent_at": "datetime64[us]", "treated": "bool"}
        return pd.DataFrame({name: pd.Series(dtype="str") for name in kept}).astype(kinds)
    rows = shop.table("deliveries", [name for name in shop.columns("deliveries") if name in kept])
    treated = rows["treated"].fillna(1.0).eq(1.0) if "treated" in rows else pd.Series(True, rows.index)
    return rows.assign(treated=treated)[kept]


def _windows(shop: Shop, ours: pd.DataFrame) -> pd.DataFrame:
    """channel and window_days by campaign_id, of plans their own."""
    own = ours[["channel", "window_days"]]
    if not shop.rows("campaigns"):
        return own
    known = campaign_windows(shop).drop_duplicates("campaign_id").set_index("campaign_id")
    return pd.concat([own, known.loc[~known.index.isin(own.index), ["channel", "window_days"]]])


def placed(shop: Shop) -> pd.DataFrame:
    """order_id, customer_id, ordered_at and net of every order; one that only takes something back is none."""
    wanted = [name for name in sales.COLUMNS if name in shop.columns("orders") and name != "product_id"]
    lines = shop.table("orders", wanted)
    lines["net"] = sales.parts(lines)["net"]
    bought = lines["ordered_at"].where(lines["quantity"] > 0)
    by_order = lines.assign(at=bought).groupby(["customer_id", "order_id"], sort=False)
    table = by_order.agg(ordered_at=("at", "min"), net=("net", "sum")).reset_index()
    return table[table["ordered_at"].notna()].sort_values("ordered_at", kind="stable", ignore_index=True)


def _pairs(messages: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    """For each message the customer's orders of the HORIZON days after it, or of the longest window beyond."""
    sorted_by, low, high, at, since = _found(messages, orders, 0, max(HORIZON, int(messages["window_days"].max())))
    count = high - low
    message = np.repeat(np.arange(len(messages)), count)
    nth = np.arange(len(message)) - np.repeat(np.cumsum(count) - count, count)
    order = sorted_by[np.repeat(low, count) + nth]
    return pd.DataFrame({"message": message, "order": order, "days": (at[order] - since[message]) / DAY})


def orders_before(messages: pd.DataFrame, orders: pd.DataFrame, days: int) -> np.ndarray:
    """Orders that the customer of each message placed in the `days` days before it."""
    _, low, high, _, _ = _found(messages, orders, -days, 0)
    return np.asarray(high - low)


def _found(messages: pd.DataFrame, orders: pd.DataFrame, begin: int, end: int) -> tuple[np.ndarray, ...]:
    """The customer's orders from `begin` until before `end` days after each message, by search in one sorted list.

    Positions of orders by customer and time; per message the first of its own there, and the first beyond; seconds of
    orders and of messages.
    """
    codes = pd.factorize(pd.concat([orders["customer_id"], messages["customer_id"]]))[0].astype("int64")
    sent = sales.moments(messages["sent_at"], orders["ordered_at"])
    first = min(orders["ordered_at"].min(), sent.min())
    at, since = seconds(orders["ordered_at"], first), seconds(sent, first)
    span = max(int(at.max()), int(since.max())) + (abs(begin) + abs(end) + 1) * DAY
    keys, asked = codes[: len(orders)] * span + at, codes[len(orders) :] * span + since
    sorted_by = np.argsort(keys, kind="stable")
    own = codes[len(orders) :] * span  # a customer's seconds begin here: before it are another's orders
    low, high = (np.searchsorted(keys[sorted_by], np.maximum(asked + days * DAY, own)) for days in (begin, end))
    return sorted_by, low, high, at, since


def seconds(times: pd.Series, first: pd.Timestamp) -> np.ndarray:
    """Whole seconds since an instant."""
    return ((times - first) // pd.Timedelta(seconds=1)).to_numpy("int64")
