"""What was the plan before? Undo, and the list of earlier versions."""

import itertools

import streamlit as st

from dashboard import door, widgets
from dashboard.text import t
from dashboard.views.plan_tabs import saving, wording
from dashboard.views.plan_tabs.message import plain
from dashboard.views.plan_tabs.saving import Open
from dashboard.views.plan_tabs.wording import Change
from engine.decision import moments, plans
from engine.decision.plans import Version

SHORT = 48  # characters of a change that fit on a button
SHOWN = 15


def show(opened: Open) -> None:
    """The button that undoes the last change, and the earlier versions behind another one."""
    undone = plans.undoable(opened.shop.path, opened.plan.plan_id)
    asked = st.button(
        _label(opened, undone),
        key="plan.undo",
        icon=":material/undo:",
        **door.for_who_may("draft", disabled=undone is None, help_=_help(opened, undone)),
    )
    if asked:
        with widgets.problem_box():
            saving.undo(opened)
        st.rerun()
    with st.popover(t("plan.versions"), icon=":material/history:", key="plan.versions", on_change="rerun") as versions:
        if versions.open:
            _versions(opened)


def _undone(opened: Open, version: Version) -> list[Change]:
    """What an undo would take back: from the version before to what is saved now."""
    return wording.changes(version.plan, opened.plan, opened.shop, (version.extras, opened.saved.extras))


def _label(opened: Open, undone: Version | None) -> str:
    found = _undone(opened, undone) if undone else []
    if len(found) != 1:
        return t("plan.undo_last")
    change = found[0]
    if len(change.field) + len(change.before) + len(change.after) > SHORT:
        return t("plan.undo_field", field=plain(change.field))
    return t("plan.undo_change", field=plain(change.field), before=plain(change.before), after=plain(change.after))


def _help(opened: Open, undone: Version | None) -> str:
    if undone is None:
        return t("plan.undo_nothing")
    said = [] if opened.plan.status == "draft" else [_makes_draft(opened)]
    return "\n\n".join(said + _sentences(_undone(opened, undone)))


def _makes_draft(opened: Open) -> str:
    return t("plan.undo_makes_draft", status=t(f"plan.status_{opened.plan.status}"))


def _sentences(found: list[Change]) -> list[str]:
    return [
        t("plan.change", field=plain(one.field), before=plain(_cut(one.before)), after=plain(_cut(one.after)))
        for one in found
    ] or [t("plan.version_same")]


def _cut(words: str) -> str:
    words = " ".join(words.split())
    return words if len(words) <= SHORT else f"{words[:SHORT].rstrip()} …"


def _versions(opened: Open) -> None:
    """Each version with what it changed, the newest first."""
    with widgets.problem_box():
        kept = plans.versions(opened.shop.path, opened.plan.plan_id, SHOWN + 1)
    for version, before in itertools.zip_longest(kept[:SHOWN], kept[1:]):
        at = moments.shown(version.saved_at, opened.shop)
        is_now = version is kept[0]
        st.markdown(f"**{t('plan.version_now', at=at) if is_now else at}**")
        st.caption("\n\n".join(_changed(opened, before, version)))
        key, may = f"plan.restore_{version.version}", door.for_who_may("draft")
        if not is_now and st.button(t("plan.version_restore"), key=key, **may):
            with widgets.problem_box():
                saving.restore(opened, version.version)
            st.rerun()


def _changed(opened: Open, before: Version | None, version: Version) -> list[str]:
    if before is None:
        return [t("plan.version_started")]
    return _sentences(wording.changes(before.plan, version.plan, opened.shop, (before.extras, version.extras)))
