"""What typed rates, mixed with the shop's own few campaigns, would earn: low, expected, high, and in draws."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import stats
from scipy.special import expit, logit

from engine.campaign import earnings
from engine.campaign import forecast as forecasts
from engine.campaign.expected import Forecast, Range
from engine.campaign.first.assumed import Assumed
from engine.campaign.first.basket import Basket
from engine.campaign.first.experience import Experience
from engine.campaign.forecast import LEVEL
from engine.campaign.offers import Cost
from engine.campaign.simulate import DRAWS
from engine.model import power
from engine.model.calibrate import USUAL_SD
from engine.model.mixing import TYPED_SD, Estimate, Mixed, log_odds, mix, next_campaign

REACH = float(stats.norm.ppf(0.5 + LEVEL / 2))  # standard deviations from the middle to an end of a range
NAMES = ("low", "expected", "high")


@dataclass(frozen=True, slots=True)
class Rates:
    """Rates mixed from what was typed and what own campaigns did; None where neither says anything.

    click and order: in log-odds. extra: orders beyond those who would buy anyway, as a fraction of people.
    `scale` turns a difference in log-odds into one of `extra`.
    """

    click: Mixed | None
    order: Mixed | None
    extra: Mixed | None
    scale: float = 1.0

    @property
    def used(self) -> Mixed | None:
        """The one that money follows from."""
        return self.extra or self.order


@dataclass(frozen=True, slots=True)
class Base:
    """What is fixed while rates are tried: the worth of an order, the offer, people written to and all costs."""

    basket: Basket
    given: Cost
    terms: earnings.Terms

    @property
    def recipients(self) -> int:
        return self.terms.recipients

    def even(self, anyway_orders: float) -> float | None:
        """Extra orders at which the plan earns nothing."""
        return earnings.break_even(anyway_orders, self.basket.value, self.terms)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One end or the middle of the typed rate's range. Rates are fractions of people, money the shop's currency."""

    name: str
    order_rate: float
    extra_rate: float
    extra_orders: float
    extra_profit: float
    roi: float | None


def rates(assumed: Assumed, past: Experience, anyway: Range | None, step: dict, people: int) -> Rates:
    """Every rate from what was typed about it and from own campaigns, those like the plan's first message most."""
    like = (str(step["channel"]), str(step.get("offer_kind") or "none"))
    click = mix(_typed(assumed.click_rate), past.levels("clicks", *like))
    order = mix(_typed(assumed.order_rate), past.levels("orders", *like))
    if assumed.extra_rate is None or anyway is None:
        return Rates(click, order, None)
    typed = assumed.extra_rate
    scale = typed * (1 - typed)
    extra = mix(Estimate(typed, (TYPED_SD * scale) ** 2), past.levels("extra", *like, scale), USUAL_SD * scale)
    assert extra is not None, "a rate was typed"
    return Rates(click, _in_all(extra, anyway), extra, scale)


def _typed(rate: float | None) -> Estimate | None:
    return None if rate is None else Estimate(log_odds(rate), TYPED_SD**2)


def _in_all(extra: Mixed, anyway: Range) -> Mixed:
    """Log-odds of the order rate that follows from an extra rate and from who would buy anyway."""
    p = _rate(extra.mean + anyway.value)
    return Mixed(log_odds(p), extra.variance / (p * (1 - p)) ** 2, extra.weights)


def _rate(value: float) -> float:
    return min(max(value, 1e-6), 1 - 1e-6)


def ranged_log_odds(known: Mixed, people: int) -> Range:
    """The rate with the range in which that of one more campaign to so many people will lie."""
    p = float(expit(known.mean))
    reach = REACH * next_campaign(known, 1 / (max(people, 1) * p * (1 - p)))
    return Range(p, float(expit(known.mean - reach)), float(expit(known.mean + reach)))


def _ends(found: Rates, anyway: Range, people: int) -> list[tuple[float, float]]:
    """Order rate and extra rate of each scenario, in the order of NAMES."""
    if found.extra is not None:
        reach = REACH * _extra_sd(found, anyway, people)
        extras = [found.extra.mean + step * reach for step in (-1, 0, 1)]
        return [(min(anyway.value + extra, 1.0), extra) for extra in extras]
    assert found.order is not None, "asked only where an order rate or an extra rate was typed"
    ranged = ranged_log_odds(found.order, people)
    return [(p, p - anyway.value) for p in (ranged.low, ranged.value, ranged.high)]


def _extra_sd(found: Rates, anyway: Range, people: int) -> float:
    """sd of the extra rate that one more campaign will show."""
    assert found.extra is not None, "asked only where an extra rate was typed"
    p = _rate(anyway.value + found.extra.mean)
    return next_campaign(found.extra, p * (1 - p) / max(people, 1), USUAL_SD * found.scale)


def evaluated(found: Rates, anyway: Range, money: Base) -> tuple[Scenario, ...]:
    """What the low, the expected and the high rate would earn, with as many buying anyway as expected."""
    result = []
    for name, (p, extra) in zip(NAMES, _ends(found, anyway, money.recipients), strict=True):
        at = earnings.money(p, p - extra, money.basket.value, money.terms)
        result.append(Scenario(name, p, extra, at["extra_orders"], at["extra_profit"], at["roi"]))
    return tuple(result)


@dataclass(frozen=True, slots=True)
class Drawn:
    """Order rates with and without the plan and basket values, in DRAWS draws."""

    p: np.ndarray
    q: np.ndarray
    value: np.ndarray


def draw(found: Rates, anyway: Range, money: Base, seed: int) -> Drawn:
    """Joint draws: of the typed rate, of who would buy anyway, and of the mean basket's luck."""
    random = np.random.default_rng(seed)
    rate, idle, luck = (random.standard_normal(DRAWS) for _ in range(3))
    q = _drawn_anyway(anyway, idle)
    if found.extra is not None:  # orders beyond those who buy anyway: a good week moves both
        extra = found.extra.mean + _extra_sd(found, anyway, money.recipients) * rate
        p = np.clip(q + extra, 0.0, 1.0)
    else:
        assert found.order is not None, "asked only where an order rate or an extra rate was typed"
        expected = float(expit(found.order.mean))
        noise = 1 / (money.recipients * expected * (1 - expected))
        p = expit(found.order.mean + next_campaign(found.order, noise) * rate)
    orders = max(money.recipients * float(p.mean()), 1.0)
    sd = money.basket.spread / np.sqrt(orders)  # the mean of few baskets varies by luck
    return Drawn(p, q, money.basket.value * np.exp(sd * luck - sd**2 / 2))


def _drawn_anyway(anyway: Range, idle: np.ndarray) -> np.ndarray:
    """Draws whose range is that of `anyway`."""
    if not 0 < anyway.low < anyway.high < 1:
        return np.full(len(idle), anyway.value)
    sd = float(logit(anyway.high) - logit(anyway.low)) / (2 * REACH)
    return expit(logit(anyway.value) + sd * idle)


def with_money(forecast: Forecast, drawn: Drawn, money: Base, expected: Scenario) -> Forecast:
    """The forecast with money, its ranges, the chance of a loss and a verdict, all if the rates are right."""
    at = earnings.money(expected.order_rate, expected.order_rate - expected.extra_rate, money.basket.value, money.terms)
    draws = earnings.money(drawn.p, drawn.q, drawn.value, money.terms)
    ranges: dict[str, Any] = {name: _ranged(at[name], draws[name]) for name in at}
    loss = float((draws["extra_profit"] < 0).mean())
    verdict = forecasts.verdict_of(loss, at["extra_profit"])
    q = expected.order_rate - expected.extra_rate
    return replace(
        forecast, **ranges, order_rate=_ranged(expected.order_rate, drawn.p), send_cost=money.terms.send_cost,
        chance_of_loss=loss, supported=True, verdict=verdict, basis="assumption",
        test_on=_test_on(expected) if verdict == "coin_toss" else 0,
        margin_after_discount=earnings.margin_after_discount(money.basket.value, money.terms),
        detectable=power.detectable(q, forecast.recipients, forecast.held_out),
        order_value=money.basket.value * money.terms.kept, margin=money.terms.margin,
    )  # fmt: skip


def _ranged(value: float | None, draws: np.ndarray) -> Range | None:
    if value is None:
        return None
    low, high = np.nanquantile(draws, [0.5 - LEVEL / 2, 0.5 + LEVEL / 2])
    return Range(float(value), float(min(low, value)), float(max(high, value)))


def _test_on(expected: Scenario) -> int:
    """People, half of them left out, with whom the expected difference would show."""
    middle = expected.order_rate - expected.extra_rate / 2
    return int(max(200, np.ceil(2 * power.people_per_arm(middle, abs(expected.extra_rate)) / 100) * 100))
