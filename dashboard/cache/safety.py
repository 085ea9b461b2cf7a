"""Whether approvals are safe here: what is wrong with this machine's SQLite, and backups of what is saved."""

import contextlib
from datetime import UTC, datetime
from pathlib import Path

import streamlit as st

from engine import settings
from engine.decision import backup, database
from engine.decision.backup import Backup
from engine.errors import AppError
from engine.sentences import Sentence
from engine.shop import store
from engine.shop.store import Shop


@st.cache_resource(show_spinner=False)
def fault() -> Sentence | None:
    """What keeps approvals from being saved safely on this machine, looked at once; None where all is well."""
    return database.trial(settings.read().shop)


def place(shop: Shop) -> Path:
    """Where a shop's backups lie."""
    read = settings.read()
    return backup.folder(shop.shop_id, read.config, read.backups)


def keep(path: Path | None) -> None:
    """The hourly backup of the shop in a folder, in a thread of its own: no page waits for it."""
    if path is None or not database.path_of(path).exists():
        return
    with contextlib.suppress(AppError, OSError):  # a shop that does not open says so on its pages
        shop = store.open_shop(path)
        backup.take_beside(shop.path, shop.shop_id, settings.read().config, place(shop), datetime.now(UTC))


def is_whole(shop: Shop, one: Backup) -> tuple[bool, Sentence | str]:
    """Whether a backup is whole now, and a sentence; read again when the file changes."""
    return _is_whole(str(one.path), store.stamp([one.path]), shop.shop_id, str(settings.read().config))


@st.cache_data(max_entries=32, show_spinner=False)
def _is_whole(path: str, stamp: tuple, shop_id: str, config: str) -> tuple[bool, Sentence | str]:
    try:
        verdict = backup.checked(Path(path), shop_id, Path(config))
    except AppError as problem:
        return False, problem.said[0]
    return verdict.ok, verdict.said
