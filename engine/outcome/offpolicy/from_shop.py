"""Would it have paid to write to others? From the shop's past sends whose holdout chance drew.

Two actions, "send" and "hold"; the reward is profit per message that might have been sent, in the shop's currency. A
customer's rows move together.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from engine.audience import segments
from engine.campaign import offers
from engine.campaign.uplift import evidence, kept
from engine.errors import ModelFileProblem, NotEnoughData
from engine.outcome.offpolicy import answer, money
from engine.outcome.offpolicy.answer import Answer
from engine.outcome.offpolicy.log import Log
from engine.outcome.offpolicy.money import Source
from engine.outcome.offpolicy.policy import by_row
from engine.sentences import Sentence
from engine.shop import sales
from engine.shop.store import Shop

ACTIONS = ("hold", "send")
RECENT_DAYS = 90
# Besides: group:ID of each of the shop's groups, and "moved" where it was learned what writing changes.
CHOICES = ("everybody", "nobody", "recent", "lapsed")


@dataclass(frozen=True, slots=True)
class Sends:
    """A log of past sends. reward: "profit" in the shop's currency, or "orders" where nobody can know the money.

    source, notes: where the money comes from, see engine.outcome.offpolicy.money.Earned.

    days_since_order: (n,) at the time of the send, missing before a customer's first order. group: (n,) id of today.
    moved: (n,) whether writing was expected to pay, by models of other customers; None where nothing was learned.
    margin: share of list price. facts: of the evidence, see uplift.evidence.Evidence.facts.
    """

    log: Log
    reward: str
    source: Source
    notes: tuple[Sentence, ...]
    days_since_order: np.ndarray
    group: np.ndarray
    groups: dict[str, str]  # id -> name, in their order
    moved: np.ndarray | None
    margin: float
    first: date
    last: date
    facts: dict

    @property
    def choices(self) -> list[str]:
        """What can be asked, by key."""
        learned = ["moved"] if self.moved is not None else []
        return [*CHOICES, *learned, *(f"group:{one}" for one in self.groups)]


def sends(shop: Shop) -> Sends:
    """The shop's past sends as a log. Raises NotEnoughData where chance held nobody out, or its odds are not known."""
    past = evidence.gather(shop)
    evidence.refuse(past)
    rows = past.rows.merge(money.recorded(shop), on=["campaign_id", "customer_id", "sent_at"], how="left")
    treated = rows["treated"].to_numpy("float64") == 1
    chance = rows["propensity"].to_numpy("float64")
    paid = money.earned(shop, rows)
    has_money = paid.source != "none"
    reward = paid.profit if has_money else rows["converted"].to_numpy("float64")
    moved = _moved(shop, rows, reward if has_money else None)
    known_of = ~np.isnan(reward)
    rows = rows[known_of].reset_index(drop=True)
    treated, chance, reward = treated[known_of], chance[known_of], reward[known_of]
    moved = moved[known_of] if moved is not None else None
    since = days_since_order(shop, rows)
    known = pd.DataFrame(
        {"channel": rows["channel"].astype("str").fillna(""), "days": np.log1p(since), "ever": np.isfinite(since) * 1.0}
    )
    log = Log(
        ACTIONS, treated.astype(int), reward, np.where(treated, chance, 1 - chance), known,
        pd.factorize(rows["customer_id"])[0],
    )  # fmt: skip
    group, names = _groups(shop, rows["customer_id"])
    days = rows["sent_at"].dropna()
    if days.empty:
        raise NotEnoughData(Sentence("refused.no_propensity"))
    first, last = days.min().date(), days.max().date()
    kind = "profit" if has_money else "orders"
    facts = past.facts() | {"campaigns": int(rows["campaign_id"].nunique()), "held_out": int((~treated).sum())}
    margin = offers.margin(shop, [], None).share
    return Sends(log, kind, paid.source, paid.notes, since, group, names, moved, margin, first, last, facts)


def judge(known: Sends, choice: str, seed: int = 0) -> Answer:
    """What writing to these alone would have earned on the same occasions; `choice` is one of `known.choices`."""
    written = written_to(known, choice).astype(int)
    return answer.evaluate(known.log, by_row(written, np.array([[1.0, 0.0], [0.0, 1.0]]), known.log), seed)


def written_to(known: Sends, choice: str) -> np.ndarray:
    """(n,) whether the choice writes in this row."""
    count = len(known.log)
    if choice in ("everybody", "nobody"):
        return np.full(count, choice == "everybody")
    recent = known.days_since_order <= RECENT_DAYS
    if choice in ("recent", "lapsed"):
        return recent if choice == "recent" else ~recent
    if choice == "moved" and known.moved is not None:
        return known.moved
    return known.group == choice.removeprefix("group:")


def days_since_order(shop: Shop, rows: pd.DataFrame) -> np.ndarray:
    """(n,) days from the customer's last order to the send; missing without one. rows: customer_id, sent_at.

    Where orders say a day and no hour, those of the send's own day are later (engine.shop.sales.moments).
    """
    found = np.full(len(rows), np.nan)
    if not shop.rows("orders"):
        return found
    orders = shop.table("orders", ["customer_id", "ordered_at", "quantity"]).sort_values("ordered_at")
    orders = orders.loc[orders["quantity"] > 0, ["customer_id", "ordered_at"]]
    asked = rows[["customer_id", "sent_at"]].assign(place=np.arange(len(rows))).dropna(subset="sent_at")
    asked["sent_at"] = sales.moments(asked["sent_at"], orders["ordered_at"])
    joined = pd.merge_asof(
        asked.sort_values("sent_at"), orders, left_on="sent_at", right_on="ordered_at", by="customer_id",
        allow_exact_matches=False,
    )  # fmt: skip
    found[joined["place"]] = (joined["sent_at"] - joined["ordered_at"]).dt.total_seconds() / 86_400
    return found


def _moved(shop: Shop, rows: pd.DataFrame, earned: np.ndarray | None) -> np.ndarray | None:
    """Where the extra orders that models of other customers expected were worth more than the message; None where none
    were learned, or from other messages than these.

    earned: profit per row, missing where it is not known; None: any extra order counts, and messages cost nothing.
    """
    try:
        held_out = kept.load(shop).held_out
    except (NotEnoughData, ModelFileProblem):
        return None
    if not np.array_equal(held_out.customer, pd.factorize(rows["customer_id"])[0]):
        return None
    if earned is None:
        return held_out.effect > 0
    cost = rows["cost"].fillna(0.0).to_numpy("float64")
    ordered = rows["converted"].eq(1).to_numpy()
    of_an_order = float(np.nanmean(earned[ordered] + np.where(rows["treated"].eq(1), cost, 0.0)[ordered]))
    return held_out.effect * of_an_order > cost


def _groups(shop: Shop, customer: pd.Series) -> tuple[np.ndarray, dict[str, str]]:
    """Today's group of each row's customer, and the groups' names; none where the shop has no groups."""
    try:
        found = segments.current(shop)
    except NotEnoughData:
        return np.full(len(customer), "", dtype=object), {}
    labels = found.labels.drop_duplicates("customer_id").set_index("customer_id")["segment_id"]
    names = found.profiles.set_index("segment_id")["segment_name"]
    return customer.map(labels).fillna("").to_numpy(dtype=object), {str(one): str(names[one]) for one in names.index}
