"""What was tried before, and whether a plan lies inside it. Outside, money is not forecast."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from engine.sentences import Sentence, known
from engine.shop.store import Shop

# A discount counts as tried within this distance of one that was: finer steps than marketers use.
NEAR_FRACTION = 0.03
NEAR_AMOUNT = 0.25  # relative, for offers in money
MIN_AUDIENCE_OVERLAP = 0.2
MIN_SENDS = 200


@dataclass(frozen=True, slots=True)
class Tried:
    """Per channel and kind of offer: discounts tried, messages sent, minimum spends (0: none); per channel: hours;
    customers written to."""

    offers: dict[str, dict[str, list[float]]]
    sends: dict[str, dict[str, int]]
    hours: dict[str, list[float]]
    mailed: tuple[str, ...]
    spends: dict[str, dict[str, list[float]]]

    def to_json(self) -> dict:
        return asdict(self)

    @staticmethod
    def from_json(stored: dict) -> "Tried":
        # Models of before minimum spends were noted say nothing of them.
        spends = stored.get("spends", {})
        return Tried(stored["offers"], stored["sends"], stored["hours"], tuple(stored["mailed"]), spends)


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
    for campaign in campaigns.loc[campaigns.index.intersection(count.index)].itertuples():
        channel, kind = str(campaign.channel), _kind(campaign)
        offers.setdefault(channel, {}).setdefault(kind, set()).add(_money(campaign, "discount"))
        spends.setdefault(channel, {}).setdefault(kind, set()).add(_money(campaign, "min_spend"))
        sends.setdefault(channel, {})[kind] = sends.get(channel, {}).get(kind, 0) + int(count[campaign.Index])
        if np.isfinite(hour := float(getattr(campaign, "send_hour", np.nan))):
            hours.setdefault(channel, set()).add(hour)
    mailed = tuple(sorted(set(sent["customer_id"]) - {""}))
    return Tried(
        _sorted(offers), sends, {channel: sorted(tried) for channel, tried in hours.items()}, mailed, _sorted(spends)
    )


def _sorted(sets: dict[str, dict[str, set[float]]]) -> dict[str, dict[str, list[float]]]:
    return {channel: {kind: sorted(sizes) for kind, sizes in kinds.items()} for channel, kinds in sets.items()}


def _kind(row: Any) -> str:
    kind = getattr(row, "offer_kind", None)
    return str(kind) if isinstance(kind, str) and kind else "none"


def _money(row: Any, column: str) -> float:
    size = float(getattr(row, column, np.nan))
    return size if np.isfinite(size) else 0.0


def check(
    tried: Tried,
    channel: str,
    kind: str,
    discount: float | None,
    send_hour: float | None,
    mailed: float | None,
    min_spend: float | None = None,
) -> Sentence | None:
    """None where a plan lies within what was tried, else why not, with the nearest thing that was.

    mailed: share of the audience that was ever written to, see `mailed_share`.
    """
    kind, size = kind or "none", float(discount or 0.0)
    if channel not in tried.offers:
        return Sentence("engine.channel_never_tried", {"channel": channel, "tried": _listed(tried.offers)})
    if kind not in tried.offers[channel]:
        return Sentence(
            "engine.kind_never_tried", {"kind": kind, "channel": channel, "tried": _listed(tried.offers[channel])}
        )
    if (sends := tried.sends[channel][kind]) < MIN_SENDS:
        return Sentence("engine.too_few_sends", {"sends": sends, "channel": channel, "kind": kind, "needed": MIN_SENDS})
    sizes = tried.offers[channel][kind]
    if kind in ("percent", "amount") and not _near(sizes, size, kind):
        nearest = min(sizes, key=lambda other: abs(other - size))
        return Sentence(
            "engine.discount_never_tried",
            {"size": _shown(size, kind), "channel": channel, "nearest": _shown(nearest, kind)},
        )
    if hurdle := _hurdle(tried, channel, kind, float(min_spend or 0.0)):
        return hurdle
    hours = tried.hours.get(channel, [])
    if send_hour is not None and hours and not min(hours) - 1 <= send_hour <= max(hours) + 1:
        values = {"channel": channel, "hour": int(send_hour), "first": int(min(hours)), "last": int(max(hours))}
        return Sentence("engine.hour_never_tried", values)
    if mailed is not None and mailed < MIN_AUDIENCE_OVERLAP:
        return Sentence("engine.audience_never_mailed", {"share": f"{mailed:.0%}"})
    return None


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


def _hurdle(tried: Tried, channel: str, kind: str, spend: float) -> Sentence | None:
    """Why a minimum spend lies outside what was tried. Without one nothing is asked of the customer: no hurdle."""
    known = tried.spends.get(channel, {}).get(kind, [])
    if not spend or not known or _near([one for one in known if one], spend, "amount"):
        return None
    values = {"spend": f"{spend:.0f}", "kind": kind, "channel": channel}
    if not any(known):
        return Sentence("engine.no_minimum_tried", values)
    nearest = min((one for one in known if one), key=lambda other: abs(other - spend))
    return Sentence("engine.minimum_never_tried", values | {"nearest": f"{nearest:.0f}"})


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
