"""What becomes of a claim."""

from dataclasses import dataclass

from engine.campaign.reading.claim import Claim
from engine.sentences import Said, Sentence


@dataclass(frozen=True, slots=True)
class Verdict:
    """A claim and whether it is known to be true: with the row it stands in, and the slot that says it if one does."""

    claim: Claim
    true: bool
    row: str = ""
    slot: str | None = None
    reason: Said = ""


def true(claim: Claim, row: str, slot: str | None = None) -> Verdict:
    """The claim stands in this row."""
    return Verdict(claim, True, row, slot, Sentence("claims.stands", {"row": row}))


def refused(claim: Claim, key: str, **values: object) -> Verdict:
    """The claim is refused with the sentence `claims.<key>`."""
    return Verdict(claim, False, reason=Sentence(f"claims.{key}", values))


def no_fact(claim: Claim) -> Verdict:
    """Nothing that is known says so."""
    return refused(claim, f"no_{claim.kind}")
