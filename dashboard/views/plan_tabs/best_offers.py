"""The best offers for the people of this plan, within limits; one click moves the sliders there."""

from typing import Any

import pandas as pd
import streamlit as st

from dashboard import cache, charts, state, widgets
from dashboard.text import language, t
from dashboard.views.plan_tabs import forecasting, sliders
from dashboard.views.plan_tabs.message import Colour, plain
from dashboard.views.plan_tabs.saving import Open
from engine.campaign.optimise import search
from engine.campaign.optimise.judging import Judged
from engine.campaign.optimise.limits import Limits, Objective
from engine.campaign.optimise.options import Choices, Option
from engine.campaign.optimise.ranking import Place
from engine.campaign.optimise.search import Proposals
from engine.campaign.optimise.table import FULL_PRICE, NOTHING, OFFER
from engine.campaign.plan import PARTS, Plan
from engine.campaign.response import Models

SHOWN = 8
OBJECTIVES: tuple[Objective, ...] = ("expected", "careful")
BADGES: dict[str, Colour] = {"none": "gray", "budget": "orange", "tried range": "violet", "stock": "red"}


def show(opened: Open, models: Models, tried: Plan) -> None:
    """Limits, the ranked offers as bars and as a table, and a button that takes one over."""
    st.caption(t("optimise.purpose"))
    currency = opened.shop.settings.currency
    limits, objective = asked_limits(currency)
    judged = _judged(opened, models, tried)
    found = search.proposals("plan", judged, models, limits, objective, cache.offers.shelf(opened.shop)).distinct()
    places = found.shown(SHOWN)
    st.markdown(_headline(found, currency))
    draw(
        [(option_name(place.judged.option if place.judged else None, currency), place) for place in places],
        currency,
        "numbers.best_chart",
    )
    _table(found, places, currency)
    if words := left_out(found.excluded):
        st.caption(words)
    st.caption(t("optimise.note", basis=t(f"numbers.basis_{models.basis}"), date=models.card["last_sent"]))
    _take_over(opened.plan, [place for place in places if place.judged and place.rank], currency)


def asked_limits(currency: str, area: str = "best") -> tuple[Limits, Objective]:
    """What the plans may not break, and what they are ranked by."""
    with st.container(horizontal=True):
        budget = _number(f"{area}.budget", t("optimise.budget", currency=currency), 1e9, 50.0, 200)
        margin = _number(f"{area}.margin", t("optimise.margin_floor"), 99.0, 1.0, 200)
        loss = _number(f"{area}.loss", t("optimise.max_loss"), 99.0, 1.0, 200)
        state.keep(f"{area}.objective", OBJECTIVES[0], OBJECTIVES)
        objective = st.segmented_control(
            t("optimise.objective"), OBJECTIVES, required=True, key=f"{area}.objective",
            format_func=lambda one: t(f"optimise.objective_{one}"), help=t("optimise.objective_help"),
        )  # fmt: skip
    floor, most = (None if percent is None else percent / 100 for percent in (margin, loss))
    return Limits(budget, floor, most), objective or OBJECTIVES[0]


def _number(key: str, label: str, most: float, step: float, width: int) -> float | None:
    state.keep(key, None)
    return st.number_input(
        label, 0.0, most, None, step, key=key, placeholder=t("optimise.no_limit"), width=width, format="%.10g"
    )


def _judged(opened: Open, models: Models, tried: Plan) -> list[Judged]:
    """Every way to write to the people of the plan, channel by channel, saying how far it is."""
    plan = opened.plan.model_copy(update={"holdout": tried.holdout})
    about = ((tuple(plan.product_ids), plan.category),)
    channels = [channel for channel in sorted(models.tried.offers) if channel in PARTS]
    choices = Choices(kinds=sliders.KINDS, products=about)
    found: list[Judged] = []
    with widgets.steps_of(t("optimise.working"), len(channels)) as step:
        for channel in channels:
            step(t(f"plan.channel_{channel}"))
            ways = cache.offers.options(opened.shop, models, Choices((channel,), choices.kinds, products=about))
            found += cache.offers.judged(opened.shop, models, plan, forecasting.copy(opened), ways)
    return found


def _headline(found: Proposals, currency: str) -> str:
    """What comes first, and how many others are as good as far as anyone can tell."""
    best = found.best
    first, last = found.tied(best)
    if best.judged is None:
        return t("optimise.best_none_within" if found.excluded and len(found.places) == 1 else "optimise.best_nothing")
    profit = widgets.ranged(best.judged.forecast.extra_profit, lambda amount: widgets.money(amount, currency))
    said = plain(t("optimise.best_is", option=option_name(best.judged.option, currency), profit=profit))
    return said if first == last else f"{said} {t('optimise.best_tied', count=last - first)}"


def option_name(option: Option | None, currency: str) -> str:
    """An option in a few words: "15% off · e-mail · 10:00 · 75 %"."""
    if option is None:
        return t("numbers.option_nothing")
    offer = widgets.offer_name(option.kind, option.discount, currency)
    if option.min_spend:
        offer = t("optimise.from_spend", offer=offer, spend=widgets.money(option.min_spend, currency))
    hour = [] if option.send_hour is None else [f"{option.send_hour}:00"]
    share = [] if option.share == 1 else [t("optimise.of_audience", share=widgets.percent(option.share, 0))]
    return " · ".join([offer, t(f"plan.channel_{option.channel}"), *hour, *share])


def draw(named: list[tuple[str, Place]], currency: str, key: str) -> None:
    """Places as bars; what a limit keeps out and has no money has none."""
    rows = [
        {"name": name, "option": kind_of(place)}
        | {
            f"extra_profit{end}": (getattr(place.judged.forecast.extra_profit, part, None) if place.judged else 0.0)
            for end, part in (("", "value"), ("_low", "low"), ("_high", "high"))
        }
        for name, place in named
        if place.rank
    ]
    words = {one: t(f"optimise.legend_{one}") for one in (OFFER, FULL_PRICE, NOTHING)}
    axis = t("numbers.curve_extra_profit", currency=currency)
    widgets.chart(charts.ranked_offers(pd.DataFrame(rows), axis, words), key, t("optimise.chart_alt"))


def kind_of(place: Place) -> str:
    """offer, full_price or nothing."""
    if place.judged is None:
        return NOTHING
    return FULL_PRICE if place.judged.option.kind == "none" else OFFER


def _table(found: Proposals, places: list[Place], currency: str) -> None:
    rows = [{t("optimise.place"): _ranks(found, place)} | cells(place, currency) for place in places]
    with st.container(key="numbers.best_table"):
        st.table(pd.DataFrame(rows).set_index(t("optimise.place")), alt=t("optimise.chart_alt"))


def _ranks(found: Proposals, place: Place) -> str:
    """A place, or the places between which no difference can be told."""
    if not place.rank:
        return "–"
    first, last = found.tied(place)
    return f"{first}" if first == last else f"{first}–{last}"


def cells(place: Place, currency: str) -> dict[str, str]:
    """One place in words: label -> cell."""

    def money(amount: float) -> str:
        return widgets.money(amount, currency)

    one = place.judged
    values: dict[str, Any] = {
        "option": plain(option_name(one.option if one else None, currency)),
        "profit": "–", "cost": "–", "loss": "–",
        "verdict": one.forecast.verdict_text(language()) if one else "–",
        "limit": badge(place.binding),
    }  # fmt: skip
    if one is None:
        values |= dict.fromkeys(("profit", "cost"), plain(money(0)))
    elif place.rank:
        values["profit"] = plain(widgets.ranged(one.forecast.extra_profit, money))
        values |= {"cost": plain(money(one.cost)), "loss": widgets.percent(one.forecast.chance_of_loss, 0)}
    return {t(f"optimise.column_{column}"): cell for column, cell in values.items()}


def badge(limit: str) -> str:
    """What keeps a plan from earning more, as Markdown."""
    if limit == "none":
        return "–"
    return f":{BADGES.get(limit, 'blue')}-badge[{t('optimise.limit_' + limit.replace(' ', '_'))}]"


def left_out(excluded: dict[str, int]) -> str:
    """How many options break which limit, in a sentence; empty where none does."""
    said = [
        t("optimise.excluded_one", count=widgets.number(count), limit=t(f"optimise.limit_{limit.replace(' ', '_')}"))
        for limit, count in sorted(excluded.items())
    ]
    return t("optimise.excluded", list=t("optimise.separator").join(said)) if said else ""


# --- taking one over ---


def _take_over(plan: Plan, places: list[Place], currency: str) -> None:
    """One of the offers, and a button that moves the sliders there."""
    options = [place.judged.option for place in places if place.judged]
    if not options:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            t("optimise.which"), range(len(options)), key="best.which", width=420,
            format_func=lambda number: option_name(options[min(number, len(options) - 1)], currency),
        )  # fmt: skip
        st.button(
            t("optimise.take_over"), key="best.take_over", type="primary", icon=":material/tune:",
            on_click=sliders.take, args=(settings(plan, options[min(chosen or 0, len(options) - 1)]),),
        )  # fmt: skip


def settings(plan: Plan, option: Option) -> dict[str, Any]:
    """What the sliders say for an option."""
    said = sliders.settings(plan) | {"kind": option.kind, "channel": option.channel}
    said["audience_share"], said["min_spend"] = round(100 * option.share), float(option.min_spend or 0.0)
    if option.send_hour is not None:
        said["send_hour"] = option.send_hour
    if option.kind == "percent":
        said["percent"] = round(100 * (option.discount or 0.0), 6)
    elif option.kind == "amount":
        said["amount"] = float(option.discount or 0.0)
    said.pop("holdout")  # as the slider has it
    return said
