"""The widgets of the settings: what each is called, what it shows of a stored value, and what is stored of that."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args
from zoneinfo import available_timezones

import streamlit as st

from dashboard import state, widgets
from dashboard.text import known, t
from dashboard.views.plan_tabs.message import plain
from engine.campaign import lint
from engine.shop import shop_settings
from engine.shop.shop_settings import CURRENCIES, MailTool, Mistake, ShopSettings

AREA = "settings"
Kind = Literal[
    "share", "money", "count", "hour", "text", "paragraph", "lines", "currency", "zone", "week", "tool", "yes", "switch"
]


@dataclass(frozen=True, slots=True)
class Field:
    """One widget. `name` is a setting, an entry of one ("send_cost.email"), or one of two hours ("quiet_hours.0")."""

    name: str
    kind: Kind
    may_be_empty: bool = False

    @property
    def setting(self) -> str:
        return self.name.partition(".")[0]

    @property
    def entry(self) -> str:
        return self.name.partition(".")[2]

    @property
    def label(self) -> str:
        if self.kind == "hour":
            return t("settings.quiet_until" if self.entry == "1" else "settings.quiet_from")
        name = t(f"settings.{self.setting}")
        if self.entry in ("", "default"):
            return name
        return t("settings.named", name=name, words=entry_name(self.entry))


def entry_name(entry: str) -> str:
    """A channel, a kind of offer or a rule by its name; what the shop named itself stays as it is."""
    keys = (f"plan.channel_{entry}", f"plan.offer_{entry}", f"settings.entry_{entry}", f"lint.name_{entry}")
    return next((t(key) for key in keys if known(key)), entry)


# --- a stored value, and what its widget shows ---


def stored(settings: ShopSettings, field: Field) -> Any:
    """What the settings say of a field; None for an entry they do not have."""
    whole = getattr(settings, field.setting)
    if field.setting == "quiet_hours":
        return (whole or [0, 0])[int(field.entry)]
    return whole.get(field.entry) if field.entry else whole


def usual(field: Field) -> Any:
    """What counts where the shop says nothing; None where that is not one value."""
    return stored(ShopSettings(shop_id=""), field)


def shown(field: Field, value: Any) -> Any:
    """A stored value as its widget shows it: shares in percent, lists a line each, an unmoved switch as it began."""
    if field.kind == "switch" and value is None:
        return field.entry not in lint.OFF_AT_FIRST
    if value is None:
        return None
    if field.kind == "share":
        return round(value * 100, 6)
    if field.kind == "lines":
        return "\n".join(value)
    return float(value) if field.kind == "money" else value


def typed(field: Field, value: Any) -> Any:
    """The other way round: what is stored of what a widget shows."""
    if value is None:
        return None
    if field.kind == "share":
        return round(value / 100, 8)
    if field.kind == "lines":
        return [line.strip() for line in value.splitlines() if line.strip()]
    return value.strip() if isinstance(value, str) else value


def changes(settings: ShopSettings, waiting: Mapping[str, Any], fields: Iterable[Field]) -> dict[str, Any]:
    """What waits in these fields, as `store.save_settings` takes it."""
    found = {field.name: typed(field, waiting[field.name]) for field in fields if field.name in waiting}
    hours = [found.pop(f"quiet_hours.{at}", (settings.quiet_hours or [0, 0])[at]) for at in (0, 1)]
    return found if hours == (settings.quiet_hours or [0, 0]) else {**found, "quiet_hours": hours}


def in_words(field: Field, value: Any, currency: str) -> str:
    """A stored value as one reads it: 40 %, $0.002, 21:00."""
    if field.kind == "switch":
        return t("settings.on" if shown(field, value) else "settings.off")
    if value is None or value in ("", []):
        return "–"
    if isinstance(value, bool):
        return t("settings.yes" if value else "settings.no")
    if field.kind == "share":
        return f"{value * 100:g} %"
    if field.kind == "money":
        return widgets.money(
            value, currency, max(2, len(f"{value:.6f}".rstrip("0").partition(".")[2])) if value % 1 else 0
        )
    if field.kind == "hour":
        return f"{value}:00"
    if field.kind == "week":
        return t(f"settings.{value}")
    if field.kind == "tool":
        return t(f"settings.tool_{value}")
    if field.name == "quiet_hours":
        return "–".join(f"{hour}:00" for hour in value)
    text = ", ".join(value) if isinstance(value, list) else str(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


# --- the widgets ---


def draw(field: Field, settings: ShopSettings, mistakes: Mapping[str, Mistake], visible: bool = True) -> None:
    """The widget of a field, under it what is wrong with what it says. `state.hold` says what it shows."""
    _widget(field, settings.currency, "visible" if visible else "collapsed")
    if mistake := mistakes.get(field.name) or (mistakes.get(field.setting) if field.entry == "1" else None):
        says = typed(field, state.values(AREA, {field.name: None})[field.name])
        show_mistake(mistake, in_words(field, says, settings.currency) if field.kind == "share" else mistake.given)


def show_mistake(mistake: Mistake, given: str, name: str = "") -> None:
    """What was given, and what is right; with the setting's name where it is not said beside its widget."""
    right = mistake.right.text(state.language())
    words = t("settings.wrong", given=plain(given), right=right)
    st.error(t("settings.named", name=plain(name), words=words) if name else words, icon=":material/error:")


def setting_name(path: str) -> str:
    """A setting, or an entry of one, by its name: "Cost of one message: SMS"."""
    return Field(path, "text").label


def _widget(field: Field, currency: str, visibility: Literal["visible", "collapsed"]) -> None:
    how: dict[str, Any] = {"key": f"{AREA}.{field.name}", "label_visibility": visibility}
    if field.kind in ("share", "money", "count"):
        _number(field, currency, how)
    elif field.kind == "yes":
        words = {False: t("settings.no"), True: t("settings.yes")}
        st.segmented_control(field.label, list(words), required=True, format_func=words.__getitem__, **how)
    elif field.kind in OPTIONS:
        says = state.values(AREA, {field.name: None})[field.name]  # may be one that is listed no more
        words = {one: _option(field.kind, one) for one in [*OPTIONS[field.kind], *([] if says is None else [says])]}
        st.selectbox(field.label, list(words), format_func=words.__getitem__, **how)
    elif field.kind == "switch":
        st.toggle(entry_name(field.entry), **how)
    elif field.kind == "text":
        st.text_input(field.label, **how)
    else:
        st.text_area(field.label, height=120, **how)


def _number(field: Field, currency: str, how: dict[str, Any]) -> None:
    """Without limits of its own: Streamlit's would be kept in the browser only, and say nothing in Chinese."""
    if field.may_be_empty:
        how |= {"value": None, "placeholder": t("settings.empty")}
    if field.kind == "count":
        unit, step = t(f"settings.unit_{field.setting}"), 1
        st.number_input(f"{field.label} ({unit})", step=step, format="%d", **how)
    else:
        unit = "%" if field.kind == "share" else currency
        st.number_input(
            f"{field.label} ({unit})", step=0.001 if field.setting == "send_cost" else 1.0, format="%g", **how
        )


def _option(kind: str, value: Any) -> str:
    if kind == "week":
        return t(f"settings.{value}")
    if kind == "tool":
        return t(f"settings.tool_{value}")
    return f"{value}:00" if kind == "hour" else str(value)


OPTIONS: dict[str, tuple] = {
    "currency": CURRENCIES,
    "zone": tuple(sorted(name for name in available_timezones() if "/" in name or name == "UTC")),
    "week": ("monday", "sunday"),
    "tool": get_args(MailTool),
    "hour": tuple(range(24)),
}


def wrong(settings: ShopSettings, changed: Mapping[str, Any]) -> dict[str, Mistake]:
    """What is wrong with changes, by setting or entry."""
    _, mistakes = shop_settings.changed(settings.model_dump(exclude_unset=True), changed)
    return {mistake.setting: mistake for mistake in mistakes}
