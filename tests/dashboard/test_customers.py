import pytest

from engine.audience import segments
from engine.decision import plans
from engine.shop import store


@pytest.fixture
def few_tried(monkeypatch):
    """Numbers of groups tried when found automatically: three instead of nine, for time."""
    monkeypatch.setattr(segments, "K_RANGE", range(2, 5))


def test_the_groups_in_use_are_shown_with_size_and_reason(open_app, trained_shop_dir, words):
    app = open_app(trained_shop_dir, "customers")
    saved = segments.current(store.open_shop(trained_shop_dir))
    assert not app.exception
    table = app.dataframe[0].value
    assert list(table["customers"]) == list(saved.profiles["customers"])
    assert f"5,000 customers in {saved.summary.k} groups" in words(app)
    assert "stand apart best" in words(app)


def test_group_names_are_read_in_chinese_too(open_app, trained_shop_dir):
    names = open_app(trained_shop_dir, "customers", language="zh").dataframe[0].value["name"]
    assert all(not name.isascii() for name in names)


def test_the_first_visit_makes_groups_and_saves_them_even_without_campaigns(
    open_app, shop_without_campaigns, few_tried
):
    app = open_app(shop_without_campaigns, "customers")
    assert not app.exception
    assert segments.current(store.open_shop(shop_without_campaigns)).summary.customers == 5000


def test_a_plan_for_two_groups_is_saved_as_a_draft_and_opened(open_app, trained_shop):
    app = open_app(trained_shop, "customers")
    assert app.button(key="customers.start").disabled
    app.multiselect(key="customers.picked").set_value(["s1", "s3"]).run()
    app.button(key="customers.start").click().run()
    assert not app.exception
    row = plans.listed(trained_shop).iloc[0]
    saved = plans.load(trained_shop, row["plan_id"])
    assert saved.plan.audience.segment_ids == ["s1", "s3"]
    assert saved.plan.status == "draft"
    assert saved.plan.starts_at <= saved.plan.ends_at


def test_a_plan_for_a_group_may_be_filled_in_as_a_starting_plan(open_app, trained_shop):
    app = open_app(trained_shop, "customers")
    app.multiselect(key="customers.picked").set_value(["s1"]).run()
    app.selectbox(key="customers.goal").set_value("vip").run()
    app.button(key="customers.start").click().run()
    assert not app.exception
    (saved,) = plans.saved_plans(trained_shop)
    assert (saved.plan.objective, saved.plan.audience.segment_ids) == ("vip", ["s1"])
    assert saved.extras["reasons"][0]["key"] == "starting.who_group"


def test_another_number_of_groups_is_a_preview_until_it_is_taken_over(open_app, trained_shop, words):
    before = segments.current(store.open_shop(trained_shop)).summary.k
    app = open_app(trained_shop, "customers")
    app.segmented_control(key="customers.way").set_value("own").run()
    app.slider(key="customers.k").set_value(3).run()
    assert "not in use yet" in words(app)
    assert segments.current(store.open_shop(trained_shop)).summary.k == before
    app.button(key="customers.use").click().run()
    assert not app.exception
    assert segments.current(store.open_shop(trained_shop)).summary.k == 4  # three, and those without an order
    assert "not in use yet" not in words(app)


@pytest.mark.parametrize("view", ["map", "number", "compare"])
def test_each_picture_is_drawn(open_app, trained_shop_dir, view):
    app = open_app(trained_shop_dir, "customers")
    app.segmented_control(key="customers.view").set_value(view).run()
    assert not app.exception
    assert len(app.get("plotly_chart")) == 1


def test_the_map_says_how_much_it_shows(open_app, trained_shop_dir, words):
    app = open_app(trained_shop_dir, "customers")
    app.segmented_control(key="customers.view").set_value("map").run()
    share = segments.current(store.open_shop(trained_shop_dir)).summary.map_variance
    assert f"{share * 100:.0f} % of how customers differ" in words(app)


def test_changed_data_asks_for_new_groups(open_app, trained_shop, words, few_tried):
    settings = trained_shop / "shop.toml"
    settings.write_text(settings.read_text() + "\n")
    app = open_app(trained_shop, "customers")
    assert "changed since" in words(app)
    app.button(key="customers.again").click().run()
    assert not app.exception
    assert "changed since" not in words(app)


def test_a_shop_without_orders_says_what_groups_need(open_app, demo_shop, words):
    (demo_shop / "tables" / "orders.parquet").unlink()
    app = open_app(demo_shop, "customers")
    assert not app.exception
    assert "Groups need orders" in words(app)


def test_groups_that_cannot_be_read_are_a_sentence(open_app, trained_shop, words):
    (trained_shop / "segments" / "labels.parquet").write_bytes(b"not parquet")
    app = open_app(trained_shop, "customers")
    assert not app.exception
    assert "cannot be read" in words(app)


def test_a_full_disk_is_a_sentence(open_app, demo_shop, words, full_disk, few_tried):
    full_disk()
    app = open_app(demo_shop, "customers")
    assert not app.exception
    assert "The disk is full" in words(app)
