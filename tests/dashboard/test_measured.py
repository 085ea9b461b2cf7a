"""What plans brought, from the shop's own orders: on Results and on a plan's Result tab."""

from datetime import UTC, date, datetime

import pandas as pd
import pytest

from dashboard import charts, printed
from dashboard.views.plan_tabs.measured import line as in_a_line
from dashboard.views.results_parts import measured as look
from engine import settings
from engine.campaign.plan import Audience
from engine.decision import approvals, assignments, cells, export
from engine.outcome import measured, programme
from engine.shop import store
from tests.dashboard.plan_pages import page_of, said, saved_plan
from tests.outcome.test_measured import delivered, shop_with

SENT = date(2026, 4, 1)


def test_the_first_look_is_extra_profit_from_the_shops_own_orders(open_app, demo_shop_dir, words):
    app = open_app(demo_shop_dir, "results")
    assert not app.exception
    table = measured.measured(store.open_shop(demo_shop_dir))
    seven = programme.together(table, 7)
    assert app.subheader[0].value.startswith(f"Extra profit because we wrote, after 7 days: ${seven.extra_profit:,.0f}")
    assert f"{seven.plans} plans sent from" in words(app) and "95 %" in app.subheader[0].value
    assert app.metric[1].value == f"{seven.attributed_orders:,.0f}"
    shown = app.dataframe[0].value
    assert len(shown) == 60 and shown["verdict"].isin(["could be chance", "groups came out uneven"]).all()
    app.button_group(key="results.days").set_value(30).run()
    assert "after 30 days" in app.subheader[0].value
    assert "Not counted yet: 2, whose 30 days are not over" in words(app)
    assert (app.dataframe[0].value["verdict"] == "not over yet").sum() == 2


def test_it_speaks_chinese(open_app, demo_shop_dir, words):
    app = open_app(demo_shop_dir, "results", "zh")
    assert not app.exception
    assert "因发送而增加的利润" in app.subheader[0].value and "区间均为 95 %" in words(app)


def test_without_anybody_left_out_the_page_says_how_to_get_there(open_app, shop_without_campaigns, words):
    app = open_app(shop_without_campaigns, "results")
    assert not app.exception
    assert "nothing to compare" in words(app) and "import the following month's orders" in words(app)


def test_a_shop_without_orders_says_what_to_import(open_app, empty_shop, words):
    app = open_app(empty_shop, "results")
    assert not app.exception
    assert "no orders yet" in words(app)


def test_the_chart_has_both_numbers_of_days_and_hollow_points_where_they_are_not_over():
    rows = pd.DataFrame(
        {
            "plan_id": ["a", "a", "b"], "label": "Tea", "days": [7, 30, 7], "final": [True, False, True],
            "extra_profit": [10.0, 4.0, -3.0], "extra_profit_low": [5.0, -2.0, -9.0],
            "extra_profit_high": [15.0, 10.0, 3.0],
        }
    )  # fmt: skip
    seven, thirty = charts.at_two_horizons(rows, "extra_profit", "money", {7: "7", 30: "30"}, "95 %").data
    assert (list(seven.x), list(thirty.x)) == ([10.0, -3.0], [4.0])
    assert (seven.marker.symbol, thirty.marker.symbol) == (("circle", "circle"), ("circle-open",))
    assert list(seven.error_x.array) == [5.0, 6.0] and list(thirty.error_x.arrayminus) == [6.0]
    assert seven.y[0] < thirty.y[0] < seven.y[1]  # two plans of one name have a row each


def test_the_file_has_every_number_of_days_and_the_reasons(demo_shop_dir):
    table = measured.measured(store.open_shop(demo_shop_dir))
    read = cells.read_back(printed.spreadsheet(look.for_file(table)))
    mine = read[read["plan_id"] == "k59"]
    assert mine["days"].tolist() == ["7", "30"] and "not over" in mine["reason"].iloc[1]


@pytest.mark.parametrize("propensity", [0.7, 0.9])
def test_a_plan_is_said_to_have_brought_something_only_where_the_groups_can_be_compared(tmp_path, propensity):
    deliveries, lines = delivered(700, 300, 90, 10, propensity=propensity)
    table = measured.measured(shop_with(tmp_path, deliveries, lines))
    written = in_a_line(table.iloc[0], "USD")
    assert ("uneven" in written) == (propensity == 0.9)
    assert ("extra orders" in written) == (propensity == 0.7)


@pytest.fixture
def exported_plan(demo_shop):
    """A plan of April, approved and exported in time, whose 7 and 30 days are over in the demo shop's orders."""
    opened = store.open_shop(demo_shop)
    people = opened.table("customers")["customer_id"].tolist()[:1_500]
    plan = saved_plan(
        demo_shop, starts_at=SENT, ends_at=date(2026, 4, 8), holdout=0.4, variants=["A", "B"],
        audience=Audience(customer_ids=people), texts={"subject": "Tea"},
    )  # fmt: skip
    where, config, now = (opened.path, opened.shop_id), settings.read().config, datetime(2026, 3, 30, 9, tzinfo=UTC)
    approvals.submit(*where, plan, {}, "Ana", now, config)
    approvals.approve(*where, plan.plan_id, "Ben", "Ben", "fits", now, config)
    export.export_plans(*where, None, lambda _: people, now, config, plan_ids=[plan.plan_id], person="Ana")
    assert len(assignments.saved(opened.path)) == 1_500
    return demo_shop


def test_a_plan_shows_its_result_from_orders_alone(open_app, exported_plan):
    app = page_of(open_app, exported_plan, "result")
    text = said(app)
    assert "From the shop's own orders" in text and "after 7 days:" in text and "after 30 days:" in text
    assert "Orders count from 2026-04-01 10:00, when the plan was to be sent." in text
    assert "another campaign reached" in text  # the demo shop's own campaigns went on
    assert "What the sending tool reported" not in text
    assert app.dataframe[0].value["variant"].tolist() == ["A", "B"]
    assert "For whom it worked, by orders in the year before" in text
    groups = app.dataframe[1].value
    assert groups["group"].tolist()[0] == "none" and (groups[["sent", "held_out"]] >= 100).all().all()


def test_a_plan_whose_days_are_not_over_says_until_when(open_app, exported_plan):
    path = exported_plan / "tables" / "orders.parquet"
    orders = pd.read_parquet(path)
    orders[orders["ordered_at"] < "2026-04-05"].to_parquet(path)
    text = said(page_of(open_app, exported_plan, "result"))
    assert "so far and not final" in text and "It is known on 2026-04-09" in text
    assert "extra profit" not in text
