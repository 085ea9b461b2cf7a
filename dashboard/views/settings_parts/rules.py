"""Rules of law and brand for copy: a switch each, with what it forbids, where that stands, and an example."""

from collections.abc import Mapping

import streamlit as st

from dashboard.text import t
from dashboard.views.plan_tabs.message import plain
from dashboard.views.settings_parts import fields
from dashboard.views.settings_parts.fields import Field
from engine.campaign import lint
from engine.shop.shop_settings import Mistake, ShopSettings


def switches() -> list[Field]:
    """The switch of each rule; a rule with a limit of the shop's own is off while there is none."""
    return [Field(f"lint.{rule}", "switch") for rule in lint.SWITCHED]


def show(settings: ShopSettings, mistakes: Mapping[str, Mistake]) -> None:
    """The rules, two beside each other where there is room."""
    st.markdown(f"**{t('settings.rules')}**")
    st.caption(t("settings.use_lint"))
    every = switches()
    for first in range(0, len(every), 2):
        for column, field in zip(st.columns(2), every[first : first + 2], strict=False):
            with column, st.container(border=True):
                fields.draw(field, settings, mistakes)
                _about(field.entry)


def _about(rule: str) -> None:
    laws = {language: t(f"lint.law_{rule}_{language}") for language in ("en", "zh")}
    example = t("settings.rule_example", example=t(f"lint.example_{rule}"))
    for line in (t(f"lint.says_{rule}"), example, t("settings.rule_source", **laws)):
        st.caption(plain(line))
