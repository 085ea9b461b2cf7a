"""What one row of a rule asks: about what, how it compares, and with which value."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import streamlit as st

from dashboard import cache, state
from dashboard.text import channel_name, group_name, known, t
from dashboard.views.plan_tabs import rule_rows
from dashboard.views.plan_tabs.rule_rows import Group, Path, Row
from engine.audience import rule_text
from engine.audience.facts import Field
from engine.audience.lifecycle import STAGES
from engine.audience.rule_mistakes import MOST_DAYS
from engine.audience.rule_text import Bought, Compare, Condition, OneOf, Received
from engine.errors import AppError, DataProblem
from engine.shop.store import Shop

ASKED_MOST = ("orders", "recency_days", "spend", "lifecycle", "clicks", "days_since_sent")  # first in the list
LISTED = 500  # names in a browser's list
SIGNS = {">=": "≥", "<=": "≤", ">": ">", "<": "<", "=": "=", "!=": "≠"}  # the others have words
SUBJECT, SIGN, VALUE, NUMBER = 220, 110, 170, 130  # widths in pixels: side by side on a desk, stacked on a phone


@dataclass(frozen=True, slots=True)
class Builder:
    """The rows of one rule: the text at `key` of the session, written anew and `changed` called with every change.

    The browser may answer with what it showed a moment ago. So whatever is changed from elsewhere than a widget itself
    is shown by a new widget (`generation` is in its key), never put into the old one, and rows that show a rule that
    is not in force any more change nothing.
    """

    shop: Shop
    key: str
    changed: Callable[[], None]

    @property
    def fields(self) -> dict[str, Field]:
        return cache.rules.fields(self.shop)

    @property
    def text(self) -> str:
        return str(self.said(self.key) or "")

    @property
    def group(self) -> Group | None:
        """The rule as rows; None while it is not one, or one that rows cannot show."""
        try:
            rule = rule_text.parse(self.text) if self.text.strip() else None
        except DataProblem:
            return None
        return rule_rows.group_of(rule, self.fields)

    def generation(self, view: str) -> int:
        """How often the rule was changed from elsewhere than this view of it, "rows" or "text"."""
        shown, generation = self.said(f"{self.key}:{view}") or (self.text, 0)
        if shown != self.text:
            generation += 1
        state.put(f"{self.key}:{view}", (self.text, generation))
        return generation

    def shows_now(self, view: str) -> bool:
        """Whether a view shows the rule that is in force."""
        shown, _ = self.said(f"{self.key}:{view}") or (self.text, 0)
        return shown == self.text

    def at(self, path: Path, part: str) -> str:
        """The key of a widget: its place among the rows, what it asks, and the generation of the rows."""
        _, generation = self.said(f"{self.key}:rows") or ("", 0)
        return ".".join([self.key, *map(str, path), part]) + (f".g{generation}" if generation else "")

    def said(self, key: str) -> Any:
        """What a widget, or a place of the session beside them, says now."""
        area, name = key.split(".", 1)
        return state.values(area, {name: None})[name]

    def change(self, change: Callable[[Group], Group], moves: bool = False) -> None:
        """Writes the rule anew, as its rows are after a change, and saves it. `moves`: rows have other places then."""
        group = self.group
        if group is None:
            return
        rule = rule_rows.rule_of(change(group))
        self.write(rule_text.write(rule) if rule is not None else "", None if moves else "rows")

    def write(self, text: str, by: str | None) -> None:
        """The rule is this text now, as the shop spells it; `by` is the view that says so already."""
        state.touch(self.key.split(".")[0])  # first: the next click may end this run anywhere below
        if (spelled := cache.rules.spelled(self.shop, text)) != text:
            text, by = spelled, None  # every view shows how the shop spells it
        _, generation = self.said(f"{self.key}:{by}") or ("", 0)
        state.put(self.key, text)
        if by is not None:
            state.put(f"{self.key}:{by}", (text, generation))
        self.changed()

    def settle(self, key: str, value: Any, apply: Callable[[], None]) -> None:
        """Before a widget is drawn: it says this value. Where it says another, the next click cut short what its
        callback, `apply`, had to do, and that is done now."""
        said, before = self.said(key), self.text
        if said is not None and said != value:
            apply()
            if self.text != before:
                st.rerun()
        state.put(key, value)

    def change_at(self, path: Path, change: Callable[[Any], Row | Group]) -> None:
        """As `change`, of the row or group at a place."""

        def changed(group: Group) -> Group:
            part = rule_rows.part_at(group, path)
            return group if part is None else rule_rows.changed(group, path, change(part))

        if self.shows_now("rows"):
            self.change(changed)


def _label(path: Path, part: str) -> str:
    """What a widget of a row is called for those who hear the page: "Condition 2.1: value"."""
    return t(f"audience.row_{part}", row=".".join(str(number + 1) for number in path))


def _on_condition(builder: Builder, path: Path, change: Callable[[Any], Condition]) -> None:
    builder.change_at(path, lambda row: replace(row, condition=change(row.condition)))


# --- what it is about ---


def subject(builder: Builder, path: Path, condition: Condition) -> None:
    """What the row is about."""
    key = builder.at(path, "subject")
    apply = partial(_on_subject, builder, path, key)
    builder.settle(key, rule_rows.subject(condition), apply)
    st.selectbox(
        _label(path, "subject"),
        _subjects(builder),
        format_func=lambda one: subject_name(one, builder.shop),
        key=key,
        label_visibility="collapsed",
        width=SUBJECT,
        on_change=apply,
    )


def _subjects(builder: Builder) -> list[str]:
    """Everything a row may be about, what is asked most first."""
    catalogue = cache.tables.catalogue(builder.shop)
    bought = [f"bought:{what}" for what in rule_rows.BOUGHT] if len(catalogue) else []
    if bought and not catalogue["category"].notna().any():
        bought = bought[1:]
    received = [f"received:{what}" for what in rule_rows.RECEIVED] if cache.campaigns.names(builder.shop) else []
    asked_most = [f"field:{name}" for name in ASKED_MOST if name in builder.fields]
    return list(dict.fromkeys([*asked_most, *bought, *received, *(f"field:{name}" for name in builder.fields)]))


def subject_name(subject: str, shop: Shop) -> str:
    """What a row asks about, in words."""
    kind, _, name = subject.partition(":")
    if kind != "field":
        return t(f"audience.{kind}_{name}")
    key = f"audience.field_{name}"
    if known(key):
        return t(key, currency=shop.settings.currency)
    for stem in ("days_since", "sent", "clicks"):
        if name.startswith(f"{stem}_") and name in cache.rules.fields(shop):
            return t(f"audience.by_channel_{stem}", channel=channel_name(name.removeprefix(f"{stem}_")))
    return name.replace("_", " ")


def _on_subject(builder: Builder, path: Path, key: str) -> None:
    kind, _, name = str(builder.said(key)).partition(":")
    condition: Condition
    if kind == "field":
        condition = rule_rows.beginning(builder.fields[name])
    elif kind == "bought":
        catalogue = cache.tables.catalogue(builder.shop)
        first = catalogue["category"].dropna().iloc[0] if name == "category" else catalogue.index[0]
        condition = Bought("category" if name == "category" else "product", str(first))
    else:
        what = next(one for one in ("sent", "clicked", "ordered") if one == name)
        condition = Received(what, next(iter(cache.campaigns.names(builder.shop))))
    _on_condition(builder, path, lambda _: condition)


def sign(builder: Builder, path: Path, condition: Condition) -> None:
    """How it compares."""
    if isinstance(condition, Bought | Received):
        return
    field = builder.fields[condition.field]
    key = builder.at(path, f"{field.name}.sign")
    apply = partial(_on_sign, builder, path, key, field)
    builder.settle(key, rule_rows.operator(condition, builder.fields), apply)
    st.selectbox(
        _label(path, "sign"),
        rule_rows.OPERATORS[field.kind],
        format_func=lambda one: SIGNS.get(one) or t(f"audience.sign_{one}"),
        key=key,
        label_visibility="collapsed",
        width=SIGN,
        on_change=apply,
    )


def _on_sign(builder: Builder, path: Path, key: str, field: Field) -> None:
    chosen = str(builder.said(key))
    _on_condition(builder, path, lambda condition: rule_rows.with_operator(condition, chosen, field))


# --- the value of a row ---


def value(builder: Builder, path: Path, condition: Condition) -> None:
    """What it compares with."""
    if isinstance(condition, Bought):
        _bought(builder, path, condition)
    elif isinstance(condition, Received):
        names = cache.campaigns.names(builder.shop)
        change = lambda _, one: Received(condition.what, one)  # noqa: E731
        _choice(builder, path, "campaign", condition.campaign_id, list(names), names.get, change)
    elif isinstance(condition, OneOf):
        _several(builder, path, condition, builder.fields[condition.field])
    elif isinstance(condition, Compare):
        _compared(builder, path, condition, builder.fields[condition.field])


def _compared(builder: Builder, path: Path, condition: Compare, field: Field) -> None:
    if field.kind == "number":
        _number(builder, path, condition, field)
    elif field.kind == "text":
        change = lambda now, one: replace(now, value=one)  # noqa: E731
        named = lambda one: value_name(field.name, one, builder.shop)  # noqa: E731
        _choice(builder, path, field.name, condition.value, list(field.values), named, change, own=True)


def _number(builder: Builder, path: Path, condition: Compare, field: Field) -> None:
    key = builder.at(path, f"{field.name}.number")
    apply = partial(_on_number, builder, path, key, field)
    builder.settle(key, rule_rows.shown_number(condition.value, field), apply)
    with st.container(horizontal=True, vertical_alignment="center", width="content", gap="xsmall"):
        st.number_input(
            _label(path, "value"),
            step=1.0,
            format="%g",
            key=key,
            label_visibility="collapsed",
            width=NUMBER,
            on_change=apply,
        )
        if unit := _unit(field, builder.shop):
            st.caption(unit, width="content")


def _unit(field: Field, shop: Shop) -> str:
    if field.unit == "money":
        return shop.settings.currency
    key = f"audience.unit_{field.unit}"
    return t(key) if known(key) else ""


def _on_number(builder: Builder, path: Path, key: str, field: Field) -> None:
    number = builder.said(key)
    if number is not None:
        written = rule_rows.written_number(number, field)
        _on_condition(builder, path, lambda now: replace(now, value=written) if isinstance(now, Compare) else now)


def _choice(
    builder: Builder,
    path: Path,
    part: str,
    chosen: str,
    options: list[str],
    named: Callable[[str], str | None],
    change: Callable[[Any, str], Condition],
    own: bool = False,
) -> None:
    """One name out of a list; with `own` also one that is not in it."""
    key = builder.at(path, f"{part}.choice")
    apply = partial(_on_choice, builder, path, key, change)
    builder.settle(key, chosen, apply)
    st.selectbox(
        _label(path, "value"),
        list(dict.fromkeys([*options[:LISTED], chosen])),
        format_func=lambda one: named(one) or one,
        key=key,
        label_visibility="collapsed",
        width=VALUE,
        accept_new_options=own,
        on_change=apply,
    )


def _on_choice(builder: Builder, path: Path, key: str, change: Callable[[Any, str], Condition]) -> None:
    chosen = str(builder.said(key) or "").strip()
    if chosen:
        _on_condition(builder, path, lambda condition: change(condition, chosen))


def _several(builder: Builder, path: Path, condition: OneOf, field: Field) -> None:
    key = builder.at(path, f"{field.name}.several")
    apply = partial(_on_several, builder, path, key)
    builder.settle(key, list(condition.values), apply)
    st.multiselect(
        _label(path, "value"),
        list(dict.fromkeys([*field.values, *condition.values])),
        format_func=lambda one: value_name(field.name, one, builder.shop),
        key=key,
        label_visibility="collapsed",
        placeholder=t("brief.choose"),
        width=VALUE,
        accept_new_options=True,
        on_change=apply,
    )


def _on_several(builder: Builder, path: Path, key: str) -> None:
    chosen = tuple(str(one) for one in builder.said(key) or ())
    if chosen:  # a rule cannot say "one of none": the last value stays
        _on_condition(builder, path, lambda now: replace(now, values=chosen) if isinstance(now, OneOf) else now)


def value_name(field: str, value: str, shop: Shop) -> str:
    """A value in words: stages and groups by name, the rest as it stands."""
    if field == "lifecycle" and value in STAGES:
        return t(f"audience.stage_{value.replace('-', '_')}")
    if field == "group":
        try:
            names = cache.customers.segmentation(shop).profiles.set_index("segment_id")["segment_name"]
        except AppError:
            return value
        return group_name(names[value]) if value in names.index else value
    return value


def _bought(builder: Builder, path: Path, condition: Bought) -> None:
    catalogue, change = cache.tables.catalogue(builder.shop), lambda now, one: replace(now, name=one)
    if condition.what == "category":
        _choice(builder, path, "category", condition.name, sorted(catalogue["category"].dropna().unique()), str, change)
    else:
        _choice(builder, path, "product", condition.name, list(catalogue.index), catalogue["name"].get, change)
    key = builder.at(path, "bought.days")
    apply = partial(_on_days, builder, path, key)
    builder.settle(key, condition.days, apply)
    with st.container(horizontal=True, vertical_alignment="center", width="content", gap="xsmall"):
        st.caption(t("audience.in_last"), width="content")
        st.number_input(
            _label(path, "days"),
            min_value=1,
            max_value=MOST_DAYS,
            value=None,
            step=1,
            key=key,
            label_visibility="collapsed",
            placeholder=t("audience.ever"),
            width=NUMBER,
            help=t("audience.days_help"),
            on_change=apply,
        )
        st.caption(t("audience.unit_days"), width="content")


def _on_days(builder: Builder, path: Path, key: str) -> None:
    days = builder.said(key)  # None: at any time
    _on_condition(builder, path, lambda now: replace(now, days=days) if isinstance(now, Bought) else now)
