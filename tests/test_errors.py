"""What is refused is said in the language that is asked for, and stays itself on its way between processes."""

import pickle

import pytest

from engine.commands import refusals_in
from engine.errors import AppError, DataProblem, NotEnoughData, WhichTable
from engine.sentences import Sentence

NO_ORDERS, NO_VALUE = Sentence("engine.no_order_model"), Sentence("engine.no_value")


def test_an_error_with_a_sentence_says_itself_in_both_languages():
    refused = NotEnoughData(Sentence("engine.never_tried"))
    assert str(refused) == refused.text("en") == "never tried here"
    assert refused.text("zh") == "本店从未试过"


def test_an_error_with_text_says_the_same_in_every_language():
    assert {AppError("The disk is full.").text(language) for language in ("en", "zh")} == {"The disk is full."}


def test_every_problem_is_a_line_and_can_be_asked_for_alone():
    refused = DataProblem([NO_ORDERS, "o1: no date.", NO_VALUE])
    assert str(refused) == "\n".join(refused.problems) == "\n".join([NO_ORDERS.text(), "o1: no date.", NO_VALUE.text()])
    assert refused.texts("zh") == [NO_ORDERS.text("zh"), "o1: no date.", NO_VALUE.text("zh")]


@pytest.mark.parametrize(
    "refused",
    [
        NotEnoughData("Too little."),
        NotEnoughData(Sentence("engine.nobody_consented", {"channel": Sentence("engine.by_sms"), "size": "12"})),
        DataProblem([NO_ORDERS, "o1: no date."]),
        WhichTable(NO_ORDERS, ["orders", "ads"]),
    ],
)
def test_an_error_survives_pickling(refused):
    again = pickle.loads(pickle.dumps(refused))
    assert type(again) is type(refused) and vars(again) == vars(refused)
    assert [again.text(language) for language in ("en", "zh")] == [refused.text(language) for language in ("en", "zh")]


def test_a_command_asked_for_in_chinese_refuses_in_chinese():
    with pytest.raises(AppError, match="本店从未试过"), refusals_in("zh"):
        raise NotEnoughData(Sentence("engine.never_tried"))
