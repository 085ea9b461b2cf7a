import sqlite3
from datetime import date, datetime
from pathlib import Path

import pytest

from engine import settings
from engine.campaign.plan import Plan
from engine.decision import approvals
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
    assert "Last entry: 2" in words(app)


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
