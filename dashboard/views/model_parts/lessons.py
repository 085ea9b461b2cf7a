"""What a model learned: which features matter, and how its forecasts go with each."""

import pandas as pd
import streamlit as st

from dashboard import charts, state, widgets
from dashboard.text import language, t
from engine.campaign import feature_words, learned_words

MOST = 12


def show(facts: dict) -> None:
    """Importance of the features, one of them over its values, and what none of it says."""
    told = facts["learned"]
    if not told["importance"]:
        st.info(t("model.no_lesson"), icon=":material/info:")
        return
    st.warning(t("model.not_cause"), icon=":material/psychology_alt:")
    st.subheader(t("model.importance"))
    table = learned_words.importance(told, MOST, language())
    widgets.chart(charts.importance(table, t("model.points")), "model.importance", _first(table))
    st.caption(t("model.importance_note", rows=widgets.number(told["rows"])))
    st.subheader(t("model.dependence"))
    dependence(told)


def _first(table: pd.DataFrame) -> str:
    return t("model.importance_alt", names=", ".join(table["label"].head(3)))


def dependence(told: dict) -> None:
    """One feature over its values, with how common they are beneath."""
    features = list(told["dependence"])
    state.keep("model.feature", features[0], features)
    chosen = st.selectbox(
        t("model.feature"),
        features,
        format_func=lambda name: feature_words.words(name, language()),
        key="model.feature",
    )
    table = learned_words.dependence(told, chosen, language())
    words = {name: t(f"model.dependence_{name}") for name in ("points", "share", "range")}
    named = feature_words.words(chosen, language())
    figure = charts.dependence(table, words | {"x": named}, learned_words.ordered(told, chosen))
    widgets.chart(figure, "model.dependence", t("model.dependence_alt", name=named))
    st.caption(t("model.dependence_note"))
