"""What changed since the forecasts were learned, and what they learned from results."""

import streamlit as st

from dashboard import cache, door, widgets
from dashboard.text import language, t
from dashboard.views.plan_tabs.message import plain
from engine import jobs
from engine.campaign import promotion, response
from engine.shop.store import Shop


def show(shop: Shop) -> None:
    """What was found last, and the way to learn from results again."""
    if response.current_version(shop) is None:
        return
    st.subheader(t("judged.learning"))
    if (found := cache.learning.noted(shop, language())) is not None:
        st.warning(plain(f"{found.said} {found.touched}"), icon=":material/move_up:")
    log = cache.learning.log(shop)
    if log:
        last(log[-1])
    else:
        st.write(t("judged.learned_never"))
    button(shop)


def last(one: dict) -> None:
    """What came of it the last time: each candidate with the reason."""
    st.write(t("judged.learned_on", as_of=one["as_of"], count=max(one["campaigns_since"].values(), default=0)))
    for candidate in one["candidates"]:
        said = promotion.sentence(candidate["why"], candidate["targets"]).text(language())
        name = t(f"judged.candidate_{candidate['candidate']}")
        st.markdown(f"- **{name}** · {said}")
    key = "took_over" if one["promoted"] else "stayed"
    st.caption(t(f"judged.{key}", version=one["in_use_after"]))


def button(shop: Shop) -> None:
    """Starts learning from results as a job of its own."""
    if widgets.job_panel(shop.path, "outcomes"):
        return
    st.caption(t("judged.learn_help"))
    if st.button(t("judged.learn"), key="judged.learn", icon=":material/school:", **door.for_who_may("draft")):
        with widgets.problem_box():
            jobs.start(shop.path, "outcomes", ["outcomes", "--shop", str(shop.path)], widgets.now())
        st.rerun()
