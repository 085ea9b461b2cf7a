"""What lies in a file: itself, the text in a .gz, the tables in a .zip. Nothing is ever unpacked to the disk."""

import gzip
import hashlib
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
    except (OSError, EOFError, zlib.error) as error:
        raise DataProblem(
            f"{name}: the archive is damaged or cut off ({error}). Download or export it again."
        ) from error
    if not unpacked:
        raise DataProblem(f"{name}: the file is empty.")


def _entries(path: Path, name: str) -> Iterator[Content]:
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise DataProblem(
            f"{name}: the archive is damaged or cut off ({error}). Download or export it again."
        ) from error
    with archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir() and not _is_of_a_system(entry.filename)]
        if len(entries) > limits.MAX_ENTRIES:
            raise DataProblem(f"{name}: {len(entries):,} files in one zip. Keep the exports only.")
        found = [_checked(name, entry) for entry in entries]
        if not found:
            raise DataProblem(f"{name}: no CSV, XLSX or Parquet file in this zip.")
        limits.check_ratio(name, sum(entry.file_size for entry in found), path.stat().st_size)
        for entry in found:
            # The name inside is shown and never used as a path.
            inside = f"{name}/{PurePosixPath(_readable(entry)).name}"
            yield Content(
                inside, PurePosixPath(entry.filename.lower()).suffix, entry.compress_size, _opener(path, name, entry)
            )


def _opener(path: Path, name: str, entry: zipfile.ZipInfo) -> Callable[[], BinaryIO]:
    def opened() -> BinaryIO:
        try:
            return zipfile.ZipFile(path).open(entry)  # type: ignore[return-value]
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error) as error:
            raise DataProblem(f"{name}: {entry.filename} cannot be unpacked ({error}). Export it again.") from error

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
        shown = PurePosixPath(_readable(entry)).name[:80]
        raise DataProblem(
            f"{name}: {shown} in it is no CSV, XLSX or Parquet file. Take it out, or bring in the others by themselves."
        )
    if not entry.file_size:
        raise DataProblem(f"{name}: {PurePosixPath(_readable(entry)).name[:80]} in it is empty. Take it out.")
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
