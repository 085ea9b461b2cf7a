"""The writer's child process without a model: its own addresses, and a chat that says a few words, a word at a time.

python -m tests.campaign.fake_child [--pace SECONDS] --port PORT --model_alias NAME ...
"""

import asyncio
import json
import os
import sys
import threading

import uvicorn
from sse_starlette.sse import EventSourceResponse
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route

from engine.campaign.writer import addresses, child
from engine.campaign.writer.line import Line

WORDS = ["Body: A ", "calm ", "evening ", "is ", "near."]


def option(name, otherwise=""):
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else otherwise


async def chat(request):
    pace = float(option("--pace", "0"))

    async def events():
        for word in WORDS:
            await asyncio.sleep(pace)
            yield {"data": json.dumps(chunk({"content": word}, None))}
        yield {"data": json.dumps(chunk({}, "stop"))}
        yield {"data": "[DONE]"}

    return EventSourceResponse(events(), sep="\n", ping=0.2)


def chunk(delta, finish):
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "x", "choices": [choice]}


if __name__ == "__main__":
    threading.Thread(target=child.end_with, args=(int(os.environ[child.PARENT]),), daemon=True).start()
    meter = addresses.Meter()
    routes = addresses.routes(option("--model_alias"), os.environ["API_KEY"], Line(), meter)
    app = Starlette(
        routes=[*routes, Route(addresses.CHAT, chat, methods=["POST"])],
        middleware=[Middleware(addresses.Pulse, meter=meter)],
    )
    uvicorn.run(app, host="127.0.0.1", port=int(option("--port")), log_level="warning")
