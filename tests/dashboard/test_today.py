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
    (found, *_) = activity.activity(store.open_shop(demo_shop_dir))["month"]
    net, orders = found.measures[:2]
    shown = {metric.label: metric for metric in app.metric}
    assert shown["Orders"].value == f"{orders.now:,}"
    assert shown["Net sales"].value == f"${net.now:,.0f}"
    assert shown["Orders"].delta == f"{(orders.now / orders.before - 1) * 100:+.1f} %"
    assert f"{found.first} to {found.last} ({orders.now} orders)" in words(app)


def test_last_year_stands_beside_and_it_says_what_was_lined_up_with_what(open_app, demo_shop_dir, words):
    app = open_app(demo_shop_dir)
    (found, *_) = activity.activity(store.open_shop(demo_shop_dir))["month"]
    orders = found.measures[1]
    shown = {metric.label: metric for metric in app.metric}
    moved = f"{(orders.now / orders.last_year - 1) * 100:+.1f} %"
    assert shown["Orders"].proto.delta_description == f"last year: {moved}"
    assert "2025-05-05 to 2025-06-01 (726 orders), 364 days earlier, so that Mother's Day of 2025-05-11" in words(app)
    table = app.dataframe[0].value.set_index("Figure")
    assert table.loc["Orders", ["These days", "Last year", "Change on last year"]].tolist() == ["711", "726", moved]
    assert table.loc["Gross sales", "These days"] == "$117,124"


def test_twelve_months_are_compared_once_and_the_first_year_has_no_new_customers(open_app, demo_shop_dir, words):
    app = open_app(demo_shop_dir)
    app.segmented_control(key="today.span").set_value("year").run()
    assert not app.exception
    assert "2025-06-02 to 2026-05-31" in words(app)
    assert "They are last year, too." in words(app)
    table = app.dataframe[0].value.set_index("Figure")
    assert "Last year" not in table
    assert table.loc["New customers", "Days before"] == "–"  # the records begin there: all were new
    assert "left open for: Days before" in words(app)


def test_products_and_who_comes_back_are_pictures_with_words(open_app, demo_shop_dir):
    app = open_app(demo_shop_dir)
    alts = [chart.proto.alt for chart in app.get("plotly_chart")]
    assert "Bars of the net sales of 10 products, 2026-05-04 to 2026-05-31" in alts
    assert "Shares of customers who ordered again, for 24 months of first orders and the months after them" in alts
    assert len(app.dataframe[1].value) == 10


def test_a_shop_of_three_days_says_what_it_cannot_compare(open_app, tmp_path, words):
    days = ["2026-08-01", "2026-08-02", "2026-08-03"]
    row = {"order_id": ["o1", "o2", "o3"], "customer_id": "c1", "ordered_at": days, "product_id": "p", "quantity": 1}
    app = open_app(shop_of(tmp_path / "new", {"orders": pd.DataFrame({**row, "unit_price": 9.0})}).path)
    assert not app.exception
    said = words(app)
    assert "The records begin on 2026-08-01, so these are 3 days and not 28." in said
    assert "Nothing is compared with the days before" in said
    assert "Nothing is compared with last year" in said
    assert "once the month after a first order is over" in said
    assert {metric.delta for metric in app.metric} == {""}


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
    (found, *_) = activity.activity(store.open_shop(demo_shop_dir))["month"]
    metric = open_app(demo_shop_dir).metric[1]
    assert list(metric.proto.chart_data) == list(found.measures[1].trend)
    assert ", ".join(f"{week:,.0f}" for week in found.measures[1].trend) in metric.help


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
    assert any("every step was done" in one.label for one in app.expander)
    assert "From data to campaign" not in words(app)
