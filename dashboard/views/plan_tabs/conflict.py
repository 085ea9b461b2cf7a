"""Two people changed the same plan: what both changed is shown until one is chosen; the rest goes together."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from dashboard import door, state, widgets
from dashboard.text import language, t
from dashboard.views.plan_tabs import merging, saving, wording
from dashboard.views.plan_tabs.merging import Merged
from dashboard.views.plan_tabs.message import plain
from dashboard.views.plan_tabs.saving import Open
from engine.errors import AppError


class Clash(AppError):
    """Two people changed the same field of a plan."""


def merged(area: str, opened: Open, begun: Mapping[str, Any], mine: dict[str, Any], theirs: dict[str, Any]) -> Merged:
    """What was typed here together with what is saved. Raises Clash where both changed the same field."""
    if state.version(area) == opened.saved.version:
        return Merged(mine, (), ())
    found = merging.merge(begun, mine, theirs)
    if found.clashes:
        raise Clash(_who(opened, area))
    return found


def tell(area: str, opened: Open, taken: tuple[str, ...]) -> None:
    """Keeps for the next run what of somebody else's change was taken in."""
    if taken:
        fields = ", ".join(dict.fromkeys(wording.field(area, name, opened.shop) for name in taken))
        state.tell(area, f"{_who(opened, area)} {t('plan.taken_in', fields=fields)}")


def told(area: str) -> None:
    """What of somebody else's change was taken in by the save before this run."""
    if words := state.told(area):
        st.info(plain(words), icon=":material/merge:")


def show(
    area: str,
    opened: Open,
    begun: Mapping[str, Any],
    mine: dict[str, Any],
    theirs: dict[str, Any],
    problem: Clash,
    keep: Callable[[Open], None] | None = None,
) -> None:
    """What both changed: as it was begun from, as it was typed here, as it is saved; and the choice between the two.

    An area that saves as one types keeps what was typed in its next run; another says how, with `keep`.
    """
    st.error(plain(f"{problem.text(language())} {t('plan.conflict_choose')}"), icon=":material/error:")
    found = merging.merge(begun, mine, theirs)
    versions = {"begun": begun, "mine": mine, "theirs": theirs}
    rows = [
        {"field": wording.field(area, name, opened.shop)}
        | {key: wording.value(name, said.get(name), opened.shop) for key, said in versions.items()}
        for name in found.clashes
    ]
    headings = {name: t(f"plan.conflict_{name}") for name in ("field", *versions)}
    shown = pd.DataFrame(rows, columns=list(headings)).map(plain).rename(columns=headings).set_index(headings["field"])
    # A static table wraps long copy and is read aloud; a data grid cuts it off.
    with st.container(key=f"{area}.conflict"):
        st.table(shown, alt=t("plan.conflict_alt"))
    with st.container(horizontal=True):
        kept, may = (area, opened, found.values, keep), door.for_who_may("draft")
        st.button(t("plan.keep_mine"), key=f"{area}.keep_mine", on_click=_keep, args=kept, **may)
        st.button(t("plan.take_theirs"), key=f"{area}.take_theirs", on_click=_take, args=(area, opened))


def _who(opened: Open, area: str) -> str:
    """ "Ben changed plan Spring at 14:05." """
    other = saving.by_others(opened, area)
    by = other.extras.get("saved_by") if other else None
    zone = ZoneInfo(opened.shop.settings.time_zone)
    saved_at = other.saved_at if other else opened.saved.updated_at
    at, now = datetime.fromisoformat(saved_at).astimezone(zone), widgets.now().astimezone(zone)
    key = "plan.changed_by" if by and by != state.person() else "plan.changed_elsewhere"
    when = at.strftime("%H:%M" if at.date() == now.date() else "%Y-%m-%d %H:%M")
    return t(key, by=by, name=opened.plan.name, at=when)


def _keep(area: str, opened: Open, values: dict[str, Any], keep: Callable[[Open], None] | None) -> None:
    for name, value in values.items():
        state.put(f"{area}.{name}", value)
    state.keep_mine(area, opened.stamp)
    if keep is not None:
        try:
            keep(saving.reopened())
        except AppError as problem:  # changed once more, or the disk is full
            widgets.show_problem(problem)
            return
    st.rerun()  # the whole page, also from inside a fragment, which holds the plan as it was


def _take(area: str, opened: Open) -> None:
    state.take_theirs(area, opened.plan.plan_id)
    st.rerun()
