"""Rows of conditions that write the text of a rule. The text is what is kept; the rows show it."""

from dataclasses import replace
from functools import partial

import streamlit as st

from dashboard import cache, door
from dashboard.text import t
from dashboard.views.plan_tabs import rule_rows, rule_values
from dashboard.views.plan_tabs.rule_rows import Group, Path, Row
from dashboard.views.plan_tabs.rule_values import Builder
from engine.audience.rule_text import Condition


def show(builder: Builder) -> None:
    """The rows, or why there are none for this rule."""
    builder.generation("rows")
    group = builder.group
    if group is None:
        if not cache.rules.problems(builder.shop, builder.text):
            st.caption(f":material/account_tree: {t('audience.too_deep')}")
        return
    if len(group.parts) > 1:
        _joined_by(builder, (), group)
    for number, part in enumerate(group.parts):
        if isinstance(part, Group):
            _group(builder, (number,), part)
        else:
            _row(builder, (number,), part)
    with st.container(horizontal=True):
        _add(builder, ())
        if group.parts:
            st.button(
                t("audience.add_group"),
                key=builder.at((), "add_group"),
                icon=":material/library_add:",
                type="tertiary",
                on_click=_on_group,
                args=(builder,),
                **door.for_who_may("draft"),
            )


def text(builder: Builder) -> None:
    """The rule as text, to be read, copied and edited by hand."""
    generation = builder.generation("text")
    key = f"{builder.key}_text" + (f".g{generation}" if generation else "")
    apply = partial(_on_text, builder, key)
    builder.settle(key, builder.text, apply)
    with st.container(key=builder.key):
        st.text_area(
            t("audience.text"),
            key=key,
            height=80,
            placeholder=t("audience.text_hint"),
            help=t("audience.text_help"),
            on_change=apply,
        )


def _on_text(builder: Builder, key: str) -> None:
    builder.write(str(builder.said(key) or ""), "text")


def _add(builder: Builder, path: Path) -> None:
    st.button(
        t("audience.add"),
        key=builder.at(path, "add"),
        icon=":material/add:",
        type="tertiary",
        on_click=_on_row,
        **door.for_who_may("draft"),
        args=(builder, path),
    )


def _on_row(builder: Builder, path: Path) -> None:
    first = _beginnings(builder)[0]
    if not path or builder.shows_now("rows"):
        builder.change(lambda group: rule_rows.added(group, path, Row(first)))


def _on_group(builder: Builder) -> None:
    def change(group: Group) -> Group:
        rows = tuple(Row(condition) for condition in _beginnings(builder)[:2])
        return rule_rows.added(group, (), Group("and" if group.by == "or" else "or", rows))

    builder.change(change)


def _beginnings(builder: Builder) -> list[Condition]:
    """Conditions that new rows begin with; orders and the last one first where the shop keeps them."""
    fields = builder.fields
    names = [name for name in ("orders", "recency_days") if name in fields]
    return [rule_rows.beginning(fields[name]) for name in dict.fromkeys([*names, *fields])]


# --- one group ---


def _group(builder: Builder, path: Path, group: Group) -> None:
    """Rows inside rows, in a frame of their own."""
    with st.container(border=True, key=builder.at(path, "frame")):
        with st.container(horizontal=True, vertical_alignment="center"):
            _negated(builder, path, group)
            _joined_by(builder, path, group)
            _remove(builder, path)
        for number, row in enumerate(group.parts):
            if isinstance(row, Row):
                _row(builder, (*path, number), row)
        _add(builder, path)


def _joined_by(builder: Builder, path: Path, group: Group) -> None:
    key = builder.at(path, "by")
    apply = partial(_on_by, builder, path, key)
    builder.settle(key, group.by, apply)
    st.segmented_control(
        t("audience.by"),
        ["and", "or"],
        required=True,
        format_func=lambda by: t(f"audience.by_{by}"),
        key=key,
        label_visibility="collapsed",
        on_change=apply,
    )


def _on_by(builder: Builder, path: Path, key: str) -> None:
    by = builder.said(key)
    if by is not None:
        builder.change_at(path, lambda group: replace(group, by=by))


# --- one row ---


def _row(builder: Builder, path: Path, row: Row) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key=builder.at(path, "row")):
        _negated(builder, path, row)
        rule_values.subject(builder, path, row.condition)
        rule_values.sign(builder, path, row.condition)
        rule_values.value(builder, path, row.condition)
        _remove(builder, path)


def _negated(builder: Builder, path: Path, part: Row | Group) -> None:
    key = builder.at(path, "not")
    apply = partial(_on_not, builder, path, key)
    builder.settle(key, part.negated, apply)
    st.checkbox(t("audience.not"), key=key, width="content", on_change=apply)


def _on_not(builder: Builder, path: Path, key: str) -> None:
    builder.change_at(path, lambda part: replace(part, negated=bool(builder.said(key))))


def _remove(builder: Builder, path: Path) -> None:
    st.button(
        t("audience.remove"),
        key=builder.at(path, "remove"),
        icon=":material/close:",
        type="tertiary",
        on_click=_on_remove,
        args=(builder, path),
        **door.for_who_may("draft"),
    )


def _on_remove(builder: Builder, path: Path) -> None:
    if builder.shows_now("rows"):
        builder.change(lambda group: rule_rows.removed(group, path), moves=True)
