"""How is this shop set up, and is this machine fit?"""

from typing import Any

import pandas as pd
import streamlit as st

from dashboard import widgets
from dashboard.text import known, t
from engine import doctor, settings
from engine.shop.store import Shop


def written(value: Any) -> str:
    """A setting's value as one reads it."""
    if isinstance(value, bool):
        return t("settings.yes" if value else "settings.no")
    if isinstance(value, dict):
        return ", ".join(f"{name}: {part}" for name, part in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "–"
    return "–" if value in ("", None) else str(value)


def values(shop: Shop) -> pd.DataFrame:
    """Every setting: what it is, its value, and who said so: the shop, or an assumption nobody confirmed."""
    known_settings, stated = shop.settings, shop.settings.model_fields_set
    rows = [
        {
            "name": t(f"settings.{name}") if known(f"settings.{name}") else name,
            "value": written(getattr(known_settings, name)),
            "source": t(
                "settings.assumed"
                if name in known_settings.assumed
                else "settings.stated"
                if name in stated
                else "settings.usual"
            ),
            "key": name,
        }
        for name in type(known_settings).model_fields
        if name != "assumed"
    ]
    return pd.DataFrame(rows)


def machine() -> None:
    """What `doctor` finds, when asked: it starts a process and may read the whole model file."""
    st.subheader(t("settings.machine"))
    if not st.button(t("settings.examine"), key="settings.examine", icon=":material/stethoscope:"):
        st.caption(t("settings.examine_note"))
        return
    with st.spinner(t("settings.examining")):
        checks = doctor.examine(settings.read(), widgets.now())
    for check in checks:
        icon = "check_circle" if check.ok else "error"
        st.markdown(f":material/{icon}: **{check.name}**")
        st.text(check.found)
        if check.advice:
            st.warning(check.advice)


widgets.page_head("settings.title", "settings.purpose")

with widgets.problem_box():
    shop = widgets.need_shop()
    table = values(shop)
    st.subheader(shop.settings.name)
    st.write(t("settings.where"))
    st.code(str(shop.path / "shop.toml"), language=None)
    if shop.settings.assumed:
        st.warning(t("settings.assumed_note", names=", ".join(shop.settings.assumed)), icon=":material/help:")
    columns = {
        "name": t("settings.setting"),
        "value": t("settings.value"),
        "source": t("settings.source"),
        "key": t("settings.key"),
    }
    st.dataframe(
        table,
        column_config=columns,
        hide_index=True,
        placeholder="–",
        height="content",
        key="settings.table",
        alt=t("settings.title"),
    )
    machine()
