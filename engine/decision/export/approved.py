"""The plans that may leave: approved, as they were approved, and on what they were approved on."""

from dataclasses import dataclass, replace
from pathlib import Path

from engine.campaign.plan import APPROVED
from engine.decision import approvals, ledger, looked, plans, standing
from engine.decision.looked import Mark
from engine.decision.standing import TodaysForecast
from engine.errors import NotAllowed, StoreProblem
from engine.sentences import Sentence
from engine.shop import store


@dataclass(frozen=True, slots=True)
class Approved:
    """A plan as it is stored, with the entries of the history by which it may leave.

    mark: the shop as it was when its approval was found to stand.
    """

    saved: plans.SavedPlan
    history: list[ledger.Entry]
    approval: ledger.Entry
    submission: ledger.Entry
    mark: Mark = ()


def find(shop_dir: Path, shop_id: str, config: Path, plan_ids: list[str] | None) -> list[Approved]:
    """The plans to export, by plan_id. Raises NotAllowed for a named plan that is not approved, and for none at all."""
    stored = {saved.plan.plan_id: saved for saved in plans.saved_plans(shop_dir)}
    for plan_id in plan_ids or []:
        if plan_id not in stored:
            raise StoreProblem(plans.unknown(plan_id))
    chosen = [stored[plan_id] for plan_id in dict.fromkeys(plan_ids)] if plan_ids is not None else stored.values()
    history: dict[str, list[ledger.Entry]] = {}
    for entry in ledger.entries(shop_dir, shop_id, config):
        history.setdefault(entry.plan_id, []).append(entry)
    found = []
    for saved in sorted(chosen, key=lambda saved: saved.plan.plan_id):
        plan_id, says_approved = saved.plan.plan_id, saved.plan.status in APPROVED
        if plan_ids is None and saved.plan.status not in ("approved", "exported"):
            continue
        decision = approvals.approval_of(saved, history.get(plan_id, []))
        if decision is None:
            key = "decisions.changed_after" if says_approved else f"decisions.only_approved_{saved.plan.status}"
            raise NotAllowed(Sentence(key, {"plan_id": plans.called(saved.plan)}))
        found.append(_with_submission(saved, decision, history[plan_id]))
    if not found:
        raise NotAllowed(Sentence("decisions.none_approved"))
    return found


def still_standing(
    shop_dir: Path, approved: list[Approved], forecasts: TodaysForecast
) -> tuple[list[Approved], dict[str, Sentence]]:
    """Those whose approval stands today, and why the others' does not."""
    if not (shop_dir / "shop.toml").exists():
        return approved, {}
    mark = looked.mark(shop_dir)  # before the look: what changes during it is then found, too
    shop, void = store.open_shop(shop_dir), {}
    for item in approved:
        found = standing.today(shop, item.saved, item.history, forecasts)
        if not found.stands:
            void[item.saved.plan.plan_id] = standing.refusal(item.saved.plan, found)
    return [replace(item, mark=mark) for item in approved if item.saved.plan.plan_id not in void], void


def _with_submission(saved: plans.SavedPlan, decision: approvals.Decision, history: list[ledger.Entry]) -> Approved:
    approval = next(entry for entry in history if entry.seq == decision.seq)
    submitted = [entry for entry in history if entry.action == "submitted" and entry.seq < approval.seq]
    return Approved(saved, history, approval, submitted[-1])
