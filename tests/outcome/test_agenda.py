import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from engine.campaign.plan import Audience, Offer, Plan, Step
from engine.decision import approvals, comments, plans
from engine.decision.standing import Difference, Standing
from engine.jobs import records
from engine.outcome import fallen, seen
from engine.outcome.agenda import Item, agenda, waiting, with_fallen
from engine.sentences import Sentence
from engine.shop.store import Shop
from tests.tiny import shop_of

NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)
TODAY = NOW.date()


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A shop whose last order was yesterday."""
    orders = pd.DataFrame(
        [("o1", "a", "2026-05-31", "tea", 1, 9.0)],
        columns=["order_id", "customer_id", "ordered_at", "product_id", "quantity", "unit_price"],
    )
    return shop_of(tmp_path / "shop", {"orders": orders})


class Desk:
    """What Ana and Bo do with plans in a shop."""

    def __init__(self, shop: Shop, config: Path):
        self.shop, self.config = shop, config

    def save(self, plan_id: str, starts: int, length: int = 7, people: str = "ab", **changes: Any) -> Plan:
        starts_at = TODAY + timedelta(days=starts)
        plan = Plan(
            plan_id=plan_id, name=plan_id.title(), owner="Ana", audience=Audience(customer_ids=list(people)),
            starts_at=starts_at, ends_at=starts_at + timedelta(days=length), **changes,
        )  # fmt: skip
        plans.save(self.shop.path, plan, {}, None, NOW)
        return plan

    def submit(self, plan: Plan) -> None:
        approvals.submit(self.shop.path, self.shop.shop_id, plan, {}, "Ana", NOW, self.config)

    def decide(self, plan: Plan, act: Any = approvals.approve, reason: str = "fits") -> None:
        self.submit(plan)
        act(self.shop.path, self.shop.shop_id, plan.plan_id, "Bo", "Bo", reason, NOW, self.config)

    def see(self, person: str = "Bo") -> list[Item]:
        return agenda(self.shop, NOW, self.config, person)

    def kinds(self, person: str = "Bo") -> list[str]:
        return [item.kind for item in self.see(person)]


@pytest.fixture
def desk(shop: Shop, tmp_path: Path) -> Desk:
    return Desk(shop, tmp_path / "config")


def exported(shop: Shop, plan: Plan, status: str = "exported") -> None:
    """Sets a plan's status as an export does, or results that came in."""
    with sqlite3.connect(shop.path / "ledger.db") as db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f"DROP TRIGGER {name}")
        db.execute("UPDATE plans SET status = ? WHERE plan_id = ?", [status, plan.plan_id])


def test_a_shop_in_order_has_nothing_to_do(desk):
    desk.save("later", starts=30)
    assert desk.see() == []


def test_a_plan_before_a_second_person_is_theirs_to_approve_and_the_owners_to_wait_for(desk):
    desk.submit(desk.save("june", starts=10))
    (item,) = desk.see("Bo")
    assert (item.kind, item.urgency, item.page, item.plan_id, item.tab) == (
        "approve",
        "soon",
        "plan",
        "june",
        "approve",
    )
    assert item.values["owner"] == "Ana"
    assert desk.kinds(" ana ") == ["waiting"]


def test_a_plan_that_starts_in_days_is_urgent_to_approve(desk):
    desk.submit(desk.save("june", starts=3))
    assert desk.see()[0].urgency == "now"


@pytest.mark.parametrize(
    ("starts", "kind"), [(8, None), (7, "send_soon"), (0, "send_soon"), (-1, "late"), (-8, "never_sent"), (-31, None)]
)
def test_an_approved_plan_is_to_be_exported_in_its_last_week(desk, starts, kind):
    desk.decide(desk.save("june", starts=starts))
    assert desk.kinds() == ([kind] if kind else [])


@pytest.mark.parametrize(
    ("starts", "kind"), [(4, None), (3, "draft_soon"), (0, "draft_soon"), (-1, "draft_late"), (-31, None)]
)
def test_a_draft_is_called_up_when_its_day_is_near_or_past(desk, starts, kind):
    desk.save("june", starts=starts)
    assert desk.kinds() == ([kind] if kind else [])


def test_a_rejected_plan_says_who_said_no_and_why(desk):
    desk.decide(desk.save("june", starts=10), approvals.reject, "too dear")
    (item,) = desk.see()
    assert (item.kind, item.values["by"], item.values["reason"]) == ("rejected", "Bo", "too dear")


def test_a_plan_whose_group_is_gone_needs_a_new_audience(desk):
    plan = desk.save("june", starts=10)
    plan = plan.model_copy(update={"audience": Audience(segment_ids=["s9"])})
    plans.save(desk.shop.path, plan, {}, 1, NOW)
    (item,) = desk.see()
    assert (item.kind, item.plan_id, item.tab) == ("no_audience", "june", "brief")


def test_all_collisions_are_one_item_that_names_the_largest(desk):
    for plan_id, people in (("one", "ab"), ("two", "abc"), ("three", "bc")):
        desk.save(plan_id, starts=10, people=people)
    (item,) = desk.see()
    assert (item.kind, item.page, item.values["pairs"], item.values["shared"]) == ("collision", "calendar", 3, 2)


def test_two_discounts_for_different_customers_need_nobody_today(desk):
    for plan_id, people, size in (("one", "ab", 0.1), ("two", "c", 0.2)):
        plan = desk.save(plan_id, starts=10, people=people)
        offer = Offer(kind="percent", discount=size, code="SALE")
        plans.save(desk.shop.path, plan.model_copy(update={"offer": offer}), {}, 1, NOW)
    assert desk.kinds() == []


def test_a_plan_of_two_messages_waits_for_the_window_of_the_last_one(desk):
    plan = desk.save("twice", starts=-12)
    steps = [Step(copy={"subject": "Tea"}), Step(day=9, copy={"subject": "Tea?"})]
    plans.save(desk.shop.path, plan.model_copy(update={"steps": steps, "ends_at": plan.starts_at}), {}, 1, NOW)
    exported(desk.shop, plans.load(desk.shop.path, "twice").plan)
    assert desk.kinds() == []


def test_an_exported_plan_waits_for_its_results_after_its_window(desk):
    inside, over = desk.save("inside", starts=-12), desk.save("over", starts=-20)
    for plan in (inside, over):
        exported(desk.shop, plan)
    assert [(item.kind, item.plan_id) for item in desk.see()] == [("no_results", "over")]


def test_results_that_are_in_are_not_asked_for(tmp_path):
    totals = pd.DataFrame({"campaign_id": ["over"], "recipients": [9], "date": ["2026-05-31"]})
    campaigns = pd.DataFrame({"campaign_id": ["over"], "channel": ["email"], "starts_at": ["2026-05-12"]})
    desk = Desk(shop_of(tmp_path / "shop", {"campaigns": campaigns, "campaign_results": totals}), tmp_path / "config")
    exported(desk.shop, desk.save("over", starts=-20))
    assert desk.see() == []


def test_results_that_came_in_are_news_to_the_owner_for_two_weeks(desk):
    exported(desk.shop, desk.save("over", starts=-20), "results_in")
    assert [(item.kind, item.plan_id, item.tab) for item in desk.see("Ana")] == [("results_in", "over", "result")]
    assert [item.kind for item in waiting(desk.shop, NOW, desk.config, "Ana")] == ["results_in"]
    assert desk.see("Bo") == []
    assert waiting(desk.shop, NOW + timedelta(days=15), desk.config, "Ana") == []


def work(shop: Shop, kind: str, state: str, started: datetime) -> None:
    with records.transaction(shop.path) as db:
        db.table("jobs").insert(
            {"job_id": f"{kind}{state}{started:%d}", "kind": kind, "arguments": "[]", "state": state, "detail": "{}",
             "started_at": started.isoformat(), "pid": 0, "error": "It went wrong."}
        )  # fmt: skip


def test_work_that_failed_is_news_until_it_is_done_again(desk):
    work(desk.shop, "train", "failed", NOW - timedelta(days=2))
    work(desk.shop, "draft-june", "lost", NOW - timedelta(days=1))
    first, second = desk.see()
    assert (first.kind, first.page, first.plan_id, first.tab) == ("work_lost", "plan", "june", "copy")
    assert (second.kind, second.page, second.urgency) == ("work_failed", "model", "now")
    work(desk.shop, "train", "done", NOW - timedelta(days=1))
    assert desk.kinds() == ["work_lost"]
    assert agenda(desk.shop, NOW + timedelta(days=7), desk.config) == []


def test_data_of_more_than_35_days_ago_is_old(desk):
    assert agenda(desk.shop, NOW + timedelta(days=34), desk.config) == []
    (item,) = agenda(desk.shop, NOW + timedelta(days=35), desk.config)
    assert (item.kind, item.page, item.values) == ("old_data", "data", {"last": "2026-05-31", "days": 36})


def test_forecasts_that_do_not_know_the_last_days_are_old(desk):
    folder = desk.shop.path / "models" / "v1"
    folder.mkdir(parents=True)
    (folder.parent / "current").write_text("v1")
    (folder / "card.json").write_text(json.dumps({"as_of": "2026-06-01"}))
    assert desk.see() == []
    (folder / "card.json").write_text(json.dumps({"as_of": "2026-05-31"}))
    assert desk.see()[0].values == {"learned": "2026-05-30", "last": "2026-05-31"}


def test_the_most_urgent_comes_first(desk):
    desk.save("past", starts=-3, people="x")
    desk.decide(desk.save("late", starts=-1, people="y"))
    desk.save("soon", starts=2, people="z")
    assert desk.kinds() == ["late", "draft_soon", "draft_late"]


@pytest.mark.parametrize(
    ("damaged", "part"),
    [
        ("ledger.db", "plans"),
        ("jobs.db", "work"),
        ("tables/orders.parquet", "data"),
        ("models/v1/card.json", "forecasts"),
    ],
)
def test_a_damaged_file_is_an_item_and_hides_no_other(desk, damaged, part):
    work(desk.shop, "import", "failed", NOW)
    desk.submit(desk.save("june", starts=1))
    (desk.shop.path / "models" / "v1").mkdir(parents=True)
    (desk.shop.path / "models" / "current").write_text("v1")
    (desk.shop.path / "models" / "v1" / "card.json").write_text(json.dumps({"as_of": "2026-06-01"}))
    for path in desk.shop.path.glob(f"{damaged}*"):  # a database with the files beside it
        path.unlink()
    (desk.shop.path / damaged).write_bytes(b"nothing that could be read" * 100)
    kinds = {(item.kind, item.values.get("part")) for item in desk.see()}
    assert ("unreadable", part) in kinds
    expected = {"plans": ("work_failed", None), "work": ("approve", None)}
    assert expected.get(part, ("approve", None)) in kinds


def test_the_day_is_that_of_the_shop(tmp_path):
    desk = Desk(shop_of(tmp_path / "shop", {}, {"time_zone": "Asia/Shanghai"}), tmp_path / "config")
    desk.save("june", starts=4)
    evening = datetime(2026, 6, 1, 17, tzinfo=UTC)  # past midnight there
    assert agenda(desk.shop, NOW, desk.config) == []
    assert [item.kind for item in agenda(desk.shop, evening, desk.config)] == ["draft_soon"]


# --- what waits for one person ---


def say(desk: Desk, plan_id: str, action: str, by: str, text: str = "cheaper, please") -> None:
    """A comment, or a wish for changes: that one needs a plan that waits for somebody."""
    about = (desk.shop.path, desk.shop.shop_id, plan_id, by, by, text, NOW, desk.config)
    if action == "commented":
        comments.comment(*about)
    else:
        desk.submit(plans.load(desk.shop.path, plan_id).plan)
        approvals.request_changes(*about)


def waits(desk: Desk, person: str) -> list[str]:
    return [item.kind for item in waiting(desk.shop, NOW, desk.config, person)]


def test_a_plan_waits_for_those_who_may_decide_and_did_not_write_it(desk):
    desk.submit(desk.save("june", starts=10))
    assert (waits(desk, "Bo"), waits(desk, "Ana")) == (["approve"], [])
    desk.config.mkdir(exist_ok=True)
    (desk.config / "roles.toml").write_text('[people]\nAna = "marketer"\nBo = "approver"\nCy = "marketer"\n')
    assert (waits(desk, "Bo"), waits(desk, "Cy"), waits(desk, "somebody else")) == (["approve"], [], [])
    assert "approve" not in desk.kinds("Cy")


def test_an_approval_that_came_in_waits_for_its_author_to_export_long_before_its_day(desk):
    desk.decide(desk.save("june", starts=30))
    assert (waits(desk, "Ana"), waits(desk, "Bo")) == (["approved"], [])
    desk.decide(desk.save("soon", starts=2, people="x"))
    assert waits(desk, "Bo") == ["send_soon"]


def test_a_rejection_waits_for_the_author_alone(desk):
    desk.decide(desk.save("june", starts=10), approvals.reject, "too dear")
    assert (waits(desk, "Ana"), waits(desk, "Bo")) == (["rejected"], [])


@pytest.mark.parametrize("action", ["changes_requested", "commented"])
def test_what_others_say_of_a_plan_waits_for_its_author_until_it_is_answered(desk, action):
    plan = desk.save("june", starts=10)
    say(desk, "june", action, "Bo")
    (item,) = waiting(desk.shop, NOW, desk.config, "ana")
    assert (item.kind, item.plan_id, item.values["by"], item.values["text"]) == (
        action,
        "june",
        "Bo",
        "cheaper, please",
    )
    assert waits(desk, "Bo") == []
    say(desk, "june", "commented", "Ana", "done")
    assert waits(desk, "Ana") == []
    say(desk, "june", action, "Bo", "once more")
    assert waits(desk, "Ana") == [action]
    desk.submit(plan)
    assert waits(desk, "Ana") == []


def test_own_comments_and_those_of_plans_that_are_over_are_no_news(desk):
    desk.save("june", starts=10)
    desk.save("past", starts=-20)
    say(desk, "june", "commented", "Ana")
    say(desk, "past", "changes_requested", "Bo")
    assert waits(desk, "Ana") == []


def test_a_new_version_of_a_plan_is_a_new_thing_to_decide(desk):
    desk.submit(desk.save("june", starts=10))
    first = waiting(desk.shop, NOW, desk.config, "Bo")[0].key
    stored = plans.load(desk.shop.path, "june")
    changed = stored.plan.model_copy(update={"offer": Offer(kind="percent", discount=0.1, code="A")})
    desk.submit(changed)
    assert waiting(desk.shop, NOW, desk.config, "Bo")[0].key != first


def test_what_a_person_has_seen_is_that_persons_own_and_only_what_still_waits_is_kept(desk):
    shop_id, config = desk.shop.shop_id, desk.config
    assert seen.seen(shop_id, config, "Bo") == frozenset()
    seen.mark(shop_id, config, "Bo", ["approve|june|1", "commented|june|2"])
    assert seen.seen(shop_id, config, " bo ") == {"approve|june|1", "commented|june|2"}
    assert seen.seen(shop_id, config, "Ana") == frozenset()
    seen.mark(shop_id, config, "Bo", ["approve|june|1"])
    assert seen.seen(shop_id, config, "Bo") == {"approve|june|1"}


def test_a_damaged_note_of_what_was_seen_shows_everything_as_new(desk):
    seen.mark(desk.shop.shop_id, desk.config, "../../Bo", ["approve|june|1"])
    (file,) = desk.config.rglob("seen/*.json")
    file.write_bytes(b"{not a list")
    assert seen.seen(desk.shop.shop_id, desk.config, "../../Bo") == frozenset()


# --- what does not stand any more ---


def told(desk: Desk, person: str, reasons: dict[str, Sentence], look: Any = waiting) -> list[Item]:
    items = look(desk.shop, NOW, desk.config, person)
    return with_fallen(items, plans.saved_plans(desk.shop.path), reasons, TODAY, desk.config, person)


def test_an_approval_that_holds_no_more_is_said_instead_of_asking_for_its_export(desk):
    desk.decide(desk.save("june", starts=2))
    reason = {"june": Sentence("standing.audience_gone")}
    found = told(desk, "Bo", reason, agenda)
    assert [(one.kind, one.urgency, one.tab) for one in found] == [("void", "now", "approve")]
    assert found[0].values["reason"] == reason["june"]
    for person in ("Ana", "Bo"):
        assert [one.kind for one in told(desk, person, reason)] == ["void"]
    (desk.config / "roles.toml").write_text('[people]\nAna = "marketer"\nBo = "approver"\nCy = "marketer"\n')
    assert told(desk, "Cy", reason) == []


def test_a_plan_that_waits_and_cannot_be_approved_is_its_authors_again(desk):
    desk.submit(desk.save("june", starts=10))
    reason = {"june": Sentence("standing.audience_gone")}
    for person in ("Ana", "Bo"):
        (item,) = told(desk, person, reason)
        assert (item.kind, item.urgency) == ("void_waiting", "soon")


def test_it_is_asked_of_plans_that_wait_or_are_approved_and_not_over(desk):
    for number, plan_id in enumerate(("draft", "waits", "approved", "sent", "over")):
        plan = desk.save(plan_id, starts=-20 if plan_id == "over" else 10, people=str(number))
        if plan_id == "waits":
            desk.submit(plan)
        elif plan_id != "draft":
            desk.decide(plan)
    exported(desk.shop, plans.load(desk.shop.path, "sent").plan)
    asked = []

    def stands(shop: Any, saved: Any, history: Any) -> Standing:
        asked.append((saved.plan.plan_id, history[-1].action))
        gone = Difference("audience", "", "2", None, Sentence("standing.audience_gone"))
        return Standing((gone,) if saved.plan.plan_id == "sent" else ())

    found = fallen.fallen(desk.shop, plans.saved_plans(desk.shop.path), TODAY, desk.config, stands)
    assert sorted(asked) == [("approved", "approved"), ("sent", "approved"), ("waits", "submitted")]
    assert found == {"sent": Sentence("standing.audience_gone")}
    assert [one.urgency for one in told(desk, "Ana", found, agenda) if one.kind == "void"] == ["soon"]
