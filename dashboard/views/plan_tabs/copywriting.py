"""What will customers read?"""

import streamlit as st

from dashboard import state, widgets
from dashboard.text import t
from dashboard.views.plan_tabs import bilingual, choosing, drafting, earlier, editing, refilling
from dashboard.views.plan_tabs.saving import Open
from engine.campaign import planned
from engine.errors import NotAllowed


def show(opened: Open) -> None:
    """Three drafts, the chosen one to edit, and what was there before. Each message of a plan has its own."""
    step = _step(opened)
    with widgets.problem_box():
        try:
            found = drafting.collected_each(drafting.collected_line(drafting.collected(opened, step), step))
        except NotAllowed:
            found = opened  # of somebody who looks: the next one who may write takes in what was written
    if found.saved.version != opened.saved.version:
        st.rerun()  # the page's head was drawn before: what can be undone is another thing now
    # In containers of their own: when drafts come in above, what is being typed below stays where it is.
    drafts, copy = st.container(key="copy.drafting"), st.container(key="copy.editing")
    with drafts:
        choosing.show(opened, step)
    with copy:
        refilling.show(opened, step)
        if planned.texts(opened.plan, step) or opened.saved.extras.get(drafting.own("chosen", step)):
            editing.show(opened, step)
        bilingual.show(opened, step)
        earlier.show(opened, step)


def _step(opened: Open) -> int:
    """The message that is worked on; the choice also stands in the address."""
    steps = opened.plan.steps
    if len(steps) == 1:
        return 0

    def label(number: int) -> str:
        channel = t(f"plan.channel_{steps[number].channel}")
        return t("copy.message", number=number + 1, day=steps[number].day, channel=channel)

    key, numbers = f"copy.step.{opened.plan.plan_id}", range(len(steps))
    state.keep(key, 0, numbers, address="message")
    chosen = st.segmented_control(
        t("copy.messages"),
        numbers,
        required=True,
        format_func=label,
        key=key,
    )
    return min(chosen or 0, len(steps) - 1)
