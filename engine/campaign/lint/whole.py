"""What a complete message must have, and the lines that stand before and after its parts."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.campaign.claims import Finding, fill
from engine.campaign.lint.book import book, low, read
from engine.campaign.lint.reading import reason
from engine.campaign.lint.rules import Rules
from engine.campaign.writer.facts import Facts


@dataclass(frozen=True, slots=True)
class Outside:
    """What the shop's sending tool puts around the parts of a message: `before` the text, `after` it a line each."""

    before: str = ""
    after: tuple[str, ...] = ()


def outside(parts: Mapping[str, str], facts: Facts, rules: Rules) -> Outside:
    """Sender and legal lines under an e-mail or a letter; signature and ways to opt out around an SMS without them.

    The other channels show who writes by themselves. `parts` as in `lacks`.
    """
    if facts.channel in ("email", "mail"):
        lines = [line for line in rules.legal_lines if not _has(line, "sms_only", facts.language)]
        return Outside(after=tuple(line for line in (rules.sender, *lines) if line.strip()))
    if facts.channel != "sms":
        return Outside()
    written, language = "\n".join(fill(parts, facts).values()), facts.language
    signature = f"【{rules.sender}】" if language == "zh" else f"{rules.sender}: "
    is_signed = not rules.sender.strip() or _is_signed(read(written), facts, rules)
    if _has(written, "sms_opt_out", language):
        return Outside("" if is_signed else signature)
    # The line that is billed with the message; where the shop has none, one of its legal lines.
    own = rules.sms_opt_out.get(language, "").strip()
    ways = (own,) if own else tuple(line for line in rules.legal_lines if _has(line, "sms_opt_out", language))
    return Outside("" if is_signed else signature, ways)


def lacks(parts: Mapping[str, str], facts: Facts, rules: Rules) -> list[Finding]:
    """What a complete message lacks: its parts with {slots} or filled, and any other key for text outside them.

    The shop's sender and legal lines count as they stand around the parts, see `outside`.
    """
    around = outside(parts, facts, rules)
    written = around.before + "\n".join([*fill(parts, facts).values(), *around.after])
    return [
        Finding("", "", 0, 0, "lint", "refused", None, reason(rule, facts.language), rule=rule)
        for rule in _missing(read(written), parts.get("subject", ""), facts, rules)
        if rules.is_on(rule)
    ]


def _missing(written: str, subject: str, facts: Facts, rules: Rules) -> Iterator[str]:
    language = facts.language
    if facts.channel == "email":
        if not _has(written, "unsubscribe", language):
            yield "unsubscribe"
        if not _has(written, "sender_address", language):
            yield "sender_address"
        if language == "zh" and not re.match(r"\W*(广告|AD\b)", read(subject), re.IGNORECASE):
            yield "ad_label"
    if facts.channel == "sms":
        if not _is_signed(written, facts, rules):
            yield "sms_sender"
        if not _has(written, "sms_opt_out", language):
            yield "sms_opt_out"


def _is_signed(written: str, facts: Facts, rules: Rules) -> bool:
    """Whether an SMS says who sends it: in Chinese as 【name】 at its beginning or end, in English by name."""
    names = {name.strip() for name in (facts.slots.get("shop", ""), rules.sender)} - {""}
    named = facts.language != "zh" and any(low(read(name)) in low(written) for name in names)
    return named or _has(written, "sms_sender", facts.language)


def _has(written: str, need: str, language: str) -> bool:
    """Whether the text meets a need in its language or in the other: a sender may write either."""
    pattern: re.Pattern[str] = book(language).needs[need]
    return pattern.search(read(written)) is not None
