"""The five questions that a shop is asked first, each with why it matters; assumed until somebody confirms it."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dashboard import state
from dashboard.text import t
from dashboard.views.plan_tabs.message import plain
from dashboard.views.settings_parts import fields, saving
from dashboard.views.settings_parts.fields import AREA, Field
from engine.shop.shop_settings import QUESTIONS, Mistake, ShopSettings
from engine.shop.store import Shop
from engine.shop.tables import TABLES

KINDS: dict[str, fields.Kind] = {"currency": "currency", "time_zone": "zone", "prices_include_tax": "yes"}


def asked(settings: ShopSettings) -> list[Field]:
    """The widgets of the five questions: a cost for each channel that the shop or the usual settings know."""
    channels = dict.fromkeys([*ShopSettings.model_fields["send_cost"].default, *settings.send_cost])
    return [
        *(Field(name, kind) for name, kind in KINDS.items()),
        Field("gross_margin.default", "share"),
        *(Field(f"send_cost.{channel}", "money", may_be_empty=True) for channel in channels),
    ]


def show(shop: Shop, waiting: Mapping[str, Any]) -> None:
    """The questions, and one Save that confirms all of them but those somebody is not sure of."""
    settings, of_all = shop.settings, asked(shop.settings)
    changed = fields.changes(settings, waiting, of_all)
    mistakes = fields.wrong(settings, changed)
    for number, name in enumerate(QUESTIONS, 1):
        with st.container(border=True):
            _question(number, name, [one for one in of_all if one.setting == name], settings, mistakes)
    agreed = _agreed(shop, changed)
    unsure = [name for name in QUESTIONS if settings.source(name) != "stated" and _is_unsure(name)]
    saving.bar(shop, of_all, waiting, _confirmed(settings, of_all, changed, unsure), mistakes, not agreed, "questions")


def _question(
    number: int, name: str, asked_for: list[Field], settings: ShopSettings, mistakes: Mapping[str, Mistake]
) -> None:
    left, right = st.columns([2, 3], gap="large")
    with left:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{number}. {t(f'settings.question_{name}')}**", width="content")
            saving.badge(settings, name)
        for field in asked_for:
            fields.draw(field, settings, mistakes, visible=len(asked_for) > 1)
        if settings.source(name) != "stated":
            state.keep(f"{AREA}.unsure.{name}", False)
            st.checkbox(t("settings.unsure"), key=f"{AREA}.unsure.{name}")
    with right:
        st.write(t(f"settings.why_{name}", currency=settings.currency))
        if name == "gross_margin" and state.values(AREA, {"prices_include_tax": False})["prices_include_tax"]:
            st.write(t("settings.why_margin_with_tax"))


def _is_unsure(name: str) -> bool:
    return bool(state.values(AREA, {f"unsure.{name}": False})[f"unsure.{name}"])


def _confirmed(
    settings: ShopSettings, of_all: list[Field], changed: dict[str, Any], unsure: list[str]
) -> dict[str, Any]:
    """What Save writes: what was changed, and what nobody had stated and now was seen. What is unsure stays assumed."""
    seen = {
        field.name: fields.stored(settings, field)
        for field in of_all
        if settings.source(field.setting) != "stated" and field.setting not in unsure
    }
    written = {name: value for name, value in (seen | changed).items() if value is not None or name in changed}
    others = [name for name in settings.assumed if name not in QUESTIONS]
    assumed = [*others, *unsure]
    return {**written, "assumed": assumed} if written or assumed != settings.assumed else {}


def _agreed(shop: Shop, changed: Mapping[str, Any]) -> bool:
    """Whether nothing is changed that means something else for data already here, or somebody said that they know."""
    turned = [name for name in ("currency", "time_zone") if name in changed]
    if not turned or not any(shop.rows(table) for table in TABLES):
        return True
    for name in turned:
        before, after = plain(getattr(shop.settings, name)), plain(str(changed[name]))
        st.warning(t(f"settings.turned_{name}", before=before, after=after), icon=":material/warning:")
    return st.checkbox(t("settings.understood"), key=f"{AREA}.understood")
