import pandas as pd

from engine.outcome import channels, measured, programme
from engine.shop import store
from tests.dashboard.test_measured import exported_plan

__all__ = ["exported_plan"]


def test_the_channels_look_says_who_claims_which_orders(open_app, demo_shop_dir, words):
    app = open_app(demo_shop_dir, "results", look="channels")
    assert not app.exception
    parts = channels.answer(store.open_shop(demo_shop_dir)).reconciled
    assert f"The shop took {parts.orders:,} orders" in words(app)
    assert f"The parts add up to {parts.orders:,} orders" in words(app)
    table = app.dataframe[0].value.set_index("channel")
    assert table.loc["E-mail", "claimed_orders"] == parts.by_channel.set_index("channel")["claimed"]["email"]
    assert "nobody held out" in table.loc["search (ads)", "verdict"] and table["counted"].isna().any()
    assert len(app.get("plotly_chart")) == 3


def test_the_channels_look_speaks_chinese(open_app, demo_shop_dir, words):
    app = open_app(demo_shop_dir, "results", language="zh", look="channels")
    assert not app.exception
    assert "笔订单" in words(app) and "从未尝试" in words(app)


def test_another_channel_shows_its_own_hours(open_app, demo_shop_dir, words):
    app = open_app(demo_shop_dir, "results", look="channels")
    before = words(app)
    app.segmented_control(key="channels.hours").set_value("sms").run()
    assert not app.exception
    assert words(app) != before and "13 campaigns" in words(app)


def test_without_orders_the_channels_look_says_what_to_import(open_app, demo_shop, words):
    (demo_shop / "tables" / "orders.parquet").unlink()
    app = open_app(demo_shop, "results", look="channels")
    assert not app.exception
    assert "Import orders" in words(app) and len(app.dataframe[0].value)


def test_claims_above_the_shops_orders_are_pointed_out(open_app, demo_shop, words):
    path = demo_shop / "tables" / "ads.parquet"
    ads = pd.read_parquet(path)
    ads.assign(conversions=ads["conversions"] * 10).to_parquet(path)
    app = open_app(demo_shop, "results", look="channels")
    assert "are claimed twice" in app.warning[0].value


def test_after_7_days_the_channels_add_up_to_what_the_first_look_says(open_app, demo_shop_dir, words):
    first = open_app(demo_shop_dir, "results")
    headline, extra = first.subheader[0].value, first.metric[0].value
    app = open_app(demo_shop_dir, "results", look="channels")
    own = words(app)
    app.button_group(key="channels.days").set_value(7).run()
    assert not app.exception and words(app) != own
    profit = headline.partition(": ")[2].partition(" (")[0]
    assert f"about {extra} orders because we wrote" in words(app) and f"Extra profit {profit} (" in words(app)


def test_campaigns_that_do_not_count_are_named_with_the_reason(open_app, demo_shop_dir):
    app = open_app(demo_shop_dir, "results", look="channels", within="30")
    whole = programme.together(measured.measured(store.open_shop(demo_shop_dir)), 30)
    assert app.expander[0].label == f"Not in the sum: {whole.waiting + whole.apart}"
    why = app.dataframe[1].value["why"]
    assert why.str.contains("The 30 days are not over").sum() == whole.waiting == 2
    counted = app.dataframe[0].value["counted"].dropna()
    assert counted.str.contains("not over yet").any()


def test_a_plan_that_its_export_alone_tells_of_is_named(open_app, exported_plan, words):
    app = open_app(exported_plan, "results", look="channels")
    assert not app.exception
    assert "No single deliveries were imported for: " in words(app)
