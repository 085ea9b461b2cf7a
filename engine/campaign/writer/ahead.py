"""Reading ahead: the model reads a brief before a draft of it is asked for, so that its first words come at once.

A prompt of 350 tokens takes 15 to 20 s to read on two slow cores, and nobody has to watch that: whoever opens the page
for copy is about to ask.
"""

import contextlib
import threading
import time
from collections.abc import Callable

from engine.campaign.plan import Brief
from engine.campaign.writer import model
from engine.campaign.writer.drafts import known
from engine.campaign.writer.facts import ShopLike
from engine.campaign.writer.server import WriterServer
from engine.campaign.writer.wish import NOTHING
from engine.errors import AppError

PATIENCE = 60.0  # seconds


class Ahead:
    """The brief that the model was given to read last. `server` finds the model; None where there is none."""

    def __init__(self, server: Callable[[], WriterServer | None]) -> None:
        self._server = server
        self._brief = ""
        self._reads = threading.Lock()

    def read(self, shop: ShopLike, brief: Brief) -> threading.Thread | None:
        """Starts reading what the first draft will be asked with; None where this brief was the last, or one is read.

        Starts the server if need be. Whoever drafts goes first; a problem ends the reading, the draft itself will tell.
        """
        asked = brief.model_dump_json()
        if asked == self._brief or not self._reads.acquire(blocking=False):
            return None
        self._brief = asked
        thread = threading.Thread(target=self._reading, args=(shop, brief), daemon=True)
        thread.start()
        return thread

    def _reading(self, shop: ShopLike, brief: Brief) -> None:
        try:
            with contextlib.suppress(AppError, model.Unfinished):
                server = self._server()
                if server is None:
                    return
                facts, endpoint = known(shop, brief), server.endpoint()
                pulse = server.pulse(timeout=1.0) or {}
                if pulse.get("writing") or pulse.get("waiting"):
                    self._brief = ""  # another time
                    return
                ask = model.asked(brief, facts, 0, 0, NOTHING, ())
                until = time.monotonic() + PATIENCE
                with contextlib.closing(model.draw(endpoint, ask, facts, 0, until, PATIENCE)) as pieces:
                    next(pieces, None)
        finally:
            self._reads.release()
