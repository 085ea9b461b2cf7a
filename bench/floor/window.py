"""A browser window without a browser: speaks Streamlit's protocol to a running app and moves one slider."""

import asyncio
import json
import random
import time
from dataclasses import dataclass, field

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

SLIDER = "numbers.size"
NUMBER = "numbers.box_extra_profit"
LONGEST = 30  # seconds to wait for the end of a run before it counts as an error
ENDS = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)


@dataclass
class Window:
    """One marketer on the Numbers tab of a plan. Times are in seconds, as somebody at the socket sees them."""

    url: str
    plan_id: str
    seed: int
    first_load: float | None = None
    to_number: list[float] = field(default_factory=list)
    to_end: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    _page: str = ""
    _slider: str = ""
    _fragment: str = ""
    _box: tuple[int, ...] | None = None
    _moves: int = 0
    _cached: set[str] = field(default_factory=set)

    async def live(self, end: float, think: float, sizes: tuple[int, int]) -> None:
        """Opens the page, then moves the slider and thinks until `end` of time.monotonic()."""
        chance = random.Random(self.seed)
        await asyncio.sleep(chance.uniform(0, think))
        stream = self.url.replace("http", "ws", 1) + "/_stcore/stream"
        try:
            async with connect(stream, subprotocols=["streamlit"], max_size=None, proxy=None) as socket:  # type: ignore[list-item]
                await self._open(socket)
                size = sizes[0]
                while self._slider and time.monotonic() < end:
                    await asyncio.sleep(chance.uniform(0.75, 1.25) * think)
                    size = chance.choice([other for other in range(sizes[0], sizes[1] + 1) if other != size])
                    await self._move(socket, size)
        except (OSError, WebSocketException, TimeoutError) as problem:
            self.errors.append(f"{type(problem).__name__}: {problem}")

    async def _open(self, socket: ClientConnection) -> None:
        asked = BackMsg()
        asked.rerun_script.query_string = f"plan={self.plan_id}&tab=numbers"
        asked.rerun_script.page_name = "plan"
        self.first_load = (await self._run(socket, asked))[1]
        if not self._slider:
            self.errors.append("the page has no slider")

    async def _move(self, socket: ClientConnection, size: int) -> None:
        asked = BackMsg()
        state = asked.rerun_script
        state.query_string = f"plan={self.plan_id}&tab=numbers"
        state.page_script_hash = self._page
        state.fragment_id = self._fragment
        state.cached_message_hashes.extend(self._cached)
        self._moves += 1
        moved = state.widget_states.widgets.add(id=self._slider)
        moved.json_value = json.dumps({"moved": {"index": size - 1, "moves": self._moves}})  # as its script says it
        number, finished = await self._run(socket, asked)
        if number is None:
            self.errors.append("a move without a number")
        else:
            self.to_number.append(number)
            self.to_end.append(finished)

    async def _run(self, socket: ClientConnection, asked: BackMsg) -> tuple[float | None, float]:
        """Seconds until the number (None: it never came), and until the end of the run."""
        began, number = time.perf_counter(), None
        await socket.send(asked.SerializeToString())
        async with asyncio.timeout(LONGEST):
            while True:
                answer = ForwardMsg.FromString(await socket.recv(decode=False))
                if self._is_number(answer):
                    number = time.perf_counter() - began
                if answer.WhichOneof("type") == "script_finished" and answer.script_finished in ENDS:
                    return number, time.perf_counter() - began

    def _is_number(self, answer: ForwardMsg) -> bool:
        """Notes what the window needs to know of a message; whether it is the number."""
        kind = answer.WhichOneof("type")
        if answer.metadata.cacheable and answer.hash:
            self._cached.add(answer.hash)
        if kind == "new_session":
            self._page = answer.new_session.page_script_hash
        if kind == "page_not_found":
            self.errors.append("page not found")
        path = tuple(answer.metadata.delta_path)
        if self._box and path[: len(self._box)] == self._box and (kind == "ref_hash" or _is_metric(answer)):
            return True
        if kind != "delta":
            return False
        if answer.delta.WhichOneof("type") == "add_block" and answer.delta.add_block.id.endswith(NUMBER):
            self._box = path
            return False
        element = answer.delta.new_element
        if element.WhichOneof("type") == "exception":
            self.errors.append(f"{element.exception.type}: {element.exception.message}")
        if element.WhichOneof("type") == "bidi_component" and element.bidi_component.id.endswith(SLIDER):
            self._slider, self._fragment = element.bidi_component.id, answer.delta.fragment_id
        return False


def _is_metric(answer: ForwardMsg) -> bool:
    return answer.WhichOneof("type") == "delta" and answer.delta.new_element.WhichOneof("type") == "metric"
