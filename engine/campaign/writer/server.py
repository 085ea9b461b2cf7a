"""The language model as a supervised child process on 127.0.0.1, and the address of whichever writer is used."""

import atexit
import contextlib
import http.client
import json
import os
import re
import secrets
import subprocess
import sys
import threading
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.campaign.writer import child, files, gguf, ports
from engine.errors import AppError, DraftFailed, ModelFileProblem
from engine.sentences import Sentence
from engine.settings import Settings

ROOT = Path(__file__).parents[3]
START_SECONDS = 90.0  # a cold disk reads 1.1 GB in that; a warm start takes 2-4 s
CHECK_SECONDS = 1.0  # between two looks at the child
HUNG_SECONDS = 5.0  # without an answer to "are you there", which it gives while it writes too
STALLED_SECONDS = 120.0  # without a token, though it answers: whoever asked for the draft gave it up at 90
RETURN_SECONDS = 30.0  # it is noticed and started again in that, also on a busy machine
CRASHES, CRASH_SECONDS = 3, 60.0  # so many ends in so short a time, and it is started again only when asked for
THREADS = 2
PROGRAM = (sys.executable, "-m", "engine.campaign.writer.child")

# What a child says that could not start.
NO_MEMORY = re.compile(
    r"failed to allocate|out of memory|cannot allocate|bad_alloc|MemoryError|Failed to create|cudaMalloc failed", re.I
)
BAD_FILE = re.compile(r"failed to load|invalid magic|corrupted|incomplete|error loading", re.I)

# What a child process may inherit. The rest stays out: llama_cpp.server reads any variable named like an option.
_INHERITED = re.compile(
    r"^(PATH|HOME|USER|LANG|LC_.*|TZ|TMPDIR|TEMP|TMP|SYSTEMROOT|VIRTUAL_ENV|PYTHON.*|LD_.*|DYLD_.*|OMP_.*|"
    r"GGML_.*|CUDA_.*|NVIDIA_.*|HIP_.*|ROCR?_.*|HSA_.*|VK_.*|OFFERLAB_JOB)$"
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An OpenAI-compatible server that writes. `backend` "llama_cpp" takes a grammar, others a JSON schema."""

    url: str  # ends in /v1
    key: str
    model: str
    backend: Literal["llama_cpp", "other"]
    model_sha256: str | None = None


class WriterServer:
    """The child process that runs one model file. `endpoint()` starts it, and starts it again after a crash.

    `keeps`: what the model read is kept in the cache folder, and not read again by the next child.
    """

    def __init__(
        self,
        model: Path,
        settings: Settings,
        start_seconds: float = START_SECONDS,
        program: tuple[str, ...] = PROGRAM,
        keeps: bool = True,
    ):
        self.model = Path(model).resolve()
        self.log = settings.cache / "logs" / "writer.log"
        self.url = ""
        self.key = ""
        self.sha256 = files.verify(self.model, settings).sha256
        self._context = gguf.context(self.model, files.CONTEXT_TOKENS)
        self._start_seconds = start_seconds
        self._program = program
        self._kept = settings.cache / "read" if keeps else None
        self._process: subprocess.Popen | None = None
        self._port = 0
        self._lock = threading.RLock()
        self._ended: list[float] = []  # when it last ended by itself
        self._stop = threading.Event()
        self._watcher: threading.Thread | None = None

    def __enter__(self) -> "WriterServer":
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    @property
    def pid(self) -> int | None:
        """The child's process id while it runs."""
        process = self._process  # the watching thread may take it away meanwhile
        return process.pid if process and process.poll() is None else None

    def endpoint(self) -> Endpoint:
        """Where to ask; starts the child if it is not running. Raises ModelFileProblem or DraftFailed."""
        self.start()
        return Endpoint(self.url, self.key, self._alias(), "llama_cpp", self.sha256)

    def start(self) -> None:
        """Starts the child and waits until it answers; does nothing while it is up, and replaces one that hangs."""
        with self._lock:
            if self.pid is not None and self.healthy():
                return
            self._end()
            self._ended.clear()
            if self._stop.is_set():
                self._stop, self._watcher = threading.Event(), None
            self._begin()
            atexit.register(self.stop)
            if self._watcher is None:
                self._watcher = threading.Thread(target=self._watch, args=[self._stop], daemon=True)
                self._watcher.start()

    def healthy(self, timeout: float = HUNG_SECONDS) -> bool:
        """Whether the child answers right now, which it does while it writes too."""
        return self.pulse(timeout) is not None

    def stop(self) -> None:
        """Ends the child. Safe to call twice."""
        self._stop.set()
        with self._lock:
            self._end()
        atexit.unregister(self.stop)

    def _begin(self) -> None:
        """A new child, at the old address: whoever was given that finds it again after a crash."""
        self.key = self.key or secrets.token_urlsafe(32)
        self._port = self._port if self._port and ports.is_free(self._port) else ports.free()
        self.url = f"http://127.0.0.1:{self._port}/v1"
        self._process = self._spawn(self._port)
        self._wait()

    def _watch(self, stop: threading.Event) -> None:
        """Starts the child again when it ended or hangs, until `stop` is set."""
        while not stop.wait(CHECK_SECONDS):
            process = self._process
            if process is None or not self._is_lost(process):
                continue
            with self._lock:
                if stop.is_set() or self._process is not process:  # stopped, or replaced by whoever asked for a draft
                    continue
                self._end()
                now = time.monotonic()
                self._ended = [*(at for at in self._ended if now - at < CRASH_SECONDS), now]
                if len(self._ended) < CRASHES:
                    # Whoever asks for the next draft is told why it does not start: `start` tries once more.
                    with contextlib.suppress(AppError):
                        self._begin()

    def _is_lost(self, process: subprocess.Popen) -> bool:
        """Whether this child ended by itself, does not answer, or answers and writes nothing."""
        if process.poll() is not None:
            return True
        pulse = self.pulse(HUNG_SECONDS)
        return pulse is None or pulse.get("silent", 0.0) > STALLED_SECONDS

    def pulse(self, timeout: float) -> dict | None:
        """What the child says of itself; None when it does not answer."""
        if self.pid is None:
            return None
        request = urllib.request.Request(
            self.url.removesuffix("/v1") + "/health", headers={"Authorization": f"Bearer {self.key}"}
        )
        with (
            contextlib.suppress(OSError, ValueError, http.client.HTTPException),
            direct.open(request, timeout=timeout) as answer,
        ):
            said = json.loads(answer.read())
            return said if isinstance(said, dict) else None
        return None

    def _alias(self) -> str:
        # The hash rides in the model's name, so that whoever is given only the address can still record it.
        return f"{self.model.name}@{self.sha256}"

    def _spawn(self, port: int) -> subprocess.Popen:
        options = {
            "host": "127.0.0.1",
            "port": port,
            "model": self.model,
            "model_alias": self._alias(),
            "n_ctx": self._context,
            "n_gpu_layers": -1,
            "n_threads": THREADS,
            "n_threads_batch": THREADS,
            "interrupt_requests": "false",  # requests queue instead of cutting each other off
            "logits_all": "false",  # the server's default keeps scores of every prompt token: 1.9 GB, and slow
            "use_mlock": "false",  # a small machine may need the memory back between drafts
        }
        command = list(self._program)
        for name, value in options.items():
            command += [f"--{name}", str(value)]
        kept = {name: value for name, value in os.environ.items() if _INHERITED.match(name)}
        # The server prefers HOST and PORT of the environment to its own options.
        own = {
            "API_KEY": self.key,
            "HOST": "127.0.0.1",
            "PORT": str(port),
            child.PARENT: str(os.getpid()),
            **({child.KEPT: str(self._kept)} if self._kept else {}),
            # Waiting threads sleep instead of spinning: on a busy machine spinning costs more than half of the speed.
            "OMP_WAIT_POLICY": "passive",
        }
        try:
            self.log.parent.mkdir(parents=True, exist_ok=True)
            if self.log.exists():
                os.replace(self.log, self.log.with_suffix(".before.log"))  # the last words of one that crashed
            with self.log.open("wb") as log:
                return subprocess.Popen(
                    command, cwd=ROOT, env={**kept, **own}, stdin=subprocess.DEVNULL, stdout=log, stderr=log
                )
        except OSError as error:
            raise DraftFailed(Sentence("writer.no_start", {"error": error.strerror or str(error)})) from error

    def _wait(self) -> None:
        deadline = time.monotonic() + self._start_seconds
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                raise self._why_not()
            if self.pulse(timeout=1.0) is not None:
                return
            if self._stop.wait(0.1):
                break
        self._end()
        raise DraftFailed(
            Sentence("writer.slow_start", {"seconds": f"{self._start_seconds:.0f}", "log": str(self.log)})
        )

    def _why_not(self) -> ModelFileProblem | DraftFailed:
        """The sentence for a child that ended while starting, from its own last words."""
        said, log = _tail(self.log), str(self.log)
        if NO_MEMORY.search(said):
            needed = f"{gguf.memory(self.model, self._context) / 1e9:.1f}"
            values = {"model": self.model.name, "needed": needed, "log": log}
            return DraftFailed(Sentence("writer.no_memory", values))
        if BAD_FILE.search(said):
            return ModelFileProblem(Sentence("writer.bad_file", {"file": str(self.model), "log": log}))
        code = self._process.returncode if self._process else None
        last = said.strip().splitlines()[-1][:200] if said.strip() else "-"
        return DraftFailed(Sentence("writer.ended", {"code": str(code), "said": last, "log": log}))

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()  # it has nothing to save, and one that hangs would not hear a request to end
        process.wait()


# Never through a proxy of the environment: the child is on this machine, and its key stays there.
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _tail(log: Path, length: int = 8000) -> str:
    try:
        return log.read_bytes()[-length:].decode("utf-8", "replace")
    except OSError:
        return ""
