"""Fact check of copy: every fact is a slot that code fills; what else is said is matched to a fact or refused."""

import functools
import re
import tomllib
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from engine.campaign import known
from engine.campaign.reading import names
from engine.campaign.verdicts.judge import judge
from engine.campaign.verdicts.verdict import Verdict
from engine.campaign.writer import cleaning
from engine.campaign.writer.facts import Facts
from engine.errors import DataProblem
from engine.sentences import Said, Sentence, spoken

PROMPTS = Path(__file__).parents[2] / "assets" / "prompts"
SLOT = re.compile(r"\{([a-z_]+)\}")
HOLE = "\ufffc"  # stands for a slot while the words around it are read
CAPITAL = re.compile(r"(?<=[a-z,;\ufffc] )[A-Z][a-z]{2,}(?!\w)")
BEGINS = re.compile(r"(?:^|[.!?]\s+)$")
HASH = re.compile(r"(?<!\S)#(?=\w)|(?<=[^\w\s#])#(?=\w)|#(?=\w+#)|(?<=\w)#(?=\s|$)")
SOCIAL = ("xiaohongshu", "social", "wechat")  # channels where # begins a topic
# Latin letters of Chinese copy: sizes, units after a figure, the letter that answers a text message, usual short words.
LATIN_IN_CHINESE = re.compile(
    r"(?<![A-Za-z])(?:X{0,3}[SML]|[2-6]XL)(?![A-Za-z])|(?<=\d)\s?(?:cm|mm|ml|kg|g|m|l|L|ML|CM|KG|G|W)(?![A-Za-z])"
    r"|(?:退订|拒收|回复?|请回复?|TD)[^，。！\w]{0,2}[TDRNYtdrny]{1,2}(?![A-Za-z])|(?<![A-Za-z])(?:VIP|APP|App|DIY|OK|logo|LOGO|WiFi|SPA|PO|CP|get|Get)(?![A-Za-z])"
    r"|(?<=[第])N(?=[天次个回])|[A-Za-z](?=领)"
)
MARKUP = re.compile(r"https?:|www\.|\w\.(?:com|cn|net|org)\b|[@<>`\[\]|\\_#*^~]|&\w+;")


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


@dataclass(frozen=True, slots=True)
class _Rule:
    kind: str
    reason: str
    unless: frozenset[str]
    pattern: re.Pattern[str]


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
    for reader in (_figures, _marks, _names, _strangers, _words, _orders, _script):
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
    for reader in (_marks, _never_said, _script):
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


Place = tuple[int, int, str, str]  # start, end, kind, reason


def _figures(around: str, facts: Facts, language: str) -> Iterator[Place]:
    for start, end in _runs(around, lambda ch: unicodedata.category(ch) in ("Nd", "No", "Nl")):
        yield start, end, "digit", "a typed figure: figures come only from slots"
    for start, end in _runs(around, lambda ch: ch in "%％‰﹪" or unicodedata.category(ch) == "Sc"):
        yield start, end, "money", "a typed percent or currency sign: it belongs to a slot"


def _marks(around: str, facts: Facts, language: str) -> Iterator[Place]:
    for start, end in _runs(around, lambda ch: ch in "{}"):
        yield start, end, "slot", "a brace that is not part of a slot such as {code}"
    topics = {match.start() for match in HASH.finditer(around)} if facts.channel in SOCIAL else set()
    for match in MARKUP.finditer(around):
        if match.start() in topics and match.group() == "#":
            continue
        yield match.start(), match.end(), "markup", "a link, tag or bracket: copy is plain text"
    for start, end in _runs(around, lambda ch: unicodedata.category(ch) in ("Cc", "Cf", "Co", "Cs") and ch != "\n"):
        yield start, end, "markup", "an invisible mark"


def _names(around: str, facts: Facts, language: str) -> Iterator[Place]:
    small = around.lower()
    for own, name in _small(facts.names):
        for match in re.finditer(re.escape(name), around, re.IGNORECASE) if own in small else ():
            yield match.start(), match.end(), "product", "a typed product name: use its slot, or leave it out"


def _strangers(around: str, facts: Facts, language: str) -> Iterator[Place]:
    """Names inside a sentence that stand nowhere in what the model was told: another shop's, a person's, a place's."""
    if language == "zh" or names.is_headline(around):
        return
    told = " ".join([*facts.slots.values(), *map(str, facts.products), *facts.world.words, str(facts.voice)]).lower()
    for match in CAPITAL.finditer(around):
        if match.group().lower() not in told:
            yield match.start(), match.end(), "product", "a name that is not in this brief"


@functools.lru_cache(maxsize=8)
def _small(names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Names in small letters beside the names: a large shop's are looked for in every text."""
    return tuple((name.lower(), name) for name in names)


def _words(around: str, facts: Facts, language: str) -> Iterator[Place]:
    for rule in _rules(language):
        if facts.offer_kind in rule.unless:
            continue
        for match in rule.pattern.finditer(around):
            yield match.start(), match.end(), rule.kind, rule.reason


def _orders(around: str, facts: Facts, language: str) -> Iterator[Place]:
    for start, end in cleaning.orders_in(around):
        yield start, end, "internal", "speaks to a machine, not to a customer"


# Words that no fact makes right. The other word rules guard what a model writes, where facts are slots.
NEVER = ("internal", "personal", "blank")


def _never_said(around: str, facts: Facts, language: str) -> Iterator[Place]:
    yield from (place for place in _words(around, facts, language) if place[2] in NEVER)


def _script(around: str, facts: Facts, language: str) -> Iterator[Place]:
    own = facts.slots.get("shop", "")
    if own:
        around = re.sub(re.escape(own), lambda match: HOLE * len(match.group()), around)
    if language == "zh":
        around = LATIN_IN_CHINESE.sub(lambda match: HOLE * len(match.group()), around)
        for start, end in _runs(around, lambda ch: ch.isalpha() and not _is_chinese(ch)):
            yield start, end, "script", "这里应该只用中文"
    else:
        for start, end in _runs(around, lambda ch: (ch.isalpha() and not _is_latin(ch)) or "\u3000" <= ch <= "\u303f"):
            yield start, end, "script", "not English: letters of another script"


def _is_chinese(ch: str) -> bool:
    return unicodedata.name(ch, "").startswith("CJK UNIFIED") or ch == "〇"


def _is_latin(ch: str) -> bool:
    return unicodedata.name(ch, "").startswith(("LATIN", "MODIFIER LETTER"))


def _runs(text: str, test: Callable[[str], bool]) -> Iterator[tuple[int, int]]:
    """(start, end) of each longest run of characters that pass the test."""
    chosen = {ch for ch in set(text) if test(ch)}  # most texts have none
    start = None
    for position, ch in enumerate(text + "\0" if chosen else ""):
        inside = position < len(text) and ch in chosen
        if inside and start is None:
            start = position
        elif not inside and start is not None:
            yield start, position
            start = None


def _refused(part: str, match: re.Match[str], kind: str, reason: str) -> Finding:
    return Finding(part, match.group(), match.start(), match.end(), kind, "refused", None, reason)


@functools.cache
def _rules(language: str) -> tuple[_Rule, ...]:
    """The word rules of a language, from assets/prompts/words.<language>.toml."""
    path = PROMPTS / f"words.{language}.toml"
    try:
        listed = tomllib.loads(path.read_text("utf-8"))["refused"]
        return tuple(
            _Rule(
                entry["kind"],
                entry["reason"],
                frozenset(entry.get("unless", ())),
                _compiled("|".join(entry["patterns"]), whole_words=language != "zh"),
            )
            for entry in listed
        )
    except (OSError, tomllib.TOMLDecodeError, KeyError, re.error) as error:
        raise DataProblem(Sentence("refused.unusable", {"file": str(path), "error": repr(error)})) from error


def _compiled(pattern: str, whole_words: bool) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{pattern})(?!\w)" if whole_words else pattern, re.IGNORECASE)
