"""Ways to begin a plan, for the pages that offer them: starting plans, past campaigns, and the first save."""

import contextlib
from dataclasses import replace
from datetime import date

import streamlit as st

from dashboard import cache, door, state, widgets
from dashboard.text import channel_name, t
from dashboard.views.plan_tabs import saving
from dashboard.views.plan_tabs.message import plain
from engine.campaign import repeat, response, starting
from engine.campaign.plan import GOALS, Plan
from engine.campaign.response import Models
from engine.campaign.starting import Proposal
from engine.decision import plans
from engine.errors import AppError
from engine.sentences import Sentence
from engine.shop.store import Shop

ICONS = {
    "win_back": "undo", "launch": "rocket_launch", "second_purchase": "repeat", "vip": "star",
    "overstock": "inventory_2", "sale_day": "sell", "sunset": "wb_twilight",
}  # fmt: skip
CARD_WIDTH = 262  # pixels: one beside the other on a desk, one below the other on a phone


def today() -> date:
    """The day on which a plan is begun."""
    return widgets.now().date()


def open_plan(plan_id: str) -> None:
    """Go to a plan's page."""
    state.set_plan_id(plan_id)
    st.switch_page("views/plan.py", query_params={"plan": plan_id})


def save(shop: Shop, proposal: Proposal, name: str) -> str:
    """The id of the proposal saved as a new draft, with its reasons. Two plans never have one code."""
    stored = plans.saved_plans(shop.path)
    plan_id = plans.new_plan_id(name, [saved.plan.plan_id for saved in stored])
    codes = [saved.plan.offer.code for saved in stored if saved.plan.offer.code]
    plan = starting.renamed(proposal, plan_id, name[:200], state.person(), codes).plan
    extras = {"reasons": said(proposal.reasons), "filled": saving.filled(shop, plan)}
    plans.save(shop.path, plan, extras, None, widgets.now())
    return plan_id


def said(reasons: tuple[Sentence, ...]) -> list[dict]:
    """Sentences as they are kept with a plan, to be said in any language."""
    return [{"key": reason.key, "values": reason.values} for reason in reasons]


def ahead(shop: Shop, plan_id: str, follows: bool = False) -> None:
    """Moves a fresh copy whose dates lie in the past to the next such ones; one that follows what it is a copy of, to
    such ones after that plan's window."""
    saved = plans.load(shop.path, plan_id)
    plan = repeat.following(saved.plan, shop.settings, today()) if follows else repeat.ahead(saved.plan, today())
    if plan != saved.plan:
        extras = {**saved.extras, "filled": saving.filled(shop, plan)}
        plans.save(shop.path, plan, extras, saved.version, widgets.now())


def models(shop: Shop) -> Models | None:
    """What was learned, to choose the size of an offer; None where nothing was, or where it cannot be read."""
    if response.current_version(shop) is None:
        return None
    with contextlib.suppress(AppError):  # the plan is begun without it, and its Numbers say what is wrong
        return cache.forecasts.models(shop)
    return None


def proposed(shop: Shop, goal: str, segment_ids: tuple[str, ...] = (), product_ids: tuple[str, ...] = ()) -> Proposal:
    """The starting plan of a goal in full, the size of its offer forecast; for these groups, or to sell these products,
    where some are given."""
    facts = cache.beginnings.starting_facts(shop)
    return starting.propose(
        shop, goal, "new", "new", state.person(), today(), models(shop), facts, segment_ids, product_ids
    )


def named(goal: str, plan: Plan) -> str:
    """A name for a plan of a goal: what it is for and when."""
    return t("starting.name", goal=t(f"plan.goal_{goal}"), date=plan.starts_at.isoformat())


# --- starting plans ---


def cards(shop: Shop) -> None:
    """One card per goal; a click makes the plan and opens it."""
    st.subheader(t("starting.title"), anchor=False)
    st.caption(t("starting.purpose"))
    found = cache.beginnings.starting_plans(shop, today())
    lacking = {proposal.missing.key: proposal.missing for proposal in found.values() if proposal.missing}
    if len(lacking) == 1 and not any(proposal.enough for proposal in found.values()):
        st.info(_sentence(*lacking.values()), icon=":material/inbox:")
        return
    with st.container(horizontal=True, key="plans.starting"):
        for goal in GOALS:
            _card(shop, goal, found[goal])


def _card(shop: Shop, goal: str, proposal: Proposal) -> None:
    with st.container(border=True, width=CARD_WIDTH, height="stretch", key=f"plans.card_{goal}"):
        st.markdown(f":material/{ICONS[goal]}: **{t(f'plan.goal_{goal}')}**")
        st.markdown(t(f"starting.about_{goal}"))
        if proposal.missing:
            st.caption(_sentence(proposal.missing))
        else:
            plan = proposal.plan
            values = {"reachable": f"{proposal.reachable:,}", "customers": f"{proposal.customers:,}"}
            when = {"channel": t(f"plan.channel_{plan.channel}"), "starts": plan.starts_at.isoformat()}
            st.markdown(t("starting.writes_to", **values, **when))
            st.caption(_sentence(proposal.reasons[0]))
        label = t("starting.start_named", goal=t(f"plan.goal_{goal}"))
        may = door.for_who_may("draft", disabled=not proposal.enough)
        if st.button(label, key=f"plans.begin.{goal}", width="stretch", **may):
            begin(shop, goal)


def begin(shop: Shop, goal: str, segment_ids: tuple[str, ...] = (), product_ids: tuple[str, ...] = ()) -> None:
    """Makes the plan of a goal and opens it on its brief."""
    with widgets.problem_box(), st.spinner(t("starting.making"), show_time=True):
        proposal = proposed(shop, goal, segment_ids, product_ids)
        plan_id = save(shop, proposal, named(goal, proposal.plan))
    state.set_plan_tab("brief")
    open_plan(plan_id)


def _sentence(sentence: Sentence) -> str:
    """A sentence of the engine in the page's language, safe as Markdown: names in it come from the shop's files."""
    return plain(t(sentence.key, **sentence.values))


# --- a past campaign once more ---


def repeats(shop: Shop) -> None:
    """Past campaigns, those whose season comes next first, with how they went; one is made a plan again."""
    with st.expander(t("starting.repeat_title"), icon=":material/history:"):
        st.caption(t("starting.repeat_purpose"))
        table = cache.beginnings.repeatable(shop, today()).set_index("campaign_id")
        if not len(table):
            st.info(t("starting.repeat_none"), icon=":material/inbox:")
            return
        labels = {
            row.Index: t(
                "starting.repeat_option",
                name=row.name, channel=channel_name(row.channel), starts=row.starts_at.date().isoformat(),
            )
            for row in table.itertuples()
        }  # fmt: skip
        chosen = st.selectbox(
            t("starting.repeat_choose"), list(labels), format_func=lambda one: labels.get(one, one), key="plans.past"
        )
        st.caption(t("starting.repeat_would", next=table["next"][chosen].isoformat(), result=_result(shop, chosen)))
        if st.button(t("starting.repeat"), key="plans.repeat", icon=":material/replay:", **door.for_who_may("draft")):
            _again(shop, chosen, str(table["name"][chosen]))


def _result(shop: Shop, campaign_id: str) -> str:
    """How a campaign went last time, in a sentence."""
    row = None
    with contextlib.suppress(AppError):  # campaigns without anything on who got them have no result
        results = cache.campaigns.results(shop)
        row = next(iter(results[results["campaign_id"].eq(campaign_id)].itertuples()), None)
    if row is None or row.order_rate != row.order_rate:
        return t("starting.repeat_unknown")
    sent = widgets.number(row.sent)
    if row.basis != "incremental":
        return t("starting.repeat_attributed", rate=widgets.percent(row.order_rate), sent=sent)
    low, high = f"{row.extra_per_1000_low:+.1f}", f"{row.extra_per_1000_high:+.1f}"
    return t("starting.repeat_result", extra=f"{row.extra_per_1000:+.1f}", low=low, high=high, sent=sent)


def _again(shop: Shop, campaign_id: str, name: str) -> None:
    with widgets.problem_box():
        proposal = repeat.repeat(shop, campaign_id, "new", name[:200], state.person(), today())
        if proposal.missing:  # a plan without an audience is begun all the same, and says why it has none
            proposal = replace(proposal, reasons=(proposal.missing, *proposal.reasons))
        plan_id = save(shop, proposal, t("starting.name", goal=name, date=proposal.plan.starts_at.isoformat()))
    state.set_plan_tab("brief")
    open_plan(plan_id)
