"""What a plan would probably do: rates, orders, money, each with an 80 % range, a chance of loss and a verdict."""

from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from engine import terms
from engine.campaign import offers, support
from engine.campaign.response import Models, anyway_features
from engine.campaign.scene import Scene, plan_features, sampling_sd
from engine.errors import NotEnoughData
from engine.model.ranges import Variation, interval
from engine.sentences import Sentence
from engine.shop.store import Shop

DRAWS = 4_000
LEVEL = 0.8  # of every range
COLUMNS = (
    "plan_id", "audience_size", "reachable", "ctr", "order_rate", "orders", "would_buy_anyway", "extra_orders",
    "revenue", "discount_cost", "send_cost", "extra_profit", "roi", "unsubscribes",
)  # fmt: skip
RANGED = (
    "ctr", "order_rate", "orders", "would_buy_anyway", "extra_orders", "revenue", "discount_cost", "extra_profit",
    "roi", "unsubscribes",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Range:
    """A value with its 80 % range. None is unknown."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """What we expect of one plan. Rates are fractions of messages sent, money is the shop's currency."""

    plan_id: str
    audience_size: int
    reachable: int
    recipients: int  # reachable x audience share, less the holdout
    ctr: Range | None
    order_rate: Range | None
    orders: Range | None
    would_buy_anyway: Range | None
    extra_orders: Range | None
    revenue: Range | None
    discount_cost: Range | None
    send_cost: float | None
    extra_profit: Range | None
    roi: Range | None
    unsubscribes: Range | None
    chance_of_loss: float | None
    basis: str
    window_days: int
    supported: bool
    verdict: str  # likely_pays, coin_toss, do_not_send, never_tried
    test_on: int  # people to test on where it is a coin toss, else 0
    order_value: float | None  # list value of an order before discount
    margin: float | None
    sentences: tuple[Sentence, ...]  # the reason, then what was assumed
    messages: int  # past messages behind it
    campaigns: int
    last_sent: str

    def verdict_text(self, language: str = "en") -> str:
        return Sentence(
            f"engine.{self.verdict}", {"n": f"{self.test_on:,}"} if self.verdict == "coin_toss" else {}
        ).text(language)

    def reason(self, language: str = "en") -> str:
        return " ".join(sentence.text(language) for sentence in self.sentences)

    def row(self) -> dict:
        """One row of the forecast table of the contract: money empty where the past does not support it."""
        row: dict = {}
        for name in COLUMNS:
            value = getattr(self, name)
            row[name] = value.value if isinstance(value, Range) else value
            if name in RANGED:
                row[f"{name}_low"], row[f"{name}_high"] = (value.low, value.high) if value else (None, None)
        return row | {
            "chance_of_loss": self.chance_of_loss,
            "basis": self.basis,
            "window_days": self.window_days,
            "supported": int(self.supported),
            "verdict": self.verdict_text(),
            "reason": self.reason(),
        }

    def to_json(self) -> dict:
        """Every field as JSON types, for a record of what was known at a decision."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)} | {"reason": self.reason()}


def _plain(value: object) -> object:
    if isinstance(value, Range):
        return asdict(value)
    if isinstance(value, tuple):
        return [asdict(part) for part in value]
    return value


def evaluate(shop: Shop, models: Models, scene: Scene, plan: dict, seed: int = 0) -> Forecast:
    """The forecast of one plan on a prepared audience.

    plan: campaign columns, plan_id, optional holdout, audience_share, window_days, tiers. Raises NotEnoughData where
    messages were never learned from.
    """
    if not set(models.responses) & {"click", "order"}:
        raise NotEnoughData(
            "This shop has learned from ads only; forecasts of messages need past campaigns with deliveries."
        )
    recipients = _recipients(scene, plan)
    base = _unsupported(shop, models, scene, plan, recipients)
    if recipients == 0 or not len(scene.known):
        return replace(base, sentences=(Sentence("engine.nobody_reachable", {"channel": str(plan["channel"])}),))
    frame = plan_features(shop, scene, plan)
    rates = _rates(models, frame, recipients, scene)
    base = replace(
        base,
        ctr=rates.get("click"),
        order_rate=rates.get("order"),
        unsubscribes=_times(rates.get("unsubscribe"), recipients),
    )
    why_not = _why_not(models, scene, plan)
    if why_not is not None:
        return replace(base, sentences=(why_not,))
    return _with_money(shop, models, scene, plan, frame, base, seed)


def _recipients(scene: Scene, plan: dict) -> int:
    share = _number(plan.get("audience_share"), 1.0)
    holdout = _number(plan.get("holdout"), 0.0)
    return round(len(scene.customer_ids) * share * (1 - holdout))


def _number(value: object, default: float) -> float:
    return default if value is None or pd.isna(value) or value == "" else float(value)  # type: ignore[arg-type]


def _unsupported(shop: Shop, models: Models, scene: Scene, plan: dict, recipients: int) -> Forecast:
    """A forecast that knows only its audience: rates and money are added where the past supports them."""
    card = models.card
    return Forecast(
        plan_id=str(plan["plan_id"]), audience_size=len(scene.audience), reachable=len(scene.customer_ids),
        recipients=recipients, ctr=None, order_rate=None, orders=None, would_buy_anyway=None, extra_orders=None,
        revenue=None, discount_cost=None, send_cost=None, extra_profit=None, roi=None,
        unsubscribes=None, chance_of_loss=None, basis=models.basis,
        window_days=int(_number(plan.get("window_days"), shop.settings.window(str(plan["channel"])))),
        supported=False, verdict="never_tried", test_on=0, order_value=None, margin=None, sentences=(),
        messages=card["messages"], campaigns=card["campaigns"], last_sent=card["last_sent"],
    )  # fmt: skip


def _why_not(models: Models, scene: Scene, plan: dict) -> Sentence | None:
    if "order" not in models.responses:
        return Sentence("engine.no_order_model")
    if models.value is None:
        return Sentence("engine.no_value")
    hour = plan.get("send_hour")
    return support.check(
        models.tried,
        str(plan["channel"]),
        str(plan.get("offer_kind") or "none"),
        _number(plan.get("discount"), 0.0),
        None if hour is None or pd.isna(hour) else float(hour),
        set(scene.known["customer_id"]),
    )


def _rates(models: Models, frame: pd.DataFrame, recipients: int, scene: Scene) -> dict[str, Range]:
    result: dict[str, Range] = {}
    for target in ("click", "order", "unsubscribe"):
        if target in models.responses:
            p = models.responses[target].predict(frame)
            low, high = interval(float(p.mean()), recipients, models.variation[target], sampling_sd(p, scene), LEVEL)
            result[target] = Range(float(p.mean()), low, high)
    return result


def _times(rate: Range | None, count: float) -> Range | None:
    return None if rate is None else Range(rate.value * count, rate.low * count, rate.high * count)


@dataclass(frozen=True, slots=True)
class _Outcomes:
    """Simulated order rates, with and without the message (None: no holdout); basket values."""

    p: float
    q: float | None
    value: float
    p_draws: np.ndarray
    q_draws: np.ndarray | None
    value_draws: np.ndarray


def _simulated(models: Models, frame: pd.DataFrame, recipients: int, scene: Scene, seed: int) -> _Outcomes:
    """Joint draws of both rates, correlated so that their difference varies as past campaigns' extra orders did."""
    assert models.value is not None, "checked by _why_not"
    log_odds = models.responses["order"].log_odds(frame)
    p_each = 1 / (1 + np.exp(-log_odds))
    p, order = float(p_each.mean()), models.variation["order"]
    value = float(np.average(models.value.predict(frame), weights=p_each))  # those likelier to order weigh more
    random = np.random.default_rng(seed)
    shock_p, shock_q = _shocks(random, order), _shocks(random, order)
    basket_sd = models.value.spread / np.sqrt(max(recipients * p, 1.0))  # the mean of few baskets varies by luck
    value_draws = value * np.exp(basket_sd * random.standard_normal(DRAWS) - basket_sd**2 / 2)
    noise = 1 / (max(recipients, 1) * p * (1 - p)) + (sampling_sd(p_each, scene) / (p * (1 - p))) ** 2
    sd_p = np.sqrt(order.sd**2 + noise)
    if models.anyway is None:
        return _Outcomes(p, None, value, _shifted(p, sd_p * shock_p), None, value_draws)
    q = min(float(models.anyway.predict(anyway_features(frame, models.responses["order"])).mean()), 0.98)
    sd_q = np.sqrt(order.sd**2 + 1 / max(models.card["targets"]["anyway"]["successes"], 1))
    spread_p, spread_q = p * (1 - p) * order.sd, q * (1 - q) * sd_q
    extra = p * models.variation["extra"].sd
    correlation = np.clip((spread_p**2 + spread_q**2 - extra**2) / (2 * spread_p * spread_q + 1e-12), -0.9, 0.95)
    shock_q = correlation * shock_p + np.sqrt(1 - correlation**2) * shock_q
    return _Outcomes(p, q, value, _shifted(p, sd_p * shock_p), _shifted(q, sd_q * shock_q), value_draws)


def _shocks(random: np.random.Generator, variation: Variation) -> np.ndarray:
    return random.standard_t(max(variation.campaigns - 1, 2), DRAWS)


def _shifted(rate: float, shift: np.ndarray) -> np.ndarray:
    return expit(logit(rate) + shift)


def _with_money(
    shop: Shop, models: Models, scene: Scene, plan: dict, frame: pd.DataFrame, base: Forecast, seed: int
) -> Forecast:
    assert models.value is not None, "checked by _why_not"
    drawn = _simulated(models, frame, base.recipients, scene, seed)
    given = offers.cost(shop, _offer(plan), drawn.value, models.value.spread)
    off_share = given.per_order / drawn.value  # a bigger basket gets more off in the same proportion
    sending = _send_cost(shop, plan) * base.recipients
    terms_of = _Terms(base.recipients, off_share, scene.margin.share, sending, shop.settings.minimum_spend_for_roi)
    at = _money(drawn.p, drawn.q, drawn.value, terms_of)
    draws = _money(drawn.p_draws, drawn.q_draws, drawn.value_draws, terms_of)
    ranges: dict[str, Any] = {name: _ranged(at[name], draws[name]) for name in at}
    loss = float((draws["extra_profit"] < 0).mean())
    verdict = _verdict(loss, at["extra_profit"])
    return replace(
        base, **ranges, send_cost=sending, chance_of_loss=loss, supported=True, verdict=verdict,
        test_on=_test_size(drawn) if verdict == "coin_toss" else 0,
        order_value=drawn.value, margin=scene.margin.share,
        sentences=(
            *_sentences(shop, models, scene, drawn, loss, given), *_test_sentence(verdict, drawn, scene), *_scope(plan)
        ),
    )  # fmt: skip


def _verdict(loss: float, extra_profit: float) -> str:
    """Not sending costs nothing: a plan that would lose on average, and more often than not, is no coin toss."""
    if loss < 0.2:
        return "likely_pays"
    return "do_not_send" if loss > 0.8 or (loss > 0.5 and extra_profit < 0) else "coin_toss"


def _test_sentence(verdict: str, drawn: "_Outcomes", scene: Scene) -> tuple[Sentence, ...]:
    """Said where a test would need more people than the audience has."""
    needed, available = _test_size(drawn), len(scene.customer_ids)
    if verdict != "coin_toss" or needed <= available:
        return ()
    return (Sentence("engine.too_few_to_test", {"needed": f"{needed:,}", "available": f"{available:,}"}),)


def _scope(plan: dict) -> tuple[Sentence, ...]:
    """Said where a plan names products but its money is that of an offer on the whole order, as past offers were."""
    named = plan.get("product_ids") or plan.get("category")
    return (Sentence("engine.whole_order"),) if named and plan.get("offer_kind") in ("percent", "amount") else ()


@dataclass(frozen=True, slots=True)
class _Terms:
    """What is fixed while outcomes are drawn. off_share: part of a basket's list value given away."""

    messages: int
    off_share: float
    margin: float
    send_cost: float
    minimum_spend: float


def _money(p: Any, q: Any, value: Any, given: _Terms) -> dict[str, Any]:
    """Orders and money at order rates p (written to) and q (not; None = unknown); numbers, or arrays of draws."""
    orders = given.messages * p
    extra = orders if q is None else given.messages * (p - q)
    discount_cost = orders * value * given.off_share
    profit = terms.extra_profit(terms.gross_profit(extra * value, given.margin), discount_cost, given.send_cost)
    return {
        "orders": orders,
        "would_buy_anyway": None if q is None else given.messages * q,
        "extra_orders": extra,
        "revenue": orders * value - discount_cost,
        "discount_cost": discount_cost,
        "extra_profit": profit,
        "roi": _roi(profit, discount_cost, given),
    }


def _roi(profit: Any, discount_cost: Any, given: _Terms) -> Any:
    if np.ndim(profit) == 0:
        return terms.roi(profit, discount_cost, given.send_cost, given.minimum_spend)
    each = (terms.roi(a, b, given.send_cost, given.minimum_spend) for a, b in zip(profit, discount_cost, strict=True))
    return np.array([np.nan if roi is None else roi for roi in each])


def _ranged(value: float | None, draws: np.ndarray | None) -> Range | None:
    if value is None or draws is None:
        return None
    low, high = np.nanquantile(draws, [0.5 - LEVEL / 2, 0.5 + LEVEL / 2])
    return Range(float(value), float(min(low, value)), float(max(high, value)))


def _offer(plan: dict) -> dict:
    offer = {name: plan.get(name) for name in ("discount", "min_spend", "gift_product_id", "tiers", "max_discount")}
    cleaned = {name: None if not isinstance(v, (list, tuple)) and pd.isna(v) else v for name, v in offer.items()}
    return cleaned | {"kind": str(plan.get("offer_kind") or "none")}


def _send_cost(shop: Shop, plan: dict) -> float:
    return _number(plan.get("send_cost"), shop.settings.send_cost.get(str(plan["channel"]), 0.0))


def _test_size(drawn: _Outcomes) -> int:
    """People (written to and held out together, half each) with whom the expected difference would show.

    Two-sided 5 %, power 80 %, normal approximation: 16 p (1 - p) / difference squared per arm (Lehr 1992).
    """
    difference = abs(drawn.p - (drawn.q or 0.0))
    rate = (drawn.p + (drawn.q or 0.0)) / 2 if drawn.q is not None else drawn.p
    needed = 2 * 16 * rate * (1 - rate) / max(difference, 1e-4) ** 2
    return int(max(200, np.ceil(needed / 100) * 100))


def _sentences(
    shop: Shop, models: Models, scene: Scene, drawn: _Outcomes, loss: float, given: offers.Cost
) -> tuple[Sentence, ...]:
    card = models.card
    values = {"loss": round(100 * loss), "campaigns": card["campaigns"], "date": card["last_sent"]}
    if drawn.q is None:
        said = [Sentence("engine.reason_attributed", values)]
    else:
        anyway = round(100 * min(drawn.q / drawn.p, 1.0))
        said = [
            Sentence(
                "engine.reason_incremental", values | {"anyway": anyway, "held": f"{card['held_out_customers']:,}"}
            )
        ]
    if not scene.margin.measured:
        said.append(Sentence("engine.margin_default", {"margin": f"{scene.margin.share:.0%}"}))
    if given.assumed:
        said.append(Sentence("engine.cost_not_modelled", {"kind": given.assumed, "cost": f"{given.per_order:.2f}"}))
    if shop.settings.assumed:
        said.append(Sentence("engine.assumed_settings", {"names": ", ".join(shop.settings.assumed)}))
    if models.variation["order"].campaigns < 10:
        said.append(Sentence("engine.few_campaigns", {"campaigns": models.variation["order"].campaigns}))
    return tuple(said)


def curve(shop: Shop, models: Models, scene: Scene, plan: dict, discounts: list[float], seed: int = 0) -> pd.DataFrame:
    """Extra profit and ROI over the discount, everything else as in `plan`.

    Columns discount, extra_profit, extra_profit_low, extra_profit_high, roi, extra_orders, supported; money is NaN
    where nothing like it was tried.
    """
    result = []
    for discount in discounts:
        forecast = evaluate(shop, models, scene, plan | {"discount": discount}, seed)
        profit = forecast.extra_profit
        result.append(
            {
                "discount": discount,
                "extra_profit": profit.value if profit else np.nan,
                "extra_profit_low": profit.low if profit else np.nan,
                "extra_profit_high": profit.high if profit else np.nan,
                "roi": forecast.roi.value if forecast.roi else np.nan,
                "extra_orders": forecast.extra_orders.value if forecast.extra_orders else np.nan,
                "supported": forecast.supported,
            }
        )
    return pd.DataFrame(result)
