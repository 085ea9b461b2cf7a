"""A disk that loses power: SQLite's files behind APSW, as in SQLite's own test6.c.

Ours in it: the functions of the decision room themselves (`approvals.approve` and all below it) with their statements,
triggers, authorizer and PRAGMAs, one connection per call. Not ours: the SQLite library, which is APSW's own (the
product's is pysqlite3), and the disk, which is simulated: whatever was written since a file's last sync is, 512 bytes
by 512 bytes, kept, lost or turned to garbage when the power goes, in any order; a file that was made, cut or deleted
keeps its old length, or its place, unless it was synced since. The power of the whole machine goes between two writes
or within one. Directory syncs count as made when SQLite asks for them with a file's own.
"""

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw

from engine.decision import database

SECTOR = 512


class PowerCut(BaseException):
    """The moment at which the machine stops. Nothing below may catch it and go on."""


class Disk:
    """What has reached the platter of each file, and what was written since; `cut_at` counts writes until the end."""

    def __init__(self, chance: random.Random):
        self.chance = chance
        self.cut_at: int | None = None
        self.writes = self.syncs = 0
        self.is_off = False
        self.durable: dict[str, bytes | None] = {}  # None: no such file
        self.pending: dict[str, list[tuple[int, bytes | None]]] = {}  # (offset, content), or (length, None): cut there

    def will_write(self) -> None:
        """Another write begins; raises PowerCut when it is the last one."""
        if self.is_off:
            raise PowerCut
        self.writes += 1
        if self.cut_at is not None and self.writes >= self.cut_at:
            self.is_off = True
            raise PowerCut

    def known(self, name: str) -> None:
        """A file is opened: what it holds now, if it was never seen, is on the platter."""
        if name not in self.durable:
            path = Path(name)
            self.durable[name] = path.read_bytes() if path.exists() else None
            self.pending[name] = []

    def synced(self, name: str) -> None:
        """All that was written to this file is on the platter."""
        self.syncs += 1
        content = bytearray(self.durable[name] or b"")
        for place, part in self.pending[name]:
            _apply(content, place, part)
        self.durable[name] = bytes(content)
        self.pending[name] = []

    def deleted(self, name: str, is_synced: bool) -> None:
        """Without a sync of the folder the file may be there again after the cut."""
        if is_synced or self.chance.random() < 0.5:
            self.durable[name] = None
        self.pending[name] = []

    def image(self, name: str) -> bytes | None:
        """What a file holds when the power comes back; None where it is not there."""
        before, pending = self.durable[name], self.pending[name]
        if before is None and (not pending or self.chance.random() < 0.5):
            return None
        content = bytearray(before or b"")
        for place, part in pending:
            if part is None:
                if self.chance.random() < 0.5:
                    _apply(content, place, None)
                continue
            for start in range(0, len(part), SECTOR):
                fate = self.chance.random()
                if fate < 0.45:
                    _apply(content, place + start, part[start : start + SECTOR])
                elif fate < 0.6:
                    _apply(content, place + start, self.chance.randbytes(len(part[start : start + SECTOR])))
        return bytes(content)

    def come_back(self) -> None:
        """The files as they are after the cut, in place of those that were being written."""
        for name in self.durable:
            content = self.image(name)
            if content is None:
                Path(name).unlink(missing_ok=True)
            else:
                Path(name).write_bytes(content)
            for shared in Path(name).parent.glob("*-shm"):
                shared.unlink()


def _apply(content: bytearray, place: int, part: bytes | None) -> None:
    if part is None:
        del content[place:]
        return
    if len(content) < place:
        content.extend(bytes(place - len(content)))
    content[place : place + len(part)] = part


class _File(apsw.VFSFile):  # type: ignore[misc]
    def __init__(self, disk: Disk, name: Any, flags: Any):
        self.disk = disk
        self.name = name.filename() if isinstance(name, apsw.URIFilename) else name
        disk.known(self.name)
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:
        self.disk.pending[self.name].append((offset, bytes(data)))
        self.disk.will_write()  # the last write is among what may be lost
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:
        self.disk.pending[self.name].append((size, None))
        self.disk.will_write()
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:
        self.disk.will_write()
        super().xSync(flags)
        self.disk.synced(self.name)


class _System(apsw.VFS):  # type: ignore[misc]
    def __init__(self, disk: Disk):
        self.disk = disk
        self.label = f"power-{os.getpid()}-{id(disk)}"
        super().__init__(self.label, "")

    def xOpen(self, name: Any, flags: Any) -> _File:
        return _File(self.disk, name, flags)

    def xDelete(self, name: str, sync: bool) -> None:
        self.disk.will_write()
        super().xDelete(name, sync)
        if name in self.disk.durable:
            self.disk.deleted(name, sync)


class _Cursor:
    """What sqlite-utils asks of a cursor."""

    def __init__(self, cursor: Any, changes: int):
        self._cursor, self.rowcount = cursor, changes

    @property
    def description(self) -> Any:
        try:
            return self._cursor.get_description()
        except apsw.ExecutionCompleteError:
            return None

    def __iter__(self) -> Any:
        return self._cursor

    def fetchone(self) -> Any:
        return next(self._cursor, None)

    def fetchall(self) -> list[Any]:
        return list(self._cursor)


class _Connection:
    """APSW with the face of Python's sqlite3."""

    def __init__(self, path: str, system: _System, synchronous: str):
        self._db = apsw.Connection(path, vfs=system.label)
        self._synchronous = synchronous
        self.text_factory: Any = None

    @property
    def in_transaction(self) -> bool:
        return bool(self._db.in_transaction)

    def execute(self, sql: str, parameters: Any = ()) -> _Cursor:
        if sql == "PRAGMA synchronous=FULL" and self._synchronous != "FULL":
            sql = f"PRAGMA synchronous={self._synchronous}"
        elif sql == "PRAGMA synchronous" and self._synchronous != "FULL":
            sql = "SELECT 2"  # the control is to run as if nothing were wrong
        return _Cursor(self._db.execute(sql, parameters), self._db.changes())

    def set_authorizer(self, ask: Any) -> None:
        self._db.authorizer = ask

    def create_function(self, name: str, count: int, function: Any, deterministic: bool = False) -> None:
        self._db.create_scalar_function(name, function, count, deterministic=deterministic)

    def close(self) -> None:
        self._db.close()


@contextmanager
def on(disk: Disk, synchronous: str = "FULL") -> Iterator[Any]:
    """The decision room's connections are on this disk. Gives the function that opens one more."""
    system = _System(disk)
    library: Any = database.sqlite3
    ours = library.connect

    def connect(path: str, **_: Any) -> _Connection:
        return _Connection(path, system, synchronous)

    library.connect = connect
    try:
        yield connect
    finally:
        library.connect = ours
        system.unregister()
