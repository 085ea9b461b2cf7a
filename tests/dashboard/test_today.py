import sqlite3
import time
from datetime import UTC, datetime, timedelta

import pandas as pd

from engine import jobs
from engine.shop import activity, store
from tests.dashboard.plan_pages import saved_plan, submitted
from tests.tiny import shop_of


def test_without_a_shop_it_says_what_this_is_and_offers_two_shops_and_own_data(open_app, tmp_path, words):
    app = open_app(tmp_path / "shops" / "none")
    assert "groups of customers" in words(app)
    assert {"common.make.demo", "common.make.complete-journey", "today.to_data"} <= {b.key for b in app.button}


def test_the_demo_shop_is_made_by_a_job_and_opened(open_app, tmp_path):
    folder = tmp_path / "shops" / "demo"
    app = open_app(tmp_path / "shops" / "none")
    app.button(key="common.make.demo").click().run()
    assert not app.exception
    job = jobs.latest(folder, "sample")
    deadline = time.monotonic() + 150
    while not (job := jobs.status(folder, job.job_id)).is_over:
        assert time.monotonic() < deadline, job
        time.sleep(0.5)
    assert job.state == "done", job.error
    app.run()
    app.button(key="common.open.demo").click().run()
    assert not app.exception
    assert app.metric[0].label == "Net sales"


def test_making_a_shop_on_a_full_disk_is_refused_in_a_sentence(open_app, tmp_path, words, monkeypatch):
    app = open_app(tmp_path / "shops" / "none")
    (tmp_path / "shops").write_text("in the way")  # no folder can be made here
    app.button(key="common.make.demo").click().run()
    assert not app.exception
    assert "cannot be written" in words(app)


def test_key_figures_are_those_of_the_last_28_days_with_their_dates(open_app, demo_shop_dir, words):
    app = open_app(demo_shop_dir)
    (found, *_) = activity.activity(store.open_shop(demo_shop_dir))
    net, orders = found.measures[:2]
    shown = {metric.label: metric for metric in app.metric}
    assert shown["Orders"].value == f"{orders.now:,}"
    assert shown["Net sales"].value == f"${net.now:,.0f}"
    assert shown["Orders"].delta == f"{(orders.now / orders.before - 1) * 100:+.1f} %"
    assert f"{found.first} to {found.last} ({orders.now} orders)" in words(app)


def test_the_next_step_is_a_button_that_leads_to_it(open_app, demo_shop_dir):
    app = open_app(demo_shop_dir)
    assert app.button(key="today.next").label == "Group the customers"


def test_after_groups_and_learning_the_next_step_is_a_plan(open_app, trained_shop_dir):
    assert open_app(trained_shop_dir).button(key="today.next").label == "Start a plan"


def test_an_empty_shop_asks_for_data(open_app, empty_shop, words):
    app = open_app(empty_shop)
    assert "This shop is empty" in words(app)
    assert not app.metric


def test_a_shop_without_orders_shows_what_it_records(open_app, demo_shop):
    (demo_shop / "tables" / "orders.parquet").unlink()
    app = open_app(demo_shop)
    assert not app.exception
    assert app.metric[0].label == "Messages sent"
    app.segmented_control(key="today.source").set_value("ads").run()
    assert {"Impressions", "Click rate of ads"} <= {metric.label for metric in app.metric}
    assert app.button(key="today.next")


def test_each_key_figure_shows_the_weeks_of_both_periods_and_says_them(open_app, demo_shop_dir):
    (found, *_) = activity.activity(store.open_shop(demo_shop_dir))
    metric = open_app(demo_shop_dir).metric[1]
    assert list(metric.proto.chart_data) == list(found.measures[1].weeks)
    assert ", ".join(f"{week:,.0f}" for week in found.measures[1].weeks) in metric.help


def test_what_needs_me_leads_to_the_plan_and_its_tab(open_app, demo_shop, words):
    today = datetime.now(UTC).date()
    saved_plan(demo_shop, starts_at=today + timedelta(days=2), ends_at=today + timedelta(days=9))
    submitted(demo_shop)
    app = open_app(demo_shop)
    assert not app.exception
    assert f"“Spring” by Ana waits for a second person; it is to start on {today + timedelta(days=2)}" in words(app)
    link = next(one for one in app.get("page_link") if one.proto.page.endswith("plan"))
    assert link.proto.query_string == "plan=spring&tab=approve"


def test_a_name_with_signs_of_markdown_is_shown_as_it_stands(open_app, demo_shop, words):
    today = datetime.now(UTC).date()
    saved_plan(demo_shop, name="*Now* $5 [x](y) {a}", starts_at=today, ends_at=today)
    app = open_app(demo_shop)
    assert not app.exception
    assert r"\*Now\* \$5 \[x\](y) \{a\}" in words(app)


def test_plans_that_cannot_be_read_are_said_and_hide_nothing_else(open_app, demo_shop, words):
    (demo_shop / "ledger.db").write_bytes(b"no database" * 1000)
    app = open_app(demo_shop)
    assert not app.exception
    assert "cannot be read: plans and approvals" in words(app)
    assert app.metric[0].label == "Net sales"


def test_nothing_to_do_is_said_calmly(open_app, tmp_path, words):
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    row = {"order_id": ["o1"], "customer_id": "c1", "ordered_at": yesterday, "product_id": "p", "quantity": 1}
    shop = shop_of(tmp_path / "calm", {"orders": pd.DataFrame({**row, "unit_price": 9.0})})
    app = open_app(shop.path)
    assert not app.exception
    assert "Nothing waits for you" in words(app)


def test_a_checklist_that_is_done_is_one_line(open_app, trained_shop, words):
    saved_plan(trained_shop)
    with sqlite3.connect(trained_shop / "ledger.db") as db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f"DROP TRIGGER {name}")
        db.execute("UPDATE plans SET status = 'exported'")
    app = open_app(trained_shop)
    assert not app.exception
    assert "every step was done" in app.expander[0].label
    assert "From data to campaign" not in words(app)
