"""What changed in the shop's data since the forecasts in use were learned, and which plans that touches.

Three looks, each a table of before and one of after (engine.model.drift): order lines by week, messages by campaign as
the models see them, ads by week. And whether people still answer as the forecasts say (engine.model.moved), in all and
by channel. Levels add up: of shops where nothing changed at most one in twenty is told of a change.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from engine.campaign import past_sends, response, rows, since
from engine.campaign.learned import RATES
from engine.campaign.past_sends import Messages
from engine.campaign.plan import Plan
from engine.campaign.promotion import InUse
from engine.campaign.response import Models
from engine.errors import ModelFileProblem
from engine.model import drift, moved
from engine.model.drift import Change, Drift
from engine.model.encode import source
from engine.model.moved import Moved
from engine.sentences import Sentence
from engine.shop.features import default_as_of
from engine.shop.store import Shop

WEEK = 7
WEEKS = 52  # of orders and ads before, at most
EACH = 300  # messages of a campaign that are looked at
OPEN = ("draft", "submitted", "approved")  # plans that a change can still touch
USUAL_PRICE = 10  # order lines of a product, to know its usual price
# What a customer did so far moves as a shop gets older, and is alike in campaigns of one month: whole campaigns dealt
# anew would take that for a change. What stays are the offers and the customers' own columns; what customers do is seen
# in the orders.
DONE = {
    *rows.CUSTOMER_LOGS, *rows.CUSTOMER_SHARES, *RATES, "ordered", "clicked", "coded_orders", "coded_orders_90d",
    "campaign_spend", "campaign_orders", "campaign_share", "campaign_id", "ad_id", "season", "weekday",
}  # fmt: skip
LEVEL = 0.01  # of all responses together


@dataclass(frozen=True, slots=True)
class Changed:
    """learned: the day the forecasts in use were learned; until: the last day of data looked at.

    looks: "orders", "messages", "ads" where the shop has them. responses: by target; by_channel: by target and channel,
    of targets that moved. `moves`: the targets whose responses moved by more than chance.
    """

    learned: date
    until: date
    looks: dict[str, Drift]
    responses: dict[str, Moved]
    by_channel: dict[tuple[str, str], Moved]

    @property
    def moves(self) -> tuple[str, ...]:
        level = LEVEL / max(len(self.responses), 1)
        return tuple(target for target, one in self.responses.items() if one.p <= level)

    @property
    def alarm(self) -> bool:
        return bool(self.moves) or any(one.alarm for one in self.looks.values())


def changed(shop: Shop, as_of: date | None = None, seed: int = 0) -> Changed:
    """Raises NotEnoughData before the first training, ModelFileProblem where the model in use cannot be read."""
    as_of = as_of or default_as_of(shop)
    return of_past(shop, read(shop, as_of), as_of, seed)


@dataclass(frozen=True, slots=True)
class Read:
    """The model in use, the past messages, and its forecasts of campaigns since (engine.campaign.since.campaigns)."""

    models: Models
    in_use: InUse
    messages: Messages | None
    newer: pd.DataFrame


def read(shop: Shop, as_of: date) -> Read:
    """What takes the time: the features of every message. Raises as `changed` does."""
    models, in_use = response.load(shop), response.model_in_use(shop)
    if in_use is None:
        raise ModelFileProblem(Sentence("refused.no_model", {"version": models.version}))
    messages = past_sends.past_messages(shop, as_of)
    newer = since.campaigns(since.of_messages(shop, messages, as_of), in_use, models.variation)
    return Read(models, in_use, messages, newer)


def of_past(shop: Shop, past: Read, as_of: date, seed: int = 0) -> Changed:
    """`changed`, of what was read."""
    learned = date.fromisoformat(past.models.card["as_of"])
    looks = {}
    if shop.rows("orders"):
        looks["orders"] = _orders(shop, learned, as_of, seed)
    if past.messages is not None:
        looks["messages"] = _messages(past.messages, past.in_use, seed)
    if shop.rows("ads"):
        looks["ads"] = _ads(shop, learned, as_of, seed)
    responses, by_channel = _responses(past.models, past.newer)
    return Changed(learned, as_of - timedelta(days=1), looks, responses, by_channel)


# --- the three looks ---


def _orders(shop: Shop, learned: date, as_of: date, seed: int) -> Drift:
    """Order lines: what is paid, how much, for what, where; what came back; what stands twice."""
    wanted = ("customer_id", "ordered_at", "product_id", "quantity", "unit_price", "discount", "sales_channel")
    lines = shop.table("orders", [name for name in shop.columns("orders") if name in wanted])
    week = _weeks(lines["ordered_at"], learned, as_of)
    lines, week = lines[week.notna()].reset_index(drop=True), week.dropna().to_numpy("int64")
    price = lines["unit_price"].where(lines["quantity"] > 0)
    usual = price.groupby(lines["product_id"]).transform("median")
    often = price.groupby(lines["product_id"]).transform("count") >= USUAL_PRICE
    same = ["customer_id", "ordered_at", "product_id", "quantity", "unit_price"]
    columns = {
        "unit_price": price,
        "own_price": (price / usual.where(usual > 0)).where(often),
        "quantity": lines["quantity"].where(lines["quantity"] > 0),
        "returned": (lines["quantity"] < 0).astype("float64"),
        "twice": lines.duplicated(same, keep=False).astype("float64"),
    }
    if "discount" in lines:
        list_price = (price * lines["quantity"]).where(lambda value: value > 0)
        columns["discount_share"] = (lines["discount"] / list_price).clip(0, 1)
    if "sales_channel" in lines:
        columns["sales_channel"] = lines["sales_channel"]
    if "category" in shop.columns("products"):
        products = shop.table("products", ["product_id", "category"]).drop_duplicates("product_id")
        columns["product_category"] = lines["product_id"].map(products.set_index("product_id")["category"])
    return _compared(pd.DataFrame(columns), week, seed)


def _messages(messages: Messages, in_use: InUse, seed: int) -> Drift:
    """Messages by campaign, with what the models look at and no customer did."""
    campaign = messages.sent["campaign_id"].astype("str")
    is_new = ~np.isin(campaign, list(frozenset().union(*in_use.learned.values())))
    shuffled = campaign.iloc[np.random.default_rng(seed).permutation(len(campaign))]
    few = (shuffled.groupby(shuffled).cumcount().sort_index() < EACH).to_numpy()
    old, new = few & ~is_new, few & is_new
    features = messages.features[[column for column in messages.features if _is_looked_at(str(column))]]
    of_old, of_new = campaign[old].to_numpy(), campaign[new].to_numpy()
    return drift.found(features[old], features[new], of_old, of_new, seed, volume=False)


def _is_looked_at(column: str) -> bool:
    return source(column) not in DONE and not column.endswith("|x discount_share")


def _ads(shop: Shop, learned: date, as_of: date, seed: int) -> Drift:
    table, features = since.ad_table(shop, as_of)
    week = _weeks(table["date"], learned, as_of)
    kept = features[[column for column in features if _is_looked_at(str(column))]]
    return _compared(kept[week.notna()].reset_index(drop=True), week.dropna().to_numpy("int64"), seed)


def _weeks(at: pd.Series, learned: date, as_of: date) -> pd.Series:
    """Whole weeks from the day of learning, 0 the first after it, -1 the last before; missing outside of whole ones."""
    days = (at - pd.Timestamp(learned)).dt.days
    week = np.floor(days / WEEK)
    first = max(np.ceil(days.min() / WEEK) if len(days) else 0, -WEEKS)
    last = (as_of - learned).days // WEEK
    return week.where((week >= first) & (week < last))


def _compared(columns: pd.DataFrame, week: np.ndarray, seed: int) -> Drift:
    late = week >= 0
    return drift.found(columns[~late], columns[late], week[~late], week[late], seed)


# --- do people still answer as the forecasts say? ---


def _responses(models: Models, newer: pd.DataFrame) -> tuple[dict[str, Moved], dict[tuple[str, str], Moved]]:
    """By target; and by target and channel, of targets with several."""
    found, by_channel = {}, {}
    for target in sorted(set(newer["target"])):
        then = pd.DataFrame(models.card["targets"][target]["held_out"])
        now = newer[newer["target"] == target]
        if not len(then):
            continue
        found[target] = moved.moved(then, now)
        channels = sorted(set(now["channel"]) - {""})
        for channel in channels if len(channels) > 1 else []:
            own = then[then["channel"] == channel] if "channel" in then else then.iloc[:0]
            by_channel[target, channel] = moved.moved(own, now[now["channel"] == channel])
    return found, by_channel


# --- which plans it touches ---


@dataclass(frozen=True, slots=True)
class Touched:
    """A plan whose forecast rests on something that changed: the changes, and the targets and channels that moved."""

    plan: Plan
    changes: tuple[tuple[str, Change], ...]
    moves: tuple[str, ...]


def touched(found: Changed, open_plans: Sequence[Plan], categories: Mapping[str, str]) -> list[Touched]:
    """The plans, of those still open, that a change concerns. categories: by product_id.

    A change of a channel's or a category's share concerns plans of that channel or category; responses that moved
    concern plans of the channels that moved, or all where no channel alone did; everything else concerns every plan.
    """
    result = []
    for plan in open_plans:
        if plan.status not in OPEN:
            continue
        own = {str(step.channel) for step in plan.steps}
        about = {*filter(None, [plan.category]), *(categories[one] for one in plan.product_ids if one in categories)}
        changes = tuple(
            (look, change)
            for look, one in found.looks.items()
            if look != "ads"
            for change in one.changes
            if _concerns(change, own, about)
        )
        moves = tuple(
            target for target in found.moves if not target.startswith("ad_") and _moved_for(found, target, own)
        )
        together = any(one.alarm and not one.changes for look, one in found.looks.items() if look != "ads")
        if changes or moves or together:
            result.append(Touched(plan, changes, moves))
    return result


def _concerns(change: Change, channels: set[str], categories: set[str]) -> bool:
    if change.kind == "level" and change.column == "channel":
        return change.level in channels
    if change.kind == "level" and change.column in ("category", "product_category"):
        return not categories or change.level in categories
    return change.column != drift.VOLUME


def _moved_for(found: Changed, target: str, channels: set[str]) -> bool:
    """Whether responses moved in one of these channels; where no channel alone shows it, in all."""
    level = LEVEL / max(len(found.responses), 1)
    alone = {channel for (name, channel), one in found.by_channel.items() if name == target and one.p <= level}
    return not alone or bool(alone & channels)
