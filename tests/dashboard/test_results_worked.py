from engine.outcome import what_worked
from engine.shop import store
from tests.tiny import shop_of, tables


def test_the_look_lists_every_trait_with_the_test_that_would_settle_it(open_app, demo_shop_dir, words):
    app = open_app(demo_shop_dir, "results", look="worked")
    assert not app.exception
    first = next(one for one in what_worked.answer(store.open_shop(demo_shop_dir)) if one.kind == "messages")
    told = sum(line.told for line in first.lines)
    assert f"{told} of {len(first.lines)} things" in words(app)
    assert "not a cause" in app.warning[0].value
    table = app.dataframe[0].value
    assert len(table) == len(first.lines)
    assert table["test"].str.contains("people in each of two versions").all()


def test_another_result_is_shown_and_ads_alone_say_they_are_too_few(open_app, demo_shop_dir, words):
    app = open_app(demo_shop_dir, "results", look="worked")
    app.segmented_control(key="worked.measure").set_value("clicks").run()
    assert "Headline asks a question" in set(app.dataframe[0].value["trait"])
    app.segmented_control(key="worked.kind").set_value("ads").run()
    assert not app.exception
    assert "4 ads" in words(app) and not app.dataframe


def test_the_look_speaks_chinese(open_app, demo_shop_dir, words):
    app = open_app(demo_shop_dir, "results", language="zh", look="worked")
    assert not app.exception
    assert "不是因果" in words(app) and "折扣每多 10 个百分点" in set(app.dataframe[0].value["trait"])


def test_a_shop_without_campaigns_says_what_to_import(open_app, tmp_path, words):
    app = open_app(shop_of(tmp_path / "shop", tables("orders", "products", "customers")).path, "results", look="worked")
    assert not app.exception
    assert "No past campaign" in words(app)
