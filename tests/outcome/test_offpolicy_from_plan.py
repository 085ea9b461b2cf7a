"""Would another variant have paid? On a plan whose planted orders are known."""

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from engine.__main__ import main
from engine.campaign.plan import Audience
from engine.decision import assignments
from engine.errors import NotEnoughData
from engine.outcome.offpolicy import from_plan
from engine.shop import store
from tests.outcome.test_measured import PRODUCTS, exported, order, plan
from tests.tiny import shop_of

PEOPLE = [f"c{number:04d}" for number in range(4_000)]
RECENT = set(PEOPLE[::2])  # ordered ten days before the send
MARGIN, COST = 60.0, 0.5  # an order of 100 whose goods cost 40; a message
RATE = {"": 0.05, "A": 0.05, "B": 0.10}  # of who did not order lately
RATE_RECENT = {"": 0.05, "A": 0.15, "B": 0.25}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return planted(tmp_path_factory.mktemp("plan"))


def planted(folder, until="2026-03-01", **changed):
    """A shop whose plan p1 went out with variants A and B, and what was bought of it."""
    tables = {"customers": pd.DataFrame({"customer_id": PEOPLE}), "products": PRODUCTS}
    shop = shop_of(folder / "shop", tables, {"send_cost": {"email": COST}})
    what = plan(**{"variants": ["A", "B"], "audience": Audience(customer_ids=PEOPLE), "holdout": 0.3} | changed)
    exported(shop, folder / "config", what, people=PEOPLE)
    kept = assignments.saved(shop.path)
    random = np.random.default_rng(0)
    lines = [order(one, "2025-12-31", order_id=f"before-{one}") for one in RECENT]
    for one, variant in zip(kept["customer_id"], kept["variant"], strict=True):
        if random.random() < (RATE_RECENT if one in RECENT else RATE)[variant]:
            lines.append(order(one, "2026-01-12"))
    lines.append(order("somebody", until))
    lines.append(order("somebody", "2024-12-01", order_id="first"))
    store.save_tables(shop, {"orders": pd.DataFrame(lines)})
    return store.open_shop(shop.path)


def rate(variant, recent):
    return MARGIN * (RATE_RECENT if recent else RATE)[variant]


TRUTH = {
    "nobody": rate("", True),
    "everybody:A": (rate("A", True) + rate("A", False)) / 2 - COST,
    "everybody:B": (rate("B", True) + rate("B", False)) / 2 - COST,
    "recent:B": (rate("B", True) - COST + rate("", False)) / 2,
    "lapsed:B": (rate("B", False) - COST + rate("", True)) / 2,
}


def test_the_planted_profit_of_every_choice_is_inside_its_interval(made):
    known = from_plan.variants(made, "p1")
    assert known.log.actions == ("hold", "A", "B") and known.days == 7 and len(known.log) == len(PEOPLE)
    assert set(np.round(known.log.propensity, 12)) == {0.3, 0.35}
    assert set(np.round(known.log.reward[known.log.action == 2], 6)) == {-COST, MARGIN - COST}
    for choice, truth in TRUTH.items():
        for one in from_plan.judge(known, choice).found:
            if one.name == "DM":
                continue  # its range leaves out that its model may be wrong
            assert one.value.low <= truth <= one.value.high, (choice, one.name)
    assert from_plan.judge(known, "everybody:B").verdict == "better"
    assert from_plan.judge(known, "nobody").verdict == "worse"


def test_a_plan_that_left_nobody_out_says_nothing_of_nobody(tmp_path):
    known = from_plan.variants(planted(tmp_path, holdout=0.0), "p1")
    found = from_plan.judge(known, "nobody")
    assert found.verdict == "no_overlap" and found.overlap.refusals[0].text().startswith("The draw of plan Tea")
    assert from_plan.judge(known, "everybody:B").verdict == "better", "variants were still drawn"


def test_a_plan_that_cannot_tell_is_refused_by_name(made, tmp_path):
    with pytest.raises(NotEnoughData, match=r"Plan p9 was not exported with two .* p1"):
        from_plan.variants(made, "p9")
    early = planted(tmp_path, until="2026-01-14")
    with pytest.raises(NotEnoughData, match=r"Plan Tea: the orders .* do not cover the 7 days"):
        from_plan.variants(early, "p1")
    (file,) = (early.path / "assignments").glob("*.parquet")
    pd.read_parquet(file).assign(propensity=np.nan).to_parquet(file, index=False)
    with pytest.raises(NotEnoughData, match=r"Plan Tea: the chances of its draw"):
        from_plan.variants(early, "p1")


def first_test(rest_at):
    """400 in a test, 400 in the rest, 200 left out, half of them dealt to each moment."""
    first = pd.Timestamp("2026-01-10 10:00")
    at = [first] * 400 + [rest_at] * 400 + [first] * 100 + [rest_at] * 100
    variant = ["A", "B"] * 200 + [""] * 600
    return pd.DataFrame({"treated": [1] * 800 + [0] * 200, "variant": variant, "propensity": 0.8, "at": at})


def test_the_rest_of_a_first_test_is_no_draw_between_variants():
    apart = from_plan._drawn_together(first_test(pd.Timestamp("2026-01-11 10:00")))
    assert len(apart) == 500 and set(apart["propensity"]) == {0.8}, "400 of 500"
    together = from_plan._drawn_together(first_test(pd.Timestamp("2026-01-10 10:00")))
    assert len(together) == 600 and together["propensity"].iloc[0] == pytest.approx(400 / 600)


def test_the_command_judges_the_variants_of_a_plan(made, tmp_path):
    def ran(*arguments, code=0):
        asked = ["offpolicy", *arguments, "--shop", made.path, "--out", tmp_path / "out.csv"]
        ended = CliRunner().invoke(main, [str(one) for one in asked], catch_exceptions=False)
        assert ended.exit_code == code, ended.stderr
        return ended

    printed = json.loads(ran("--plan", "p1", "--choice", "everybody:B").stdout)
    assert (printed["verdict"], printed["reward_from"], printed["plan_id"]) == ("better", "orders", "p1")
    assert "none of nobody, everybody:A, everybody:B" in ran("--plan", "p1", "--choice", "moved", code=2).stderr
    assert "Say a LOG" in ran("--plan", "p1", code=2).stderr
