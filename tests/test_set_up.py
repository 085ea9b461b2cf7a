"""The lock files, the installer, the theme and the scripts around the product."""

import importlib.util
import os
import re
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from engine import doctor

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("requirements.lock", "requirements-dev.lock")


def load_installer():
    """.ci/install.py as a module: it lives outside the packages, since it runs before .venv is there."""
    spec = importlib.util.spec_from_file_location("install", ROOT / ".ci" / "install.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def installer(tmp_path, monkeypatch):
    """The installer in a project of its own, with pip and venv replaced by a record of the calls."""
    module = load_installer()
    for name in LOCKS:
        (tmp_path / name).write_text((ROOT / name).read_text())
    calls = []
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(module, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    monkeypatch.setattr(module, "pip", lambda *arguments, environment=None: calls.append((arguments, environment)))

    def make_venv():
        module.PYTHON.parent.mkdir(parents=True, exist_ok=True)
        module.PYTHON.touch()

    monkeypatch.setattr(module, "make_venv", make_venv)
    module.calls = calls
    return module


def lock_of(name: str) -> dict[str, str]:
    return doctor.pinned((ROOT / name).read_text())


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_pins_everything_with_hashes_and_names_no_server(name):
    text = (ROOT / name).read_text()
    packages = re.split(r"\n(?=[A-Za-z0-9])", text.split("\n", 2)[2])
    assert len(packages) > 80
    assert [package[:60] for package in packages if "==" not in package or "--hash=sha256:" not in package] == []
    assert re.findall(r"https?://|file://|--index|--find-links|--extra", text) == []


@pytest.mark.parametrize(("asked", "lock"), [("requirements.txt", LOCKS[0]), ("requirements-dev.txt", LOCKS[1])])
def test_a_lock_fits_what_is_asked_for(asked, lock):
    wanted, locked = doctor.pinned((ROOT / asked).read_text()), lock_of(lock)
    assert wanted and {name: locked.get(name) for name in wanted} == wanted


def test_the_development_lock_holds_the_other_one_at_the_same_versions():
    running, developing = map(lock_of, LOCKS)
    assert running.items() <= developing.items()


def test_a_second_installation_does_nothing(installer):
    assert installer.main(["requirements.lock"]) == 0
    assert len(installer.calls) == 1
    assert installer.main(["requirements.lock"]) == 0
    assert len(installer.calls) == 1


def test_a_changed_lock_is_installed_again(installer):
    installer.main(["requirements.lock"])
    with (installer.ROOT / "requirements.lock").open("a") as lock:
        lock.write("# changed\n")
    installer.main(["requirements.lock"])
    assert len(installer.calls) == 2


def test_after_the_development_lock_the_other_one_is_already_there(installer):
    installer.main(["requirements-dev.lock"])
    installer.main(["requirements.lock"])
    assert len(installer.calls) == 1
    installer.main(["requirements-dev.lock"])
    assert len(installer.calls) == 1


def test_an_interrupted_installation_is_done_again(installer, monkeypatch):
    def stop(*arguments, environment=None):
        raise installer.CannotInstall("no network")

    working = installer.pip
    monkeypatch.setattr(installer, "pip", stop)
    assert installer.main(["requirements.lock"]) == 2
    monkeypatch.setattr(installer, "pip", working)
    assert installer.main(["requirements.lock"]) == 0
    assert len(installer.calls) == 1


def test_another_device_rebuilds_the_model_engine_alone_and_is_remembered(installer):
    installer.main(["requirements.lock"])
    installer.main(["requirements.lock", "cuda"])
    (rebuild, environment), (everything, _) = installer.calls[1:]
    assert environment == {"CMAKE_ARGS": "-DLLAVA_BUILD=off -DGGML_CUDA=on"}
    assert "--no-cache-dir" in rebuild and "--require-hashes" in rebuild
    only = (installer.VENV / "llama.lock").read_text()
    assert re.findall(r"^[a-z].*?==", only, re.MULTILINE) == ["llama-cpp-python=="] and "--hash" in only
    assert everything[0] == "install"
    installer.main(["requirements.lock"])
    assert len(installer.calls) == 3, "the device is remembered"
    installer.main(["requirements.lock", "none"])
    assert installer.calls[3][1] == {"CMAKE_ARGS": "-DLLAVA_BUILD=off"}


def test_an_unknown_device_is_refused(installer, capsys):
    assert installer.main(["requirements.lock", "tpu"]) == 2
    assert capsys.readouterr().err == "GPU=tpu is not known. Choose one of: none, cuda, metal, vulkan.\n"
    assert installer.calls == []


def make(*arguments: str) -> subprocess.CompletedProcess:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(["make", *arguments], cwd=ROOT, env=plain, capture_output=True, text=True, timeout=60)


def test_a_taken_port_is_named_before_anything_slow():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        number = other.getsockname()[1]
        ended = make("run", f"PORT={number}", f"PYTHON={sys.executable}", "OFFERLAB_SHOP=/nonexistent/shop")
    assert ended.returncode != 0
    assert f"Port {number} is taken" in ended.stderr and f"make run PORT={number + 1}" in ended.stderr
    assert ended.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["PORT=http"], "PORT=http is not a port number such as 8502."),
        (["PYTHON=no-python-here"], "Offerlab needs Python 3.11, and 'no-python-here' is not that."),
    ],
)
def test_make_run_says_what_is_wrong(arguments, sentence):
    ended = make("run", f"PYTHON={sys.executable}", *arguments)
    assert ended.returncode != 0 and sentence in ended.stderr


def test_ci_runs_the_tests_and_nothing_after_them():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert subprocess.run(["bash", "-n", str(script)]).returncode == 0
    lines = script.read_text().splitlines()
    assert lines[-1] == "exec make --no-print-directory test" and "set -euo pipefail" in lines


def test_the_licence_is_apache_2():
    text = (ROOT / "LICENSE").read_text()
    assert "Version 2.0, January 2004" in text and "END OF TERMS AND CONDITIONS" in text


# --- the theme ---


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb, by WCAG 2.2."""
    shares = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21, by WCAG 2.2."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_counted_as_the_standard_does():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_text_and_accents_are_readable_on_both_backgrounds(mode):
    theme = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"][mode]
    for background in (theme["backgroundColor"], theme["secondaryBackgroundColor"]):
        for name in ("primaryColor", "textColor", "linkColor"):
            assert contrast(theme[name], background) >= 4.5, f"{name} on {background}"
        for colour in theme["chartCategoricalColors"]:
            assert contrast(colour, background) >= 3, f"{colour} on {background}"  # graphics need 3 : 1


def test_the_app_is_reached_from_this_machine_only_and_calls_nobody():
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    assert config["server"]["address"] == "127.0.0.1"
    assert config["server"]["enableXsrfProtection"] and config["server"]["enableCORS"]
    assert config["browser"]["gatherUsageStats"] is False
    assert config["client"]["showErrorDetails"] == "none"
    assert "http" not in (ROOT / ".streamlit" / "config.toml").read_text()
