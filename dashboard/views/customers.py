"""Who are the customers, and for whom is the next plan?"""

from typing import Any, Literal

import streamlit as st

from dashboard import cache, charts, door, state, widgets
from dashboard.text import group_name, t
from dashboard.views import beginnings
from engine.audience import segments
from engine.audience.segments import Segmentation, Summary
from engine.campaign import planned
from engine.campaign.plan import GOALS
from engine.campaign.starting import Proposal
from engine.errors import NotAllowed
from engine.shop.store import Shop

FEWEST, MOST = 2, 12
VIEWS = ("compare", "map", "number")


def in_use(shop: Shop) -> Segmentation:
    """The saved groups; on the first visit they are made, and saved for who may do that."""
    if not (shop.path / "segments" / "summary.json").exists():
        with st.spinner(t("customers.making"), show_time=True):
            found = cache.customers.fitted(shop, "auto")
            try:
                segments.save(shop, found)
            except NotAllowed:
                return found
    return cache.customers.segmentation(shop)


def asked_number(summary: Summary) -> int:
    """How many groups K-Means was asked for: those without an order form one more by themselves."""
    return summary.k - (1 if summary.without_orders else 0)


def wanted(saved: Segmentation) -> int | Literal["auto"]:
    """How many groups to show: found automatically, or chosen with the slider."""
    ways = ["auto", "own"]
    now = "auto" if saved.summary.curve else "own"
    state.keep("customers.way", now, ways, address="groups")
    way = st.segmented_control(
        t("customers.how_many"),
        ways,
        required=True,
        format_func=lambda w: t(f"customers.k_{w}"),
        key="customers.way",
    )
    if way == "auto":
        return "auto"
    start = min(max(asked_number(saved.summary), FEWEST), MOST)
    state.keep("customers.k", start, range(FEWEST, MOST + 1), address="k")
    return st.slider(t("customers.k"), FEWEST, MOST, key="customers.k", help=t("customers.k_help"))


def shown(shop: Shop, saved: Segmentation, k: int | Literal["auto"]) -> Segmentation:
    """The groups in use, or those asked for instead, with a button to use them from now on."""
    same = bool(saved.summary.curve) if k == "auto" else k == asked_number(saved.summary)
    if same and saved.summary.shop_version != shop.version:
        st.warning(t("customers.data_changed", date=saved.summary.as_of), icon=":material/update:")
        if st.button(
            t("customers.again"), key="customers.again", icon=":material/refresh:", **door.for_who_may("draft")
        ):
            with st.spinner(t("customers.making"), show_time=True):
                segments.save(shop, cache.customers.fitted(shop, k))
            st.rerun()
    if same:
        return saved
    with st.spinner(t("customers.making"), show_time=True):
        found = cache.customers.fitted(shop, k)
    st.info(t("customers.preview"), icon=":material/visibility:")
    if st.button(t("customers.use"), key="customers.use", icon=":material/check:", **door.for_who_may("draft")):
        segments.save(shop, found)
        st.rerun()
    return found


def headline(groups: Segmentation, names: dict[str, str]) -> None:
    """How many groups of how many customers, up to when, and the one that matters most."""
    summary = groups.summary
    st.subheader(t("customers.headline", groups=summary.k, customers=widgets.number(summary.customers)))
    best = groups.profiles.sort_values("revenue_share", ascending=False).iloc[0]
    facts = {
        "name": names[best["segment_id"]],
        "share": widgets.percent(best["share"], 0),
        "revenue": widgets.percent(best["revenue_share"], 0),
    }
    st.write(t("customers.best", **facts))
    st.caption(t("customers.as_of", date=summary.as_of))


def listing(groups: Segmentation, names: dict[str, str], currency: str) -> None:
    """One row per group."""
    number = st.column_config.NumberColumn
    columns: dict[str, Any] = {
        "name": st.column_config.TextColumn(t("customers.name"), pinned=True),
        "customers": number(t("customers.size"), format="localized"),
        "share": number(t("customers.share"), format="percent"),
        "revenue_share": number(t("customers.revenue_share"), format="percent"),
        "recency_days": number(t("customers.recency_days"), format="%.0f", help=t("customers.recency_help")),
        "frequency": number(t("customers.frequency"), format="%.1f", help=t("customers.frequency_help")),
        "monetary": number(
            t("customers.monetary", currency=currency), format="%.0f", help=t("customers.monetary_help")
        ),
        "aov": number(t("customers.aov", currency=currency), format="%.2f"),
        "discount_share": number(t("customers.discount_share"), format="percent", help=t("customers.discount_help")),
        "click_rate": number(t("customers.click_rate"), format="percent"),
        "top_categories": t("customers.top_categories"),
    }
    table = groups.profiles.assign(name=groups.profiles["segment_id"].map(names))
    order = [name for name in columns if name in table]
    st.dataframe(
        table,
        column_order=order,
        column_config=columns,
        hide_index=True,
        placeholder="–",
        key="customers.table",
        alt=t("customers.title"),
    )


def start_plan(shop: Shop, saved: Segmentation, names: dict[str, str]) -> None:
    """Pick groups and begin a plan for them; opens it."""
    with st.container(border=True):
        st.subheader(t("customers.start"))
        sizes = saved.summary.sizes
        state.keep("customers.picked", [], list(sizes), address="pick")
        state.keep("customers.goal", None, [None, *GOALS], address="goal")
        picked = st.multiselect(
            t("customers.pick"),
            list(sizes),
            format_func=lambda s: t("customers.option", name=names[s], size=widgets.number(sizes[s])),
            placeholder=t("customers.pick_placeholder"),
            key="customers.picked",
        )
        goal = st.selectbox(
            t("starting.own_groups"),
            GOALS,
            index=None,
            format_func=lambda one: t(f"plan.goal_{one}"),
            placeholder=t("starting.no_goal"),
            key="customers.goal",
        )
        people = sum(sizes[s] for s in picked)
        label = t("customers.start_button", customers=widgets.number(people)) if picked else t("customers.start_none")
        may = door.for_who_may("draft", disabled=not picked)
        if st.button(label, key="customers.start", type="primary", icon=":material/edit_note:", **may):
            few = " + ".join(names[s] for s in picked)
            name = (
                t("customers.plan_name", groups=few) if len(picked) < 3 else t("customers.plan_of", count=len(picked))
            )
            state.set_plan_id(create(shop, name, picked, goal))
            st.switch_page("views/plan.py", query_params={"plan": state.plan_id() or ""})


def create(shop: Shop, name: str, picked: list[str], goal: str | None = None) -> str:
    """The id of a new draft for these groups, saved; with a goal it is filled in as the goal's starting plan."""
    if goal:
        return beginnings.save(shop, beginnings.proposed(shop, goal, tuple(picked)), name)
    plan = planned.new_plan("new", name, picked, state.person(), beginnings.today(), shop)
    return beginnings.save(shop, Proposal(plan, ()), name)


def why(summary: Summary) -> str:
    """Why this many groups, in words."""
    if not summary.curve:
        return t("customers.why_own", k=asked_number(summary))
    tried = [row["k"] for row in summary.curve]
    chosen = next(row for row in summary.curve if row["k"] == asked_number(summary))
    values = {"k": chosen["k"], "most": max(tried), "agreement": f"{chosen['stability']:.2f}"}
    return t("customers.why_auto", separation=f"{chosen['silhouette']:.2f}", **values)


def picture(groups: Segmentation, names: dict[str, str]) -> None:
    """One picture of the groups, as chosen."""
    choices = VIEWS if groups.summary.curve else VIEWS[:2]
    state.keep("customers.view", "compare", choices, address="view")
    view = st.segmented_control(
        t("customers.picture"),
        choices,
        required=True,
        format_func=lambda v: t(f"customers.view_{v}"),
        key="customers.view",
    )
    if view == "map":
        figure = charts.segment_map(groups.points, names)
        widgets.chart(figure, "customers.map", t("customers.map_alt", count=len(groups.points)))
        share = widgets.percent(groups.summary.map_variance, 0)
        st.caption(t("customers.map_note", share=share, count=widgets.number(len(groups.points))))
    elif view == "number":
        figure = charts.number_of_groups(groups.summary.curve, asked_number(groups.summary), t("customers.k_axis"),
                                         t("customers.separation"), t("customers.agreement"))  # fmt: skip
        widgets.chart(figure, "customers.curve", t("customers.curve_alt"))
    else:
        measures = {m: t(f"customers.measure_{m}") for m in charts.COMPARED if m in groups.profiles}
        figure = charts.compared_groups(groups.profiles, names, measures, t("customers.compare_axis"))
        widgets.chart(figure, "customers.compare", t("customers.compare_alt"))
        st.caption(t("customers.compare_note"))


widgets.page_head("customers.title", "customers.purpose")

with widgets.problem_box():
    shop = widgets.need_shop()
    saved = in_use(shop)
    groups = shown(shop, saved, wanted(saved))
    names = {row.segment_id: group_name(row.segment_name) for row in groups.profiles.itertuples()}
    headline(groups, names)
    listing(groups, names, shop.settings.currency)
    st.caption(why(groups.summary))
    if groups is saved:
        start_plan(shop, saved, names)
    picture(groups, names)
