"""A model's server at an address; and drafts written again, to compare."""

import json
import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from engine.campaign.writer import drafts, remote
from engine.campaign.writer.facts import facts
from engine.campaign.writer.replay import replay, replay_command
from engine.campaign.writer.together import together
from engine.campaign.writer.wish import Wish
from engine.errors import DataProblem, DraftFailed
from engine.sentences import Sentence
from tests.campaign.fake_writer import GOOD, OTHER, FakeShop, brief, drawn, said

# ---------------------------------------------------------------- at an address


@pytest.fixture
def answering():
    """answering(status, body) -> the address of a server that gives this answer to everything."""
    running = []

    def start(status, body):
        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *args):
                pass

            def do_GET(self):
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body)

        running.append(HTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=running[-1].serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return f"http://127.0.0.1:{running[-1].server_port}"

    yield start
    for one in running:
        one.shutdown()
        one.server_close()


@pytest.mark.parametrize(
    ("status", "body", "key", "told"),
    [
        (401, b"", None, "wants a key"),
        (401, b"", "k", "refuses the key"),
        (403, b"", "k", "refuses the key"),
        (404, b"", None, "answers HTTP 404"),
        (200, b"<html>", None, "no OpenAI-compatible server"),
        (200, b"[]", None, "no OpenAI-compatible server"),
        (200, b'{"data": "x"}', None, "no OpenAI-compatible server"),
        (200, b'{"data": []}', None, "offers no model"),
    ],
)
def test_each_reason_not_to_use_a_server_has_its_sentence(answering, settings, status, body, key, told):
    with pytest.raises(DraftFailed, match=told) as problem:
        remote.remote(replace(settings, llm_url=answering(status, body), llm_key=key))
    assert "写作服务" in problem.value.text("zh") or "服务器" in problem.value.text("zh")


def test_a_server_that_is_not_there_is_unreachable(settings):
    with pytest.raises(DraftFailed, match="cannot be reached"):
        remote.remote(replace(settings, llm_url="http://127.0.0.1:9"))


def test_a_server_elsewhere_is_asked_for_all_drafts_at_once(fake):
    slow = {"text": GOOD, "delay": 0.1}
    running = fake(slow, slow | {"text": OTHER}, slow | {"text": said("Good evenings need little.")}, owned_by="vllm")
    at_once = []
    wanted = brief()
    for kind, index, _ in drafts.stream(facts(FakeShop(), wanted), wanted, 3, 7, running.endpoint("other")):
        at_once.append(index) if kind == "text" else None
        if kind == "draft":
            break
    assert len(running.requests) == 3 and set(at_once) == {0, 1, 2}


def test_drafts_side_by_side_differ_and_come_in_their_order(fake):
    running = fake(GOOD, GOOD, OTHER, said("Good evenings need little."), owned_by="vllm")
    found = drawn(running.endpoint("other"), n=3)
    assert [draft.number for draft in found] == [0, 1, 2]
    assert len({draft.filled["body"] for draft in found}) == 3


def test_what_one_of_several_raises_is_raised_after_the_others_are_done():
    def counts(n):
        yield from range(n)
        if n == 2:
            raise ValueError("two")

    seen = []
    with pytest.raises(ValueError, match="two"):
        for item in together([counts(1), counts(2), counts(3)]):
            seen.append(item)
    assert sorted(seen) == [0, 0, 0, 1, 1, 2]


def test_a_server_that_answered_once_is_waited_for(fake, settings):
    running = fake(GOOD)
    asked = remote.Remote(replace(settings, llm_url=running.url), patience=0.6)
    assert asked().backend == "llama_cpp"
    running.close()
    began = time.monotonic()
    with pytest.raises(DraftFailed):
        asked()
    assert time.monotonic() - began < 0.5  # it is none of ours: nobody starts it again


# ---------------------------------------------------------------- written again


def test_a_draft_keeps_what_it_can_be_written_from_again(fake):
    (draft,) = drawn(fake(GOOD).endpoint())
    assert (draft.seed, draft.temperature, draft.top_p, draft.max_tokens) == (7, 0.6, 0.95, 120)
    assert len(draft.prompt_sha256) == len(draft.engine_sha256) == len(draft.model_sha256) == 64
    assert draft.llama_cpp and draft.wished is None


def test_a_replay_says_equal_or_what_differs(fake, settings):
    (draft,) = drawn(fake("no such\nform", GOOD).endpoint())
    same, other = fake(GOOD), fake(OTHER)
    found = replay(draft, FakeShop(), brief(), settings, same.endpoint())
    assert (found.verdict, found.parts, found.changed) == ("equal", (), ())
    assert same.requests[0]["seed"] == 8  # the draw that was taken, not the one that was refused
    found = replay(draft, FakeShop(), brief(), settings, other.endpoint())
    assert (found.verdict, found.parts) == ("different", ("body",))


def test_a_redrawn_part_is_written_again_as_it_was_asked_for(fake, settings):
    keep = {"subject": "Soft evenings", "body": "A calm end. {discount} with {code} until {ends_at}: {product}."}
    answer = json.dumps({"subject": "Quiet hours"})
    running = fake(answer)
    wanted = brief(channel="email")
    wish = Wish(keep=keep, part="subject")
    (draft,) = drafts.draft(facts(FakeShop(), wanted), wanted, 1, 7, running.endpoint(), wish=wish)
    again = fake(answer)
    stored = drafts.Draft.model_validate(json.loads(draft.model_dump_json()))
    assert replay(stored, FakeShop(), wanted, settings, again.endpoint()).verdict == "equal"
    assert again.requests[0]["messages"] == running.requests[0]["messages"]
    assert again.requests[0]["grammar"] == running.requests[0]["grammar"]


def test_a_replay_of_another_brief_or_an_absent_model_is_impossible(fake, settings):
    (draft,) = drawn(fake(GOOD).endpoint())
    found = replay(draft, FakeShop(), brief(tone="sharp"), settings, fake(GOOD).endpoint())
    assert (found.verdict, found.changed) == ("impossible", ("prompt",))
    found = replay(draft, FakeShop(), brief(), settings)
    assert found.verdict == "impossible" and "a" * 64 in found.sentence.text()


def test_a_draft_whose_model_does_not_answer_now_leaves_the_others_told(fake, settings, tmp_path, monkeypatch):
    path, running = tmp_path / "drafts.json", fake(GOOD, OTHER)
    stored = [json.loads(one.model_dump_json()) for one in drawn(running.endpoint(), 2)]
    path.write_text(json.dumps({"drafts": stored}), encoding="utf-8")
    gone = iter([DraftFailed(Sentence("writer.gone")), None])

    def again(draft, shop, wanted, settings):
        if problem := next(gone):
            raise problem
        return replay(draft, shop, wanted, settings, fake(OTHER).endpoint())

    monkeypatch.setattr("engine.campaign.writer.replay.replay", again)
    told = replay_command(path, FakeShop(), brief(), settings)["drafts"]
    assert [one["verdict"] for one in told] == ["impossible", "equal"]
    assert told[0]["sentence"] == Sentence("writer.gone").text("en")


def test_templates_are_written_again_from_a_file(settings, tmp_path):
    path = tmp_path / "drafts.json"
    found = drafts.draft_command(FakeShop(), brief(), 2, 0, replace(settings, model="none"))
    path.write_text(json.dumps(found), encoding="utf-8")
    told = replay_command(path, FakeShop(), brief(), settings)
    assert [one["verdict"] for one in told["drafts"]] == ["equal", "equal"]
    assert "template" in told["drafts"][0]["sentence"]
    path.write_text('{"drafts": [{}]}', encoding="utf-8")
    with pytest.raises(DataProblem, match="holds no draft"):
        replay_command(path, FakeShop(), brief(), settings)
