"""How good are the forecasts, and what were they learned from?"""

from typing import Any

import pandas as pd
import streamlit as st

from dashboard import charts, state, widgets
from dashboard.text import known, t

KINDS = ("linear", "trees", "both")


def headline(card: dict) -> None:
    """What was learned from, up to when, against what."""
    st.write(t(f"model.basis_{card['basis']}"))
    with st.container(horizontal=True):
        for name in ("messages", "campaigns", "held_out_customers"):
            st.metric(t(f"model.{name}"), widgets.number(card[name]), border=True)
    first, last = card["first_sent"] or "–", card["last_sent"] or "–"
    st.caption(t("model.dates", first=first, last=last, as_of=card["as_of"]))


def target_name(target: str) -> str:
    return t(f"model.target_{target}") if known(f"model.target_{target}") else target


def candidates(card: dict) -> None:
    """The models that were tried, and which is used."""
    table = pd.DataFrame(card["candidates"])
    if table.empty:
        st.info(t("model.no_held_out"))
        return
    chosen = card["chosen"]
    shown = pd.DataFrame(
        {
            "kind": [t(f"model.kind_{k}") if k in KINDS else k for k in table["kind"]],
            "used": [t("model.used") if k == chosen else "" for k in table["kind"]],
            **{m: table[m] for m in ("auc", "log_loss", "brier", "predicted_over_actual")},
        }
    )
    number = st.column_config.NumberColumn
    columns: dict[str, Any] = {
        "kind": t("model.kind"),
        "used": t("model.choice"),
        "auc": number(t("model.auc"), format="%.3f", help=t("model.auc_help")),
        "log_loss": number(t("model.log_loss"), format="%.5f", help=t("model.log_loss_help")),
        "brier": number(t("model.brier"), format="%.5f", help=t("model.brier_help")),
        "predicted_over_actual": number(t("model.ratio"), format="%.2f", help=t("model.ratio_help")),
    }
    st.dataframe(
        shown, column_config=columns, hide_index=True, placeholder="–", key="model.candidates", alt=t("model.tried")
    )
    st.caption(
        t("model.why", kind=t(f"model.kind_{chosen}") if chosen in KINDS else chosen, split=split_words(card["split"]))
    )


def split_words(rule: str) -> str:
    """What the models were judged on. The rule's name begins with what was held out (engine.model.splits)."""
    for start, key in {"later whole": "campaigns", "later time": "time", "customers": "customers"}.items():
        if rule.startswith(start):
            return t(f"model.split_{key}")
    return rule


def held_out(card: dict) -> None:
    """Campaigns the model had not seen: what it would have said beside what came."""
    table = pd.DataFrame(card["held_out"])
    if table.empty:
        return
    inside, of = card["ranges_that_held"]
    st.markdown(f"**{t('model.ranges_held', inside=inside, of=of)}**")
    table["actual"] = table["successes"] / table["trials"]
    figure = charts.forecast_against_actual(table, t("model.forecast"), t("model.actual"))
    widgets.chart(figure, "model.scatter", t("model.scatter_alt", count=len(table)))
    st.caption(t("model.scatter_note", sd=f"{card['campaign_sd']:.2f}"))


def target_page(card: dict) -> None:
    """All about one thing that is forecast."""
    if "reason" in card:
        st.info(t("model.not_learned", reason=card["reason"]), icon=":material/block:")
        return
    facts = {name: widgets.number(card[name]) for name in ("rows", "trials", "successes", "campaigns")}
    st.write(t("model.learned_from", **facts))
    st.subheader(t("model.tried"))
    candidates(card)
    st.subheader(t("model.unseen"))
    held_out(card)


def anyway(card: dict) -> None:
    """What the model of people who would buy anyway was learned from, or why there is none."""
    if "reason" in card:
        st.info(t("model.no_anyway", reason=card["reason"]), icon=":material/block:")
    else:
        facts = {name: widgets.number(card[name]) for name in ("rows", "successes", "campaigns")}
        st.write(t("model.anyway", **facts))


def inputs(card: dict) -> None:
    """What the model looks at and what it must not look at."""
    with st.expander(t("model.features", count=len(card["features"]))):
        names = pd.DataFrame({"feature": card["features"]})
        st.dataframe(
            names,
            column_config={"feature": t("model.feature")},
            hide_index=True,
            placeholder="–",
            key="model.features",
            alt=t("model.feature"),
        )
    st.write(t("model.protected", names=", ".join(card["protected_excluded"]) or "–"))


widgets.page_head("model.title", "model.purpose")

with widgets.problem_box():
    shop = widgets.need_shop()
    models = widgets.need_models(shop)

card = models.card
headline(card)
if card["shop_version"] != shop.version:
    st.info(t("model.data_changed"), icon=":material/update:")
with widgets.problem_box():
    widgets.train_button(shop, "model.learn_again")

targets = [
    name for name, one in card["targets"].items() if name != "anyway" and ("candidates" in one or "reason" in one)
]
state.keep("model.target", targets[0], targets, address="about")
target = (
    st.segmented_control(t("model.about"), targets, required=True, format_func=target_name, key="model.target")
    or targets[0]
)
target_page(card["targets"][target])
if target == "order" and "anyway" in card["targets"]:
    anyway(card["targets"]["anyway"])
inputs(card)
versions = ", ".join(f"{name} {number}" for name, number in card["versions"].items())
st.caption(t("model.version", version=models.version, versions=versions))
