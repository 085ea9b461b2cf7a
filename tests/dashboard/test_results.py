import pandas as pd

from engine.outcome import results
from engine.shop import store


def test_extra_orders_stand_with_their_range_and_how_many_campaigns_are_clear(open_app, demo_shop_dir, words):
    app = open_app(demo_shop_dir, "results")
    assert not app.exception
    totals = results.totals(results.campaigns(store.open_shop(demo_shop_dir)))
    assert f"About {totals.extra:,.0f} extra orders" in words(app)
    assert f"{totals.distinguishable} of 60 campaigns" in words(app)
    assert len(app.dataframe[0].value) == 60


def test_without_a_holdout_orders_are_called_attributed(open_app, demo_shop, words):
    path = demo_shop / "tables" / "deliveries.parquet"
    sent = pd.read_parquet(path)
    sent[sent["treated"] == 1].drop(columns=["treated", "propensity"]).to_parquet(path)
    app = open_app(demo_shop, "results")
    assert not app.exception
    assert "attributed" in words(app)
    assert "extra orders because we wrote" not in app.subheader[0].value


def test_a_shop_without_campaigns_says_what_to_import(open_app, shop_without_campaigns, words):
    app = open_app(shop_without_campaigns, "results")
    assert not app.exception
    assert "no past campaigns yet" in words(app)


def test_a_channel_counts_its_own_campaigns_alone(open_app, demo_shop_dir, words):
    app = open_app(demo_shop_dir, "results")
    app.pills(key="results.channel").set_value(["sms"]).run()
    assert not app.exception
    table = results.campaigns(store.open_shop(demo_shop_dir))
    totals = results.totals(table[table["channel"] == "sms"])
    assert f"About {totals.extra:,.0f} extra orders" in words(app)
    assert set(app.dataframe[0].value["channel"]) == {"SMS"}
