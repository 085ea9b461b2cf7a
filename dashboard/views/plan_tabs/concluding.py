"""What next: repeat, change, stop or test again, with a reason; and the next plan made from this one."""

import contextlib
from typing import Any

import streamlit as st

from dashboard import cache, door, signing, state, widgets
from dashboard.text import language, t
from dashboard.views import beginnings
from dashboard.views.plan_tabs import saving
from dashboard.views.plan_tabs.message import plain
from dashboard.views.plan_tabs.saving import Open
from engine import settings
from engine.access import acting
from engine.decision import comments, conclusions, ledger, moments, plans
from engine.decision.conclusions import CHOICES, Learning
from engine.errors import AppError, NotEnoughData
from engine.outcome import concluding
from engine.shop.store import Shop

AREA = "conclude"
ICONS = {"repeat": "replay", "change": "edit", "stop": "block", "again": "science"}


def show(opened: Open) -> None:
    """The question, what the figures suggest, and what was answered so far; nothing for a plan that never left."""
    history = ledger.entries(opened.shop.path, opened.shop.shop_id, settings.read().config, opened.plan.plan_id)
    if not conclusions.was_sent(history):
        return
    st.subheader(t("learnings.what_next"))
    suggested = concluding.suggestion(figures(opened))
    what = t(f"learnings.choice_{suggested.choice}") if suggested.choice else t("learnings.nothing")
    st.markdown(t("learnings.suggested", what=what, why=t(suggested.why.key, **suggested.why.values)))
    concluded = [one for one in _learned(opened) if one.plan_id == opened.plan.plan_id]
    for one in concluded:
        card(one, opened.shop)
    with st.expander(t("learnings.revise" if concluded else "learnings.decide"), expanded=not concluded,
                     key="conclude.form", icon=":material/rule:"):  # fmt: skip
        _form(opened)
    if concluded:
        _next(opened)


def figures(opened: Open) -> dict[str, Any]:
    """What was measured of the plan; empty before anything was."""
    measured = reported = None
    with contextlib.suppress(NotEnoughData):
        measured = cache.measured.results(opened.shop).table
    with contextlib.suppress(NotEnoughData):
        reported = cache.campaigns.results(opened.shop)
    return concluding.figures(opened.shop, opened.plan.plan_id, measured, reported)


def card(one: Learning, shop: Shop, named: bool = False) -> None:
    """One conclusion in words: what, why, who and when, and the figures of that moment."""
    choice = t(f"learnings.choice_{one.choice}")
    with st.container(border=True, gap="xsmall"):
        title = f"**{choice}** · {plain(one.name)}" if named else f"**{choice}**"
        st.markdown(f":material/{ICONS[one.choice]}: {title}")
        st.markdown("> " + plain(one.reason).replace("\n", "\n> "))
        st.caption(t("learnings.figures_then", figures=result_in_words(one, shop.settings.currency)))
        said = t("learnings.by", who=plain(one.by), when=moments.shown(one.at, shop))
        if one.earlier:
            said += " · " + t("learnings.earlier", count=one.earlier)
        if one.suggested and one.suggested != one.choice:
            said += " · " + t("learnings.against", what=t(f"learnings.choice_{one.suggested}"))
        st.caption(said)


def result_in_words(one: Learning, currency: str) -> str:
    """The figures of a conclusion in a sentence, with their range, size, basis and date."""
    known = one.measured
    if not known:
        return t("learnings.no_figures")
    number = widgets.number
    values = {"sent": number(known["sent"]), "days": number(known["window_days"]), "until": known["known_until"]}
    if known.get("extra_orders") is None:
        return t("learnings.result_attributed", orders=number(known["orders"]), **values)
    low, high = number(known["extra_orders_low"]), number(known["extra_orders_high"])
    between = widgets.between(low, high, concluding.LEVEL)
    extra, held = number(known["extra_orders"]), number(known["held_out"])
    said = t("learnings.result_extra", extra=extra, between=between, held=held, **values)
    if known.get("extra_profit") is None:
        return said
    profit, low, high = (widgets.money(known[f"extra_profit{end}"], currency) for end in ("", "_low", "_high"))
    profit = t("learnings.result_profit", profit=profit, between=widgets.between(low, high, concluding.LEVEL))
    return f"{profit}; {said}"


def _learned(opened: Open) -> list[Learning]:
    return conclusions.learned(opened.shop, settings.read().config)


def _form(opened: Open) -> None:
    """Nothing is chosen beforehand: what the figures suggest is said above, and a person says what holds."""
    state.fill(AREA, (opened.plan.plan_id, 0), {"name": state.person(), "choice": None, "reason": ""})
    if signing.name() is None:  # who is signed in decides in no other name
        st.text_input(t("comments.name"), key=f"{AREA}.name", width=280)
    st.radio(
        t("learnings.choice"),
        CHOICES,
        index=None,
        format_func=lambda one: t(f"learnings.choice_{one}"),
        captions=[t(f"learnings.choice_{one}_about") for one in CHOICES],
        key=f"{AREA}.choice",
    )
    st.text_area(t("learnings.reason"), key=f"{AREA}.reason", max_chars=comments.LONGEST, height=100,
                 placeholder=t("learnings.reason_hint"))  # fmt: skip
    st.button(t("learnings.save"), key=f"{AREA}.save", type="primary", icon=":material/check:", on_click=_concluded,
              **door.for_who_may("submit"))  # fmt: skip
    if problem := state.told(AREA):
        st.error(problem, icon=":material/error:")


def _concluded() -> None:
    """Saves the conclusion. In a callback: only there may the fields be emptied."""
    name, choice, reason = (str(state.says(f"{AREA}.{field}") or "") for field in ("name", "choice", "reason"))
    if not choice:
        state.tell(AREA, t("learnings.choose_first"))
        return
    try:
        opened = saving.reopened()
        known = figures(opened)
        conclusions.conclude(
            opened.shop.path, opened.shop.shop_id, opened.plan.plan_id, choice, signing.name() or name,
            acting.person(), reason, widgets.now(), settings.read().config, measured=known,
            suggested=concluding.suggestion(known).choice,
        )  # fmt: skip
    except AppError as problem:
        state.tell(AREA, "\n\n".join(problem.texts(language())))
        return
    state.put(f"{AREA}.choice", None)
    state.put(f"{AREA}.reason", "")


def _next(opened: Open) -> None:
    """A new draft like this one, on dates ahead and after its window; its Brief shows what was learned here."""
    st.caption(t("learnings.next_about"))
    label, icon = t("learnings.make_next"), ":material/arrow_forward:"
    st.button(label, key=f"{AREA}.next", icon=icon, on_click=_made_next, **door.for_who_may("draft"))
    if problem := state.told(f"{AREA}.next"):
        st.error(problem, icon=":material/error:")


def _made_next() -> None:
    """Makes the draft and opens it. In a callback: the tabs of the page are drawn by the time its button is."""
    try:
        opened = saving.reopened()
        name = t("learnings.next_name", name=opened.plan.name)[:200]
        made = plans.duplicate(opened.shop.path, opened.plan.plan_id, name, state.person(), widgets.now())
        beginnings.ahead(opened.shop, made, follows=True)
    except AppError as problem:
        state.tell(f"{AREA}.next", "\n\n".join(problem.texts(language())))
        return
    state.set_plan_id(made)
    state.set_plan_tab("brief")
