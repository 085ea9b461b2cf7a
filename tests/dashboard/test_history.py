import re
import sqlite3
import threading
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from dashboard import cache
from engine import settings
from engine.campaign.plan import Plan
from engine.decision import approvals, comments, evidence, ledger
from engine.sentences import Sentence
from engine.shop import store


@pytest.fixture
def shop_with_history(demo_shop: Path, now: datetime) -> Path:
    """A shop in which a plan was submitted by Ana and approved by Ben."""
    shop, config = store.open_shop(demo_shop), settings.read().config
    plan = Plan(plan_id="june", name="June", starts_at=date(2026, 6, 8), ends_at=date(2026, 6, 14), owner="Ana")
    approvals.submit(shop.path, shop.shop_id, plan, {"extra_profit": 1.0}, "Ana", now, config)
    approvals.approve(shop.path, shop.shop_id, "june", "Ben", "Ben", "fits the range", now, config)
    return demo_shop


def test_entries_are_listed_the_latest_first_with_their_reason(open_app, shop_with_history, words):
    app = open_app(shop_with_history, "history")
    assert not app.exception
    table = app.dataframe[0].value
    assert list(table["seq"]) == [2, 1]
    assert table.iloc[0]["action"] == "approved"
    assert table.iloc[0]["reason"] == "fits the range"
    assert list(table.columns[:4]) == ["seq", "at", "plan_name", "plan_id"]
    assert (table.iloc[0]["plan_name"], table.iloc[0]["plan_id"]) == ("June", "june")
    zone = store.open_shop(shop_with_history).settings.time_zone
    assert re.search(rf"Last entry: 2, \d{{4}}-\d\d-\d\d \d\d:\d\d \({zone}\), ", words(app))


def test_a_whole_history_is_said_to_be_whole(open_app, shop_with_history, words):
    app = open_app(shop_with_history, "history")
    app.button(key="history.verify").click().run()
    assert "All 2 entries" in words(app)


def test_a_changed_entry_is_seen(open_app, shop_with_history, words):
    app = open_app(shop_with_history, "history")
    with sqlite3.connect(shop_with_history / "ledger.db") as db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f"DROP TRIGGER {name}")
        db.execute("UPDATE entries SET actor = 'Eve' WHERE seq = 2")
    app.button(key="history.verify").click().run()
    assert not app.exception
    assert "Entry 2 of the approval history was changed" in words(app)


def test_an_empty_history_says_so(open_app, demo_shop_dir, words):
    assert "Nothing was submitted yet" in words(open_app(demo_shop_dir, "history"))


def test_a_backup_can_be_made_and_is_said_to_be_whole(open_app, shop_with_history, words):
    app = open_app(shop_with_history, "history")
    assert "There is no backup yet" in words(app)
    app.button(key="history.back_up").click().run()
    assert not app.exception
    assert "Last backup: " in words(app)
    assert "All 2 entries of the approval history are whole." in words(app)
    assert "on the same disk" in words(app)
    assert "holds the keys" in words(app)
    [made] = cache.safety.place(store.open_shop(shop_with_history)).glob("ledger-*.db")
    made.write_bytes(made.read_bytes()[:4096])
    app.run()
    assert "is not whole" in words(app)


def test_a_backup_is_put_back_once_it_is_agreed_what_is_lost(open_app, shop_with_history, words):
    app = open_app(shop_with_history, "history")
    app.button(key="history.back_up").click().run()
    shop = store.open_shop(shop_with_history)
    comments.comment(
        shop.path, shop.shop_id, "june", "Bo", "Bo", "really?", datetime.now(UTC), settings.read().config
    )  # fmt: skip
    app.run()
    assert "the last 1 of 3 entries of the approval history are in no backup yet" in words(app)
    assert "Entries that are known and not in it: 1." in app.checkbox[0].label
    assert app.button(key="history.restore").disabled
    app.checkbox[0].check().run()
    app.button(key="history.restore").click().run()
    assert not app.exception
    assert "Entries that came back: 2, lost: 1. Entry 3 of the history tells of it." in words(app)
    assert "ledger-set-aside" in words(app)
    assert ledger.entries(shop.path, shop.shop_id, settings.read().config)[-1].action == "restored"
    (shop_with_history / "ledger.db").unlink()
    app = open_app(shop_with_history, "history")
    app.checkbox[0].check().run()
    app.button(key="history.restore").click().run()
    assert "Entry 3 of the history tells of it" in words(app)


def test_what_the_history_says_is_said_in_chinese(open_app, shop_with_history, words):
    (shop_with_history / "ledger.db").unlink()
    assert "请从备份恢复" in words(open_app(shop_with_history, "history", language="zh"))


@pytest.mark.warm_up
def test_an_hour_of_use_leaves_a_backup_and_a_machine_that_loses_approvals_is_named(
    open_app, shop_with_history, words, monkeypatch
):
    fault = Sentence("ledger.unfit", {"name": "SQLite 3.40.1"})
    monkeypatch.setattr(cache.warm_up, "once", lambda: True)
    monkeypatch.setattr(cache.safety, "fault", lambda: fault)
    app = open_app(shop_with_history, "shops")
    assert fault.text() in words(app)
    for thread in [thread for thread in threading.enumerate() if thread.name == "backup"]:
        thread.join(30)
    assert len(list(cache.safety.place(store.open_shop(shop_with_history)).glob("ledger-*.db"))) == 1


# --- searching ---


def listed(app) -> list[int]:
    return list(app.dataframe[0].value["seq"])


def test_filters_narrow_the_list_and_stand_in_the_address(open_app, shop_with_history, words):
    app = open_app(shop_with_history, "history")
    app.text_input(key="history.text").set_value("RANGE").run()
    assert listed(app) == [2]
    assert app.query_params["q"] in ("RANGE", ["RANGE"])  # a list or its one word, as Streamlit likes
    app.multiselect(key="history.actions").set_value(["submitted"]).run()
    assert not app.exception
    assert "None of the 2 entries fits" in words(app)
    app.text_input(key="history.text").set_value("june").run()
    assert listed(app) == [1]


def test_an_address_opens_the_same_list_and_entry(open_app, shop_with_history, words):
    app = open_app(
        shop_with_history,
        "history",
        **{"did": "approved", "who": "Ben", "of": "june", "from": "2026-06-01", "entry": "2"},
    )
    assert not app.exception
    assert listed(app) == [2]
    shown = words(app).replace("\\", "")
    assert "Entry 2: approved" in shown
    assert "Left out on purpose: 10 %" in shown  # what was decided on, as it was submitted
    assert "Valid: 2026-06-08 to 2026-06-14" in shown
    assert open_app(shop_with_history, "history", "zh", **{"from": "no day", "entry": "99"}).exception == []


def test_evidence_that_is_gone_is_reported(open_app, demo_shop, now, words):
    shop, config = store.open_shop(demo_shop), settings.read().config
    plan = Plan(plan_id="june", name="June", starts_at=date(2026, 6, 8), ends_at=date(2026, 6, 14), owner="Ana")
    approvals.submit(shop.path, shop.shop_id, plan, {}, "Ana", now, config)
    proof = approvals.approve(
        shop.path, shop.shop_id, "june", "Ben", "Ana", "fits", now, config, proof=b"%PDF-1.7 yes"
    ).evidence
    app = open_app(demo_shop, "history", entry="2")
    assert app.dataframe[0].value["evidence"].dropna().tolist() == ["PDF"]
    assert "recorded by the author, Ana" in words(app)
    assert app.get("download_button")[-1].label.startswith("Evidence: PDF")
    path = evidence.path_of(shop.path, proof)
    path.write_bytes(path.read_bytes()[::-1])  # its size stays: only reading it shows
    app.button(key="history.verify").click().run()
    assert "Entry 2: The evidence" in words(app)
    path.unlink()
    assert "The evidence of entry 2 is gone" in words(open_app(demo_shop, "history"))
