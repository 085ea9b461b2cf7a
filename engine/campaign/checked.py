"""What a check says of copy: claims held against the facts, law and brand, and what a complete message lacks."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.campaign import claims, lint
from engine.campaign.claims import Finding
from engine.campaign.lint import Rules
from engine.campaign.plan import Brief, Plan
from engine.campaign.writer.facts import Facts, facts
from engine.errors import DataProblem, NotAllowed
from engine.sentences import Said, Sentence, known
from engine.shop.store import Shop

# Claims that a rule of law speaks about too: the rule is the one that is shown.
UNDER_A_RULE = ("superlative", "comparison", "stock", "date", "gift", "guarantee")
LONGEST = 20_000  # characters of a text in a file
QUOTED = 60  # most characters of a refused text that are said again


@dataclass(frozen=True, slots=True)
class Message:
    """What a complete message says, and what it lacks; it may be sent when nothing is refused in either."""

    says: tuple[Finding, ...]
    lacks: tuple[Finding, ...]

    @property
    def is_sendable(self) -> bool:
        return not any(found.verdict == "refused" for found in (*self.says, *self.lacks))


@dataclass(frozen=True, slots=True)
class Stop:
    """One thing that keeps the copy of a plan from being submitted; `step` counts from 0."""

    step: int
    language: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class Written:
    """A text of a file: one piece under the part "", or the parts of a complete message."""

    id: str
    parts: Mapping[str, str]
    is_complete: bool


def text(said: str, facts: Facts, rules: Rules, part: str = "") -> list[Finding]:
    """Everything a text claims, each true or refused, and what law and brand forbid in it, in reading order."""
    ruled = lint.says(said, facts, rules, part)
    claimed = [found for found in claims.check_edited(said, facts, facts.language, part) if not _is_ruled(found, ruled)]
    return sorted([*claimed, *ruled], key=lambda found: (found.start, found.end))


def _is_ruled(found: Finding, ruled: list[Finding]) -> bool:
    if found.verdict != "refused" or found.kind not in UNDER_A_RULE:
        return False
    return any(rule.start < found.end and found.start < rule.end for rule in ruled)


def message(parts: Mapping[str, str], facts: Facts, rules: Rules) -> Message:
    """The check of a complete message, with {slots} or with the facts typed; a key that is no part stands outside."""
    says = [found for part, said in parts.items() if said.strip() for found in text(said, facts, rules, part)]
    own = {part: claims.to_slots(said, facts) for part, said in parts.items() if part in facts.parts}
    return Message(
        tuple(says),
        (*claims.check_whole(own, facts, parts), *lint.lacks(parts, facts, rules), *lint.gives(facts, rules)),
    )


def stops(plan: Plan, facts_of: Callable[[int, str], Facts | None], rules: Rules, *, whole: bool = False) -> list[Stop]:
    """What keeps a plan's copy from being submitted, of every message in every language; nothing for one without copy.

    facts_of: what copy of a step may say in a language; None while its brief contradicts the shop. What is written is
    judged in any case; what a message lacks, once it has every part of its channel, or in any case where it is to be
    `whole`: the rest of a shorter one is written in the tool that sends it.
    """
    found = []
    for number, step in enumerate(plan.steps):
        for language in step.languages:
            texts, about = step.texts_in(language), facts_of(number, language)
            if not texts or about is None:
                continue
            judged = message(texts, about, rules)
            is_whole = whole or set(texts) == set(about.parts)
            refused = [*judged.says, *(judged.lacks if is_whole else lint.gives(about, rules))]
            found += [Stop(number, language, one) for one in refused if one.verdict == "refused"]
    return found


def require_sendable(plan: Plan, facts_of: Callable[[int, str], Facts | None], rules: Rules) -> None:
    """Raises NotAllowed with every reason why this copy may not be submitted, see `stops`."""
    if found := stops(plan, facts_of, rules):
        several = len(plan.steps) > 1 or any(len(step.languages) > 1 for step in plan.steps)
        reasons = [_of_message(one) if several else refusal(one.finding) for one in found]
        once = {reason.text(): reason for reason in reasons}
        raise NotAllowed([Sentence("refused.copy_stops", {"plan_id": plan.plan_id}), *once.values()])


def _of_message(stop: Stop) -> Sentence:
    spoken = Sentence(f"plan.language_{stop.language}")
    values = {"number": stop.step + 1, "spoken": spoken, "said": refusal(stop.finding)}
    return Sentence("refused.copy_of_message", values)


def refusal(finding: Finding) -> Sentence:
    """What is refused, for a marketer: the part, its words, the reason, and the rule where one speaks."""
    part: Said = finding.part
    if known(f"plan.part_{finding.part}") or not finding.part:
        part = Sentence(f"plan.part_{finding.part}" if finding.part else "copy.whole")
    quoted = bool(finding.text) and len(finding.text) < QUOTED
    key = f"refused.copy_{'words' if quoted else 'part'}{'_rule' if finding.rule else ''}"
    values = {"part": part, "words": finding.text, "reason": finding.reason, "rule": _name(finding.rule)}
    return Sentence(key, values)


def _name(rule: str) -> Said:
    """What a rule is called where it has a name for people."""
    return Sentence(f"lint.name_{rule}") if known(f"lint.name_{rule}") else rule


def read(path: Path) -> list[Written]:
    """The texts of a file: one text, or, in a .jsonl file, one {"id", "text"} or {"id", "parts"} a line.

    Raises DataProblem with every line that is neither.
    """
    try:
        content = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise DataProblem(Sentence("refused.unreadable", {"file": str(path), "error": error.strerror})) from error
    except UnicodeDecodeError as error:
        raise DataProblem(Sentence("refused.not_utf8", {"file": str(path), "place": error.start})) from error
    if path.suffix.lower() != ".jsonl":
        _not_too_long(content, path.name)
        return [Written(path.stem, {"": content}, is_complete=False)]
    found: list[Written] = []
    problems = []
    for number, line in enumerate(content.split("\n"), start=1):
        if line.strip():
            where = f"{path.name} line {number}"
            try:
                found.append(_written(json.loads(line), where))
            except DataProblem as problem:
                problems += problem.said
            except (ValueError, RecursionError):
                problems.append(Sentence("refused.no_copy_line", {"where": where}))
    if problems:
        raise DataProblem(problems)
    return found


def _written(line: object, where: str) -> Written:
    refusal = DataProblem(Sentence("refused.no_copy_line", {"where": where}))
    if not isinstance(line, dict) or not isinstance(line.get("id"), str | int):
        raise refusal
    complete = "parts" in line
    parts = line.get("parts") if complete else {"": line.get("text")}
    if not isinstance(parts, dict) or not all(isinstance(said, str) for said in parts.values()):
        raise refusal
    for said in parts.values():
        _not_too_long(said, where)
    return Written(str(line["id"]), parts, complete)


def _not_too_long(said: str, where: str) -> None:
    if len(said) > LONGEST:
        raise DataProblem(Sentence("refused.copy_too_long", {"where": where, "length": len(said), "most": LONGEST}))


def check_command(shop: Shop, brief: Brief, path: Path) -> dict:
    """{"texts": [{"id", "ok", "claims", "missing"}]} as `python -m engine check-copy` prints it, in the file's order.

    `ok`: nothing that the text says is refused. `missing`: what a complete message lacks; empty for a piece of one.
    """
    known, rules = facts(shop, brief), lint.rules_of(shop)
    checked = []
    for one in read(path):
        whole = message(one.parts, known, rules) if one.is_complete else None
        says = list(whole.says) if whole else text(one.parts[""], known, rules)
        checked.append(
            {
                "id": one.id,
                "ok": not any(found.verdict == "refused" for found in says),
                "claims": [found.as_dict() for found in says],
                "missing": [found.as_dict() for found in whole.lacks] if whole else [],
            }
        )
    return {"texts": checked}
