"""Every check says ok only when it is, and otherwise what to do."""

import dataclasses
import http.server
import os
import socket
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine import doctor, settings
from engine.campaign.writer import health, whereabouts
from engine.decision import backup, database
from engine.shop import store

NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def machine(tmp_path) -> settings.Settings:
    """Settings of a machine with a shop and no model."""
    store.create_shop(tmp_path / "shop", {"name": "Rose"})
    names = {"OFFERLAB_SHOP": "shop", "OFFERLAB_CACHE": "cache", "OFFERLAB_CONFIG": "config"}
    return settings.read({name: str(tmp_path / folder) for name, folder in names.items()})


def test_examine_looks_at_everything_and_advises_exactly_where_something_is_wrong(machine):
    checks = doctor.examine(machine, NOW)
    assert [check.name for check in checks] == [
        "Python", "libraries", "SQLite", "language model", "graphics card", "disk", "port 8501",
        "configuration folder", "shop folder", "backups", "clock",
    ]  # fmt: skip
    assert all(bool(check.advice) != check.ok for check in checks)
    found = {check.name: check for check in checks}
    assert found["Python"].ok and found["libraries"].ok and found["shop folder"].ok
    assert "streamlit 1.67.0" in found["libraries"].found
    assert found["shop folder"].found.startswith("Rose at ")
    assert "OFFERLAB_MODEL=none" in found["language model"].advice


def test_a_library_that_is_missing_or_of_another_version_is_named(tmp_path):
    file = tmp_path / "requirements.txt"
    file.write_text("click==0.1  # old\nno-such-library-here[server]==2.0\npandas==3.1.1\n")
    check = doctor.libraries(file)
    assert not check.ok
    assert "no-such-library-here missing" in check.found and "click " in check.found and "pandas" not in check.found


def status(**changes) -> dict:
    """The writer's status with a model that runs on the processor."""
    return {"ok": True, "writer": "model", "model_file": "/m.gguf", "gpu_offload": False, "advice": []} | changes


def test_switching_the_model_off_is_not_a_fault(machine):
    off = dataclasses.replace(machine, model="none")
    check = doctor.model(health.writer_status(off), off)
    assert check.ok and "templates" in check.found


def test_a_truncated_model_file_is_seen(machine):
    path = machine.cache / "models" / "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"GGUF" + bytes(100))
    check = doctor.model(health.writer_status(machine), machine)
    assert not check.ok and "104 bytes instead of 1,117,320,768" in check.advice


def test_a_server_that_does_not_answer_is_seen(machine):
    remote = dataclasses.replace(machine, llm_url="http://127.0.0.1:9")
    check = doctor.model(health.writer_status(remote), remote)
    assert not check.ok and "OFFERLAB_LLM_URL" in check.advice


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        ("load_tensors: offloaded 29/29 layers to GPU\n", (29, 29)),
        ("offloaded 29/29 layers to GPU\n...\nload_tensors: offloaded 12/29 layers to GPU\n", (12, 29)),
        ("nothing of the kind", None),
        (None, None),
    ],
)
def test_the_last_start_in_the_log_says_what_was_offloaded(tmp_path, log, expected):
    path = tmp_path / "writer.log"
    if log is not None:
        path.write_text(log)
    assert whereabouts.last_offload(path) == expected


@pytest.mark.parametrize(
    ("card", "offload", "offloaded", "ok", "said"),
    [
        ("", False, None, True, "none; the processor writes the drafts"),
        ("cuda", False, None, False, "make run GPU=cuda builds for it."),
        ("cuda", True, None, True, "can be used; the language model has not been started yet"),
        ("cuda", True, (29, 29), True, "29 of 29 layers were on it"),
        ("cuda", True, (12, 29), False, "12 of 29 layers were on it"),
        ("", None, None, False, "llama-cpp-python does not load"),
    ],
)
def test_the_graphics_card_is_a_fault_where_it_could_do_more(monkeypatch, card, offload, offloaded, ok, said):
    monkeypatch.setattr(doctor, "graphics_card", lambda: card)
    check = doctor.gpu(status(gpu_offload=offload), offloaded)
    assert check.ok is ok and said in f"{check.found} {check.advice}"


def test_advice_about_the_graphics_card_is_not_repeated_under_the_model(machine):
    advice = [health.GPU_ADVICE + "0.3.36", "The file is incomplete."]
    assert doctor.model(status(ok=False, advice=advice), machine).advice == "The file is incomplete."


def test_too_little_disk_is_seen(machine, monkeypatch):
    monkeypatch.setattr(doctor, "FREE_BYTES", 10**18)
    assert not doctor.disk(machine).ok


def test_a_free_port_is_free_and_a_taken_one_names_the_next():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        number = other.getsockname()[1]
        other.listen()
        assert doctor.port(number) == doctor.Check(
            f"port {number}", False, "taken by another program", f"Start on another port: make run PORT={number + 1}"
        )
    assert doctor.port(number).ok


def test_a_port_where_the_app_answers_is_well():
    class Healthy(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *arguments):
            """Nothing: the test's output stays clean."""

    server = http.server.HTTPServer(("127.0.0.1", 0), Healthy)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        check = doctor.port(server.server_port)
    finally:
        server.shutdown()
        server.server_close()
    assert check.ok and "an app is running" in check.found


@pytest.mark.parametrize(
    ("prepare", "found"),
    [
        (lambda folder: None, "no shop at"),
        (lambda folder: (folder / "tables").mkdir(parents=True), "no shop at"),
        (lambda folder: (folder.mkdir(), (folder / "shop.toml").write_text("currency = ")), "shop.toml cannot be read"),
    ],
)
def test_a_shop_that_cannot_be_opened_is_seen_and_left_alone(machine, tmp_path, prepare, found):
    folder = tmp_path / "other"
    prepare(folder)
    before = sorted(folder.rglob("*"))
    check = doctor.shop(dataclasses.replace(machine, shop=folder))
    assert not check.ok and found in check.found
    assert sorted(folder.rglob("*")) == before


def test_no_shop_named_says_how_to_get_one(machine):
    assert "make run" in doctor.shop(dataclasses.replace(machine, shop=None)).advice


def test_a_folder_without_the_right_to_write_is_seen(tmp_path, monkeypatch):
    # Asked of the system, not tried: root, as whom tests may run, could write anywhere.
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path)
    assert not doctor.folder("configuration folder", tmp_path / "offerlab").ok
    assert doctor.folder("configuration folder", tmp_path.parent).ok


def test_a_folder_that_is_not_there_yet_can_be_made(tmp_path):
    path = tmp_path / "a" / "b"
    assert doctor.folder("configuration folder", path) == doctor.Check("configuration folder", True, str(path))
    assert doctor.existing(Path("/no/such/place")) == Path("/")


@pytest.mark.parametrize(("year", "ok"), [(1970, False), (2026, True), (2031, True)])
def test_a_clock_before_this_version_is_wrong(year, ok):
    assert doctor.clock(NOW.replace(year=year)).ok is ok


def test_plans_that_lie_in_no_backup_are_seen(machine):
    assert doctor.backups(machine).ok  # there are none yet
    shop = store.open_shop(machine.shop)
    with database.writing(shop.path):
        pass
    check = doctor.backups(machine)
    assert (check.ok, check.found.startswith("none in ")) == (False, True)
    made = backup.take(shop.path, shop.shop_id, machine.config, backup.folder(shop.shop_id, machine.config), NOW)
    check = doctor.backups(machine)
    assert check.ok
    assert "on the shop's own disk" in check.found
    os.utime(made.path, (0, 0))
    assert "Plans changed since" in doctor.backups(machine).advice


def test_an_sqlite_that_may_damage_files_is_seen(machine, monkeypatch):
    known = database.fitness
    assert "waits for the disk" in doctor.sqlite(machine).found
    monkeypatch.setattr(database, "fitness", lambda: known((3, 40, 1)))
    check = doctor.sqlite(machine)
    assert not check.ok
    assert "can damage a file" in check.found
