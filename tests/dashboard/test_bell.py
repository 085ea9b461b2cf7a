"""What waits for whoever sits here, on every page."""

import threading
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


def test_an_approval_that_holds_no_more_is_found_beside_the_page_and_said(open_app, demo_shop, now, words):
    shop, config, today = store.open_shop(demo_shop), settings.read().config, date.today()
    product = shop.table("products")["product_id"].iloc[0]
    plan = Plan(
        plan_id="june", name="June", owner="Ana", product_ids=[product],
        starts_at=today + timedelta(days=5), ends_at=today + timedelta(days=27),
    )  # fmt: skip
    approvals.submit(shop.path, shop.shop_id, plan, {}, "Ana", now, config)
    approvals.approve(shop.path, shop.shop_id, "june", "Bo", "Bo", "fits", now, config)
    app = open_app(shop.path)
    looked()
    assert "export it" in words(app.run())
    goods = shop.table("products")
    store.save_tables(shop, {"products": goods.assign(price=goods["price"] + 1)})
    app.run()
    looked()
    said = words(app.run()).replace("\\", "")
    assert "The approval of “June” no longer holds: " in said and "when it was submitted" in said
    assert "export it" not in said
    assert bell(app) == "Waiting for you: 1 (1 new)"
    assert "“June”的批准已失效" in words(open_app(shop.path, language="zh"))
    approvals.submit(shop.path, shop.shop_id, plan, {}, "Ana", now, config)
    assert "no longer holds" not in words(app.run())


def looked() -> None:
    """When it was looked which approvals stand."""
    for thread in threading.enumerate():
        if thread.name == "standing":
            thread.join(30)
