"""What waits for whoever sits here, on every page."""

from datetime import date, timedelta

import pytest

from engine import settings
from engine.access import roles
from engine.campaign.plan import Plan
from engine.decision import approvals, ledger
from engine.errors import AppError
from engine.outcome import seen
from engine.shop import store


@pytest.fixture
def june(demo_shop, now):
    """A plan of Ana's before a second person, and one of whoever sits here that Bo said something of."""
    shop, config, today = store.open_shop(demo_shop), settings.read().config, date.today()
    usual = {"starts_at": today + timedelta(days=20), "ends_at": today + timedelta(days=27)}
    for plan_id, owner in (("june", "Ana"), ("mine", roles.os_user())):
        plan = Plan(plan_id=plan_id, name=plan_id.title(), owner=owner, **usual)
        approvals.submit(shop.path, shop.shop_id, plan, {}, owner, now, config)
    ledger.append(
        shop.path, shop.shop_id, plan_id="mine", action="commented", actor="Bo", recorded_by="Bo",
        payload={"reason": "Is *this* the price?"}, now=now, config=config,
    )  # fmt: skip
    return shop


def bell(app) -> str:
    """What the button in the sidebar says."""
    [found] = [block for block in app.sidebar if block.type == "popover"]
    return found.proto.popover.label


def test_every_page_says_how_much_waits_and_what_is_new_until_it_was_looked_at(open_app, june, words):
    app = open_app(june.path, "history")
    assert bell(app) == "Waiting for you: 2 (2 new)"
    app.session_state["app.bell"] = True
    app.run()
    shown = words(app).replace("\\", "")
    assert "“June” by Ana waits for a second person" in shown
    assert "Bo on “Mine”: “Is *this* the price?”" in shown
    app.session_state["app.bell"] = False
    app.run()
    assert bell(app) == "Waiting for you: 2"
    assert bell(open_app(june.path, "history", "zh")) == "等待您处理：2"


def test_a_note_of_what_was_seen_that_cannot_be_written_ends_no_page(open_app, june, words, monkeypatch):
    def refuse(*_):
        raise AppError("The disk is full.")

    monkeypatch.setattr(seen, "mark", refuse)
    app = open_app(june.path, "history")
    app.session_state["app.bell"] = True
    app.run()
    assert "The disk is full." in words(app)
    assert len(app.dataframe) == 1
