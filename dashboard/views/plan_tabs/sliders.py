"""The sliders of the Numbers tab: a plan with other settings, tried and not saved."""

from typing import Any

import streamlit as st

from dashboard import state, widgets
from dashboard.text import t
from dashboard.views.plan_tabs import conflict, saving
from dashboard.views.plan_tabs.saving import Open
from engine.campaign.argument import WITH_SIZE
from engine.campaign.plan import PARTS, Offer, OfferKind, Plan
from engine.errors import AppError, StoreProblem

AREA = "numbers"
KEPT: dict[str, Any] = {"persist_state": "session"}  # a setting that is only tried stays while another tab is open
# The tab's fragments.
SETTINGS, ANSWER, WORDS, BEHIND = "numbers.settings", "numbers.answer", "numbers.words", "numbers.behind"
KINDS: tuple[OfferKind, ...] = (
    "percent",
    "amount",
    "free_shipping",
    "early_access",
    "none",
)  # need no more than a size
USUAL_PERCENT, USUAL_AMOUNT = 10, 5.0  # where the plan's own offer has no such size


def settings(plan: Plan) -> dict[str, Any]:
    """What each slider shows for a plan. Percentages are whole numbers."""
    offer, size = plan.offer, plan.offer.discount or 0.0
    return {
        "kind": offer.kind,
        "percent": round(100 * size) if offer.kind == "percent" else USUAL_PERCENT,
        "amount": float(size) if offer.kind == "amount" else USUAL_AMOUNT,
        "min_spend": float(offer.min_spend or 0.0),
        "audience_share": round(100 * plan.audience_share),
        "holdout": round(100 * plan.holdout),
        "send_hour": plan.send_hour,
        "channel": plan.channel,
    }


def tried(plan: Plan) -> Plan:
    """The plan with what the sliders say; itself while none was moved, for their steps may be coarser than its own."""
    if not state.touched(AREA):
        return plan
    said = state.values(AREA, settings(plan))
    step = plan.steps[0].model_copy(update={"channel": said["channel"]})
    return plan.model_copy(
        update={
            "offer": _offer(plan.offer, said),
            "audience_share": said["audience_share"] / 100,
            "holdout": said["holdout"] / 100,
            "send_hour": said["send_hour"],
            "steps": [step, *plan.steps[1:]],
        }
    )


def _offer(offer: Offer, said: dict[str, Any]) -> Offer:
    kind = said["kind"]
    if kind not in KINDS:
        return offer  # a gift or tiers: as the brief says
    size = {"percent": said["percent"] / 100, "amount": said["amount"]}.get(kind)
    least = said["min_spend"] or None if kind in ("percent", "amount", "free_shipping") else None
    most = offer.max_discount if kind == "percent" else None
    changes = {"kind": kind, "discount": size, "min_spend": least, "max_discount": most}
    return offer.model_copy(update=changes | {"code": offer.code if kind != "none" else None})


def show(plan: Plan, order_value: float | None, currency: str) -> None:
    """The sliders, filled from the plan or from what was moved."""
    st.markdown(f"**{t('numbers.what_if')}**")
    kinds = list(dict.fromkeys([plan.offer.kind, *KINDS]))
    kind = st.selectbox(
        t("numbers.kind"),
        kinds,
        format_func=lambda one: t(f"plan.offer_{one}"),
        key="numbers.kind",
        on_change=_touch_all,
        **KEPT,
    )
    _size(plan, str(kind), order_value, currency)
    st.slider(
        t("brief.audience_share"),
        5,
        100,
        step=5,
        format="%d %%",
        key="numbers.audience_share",
        on_change=_touch,
        **KEPT,
    )
    st.slider(t("brief.send_hour"), 0, 23, format="%d:00", key="numbers.send_hour", on_change=_touch, **KEPT)
    st.slider(t("brief.holdout"), 0, 50, format="%d %%", key="numbers.holdout", on_change=_touch, **KEPT)
    st.selectbox(
        t("numbers.channel") if len(plan.steps) > 1 else t("brief.channel"),
        list(PARTS),
        format_func=lambda one: t(f"plan.channel_{one}"),
        key="numbers.channel",
        on_change=_touch,
        **KEPT,
    )


def _size(plan: Plan, kind: str, order_value: float | None, currency: str) -> None:
    """Sliders of the offer itself."""
    if kind == "percent":
        st.slider(t("numbers.discount"), 1, 60, format="%d %%", key="numbers.percent", on_change=_touch, **KEPT)
    elif kind == "amount":
        most = max(4 * (plan.offer.discount or 0.0) if plan.offer.kind == "amount" else 0.0, 20.0)
        st.slider(t("numbers.amount"), 1.0, most, step=1.0, key="numbers.amount", on_change=_touch, **KEPT)
    else:
        st.caption(t("numbers.no_size", offer=t(f"plan.offer_{kind}")))
    if kind in (*WITH_SIZE, "free_shipping"):
        # Up to four usual orders: above that nobody would reach it.
        most = max(float(round(4 * (order_value or 25.0), -1)), 2 * (plan.offer.min_spend or 0.0), 20.0)
        label = t("numbers.min_spend", currency=currency)
        st.slider(label, 0.0, most, step=5.0, format="%g", key="numbers.min_spend", on_change=_touch, **KEPT)


def _touch() -> None:
    """A slider was moved: what hangs on it is drawn anew, the number first."""
    state.move(AREA)
    st.rerun([ANSWER, WORDS, BEHIND])


def _touch_all() -> None:
    """Another kind of offer has other sliders."""
    state.touch(AREA)
    st.rerun([ANSWER, SETTINGS, WORDS, BEHIND])


def _reset(plan_id: str) -> None:
    state.take_theirs(AREA, plan_id)
    st.rerun()


def _keep_mine(stored: Open) -> None:
    """After a conflict: the sliders into the plan as somebody else saved it."""
    state.settle(AREA, saving.save(stored, tried(stored.plan), {}).stamp)


def keep(opened: Open, now: Plan) -> None:
    """Two buttons: write the sliders into the plan, or put them back."""
    if now == opened.plan:
        st.caption(t("numbers.as_planned"))
        return
    st.caption(t("numbers.not_saved"))
    with st.container(horizontal=True):
        if st.button(t("numbers.use"), key="numbers.use", type="primary", icon=":material/check:"):
            try:
                state.settle(AREA, saving.save(opened, now, {}, state.version(AREA)).stamp)
            except StoreProblem as problem:
                stored = saving.reopened()  # a fragment holds the plan as it was
                theirs = settings(stored.plan)
                conflict.show(AREA, stored, state.values(AREA, theirs), theirs, problem, keep=_keep_mine)
                return
            except AppError as problem:
                widgets.show_problem(problem)
                return
            st.rerun()
        label, plan_id = t("numbers.reset"), opened.plan.plan_id
        st.button(label, key="numbers.reset", icon=":material/undo:", on_click=_reset, args=(plan_id,))
