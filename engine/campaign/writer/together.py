"""Several iterators at once, their events as they come: a server elsewhere writes many drafts side by side."""

import queue
import threading
from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")
_END = object()


def together(sources: Sequence[Iterator[T]]) -> Iterator[T]:
    """The items of all sources, each source in a thread of its own. What one raises is raised when all have ended."""
    items: queue.SimpleQueue = queue.SimpleQueue()
    stop = threading.Event()

    def run(source: Iterator[T]) -> None:
        problem: BaseException | None = None
        try:
            for item in source:
                items.put((item, None))
                if stop.is_set():
                    return
        except BaseException as error:
            problem = error
        finally:
            items.put((_END, problem))

    threads = [threading.Thread(target=run, args=[source], daemon=True) for source in sources]
    for thread in threads:
        thread.start()
    problems: list[BaseException] = []
    left = len(threads)
    try:
        while left:
            item, problem = items.get()
            if item is not _END:
                yield item
                continue
            left -= 1
            if problem is not None:
                problems.append(problem)
    finally:
        stop.set()
    if problems:
        raise problems[0]
