"""How does the plan get into the tool that sends it? As files, of approved plans only."""

from functools import partial

import streamlit as st

from dashboard import cache, door, state, widgets
from dashboard.text import t
from dashboard.views.plan_tabs import audience, export_codes, export_setup, export_targets, stages, standing
from dashboard.views.plan_tabs.message import plain
from dashboard.views.plan_tabs.saving import Open
from engine import settings
from engine.campaign import links, merge, planned
from engine.campaign.merge import Tool
from engine.campaign.plan import APPROVED, Plan, Step
from engine.decision import approvals, export, ledger
from engine.decision.export import Cut, Recipients
from engine.decision.plans import SavedPlan
from engine.errors import StoreProblem
from engine.shop.store import Shop


def show(opened: Open) -> None:
    """Who is in the files, what the sending tool takes, and what the results are measured against."""
    config = settings.read().config
    if opened.plan.status not in APPROVED:
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
        widgets.show_problem(StoreProblem(verdict.said))
        return
    if not standing.show(opened):
        st.button(t("export.to_approve"), key="export.to_approve", on_click=state.set_plan_tab, args=("approve",))
        return
    one = _people(opened)
    stages.show(opened, one, history)
    if not export_codes.show(opened, one.now):
        return
    tool = _to_send(opened, one)
    for_a_tool = st.container()
    export_setup.show(opened, tool, history)
    _to_measure(opened, one, tool)
    door.say_refused()
    exports = [entry for entry in history if entry.action == "exported"]
    st.caption(t("export.recorded", count=len(exports), approver=approval.by))
    with for_a_tool:  # last: every address is looked at, which takes seconds for a hundred thousand people
        export_targets.show(opened, len(one.now))


def _people(opened: Open) -> Cut:
    """How many are written to and how many are not, on purpose or because they may not be. The whole assignment."""
    plan = opened.plan
    with widgets.problem_box():
        reached = cache.audience.reach(opened.shop, plan)
    channels = list(dict.fromkeys(step.channel for step in plan.steps))
    found = export.by_channels(reached.reachable, {one: reached.by_channel[one].customer_ids for one in channels})
    with widgets.problem_box():
        one = export.cut_today(opened.shop, plan, settings.read().config, found)
    treated = int(one.now["treated"].sum())
    numbers = {"treated": treated, "holdout": len(one.now) - treated, "left_out": reached.size - len(reached.reachable)}
    if one.stage == "test":
        numbers["waiting"] = len(one.waiting)
    if plan.audience_share < 1:
        numbers["beyond_share"] = len(reached.reachable) - len(one.whole)
    with st.container(horizontal=True):
        for name, number in numbers.items():
            help_ = t(f"export.{name}_help")
            st.metric(t(f"export.{name}"), widgets.number(number), border=True, width=190, help=help_)
    with st.container(border=True, key="export.reach", gap="xsmall"):
        st.caption(t("export.reach", size=widgets.number(reached.size)))
        audience.bars(opened.shop, plan, reached, channels)
    return one


def _to_send(opened: Open, one: Cut) -> Tool:
    """Whom the sending tool writes to, a file for each message, and what it sends them; gives the tool."""
    shop, saved, person, plan = opened.shop, opened.saved, state.person(), opened.plan
    st.subheader(t("export.to_send"))
    st.write(t("export.to_send_about"))
    tool, lists = _tool(shop), export.to_send(plan, one)
    with st.container(horizontal=True, key="export.files"):
        if one.stage:
            stages.downloads(opened, one, tool)
        for each in lists if one.stage is None else []:
            st.download_button(
                _label(plan, each),
                door.later(partial(_recipients_csv, shop, saved, person, tool, each.step)),
                each.file_name,
                "text/csv",
                key="export.recipients_csv" + (f".{each.step}" if each.step else ""),
                type="primary",
                on_click="ignore",
                icon=":material/outgoing_mail:",
                **door.for_who_may("export", disabled=each.people.empty),
            )
        st.download_button(
            t("export.plans_csv"),
            door.later(lambda: cache.plans.exported(shop, saved, person, tool).plans_csv),
            f"{plan.plan_id}.csv",
            "text/csv",
            key="export.plans_csv",
            on_click="ignore",
            icon=":material/download:",
            **door.for_who_may("export"),
        )
        _pages(shop, saved, person, tool)
    if all(each.people.empty for each in lists):
        st.warning(t("export.nobody"), icon=":material/person_off:")
    for number, step in enumerate(plan.steps):
        if step.condition == "stop_if_bought":
            st.caption(t("export.stop_if_bought", number=number + 1, day=plan.starts_at.isoformat()))
    if any(len(step.languages) > 1 for step in plan.steps):
        st.caption(t("export.languages"))
    st.caption(t("export.about_files"))
    return tool


def _pages(shop: Shop, saved: SavedPlan, person: str, tool: Tool) -> None:
    """Each e-mail as a page of HTML: only here, where it is approved and its download is on record."""
    plan = saved.plan
    mails = [(number, step) for number, step in enumerate(plan.steps) if step.channel == "email"]
    for number, step in mails:
        for language in step.languages:
            if not planned.copy_of(saved.extras.get("filled") or {}, number, _other(step, language)):
                continue
            several = len(plan.steps) > 1 or len(step.languages) > 1
            of_message = t("export.html_of", number=number + 1, spoken=t(f"plan.language_{language}"))
            label = of_message if several else t("export.html")
            for at, variant in enumerate(links.own_variants(plan, number)):
                st.download_button(
                    plain(t("export_setup.copy_variant", copy=label, variant=variant)) if variant else label,
                    door.later(partial(_page, shop, saved, person, tool, (number, language, variant))),
                    export.page_name(plan.plan_id, number, language, at + 1 if variant else 0),
                    "text/html",
                    key=f"export.html.{number}.{language}" + (f".{at}" if at else ""),
                    on_click="ignore",
                    icon=":material/html:",
                    **door.for_who_may("export", help_=t("export.html_help")),
                )


def _other(step: Step, language: str) -> str | None:
    """A language that is not the message's own."""
    return None if language == step.language else language


def _page(shop: Shop, saved: SavedPlan, person: str, tool: Tool, of: tuple[int, str, str]) -> bytes:
    pages = cache.plans.exported(shop, saved, person, tool).pages
    return next(page.html for page in pages if (page.step, page.language, page.variant) == of)


def _tool(shop: Shop) -> Tool:
    """Whose merge tags the files have; the shop's own at first."""
    tools = list(merge.NAMES)
    return st.selectbox(
        t("export.tool"),
        tools,
        index=tools.index(shop.settings.mail_tool),
        format_func=lambda one: t(f"settings.tool_{one}"),
        key="export.tool",
        help=t("export.tool_help"),
        width=280,
    )


def _recipients_csv(shop: Shop, saved: SavedPlan, person: str, tool: Tool, step: int) -> bytes:
    return cache.plans.exported(shop, saved, person, tool, recipients=True).recipients[step].csv


def _label(plan: Plan, one: Recipients) -> str:
    """What a file of recipients holds: of which message, where there are several, and how many people."""
    count = widgets.number(len(one.people))
    if len(plan.steps) == 1:
        return t("export.recipients_csv", count=count)
    channel = t(f"plan.channel_{plan.steps[one.step].channel}")
    return t(
        "export.recipients_of", number=one.step + 1, channel=channel, day=export.send_day(plan, one.step), count=count
    )


def _to_measure(opened: Open, one: Cut, tool: Tool) -> None:
    """The whole assignment, the holdout among it, for the day when results come back; never for the sending tool."""
    shop, saved, person = opened.shop, opened.saved, state.person()
    held_out, people = int(one.held["treated"].eq(0).sum()), len(one.whole)
    with st.container(border=True, key="export.measure"):
        st.subheader(t("export.to_measure"))
        if held_out:
            st.warning(t("export.not_to_send", count=widgets.number(held_out)), icon=":material/front_hand:")
        else:
            st.caption(nobody_held_out(saved.plan, people))
        if len(one.waiting):
            st.warning(
                t("export.waiting_too", count=widgets.number(len(one.waiting))), icon=":material/hourglass_empty:"
            )
        st.download_button(
            t("export.audience_csv", count=widgets.number(people)),
            door.later(lambda: cache.plans.exported(shop, saved, person, tool).audience_csv),
            f"{saved.plan.plan_id}-audience.csv",
            "text/csv",
            key="export.audience_csv",
            on_click="ignore",
            icon=":material/experiment:",
            **door.for_who_may("export"),
        )


def nobody_held_out(plan: Plan, people: int) -> str:
    """Why nobody of these people is left out: the plan leaves nobody out, or the draw took nobody of so few."""
    if not plan.holdout:
        return t("export.no_holdout")
    values = {"share": widgets.percent(plan.holdout), "people": widgets.number(people)}
    return t("export.nobody_held" if people else "export.nobody_there", **values)
