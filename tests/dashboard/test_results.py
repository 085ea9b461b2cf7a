import pandas as pd

from dashboard import printed
from engine.decision import cells
from engine.outcome import past, results
from engine.shop import store


def test_extra_orders_stand_with_their_range_and_how_many_campaigns_are_clear(open_app, demo_shop_dir, words):
    app = open_app(demo_shop_dir, "results", look="past")
    assert not app.exception
    totals = results.totals(results.campaigns(store.open_shop(demo_shop_dir)))
    assert f"About {totals.extra:,.0f} extra orders" in words(app)
    assert f"{totals.distinguishable} of 60 campaigns" in words(app)
    assert f"{len(app.dataframe[0].value)} rows that began" in words(app)
    assert (app.dataframe[0].value["source"] == "deliveries").sum() == 60


def test_without_a_holdout_orders_are_called_attributed(open_app, demo_shop, words):
    path = demo_shop / "tables" / "deliveries.parquet"
    sent = pd.read_parquet(path)
    sent[sent["treated"] == 1].drop(columns=["treated", "propensity"]).to_parquet(path)
    app = open_app(demo_shop, "results", look="past")
    assert not app.exception
    assert "attributed" in words(app)
    assert "extra orders because we wrote" not in app.subheader[0].value


def test_a_shop_without_campaigns_says_what_to_import(open_app, shop_without_campaigns, words):
    app = open_app(shop_without_campaigns, "results", look="past")
    assert not app.exception
    assert "no past campaigns yet" in words(app)


def test_a_shop_of_ads_alone_lists_them(open_app, demo_shop, words):
    for name in ("campaigns", "campaign_products", "deliveries"):
        (demo_shop / "tables" / f"{name}.parquet").unlink()
    app = open_app(demo_shop, "results", look="past")
    assert not app.exception
    table = app.dataframe[0].value.set_index("name")
    ads = pd.read_parquet(demo_shop / "tables" / "ads.parquet")
    assert table["impressions"].to_dict() == ads.groupby("ad_id")["impressions"].sum().to_dict()
    assert not app.metric


def test_the_file_has_the_counts_behind_each_rate(demo_shop_dir):
    table = cells.read_back(printed.spreadsheet(past.campaigns(store.open_shop(demo_shop_dir))))
    row = table[table["campaign_id"] == "k01"].iloc[0]
    assert float(row["ctr"]) == float(row["clicked"]) / float(row["clicked_of"])
    assert float(row["order_rate"]) == float(row["orders"]) / float(row["orders_of"])
    assert float(row["cost"]) == float(row["sent"]) * float(row["cost_each"])
    assert row["impressions"] == "" and row["starts_at"].startswith("2024-07-15")


def test_a_channel_counts_its_own_campaigns_alone(open_app, demo_shop_dir, words):
    app = open_app(demo_shop_dir, "results", look="past")
    app.pills(key="results.channel").set_value(["sms"]).run()
    assert not app.exception
    table = results.campaigns(store.open_shop(demo_shop_dir))
    totals = results.totals(table[table["channel"] == "sms"])
    assert f"About {totals.extra:,.0f} extra orders" in words(app)
    assert set(app.dataframe[0].value["channel"]) == {"SMS"}
