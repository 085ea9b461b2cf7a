"""A file of tests, read: the verdicts in words, the lifts, one test in full, and everything to take away."""

from typing import Any

import pandas as pd
import streamlit as st

from dashboard import cache, charts, state, widgets
from dashboard.text import language, t
from dashboard.views.experiments_parts import people
from dashboard.views.plan_tabs.message import plain
from engine.outcome.experiments import VERDICTS, Reading, Rule, summary
from engine.outcome.experiments.example import EXAMPLES
from engine.shop import gate

MOST_SHOWN = 30  # lifts in one chart: more cannot be told apart
ICONS = {
    "won": ":material/trending_up:", "lost": ":material/trending_down:", "inconclusive": ":material/hourglass:",
    "no difference worth having": ":material/drag_handle:", "invalid": ":material/block:",
}  # fmt: skip


def show() -> None:
    """Asks for a file, or takes the example."""
    smallest = smallest_lift()
    found = uploaded(smallest)
    if found is None:
        return
    table = found.results
    headline(table, smallest)
    arms = table[table["verdict"].ne("") & table["lift"].notna()]
    if len(arms):
        chart(arms, smallest)
    one_test(found)
    listing(table)


def smallest_lift() -> float:
    """What a difference must reach to be worth having, as a fraction."""
    state.keep("experiments.smallest", 5.0)
    typed = st.number_input(
        t("experiments_page.smallest"), 0.1, 500.0, step=1.0, key="experiments.smallest", width=320,
        help=t("experiments_page.smallest_help"),
    )  # fmt: skip
    return float(typed) / 100


def uploaded(smallest: float) -> Reading | None:
    """The file that was brought, or the example where that was chosen; None and what to do where there is neither."""
    types = [ending.removeprefix(".") for ending in gate.FORMATS]
    file = st.file_uploader(
        t("experiments_page.file"), types, key="experiments.file", help=t("experiments_page.file_help")
    )
    if file is not None:
        return cache.experiments.read(file.name, file.getvalue(), smallest, language())
    with st.container(horizontal=True):
        for of, made in EXAMPLES.items():
            label, name = t(f"experiments_page.example_file_{of}"), f"example-tests-{of}.csv"
            widgets.download(label, made, name, f"experiments.example_file_{of}")
    for of in EXAMPLES:
        state.keep(f"experiments.example_{of}", False)
        if st.toggle(t(f"experiments_page.example_{of}"), key=f"experiments.example_{of}"):
            st.caption(t(f"experiments_page.example_about_{of}"))
            return cache.experiments.read_example(of, smallest, language())
    st.info(t("experiments_page.nothing_yet"), icon=":material/upload_file:")
    return None


def headline(table: pd.DataFrame, smallest: float) -> None:
    """How many arms were compared, in how many tests, and how many of each verdict: the cards add up to all."""
    facts = summary(table, Rule(smallest_lift=smallest))
    counts: dict[str, int] = facts["verdicts"]
    tests, invalid = facts["tests"], facts["invalid_tests"]
    said = {"variants": sum(counts.values()), "tests": tests - invalid, "won": counts["won"], "lost": counts["lost"]}
    st.subheader(t("experiments_page.headline", **{key: widgets.number(one) for key, one in said.items()}))
    with st.container(horizontal=True):
        for verdict in VERDICTS[:-1]:
            st.metric(name(verdict), widgets.number(counts[verdict]), border=True)
    if invalid:
        left_out = {"invalid": widgets.number(invalid), "tests": widgets.number(tests)}
        st.warning(t("experiments_page.invalid_tests", **left_out), icon=ICONS["invalid"])
    st.caption(t("experiments_page.rule", smallest=widgets.percent(smallest, 1)))


def name(verdict: str) -> str:
    """A verdict in words."""
    return t(f"experiments_page.{verdict.replace(' ', '_')}") if verdict else ""


def chart(arms: pd.DataFrame, smallest: float) -> None:
    """The first lifts of the file with their ranges: always-valid ones where there are days."""
    some = arms.head(MOST_SHOWN)
    daily = some["days"] > 0
    drawn = pd.DataFrame({
        "test": some["experiment_id"], "variant": some["variant"], "lift": some["lift"], "verdict": some["verdict"],
        "low": some["always_valid_low"].where(daily, some["low"]),
        "high": some["always_valid_high"].where(daily, some["high"]),
    })  # fmt: skip
    words: dict[str, str] = {verdict: name(verdict) for verdict in VERDICTS}
    figure = charts.test_lifts(drawn, t("experiments_page.lift_axis"), words, smallest)
    widgets.chart(figure, "experiments.lifts", t("experiments_page.lifts_alt", count=len(some), of=len(arms)))
    more = t("experiments_page.first_shown", count=len(some), of=widgets.number(len(arms)))
    st.caption(t("experiments_page.lifts_about") + (f" {more}" if len(arms) > len(some) else ""))


def one_test(found: Reading) -> None:
    """One test: each arm's verdict and reason, and its evidence over days."""
    tests = list(dict.fromkeys(found.results["experiment_id"]))
    state.keep("experiments.test", tests[0], tests)
    chosen = st.selectbox(t("experiments_page.test"), tests, key="experiments.test") or tests[0]
    rows = found.results[found.results["experiment_id"] == chosen]
    invalid = rows["verdict"].eq("invalid").any()
    if found.effects is not None and not invalid:
        people.show(found.effects, chosen)
    for row in rows.itertuples():
        if row.verdict:
            verdict = str(row.verdict)
            st.markdown(f"{ICONS[verdict]} **{plain(str(row.variant))} · {name(verdict)}**")
            st.write(plain(str(row.reason)))
            if verdict == "invalid":
                break  # the reason is the test's, the same for every arm
    if found.effects is not None and invalid:  # why not to believe it comes before its numbers
        people.show(found.effects, chosen)
    by_day = found.by_day[found.by_day["experiment_id"] == chosen]
    if len(by_day):
        first, last = by_day["day"].iloc[0], by_day["day"].iloc[-1]
        st.caption(t("experiments_page.of_days", days=by_day["day"].nunique(), first=first, last=last))
        words = {"p": t("experiments_page.p_axis"), "day": t("experiments_page.day"),
                 "decided": t("experiments_page.decided")}  # fmt: skip
        said = t("experiments_page.by_day_alt", first=first, last=last)
        widgets.chart(charts.test_evidence(by_day, words), "experiments.by_day", said)
        st.caption(t("experiments_page.by_day_about"))


def listing(table: pd.DataFrame) -> None:
    """Every arm, and the same as a file."""
    number = st.column_config.NumberColumn
    shown = table.assign(verdict=[name(verdict) for verdict in table["verdict"]])
    columns: dict[str, Any] = {
        "experiment_id": st.column_config.TextColumn(t("experiments_page.test"), pinned=True),
        "variant": t("experiments_page.variant"),
        "verdict": t("experiments_page.verdict"),
        "visitors": number(t("experiments_page.visitors"), format="localized"),
        "conversions": number(t("experiments_page.conversions"), format="localized"),
        "rate": number(t("experiments_page.rate"), format="percent"),
        "lift": number(t("experiments_page.lift"), format="percent"),
        "low": number(t("experiments_page.low"), format="percent"),
        "high": number(t("experiments_page.high"), format="percent"),
        "p_adjusted": number(t("experiments_page.p_adjusted"), format="%.4f"),
        "always_valid_adjusted": number(t("experiments_page.always_valid"), format="%.4f"),
        "prob_best": number(t("experiments_page.prob_best"), format="percent"),
        "n_more": number(t("experiments_page.n_more"), format="localized"),
        "srm_p": number(t("experiments_page.srm_p"), format="%.4f"),
    }
    widgets.table(shown, columns, "experiments.table", t("experiments_page.title"))
    widgets.download(t("experiments_page.download"), lambda: table, "tests-read.csv", "experiments.download")
