"""Settings with entries that people add and take out: margins by category, rates of other currencies, own words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd
import streamlit as st

from dashboard import cache, state
from dashboard.text import t
from dashboard.views.settings_parts import fields
from dashboard.views.settings_parts.fields import AREA
from engine.sentences import Sentence
from engine.shop.shop_settings import CURRENCIES, Mistake, ShopSettings
from engine.shop.store import Shop


@dataclass(frozen=True, slots=True)
class Edited:
    """What a table changes, entry by entry as `store.save_settings` takes it, and what is wrong with it."""

    changes: dict[str, Any] = field(default_factory=dict)
    mistakes: dict[str, Mistake] = field(default_factory=dict)


def margins(shop: Shop) -> Edited:
    """Gross margin by category, in percent of the list price."""
    known = cache.tables.catalogue(shop)["category"].dropna().astype(str)
    stored = {name: share for name, share in shop.settings.gross_margin.items() if name != "default"}
    categories = list(dict.fromkeys([*sorted(known[known != ""].unique()), *stored]))
    column: Any = (
        st.column_config.SelectboxColumn(t("settings.category"), options=categories, required=True)
        if categories
        else st.column_config.TextColumn(t("settings.category"), required=True)
    )
    number = st.column_config.NumberColumn(t("settings.margin_percent"), format="%g %%", required=True)
    rows = _editor("gross_margin", [[name, round(share * 100, 6)] for name, share in stored.items()], column, number)
    says = [(name, None if value is None else round(value / 100, 8)) for name, value in rows]
    return _edited(shop.settings, "gross_margin", stored, says)


def rates(settings: ShopSettings) -> Edited:
    """What one unit of each other currency is worth in the shop's."""
    others = [code for code in CURRENCIES if code != settings.currency]
    column = st.column_config.SelectboxColumn(t("settings.other_currency"), options=others, required=True)
    label = t("settings.rate_in", currency=settings.currency)
    number = st.column_config.NumberColumn(label, format="%g", required=True)
    rows = _editor("rates", [[code, rate] for code, rate in settings.rates.items()], column, number)
    return _edited(settings, "rates", settings.rates, [(name, value) for name, value in rows])


def own_words(settings: ShopSettings) -> Edited:
    """Words that copy of this shop may not use, each with the reason."""
    column = st.column_config.TextColumn(t("settings.words"), required=True)
    why = st.column_config.TextColumn(t("settings.why_not"), width="large")
    rows = _editor("own_words", [list(one) for one in settings.own_words.items()], column, why, "str")
    return _edited(settings, "own_words", settings.own_words, [(words, reason) for words, reason in rows])


def _editor(
    setting: str, saved: list[list[Any]], name: Any, value: Any, kind: Literal["float64", "str"] = "float64"
) -> list[list[Any]]:
    """The rows that an editable table says now: a name and a value each, None where nothing is given."""
    st.markdown(f"**{t(f'settings.table_{setting}')}**")
    st.caption(t(f"settings.use_{setting}"))
    key, first = state.hold_rows(AREA, setting, saved)
    frame = pd.DataFrame(first, columns=["name", "value"]).astype({"name": "str", "value": kind})
    columns = {"name": name, "value": value}
    said = st.data_editor(frame, key=key, num_rows="dynamic", hide_index=True, column_config=columns, width=480)
    rows = [[None if pd.isna(one) else one for one in row] for row in said.itertuples(index=False)]
    rows = [row for row in rows if row != [None, None]]
    if kind == "str":
        rows = [[name and name.strip(), value or ""] for name, value in rows]
    state.tell_rows(AREA, setting, rows)
    return rows


def _edited(
    settings: ShopSettings, setting: str, stored: Mapping[str, Any], says: list[tuple[str | None, Any]]
) -> Edited:
    names = [name or "" for name, _ in says]
    after = dict(zip(names, (value for _, value in says), strict=True))
    kept = {name: value for name, value in getattr(settings, setting).items() if name not in stored}
    mistakes = fields.wrong(settings, {setting: kept | after}) if after != dict(stored) else {}
    for name in {name for name in names if names.count(name) > 1}:
        mistakes[f"{setting}.{name}"] = Mistake(f"{setting}.{name}", "2", Sentence("settings.right_once"))
    for mistake in mistakes.values():
        fields.show_mistake(mistake, mistake.given, fields.setting_name(mistake.setting))
    changes: dict[str, Any] = {f"{setting}.{name}": None for name in stored if name not in after}
    changes |= {f"{setting}.{name}": value for name, value in after.items() if stored.get(name) != value}
    return Edited(changes, mistakes)
