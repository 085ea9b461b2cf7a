"""The people whom a forecast names are the people whom the export lists."""

from dataclasses import replace
from datetime import date

import pytest

from engine.audience import segments
from engine.campaign import planned, response
from engine.campaign.forecast import evaluate_steps
from engine.campaign.plan import Audience, Offer, Plan, Step
from engine.decision import assign, export, live
from tests.tiny import trained


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    shop = trained(tmp_path_factory.mktemp("shop") / "golden")
    segments.save(shop, segments.fit(shop, 3))
    return shop


def plan(**changes):
    standard = {
        "plan_id": "june", "name": "June", "owner": "ana", "starts_at": date(2026, 6, 8), "ends_at": date(2026, 6, 15),
        "audience": Audience(rule="orders >= 1"), "offer": Offer(kind="percent", discount=0.15, code="HOME15"),
    }  # fmt: skip
    return Plan(**{**standard, **changes})


def expected(shop, plan):
    """The forecast as the Numbers tab and `submit` make it."""
    scenes = planned.prepared(shop, plan, live.others(shop, plan))
    return evaluate_steps(shop, response.load(shop), scenes, assign.with_sizes(scenes, planned.messages(plan, {})))


@pytest.mark.parametrize(
    "changes",
    [
        {"holdout": 0.25},
        {"holdout": 0.0},
        {"holdout": 0.3, "audience_share": 0.55},
        {"plan_id": "by-group", "audience": Audience(segment_ids=["s1", "s2"], exclusions=["s2"]), "holdout": 0.2},
        {
            "audience": Audience(rule="orders >= 1", exclusions=["s3"], exclude_rule="orders >= 6", skip_buyers_days=9),
            "holdout": 0.15,
            "audience_share": 0.8,
            "variants": ["A", "B"],
        },
        {"steps": [Step(), Step(day=3, channel="sms")], "holdout": 0.2},
    ],
)
def test_as_many_are_written_to_and_held_out_as_the_export_lists(shop, changes):
    made = plan(**changes)
    table = export.assigned(made, export.audience(shop, made))
    forecast = expected(shop, made)
    written_to = {one for file in export.recipients(made, table) for one in file.people["customer_id"]}
    assert forecast.recipients == len(written_to) == (table["treated"] == 1).sum() > 0
    assert forecast.held_out == (table["treated"] == 0).sum()
    assert (forecast.held_out > 0) == (made.holdout > 0)
    if len(made.steps) == 1:
        assert forecast.messages_sent == len(written_to)
    if made.audience_share == 1:
        assert forecast.recipients + forecast.held_out == forecast.reachable
    else:
        assert forecast.recipients + forecast.held_out < forecast.reachable


def test_a_forecast_counts_nobody_of_the_permanent_holdout_as_the_export_does(shop):
    settings = shop.settings.model_copy(update={"global_holdout": 0.3})
    held_shop = replace(shop, settings=settings)
    everybody = shop.table("customers", ["customer_id"])["customer_id"].tolist()
    made = plan(holdout=0.2, audience=Audience(customer_ids=everybody))
    table = export.assigned(made, export.audience(held_shop, made))
    never = export.held_globally(held_shop, made)
    forecast = expected(held_shop, made)
    assert (forecast.recipients, forecast.held_out) == (table["treated"].eq(1).sum(), table["treated"].eq(0).sum())
    assert never and not set(never) & set(table["customer_id"])
    assert len(table) + len(never) == len(export.audience(shop, made))


def test_the_draw_need_not_be_the_share_that_was_asked_for(shop):
    """Each customer is drawn alone, so that another audience moves nobody: 'one in four' is so on average only."""
    sizes = {name: expected(shop, plan(plan_id=name, holdout=0.25)).held_out for name in ("a", "b", "c", "d")}
    assert len(set(sizes.values())) > 1


def test_sizes_are_those_of_the_assignment():
    people = [f"c{number}" for number in range(500)]
    for holdout, share in ((0.0, 1.0), (0.1, 1.0), (0.37, 0.6), (0.99, 0.01)):
        table = assign.assign("p1", people, holdout, [], share, seed=4)
        counted = assign.sizes(assign.draws("p1", people, seed=4), holdout, share)
        assert counted == (table["treated"].sum(), (1 - table["treated"]).sum())
    assert assign.sizes(assign.draws("p1", []), 0.1, 1.0) == (0, 0)
