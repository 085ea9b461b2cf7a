"""What changed in the data since the forecasts in use were learned, table by table, and which plans that touches."""

import pandas as pd
import streamlit as st

from dashboard import cache, state, widgets
from dashboard.text import channel_name, language, t
from dashboard.views.model_parts import names
from dashboard.views.plan_tabs.message import plain
from engine.model import drift
from engine.model.drift import Drift
from engine.model.moved import Moved
from engine.outcome import changed_words, learning
from engine.shop.store import Shop


def show(shop: Shop) -> None:
    """The sentence a marketer reads, then what it rests on."""
    with st.spinner(t("judged.rehearsing"), show_time=True):
        looked = cache.learning.look(shop)
    found, currency = looked.found, shop.settings.currency
    st.subheader(t("drift.head"))
    st.caption(t("drift.span", learned=found.learned.isoformat(), until=found.until.isoformat()))
    said = plain(changed_words.summary(found, currency, language()))
    if found.alarm:
        st.warning(said, icon=":material/move_up:")
        st.write(plain(changed_words.plans(learning.touched(shop, found), language())))
    else:
        st.info(said, icon=":material/check_circle:")
    if found.responses:
        st.markdown(f"**{t('drift.responses')}**")
        responses(found.responses, found.by_channel)
    looks = list(found.looks)
    if not looks:
        return
    state.keep("model.changed", looks[0], looks)
    look = st.segmented_control(
        t("drift.column"), looks, required=True, format_func=lambda one: t(f"drift.look_{one}"), key="model.changed",
        label_visibility="collapsed",
    )  # fmt: skip
    columns(str(look or looks[0]), found.looks[str(look or looks[0])])


def responses(every: dict[str, Moved], by_channel: dict[tuple[str, str], Moved]) -> None:
    """Odds of each target against what was forecast, in all and by channel."""
    rows = [(target, "", one) for target, one in every.items()]
    rows += [(target, channel, one) for (target, channel), one in by_channel.items()]
    shown = pd.DataFrame(
        [
            {
                t("drift.response_target"): names.target(target),
                t("drift.response_channel"): channel_name(channel) if channel else t("drift.all_channels"),
                t("drift.response_ratio"): ratio(one),
                "p": "–" if one.log_odds is None else f"{one.p:.2g}",
                t("drift.response_campaigns"): one.campaigns,
            }
            for target, channel, one in rows
        ]
    )
    st.dataframe(shown, hide_index=True, key="model.responses", alt=t("drift.responses"))
    st.caption(t("drift.response_note"))


def ratio(one: Moved) -> str:
    told = changed_words.odds(one)
    if one.log_odds is None:
        return "–"
    return f"{told['ratio']} ({widgets.between(str(told['low']), str(told['high']), names.LEVEL)})"


def columns(look: str, one: Drift) -> None:
    """Every column with how much it changed beside what chance does, and what the classifier saw."""
    counts = {"before": one.groups_before, "after": one.groups_after, "unit": t(f"drift.unit_{look}")}
    if one.reason:
        st.info(t("drift.few_groups", **counts), icon=":material/info:")
        return
    st.caption(t("drift.groups", **counts))
    table = one.columns.assign(label=[changed_words.column(look, name, language()) for name in one.columns["column"]])
    number = st.column_config.NumberColumn
    st.dataframe(
        table[["label", "column", "psi", "usual_psi", "p"]],
        column_config={
            "label": st.column_config.TextColumn(t("drift.column"), pinned=True),
            "column": t("model.column"),
            "psi": number(t("drift.psi"), format="%.4f"),
            "usual_psi": number(t("drift.usual_psi"), format="%.4f", help=t("drift.usual_psi_help")),
            "p": number(t("drift.p"), format="%.3f", help=t("drift.p_help")),
        },
        hide_index=True,
        key="model.drifted",
        alt=t("drift.table_alt", look=t(f"drift.look_{look}")),
    )
    if one.classifier is None:
        st.caption(t("drift.no_classifier"))
    else:
        told = changed_words.pairs(look, one.classifier.by, language())
        auc, p = f"{one.classifier.auc:.3f}", f"{one.classifier.p:.3f}"
        st.write(t("drift.classifier", auc=auc, p=p, pairs=told))
    st.caption(t("drift.level_note", level=f"{drift.LEVEL:g}"))
