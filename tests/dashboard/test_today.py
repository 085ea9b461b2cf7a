import time

import pytest

from engine import jobs
from engine.shop import sales, store


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
    now, before = sales.compared(store.open_shop(demo_shop_dir))
    shown = {metric.label: metric for metric in app.metric}
    assert shown["Orders"].value == f"{now.orders:,}"
    assert shown["Net sales"].value == f"${now.net_sales:,.0f}"
    assert shown["Orders"].delta == f"{(now.orders / before.orders - 1) * 100:+.1f} %"
    assert f"{now.first} to {now.last}" in words(app)


def test_the_next_step_is_a_button_that_leads_to_it(open_app, demo_shop_dir):
    app = open_app(demo_shop_dir)
    assert app.button(key="today.next").label == "Group the customers"


def test_after_groups_and_learning_the_next_step_is_a_plan(open_app, trained_shop_dir):
    assert open_app(trained_shop_dir).button(key="today.next").label == "Choose a group and start a plan"


def test_an_empty_shop_asks_for_data(open_app, empty_shop, words):
    app = open_app(empty_shop)
    assert "This shop is empty" in words(app)
    assert not app.metric


@pytest.mark.parametrize("table", ["orders"])
def test_a_shop_without_orders_has_no_sales_figures_and_goes_on(open_app, demo_shop, words, table):
    (demo_shop / "tables" / f"{table}.parquet").unlink()
    app = open_app(demo_shop)
    assert not app.exception
    assert "no orders" in words(app)
    assert app.button(key="today.next")
