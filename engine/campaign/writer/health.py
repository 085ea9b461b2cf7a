"""What `doctor` says about drafting: the model file, the library that runs it, the graphics card."""

import importlib.metadata
import subprocess
import sys

from engine.campaign.writer import files, remote
from engine.errors import DraftFailed, ModelFileProblem
from engine.settings import Settings

# In a process of its own: loading the library takes memory, and a broken build may crash.
_PROBE = "import llama_cpp; print(int(llama_cpp.llama_supports_gpu_offload()))"
GPU_ADVICE = (
    "Drafting runs on the processor, which works. With an NVIDIA card, rebuild the library: "
    'CMAKE_ARGS="-DGGML_CUDA=on" .venv/bin/pip install --force-reinstall --no-cache-dir --no-deps llama-cpp-python=='
)


def writer_status(settings: Settings) -> dict:
    """{ok, writer, model_file, size, sha256, llama_cpp, gpu_offload, advice}: `advice`, a sentence per thing to do."""
    advice: list[str] = []
    status: dict = {"ok": True, "writer": "template", "model_file": None, "size": None, "sha256": None}
    status["advice"] = advice
    status["llama_cpp"], status["gpu_offload"] = _library(advice)
    if settings.llm_url:
        status["writer"] = settings.llm_url
        try:
            remote.remote(settings)
        except DraftFailed as problem:
            status["ok"] = False
            advice.append(str(problem))
        return status
    try:
        path = files.locate(settings)
    except ModelFileProblem as problem:
        status["ok"] = False
        advice.append(str(problem))
        return status
    if path is None:
        if settings.model != "none":
            status["ok"] = False
            advice.append(files.verify("default", settings).sentence)
        return status
    verdict = files.verify(path, settings)
    status |= {"model_file": str(path), "size": verdict.size, "sha256": verdict.sha256}
    if verdict.header and verdict.header.chat_template is None:
        advice.append(verdict.sentence)
    if status["llama_cpp"]:
        status["writer"] = "model"
    else:
        status["ok"] = False
    return status


def _library(advice: list[str]) -> tuple[str | None, bool | None]:
    """Version of llama-cpp-python and whether it can use a graphics card; None where that cannot be said."""
    try:
        version = importlib.metadata.version("llama-cpp-python")
    except importlib.metadata.PackageNotFoundError:
        advice.append("llama-cpp-python is not installed: run `make run` again, or draft from templates.")
        return None, None
    try:
        probe = subprocess.run([sys.executable, "-c", _PROBE], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        probe = None
    if probe is None or probe.returncode != 0 or probe.stdout.strip()[-1:] not in ("0", "1"):
        advice.append(f"llama-cpp-python {version} is installed but cannot be loaded: reinstall it.")
        return None, None
    offload = probe.stdout.strip()[-1] == "1"
    if not offload:
        advice.append(GPU_ADVICE + version)
    return version, offload
