"""Files are brought in by a job; whatever its ending, the shop is whole and nothing of them is left lying about."""

import hashlib
import json
import os
import signal
import sqlite3
import time
from datetime import UTC, datetime

import pandas as pd
import psutil
import pytest

from engine import jobs
from engine.errors import DataProblem, StoreProblem
from engine.shop import databases, incoming, mapping, store

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
HEAD = "order_id,customer_id,ordered_at,product_id,quantity,unit_price\n"
SMALL = (HEAD + "o1,c1,2026-01-05,p1,2,9.50\no2,c2,yesterday,p1,1,9.50\n").encode()


def large(rows: int = 150_000) -> bytes:
    """Enough orders for an import to take seconds."""
    return (HEAD + "".join(f"n{i},c{i % 900},2026-02-03,p{i % 50},1,9.50\n" for i in range(rows))).encode()


def wait(shop, job_id, ready=lambda job: job.is_over, seconds=120):
    until = time.monotonic() + seconds
    while not ready(job := jobs.status(shop, job_id)):
        assert time.monotonic() < until, job
        time.sleep(0.02)
    return job


def tables(shop):
    """Name and content of every table."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted((shop / "tables").glob("*.parquet"))
    }


def bring(shop, files):
    """Id of the job that takes in these uploads as they are understood."""
    return incoming.start(shop, incoming.stage(shop, files), NOW)


def a_shop(folder):
    wait(folder, bring(folder, [("orders.csv", SMALL)]))
    return folder


def runs(job_id):
    """Ids of processes that belong to a job."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("OFFERLAB_JOB") == job_id:
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


def test_files_make_a_shop_and_the_report_is_the_result(tmp_path):
    job = wait(tmp_path / "new", bring(tmp_path / "new", [("../../Orders.CSV", SMALL)]))
    assert job.state == "done"
    entry = json.loads(job.result)["tables"]["orders"]
    assert (entry["rows_in"], entry["kept"], entry["set_aside"]) == (2, 1, 1)
    assert store.open_shop(tmp_path / "new").rows("orders") == 1
    assert not list((tmp_path / "new" / "incoming").iterdir())
    assert [path.name for path in tmp_path.iterdir()] == ["new"], "a name is no way out of the shop's folder"


def test_a_file_that_cannot_be_used_is_a_sentence_and_makes_no_shop(tmp_path):
    job = wait(tmp_path / "new", bring(tmp_path / "new", [("orders.csv", b"")]))
    assert job.state == "failed" and "the file is empty" in job.error
    assert not (tmp_path / "new" / "shop.toml").exists()
    assert not list((tmp_path / "new" / "incoming").iterdir())


@pytest.mark.parametrize("ending", ["cancel", "kill the runner", "kill the command"])
def test_an_import_that_is_ended_in_the_middle_changes_no_table(tmp_path, ending):
    shop = a_shop(tmp_path / "shop")
    before = tables(shop)
    job_id = bring(shop, [("orders.csv", large())])
    wait(shop, job_id, lambda job: job.message.startswith("Checking"))
    runner = max(runs(job_id), key=lambda pid: len(psutil.Process(pid).children()))
    if ending == "cancel":
        jobs.cancel(shop, job_id)
    else:
        os.kill(runner if "runner" in ending else psutil.Process(runner).children()[0].pid, signal.SIGKILL)
    job = wait(shop, job_id)
    assert job.state == {"cancel": "cancelled", "kill the runner": "lost", "kill the command": "failed"}[ending]
    assert tables(shop) == before
    assert not list((shop / "incoming").iterdir())
    again = wait(shop, bring(shop, [("orders.csv", large(1000))]))
    assert again.state == "done"
    assert store.open_shop(shop).rows("orders") == 1001


def test_whenever_an_import_is_killed_the_shop_holds_all_of_it_or_nothing(tmp_path):
    shop, content = a_shop(tmp_path / "shop"), large(20_000)
    seen = set()
    for share in range(8):
        rows = store.open_shop(shop).rows("orders")
        job_id = bring(shop, [("orders.csv", content.replace(b"n", f"k{share}-".encode()))])
        wait(shop, job_id, lambda job: job.is_over or job.progress is not None)
        time.sleep(share * 0.06)
        for pid in runs(job_id):
            os.kill(pid, signal.SIGKILL)
        wait(shop, job_id)
        gained = store.open_shop(shop).rows("orders") - rows
        assert gained in (0, 20_000)
        seen.add(gained)
    assert 0 in seen


def test_a_second_import_waits_for_the_first(tmp_path):
    shop = a_shop(tmp_path / "shop")
    first = bring(shop, [("orders.csv", large())])
    with pytest.raises(StoreProblem, match="running already"):
        bring(shop, [("orders.csv", SMALL)])
    assert len(list((shop / "incoming").iterdir())) == 1, "the files of the first are still there"
    jobs.cancel(shop, first)


def test_what_an_app_left_behind_that_was_ended_is_removed_by_the_next_import(tmp_path):
    shop = a_shop(tmp_path / "shop")
    (shop / "incoming" / "old").mkdir()
    wait(shop, bring(shop, [("orders.csv", SMALL)]))
    assert not list((shop / "incoming").iterdir())


def test_a_full_disk_is_a_sentence_and_leaves_nothing(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(StoreProblem, match="The disk is full"):
        bring(tmp_path / "shop", [("orders.csv", SMALL)])
    assert not list((tmp_path / "shop" / "incoming").iterdir())


@pytest.mark.parametrize(
    "name",
    ["../../Orders.csv", "..\\..\\orders.csv", "/etc/orders.csv", "CON.csv", "a" * 300 + ".csv", "or\x00ders.csv",
     "\u202eorders.csv", "orders.csv/..", ".csv", "orders.csv\n.sh", "订单.csv"],
)  # fmt: skip
def test_no_path_is_built_from_what_a_file_is_called(tmp_path, name):
    folder = incoming.stage(tmp_path / "shop", [(name, SMALL)])
    inside = sorted(path.name for path in folder.iterdir())
    assert inside in (["0.csv", "staged.json"], ["0.unknown", "staged.json"])
    assert [path.name for path in tmp_path.iterdir()] == ["shop"]
    (file,) = incoming.load(folder).files
    assert len(file.name) <= 120 and file.name.isprintable()


def test_uploads_wait_until_they_are_taken_in_or_discarded(tmp_path):
    shop = tmp_path / "shop"
    assert incoming.waiting(shop) is None
    folder = incoming.stage(shop, [("orders.csv", SMALL)])
    assert incoming.waiting(shop) == folder
    newer = incoming.stage(shop, [("other.csv", SMALL)])
    assert incoming.waiting(shop) == newer and not folder.exists()
    incoming.discard(shop)
    assert incoming.waiting(shop) is None and not newer.exists()


def test_what_was_said_of_a_file_is_how_it_is_read(tmp_path):
    shop = tmp_path / "shop"
    content = (
        SMALL.replace(b"ordered_at", b"when").replace(b"2026-01-05", b"05/01/2026").replace(b"yesterday", b"06/01/2026")
    )
    folder = incoming.stage(shop, [("sales.csv", content)])
    staged = incoming.load(folder)
    ((found,),) = incoming.proposals(shop, folder, staged)
    assert "05/01/2026 can be 5 January 2026" in found.questions[0].sentence
    said = found.mapping.model_copy(update={"dates": {"ordered_at": "%d/%m/%Y"}})
    incoming.save(
        folder, staged.model_copy(update={"files": [staged.files[0].model_copy(update={"mappings": [said]})]})
    )
    job = wait(shop, incoming.start(shop, folder, NOW))
    assert json.loads(job.result)["tables"]["orders"]["files"] == ["sales.csv"]
    assert store.open_shop(shop).table("orders")["ordered_at"].tolist() == [
        pd.Timestamp("2026-01-05"),
        pd.Timestamp("2026-01-06"),
    ]
    assert mapping.saved(shop)[0].dates == {"ordered_at": "%d/%m/%Y"}, "kept for the next import"


# --- tables of a database ---


def test_a_table_of_a_database_waits_as_a_file_does_and_is_the_same_again(tmp_path):
    path, shop = tmp_path / "system.db", tmp_path / "shop"
    with sqlite3.connect(path) as system:
        system.execute("CREATE TABLE orders (order_id, customer_id, ordered_at, product_id, quantity, unit_price)")
        system.execute("INSERT INTO orders VALUES ('007', 'c1', '2026-01-05 09:30:00', 'p1', 2, 9.5)")
    database = databases.at(f"sqlite:///{path}?table=orders")
    folder = incoming.stage_tables(shop, database, {"name": "Ours", "currency": "EUR"})
    (waiting,) = incoming.load(folder).files
    assert waiting.name.startswith("system.db/") and waiting.name.endswith("/orders")
    job = wait(shop, incoming.start(shop, folder, NOW))
    assert json.loads(job.result)["tables"]["orders"]["kept"] == 1
    made = store.open_shop(shop)
    assert made.table("orders")["order_id"].tolist() == ["007"]
    assert (made.settings.name, made.settings.currency) == ("Ours", "EUR")
    job = wait(shop, incoming.start(shop, incoming.stage_tables(shop, database), NOW))
    assert json.loads(job.result)["unchanged_files"] == [waiting.name]


def test_a_password_typed_apart_becomes_part_of_the_address_whatever_it_is_made_of():
    found = incoming.address(" postgresql://reader@db.example:5432/shop?sslmode=require ", "public.orders", "p@ss/w#rd")
    assert found.url == "postgres://reader:p%40ss%2Fw%23rd@db.example:5432/shop?sslmode=require"
    assert (found.place, found.tables) == ("db.example/shop", ("public.orders",))


@pytest.mark.parametrize(
    "url", ["db.example/shop", "", "sqlite:///home/us/ledger.db", "duckdb:///x.duckdb", "ftp://x/y"]
)
def test_an_address_that_a_page_cannot_open_is_refused_without_its_password(url):
    with pytest.raises(DataProblem) as refused:
        incoming.address(url, "orders", "tiger")
    assert "tiger" not in str(refused.value)
