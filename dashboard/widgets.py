"""Parts used on two pages or more: heads, numbers in words, problems, empty states, work in progress."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import cache, charts, door, printed, state
from dashboard.text import known, language, t
from engine import jobs
from engine.access import acting
from engine.campaign.response import Models
from engine.campaign.writer.as_read import money as in_words
from engine.campaign.writer.as_read import percent_off
from engine.errors import AppError, StoreProblem
from engine.shop import samples, store
from engine.shop.store import Shop

SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "CNY": "¥", "JPY": "¥"}


def now() -> datetime:
    """The clock, for everything a page records."""
    return datetime.now(UTC)


# --- heads and problems ---


def page_head(title_key: str, purpose_key: str) -> None:
    """The page's title and one sentence of what it is for."""
    st.title(t(title_key))
    st.caption(t(purpose_key))


@contextmanager
def problem_box() -> Iterator[None]:
    """Shows what goes wrong inside as sentences and ends the page there."""
    try:
        yield
    except AppError as problem:
        show_problem(problem)
        st.stop()


@contextmanager
def saving() -> Iterator[None]:
    """Says that something is being saved while it takes longer than usual: another program may keep the file."""
    with st.spinner(t("common.saving_busy"), show_time=True):
        yield


def show_problem(problem: AppError) -> None:
    """The sentences of a problem in the language of the page, one line each."""
    st.error("\n\n".join(problem.texts(language())), icon=":material/error:")


def chart(figure: charts.Figure, key: str, alt: str) -> None:
    """A figure in the page's theme, with what it says in words for those who cannot see it."""
    st.plotly_chart(figure, key=key, alt=alt, width="stretch", config={"displayModeBar": False})


def table(rows: pd.DataFrame, columns: dict[str, Any], key: str, alt: str) -> None:
    """A table with these columns, in their order; what is missing is a dash. alt: what a screen reader says of it."""
    st.dataframe(
        rows, column_order=list(columns), column_config=columns, hide_index=True, placeholder="–", key=key, alt=alt
    )


def download(
    label: str,
    table: Callable[[], pd.DataFrame],
    file_name: str,
    key: str,
    help: str | None = None,
    disabled: bool = False,
) -> None:
    """A table as a CSV file that is safe to open in a spreadsheet; made when somebody asks for it."""
    st.download_button(
        label,
        lambda: printed.spreadsheet(table()),
        file_name,
        "text/csv",
        key=key,
        help=help,
        on_click="ignore",
        icon=":material/download:",
        disabled=disabled,
    )


# --- numbers in words ---


def number(value: float | None, digits: int = 0) -> str:
    """1234.5 -> "1,234"; unknown is a dash."""
    return "–" if value is None or value != value else f"{value:,.{digits}f}"


def money(value: float | None, currency: str, digits: int = 0) -> str:
    """-1234.5, "USD" -> "-$1,234"; a currency without a symbol stands behind the number."""
    if value is None or value != value:
        return "–"
    sign = "-" if round(value, digits) < 0 else ""
    amount = f"{abs(value):,.{digits}f}"
    return f"{sign}{SYMBOLS[currency]}{amount}" if currency in SYMBOLS else f"{sign}{amount} {currency}"


def money_in_cells(currency: str) -> str:
    """Whole money of 0 and more as a column's format, so that the column still sorts as numbers: "$%,d"."""
    return f"{SYMBOLS[currency]}%,d" if currency in SYMBOLS else f"%,d {currency}"


def percent(value: float | None, digits: int = 1) -> str:
    """0.0234 -> "2.3 %"."""
    return "–" if value is None or value != value else f"{value * 100:,.{digits}f} %"


def between(low: str, high: str, level: str = "80 %") -> str:
    """A range in words: "80 %: 12 to 34"."""
    return t("common.between", low=low, high=high, level=level)


def ranged(value: Any, write: Callable[[float], str], level: str = "80 %") -> str:
    """A forecast range in words: "34 (80 %: 12 to 60)". value has value, low and high, or is None."""
    if value is None:
        return "–"
    return f"{write(value.value)} ({between(write(value.low), write(value.high), level)})"


def offer_name(kind: str, discount: float | None, currency: str) -> str:
    """An offer in a few words: "15% off", "Gift"; a kind that only the shop knows as it stands."""
    if kind == "percent" and discount:
        return percent_off(discount, language())
    if kind == "amount" and discount:
        return t("plans.amount_off", amount=in_words(discount, currency, language()))
    return t(f"plan.offer_{kind}") if known(f"plan.offer_{kind}") else kind


# --- empty states ---


def need_shop() -> Shop:
    """The open shop; where there is none, says how to get one and ends the page."""
    opened = cache.shops.opened()
    if opened is None:
        path = state.shop_path()
        st.info(t("common.no_shop_at", path=path) if path else t("common.no_shop"), icon=":material/storefront:")
        sample_buttons()
        st.stop()
    return opened


def need_models(shop: Shop) -> Models:
    """What was learned from past campaigns; before that, offers to learn it and ends the page."""
    from engine.campaign import response

    if response.current_version(shop) is None:
        st.info(t("common.not_learned"), icon=":material/school:")
        train_button(shop)
        st.stop()
    return cache.forecasts.models(shop)


def train_button(shop: Shop, label_key: str = "common.learn") -> None:
    """Starts learning the forecasts as a job of its own, and shows how far it is."""
    if job_panel(shop.path, "train"):
        return
    if not shop.rows("deliveries") and not shop.rows("campaign_results") and not shop.rows("ads"):
        st.warning(t("common.nothing_to_learn"), icon=":material/inbox:")
        return
    icon = ":material/model_training:"
    if st.button(t(label_key), key="common.learn", type="primary", icon=icon, **door.for_who_may("draft")):
        with problem_box():
            jobs.start(shop.path, "train", ["train", "--shop", str(shop.path)], now())
        st.rerun()


def sample_buttons() -> None:
    """The two sample shops: made by a job beside the other shops, then opened."""
    for name in samples.SAMPLES:
        folder = state.home() / name
        with st.container(border=True):
            st.markdown(f"**{t(f'common.sample_{_slug(name)}')}**")
            st.write(t(f"common.sample_{_slug(name)}_about"))
            if state.is_shop(folder):
                if st.button(t("common.open_shop"), key=f"common.open.{name}", icon=":material/folder_open:"):
                    state.set_shop_path(folder)
                    st.rerun()
            elif not job_panel(folder, "sample", on_done=partial(state.set_shop_path, folder)) and st.button(
                t("common.make_shop"),
                key=f"common.make.{name}",
                icon=":material/add_business:",
                **door.for_who_may("import"),
            ):
                _make_sample(name, folder)


def _slug(name: str) -> str:
    return name.replace("-", "_")


def _make_sample(name: str, folder: Path) -> None:
    with problem_box():
        acting.require("import")
        with store.writing(folder):  # makes the folder, or says why it cannot
            pass
        jobs.start(folder, "sample", ["sample", name, "--into", str(folder)], now())
    st.rerun()


# --- work in progress ---


@contextmanager
def steps_of(words: str, count: int) -> Iterator[Callable[[str], None]]:
    """A bar that moves with each step of work done in this run, and is gone when it is over."""
    bar, done = st.empty(), 0

    def step(name: str) -> None:
        nonlocal done
        bar.progress(done / max(count, 1), text=f"{words} {name}")
        done += 1

    yield step
    bar.empty()


PAGES = {
    "train": "model",
    "extra": "plans",
    "import": "data",
    "sample": "today",
    "model": "settings",
}  # where work is looked after


def job_panel(shop_dir: Path, kind: str, on_done: Callable[[], None] | None = None) -> bool:
    """Shows the latest work of this kind while it runs (True), or that it did not end well (False)."""
    with problem_box():
        job = jobs.latest(shop_dir, kind)
    if job is None:
        return False
    if not job.is_over:
        job_progress(shop_dir, job.job_id, on_done)
        return True
    if job.state in ("failed", "lost"):
        st.error(job.error, icon=":material/error:")
    elif job.state == "cancelled":
        st.caption(f":material/cancel: {work_name(job)}: {t('common.work_cancelled')}")
    return False


def job_progress(shop_dir: Path, job_id: str, on_done: Callable[[], None] | None = None) -> None:
    """How far a job is, with Cancel; the page runs again when it has ended."""

    @door.fragment(run_every=1.0)
    def watch() -> None:
        with problem_box():
            job = jobs.status(shop_dir, job_id)
        if job.is_over:
            if job.state == "done" and on_done is not None:
                on_done()
            st.rerun()
        st.progress(job.progress or 0.0, text=_doing(job))
        if st.button(t("common.cancel"), key=f"common.cancel.{job.kind}", **door.for_who_may("draft")):
            with problem_box():
                jobs.cancel(shop_dir, job_id)
            st.rerun()

    watch()


def work_in_progress() -> None:
    """What runs for the open shop, each with a link to where it belongs; nothing while nothing runs."""
    path = state.shop_path()
    try:
        running = jobs.running(path) if path else []
    except StoreProblem as problem:
        show_problem(problem)
        return
    if path is None or not running:
        return

    @door.fragment(run_every=2.0)
    def watch() -> None:
        st.markdown(f"**{t('common.work')}**")
        for begun in running:
            with problem_box():
                job = jobs.status(path, begun.job_id)
            if job.is_over:
                st.caption(f"{work_name(job)}: {t(f'common.work_{job.state}')}")
            else:
                st.progress(job.progress or 0.0, text=_doing(job, brief=True))
            _link(job)

    watch()


def _link(job: jobs.Job) -> None:
    kind, _, plan_id = job.kind.partition("-")
    label, icon = t("common.work_open"), ":material/arrow_forward:"
    if plan_id:
        st.page_link("views/plan.py", label=label, icon=icon, query_params={"plan": plan_id, "tab": "copy"})
    else:
        st.page_link(f"views/{PAGES.get(kind, 'data')}.py", label=label, icon=icon)


def work_name(job: jobs.Job) -> str:
    """What a job does, in words: its kind up to the first hyphen names it."""
    key = f"common.job_{job.kind.partition('-')[0]}"
    return t(key) if known(key) else t("common.working")


def time_left(seconds: float | None) -> str:
    """80 -> "about a minute left"; '' where nobody can say."""
    if seconds is None:
        return ""
    if seconds < 10:
        return t("common.left_moment")
    if seconds < 55:
        return t("common.left_seconds", count=round(seconds, -1))
    minutes = round(seconds / 60)
    if minutes < 90:
        return t("common.left_minute") if minutes == 1 else t("common.left_minutes", count=minutes)
    return t("common.left_hours", count=round(seconds / 3600))


def _doing(job: jobs.Job, brief: bool = False) -> str:
    share = f"{job.progress:.0%}" if job.progress else ""
    # The engine's own words are English; other languages get the kind of work and how far it is.
    message = job.message if language() == "en" and not brief else ""
    return " · ".join(filter(None, [work_name(job), share, time_left(job.seconds_left(now())), message]))
