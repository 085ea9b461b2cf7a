"""What a plan would probably do: rates, orders, money, each with an 80 % range, a chance of loss and a verdict."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from engine.campaign import earnings, inputs, offers, sensitivity, simulate, sms, support
from engine.campaign.expected import MONEY, NO_MONEY, Forecast, Money, Range
from engine.campaign.response import Models
from engine.campaign.scene import Scene, sampling_sd, setting
from engine.campaign.simulate import Message, Outcomes
from engine.errors import NotEnoughData
from engine.model import power
from engine.model.ranges import FEW, LEVEL, interval
from engine.sentences import Sentence, known
from engine.shop.store import Shop


def evaluate(shop: Shop, models: Models, scene: Scene, plan: dict, seed: int = 0) -> Forecast:
    """The forecast of a plan of one message on a prepared audience: see `evaluate_steps`."""
    return evaluate_steps(shop, models, [scene], [plan], seed)


def evaluate_steps(
    shop: Shop,
    models: Models,
    scenes: Sequence[Scene],
    steps: Sequence[dict],
    seed: int = 0,
    money_only: bool = False,
    even_untried: bool = False,
) -> Forecast:
    """The forecast of a plan as a whole, one scene and one row for each of its messages.

    `money_only` leaves out the rates, the messages sent and which assumption matters most: for many forecasts at once.
    `even_untried` gives money to a plan that was never tried, too: it stays not supported, and says so first.
    A row has the campaign's columns, plan_id, optional holdout, audience_share, window_days, tiers, day and condition;
    drawn, a pair of how many are written to and held out, where it is known who they are (engine.decision.assign).
    Raises NotEnoughData where messages were never learned from.
    """
    return drawn(shop, models, scenes, steps, seed, money_only, even_untried)[0]


def drawn(
    shop: Shop,
    models: Models,
    scenes: Sequence[Scene],
    steps: Sequence[dict],
    seed: int = 0,
    money_only: bool = False,
    even_untried: bool = False,
    who: simulate.Orders | None = None,
    ranged: Collection[str] = MONEY,
) -> tuple[Forecast, Money | None]:
    """`evaluate_steps`, and what is behind its money; None where there is none.

    Draws of one seed belong together: what moves one plan in a draw moves every other plan in it. `who`: who orders
    under these steps, where that is known already. `ranged`: the money that is wanted with its range, which takes most
    of the time; the other figures are left out.
    """
    if not set(models.responses) & {"click", "order"}:
        raise NotEnoughData(Sentence("refused.only_ads"))
    plan, scene = steps[0], scenes[0]
    messages = [_message(shop, scene, step) for scene, step in zip(scenes, steps, strict=True)]
    recipients, held_out = _recipients(scene, plan)
    base = _unsupported(shop, models, messages, plan, recipients, held_out)
    if recipients == 0 or not len(scene.known):
        return replace(base, verdict="do_not_send", sentences=_nobody(scenes, steps)), None
    refused = _refused(shop, models, messages, steps, name_nearest=not money_only)
    if money_only and refused and not even_untried:
        return replace(base, sentences=refused), None
    learned = {"order"} <= set(models.responses) and models.value is not None
    who = who or (_orders(models, messages) if learned else None)
    base = base if money_only else _with_rates(models, messages, base, who)
    if who is None or (refused and not even_untried):
        return replace(base, sentences=refused), None
    found, money = _with_money(shop, models, messages, plan, base, who, seed, ranged, not money_only)
    return (_untried(found, refused) if refused else found), money


def _untried(found: Forecast, refused: tuple[Sentence, ...]) -> Forecast:
    """Money of a plan that was never tried: no verdict and no chance of loss, for no past campaign's error is like it.

    The first of its sentences tells that chance; the others, what was assumed, stay.
    """
    said = (*refused, Sentence("never_tried.shown_anyway"), *found.sentences[1:])
    return replace(
        found, supported=False, verdict="never_tried", chance_of_loss=None, test_on=0, detectable=None, sentences=said
    )


def known_audience(shop: Shop, models: Models, scenes: Sequence[Scene], steps: Sequence[dict]) -> Forecast:
    """What is known of a plan before anything is predicted: who is written to, and for how long orders count."""
    messages = [_message(shop, scene, step) for scene, step in zip(scenes, steps, strict=True)]
    recipients, held_out = _recipients(scenes[0], steps[0])
    base = _unsupported(shop, models, messages, steps[0], recipients, held_out)
    if recipients == 0 or not len(scenes[0].known):
        return replace(base, verdict="do_not_send", sentences=_nobody(scenes, steps))
    return base


def _orders(models: Models, messages: Sequence[Message]) -> simulate.Orders:
    """Who orders: asked once where only the share of the audience or the holdout is another."""
    key = tuple((m.at.key, m.at.size, m.day, m.window_days, m.stop_if_bought) for m in messages)
    return messages[0].scene.latest("orders", models.responses["order"], key, lambda: simulate.orders(models, messages))


def _nobody(scenes: Sequence[Scene], steps: Sequence[dict]) -> tuple[Sentence, ...]:
    """Why nobody at all would be written to: by each channel, or that all who can be reached are left out."""
    if reachable := len(scenes[0].customer_ids):
        return (Sentence("engine.nobody_written_to", {"reachable": f"{reachable:,}"}),)
    left_out = {str(step["channel"]): scene.left_out for scene, step in zip(scenes, steps, strict=True)}
    size = len(scenes[0].audience)
    said = (support.nobody(size, reasons, channel) for channel, reasons in left_out.items())
    return tuple(said) if size else (support.nobody(0, {}, ""),)


def _message(shop: Shop, scene: Scene, step: dict) -> Message:
    window = int(_number(step.get("window_days"), shop.settings.window(str(step["channel"]))))
    stops = step.get("condition") == "stop_if_bought"
    day = int(_number(step.get("day"), 0))
    cost = sms.cost_of(step, shop.settings)
    return Message(setting(shop, scene, step), str(step["channel"]), day, window, stops, cost)


def _recipients(scene: Scene, plan: dict) -> tuple[int, int]:
    """How many are written to, and how many are left out on purpose: as drawn, where the draw was made already."""
    if plan.get("drawn"):
        return plan["drawn"]
    asked = len(scene.customer_ids) * _number(plan.get("audience_share"), 1.0)
    holdout = _number(plan.get("holdout"), 0.0)
    return round(asked * (1 - holdout)), round(asked * holdout)


def _number(value: object, default: float) -> float:
    return default if value is None or pd.isna(value) or value == "" else float(value)  # type: ignore[arg-type]


def _unsupported(
    shop: Shop, models: Models, messages: Sequence[Message], plan: dict, recipients: int, held_out: int
) -> Forecast:
    """A forecast that knows only its audience: rates and money are added where the past supports them."""
    card, scene = models.card, messages[0].scene
    return Forecast(
        plan_id=str(plan["plan_id"]), audience_size=len(scene.audience), reachable=len(scene.customer_ids),
        recipients=recipients, held_out=held_out, messages_sent=0, ctr=None, order_rate=None, orders=None,
        would_buy_anyway=None, extra_orders=None, revenue=None, discount_cost=None, send_cost=None, extra_profit=None,
        roi=None, unsubscribes=None, discount_on_anyway=None, margin_after_discount=None, break_even_orders=None,
        detectable=None, chance_of_loss=None, basis=models.basis, window_days=simulate.length(messages),
        supported=False, verdict="never_tried", test_on=0, order_value=None, margin=None, assumptions=(),
        sentences=(),
        messages=card["messages"], campaigns=card["campaigns"], last_sent=card["last_sent"],
    )  # fmt: skip


def _refused(
    shop: Shop, models: Models, messages: Sequence[Message], steps: Sequence[dict], name_nearest: bool
) -> tuple[Sentence, ...]:
    """Why a plan has no money forecast, with the nearest past campaign; empty where it has one."""
    for message, step in zip(messages, steps, strict=True):
        if why := _why_not(shop, models, message, step):
            named = name_nearest and why.key not in NO_MONEY
            closest = support.nearest_to(models.tried, step, message.at.columns) if named else None
            return (why, closest) if closest else (why,)
    return ()


def _why_not(shop: Shop, models: Models, message: Message, step: dict) -> Sentence | None:
    """Why one message of a plan has no money forecast, None where it has."""
    if "order" not in models.responses:
        return Sentence("engine.no_order_model" if models.recorded("order") else "never_tried.orders_not_recorded")
    if models.value is None:
        return Sentence("engine.no_value")
    hour, kind, scene, tried = step.get("send_hour"), str(step.get("offer_kind") or "none"), message.scene, models.tried
    people = scene.known["customer_id"]
    size = _number(step.get("discount"), 0.0)
    return support.check(
        tried,
        message.channel,
        kind,
        support.gift_prices(shop).get(str(step.get("gift_product_id"))) if kind == "gift" else size,
        None if hour is None or pd.isna(hour) else float(hour),
        scene.latest("mailed", tried, None, lambda: support.mailed_share(tried, set(people))),
        _number(step.get("min_spend"), 0.0),
        offer={name: step.get(name) for name in support.OFFER_DETAILS} | {"share": _counted(scene, step)},
        columns=message.at.columns,
        alike=scene.latest("alike", tried, None, lambda: support.alike_share(tried, scene.columns)),
    )


def _counted(scene: Scene, step: dict) -> float | None:
    """The share of an order that an offer on some goods counts for."""
    names = step.get("applies_to") or ()
    return scene.baskets.share(names) if offers.has(names) else None


def _with_rates(models: Models, messages: Sequence[Message], base: Forecast, who: simulate.Orders | None) -> Forecast:
    """Clicks and unsubscribes per message sent, and the share who order; each with its range."""
    sent = who.sent if who else tuple(float(message.scene.reached.mean()) for message in messages)
    count = round(base.recipients * sum(sent))
    rates = {
        target: _rate(models, messages, target, sent, count)
        for target in ("click", "unsubscribe")
        if target in models.responses
    }
    order = None
    if who is not None:
        order = _ranged_rate(models, "order", who.p, base.recipients, messages)
    elif "order" in models.responses:
        order = _rate(models, messages, "order", sent, count)
    unsubscribe = rates.get("unsubscribe")
    return replace(
        base,
        messages_sent=count,
        ctr=rates.get("click"),
        order_rate=order,
        unsubscribes=_times(unsubscribe, count) if unsubscribe else None,
    )


def _rate(models: Models, messages: Sequence[Message], target: str, sent: Sequence[float], count: int) -> Range:
    """Mean rate per message sent, over all messages of the plan."""
    each = simulate.rates(models, messages, target)
    if len(messages) == 1:
        return _ranged_rate(models, target, each[0], count, messages)
    shares = np.array([share * message.scene.reached for share, message in zip(sent, messages, strict=True)])
    total = np.maximum(shares.sum(axis=0), 1e-12)
    mean = (np.array(each) * shares).sum(axis=0) / total
    return _ranged_rate(models, target, mean[shares.sum(axis=0) > 0], count, messages)


def _ranged_rate(models: Models, target: str, p: np.ndarray, count: int, messages: Sequence[Message]) -> Range:
    variation = models.variation[target].of(_channel(messages))
    low, high = interval(float(p.mean()), count, variation, sampling_sd(p, messages[0].scene), LEVEL)
    return Range(float(p.mean()), min(low, float(p.mean())), high)


def _channel(messages: Sequence[Message]) -> str:
    """The plan's channel; "" where its messages go out by several: then all campaigns say how far it may vary."""
    first, *others = {message.channel for message in messages}
    return "" if others else first


def _times(rate: Range, count: float) -> Range:
    return Range(rate.value * count, rate.low * count, rate.high * count)


def _with_money(
    shop: Shop,
    models: Models,
    messages: Sequence[Message],
    plan: dict,
    base: Forecast,
    who: simulate.Orders,
    seed: int,
    ranged: Collection[str],
    with_reasons: bool,
) -> tuple[Forecast, Money]:
    assert models.value is not None, "checked by _why_not"
    scene = messages[0].scene
    drawn = simulate.outcomes(models, who, base.recipients, scene, seed, _channel(messages))
    sends = [(base.recipients * share, message.cost) for share, message in zip(who.sent, messages, strict=True)]
    worked, given = inputs.inputs_of(shop, models, scene, plan, drawn, base.recipients, base.held_out, sends)
    terms_of = inputs.terms_of(worked, given)
    at = earnings.money(drawn.p, drawn.q, drawn.value, terms_of)
    draws = earnings.money(drawn.p_draws, drawn.q_draws, drawn.value_draws, terms_of)
    ranges: dict[str, Any] = {name: _ranged(at[name], draws[name]) for name in at if name in ranged}
    loss = float((draws["extra_profit"] < 0).mean())
    verdict = verdict_of(loss, at["extra_profit"])
    assumed = inputs.assumptions(shop, scene, plan, given, worked)
    anyway = at["would_buy_anyway"] or 0.0
    # It takes a third of the time, and is asked of none of a thousand options.
    uncertain = (
        sensitivity.assumptions(drawn, terms_of, scene.margin.is_measured, given.is_assumed) if with_reasons else ()
    )
    matters = [sensitivity.said(most, at["extra_profit"], shop.settings.currency) for most in uncertain[:1]]
    reason, *more = _sentences(shop, models, drawn, loss, assumed)
    money = replace(
        base, **ranges, send_cost=worked.send_cost, chance_of_loss=loss, supported=True, verdict=verdict,
        margin_after_discount=earnings.margin_after_discount(drawn.value, terms_of),
        break_even_orders=earnings.break_even(anyway, drawn.value, terms_of),
        detectable=power.detectable(drawn.p if drawn.q is None else drawn.q, base.recipients, base.held_out),
        test_on=_test_size(drawn) if verdict == "coin_toss" else 0,
        order_value=drawn.value * worked.kept, margin=worked.margin, worked=worked, assumptions=uncertain,
        sentences=(
            reason, *matters, *more, *_test_sentence(verdict, drawn, scene), *_scope(plan),
            *_repeated(messages),
        ),
    )  # fmt: skip
    return money, Money(at, draws)


def verdict_of(loss: float, extra_profit: float) -> str:
    """Not sending costs nothing: a plan that would lose on average, and more often than not, is no coin toss."""
    if loss < 0.2:
        return "likely_pays"
    return "do_not_send" if loss > 0.8 or (loss > 0.5 and extra_profit < 0) else "coin_toss"


def _test_sentence(verdict: str, drawn: Outcomes, scene: Scene) -> tuple[Sentence, ...]:
    """Said where a test would need more people than the audience has."""
    needed, available = _test_size(drawn), len(scene.customer_ids)
    if verdict != "coin_toss" or needed <= available:
        return ()
    return (Sentence("engine.too_few_to_test", {"needed": f"{needed:,}", "available": f"{available:,}"}),)


def _scope(plan: dict) -> tuple[Sentence, ...]:
    """Said where a plan names products but its money is that of an offer on the whole order, as past offers were."""
    named = (plan.get("product_ids") or plan.get("category")) and not offers.has(plan.get("applies_to"))
    return (Sentence("engine.whole_order"),) if named and plan.get("offer_kind") in ("percent", "amount") else ()


def _repeated(messages: Sequence[Message]) -> tuple[Sentence, ...]:
    """What a forecast of several messages assumes about writing to the same people again."""
    if len(messages) == 1:
        return ()
    said = Sentence("engine.repeated_contact", {"messages": len(messages), "days": simulate.length(messages)})
    stops = any(message.stop_if_bought for message in messages[1:])
    return (said, Sentence("engine.stops_if_bought")) if stops else (said,)


def _ranged(value: float | None, draws: np.ndarray | None) -> Range | None:
    if value is None or draws is None:
        return None
    # A return is unknown in draws that spend too little; the others are never.
    quantile = np.nanquantile if np.isnan(draws).any() else np.quantile
    low, high = quantile(draws, [0.5 - LEVEL / 2, 0.5 + LEVEL / 2])
    return Range(float(value), float(min(low, value)), float(max(high, value)))


def _test_size(drawn: Outcomes) -> int:
    """People (written to and held out together, half each) with whom the expected difference would show."""
    rate = (drawn.p + drawn.q) / 2 if drawn.q is not None else drawn.p
    needed = 2 * power.people_per_arm(rate, abs(drawn.p - (drawn.q or 0.0)))
    return int(max(200, np.ceil(needed / 100) * 100))


def _sentences(
    shop: Shop, models: Models, drawn: Outcomes, loss: float, assumed: tuple[Sentence, ...]
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
    said += assumed
    if shop.settings.assumed:
        names = tuple(
            Sentence(f"settings.{name}") if known(f"settings.{name}") else name for name in shop.settings.assumed
        )
        said.append(Sentence("engine.assumed_settings", {"names": names}))
    if models.variation["order"].campaigns < FEW:
        said.append(Sentence("engine.few_campaigns", {"campaigns": models.variation["order"].campaigns}))
    if not models.recorded("click"):
        said.append(Sentence("never_tried.clicks_not_recorded"))
    if not models.tried.mailed:
        said.append(Sentence("never_tried.audience_unknown"))
    return tuple(said)
