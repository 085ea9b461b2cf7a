"""A shop folder with its configuration, and plans to decide on."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.campaign.plan import Offer, Plan, Step
from engine.decision import approvals, ledger, plans
from engine.decision.approvals import Decision
from engine.decision.ledger import Entry
from engine.errors import StoreProblem

NOON = datetime(2026, 6, 1, 12, 0, 0)


@dataclass
class Shop:
    """The arguments every function of the room takes, said once."""

    dir: Path
    shop_id: str
    config: Path
    now: datetime = NOON

    def append(self, plan_id: str = "p1", action: str = "results_in", **payload: Any) -> Entry:
        return ledger.append(
            self.dir, self.shop_id, plan_id=plan_id, action=action, actor="ana", recorded_by="root",
            payload=payload, now=self.now, config=self.config,
        )  # fmt: skip

    def entries(self, plan_id: str | None = None) -> list[Entry]:
        return ledger.entries(self.dir, self.shop_id, self.config, plan_id)

    def verify(self, **more: Any) -> ledger.Verdict:
        return ledger.verify(self.dir, self.shop_id, self.config, **more)

    def submit(self, plan: Plan, person: str = "ana", forecast: dict | None = None, **more: Any) -> Decision:
        return approvals.submit(
            self.dir, self.shop_id, plan, forecast or {"orders": 12.5}, person, self.now, self.config, **more
        )

    def approve(self, plan_id: str = "p1", by: str = "ben", reason: str = "fits", **more: Any) -> Decision:
        return approvals.approve(self.dir, self.shop_id, plan_id, by, by, reason, self.now, self.config, **more)

    def reject(self, plan_id: str = "p1", by: str = "ben", reason: str = "too dear", **more: Any) -> Decision:
        return approvals.reject(self.dir, self.shop_id, plan_id, by, by, reason, self.now, self.config, **more)

    def is_approved(self, plan: Plan) -> bool:
        """Whether exactly this content, and the copy saved with it, has a second person's approval."""
        try:
            saved = plans.load(self.dir, plan.plan_id)
        except StoreProblem:
            return False
        same = plans.content_sha256(plan, saved.extras) == plans.content_sha256(saved.plan, saved.extras)
        return same and approvals.approval_of(saved, self.entries(plan.plan_id)) is not None


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    (tmp_path / "shop").mkdir()
    return Shop(tmp_path / "shop", "shop-1", tmp_path / "config")


@pytest.fixture
def make_plan() -> Callable[..., Plan]:
    def make(plan_id: str = "p1", **changes: Any) -> Plan:
        standard: dict[str, Any] = {
            "plan_id": plan_id,
            "name": "Spring",
            "owner": "ana",
            "offer": Offer(kind="percent", discount=0.15, code="HOME15"),
            "steps": [Step(copy={"subject": "Come back", "body": "15 % off."})],
            "starts_at": date(2026, 6, 1),
            "ends_at": date(2026, 6, 30),
        }
        return Plan(**{**standard, **changes})

    return make


@pytest.fixture
def plan(make_plan: Callable[..., Plan]) -> Plan:
    return make_plan()
