"""The language models: which there are, fetching one, and which one writes."""

import streamlit as st

from dashboard import cache, door, widgets
from dashboard.text import language, t
from dashboard.views.plan_tabs.message import plain
from engine import jobs, settings
from engine.campaign.writer import catalogue, files
from engine.campaign.writer.files import ModelFile
from engine.shop.store import Shop

KIND = "model"


def show(shop: Shop) -> None:
    """What writes now, the models there are, and a field for one of the model hub."""
    st.subheader(t("writer.models"))
    st.caption(plain(cache.writer.whereabouts().sentence.text(language())))
    read = settings.read()
    fixed = bool(read.model or read.llm_url)
    if fixed:
        st.info(t("writer.fixed"), icon=":material/lock:")
    with widgets.problem_box():
        known = files.listed(read)
        busy = widgets.job_panel(shop.path, KIND, st.rerun)
        for one in known:
            _model(shop, one, busy, fixed)
        _other(shop, busy)


def _model(shop: Shop, one: ModelFile, busy: bool, fixed: bool) -> None:
    is_default = one.name == catalogue.DEFAULT
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            name = t("writer.basic_name") if is_default else one.name
            st.markdown(f"**{plain(name)}**", width="content")
            if one.in_use:
                st.badge(t("writer.in_use"), icon=":material/edit:", color="green")
            st.badge(t(f"writer.state_{one.state}"), color="red" if one.state == "wrong" else "gray")
        size, memory = f"{one.size / 1e9:.1f}", f"{one.memory / 1e9:.1f}"
        about = t(
            "writer.about",
            publisher=one.publisher or "–",
            licence=one.licence,
            languages=", ".join(one.languages) or "–",
            size=size,
            memory=memory,
        )
        st.caption(plain(about))
        st.caption(f"`{one.path.name}` · SHA-256 `{one.sha256}`")
        with st.container(horizontal=True):
            if one.state in ("missing", "wrong"):
                label, key = t("writer.fetch", size=size), f"settings.fetch.{one.name}"
                may = door.for_who_may("administer", disabled=busy)
                if st.button(label, key=key, icon=":material/download:", **may):
                    _fetch(shop, one.name)
            elif not (one.in_use or fixed) and st.button(
                t("writer.use"),
                key=f"settings.use.{one.name}",
                icon=":material/edit:",
                **door.for_who_may("administer"),
            ):
                catalogue.choose(settings.read(), one.name)
                st.rerun()


def _other(shop: Shop, busy: bool) -> None:
    """A field for a file of the model hub."""
    with st.form("settings.hub", border=False):
        name = st.text_input(t("writer.hub_file"), key="settings.hub_file", placeholder="OWNER/REPO/FILE.gguf")
        may = door.for_who_may("administer", disabled=busy)
        asked = st.form_submit_button(t("writer.hub_fetch"), key="settings.hub_fetch", **may)
    st.caption(t("writer.hub_note"))
    if asked and catalogue.is_on_hub(name.strip()):
        _fetch(shop, name.strip())
    elif asked:
        st.error(t("writer.hub_form"), icon=":material/error:")


def _fetch(shop: Shop, name: str) -> None:
    """Begins fetching in the background; the page shows how far it is, with Cancel."""
    jobs.start(shop.path, KIND, ["model", "pull", name], widgets.now(), action="administer")
    st.rerun()
