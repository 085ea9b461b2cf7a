"""Models are learned from whatever a shop has, from before a day only, and say why where they cannot be."""

import json
from datetime import date

import numpy as np
import pandas as pd
import pytest

from engine.campaign import order_value, past_sends, response
from engine.campaign import rows as feature_rows
from engine.campaign.rows import message_rows
from engine.errors import ModelFileProblem, NotEnoughData
from engine.shop.store import create_shop
from tests.golden_commands import steady
from tests.tiny import CAMPAIGN_TABLES, shop_of, simulated, tables, trained

CUT = date(2025, 9, 15)


def files_of(shop):
    """Bytes of the current model, but for the card, which names the shop's version."""
    folder = shop.path / "models" / response.current_version(shop)
    return {
        path.name: path.read_bytes() for path in folder.iterdir() if path.name not in ("card.json", "manifest.json")
    }


def without_later(frames, day):
    """The tables as they stood on the morning of a day."""
    at = {
        "orders": "ordered_at",
        "events": "occurred_at",
        "deliveries": "sent_at",
        "ads": "date",
        "campaigns": "starts_at",
    }
    return {
        name: frame[pd.to_datetime(frame[at[name]]) < pd.Timestamp(day)] if name in at else frame
        for name, frame in frames.items()
    }


def test_training_as_of_a_day_is_training_without_what_came_later(tmp_path):
    frames = {name: frame for name, frame in simulated(seed=2, people=80).items() if name != "reviews"}
    whole, cut = shop_of(tmp_path / "whole", frames), shop_of(tmp_path / "cut", without_later(frames, CUT))
    assert cut.rows("deliveries") < whole.rows("deliveries")
    response.train(whole, CUT)
    response.train(cut, CUT)
    assert files_of(whole) == files_of(cut)
    cards = [response.load(shop).card for shop in (whole, cut)]
    assert steady(cards[0]["targets"]) == steady(cards[1]["targets"])
    assert cards[0]["last_sent"] < str(CUT)


def told_on(shop, start, days):
    """Campaigns whose outcome is known so many days after a start."""
    return past_sends.past_messages(shop, (start + pd.Timedelta(days=days)).date()).sent["campaign_id"].nunique()


def test_an_outcome_that_was_not_known_on_the_day_teaches_nothing(tmp_path):
    frames = {name: simulated(seed=2)[name] for name in CAMPAIGN_TABLES}
    shop = shop_of(tmp_path / "shop", frames)
    starts = pd.to_datetime(frames["campaigns"]["starts_at"])
    assert told_on(shop, starts.iloc[5], 5) == 5
    assert told_on(shop, starts.iloc[5], 8) == 6


def test_the_same_data_and_seed_give_the_same_model(tmp_path):
    frames = {name: simulated(seed=2)[name] for name in CAMPAIGN_TABLES}
    first, second = (shop_of(tmp_path / name, frames) for name in "ab")
    response.train(first, seed=3)
    response.train(second, seed=3)
    assert files_of(first) == files_of(second)


def test_with_a_holdout_the_basis_is_incremental(tmp_path):
    models = response.load(trained(tmp_path / "shop"))
    assert models.basis == "incremental"
    assert {"click", "order"} <= set(models.responses)
    assert {"ad_click", "ad_conversion"} <= set(models.responses)
    assert models.card["targets"]["unsubscribe"] == {"reason": "No past row records unsubscribed."}
    assert models.card["targets"]["anyway"]["rows"] == models.card["held_out_customers"]


def test_the_holdout_teaches_only_who_buys_anyway(tmp_path):
    shop = trained(tmp_path / "shop")
    deliveries = shop.table("deliveries")
    card = response.load(shop).card
    assert card["messages"] == (deliveries["treated"] == 1).sum()
    assert card["targets"]["order"]["successes"] == deliveries.query("treated == 1")["converted"].sum()
    assert card["targets"]["anyway"]["successes"] == deliveries.query("treated == 0")["converted"].sum()


def test_protected_columns_are_in_no_model(tmp_path):
    models = response.load(trained(tmp_path / "shop"))
    assert "gender" in models.card["protected_excluded"]
    assert not [column for column in models.card["features"] if "gender" in column]
    assert [column for column in models.card["features"] if column.startswith("tier=")]


def test_a_shop_of_customers_campaigns_and_deliveries_is_enough(tmp_path):
    models = response.load(trained(tmp_path / "shop", *CAMPAIGN_TABLES))
    assert {"click", "order"} <= set(models.responses)
    assert models.value is not None


def totals(frames):
    """Campaign totals such as a mail tool keeps, and no single deliveries."""
    sent = frames["deliveries"].query("treated == 1")
    summed = sent.groupby("campaign_id", as_index=False).agg(
        recipients=("customer_id", "size"),
        clicked=("clicked", "sum"),
        orders=("converted", "sum"),
        revenue=("revenue", "sum"),
    )
    return {"campaigns": frames["campaigns"], "campaign_results": summed}


@pytest.mark.parametrize("dated", [True, False])
def test_a_shop_of_campaign_totals_alone_is_enough(tmp_path, dated):
    frames = totals(simulated(people=400))
    if dated:
        frames["campaign_results"]["date"] = frames["campaigns"]["ends_at"].to_numpy()
    models = response.train(shop_of(tmp_path / "shop", frames))
    assert set(models.responses) == {"click", "order"}
    assert models.basis == "attributed"
    assert models.value is not None
    expected = frames["campaign_results"]["orders"].sum() / frames["campaign_results"]["recipients"].sum()
    held = pd.DataFrame(models.card["targets"]["order"]["held_out"])
    assert held["predicted"].mean() == pytest.approx(expected, rel=0.3)


@pytest.mark.parametrize(
    ("recorded", "learned"),
    [
        (("clicked",), {"click"}),
        (("converted", "revenue"), {"order"}),
        pytest.param(("clicked", "converted", "revenue"), {"click", "order"}, marks=pytest.mark.full),
    ],
)
def test_stages_that_are_not_recorded_are_named_and_promise_nothing(tmp_path, recorded, learned):
    frames = {name: simulated()[name] for name in CAMPAIGN_TABLES}
    kept = [c for c in frames["deliveries"] if c in ("campaign_id", "customer_id", "sent_at", "treated", *recorded)]
    models = response.train(shop_of(tmp_path / "shop", frames | {"deliveries": frames["deliveries"][kept]}))
    assert set(models.responses) == learned
    for target, column in response.TARGETS.items():
        if target not in learned:
            assert models.card["targets"][target] == {"reason": f"No past row records {column}."}
    assert models.basis == ("incremental" if "order" in learned else "attributed")
    assert (models.value is None) == ("order" not in learned)


def test_totals_of_some_campaigns_and_single_sends_of_others_are_learned_together(tmp_path):
    frames = simulated(people=200)
    early = frames["deliveries"]["campaign_id"].isin([f"k{n:02d}" for n in range(1, 6)])
    summed = totals(frames)["campaign_results"]
    both = {
        "customers": frames["customers"],
        "campaigns": frames["campaigns"],
        "deliveries": frames["deliveries"][~early],
        "campaign_results": summed[summed["campaign_id"].isin(frames["deliveries"].loc[early, "campaign_id"])],
    }
    card = response.train(shop_of(tmp_path / "shop", both), date(2026, 1, 1)).card["targets"]["click"]
    sent = frames["deliveries"].query("treated == 1")
    assert (card["trials"], card["successes"], card["campaigns"]) == (len(sent), sent["clicked"].sum(), 10)
    assert card["split"] == "later whole campaigns"


def test_the_card_says_how_settings_were_searched_and_whether_responses_drift(tmp_path):
    card = response.load(trained(tmp_path / "shop")).card["targets"]["click"]
    assert set(card["search"]) == {"method", "trials", "limit_seconds", "seconds", "cut_short", "chosen"}
    assert all({"part", "log_loss", "seconds"} < set(trial) for trial in card["search"]["trials"])
    assert set(card["drift"]) == {"found", "p", "level", "reason", "trends"}
    assert card["drift"]["found"] == (card["drift"]["p"] < card["drift"]["level"])
    assert (card["search"]["chosen"]["half_life"] is not None) == card["drift"]["found"]


def test_totals_of_a_campaign_with_single_deliveries_are_not_counted_twice(tmp_path):
    frames = simulated()
    frames = {name: frames[name] for name in CAMPAIGN_TABLES} | {"campaign_results": totals(frames)["campaign_results"]}
    shop = shop_of(tmp_path / "shop", frames)
    assert (
        past_sends.past_messages(shop, date(2026, 1, 1)).sent["trials"].sum()
        == (frames["deliveries"]["treated"] == 1).sum()
    )


def test_a_shop_of_ads_alone_is_enough(tmp_path):
    models = response.load(trained(tmp_path / "shop", "ads"))
    assert set(models.responses) == {"ad_click", "ad_conversion"}
    ads = tables("ads")["ads"]
    revenue, conversions = ads["revenue"].astype(float).sum(), ads["conversions"].astype(float).sum()
    assert models.card["targets"]["ad_value"]["revenue_per_conversion"] == pytest.approx(revenue / conversions)
    assert models.card["messages"] == 0


def test_a_shop_with_one_campaign_and_nothing_known_of_its_customers_is_enough(tmp_path):
    frames = simulated(people=600, campaigns=1)
    shop = shop_of(tmp_path / "shop", {name: frames[name] for name in ("campaigns", "deliveries")})
    with pytest.raises(NotEnoughData, match=r"known outcome before 2025-02-11: campaigns count once they have ended"):
        response.train(shop)
    models = response.train(shop, date(2025, 3, 1))
    assert models.card["targets"]["order"]["split"].startswith("customers held out")
    sent = frames["deliveries"].query("treated == 1")
    p = models.responses["order"].predict(message_rows(shop, shop.table("deliveries").head(5), shop.table("campaigns")))
    np.testing.assert_allclose(p, sent["converted"].mean(), rtol=0.1)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("orders",), r"Forecasts need past campaigns and who got them, and this shop has none yet. Import campaigns"),
        (("customers", "orders", "events"), r"Forecasts need past campaigns"),
        (("orders", "campaigns"), r"This shop's campaigns hold too little to learn from"),
    ],
)
def test_a_shop_without_past_messages_is_told_what_to_import(tmp_path, names, said):
    shop = shop_of(tmp_path / "shop", tables(*names))
    with pytest.raises(NotEnoughData, match=said):
        response.train(shop)
    assert response.current_version(shop) is None


def test_too_few_responses_are_refused_with_their_number(tmp_path):
    frames = simulated(people=20, campaigns=2)
    shop = shop_of(tmp_path / "shop", {name: frames[name] for name in CAMPAIGN_TABLES})
    with pytest.raises(
        NotEnoughData, match=r"hold too little to learn from. clicked: \d+ responses .* converted: \d+ resp"
    ):
        response.train(shop)


def test_an_empty_shop_is_told_what_to_import(tmp_path):
    with pytest.raises(NotEnoughData, match=r"no orders, events, deliveries or ads yet"):
        response.train(create_shop(tmp_path / "shop", {}))


def test_models_are_the_same_after_they_were_stored(tmp_path):
    frames = {name: simulated()[name] for name in CAMPAIGN_TABLES}
    shop = shop_of(tmp_path / "shop", frames)
    learned, read = response.train(shop), response.load(shop)
    assert (read.version, read.variation, read.tried) == (learned.version, learned.variation, learned.tried)
    features = past_sends.past_messages(shop, date(2026, 1, 1)).features
    for target, model in learned.responses.items():
        np.testing.assert_array_equal(read.responses[target].predict(features), model.predict(features))
    np.testing.assert_array_equal(read.value.predict(features), learned.value.predict(features))
    assert read.card["targets"].keys() == learned.card["targets"].keys()


def test_a_changed_model_file_is_refused(tmp_path):
    shop = trained(tmp_path / "shop", *CAMPAIGN_TABLES)
    value = shop.path / "models" / response.current_version(shop) / "value.json"
    value.write_text(json.dumps(json.loads(value.read_text()) | {"spread": 0.0}))
    with pytest.raises(ModelFileProblem, match=r"value.json was changed after it was trained"):
        response.load(shop)


def test_a_shop_that_was_never_trained_says_what_to_run(tmp_path):
    with pytest.raises(NotEnoughData, match=r"not been learned yet for this shop. Run: python -m engine train"):
        response.load(shop_of(tmp_path / "shop", tables("orders")))


def test_progress_goes_up_to_the_end_and_says_what_is_learned(tmp_path):
    told = []
    shop = shop_of(tmp_path / "shop", tables(*CAMPAIGN_TABLES))
    response.train(shop, progress=lambda share, text: told.append((share, text)))
    assert [share for share, _ in told] == sorted(share for share, _ in told)
    assert told[-1] == (1.0, "Done")
    assert {"Learning clicks", "Learning orders", "Learning who would buy anyway"} <= {text for _, text in told}


@pytest.mark.parametrize(
    ("kind", "discount", "revenue", "expected"),
    [("percent", 0.2, 40.0, 50.0), ("amount", 10.0, 40.0, 50.0), ("none", None, 40.0, 40.0), ("gift", 0.2, 40.0, 40.0)],
)
def test_the_list_value_of_an_order_is_what_it_was_before_the_discount(kind, discount, revenue, expected):
    found = order_value.list_value(pd.Series([revenue]), pd.Series([kind]), pd.Series([discount], dtype="float64"))
    assert found.tolist() == [expected]


@pytest.mark.parametrize(("revenue", "expected"), [(90.0, 100.0), (95.0, 105.0), (89.0, 89.0), (20.0, 20.0)])
def test_an_order_below_the_minimum_spend_had_no_discount_to_add(revenue, expected):
    of = [pd.Series([value]) for value in (revenue, "spend_save", 10.0)]
    assert order_value.list_value(*of, pd.Series([100.0])).tolist() == [expected]


def test_order_values_are_learned_before_discount_and_stay_inside_the_past(tmp_path):
    shop = trained(tmp_path / "shop")
    models, deliveries = response.load(shop), shop.table("deliveries").query("treated == 1 and converted == 1")
    campaigns = shop.table("campaigns").set_index("campaign_id").loc[deliveries["campaign_id"]]
    seen = order_value.list_value(
        deliveries["revenue"].set_axis(campaigns.index), campaigns["offer_kind"], campaigns["discount"]
    )
    features = past_sends.past_messages(shop, date(2026, 1, 1)).features
    predicted = models.value.predict(features)
    assert predicted.mean() == pytest.approx(seen.mean(), rel=0.1)
    assert seen.quantile(0.01) - 1e-9 <= predicted.min()
    assert predicted.max() <= seen.quantile(0.99) + 1e-9


def test_without_the_offer_a_row_keeps_customer_channel_and_season(tmp_path):
    shop = trained(tmp_path / "shop")
    features = past_sends.past_messages(shop, date(2026, 1, 1)).features
    neutral = feature_rows.without_offer(features)
    changed = {c for c in features if not features[c].equals(neutral[c])} - {"headline|length"}
    assert changed == {"discount|fraction", "discount|curve", "discount|x discount_share", "offer_kind", "goal"}
