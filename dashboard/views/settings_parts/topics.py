"""The other settings, folded by topic, each with what it does and the usual value beside it."""

from collections.abc import Mapping
from typing import Any, get_args

import streamlit as st

from dashboard import door, state
from dashboard.text import t
from dashboard.views.settings_parts import fields, rules, saving, tables
from dashboard.views.settings_parts.fields import AREA, Field
from engine.shop.shop_settings import Mistake, ShopSettings, VoicePart
from engine.shop.store import Shop

OFFERS = ("free_shipping", "points", "buy_x_get_y")  # kinds whose cost a shop may know better than its orders
TOPICS = {
    "money": "payments",
    "sending": "send",
    "people": "group",
    "copy": "gavel",
    "house": "storefront",
}  # with its icon


def fields_of(topic: str, settings: ShopSettings) -> list[Field]:
    """The widgets of a topic."""
    if topic == "money":
        offers = [Field(f"offer_cost.{kind}", "money", may_be_empty=True) for kind in OFFERS]
        points = [Field("point_value", "money"), Field("points_redeemed", "share")]
        return [Field("return_rate", "share"), Field("minimum_spend_for_roi", "money"), *offers, *points]
    if topic == "sending":
        channels = dict.fromkeys([*ShopSettings.model_fields["window_days"].default, *settings.window_days])
        windows = [Field(f"window_days.{one}", "count", may_be_empty=True) for one in channels]
        hours = [Field("quiet_hours.0", "hour"), Field("quiet_hours.1", "hour")]
        shares = [Field(name, "share") for name in ("holdout", "global_holdout", "audience_tolerance")]
        return [Field("frequency_cap", "count"), *shares, *hours, *windows]
    if topic == "copy":
        limits = [Field("discount_cap", "share", may_be_empty=True), Field("margin_floor", "share", may_be_empty=True)]
        return [*limits, *rules.switches()]
    if topic == "people":
        return [Field("never_contact", "lines"), Field("protected", "lines")]
    plain = [Field("name", "text"), Field("week_starts", "week"), Field("sender_name", "text")]
    voice = [Field(f"brand_voice.{part}", "lines", may_be_empty=True) for part in get_args(VoicePart)]
    opt_out = [Field(f"sms_opt_out.{language}", "text") for language in ("en", "zh")]
    return [
        *plain,
        Field("brand_guide", "paragraph"),
        *voice,
        Field("past_headlines", "yes"),
        Field("liked_examples", "yes"),
        Field("mail_tool", "tool"),
        Field("country", "text"),
        *opt_out,
        Field("legal_lines", "lines"),
        Field("replies", "yes"),
    ]


def every_field(settings: ShopSettings) -> list[Field]:
    """The widgets of all topics."""
    return [field for topic in TOPICS for field in fields_of(topic, settings)]


def show(shop: Shop, waiting: Mapping[str, Any]) -> None:
    """A fold for each topic, and one Save for all of them."""
    settings, of_all = shop.settings, every_field(shop.settings)
    changed = fields.changes(settings, waiting, of_all)
    mistakes = fields.wrong(settings, changed)
    edited: list[tables.Edited] = []
    for topic, icon in TOPICS.items():
        with st.expander(t(f"settings.topic_{topic}"), icon=f":material/{icon}:", key=f"{AREA}.topic_{topic}"):
            of_topic = fields_of(topic, settings)
            _grid(shop, [field for field in of_topic if field.kind != "switch"], mistakes)
            if topic == "money":
                edited += [tables.margins(shop), tables.rates(settings)]
            if topic == "copy":
                edited.append(tables.own_words(settings))
                rules.show(settings, mistakes)
    for table in edited:
        changed, mistakes = changed | table.changes, mistakes | table.mistakes
    saving.bar(shop, of_all, waiting, changed, mistakes, False, "topics", ("gross_margin", "rates", "own_words"))


def _grid(shop: Shop, of_topic: list[Field], mistakes: Mapping[str, Mistake]) -> None:
    """Two beside each other where there is room; what a setting does is said once for all its entries."""
    settings = shop.settings
    for name in dict.fromkeys(field.setting for field in of_topic):
        with st.container(border=True):
            if settings.source(name) == "assumed":
                _confirm(shop, name)
            st.caption(t(f"settings.use_{name}"))
            entries = [field for field in of_topic if field.setting == name]
            for first in range(0, len(entries), 4):
                for column, field in zip(
                    st.columns(max(2, min(len(entries), 4))), entries[first : first + 4], strict=False
                ):
                    with column:
                        fields.draw(field, settings, mistakes)
                        _usual(field, settings)


def _confirm(shop: Shop, name: str) -> None:
    """That nobody confirmed what is saved, and the way to do so."""
    with st.container(horizontal=True, vertical_alignment="center"):
        saving.badge(shop.settings, name)
        label, icon = t("settings.confirm"), ":material/check:"
        may = door.for_who_may("administer")
        if st.button(label, key=f"{AREA}.{name}.confirm", type="tertiary", icon=icon, **may):
            saving.save(shop, {name: getattr(shop.settings, name)}, "topics")


def _usual(field: Field, settings: ShopSettings) -> None:
    """The usual value, and the way back to it where the widget says something else."""
    usual = fields.usual(field)
    if usual in (None, "", []) or field.setting == "name":
        return
    st.caption(t("settings.usual_is", value=fields.in_words(field, usual, settings.currency)))
    shown, key = fields.shown(field, usual), f"{AREA}.{field.name}"
    if state.values(AREA, {field.name: shown})[field.name] != shown:
        label, icon = t("settings.back_to_usual"), ":material/undo:"
        st.button(label, key=f"{key}.usual", type="tertiary", icon=icon, on_click=state.put, args=(key, shown))
