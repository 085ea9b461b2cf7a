"""What changed in a shop's data since it learned: five planted changes are found, told in words, and touch plans."""

import json
import shutil
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from bench import drift as bench
from engine.campaign.plan import Audience, Plan, Step
from engine.outcome import changed, changed_words, learning
from engine.shop import store
from engine.shop.features import default_as_of

SEED = 1


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    """A shop that learned two months ago."""
    folder = tmp_path_factory.mktemp("changed") / "shop"
    bench.learned(folder, SEED)
    return folder


@pytest.fixture(scope="module")
def later(learned, tmp_path_factory):
    """The same shop two months later, where nothing changed, and what is read of its messages."""
    folder = shutil.copytree(learned, tmp_path_factory.mktemp("after") / "shop")
    shop = bench.world.imported(folder, bench.tables(seed=SEED))
    return folder, changed.read(shop, default_as_of(shop))


@pytest.fixture(scope="module")
def after(learned, later, tmp_path_factory):
    """after(planted): what is found once the next two months have been imported."""
    known: dict[str, changed.Changed] = {}

    def found(planted: str = "") -> changed.Changed:
        if planted not in known and planted == "answers":
            folder = shutil.copytree(learned, tmp_path_factory.mktemp("fell") / "shop")
            known[planted] = bench.asked(Path(folder), planted, SEED, 0)
        elif planted not in known:  # the messages are the same as before: only the orders are another table
            shop = bench.world.imported(later[0], {"orders": bench.tables(planted, SEED)["orders"]})
            known[planted] = changed.of_past(shop, later[1], default_as_of(shop))
        return known[planted]

    return found


def plan(plan_id: str = "p1", **changes) -> Plan:
    return Plan(
        plan_id=plan_id, name=changes.pop("name", "Spring"), owner="ana", audience=Audience(customer_ids=["a"]),
        steps=[Step(channel=changes.pop("channel", "email"))], starts_at=date(2025, 8, 1), ends_at=date(2025, 8, 9),
        **changes,
    )  # fmt: skip


def test_where_nothing_changed_there_is_no_alarm_and_that_is_said(after):
    found = after()
    assert not found.alarm
    assert found.looks["orders"].groups_after >= 8 and found.looks["messages"].groups_after == 8
    assert changed_words.summary(found, "EUR").startswith("Nothing changed by more than chance")
    assert changed.touched(found, [plan()], {}) == []


@pytest.mark.parametrize(
    ("planted", "said", "chinese"),
    [
        ("prices", "the same products cost 10% more", "贵 10%"),
        ("mix", "where orders are placed: marketplace went from 0% to", "marketplace"),
        ("missing", "where orders are placed is unknown in", "缺失"),
        ("answers", "of what the forecasts say", "预测的"),
        ("twice", "lines that stand twice rose from", "重复"),
        ("relation", "pieces per order line", "每行件数"),
    ],
)
def test_a_planted_change_is_found_said_in_words_and_touches_open_plans(after, planted, said, chinese):
    found = after(planted)
    assert found.alarm
    assert said in changed_words.summary(found, "EUR") and chinese in changed_words.summary(found, "EUR", "zh")
    open_plan, done = plan(), plan("p2").model_copy(update={"status": "exported"})
    touched = changed.touched(found, [open_plan, done], {})
    assert [one.plan.plan_id for one in touched] == ["p1"]
    assert "Spring" in changed_words.plans(touched)
    json.dumps(changed_words.to_json(found, touched, "EUR"), default=str)


def test_responses_that_fell_are_measured_by_how_much(after):
    click = after("answers").responses["click"]
    assert click.high < np.log(0.9)
    assert click.log_odds == pytest.approx(np.log(0.5), abs=0.35)  # who clicked less is expected to click less


def test_a_category_that_changed_concerns_plans_of_that_category_alone(after):
    found = after("mix")
    drifted = found.looks["orders"].changes[0]
    moved = changed.Change("product_category", "level", 0.1, 0.3, drifted.psi, drifted.p, "tea")
    look = changed.Drift((moved,), found.looks["orders"].columns, None, 10, 10)
    of_tea = changed.Changed(found.learned, found.until, {"orders": look}, {}, {})
    plans = [plan("tea", category="tea"), plan("soap", product_ids=["p9"]), plan("all")]
    assert [one.plan.plan_id for one in changed.touched(of_tea, plans, {"p9": "soap"})] == ["tea", "all"]


def test_a_channel_whose_answers_moved_concerns_plans_of_that_channel_alone():
    moved, still = changed.Moved(-0.7, -0.9, -0.5, 1e-6, 0.5, 6), changed.Moved(0.0, -0.2, 0.2, 0.9, 1.0, 6)
    by_channel = {("click", "email"): moved, ("click", "sms"): still}
    found = changed.Changed(date(2025, 6, 1), date(2025, 8, 1), {}, {"click": moved}, by_channel)
    touched = changed.touched(found, [plan("mail"), plan("text", channel="sms")], {})
    assert [one.plan.plan_id for one in touched] == ["mail"]
    assert "clicks by" in changed_words.summary(found, "EUR") and "50%" in changed_words.summary(found, "EUR")


def test_what_was_found_is_kept_for_pages_until_another_model_is_in_use(learned, tmp_path):
    folder = shutil.copytree(learned, tmp_path / "kept")
    shop = bench.world.imported(folder, bench.tables("prices", SEED))
    looked = learning.look(shop)
    learning.note(shop, looked, learning.touched(shop, looked.found))
    noted = learning.noted(store.open_shop(folder), looked.version, "zh")
    assert "贵 10%" in noted.said and noted.plans == 0
    assert learning.noted(shop, "another", "en") is None


def test_with_nothing_since_it_says_that_too_little_has_come(learned):
    found = changed.changed(store.open_shop(learned))
    assert not found.alarm
    assert "Too little has come" in changed_words.summary(found, "EUR")
