"""Amounts that belong to a promise beside them: "30 days" of "returns within 30 days"."""

from collections.abc import Mapping

from engine.campaign.reading.claim import Claim
from engine.campaign.reading.spans import clause_of, sentence_of
from engine.campaign.verdicts.lines import line_says, lines_of
from engine.campaign.verdicts.points import how_many, worth
from engine.campaign.verdicts.text import Text
from engine.campaign.verdicts.verdict import Verdict, true


def with_a_promise(claim: Claim, around: Text, promises: Mapping[Claim, Verdict | None]) -> Verdict | None:
    """The verdict on an amount that belongs to a promise of its sentence; None where it belongs to none.

    It is true by the row of a true promise that says it too, and falls with a refused promise of its clause.
    """
    if claim.kind not in ("duration", "number", "money"):
        return None
    sentence = sentence_of(around.plain, claim.start)
    first, last = clause_of(around.plain, claim.start, claim.end)
    fallen = None
    for promise, verdict in promises.items():
        if verdict is None or sentence_of(around.plain, promise.start) != sentence:
            continue
        if verdict.true and (row := _row_beside(claim, promise, verdict, around)):
            return true(claim, row)
        if not verdict.true and first <= promise.start and promise.end <= last:
            fallen = verdict
    return Verdict(claim, False, reason=fallen.reason) if fallen and claim.kind != "money" else None


def _row_beside(claim: Claim, promise: Claim, verdict: Verdict, around: Text) -> str | None:
    """Where what bears out a promise says this amount too: the offer or the stock, or lines of the same policy."""
    if _is_of_the_promise(claim, promise, around):
        return verdict.row
    if promise.kind == "points" and claim.kind == "money" and (row := worth(promise, claim, around)):
        return row
    own, file = lines_of(promise, around), verdict.row.partition(",")[0]
    for line in around.known.lines:
        same_file = line.policy and line.row.partition(",")[0] == file
        if (line.row == verdict.row or same_file or line in own) and line_says(line, claim):
            return line.row
    return None


def _is_of_the_promise(claim: Claim, promise: Claim, around: Text) -> bool:
    """Whether an amount is the number of a promise itself: of pieces left, of pieces for free, of points."""
    known, number = around.known, float(claim.value)
    if promise.kind == "stock":
        return number in (known.stock or {}).values()
    if claim.kind != "number":
        return False
    if promise.kind == "gift":
        return bool(known.offer.tiers) and number in known.offer.tiers[0]
    return promise.kind == "points" and number == how_many(promise, around)
