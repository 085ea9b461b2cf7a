"""A submission's numbers come out of its snapshot to the last bit, whatever became of the shop; the erased do not."""

import json
import re
import shutil
import zipfile
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from engine.campaign import planned, response, versions
from engine.campaign.first import basket
from engine.campaign.first.anyway import Anyway
from engine.campaign.first.assumed import Assumed
from engine.campaign.first.experience import COLUMNS, Experience
from engine.campaign.first.outlook import Ground
from engine.campaign.plan import Audience, Offer, Plan, Step
from engine.campaign.writer import drafts as writing
from engine.campaign.writer.facts import facts
from engine.commands import main, replaying
from engine.decision import approvals, assign, kept_parts, ledger, replay, replayed_texts, snapshots
from engine.errors import StoreProblem
from engine.model import manifest
from engine.model.ranges import Variation
from engine.privacy import customer_keys
from engine.shop import erasure, store

NOON = datetime(2026, 6, 1, 12, 0, 0)
NOTHING = Assumed()
SEVERAL = [Step(), Step(channel="sms", day=3, condition="stop_if_bought"), Step(channel="email", day=9)]


def plan_of(plan_id, people, **changes):
    usual = {
        "plan_id": plan_id, "name": "Spring", "owner": "Ana", "audience": people, "steps": [Step()],
        "offer": Offer(kind="percent", discount=0.15, code="X"),
        "starts_at": date(2026, 6, 8), "ends_at": date(2026, 6, 15),
    }  # fmt: skip
    return Plan(**{**usual, **changes})


def few(shop):
    return Audience(customer_ids=shop.table("customers")["customer_id"].tolist()[:60])


def submitted(shop, config, plan, scenes, models, typed=NOTHING, ground=None, extras=None):
    """A submission as the command makes it."""
    messages = assign.with_sizes(scenes, planned.messages(plan, {}))
    question = snapshots.Question(shop, models, scenes, messages, typed, ground)
    drafts = replayed_texts.chosen(plan, extras or {})
    approvals.submit(
        shop.path, shop.shop_id, plan, question.forecast().record(), "Ana", NOON, config, extras=extras or {},
        snapshot=lambda: snapshots.keep(question, config, drafts),
    )  # fmt: skip


PEOPLE = [f"c{number}" for number in range(1000)]
LEARNED = Anyway(
    7, NOON.date(), pd.Series(np.random.default_rng(0).uniform(0, 0.1, 900), PEOPLE[:900]), Variation(0.2, 10),
    pd.DataFrame(), date(2026, 3, 9), 12, 500,
)  # fmt: skip
PAST = Experience(pd.DataFrame([dict.fromkeys(COLUMNS, 1.5) | {"campaign_id": "k", "channel": "email"}]), "2026-05-01")
GROUND = Ground(LEARNED, basket.stated(80.0, "typed"), PAST)


@pytest.fixture(scope="module")
def demo(trained_shop_dir, tmp_path_factory):
    """(shop folder, configuration) of the trained demo shop with six submissions; read it, never write to it."""
    folder = tmp_path_factory.mktemp("replay")
    shop = store.open_shop(Path(shutil.copytree(trained_shop_dir, folder / "shop")))
    models, config = response.load(shop), folder / "config"

    def submit(plan, scenes, models=models, **more):
        submitted(shop, config, plan, scenes, models, **more)

    many, sixty = plan_of("spring", Audience(segment_ids=["s1"])), plan_of("few", few(shop))
    scenes, of_sixty = planned.prepared(shop, many), planned.prepared(shop, sixty)
    submit(many, scenes)
    submit(many.model_copy(update={"plan_id": "untried", "offer": Offer(kind="percent", discount=0.6)}), scenes)
    submit(sixty, of_sixty)
    several = plan_of("steps", few(shop), steps=SEVERAL)
    submit(several, planned.prepared(shop, several))
    typed = Assumed(click_rate=0.1, order_rate=0.3)
    submit(plan_of("typed", few(shop)), of_sixty, None, typed=typed, ground=GROUND)
    copy, extras = drafted(shop)
    submit(copy, [*of_sixty, *of_sixty, *of_sixty], extras=extras)
    return shop.path, config


def drafted(shop):
    """(plan, extras) of three messages: of a draft whose subject was edited, of one that was forged, of none."""
    plan = plan_of("copy", few(shop), steps=[Step(), Step(day=4), Step(day=8)])
    draft = writing.draft(facts(shop, plan.brief(0)), plan.brief(0), 1, 0, None)[0].model_dump(mode="json")
    other = draft | {"draft_id": "forged", "slots": draft["slots"] | {"body": "Something else."}}
    plan = planned.with_texts(planned.with_texts(plan, draft["slots"] | {"subject": "Hello"}), other["slots"], 1)
    extras = {"drafts": [draft], "chosen": draft["draft_id"], "drafts:1": [other], "chosen:1": "forged"}
    return plan, extras | {"filled": {"subject": "Hello"}}


def copied(places, tmp_path):
    """(shop, configuration) of a copy, to be written to."""
    for place, name in zip(places, ("shop", "config"), strict=True):
        shutil.copytree(place, tmp_path / name)
    return store.open_shop(tmp_path / "shop"), tmp_path / "config"


def found_in(places, plan_id):
    """(the submission, its numbers computed again)."""
    shop = store.open_shop(places[0])
    entry = replay.submission(shop, places[1], plan_id)
    return entry, replay.numbers(shop, places[1], entry)


def unpacked(path):
    """What lies in a file of `snapshots`, each part as bytes."""
    with zipfile.ZipFile(path) as archive:
        return [archive.read(name) for name in archive.namelist()]


def words(numbers):
    return " ".join(one if isinstance(one, str) else one.text() for one in numbers.said)


# --- exact ---


@pytest.mark.parametrize("plan_id", ["spring", "untried", "steps"])
def test_every_figure_comes_out_to_the_last_bit(demo, plan_id):
    entry, found = found_in(demo, plan_id)
    assert (found.verdict, found.differs, found.erased) == ("exact", {}, 0)
    assert found.figures == len(entry.payload["forecast"]) > 25
    assert found.customers > (30 if plan_id == "steps" else 500)
    assert all(replay.figure(name).text("zh") for name in entry.payload["forecast"])
    has_money = entry.payload["forecast"]["extra_profit"] is not None
    assert has_money == (plan_id != "untried")
    assert "All 30 figures are exactly those that were submitted" in words(found).replace(str(found.figures), "30")


def test_the_snapshot_is_small_and_the_same_submission_is_the_same_file(demo):
    shop = store.open_shop(demo[0])
    files = sorted((shop.path / "snapshots").iterdir())
    assert len(files) == 7, "six submissions, and one model for all"
    assert all(path.stat().st_size < 500_000 for path in files)
    entry = replay.submission(shop, demo[1], "spring")
    assert {f"{entry.payload['snapshot']}.zip"} < {path.name for path in files}
    ids = {one.encode() for one in shop.table("customers")["customer_id"]}
    said = {word for path in files for part in unpacked(path) for word in re.findall(rb"[\w-]{4,}", part)}
    assert b"unsubscribe" in b" ".join(said) and not said & ids


def test_rates_that_were_typed_come_out_to_the_last_bit(demo):
    entry, found = found_in(demo, "typed")
    assert (entry.payload["forecast"]["basis"], found.verdict) == ("assumption", "exact")
    assert entry.payload["forecast"]["extra_profit"] is not None


def test_who_would_buy_anyway_by_the_orders_is_kept_as_one_share():
    stored = kept_parts.ground_kept(GROUND, PEOPLE)
    again = kept_parts.ground_of(json.loads(json.dumps(stored)))
    assert again.anyway.rate([""] * 1000, 950.0) == LEARNED.rate(PEOPLE, 950.0)
    assert again.anyway.known([""] * 1000) == LEARNED.known(PEOPLE) == 900
    assert again.basket == GROUND.basket
    pd.testing.assert_frame_equal(again.experience.campaigns, PAST.campaigns[COLUMNS])
    assert not set(re.findall(r"c\d+", json.dumps(stored))) & set(PEOPLE)


def test_money_of_what_was_never_tried_comes_out_too(demo, tmp_path):
    shop, config = copied(demo, tmp_path)
    known = snapshots.read(shop, config, replay.submission(shop, config, "untried").payload["snapshot"]).question
    assert known.forecast().extra_profit is None
    assert replace(known, even_untried=True).forecast().extra_profit is not None


def test_nothing_of_today_enters(demo, tmp_path):
    shop, config = copied(demo, tmp_path)
    before = versions.current_version(shop)
    files = manifest.read(versions.folder(shop, before))
    orders, products = shop.table("orders"), shop.table("products")
    more = orders.assign(order_id="again-" + orders["order_id"])
    changed = products.assign(price=products["price"] * 2, unit_cost=products["unit_cost"] / 2)
    store.write_tables(shop, {"orders": pd.concat([orders, more], ignore_index=True), "products": changed})
    shop = store.save_settings(shop, {"gross_margin.default": 0.9, "send_cost.email": 1.0, "window_days.email": 30})
    for number in range(versions.KEPT + 1):
        versions.save(shop, f"2026070{number}-00000000", files | {"value.json": files["value.json"] + b" "}, {}, True)
    assert not versions.folder(shop, before).exists()
    for plan_id in ("spring", "steps"):
        assert found_in((shop.path, config), plan_id)[1].verdict == "exact"


# --- erased ---


def test_erased_customers_are_counted_and_what_differs_is_said(demo, tmp_path):
    shop, config = copied(demo, tmp_path)
    backup = shutil.copytree(shop.path, tmp_path / "backup")
    people = planned.reachable_customers(shop, plan_of("few", few(shop)))
    who = people[:3]
    keys = customer_keys.of_customers(shop.shop_id, config, who)
    assert erasure.held(shop, who, config)[erasure.SNAPSHOTS] == 3
    done = erasure.erase(shop.path, shop.shop_id, config, who, NOON)
    assert done.keys == 3
    assert erasure.held(shop, who, config)[erasure.SNAPSHOTS] == 0
    entry, found = found_in((shop.path, config), "few")
    assert (found.verdict, found.erased, found.customers) == ("different", 3, len(people))
    assert {"order_rate", "extra_profit"} <= set(found.differs)
    assert found.differs["orders"][0] == entry.payload["forecast"]["orders"] != found.differs["orders"][1]
    assert found.largest > 0
    assert f"3 of {len(people)} customers are erased since; what follows is computed on those left." in words(found)
    assert "figures differ: " in words(found) and "Extra profit" in words(found)
    assert found_in((Path(backup), config), "few")[1].erased == 3, "in a backup of the shop as well"
    left = b"".join(path.read_bytes() for path in [*config.rglob("*"), *(shop.path / "snapshots").iterdir()]
                    if path.is_file())  # fmt: skip
    assert not any(key.secret in left for key in keys)
    assert not any(one.encode() in left for one in who if len(one) > 2)


def test_where_everybody_is_erased_there_is_nothing_to_compute(demo, tmp_path):
    shop, config = copied(demo, tmp_path)
    customer_keys.destroy(shop.shop_id, config, shop.table("customers")["customer_id"].tolist())
    with pytest.raises(StoreProblem, match="customers whose rows were kept are erased"):
        found_in((shop.path, config), "few")


# --- what is wrong is said ---


def test_a_figure_that_is_another_in_its_last_digit_is_named_with_both_values(demo):
    shop = store.open_shop(demo[0])
    entry = replay.submission(shop, demo[1], "few")
    forged = entry.payload["forecast"] | {"orders": entry.payload["forecast"]["orders"] * (1 + 1e-12), "supported": 0}
    snapshot = snapshots.read(shop, demo[1], entry.payload["snapshot"])
    found = replay.compared(replace(entry, payload=entry.payload | {"forecast": forged}), snapshot)
    assert list(found.differs) == ["orders", "supported"]
    assert found.differs["orders"] == (forged["orders"], entry.payload["forecast"]["orders"])
    assert "2 of" in words(found) and "figures differ: Orders, Whether the past supports it." in words(found)
    assert "this difference has no explanation here" in words(found)
    again = replace(snapshot, versions={**snapshot.versions, "lightgbm": "1.0"})
    explained = replay.compared(replace(entry, payload=entry.payload | {"forecast": forged}), again)
    assert "lightgbm 1.0 → " in words(explained) and "no explanation" not in words(explained)


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-1] + b"?"), "was changed: it is not the file that the"),
        (lambda path: path.unlink(), "what was kept of the submission, is missing"),
    ],
)
def test_a_changed_or_missing_file_is_a_sentence(demo, tmp_path, harm, sentence):
    shop, config = copied(demo, tmp_path)
    of_plan = replay.submission(shop, config, "few").payload["snapshot"]
    model = snapshots.read(shop, config, of_plan).model_sha256
    for path in (snapshots.path_of(shop.path, model), snapshots.path_of(shop.path, of_plan)):
        whole = path.read_bytes()
        harm(path)
        with pytest.raises(StoreProblem, match=sentence):
            found_in((shop.path, config), "few")
        path.write_bytes(whole)


def test_a_submission_without_a_snapshot_and_an_unknown_one_are_sentences(demo, tmp_path):
    shop, config = copied(demo, tmp_path)
    approvals.submit(shop.path, shop.shop_id, plan_of("old", Audience()), {"orders": 1.0}, "Ana", NOON, config)
    with pytest.raises(StoreProblem, match="Nothing was kept"):
        replay.replay(shop, config, "old", None)
    with pytest.raises(StoreProblem, match="No submission is known by nobody"):
        replay.replay(shop, config, "nobody", None)


def test_a_decision_means_the_submission_it_was_about(demo, tmp_path):
    shop, config = copied(demo, tmp_path)
    approvals.approve(shop.path, shop.shop_id, "few", "Ben", "Ben", "fits", NOON, config)
    approved = ledger.entries(shop.path, shop.shop_id, config)[-1]
    assert replay.submission(shop, config, str(approved.seq)).action == "submitted"
    assert replay.submission(shop, config, "few") == replay.submission(shop, config, str(approved.seq))


# --- copy, and the command ---


def test_the_command_replays_numbers_and_copy(demo, monkeypatch):
    monkeypatch.setenv("OFFERLAB_CONFIG", str(demo[1]))
    assert replaying.replay.name == "replay"
    run = CliRunner().invoke(main, ["replay", "copy", "--shop", str(demo[0])], catch_exceptions=False)
    assert run.exit_code == 0, run.stderr
    told = json.loads(run.stdout)
    assert (told["plan_id"], told["numbers"]["verdict"], told["numbers"]["differs"]) == ("copy", "exact", {})
    same, changed, missing = told["texts"]
    assert (same["verdict"], same["edited_before_submission"]) == ("equal", ["subject"])
    assert changed["verdict"] == "different"
    assert changed["differs"]["body"]["kept"] == "Something else." != changed["differs"]["body"]["now"]
    assert missing["verdict"] == "impossible" and "No draft of this message is kept" in missing["sentence"]


def test_what_cannot_be_replayed_at_all_is_refused_in_the_language_asked_for(demo, monkeypatch):
    monkeypatch.setenv("OFFERLAB_CONFIG", str(demo[1]))
    assert replaying.replay.name == "replay"
    run = CliRunner().invoke(main, ["replay", "gone", "--language", "zh", "--shop", str(demo[0])])
    assert run.exit_code == 2 and "找不到 gone 对应的提交" in run.stderr
