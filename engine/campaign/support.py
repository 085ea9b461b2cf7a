"""What was tried before, and whether a plan lies inside it. Outside, money is not forecast.

Inside is what lies near something that was tried in each thing a campaign sets (channel, kind and size of the offer,
minimum spend, hour), near some campaign in everything the order model looks at (nearest.py), and goes to customers who
were written to before or are like them (likeness.py). A category, goal or language that was never used counts as
a difference of what that is worth to the order model: where the model makes nothing of it, nor does this.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from engine.campaign import likeness, nearest, rows
from engine.model.fit import Response
from engine.sentences import Sentence, known
from engine.shop.store import Shop

# A discount counts as tried within this distance of one that was: finer steps than marketers use.
NEAR_FRACTION = 0.03
NEAR_AMOUNT = 0.25  # relative, for offers in money
MIN_AUDIENCE_OVERLAP = 0.2
MIN_ALIKE = 0.5  # of an audience: its forecast is a mean, and the rest of it would be guessed
MIN_SENDS = 200
SIZED = ("percent", "amount", "spend_save", "gift")  # kinds of offer whose size customers see


@dataclass(frozen=True, slots=True)
class Tried:
    """Per channel and kind of offer: discounts tried (of gifts: their prices), messages sent, minimum spends (0: none);
    per channel: hours; customers written to. basket: what an order was worth, money, 0 unknown.
    past, like: see nearest.py and likeness.py; None where nothing of the kind was learned."""

    offers: dict[str, dict[str, list[float]]]
    sends: dict[str, dict[str, int]]
    hours: dict[str, list[float]]
    mailed: tuple[str, ...]
    spends: dict[str, dict[str, list[float]]]
    basket: float = 0.0
    past: nearest.Past | None = field(default=None, compare=False)
    like: likeness.Likeness | None = field(default=None, compare=False)

    def to_json(self) -> dict:
        stored = asdict(replace(self, past=None, like=None))
        return stored | {name: part.to_json() if part else None for name, part in self._learned().items()}

    def _learned(self) -> dict[str, nearest.Past | likeness.Likeness | None]:
        return {"past": self.past, "like": self.like}

    @staticmethod
    def from_json(stored: dict) -> "Tried":
        # What an older version did not note, it says nothing of.
        past, like = stored.get("past"), stored.get("like")
        return Tried(
            stored["offers"], stored["sends"], stored["hours"], tuple(stored["mailed"]), stored.get("spends", {}),
            stored.get("basket", 0.0),
            nearest.Past.from_json(past) if past else None, likeness.Likeness.from_json(like) if like else None,
        )  # fmt: skip


def tried(shop: Shop, sent: pd.DataFrame | None) -> Tried:
    """What past messages tried. `sent` has campaign_id, customer_id, trials."""
    if sent is None:
        return Tried({}, {}, {}, (), {})
    campaigns = shop.table("campaigns").drop_duplicates("campaign_id").set_index("campaign_id")
    count = sent.groupby("campaign_id")["trials"].sum()
    offers: dict[str, dict[str, set[float]]] = {}
    spends: dict[str, dict[str, set[float]]] = {}
    sends: dict[str, dict[str, int]] = {}
    hours: dict[str, set[float]] = {}
    prices = gift_prices(shop)
    for campaign in campaigns.loc[campaigns.index.intersection(count.index)].itertuples():
        channel, kind = str(campaign.channel), _kind(campaign)
        offers.setdefault(channel, {}).setdefault(kind, set()).add(_size(campaign, kind, prices))
        spends.setdefault(channel, {}).setdefault(kind, set()).add(_money(campaign, "min_spend"))
        sends.setdefault(channel, {})[kind] = sends.get(channel, {}).get(kind, 0) + int(count[campaign.Index])
        if np.isfinite(hour := float(getattr(campaign, "send_hour", np.nan))):
            hours.setdefault(channel, set()).add(hour)
    mailed = tuple(sorted(set(sent["customer_id"]) - {""}))
    return Tried(
        _sorted(offers), sends, {channel: sorted(tried) for channel, tried in hours.items()}, mailed, _sorted(spends)
    )


def measured(tried: Tried, shop: Shop, sent: pd.DataFrame, features: pd.DataFrame, order: Response, seed: int) -> Tried:
    """The same with how far campaigns lie from each other, and what their recipients were like, to the order model.

    `sent` has campaign_id, customer_id, converted and revenue where they are recorded; `features` is aligned with it.
    """
    single = sent["customer_id"].ne("").to_numpy()
    return replace(
        tried,
        basket=_basket(sent),
        past=nearest.learn(shop, sent, features, order),
        like=likeness.learn(features[single], order, seed),
    )


def _basket(sent: pd.DataFrame) -> float:
    """Mean revenue of a past order, 0 where none is recorded."""
    if not {"converted", "revenue"} <= set(sent):
        return 0.0
    bought = sent[(sent["converted"] > 0) & (sent["revenue"] > 0)]
    return float(bought["revenue"].sum() / bought["converted"].sum()) if len(bought) else 0.0


def _sorted(sets: dict[str, dict[str, set[float]]]) -> dict[str, dict[str, list[float]]]:
    return {channel: {kind: sorted(sizes) for kind, sizes in kinds.items()} for channel, kinds in sets.items()}


def _kind(row: Any) -> str:
    kind = getattr(row, "offer_kind", None)
    return str(kind) if isinstance(kind, str) and kind else "none"


def _size(campaign: Any, kind: str, prices: Mapping[str, float]) -> float:
    """The size of a past offer; of a gift what it would cost to buy, 0 where that is not known."""
    if kind != "gift":
        return _money(campaign, "discount")
    return prices.get(str(getattr(campaign, "gift_product_id", "")), 0.0)


def gift_prices(shop: Shop) -> dict[str, float]:
    """The price of each product that has one: the size of a gift."""
    products = shop.optional("products")
    if "price" not in products:
        return {}
    priced = products.loc[products["price"] > 0, ["product_id", "price"]]
    return dict(zip(priced["product_id"], priced["price"].astype("float64"), strict=True))


def _money(row: Any, column: str) -> float:
    size = float(getattr(row, column, np.nan))
    return size if np.isfinite(size) else 0.0


@dataclass(frozen=True, slots=True)
class Alike:
    """Share of an audience that is like customers written to before, and the features in which the rest is not."""

    share: float
    strangest: tuple[str, ...]


def check(
    tried: Tried,
    channel: str,
    kind: str,
    discount: float | None,
    send_hour: float | None,
    mailed: float | None,
    min_spend: float | None = None,
    *,
    offer: Mapping[str, Any] | None = None,
    columns: Mapping[str, Any] | None = None,
    alike: Alike | None = None,
) -> Sentence | None:
    """None where a plan lies within what was tried, else why not, with the nearest thing that was.

    discount: of a gift, its price, None unknown. mailed: share of the audience that was ever written to, see
    `mailed_share`. offer: OFFER_DETAILS. columns: the message's model columns, by name.
    What is not given is not looked at.
    """
    kind, offer = kind or "none", offer or {}
    if channel not in tried.offers:
        return Sentence("engine.channel_never_tried", {"channel": channel, "tried": _listed(tried.offers)})
    if kind not in tried.offers[channel]:
        return Sentence(
            "engine.kind_never_tried", {"kind": kind, "channel": channel, "tried": _listed(tried.offers[channel])}
        )
    if (sends := tried.sends[channel][kind]) < MIN_SENDS:
        return Sentence("engine.too_few_sends", {"sends": sends, "channel": channel, "kind": kind, "needed": MIN_SENDS})
    return (
        _offer_outside(tried, channel, kind, discount, min_spend, offer)
        or _hour_outside(tried, channel, send_hour)
        or _audience_outside(mailed, alike)
        or _message_outside(tried, channel, columns)
    )


def inside(tried: Tried, candidates: pd.DataFrame, protected: Sequence[str] = ()) -> np.ndarray:
    """Which of many plans lie within what was tried, as booleans in their order.

    candidates: the campaign columns of a plans file, starts_at as a time; of gifts discount is their price; optional
    mailed (share of the audience ever written to) and OFFER_DETAILS. Attributes that are `protected` are no model
    columns.
    """
    said = candidates.drop(columns=[c for c in ("mailed", *OFFER_DETAILS) if c in candidates])
    said = said.assign(sent_at=pd.to_datetime(said.get("starts_at", pd.NaT)))
    said = said.assign(send_hour=said["send_hour"].astype("float64") if "send_hour" in said else np.nan)
    columns = pd.DataFrame(rows.campaign_columns(said, list(protected)), index=candidates.index).to_dict("records")
    plans = candidates.astype("object").where(candidates.notna(), None).to_dict("records")
    found = [_check_row(tried, plan, row) is None for plan, row in zip(plans, columns, strict=True)]
    return np.array(found, dtype=bool)


# share: of an order, that an offer with applies_to counts for; where it is not given, that limit is not looked at.
OFFER_DETAILS = ("tiers", "max_discount", "applies_to", "share")


def _check_row(tried: Tried, plan: Mapping[Any, Any], columns: Mapping[Any, Any]) -> Sentence | None:
    wanted = ("channel", "offer_kind", "discount", "send_hour", "mailed", "min_spend")
    channel, kind, discount, hour, mailed, least = (plan.get(name) for name in wanted)
    details = {name: plan.get(name) for name in OFFER_DETAILS}
    return check(tried, str(channel), kind or "none", discount, hour, mailed, least, offer=details, columns=columns)


# --- each thing that can lie outside ---


def _offer_outside(
    tried: Tried, channel: str, kind: str, discount: float | None, min_spend: float | None, offer: Mapping[str, Any]
) -> Sentence | None:
    """Why the offer itself lies outside: its size, its minimum spend (of each tier), its limits."""
    if offer.get("applies_to") and (outside := _part_outside(tried, channel, kind, float(discount or 0.0), offer)):
        return outside
    steps = offer.get("tiers") or [(min_spend, discount)]
    for least, off in steps:
        outside = _size_outside(tried, channel, kind, off) or _hurdle(tried, channel, kind, float(least or 0.0))
        if outside:
            return outside
    return _cap_outside(tried, kind, float(discount or 0.0), offer.get("max_discount"))


def _size_outside(tried: Tried, channel: str, kind: str, discount: float | None) -> Sentence | None:
    if kind not in SIZED or (discount is None and kind not in ("percent", "amount")):
        return None
    size, sizes = float(discount or 0.0), tried.offers[channel][kind]
    if kind in ("spend_save", "gift"):
        sizes = [one for one in sizes if one]  # 0: it was not recorded
        if not sizes:
            return None
    if _near(sizes, size, kind):
        return None
    nearest_size = min(sizes, key=lambda other: abs(other - size))
    values = {"size": _shown(size, kind), "channel": channel, "nearest": _shown(nearest_size, kind)}
    return Sentence("never_tried.gift" if kind == "gift" else "engine.discount_never_tried", values)


def _part_outside(tried: Tried, channel: str, kind: str, size: float, offer: Mapping[str, Any]) -> Sentence | None:
    """Why an offer on some goods only is too small: the order model sees it as one of its share on the whole order."""
    share = offer.get("share")
    if share is None or kind not in ("percent", "amount"):
        return None
    nothing = [0.0] if tried.sends[channel].get("none", 0) >= MIN_SENDS else []
    if _near(sorted([*nothing, *tried.offers[channel][kind]]), size * share, kind):
        return None
    values = {
        "names": tuple(str(name) for name in offer["applies_to"]),
        "size": _shown(size, kind),
        "effective": _shown(size * share, kind),
        "channel": channel,
    }
    return Sentence("never_tried.part_of_order", values)


def _cap_outside(tried: Tried, kind: str, size: float, cap: float | None) -> Sentence | None:
    """A cap that bites makes the offer smaller than customers who got its percentage before saw."""
    if kind != "percent" or not cap or not tried.basket or size - cap / tried.basket <= NEAR_FRACTION:
        return None
    values = {
        "cap": _shown(cap, "amount"),
        "size": _shown(size, "percent"),
        "effective": _shown(cap / tried.basket, "percent"),
        "basket": _shown(tried.basket, "amount"),
    }
    return Sentence("never_tried.cap", values)


def _hour_outside(tried: Tried, channel: str, send_hour: float | None) -> Sentence | None:
    hours = tried.hours.get(channel, [])
    if send_hour is None or not hours or min(hours) - 1 <= send_hour <= max(hours) + 1:
        return None
    values = {"channel": channel, "hour": int(send_hour), "first": int(min(hours)), "last": int(max(hours))}
    return Sentence("engine.hour_never_tried", values)


def _audience_outside(mailed: float | None, alike: Alike | None) -> Sentence | None:
    if mailed is not None and mailed < MIN_AUDIENCE_OVERLAP:
        return Sentence("engine.audience_never_mailed", {"share": f"{mailed:.0%}"})
    if alike is None or alike.share >= MIN_ALIKE:
        return None
    features = tuple(
        Sentence(f"features.{name}") if known(f"features.{name}") else name.replace("_", " ")
        for name in alike.strangest
    )
    return Sentence("never_tried.audience_unlike", {"share": f"{alike.share:.0%}", "features": features})


def _message_outside(tried: Tried, channel: str, columns: Mapping[str, Any] | None) -> Sentence | None:
    if columns is None or tried.past is None or not tried.past.too_far(columns, channel):
        return None
    return Sentence("never_tried.too_far", {"channel": channel})


def nobody(size: int, left_out: Mapping[str, int], channel: str) -> Sentence:
    """Why none of an audience of this size can be written to by a channel. left_out: how many for each reason."""
    if not size:
        return Sentence("engine.nobody_there")
    named = f"engine.by_{channel}"
    values = {"channel": Sentence(named) if known(named) else channel, "size": f"{size:,}"}
    if set(left_out) == {"no_consent"}:
        return Sentence("engine.nobody_consented", values)
    reasons = tuple(Sentence(f"brief.left_{reason}", {"count": f"{count:,}"}) for reason, count in left_out.items())
    return Sentence("engine.nobody_reachable", values | {"reasons": reasons})


def mailed_share(tried: Tried, audience: set[str]) -> float | None:
    """Share of an audience that was ever written to; None where it is empty or no single message is on record."""
    return len(audience & set(tried.mailed)) / len(audience) if audience and tried.mailed else None


def alike_share(tried: Tried, customers: pd.DataFrame) -> Alike | None:
    """How much of an audience is like customers written to before; None where that cannot be said.

    customers: model columns of customers, see rows.customer_columns.
    """
    if tried.like is None or not len(customers):
        return None
    share = float(tried.like.alike(customers).mean())
    return Alike(share, tuple(tried.like.strangest(customers)) if share < MIN_ALIKE else ())


def nearest_to(tried: Tried, message: Mapping[str, Any], columns: Mapping[str, Any]) -> Sentence | None:
    """The past campaign nearest to a message, and in what it differs. message: as in a plans file."""
    return nearest.sentence(tried.past, message, columns) if tried.past else None


def _hurdle(tried: Tried, channel: str, kind: str, spend: float) -> Sentence | None:
    """Why a minimum spend lies outside what was tried. Without one nothing is asked of the customer: no hurdle."""
    tried_spends = tried.spends.get(channel, {}).get(kind, [])
    if not spend or not tried_spends or _near([one for one in tried_spends if one], spend, "amount"):
        return None
    values = {"spend": f"{spend:.0f}", "kind": kind, "channel": channel}
    if not any(tried_spends):
        return Sentence("engine.no_minimum_tried", values)
    closest = min((one for one in tried_spends if one), key=lambda other: abs(other - spend))
    return Sentence("engine.minimum_never_tried", values | {"nearest": f"{closest:.0f}"})


def _near(sizes: list[float], discount: float, kind: str) -> bool:
    """Tried, near one that was tried, or between two that were and are no further apart than 10 points (or twice)."""
    below = [size for size in sizes if size <= discount]
    above = [size for size in sizes if size >= discount]
    near = (
        (lambda a: abs(a - discount) <= NEAR_FRACTION + 1e-9)
        if kind == "percent"
        else (lambda a: abs(a - discount) <= NEAR_AMOUNT * a + 1e-9)
    )
    if any(near(size) for size in sizes):
        return True
    if not below or not above:
        return False
    gap = min(above) - max(below)
    return gap <= 0.10 + 1e-9 if kind == "percent" else min(above) <= 2 * max(below)


def _shown(size: float, kind: str) -> str:
    return f"{100 * size:.0f} %" if kind == "percent" else f"{size:.2f}"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
