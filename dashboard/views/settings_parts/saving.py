"""What waits to be saved, Save, and what it changed."""

from collections.abc import Collection, Mapping
from typing import Any

import streamlit as st

from dashboard import door, state, widgets
from dashboard.text import t
from dashboard.views.plan_tabs.message import plain
from dashboard.views.settings_parts import fields
from dashboard.views.settings_parts.fields import AREA, Field
from engine.errors import AppError
from engine.shop import store
from engine.shop.shop_settings import Mistake, ShopSettings
from engine.shop.store import Shop


def badge(settings: ShopSettings, name: str) -> None:
    """Who said so, where nobody did."""
    if settings.source(name) != "stated":
        st.badge(t("settings.assumed"), icon=":material/help:", color="orange")


def bar(
    shop: Shop,
    of_all: list[Field],
    waiting: Mapping[str, Any],
    changes: dict[str, Any],
    mistakes: Mapping[str, Mistake],
    blocked: bool,
    name: str,
    tables: Collection[str] = (),
) -> None:
    """What is not saved yet, with Save and Take back; after Save, what it changed. `tables`: settings with a table."""
    if said := state.told(f"{AREA}.{name}"):
        st.success(said, icon=":material/check:")
    unsaved = _unsaved(shop.settings, of_all, waiting, [one for one in tables if _has_entries(one, changes)])
    if unsaved:
        st.info("\n\n".join([t("settings.unsaved", count=len(unsaved)), *unsaved]), icon=":material/edit:")
    _refusal(of_all, mistakes, tables)
    with st.container(horizontal=True):
        off = bool(mistakes) or blocked or not changes
        may = door.for_who_may("administer", disabled=off)
        asked = st.button(t(f"settings.save_{name}"), key=f"{AREA}.save_{name}", type="primary", **may)
        if unsaved:
            arguments = (AREA, [*(field.name for field in of_all), *tables])
            label, key, icon = t("settings.take_back"), f"{AREA}.back_{name}", ":material/undo:"
            st.button(label, key=key, icon=icon, on_click=state.let_go, args=arguments)
    if asked and not off:
        save(shop, changes, name)


def _has_entries(setting: str, changes: Mapping[str, Any]) -> bool:
    return any(path.startswith(f"{setting}.") for path in changes)


def _refusal(of_all: list[Field], mistakes: Mapping[str, Mistake], tables: Collection[str]) -> None:
    """That nothing can be saved; and the mistakes that are not said beside a widget of this part."""
    if not mistakes:
        return
    here = {field.name for field in of_all} | {field.setting for field in of_all if "." in field.name}
    st.error(
        t("settings.mistakes", names=plain(", ".join(map(fields.setting_name, mistakes)))), icon=":material/error:"
    )
    for name, mistake in mistakes.items():
        if name not in here and name.partition(".")[0] not in tables:
            fields.show_mistake(mistake, mistake.given, fields.setting_name(name))


def save(shop: Shop, changes: dict[str, Any], name: str) -> None:
    """Writes the changes into shop.toml and says on the next run what they changed; a problem is said where one is."""
    try:
        saved = store.save_settings(shop, changes)
    except AppError as problem:
        widgets.show_problem(problem)
        return
    state.tell(f"{AREA}.{name}", "\n\n".join([t("settings.saved"), *differences(shop.settings, saved.settings)]))
    st.rerun()


def _unsaved(
    settings: ShopSettings, of_all: list[Field], waiting: Mapping[str, Any], tables: Collection[str]
) -> list[str]:
    lines = []
    for field in (one for one in of_all if one.name in waiting):
        values = fields.stored(settings, field), fields.typed(field, waiting[field.name])
        lines.append(_line(field.label, *(fields.in_words(field, value, settings.currency) for value in values)))
    return lines + [f"- {t(f'settings.table_{name}')}" for name in tables]


def _line(label: str, before: str, after: str) -> str:
    return f"- {t('settings.named', name=plain(label), words=f'{plain(before)} → {plain(after)}')}"


def differences(before: ShopSettings, after: ShopSettings) -> list[str]:
    """What a save changed, a line each: the setting, what it was, what it is."""
    lines = []
    for name in type(before).model_fields:
        old, new = getattr(before, name), getattr(after, name)
        if name == "assumed":
            continue
        if isinstance(old, Mapping):
            for entry in dict.fromkeys([*old, *new]):
                lines += _difference(
                    Field(f"{name}.{entry}", KINDS.get(name, "count")), old.get(entry), new.get(entry), after
                )
        else:
            lines += _difference(Field(name, KINDS.get(name, "text")), old, new, after)
    confirmed = [name for name in type(before).model_fields if before.source(name) != after.source(name) == "stated"]
    if confirmed:
        lines.append(f"- {t('settings.confirmed', names=', '.join(t(f'settings.{name}') for name in confirmed))}")
    return lines


KINDS: dict[str, fields.Kind] = {
    "gross_margin": "share", "return_rate": "share", "holdout": "share", "send_cost": "money", "offer_cost": "money",
    "point_value": "money", "points_redeemed": "share", "minimum_spend_for_roi": "money", "week_starts": "week",
    "prices_include_tax": "yes", "replies": "yes", "past_headlines": "yes", "liked_examples": "yes",
    "lint": "switch", "own_words": "text",
    "discount_cap": "share", "margin_floor": "share", "audience_tolerance": "share",
    "sms_opt_out": "text", "brand_voice": "lines", "mail_tool": "tool",
}  # fmt: skip


def _difference(field: Field, before: Any, after: Any, settings: ShopSettings) -> list[str]:
    if before == after:
        return []
    words = [fields.in_words(field, value, settings.currency) for value in (before, after)]
    return [_line(field.label, *words)]
