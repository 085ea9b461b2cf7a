"""The writer's child process: llama_cpp.server with a line of those who wait, ended when whoever started it ends.

Run as `python -m engine.campaign.writer.child ...` with the options of `python -m llama_cpp.server`. It answers beside
that server's own addresses:

/v1/turn?window=W  server-sent events with the place in the line; 0 is W's turn, which lasts until W hangs up
/v1/models         as the server's own, which would wait until a draft in writing is done
/health            whether somebody writes, for how long no token came, how many wait
"""

import os
import threading
import time
from pathlib import Path
from typing import Any

PARENT = "OFFERLAB_WRITER_PARENT"
KEPT = "OFFERLAB_WRITER_KEPT"  # folder of prompts that were read; without it none are kept


def end_with(parent: int) -> None:
    """Ends this process as soon as `parent` is no longer its parent."""
    # Linux can signal a child at its parent's death, but means the *thread* that started it, and pages are threads.
    while os.getppid() == parent:
        time.sleep(0.3)
    os._exit(0)


def main() -> None:
    """Serves until whoever started this process ends."""
    threading.Thread(target=end_with, args=(int(os.environ[PARENT]),), daemon=True).start()  # before anything slow

    import llama_cpp
    from llama_cpp.server import __main__ as program
    from sse_starlette.sse import EventSourceResponse

    from engine.campaign.writer import kept, sampling
    from engine.campaign.writer.addresses import Meter, Pulse, routes
    from engine.campaign.writer.line import BEAT, Line

    sampling.ask_late()
    make_app, line, meter, key = program.create_app, Line(), Meter(), os.environ["API_KEY"]
    # Somebody who waits for a first token hears once a beat that the process lives: silence then means that it hangs.
    EventSourceResponse.DEFAULT_PING_INTERVAL = BEAT  # type: ignore[assignment]

    def create_app(**settings: Any) -> Any:
        model = settings["model_settings"][0]
        if folder := os.environ.get(KEPT):
            kept.keep_prompts(Path(folder), f"{model.model_alias} {model.n_ctx} {llama_cpp.__version__}")
        app = make_app(**settings)
        app.router.routes[:0] = routes(model.model_alias, key, line, meter)
        app.add_middleware(Pulse, meter=meter)
        return app

    program.create_app = create_app
    program.main()


if __name__ == "__main__":
    main()
