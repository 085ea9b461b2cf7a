"""The text while it is judged."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from engine.campaign.known import Line, World
from engine.campaign.reading import names
from engine.campaign.reading.claim import Claim
from engine.campaign.reading.numerals import ANY, value
from engine.campaign.reading.spans import clause_of, sentence_of

# What follows a part of a name that stands for the whole: "the jasmine is", not "the jasmine hedge".
AFTER_A_NAME = (
    r"(?=\s+(?:is|are|has|was|costs?|comes?|and|or|at|for|with|gets?|sets?|one|gives?|to|in|on|from"
    r"|weighs?|holds?|fits?|measures?|feels?|looks?|will|would|can|stays?|sits?|needs?|goes|go|arrives?|ships?"
    r"|lasts?|brings?|pairs?|works?|runs?|earns?)\b|'s|[,.;:!?]|\s*$)"
)
GIFT = re.compile(
    r"\b(?:your|our|the|a|this) (?:\w+ )?(?:gift|present|treat|freebie)\b|\bfreebie|赠品|礼物|小礼|赠送的|送的", re.I
)
CHINESE_LETTER = re.compile("[\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Text:
    """A text in plain signs with the claims in it, and what is known."""

    plain: str
    known: World
    claims: Sequence[Claim]

    def said(self, claim: Claim) -> str:
        """The words of a claim."""
        return self.plain[claim.start : claim.end]

    def before(self, claim: Claim) -> str:
        """All that precedes a claim."""
        return self.plain[: claim.start]

    def after(self, claim: Claim) -> str:
        """All that follows a claim."""
        return self.plain[claim.end :]

    def sentence(self, claim: Claim) -> str:
        """The sentence a claim is in."""
        first, last = sentence_of(self.plain, claim.start)
        return self.plain[first:last]

    def clause(self, claim: Claim) -> str:
        """The clause a claim is in."""
        first, last = clause_of(self.plain, claim.start, claim.end)
        return self.plain[first:last]

    def clause_start(self, claim: Claim) -> int:
        """Where the clause of a claim begins."""
        return clause_of(self.plain, claim.start, claim.end)[0]

    def in_sentence(self, claim: Claim, *kinds: str) -> list[Claim]:
        """The claims of these kinds in the claim's sentence."""
        return self.between(*sentence_of(self.plain, claim.start), *kinds)

    def starting_in_sentence(self, claim: Claim, *kinds: str) -> list[Claim]:
        """The other claims of these kinds that start in the claim's sentence."""
        place = sentence_of(self.plain, claim.start)
        return [
            one
            for one in self.claims
            if one.kind in kinds and one is not claim and sentence_of(self.plain, one.start) == place
        ]

    def in_clause(self, claim: Claim, *kinds: str) -> list[Claim]:
        """The claims of these kinds in the claim's clause."""
        return self.between(*clause_of(self.plain, claim.start, claim.end), *kinds)

    def between(self, first: int, last: int, *kinds: str) -> list[Claim]:
        """The claims of these kinds between two places."""
        return [one for one in self.claims if first <= one.start and one.end <= last and one.kind in kinds]

    def products(self, claim: Claim) -> list[str]:
        """The products that the claim's sentence names."""
        said = self.sentence(claim)
        named = [str(one.value) for one in names.products(said, self.known.names)]
        return list(dict.fromkeys([*named, *(name for head, name in self.known.heads.items() if stands(head, said))]))

    def named_in(self, said: str, kinds: bool = False) -> list[str]:
        """The products that some words name, in full, for short, by a part of the name, or by what they are."""
        known, lower = self.known, said.lower()
        named = [str(one.value) for one in names.products(said, known.names)]
        named += [
            name
            for short, name in {**(known.kinds if kinds else {}), **known.tails, **known.heads}.items()
            if short in lower and stands_near(short, said)
        ]
        return list(dict.fromkeys(named))

    def meant(self, claim: Claim) -> list[str]:
        """The products that the claim's clause names; else its sentence; else the sentence before, or the next."""
        kinds = claim.kind in ("rating", "stock", "number")
        own = self.named_in(self.clause(claim), kinds) or self.products(claim) or self.named_in(self.sentence(claim))
        if own:
            return own
        first, last = sentence_of(self.plain, claim.start)
        before = sentence_of(self.plain, first - 1) if first else (0, 0)
        after = sentence_of(self.plain, last) if last < len(self.plain) else (0, 0)
        return self.named_in(self.plain[slice(*before)]) or self.named_in(self.plain[slice(*after)])

    def lines_meant(self, claim: Claim) -> list[Line]:
        """The catalogue's lines of the products that the sentence or the clause names, or else those beside it."""
        own = self.own_lines(claim) if self.products(claim) else []
        return [*own, *(line for line in self.own_lines(claim, close=True) if line not in own)]

    def speaks_of_gift(self, claim: Claim) -> bool:
        """Whether the claim's sentence speaks of the gift, by whatever name."""
        return bool(self.known.gift and GIFT.search(self.sentence(claim)))

    def own_lines(self, claim: Claim, close: bool = False) -> list[Line]:
        """The catalogue's lines of the products that the sentence names, or of all that copy may speak about.

        `close`: of those meant, by clause and by the sentences beside it. What stands of the gift is true of the gift
        alone.
        """
        named, gift = self.meant(claim) if close else self.products(claim), self.known.gift
        if gift and gift not in named and self.speaks_of_gift(claim):
            named = [*named, gift]
        if named == [gift] and self._stands_before_the_gift(claim):
            named = []
        return [
            line
            for line in self.known.lines
            if not line.policy and (line.product in named if named else not line.product or line.product != gift)
        ]

    def _stands_before_the_gift(self, claim: Claim) -> bool:
        """Whether the sentence says nothing of the gift, by name or otherwise, up to the end of the claim's clause."""
        ahead = self.plain[sentence_of(self.plain, claim.start)[0] : clause_of(self.plain, claim.start, claim.end)[1]]
        return bool(self.known.gift) and not self.named_in(ahead) and not GIFT.search(ahead)


def stands(said: str, text: str) -> bool:
    """Whether the words stand in a text; a size may be said with the word size."""
    head = re.sub(
        r"[- ](?:bed|mattress|beds|mattresses)$|[- ]?sized?(?: bed| mattress)?$|^wood(?:en)? ", "", said
    ).strip()
    if CHINESE_LETTER.search(head):
        return head in text
    return bool(head) and bool(re.search(rf"(?<!\w){re.escape(head)}(?!\w)", text, re.I))


def stands_near(short: str, text: str) -> bool:
    """Whether a short name stands in a text; an English one also as a plural."""
    if CHINESE_LETTER.search(short):
        return True
    after = AFTER_A_NAME if short.startswith(("the ", "our ", "your ", "this ")) else ""
    return bool(re.search(rf"(?<!\w){re.escape(short)}(?:e?s)?(?!\w){after}", text, re.I))


def numbers_in(text: str) -> set[float]:
    """The numbers of a text, in figures and in words."""
    return {number for match in ANY.finditer(text) if (number := value(match.group())) is not None}
