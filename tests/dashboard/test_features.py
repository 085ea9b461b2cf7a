import pytest

from engine.shop import store
from engine.shop.features import default_as_of, dictionary


def test_every_feature_of_the_shop_is_listed_with_its_formula(open_app, demo_shop_dir, words):
    app = open_app(demo_shop_dir, "features")
    assert not app.exception
    shop = store.open_shop(demo_shop_dir)
    expected = dictionary(shop, default_as_of(shop))
    assert app.dataframe[0].value["feature"].tolist() == expected["feature"].tolist()
    assert "5,000 customers" in words(app)
    assert str(default_as_of(shop)) in words(app)


@pytest.mark.parametrize(("text", "features"), [("CART", {"carts_30d", "cart_not_bought_30d"}), ("sms", None)])
def test_a_search_looks_in_names_and_formulas(open_app, demo_shop_dir, text, features):
    app = open_app(demo_shop_dir, "features")
    app.text_input(key="features.search").set_value(text).run()
    assert not app.exception
    assert set(app.dataframe[0].value["feature"]) == (features or {"sent_sms", "clicked_sms"})


def test_a_search_without_a_result_says_so(open_app, demo_shop_dir, words):
    app = open_app(demo_shop_dir, "features", language="zh")
    assert app.title[0].value == "客户特征"
    app.text_input(key="features.search").set_value("(").run()
    app.text_input(key="features.search").set_value("zebra").run()
    assert not app.exception
    assert "没有名称、单位或公式含“zebra”" in words(app)
    assert not app.dataframe
