"""How is this shop set up, and is this machine fit?"""

import streamlit as st

from dashboard import door, state, widgets
from dashboard.text import t
from dashboard.views.plan_tabs.message import plain
from dashboard.views.settings_parts import fields, models, questions, topics
from engine import doctor, settings
from engine.shop.store import Shop
from engine.shop.tables import TABLES


def first_steps(shop: Shop) -> None:
    """Of a shop without data: answer first, then bring in files."""
    if any(shop.has(table) for table in TABLES):
        return
    done = not set(questions.QUESTIONS) & set(shop.settings.assumed)
    st.info(t("settings.then_files" if done else "settings.before_files"), icon=":material/flag:")
    st.page_link("views/data.py", label=t("settings.to_files"), icon=":material/upload_file:")


def machine() -> None:
    """What `doctor` finds, when asked: it starts a process and may read the whole model file."""
    st.subheader(t("settings.machine"))
    if not st.button(t("settings.examine"), key="settings.examine", icon=":material/stethoscope:"):
        st.caption(t("settings.examine_note"))
        return
    with st.spinner(t("settings.examining")):
        checks = doctor.examine(settings.read(), widgets.now())
    for check in checks:
        icon = "check_circle" if check.ok else "error"
        st.markdown(f":material/{icon}: **{check.name}**")
        st.text(check.found)
        if check.advice:
            st.warning(check.advice)


widgets.page_head("settings.title", "settings.purpose")

with widgets.problem_box():
    shop = widgets.need_shop()
    known = [*questions.asked(shop.settings), *topics.every_field(shop.settings)]
    saved = {field.name: fields.shown(field, fields.stored(shop.settings, field)) for field in known}
    waiting = state.hold(fields.AREA, saved)
    st.subheader(plain(shop.settings.name))
    door.say_who_may("administer")
    first_steps(shop)
    st.markdown(f"#### {t('settings.questions')}")
    st.caption(t("settings.questions_about"))
    questions.show(shop, waiting)
    st.markdown(f"#### {t('settings.topics')}")
    topics.show(shop, waiting)
    st.caption(t("settings.where"))
    st.code(str(shop.path / "shop.toml"), language=None)
    models.show(shop)
    machine()
