"""What happens to drafts when the model's process is shared, stopped, killed, frozen, short of memory or of a file.

    python bench/writer_faults.py [--times 5] [--part faults] > bench/results/writer_faults.txt

Uses the default language model of this machine: `make model` fetches it. Every draft is asked for as the app asks: by a
process of its own, or this one, that is given the address of the one model.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, from anywhere

from bench.shared.model import at_hand
from engine.campaign.plan import Brief, Offer
from engine.campaign.writer import drafts
from engine.campaign.writer.drafts import Draft
from engine.campaign.writer.facts import Facts, facts
from engine.campaign.writer.remote import Remote
from engine.campaign.writer.server import PROGRAM, WriterServer
from engine.campaign.writer.turn import SILENCE
from engine.errors import AppError
from engine.settings import Settings
from engine.shop import samples
from engine.shop.store import Shop

WINDOWS = 8
SENTENCE_SECONDS, NEXT_SECONDS = 5.0, 10.0  # promised: after the deadline; from asking again to its first words
ROOM_BYTES = 1_500_000_000  # of addresses: too few for a model of 1.1 GB beside Python
LIMITED = (
    sys.executable,
    "-c",
    f"import resource, runpy; resource.setrlimit(resource.RLIMIT_AS, ({ROOM_BYTES}, {ROOM_BYTES})); "
    "runpy.run_module('engine.campaign.writer.child', run_name='__main__', alter_sys=True)",
)
ROOT = Path(__file__).parents[1]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--times", type=int, default=5, help="how often each fault is made")
    arguments.add_argument("--part", choices=["cancel", "line", "faults"], help="only this part")
    chosen = arguments.parse_args()
    times, parts = chosen.times, [chosen.part] if chosen.part else ["cancel", "line", "faults"]
    settings, path = at_hand()
    with tempfile.TemporaryDirectory() as folder:
        shop = samples.build("demo", Path(folder) / "shop")
        asked = _brief(shop)
        brief = Path(folder) / "brief.json"
        brief.write_text(asked.model_dump_json(), encoding="utf-8")
        told = facts(shop, asked)
        if "cancel" in parts:
            cancelled(path, settings, told, asked, times)
        if "line" in parts:
            shared(path, settings, shop, brief)
        if "faults" in parts:
            faults(path, settings, told, asked, times, Path(folder))


def _brief(shop: Shop) -> Brief:
    product = str(shop.table("products")["product_id"].iloc[0])
    offer = Offer(kind="percent", discount=0.15, code="HOME15")
    return Brief(
        goal="win_back",
        channel="sms",
        product_ids=[product],
        offer=offer,
        starts_at=date(2026, 6, 1),
        ends_at=date(2026, 6, 30),
    )


# --- Cancel ---


def cancelled(path: Path, settings: Settings, told: Facts, asked: Brief, times: int) -> None:
    """How long after a draft in writing is given up the model writes no more, by its process's own word."""
    print("Cancel: from giving a draft up until the model is free; seconds, and a token's time at that speed")
    freed, tokens = [], []
    with WriterServer(path, settings) as server:
        for number in range(times):
            tokens.append(1 / (_written(_stream(server.endpoint, told, asked, number)).tokens_per_second or 1.0))
            events = drafts.stream(told, asked, 1, 10 + number, server.endpoint)
            _until_text(events)
            given_up = time.perf_counter()
            events.close()  # type: ignore[attr-defined]
            while (server.pulse(1.0) or {}).get("writing"):
                time.sleep(0.01)
            freed.append(time.perf_counter() - given_up)
    print("  free after  " + "  ".join(f"{one:.2f}" for one in freed) + f"   longest {max(freed):.2f}")
    print("  one token   " + "  ".join(f"{one:.2f}" for one in tokens) + "\n", flush=True)


# --- eight windows ---


@dataclass(slots=True)
class Window:
    """One process that asks for drafts, and what it reported when."""

    name: str
    count: int
    asked: float = 0.0
    places: list[int] | None = None
    done: list[float] | None = None
    writers: list[str] | None = None


def shared(path: Path, settings: Settings, shop: Shop, brief: Path) -> None:
    """Eight processes, one model: the order of their drafts."""
    for title, counts in (
        ("eight windows, two drafts each", [2] * WINDOWS),
        ("one window with six drafts, then seven with one each", [6] + [1] * (WINDOWS - 1)),
    ):
        with WriterServer(path, settings) as server:
            endpoint = server.endpoint()
            asks = [Window(f"w{number + 1}", count) for number, count in enumerate(counts)]
            threads = [
                threading.Thread(target=_ask, args=(one, endpoint.url, endpoint.key, shop, brief)) for one in asks
            ]
            began = time.perf_counter()
            for thread in threads:
                thread.start()
                time.sleep(0.3)
            for thread in threads:
                thread.join()
        _table(title, asks, began)


def _ask(window: Window, url: str, key: str, shop: Shop, brief: Path) -> None:
    own = {"OFFERLAB_LLM_URL": url, "OFFERLAB_LLM_KEY": key, "OFFERLAB_WINDOW": window.name}
    command = [sys.executable, "-m", "engine", "draft", "--brief", str(brief), "-n", str(window.count)]
    window.places, window.done, window.writers = [], [], []
    with subprocess.Popen(
        [*command, "--shop", str(shop.path), "--seed", window.name.strip("w")],
        cwd=ROOT,
        env={**os.environ, **own},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr
        for line in process.stderr:
            report = json.loads(line) if line.startswith("{") else {}
            if "place" in report:
                window.asked = window.asked or time.perf_counter()
                window.places.append(report["place"])
            if "done" in report:
                window.done.append(time.perf_counter())
                window.writers.append(report["done"]["writer"])


def _table(title: str, asks: list[Window], began: float) -> None:
    print(f"{title}: seconds since the first one was started")
    print("  window  in line at  places shown                done at")
    for one in sorted(asks, key=lambda one: one.asked):
        places = " ".join(map(str, one.places or []))
        done = "  ".join(f"{at - began:.1f}" for at in one.done or [])
        print(f"  {one.name:<6}  {one.asked - began:>10.1f}  {places[:26]:<26}  {done}")
    wanted, got = sum(one.count for one in asks), sum(len(one.done or []) for one in asks)
    by_model = sum((one.writers or []).count("model") for one in asks)
    print(f"  {got} of {wanted} drafts, {by_model} by the model, {wanted - got} lost; {_fair(asks)}\n")


def _fair(asks: list[Window]) -> str:
    """The most drafts that another window got between a window's asking and its first draft."""
    worst = 0
    for one in asks:
        for other in asks:
            between = [at for at in other.done or [] if one.asked < at < (one.done or [0.0])[0]]
            worst = max(worst, len(between) if other is not one else 0)
    return f"while one waited for its first draft, any other got {worst} at most"


# --- faults ---


def faults(path: Path, settings: Settings, told: Facts, asked: Brief, times: int, folder: Path) -> None:
    """Each fault so many times: the sentence, when it came, and how soon the next draft was there."""
    cut = folder / "cut.gguf"
    with path.open("rb") as whole:
        cut.write_bytes(whole.read(200_000_000))
    kinds: list[tuple[str, Callable[[int], Outcome]]] = [
        ("killed", lambda seed: _signalled(path, settings, told, asked, seed, signal.SIGKILL)),
        ("hung", lambda seed: _signalled(path, settings, told, asked, seed, signal.SIGSTOP)),
        ("out of memory", lambda seed: _not_started(path, settings, told, asked, seed, path, LIMITED)),
        ("truncated file", lambda seed: _not_started(path, settings, told, asked, seed, cut, PROGRAM)),
    ]
    print("faults: seconds until the sentence, and from asking again until the next draft's first words and its end")
    print(f"  a hang is known after {SILENCE:.0f} s of silence, the others at once; right: a sentence within")
    print(
        f"  {SENTENCE_SECONDS:.0f} s of that, first words within {NEXT_SECONDS:.0f} s, and the model's draft in the end"
    )
    right = 0
    sentences = {}
    for name, make in kinds:
        for number in range(times):
            found = make(number)
            is_right = found.is_right(SENTENCE_SECONDS + (SILENCE if name == "hung" else 0))
            right += is_right
            sentences[name] = found.sentence
            seconds = (
                f"said {found.said:5.1f}  first words {found.words:5.1f}  draft {found.next:5.1f} by {found.writer:<8}"
            )
            print(f"  {name:<15} {number + 1}  {seconds}  {'right' if is_right else 'WRONG'}", flush=True)
    print(f"  {right} of {times * len(kinds)}\n")
    for name, sentence in sentences.items():
        print(f"{name}: {sentence.replace(str(folder), '...').replace(str(settings.cache), '...')}")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What followed a fault; seconds."""

    sentence: str
    said: float
    words: float
    next: float
    writer: str

    def is_right(self, limit: float) -> bool:
        return bool(self.sentence) and self.said <= limit and self.words <= NEXT_SECONDS and self.writer == "model"


def _signalled(path: Path, settings: Settings, told: Facts, asked: Brief, seed: int, number: int) -> Outcome:
    with WriterServer(path, settings) as server:
        endpoint = server.endpoint()
        writer = Remote(replace(settings, llm_url=endpoint.url, llm_key=endpoint.key))
        _written(_stream(writer, told, asked, seed + 900))  # as in an app that has been drafting
        events = _stream(writer, told, asked, seed)
        _until_text(events)
        assert server.pid
        os.kill(server.pid, number)
        began = time.perf_counter()
        lost = _written(events)
        said = time.perf_counter() - began
        return _next(writer, told, asked, seed + 500, lost.note or "", said)


def _not_started(
    path: Path, settings: Settings, told: Facts, asked: Brief, seed: int, bad: Path, program: tuple[str, ...]
) -> Outcome:
    began, note = time.perf_counter(), ""
    try:
        with WriterServer(bad, settings, program=program):
            pass
    except AppError as problem:
        note = str(problem)
    said = time.perf_counter() - began
    server = WriterServer(path, settings)
    try:
        return _next(server.endpoint, told, asked, seed, note, said)
    finally:
        server.stop()


def _next(writer: drafts.Writer, told: Facts, asked: Brief, seed: int, sentence: str, said: float) -> Outcome:
    began = time.perf_counter()
    events = _stream(writer, told, asked, seed)
    try:
        _until_text(events)
    except StopIteration:  # a template
        return Outcome(sentence, said, 99.0, 99.0, "template")
    words = time.perf_counter() - began
    found = _written(events)
    return Outcome(sentence, said, words, time.perf_counter() - began, found.writer)


def _stream(writer: drafts.Writer, told: Facts, asked: Brief, seed: int) -> Iterator[drafts.Event]:
    return drafts.stream(told, asked, 1, seed, writer)


def _until_text(events: Iterator[drafts.Event]) -> None:
    next(event for event in events if event[0] == "text")


def _written(events: Iterator[drafts.Event]) -> Draft:
    return next(event[2] for event in events if isinstance(event[2], Draft))


if __name__ == "__main__":
    main()
