"""What lies in a file: itself, the text in a .gz, the tables in a .zip. Nothing is ever unpacked to the disk."""

import copy
import gzip
import hashlib
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from engine.errors import DataProblem
from engine.shop.gate import limits

PIECE = 1 << 20  # bytes
TABLES = (".csv", ".xlsx", ".parquet")
# What readers of archives raise for one that is broken.
BROKEN = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError, ValueError, RuntimeError,
)  # fmt: skip
TAIL = 66_000  # bytes


@dataclass(frozen=True, slots=True)
class Content:
    """A table's bytes: name as people know it, ending, bytes on disk, and how to open them from the start."""

    name: str
    suffix: str
    packed: int
    open: Callable[[], BinaryIO]


def sha256(path: Path) -> str:
    """Hash of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def contents(path: Path, name: str) -> Iterator[Content]:
    """The tables in a file that people know as `name`. Raises DataProblem where there is none that can be opened."""
    suffix, size = path.suffix.lower(), path.stat().st_size
    if suffix == ".gz":
        _check_gzip(path, name)
        # gzip's own file object: the text is unpacked as it is read.
        yield Content(name, ".csv", size, lambda: gzip.GzipFile(path))  # type: ignore[arg-type,return-value]
    elif suffix == ".zip":
        yield from _entries(path, name)
    else:
        yield Content(name, suffix, size, lambda: path.open("rb"))


def _check_gzip(path: Path, name: str) -> None:
    """Unpacks once and keeps nothing: a bomb is seen when it has grown past the limit, not after."""
    unpacked, packed = 0, path.stat().st_size
    try:
        with gzip.open(path, "rb") as stream:
            while piece := stream.read(PIECE):
                unpacked += len(piece)
                limits.check_ratio(name, unpacked, packed)
    except BROKEN as error:
        raise damaged(name, error) from error
    if not unpacked:
        raise DataProblem(f"{name}: the file is empty.")


def damaged(name: str, error: Exception) -> DataProblem:
    """That an archive cannot be unpacked."""
    return DataProblem(f"{name}: the archive is damaged or cut off ({str(error)[:80]}). Download or export it again.")


def unpacked(name: str, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, packed: int) -> Iterator[bytes]:
    """An entry in pieces. Raises DataProblem for one that is damaged, or that is not as large as it says.

    An archive may say of an entry that it is small, and whoever believes it reads a part, or far more than expected.
    """
    honest, size = copy.copy(entry), 0
    honest.file_size = limits.MAX_UNPACKED + 1
    try:
        with archive.open(honest) as stream:
            while piece := stream.read(PIECE):
                size += len(piece)
                limits.check_ratio(name, size, packed)
                yield piece
    except BROKEN as error:
        raise damaged(name, error) from error
    if size != entry.file_size:
        raise damaged(name, ValueError(f"{size:,} bytes where it says {entry.file_size:,}"))


def _entries(path: Path, name: str) -> Iterator[Content]:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - TAIL))
            limits.check_archive(name, file.read())
        archive = zipfile.ZipFile(path)
    except BROKEN as error:
        raise damaged(name, error) from error
    with archive:
        entries = [
            entry
            for entry in archive.infolist()
            if not entry.filename.endswith("/") and not _is_of_a_system(entry.filename)
        ]
        if len(entries) > limits.MAX_ENTRIES:
            raise DataProblem(f"{name}: {len(entries):,} files in one zip. Keep the exports only.")
        found = [_checked(name, entry) for entry in entries]
        if not found:
            raise DataProblem(f"{name}: no CSV, XLSX or Parquet file in this zip.")
        limits.check_ratio(name, sum(entry.file_size for entry in found), path.stat().st_size)
        for entry, inside in zip(found, _names(found), strict=True):
            for _ in unpacked(f"{name}/{inside}", archive, entry, entry.compress_size):
                pass  # whole and as large as it says: known before anything reads it
            suffix = PurePosixPath(entry.filename.lower()).suffix
            yield Content(f"{name}/{inside}", suffix, entry.compress_size, _opener(path, name, entry))


def _names(entries: list[zipfile.ZipInfo]) -> list[str]:
    """What entries are called: without their folders where that tells them apart. Shown, and never used as a path."""
    paths = [PurePosixPath(limits.shown(_readable(entry))) for entry in entries]
    for names in ([path.name for path in paths], ["/".join(p for p in path.parts if p != "/") for path in paths]):
        if len(set(names)) == len(names):
            return names
    return [f"{number}/{path.name}" for number, path in enumerate(paths, 1)]


def _opener(path: Path, name: str, entry: zipfile.ZipInfo) -> Callable[[], BinaryIO]:
    def opened() -> BinaryIO:
        try:
            return zipfile.ZipFile(path).open(entry)  # type: ignore[return-value]
        except BROKEN as error:
            raise damaged(name, error) from error

    return opened


def _is_of_a_system(name: str) -> bool:
    """What archivers add on their own: macOS' resource forks, folder settings."""
    path = PurePosixPath(name)
    return path.parts[:1] == ("__MACOSX",) or path.name in (".DS_Store", "Thumbs.db", "desktop.ini")


def _checked(name: str, entry: zipfile.ZipInfo) -> zipfile.ZipInfo:
    suffix = PurePosixPath(entry.filename.lower()).suffix
    if entry.flag_bits & 0x1:
        raise DataProblem(f"{name}: it has a password. Unpack it and bring in the files.")
    if suffix not in TABLES:
        shown = limits.shown(PurePosixPath(_readable(entry)).name)
        raise DataProblem(
            f"{name}: {shown} in it is no CSV, XLSX or Parquet file. Take it out, or bring in the others by themselves."
        )
    if not entry.file_size:
        raise DataProblem(f"{name}: {limits.shown(PurePosixPath(_readable(entry)).name)} in it is empty. Take it out.")
    return entry


def _readable(entry: zipfile.ZipInfo) -> str:
    """The name, where an archiver wrote a Chinese one without saying so (it is then read as cp437)."""
    name = entry.filename.replace("\\", "/")
    if entry.flag_bits & 0x800:
        return name
    try:
        return name.encode("cp437").decode("gb18030")
    except UnicodeError:
        return name
