"""The model in use beside the others that were tried and beside simple ones, on the same held-out rows."""

import math
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import charts, widgets
from dashboard.text import language, t
from dashboard.views.model_parts import names
from engine.campaign import learned_words
from engine.campaign.plan import PARTS
from engine.model.search import METHOD


def show(card: dict, facts: dict) -> None:
    """Which model is used and by how much it is better; how much a longer past would help; how it was searched."""
    if "chosen" not in facts:
        st.info(t("model.no_held_out"), icon=":material/info:")
        return
    st.subheader(t("model.tried"))
    models(facts)
    st.caption(t("model.why", kind=names.kind(facts["chosen"]), split=names.split(card["split"])))
    st.subheader(t("model.learning_curve"))
    learning_curve(facts)
    st.subheader(t("model.small_tree"))
    small_tree(facts)
    if search := card.get("search"):
        st.subheader(t("model.search"))
        searched(search)
    if drift := card.get("drift"):
        st.subheader(t("model.drift"))
        drifted(drift, (card.get("search") or {}).get("chosen", {}).get("half_life"))


def models(facts: dict) -> None:
    """Every model with its figures, and its distance from the one in use."""
    shown = pd.DataFrame(
        [
            {
                "kind": names.kind(name),
                "used": t("model.used") if name == facts["chosen"] else "",
                "log_loss": one["log_loss"],
                "better": names.difference(facts["against"][name]) if name in facts["against"] else None,
                **{figure: one[figure] for figure in ("auc", "mse", "predicted_over_actual")},
            }
            for name, one in facts["per_message"].items()
        ]
    )
    number = st.column_config.NumberColumn
    columns: dict[str, Any] = {
        "kind": st.column_config.TextColumn(t("model.kind"), pinned=True),
        "used": t("model.choice"),
        "log_loss": number(t("model.log_loss"), format="%.5f", help=t("model.log_loss_help")),
        "better": st.column_config.TextColumn(t("model.better"), help=t("model.better_help")),
        "auc": number(t("model.auc"), format="%.3f", help=t("model.auc_help")),
        "mse": number(t("model.brier"), format="%.5f", help=t("model.mse_help")),
        "predicted_over_actual": number(
            t("model.predicted_over_actual"), format="%.2f", help=t("model.predicted_over_actual_help")
        ),
    }
    st.dataframe(
        shown, column_config=columns, hide_index=True, placeholder="–", key="model.candidates", alt=t("model.tried")
    )
    for name, one in facts["against"].items():
        if name in names.KINDS:
            st.caption(_by_how_much(facts["chosen"], name, one))


def _by_how_much(chosen: str, other: str, one: dict) -> str:
    """Whether the model in use is better than another by more than chance."""
    words = {"chosen": names.kind(chosen), "other": names.kind(other), "difference": names.difference(one)}
    tells = one["low"] is not None and (one["high"] < 0 or one["low"] > 0)
    return t("model.better_clear" if tells else "model.better_unclear", count=one["units"], **words)


def learning_curve(facts: dict) -> None:
    """How the loss on the same later campaigns falls with the number of campaigns learned from."""
    points = pd.DataFrame(facts["learning_curve"])
    if len(points) < 2:
        st.info(t("model.no_curve"), icon=":material/info:")
        return
    words = {"campaigns": t("model.curve_campaigns"), "log_loss": t("model.log_loss")}
    widgets.chart(charts.learning_curve(points, words), "model.curve", t("model.curve_alt", count=len(points)))
    first = facts["learning_curve"][0]
    found = {"mean": first["more"], "low": first["more_low"], "high": first["more_high"]}
    most = facts["learning_curve"][-1]["campaigns"]
    said = t("model.curve_said", few=first["campaigns"], most=most, more=names.difference(found))
    st.caption(f"{said} {t('model.curve_note')}")


def small_tree(facts: dict) -> None:
    """The rules of the small tree, the highest rate first."""
    rules = pd.DataFrame(
        {
            t("model.rule"): [
                learned_words.rule_in_words(leaf["conditions"], language()) for leaf in facts["small_tree"]
            ],
            t("model.rate"): [widgets.percent(leaf["rate"], 2) for leaf in facts["small_tree"]],
            t("model.count"): [widgets.number(leaf["trials"]) for leaf in facts["small_tree"]],
        }
    )
    st.table(rules.set_index(t("model.rule")), alt=t("model.small_tree"))
    st.caption(t("model.small_tree_note"))


def searched(search: dict) -> None:
    """Every setting that was tried, and which was taken."""
    seconds, limit = widgets.number(search["seconds"], 1), widgets.number(search["limit_seconds"], 0)
    method = t("model.search_method") if search["method"] == METHOD else search["method"]
    st.write(t("model.searched", count=len(search["trials"]), method=method, seconds=seconds, limit=limit))
    st.write(t("model.search_chosen", chosen=_facts(search["chosen"])))
    with st.expander(t("model.search_trials")):
        trials = pd.json_normalize(search["trials"])
        st.dataframe(trials, hide_index=True, placeholder="–", key="model.trials", alt=t("model.search_trials"))


def drifted(drift: dict, half_life: float | None) -> None:
    """Whether responses changed over time, what follows from it, and by how much in each channel."""
    if drift["p"] is None:
        st.write(t("model.drift_not_asked"))
        return
    said = "found" if drift["found"] else "none"
    fades = t("model.drift_fades", campaigns=widgets.number(half_life)) if half_life else t("model.drift_alike")
    tested = t(f"model.drift_{said}", p=f"{drift['p']:.2g}", level=f"{drift['level']:g}")
    st.write(f"{tested} {fades}")
    change = {
        t("model.drift_channel"): [_channel(one["channel"]) for one in drift["trends"]],
        t("model.drift_change"): [_change(one["log_odds"], one["se"]) for one in drift["trends"]],
    }
    st.table(pd.DataFrame(change).set_index(t("model.drift_channel")), alt=t("model.drift"))


def _channel(name: str) -> str:
    if name == "all":
        return t("model.drift_all")
    return t(f"plan.channel_{name}") if name in PARTS else name


def _change(log_odds: float, error: float) -> str:
    """Of the odds, from the first to the last campaign, with its 95 % interval."""
    value, low, high = (100 * (math.exp(log_odds + z * error) - 1) for z in (0.0, -1.96, 1.96))
    return t("model.drift_by", value=f"{value:+.0f}", low=f"{low:+.0f}", high=f"{high:+.0f}")


def _facts(facts: dict) -> str:
    """Names and values of a log as one line."""
    written = {name: f"{value:.4g}" if isinstance(value, float) else str(value) for name, value in facts.items()}
    return ", ".join(f"{name}: {value}" for name, value in written.items())
