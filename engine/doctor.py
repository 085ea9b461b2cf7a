"""Is this machine fit to run Offerlab? Each check says what was found and, where it is not well, what to do."""

import http.client
import importlib.metadata
import os
import platform
import re
import shutil
import sys
import urllib.request
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from engine.campaign.writer import health, ports, whereabouts
from engine.decision import backup, database
from engine.errors import AppError
from engine.settings import Settings
from engine.shop import store

REQUIREMENTS = Path(__file__).resolve().parents[1] / "requirements.txt"
PORT = 8501
FREE_BYTES = 2_000_000_000  # the model, its parts while they are put together, and a shop with room to grow
DAY_SECONDS = 86_400
OLDEST_CLOCK = 2026  # this version was made then: an earlier clock would misdate every approval


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `advice` is empty when all is well."""

    name: str
    ok: bool
    found: str
    advice: str = ""


def examine(settings: Settings, now: datetime) -> list[Check]:
    """Every check, in the order in which trouble should be mended."""
    writer = health.writer_status(settings)
    return [
        python(),
        libraries(),
        sqlite(settings),
        model(writer, settings),
        gpu(writer, whereabouts.last_offload(settings.cache / "logs" / "writer.log")),
        disk(settings),
        port(),
        folder("configuration folder", settings.config),
        shop(settings),
        backups(settings),
        clock(now),
    ]


def python() -> Check:
    """The Python that runs this."""
    found = f"{platform.python_version()} ({sys.executable})"
    fits = sys.version_info[:2] == (3, 11)
    return Check("Python", fits, found, "" if fits else "Offerlab is tested on Python 3.11: start it with make run.")


def pinned(requirements: str) -> dict[str, str]:
    """Version by distribution name, from the text of requirements.txt."""
    return dict(re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s#;]+)", requirements, re.MULTILINE))


def libraries(requirements: Path = REQUIREMENTS) -> Check:
    """Whether the libraries are there, at the versions this was tested with."""
    wrong: list[str] = []
    right: list[str] = []
    for name, wanted in pinned(requirements.read_text(encoding="utf-8")).items():
        try:
            installed = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            installed = "missing"
        (right if installed == wanted else wrong).append(f"{name} {installed}")
    if wrong:
        return Check(
            "libraries", False, ", ".join(wrong), "Other versions than tested. make run installs the right ones."
        )
    return Check("libraries", True, ", ".join(right))


def sqlite(settings: Settings) -> Check:
    """Whether approvals are safe from the fault of older SQLite versions, and wait for the disk."""
    if problem := database.trial(settings.shop):
        return Check("SQLite", False, problem.text(), "make run installs pysqlite3, which brings a newer one.")
    return Check("SQLite", True, f"{database.fitness()[1].text()} It waits for the disk.")


def model(writer: dict, settings: Settings) -> Check:
    """What will write the drafts, from the writer's own status."""
    # What it says about the graphics card is said better by the check of that name.
    advice = " ".join(sentence for sentence in writer["advice"] if not sentence.startswith(health.GPU_ADVICE))
    if not writer["ok"]:
        return Check("language model", False, "cannot be used; drafts come from templates", advice)
    if settings.model == "none" and not settings.llm_url:
        return Check("language model", True, "switched off by OFFERLAB_MODEL=none: drafts come from templates")
    runs = whereabouts.now(settings).sentence.text("en")
    return Check("language model", True, f"{runs} {writer['model_file'] or ''}".strip())


def gpu(writer: dict, offloaded: tuple[int, int] | None) -> Check:
    """Whether the language model can use a graphics card, and how much of it was there when it last started."""
    if writer["gpu_offload"] is None:
        return Check("graphics card", False, "llama-cpp-python does not load", "make run GPU=none builds it anew.")
    if not writer["gpu_offload"]:
        device = graphics_card()
        if device:
            return Check("graphics card", False, f"{device} is not used", f"make run GPU={device} builds for it.")
        return Check("graphics card", True, "none; the processor writes the drafts")
    if offloaded is None:
        return Check("graphics card", True, "can be used; the language model has not been started yet")
    on_card, layers = offloaded
    found = f"{on_card} of {layers} layers were on it when the language model last started"
    advice = "" if on_card == layers else "Close what else uses the card, or take a smaller model."
    return Check("graphics card", on_card == layers, found, advice)


def graphics_card() -> str:
    """The GPU= value for this machine's graphics card, '' when none is seen."""
    if platform.system() == "Darwin":
        return "metal" if platform.machine() == "arm64" else ""
    return "cuda" if shutil.which("nvidia-smi") else ""


def existing(path: Path) -> Path:
    """The path, or the nearest folder above it that is there."""
    return next(place for place in [path, *path.absolute().parents] if place.exists())


def disk(settings: Settings) -> Check:
    """Room where the model and the shop are kept."""
    places = {existing(path) for path in (settings.cache, settings.shop) if path}
    free = {place: shutil.disk_usage(place).free for place in sorted(places)}
    found = ", ".join(f"{size / 1e9:,.1f} GB free at {place}" for place, size in free.items())
    fits = min(free.values()) >= FREE_BYTES
    advice = f"Keep {FREE_BYTES / 1e9:.0f} GB free, or move the folders with OFFERLAB_CACHE and OFFERLAB_SHOP."
    return Check("disk", fits, found, "" if fits else advice)


def port(number: int = PORT) -> Check:
    """Whether the app can open its address, or has."""
    name = f"port {number}"
    if ports.is_free(number):
        return Check(name, True, "free")
    if answers(number):
        return Check(name, True, f"an app is running at http://127.0.0.1:{number}")
    return Check(name, False, "taken by another program", f"Start on another port: make run PORT={number + 1}")


def answers(number: int) -> bool:
    """True when a Streamlit app answers there. It says ok; other programs answer something else, or nothing."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # this machine is never behind a proxy
    try:
        with direct.open(f"http://127.0.0.1:{number}/_stcore/health", timeout=2) as answer:
            return bool(answer.read().strip() == b"ok")
    except (OSError, http.client.HTTPException):
        return False


def folder(name: str, path: Path) -> Check:
    """Whether a folder can be written to; one that is not there yet can be made."""
    if os.access(existing(path), os.W_OK | os.X_OK):
        return Check(name, True, str(path))
    return Check(name, False, f"{path} cannot be written to", "Change its owner, or name another with OFFERLAB_CONFIG.")


def shop(settings: Settings) -> Check:
    """Whether the shop folder can be read and written."""
    if settings.shop is None:
        return Check("shop folder", False, "none named", "make run opens the demo shop; or set OFFERLAB_SHOP.")
    # Asked first: opening a folder of tables without settings would write the settings.
    if not (settings.shop / "shop.toml").exists():
        return Check("shop folder", False, f"no shop at {settings.shop}", "make run builds the demo shop there.")
    try:
        opened = store.open_shop(settings.shop)
    except AppError as problem:
        return Check("shop folder", False, str(problem), "Mend shop.toml as it says, or name another folder.")
    if not os.access(settings.shop, os.W_OK | os.X_OK):
        return Check("shop folder", False, f"{settings.shop} cannot be written to", "Change its owner or rights.")
    return Check("shop folder", True, f"{opened.settings.name} at {settings.shop}")


def backups(settings: Settings) -> Check:
    """Whether what was decided in the last day lies in a backup, and on which disk that is."""
    name = "backups"
    if settings.shop is None or not database.path_of(settings.shop).exists():
        return Check(name, True, "nothing to back up yet: no plans")
    try:
        shop_id = store.open_shop(settings.shop).shop_id
        place = backup.folder(shop_id, settings.config, settings.backups)
        same = backup.same_disk(settings.shop, place)
        last = next(iter(backup.backups(place)), None)
    except (AppError, OSError) as problem:
        return Check(name, False, str(problem), "Mend that, then run  ledger backup.")
    if last is None:
        return Check(name, False, f"none in {place}", "Run  ledger backup, or keep the app open: it makes one an hour.")
    changed = max(path.stat().st_mtime for path in settings.shop.glob("ledger.db*"))
    found = f"the last one at {last.at:%Y-%m-%d %H:%M} UTC in {place}" + (", on the shop's own disk" if same else "")
    if changed - last.path.stat().st_mtime > DAY_SECONDS:
        return Check(name, False, found, "Plans changed since: run  ledger backup.")
    return Check(name, True, found)


def clock(now: datetime) -> Check:
    """Whether approvals would be dated rightly."""
    fits = now.year >= OLDEST_CLOCK
    return Check(
        "clock", fits, f"{now:%Y-%m-%d %H:%M}", "" if fits else "Set this computer's date: approvals carry it."
    )
