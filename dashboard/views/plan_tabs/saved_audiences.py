"""Rules kept under a name, to be used in another plan."""

import streamlit as st

from dashboard import cache, state, widgets
from dashboard.text import t
from dashboard.views.plan_tabs.message import plain
from dashboard.views.plan_tabs.rule_values import Builder
from engine.audience import saved
from engine.errors import AppError, StoreProblem
from engine.shop.store import Shop

CHOSEN, NAME = "audience.saved", "audience.name"


def show(shop: Shop, text: str, builder: Builder) -> None:
    """Use, save and delete. `text` is the rule as it stands; a chosen one takes its place."""
    try:
        rules = {one.name: one.rule for one in saved.saved(shop)}
    except StoreProblem as problem:
        widgets.show_problem(problem)
        return
    with st.popover(t("audience.saved"), icon=":material/bookmark:", key="audience.saved_open"):
        if rules:
            _use(shop, rules, builder)
        else:
            st.caption(t("audience.none_saved"))
        if text.strip() and not cache.rule_problems(shop, text):
            st.text_input(t("audience.name"), key=NAME, max_chars=saved.LONGEST_NAME, on_change="ignore")
            st.button(
                t("audience.save"),
                key="audience.save",
                icon=":material/bookmark_add:",
                on_click=_on_save,
                args=(shop, text),
            )
        else:
            st.caption(t("audience.save_hint"))


def _use(shop: Shop, rules: dict[str, str], builder: Builder) -> None:
    chosen = st.selectbox(t("audience.choose_saved"), list(rules), key=CHOSEN, placeholder=t("brief.choose"))
    st.code(rules.get(chosen or "", ""), language=None, wrap_lines=True)
    with st.container(horizontal=True):
        st.button(
            t("audience.use"),
            key="audience.use",
            icon=":material/input:",
            disabled=chosen is None,
            on_click=_on_use,
            args=(rules, builder),
        )
        st.button(
            t("audience.delete"),
            key="audience.delete",
            icon=":material/delete:",
            type="tertiary",
            disabled=chosen is None,
            on_click=_on_delete,
            args=(shop,),
        )


def _said(key: str) -> str:
    area, name = key.split(".")
    return str(state.values(area, {name: ""})[name] or "")


def _on_use(rules: dict[str, str], builder: Builder) -> None:
    if (rule := rules.get(_said(CHOSEN))) is not None:
        builder.write(rule, None)


def _on_save(shop: Shop, text: str) -> None:
    try:
        kept = saved.save(shop, _said(NAME), text, widgets.now(), state.person())
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
