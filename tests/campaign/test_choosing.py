"""Which drafts are chosen: never one that may not be sent, then those that differ and do what past words did."""

import json
from dataclasses import replace

import pytest

from engine.campaign import copy_features
from engine.campaign.copy_features import Effect, Evidence
from engine.campaign.lint import Rules
from engine.campaign.writer import best, candidates, choosing, drafts, speed
from engine.campaign.writer.facts import facts
from engine.campaign.writer.wish import Wish
from engine.errors import DraftFailed
from engine.sentences import spoken
from engine.shop import store
from tests.campaign.fake_writer import FakeShop, brief, said
from tests.tiny import shop_of

WANTED = brief(product_ids=[])
FACTS = facts(FakeShop(), WANTED)
NOTHING_KNOWN = Evidence(12)
BODIES = [
    "Soft skin starts tonight.",
    "Soft skin starts this morning.",
    "A quiet hour is yours.",
    "Is it time for tea?",
]


def written(*bodies: str, writer: str = "model") -> list[drafts.Draft]:
    """A draft for each of these openings."""
    [form] = drafts.draft(FACTS, WANTED, 1, 0, None)
    slots = [{"body": f"{body} {form.slots['body'].partition(' ')[2]}"} for body in bodies]
    slots = [{"body": body} for body in bodies] if writer == "bare" else slots
    return [
        form.model_copy(update={"number": number, "writer": "template" if writer == "template" else "model",
                                "slots": one, "filled": one})
        for number, one in enumerate(slots)
    ]  # fmt: skip


def chosen(candidates_, n: int, evidence: Evidence = NOTHING_KNOWN, rules: Rules | None = None) -> list[int]:
    told = choosing.choose(candidates_, n, FACTS, rules or Rules(), evidence)
    return [one.number for one, choice in told if choice.is_chosen]


def test_the_two_that_differ_most_are_chosen_and_the_one_left_says_whom_it_is_like():
    told = choosing.choose(written(*BODIES[:3], writer="bare"), 2, FACTS, Rules(), NOTHING_KNOWN)
    assert [choice.is_chosen for _, choice in told] == [True, False, True]
    left = told[1][1]
    assert left.likeness == choosing.likeness({"body": BODIES[0]}, {"body": BODIES[1]}, FACTS) > 0.5
    assert spoken(left.reason).startswith("Not chosen: 67% of its words are those of draft 1, which was chosen.")
    assert "no evidence from 12 past campaigns" in spoken(left.reason)


@pytest.mark.parametrize(
    ("body", "rules", "reason"),
    [
        ("Only $5 for our best friends.", Rules(), "$5"),
        ("A bespoke hour is yours.", Rules(own_words=(("bespoke", "too grand"),)), "too grand"),
    ],
)
def test_what_is_not_true_or_not_lawful_is_never_chosen(body, rules, reason):
    found = choosing.choose(written(body, *BODIES[:2], writer="bare"), 3, FACTS, rules, NOTHING_KNOWN)
    assert [choice.is_chosen for _, choice in found] == [False, True, True]
    assert spoken(found[0][1].reason).startswith("Not chosen: ")
    assert reason in spoken(found[0][1].reason) or reason in found[0][0].slots["body"]


def test_what_past_campaigns_say_of_words_counts_where_they_say_anything():
    options = written(*BODIES, writer="bare")
    assert chosen(options, 1) == [0]
    question = Evidence(40, (Effect("question", 0.4, 0.1, 0.7),))
    assert chosen(options, 1, question) == [3]
    told = choosing.choose(options, 1, FACTS, Rules(), question)
    assert "Clicks: +49% for such words (+11% to +101%), from 40 past campaigns." in spoken(told[3][1].reason)
    assert told[3][1].as_dict()["effect"] == {"effect": 0.4918, "low": 0.1052, "high": 1.0138}


def test_a_template_is_chosen_only_where_the_model_wrote_too_few():
    options = written(*BODIES[:3], writer="bare")
    options[0] = options[0].model_copy(update={"writer": "template"})
    assert chosen(options, 2) == [1, 2]
    assert chosen(options, 3) == [0, 1, 2]


def test_chinese_drafts_are_compared_by_their_characters():
    known = facts(FakeShop("zh"), brief(language="zh", product_ids=[]))
    assert choosing.likeness({"body": "今晚好好休息。"}, {"body": "今晚好好休息吧。"}, known) > 0.9
    assert choosing.likeness({"body": "今晚好好休息。"}, {"body": "新茶到了。"}, known) < 0.2


# --- in the command ---


def plain_shop(tmp_path):
    """A shop that never says "bespoke"."""
    made = shop_of(tmp_path / "shop", {})
    store.save_settings(made, {"brand_voice": {"never": ["bespoke"]}})
    return store.open_shop(made.path)


def test_eight_are_written_and_the_best_three_chosen_while_the_others_are_kept_with_the_reason(fake, settings):
    bodies = [f"{word} days begin at home." for word in ("Soft", "Calm", "Slow", "Warm", "Quiet", "Mild", "Fresh")]
    running = fake(*map(said, [*bodies, "What makes a good evening?"]))
    reports = []
    at_address = replace(settings, llm_url=running.url)
    found = drafts.draft_command(FakeShop(), WANTED, 3, 0, at_address, reports.append, wanted=8)
    assert reports[0] == {"candidates": 8}
    assert len(found["drafts"]) == 3 and len(found["not_chosen"]) == 5
    assert any("good evening?" in draft["slots"]["body"] for draft in found["drafts"])
    assert all(draft["choice"]["reason"].startswith("Not chosen: ") for draft in found["not_chosen"])
    assert all(draft["choice"]["chosen"] for draft in found["drafts"])


def test_where_law_or_brand_refuse_a_draft_a_template_stands_in_and_says_why(tmp_path):
    shop = plain_shop(tmp_path)
    options = written("A bespoke hour is yours.", BODIES[2])
    good, left = best.of(shop, WANTED, FACTS, options, 2)
    assert [one.number for one in good] == [1, 2] and good[1].writer == "template"
    assert "A draft of the language model was refused" in (good[1].note or "")
    assert [one.number for one in left] == [0]


def test_a_line_that_may_not_be_sent_is_not_given(tmp_path):
    shop = plain_shop(tmp_path)
    options, wish = written("A bespoke hour is yours."), Wish(keep={"body": "x"}, part="body")
    with pytest.raises(DraftFailed, match="Nothing that was written may be sent"):
        best.of(shop, WANTED, FACTS, options, 1, wish)


def test_as_many_are_written_as_the_recorded_speed_allows_in_ten_seconds(settings):
    assert candidates.seconds(settings, "sms", 8) is None
    at_address = replace(settings, llm_url="http://a")
    for channel, took in (("sms", 2.0), ("sms", 2.4), ("email", 5.0)):
        speed.note(at_address, "http://a", "m", 9.0, channel, took)
    speed.note(at_address, "http://a", "m", 9.0)  # as earlier versions did
    assert candidates.seconds(at_address, "sms", 8) == pytest.approx(17.6)
    assert candidates.seconds(at_address, "push", 2) == pytest.approx(4.8)  # nothing of its own: all drafts
    each = speed.seconds_per_draft(at_address, "http://a", "sms")
    assert candidates.how_many(3, each, has_power=False) == 4
    assert json.loads((settings.cache / "logs" / "speed.jsonl").read_text("utf-8").splitlines()[0])["seconds"] == 2.0


def test_readers_first_see_the_headline_then_the_subject_then_the_text():
    assert copy_features.title({"subject": "s", "headline": "h", "body": "b"}) == "h"
    assert copy_features.title({"body": "b"}) == "b"
