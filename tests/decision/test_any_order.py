"""Whatever people do in whatever order: the history is whole, nobody approves their own plan, nothing else leaves."""

import tempfile
from datetime import date, datetime
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from engine.campaign.plan import Plan
from engine.decision import approvals, cells, export, ledger, plans
from engine.errors import NotAllowed, StoreProblem

NOW = datetime(2026, 6, 1, 12)
PEOPLE = st.sampled_from(["ana", "ben", "Ana "])
PLAN_IDS = st.sampled_from(["p1", "p2"])
HOLDOUTS = st.sampled_from([0.1, 0.2])


class Room(RuleBasedStateMachine):
    """`approved_content` is a second, naive record: plan -> the holdout that was last approved and still stands."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.shop, self.config = Path(self.folder.name) / "shop", Path(self.folder.name) / "config"
        self.shop.mkdir()
        self.stored: dict[str, float] = {}
        self.waiting: set[str] = set()
        self.approved: set[str] = set()

    def teardown(self):
        self.folder.cleanup()

    def _plan(self, plan_id, holdout):
        return Plan(plan_id=plan_id, name="x", owner="ana", holdout=holdout, starts_at=date(2026, 6, 1),
                    ends_at=date(2026, 6, 2))  # fmt: skip

    def _changed(self, plan_id, holdout):
        if self.stored.get(plan_id) != holdout:
            self.waiting.discard(plan_id)
            self.approved.discard(plan_id)
        self.stored[plan_id] = holdout

    @rule(plan_id=PLAN_IDS, holdout=HOLDOUTS)
    def save(self, plan_id, holdout):
        version = plans.load(self.shop, plan_id).version if plan_id in self.stored else None
        plans.save(self.shop, self._plan(plan_id, holdout), {}, version, NOW)
        self._changed(plan_id, holdout)

    @rule(plan_id=PLAN_IDS, holdout=HOLDOUTS)
    def submit(self, plan_id, holdout):
        try:
            approvals.submit(self.shop, "s", self._plan(plan_id, holdout), {}, "ana", NOW, self.config)
        except NotAllowed:
            return
        self._changed(plan_id, holdout)
        assert plan_id not in self.approved
        self.waiting.add(plan_id)

    @rule(plan_id=PLAN_IDS, by=PEOPLE)
    def approve(self, plan_id, by):
        may = by == "ben" and plan_id in self.waiting | self.approved
        try:
            approvals.approve(self.shop, "s", plan_id, by, "os", "fits", NOW, self.config)
            assert may
            self.waiting.discard(plan_id)
            self.approved.add(plan_id)
        except (NotAllowed, StoreProblem):
            assert not may

    @rule(plan_id=PLAN_IDS, by=PEOPLE)
    def reject(self, plan_id, by):
        try:
            approvals.reject(self.shop, "s", plan_id, by, "os", "no", NOW, self.config)
        except (NotAllowed, StoreProblem):
            return
        assert by == "ben"
        assert plan_id not in self.approved
        self.waiting.discard(plan_id)

    @rule()
    def send_out(self):
        try:
            result = export.export_plans(self.shop, "s", None, lambda plan: ["c1"], NOW, self.config)
        except NotAllowed:
            assert not self.approved
            return
        rows = cells.read_back(result.plans_csv)
        assert dict(zip(rows["plan_id"], map(float, rows["holdout"]), strict=True)) == {
            plan_id: self.stored[plan_id] for plan_id in self.approved
        }

    @invariant()
    def the_history_is_whole(self):
        assert ledger.verify(self.shop, "s", self.config).ok

    @invariant()
    def nobody_decided_on_their_own_plan(self):
        decided = approvals.decisions(self.shop, "s", self.config)
        assert {decision.by for decision in decided if decision.action != "submitted"} <= {"ben"}


TestAnyOrder = Room.TestCase
TestAnyOrder.settings = settings(
    max_examples=12, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
