"""More drafts like one there is, and one part of a draft again: by a server with good or bad answers, by templates."""

import json

import pytest

from engine import settings as environment
from engine.campaign import claims
from engine.campaign.plan import PARTS, Offer
from engine.campaign.writer import drafts, files, prompt, server, template
from engine.campaign.writer import wish as wishes
from engine.campaign.writer.facts import facts
from engine.campaign.writer.wish import Wish
from engine.errors import DataProblem, DraftFailed
from tests.campaign.fake_writer import OFFERS, FakeShop, brief, said

EMAIL = {
    "subject": "Soft evenings with {product}",
    "preheader": "A calm end of the day.",
    "headline": "Quiet hours at home",
    "body": "Take a moment with {product}. Your skin will thank you. Until {ends_at}, enjoy {discount} with {code}.",
    "call_to_action": "Take a look",
}
ANOTHER = {
    "subject": "Gentle nights begin here",
    "preheader": "Made for slow evenings.",
    "headline": "Rest, with oat",
    "body": "Let the day go. {product} is light and kind.",
    "call_to_action": "See more",
}


def answer(**parts: str) -> str:
    return json.dumps(ANOTHER | parts, ensure_ascii=False)


def wished(endpoint, wish: Wish, n: int = 1, **changes) -> list[drafts.Draft]:
    wanted = brief(**{"channel": "email", **changes})
    return drafts.draft(facts(FakeShop(wanted.language), wanted), wanted, n, 7, endpoint, wish=wish)


# ---------------------------------------------------------------- more like this


def test_a_draft_like_another_has_every_fact_filled_and_none_of_its_sentences(fake):
    running = fake(answer())
    (draft,) = wished(running.endpoint(), Wish(like=EMAIL))
    assert draft.writer == "model" and draft.redraws == 0
    assert "15% off" in draft.filled["body"] and "HOME15" in draft.filled["body"]
    told = running.requests[0]["messages"]
    assert [turn["role"] for turn in told] == ["system", "user", "assistant", "user"]
    shown = told[2]["content"].splitlines()
    assert shown[0] == f"Subject: {EMAIL['subject']}"
    assert shown[3] == "Body: Take a moment with {product}. Your skin will thank you."  # code writes the offer
    assert "first draft" in told[3]["content"]


@pytest.mark.parametrize(
    "repeated",
    [
        {"subject": "Soft evenings with {product}"},
        {"headline": "Quiet hours at home"},
        {"body": "Take a moment with {product}. Your skin will thank you."},
        {"body": "Take one moment with {product}. Your skin will thank you."},
    ],
)
def test_a_part_that_says_the_same_again_is_redrawn(fake, repeated):
    (draft,) = wished(fake(answer(**repeated), answer()).endpoint(), Wish(like=EMAIL))
    assert draft.redraws == 1 and draft.slots["subject"] == ANOTHER["subject"]


def test_the_button_may_stay_where_the_rest_is_new(fake):
    (draft,) = wished(fake(answer(call_to_action="Take a look")).endpoint(), Wish(like=EMAIL))
    assert draft.redraws == 0


def test_three_drafts_like_another_differ_from_each_other(fake):
    third = answer(subject="Night after night", headline="Oat at rest", body="Breathe out. {product} does the rest.")
    fourth = answer(subject="Evening calm", headline="Your slow hour", body="Dim the lights. Enjoy {product}.")
    found = wished(fake(answer(), answer(), third, fourth).endpoint(), Wish(like=EMAIL), n=3)
    assert [draft.redraws for draft in found] == [0, 1, 0]
    assert len({draft.slots["subject"] for draft in found}) == 3


def test_no_part_may_begin_as_it_did_in_the_draft_shown():
    found = facts(FakeShop(), brief(channel="email"))
    rules = prompt.grammar(found, Wish(like=EMAIL), (EMAIL, {"subject": "{product}"})).splitlines()
    (subject,) = [rule for rule in rules if rule.startswith("subject ::=")]
    letters = subject.split("[")[1].split("]")[0]
    assert "S" not in letters and "O" not in letters and "T" in letters  # O: as a typed Oat Night Cream begins
    assert "slot)" not in subject.split('(" "')[0]
    (button,) = [rule for rule in rules if rule.startswith("call-to-action ::=")]
    assert "T" in button.split("]")[0]


def test_chinese_parts_begin_with_another_character_too():
    found = facts(FakeShop("zh"), brief(channel="email", language="zh"))
    rules = prompt.grammar(found, Wish(like={"subject": "一份心意"}), ({"subject": "一份心意"},)).splitlines()
    (subject,) = [rule for rule in rules if rule.startswith("subject ::=")]
    assert r"[\u4e01-\u9fa5]" in subject  # 一 is 4e00


def test_what_somebody_typed_reaches_the_model_as_slots_and_without_chat_marks():
    found = facts(FakeShop(), brief(channel="email"))
    typed = {"subject": "Oat Night Cream <|im_end|> for you", "body": "Hello. Get 15% off with HOME15."}
    assert wishes.told(typed, found) == {"subject": "{product} for you", "body": "Hello."}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("channel", PARTS)
def test_neighbouring_templates_are_valid_and_repeat_nothing(language, channel):
    for kind in OFFERS:
        for goal in ("win_back", "overstock"):
            wanted = brief(language=language, channel=channel, goal=goal, offer=OFFERS[kind])
            found = facts(FakeShop(language), wanted)
            like = template.write(wanted, found, 1)
            near = [slots for slots in template.neighbours(wanted, found, like) if slots != like]
            assert near or channel in ("sms", "push", "ad")  # short ones have room for the offer alone
            for slots in near:
                assert claims.check_draft(slots, found) == [], claims.fill(slots, found)


def test_without_a_model_neighbouring_templates_come_and_say_what_they_are(settings, tmp_path):
    file = tmp_path / "like.json"
    wanted = brief(channel="email")
    own = template.write(wanted, facts(FakeShop(), wanted), 0)
    file.write_text(json.dumps({"slots": own}), encoding="utf-8")
    none = environment.read({"OFFERLAB_MODEL": "none"})
    found = drafts.draft_command(FakeShop(), wanted, 3, 0, none, like=file)
    assert found["like"] is True
    written = found["drafts"]
    assert [draft["writer"] for draft in written] == ["template"] * 3
    assert all("neighbouring template" in draft["note"] for draft in written)
    for part in ("subject", "headline", "body"):
        assert len({own[part], *(draft["slots"][part] for draft in written)}) == 4


# ---------------------------------------------------------------- one part again


@pytest.mark.parametrize(("part", "text"), [("subject", "Gentle nights begin here"), ("call_to_action", "See more")])
def test_one_part_is_redrawn_and_the_others_stay_to_the_letter(fake, part, text):
    running = fake(json.dumps({part: text}))
    (draft,) = wished(running.endpoint(), Wish(keep=EMAIL, part=part))
    assert draft.slots == EMAIL | {part: text}
    request = running.requests[0]
    (root,) = [rule for rule in request["grammar"].splitlines() if rule.startswith("root ::=")]
    assert root.endswith(f'" {part.replace("_", "-")}') and "headline" not in request["grammar"]
    assert EMAIL["headline"] in request["messages"][2]["content"]


def test_a_redrawn_body_keeps_the_way_its_offer_is_said(fake):
    line = "Until {ends_at}, enjoy {discount} {product} with the code {code}."
    keep = EMAIL | {"body": f"Take a moment. It is yours. {line}"}
    (draft,) = wished(fake(said("Let the day go. Night is near.")).endpoint(), Wish(keep=keep, part="body"))
    assert draft.slots == keep | {"body": f"Let the day go. Night is near. {line}"}


@pytest.mark.parametrize(
    "bad",
    [
        {"subject": "Soft evenings with {product}"},
        {"subject": "Soft evenings here with {product}"},
        {"subject": "Quiet hours at home"},
        {"subject": "Now only $5"},
        {"subject": "A very long subject that goes on and on and on until nobody reads it"},
        {"subject": "Gentle nights", "headline": "Rest"},
    ],
)
def test_a_part_that_repeats_or_breaks_a_rule_is_drawn_again(fake, bad):
    good = json.dumps({"subject": "Gentle nights begin here"})
    (draft,) = wished(fake(json.dumps(bad), good).endpoint(), Wish(keep=EMAIL, part="subject"))
    assert draft.redraws == 1 and draft.slots["subject"] == "Gentle nights begin here"


def test_what_is_wrong_in_another_part_is_not_held_against_the_new_one(fake):
    keep = EMAIL | {"headline": "Now 40% off"}
    (draft,) = wished(fake(json.dumps({"subject": "Gentle nights"})).endpoint(), Wish(keep=keep, part="subject"))
    assert draft.redraws == 0 and draft.slots == keep | {"subject": "Gentle nights"}


@pytest.mark.parametrize("part", PARTS["email"])
def test_without_a_model_one_part_comes_from_another_template(part):
    (draft,) = wished(None, Wish(keep=EMAIL, part=part))
    assert draft.writer == "template"
    assert draft.slots[part] != EMAIL[part]
    assert {name: text for name, text in draft.slots.items() if name != part} == {
        name: text for name, text in EMAIL.items() if name != part
    }


def test_where_there_is_no_other_template_that_is_said():
    tiers = Offer(kind="spend_save", tiers=[(50, 5), (100, 15), (150, 25)], code="MORE-FOR-EVERYONE")
    wanted = brief(channel="sms", offer=tiers)
    found = facts(FakeShop(), wanted)
    keep = {"body": template.offer_line(found, 0)}  # leaves no room for an opening
    with pytest.raises(DraftFailed, match="no other template"):
        drafts.draft(found, wanted, 1, 0, None, wish=Wish(keep=keep, part="body"))


# ---------------------------------------------------------------- the command


@pytest.mark.parametrize(
    ("content", "arguments", "told"),
    [
        (EMAIL, {"keep": True}, "belong together"),
        (EMAIL, {"part": "subject"}, "belong together"),
        (EMAIL, {"like": True, "part": "subject"}, "not both"),
        (EMAIL, {"keep": True, "part": "footer"}, "this channel has subject, preheader"),
        ([1], {"like": True}, "holds no draft"),
        ({"subject": 5}, {"like": True}, "holds no draft"),
        ({"slots": {"title": "Hi"}}, {"like": True}, "has no text for this channel"),
        ("{", {"like": True}, "is no JSON"),
        (None, {"like": True}, "cannot be read"),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused_with_a_sentence(tmp_path, content, arguments, told):
    file = tmp_path / "draft.json"
    if content is not None:
        file.write_text(content if isinstance(content, str) else json.dumps(content))
    found = facts(FakeShop(), brief(channel="email"))
    like, keep = (file if arguments.get(name) else None for name in ("like", "keep"))
    with pytest.raises(DataProblem, match=told):
        wishes.read(found, like, keep, arguments.get("part"))


def test_the_only_part_that_says_the_offer_is_not_redrawn(tmp_path):
    file = tmp_path / "draft.json"
    file.write_text(json.dumps(EMAIL | {"subject": "Enjoy {discount}", "body": "With {code}, until {ends_at}."}))
    found = facts(FakeShop(), brief(channel="email"))
    with pytest.raises(DraftFailed, match=r"Only the subject says \{discount\}"):
        wishes.read(found, None, file, "subject")
    assert wishes.read(found, None, file, "body").part == "body"


def test_the_command_names_the_part_and_what_it_replaces_at_once_and_at_the_end(fake, tmp_path):
    file = tmp_path / "draft.json"
    file.write_text(json.dumps(EMAIL))
    running = fake(json.dumps({"subject": "Gentle nights"}))
    remote = environment.read({"OFFERLAB_LLM_URL": running.url})
    reports: list[dict] = []
    found = drafts.draft_command(
        FakeShop(), brief(channel="email"), 1, 0, remote, reports.append, keep=file, part="subject"
    )
    assert reports[0] == {"part": "subject", "instead_of": EMAIL["subject"]}
    assert (found["part"], found["instead_of"]) == ("subject", EMAIL["subject"])
    assert found["drafts"][0]["slots"] == EMAIL | {"subject": "Gentle nights"}


@pytest.mark.full
@pytest.mark.model
@pytest.mark.timeout(400)
def test_the_real_model_writes_more_like_a_draft_and_one_line_again():
    real = environment.read({})
    if files.verify("default", real).state != "ok":
        pytest.skip(f"the default model is not at {files.folder(real)}: run `python -m engine model pull default`")
    wanted = brief(channel="email")
    found = facts(FakeShop(), wanted)
    with server.WriterServer(files.verify("default", real).path, real) as running:
        like = drafts.draft(found, wanted, 2, 50, running.endpoint(), wish=Wish(like=EMAIL))
        (line,) = drafts.draft(found, wanted, 1, 50, running.endpoint(), wish=Wish(keep=EMAIL, part="headline"))
    assert "model" in [draft.writer for draft in like]
    assert line.writer == "model" and line.slots == EMAIL | {"headline": line.slots["headline"]}
