"""The line of those who wait for the model: one draft at a time, and windows take turns draft by draft."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator

BEAT = 1.0  # seconds between two signs of life to somebody who waits
LONGEST_TURN = 180.0  # seconds: a draft's own deadline is shorter, but whoever froze does not know


class Ticket:
    """One draft that wants the model. `place` 0: it has it, 1: it is next."""

    def __init__(self, window: str):
        self.window = window
        self.place = -1
        self.news = asyncio.Event()


class Line:
    """Who has the model and who waits, in memory.

    A ticket lives as long as the connection of whoever asked: the operating system closes that when a process dies,
    however it dies, so no ticket is ever left behind, and a model that is started again starts with an empty line.
    """

    def __init__(self) -> None:
        self.holder: Ticket | None = None
        self._waiting: dict[str, deque[Ticket]] = {}
        self._windows: deque[str] = deque()  # those with somebody waiting, the next one first

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def join(self, window: str) -> Ticket:
        """A new ticket, behind every other window's next draft and behind this window's own."""
        ticket = Ticket(window)
        self._waiting.setdefault(window, deque()).append(ticket)
        if window not in self._windows and not (self.holder and self.holder.window == window):
            self._windows.append(window)
        self._move()
        return ticket

    def leave(self, ticket: Ticket) -> None:
        """The ticket is gone: its draft is written, or nobody wants it any more."""
        if ticket is self.holder:
            self.holder = None
            if self._waiting.get(ticket.window):  # its next draft comes after one of each other window
                self._windows.append(ticket.window)
        elif ticket in (own := self._waiting.get(ticket.window, deque())):
            own.remove(ticket)
            if not own and ticket.window in self._windows:
                self._windows.remove(ticket.window)
        self._move()

    def _move(self) -> None:
        """Gives the model to whoever is next if it is free, and tells everyone their place."""
        if self.holder is None and self._windows:
            window = self._windows.popleft()
            self.holder = self._waiting[window].popleft()
        self._waiting = {window: own for window, own in self._waiting.items() if own}
        for place, ticket in enumerate(([self.holder] if self.holder else []) + self._in_order()):
            at = place if self.holder else place + 1
            if ticket.place != at:
                ticket.place = at
                ticket.news.set()

    def _in_order(self) -> list[Ticket]:
        """Those who wait, in the order in which their turns come if nobody else arrives."""
        left = {window: deque(own) for window, own in self._waiting.items()}
        turns = deque(self._windows)
        turns.extend(window for window in left if window not in turns)  # the holder's own next drafts
        order = []
        while turns:
            window = turns.popleft()
            order.append(left[window].popleft())
            if left[window]:
                turns.append(window)
        return order


async def places(line: Line, window: str, beat: float = BEAT, longest: float = LONGEST_TURN) -> AsyncIterator[int]:
    """The place of a new ticket, at once, on every change and on every beat; the ticket lives until this is closed."""
    ticket, since = line.join(window), None
    clock = asyncio.get_running_loop().time
    try:
        while True:
            yield ticket.place
            if ticket.place == 0:
                since = since if since is not None else clock()
                if clock() - since > longest:
                    return
            ticket.news.clear()
            try:
                await asyncio.wait_for(ticket.news.wait(), beat)
            except TimeoutError:
                continue
    finally:
        line.leave(ticket)
