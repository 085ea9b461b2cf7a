"""What backups hold beside copies of ledger.db: the files that its entries name, each once for all of them.

They lie in `files` of the folder of the backups, laid out as in the shop's own. A list beside each backup,
`ledger-....files`, says which of them it needs; a file goes when no backup that is kept needs it. Evidence and what
was kept of submissions never change and are copied once. An assignment is copied again when it changed, for that is an
erasure, which counts here too.
"""

import logging
import os
from collections.abc import Collection, Iterable
from pathlib import Path

import pandas as pd
from sqlite_utils import Database

from engine import privacy
from engine.decision import attached, codes, database
from engine.decision.attached import FOLDERS, Attached
from engine.errors import AppError, StoreProblem
from engine.sentences import Said
from engine.shop import store, vault

_log = logging.getLogger(__name__)


def _files(place: Path) -> Path:
    """Never the shop's own folder, whatever the folder of the backups is: what is not needed is removed from it."""
    return place / "files"


def list_of(backup: Path) -> Path:
    """Where it stands which files a backup needs."""
    return backup.with_suffix(".files")


def carry(db: Database, shop_dir: Path, shop_id: str, config: Path, place: Path) -> list[str]:
    """The files that the entries of an open ledger.db name and that lie in the folder of the backups when this returns.

    What is gone or damaged in the shop is logged and does not keep the rest from being saved.
    """
    found = []
    root = _files(place)
    for one in attached.in_ledger(db, shop_id, config, shop_dir):
        if not _is_same(shop_dir / one.path, root / one.path, one):
            try:
                attached.check(shop_dir, shop_id, config, one)
            except StoreProblem as problem:
                if not one.may_lack(shop_dir):
                    _log.warning("Not in the backup: %s", attached.of_entry(one, problem).text())
            else:
                _copy(shop_dir / one.path, root / one.path)
        if (root / one.path).exists():
            found.append(one.path)
    return found


def write_list(backup: Path, files: list[str]) -> None:
    """Say which files a backup needs, before it gets its name; a backup that needs none has no list."""
    if files:
        privacy.replace(list_of(backup), "".join(f"{one}\n" for one in files).encode())


def files_of(backup: Path) -> list[str]:
    """The files that a backup needs; none for one of an earlier Offerlab."""
    try:
        return list_of(backup).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []


def let_go(place: Path, kept: Iterable[Path]) -> None:
    """Remove the lists of backups that are not kept, and the files that no kept one needs."""
    backups = list(kept)
    needed, lists = {one for backup in backups for one in files_of(backup)}, {list_of(backup) for backup in backups}
    for path in place.glob("ledger-*.files"):
        if path not in lists:
            path.unlink(missing_ok=True)
    for folder in FOLDERS:
        for path in (_files(place) / folder).glob("*"):
            if f"{folder}/{path.name}" not in needed:
                path.unlink(missing_ok=True)


def put_back(shop_dir: Path, shop_id: str, config: Path, place: Path) -> tuple[int, list[Said]]:
    """How many files that the shop's ledger.db names were put back from a folder of backups, and what is wrong with
    those that could not be. Who was erased since then comes back with none of them, nor as the owner of a code."""
    count, problems = 0, list[Said]()
    with database.reading(shop_dir) as db:
        # One by one: which model a snapshot rests on is known once the snapshot is back.
        for one in attached.in_ledger(db, shop_id, config, shop_dir):
            try:
                attached.check(shop_dir, shop_id, config, one)
                continue
            except StoreProblem as problem:
                wrong = attached.of_entry(one, problem)
            try:
                attached.check(_files(place), shop_id, config, one)
                _copy(_files(place) / one.path, shop_dir / one.path)
                _without_erased(shop_dir, shop_id, config, one)
                count += 1
            except (StoreProblem, OSError):
                if not one.may_lack(shop_dir):
                    problems.append(wrong)
    try:
        _free_codes_of_erased(shop_dir, shop_id, config)
    except AppError as problem:
        problems += problem.said
    return count, problems


def forget(place: Path, customer_ids: Collection[str]) -> None:
    """Take erased customers out of the assignments in a folder of backups."""
    for path in (_files(place) / "assignments").glob("*.parquet"):
        table = pd.read_parquet(path)
        theirs = table["customer_id"].isin(list(customer_ids))
        if theirs.any():
            store.replace_file(path, table[~theirs].to_parquet(index=False))


def _without_erased(shop_dir: Path, shop_id: str, config: Path, one: Attached) -> None:
    if one.folder != "assignments":
        return
    table = pd.read_parquet(shop_dir / one.path)
    left, gone = vault.without_erased(shop_dir, shop_id, config, table)
    if gone:
        store.replace_file(shop_dir / one.path, left.to_parquet(index=False))


def _free_codes_of_erased(shop_dir: Path, shop_id: str, config: Path) -> None:
    if not vault.erased_count(shop_dir):
        return
    with database.reading(shop_dir) as db:
        owners = pd.DataFrame(db.query("SELECT DISTINCT customer_id FROM codes WHERE customer_id IS NOT NULL"))
    if len(owners):
        left, _ = vault.without_erased(shop_dir, shop_id, config, owners)
        codes.forget(shop_dir, set(owners["customer_id"]) - set(left["customer_id"]))


def _is_same(own: Path, copy: Path, one: Attached) -> bool:
    """Whether no copy need be made: there is one, and of a file that may change it is as old and as large."""
    if one.proof or one.folder == "snapshots":
        return copy.exists()
    try:
        here, there = own.stat(), copy.stat()
    except FileNotFoundError:
        return False
    return (here.st_mtime_ns, here.st_size) == (there.st_mtime_ns, there.st_size)


def _copy(source: Path, target: Path) -> None:
    """Not a link: what damages the one file then leaves the other."""
    content, status = source.read_bytes(), source.stat()
    privacy.replace(target, content)
    os.utime(target, ns=(status.st_mtime_ns, status.st_mtime_ns))
