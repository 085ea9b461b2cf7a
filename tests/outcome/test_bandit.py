"""The next split: probabilities against draws, guards, delays, what an even split would have done, and who confirms."""

import json
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from scipy import integrate, stats

from bench import bandit as bench
from engine import settings
from engine.__main__ import main
from engine.decision import ledger
from engine.errors import DataProblem, NotAllowed, NotEnoughData
from engine.outcome.bandit import arms, arrival, confirmed, proposal, thompson, worth
from engine.outcome.experiments import bayes
from engine.sentences import say
from engine.shop import store
from tests.outcome import test_offpolicy_from_plan as of_plan

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


def shown(counts, days=10, start="2026-05-01"):
    """Arms with counts {name: (shown, converted)}, spread evenly over days."""
    dates = pd.date_range(start, periods=days).strftime("%Y-%m-%d")
    rows = [
        {"arm": name, "date": day, "shown": total // days, "converted": events // days + (k < events % days)}
        for name, (total, events) in counts.items()
        for k, day in enumerate(dates)
    ]
    return pd.DataFrame(rows)


def proposed(counts, **more):
    return proposal.propose(arms.as_arms(shown(counts), "arms.csv"), **({"delay_days": 0.0} | more))


# --- Thompson sampling ---


@pytest.mark.parametrize(
    ("a", "b"),
    [([3, 6, 2], [300, 400, 500]), ([800, 830, 5], [90_000, 90_000, 500]), ([1, 1], [1, 1]), ([1, 20], [100, 30])],
)
def test_the_chance_to_be_best_is_that_of_a_million_draws(a, b):
    a, b = np.array(a, dtype=float), np.array(b, dtype=float)
    drawn = np.random.default_rng(0).beta(a, b, (1_000_000, len(a))).argmax(axis=1)
    found = thompson.chance_best(a, b)
    assert found.sum() == pytest.approx(1)
    np.testing.assert_allclose(found, np.bincount(drawn, minlength=len(a)) / 1e6, atol=0.004)


def test_the_split_and_the_reading_of_a_test_know_one_chance_to_be_best():
    converted, shown = (
        np.array([[30.0, 45.0, 38.0], [2.0, 40_000.0, 5.0]]),
        np.array([[1e3, 1e3, 1.2e3], [1e2, 1e6, 90]]),
    )
    chance, _ = bayes.best(converted, shown)
    np.testing.assert_array_equal(thompson.chance_best(converted + 1, shown - converted + 1), chance)


@pytest.mark.parametrize("scale", [1.0, 25.0, 900.0])  # of one arm's evidence against the other's
def test_the_chance_to_be_best_is_the_integral_to_the_fourth_digit(scale):
    a, b = np.array([31.0 * scale, 39.0]), np.array([970.0 * scale, 963.0])
    exact, _ = integrate.quad(lambda rate: stats.beta.pdf(rate, a[1], b[1]) * stats.beta.cdf(rate, a[0], b[0]), 0, 0.2,
                              points=[0.02, 0.03, 0.04, 0.06], epsabs=1e-9, limit=500)  # fmt: skip
    assert thompson.chance_best(a, b)[1] == pytest.approx(exact, abs=5e-5)


def test_many_questions_at_once_are_each_answered():
    a, b = np.array([[3.0, 6.0], [5.0, 5.0]]), np.array([[300.0, 400.0], [90.0, 90.0]])
    together = thompson.chance_best(a, b)
    np.testing.assert_allclose(together[0], thompson.chance_best(a[0], b[0]))
    np.testing.assert_allclose(together[1], [0.5, 0.5], atol=1e-6)


def test_the_prior_lies_at_the_overall_rate_and_weighs_one_conversion():
    a, b = thompson.posterior(np.array([10.0, 0.0]), np.array([1000.0, 0.0]))
    assert a[1] / (a[1] + b[1]) == pytest.approx(10.5 / 1001, rel=1e-6), "an arm never shown is taken as usual"
    assert a[1] == 1.0


# --- the proposal ---


def test_a_clear_winner_gets_most_and_nobody_all_or_nothing():
    found = proposed({"a": (10_000, 60), "b": (10_000, 120), "c": (10_000, 50)})
    assert found.state == "leading"
    assert sum(found.propensities.values()) == pytest.approx(1)
    assert found.propensities["b"] == pytest.approx(1 - 2 * 0.1 / 3, abs=0.01)
    assert min(found.propensities.values()) >= 0.1 / 3
    assert found.reasons[0].key == "bandit.why_leading"
    assert found.arms[1].rate.low < 0.012 < found.arms[1].rate.high


def test_before_enough_conversions_it_stays_even():
    found = proposed({"a": (1_000, 2), "b": (1_000, 15)})
    assert found.state == "too_early" and found.propensities == {"a": 0.5, "b": 0.5}
    assert "Too early: 17 conversions so far, and before 20" in found.reasons[0].text()
    assert proposed({"a": (1_000, 2), "b": (1_000, 18)}).state == "leading"


def test_thin_evidence_says_so_and_splits_by_it():
    found = proposed({"a": (10_000, 50), "b": (10_000, 55)})
    assert found.state == "thin"
    assert 0.5 < found.arms[1].chance_best < 0.75 < found.propensities["b"] < 0.9, "leans as if twice as sure"
    assert "No arm stands out yet" in found.reasons[0].text()


def test_an_even_split_is_compared_with_what_was_shown():
    # 12,000 of a (1 %) and 4,000 of b (2 %): an even split had 8,000 of each, so 4,000 x (2 % - 1 %) = 40 more.
    found = proposed({"a": (12_000, 120), "b": (4_000, 80)})
    assert found.against_even.value == pytest.approx(-40, abs=2)
    assert found.against_even.low < found.against_even.value < found.against_even.high < 0
    even = proposed({"a": (5_000, 50), "b": (5_000, 100)})
    assert even.against_even.value == even.against_even.high == 0


@pytest.mark.parametrize("least", [0.0, 0.3, -0.1, float("nan")])
def test_a_smallest_share_that_leaves_no_choice_is_refused(least):
    with pytest.raises(DataProblem, match="smallest share"):
        proposed({"a": (1_000, 20), "b": (1_000, 20)}, least=least)


@pytest.mark.parametrize("days", [-1.0, 1e9, float("nan")])
def test_an_impossible_delay_is_refused(days):
    with pytest.raises(DataProblem, match="mean delay"):
        proposed({"a": (1_000, 20), "b": (1_000, 20)}, delay_days=days)


def test_as_of_a_day_later_rows_do_not_exist():
    found = proposed({"a": (10_000, 60), "b": (10_000, 120)}, as_of=date(2026, 5, 6))
    assert [arm.shown for arm in found.arms] == [5_000, 5_000] and found.last == date(2026, 5, 5)
    with pytest.raises(DataProblem, match="nothing was shown before 2020-01-01"):
        proposed({"a": (10_000, 60), "b": (10_000, 120)}, as_of=date(2020, 1, 1))


# --- conversions still to come ---


def delayed(mean, seed, days=30, per_day=20_000, rates=(0.01, 0.015)):
    """Arms whose conversions come exponentially late, as they stand after the last day."""
    random, rows = np.random.default_rng(seed), []
    for name, rate in zip("ab", rates, strict=True):
        for day in range(days):
            waited = random.exponential(mean, random.binomial(per_day, rate)) if mean else np.zeros(0)
            count = int((waited < days - day - 0.5).sum()) if mean else random.binomial(per_day, rate)
            rows.append({"arm": name, "date": f"2026-05-{day + 1:02d}", "shown": per_day, "converted": count})
    return pd.DataFrame(rows)


def test_the_mean_delay_is_found_and_none_is_seen_where_there_is_none():
    found = [proposal.propose(arms.as_arms(delayed(3.0, seed), "x")).delay.mean for seed in range(5)]
    assert np.mean(found) == pytest.approx(3.0, rel=0.2)
    none = [proposal.propose(arms.as_arms(delayed(0.0, seed), "x")).delay.mean for seed in range(20)]
    assert np.mean(np.array(none) > 0) <= 0.2, none


def test_an_arm_shown_only_lately_is_not_taken_for_a_bad_one():
    """Without the delay its missing conversions would count as failures."""
    frame = delayed(5.0, 1, rates=(0.01, 0.01))
    frame = frame[(frame["arm"] == "a") | (frame["date"] >= "2026-05-27")]
    late = proposal.propose(arms.as_arms(frame, "x"), delay_days=0.0)
    told = proposal.propose(arms.as_arms(frame, "x"), delay_days=5.0)
    assert late.arms[1].rate.high < 0.01 and 0.05 < late.arms[1].chance_best < 0.95
    assert told.arms[1].rate.low <= 0.01 <= told.arms[1].rate.high
    assert "5.0 days" in told.reasons[1].text()


def test_shares_arrived_are_those_of_an_exponential_delay():
    delay = arrival.Delay(2.0)
    np.testing.assert_allclose(delay.arrived(np.array([2.5, 1.0])), [1 - np.exp(-1), 1 - np.exp(-0.25)])
    assert arrival.Delay(0.0).arrived(np.array([1.0])) == 1.0


# --- what it saves ---


@pytest.mark.parametrize(("runs", "days"), [(40, 20), pytest.param(200, 30, marks=pytest.mark.full)])
def test_it_loses_less_than_an_even_split_and_than_one_that_forgets_the_delay(monkeypatch, runs, days):
    """The whole table is bench/results/bandit.txt."""
    monkeypatch.setattr(bench, "DAYS", days)
    lost = {way: bench.regret(way, 0.01, 3, 4.0, runs)[0] for way in bench.WAYS}
    error = np.std(lost["even"] - lost["ours"]) / np.sqrt(runs)
    assert lost["even"].mean() - lost["ours"].mean() > 5 * error
    assert lost["ours"].mean() < lost["ours, told nothing of delay"].mean()


# --- money ---


def paid(frame, **of_arm):
    """cost and value columns from {arm: (cost of a showing, value of a conversion)}."""
    each = pd.DataFrame(of_arm, index=["cost", "value"]).T.loc[frame["arm"]].reset_index(drop=True)
    return frame.assign(cost=frame["shown"] * each["cost"], value=frame["converted"] * each["value"])


COUNTS = {"a": (20_000, 400), "b": (20_000, 200)}  # rates 2 % and 1 %


def test_the_arm_with_the_higher_rate_and_the_lower_profit_loses():
    """a: 0.02 x 10 - 0.15 = 0.05 a showing; b: 0.01 x 30 - 0.05 = 0.25."""
    frame = paid(shown(COUNTS), a=(0.15, 10.0), b=(0.05, 30.0))
    by_rate = proposed(COUNTS)
    found = proposal.propose(arms.as_arms(frame, "x"), delay_days=0.0)
    assert by_rate.maximises == "rate" and by_rate.propensities["a"] > 0.9
    assert found.maximises == "profit" and found.propensities["b"] == pytest.approx(0.95, abs=1e-6)
    assert [one.profit.value for one in found.arms] == pytest.approx([0.05, 0.25], abs=0.01)
    assert found.arms[0].profit.low < 0.05 < found.arms[0].profit.high
    assert "bandit.maximises_profit_of_file" in [one.key for one in found.reasons]
    assert found.report()["profit_above_an_even_split"]["value"] == pytest.approx(0), "shown evenly"
    assert "bandit.rate_only" in [one.key for one in by_rate.reasons]


def test_profit_above_an_even_split_is_counted_by_hand():
    counts = {"a": (30_000, 600), "b": (10_000, 100)}
    found = proposal.propose(arms.as_arms(paid(shown(counts), a=(0.15, 10.0), b=(0.05, 30.0)), "x"), delay_days=0.0)
    assert found.against_even.value == pytest.approx(10_000 * 0.05 - 10_000 * 0.25, rel=0.1)


def test_with_the_same_money_everywhere_profit_chooses_as_the_rate_does():
    counts = {"a": (5_000, 50), "b": (5_000, 60), "c": (5_000, 45)}
    frame = paid(shown(counts), a=(0.1, 20.0), b=(0.1, 20.0), c=(0.1, 20.0))
    found = proposal.propose(arms.as_arms(frame, "x"), delay_days=0.0)
    np.testing.assert_allclose(
        [one.chance_best for one in found.arms], [one.chance_best for one in proposed(counts).arms], atol=0.01
    )


def test_the_spread_of_single_values_is_told_from_days():
    random = np.random.default_rng(3)
    rows = pd.DataFrame({"shown": 1_000.0, "converted": random.poisson(20, 400) + 1.0, "cost": 0.0})
    rows["value"] = [random.normal(50.0, 30.0, int(count)).sum() for count in rows["converted"]]
    found = worth.of_arms(rows, np.arange(400) % 2, 2)
    np.testing.assert_allclose(found.value, 50.0, atol=2.0)
    events = rows["converted"].groupby(np.arange(400) % 2).sum()
    np.testing.assert_allclose(found.error, 30.0 / np.sqrt(events), rtol=0.1)
    single = worth.of_arms(rows.head(2).assign(converted=99.0, value=990.0), np.arange(2), 2)
    np.testing.assert_allclose(single.error, 10.0 / np.sqrt(100.0), err_msg="one day says nothing of the spread")


def test_guards_stay_and_a_day_without_money_leaves_the_rate():
    few = paid(shown({"a": (1_000, 4), "b": (1_000, 2)}), a=(0.1, 9.0), b=(0.1, 9.0))
    early = proposal.propose(arms.as_arms(few, "x"))
    assert early.state == "too_early" and set(early.propensities.values()) == {0.5}
    frame = paid(shown(COUNTS), a=(0.5, 10.0), b=(0.5, 30.0))
    losing = proposal.propose(arms.as_arms(frame, "x"))
    assert "bandit.all_lose" in [one.key for one in losing.reasons]
    frame.loc[3, "value"] = np.nan
    found = proposal.propose(arms.as_arms(frame, "x"))
    assert found.maximises == "rate" and found.arms[0].profit is None
    assert "rows without one of the two: 1." in next(one.text() for one in found.reasons if "rate_only" in one.key)


def test_ads_bring_their_cost_and_what_their_revenue_leaves(shop):
    ads = shop.table("ads")
    store.save_tables(shop, {"ads": ads.assign(cost=10.0, revenue=ads["conversions"] * 100.0)})
    found = arms.of_ads(store.open_shop(shop.path))["search"]
    assert found.rate_only is None and found.rows["cost"].sum() == 200.0
    assert found.rows["value"].sum() == pytest.approx(80 * 100.0 * 0.4), "the usual margin"
    said = proposal.propose(found)
    assert said.currency == "USD" and "per showing in USD" in " ".join(one.text() for one in said.reasons)
    assert arms.of_ads(store.open_shop(shop.path), "clicks")["search"].rate_only is not None


def test_by_profit_less_is_lost_than_by_the_rate_or_evenly_where_the_highest_rate_earns_less(monkeypatch):
    """The whole table is bench/results/bandit.txt."""
    monkeypatch.setattr(bench, "DAYS", 15)
    monkeypatch.setattr(worth, "DRAWS", 10_000)
    lost = {way: bench.money_regret(way, 0.03, 3, 20)[0] for way in bench.MONEY_WAYS}
    for way in ("even", "by rate"):
        saved = lost[way] - lost["by profit"]
        assert saved.mean() > 5 * saved.std() / np.sqrt(len(saved)), way


# --- days ---


def test_arms_are_compared_on_the_days_on_which_all_of_them_ran():
    """a converts twice as often in the days before b began: no merit of a."""
    alone = shown({"a": (50_000, 2_000)}, days=50, start="2026-01-01")
    both = shown({"a": (10_000, 200), "b": (10_000, 200)}, days=10, start="2026-02-20")
    found = proposal.propose(arms.as_arms(pd.concat([alone, both]), "x"), delay_days=0.0)
    assert [(one.shown, one.converted) for one in found.arms] == [(10_000, 200), (10_000, 200)]
    assert (str(found.first), str(found.last)) == ("2026-02-20", "2026-03-01") and found.against_even.value == 0
    assert found.arms[0].chance_best == pytest.approx(0.5, abs=1e-3)
    assert "2026-02-20 to 2026-03-01: 20,000 of 70,000 showings" in " ".join(one.text() for one in found.reasons)
    alike = proposal.propose(arms.as_arms(both, "x"), delay_days=0.0)
    assert alike.propensities == found.propensities
    assert "bandit.together" not in [one.key for one in alike.reasons]


@pytest.mark.parametrize("start", ["2026-06-01", "2026-05-02"])
def test_arms_that_never_ran_together_are_not_compared(start):
    """One after the other, and on every second day."""
    one = shown({"a": (10_000, 200)}, days=10, start="2026-05-01").iloc[::2]
    other = shown({"b": (10_000, 100)}, days=10, start=start).iloc[::2]
    with pytest.raises(NotEnoughData, match="did not run on the same days: a \\(2026-05-01 to 2026-05-09\\), b"):
        proposal.propose(arms.as_arms(pd.concat([one, other]), "x"))


# --- where arms come from ---


@pytest.fixture
def shop(tmp_path):
    folder = store.create_shop(tmp_path / "shop", {"name": "Tea"})
    days = pd.date_range("2026-05-01", periods=10)
    ads = pd.concat(
        [
            pd.DataFrame({"ad_id": name, "date": days, "channel": channel, "impressions": 2_000.0,
                          "clicks": 40.0, "conversions": float(events)})
            for name, channel, events in (("x1", "search", 2), ("x2", "search", 6), ("y1", "social", 1))
        ]
    )  # fmt: skip
    results = pd.DataFrame(
        {"campaign_id": ["k1", "k1", "k2"], "variant": ["a", "b", "a"], "date": days[:3], "recipients": 500.0,
         "delivered": 490.0, "clicked": [20.0, 30.0, 25.0], "orders": [10.0, 15.0, 12.0]}
    )  # fmt: skip
    store.save_tables(folder, {"ads": ads.reset_index(drop=True), "campaign_results": results})
    return store.open_shop(folder.path)


def test_ads_are_arms_by_channel_and_all_together(shop):
    found = arms.of_ads(shop)
    assert {name: choice.arms for name, choice in found.items()} == {
        "search": ["x1", "x2"], "*": ["x1", "x2", "y1"],
    }  # fmt: skip
    assert arms.of_ads(shop, "clicks")["search"].rows["converted"].sum() == 800


def test_a_split_between_channels_says_what_it_leaves_out(shop):
    found = arms.of_ads(shop)
    assert "bandit.several_channels" in [one.key for one in proposal.propose(found["*"]).reasons]
    assert "bandit.several_channels" not in [one.key for one in proposal.propose(found["search"]).reasons]


def test_variants_of_sends_are_arms(shop):
    found = arms.of_variants(shop)
    assert {name: choice.arms for name, choice in found.items()} == {"k1": ["a", "b"], "*": ["a", "b"]}
    assert found["*"].rows.groupby("arm")["shown"].sum().tolist() == [980, 490]


def sent_in_variants(folder, **columns):
    """Deliveries of a and b, an order of 100 (goods 60 %) for every tenth of a; b at 20 % off for every fifth."""
    made = store.create_shop(folder, {"name": "Tea", "gross_margin": {"default": 0.4}})
    number = np.arange(4_000)
    variant = np.where(number % 2 == 0, "a", "b")
    ordered = np.where(variant == "a", number % 20 == 0, number % 10 == 1)
    people = [f"c{k:04d}" for k in number]
    sent = pd.DataFrame({"campaign_id": "k1", "customer_id": people, "variant": variant, "sent_at": SENT,
                         "converted": ordered * 1.0}).assign(**columns)  # fmt: skip
    bought = pd.DataFrame({"order_id": people, "customer_id": people, "product_id": "tea", "quantity": 1.0,
                           "unit_price": 100.0, "discount": np.where(variant == "a", 0.0, 20.0),
                           "ordered_at": SENT + pd.Timedelta(days=1)})[ordered]  # fmt: skip
    ends = bought.head(2).assign(order_id=["first", "last"], customer_id="z",
                                 ordered_at=[SENT - pd.Timedelta(days=99), SENT + pd.Timedelta(days=60)])  # fmt: skip
    campaigns = pd.DataFrame({"campaign_id": ["k1"], "channel": ["email"], "send_cost": [0.5], "starts_at": [SENT],
                              "ends_at": [SENT + pd.Timedelta(days=7)]})  # fmt: skip
    tables = {"deliveries": sent.dropna(axis=1, how="all"), "campaigns": campaigns, "orders": pd.concat([bought, ends])}
    assert not any(store.save_tables(made, tables).values())
    return store.open_shop(made.path)


SENT = pd.Timestamp("2026-05-01 09:00")


def test_variants_bring_what_their_orders_left_and_what_sending_cost(tmp_path):
    """a: 10 % x 40 - 0.5 = 3.5 a message; b, at 20 % off: 20 % x 20 - 0.5 = 3.5: twice the orders earn no more."""
    found = arms.of_variants(sent_in_variants(tmp_path / "shop"))["k1"]
    assert found.rate_only is None and found.currency == "USD"
    rows = found.rows.set_index("arm")
    assert rows["cost"].tolist() == [1_000.0, 1_000.0]
    assert rows["value"].tolist() == pytest.approx([200 * 40.0, 400 * 20.0])
    said = proposal.propose(found)
    assert [one.profit.value for one in said.arms] == pytest.approx([3.5, 3.5], abs=0.1)
    by_rate = proposal.propose(
        arms.Choice("x", found.rows, rate_only=arms.Sentence("bandit.rate_only", {"columns": ()}))
    )
    assert by_rate.arms[1].chance_best > 0.999 and 0.05 < said.arms[1].chance_best < 0.95


def test_clicks_and_messages_of_unknown_cost_leave_the_rate_alone_and_say_so(tmp_path):
    shop = sent_in_variants(tmp_path / "shop", clicked=1.0)
    assert "not there: cost, value" in arms.of_variants(shop, "clicks")["k1"].rate_only.text()
    campaigns = shop.table("campaigns").drop(columns="send_cost").assign(channel="leaflet")
    store.save_tables(shop, {"campaigns": campaigns})
    assert "not there: cost" in arms.of_variants(store.open_shop(shop.path))["k1"].rate_only.text()


def test_a_plan_that_was_exported_with_variants_is_known_from_the_shops_orders_alone(tmp_path):
    shop = of_plan.planted(tmp_path)
    found = arms.of_variants(shop)["p1"]
    got = pd.Series(of_plan.of(shop))
    assert found.arms == ["A", "B"] and found.rows["shown"].sum() == got.ne("").sum()
    rows = found.rows.groupby("arm").sum(numeric_only=True)
    assert (rows["cost"] == rows["shown"] * of_plan.COST).all()
    assert rows["value"].tolist() == pytest.approx((rows["converted"] * of_plan.MARGIN).tolist())
    assert proposal.propose(found).maximises == "profit"
    early = of_plan.planted(tmp_path / "early", until="2026-01-14")
    assert "p1" not in arms.of_variants(early), "its window is not over"


def test_totals_bring_what_their_revenue_leaves(tmp_path):
    made = store.create_shop(tmp_path / "totals", {"name": "Tea", "gross_margin": {"default": 0.4}})
    totals = pd.DataFrame(
        {"campaign_id": "k1", "variant": ["a", "b"], "date": SENT, "recipients": 1_000.0, "orders": [40.0, 50.0],
         "revenue": [4_000.0, 3_000.0]}
    )  # fmt: skip
    campaigns = pd.DataFrame({"campaign_id": ["k1"], "channel": ["email"], "send_cost": [0.2], "starts_at": [SENT]})
    store.save_tables(made, {"campaign_results": totals, "campaigns": campaigns})
    found = arms.of_variants(store.open_shop(made.path))["k1"]
    assert found.rows["cost"].tolist() == [200.0, 200.0]
    assert found.rows["value"].tolist() == pytest.approx([1_600.0, 1_200.0])


def test_a_campaign_with_deliveries_and_totals_is_counted_once(tmp_path):
    made = store.create_shop(tmp_path / "both", {"name": "Tea"})
    sent = pd.DataFrame(
        {"campaign_id": "k1", "customer_id": [f"c{k}" for k in range(40)], "variant": ["a", "b"] * 20,
         "sent_at": pd.Timestamp("2026-05-01 09:00"), "converted": [1.0, 0.0] * 19 + [np.nan] * 2}
    )  # fmt: skip
    totals = pd.DataFrame(
        {"campaign_id": ["k1", "k1", "k2", "k2"], "variant": ["a", "b"] * 2, "date": pd.Timestamp("2026-05-01"),
         "recipients": [20.0, 20.0, 100.0, 100.0], "orders": [19.0, 0.0, 5.0, 6.0]}
    )  # fmt: skip
    store.save_tables(made, {"deliveries": sent, "campaign_results": totals})
    found = arms.of_variants(store.open_shop(made.path))
    assert found["k1"].rows.set_index("arm")[["shown", "converted"]].to_numpy().tolist() == [[19, 19], [19, 0]]
    assert found["*"].rows.groupby("arm")["shown"].sum().tolist() == [119, 119]
    assert found["k1"].left_out[0].text() == "Rows left out because the arm, the day or a count is not known: 2."
    assert found["k2"].left_out == ()


def test_days_with_more_orders_than_showings_are_left_out_and_counted(shop):
    ads = shop.table("ads")
    ads.loc[ads.index[:3], "conversions"] = 9_000.0
    ads.loc[ads.index[3], "conversions"] = np.nan
    store.save_tables(shop, {"ads": ads})
    found = proposal.propose(arms.of_ads(store.open_shop(shop.path))["search"])
    said = [one.text() for one in found.reasons if one.key.startswith("bandit.left_out")]
    assert "is not known: 1." in said[0] and "more converted than were shown that day: 3." in said[1]
    assert found.arms[0].shown == 6 * 2_000


def test_a_shop_without_ads_or_variants_offers_nothing(tmp_path):
    empty = store.create_shop(tmp_path / "empty", {"name": "Empty"})
    assert arms.of_ads(empty) == {} == arms.of_variants(empty)


def wrong(column, value):
    frame = shown({"a": (100, 10), "b": (100, 10)}).astype(object)
    frame.loc[2, column] = value
    return frame


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (wrong("arm", ""), "arms.csv row 4: arm is empty"),
        (wrong("date", "May"), "date is “May”"),
        (wrong("shown", -1), "shown is “-1”"),
        (wrong("shown", 1.5), "shown is “1.5”"),
        (wrong("converted", "few"), "converted is “few”"),
        (wrong("converted", ""), "converted is “”"),
        (wrong("converted", 50), "converted is 50, more than were shown that day"),
        (wrong("cost", -2.0), "cost is “-2.0”"),
        (wrong("value", "much"), "value is “much”"),
        (wrong("arm", "a").drop(columns="shown"), "column shown is missing"),
        (shown({"a": (100, 10)}), "has 1 arm; two or more"),
        (shown({f"a{k}": (100, 10) for k in range(41)}), "has 41 arms; at most 40"),
        (shown({"a": (0, 0), "b": (0, 0)}), "nothing was shown yet"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_a_sentence(frame, said):
    with pytest.raises((DataProblem, NotEnoughData)) as refused:
        arms.as_arms(frame, "arms.csv")
    assert said in str(refused.value)


def test_hours_of_one_day_add_up_and_the_same_row_again_is_refused():
    frame = shown({"a": (100, 10), "b": (100, 10)})
    hours = pd.concat([frame.assign(date=frame["date"] + hour) for hour in ("T09:00", "T15:00")])
    assert arms.as_arms(hours, "x").rows["shown"].sum() == 400
    assert len(arms.as_arms(hours, "x").rows) == 20
    with pytest.raises(DataProblem, match="x row 22: “a” is there twice for one date \\(20 rows too many\\)"):
        arms.as_arms(pd.concat([frame, frame]), "x")


# --- the command ---


def test_the_command_prints_propensities_and_why(tmp_path, shop):
    shown({"a": (10_000, 60), "b": (10_000, 120)}).to_csv(tmp_path / "arms.csv", index=False)

    def ran(*arguments, code=0):
        ended = CliRunner().invoke(main, ["split", *map(str, arguments)], catch_exceptions=False)
        assert ended.exit_code == code, ended.stderr
        return ended

    printed = json.loads(ran(tmp_path / "arms.csv").stdout)
    assert printed["state"] == "leading" and printed["propensities"]["b"] == pytest.approx(0.95, abs=1e-3)
    of_shop = json.loads(ran("--of", "ads", "--among", "search", "--shop", shop.path).stdout)
    assert of_shop["arms"][1]["converted"] == 60
    assert "There are: search, *" in ran("--of", "ads", "--among", "email", "--shop", shop.path, code=2).stderr
    assert "Say either" in ran(code=2).stderr


# --- a person confirms ---


def test_a_confirmed_split_stands_in_the_history_with_its_propensities(shop):
    config = settings.read().config
    found = proposal.propose(arms.of_ads(shop)["search"])
    assert confirmed.last(shop, "ads search", config) is None
    entry = confirmed.confirm(shop, found, "Ana", "ana", " as proposed ", NOW, config)
    assert (entry.action, entry.actor, entry.payload["reason"]) == ("split_confirmed", "Ana", "as proposed")
    assert entry.payload["propensities"] == pytest.approx(found.propensities)
    again = confirmed.confirm(shop, found, "Ana", "ana", "clicked twice", NOW, config)
    assert again.seq == entry.seq and confirmed.last(shop, "ads search", config).seq == entry.seq
    assert ledger.verify(shop.path, shop.shop_id, config).ok
    other = confirmed.confirm(
        shop, proposal.propose(arms.of_ads(shop)["search"], least=0.2), "Ana", "ana", "more", NOW, config
    )
    assert other.seq == entry.seq + 1
    with pytest.raises(NotAllowed, match="Say why"):
        confirmed.confirm(shop, found, "Ana", "ana", "  ", NOW, config)
    assert say("history.action_split_confirmed") == "confirmed a split"
