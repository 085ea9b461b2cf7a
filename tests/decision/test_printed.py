"""Whoever holds an older export can have it proved against the history, or disproved."""

import pytest

from engine.decision import export, printed
from engine.errors import DataProblem


@pytest.fixture
def sent(shop, plan):
    """A plan that was approved and exported."""
    shop.submit(plan)
    shop.approve()
    return export.export_plans(
        shop.dir, shop.shop_id, None, lambda _: ["c1", "c2", "c3"], shop.now, shop.config, person="ana"
    )


def prove(shop, content):
    return printed.prove(shop.dir, shop.shop_id, shop.config, content, "plans.csv")


def test_an_export_is_proved_by_its_head_and_to_the_letter(shop, sent):
    shop.append()  # the history went on since
    proof = prove(shop, sent.plans_csv)
    assert (proof.verdict.ok, proof.printed, proof.on_record.seq) == (True, [2], 3)
    assert [one.text() for one in proof.said][1:] == [
        "The file's entries (2) are in it, as printed.",
        "The file is, to the letter, what ana exported at 2026-06-01 12:00 UTC (entry 3).",
    ]


def test_every_file_of_an_export_is_on_record(shop, sent):
    for content in (sent.audience_csv, *(one.csv for one in sent.recipients)):
        proof = prove(shop, content)
        assert (proof.verdict.ok, proof.printed, proof.on_record.seq) == (True, [], 3)


def test_an_export_that_was_saved_anew_is_proved_by_its_head_only(shop, sent):
    proof = prove(shop, sent.plans_csv.replace(b"Spring", b"Autumn").replace(b"\r\n", b"\n"))
    assert (proof.verdict.ok, proof.printed, proof.on_record) == (True, [2], None)
    assert "was saved anew or changed" in proof.said[-1].text()


def test_an_export_of_another_history_is_disproved(shop, sent):
    head = shop.entries()[1].hash.encode()
    proof = prove(shop, sent.plans_csv.replace(head, b"0" * 64))
    assert (proof.verdict.ok, proof.verdict.bad_seq) == (False, 2)
    assert "written anew" in proof.said[0].text()
    proof = prove(shop, b"ledger_entries,ledger_head\r\n9," + head)
    assert "entry 9 is known: entries were cut off" in proof.said[0].text()


@pytest.mark.parametrize(
    "content", [b"", b"a,b\r\n1,2\r\n", b"\xff\xfe\x00", b"ledger_entries,ledger_head\r\nnine,x\r\n"]
)
def test_a_file_that_proves_nothing_is_refused(shop, sent, content):
    with pytest.raises(DataProblem, match="prints no entry"):
        prove(shop, content)
