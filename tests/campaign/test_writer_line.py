"""One model for all windows: whose turn it is, and what happens to drafts when the model's process dies or hangs."""

import asyncio
import os
import signal
import sys
import threading
import time
from dataclasses import replace

import pytest

from engine import settings as environment
from engine.campaign.writer import drafts, line, model, remote, server, turn
from engine.campaign.writer.facts import facts
from engine.campaign.writer.line import Line
from engine.errors import DraftFailed
from tests.campaign.fake_writer import FakeShop, brief

PROGRAM = (sys.executable, "-m", "tests.campaign.fake_child")


def order(waiting: Line) -> str:
    """The windows in the order in which they get the model, the one that has it first."""
    found = []
    while waiting.holder:
        found.append(waiting.holder.window)
        waiting.leave(waiting.holder)
    return "".join(found)


def joined(windows: str) -> Line:
    waiting = Line()
    for window in windows:
        waiting.join(window)
    return waiting


# ---------------------------------------------------------------- the line


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        ("abc", "abc"),
        ("aaab", "abaa"),
        ("aabbcc", "abcabc"),
        ("aaaabc", "abcaaa"),
        ("abbba", "ababb"),
    ],
)
def test_windows_take_turns_draft_by_draft_in_the_order_they_came(asked, written):
    assert order(joined(asked)) == written


def test_the_place_shown_is_the_turn_that_comes():
    waiting = Line()
    tickets = [waiting.join(window) for window in "aaabc"]
    assert [ticket.place for ticket in tickets] == [0, 3, 4, 1, 2]
    shown = {place: ticket.window for ticket, place in zip(tickets, [0, 3, 4, 1, 2], strict=True)}
    assert order(waiting) == "".join(shown[place] for place in range(5))


def test_a_window_that_asks_again_comes_after_those_who_waited():
    waiting = joined("ab")
    waiting.leave(waiting.holder)  # a's draft is written, b's begins
    waiting.join("c")
    waiting.join("a")
    assert order(waiting) == "bca"


def test_whoever_gives_up_while_waiting_leaves_no_gap():
    waiting = Line()
    tickets = [waiting.join(window) for window in "abc"]
    waiting.leave(tickets[1])
    waiting.leave(tickets[1])  # twice is as once
    assert tickets[2].place == 1 and order(waiting) == "ac" and len(waiting) == 0


def test_a_ticket_lives_as_long_as_somebody_listens():
    async def two():
        waiting = Line()
        first, second = line.places(waiting, "a"), line.places(waiting, "b")
        assert [await anext(first), await anext(second)] == [0, 1]
        await first.aclose()  # as when the process that asked was killed
        return await anext(second)

    assert asyncio.run(two()) == 0


def test_a_turn_that_never_ends_is_taken_away():
    async def said():
        return [place async for place in line.places(Line(), "a", beat=0.01, longest=0.03)]

    assert set(asyncio.run(said())) == {0}


# ---------------------------------------------------------------- the process


@pytest.fixture(scope="module")
def model_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "own.gguf"
    path.write_bytes(b"GGUF my own")
    return path


@pytest.fixture(scope="module")
def child(model_file):
    """A child without a model that writes a word each tenth of a second."""
    kept = environment.read({"OFFERLAB_CACHE": str(model_file.parent)})
    with server.WriterServer(model_file, kept, program=(*PROGRAM, "--pace", "0.1")) as running:
        yield running


@pytest.fixture
def start(settings, model_file, monkeypatch):
    """start(*options): a child of the test's own, which is looked at often, and counts as hanging soon."""
    monkeypatch.setattr(server, "CHECK_SECONDS", 0.1)
    monkeypatch.setattr(server, "HUNG_SECONDS", 1.5)
    monkeypatch.setattr(model, "SILENCE", 2.0)
    running = []

    def start_(*options):
        running.append(server.WriterServer(model_file, settings, program=(*PROGRAM, *options)))
        running[-1].start()
        return running[-1]

    yield start_
    for one in running:
        one.stop()


def writer(child, settings, **options) -> remote.Remote:
    """The child as a process of its own knows it: by address and key."""
    return remote.Remote(replace(settings, llm_url=child.url, llm_key=child.key), **options)


def written(endpoint, window="", n=1) -> list:
    wanted = brief()
    return list(drafts.stream(facts(FakeShop(), wanted), wanted, n, 7, endpoint, window=window))


def test_a_second_window_is_told_its_place_and_writes_when_the_first_is_done(child, settings):
    first, events = [], []
    ask = writer(child, settings)

    def one():
        first.extend(written(ask, "a"))

    thread = threading.Thread(target=one)
    thread.start()
    _until(lambda: (child.pulse(2) or {}).get("writing"))
    events = written(ask, "b")
    thread.join()
    assert [content for kind, _, content in events if kind == "place"] == [1, 0]
    assert events[-1][2].writer == first[-1][2].writer == "model"
    assert all(content != 1 for kind, _, content in first if kind == "place")


def test_a_draft_that_is_given_up_frees_the_model_at_once(child, settings):
    wanted = brief()
    events = drafts.stream(facts(FakeShop(), wanted), wanted, 1, 7, writer(child, settings))
    assert next(event for event in events if event[0] == "text")
    assert child.pulse(2)["writing"] == 1
    events.close()
    _until(lambda: not child.pulse(2)["writing"])
    assert child.pulse(2)["waiting"] == 0 and child.healthy()


def test_the_child_answers_while_it_writes(child, settings):
    thread = threading.Thread(target=written, args=[writer(child, settings)])
    thread.start()
    _until(lambda: (child.pulse(2) or {}).get("writing"))
    pid = child.pid
    child.start()  # as another window does: it must not end what is being written
    assert child.pid == pid and remote.models_at(child.url, child.key, 1)
    thread.join()


@pytest.mark.parametrize("fault", [signal.SIGKILL, signal.SIGSTOP])
def test_a_child_that_dies_or_hangs_costs_one_draft_and_comes_back_by_itself(start, settings, fault):
    child = start("--pace", "0.2")
    ask = writer(child, settings)
    wanted = brief()
    events = drafts.stream(facts(FakeShop(), wanted), wanted, 2, 7, ask)
    next(event for event in events if event[0] == "text")
    pid, url = child.pid, child.url
    os.kill(pid, fault)
    lost, found = (content for kind, _, content in events if kind == "draft")
    assert (lost.writer, found.writer) == ("template", "model")
    assert "is being started again" in lost.note and "正在重新启动" in lost.note_zh
    assert child.pid not in (None, pid) and child.url == url


def test_who_only_waits_when_the_child_dies_loses_nothing(start, settings):
    child = start("--pace", "0.3")
    first, second = [], []
    threads = [
        threading.Thread(target=lambda: first.extend(written(writer(child, settings), "a"))),
        threading.Thread(target=lambda: second.extend(written(writer(child, settings), "b"))),
    ]
    threads[0].start()
    _until(lambda: (child.pulse(2) or {}).get("writing"))
    threads[1].start()
    _until(lambda: (child.pulse(2) or {}).get("waiting"))
    os.kill(child.pid, signal.SIGKILL)
    for thread in threads:
        thread.join()
    assert [events[-1][2].writer for events in (first, second)] == ["template", "model"]


def test_a_child_that_writes_nothing_is_replaced_though_it_answers(start, settings, monkeypatch):
    monkeypatch.setattr(server, "STALLED_SECONDS", 0.5)
    child = start("--pace", "30")
    pid = child.pid
    (lost,) = (content for kind, _, content in written(writer(child, settings)) if kind == "draft")
    assert lost.writer == "template" and "stopped" in lost.note
    _until(lambda: child.pid not in (None, pid))


def test_a_child_that_keeps_dying_is_left_down_until_somebody_asks(start):
    child = start()
    for _ in range(server.CRASHES):
        _until(lambda: child.pid)
        os.kill(child.pid, signal.SIGKILL)
        _until(lambda: child.pid is None)
    time.sleep(0.5)
    assert child.pid is None
    assert child.endpoint() and child.pid


def test_a_wait_that_is_too_long_ends_with_the_place_reached(child):
    holder = turn.Turn(child.endpoint(), "a")
    assert list(holder.places()) == [] and holder.is_kept
    with pytest.raises(DraftFailed, match="still number 1 in line"):
        list(turn.Turn(child.endpoint(), "b", patience=0.3).places())
    holder.close()


def test_a_server_without_a_line_is_asked_at_once(fake):
    waiting = turn.Turn(fake("{}").endpoint(), "a")
    assert list(waiting.places()) == [] and not waiting.is_kept


def _until(true, seconds=20):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)
