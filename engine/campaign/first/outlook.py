"""The forecast of a plan of which nothing was learned: who would buy anyway, break-even, and what typed rates earn.

Typed rates are mixed with what the shop's own few campaigns did. Money comes from typed rates only, and says so.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Any, Literal

from engine import terms
from engine.campaign import earnings, offers, response, sms, support, window
from engine.campaign import forecast as forecasts
from engine.campaign.expected import Forecast, Range
from engine.campaign.first import anyway as from_orders
from engine.campaign.first import basket as baskets
from engine.campaign.first import said, scenarios
from engine.campaign.first.anyway import Anyway
from engine.campaign.first.assumed import Assumed
from engine.campaign.first.basket import Basket
from engine.campaign.first.experience import Experience, experience
from engine.campaign.first.holdout import Proposal, propose
from engine.campaign.first.scenarios import Base, Rates, Scenario
from engine.campaign.response import Models
from engine.campaign.scene import Scene
from engine.sentences import Sentence
from engine.shop.features import default_as_of
from engine.shop.store import Shop

AnywaySource = Literal["holdout", "typed", "orders"]


@dataclass(frozen=True, slots=True)
class Ground:
    """What the shop's own tables say of a plan's audience: everything that no typed rate and no offer changes."""

    anyway: Anyway | Sentence
    basket: Basket | None
    experience: Experience


@dataclass(frozen=True, slots=True)
class Outlook:
    """What can be said of a plan, and of what it rests on. Rates are fractions of the people written to.

    forecast: as of a learned plan; with money where rates were typed. anyway_rate: would buy anyway; None: not known.
    unknown: people of whom no order and no joining day is on record. break_even: extra orders, None where it is not
    known; never_even: no number of orders is enough. least_even: extra orders needed if nobody bought anyway.
    scenarios: low, expected, high; none without money. holdout: None where nothing says how many buy anyway.
    """

    forecast: Forecast
    assumed: Assumed
    ground: Ground
    anyway_rate: Range | None
    anyway_source: AnywaySource
    unknown: int
    basket: Basket | None
    break_even: Range | None
    least_even: float | None
    never_even: bool
    rates: Rates
    scenarios: tuple[Scenario, ...]
    holdout: Proposal | None

    @property
    def anyway_is_known(self) -> bool:
        """Whether the shop's own tables say how many would buy anyway."""
        return isinstance(self.ground.anyway, Anyway) or self.anyway_source == "holdout"

    @property
    def break_even_rate(self) -> float | None:
        """Extra orders to break even, per person written to."""
        return terms.ratio(self.break_even.value, self.forecast.recipients) if self.break_even else None

    @property
    def whole_break_even(self) -> Range | None:
        """Extra orders to break even, in whole ones: 40.2 takes 41."""
        even = self.break_even
        return Range(*(float(ceil(end)) for end in (even.value, even.low, even.high))) if even else None


def is_learned(models: Models | None) -> bool:
    """Whether orders and their value were learned from campaigns: then the learned forecast counts."""
    return models is not None and "order" in models.responses and models.value is not None


def learned(shop: Shop, typed: bool = False) -> Models | None:
    """What was learned from campaigns; None where there is too little to learn from, or all rates are typed.

    Raises NotEnoughData where there is enough and nobody had it learned yet.
    """
    if response.current_version(shop) is None and (typed or not can_be_learned(shop)):
        return None
    return response.load(shop)


def can_be_learned(shop: Shop) -> bool:
    """Whether past messages record enough orders for the response models."""
    if not shop.rows("campaigns") or not (shop.rows("deliveries") or shop.rows("campaign_results")):
        return False
    return experience(shop, default_as_of(shop)).can_be_learned


def ground(
    shop: Shop, scenes: Sequence[Scene], window_days: int, learn: Callable[[int], Anyway | Sentence] | None = None
) -> Ground:
    """What the shop's tables say of the audience of these scenes. `learn` gives what was learned before, by window."""
    as_of = scenes[0].as_of
    anyway = learn(window_days) if learn else from_orders.learn(shop, window_days, as_of)
    return Ground(anyway, baskets.basket(shop, scenes[0], as_of), experience(shop, as_of))


def forecast(
    shop: Shop,
    models: Models | None,
    scenes: Sequence[Scene],
    steps: Sequence[dict],
    typed: Assumed,
    seed: int = 0,
    even_untried: bool = False,
    known: Ground | None = None,
) -> Forecast:
    """As learned from campaigns; where nothing was, what can be said without, with the rates typed for it.

    even_untried: as of forecast.evaluate_steps. known: the `ground`, where it was asked for before.
    """
    if models is not None and is_learned(models):
        return forecasts.evaluate_steps(shop, models, scenes, steps, seed, even_untried=even_untried)
    known = known or ground(shop, scenes, window.of_messages(shop.settings, steps))
    return look(shop, models, scenes, steps, typed, known, seed).forecast


def look(
    shop: Shop,
    models: Models | None,
    scenes: Sequence[Scene],
    steps: Sequence[dict],
    assumed: Assumed,
    known: Ground,
    seed: int = 0,
) -> Outlook:
    """Everything that can be said of a plan without a learned order rate, or with rates typed instead of it.

    scenes and steps: as of forecast.evaluate_steps. `models`: what was learned of clicks, or of who would buy anyway.
    """
    base = _base(shop, models, scenes, steps, known.experience, seed)
    if base.recipients == 0:
        return _nobody(base, assumed, known)
    rate, source = _anyway_rate(base, assumed, known, scenes[0])
    basket = _basket(base, assumed, known)
    rates = scenarios.rates(assumed, known.experience, rate, steps[0], base.recipients)
    money = _terms(shop, scenes, steps, basket, base) if basket else None
    found = Outlook(
        base, assumed, known, rate, source, _unknown(known, scenes[0]), basket, _break_even(money, rate, base),
        money.even(0.0) if money else None, money is not None and money.even(0.0) is None, rates, (), None,
    )  # fmt: skip
    people = base.recipients + base.held_out
    found = replace(found, holdout=propose(rate.value, people, found.break_even_rate) if rate else None)
    seen = _with_rates(found)
    if money is None or rate is None or assumed.is_empty:
        return replace(found, forecast=replace(seen, sentences=said.without_money(found, shop)))
    drawn = scenarios.draw(rates, rate, money, seed)
    earned = scenarios.evaluated(rates, rate, money)
    paying = scenarios.with_money(seen, drawn, money, earned[1])
    found = replace(found, forecast=paying, scenarios=earned)
    return replace(
        found, forecast=replace(paying, sentences=said.with_money(found, shop, scenes[0], steps[0], money.given))
    )


def _base(
    shop: Shop, models: Models | None, scenes: Sequence[Scene], steps: Sequence[dict], past: Experience, seed: int
) -> Forecast:
    """What is known before any rate is typed: the audience, and the rates that were learned."""
    if models is not None and {"click", "order"} & set(models.responses):
        base = forecasts.evaluate_steps(shop, models, scenes, steps, seed)
        return base if base.recipients else replace(base, verdict="do_not_send")
    card = {"messages": past.messages, "campaigns": len(past.campaigns), "last_sent": past.last_sent}
    nothing = Models("", {}, None, None, {}, support.tried(shop, None), card)
    base = forecasts.known_audience(shop, nothing, scenes, steps)
    if not base.recipients:
        return base
    return replace(base, messages_sent=round(base.recipients * sum(float(scene.reached.mean()) for scene in scenes)))


def _nobody(base: Forecast, assumed: Assumed, known: Ground) -> Outlook:
    nothing = Rates(None, None, None)
    return Outlook(base, assumed, known, None, "orders", 0, known.basket, None, None, False, nothing, (), None)


def _unknown(known: Ground, scene: Scene) -> int:
    """People of whom the orders say nothing."""
    if not isinstance(known.anyway, Anyway):
        return 0
    return len(scene.customer_ids) - known.anyway.known(scene.customer_ids)


def _anyway_rate(base: Forecast, assumed: Assumed, known: Ground, scene: Scene) -> tuple[Range | None, AnywaySource]:
    """Share who would buy anyway: from two typed rates, else from a holdout, else from the orders."""
    if assumed.order_rate is not None and assumed.extra_rate is not None:
        typed = assumed.order_rate - assumed.extra_rate
        return Range(typed, typed, typed), "typed"
    if base.basis == "incremental" and (found := base.would_buy_anyway) is not None:
        people = base.recipients
        return Range(found.value / people, found.low / people, found.high / people), "holdout"
    if not isinstance(known.anyway, Anyway):
        return None, "orders"
    return known.anyway.rate(scene.customer_ids, base.recipients), "orders"


def _basket(base: Forecast, assumed: Assumed, known: Ground) -> Basket | None:
    """What an order is worth: as typed, else from the orders, else as it was learned from campaigns."""
    if assumed.order_value is not None:
        return baskets.stated(assumed.order_value, "typed")
    if known.basket is not None or base.order_value is None:
        return known.basket
    return baskets.stated(base.order_value, "learned")


def _terms(shop: Shop, scenes: Sequence[Scene], steps: Sequence[dict], basket: Basket, base: Forecast) -> Base:
    """What one order brings and costs, and what sending costs."""
    scene, plan = scenes[0], steps[0]
    past = scene.baskets.shaped(basket.spread)
    given = offers.cost(shop, offers.offer_of(plan), past, basket.value, scene.margin.share)
    each = [
        float(one.reached.mean()) * sms.cost_of(step, shop.settings) for one, step in zip(scenes, steps, strict=True)
    ]
    returned = shop.settings.return_rate if past.returned is None else past.returned
    fixed = earnings.terms_of(
        given, basket.value, base.recipients, scene.margin.share, base.recipients * sum(each),
        shop.settings.minimum_spend_for_roi, terms.kept_share(past.tax_share or 0.0, returned),
    )  # fmt: skip
    return Base(basket, given, fixed)


def _break_even(money: Base | None, rate: Range | None, base: Forecast) -> Range | None:
    """Extra orders to break even, by how many would buy anyway; the same for any number where the offer is free."""
    if money is None or (at := money.even(0.0)) is None:
        return None
    if rate is None:
        return Range(at, at, at) if money.given.per_order == 0 else None
    ends = [money.even(share * base.recipients) for share in (rate.value, rate.low, rate.high)]
    return Range(*[float(end) for end in ends if end is not None])


def _with_rates(found: Outlook) -> Forecast:
    """The forecast with the rates that are known or typed, and how many would buy anyway."""
    base, rates, people = found.forecast, found.rates, found.forecast.recipients
    changes: dict[str, Any] = {}
    if base.ctr is None and rates.click is not None:
        changes["ctr"] = scenarios.ranged_log_odds(rates.click, people)
    if base.order_rate is None and rates.order is not None:
        changes["order_rate"] = scenarios.ranged_log_odds(rates.order, people)
    if found.anyway_rate is not None:
        low, high = found.anyway_rate.low * people, found.anyway_rate.high * people
        changes["would_buy_anyway"] = Range(found.anyway_rate.value * people, low, high)
    if found.break_even is not None:
        changes["break_even_orders"] = found.break_even.value
    if not base.supported and found.assumed.to_json():
        changes["basis"] = "assumption"
    return replace(base, **changes)
