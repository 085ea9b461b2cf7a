"""Design 5.10, clause by clause: what voids an approval, and what only moves."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from engine.audience import rules
from engine.campaign.plan import Audience, Offer, Plan, Step
from engine.commands import sending
from engine.decision import appointments, approvals, export, grounds, ledger, plans, standing
from engine.decision.grounds import Grounds, Product, Supply
from engine.errors import NotAllowed, StoreProblem
from engine.shop import store
from tests.decision.world import CUSTOMERS, RULE, World
from tests.tiny import shop_of, simulated

NOW = datetime(2026, 6, 1, 12)
FORECAST = {"extra_profit": 100.0, "extra_profit_low": 50.0, "extra_profit_high": 150.0, "supported": 1, "orders": 12.0,
            "extra_orders": 12.0}  # fmt: skip


class Desk:
    """A plan for tea that Ana submitted and Ben approved, in a shop that is then changed."""

    def __init__(self, world: World, config: Any):
        self.world, self.where, self.config = world, (world.folder, "s"), config
        self.decide(self.plan())

    def plan(self, **changes: Any) -> Plan:
        return Plan(
            plan_id="p1", name="Tea", owner="ana", product_ids=["tea"], audience=Audience(rule=RULE),
            steps=[Step(copy={"subject": "Tea"})], starts_at=date(2026, 6, 10), ends_at=date(2026, 6, 20),
        ).model_copy(update=changes)  # fmt: skip

    def submit(self, plan: Plan) -> None:
        approvals.submit(*self.where, plan, FORECAST, "ana", NOW, self.config)

    def decide(self, plan: Plan) -> None:
        self.submit(plan)
        self.approve(plan.plan_id)

    def approve(self, plan_id: str = "p1", by: str = "ben", act: Any = approvals.approve, **more: Any) -> Any:
        more |= {"forecasts": lambda shop, saved: FORECAST} if act is approvals.approve and not more else {}
        return act(*self.where, plan_id, by, by, "fits", NOW, self.config, **more)

    @property
    def history(self) -> list[ledger.Entry]:
        return self.entries("p1")

    def entries(self, plan_id: str | None = None) -> list[ledger.Entry]:
        return ledger.entries(*self.where, self.config, plan_id)

    def found(self, forecast: dict[str, Any] | None = FORECAST) -> standing.Standing:
        return standing.of(self.world.shop, plans.load(self.world.folder, "p1"), self.history, forecast)

    def send_out(self, **more: Any) -> export.ExportResult:
        return export.export_plans(
            *self.where, None, lambda plan: ["c1"], NOW, self.config,
            **{"plan_ids": ["p1"], "forecasts": lambda shop, saved: FORECAST, **more},
        )  # fmt: skip


@pytest.fixture
def desk(tmp_path, monkeypatch):
    monkeypatch.setenv("OFFERLAB_CONFIG", str(tmp_path / "config"))
    monkeypatch.setattr(standing, "forecast_today", lambda shop, saved: FORECAST)
    return Desk(World(tmp_path / "shop").in_force(monkeypatch), tmp_path / "config")


def voided_by(found: standing.Standing) -> list[str]:
    return [one.what for one in found.reasons]


def test_what_nobody_changed_stands_and_is_exported(desk):
    assert desk.found() == standing.Standing()
    assert desk.send_out().plan_ids == ["p1"]


@pytest.mark.parametrize(
    ("part", "value", "what", "sentence"),
    [
        ("prices", 11.0, "price", "tea costs 11.00 USD, 10.00 USD when it was submitted"),
        ("costs", 6.5, "cost", "The unit cost of tea is 6.50 USD, 6.00 USD when it was submitted"),
        ("costs", None, "cost", "The unit cost of tea is –, 6.00 USD when it was submitted"),
        ("stock", 11.0, "stock", "tea: 11 in stock, and about 12 are expected to be ordered"),
    ],
)
def test_its_product_voids_an_approval_and_nothing_is_exported(desk, part, value, what, sentence):
    getattr(desk.world, part)["tea"] = value
    assert voided_by(desk.found()) == [what]
    with pytest.raises(NotAllowed, match=r"The approval of plan “Tea” \(p1\) no longer holds") as refused:
        desk.send_out()
    with pytest.raises(NotAllowed, match=r"The approval of plan “Tea” \(p1\) no longer holds"):
        export.export_target(
            desk.world.shop, "klaviyo", None, NOW, desk.config, plan_ids=["p1"], forecasts=lambda shop, saved: FORECAST
        )
    with pytest.raises(NotAllowed, match=r"The approval of plan “Tea” \(p1\) no longer holds"):
        sending._approved(desk.world.shop, "p1")
    assert sentence in str(refused.value)
    assert "方案 “Tea”（p1） 的批准已失效" in refused.value.text("zh")
    assert desk.history[-1].action == "approved"


def test_a_plan_beyond_stock_is_not_submitted(desk):
    desk.world.stock["tea"] = 11.0
    before = len(desk.entries())
    with pytest.raises(NotAllowed, match="More is expected to be ordered than is there") as refused:
        desk.submit(desk.plan(plan_id="p2"))
    assert "tea: 11 in stock, and about 12 are expected to be ordered" in str(refused.value)
    assert "库存" in refused.value.text("zh")
    assert len(desk.history) == before
    desk.world.stock["tea"] = 12.0  # enough for what is expected
    desk.submit(desk.plan(plan_id="p2"))


def test_another_product_and_a_days_sales_void_nothing(desk):
    for part in ("prices", "costs", "stock"):
        getattr(desk.world, part)["cup"] = 0.0
    desk.world.stock["tea"] = 12.0
    found = desk.found()
    assert found.stands
    [note] = found.moved
    assert note.sentence.text() == ("tea: 12 in stock, 100 when it was submitted; about 12 are expected to be ordered.")


def test_a_product_that_is_gone_voids(desk):
    for part in (desk.world.prices, desk.world.costs, desk.world.stock):
        del part["tea"]
    [gone] = desk.found().reasons
    assert (gone.what, gone.before, gone.now) == ("product", "tea", None)


@pytest.mark.parametrize(
    ("changes", "what", "moved"),
    [
        ({"extra_profit": 150.0}, [], ["forecast"]),
        ({"extra_profit": 150.01}, ["forecast"], []),
        ({"extra_profit": 50.0}, [], ["forecast"]),
        ({"extra_profit": 49.99}, ["forecast"], []),
        ({"extra_profit": None, "supported": 0}, ["support"], []),
    ],
)
def test_the_forecast_voids_only_outside_its_range_or_without_support(desk, changes, what, moved):
    found = desk.found(FORECAST | changes)
    assert (voided_by(found), [one.what for one in found.moved]) == (what, moved)


def test_without_a_forecast_today_that_is_said_and_voids_nothing(desk):
    found = desk.found(None)
    assert (found.stands, [one.key for one in found.unchecked]) == (True, ["standing.forecast_none"])


def test_those_who_unsubscribed_or_bought_since_void_nothing_though_the_rule_names_them_no_more(desk):
    desk.world.unsubscribed = set(CUSTOMERS[:10])
    desk.world.bought = dict.fromkeys(CUSTOMERS[10:20], desk.world.day)
    desk.world.day += timedelta(days=3)
    assert rules.select(desk.world.shop, RULE, desk.world.day, desk.world.facts(desk.world.day)) == []
    assert desk.found().stands


def test_an_audience_that_changes_beyond_the_tolerance_voids(desk):
    desk.world.gold = set(CUSTOMERS[:18])
    assert [one.what for one in desk.found().moved] == ["audience"], "two of twenty are the tolerance"
    for size in (17, 23):
        desk.world.gold = set(CUSTOMERS[:size])
        [reason] = desk.found().reasons
        assert (reason.what, reason.before, reason.now) == ("audience", "20", str(size))


def test_buyers_do_not_hide_that_an_audience_grew(desk):
    desk.world.gold = set(CUSTOMERS[:26])
    desk.world.bought = dict.fromkeys(CUSTOMERS[:6], desk.world.day)
    desk.world.day += timedelta(days=1)
    [reason] = desk.found().reasons
    assert (reason.before, reason.now) == ("20", "26")


def test_a_verdict_on_the_copy_voids(desk):
    desk.world.verdict = "refused"
    [reason] = desk.found().reasons
    assert reason.sentence.text() == "The check of the copy says of “Tea”: refused"


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"steps": [Step(copy={"subject": "More tea"})]}, "Copy of message 1: Subject"),
        ({"offer": Offer(kind="percent", discount=0.2)}, "Offer: the discount"),
        ({"audience": Audience(rule="orders >= 3")}, "Audience: the rule"),
        ({"holdout": 0.3}, "The share held out on purpose"),
        ({"steps": [Step(day=2, copy={"subject": "Tea"})]}, "Day of message 1"),
    ],
)
def test_a_change_of_content_voids_and_is_shown_part_by_part(desk, changes, part):
    saved = plans.load(desk.world.folder, "p1")
    plans.save(desk.world.folder, saved.plan.model_copy(update=changes), saved.extras, saved.version, NOW)
    found = desk.found()
    assert {one.what for one in found.reasons} == {"content"}
    assert part in [one.about.text() for one in found.reasons]


def test_a_void_plan_is_submitted_again_as_it_is_and_needs_a_second_person_again(desk):
    desk.send_out()
    with pytest.raises(NotAllowed, match="is exported already"):
        desk.submit(desk.plan())
    desk.world.costs["tea"] = 7.0
    desk.submit(desk.plan())
    with pytest.raises(NotAllowed, match="only submitted"):
        desk.send_out()
    with pytest.raises(NotAllowed, match="wrote this plan"):
        desk.approve(by=" Ana")
    desk.approve()
    assert desk.send_out().plan_ids == ["p1"]


def test_what_would_be_void_at_once_is_not_approved_and_is_submitted_again_as_it_is(desk):
    plan = desk.plan(plan_id="p2")
    desk.submit(plan)
    desk.submit(plan)
    assert [one.action for one in desk.entries("p2")] == ["submitted"], "a second click"
    desk.world.prices["tea"] = 11.0
    with pytest.raises(NotAllowed, match=r"Plan p2 cannot be approved.*: tea costs 11.00 USD") as refused:
        desk.approve("p2")
    assert "方案 p2 不能批准" in refused.value.text("zh")
    assert plans.load(desk.world.folder, "p2").plan.status == "submitted"
    desk.submit(plan)
    assert desk.approve("p2").seq == len(desk.entries())
    assert [one.action for one in desk.entries("p2")] == ["submitted", "submitted", "approved"]


@pytest.mark.parametrize(("act", "status"), [("reject", "rejected"), ("request_changes", "draft")])
def test_what_would_be_void_at_once_is_rejected_or_sent_back_all_the_same(desk, act, status):
    desk.submit(desk.plan(plan_id="p2"))
    desk.world.prices["tea"] = 11.0
    desk.approve("p2", act=getattr(approvals, act))
    assert plans.load(desk.world.folder, "p2").plan.status == status


def moving(desk: Desk) -> Any:
    """Today's forecast, while which somebody changes the shop's settings."""

    def forecast(shop: Any, saved: Any) -> dict[str, Any]:
        (desk.world.folder / "shop.toml").write_text('shop_id = "s"\n# changed\n')
        return FORECAST

    return forecast


def test_a_shop_that_changes_between_the_look_and_the_write_is_looked_at_again(desk):
    desk.submit(desk.plan(plan_id="p2"))
    before = desk.entries()
    with pytest.raises(StoreProblem, match="changed just now"):
        desk.approve("p2", forecasts=moving(desk))
    for _ in range(2):
        (desk.world.folder / "shop.toml").write_text('shop_id = "s"\n')
        with pytest.raises(StoreProblem, match=r"changed just now.*try again"):
            desk.send_out(forecasts=moving(desk))
    assert desk.entries() == before
    assert desk.approve("p2").action == "approved"
    assert desk.send_out().plan_ids == ["p1"]


def test_a_plan_that_is_submitted_again_during_the_look_is_decided_on_anew(desk):
    desk.submit(desk.plan(plan_id="p2"))

    def forecast(shop: Any, saved: Any) -> dict[str, Any]:
        desk.world.prices["tea"] += 1.0
        desk.submit(desk.plan(plan_id="p2"))
        return FORECAST

    with pytest.raises(StoreProblem, match="was submitted again just now"):
        desk.approve("p2", forecasts=forecast)
    assert desk.entries()[-1].action == "submitted"


def test_of_all_plans_a_void_one_is_left_out_and_named(desk):
    desk.decide(desk.plan(plan_id="p2", product_ids=["cup"]))
    desk.world.costs["tea"] = 7.0
    result = desk.send_out(plan_ids=None)
    assert (result.plan_ids, list(result.void)) == (["p2"], ["p1"])
    desk.world.costs["cup"] = 7.0
    with pytest.raises(NotAllowed, match=r"(?s)\(p1\) no longer holds.*\(p2\) no longer holds"):
        desk.send_out(plan_ids=None)


def test_a_void_plan_has_no_days_in_a_calendar(desk):
    desk.decide(desk.plan(plan_id="p2", product_ids=["cup"]))
    stored = plans.saved_plans(desk.world.folder)

    def dated(today: date | None = None) -> tuple[list[str], list[str]]:
        found, void = appointments.still_standing(
            desk.world.shop, stored, desk.entries(), today, lambda shop, saved: FORECAST
        )
        return [one.plan.plan_id for one in found], list(void)

    assert dated() == (["p1", "p2"], [])
    desk.world.costs["tea"] = 7.0
    assert dated() == dated(date(2026, 6, 20)) == (["p2"], ["p1"])
    assert dated(date(2026, 6, 21)) == (["p1", "p2"], [])


def test_an_entry_without_grounds_voids_nothing_and_says_what_could_not_be_compared(desk, monkeypatch):
    with monkeypatch.context() as earlier:
        earlier.setattr(standing, "at_submission", lambda *about: {})
        desk.decide(desk.plan(name="Before"))
    desk.world.prices["tea"] = 99.0
    found = desk.found()
    assert (found.stands, [one.key for one in found.unchecked]) == (True, ["standing.no_grounds"])


def test_what_the_shop_does_not_know_is_said():
    bare = Grounds("2026-01-01", None, None, {}, {"t": Supply("Tea", None, 3.0)}, None, {})
    found = standing.compare(bare, bare, 0.1)
    assert found.stands
    assert [one.key.removeprefix("standing.") for one in found.unchecked] == [
        "audience_unknown", "claims_unknown", "stock_unknown", "forecast_never",
    ]  # fmt: skip


def test_a_new_model_alone_is_a_note():
    one = Grounds("2026-01-01", "v1", 10, {"t": Product("Tea", 1.0, 0.5)}, {}, {}, FORECAST)
    found = standing.compare(one, replace(one, model="v2"), 0.1)
    assert found.stands
    assert [note.sentence.text() for note in found.moved] == ["The forecasts were learned anew."]


def test_grounds_are_read_back_as_they_were_kept(desk):
    kept = desk.history[0].payload[grounds.KEY]
    assert Grounds.of_json(kept).to_json() == kept
    assert kept["products"] == {"tea": {"name": "tea", "price": 10.0, "cost": 6.0}}


# --- on tables as a shop has them ---


def test_on_the_tables_of_a_shop_consents_are_set_aside_and_its_rules_of_copy_are_asked(tmp_path):
    tables = {name: simulated()[name] for name in ("customers", "products", "orders")}
    tables["products"]["stock"] = [50.0, 60.0, None, None]
    shop = shop_of(tmp_path / "shop", tables)
    plan = Plan(
        plan_id="p1", name="Tea", owner="ana", category="Kitchen", steps=[Step(channel="sms", copy={"body": "Tea!"})],
        audience=Audience(rule="email_consent = yes and tier = gold"), starts_at=date(2026, 1, 10),
        ends_at=date(2026, 1, 20),
    )  # fmt: skip
    found = grounds.of(shop, plan, {}, FORECAST)
    assert found.audience == tables["customers"]["tier"].eq("gold").sum() == 20
    assert (list(found.supply), found.supply["Kitchen"].stock, set(found.products)) == (
        ["Kitchen"], 110.0, {"007", "p2"},
    )  # fmt: skip
    assert found.supply["Kitchen"].demand > 12, "all of twelve extra orders, and more than one unit each"
    strict = store.save_settings(shop, {"own_words": {"tea": "we say infusion"}})
    again = grounds.of(strict, plan, {}, FORECAST)
    assert voided_by(standing.compare(found, again, 0.1)) == ["claim"]


def test_who_bought_is_counted_from_the_day_of_the_data_on(tmp_path):
    orders = pd.DataFrame(
        {
            "order_id": ["o1", "o2", "o3"], "customer_id": ["a", "b", "c"], "product_id": "p", "quantity": [1, 1, -1],
            "ordered_at": ["2026-01-01 10:00", "2026-01-02 00:00", "2026-01-02 09:00"], "unit_price": 1.0,
        }
    )  # fmt: skip
    shop = shop_of(tmp_path / "shop", {"orders": orders})
    assert grounds.buyers(shop, date(2026, 1, 2), date(2026, 1, 3)) == {"b"}
