"""Comments and wishes for changes: who may, once, and to the letter."""

import multiprocessing
from pathlib import Path

import pytest

from engine.decision import approvals, comments, plans
from engine.errors import NotAllowed, StoreProblem

FORK = multiprocessing.get_context("fork")
NAUGHTY = ["=1+1", "<script>x</script>", "'; DROP TABLE plans;--", "\u202eabc", "a\x00b", "\ud800", "田中", "$1 *b*"]


def say(shop, text="Why tea?", by="cy"):
    return comments.comment(shop.dir, shop.shop_id, "p1", by, "root", text, shop.now, shop.config)


def ask(shop, by="ben", reason="Less discount"):
    return approvals.request_changes(shop.dir, shop.shop_id, "p1", by, "root", reason, shop.now, shop.config)


@pytest.fixture
def submitted(shop, plan):
    shop.submit(plan)
    return shop


@pytest.mark.parametrize("text", NAUGHTY)
def test_a_comment_is_kept_to_the_letter(submitted, text):
    assert say(submitted, text).payload == submitted.entries()[-1].payload == {"reason": text}
    assert submitted.verify().ok


def test_a_comment_changes_nothing_of_the_plan(submitted):
    before = plans.load(submitted.dir, "p1")
    say(submitted)
    assert plans.load(submitted.dir, "p1") == before
    assert submitted.approve().action == "approved"


@pytest.mark.parametrize(
    ("text", "sentence"), [("  ", "the comment is empty"), ("x" * 2001, "2,001 characters long; at most 2,000")]
)
def test_no_words_and_too_many_are_refused(submitted, text, sentence):
    with pytest.raises(NotAllowed, match=sentence):
        say(submitted, text)
    assert len(submitted.entries()) == 1


def test_a_comment_needs_its_plan(shop, submitted):
    with pytest.raises(StoreProblem, match="no plan p9"):
        comments.comment(shop.dir, shop.shop_id, "p9", "cy", "root", "Hi", shop.now, shop.config)


def _say(shop, gate, told):
    gate.wait(30)
    told.put(say(shop).seq)


def test_four_clicks_at_the_same_moment_are_one_comment(submitted):
    gate, told = FORK.Barrier(4), FORK.Queue()
    workers = [FORK.Process(target=_say, args=(submitted, gate, told)) for _ in range(4)]
    for worker in workers:
        worker.start()
    assert [told.get(timeout=60) for _ in workers] == [2] * 4
    for worker in workers:
        worker.join(30)
    assert len(submitted.entries()) == 2


def test_the_same_words_after_an_answer_are_said_again(submitted):
    assert [say(submitted).seq, say(submitted, by="ben").seq, say(submitted).seq] == [2, 3, 4]


def test_viewers_comment_and_strangers_do_not(submitted):
    Path(submitted.config).mkdir(exist_ok=True)
    (submitted.config / "roles.toml").write_text('[people]\nvic = "viewer"\nroot = "admin"\n')
    assert say(submitted, by="vic").actor == "vic"
    with pytest.raises(NotAllowed, match="not in the list"):
        say(submitted, by="eve")
    with pytest.raises(NotAllowed, match="vic is a viewer"):
        ask(submitted, by="vic")


def test_a_wish_for_changes_makes_the_plan_a_draft_and_stands_until_it_is_submitted_again(submitted, plan):
    assert ask(submitted).action == "changes_requested"
    assert plans.load(submitted.dir, "p1").plan.status == "draft"
    say(submitted)
    assert comments.open_request(submitted.entries()).payload["reason"] == "Less discount"
    with pytest.raises(NotAllowed, match="it is a draft"):
        submitted.approve()
    submitted.submit(plan)
    assert comments.open_request(submitted.entries()) is None
    assert submitted.approve().action == "approved"


def test_asking_twice_is_one_wish_and_another_needs_a_submission(submitted):
    assert ask(submitted).seq == ask(submitted).seq == 2
    with pytest.raises(NotAllowed, match="cannot be sent back for changes: it is a draft"):
        ask(submitted, reason="And more")
    assert len(submitted.entries()) == 2


@pytest.mark.parametrize("by", ["ana", " ANA ", "ａｎａ"])
def test_the_author_cannot_send_the_plan_back(submitted, by):
    with pytest.raises(NotAllowed, match="a second person has to ask for changes to it"):
        ask(submitted, by=by)


def test_a_wish_needs_words_and_not_too_many(submitted):
    with pytest.raises(NotAllowed, match="the reason is empty"):
        ask(submitted, reason=" ")
    with pytest.raises(NotAllowed, match="at most 2,000"):
        ask(submitted, reason="x" * 2001)
