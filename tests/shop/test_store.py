"""A shop folder survives a second writer, a killed one and a full disk, and says which setting is wrong."""

import errno
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import filelock
import pandas as pd
import pytest

from engine.errors import DataProblem, NotEnoughData, StoreProblem
from engine.shop import store
from tests.tiny import shop_of

ROOT = Path(__file__).resolve().parents[2]
CUSTOMERS = pd.DataFrame({"customer_id": ["c1", "NA"]})
PRODUCTS = pd.DataFrame({"product_id": ["p1"], "name": ["Tea"]})


@pytest.fixture
def shop(tmp_path):
    return shop_of(tmp_path / "shop", {"customers": CUSTOMERS, "products": PRODUCTS})


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != ".lock"}


def test_a_table_put_in_place_leaves_the_others_as_they_are(shop):
    store.write_tables(shop, {"customers": pd.DataFrame({"customer_id": ["c2"]})})
    again = store.open_shop(shop.path)
    assert again.table("customers")["customer_id"].tolist() == ["c2"]
    assert again.table("products")["product_id"].tolist() == ["p1"]
    assert sorted(path.name for path in shop.path.iterdir()) == [".lock", "shop.toml", "tables"]


def test_the_version_changes_with_a_table_and_only_then(shop):
    before = shop.version
    assert store.open_shop(shop.path).version == before
    store.write_tables(shop, {"customers": pd.DataFrame({"customer_id": ["c2"]})})
    assert shop.version != before


def test_a_second_writer_waits_and_is_then_told(shop, monkeypatch):
    waited = []

    def lock(path, timeout, is_singleton):
        waited.append(timeout)
        return original(path, timeout=0.2, is_singleton=is_singleton)

    original = filelock.FileLock
    code = "import filelock, sys; f = filelock.FileLock(sys.argv[1]); f.acquire(); print(flush=True); sys.stdin.read()"
    other = subprocess.Popen(
        [sys.executable, "-c", code, shop.path / ".lock"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        other.stdout.readline()
        monkeypatch.setattr(store.filelock, "FileLock", lock)
        with pytest.raises(StoreProblem, match=r"Something else is changing the shop in .* Wait for it to end"):
            store.write_tables(shop, {"customers": CUSTOMERS.head(1)})
    finally:
        other.communicate()
    assert waited == [30]
    store.write_tables(shop, {"customers": CUSTOMERS.head(1)})
    assert shop.rows("customers") == 1


def test_who_may_write_may_ask_again_and_another_thread_waits_meanwhile(shop):
    entered = []

    def other():
        with store.writing(shop.path):
            entered.append("other")

    with store.writing(shop.path):
        store.write_tables(shop, {"customers": CUSTOMERS.head(1)})
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(0.3)
        entered.append("first")
    thread.join(10)
    assert entered == ["first", "other"]


def killed_at(step, shop, monkeypatch):
    """Write new tables and die at the given rename or removal, as by a power cut."""
    count = iter(range(100))

    class Killed(BaseException):
        pass

    def dying(function):
        def wrapped(*arguments, **named):
            if next(count) == step:
                raise Killed
            return function(*arguments, **named)

        return wrapped

    with monkeypatch.context() as patch:
        patch.setattr(store.os, "rename", dying(os.rename))
        patch.setattr(store.shutil, "rmtree", dying(shutil.rmtree))
        try:
            store.write_tables(shop, {"customers": pd.DataFrame({"customer_id": ["new"]})})
        except Killed:
            return True
    return False


@pytest.mark.parametrize("first", range(7))
@pytest.mark.parametrize("second", range(7))
def test_a_writer_killed_at_any_step_leaves_a_complete_shop(shop, monkeypatch, first, second):
    for step in (first, second):  # the second writer starts from what the first one left
        killed_at(step, shop, monkeypatch)
        left = store.open_shop(shop.path)
        assert left.table("customers")["customer_id"].tolist() in (["c1", "NA"], ["new"])
        assert left.table("products")["product_id"].tolist() == ["p1"]
    assert not killed_at(100, shop, monkeypatch)
    assert shop.table("customers")["customer_id"].tolist() == ["new"]


def test_a_full_disk_is_said_and_the_old_tables_stay(shop, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    before = contents(shop.path)
    monkeypatch.setattr(pd.DataFrame, "to_parquet", full)
    with pytest.raises(StoreProblem, match=r"No space left on device. The disk is full: free some space and try again"):
        store.write_tables(shop, {"customers": pd.DataFrame({"customer_id": ["c9"]})})
    assert contents(shop.path) == before


def test_a_real_limit_on_file_size_leaves_the_old_tables(shop):
    before = contents(shop.path)
    code = (
        "import resource, signal, sys; import pandas as pd; from engine.shop import store\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); shop = store.open_shop(sys.argv[1])\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "store.write_tables(shop, {'customers': pd.DataFrame({'customer_id': [f'{n * n:x}' for n in range(90_000)]})})"
    )
    ended = subprocess.run([sys.executable, "-c", code, shop.path], cwd=ROOT, capture_output=True, text=True)
    assert "StoreProblem: The shop in" in ended.stderr
    assert contents(shop.path) == before


def test_a_file_that_cannot_be_written_leaves_no_half_file(tmp_path, monkeypatch):
    def full(path, content):
        with open(path, "wb") as file:
            file.write(content[:2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StoreProblem, match=r"The disk is full"):
        store.replace_file(tmp_path / "out.csv", b"customer_id")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('currency = "dollars"', r'shop.toml: currency is "dollars"; the three capital letters'),
        ("return_rate = 2", "shop.toml: return_rate is 2; a share from 0 to less than 1 is needed"),
        ("holdout = -0.1", "shop.toml: holdout is -0.1; a share from 0 to less than 1 is needed"),
        ('window_days = {email = "week"}', 'shop.toml: window_days.email is "week"; a whole number of days'),
        ("gross_margin = {default = 40}", "shop.toml: gross_margin.default is 40; a share from 0 to 1 is needed"),
        ("send_cost = {sms = -1}", "shop.toml: send_cost.sms is -1; an amount of 0 or more for one message"),
        ('time_zone = "Mars/Olympus"', 'shop.toml: time_zone is "Mars/Olympus"; a time zone named by its place'),
        ("never_contact = 7", "shop.toml: never_contact is 7; a list of customer numbers"),
        ("name = ", "shop.toml cannot be read"),
        ('name = "a"\nname = "b"', "shop.toml cannot be read"),
        ('name = "\udcff"', "shop.toml cannot be read"),
    ],
)
def test_a_mistake_in_shop_toml_names_the_field_and_what_was_found(tmp_path, line, said):
    (tmp_path / "shop.toml").write_bytes(f'shop_id = "x"\n{line}\n'.encode("utf-8", "surrogateescape"))
    with pytest.raises(DataProblem, match=said):
        store.open_shop(tmp_path)


def test_every_mistake_in_shop_toml_is_named_at_once(tmp_path):
    (tmp_path / "shop.toml").write_text('currency = "x"\nholdout = 3\n')
    with pytest.raises(DataProblem) as refused:
        store.open_shop(tmp_path)
    assert len(refused.value.problems) == 2


def test_a_file_saved_by_an_editor_of_windows_is_read(tmp_path):
    (tmp_path / "shop.toml").write_bytes(b'\xef\xbb\xbfname = "Tea"\r\ncurrency = "EUR"\r\n')
    assert store.open_shop(tmp_path).settings.currency == "EUR"


def test_a_new_shop_assumes_what_nobody_told_it(tmp_path):
    shop = store.create_shop(tmp_path / "shop", {"currency": "EUR", "gross_margin": {"default": 0.5}})
    assert shop.settings.assumed == ["time_zone", "prices_include_tax", "send_cost"]
    assert store.create_shop(tmp_path / "other", {"assumed": ["gross_margin"]}).settings.assumed == ["gross_margin"]


def test_a_folder_with_tables_and_no_settings_opens_with_the_usual_ones(shop):
    (shop.path / "shop.toml").unlink()
    opened = store.open_shop(shop.path)
    assert opened.settings.currency == "USD"
    assert opened.shop_id == store.open_shop(shop.path).shop_id
    assert opened.rows("customers") == 2


def test_settings_without_an_id_give_the_same_id_each_time(tmp_path):
    (tmp_path / "shop.toml").write_text('name = "A"\n')
    assert store.open_shop(tmp_path).shop_id == store.open_shop(tmp_path).shop_id


def test_a_folder_without_a_shop_says_how_to_make_one(tmp_path):
    with pytest.raises(StoreProblem, match=r"There is no shop in .* Make one with: python -m engine sample demo"):
        store.open_shop(tmp_path)


def test_creating_a_shop_keeps_the_settings_of_one_that_is_there(shop):
    assert store.create_shop(shop.path, {"currency": "EUR"}).settings == shop.settings


def test_an_absent_table_says_so_and_an_optional_one_is_empty(shop):
    with pytest.raises(NotEnoughData, match=r"This shop has no orders yet. Import a file of orders"):
        shop.table("orders")
    assert shop.optional("orders").empty
    assert "order_id" in shop.optional("orders")
    assert shop.rows("orders") == 0


def test_a_broken_table_file_says_so(shop):
    shop.file("customers").write_bytes(b"PAR1 nothing")
    with pytest.raises(StoreProblem, match=r"customers.parquet cannot be read .* Import it again."):
        shop.table("customers")


def test_the_window_of_a_channel_without_a_setting_is_a_week(shop):
    assert [shop.settings.window(channel) for channel in ("email", "sms", "push", "carrier pigeon")] == [7, 3, 1, 7]


def test_a_shop_read_once_says_what_it_was(tmp_path):
    shop = shop_of(tmp_path / "shop", {"customers": pd.DataFrame({"customer_id": ["a", "b"]})})
    once = store.read_once(shop)
    assert once.rows("customers") == 2
    table = once.table("customers", ["customer_id"])
    store.save_tables(shop, {"customers": pd.DataFrame({"customer_id": ["c"]})})
    assert once.table("customers", ["customer_id"]) is table
    assert (once.rows("customers"), shop.rows("customers")) == (2, 1), "as it was, and as it is"
    assert once.columns("customers") == once.columns("customers") == shop.columns("customers")
    assert once.settings == shop.settings


def test_a_file_that_goes_away_while_it_is_looked_at_is_left_out_of_the_stamp(shop, monkeypatch):
    gone, there = shop.path / "ledger.db-wal", shop.path / "shop.toml"
    gone.write_text("")
    look = Path.stat

    def look_late(file, **how):
        gone.unlink(missing_ok=True)  # another program closes the database in this moment
        return look(file, **how)

    monkeypatch.setattr(Path, "stat", look_late)
    assert [name for name, _, _ in store.stamp([gone, there])] == ["shop.toml"]
