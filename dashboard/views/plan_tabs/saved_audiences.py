"""Audiences kept under a name, to be used in another plan: whom they add, whom they leave out."""

from collections.abc import Callable

import streamlit as st

from dashboard import cache, door, state, widgets
from dashboard.text import t
from dashboard.views.plan_tabs import brief_form
from dashboard.views.plan_tabs.message import plain
from dashboard.views.plan_tabs.saving import Open
from engine.audience import saved
from engine.audience.saved import SavedAudience
from engine.campaign.plan import Audience
from engine.errors import AppError, StoreProblem
from engine.shop.store import Shop

AREA = "brief"
FIELDS = ("groups", "rule", "exclusions", "exclude_rule", "skip_buyers_days")
CHOSEN, NAME = "audience.saved", "audience.name"


def show(opened: Open, changed: Callable[[], None]) -> None:
    """Use, save and delete. A chosen audience takes the place of the groups, rules and days that stand here."""
    try:
        kept = {one.name: one for one in saved.saved(opened.shop)}
    except StoreProblem as problem:
        widgets.show_problem(problem)
        return
    with st.popover(t("audience.saved"), icon=":material/bookmark:", key="audience.saved_open"):
        if kept:
            _use(opened, kept, changed)
            st.divider()
        else:
            st.caption(t("audience.none_saved"))
        _save(opened)


def _use(opened: Open, kept: dict[str, SavedAudience], changed: Callable[[], None]) -> None:
    chosen = st.selectbox(t("audience.choose_saved"), list(kept), key=CHOSEN, placeholder=t("brief.choose"))
    if chosen is not None:
        st.code(kept[chosen].rule, language=None, wrap_lines=True)
        _left_out(kept[chosen].exclude_rule, kept[chosen].skip_buyers_days)
    with st.container(horizontal=True):
        st.button(
            t("audience.use"),
            key="audience.use",
            icon=":material/input:",
            **door.for_who_may("draft", disabled=chosen is None, help_=t("audience.use_help")),
            on_click=_on_use,
            args=(opened, kept, changed),
        )
        st.button(
            t("audience.delete"),
            key="audience.delete",
            icon=":material/delete:",
            type="tertiary",
            **door.for_who_may("draft", disabled=chosen is None),
            on_click=_on_delete,
            args=(opened.shop,),
        )


def _left_out(exclude_rule: str | None, days: int) -> None:
    """Whom an audience leaves out, where it does."""
    if exclude_rule:
        st.caption(t("audience.without"))
        st.code(exclude_rule, language=None, wrap_lines=True)
    if days:
        st.caption(t("audience.without_buyers", days=days))


def _save(opened: Open) -> None:
    """A name for the audience as it stands; before it has a rule, what is missing."""
    values = _values(opened)
    audience = _audience(opened, values)
    if audience is None or not audience.rule:
        st.caption(t("audience.save_hint"))
        return
    st.text_input(t("audience.name"), key=NAME, max_chars=saved.LONGEST_NAME, on_change="ignore")
    _left_out(audience.exclude_rule, audience.skip_buyers_days)
    if any(not brief_form.is_stage(one) for one in (*values["groups"], *values["exclusions"])):
        st.caption(t("audience.groups_not_saved"))
    st.button(
        t("audience.save"),
        key="audience.save",
        icon=":material/bookmark_add:",
        on_click=_on_save,
        args=(opened.shop, audience),
        **door.for_who_may("draft"),
    )


def _values(opened: Open) -> brief_form.Values:
    """What the fields of the audience say now."""
    usual = brief_form.values_of(opened.plan)
    return state.values(AREA, {name: usual[name] for name in FIELDS})


def _audience(opened: Open, values: brief_form.Values) -> Audience | None:
    """The audience with these values; None while one of its rules is mistaken."""
    named, _ = brief_form.audience_from(
        values, opened.plan.audience, lambda text: cache.rules.problems(opened.shop, text)
    )
    return named


def _said(key: str) -> str:
    area, name = key.split(".")
    return str(state.values(area, {name: ""})[name] or "")


def _on_use(opened: Open, kept: dict[str, SavedAudience], changed: Callable[[], None]) -> None:
    chosen = kept.get(_said(CHOSEN))
    if chosen is None:
        return
    audience = Audience(rule=chosen.rule, exclude_rule=chosen.exclude_rule, skip_buyers_days=chosen.skip_buyers_days)
    values = brief_form.values_of(opened.plan.model_copy(update={"audience": audience}))
    state.touch(AREA)  # first: the next click may end this run anywhere below
    for name in FIELDS:
        state.put(f"{AREA}.{name}", values[name])
    changed()


def _on_save(shop: Shop, audience: Audience) -> None:
    try:
        kept = saved.save(
            shop, _said(NAME), audience.rule or "", widgets.now(), state.person(), audience.exclude_rule,
            audience.skip_buyers_days,
        )  # fmt: skip
    except AppError as problem:  # a name that is taken, or a full disk
        widgets.show_problem(problem)
        return
    state.put(NAME, "")
    st.toast(t("audience.saved_as", name=plain(kept.name)), icon=":material/bookmark_added:")


def _on_delete(shop: Shop) -> None:
    try:
        saved.delete(shop, _said(CHOSEN))
    except AppError as problem:
        widgets.show_problem(problem)
