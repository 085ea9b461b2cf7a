"""The forecast of a plan as the page's tabs use it: what it needs, and what is kept of it with a decision."""

from typing import Any

from dashboard import cache
from dashboard.text import t
from dashboard.views.plan_tabs import saving
from dashboard.views.plan_tabs.saving import Open
from engine.campaign import response
from engine.campaign.forecast import Forecast
from engine.decision.plans import SavedPlan
from engine.errors import StoreProblem
from engine.sentences import say


def missing(opened: Open) -> str | None:
    """What has to be there before anything can be forecast, as a sentence; None when all of it is."""
    shop = opened.shop
    if response.current_version(shop) is None:
        if not shop.rows("campaigns"):
            return t("numbers.no_campaigns")
        if not shop.rows("deliveries") and not shop.rows("campaign_results"):
            return t("numbers.no_messages")
    return t("numbers.no_audience") if opened.plan.audience.is_empty else None


def copy(opened: Open) -> dict[str, str]:
    """What a customer reads in all messages of the plan, as it is saved."""
    return opened.saved.extras.get("filled") or {}


def of_plan(opened: Open) -> Forecast | None:
    """The forecast of the plan as it is saved; None where nothing was learned yet. Raises AppError."""
    if missing(opened) or response.current_version(opened.shop) is None:
        return None
    models = cache.models(opened.shop)
    return cache.forecast(opened.shop, models, opened.plan, copy(opened))


def record(forecast: Forecast | None) -> dict[str, Any]:
    """What is kept of a forecast with the decision: the contract's row, and the verdict in a form for any language."""
    if forecast is None:
        return {}
    kept = {"verdict_key": forecast.verdict, "test_on": forecast.test_on, "last_sent": forecast.last_sent}
    return forecast.row() | kept


# --- the verdict in the list of plans ---


def noted(opened: Open, forecast: Forecast) -> Open:
    """The plan with its verdict among its extras, so that the list of plans shows it without forecasting them all."""
    verdict = {"key": forecast.verdict, "test_on": forecast.test_on, "content": opened.saved.content_sha256}
    if opened.saved.extras.get("verdict") == verdict:
        return opened
    try:
        return saving.save(opened, opened.plan, {"verdict": verdict})
    except StoreProblem:
        return opened  # someone saved the plan in this moment; the next look notes it


def known_verdict(saved: SavedPlan, language: str) -> tuple[str, str] | None:
    """The verdict last seen for the plan as it is now, or the one it was submitted with: its key and its words."""
    verdict = saved.extras.get("verdict") or {}
    if verdict.get("content") != saved.content_sha256:
        submitted = saved.extras.get("forecast") or {}
        if saved.plan.status == "draft" or not submitted.get("verdict_key"):
            return None
        verdict = {"key": submitted["verdict_key"], "test_on": submitted["test_on"]}
    return verdict["key"], say(f"engine.{verdict['key']}", language, n=f"{verdict['test_on']:,}")
