"""Whatever several people and a shop do, in any order: only what was approved and still stands leaves the tool.

`Desk` keeps a second, naive record of what design 5.10 says, and compares every step of the engine with it.
"""

import tempfile
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from engine.access import acting
from engine.access.roles import os_user, person_key
from engine.campaign.plan import Audience, Offer, Plan, Step
from engine.decision import approvals, comments, database, export, ledger, plans, standing
from engine.errors import NotAllowed, StoreProblem
from engine.outcome import arrivals
from tests.decision.world import CUSTOMERS, QUIET_DAYS, RULE, World

NOW = datetime(2026, 6, 1, 12)
MEMORY = Path("/dev/shm")
OWNER = ["ana", " ANA", "ａｎａ", "a\u200bna"]
PEOPLE = st.sampled_from(["ben", "cy", "dora", *OWNER])
WRITERS = st.sampled_from(["ana", "ana", "ana", "ben", " BEN "])  # mostly the owner: somebody must be left to decide
PROFIT = {"low": 50.0, "value": 100.0, "high": 150.0}
FORECASTS = {
    "usual": {"extra_profit": PROFIT["value"], "supported": 1, "orders": 12.0, "extra_orders": 12.0},
    "inside": {"extra_profit": 149.0, "supported": 1, "orders": 15.0, "extra_orders": 15.0},
    "at its end": {"extra_profit": PROFIT["low"], "supported": 1, "orders": 10.0, "extra_orders": 10.0},
    "below": {"extra_profit": 49.0, "supported": 1, "orders": 9.0, "extra_orders": 9.0},
    "above": {"extra_profit": 151.0, "supported": 1, "orders": 20.0, "extra_orders": 20.0},
    "unsupported": {"supported": 0},
    "none": None,
}
TOLERANCE = 0.1


def row(kind: str) -> dict[str, Any] | None:
    found = FORECASTS[kind]
    if found is None or "extra_profit" not in found:
        return found
    return found | {"extra_profit_low": PROFIT["low"], "extra_profit_high": PROFIT["high"]}


@dataclass
class Submitted:
    """What the naive record remembers of a submission."""

    content: tuple
    prices: tuple[float, float]
    verdict: str
    people: int
    day: date
    forecast: dict[str, Any] | None


class Desk(RuleBasedStateMachine):
    """One plan, several people, and a shop that does not stand still."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)
        self.patch = pytest.MonkeyPatch()
        self.world = World(Path(self.folder.name) / "shop").in_force(self.patch)
        self.world.forecast = row("usual")
        self.where, self.config = (self.world.folder, "s"), Path(self.folder.name) / "config"
        self.content = {"body": "Tea", "discount": 0.1, "rule": RULE}
        self.stored: tuple | None = None
        self.status = "draft"
        self.submitted: Submitted | None = None
        self.authors: set[str] = set()
        self.signs_in = False
        self.exports = 0
        self.compared: tuple | None = None

    def teardown(self) -> None:
        self.patch.undo()
        self.folder.cleanup()

    # --- the naive record ---

    def _plan(self) -> Plan:
        return Plan(
            plan_id="p1", name="x", owner="ana", product_ids=["tea"], audience=Audience(rule=self.content["rule"]),
            offer=Offer(kind="percent", discount=self.content["discount"]),
            steps=[Step(copy={"body": self.content["body"]})], starts_at=date(2026, 6, 1), ends_at=date(2026, 6, 2),
        )  # fmt: skip

    def _named(self, day: date) -> set[str]:
        """Whom the rule names, whoever unsubscribed."""
        lately = {c for c, at in self.world.bought.items() if at < day and (day - at).days <= QUIET_DAYS}
        return {c for c in CUSTOMERS if c in self.world.gold and c not in lately}

    def _void(self) -> bool:
        """Design 5.10, word for word."""
        was, world = self.submitted, self.world
        assert was is not None
        bought = {c for c, at in world.bought.items() if was.day <= at < world.day}
        people = len(self._named(world.day) | (self._named(was.day) & bought))
        forecast = world.forecast or {}
        demand = forecast.get("orders") or (was.forecast or {}).get("orders")
        stock = world.stock["tea"]
        left = lost = False
        if (was.forecast or {}).get("supported") == 1 and forecast:
            lost = forecast["supported"] != 1
            low, high = was.forecast["extra_profit_low"], was.forecast["extra_profit_high"]
            left = not lost and not low <= forecast["extra_profit"] <= high
        return (
            (world.prices["tea"], world.costs["tea"]) != was.prices
            or abs(people - was.people) > TOLERANCE * was.people
            or world.verdict != was.verdict
            or (stock is not None and demand is not None and stock < demand)
            or left
            or lost
        )

    def _is_sendable(self) -> bool:
        return self.status in ("approved", "exported", "results_in") and not self._void()

    # --- people ---

    @initialize(signs_in=st.booleans(), until=st.sampled_from(["new", "submitted", "approved", "exported"]))
    def begin(self, signs_in, until):
        """Most of what matters comes after an approval, and chance alone rarely leads there."""
        self.signs_in = signs_in
        steps = [lambda: self.submit("ana"), lambda: self.approve("cy", "cy", True), lambda: self.send_out(True)]
        for step in steps[: ["new", "submitted", "approved", "exported"].index(until)]:
            step()

    def _as(self, person: str) -> Any:
        """This person at the keyboard: signed in, or on a machine whose user types for everybody."""
        return acting.asking(lambda: person if self.signs_in else None)

    def _wrote(self, *people: str) -> None:
        self.authors |= {person_key(one) for one in people}

    @rule(by=WRITERS, what=st.sampled_from(["body", "discount", "rule", *["nothing"] * 9]))
    def edit(self, by, what):
        if what == "nothing":  # mostly: an edit ends every approval, and others are looked at here too
            return
        other = {"body": ("Tea", "Tea today"), "discount": (0.1, 0.2), "rule": (RULE, RULE + " and orders >= 0")}[what]
        self.content[what] = other[1] if self.content[what] == other[0] else other[0]
        version = plans.load(self.world.folder, "p1").version if self.stored else None
        extras = plans.load(self.world.folder, "p1").extras if self.stored else {}
        with self._as(by):
            plans.save(self.world.folder, self._plan(), extras, version, NOW)
        self._wrote("ana", by if self.signs_in else os_user())
        self.stored, self.status = tuple(self.content.values()), "draft"

    @rule(by=WRITERS)
    def submit(self, by):
        same = self.stored == tuple(self.content.values())
        again = same and self.status in ("approved", "exported") and self._void()
        clicked_twice = same and self.status == "submitted" and not self._void()
        demand, stock = (self.world.forecast or {}).get("orders"), self.world.stock["tea"]
        beyond = demand is not None and stock is not None and stock < demand
        may = not beyond and (not same or self.status in ("draft", "submitted") or again)
        arguments = (self._plan(), deepcopy(self.world.forecast) or {}, by, NOW, self.config)
        try:
            with self._as(by):
                approvals.submit(*self.where, *arguments)
        except NotAllowed:
            assert not may
            return
        assert may
        if not clicked_twice:
            self._wrote(by, by if self.signs_in else os_user(), *([] if same else ["ana"]))
            prices = (self.world.prices["tea"], self.world.costs["tea"])
            people = len(self._named(self.world.day))
            self.submitted = Submitted(
                tuple(self.content.values()), prices, self.world.verdict, people, self.world.day,
                deepcopy(self.world.forecast),
            )  # fmt: skip
        self.stored, self.status = tuple(self.content.values()), "submitted"

    def _decide(self, act, by, recorder, shown, after, **more):
        wrote = {name: person_key(name) in self.authors for name in (by, recorder)}
        own = person_key(by) == person_key(recorder)
        rightly = (own or (shown and not wrote[recorder])) if self.signs_in else (
            after != "approved" or shown or not wrote[recorder])  # fmt: skip
        may = self.status == "submitted" and not wrote[by] and rightly and not (after == "approved" and self._void())
        proof = {"proof": b"Yes, send it."} if shown else {}
        try:
            with self._as(recorder):
                act(*self.where, "p1", by, recorder, "because", NOW, self.config, **proof, **more)
        except (NotAllowed, StoreProblem):
            assert not may
            return False
        if may:
            self.status = after
        return True

    @rule(by=PEOPLE, recorder=PEOPLE | st.just(os_user()), shown=st.booleans())
    def approve(self, by, recorder, shown):
        forecasts = lambda shop, saved: self.world.forecast  # noqa: E731
        if self._decide(approvals.approve, by, recorder, shown, "approved", forecasts=forecasts):
            assert self.status in ("approved", "exported", "results_in")
            assert person_key(by) not in self.authors

    @rule(by=PEOPLE)
    def approve_oneself(self, by):
        self.approve(by, by, False)

    @rule(by=PEOPLE, recorder=PEOPLE)
    def reject(self, by, recorder):
        if self._decide(approvals.reject, by, recorder, False, "rejected"):
            assert self.status == "rejected"

    @rule(by=PEOPLE, recorder=PEOPLE)
    def request_changes(self, by, recorder):
        if self._decide(approvals.request_changes, by, recorder, False, "draft"):
            assert self.status == "draft"

    @rule(by=PEOPLE, text=st.sampled_from(["why tea?", "=1+1", ""]))
    def comment(self, by, text):
        before = len(self.history)
        for _click in range(2):
            try:
                with self._as(by):
                    comments.comment(*self.where, "p1", by, by, text, NOW, self.config)
            except (NotAllowed, StoreProblem):
                assert not text or not self.stored
        assert len(ledger.entries(*self.where, self.config)) - before <= 1

    @rule(named=st.booleans())
    def send_out(self, named):
        may = self._is_sendable() and (named or self.status != "results_in")
        forecasts = lambda shop, saved: self.world.forecast  # noqa: E731
        try:
            result = export.export_plans(
                *self.where, None, lambda plan: ["c1"], NOW, self.config, plan_ids=["p1"] if named else None,
                forecasts=forecasts,
            )  # fmt: skip
        except (NotAllowed, StoreProblem):
            assert not may
            return
        assert may
        assert result.plan_ids == ["p1"]
        self.exports += 1
        self.status = "exported" if self.status == "approved" else self.status

    @rule()
    def results_come_in(self):
        self.world.results = {"p1"}
        noted = arrivals.note(self.world.shop, NOW, self.config)
        assert noted == (["p1"] if self.status == "exported" else [])
        self.status = "results_in" if noted else self.status

    # --- the shop ---

    @rule(of=st.sampled_from(["tea", "cup"]), to=st.sampled_from([10.0, 11.0]))
    def price(self, of, to):
        self.world.prices[of] = to

    @rule(of=st.sampled_from(["tea", "cup"]), to=st.sampled_from([6.0, 7.0]))
    def cost(self, of, to):
        self.world.costs[of] = to

    @rule(to=st.sampled_from([None, 0.0, 10.0, 12.0, 15.0, 99.0, 100.0]))
    def stock(self, to):
        self.world.stock["tea"] = to

    @rule(count=st.integers(1, 20))
    def unsubscribe(self, count):
        self.world.unsubscribed |= set(CUSTOMERS[:count])

    @rule(first=st.integers(0, 39), count=st.integers(1, 10))
    def buy(self, first, count):
        self.world.bought |= dict.fromkeys(CUSTOMERS[first : first + count], self.world.day)
        self.world.tomorrow()

    @rule(count=st.integers(16, 24))
    def tiers(self, count):
        self.world.gold = set(CUSTOMERS[:count])

    @rule(verdict=st.sampled_from(["match", "refused"]))
    def check(self, verdict):
        self.world.verdict = verdict

    @rule()
    def learn(self):
        self.world.model = f"v{int(self.world.model[1:]) + 1}"

    @rule(kind=st.sampled_from(list(FORECASTS)))
    def forecast(self, kind):
        self.world.forecast = row(kind)

    # --- what holds at all times ---

    @invariant()
    def the_history_is_whole_and_nobody_decided_on_what_they_wrote(self):
        assert ledger.verify(*self.where, self.config).ok
        self.history = ledger.entries(*self.where, self.config)
        handed_in: set[str] = {"ana"}
        for one in self.history:
            if one.action == "submitted":
                handed_in |= {person_key(one.actor), person_key(one.recorded_by)}
            elif one.action in approvals.ACTS:
                assert person_key(one.actor) not in handed_in
                is_recorded_by_author = person_key(one.recorded_by) in handed_in
                assert not (is_recorded_by_author and one.action == "approved" and "evidence" not in one.payload)
        assert self.exports == sum(one.action == "exported" for one in self.history)

    @invariant()
    def the_status_is_as_it_should_be(self):
        if self.stored:
            assert plans.load(self.world.folder, "p1").plan.status == self.status
            with database.reading(self.world.folder) as db:
                assert {row["person"] for row in db.query("SELECT person FROM plan_authors")} == self.authors

    @precondition(lambda self: self.status in ("submitted", "approved", "exported", "results_in"))
    @invariant()
    def an_approval_stands_exactly_when_nothing_it_rests_on_changed(self):
        so = (self.world.so, self.submitted)
        if so == self.compared:
            return  # nothing happened in the shop since: asking again takes the most time of all
        saved = plans.load(self.world.folder, "p1")
        found = standing.of(self.world.shop, saved, ledger.entries(*self.where, self.config), self.world.forecast)
        assert found.stands == (not self._void()), found
        self.compared = so


COMMON = {"deadline": None, "suppress_health_check": list(HealthCheck)}
TestWorkflow = Desk.TestCase
TestWorkflow.settings = settings(max_examples=8, stateful_step_count=15, **COMMON)


@pytest.mark.full
@pytest.mark.timeout(7200)
class TestWorkflowInFull(Desk.TestCase):
    settings = settings(max_examples=2_000, stateful_step_count=20, **COMMON)
