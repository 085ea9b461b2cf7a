"""The check of copy: facts, law and brand together, and `python -m engine check-copy`."""

import json
from dataclasses import replace
from datetime import date

import pytest
from click.testing import CliRunner

from engine.__main__ import main
from engine.campaign import checked, lint
from engine.campaign.plan import Plan, Step
from engine.errors import NotAllowed
from tests.campaign.copy_shops import briefs, facts_of, shop

RULES = lint.rules_of(shop("shop"))
GOOD = {
    "subject": "A good pan for slow evenings",
    "preheader": "And a board to go with it.",
    "headline": "For your kitchen",
    "body": "Until June 30, {product_a} and {product_b} are {discount} with {code}.",
    "call_to_action": "Take a look",
}


def kinds(found) -> set[tuple[str, str]]:
    return {(one.kind, one.rule) for one in found if one.verdict == "refused"}


def test_a_true_and_lawful_text_has_no_refusal_and_says_where_its_facts_stand():
    found = checked.text("15% off the Cast Iron Skillet until June 30.", facts_of("e1"), RULES)
    assert [(one.text, one.verdict) for one in found] == [
        ("15% off", "match"), ("Cast Iron Skillet", "match"), ("June 30", "match"),
    ]  # fmt: skip
    assert [one.row for one in found] == ["brief: discount", "products p04: name", "brief: ends_at"]


def test_facts_and_law_are_judged_together_and_a_place_is_refused_once():
    found = checked.text("The best skillet in town, 25% off!!!", facts_of("e1"), RULES)
    refused = [one for one in found if one.verdict == "refused"]
    assert ("lint", "superlative") in kinds(found) and ("percent", "") in kinds(found)
    assert not [one for one in refused if one.kind == "superlative"], "the rule speaks, with its law"


def test_a_complete_message_lacks_what_law_and_brief_ask_for():
    complete = checked.message(GOOD, facts_of("e1"), RULES)
    assert not [one for one in complete.says if one.verdict == "refused"]
    missing = {one.fact for one in checked.message({**GOOD, "body": "Look around."}, facts_of("e1"), RULES).lacks}
    assert {"discount", "code", "ends_at"} <= missing


def test_a_short_message_says_the_facts_by_slot_or_by_hand_alike():
    typed = {**GOOD, "body": "Until June 30, Cast Iron Skillet and Walnut Cutting Board are 15% off with HOME15."}
    assert [one.fact for one in checked.message(typed, facts_of("e1"), RULES).lacks] == [
        one.fact for one in checked.message(GOOD, facts_of("e1"), RULES).lacks
    ]


# --- a plan ---


def plan_with(*steps: Step) -> Plan:
    return Plan(
        plan_id="p", name="P", owner="ana", steps=list(steps), starts_at=date(2026, 6, 1), ends_at=date(2026, 6, 30)
    )


def stops(plan, **more):
    return [(one.step, one.language, one.finding.text) for one in checked.stops(plan, known, RULES, **more)]


def known(step: int, language: str):
    return facts_of("e1" if language == "en" else "c1")


def test_a_plan_is_stopped_by_what_any_of_its_messages_says_wrongly_in_any_language():
    wrong = Step(day=1, copy={"subject": "25% off"}, translations={"zh": {"subject": "全国最好的锅"}})
    plan = plan_with(Step(copy={"subject": "{discount} with {code}"}), wrong)
    assert {(number, language) for number, language, _ in stops(plan)} == {(1, "en"), (1, "zh")}
    assert (1, "en", "25%") in stops(plan)


def test_a_plan_without_copy_is_not_stopped_and_one_with_a_part_of_it_for_what_it_says_alone():
    part = plan_with(Step(copy={"subject": "{discount} with {code}"}))
    assert stops(plan_with(Step())) == stops(part) == []
    assert stops(part, whole=True)


def test_a_message_with_every_part_is_judged_as_a_whole():
    said = {stop.finding.rule for stop in checked.stops(plan_with(Step(copy=GOOD)), known, lint.Rules())}
    assert said == {"unsubscribe", "sender_address"}


def test_an_offer_beyond_the_shops_limit_stops_any_copy_of_it():
    plan = plan_with(Step(copy={"subject": "{discount} with {code}"}))
    assert [one.finding.rule for one in checked.stops(plan, known, replace(RULES, discount_cap=0.1))] == [
        "discount_cap"
    ]


def test_a_refusal_has_part_words_reason_and_rule_in_both_languages():
    with pytest.raises(NotAllowed) as refused:
        checked.require_sendable(plan_with(Step(copy={"subject": "25% off", "body": "The best pan."})), known, RULES)
    head, *reasons = refused.value.texts("en")
    assert head.startswith("Plan p is not submitted")
    assert reasons[0].startswith("Subject “25%”: ")
    assert reasons[1].startswith("Text “best”: ") and reasons[1].endswith("(rule: Superlatives)")
    assert refused.value.texts("zh")[1].startswith("主题“25%”：")
    checked.require_sendable(plan_with(Step(copy={"subject": "{discount}"})), known, RULES)


# --- the command ---


@pytest.fixture
def brief(tmp_path):
    path = tmp_path / "brief.json"
    path.write_text(briefs()["e1"].model_dump_json(), "utf-8")
    return path


def run(brief, text):
    arguments = ["check-copy", "--shop", str(shop("shop").path), "--brief", str(brief), "--text", str(text)]
    return CliRunner().invoke(main, arguments, catch_exceptions=False)


def test_the_command_answers_in_the_files_order_and_ends_well_where_texts_are_refused(tmp_path, brief):
    path = tmp_path / "copy.jsonl"
    lines = [{"id": "b", "text": "Take 25% off with HOME51."}, {"id": "a", "text": "Take 15% off with HOME15."}]
    lines.append({"id": "whole", "parts": GOOD})
    path.write_text("\n".join(json.dumps(line) for line in lines), "utf-8")
    ended = run(brief, path)
    assert ended.exit_code == 0
    texts = json.loads(ended.stdout)["texts"]
    assert [(one["id"], one["ok"]) for one in texts] == [("b", False), ("a", True), ("whole", True)]
    wrong = texts[0]["claims"]
    assert [(one["text"], one["kind"], one["verdict"]) for one in wrong] == [
        ("25%", "percent", "refused"), ("HOME51", "code", "refused"),
    ]  # fmt: skip
    assert {"text", "start", "end", "kind", "verdict", "fact", "reason"} <= wrong[0].keys()
    assert texts[0]["missing"] == texts[1]["missing"] == [], "a piece of a message lacks nothing"


def test_a_plain_file_is_one_text_with_the_files_name(tmp_path, brief):
    path = tmp_path / "push.txt"
    path.write_text("Your pan waits until July 30.", "utf-8")
    (text,) = json.loads(run(brief, path).stdout)["texts"]
    assert (text["id"], text["ok"]) == ("push", False)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        (
            "copy.jsonl",
            b'{"id": "1", "text": "Hi"}\n{"id": "2"}\n[1]\n',
            "copy.jsonl line 2: each line is one JSON object",
        ),
        ("copy.jsonl", b"not json", "copy.jsonl line 1: each line is one JSON object"),
        ("copy.jsonl", b'{"id": "1", "parts": {"body": 3}}', "copy.jsonl line 1"),
        ("copy.txt", b"\xff\xfe", "copy.txt is not UTF-8 text (byte 0)"),
        ("copy.txt", b"a" * 20_001, "copy.txt: the text has 20001 characters; at most 20000"),
    ],
)
def test_a_file_that_holds_no_copy_is_refused_with_its_line(tmp_path, brief, name, content, sentence):
    path = tmp_path / name
    path.write_bytes(content)
    ended = run(brief, path)
    assert ended.exit_code == 2 and sentence in ended.stderr and not ended.stdout


def test_a_file_that_is_not_there_is_said_to_be(tmp_path, brief):
    ended = run(brief, tmp_path / "none.txt")
    assert ended.exit_code == 2 and "none.txt" in ended.stderr
