"""The forecast of a plan as the page's tabs use it: what it needs, and what is kept of it with a decision."""

from typing import Any

from dashboard import cache, widgets
from dashboard.text import language, t
from dashboard.views.plan_tabs import saving
from dashboard.views.plan_tabs.saving import Open
from engine.campaign import response, track_record
from engine.campaign.expected import Forecast, Range
from engine.campaign.first import outlook as outlooks
from engine.campaign.first.assumed import Assumed, of_json
from engine.campaign.first.outlook import Outlook
from engine.campaign.plan import Plan
from engine.campaign.response import Models
from engine.decision import overrides
from engine.decision.plans import SavedPlan
from engine.errors import NotAllowed, StoreProblem
from engine.sentences import say
from engine.shop.store import Shop

EVEN = (0.4, 0.6)  # chances of loss that are called about even


def missing(opened: Open) -> str | None:
    """What has to be there before anything can be forecast, as a sentence; None when all of it is."""
    return t("numbers.no_audience") if opened.plan.audience.is_empty else None


def is_first(opened: Open) -> bool:
    """Whether a plan is looked at without learned forecasts: there is too little to learn from, or no order in it."""
    if response.current_version(opened.shop) is None:
        return not cache.first.can_be_learned(opened.shop)
    return not outlooks.is_learned(cache.forecasts.models(opened.shop))


def orders_are_recorded(opened: Open) -> bool:
    """False where forecasts were learned from messages of which nobody knows who ordered."""
    return response.current_version(opened.shop) is None or cache.forecasts.models(opened.shop).recorded("order")


def assumed(opened: Open) -> Assumed:
    """The rates typed for the plan; none of them counts once forecasts are learned."""
    return of_json(opened.saved.extras.get("assumed"))


def outlook(opened: Open) -> Outlook:
    """What can be said of the plan as it is saved, and of the rates typed for it. Raises AppError."""
    models = cache.forecasts.models(opened.shop) if response.current_version(opened.shop) else None
    return cache.first.outlook(opened.shop, models, opened.plan, copy(opened), assumed(opened))


def copy(opened: Open) -> dict[str, str]:
    """What a customer reads in all messages of the plan, as it is saved."""
    return opened.saved.extras.get("filled") or {}


def of_plan(opened: Open) -> Forecast | None:
    """The forecast of the plan as it is saved; None where nothing was learned yet. Raises AppError."""
    if missing(opened):
        return None
    if is_first(opened):
        return outlook(opened).forecast
    if response.current_version(opened.shop) is None:
        return None
    return asked(opened, cache.forecasts.models(opened.shop), opened.plan)


def asked(opened: Open, models: Models, plan: Plan) -> Forecast:
    """What a plan would do; of one that was never tried with its money where somebody chose to see that."""
    found = cache.forecasts.of_plan(opened.shop, models, plan, copy(opened))
    if not overrides.holds(opened.saved.extras.get(overrides.KEY), found):
        return found
    return cache.forecasts.of_plan(opened.shop, models, plan, copy(opened), even_untried=True)


def overridden(opened: Open, forecast: Forecast) -> dict[str, str] | None:
    """Who chose to see money of what was never tried, when and why; None where nobody did, or for something else."""
    kept = opened.saved.extras.get(overrides.KEY)
    return kept if overrides.holds(kept, forecast) else None


def record(opened: Open, forecast: Forecast | None) -> dict[str, Any]:
    """What is kept of a forecast with the decision, and the rates that were typed for it."""
    if forecast is None:
        return {}
    shown = overridden(opened, forecast)
    typed = {"assumed": assumed(opened).to_json()} if forecast.basis == "assumption" else {}
    return forecast.record() | typed | ({overrides.KEY: shown} if shown else {})


def as_things_were(opened: Open, forecast: Forecast) -> Range | None:
    """How many of those written to buy in such a window as past orders have it; None where the orders do not say."""
    return cache.first.as_things_were(opened.shop, opened.plan, forecast) if forecast.recipients else None


# --- in words ---


def likelihood_of_loss(forecast: Forecast) -> str:
    """How likely a plan loses money; of one that may do either, both sides of it."""
    loss = forecast.chance_of_loss or 0.0
    share = widgets.percent(loss, 0)
    if forecast.verdict != "coin_toss":
        return t("numbers.loss", share=share)
    return t("numbers.loss_even" if EVEN[0] <= loss <= EVEN[1] else "numbers.loss_either", share=share)


def reason(forecast: Forecast) -> str:
    """Why the verdict is what it is; where rates are shown without money, first that this is why."""
    why = forecast.reason(language())
    has_rates = forecast.ctr is not None or forecast.order_rate is not None
    money = forecast.supported or forecast.extra_profit is not None
    return t("numbers.rates_only", why=why) if has_rates and not money else why


def parts_of_orders(forecast: Forecast) -> str | None:
    """How many of the orders would have come anyway; None where that is unknown or the message brings none."""
    if forecast.whole_orders is None or min(forecast.whole_orders) < 0:
        return None
    orders, extra, anyway = (widgets.number(count) for count in forecast.whole_orders)
    return t("numbers.orders_anyway", orders=orders, extra=extra, anyway=anyway)


def track(shop: Shop, models: Models, plan: Plan) -> str | None:
    """How often past forecasts landed in their range; None where no past campaign could be forecast to see."""
    on_record = cache.learning.on_record(shop)
    said = [one.text(language()) for one in track_record.sentences(models.card, plan.steps[0].channel, on_record)]
    return " ".join([*said, t("ranges.landed_how")]) if said else None


def holdout(forecast: Forecast, plan: Plan) -> str | None:
    """What the people left out on purpose will be able to show; None where nobody is in the plan."""
    people = forecast.recipients + forecast.held_out
    said = {"people": widgets.number(people), "held": widgets.number(forecast.held_out)}
    if not people:
        return None
    if not forecast.held_out:
        return t("numbers.nobody_drawn", **said) if plan.holdout else t("numbers.no_holdout")
    if forecast.detectable is None:
        return t("numbers.held_out", **said)
    if forecast.can_be_measured is False:
        needed = forecast.enough_held_out
        if needed is None:
            return t("numbers.cannot_be_seen", **said)
        return t("numbers.too_few_held_out", needed=widgets.number(needed), **said)
    rise, orders = widgets.percent(forecast.detectable, 1), widgets.number(forecast.detectable_orders)
    return t("numbers.detectable", rise=rise, orders=orders, **said)


# --- the verdict in the list of plans ---


def noted(opened: Open, forecast: Forecast) -> Open:
    """The plan with its verdict among its extras, so that the list of plans shows it without forecasting them all."""
    verdict = {"key": forecast.verdict, "test_on": forecast.test_on, "content": opened.saved.content_sha256}
    verdict |= {"basis": forecast.basis} if forecast.basis == "assumption" else {}
    if opened.saved.extras.get("verdict") == verdict:
        return opened
    try:
        return saving.note(opened, {"verdict": verdict})
    except (StoreProblem, NotAllowed):
        return opened  # someone saved the plan in this moment, or may only look; the next look notes it


def known_verdict(saved: SavedPlan, in_language: str) -> tuple[str, str] | None:
    """The verdict last seen for the plan as it is now, or the one it was submitted with: its key and its words."""
    verdict = saved.extras.get("verdict") or {}
    if verdict.get("content") != saved.content_sha256:
        submitted = saved.extras.get("forecast") or {}
        if saved.plan.status == "draft" or not submitted.get("verdict_key"):
            return None
        verdict = {"key": submitted["verdict_key"], "test_on": submitted["test_on"], "basis": submitted.get("basis")}
    return verdict["key"], verdict_words(verdict["key"], verdict["test_on"], verdict.get("basis"), in_language)


def verdict_words(key: str, test_on: int, basis: str | None, in_language: str) -> str:
    """A kept verdict in words; of one that follows from typed rates, that it does."""
    words = say(f"engine.{key}", in_language, n=f"{test_on:,}")
    typed = basis == "assumption" and key != "never_tried"
    return say("first.if_right", in_language, verdict=words) if typed else words
