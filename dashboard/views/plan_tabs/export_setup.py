"""What is done by hand: the discount set up in the shop, the copy pasted into the tool, the days put in a calendar."""

import streamlit as st

from dashboard import widgets
from dashboard.text import language, t
from dashboard.views.plan_tabs import clipboard
from dashboard.views.plan_tabs.message import plain
from dashboard.views.plan_tabs.saving import Open
from engine.campaign import links, paste, planned
from engine.campaign.merge import Tool
from engine.campaign.plan import Language
from engine.decision import appointments, codes, ledger, setup_sheet


def show(opened: Open, tool: Tool, history: list[ledger.Entry]) -> None:
    """Closed at first, but for the button of the calendar file. history: the plan's entries."""
    st.subheader(t("export_setup.title"))
    _discount(opened)
    for step in range(len(opened.plan.steps)):
        _copy(opened, step, tool)
    _variants(opened)
    _calendar(opened, history)


def _discount(opened: Open) -> None:
    shop, plan = opened.shop, opened.plan
    with widgets.problem_box():
        sheet = setup_sheet.sheet(shop, plan, language(), codes.stock(shop.path, plan.plan_id))
    if sheet is None:
        return
    with st.expander(t("export_setup.discount"), key="setup.discount", icon=":material/sell:"):
        text = sheet.markdown()
        st.markdown(text.partition("\n")[2])
        with st.container(horizontal=True, vertical_alignment="center"):
            clipboard.button(text, sheet.title, "setup.copy")
            name = f"{plan.plan_id}-setup"
            _file("setup.md", t("export_setup.markdown"), text, f"{name}.md", "text/markdown")
            _file("setup.html", t("export_setup.html"), sheet.html(), f"{name}.html", "text/html")


def _copy(opened: Open, number: int, tool: Tool) -> None:
    """A message in each of its languages, to be pasted."""
    step = opened.plan.steps[number]
    for spoken in step.languages:
        other = None if spoken == step.language else spoken
        texts = planned.copy_of(opened.saved.extras.get("filled") or {}, number, other)
        if not texts:
            continue
        values = {"number": number + 1, "channel": t(f"plan.channel_{step.channel}")}
        label = t("export_setup.copy", spoken=t(f"plan.language_{spoken}"), **values)
        for at, variant in enumerate(links.own_variants(opened.plan, number)):
            name = plain(t("export_setup.copy_variant", copy=label, variant=variant)) if variant else label
            key = f"{number}.{spoken}" + (f".{at}" if at else "")
            with st.expander(name, key=f"paste.{key}", icon=":material/content_paste:"):
                _to_paste(opened, (number, spoken, variant), texts, tool, (key, name))


def _to_paste(
    opened: Open, of: tuple[int, Language, str], texts: dict[str, str], tool: Tool, named: tuple[str, str]
) -> None:
    """of: the message, its language and the variant whose address it has."""
    (number, spoken, variant), (key, label) = of, named
    plan, settings = opened.plan, opened.shop.settings
    text = paste.text(plan, number, spoken, texts, settings, tool, variant)
    page = paste.html(plan, number, spoken, texts, settings, tool, variant)
    st.code(text, language=None, wrap_lines=True)
    name = f"{plan.plan_id}-{number + 1}-{spoken}"
    name += f"-variant{plan.variants.index(variant) + 1}" if variant else ""
    for kind, content, ending, mime in (("text", text, "txt", "text/plain"), ("html", page, "html", "text/html")):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(t(f"export_setup.as_{kind}"), width=120)
            clipboard.button(content, f"{label}: {t(f'export_setup.as_{kind}')}", f"paste.copy.{key}.{kind}")
            if kind == "text" or plan.steps[number].channel != "email":  # an e-mail's page is a file of the export
                _file(f"paste.{kind}.{key}", t("export_setup.file"), content, f"{name}.{ending}", mime)


def _variants(opened: Open) -> None:
    """Where each variant leads, where there are any: the parameter utm_content tells them apart."""
    plan = opened.plan
    if links.own_variants(plan) == [""]:
        return
    with st.expander(t("export_setup.variants"), key="setup.variants", icon=":material/ads_click:"):
        st.caption(t("export_setup.variants_about"))
        for number in range(len(plan.steps)):
            for variant in plan.variants:
                st.caption(plain(t("export_setup.variant", number=number + 1, variant=variant)))
                st.code(links.of_step(plan, number, variant) or "", language=None, wrap_lines=True)


def _calendar(opened: Open, history: list[ledger.Entry]) -> None:
    """The plan's days; brought in again, they move."""
    shop, spoken = opened.shop, language()
    with widgets.problem_box():
        days = appointments.ics(
            appointments.dated([opened.saved], history), shop.shop_id, shop.settings, spoken
        )  # fmt: skip
    st.download_button(
        t("export_setup.calendar"),
        days,
        f"{opened.plan.plan_id}.ics",
        "text/calendar",
        key="setup.calendar",
        on_click="ignore",
        icon=":material/event:",
        help=t("export_setup.calendar_help"),
    )


def _file(key: str, label: str, content: str, name: str, mime: str) -> None:
    st.download_button(label, content, name, mime, key=key, on_click="ignore", icon=":material/download:")
