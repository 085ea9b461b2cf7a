"""The writer's child process: llama_cpp.server, which ends when the process that started it ends.

Run as `python -m engine.campaign.writer.child ...` with the options of `python -m llama_cpp.server`.
"""

import os
import runpy
import threading
import time

PARENT = "OFFERLAB_WRITER_PARENT"


def end_with(parent: int) -> None:
    """Ends this process as soon as `parent` is no longer its parent."""
    # Linux can signal a child at its parent's death, but means the *thread* that started it, and pages are threads.
    while os.getppid() == parent:
        time.sleep(0.3)
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=end_with, args=(int(os.environ[PARENT]),), daemon=True).start()
    runpy.run_module("llama_cpp.server", run_name="__main__", alter_sys=True)
