"""An audience made ready for forecasting: who may be written to, and what is known of a sample that stands for them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from engine.audience.reach import Limits, Reach, reachable
from engine.campaign import baskets, offers, rows, window
from engine.campaign.baskets import Baskets
from engine.errors import NotEnoughData
from engine.model.encode import Encoder
from engine.shop.features import default_as_of, features
from engine.shop.store import Shop

# What a plan says that no past campaign's row does: nothing was learned about it.
OF_PLANS_ONLY = {
    "product_ids", "plan_id", "audience", "segment_id", "rule", "holdout", "tiers", "max_discount", "applies_to",
    "per_customer_limit", "stackable_with", "window_days", "day", "condition", "drawn", "evenly",
    "assumed_click_rate", "assumed_order_rate", "assumed_extra_rate", "assumed_order_value",
}  # fmt: skip
# What else is no part of how a message reads: the size of its offer (its kind is), and to how many it goes.
_NOT_OF_MESSAGE = {"discount", "min_spend", "audience_share", "send_cost"}
Result = TypeVar("Result")
REPRESENTATIVES = 2_000  # an audience is at most this many customers for number and reasons alike


@dataclass(frozen=True, slots=True)
class Scene:
    """An audience ready for one message: everything that no slider but the channel changes.

    customer_ids: those whom at least one message of the plan may reach. known: feature columns of the representatives,
    each of whom stands for len(customer_ids) / len(known) customers. reached: which of them this message may reach.
    """

    audience: tuple[str, ...]
    customer_ids: tuple[str, ...]
    known: pd.DataFrame
    reached: np.ndarray
    left_out: dict[str, int]
    as_of: date
    margin: offers.Margin
    baskets: Baskets  # past orders that stand for the plan's
    columns: pd.DataFrame  # model columns of the representatives
    _latest: dict[tuple, tuple[Any, Any, Any]] = field(default_factory=dict, repr=False, compare=False)

    def latest(self, slot: str, model: object, key: object, make: Callable[[], Result]) -> Result:
        """What `make` gives for this key, kept until another key is asked for in the same slot of the same model.

        One slider moves at a time: what hangs on the others is at hand.
        """
        kept = self._latest.get((slot, id(model)))
        # The model is kept too: another one could be given the same id after this one is gone.
        if kept is None or kept[0] is not model or kept[1] != key:
            kept = self._latest[slot, id(model)] = (model, key, make())
        return kept[2]


@dataclass(frozen=True, slots=True)
class Setting:
    """A scene under one setting of the sliders: model columns of the message and of its offer, a value each.

    `key` says which message it is, `size` how large its offer; `slot` keeps it with and without an offer apart."""

    scene: Scene
    key: tuple
    message: dict[str, Any]
    offered: dict[str, np.ndarray]
    size: tuple = ()
    slot: str = "message"

    # Values, not frames of one row: those took nearly half the time of a forecast.

    @property
    def offer(self) -> dict[str, Any]:
        """Model columns of the offer, a value each."""
        return {name: value[0] for name, value in self.offered.items()}

    @property
    def columns(self) -> dict[str, Any]:
        """Model columns of message and offer, a value each; those of the customers are the scene's."""
        return self.message | self.offer

    @property
    def both(self) -> pd.DataFrame:
        """Model columns of offer and customer together, one row per representative."""
        known = self.scene.known

        def together() -> pd.DataFrame:
            return pd.DataFrame(rows.shared_columns(self.offered, known.get("discount_share")), index=known.index)

        return self.scene.latest(f"both, {self.slot}", None, float(self.offered["discount|curve"][0]), together)

    def matrix(self, encoder: Encoder, **extra: np.ndarray) -> np.ndarray:
        """The representatives as a model takes them; `extra` adds columns of one value each."""

        def with_message() -> np.ndarray:
            own = self.scene.latest("customers", encoder, None, lambda: encoder.matrix(self.scene.columns))
            return encoder.over(own, self.message)

        known = self.scene.latest(self.slot, encoder, self.key, with_message)
        more = [pd.DataFrame(extra, index=self.scene.known.index)] if extra else []
        return encoder.over(known, self.offer, self.both, *more)

    def frame(self) -> pd.DataFrame:
        """The same as one table of features."""
        return pd.concat([self.scene.columns.assign(**self.columns), self.both], axis=1)

    def without_offer(self) -> "Setting":
        """The same as if nothing was offered."""
        nothing = {name: np.zeros_like(value) for name, value in self.offered.items()}
        message = self.message | rows.nothing_offered(self.message)
        return replace(self, message=message, offered=nothing, slot="without offer")


def day_of_data(shop: Shop, starts_at: object) -> date:
    """The day of the data; of a shop whose tables have no days (customers alone) the day the plan starts.

    Raises NotEnoughData where neither is known.
    """
    try:
        return default_as_of(shop)
    except NotEnoughData:
        if starts_at is None or pd.isna(starts_at):  # type: ignore[call-overload]
            raise
        return pd.Timestamp(str(starts_at)).date()


def scene(
    shop: Shop, plan: dict, audience: list[str], as_of: date | None = None, seed: int = 0, limits: Limits | None = None
) -> Scene:
    """Prepare an audience for a plan of one message (campaign columns; product_ids as a list)."""
    return scenes(shop, [plan], audience, as_of, seed, limits)[0]


def scenes(
    shop: Shop,
    messages: Sequence[dict],
    audience: list[str],
    as_of: date | None = None,
    seed: int = 0,
    limits: Limits | None = None,
) -> list[Scene]:
    """One scene for each message of a plan, all with the same representatives.

    Later messages see the earlier ones as past pressure: sent so many days ago. Every message has plan_id, channel,
    and the day it is sent on.
    """
    as_of = as_of or default_as_of(shop)
    reach = {channel: reachable(shop, audience, channel, as_of, limits) for channel in _channels(messages)}
    anyone = _together(audience, list(reach.values()))
    chosen = _representatives(anyone, seed)
    products = [str(p) for p in messages[0].get("product_ids") or []]
    past = baskets.measured(shop, chosen, as_of, window.of_messages(shop.settings, messages))
    margin = offers.margin(shop, products, messages[0].get("category"), past.tax_share or 0.0)
    known = {channel: _known(shop, messages[0], channel, chosen, products, as_of) for channel in reach}
    result = []
    for number, message in enumerate(messages):
        channel = str(message["channel"])
        may = set(reach[channel].customer_ids)
        reached = np.fromiter((one in may for one in chosen), dtype=bool, count=len(chosen))
        facts = _after(known[channel], [_day(earlier) for earlier in messages[:number]], _day(message))
        result.append(
            Scene(
                tuple(audience), tuple(anyone), facts, reached, reach[channel].left_out, as_of, margin, past,
                pd.DataFrame(rows.customer_columns(facts), index=facts.index),
            )
        )  # fmt: skip
    return result


def alone(
    shop: Shop, messages: Sequence[dict], customer_id: str, whole: Scene, step: int = 0, limits: Limits | None = None
) -> Scene:
    """One customer of the audience `whole` as a scene of their own for one of the messages: same day, same offer.

    Nobody is in it where the message cannot reach them.
    """
    here = whole.known["customer_id"].eq(customer_id).to_numpy() & whole.reached
    if here.any():  # known already: features of one customer take as long as those of thousands
        known, columns = whole.known[here], whole.columns[here]
        only = (customer_id,)
        return replace(
            whole,
            audience=only,
            customer_ids=only,
            known=known,
            columns=columns,
            reached=here[here],
            left_out={},
            _latest={},
        )
    one = scenes(shop, messages, [customer_id], whole.as_of, limits=limits)[step]
    return replace(one, margin=whole.margin, baskets=whole.baskets)


def everyone(
    shop: Shop, messages: Sequence[dict], as_of: date | None = None, seed: int = 0, limits: Limits | None = None
) -> list[Scene]:
    """The scenes of a plan that went to every customer the shop knows."""
    known = (
        shop.optional("customers")["customer_id"] if shop.rows("customers") else shop.optional("orders")["customer_id"]
    )
    return scenes(shop, messages, known.dropna().drop_duplicates().tolist(), as_of, seed, limits)


def _channels(messages: Sequence[dict]) -> list[str]:
    return list(dict.fromkeys(str(message["channel"]) for message in messages))


def _day(message: dict) -> int:
    return int(message.get("day") or 0)


def _together(audience: list[str], reaches: list[Reach]) -> list[str]:
    """Customers whom at least one channel reaches, in the audience's order."""
    if len(reaches) == 1:
        return reaches[0].customer_ids
    anyone = {one for reach in reaches for one in reach.customer_ids}
    return [one for one in dict.fromkeys(audience) if one in anyone]


def _known(shop: Shop, plan: dict, channel: str, chosen: list[str], products: list[str], as_of: date) -> pd.DataFrame:
    """What is known of the representatives on the day of the data, for messages in this channel."""
    asked = pd.DataFrame(
        {
            "customer_id": pd.Series(chosen, dtype="str"),
            "as_of": pd.Series(pd.Timestamp(as_of), index=range(len(chosen)), dtype="datetime64[us]"),
            "campaign_id": str(plan["plan_id"]),
            "channel": channel,
            "campaign_category": str(plan.get("category") or ""),
        }
    )
    pairs = pd.DataFrame({"campaign_id": str(plan["plan_id"]), "product_id": pd.Series(products, dtype="str")})
    return features(shop, asked, pairs).join(rows.customer_attributes(shop), on="customer_id")


def _after(known: pd.DataFrame, earlier: list[int], day: int) -> pd.DataFrame:
    """What will be known on the day of a later message: as much, and the plan's own messages in between."""
    if not earlier or "sent_30d" not in known:
        return known
    pressure = sum(day - other <= 30 for other in earlier)
    return known.assign(sent_30d=known["sent_30d"] + pressure, days_since_sent=float(day - max(earlier)))


def _representatives(customer_ids: list[str], seed: int) -> list[str]:
    """At most REPRESENTATIVES of the audience, every one equally likely, in the order given."""
    if len(customer_ids) <= REPRESENTATIVES:
        return customer_ids
    chosen = np.random.default_rng(seed).choice(len(customer_ids), REPRESENTATIVES, replace=False)
    return [customer_ids[i] for i in np.sort(chosen)]


def said(scene: Scene, plan: dict[str, Any]) -> dict[str, Any]:
    """What one message of a plan says, as a campaign's row does."""
    start = plan.get("starts_at")
    sent_at = pd.Timestamp(start) if start is not None and pd.notna(start) else pd.Timestamp(scene.as_of)
    sent_at += pd.Timedelta(days=_day(plan))
    known: dict[str, Any] = {name: plan.get(name) for name in plan if name not in OF_PLANS_ONLY} | {"sent_at": sent_at}
    known.setdefault("send_hour", np.nan)
    if offers.has(plan.get("applies_to")) and known.get("offer_kind") in offers.WITH_SIZE and known.get("discount"):
        # Past offers were on whole orders: one on a tenth of the order is to customers like one a tenth as large.
        known["discount"] = known["discount"] * scene.baskets.share(plan["applies_to"])
    return known


def setting(shop: Shop, scene: Scene, plan: dict[str, Any]) -> Setting:
    """The scene under one setting of the sliders."""
    row = said(scene, plan)
    offer = rows.offer_columns(row)
    key = tuple((name, str(value)) for name, value in row.items() if name not in _NOT_OF_MESSAGE)
    size = tuple(str(row.get(name)) for name in ("discount", "min_spend"))

    known = scene.latest("message columns", None, key, lambda: _message_columns(shop, scene, row, key))
    return Setting(scene, key, known, offer, size)


def _message_columns(shop: Shop, scene: Scene, row: dict[str, Any], key: tuple) -> dict[str, Any]:
    """Model columns of how a message is sent, a value each. pandas takes as long for all hours of a day as for one: the
    hour that a slider moves to next is there already."""

    def at_hours(hours: Sequence[float]) -> list[dict[str, Any]]:
        frame = pd.DataFrame([row | {"send_hour": hour} for hour in hours])
        return pd.DataFrame(rows.message_columns(frame, shop.settings.protected)).to_dict("records")  # type: ignore[return-value]

    hour = row["send_hour"]
    if hour not in range(24):  # unknown, or between two
        return at_hours([hour])[0]
    others = tuple(part for part in key if part[0] != "send_hour")
    day = scene.latest("message columns by hour", None, others, lambda: at_hours(range(24)))
    return day[int(hour)]


def plan_features(shop: Shop, scene: Scene, plan: dict) -> pd.DataFrame:
    """Model columns of the representatives for one setting of the sliders."""
    return setting(shop, scene, plan).frame()


def sampling_sd(probability: np.ndarray, scene: Scene) -> float:
    """Standard error of the mean over representatives, with the finite-population correction."""
    n, whole = len(probability), len(scene.customer_ids)
    if n < 2 or n >= whole:
        return 0.0
    return float(probability.std(ddof=1) / np.sqrt(n) * np.sqrt(1 - n / whole))
