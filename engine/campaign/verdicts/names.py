"""Names of products, and codes."""

from engine.campaign.known import World
from engine.campaign.reading.claim import Claim
from engine.campaign.verdicts.text import Text
from engine.campaign.verdicts.verdict import Verdict, refused, true


def product(claim: Claim, known: World) -> Verdict:
    """A name: true where it is a product that copy may speak about."""
    name = str(claim.value)
    if name in known.names:
        return true(claim, "brief: gift" if name == known.gift else f"products: {name}")
    if name in known.others:
        return refused(claim, "other_product")
    if name.startswith("like "):
        return refused(claim, "nearly_a_product", name=name.removeprefix("like "))
    return refused(claim, "unknown_product")


def code(claim: Claim, around: Text) -> Verdict:
    """A code: true where it is the brief's."""
    own = around.known.code
    if claim.value == "no_code":
        return refused(claim, "other_code", code=own) if own else true(claim, "brief: code")
    if claim.value == "a_code":
        return true(claim, "brief: code") if own else refused(claim, "no_code")
    if own and str(claim.value) == own.upper():
        return true(claim, "brief: code", "code")
    return refused(claim, "other_code", code=own) if own else refused(claim, "no_code")
