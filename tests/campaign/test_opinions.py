"""Thumbs and edits: kept with the shop, shown to the writer as its example, and never written again where disliked."""

from dataclasses import replace
from datetime import UTC, datetime

import pandas as pd
import pytest

from engine.campaign.writer import drafts, opinions, prompt, replay, wish
from engine.campaign.writer.facts import facts
from engine.shop import store
from tests.campaign.fake_writer import OFFERS, PRODUCTS, brief, said
from tests.tiny import shop_of

NOW = datetime(2026, 6, 1, tzinfo=UTC)
CREAM = brief(channel="sms", product_ids=["p12"])
TOWEL = brief(channel="sms", product_ids=["p13"])
TEXT = {"body": "A soft hour with {product} is near. Take {discount} with {code}, until {ends_at}."}


@pytest.fixture
def shop(tmp_path):
    columns = ["product_id", "name", "category", "price", "description"]
    return shop_of(tmp_path / "shop", {"products": pd.DataFrame(PRODUCTS["en"], columns=columns)})


def thumb(shop, up, asked=CREAM, slots=TEXT, draft_id="d1", at=NOW):
    opinions.thumb(shop.path, draft_id, up, asked, 0, slots, at)


def test_a_thumb_is_kept_changed_and_taken_back(shop):
    assert opinions.thumbs(shop.path) == {} and not (shop.path / opinions.FILE).exists()
    thumb(shop, True)
    assert opinions.thumbs(shop.path) == {"d1": True}
    thumb(shop, False)
    assert opinions.thumbs(shop.path) == {"d1": False}
    thumb(shop, None)
    assert opinions.thumbs(shop.path) == {}


def test_an_edited_text_is_kept_with_its_typed_facts_as_slots(shop):
    known = facts(shop, CREAM)
    assert not opinions.edited(shop.path, "d1", CREAM, 0, TEXT, TEXT, known, NOW)
    mine = {"body": "Rest well with Oat Night Cream. Take 15% off with HOME15, until 30 June."}
    assert opinions.edited(shop.path, "d1", CREAM, 0, TEXT, mine, known, NOW)
    (kept,) = opinions.opinions(shop.path, "en", ["edited"], 9)
    assert kept.slots["body"] == "Rest well with {product}. Take {discount} with {code}, until {ends_at}."
    assert (kept.before, kept.brief) == (TEXT, CREAM)


def test_a_liked_text_takes_the_place_of_the_worked_example(shop):
    thumb(shop, True)
    told = prompt.messages(TOWEL, drafts.known(shop, TOWEL), 0)
    assert [turn["role"] for turn in told] == ["system", "user", "assistant", "user"]
    assert "Oat Night Cream" in told[1]["content"] and "Linen Tea Towel" in told[3]["content"]
    assert told[2]["content"] == "Body: A soft hour with {product} is near."  # code writes the offer
    store.save_settings(shop, {"liked_examples": False})
    again = store.open_shop(shop.path)
    assert "basil" in prompt.messages(TOWEL, drafts.known(again, TOWEL), 0)[2]["content"]


@pytest.mark.parametrize(
    "asked",
    [
        CREAM,  # the same product: the model would say the same
        brief(channel="push", product_ids=["p13"]),
        brief(channel="sms", product_ids=["p13"], language="zh"),
        brief(channel="sms", product_ids=["p13", "p14"]),
        brief(channel="sms", product_ids=[]),
    ],
)
def test_a_liked_text_is_no_example_for_another_kind_of_brief(shop, asked):
    thumb(shop, True)
    assert opinions.liked_for(shop, asked) is None


def test_of_liked_texts_one_for_the_same_goal_comes_first_then_the_newest(shop):
    goals = ["vip", "win_back", "launch"]
    for day, goal in enumerate(goals, start=1):
        text = {"body": f"A {goal[:3]} hour is near. Take {{discount}} with {{code}}."}
        thumb(shop, True, brief(channel="sms", product_ids=["p12"], goal=goal), text, goal, NOW.replace(day=day))
    assert opinions.liked_for(shop, TOWEL).brief.goal == "win_back"
    assert opinions.liked_for(shop, brief(channel="sms", product_ids=["p13"], goal="sunset")).brief.goal == "launch"


def test_a_liked_text_that_would_be_refused_or_whose_product_is_gone_is_no_example(shop):
    thumb(shop, True, slots={"body": "Last chance for {product}! Take {discount}."})
    assert opinions.liked_for(shop, TOWEL) is None
    assert opinions.as_example(shop, brief(product_ids=["p99"]), TEXT, 0) is None


def test_a_draft_that_copies_the_liked_text_is_drawn_again_and_can_be_replayed(shop, fake):
    thumb(shop, True)
    known = drafts.known(shop, TOWEL)
    running = fake(said("A soft hour with {product} is near."), said("Dry dishes in no time with {product}."))
    (draft,) = drafts.draft(known, TOWEL, 1, 7, running.endpoint())
    assert draft.redraws == 1
    assert draft.example["slots"] == TEXT
    thumb(shop, None)  # what it was shown then is kept with the draft
    found = replay.replay(draft, shop, TOWEL, None, running.endpoint())
    assert found.verdict == "equal"


def test_what_has_a_thumb_down_is_not_written_again_by_model_or_template(shop, fake):
    thumb(shop, False)
    known = drafts.known(shop, CREAM)
    running = fake(said("A soft hour with {product} is near."), said("Good skin needs little."))
    (draft,) = drafts.draft(known, CREAM, 1, 7, running.endpoint())
    assert draft.redraws == 1 and "Good skin" in draft.slots["body"]
    first, second = drafts.draft(replace(known, disliked=()), CREAM, 2, 0, None)
    thumb(shop, False, slots=first.slots, draft_id="d2")
    now = drafts.draft(drafts.known(shop, CREAM), CREAM, 1, 0, None)[0]
    assert now.slots != first.slots and not wish.disliked(now.slots, drafts.known(shop, CREAM))
    assert wish.disliked(first.slots, drafts.known(shop, CREAM))
    assert now.template and replay.replay(now, shop, CREAM, None).verdict == "equal"
    assert second.template is None


def test_an_opinion_whose_brief_cannot_be_read_any_more_says_nothing(shop):
    thumb(shop, True)
    with opinions._database(shop.path) as db, db.conn:
        db.execute("UPDATE opinions SET brief = '{}'")
    assert opinions.opinions(shop.path, "en", ["up"], 9) == []
    assert opinions.liked_for(shop, brief(channel="sms", product_ids=["p13"], offer=OFFERS["gift"])) is None
