"""What the forecasts were learned from, which models are kept, and which one is used."""

import pandas as pd
import streamlit as st

from dashboard import cache, door, state, widgets
from dashboard.text import t, table_name
from dashboard.views.model_parts import names
from engine import settings
from engine.access import acting
from engine.campaign.promotion import sentence
from engine.campaign.versions import Version
from engine.decision import model_choice
from engine.shop.store import Shop


def show(shop: Shop, card: dict, version: str) -> None:
    """Data and features of the model in use, and every kept one."""
    counted = [f"{table_name(name)} {widgets.number(rows)}" for name, rows in card["data_rows"].items()]
    st.write(t("model.data_rows", as_of=card["as_of"], tables="; ".join(counted)))
    inputs(card)
    st.subheader(t("model.kept"))
    kept(shop)
    versions = ", ".join(f"{name} {number[:12]}" for name, number in card["versions"].items())
    st.caption(t("model.version", version=version, versions=versions, seed=card["seed"]))


def inputs(card: dict) -> None:
    """What the model looks at and what it must not look at."""
    with st.expander(t("model.features", count=len(card["features"]))):
        features = pd.DataFrame({"feature": card["features"]})
        st.dataframe(
            features,
            column_config={"feature": t("model.column")},
            hide_index=True,
            placeholder="–",
            key="model.features",
            alt=t("model.column"),
        )
    st.write(t("model.protected", names=", ".join(card["protected_excluded"]) or "–"))


def waiting(shop: Shop) -> None:
    """The model learned last, where it was not put in use: why, and a way to use it all the same."""
    for one in cache.forecasts.model_versions(shop):
        if one.waiting:
            st.warning(reason(one), icon=":material/block:")
            choose(shop, [one])


def reason(one: Version) -> str:
    """Why a model was put in use or not, in the language of the page."""
    told = one.card["promotion"]
    return sentence(told["why"], told["targets"]).text(state.language())


def kept(shop: Shop) -> None:
    """Every kept model; another one can be put in use, which is written into the approval history."""
    versions = cache.forecasts.model_versions(shop)
    shown = pd.DataFrame(
        {
            t("model.kept_version"): [one.version for one in versions],
            t("model.kept_as_of"): [one.card["as_of"] for one in versions],
            t("model.choice"): [t("model.used") if one.in_use else "" for one in versions],
            t("model.kept_why"): [reason(one) for one in versions],
            t("model.kept_compared"): [compared(one) for one in versions],
        }
    )
    st.dataframe(shown, hide_index=True, placeholder="–", key="model.kept", alt=t("model.kept"))
    st.caption(t("model.kept_note"))
    others = [one for one in versions if not one.in_use and not one.waiting]
    if others:
        with st.expander(t("model.use_other")):
            choose(shop, others)


def compared(one: Version) -> str:
    """Each forecast's log-loss against the model before, with the range the rule goes by."""
    told = one.card["promotion"]["compared"]
    return "; ".join(f"{names.target(target)} {names.difference(found, '98 %')}" for target, found in told.items())


def choose(shop: Shop, versions: list[Version]) -> None:
    """A kept model, the reason, and the button."""
    with st.form(f"model.use.{len(versions)}.{versions[0].version}", border=False):
        chosen = versions[0].version
        if len(versions) > 1:
            chosen = st.selectbox(t("model.kept_version"), [one.version for one in versions], key="model.use_version")
        key = "model.use_reason" if len(versions) > 1 else f"model.use_reason.{chosen}"
        why = st.text_input(t("model.use_reason"), key=key)
        may, icon = door.for_who_may("submit"), ":material/published_with_changes:"
        if st.form_submit_button(t("model.use"), key=f"model.use_now.{versions[0].version}", icon=icon, **may):
            with widgets.problem_box():
                config = settings.read().config
                model_choice.use(shop, chosen, state.person(), acting.person(), why, widgets.now(), config)
            st.rerun()
