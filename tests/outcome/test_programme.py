"""All plans together, those whom no plan writes to, variants, and what is said beside a result."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from engine.campaign.plan import Audience, Plan, Step
from engine.decision import assignments
from engine.decision.export.people import assigned, with_held_globally
from engine.outcome import joined, measured, measured_words, programme, variants
from engine.shop import store
from tests.outcome.test_measured import NOW, PRODUCTS, config, delivered, exported, order, plan, shop_with
from tests.tiny import shop_of

__all__ = ["config"]
MANY = [f"m{number:04d}" for number in range(1_200)]


def row(**changed):
    usual = {
        "days": 7, "is_over": 1, "known_on": date(2026, 1, 18), "orders_until": date(2026, 2, 1), "sent": 900,
        "held_out": 100, "sent_ordered": 90, "held_ordered": 5, "orders_found": np.nan, "verdict": "unclear",
        "chance_of_loss": 0.3, "reached_by_others_sent": 0, "reached_by_others_held": 0, "send_cost": 9.0,
        "ratio_p": 0.4, "basis": "incremental", "offer_kind": "percent", "not_compared": 0, "extra_orders": 40.0,
        "extra_orders_low": 10.0,
    }  # fmt: skip
    return usual | changed


def said(*rows, days=7):
    return [one.key.removeprefix("measured.") for one in measured_words.cautions(pd.DataFrame(rows), days)]


@pytest.mark.parametrize(
    "verdict", ["gained", "lost", "unclear", "not_yet", "too_few", "uneven", "elsewhere", "no_holdout"]
)
def test_every_verdict_has_its_reason_in_both_languages(verdict):
    sentence = measured_words.reason(pd.Series(row(verdict=verdict)))
    assert sentence.key == f"measured.reason_{verdict}"
    assert sentence.text() and sentence.text("zh") != sentence.text()


@pytest.mark.parametrize(
    ("sent", "held", "key"),
    [(450, 50, "others_alike"), (450, 80, "others_held_more"), (450, 20, "others_sent_more")],
)
def test_what_another_campaign_does_to_the_comparison_hangs_on_whom_it_reached(sent, held, key):
    assert said(row(reached_by_others_sent=sent, reached_by_others_held=held))[0] == key


def test_orders_that_only_came_sooner_are_called_so():
    early, late = row(), row(days=30, extra_orders=15.0, extra_orders_low=-9.0)
    assert said(early, late)[0] == "pulled_forward"
    assert "pulled_forward" not in said(early, row(days=30, extra_orders=30.0))
    assert "pulled_forward" not in said(early, late | {"is_over": 0})
    assert "pulled_forward" not in said(early | {"extra_orders_low": -1.0}, late)


def test_what_is_not_in_the_money_is_said():
    assert said(row(offer_kind="gift", send_cost=np.nan, ratio_p=np.nan))[:3] == [
        "note_handed", "note_send_cost", "note_no_propensity",
    ]  # fmt: skip


def test_plans_are_summed_with_the_range_of_independent_draws(tmp_path):
    deliveries, lines = delivered(400, 100, 60, 6, propensity=0.8)
    twice = pd.concat([deliveries, deliveries.assign(campaign_id="k2")])
    table = measured.measured(shop_with(tmp_path, twice, lines))
    one, both = programme.together(table[table["plan_id"] == "k"], 7), programme.together(table, 7)
    assert (both.plans, both.sent, both.held) == (2, 800, 200)
    assert both.extra_orders == pytest.approx(2 * one.extra_orders)
    widths = [together.extra_profit_high - together.extra_profit_low for together in (one, both)]
    assert widths[1] == pytest.approx(np.sqrt(2) * widths[0])
    late = programme.together(table.assign(verdict="not_yet"), 30)
    assert (late.plans, late.waiting, late.apart) == (0, 2, 0) and np.isnan(late.chance_of_loss)


@pytest.fixture
def with_permanent_holdout(tmp_path, config):
    """Two plans for the same 1,200 people, 240 of whom no plan writes to; each holds out a tenth of the others."""
    shop = shop_of(
        tmp_path / "shop", {"customers": pd.DataFrame({"customer_id": MANY}), "products": PRODUCTS},
        {"global_holdout": 0.2, "send_cost": {"email": 0.1}},
    )  # fmt: skip
    random = np.random.default_rng(3)
    never = random.choice(MANY, 240, replace=False).tolist()
    others = [one for one in MANY if one not in set(never)]
    for plan_id, starts in (("p1", date(2026, 1, 10)), ("p2", date(2026, 2, 10))):
        what = Plan(
            plan_id=plan_id, name=plan_id, owner="ana", audience=Audience(customer_ids=MANY), holdout=0.1,
            steps=[Step(copy={"subject": "Tea"})], starts_at=starts, ends_at=starts,
        )  # fmt: skip
        exported(shop, config, what, people=others)
        # The export itself asks consents, which this shop has none of: the permanent holdout is added as it does.
        kept = with_held_globally(what, assigned(what, others), dict.fromkeys(never, "email"))
        seq = int(assignments.saved(shop.path).query("plan_id == @plan_id")["seq"].iloc[0])
        path = shop.path / "assignments" / assignments.name_of(plan_id, seq)
        kept.assign(exported_at=NOW.isoformat(), seq=seq)[assignments.COLUMNS].to_parquet(path, index=False)
    lines = [order(one, "2026-01-15") for one in others if random.random() < 0.3]
    lines += [order(one, "2026-02-15", price=60.0) for one in others if random.random() < 0.2]
    lines += [order(one, "2026-01-15") for one in never if random.random() < 0.1]
    store.save_tables(shop, {"orders": pd.DataFrame([*lines, order(MANY[0], "2026-04-01")])})
    return store.open_shop(shop.path), never, lines


def test_everything_sent_is_compared_with_those_whom_no_plan_writes_to(with_permanent_holdout):
    shop, never, lines = with_permanent_holdout
    known = joined.read(shop)
    found = programme.everything(shop, known)
    assert (found.sent, found.held, found.plans) == (960, 240, 2)
    earned = (
        pd.DataFrame(lines).assign(profit=lambda one: one["unit_price"] - 40.0).groupby("customer_id")["profit"].sum()
    )
    mine, theirs = earned[~earned.index.isin(never)].sum() / 960, earned[earned.index.isin(never)].sum() / 240
    sends = assignments.saved(shop.path)["treated"].sum()
    assert found.send_cost == pytest.approx(0.1 * sends)
    assert found.extra_profit == pytest.approx(960 * (mine - theirs) - 0.1 * sends, rel=0.02)
    assert found.verdict == "gained" and found.ratio_p == pytest.approx(1.0)
    table = measured.of_known(shop, known)
    assert (table["held_out"] < 150).all()  # of one plan they are no holdout


def test_only_what_was_sent_while_orders_are_known_costs_anything_and_ads_cost_too(with_permanent_holdout):
    shop, _, _ = with_permanent_holdout
    days = ["2026-01-12", "2026-02-12", "2026-01-12"]
    ads = pd.DataFrame({"ad_id": ["a", "a", "b"], "date": days, "campaign_id": ["p1", "p2", "other"]})
    store.save_tables(shop, {"ads": ads.assign(impressions=900, clicks=9, cost=[40.0, 70.0, 5.0])})
    shop = store.open_shop(shop.path)
    sends = assignments.saved(shop.path).groupby("plan_id")["treated"].sum()
    both = programme.everything(shop, joined.read(shop))
    assert (both.plans, both.ad_cost, both.send_cost) == (2, 110.0, pytest.approx(0.1 * sends.sum()))
    first = programme.everything(shop, joined.read(shop, date(2026, 2, 5)))  # p2 is sent five days later
    assert (first.plans, first.ad_cost, first.send_cost) == (1, 40.0, pytest.approx(0.1 * sends["p1"]))
    (shop.path / "tables" / "ads.parquet").unlink()
    shop = store.open_shop(shop.path)
    free = programme.everything(shop, joined.read(shop, date(2026, 2, 5)))
    assert free.extra_profit - first.extra_profit == pytest.approx(40.0)


def test_without_a_permanent_holdout_nothing_is_said_of_everything(tmp_path, config):
    shop = shop_of(tmp_path / "shop", {"customers": pd.DataFrame({"customer_id": MANY})})
    exported(shop, config, plan())
    store.save_tables(shop, {"orders": pd.DataFrame([order("c000", "2026-03-01")])})
    assert programme.everything(shop, joined.read(store.open_shop(shop.path))) is None


def test_variants_of_a_plan_are_read_as_a_test(tmp_path, config):
    people = MANY[:1_000]
    shop = shop_of(tmp_path / "shop", {"customers": pd.DataFrame({"customer_id": people}), "products": PRODUCTS})
    exported(shop, config, plan(variants=["A", "B"], audience=Audience(customer_ids=people)), people=people)
    kept = assignments.saved(shop.path).set_index("customer_id")
    a, b = (kept.index[(kept["treated"] == 1) & (kept["variant"] == one)].tolist() for one in ("A", "B"))
    lines = [order(one, "2026-01-12") for one in [*a[:10], *b[:60]]] + [order(people[0], "2026-03-01")]
    store.save_tables(shop, {"orders": pd.DataFrame(lines)})
    known = joined.read(store.open_shop(shop.path))
    table = variants.table(known, "p1", 7).set_index("variant")
    assert table[["visitors", "conversions"]].to_numpy().tolist() == [[len(a), 10], [len(b), 60]]
    assert table.at["B", "revenue"] == 6_000.0 and table.at["B", "revenue_sq"] == 600_000.0
    assert variants.compared(known, "p1", 7).set_index("variant").at["B", "verdict"] == "won"
    assert variants.compared(known, "no such plan", 7).empty
