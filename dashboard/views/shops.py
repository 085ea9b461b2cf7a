"""Which shops are here, and how does another one come in?"""

from pathlib import Path

import streamlit as st

from dashboard import cache, door, state, widgets
from dashboard.text import language, t
from dashboard.views.plan_tabs.message import plain
from engine.errors import AppError
from engine.shop import store
from engine.shop.shop_settings import CURRENCIES


def open_shop(folder: Path, page: str) -> None:
    """Go to a page of another shop."""
    state.set_shop_path(folder)
    st.switch_page(f"views/{page}.py")


def here() -> None:
    """Every shop on this machine, each with a button that opens it."""
    known, now = state.known_shops(), state.shop_path()
    if not known:
        st.info(t("shops.none"), icon=":material/storefront:")
    for name, folder in known.items():
        with st.container(border=True):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"**{plain(cache.shops.name(folder))}**", width="content")
                st.caption(plain(str(folder)))
                if now is not None and folder.resolve() == now.resolve():
                    st.badge(t("shops.open_now"), icon=":material/check:")
                elif st.button(t("shops.open"), key=f"shops.open.{name}", icon=":material/folder_open:"):
                    open_shop(folder, "today")
            st.caption(holds(folder))
    if len(known) > 1:
        st.caption(t("shops.apart"))


def holds(folder: Path) -> str:
    """How many orders and customers a shop has, and how far its data go."""
    try:
        found = cache.shops.holdings(folder)
    except AppError as problem:
        return plain(problem.text(language()))
    if not found.orders and not found.customers and found.last_day is None:
        return t("shops.holds_nothing")
    last = t("shops.last_day", day=found.last_day.isoformat()) if found.last_day else t("shops.no_day")
    orders, customers = widgets.number(found.orders), widgets.number(found.customers)
    return t("shops.holds", orders=orders, customers=customers, last=last)


def own() -> None:
    """A name and a currency make an empty shop; the other questions are asked on Settings, then its files come in."""
    with st.container(border=True):
        state.keep("shops.name", "")
        name = st.text_input(t("shops.name"), key="shops.name", max_chars=80, placeholder=t("shops.name_hint"))
        state.keep("shops.currency", "USD", CURRENCIES)
        currency = st.selectbox(t("shops.currency"), CURRENCIES, key="shops.currency", help=t("shops.currency_help"))
        may, icon = door.for_who_may("import"), ":material/add_business:"
        made = st.button(t("shops.make"), key="shops.make", type="primary", icon=icon, **may)
    if made and not (name or "").strip():
        st.error(t("shops.no_name"), icon=":material/error:")
    elif made:
        with widgets.problem_box():
            folder = free_folder(store.safe_name(name.strip()).lower())
            store.create_shop(folder, {"name": name.strip(), "currency": currency})
            store.write_tables(store.open_shop(folder), {})
        open_shop(folder, "settings")


def free_folder(name: str) -> Path:
    """A folder of this name beside the other shops that is not there yet."""
    number, folder = 1, state.home() / name
    while folder.exists():
        number += 1
        folder = state.home() / f"{name}-{number}"
    return folder


widgets.page_head("shops.title", "shops.purpose")
here()
st.subheader(t("shops.own"))
own()
st.subheader(t("shops.samples"))
widgets.sample_buttons()
