"""How does the plan get into the tool that sends it? As two files, of approved plans only."""

import streamlit as st

from dashboard import cache, state, widgets
from dashboard.text import t
from dashboard.views.plan_tabs import audience
from dashboard.views.plan_tabs.saving import Open
from engine import settings
from engine.decision import approvals, ledger
from engine.decision.assign import assign


def show(opened: Open) -> None:
    """Who is in the files, and the two downloads."""
    config = settings.read().config
    if opened.plan.status not in ("approved", "exported"):
        st.info(t("export.not_approved", status=t(f"plan.status_{opened.plan.status}")), icon=":material/lock:")
        st.button(t("export.to_approve"), key="export.to_approve", on_click=state.set_plan_tab, args=("approve",))
        return
    with widgets.problem_box():
        history = ledger.entries(opened.shop.path, opened.shop.shop_id, config, opened.plan.plan_id)
        approval = approvals.approval_of(opened.saved, history)
        verdict = ledger.verify(opened.shop.path, opened.shop.shop_id, config)
    if approval is None:
        st.warning(t("export.changed_since"), icon=":material/warning:")
        return
    if not verdict.ok:
        st.error(verdict.sentence, icon=":material/gpp_bad:")
        return
    _people(opened)
    _downloads(opened)
    exports = [entry for entry in history if entry.action == "exported"]
    st.caption(t("export.recorded", count=len(exports), approver=approval.by))


def _people(opened: Open) -> None:
    """How many are written to and how many are left out, on purpose or because they may not be, as the files say it."""
    plan = opened.plan
    with widgets.problem_box():
        reached = cache.reach(opened.shop, plan)
    table = assign(plan.plan_id, reached.reachable, plan.holdout, plan.variants, plan.audience_share, seed=0)
    treated = int(table["treated"].sum())
    numbers = {"treated": treated, "holdout": len(table) - treated, "left_out": reached.size - len(reached.reachable)}
    with st.container(horizontal=True):
        for name, number in numbers.items():
            help_ = t(f"export.{name}_help")
            st.metric(t(f"export.{name}"), widgets.number(number), border=True, width=220, help=help_)
    with st.container(border=True, key="export.reach", gap="xsmall"):
        st.caption(t("export.reach", size=f"{reached.size:,}"))
        audience.bars(reached, [step.channel for step in plan.steps])


def _downloads(opened: Open) -> None:
    """Both files are made by the first click, which is recorded once; the second gets what was made then."""
    shop, saved, person = opened.shop, opened.saved, state.person()
    plan_id = saved.plan.plan_id
    st.write(t("export.purpose"))
    with st.container(horizontal=True):
        st.download_button(
            t("export.plans_csv"),
            lambda: cache.exported(shop, saved, person).plans_csv,
            f"{plan_id}.csv",
            "text/csv",
            key="export.plans_csv",
            type="primary",
            on_click="ignore",
            icon=":material/download:",
        )
        st.download_button(
            t("export.audience_csv"),
            lambda: cache.exported(shop, saved, person).audience_csv,
            f"{plan_id}-audience.csv",
            "text/csv",
            key="export.audience_csv",
            on_click="ignore",
            icon=":material/group:",
        )
    st.caption(t("export.about_files"))
