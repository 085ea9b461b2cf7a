"""The search for the best offers: inside every limit, in the order of the ordinary forecast, ties said to be ties."""

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.__main__ import main
from engine.campaign import response
from engine.campaign.forecast import evaluate
from engine.campaign.optimise import groups, judging, options, ranking, search
from engine.campaign.optimise.limits import Limits, Shelf
from engine.campaign.optimise.options import Choices, Option
from engine.campaign.optimise.ranking import Luck
from engine.errors import DataProblem, NotEnoughData
from engine.shop import store
from tests.tiny import shop_of, tables, trained

MESSAGE = {"plan_id": "p1", "starts_at": "2026-06-08", "holdout": 0.1}
FEW = Choices(discounts=(0.1, 0.15, 0.2, 0.6), shares=(0.5, 1.0))


class Searched:
    """A shop, its models, and one group of customers."""

    def __init__(self, shop, customer_ids):
        self.shop, self.models = shop, response.load(shop)
        self.group = groups.of_customers(shop, "all", customer_ids, MESSAGE)

    def proposals(self, choices=FEW, objective="expected", **limits):
        asked = options.options(self.shop, self.models.tried, choices)
        return self.of(asked, Shelf.of(self.shop), objective, **limits)

    def of(self, asked, shelf, objective="expected", **limits):
        judged = judging.judge(self.shop, self.models, self.group, asked, shelf)
        return search.proposals("all", judged, self.models, Limits(**limits), objective, shelf)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    shop = trained(tmp_path_factory.mktemp("shop") / "golden")
    return Searched(shop, shop.table("customers")["customer_id"].tolist())


def plans(found):
    return [place.judged for place in found.places if place.judged]


# --- limits ---


@pytest.mark.parametrize(
    ("limits", "keeps"),
    [
        ({"budget": 30.0}, lambda one: one.cost <= 30.0),
        ({"margin_floor": 0.38}, lambda one: one.forecast.margin_after_discount >= 0.38),
        ({"max_loss": 0.46}, lambda one: one.forecast.chance_of_loss <= 0.46),
        ({}, lambda one: one.forecast.supported),
    ],
)
def test_every_proposal_keeps_the_limit_and_every_other_is_counted(tiny, limits, keeps):
    found = tiny.proposals(**limits)
    kept = plans(found)
    assert kept, "the limit leaves something"
    assert all(keeps(one) for one in kept)
    asked = len(options.options(tiny.shop, tiny.models.tried, FEW))
    assert sum(found.excluded.values()) == asked - len(kept) > 0


def test_what_was_never_tried_is_proposed_only_where_that_is_asked(tiny):
    assert {one.option.discount for one in plans(tiny.proposals())} == {0.1, 0.15, 0.2}
    asked = plans(tiny.proposals(untried=True))
    assert {one.option.discount for one in asked} == {0.1, 0.15, 0.2, 0.6, None}
    [dear] = [
        one for one in asked if one.option.discount == 0.6 and one.option.share == 1 and one.option.send_hour == 10
    ]
    assert (dear.forecast.supported, dear.forecast.verdict) == (False, "never_tried")
    assert dear.forecast.reason().startswith("60 % off was never tried by email; nearest is 20 %.")


def test_stock_keeps_out_what_would_sell_more_than_there_is(tiny):
    """The tiny shop's orders take 1.5 units or so of what they are about; 5 cups are far too few for its 20 orders."""
    shelf = Shelf(tiny.shop, {"p2": 5.0})
    asked = options.options(tiny.shop, tiny.models.tried, Choices(products=((("p2",), None),), discounts=(0.2,)))
    found = tiny.of(asked, shelf)
    assert found.excluded["stock"] > 0
    assert all(one.units["p2"] <= 5.0 for one in plans(found))


def test_units_of_an_order_are_those_of_past_orders_with_the_product(tiny):
    lines = tiny.shop.table("orders")
    bought = lines[lines["product_id"].eq("p2") & (lines["quantity"] > 0)]
    each = bought["quantity"].sum() / bought["order_id"].nunique()
    shelf = Shelf.of(tiny.shop)
    assert shelf.units((("p2",), None), 10.0) == {"p2": pytest.approx(10 * each)}
    assert {p for p, count in shelf.units(((), "Kitchen"), 1.0).items() if count} == {"007", "p2"}
    assert shelf.units(((), None), 10.0) == {}
    assert shelf.stock == {}, "nobody keeps a stock there"


def test_a_category_sells_what_is_on_the_shelf(tiny, tmp_path):
    kitchen = ((), "Kitchen")
    free = sum(Shelf.of(tiny.shop).units(kitchen, 10.0).values())
    sold_out = Shelf(tiny.shop, {"p2": 0.0, "007": 90.0}).units(kitchen, 10.0)
    assert sold_out == {"p2": 0.0, "007": pytest.approx(free)}
    both = Shelf(tiny.shop, {"p2": 10.0, "007": 30.0}).units(kitchen, 10.0)
    assert both == {"p2": pytest.approx(free / 4), "007": pytest.approx(3 * free / 4)}, "they run out together"
    assert Shelf(tiny.shop, {"p2": 10.0}).units(kitchen, 10.0)["p2"] == 0.0, "nobody keeps a stock of the other"
    shop = shop_of(tmp_path, {"products": pd.DataFrame([{"product_id": "p2", "name": "Cup", "stock": -3}])})
    assert Shelf.of(shop).stock == {"p2": 0.0}, "oversold is sold out"
    nothing = Shelf(tiny.shop, {"p2": 0.0, "007": 0.0}).units(kitchen, 10.0)
    assert sum(nothing.values()) == pytest.approx(free), "beyond what is there: no plan"


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"budget": -1.0}, "The budget is -1; an amount of money from 0 on is needed."),
        ({"budget": float("nan")}, "The budget is nan; an amount of money from 0 on is needed."),
        ({"margin_floor": 1.5}, "The margin floor is 1.5; a share from 0 to below 1 is needed (0.2 = 20 %)."),
        ({"max_loss": -0.1}, "The chance of loss is -0.1; a share from 0 to below 1 is needed (0.2 = 20 %)."),
    ],
)
def test_limits_that_are_none_are_refused(limits, said):
    with pytest.raises(DataProblem) as problem:
        Limits(**limits)
    assert str(problem.value) == said


# --- order ---


def test_what_the_split_takes_is_shown_however_far_down_it_stands(tiny):
    found = tiny.proposals(untried=True)
    low = found.places[-1]
    shown = found.shown(1, low)
    assert shown[0].rank == 1
    assert shown.count(low) == 1
    assert len({place.rank for place in shown}) == len(shown)


def test_every_number_is_that_of_the_ordinary_forecast(tiny):
    found = tiny.proposals()
    for place in search.completed(tiny.shop, tiny.models, tiny.group, found.shown(3)):
        if place.judged is None or place.judged.breaks == "tried range":
            continue
        [scene], [step] = tiny.group.at(place.judged.option)
        assert place.judged.forecast == evaluate(tiny.shop, tiny.models, scene, step)


def test_options_come_by_profit_with_sending_nothing_among_them(tiny):
    found = tiny.proposals()
    worth = [place.judged.worth("expected") if place.judged else 0.0 for place in found.places]
    assert worth == sorted(worth, reverse=True)
    assert [place.judged for place in found.places].count(None) == 1
    careful = [one.forecast.extra_profit.low for one in plans(tiny.proposals(objective="careful"))]
    assert careful == sorted(careful, reverse=True)


def test_full_price_is_always_shown_and_says_why_it_has_no_rank(tiny):
    [full] = [place for place in tiny.proposals().shown(1) if place.judged and place.judged.option.kind == "none"]
    assert (full.rank, full.tie, full.binding) == (0, 0, "tried range")
    completed = search.completed(tiny.shop, tiny.models, tiny.group, [full])[0]
    assert completed.judged.forecast.extra_profit is None, "84 messages at full price are too few to learn from"


def test_the_limit_that_keeps_a_plan_from_earning_more_is_named(tiny):
    """A budget below the best plan's cost binds those that would go to more people or give more."""
    kept = tiny.proposals()
    best, tried = kept.best.judged, [one.option for one in plans(kept)]  # one never tried would earn more still
    found = tiny.of(tried, Shelf.of(tiny.shop), budget=best.cost * 0.6)
    assert found.best.binding == "budget"
    assert found.best.judged.cost <= best.cost * 0.6
    cheaper = found.best.judged.option
    assert cheaper.share < best.option.share or cheaper.discount < best.option.discount


def test_those_without_consent_are_what_limits_a_plan_that_pays_for_everyone_else(tiny):
    found = tiny.proposals(Choices(discounts=(0.2,), hours=(10,)), untried=True)
    paying = [p for p in found.places if p.judged and p.judged.worth("expected") > 0 and p.judged.option.share == 1]
    assert paying
    assert all(place.binding == "consent" for place in paying)


# --- ties ---

MONEY = st.floats(-1000, 1000, allow_nan=False)
LUCK = st.builds(
    lambda draws, own, setting: Luck(np.array(draws), own, setting),
    st.lists(MONEY, min_size=8, max_size=8),
    st.floats(0, 500),
    st.sampled_from([None, ("email", 10), ("email", 20)]),
)


@given(LUCK, LUCK)
@settings(max_examples=80, deadline=None)
def test_ties_are_the_same_from_both_sides(a, b):
    assert ranking.better(a, b) == pytest.approx(1 - ranking.better(b, a))
    assert ranking.told_apart(a, b) == ranking.told_apart(b, a)
    assert not ranking.told_apart(a, a)


def test_what_is_better_in_every_draw_is_told_apart_only_beyond_the_luck_of_each():
    """By hand: 10 apart; own luck of 3 each is 4.24 together, so that 10 is 2.36 of it: 99 %. Of 12 each, 72 %."""
    draws = np.linspace(-100, 100, 50)
    for own, chance in ((3.0, 0.991), (12.0, 0.722)):
        a, b = Luck(draws + 10, own, ("a",)), Luck(draws, own, ("b",))
        assert ranking.better(a, b) == pytest.approx(chance, abs=0.001)
        assert ranking.told_apart(a, b) == (chance >= 0.9)


def test_against_sending_nothing_only_the_chance_of_loss_counts(tiny):
    one = tiny.proposals().best.judged
    found = ranking.better(ranking.luck(one, 0.3), ranking.NOTHING)
    assert found == pytest.approx(1 - one.forecast.chance_of_loss, abs=0.001)


def test_options_that_cannot_be_told_apart_share_a_number(tiny):
    """60 customers and 10 campaigns tell nothing of whether 10 % or 15 % off is better."""
    found = tiny.proposals()
    assert [place.tie for place in found.places] == [1] * len(found.places)
    assert found.best.leader_better == 0.5


def test_the_same_seed_gives_the_same_places(tiny):
    first, second = tiny.proposals(budget=40.0), tiny.proposals(budget=40.0)
    said = [[(p.rank, p.tie, p.judged and p.judged.option, p.binding) for p in one.places] for one in (first, second)]
    assert said[0] == said[1]


# --- options ---


def test_options_are_what_was_tried_and_one_step_beyond(tiny):
    found = options.options(tiny.shop, tiny.models.tried, Choices())
    assert {one.discount for one in found if one.kind == "percent"} == {0.05, 0.1, 0.15, 0.2, 0.25}
    assert {one.kind for one in found} == {"percent", "none"}
    assert {one.send_hour for one in found} == {10, 20}
    assert len(set(found)) == len(found)


def test_an_option_sets_the_channel_of_the_first_message_and_the_offer_of_all():
    option = Option("sms", "spend_save", 5.0, 50.0, tiers=((50.0, 5.0),), send_hour=9, share=0.5)
    first, second = option.on([{"channel": "email", "day": 0}, {"channel": "push", "day": 3, "max_discount": 9.0}])
    assert (first["channel"], second["channel"], second["day"]) == ("sms", "push", 3)
    assert second["tiers"] == ((50.0, 5.0),)
    assert (second["max_discount"], second["audience_share"], second["send_hour"]) == (None, 0.5, 9)


def test_a_customer_of_two_groups_is_in_the_first_of_them():
    assert groups.disjoint({"s1": ["a", "b"], "s2": ["b", "c", "c"]}) == {"s1": ["a", "b"], "s2": ["c"]}


# --- the command ---


def run(*arguments):
    return CliRunner().invoke(main, ["optimise", *map(str, arguments)])


@pytest.fixture(scope="module")
def written(tiny, tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "options.csv"
    arguments = ["--rule", "orders >= 3", "--rule", "orders >= 0", "--discount", 0.1, "--discount", 0.2, "--top", 4]
    ended = run("--shop", tiny.shop.path, "--budget", 60, *arguments, "--out", out)
    assert ended.exit_code == 0, ended.output
    return pd.read_csv(out), json.loads(ended.stdout[ended.stdout.index("\n{\n") if "\n{\n" in ended.stdout else 0 :])


def test_the_command_splits_one_budget_over_groups_without_a_customer_in_common(written):
    table, said = written
    chosen = table[table["chosen"].eq(1)]
    assert chosen["group"].tolist() == ["orders >= 3", "orders >= 0"]
    assert table.groupby("group")["audience_size"].max().sum() == 60
    assert chosen["budget_used"].sum() <= 60
    assert said["total"]["extra_profit"]["value"] == pytest.approx(chosen["extra_profit"].sum())
    assert said["total"]["budget_used"]["value"] == pytest.approx(chosen["budget_used"].sum())


def test_every_group_has_nothing_and_full_price_and_no_more_than_asked(written):
    table, _ = written
    for _, rows in table.groupby("group"):
        assert {"nothing", "full_price"} <= set(rows["option"])
        assert rows["rank"].dropna().between(1, 4).sum() <= 4
        assert rows["budget_used"].eq(rows["discount_cost"] + rows["send_cost"])[rows["supported"].eq(1)].all()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--budget", -5], "The budget is -5; an amount of money from 0 on is needed."),
        (["--discount", 15], "--discount is 15; a fraction between 0 and 1 is needed (0.15 = 15 %)."),
        (["--share", 0], "--share is 0; a share above 0 and up to 1 is needed."),
        (["--send-hour", 24], "--send-hour is 24; an hour from 0 to 23 is needed."),
        (["--offer-kind", "wings"], "offer kind 'wings' is not known."),
        (["--products", "p2,p9"], "This shop has no product 'p9'."),
        (["--category", "Cars"], "This shop has no category 'Cars'."),
        (["--starts-at", "soon"], "--starts-at is 'soon'; a date such as 2026-03-31 is needed."),
        ([], "This shop has no groups yet."),
    ],
)
def test_what_cannot_be_asked_is_refused_without_a_file(tiny, tmp_path, arguments, said):
    out = tmp_path / "out.csv"
    ended = run("--shop", tiny.shop.path, *arguments, "--out", out)
    assert ended.exit_code == 2
    assert said in ended.stderr
    assert not out.exists()


def test_a_shop_that_has_learned_nothing_is_told_to(tmp_path):
    shop = shop_of(tmp_path / "shop", tables("customers", "orders"))
    ended = run("--shop", shop.path, "--budget", 10, "--out", tmp_path / "out.csv")
    assert ended.exit_code == 2
    assert "Run: python -m engine train" in ended.stderr


def test_a_shop_that_knows_clicks_alone_cannot_rank_by_money(tmp_path):
    frames = tables("customers", "campaigns", "deliveries")
    frames["deliveries"] = frames["deliveries"].drop(columns=["converted", "revenue"])
    shop = shop_of(tmp_path / "shop", frames)
    models = response.train(store.open_shop(shop.path))
    with pytest.raises(NotEnoughData):
        search.optimise(shop, models, [groups.of_customers(shop, "all", ["c001"], MESSAGE)], Choices(), Limits())
