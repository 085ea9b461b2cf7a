"""The writer's child process: llama_cpp.server with a line of those who wait, ended when whoever started it ends.

Run as `python -m engine.campaign.writer.child ...` with the options of `python -m llama_cpp.server`. It answers beside
that server's own addresses:

/v1/turn?window=W  server-sent events with the place in the line; 0 is W's turn, which lasts until W hangs up
/v1/models         as the server's own, which would wait until a draft in writing is done
/health            whether somebody writes, for how long no token came, how many wait
"""

import hmac
import os
import threading
import time
from collections.abc import AsyncIterator
from typing import Any

from sse_starlette.sse import EventSourceResponse
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.campaign.writer.line import BEAT, Line, places
from engine.campaign.writer.server import PARENT

CHAT = "/v1/chat/completions"


def end_with(parent: int) -> None:
    """Ends this process as soon as `parent` is no longer its parent."""
    # Linux can signal a child at its parent's death, but means the *thread* that started it, and pages are threads.
    while os.getppid() == parent:
        time.sleep(0.3)
    os._exit(0)


class Meter:
    """How many answers are being written, and when the last token came."""

    def __init__(self) -> None:
        self.writing = 0
        self.last = time.monotonic()

    def seconds_silent(self) -> float:
        """Since the last token of what is being written; 0 while nothing is."""
        return time.monotonic() - self.last if self.writing else 0.0


class Pulse:
    """Keeps the meter from the answers that pass."""

    def __init__(self, app: ASGIApp, meter: Meter):
        self.app, self.meter = app, meter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != CHAT:
            await self.app(scope, receive, send)
            return
        meter = self.meter

        async def seen(message: Message) -> None:
            if message.get("body", b"").startswith(b"data:"):  # anything else is the connection's own sign of life
                meter.last = time.monotonic()
            await send(message)

        if not meter.writing:
            meter.last = time.monotonic()
        meter.writing += 1
        try:
            await self.app(scope, receive, seen)
        finally:
            meter.writing -= 1


def routes(model: str, key: str, line: Line, meter: Meter) -> list[Route]:
    """The addresses beside the server's own."""

    def refused(request: Request) -> Response | None:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if hmac.compare_digest(given.encode(), key.encode()):
            return None
        return JSONResponse({"detail": "Invalid API key"}, 401)

    async def health(request: Request) -> Response:
        return refused(request) or JSONResponse(
            {"silent": meter.seconds_silent(), "writing": meter.writing, "waiting": len(line)}
        )

    async def models(request: Request) -> Response:
        one = {"id": model, "object": "model", "owned_by": "me", "permissions": []}
        return refused(request) or JSONResponse({"object": "list", "data": [one]})

    async def turn(request: Request) -> Response:
        async def events() -> AsyncIterator[dict[str, str]]:
            async for place in places(line, request.query_params.get("window", "")):
                yield {"data": str(place)}

        return refused(request) or EventSourceResponse(events(), sep="\n")

    return [Route("/health", health), Route("/v1/models", models), Route("/v1/turn", turn)]


def main() -> None:
    """Serves until whoever started this process ends."""
    from llama_cpp.server import __main__ as program

    make_app, line, meter, key = program.create_app, Line(), Meter(), os.environ["API_KEY"]
    # Somebody who waits for a first token hears once a beat that the process lives: silence then means that it hangs.
    EventSourceResponse.DEFAULT_PING_INTERVAL = BEAT  # type: ignore[assignment]

    def create_app(**settings: Any) -> Any:
        app = make_app(**settings)
        app.router.routes[:0] = routes(settings["model_settings"][0].model_alias, key, line, meter)
        app.add_middleware(Pulse, meter=meter)
        return app

    program.create_app = create_app
    threading.Thread(target=end_with, args=(int(os.environ[PARENT]),), daemon=True).start()
    program.main()


if __name__ == "__main__":
    main()
