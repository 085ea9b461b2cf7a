"""Stamps: parts of keys that change with a shop's files, so that what hangs on these is then worked out anew."""

from pathlib import Path

from engine.shop import store
from engine.shop.store import Shop


def of_folder(folder: Path) -> tuple:
    """Changes with any file of a folder: what is cached under it is then read again."""
    return store.stamp(file for file in sorted(folder.glob("*")) if file.is_file())


def of_audience(shop: Shop) -> tuple:
    """Changes with the shop's tables, settings and groups."""
    return shop.version, of_folder(shop.path / "segments")


def of_plans(shop: Shop) -> tuple:
    """Changes with every plan that is saved and every decision."""
    # Not the file of shared memory beside them, which readers touch too.
    return store.stamp(shop.path / name for name in ("ledger.db", "ledger.db-wal"))


def of_work(shop: Shop) -> tuple:
    """Changes with the work of a shop."""
    return store.stamp(shop.path / name for name in ("jobs.db", "jobs.db-wal"))
