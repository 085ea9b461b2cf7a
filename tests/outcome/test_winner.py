"""Which variant the rest gets: by the rule fixed beforehand, from orders, deliveries or totals, and never too early."""

import json
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportions_ztest

from engine.__main__ import main
from engine.campaign.plan import Audience, FirstTest, Plan, Step
from engine.decision import approvals, assignments, export, ledger, plans
from engine.errors import NotAllowed, NotEnoughData
from engine.outcome import joined, measured, staging, winner
from engine.outcome import variants as variants_of
from engine.outcome.experiments import proportions
from engine.outcome.winner import Tally, decide
from engine.shop import store
from tests.tiny import shop_of

NOW = datetime(2026, 1, 10, 9, tzinfo=UTC)
PEOPLE = [f"c{number:04d}" for number in range(2_000)]


def tallies(*counts):
    return [Tally(name, n, n, done) for name, (done, n) in zip("ABC", counts, strict=False)]


@pytest.mark.parametrize(
    ("rule", "counts", "wins", "sends", "key"),
    [
        ({}, [(60, 1000), (100, 1000)], "B", "B", "won"),
        ({}, [(60, 1000), (66, 1000)], None, "B", "by_chance"),
        ({"otherwise": "nothing"}, [(60, 1000), (66, 1000)], None, None, "by_chance"),
        ({"otherwise": "variant", "fallback": "A"}, [(60, 1000), (66, 1000)], None, "A", "by_chance"),
        ({"smallest_lift": 0.8}, [(60, 1000), (100, 1000)], None, "B", "too_little"),
        ({}, [(0, 1000), (0, 1000)], None, None, "nobody_did"),
        ({"otherwise": "variant", "fallback": "B"}, [(0, 1000), (0, 1000)], None, "B", "nobody_did"),
        ({"smallest_lift": 0.8}, [(0, 1000), (40, 1000)], "B", "B", "won"),
        # Told apart from A, and not from C: nobody wins.
        ({}, [(60, 1000), (100, 1000), (98, 1000)], None, "B", "by_chance"),
        ({}, [(60, 1000), (140, 1000), (90, 1000)], "B", "B", "won"),
    ],
)
def test_the_rule_decides(rule, counts, wins, sends, key):
    found = decide(FirstTest(**rule), tallies(*counts))
    assert (found.winner, found.send, found.why.key) == (wins, sends, f"staged.{key}")
    assert found.why.text("en") != found.why.text("zh")


def test_uneven_groups_have_no_winner_however_far_one_is_ahead():
    lopsided = [Tally("A", 1000, 1000, 50), Tally("B", 1000, 850, 200)]
    found = decide(FirstTest(), lopsided)
    assert (found.winner, found.send, found.why.key) == (None, None, "staged.uneven")
    assert found.uneven_p < 0.002
    assert decide(FirstTest(otherwise="variant", fallback="A"), lopsided).send == "A"


def test_the_largest_corrected_p_of_the_leader_is_that_of_statsmodels():
    counts = [(60, 1000), (100, 1010), (82, 990)]
    pairs = [(0, 1), (0, 2), (1, 2)]
    p = [proportions_ztest([counts[a][0], counts[b][0]], [counts[a][1], counts[b][1]])[1] for a, b in pairs]
    corrected = multipletests(p, method="holm")[1]
    assert decide(FirstTest(), tallies(*counts)).p == pytest.approx(max(corrected[0], corrected[2]))


def test_the_lift_has_the_range_of_its_p_value():
    found = decide(FirstTest(), tallies((60, 1000), (100, 1000)))
    low, high = proportions.lift_interval(*(np.array([number]) for number in (100, 1000, 60, 1000)))
    assert (found.lift_low, found.lift_high) == (pytest.approx(low[0]), pytest.approx(high[0]))
    assert f"66.7% (95 %: {low[0]:.1%} – {high[0]:.1%})" in found.why.text("en")
    # Of three variants the range is as much wider as p is larger: both call it chance, though two alone would differ.
    three = tallies((60, 1000), (81, 1000), (62, 1000))
    alone, corrected = decide(FirstTest(), three[:2]), decide(FirstTest(), three)
    assert corrected.lift < alone.lift and corrected.lift_low < 0 < corrected.lift_high
    nothing = decide(FirstTest(), tallies((0, 1000), (40, 1000)))
    assert nothing.lift is None and nothing.lift_low > 0 and nothing.lift_high is None
    assert f"∞ (95 %: {nothing.lift_low:.1%} – ∞)" in nothing.why.text("zh")
    nobody = decide(FirstTest(), tallies((0, 1000), (0, 1000)))
    assert (nobody.lift, nobody.lift_low, nobody.lift_high) == (None, None, None)


def test_a_winner_is_ahead_in_its_whole_range_and_nobody_else_is():
    """Three variants: the corrected p and the range of the lift agree, whatever came out."""
    drawn = np.random.default_rng(3).binomial(600, [0.04, 0.06, 0.08], size=(200, 3))
    found = [decide(FirstTest(), tallies(*((int(done), 600) for done in one))) for one in drawn]
    wins = [one.winner is not None for one in found]
    assert 20 < sum(wins) < 180
    assert all(one.lift_low > 0 for one, won in zip(found, wins, strict=True) if won)


@pytest.mark.parametrize("runs", [300, pytest.param(5_000, marks=pytest.mark.full)])
def test_without_a_difference_hardly_anybody_wins(runs):
    """Tests of two equal variants with 3 % buyers: at most 5 % end with a winner (3 standard errors)."""
    drawn = np.random.default_rng(0).binomial(600, 0.03, size=(runs, 2))
    rule = FirstTest()
    wins = sum(decide(rule, tallies(*((int(done), 600) for done in one))).winner is not None for one in drawn)
    assert 0.01 < wins / runs <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / runs)


def test_what_the_outlook_promises_is_seen_four_times_out_of_five():
    known = staging.outlook(FirstTest(share=0.5), 2, 6_000, 0.05)
    assert (known.per_variant, known.rest) == (1_500, 3_000)
    random = np.random.default_rng(1)
    counts = random.binomial(1_500, [0.05, 0.05 * (1 + known.lift)], size=(300, 2))
    wins = [decide(FirstTest(), tallies((int(a), 1_500), (int(b), 1_500))).winner == "B" for a, b in counts]
    assert np.mean(wins) == pytest.approx(0.8, abs=0.07)  # 3 standard errors
    assert staging.outlook(FirstTest(), 2, 6_000, None).lift is None
    assert staging.outlook(FirstTest(share=0.01), 4, 100, 0.05).lift is None
    assert staging.outlook(FirstTest(), 2, 500, 0.01).sees_nothing and not known.sees_nothing


def test_the_usual_rate_is_of_the_channels_messages_with_that_stage():
    table = pd.DataFrame(
        {"channel": ["email", "email", "email", "sms"], "sent": [100.0, 300.0, 50.0, 10.0],
         "order_rate": [0.01, 0.05, np.nan, 0.9], "ctr": [np.nan] * 4}
    )  # fmt: skip
    assert staging.past_rate(table, "email", "orders") == pytest.approx(16 / 400)
    assert staging.past_rate(table, "email", "clicks") is None


# --- a whole test, from its export to the rest ---


@pytest.fixture
def shop(tmp_path):
    known = pd.DataFrame({"customer_id": [*PEOPLE, "other"]})
    return shop_of(tmp_path / "shop", {"customers": known, "orders": orders([], "2026-01-01")})


@pytest.fixture
def config(tmp_path, monkeypatch):
    folder = tmp_path.with_name(f"{tmp_path.name}-config")
    monkeypatch.setenv("OFFERLAB_CONFIG", str(folder))
    return folder


@pytest.fixture
def begun(shop, config):
    """begun(**rule): a plan whose test left at 10:00 on 10 January; customer_id -> variant of those in it."""

    def leave(**rule):
        plan = Plan(
            plan_id="p1", name="Tea", owner="ana", audience=Audience(customer_ids=PEOPLE), variants=["A", "B"],
            test=FirstTest(**{"share": 0.5, "wait_hours": 24} | rule), starts_at=date(2026, 1, 10),
            ends_at=date(2026, 1, 20), steps=[Step(copy={"subject": "Tea"})],
        )  # fmt: skip
        where = (shop.path, shop.shop_id)
        approvals.submit(*where, plan, {}, "ana", NOW, config)
        approvals.approve(*where, "p1", "ben", "ben", "fits", NOW, config)
        export.export_plans(*where, None, lambda _: PEOPLE, NOW, config)
        kept = assignments.saved(shop.path)
        return kept[kept["treated"].eq(1)].set_index("customer_id")["variant"]

    return leave


def orders(people, at, days=1):
    rows = pd.DataFrame({"customer_id": people, "ordered_at": pd.Timestamp(at)})
    last = pd.DataFrame({"customer_id": ["other"], "ordered_at": [pd.Timestamp(at) + timedelta(days=days)]})
    table = pd.concat([rows, last], ignore_index=True)
    return table.assign(order_id=[f"o{n}" for n in range(len(table))], product_id="p", quantity=1.0, unit_price=9.0)


def some(variants, **counts):
    """So many customers of each variant."""
    return [one for name, count in counts.items() for one in variants.index[variants.eq(name)][:count]]


def bring(shop, **tables):
    store.save_tables(shop, {**tables, "customers": shop.table("customers")})
    return store.open_shop(shop.path)


def reading(shop, config, now):
    saved = plans.load(shop.path, "p1")
    history = ledger.entries(shop.path, shop.shop_id, config, "p1")
    return winner.read(shop, saved.plan, history, saved.content_sha256, now)


def test_orders_within_the_hours_decide_and_the_rest_gets_the_winner(shop, config, begun):
    variants = begun()
    inside, late = some(variants, A=20, B=60), some(variants, A=200)[100:]
    table = pd.concat([orders(inside, "2026-01-10 15:00", days=3), orders(late, "2026-01-11 11:00")])
    opened = bring(shop, orders=table.assign(order_id=[f"o{n}" for n in range(len(table))]))
    rows = measured.measured(opened).iloc[0]
    assert (rows["sent"], rows["held_out"]) == (900, 200) and rows["ratio_p"] > 0.5
    found = reading(opened, config, NOW + timedelta(days=2))
    assert found.source == "orders"
    assert [(one.variant, one.done) for one in found.found.tallies] == [("A", 20), ("B", 60)]
    entry = winner.announce(opened, "p1", "ben", NOW + timedelta(days=2), config)
    assert entry.payload["send"] == "B" and entry.payload["found"]["tallies"][1]["done"] == 60
    left = export.export_plans(
        opened.path, opened.shop_id, None, lambda _: PEOPLE, NOW + timedelta(days=2), config, plan_ids=["p1"]
    )
    assert set(left.recipients[0].people["variant"]) == {"B"}
    assert not set(left.recipients[0].people["customer_id"]) & set(variants.index)
    rows = measured.measured(opened).iloc[0]
    assert (rows["sent"], rows["held_out"]) == (1_800, 200) and rows["ratio_p"] > 0.5
    assert variants_of.table(joined.read(opened), "p1", 7)["visitors"].tolist() == [450, 450]


def sent_to_the_rest(shop, config, variants):
    """The plan once the winner left two days later, and orders of everybody one day after that of the test is over."""
    table = pd.concat([orders(some(variants, B=60), "2026-01-10 15:00", 3), orders(PEOPLE, "2026-01-17 20:00", 20)])
    opened = bring(shop, orders=table.assign(order_id=[f"o{n}" for n in range(len(table))]))
    winner.announce(opened, "p1", "ben", NOW + timedelta(days=2), config)
    where = (opened.path, opened.shop_id)
    export.export_plans(*where, None, lambda _: PEOPLE, NOW + timedelta(days=2), config, plan_ids=["p1"])
    return store.open_shop(shop.path)


def test_the_test_and_the_rest_are_each_measured_from_their_own_moment_and_those_left_out_from_both(
    shop, config, begun
):
    variants = begun()
    opened = sent_to_the_rest(shop, config, variants)
    people = joined.read(opened).people["p1"]
    held = people["treated"].eq(0)
    assert people[~held].groupby("at").size().to_dict() == {
        pd.Timestamp("2026-01-10 10:00"): 900, pd.Timestamp("2026-01-12 09:00"): 900,
    }  # fmt: skip
    assert people[held].groupby("at").size().tolist() == [100, 100]
    row = measured.measured(opened).set_index("days").loc[7]
    assert row["held_rate"] == 0.5 and row["order_rate"] == pytest.approx(0.5 + 60 / 1_800)
    assert row["known_on"] == date(2026, 1, 20)


def test_deliveries_tell_the_moment_of_the_test_and_of_the_rest(shop, config, begun):
    variants = begun()
    sent_to_the_rest(shop, config, variants)
    at = {True: pd.Timestamp("2026-01-10 11:30"), False: pd.Timestamp("2026-01-13 08:00")}
    kept = assignments.saved(shop.path)
    kept = kept[kept["treated"].eq(1)]
    first = kept["customer_id"].isin(variants.index)
    rows = pd.DataFrame({"campaign_id": "p1", "customer_id": kept["customer_id"], "sent_at": first.map(at)})
    people = joined.read(bring(shop, orders=shop.table("orders"), deliveries=rows)).people["p1"]
    assert people.groupby(["treated", "at"]).size().to_dict() == {
        (0, at[True]): 100, (0, at[False]): 100, (1, at[True]): 900, (1, at[False]): 900,
    }  # fmt: skip


def test_before_the_hours_are_over_it_is_refused_with_the_moment(shop, config, begun):
    begun()
    with pytest.raises(NotAllowed, match="2026-01-11 10:00"):
        winner.announce(shop, "p1", "ben", NOW + timedelta(hours=24), config)


def test_orders_that_end_before_the_hours_do_are_not_read(shop, config, begun):
    variants = begun()
    opened = bring(shop, orders=orders(some(variants, A=5, B=50), "2026-01-10 15:00", days=0))
    with pytest.raises(NotEnoughData, match="Import the shop's orders up to 2026-01-11 10:00"):
        winner.announce(opened, "p1", "ben", NOW + timedelta(days=2), config)


def test_orders_with_days_and_no_hours_count_by_whole_days(shop, config, begun):
    variants = begun()
    opened = bring(shop, orders=orders(some(variants, A=5, B=50), "2026-01-10", days=1))
    found = reading(opened, config, NOW + timedelta(days=2))
    assert [one.done for one in found.found.tallies] == [5, 50]


def test_a_tools_totals_decide_by_clicks(shop, config, begun):
    begun(metric="clicks")
    totals = pd.DataFrame(
        {"campaign_id": ["p1", "p1", "p0"], "variant": ["A", "B", "B"], "recipients": [450.0, 450.0, 9.0],
         "clicked": [20.0, 60.0, 9.0]}
    )  # fmt: skip
    found = reading(bring(shop, campaign_results=totals), config, NOW + timedelta(days=2))
    assert (found.source, found.found.winner) == ("totals", "B")
    one_missing = reading(bring(shop, campaign_results=totals.iloc[:1]), config, NOW + timedelta(days=2))
    assert one_missing.missing.key == "staged.missing_clicks"


def test_totals_of_days_after_the_hours_do_not_count_and_totals_without_days_are_said(shop, config, begun):
    begun(metric="clicks")
    days = pd.DataFrame({"date": pd.to_datetime(["2026-01-10", "2026-01-11", "2026-01-12"])})
    by_day = pd.DataFrame({"campaign_id": "p1", "variant": ["A", "B"]}).merge(days, how="cross")
    by_day = by_day.assign(recipients=[450.0, 0.0, 0.0] * 2, clicked=[15.0, 5.0, 300.0, 50.0, 10.0, 0.0])
    found = reading(bring(shop, campaign_results=by_day), config, NOW + timedelta(days=2))
    assert [(one.known, one.done) for one in found.found.tallies] == [(450, 20), (450, 60)]
    assert (found.found.winner, found.timed) == ("B", True)
    later = by_day[by_day["date"] > "2026-01-11"]
    assert reading(bring(shop, campaign_results=later), config, NOW + timedelta(days=2)).missing is not None
    whole = by_day.drop(columns="date").groupby(["campaign_id", "variant"], as_index=False).sum()
    opened = bring(shop, campaign_results=whole)
    assert [one.done for one in reading(opened, config, NOW + timedelta(days=2)).found.tallies] == [320, 60]
    entry = winner.announce(opened, "p1", "ben", NOW + timedelta(days=2), config)
    assert entry.payload["found"]["timed"] is False


def test_deliveries_of_half_a_variant_make_the_groups_uneven(shop, config, begun):
    variants = begun(metric="clicks", otherwise="variant", fallback="A")
    people = some(variants, A=450, B=200)
    rows = pd.DataFrame({"campaign_id": "p1", "customer_id": people, "sent_at": pd.Timestamp("2026-01-10 10:00")})
    opened = bring(shop, deliveries=rows.assign(clicked=[0.0] * 450 + [1.0] * 200))
    entry = winner.announce(opened, "p1", "ben", NOW + timedelta(days=2), config)
    assert entry.payload["send"] == "A" and entry.payload["found"]["why"]["key"] == "staged.uneven"
    assert entry.payload["found"]["timed"] is False  # a delivery says that it was clicked, and not when


def test_the_commands_lead_from_the_test_to_the_rest(shop, config, begun, tmp_path):
    variants = begun(wait_hours=1)
    run = lambda *words: CliRunner().invoke(main, [*words, "--shop", str(shop.path)])  # noqa: E731
    refused = run("winner", "p1")
    assert refused.exit_code == 2 and "Nothing says who ordered" in refused.stderr
    early = run("export", "--stage", "rest", "--plan", "p1", "--out", str(tmp_path / "rest.csv"))
    assert early.exit_code == 2 and "no winner is on record" in early.stderr and not list(tmp_path.glob("rest*"))
    bring(shop, orders=orders(some(variants, A=60, B=10), "2026-01-10 10:30"))
    said = json.loads(run("winner", "p1").stdout)
    assert (said["send"], said["found"]["winner"]) == ("A", "A")
    assert 0 < said["found"]["lift_low"] < said["found"]["lift"] < said["found"]["lift_high"]
    assert "(95 %: " in said["reason"]
    unknown = run("winner", "p9")
    assert unknown.exit_code == 2 and "p9" in unknown.stderr
