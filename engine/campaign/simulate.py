"""Whether customers order, written to and not: of one message or of several, at its expected value and in draws.

Several messages: each tells what share of its recipients would order inside its window. Spread evenly over the window,
that is a chance a day; where the next message comes earlier, the days from then on are its own, and days that no
window covers are as without any message. A customer is counted once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import stats
from scipy.special import expit, logit

from engine.campaign import window
from engine.campaign.response import Models
from engine.campaign.scene import Scene, Setting, sampling_sd
from engine.model.ranges import Variation, seen

DRAWS = 4_096  # a power of two: Sobol's points are even then


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a plan under one setting of the sliders, sent on `day` of the plan."""

    at: Setting
    channel: str
    day: int
    window_days: int
    stop_if_bought: bool
    cost: float = 0.0  # of one message

    @property
    def scene(self) -> Scene:
        return self.at.scene


@dataclass(frozen=True, slots=True)
class Orders:
    """Chances of the representatives to order while the plan runs, one each: written to, and not (None: no holdout).

    value: list value of an order. sent: share of the plan's recipients to whom each message is sent, in order.
    """

    p: np.ndarray
    q: np.ndarray | None
    value: np.ndarray
    sent: tuple[float, ...]


def rates(models: Models, messages: Sequence[Message], target: str) -> list[np.ndarray]:
    """Chance of a click, order or unsubscribe of each representative, per message."""
    model = models.responses[target]
    return [expit(model.encoded_log_odds(message.at.matrix(model.encoder))) for message in messages]


def orders(models: Models, messages: Sequence[Message]) -> Orders:
    """Who orders while the plan runs. Needs an order model and a model of order values."""
    written = rates(models, messages, "order")
    anyway = [unprompted(models, message.at) for message in messages] if models.anyway is not None else None
    nobody = np.zeros(len(written[0]))
    # Whom a message cannot reach is as likely to order as anyone who is not written to.
    each = [
        np.where(message.scene.reached, p, anyway[k] if anyway else nobody)
        for k, (message, p) in enumerate(zip(messages, written, strict=True))
    ]
    value = _values(models, messages, each)
    if len(messages) == 1:
        sent = float(messages[0].scene.reached.mean())
        return Orders(each[0], anyway[0] if anyway else None, value, (sent,))
    covered, idle = _days(messages)
    left, without = np.ones(len(nobody)), np.ones(len(nobody))  # who has not ordered yet
    each_sent: list[float] = []
    for k, message in enumerate(messages):
        due = message.scene.reached * (left if message.stop_if_bought else 1.0)
        each_sent.append(float(due.mean()))
        quiet = anyway[k] if anyway else nobody
        left = left * (1 - each[k]) ** covered[k] * (1 - quiet) ** idle[k]
        without = without * (1 - quiet) ** (covered[k] + idle[k])
    return Orders(1 - left, 1 - without if anyway else None, value, tuple(each_sent))


def length(messages: Sequence[Message]) -> int:
    """Days from the first message to the end of the last one's window."""
    return window.between(messages[0].day, messages[-1].day, messages[-1].window_days)


def _days(messages: Sequence[Message]) -> tuple[list[float], list[float]]:
    """Per message: windows that are its own until the next one, and windows' lengths that nothing covers then."""
    covered, idle = [], []
    for message, following in zip(messages, [*messages[1:], None], strict=True):
        days = following.day - message.day if following else message.window_days
        covered.append(min(days, message.window_days) / message.window_days)
        idle.append(max(days - message.window_days, 0) / message.window_days)
    return covered, idle


def unprompted(models: Models, at: Setting) -> np.ndarray:
    """Chance of an order without the message: the order model's inclination without the offer, and the customer."""
    order, anyway = models.responses["order"], models.anyway
    assert anyway is not None, "asked only where there is a holdout"

    def chance() -> np.ndarray:
        bare = at.without_offer()
        inclination = order.encoded_log_odds(bare.matrix(order.encoder))
        return expit(anyway.encoded_log_odds(bare.matrix(anyway.encoder, inclination=inclination)))

    return at.scene.latest("anyway", anyway, at.key, chance)


def _values(models: Models, messages: Sequence[Message], each: list[np.ndarray]) -> np.ndarray:
    """List value of an order of each representative; of several messages, by where the order probably comes from."""
    assert models.value is not None, "asked only where order values were learned"
    values = [models.value.encoded(message.at.matrix(models.value.encoder)) for message in messages]
    if len(values) == 1:
        return values[0]
    return np.average(values, axis=0, weights=np.maximum(each, 1e-12))


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Order rates with and without the plan (None: no holdout) and basket values, expected and in DRAWS draws."""

    p: float
    q: float | None
    value: float
    p_draws: np.ndarray
    q_draws: np.ndarray | None
    value_draws: np.ndarray


def outcomes(models: Models, who: Orders, recipients: int, scene: Scene, seed: int, channel: str = "") -> Outcomes:
    """Joint draws of both rates, correlated so that their difference varies as past campaigns' extra orders did.

    What moves one message of a plan moves all of them: several messages are no more certain than one. Then the luck of
    so many people: who would have bought anyway, and of the others whom the message moves.
    """
    assert models.value is not None, "asked only where order values were learned"
    p, order = float(who.p.mean()), models.variation["order"].of(channel)
    value = float(np.average(who.value, weights=who.p))  # those likelier to order weigh more
    shocks = _shocks(seed, order.degrees)
    basket_sd = models.value.spread / np.sqrt(max(recipients * p, 1.0))  # the mean of few baskets varies by luck
    value_draws = value * np.exp(basket_sd * shocks.basket - basket_sd**2 / 2)
    sd_p = np.hypot(order.sd, sampling_sd(who.p, scene) / (p * (1 - p)))
    if who.q is None:
        p_draws = seen(_shifted(p, sd_p * shocks.written), recipients, shocks.luck)
        return Outcomes(p, None, value, p_draws, None, value_draws)
    q = min(float(who.q.mean()), 0.98)
    # Too few are held out to learn of those not written to channel by channel.
    sd_q = np.sqrt(models.variation["order"].sd ** 2 + 1 / max(models.card["targets"]["anyway"]["successes"], 1))
    correlation = _correlation(p, q, sd_q, order, p * models.variation["extra"].sd)
    shock_q = correlation * shocks.written + np.sqrt(1 - correlation**2) * shocks.quiet
    expected = _shifted(q, sd_q * shock_q)
    extra = _shifted(p, sd_p * shocks.written) - expected
    extra = extra + shocks.moved * np.sqrt(np.abs(extra) * (1 - np.abs(extra)) / max(recipients, 1))
    q_draws = seen(expected, recipients, shocks.luck)
    return Outcomes(p, q, value, np.maximum(q_draws + extra, 0.0), q_draws, value_draws)


def _correlation(p: float, q: float, sd_q: float, order: Variation, extra: float) -> float:
    """Of both rates' shocks: so that the standard deviation of their difference is `extra`."""
    spread_p, spread_q = p * (1 - p) * order.sd, q * (1 - q) * sd_q
    return float(np.clip((spread_p**2 + spread_q**2 - extra**2) / (2 * spread_p * spread_q + 1e-12), -0.9, 0.95))


@dataclass(frozen=True, slots=True)
class _Shocks:
    """DRAWS draws each. Of a campaign (Student's t): on those written to, and not. Of luck (normal): who would have
    bought anyway, whom the message moves, what baskets hold."""

    written: np.ndarray
    quiet: np.ndarray
    luck: np.ndarray
    moved: np.ndarray
    basket: np.ndarray


@lru_cache(maxsize=8)
def _shocks(seed: int, degrees: int) -> _Shocks:
    """The same for every setting of the sliders; spread evenly (Sobol), so that ranges hardly hang on the seed."""
    even = stats.qmc.Sobol(5, rng=np.random.default_rng(seed)).random(DRAWS).T
    return _Shocks(*stats.t.ppf(even[:2], degrees), *stats.norm.ppf(even[2:]))


def _shifted(rate: float, shift: np.ndarray) -> np.ndarray:
    return expit(logit(rate) + shift)
