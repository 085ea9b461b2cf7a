"""Whether an approval still stands: what it rested on, held against what is so today.

It is void on a change of copy, offer or anything else of the plan; of the size of its audience beyond the shop's
tolerance; of price or cost of its products; of what the check says of its copy; on stock below the orders expected; and
when today's forecast leaves the approved range or loses its support. All else has moved, which voids nothing.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal

from engine.campaign import planned
from engine.campaign.first import assumed, outlook
from engine.campaign.plan import Plan
from engine.decision import assign, differences, grounds, live, overrides, plans
from engine.decision.grounds import Grounds, Supply
from engine.decision.ledger import Entry
from engine.decision.plans import SavedPlan
from engine.errors import DataProblem, ModelFileProblem, NotAllowed, NotEnoughData
from engine.sentences import Said, Sentence, spoken
from engine.shop import store
from engine.shop.store import Shop

TodaysForecast = Callable[[Shop, SavedPlan], dict[str, Any] | None]  # a row of the forecast table; None: there is none
What = Literal["content", "audience", "price", "cost", "product", "claim", "stock", "forecast", "support", "model"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that was approved otherwise than it is today. before, now: as they are read; None is unknown."""

    what: What
    about: Said  # the product, the part of the plan; "" where `what` says it
    before: Said | None
    now: Said | None
    sentence: Sentence

    def to_json(self) -> dict[str, Any]:
        """As the command line prints it."""
        before, now = (None if one is None else spoken(one) for one in (self.before, self.now))
        return {"what": self.what, "before": before, "now": now, "sentence": self.sentence.text()}


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether an approval stands. reasons void it; moved does not; unchecked could not be compared, and why."""

    reasons: tuple[Difference, ...] = ()
    moved: tuple[Difference, ...] = ()
    unchecked: tuple[Sentence, ...] = ()

    @property
    def stands(self) -> bool:
        return not self.reasons

    def to_json(self) -> dict[str, Any]:
        """As the command line prints it."""
        return {
            "stands": self.stands,
            "reasons": [one.to_json() for one in self.reasons],
            "moved": [one.to_json() for one in self.moved],
            "unchecked": [one.text() for one in self.unchecked],
        }


def submitted_in(history: list[Entry]) -> Entry | None:
    """The latest submission, decided or not; None before the first."""
    return next((one for one in reversed(history) if one.action == "submitted"), None)


def needs_forecast(history: list[Entry]) -> bool:
    """Whether today's forecast is asked for: of a submission that kept none, there is nothing to hold against it."""
    entry = submitted_in(history)
    return entry is not None and bool((entry.payload.get(grounds.KEY) or {}).get("forecast"))


def at_submission(shop_dir: Path, plan: Plan, copy: dict[str, str], forecast: dict[str, Any]) -> dict[str, Any]:
    """The part of a submission's entry that says what it rests on; empty in a folder that holds no shop.

    Raises NotAllowed for a plan of which more is expected to be ordered than is in stock: its approval would be void
    the moment it was given.
    """
    if not (shop_dir / "shop.toml").exists():
        return {}
    found = grounds.of(store.open_shop(shop_dir), plan, copy, forecast)
    if short := tuple(_short(one) for one in found.supply.values() if _is_short(one, one.demand)):
        raise NotAllowed(Sentence("standing.beyond_stock", {"products": short}))
    return {grounds.KEY: found.to_json()}


def of(shop: Shop, saved: SavedPlan, history: list[Entry], forecast: dict[str, Any] | None) -> Standing:
    """Whether what was submitted last, and approved where it was, stands today. `history`: the plan's entries.

    forecast: today's row of the forecast table; None where nothing can be forecast today.
    """
    entry = submitted_in(history)
    if entry is None:
        return Standing(unchecked=(Sentence("standing.never_submitted"),))
    if changed := differences.of(entry.payload, saved):
        return Standing(tuple(_changed(*line) for line in changed))
    if not entry.payload.get(grounds.KEY):
        return Standing(unchecked=(Sentence("standing.no_grounds"),))
    approved = Grounds.of_json(entry.payload[grounds.KEY])
    today = grounds.of(shop, saved.plan, entry.payload.get("filled") or {}, forecast or {})
    return compare(approved, _with_buyers(shop, saved, approved, today), _tolerance(shop), shop.settings.currency)


def today(shop: Shop, saved: SavedPlan, history: list[Entry], forecasts: TodaysForecast) -> Standing:
    """`of`, with today's forecast asked for only where one was approved: it takes a while."""
    return of(shop, saved, history, forecasts(shop, saved) if needs_forecast(history) else None)


def refusal(plan: Plan, found: Standing) -> Sentence:
    """Why a plan whose approval is void cannot be exported, every reason in it."""
    reasons = tuple(one.sentence for one in found.reasons)
    return Sentence("standing.refused", {"plan_id": plans.called(plan), "reasons": reasons})


def forecast_today(shop: Shop, saved: SavedPlan) -> dict[str, Any] | None:
    """Today's row of the forecast table for a plan as it is saved; None where nothing can be forecast.

    By the rates typed for it where nothing was learned; of one never tried with its money where somebody chose that.
    """
    plan, extras = saved.plan, saved.extras
    typed = assumed.of_json(extras.get("assumed"))
    try:
        scenes = planned.prepared(shop, plan, live.others(shop, plan))
        messages = assign.with_sizes(scenes, planned.messages(plan, extras.get("filled") or {}))
        models = outlook.learned(shop, not typed.is_empty)
        found = outlook.forecast(shop, models, scenes, messages, typed)
        if overrides.holds(extras.get(overrides.KEY), found):
            found = outlook.forecast(shop, models, scenes, messages, typed, even_untried=True)
    except (DataProblem, NotEnoughData, ModelFileProblem):
        return None
    return found.row()


def _changed(part: Said, before: Said | None, now: Said | None) -> Difference:
    return Difference("content", part, before, now, Sentence("standing.content", {"part": part}))


def _tolerance(shop: Shop) -> float:
    return shop.settings.audience_tolerance


def _with_buyers(shop: Shop, saved: SavedPlan, approved: Grounds, today: Grounds) -> Grounds:
    """Today's grounds with recent buyers counted as named, where that could matter: it takes a while to know."""
    if not approved.as_of or not today.as_of or approved.audience is None or today.audience is None:
        return today
    since, until = date.fromisoformat(approved.as_of), date.fromisoformat(today.as_of)
    bought, margin = len(grounds.buyers(shop, since, until)), _tolerance(shop) * approved.audience
    is_within = abs(today.audience - approved.audience) <= margin
    if not bought or (is_within and today.audience + bought <= approved.audience + margin):
        return today
    return replace(today, audience=grounds.audience_size(shop, saved.plan.audience, since))


# --- one day held against another ---


def compare(approved: Grounds, today: Grounds, tolerance: float, currency: str = "") -> Standing:
    """What differs between the grounds of an approval and today's. tolerance: of the audience's size, a fraction."""
    parts = [
        _audience(approved, today, tolerance),
        _products(approved, today, currency),
        _claims(approved, today),
        _stock(approved, today),
        _forecast(approved, today, currency),
    ]
    found = Standing(
        tuple(one for part in parts for one in part.reasons),
        tuple(one for part in parts for one in part.moved),
        tuple(one for part in parts for one in part.unchecked),
    )
    if approved.model and today.model and approved.model != today.model:
        about = Sentence("standing.model")
        note = Difference("model", "", approved.model, today.model, about)
        found = replace(found, moved=(*found.moved, note))
    return found


def _audience(approved: Grounds, today: Grounds, tolerance: float) -> Standing:
    if approved.audience is None:
        return Standing(unchecked=(Sentence("standing.audience_unknown"),))
    before, now = approved.audience, today.audience
    if now is None:
        gone = Difference("audience", "", f"{before:,}", None, Sentence("standing.audience_gone"))
        return Standing(reasons=(gone,))
    if before == now:
        return Standing()
    values = {"before": f"{before:,}", "now": f"{now:,}", "tolerance": f"{tolerance:.0%}"}
    # A fraction of a customer is none: rounding must not void what lies on the border.
    is_beyond = abs(now - before) > tolerance * before + 1e-9
    said = Sentence("standing.audience" if is_beyond else "standing.audience_moved", values)
    found = (Difference("audience", "", f"{before:,}", f"{now:,}", said),)
    return Standing(reasons=found) if is_beyond else Standing(moved=found)


def _products(approved: Grounds, today: Grounds, currency: str) -> Standing:
    return Standing(reasons=tuple(_of_products(approved, today, currency)))


def _of_products(approved: Grounds, today: Grounds, currency: str) -> Iterator[Difference]:
    for one, before in approved.products.items():
        now = today.products.get(one)
        if now is None:
            if one in approved.supply:  # named by the plan; of a category, another product may do
                said = Sentence("standing.product_gone", {"product": before.name})
                yield Difference("product", before.name, before.name, None, said)
            continue
        kinds: tuple[tuple[Literal["price", "cost"], float | None, float | None], ...] = (
            ("price", before.price, now.price),
            ("cost", before.cost, now.cost),
        )
        for kind, was, is_ in kinds:
            if not _same(was, is_):
                values = {"product": now.name, "before": _money(was, currency), "now": _money(is_, currency)}
                said = Sentence(f"standing.{kind}", values)
                yield Difference(kind, now.name, values["before"], values["now"], said)


def _claims(approved: Grounds, today: Grounds) -> Standing:
    if approved.claims is None:
        return Standing(unchecked=(Sentence("standing.claims_unknown"),))
    if today.claims is None:
        return Standing(unchecked=(Sentence("standing.claims_unreadable"),))
    found = []
    for key, verdict in {**approved.claims, **today.claims}.items():
        before, now = approved.claims.get(key), today.claims.get(key)
        # What was not looked at then, or is not now, has no verdict that changed; but nothing refused may leave.
        if before == now or now is None or (before is None and verdict != "refused"):
            continue
        words = grounds.words_of(key)
        was, is_ = Sentence(f"standing.verdict_{before or 'none'}"), Sentence(f"standing.verdict_{now}")
        said = Sentence("standing.claim", {"words": words, "now": is_})
        found.append(Difference("claim", words, was, is_, said))
    return Standing(reasons=tuple(found))


def _is_short(one: Supply, demand: float | None) -> bool:
    return one.stock is not None and demand is not None and one.stock < demand


def _short(one: Supply) -> Sentence:
    """That fewer are in stock than are expected to be ordered."""
    demand = _units(math.ceil(one.demand or 0.0))
    return Sentence("standing.stock", {"product": one.name, "stock": _units(one.stock), "demand": demand})


def _stock(approved: Grounds, today: Grounds) -> Standing:
    reasons, moved, unchecked = [], [], []
    for one, now in today.supply.items():
        before = approved.supply.get(one)
        # Without a forecast today the approved one still says what was expected.
        demand = now.demand if now.demand is not None else before.demand if before else None
        if now.stock is None or demand is None:
            key = "standing.stock_unknown" if now.stock is None else "standing.demand_unknown"
            unchecked.append(Sentence(key, {"product": now.name}))
            continue
        was = None if before is None else _units(before.stock)
        values = {"product": now.name, "stock": _units(now.stock), "demand": _units(math.ceil(demand))}
        if _is_short(now, demand):
            said = Sentence("standing.stock", values)
            reasons.append(Difference("stock", now.name, was, _units(now.stock), said))
        elif before is not None and not _same(before.stock, now.stock):
            said = Sentence("standing.stock_moved", values | {"before": was or "–"})
            moved.append(Difference("stock", now.name, was, _units(now.stock), said))
    return Standing(tuple(reasons), tuple(moved), tuple(unchecked))


def _forecast(approved: Grounds, today: Grounds, currency: str) -> Standing:
    before, now = approved.forecast, today.forecast
    if not now:
        return Standing(unchecked=(Sentence("standing.forecast_none" if before else "standing.forecast_never"),))
    if before.get("supported") == 1 and now.get("supported") != 1:
        was, is_ = Sentence("standing.supported_1"), Sentence("standing.supported_0")
        return Standing(reasons=(Difference("support", "", was, is_, Sentence("standing.support")),))
    low, high = before.get("extra_profit_low"), before.get("extra_profit_high")
    profit = now.get("extra_profit")
    if low is None or high is None:
        return Standing(unchecked=(Sentence("standing.range_unknown"),))
    if profit is None:
        return Standing(unchecked=(Sentence("standing.forecast_none"),))
    said = {name: _money(value, currency, 0) for name, value in (("low", low), ("high", high), ("now", profit))}
    approved_as = Sentence("standing.range", said)
    if not low - 1e-9 <= profit <= high + 1e-9:
        reason = Difference("forecast", "", approved_as, said["now"], Sentence("standing.forecast", said))
        return Standing(reasons=(reason,))
    if _same(before.get("extra_profit"), profit):
        return Standing()
    approved_value = _money(before.get("extra_profit"), currency, 0)
    note = Sentence("standing.forecast_moved", said | {"before": approved_value})
    return Standing(moved=(Difference("forecast", "", approved_value, said["now"], note),))


def _same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)


def _money(value: float | None, currency: str, digits: int = 2) -> str:
    return "–" if value is None else f"{value:,.{digits}f} {currency}".strip()


def _units(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"
