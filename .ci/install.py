"""Makes .venv and installs a lock file into it; does nothing, and touches no network, when that was done before.

    python3.11 .ci/install.py requirements.lock [none|cuda|metal|vulkan]

Standard library only: it runs before .venv is there.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
RUN_LOCK, DEV_LOCK = "requirements.lock", "requirements-dev.lock"

# How llama-cpp-python is built for each device; "none" is the processor alone. The models here read no pictures: what
# does is 51 of 178 files to compile.
TEXT_ONLY = "-DLLAVA_BUILD=off"
CMAKE = {
    "none": TEXT_ONLY,
    "cuda": f"{TEXT_ONLY} -DGGML_CUDA=on",
    "metal": f"{TEXT_ONLY} -DGGML_METAL=on",
    "vulkan": f"{TEXT_ONLY} -DGGML_VULKAN=on",
}


class CannotInstall(Exception):
    """What is missing, and how to get it."""


def stamp(lock: str) -> Path:
    """File that says what of this lock is installed."""
    return VENV / f"installed-{Path(lock).stem}"


def fingerprint(lock: str, device: str) -> str:
    """What the stamp holds once this lock is installed for this device."""
    return f"{hashlib.sha256((ROOT / lock).read_bytes()).hexdigest()} {device}"


def is_installed(lock: str, device: str) -> bool:
    """True when .venv holds this lock. The development lock holds all of the other one, at the same versions."""
    locks = {lock, DEV_LOCK}
    return PYTHON.exists() and any(
        stamp(one).is_file() and stamp(one).read_text() == fingerprint(one, device) for one in locks
    )


def remembered_device() -> str:
    """The device llama-cpp-python was last built for."""
    kept = VENV / "gpu"
    return kept.read_text().strip() if kept.is_file() else "none"


def one_package(lock_text: str, name: str) -> str:
    """The lines of one package of a lock: its pin and its hashes."""
    lines: list[str] = []
    for line in lock_text.splitlines():
        if lines or line.startswith((f"{name}==", f"{name}[")):
            lines.append(line)
            if not line.endswith("\\"):
                break
    return "\n".join(lines) + "\n"


def pip(*arguments: str, environment: dict[str, str] | None = None) -> None:
    """Runs pip inside .venv, its output shown."""
    command = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments]
    if subprocess.run(command, env={**os.environ, **(environment or {})}).returncode:
        raise CannotInstall(
            "The installation did not succeed; pip's own words are above. If it was the network, run the same "
            "command again: what was already fetched or built is kept."
        )


def make_venv() -> None:
    """A .venv with pip; one left half-made by an interruption is made again."""
    if PYTHON.exists() and subprocess.run([PYTHON, "-m", "pip", "--version"], capture_output=True).returncode == 0:
        return
    if subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)]).returncode:
        raise CannotInstall(
            "Python 3.11 could not make a virtual environment. Debian, Ubuntu: apt install python3.11-venv"
        )


def install(lock: str, device: str) -> None:
    """Installs the lock with hashes, llama-cpp-python built for the device."""
    if not any(shutil.which(name) for name in ("c++", "g++", "clang++")):
        raise CannotInstall(
            "A C++ compiler is needed to build the language model's engine. "
            "Debian, Ubuntu: apt install build-essential   macOS: xcode-select --install"
        )
    make_venv()
    before = remembered_device()
    for one in (RUN_LOCK, DEV_LOCK):
        stamp(one).unlink(missing_ok=True)
    print(
        f"Installing what Offerlab needs from {lock}. On a new machine llama-cpp-python is built from source: about\n"
        "5 minutes on two free cores. While the last line is 'Building wheel for llama-cpp-python', all is well.",
        flush=True,
    )
    if device != before:
        # pip keeps built wheels without their options: neither an earlier wheel nor this one may be used again.
        only = VENV / "llama.lock"
        only.write_text(one_package((ROOT / lock).read_text(), "llama-cpp-python"))
        rebuild = ("install", "--require-hashes", "--no-deps", "--no-cache-dir", "--force-reinstall", "-r", str(only))
        pip(*rebuild, environment={"CMAKE_ARGS": CMAKE[device]})
    pip("install", "--require-hashes", "-r", str(ROOT / lock), environment={"CMAKE_ARGS": CMAKE[device]})
    (VENV / "gpu").write_text(device)
    stamp(lock).write_text(fingerprint(lock, device))


def main(arguments: list[str]) -> int:
    """Exit code: 0 installed, 2 not, with a sentence."""
    lock = arguments[0]
    device = (arguments[1] if len(arguments) > 1 else "") or remembered_device()
    if device not in CMAKE:
        print(f"GPU={device} is not known. Choose one of: {', '.join(CMAKE)}.", file=sys.stderr)
        return 2
    if is_installed(lock, device):
        return 0
    try:
        install(lock, device)
    except CannotInstall as problem:
        print(problem, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
