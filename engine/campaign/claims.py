"""Fact check of copy: every fact is a slot that code fills; what else is said is matched to a fact or refused."""

import functools
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Literal

from engine.campaign import known, never_said
from engine.campaign.never_said import HOLE
from engine.campaign.verdicts.judge import judge
from engine.campaign.verdicts.verdict import Verdict
from engine.campaign.writer.facts import Facts
from engine.sentences import Said, Sentence, spoken

SLOT = re.compile(r"\{([a-z_]+)\}")
BEGINS = re.compile(r"(?:^|[.!?]\s+)$")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a text says. `start` and `end` count characters of the text that was checked."""

    part: str
    text: str
    start: int
    end: int
    kind: str  # slot name of a fact, or digit, number, money, slot, product, internal, promise, time, script, lint, ...
    verdict: Literal["match", "refused"]
    fact: str | None
    reason: Said
    row: str = ""  # where the fact stands: table, id and column
    rule: str = ""  # id of the law or brand rule, where one speaks

    def as_dict(self) -> dict:
        """The finding as the command line prints it; `reason` in English."""
        return asdict(self) | {"reason": spoken(self.reason)}


def fill(slots: Mapping[str, str], facts: Facts) -> dict[str, str]:
    """The text a customer reads, by part: every known slot replaced by its value, in one pass."""
    return {part: _filled(text, facts) for part, text in slots.items()}


def claims_of(slots: Mapping[str, str], facts: Facts) -> list[dict]:
    """The facts of the filled text, where they stand: {part, text, start, end, kind, verdict, fact, reason}."""
    return [claim.as_dict() for part, text in slots.items() for claim in _claims(part, text, facts)]


def check_slots(text: str, facts: Facts, language: str, part: str = "") -> list[Finding]:
    """What is wrong with one part's text with {slots}; empty when every fact in it comes from a slot."""
    findings = []
    for match in SLOT.finditer(text):
        if match.group(1) not in facts.slots:
            findings.append(_refused(part, match, "slot", _unknown_slot(match, facts)))
    around = SLOT.sub(lambda match: HOLE * len(match.group()), text)
    for reader in never_said.OF_A_DRAFT:
        findings += [
            Finding(part, text[start:end], start, end, kind, "refused", None, reason)
            for start, end, kind, reason in reader(around, facts, language)
        ]
    return sorted(findings, key=lambda finding: (finding.start, finding.end))


def check_draft(slots: Mapping[str, str], facts: Facts) -> list[Finding]:
    """What is wrong with a whole draft: `check_whole`, and each part's text.

    Stricter than `check_edited`: a drafted text says every fact by its slot, even one that would be right.
    """
    findings = check_whole(slots, facts)
    for part in facts.parts:
        text = slots.get(part, "")
        written = check_slots(text, facts, facts.language, part)
        findings += written + [found for found in _untrue(text, facts, part) if not _overlaps(found, written)]
    return findings


def check_whole(slots: Mapping[str, str], facts: Facts, written: Mapping[str, str] | None = None) -> list[Finding]:
    """What is wrong with a draft as a whole: its parts, their lengths once filled, and what must be said.

    `written`: the same with the facts as somebody typed them, whose lengths are those that customers get.
    """
    findings = []
    for part in facts.parts:
        text = (written or slots).get(part, "")
        filled = _filled(text, facts)
        if not text.strip():
            findings.append(Finding(part, "", 0, 0, "empty", "refused", None, Sentence("claims.empty")))
        elif len(filled) > facts.limit(part):
            reason = Sentence("claims.too_long", {"length": len(filled), "most": facts.limit(part)})
            findings.append(Finding(part, text, 0, len(text), "length", "refused", None, reason))
    for part in slots.keys() - set(facts.parts):
        reason = Sentence("claims.no_such_part", {"part": part})
        findings.append(Finding(part, "", 0, 0, "part", "refused", None, reason))
    used = {name for text in slots.values() for name in SLOT.findall(text)}
    for group in facts.required:
        if not used & set(group):
            wanted = tuple("{" + name + "}" for name in group)
            reason = Sentence("claims.not_said", {"slots": wanted})
            findings.append(Finding("", "", 0, 0, "missing", "refused", group[0], reason))
    return findings


def _untrue(text: str, facts: Facts, part: str) -> list[Finding]:
    return [found for found in check_edited(text, facts, facts.language, part) if found.verdict == "refused"]


def _overlaps(found: Finding, others: list[Finding]) -> bool:
    return any(other.start < found.end and found.start < other.end for other in others)


def to_slots(text: str, facts: Facts, only: Collection[str] | None = None) -> str:
    """Hand-edited text with the facts that somebody typed turned back into slots: "15% off" becomes "{discount}".

    `only`: the slots to turn back into, where not all.
    """
    wanted = facts.slots.keys() if only is None else only
    pieces, last = [], 0
    for finding in check_edited(text, facts, facts.language):
        if finding.verdict == "match" and finding.fact and finding.fact in wanted and finding.start >= last:
            start, end = _with_its_words(text, finding, facts)
            pieces += [text[last : max(start, last)], "{" + finding.fact + "}"]
            last = end
    return "".join(pieces) + text[last:]


def _with_its_words(text: str, finding: Finding, facts: Facts) -> tuple[int, int]:
    """(start, end) of a typed share with the words its slot says itself: the "off" of 15% off, the 立减 of 立减15%."""
    start, end = finding.start, finding.end
    if finding.kind != "percent":
        return start, end
    if facts.slots[str(finding.fact)].endswith(" off") and (after := re.match(r" (?:off|discount|less)\b", text[end:])):
        end += after.end()
    if facts.slots[str(finding.fact)].endswith("折") and (
        before := re.search(r"(?:立减|直减|减|立省|省|打)$", text[:start])
    ):
        start = before.start()
    return start, end


def check_edited(text: str, facts: Facts, language: str, part: str = "") -> list[Finding]:
    """Everything a text says, drafted or edited by hand: each claim a match with its row, or refused with the reason.

    Slots match as they stand, and so do facts typed in their very words; every other claim is read and held against
    what is known of the brief. What customers never read, blanks and foreign letters are refused besides.
    """
    holes = [(m.start(), m.end(), m.group(1)) for m in SLOT.finditer(text) if m.group(1) in facts.slots]
    around = SLOT.sub(lambda match: HOLE * len(match.group()), text)
    judged = judge(around, facts.world)
    refused = [(one.claim.start, one.claim.end) for one in judged if not one.true]
    typed = [
        place
        for place in _typed(text, facts)
        if place[2] not in known.ROLES or not any(first < place[1] and place[0] < last for first, last in refused)
    ]
    found = [
        Finding(part, text[start:end], start, end, name, "match", name, *_stands(name, facts))
        for start, end, name in [*holes, *typed]
    ]
    taken = [(finding.start, finding.end) for finding in found]
    found += [
        _finding(one, text, part)
        for one in judged
        if not any(first <= one.claim.start and one.claim.end <= last for first, last in taken)
    ]
    masked = _masked(around, [(start, end) for start, end, _ in typed])
    for reader in never_said.OF_ANYBODY:
        found += [
            Finding(part, text[start:end], start, end, kind, "refused", None, reason)
            for start, end, kind, reason in reader(masked, facts, language)
        ]
    for match in SLOT.finditer(text):
        if match.group(1) not in facts.slots:
            found.append(_refused(part, match, "slot", _unknown_slot(match, facts)))
    return sorted(found, key=lambda finding: (finding.start, finding.end))


def _finding(judged: Verdict, text: str, part: str) -> Finding:
    claim = judged.claim
    said = text[claim.start : claim.end]
    verdict: Literal["match", "refused"] = "match" if judged.true else "refused"
    return Finding(
        part,
        said,
        claim.start,
        claim.end,
        claim.kind,
        verdict,
        judged.slot or judged.row or None,
        judged.reason,
        judged.row,
    )


def _stands(slot: str, facts: Facts) -> tuple[Sentence, str]:
    """Reason and row of a fact that a slot says."""
    row = facts.rows.get(slot, f"brief: {slot}")
    return Sentence("claims.stands", {"row": row}), row


def _masked(text: str, places: list[tuple[int, int]]) -> str:
    for start, end in places:
        text = text[:start] + HOLE * (end - start) + text[end:]
    return text


def _unknown_slot(match: re.Match[str], facts: Facts) -> str:
    return f"this brief has no {match.group()}; it has {', '.join('{' + name + '}' for name in facts.slots)}"


def _filled(text: str, facts: Facts) -> str:
    return SLOT.sub(lambda match: _said(match, facts), text)


def _said(slot: re.Match[str], facts: Facts) -> str:
    """What stands in a slot's place: its value, with a capital where an offer or a description begins a sentence; an
    unknown slot itself. Names keep the letters their owner gave them.
    """
    value = facts.slots.get(slot.group(1), slot.group())
    begins = slot.group(1) in ("offer", "said") and BEGINS.search(slot.string[: slot.start()])
    return value[:1].upper() + value[1:] if begins else value


def _claims(part: str, text: str, facts: Facts) -> Iterator[Finding]:
    shift = 0
    for match in SLOT.finditer(text):
        name = match.group(1)
        if name not in facts.slots:
            continue
        value = _said(match, facts)
        start = match.start() + shift
        shift += len(value) - len(match.group())
        yield Finding(part, value, start, start + len(value), name, "match", name, *_stands(name, facts))


def _typed(text: str, facts: Facts) -> Iterator[tuple[int, int, str]]:
    """(start, end, slot) of facts typed into the text outside slots, the longest reading of each place."""
    ways = [(way, name) for name, value in facts.slots.items() for way in (value, *facts.aliases.get(name, ())) if way]
    ways.sort(key=lambda pair: -len(pair[0]))
    around = SLOT.sub(lambda match: HOLE * len(match.group()), text)
    for match in _any_of(tuple(way for way, _ in ways)).finditer(around):
        yield match.start(), match.end(), ways[int(str(match.lastgroup)[1:])][1]


@functools.lru_cache(maxsize=256)
def _any_of(ways: tuple[str, ...]) -> re.Pattern[str]:
    """Any of these words, as groups w0, w1, ...

    A figure must not be the beginning or the end of a longer one: $10 is not in $10.50, 5% not in 15%.
    """
    return re.compile("|".join(f"(?P<w{i}>{_bounded(way)})" for i, way in enumerate(ways)), re.IGNORECASE)


def _bounded(way: str) -> str:
    before = r"(?<![A-Za-z0-9_])(?<!\d[.,])" if way[0].isascii() and way[0].isalnum() else ""
    after = r"(?![.,]?\d)" + (r"(?![A-Za-z0-9_])" if way[-1].isascii() and way[-1].isalnum() else "")
    return before + re.escape(way) + after


def _refused(part: str, match: re.Match[str], kind: str, reason: str) -> Finding:
    return Finding(part, match.group(), match.start(), match.end(), kind, "refused", None, reason)
