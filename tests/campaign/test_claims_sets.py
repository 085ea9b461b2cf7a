"""The fact check on 2,166 sentences in two languages, written by people who had not seen it."""

import pytest

from engine.campaign import claims
from tests.campaign.copy_shops import counted, facts_of, sentences

SETS = ("claims_dev", "claims", "claims_2", "claims_3", "claims_4", "claims_5")


@pytest.mark.parametrize("name", SETS)
def test_planted_errors_are_found_and_right_sentences_pass(name):
    count = counted(name)
    assert count.recall(numbers=True) >= 0.99, count.missed
    assert count.recall(numbers=False) >= 0.95, count.missed
    assert count.false_alarm_rate <= 0.05, count.false_alarms


def test_both_languages_are_checked_alike():
    for language in ("en", "zh"):
        counts = [counted(name) for name in SETS]
        wrong = sum(number for count in counts for key, number in count.wrong.items() if key[0] == language)
        found = sum(number for count in counts for key, number in count.found.items() if key[0] == language)
        assert wrong > 350 and found / wrong >= 0.97, language


def test_every_claim_that_stands_says_where_and_every_refused_one_says_why():
    for one in sentences("claims"):
        for finding in claims.check_edited(one["text"], facts_of(one["brief"]), one["language"]):
            assert finding.text == one["text"][finding.start : finding.end]
            assert finding.row if finding.verdict == "match" else finding.as_dict()["reason"], (one["text"], finding)
