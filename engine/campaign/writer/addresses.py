"""The addresses that the model's process answers beside those of llama_cpp.server."""

import hmac
import time
from collections.abc import AsyncIterator

from sse_starlette.sse import EventSourceResponse
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.campaign.writer.line import Line, places

CHAT = "/v1/chat/completions"


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
