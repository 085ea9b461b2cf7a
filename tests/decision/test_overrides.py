"""Money of what was never tried is shown for a reason, for that one refusal only, and every decision on it says so."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from engine.campaign import planned, response
from engine.campaign.expected import Forecast
from engine.campaign.forecast import evaluate_steps
from engine.campaign.plan import Audience, Offer, Plan, Step
from engine.decision import overrides
from engine.errors import NotAllowed
from engine.sentences import Sentence
from tests.tiny import trained

NOON = datetime(2026, 6, 1, 12, 0, 0)


@pytest.fixture(scope="module")
def forecasts(tmp_path_factory) -> dict[float, Forecast]:
    """Of 20 %, which was tried, and of 60 %, which never was."""
    shop = trained(tmp_path_factory.mktemp("shop") / "golden")
    models = response.load(shop)
    people = shop.table("customers")["customer_id"].tolist()
    found = {}
    for size in (0.2, 0.6):
        plan = Plan(
            plan_id="p1", name="Plan", owner="Ana", audience=Audience(customer_ids=people), steps=[Step()],
            offer=Offer(kind="percent", discount=size, code="X"), starts_at=date(2026, 6, 8), ends_at=date(2026, 6, 15),
        )  # fmt: skip
        scenes = planned.prepared(shop, plan)
        found[size] = evaluate_steps(shop, models, scenes, planned.messages(plan, {}))
    return found


def test_an_override_says_what_was_refused_who_when_and_why(forecasts):
    kept = overrides.override(forecasts[0.6], " Ana ", " one try ", NOON)
    assert kept == {
        "why": "60 % off was never tried by email; nearest is 20 %.",
        "why_zh": "email 从未试过 60 % 的优惠幅度；最接近的是 20 %。",
        "by": "Ana",
        "at": "2026-06-01T12:00:00+00:00",
        "reason": "one try",
    }
    assert overrides.holds(kept, forecasts[0.6])
    assert (overrides.why(kept, "en"), overrides.why(kept, "zh")) == (kept["why"], kept["why_zh"])


def test_it_holds_for_that_refusal_only(forecasts):
    kept = overrides.override(forecasts[0.6], "Ana", "one try", NOON)
    other = replace(forecasts[0.6], sentences=(Sentence("engine.nobody_there"),))
    assert not overrides.holds(kept, other)
    assert not overrides.holds(kept, forecasts[0.2])
    assert not overrides.holds(None, forecasts[0.6])


@pytest.mark.parametrize("reason", ["", "  ", "."])
def test_it_needs_a_reason(forecasts, reason):
    with pytest.raises(NotAllowed, match="the reason is empty"):
        overrides.override(forecasts[0.6], "Ana", reason, NOON)


def test_what_was_tried_has_nothing_to_override(forecasts):
    with pytest.raises(NotAllowed, match="Plan p1: there is nothing to override"):
        overrides.override(forecasts[0.2], "Ana", "one try", NOON)


@pytest.mark.parametrize("key", ["engine.no_order_model", "engine.no_value", "never_tried.orders_not_recorded"])
def test_money_that_cannot_be_known_at_all_cannot_be_shown(forecasts, key):
    unknown = replace(forecasts[0.6], sentences=(Sentence(key),))
    with pytest.raises(NotAllowed, match="there is nothing to override"):
        overrides.override(unknown, "Ana", "one try", NOON)


def test_the_approval_history_keeps_it_with_the_submission_and_the_decision(shop, plan):
    kept = {"why": "60 % off was never tried by email.", "by": "ana", "at": "2026-06-01", "reason": "one try"}
    shop.submit(plan, forecast={"orders": 12.5, "supported": 0, "override": kept})
    shop.approve()
    submitted, approved = shop.entries("p1")
    assert submitted.payload["forecast"]["override"] == kept
    assert approved.payload["override"] == kept
    assert shop.verify().ok


def test_a_decision_on_what_was_tried_says_nothing_of_it(shop, plan):
    shop.submit(plan)
    shop.reject()
    assert "override" not in shop.entries("p1")[-1].payload
