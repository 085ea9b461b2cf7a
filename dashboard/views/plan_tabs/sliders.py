"""The sliders of the Numbers tab: a plan with other settings, tried and not saved."""

from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import door, state, widgets
from dashboard.text import t
from dashboard.views.plan_tabs import conflict, discount, saving
from dashboard.views.plan_tabs.saving import Open
from engine.campaign.argument import WITH_SIZE
from engine.campaign.plan import PARTS, Offer, OfferKind, Plan
from engine.errors import AppError

AREA = "numbers"
KEPT: dict[str, Any] = {"persist_state": "session"}  # a setting that is only tried stays while another tab is open
# The tab's fragments.
SETTINGS, DISCOUNT = "numbers.settings", "numbers.discount"
ANSWER, WORDS, BEHIND = "numbers.answer", "numbers.words", "numbers.behind"
KINDS: tuple[OfferKind, ...] = (
    "percent",
    "amount",
    "free_shipping",
    "early_access",
    "none",
)  # need no more than a size
SHARES = {"audience_share": (5, 100, 5), "holdout": (0, 50, 1)}  # percent: least, most, step
MOST_SPEND = 100_000.0  # that an address may ask for
TRIED = "try"  # what is tried stands under this name in the address
USUAL_PERCENT, USUAL_AMOUNT = 10, 5.0  # where the plan's own offer has no such size


def settings(plan: Plan) -> dict[str, Any]:
    """What each slider shows for a plan, percentages as numbers up to 100."""
    offer, size = plan.offer, plan.offer.discount or 0.0
    return {
        "kind": offer.kind,
        "percent": round(100 * size, 6) if offer.kind == "percent" else USUAL_PERCENT,
        "amount": float(size) if offer.kind == "amount" else USUAL_AMOUNT,
        "min_spend": float(offer.min_spend or 0.0),
        "audience_share": round(100 * plan.audience_share),
        "holdout": round(100 * plan.holdout),
        "send_hour": plan.send_hour,
        "channel": plan.channel,
    }


def from_address(plan: Plan) -> None:
    """Takes over what the address says was tried (?try=percent:20), after a reload or from somebody who shared it.

    What is no setting of this page is left out. To be called once for a plan, before the sliders are drawn: the address
    is behind what happened since.
    """
    for word in state.shared(TRIED):
        name, _, said = word.partition(":")
        value = _setting(plan, name, said)
        if value is not None:
            state.put(f"{AREA}.{name}", value)
            state.touch(AREA)


def _setting(plan: Plan, name: str, said: str) -> Any:
    """A setting as the address spells it; None for what no slider or list could say."""
    if name in (texts := {"kind": (plan.offer.kind, *KINDS), "channel": PARTS}):
        return said if said in texts[name] else None
    try:
        number = float(said)
    except ValueError:
        return None
    if name in WITH_SIZE:
        unit = 100 if name == "percent" else 1
        sizes = [round(unit * size, 6) for size in discount.sizes(plan.offer, name)]
        return number if number in sizes else None
    if name == "min_spend":
        return number if 0 <= number <= MOST_SPEND else None
    least, most, _ = {**SHARES, "send_hour": (0, 23, 1)}.get(name, (0, -1, 1))
    return int(number) if least <= number <= most else None


def tried(plan: Plan) -> Plan:
    """The plan with what the sliders say; itself while none was moved, for their steps may be coarser than its own."""
    return _with(plan, state.values(AREA, settings(plan))) if state.touched(AREA) else plan


def _with(plan: Plan, said: dict[str, Any]) -> Plan:
    """The plan with settings."""
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
    # No offer has no code, neither one for all nor one each.
    codes = {} if kind != "none" else {"code": None, "personal_codes": False}
    return offer.model_copy(update=changes | codes)


def show(plan: Plan, saved: Plan, order_value: float | None, currency: str) -> None:
    """The sliders but that of the discount, filled from the plan or from what was moved.

    order_value: of the plan as it is saved. Where a slider ends must not depend on what is tried: it would begin anew.
    """
    kinds = list(dict.fromkeys([plan.offer.kind, *KINDS]))
    kind = st.selectbox(
        t("numbers.kind"),
        kinds,
        format_func=lambda one: t(f"plan.offer_{one}"),
        key="numbers.kind",
        on_change=_touch_all,
        **KEPT,
    )
    if kind in (*WITH_SIZE, "free_shipping"):
        # Up to four usual orders: above that nobody would reach it.
        now = float(state.values(AREA, settings(plan))["min_spend"])
        most = max(float(round(4 * (order_value or 25.0), -1)), 2 * (saved.offer.min_spend or 0.0), 20.0, now)
        label = t("numbers.min_spend", currency=currency)
        st.slider(label, 0.0, most, step=5.0, format="%g", key="numbers.min_spend", on_change=_touch, **KEPT)
    for name, (least, largest, step) in SHARES.items():
        label, key = t(f"brief.{name}"), f"numbers.{name}"
        st.slider(label, least, largest, step=step, format="%d %%", key=key, on_change=_touch, **KEPT)
    st.slider(t("brief.send_hour"), 0, 23, format="%d:00", key="numbers.send_hour", on_change=_touch, **KEPT)
    st.selectbox(
        t("numbers.channel") if len(plan.steps) > 1 else t("brief.channel"),
        list(PARTS),
        format_func=lambda one: t(f"plan.channel_{one}"),
        key="numbers.channel",
        on_change=_touch,
        **KEPT,
    )


def show_discount(plan: Plan, curve: pd.DataFrame | None, currency: str) -> None:
    """The slider of the discount over its curve; for an offer without a size (no curve), a sentence."""
    kind, here = plan.offer.kind, plan.offer.discount
    if curve is None or here is None:
        st.caption(t("numbers.no_size", offer=t(f"plan.offer_{kind}")))
        return
    shown = curve[curve["discount"] > 0]
    discount.show(shown, here, kind, currency, partial(_resize, kind, tuple(shown["discount"])))


def _resize(kind: str, sizes: tuple[float, ...]) -> None:
    """The handle of the discount was let go; the number beside it is there already."""
    size = sizes[min(discount.moved(), len(sizes) - 1)]
    state.put(f"numbers.{kind}", round(100 * size, 6) if kind == "percent" else size)
    state.move(AREA)
    st.rerun([ANSWER, WORDS, BEHIND])


def _touch() -> None:
    """A slider was moved: what hangs on it is drawn anew, the number first."""
    state.move(AREA)
    st.rerun([ANSWER, WORDS, BEHIND, DISCOUNT])


def _touch_all() -> None:
    """Another kind of offer has other sliders."""
    state.touch(AREA)
    st.rerun([ANSWER, DISCOUNT, SETTINGS, WORDS, BEHIND])


def take(said: dict[str, Any]) -> None:
    """Callback: the sliders stand at these settings, tried and not saved."""
    for name, value in said.items():
        state.put(f"{AREA}.{name}", value)
    state.touch(AREA)
    st.rerun()


def _reset(plan_id: str) -> None:
    state.share(TRIED, [])
    state.take_theirs(AREA, plan_id)
    st.rerun()


def _use(stored: Open) -> None:
    """Writes the settings into the plan. Raises Clash where somebody else changed one of them, too."""
    theirs = settings(stored.plan)
    found = conflict.merged(AREA, stored, _begun(stored), state.values(AREA, theirs), theirs)
    saving.save(stored, _with(stored.plan, found.values), {})
    state.share(TRIED, [])
    conflict.tell(AREA, stored, found.taken)
    state.take_theirs(AREA, stored.plan.plan_id)


def _begun(stored: Open) -> dict[str, Any]:
    """The settings of the plan that the sliders were filled from; empty where that version is not kept any more."""
    version = saving.begun(stored, AREA)
    return settings(version.plan) if version else {}


def keep(opened: Open, now: Plan) -> None:
    """Two buttons: write the sliders into the plan, or put them back. What is tried can be shared by the address."""
    said, saved = settings(now), settings(opened.plan)
    state.share(TRIED, [f"{name}:{_short(value)}" for name, value in said.items() if value != saved[name]])
    if now == opened.plan:
        st.caption(t("numbers.as_planned"))
        return
    st.caption(t("numbers.not_saved"))
    with st.container(horizontal=True):
        may = door.for_who_may("draft")
        if st.button(t("numbers.use"), key="numbers.use", type="primary", icon=":material/check:", **may):
            stored = saving.reopened()  # a fragment holds the plan as it was
            try:
                _use(stored)
            except conflict.Clash as problem:
                theirs = settings(stored.plan)
                conflict.show(AREA, stored, _begun(stored), state.values(AREA, theirs), theirs, problem, keep=_use)
                return
            except AppError as problem:
                widgets.show_problem(problem)
                return
            st.rerun()
        label, plan_id = t("numbers.reset"), opened.plan.plan_id
        st.button(label, key="numbers.reset", icon=":material/undo:", on_click=_reset, args=(plan_id,))
    door.say_who_may("draft")


def _short(value: Any) -> str:
    """A setting in an address: 20, not 20.0."""
    return f"{value:g}" if isinstance(value, float) else str(value)
