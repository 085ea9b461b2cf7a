"""What each message that might have been sent earned: from the shop's own orders, else from what was recorded with it.

Orders of the shop tell of both groups alike. A sending tool often records revenue for those it wrote to alone: to take
what is missing for nothing would give who was left out no profit at all, whatever they bought.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from engine.outcome import joined, order_money
from engine.outcome.joined import Known
from engine.outcome.measured import AGREES, FEWEST_ORDERED
from engine.outcome.order_money import MONEY
from engine.sentences import Sentence
from engine.shop import sales
from engine.shop.features import campaign_windows
from engine.shop.store import Shop

Source = Literal["orders", "revenue", "none"]
PROFIT = 1 + MONEY.index("profit")  # of joined.sums


@dataclass(frozen=True, slots=True)
class Earned:
    """Per row (n,) of messages: profit in the shop's currency less what sending cost, missing where nobody can know it.

    source: "orders" of the shop inside the window, "revenue" that was recorded with every order of both groups, "none":
    then profit is missing everywhere. notes: where numbers come from, and what was left out.
    """

    profit: np.ndarray
    source: Source
    notes: tuple[Sentence, ...]


def recorded(shop: Shop) -> pd.DataFrame:
    """Per delivery: revenue, and of its campaign channel, offer_kind, discount, cost (of a message)."""
    keys = ["campaign_id", "customer_id", "sent_at"]
    there = [*keys, *(["revenue"] if "revenue" in shop.columns("deliveries") else [])]
    table = shop.table("deliveries", there).reindex(columns=[*keys, "revenue"])
    return table.drop_duplicates(keys).merge(campaigns(shop), on="campaign_id", how="left")


def campaigns(shop: Shop) -> pd.DataFrame:
    """campaign_id, channel, offer_kind, discount, cost: of a message, missing where nobody said it."""
    table = shop.optional("campaigns").drop_duplicates("campaign_id")
    about = table.reindex(columns=["campaign_id", "channel", "offer_kind", "discount", "send_cost"])
    usual = about["channel"].map(shop.settings.send_cost).astype("float64")
    return about.assign(cost=about["send_cost"].astype("float64").fillna(usual)).drop(columns="send_cost")


def earned(shop: Shop, rows: pd.DataFrame) -> Earned:
    """rows: campaign_id, customer_id, sent_at, treated, converted, revenue, channel, offer_kind, discount, cost."""
    treated = rows["treated"].to_numpy("float64") == 1
    sending, unpriced = np.where(treated, rows["cost"].fillna(0.0), 0.0), int((treated & rows["cost"].isna()).sum())
    free = (Sentence("offpolicy.sending_free", {"count": f"{unpriced:,}"}),) if unpriced else ()
    if shop.rows("orders"):
        known = joined.read(shop)
        found = _from_orders(shop, known, rows)
        inside = ~np.isnan(found[:, 0])
        said = inside & rows["converted"].eq(1).to_numpy()
        agrees = said.sum() < FEWEST_ORDERED or float((found[said, 0] > 0).mean()) >= AGREES
        if inside.any() and agrees:
            late = int((~inside).sum())
            left = (Sentence("offpolicy.orders_end", {"count": f"{late:,}"}),) if late else ()
            return Earned(found[:, PROFIT] - sending, "orders", (*left, *known.notes, *free))
    ordered = rows["converted"].eq(1)
    lacking = int((ordered & rows["revenue"].isna()).sum())
    if lacking or not ordered.any():
        values = {"count": f"{lacking:,}", "orders": f"{int(ordered.sum()):,}"}
        partly = (Sentence("offpolicy.revenue_lacking", values),) if rows["revenue"].notna().any() else ()
        return Earned(np.full(len(rows), np.nan), "none", partly)
    rest = order_money.left(shop)
    return Earned(of_paid(rows, treated, rest.margin, rest.kept) - sending, "revenue", (*rest.notes, *free))


def of_paid(rows: pd.DataFrame, treated: np.ndarray, margin: float, kept: float) -> np.ndarray:
    """(n,) profit of orders of which nothing is known but what was paid; kept: the part of it that does not come back.

    rows: revenue, offer_kind, discount. Goods cost (1 - margin) of the list price, which is above what is paid by a
    percentage off where one was offered and the message was sent.
    """
    off = rows["discount"].where(rows["offer_kind"].eq("percent"), 0.0).fillna(0.0).clip(0, 0.95).to_numpy("float64")
    paid = rows["revenue"].fillna(0.0).to_numpy("float64")
    listed = paid / (1 - np.where(treated, off, 0.0))
    return (paid - (1 - margin) * listed) * kept


def in_window(known: Known, people: pd.DataFrame, days: int) -> np.ndarray:
    """(people, 1 + MONEY): orders and money of each in the days after their moment; missing where the orders begin
    later or end before. people: code (of known.ids), at; each customer once."""
    at = people["at"].to_numpy("datetime64[us]")
    whole = pd.Series(at + days * joined.DAY).dt.ceil("D").to_numpy("datetime64[us]")
    is_known = (whole <= np.datetime64(known.orders.until, "us")) & (at >= known.orders.at[0])
    found = np.full((len(people), 1 + len(MONEY)), np.nan)
    if is_known.any():
        found[is_known] = joined.sums(known, people[is_known], 0, days)
    return found


def _from_orders(shop: Shop, known: Known, rows: pd.DataFrame) -> np.ndarray:
    """`in_window` of each message's own campaign."""
    days = rows["channel"].astype("object").fillna("").map(shop.settings.window)
    if shop.rows("campaigns"):
        windows = campaign_windows(shop).drop_duplicates("campaign_id").set_index("campaign_id")["window_days"]
        days = rows["campaign_id"].map(windows).fillna(days)
    people = pd.DataFrame(
        {"code": known.ids.get_indexer(rows["customer_id"]), "days": days.to_numpy("int64"),
         "campaign": rows["campaign_id"].to_numpy(), "place": np.arange(len(rows)),
         "at": sales.moments(rows["sent_at"], pd.Series(known.orders.at)).to_numpy("datetime64[us]")}
    ).dropna(subset="at")  # fmt: skip
    people["turn"] = people.groupby(["campaign", "code"]).cumcount()  # sums take each customer once
    found = np.full((len(rows), 1 + len(MONEY)), np.nan)
    for (_, _, span), part in people.groupby(["campaign", "turn", "days"]):
        found[part["place"]] = in_window(known, part, int(span))
    return found
