"""The sentences that come with a forecast of which nothing was learned."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.campaign import inputs
from engine.campaign.first.anyway import Anyway
from engine.campaign.first.holdout import Proposal
from engine.campaign.offers import Cost
from engine.campaign.scene import Scene
from engine.sentences import Sentence, known
from engine.shop.store import Shop

if TYPE_CHECKING:  # outlook asks for these sentences
    from engine.campaign.first.outlook import Outlook

Sentences = tuple[Sentence, ...]


def share(rate: float) -> str:
    """A rate as people read it, with a second digit below one in a hundred.

    >>> share(0.0123), share(0.00414)
    ('1.2 %', '0.41 %')
    """
    return f"{100 * rate:.{1 if abs(rate) >= 0.01 else 2}f} %"


def count(value: float) -> str:
    return f"{round(value):,}"


def without_money(found: "Outlook", shop: Shop) -> Sentences:
    """Why there is no money, and what is known all the same."""
    why = found.forecast.sentences or (_nothing_learned(found),)
    return (*why, *_lacking(found), *anyway(found), *break_even(found), *holdout(found.holdout))


def with_money(found: "Outlook", shop: Shop, scene: Scene, plan: Mapping[str, object], given: Cost) -> Sentences:
    """That the money follows from typed rates, how much of them is the shop's own, and what else was assumed."""
    loss = {"loss": round(100 * (found.forecast.chance_of_loss or 0.0))}
    typed = Sentence("first.from_typed", loss | {"rates": _typed(found)})
    return (
        typed, *own_share(found), *anyway(found), *break_even(found), *_value(found, shop),
        *_money(shop, scene, plan, given),
    )  # fmt: skip


def _nothing_learned(found: "Outlook") -> Sentence:
    past = found.ground.experience
    if not len(past.campaigns):
        return Sentence("first.no_campaigns")
    return Sentence("first.few_campaigns", {"campaigns": len(past.campaigns), "date": past.last_sent})


def _typed(found: "Outlook") -> Sentences:
    """What was typed, in words."""
    names = ("order_rate", "extra_rate")
    rates = {name: getattr(found.assumed, name) for name in names}
    return tuple(Sentence(f"first.typed_{name}", {"rate": share(rate)}) for name, rate in rates.items() if rate)


def _lacking(found: "Outlook") -> Sentences:
    """What keeps typed rates from becoming money; without any, that they can be typed."""
    if found.assumed.is_empty:
        return (Sentence("first.type_rates"),)
    if found.anyway_rate is None:
        return (Sentence("first.type_both"),)
    return (Sentence("first.type_value"),) if found.basket is None else ()


def own_share(found: "Outlook") -> Sentences:
    """How much of the order rate is the shop's own experience."""
    used, past = found.rates.used, found.ground.experience
    if used is None or not len(past.campaigns):
        return ()
    counted = past.counted("extra" if found.rates.extra is not None else "orders")
    if not counted:
        lacking = "first.own_without_holdout" if found.rates.extra is not None else "first.own_without_orders"
        return (Sentence(lacking, {"campaigns": len(past.campaigns)}),)
    values = {"campaigns": counted, "own": round(100 * used.own_share), "date": past.last_sent}
    return (Sentence("first.own_share", values),)


def anyway(found: "Outlook") -> Sentences:
    """How many would buy without the message, from which orders; or why that is not known."""
    known_anyway, rate, people = found.ground.anyway, found.anyway_rate, found.forecast.recipients
    if rate is None:
        return (known_anyway,) if isinstance(known_anyway, Sentence) else ()
    values = {"count": count(rate.value * people), "people": count(people), "days": found.forecast.window_days}
    if found.anyway_source == "typed":
        return (Sentence("first.anyway_typed", values | {"rate": share(rate.value)}),)
    ranged = values | {"low": count(rate.low * people), "high": count(rate.high * people)}
    if isinstance(known_anyway, Sentence) or found.anyway_source == "holdout":
        return (Sentence("first.anyway_held_out", ranged),)
    said = [Sentence("first.anyway_orders", ranged | _behind(known_anyway))]
    if found.unknown:
        said.append(Sentence("first.anyway_unknown", {"unknown": count(found.unknown)}))
    return tuple(said)


def _behind(known_anyway: Anyway) -> dict[str, object]:
    first, last = known_anyway.first_day.isoformat(), known_anyway.as_of.isoformat()
    return {"windows": known_anyway.days, "first": first, "last": last}


def break_even(found: "Outlook") -> Sentences:
    """From how many extra orders on the plan pays."""
    if found.never_even:
        return (Sentence("first.never_even"),)
    if (even := found.whole_break_even) is None:
        if found.least_even is None:
            return ()
        return (Sentence("first.even_at_least", {"orders": f"{math.ceil(found.least_even):,}"}),)
    said = {"orders": count(even.value), "low": count(even.low), "high": count(even.high)}
    said["rate"] = share(found.break_even_rate or 0.0)
    return (Sentence("first.even" if even.low == even.high else "first.even_ranged", said),)


def holdout(proposal: Proposal | None) -> Sentences:
    """How many to leave out, and what the result will then be able to show."""
    if proposal is None:
        return ()
    if proposal.shows == "nothing":
        return (Sentence("first.holdout_nothing", {"people": count(proposal.people)}),)
    values = {
        "held": count(proposal.held),
        "people": count(proposal.people),
        "share": f"{100 * proposal.share:.0f} %",
        "difference": share(proposal.difference),
    }
    return (Sentence(f"first.holdout_{proposal.shows}", values),)


def _value(found: "Outlook", shop: Shop) -> Sentences:
    if (basket := found.basket) is None:
        return ()
    value = f"{basket.value:,.2f} {shop.settings.currency}"
    if basket.source in ("typed", "learned"):
        return (Sentence(f"first.value_{basket.source}", {"value": value}),)
    values = {"value": value, "orders": count(basket.orders), "date": basket.last_day}
    return (Sentence(f"first.value_{basket.source}", values),)


def _money(shop: Shop, scene: Scene, plan: Mapping[str, object], given: Cost) -> Sentences:
    """Every default and every guess about margin, tax, sending and the offer, as of a learned forecast."""
    said = [inputs.margin_from(scene.margin)] if scene.margin.measured <= 0.995 else []
    if shop.settings.prices_include_tax and scene.baskets.tax_share is None:
        said.append(Sentence("money.tax_unknown"))
    sending = inputs.send_cost_from(shop, plan)
    if sending.key in ("money.send_cost_unknown", "money.send_cost_usual"):
        said.append(sending)
    return (*said, *given.notes, *_settings(shop))


def _settings(shop: Shop) -> Sentences:
    if not shop.settings.assumed:
        return ()
    names = (f"settings.{name}" for name in shop.settings.assumed)
    said = tuple(Sentence(key) if known(key) else key.partition(".")[2] for key in names)
    return (Sentence("engine.assumed_settings", {"names": said}),)
