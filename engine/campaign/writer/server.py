"""The language model as a supervised child process on 127.0.0.1, and the address of whichever writer is used."""

import atexit
import contextlib
import json
import os
import re
import secrets
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.campaign.writer import child, files
from engine.errors import DraftFailed, ModelFileProblem
from engine.settings import Settings

ROOT = Path(__file__).parents[3]
CONTEXT_TOKENS = 3072  # prompt about 900, draft at most 700; the key-value cache takes 28 KB a token
START_SECONDS = 90.0  # a cold disk reads 1.1 GB in that; a warm start takes 2-4 s
THREADS = 2
PROGRAM = (sys.executable, "-m", "engine.campaign.writer.child")

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
    """The child process that runs one model file. `endpoint()` starts it, and starts it again after a crash."""

    def __init__(
        self,
        model: Path,
        settings: Settings,
        start_seconds: float = START_SECONDS,
        program: tuple[str, ...] = PROGRAM,
    ):
        self.model = Path(model).resolve()
        self.log = settings.cache / "logs" / "writer.log"
        self.url = ""
        self.key = ""
        self._sha256 = files.verify(self.model, settings).sha256
        self._start_seconds = start_seconds
        self._program = program
        self._process: subprocess.Popen | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> "WriterServer":
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    @property
    def pid(self) -> int | None:
        """The child's process id while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def endpoint(self) -> Endpoint:
        """Where to ask; starts the child if it is not running. Raises ModelFileProblem or DraftFailed."""
        self.start()
        return Endpoint(self.url, self.key, self._alias(), "llama_cpp", self._sha256)

    def start(self) -> None:
        """Starts the child and waits until it answers; does nothing while it is up."""
        with self._lock:
            if self.pid is not None and self.healthy():
                return
            self._end()
            self.key = secrets.token_urlsafe(32)
            port = _free_port()
            self.url = f"http://127.0.0.1:{port}/v1"
            self._process = self._spawn(port)
            atexit.register(self.stop)
            self._wait()

    def healthy(self, timeout: float = 2.0) -> bool:
        """Whether the child answers right now."""
        return self.pid is not None and models_at(self.url, self.key, timeout) is not None

    def stop(self) -> None:
        """Ends the child. Safe to call twice."""
        with self._lock:
            self._end()
        atexit.unregister(self.stop)

    def _alias(self) -> str:
        # The hash rides in the model's name, so that whoever is given only the address can still record it.
        return f"{self.model.name}@{self._sha256}"

    def _spawn(self, port: int) -> subprocess.Popen:
        options = {
            "host": "127.0.0.1",
            "port": port,
            "model": self.model,
            "model_alias": self._alias(),
            "n_ctx": CONTEXT_TOKENS,
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
            # Waiting threads sleep instead of spinning: on a busy machine spinning costs more than half of the speed.
            "OMP_WAIT_POLICY": "passive",
        }
        try:
            self.log.parent.mkdir(parents=True, exist_ok=True)
            with self.log.open("wb") as log:
                return subprocess.Popen(
                    command, cwd=ROOT, env={**kept, **own}, stdin=subprocess.DEVNULL, stdout=log, stderr=log
                )
        except OSError as error:
            raise DraftFailed(f"The language model could not be started: {error.strerror or error}.") from error

    def _wait(self) -> None:
        deadline = time.monotonic() + self._start_seconds
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                raise self._why_not()
            if models_at(self.url, self.key, timeout=1.0) is not None:
                return
            time.sleep(0.1)
        self._end()
        raise DraftFailed(
            f"The language model did not start within {self._start_seconds:.0f} seconds. Details: {self.log}."
        )

    def _why_not(self) -> ModelFileProblem | DraftFailed:
        """The sentence for a child that ended while starting, from its own last words."""
        said = _tail(self.log)
        if re.search(r"failed to allocate|out of memory|cannot allocate|bad_alloc|MemoryError|Failed to create", said):
            return DraftFailed(
                f"There is not enough free memory for the model {self.model.name} "
                f"({self.model.stat().st_size / 1e9:.1f} GB). Close other programs or use a smaller model. "
                f"Details: {self.log}."
            )
        if re.search(
            r"Failed to load model|failed to load|invalid magic|corrupted|incomplete|error loading", said, re.I
        ):
            return ModelFileProblem(
                f"The model file {self.model} could not be loaded: it is incomplete, damaged or of a kind this "
                f"version cannot read. Fetch it again with `python -m engine model pull default`, or set "
                f"OFFERLAB_MODEL to another GGUF file. Details: {self.log}."
            )
        code = self._process.returncode if self._process else None
        last = said.strip().splitlines()[-1][:200] if said.strip() else "nothing"
        return DraftFailed(
            f"The language model ended while starting (exit {code}). It said: {last}. Details: {self.log}."
        )

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def remote(settings: Settings, timeout: float = 5.0) -> Endpoint:
    """The server OFFERLAB_LLM_URL names. Raises DraftFailed when it does not answer or offers no model."""
    url = (settings.llm_url or "").rstrip("/")
    url = url if url.endswith("/v1") else f"{url}/v1"
    key = settings.llm_key or "none"
    models = models_at(url, key, timeout)
    if not models:
        raise DraftFailed(
            f"The writer at {url} (OFFERLAB_LLM_URL) does not answer or refused the key (OFFERLAB_LLM_KEY). "
            "Start it, correct the address, or unset the variable to use the model on this machine."
        )
    name = str(models[0].get("id", ""))
    # llama_cpp.server signs its models "me"; vLLM and llama-server do otherwise.
    backend: Literal["llama_cpp", "other"] = "llama_cpp" if models[0].get("owned_by") == "me" else "other"
    known = re.search(r"@([0-9a-f]{64})$", name)
    return Endpoint(url, key, name, backend, known.group(1) if known else None)


def models_at(url: str, key: str, timeout: float) -> list[dict] | None:
    """The models a server offers, or None when it does not answer in time."""
    request = urllib.request.Request(f"{url}/models", headers={"Authorization": f"Bearer {key}"})
    with contextlib.suppress(OSError, ValueError, AttributeError), _direct.open(request, timeout=timeout) as answer:
        listed = json.loads(answer.read()).get("data")
        return listed if isinstance(listed, list) and all(isinstance(m, dict) for m in listed) else None
    return None


# Never through a proxy of the environment: the child is on this machine, and its key stays there.
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _tail(log: Path, length: int = 8000) -> str:
    try:
        return log.read_bytes()[-length:].decode("utf-8", "replace")
    except OSError:
        return ""
