"""How large a test has to be, how long it takes, and whether it is worth its cost."""

import streamlit as st

from dashboard import cache, charts, state, widgets
from dashboard.text import language, t
from dashboard.views.plan_tabs.message import plain
from engine.outcome.experiments import planning
from engine.outcome.experiments.planning import Planned, Question


def show() -> None:
    """The form, and the answer to what stands in it."""
    asked = form()
    found = planning.plan(asked)
    headline(asked, found)
    points = cache.experiments.size_by_lift(asked)
    words = {"lift": t("experiments_page.plan_lift_axis"), "visitors": t("experiments_page.per_arm"),
             "planned": t("experiments_page.planned")}  # fmt: skip
    figure = charts.test_size(points, (asked.lift, found.visitors_per_arm), words)
    said = {"lift": widgets.percent(asked.lift), "visitors": widgets.number(found.visitors_per_arm)}
    widgets.chart(figure, "experiments.size", t("experiments_page.size_alt", **said))


def form() -> Question:
    """What is typed, as one question. Rates and lifts are typed in percent. Raises DataProblem."""
    usual = {"base": 3.0, "lift": 10.0, "power": 80.0}
    for name in ("base", "lift", "power", "daily", "audience", "value", "cost"):
        state.keep(f"experiments.{name}", usual.get(name))
    state.keep("experiments.arms", 2)

    def typed(name: str, low: float, high: float, step: float = 1.0) -> float | None:
        """A number, or None where the field is empty."""
        given = st.number_input(
            t(f"experiments_page.plan_{name}"), low, high, step=step, key=f"experiments.{name}", width=230
        )
        return None if given is None else float(given)

    with st.container(horizontal=True):
        base, lift = typed("base", 0.01, 99.0, 0.5), typed("lift", 0.1, 1_000.0)
        arms = st.number_input(t("experiments_page.plan_arms"), 2, 20, key="experiments.arms", width=230)
        power, daily = typed("power", 50.0, 99.0, 5.0), typed("daily", 1.0, 1e9, 100.0)
    with st.expander(t("experiments_page.worth"), key="experiments.worth"):
        st.caption(t("experiments_page.worth_about"))
        with st.container(horizontal=True):
            audience, value, cost = typed("audience", 2.0, 1e10), typed("value", 0.0, 1e9), typed("cost", 0.0, 1e12)
    return Question(
        base=(base or usual["base"]) / 100,
        lift=(lift or usual["lift"]) / 100,
        arms=int(arms or 2),
        power=(power or usual["power"]) / 100,
        daily=daily,
        audience=None if audience is None else int(audience),
        value=value if audience is not None else None,
        cost=cost or 0.0,
    )


def headline(asked: Question, found: Planned) -> None:
    """The size in figures, and everything else in sentences."""
    st.subheader(t("experiments_page.plan_headline", per_arm=widgets.number(found.visitors_per_arm), arms=asked.arms))
    with st.container(horizontal=True):
        st.metric(t("experiments_page.total"), widgets.number(found.total), border=True)
        st.metric(t("experiments_page.days"), widgets.number(found.days), border=True)
        st.metric(t("experiments_page.power"), widgets.percent(found.power, 0), border=True)
        st.metric(t("experiments_page.daily_looks"), widgets.number(found.daily_looks), border=True)
    for sentence in planning.reasons(asked, found):
        st.write(plain(sentence.text(language())))
