"""The ways to write to a group: what past campaigns of each channel made, and the percentages in between."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from engine.campaign import habits
from engine.campaign.rows import hour_band
from engine.campaign.support import Tried
from engine.shop.store import Shop

STEP = 0.05  # between percentages
SHARES = (0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True)
class Option:
    """One way to write to a group. discount: a fraction for percent, money for amount; share: of those reachable."""

    channel: str
    kind: str = "none"
    discount: float | None = None
    min_spend: float | None = None
    gift_product_id: str | None = None
    tiers: tuple[tuple[float, float], ...] = ()
    send_hour: int | None = None
    share: float = 1.0
    product_ids: tuple[str, ...] = ()
    category: str | None = None

    @property
    def offer(self) -> tuple:
        """What the customer gets."""
        return self.kind, self.discount, self.min_spend, self.gift_product_id, self.tiers

    @property
    def about(self) -> tuple:
        """What the message is about."""
        return self.product_ids, self.category

    @property
    def setting(self) -> tuple:
        """The message itself: the same one may go to more or fewer people."""
        return self.channel, self.offer, self.send_hour, self.about

    def on(self, steps: Sequence[dict]) -> list[dict]:
        """The messages of a plan under this option; the channel is that of the first one."""
        said: dict[str, Any] = {
            "offer_kind": self.kind, "discount": self.discount, "min_spend": self.min_spend, "tiers": self.tiers,
            "gift_product_id": self.gift_product_id, "send_hour": self.send_hour, "audience_share": self.share,
            "product_ids": list(self.product_ids), "category": self.category,
        }  # fmt: skip
        if self.kind != "percent":
            said["max_discount"] = None
        first, *later = [step | said for step in steps]
        return [first | {"channel": self.channel}, *later]


@dataclass(frozen=True, slots=True)
class Choices:
    """What may be varied. Nothing named: what the shop's past campaigns tried.

    discounts: sizes of percent offers. products: (product ids, category) of each thing a message can be about.
    """

    channels: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    discounts: tuple[float, ...] = ()
    hours: tuple[int, ...] = ()
    shares: tuple[float, ...] = SHARES
    products: tuple[tuple[tuple[str, ...], str | None], ...] = (((), None),)


def options(shop: Shop, tried: Tried, choices: Choices) -> list[Option]:
    """Every combination, those that share most of their forecast beside each other; full price always among them.

    Sizes just beyond what was tried are among them too: they show where the past ends. `tried`: of the shop's models.
    """
    past, gifts = habits.campaigns(shop), habits.gifts(shop)
    found = []
    for channel in choices.channels or tuple(sorted(tried.offers)):
        offers = _offers(past, channel, gifts, choices)
        for product_ids, category in choices.products:
            for offer in offers:
                for hour in choices.hours or hours(tried, channel, shop.settings.quiet_hours):
                    one = {**offer, "send_hour": hour, "product_ids": product_ids, "category": category}
                    found += [Option(channel, **one, share=share) for share in choices.shares]
    return found


def hours(tried: Tried, channel: str, quiet: list[int]) -> tuple[int | None, ...]:
    """One hour that was tried for each part of the day, outside quiet hours: the models know no finer difference."""
    own = sorted({int(hour) for hour in tried.hours.get(channel, [])})
    awake = [hour for hour in own if not habits.is_quiet(hour, quiet)] or own
    bands = hour_band(pd.Series(awake, dtype="float64"))
    kept = [pd.Series(awake)[bands.eq(band)].tolist() for band in dict.fromkeys(bands)]
    return tuple(same[len(same) // 2] for same in kept) or (None,)


def _offers(past: pd.DataFrame, channel: str, gifts: set[str], choices: Choices) -> list[dict[str, Any]]:
    """Offers of a channel, full price first, each kind's by size."""
    made: list[dict[str, Any]] = [
        {"kind": one.kind, "discount": one.discount, "min_spend": one.min_spend, "gift_product_id": one.gift_product_id}
        for one in habits.every_offer(past, channel, gifts)
        if one.kind != "percent" or not choices.discounts
    ]
    sizes = [one["discount"] for one in made if one["kind"] == "percent"]
    asked = choices.discounts or _between(sizes)
    made += [{"kind": "percent", "discount": size} for size in asked if size not in sizes]
    wanted = [one for one in made if not choices.kinds or one["kind"] in choices.kinds]
    wanted.sort(key=lambda one: (one["kind"], one["discount"] or 0.0, one.get("min_spend") or 0.0))
    for one in wanted:
        if one["kind"] == "spend_save":
            one["tiers"] = ((one["min_spend"], one["discount"]),)
    return [{"kind": "none"}, *wanted]


def _between(sizes: list[float]) -> list[float]:
    """Percentages in steps from the first to one step beyond the largest that was tried; none where none was."""
    if not sizes:
        return []
    steps = range(1, round((max(sizes) + STEP) / STEP) + 1)
    return [round(step * STEP, 4) for step in steps if step * STEP < 0.95]
