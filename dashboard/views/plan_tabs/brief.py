"""What should the campaign be?"""

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import cache, state, widgets
from dashboard.text import known, t
from dashboard.views.plan_tabs import (
    audience,
    brief_form,
    conflict,
    learned_before,
    message,
    saving,
    staging,
    steps,
    wording,
)
from dashboard.views.plan_tabs.saving import Open
from engine.campaign import links
from engine.campaign.plan import GOALS, PARTS
from engine.decision import moments
from engine.errors import AppError, StoreProblem

AREA = "brief"
KINDS = ("percent", "amount", "spend_save", "gift", "free_shipping", "buy_x_get_y", "points", "early_access", "none")
TONES = ("warm", "plain", "cheerful", "elegant", "friendly and short")
LISTED_PRODUCTS = 500  # a browser's list; a longer catalogue is searched


def show(opened: Open) -> None:
    """The brief, saved as one types."""
    values = _values(opened)
    state.fill(AREA, opened.stamp, values)
    if opened.plan.status != "draft":
        st.info(
            t("plan.changing_makes_draft", status=t(f"plan.status_{opened.plan.status}")), icon=":material/edit_note:"
        )
    conflict.told(AREA)
    clash = st.container()
    _reasons(opened)
    learned_before.show(opened)
    audience.show(opened, _changed)
    audience.count(opened, {**values, **state.values(AREA, values)})
    left, right = st.columns(2, gap="large")
    with left:
        _what(opened)
    with right:
        _offer(opened)
    _when()
    steps.show({**values, **state.values(AREA, values)}, _changed)
    staging.show(opened, {**values, **state.values(AREA, values)}, _changed)
    _answer(opened, {**values, **state.values(AREA, values)}, clash)


def _reasons(opened: Open) -> None:
    """For a plan that was filled from the shop's data: from which."""
    reasons = opened.saved.extras.get("reasons") or []
    said = [t(reason["key"], **reason["values"]) for reason in reasons if known(reason["key"])]
    if said:
        with st.expander(t("brief.reasons"), icon=":material/lightbulb:", key="brief.reasons"):
            st.markdown("\n".join(f"- {message.plain(sentence)}" for sentence in said))


def _values(opened: Open) -> dict[str, Any]:
    unfinished = opened.saved.extras.get("unfinished")
    return brief_form.from_json(unfinished, opened.plan) if unfinished else brief_form.values_of(opened.plan)


def _begun(opened: Open) -> dict[str, Any]:
    """What the fields said when they were filled; empty where that version is not kept any more."""
    version = saving.begun(opened, AREA)
    return wording.brief_form_values(version.plan, version.extras) if version else {}


def _changed() -> None:
    """Saves before anything is drawn: the next click may already be on another tab, where these fields are gone."""
    state.touch(AREA)
    with contextlib.suppress(AppError):  # the page says why it could not be saved
        opened = saving.reopened()
        _save(opened, {**_values(opened), **state.values(AREA, _values(opened))})


def _what(opened: Open) -> None:
    st.subheader(t("brief.what"))
    st.selectbox(
        t("brief.goal"), GOALS, format_func=lambda goal: t(f"plan.goal_{goal}"), key="brief.goal", on_change=_changed
    )
    with st.container(horizontal=True):
        _one_of("channel", list(PARTS))
        _one_of("language", ["en", "zh"])
    _products(opened)
    tone = state.values(AREA, {"tone": opened.plan.tone})["tone"]
    st.selectbox(
        t("brief.tone"),
        list(dict.fromkeys([*TONES, tone])),
        format_func=lambda one: t(f"brief.tone_{one.replace(' ', '_')}") if one in TONES else one,
        key="brief.tone",
        accept_new_options=True,
        on_change=_changed,
    )
    _where_it_leads(opened)


def _where_it_leads(opened: Open) -> None:
    """The address, and by what the shop's statistics know a visit from this plan: the usual words unless others are
    typed."""
    st.text_input(t("brief.landing_url"), key="brief.landing_url", placeholder="https://", on_change=_changed)
    usual = links.utm(opened.plan.model_copy(update={"utm": {}}))
    with st.expander(t("brief.utm"), key="brief.utm", icon=":material/ads_click:"):
        st.caption(t("brief.utm_about"))
        with st.container(horizontal=True):
            for name in links.FIELDS:
                st.text_input(
                    t(f"brief.utm_{name}"), key=f"brief.utm_{name}", placeholder=usual[name], max_chars=80,
                    on_change=_changed,
                )  # fmt: skip
        for number, step in enumerate(opened.plan.steps):
            if found := links.of_step(opened.plan, number):
                st.caption(t("brief.utm_link", number=number + 1, channel=t(f"plan.channel_{step.channel}")))
                st.code(found, language=None, wrap_lines=True)


def _one_of(name: str, options: list[str]) -> None:
    label = t(f"brief.{name}")
    shown = {one: t(f"plan.{name}_{one}") for one in options}
    st.selectbox(label, options, format_func=lambda one: shown[one], key=f"brief.{name}", on_change=_changed)


def _products(opened: Open) -> None:
    """What it is about: products by name, or a category."""
    catalogue = cache.tables.catalogue(opened.shop)
    if not len(catalogue):
        st.caption(t("brief.no_products"))
        return
    chosen = state.values(AREA, {"products": []})["products"]
    names = catalogue["name"]
    offered = list(names.index[:LISTED_PRODUCTS])
    if len(names) > LISTED_PRODUCTS:
        words = st.text_input(
            t("brief.find", count=f"{len(names):,}"), key="brief.find", placeholder=t("brief.find_hint")
        )
        found = names[names.str.contains(words, case=False, regex=False)] if words else names
        offered = list(found.index[:LISTED_PRODUCTS])
    st.multiselect(
        t("brief.products"),
        list(dict.fromkeys([*chosen, *offered])),
        format_func=lambda one: names.get(one, one),
        key="brief.products",
        placeholder=t("brief.whole_shop"),
        on_change=_changed,
    )
    st.selectbox(
        t("brief.category"),
        sorted({*catalogue["category"].dropna(), *filter(None, state.values(AREA, {"category": None}).values())}),
        index=None,
        key="brief.category",
        placeholder=t("brief.no_category"),
        on_change=_changed,
    )


def _offer(opened: Open) -> None:
    st.subheader(t("brief.offer"))
    kind = st.selectbox(
        t("brief.kind"), KINDS, format_func=lambda one: t(f"plan.offer_{one}"), key="brief.kind", on_change=_changed
    )
    currency = opened.shop.settings.currency
    if kind == "percent":
        _number("percent", t("brief.percent"), 1.0, largest=99.0)
        _number("max_discount", t("brief.max_discount", currency=currency), 1.0)
    elif kind == "amount":
        _number("amount", t("brief.amount", currency=currency), 1.0)
    elif kind == "points":
        _number("amount", t("brief.points"), 10.0)
    elif kind == "gift":
        _gift(opened)
    elif kind == "spend_save":
        for number in range(brief_form.TIERS):
            _pair(number, t("brief.tier_spend", currency=currency), t("brief.tier_off", currency=currency))
        st.caption(t("brief.tiers_hint"))
    elif kind == "buy_x_get_y":
        _pair(0, t("brief.buy"), t("brief.get_free"))
    if kind in brief_form.WITH_MINIMUM:
        _number("min_spend", t("brief.min_spend", currency=currency), 1.0)
    if kind != "none":
        _code()


def _code() -> None:
    """One code for all, or one each."""
    label, help_ = t("brief.personal_codes"), t("brief.personal_codes_help")
    if not st.toggle(label, key="brief.personal_codes", help=help_, on_change=_changed):
        hint = t("brief.code_hint")
        st.text_input(t("brief.code"), key="brief.code", max_chars=40, placeholder=hint, on_change=_changed)


def _number(name: str, label: str, step: float, largest: float | None = None) -> None:
    st.number_input(
        label,
        min_value=0.0,
        max_value=largest,
        value=None,
        step=step,
        format="%g",
        key=f"brief.{name}",
        on_change=_changed,
    )


def _pair(number: int, left: str, right: str) -> None:
    with st.container(horizontal=True):
        st.number_input(
            left, min_value=0.0, step=1.0, format="%g", key=f"brief.tier_spend_{number}", on_change=_changed
        )
        st.number_input(right, min_value=0.0, step=1.0, format="%g", key=f"brief.tier_off_{number}", on_change=_changed)


def _gift(opened: Open) -> None:
    names = cache.tables.catalogue(opened.shop)["name"]
    chosen = state.values(AREA, {"gift": None})["gift"]
    st.selectbox(
        t("brief.gift"),
        list(dict.fromkeys([*([chosen] if chosen else []), *names.index[:LISTED_PRODUCTS]])),
        index=None,
        format_func=lambda one: names.get(one, one),
        key="brief.gift",
        placeholder=t("brief.choose"),
        on_change=_changed,
    )


def _when() -> None:
    st.subheader(t("brief.when"))
    left, right = st.columns(2, gap="large")
    with left:
        with st.container(horizontal=True):
            st.date_input(t("brief.starts_at"), key="brief.starts_at", format="YYYY-MM-DD", on_change=_changed)
            st.date_input(t("brief.ends_at"), key="brief.ends_at", format="YYYY-MM-DD", on_change=_changed)
        st.slider(t("brief.send_hour"), 0, 23, format="%d:00", key="brief.send_hour", on_change=_changed)
    with right:
        label, key = t("brief.audience_share"), "brief.audience_share"
        st.slider(label, 5, 100, step=5, format="%d %%", key=key, on_change=_changed)
        label, key, about = t("brief.holdout"), "brief.holdout", t("brief.holdout_help")
        st.slider(label, 0, 50, format="%d %%", key=key, on_change=_changed, help=about)


def _save(opened: Open, values: dict[str, Any]) -> Open:
    """Saves what was typed; values that do not make a plan yet are kept beside the last plan that was whole."""
    found = conflict.merged(AREA, opened, _begun(opened), values, _values(opened))
    values, before = found.values, opened
    plan, _ = brief_form.plan_from(values, opened.plan, _check(opened))
    unfinished = None if plan else brief_form.as_json(values)
    if (plan or opened.plan) != opened.plan or unfinished != opened.saved.extras.get("unfinished"):
        opened = saving.save(opened, plan or opened.plan, {"unfinished": unfinished})
    if plan:  # its messages may stand in another order now, and each has its copy
        state.put("brief.messages", brief_form.later_messages(plan))
    state.settle(AREA, opened.stamp)
    if found.taken:  # the fields show it from the next run on
        conflict.tell(AREA, before, found.taken)
        state.take_theirs(AREA, opened.plan.plan_id)
    return opened


def _check(opened: Open) -> Callable[[str], Sequence[str]]:
    """What is wrong with a rule in this shop."""
    return lambda text: cache.rules.problems(opened.shop, text)


def _answer(opened: Open, values: dict[str, Any], clash: DeltaGenerator) -> None:
    """What has to be mended, and whether everything is saved; what somebody else changed too stands in `clash`."""
    _, problems = brief_form.plan_from(values, opened.plan, _check(opened))
    _, of_rules = brief_form.audience_from(values, opened.plan.audience, _check(opened))
    for problem in problems:
        if problem not in of_rules:  # those stand beside their rule
            st.error(message.plain(problem))
    if state.touched(AREA):
        try:
            opened = _save(opened, values)
        except conflict.Clash as problem:
            with clash:
                conflict.show(AREA, opened, _begun(opened), values, _values(opened), problem)
            return
        except StoreProblem as problem:
            widgets.show_problem(problem)
            return
        if state.version(AREA) != opened.saved.version:
            st.rerun()
    saved = t("brief.saved", at=moments.shown(opened.saved.updated_at, opened.shop))
    st.caption(t("brief.unfinished") if problems else saved)
