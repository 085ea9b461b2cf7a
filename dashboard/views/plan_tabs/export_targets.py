"""How does the plan get into one particular tool? The files that it takes, who is in none, and what to do there."""

from functools import partial

import streamlit as st

from dashboard import cache, door, state, widgets
from dashboard.text import t
from dashboard.views.plan_tabs.message import plain
from dashboard.views.plan_tabs.saving import Open
from engine.decision import export
from engine.decision.export import Package, TargetFile, TargetName
from engine.errors import AppError
from engine.sentences import say
from engine.shop.store import Shop

_ICONS = {
    "send": ":material/contacts:",
    "hold": ":material/front_hand:",
    "wait": ":material/hourglass_empty:",
    "aside": ":material/person_off:",
}
_TYPES = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


def show(opened: Open, people: int) -> None:
    """A tool to choose, its files as downloads, how many are in them and why not the others, and its checklist.

    people: customers of the plan, written to or held out.
    """
    with st.container(border=True, key="export.target_box"):
        st.subheader(t("export.target"))
        st.caption(t("export.target_about"))
        if not door.is_open("export"):
            door.say_who_may("export")  # who can be reached is read from the vault
            return
        target = _chosen(opened.shop)
        st.caption(say(f"targets.finds_{target}", state.language()))
        try:
            with st.spinner(t("export.target_counting", count=widgets.number(people)), show_time=True):
                package = cache.plans.for_target(opened.shop, opened.saved, target)
        except AppError as problem:
            widgets.show_problem(problem)
            return
        _files(opened, package)
        for said in package.report:
            st.markdown(f"- {plain(said.text(state.language()))}")
        if package.named:
            _checklist(package)


def _chosen(shop: Shop) -> TargetName:
    """The tool; at first the one whose merge tags the shop uses, where there is a file for it."""
    names = list(export.NAMES)
    usual = shop.settings.mail_tool
    return st.selectbox(
        t("export.target_tool"),
        names,
        index=names.index(usual) if usual in names else names.index("plain_csv"),
        format_func=lambda one: say(f"targets.name_{one}", state.language()),
        key="export.target",
        width=320,
    )


def _files(opened: Open, package: Package) -> None:
    """A download for each file; the addresses in it are read when it is clicked."""
    with st.container(horizontal=True, key="export.target_files"):
        for number, file in enumerate(package.files):
            st.download_button(
                _label(file),
                door.later(partial(_content, opened, state.person(), package.target, file.name)),
                file.name,
                _TYPES[file.name.rpartition(".")[2]],
                key=f"export.target.{package.target}.{number}",
                type="primary" if file.kind == "send" else "secondary",
                on_click="ignore",
                icon=_ICONS[file.kind],
                **door.for_who_may("export", disabled=not file.people),
            )


def _content(opened: Open, person: str, target: TargetName, name: str) -> bytes:
    return cache.plans.left_for(opened.shop, opened.saved, person, target, [name])[0]


def _label(file: TargetFile) -> str:
    count = widgets.number(file.people)
    if file.kind == "hold":
        return t("export.target_hold", count=count)
    if file.kind == "wait":
        return t("staged.list_waits", count=count)
    if file.kind == "aside":
        return t("export.target_aside", count=count)
    if file.shared:
        return t("export.target_shared", name=file.name, shared=plain(", ".join(file.shared)), count=count)
    return t("export.target_send", name=file.name, count=count)


def _checklist(package: Package) -> None:
    """What to do with the files in the tool, in order."""
    with st.expander(t("export.target_steps"), icon=":material/checklist:", key="export.target_steps"):
        for number, said in enumerate(package.checklist, start=1):
            st.markdown(f"{number}. {plain(said.text(state.language()))}")
