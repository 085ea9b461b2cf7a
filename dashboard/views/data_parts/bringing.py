"""Part of Data: files are brought, looked at, and taken in; what was understood is shown before anything happens."""

from collections.abc import Callable, Iterator
from pathlib import Path

import streamlit as st

from dashboard import cache, door, state, widgets
from dashboard.text import t
from dashboard.views.data_parts import understood
from dashboard.views.plan_tabs.message import plain
from engine import jobs
from engine.errors import AppError
from engine.shop import gate, incoming, parts, store, taking
from engine.shop.proposal import Proposal
from engine.shop.shop_settings import CURRENCIES
from engine.shop.sources import SOURCES
from engine.shop.store import Shop


def bring_in(shop: Shop | None) -> None:
    """Upload files; look at what they were taken for; take them in, in the background."""
    st.subheader(t("data.bring_in"))
    into = shop.path if shop else being_made()
    if into is not None and widgets.job_panel(into, incoming.KIND):
        return
    folder = incoming.waiting(into) if into is not None else None
    if into is not None and folder is not None:
        look(into, folder)
    else:
        upload(shop)


def being_made() -> Path | None:
    """The folder of the shop that was named last and whose files are not in yet."""
    home = state.home()
    folders = [path for path in home.iterdir() if not state.is_shop(path)] if home.is_dir() else []
    waiting = [path for path in folders if incoming.waiting(path) is not None]
    if waiting:
        return max(waiting, key=lambda path: path.stat().st_mtime)
    begun = [(job.started_at, path) for path in folders if (job := jobs.latest(path, incoming.KIND))]
    return max(begun)[1] if begun else None


def upload(shop: Shop | None) -> None:
    """Files as the shop's systems export them."""
    begin_with = {} if shop else of_new_shop()
    types = [ending.removeprefix(".") for ending in gate.FORMATS]
    files = st.file_uploader(
        t("data.files"), types, accept_multiple_files=True, key="data.files", help=t("data.files_help")
    )
    st.caption(t("data.known_exports", names=", ".join(systems())))
    may = door.for_who_may("import", disabled=not files)
    if st.button(t("data.look"), key="data.look", type="primary", icon=":material/search:", **may):
        put_aside(shop, begin_with, lambda into: incoming.stage(into, contents(files), begin_with))
    with st.expander(t("data.database"), key="data.database"):
        database(shop, begin_with)


def contents(files: list) -> Iterator[tuple[str, bytes]]:
    """Name and content of uploads, one after the other."""
    return ((file.name, file.getvalue()) for file in files)


def database(shop: Shop | None, begin_with: dict[str, str]) -> None:
    """A table of a database that the shop has: looked at and taken in as a file is."""
    st.caption(t("data.database_about"))
    with st.form("data.database_form", border=False):
        url = st.text_input(t("data.url"), key="data.url", placeholder=incoming.FORM)
        with st.container(horizontal=True):
            table = st.text_input(t("data.database_table"), key="data.database_table", placeholder="public.orders")
            password = st.text_input(t("data.password"), key="data.password", type="password")
        may, icon = door.for_who_may("import"), ":material/database:"
        asked = st.form_submit_button(t("data.read_table"), key="data.read_table", icon=icon, **may)
    if asked:
        with st.spinner(t("data.reading_table")):
            put_aside(
                shop,
                begin_with,
                lambda into: incoming.stage_tables(into, incoming.address(url, table, password), begin_with),
            )


def put_aside(shop: Shop | None, begin_with: dict[str, str], stage: Callable[[Path], Path]) -> None:
    """What was brought waits in the shop that is open or will be, and is looked at from the next run on."""
    if shop is None and not begin_with["name"]:
        st.error(t("data.name_needed"), icon=":material/error:")
        return
    into = shop.path if shop else state.home() / store.safe_name(begin_with["name"])
    try:
        stage(into)
    except AppError as problem:
        widgets.show_problem(problem)
        return
    if shop is None:
        state.set_shop_to_come(into)
    st.rerun()


def of_new_shop() -> dict[str, str]:
    """Name and currency of a shop that is not there yet."""
    with st.container(horizontal=True):
        state.keep("data.shop_name", "")
        name = st.text_input(t("data.shop_name"), key="data.shop_name", max_chars=60)
        state.keep("data.currency", "USD", CURRENCIES)
        currency = st.selectbox(
            t("data.currency"), CURRENCIES, key="data.currency", help=t("data.currency_help"), width=220
        )
    return {"name": (name or "").strip(), "currency": str(currency)}


def systems() -> list[str]:
    """The systems whose exports are known by their columns."""
    names = [name for source in SOURCES.values() for name in source.title.partition(":")[0].split(", ")]
    return list(dict.fromkeys(names))


def look(into: Path, folder: Path) -> None:
    """Each file with what it was taken for, what is to be said about it, and the way on."""
    with st.spinner(t("data.looking")):
        staged, found = incoming.load(folder), cache.tables.proposals(into, folder)
    st.caption(t("data.looked", rows=widgets.number(incoming.HEAD)))
    for file, proposals in zip(staged.files, found, strict=True):
        understood.file(folder, staged, file, proposals)
    without_rate(into, found)
    personal = any(understood.has_personal_ids(one) for one in found)
    if personal:
        understood.ask_pseudonyms(folder, staged)
    open_points = sum(not is_ready(one) for one in found)
    if open_points:
        words = t("data.open_point") if open_points == 1 else t("data.open_points", count=open_points)
        st.info(words, icon=":material/help:")
    alone = parts.halves_alone([proposal for one in found if isinstance(one, list) for proposal in one])
    for one in alone:
        st.info(t("data.half_alone", file=plain(one.sheet.name)), icon=":material/help:")
    with st.container(horizontal=True):
        ready = bool(found) and not open_points and not alone and (staged.pseudonymise or not personal)
        may = door.for_who_may("import", disabled=not ready)
        if st.button(t("data.import"), key="data.import", type="primary", icon=":material/upload_file:", **may):
            with widgets.problem_box():
                incoming.start(into, folder, widgets.now())
            st.rerun()
        if st.button(t("data.not_now"), key="data.not_now", icon=":material/close:", **door.for_who_may("draft")):
            incoming.discard(into)
            st.rerun()


def without_rate(into: Path, found: list[list[Proposal] | AppError]) -> None:
    """Which rows would be set aside because nobody said what their currency is worth, and where that is said."""
    try:
        settings = store.open_shop(into).settings
    except AppError:  # a shop that is yet to be made
        return
    proposals = [proposal for one in found if isinstance(one, list) for proposal in one]
    codes = sorted({code for one in proposals for code in taking.currencies_without_rate(one, settings)})
    if codes:
        words = t("data.no_rate", codes=plain(", ".join(codes)), currency=settings.currency)
        st.warning(words, icon=":material/currency_exchange:")
        st.page_link("views/settings.py", label=t("data.to_settings"), icon=":material/settings:")


def is_ready(found: list[Proposal] | AppError) -> bool:
    """Whether nothing is left to be said about a file."""
    return not isinstance(found, AppError) and not any(one.questions or one.missing for one in found)
