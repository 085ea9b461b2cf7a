"""A draft's turn at the model: waiting in its line, keeping the place for as long as the draft is written."""

import contextlib
import http.client
import time
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

from engine.campaign.writer.server import RETURN_SECONDS, Endpoint
from engine.errors import DraftFailed
from engine.sentences import Sentence

SILENCE = 6.0  # seconds without a sign of life, one comes each second: the model's process hangs
PATIENCE = 300.0  # seconds in the line, before the writing begins and its own deadline counts


class Turn:
    """The connection that stands for a ticket in the line; closing it gives the model to the next one."""

    def __init__(
        self,
        endpoint: Endpoint,
        window: str,
        patience: float = PATIENCE,
        silence: float = SILENCE,
        returns: float = RETURN_SECONDS,
    ):
        self._endpoint = endpoint
        self._window = window
        self._patience = patience
        self._silence = silence
        self._return = returns
        self._open = contextlib.ExitStack()
        self.is_kept = False  # False as well where the server has no line

    def places(self) -> Iterator[int]:
        """The place in the line as it changes, 1 for the next one; ends when it is this draft's turn.

        When the model's process dies or hangs, the one that follows it has a new line, which is joined: whoever only
        waits loses nothing. Raises DraftFailed when none follows, or the wait was too long.
        """
        until, last, lost = time.monotonic() + self._patience, 0, 0.0
        while True:
            try:
                for place in self._said():
                    lost = 0.0
                    if place == 0:
                        self.is_kept = True
                        return
                    if time.monotonic() > until:
                        values = {"minutes": round(self._patience / 60) or 1, "place": place}
                        raise DraftFailed(Sentence("writer.long_line", values))
                    if place != last:
                        last = place
                        yield place
                return
            except (OSError, http.client.HTTPException, ValueError) as error:
                self.close()
                lost = lost or time.monotonic()
                if not last or time.monotonic() - lost > self._return:
                    key = "writer.hangs" if isinstance(error, TimeoutError) else "writer.gone"
                    raise DraftFailed(Sentence(key)) from error
                time.sleep(0.2)

    def _said(self) -> Iterator[int]:
        address = urlsplit(self._endpoint.url)
        assert address.hostname
        kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
        connection = kind(address.hostname, address.port, timeout=self._silence)
        self._open.callback(connection.close)
        headers = {"Authorization": f"Bearer {self._endpoint.key}"}
        connection.request("GET", f"{address.path}/turn?window={quote(self._window)}", headers=headers)
        answer = connection.getresponse()
        self._open.callback(answer.close)
        if answer.status != 200 or "event-stream" not in answer.headers.get("Content-Type", ""):
            return  # a server without a line: it may be asked at once
        while line := answer.readline():
            if line.startswith(b"data:"):
                yield int(line.removeprefix(b"data:"))
        raise ConnectionError("the line ended")

    def close(self) -> None:
        """The draft is written, or given up."""
        with contextlib.suppress(OSError):
            self._open.close()
