"""What a complete message must have, and the lines that stand under or before its parts."""

import re
from collections.abc import Iterator, Mapping, Sequence

from engine.campaign.claims import Finding, fill
from engine.campaign.lint.book import book, read
from engine.campaign.lint.reading import reason
from engine.campaign.lint.rules import Rules
from engine.campaign.writer.facts import Facts

FOOTER = "footer"  # a part beside those of the channel: text that stands outside them


def footer(sender: str, legal_lines: Sequence[str], channel: str, language: str) -> tuple[str, ...]:
    """The lines outside a message's parts: sender and legal lines of a letter, signature and opt-out of an SMS."""
    if channel in ("email", "mail"):
        return tuple(line for line in (sender, *legal_lines) if line.strip())
    if channel != "sms":
        return ()
    signature = (f"【{sender}】" if language == "zh" else f"{sender}:",) if sender.strip() else ()
    return (*signature, *(line for line in legal_lines if _has(line, "sms_opt_out", language)))


def lacks(parts: Mapping[str, str], facts: Facts, rules: Rules) -> list[Finding]:
    """What a complete message lacks: its parts with {slots} or filled, and `footer` where more stands outside them.

    The shop's sender and legal lines count as they stand outside the parts, see `footer`.
    """
    outside = footer(rules.sender, rules.legal_lines, facts.channel, facts.language)
    written = "\n".join([*outside, *fill(parts, facts).values()])
    return [
        Finding("", "", 0, 0, "lint", "refused", None, reason(rule, facts.language), rule=rule)
        for rule in _missing(read(written), parts.get("subject", ""), facts)
        if rules.is_on(rule)
    ]


def _missing(written: str, subject: str, facts: Facts) -> Iterator[str]:
    language = facts.language
    if facts.channel == "email":
        if not _has(written, "unsubscribe", language):
            yield "unsubscribe"
        if not _has(written, "sender_address", language):
            yield "sender_address"
        if language == "zh" and not re.match(r"\W*(广告|AD\b)", read(subject), re.IGNORECASE):
            yield "ad_label"
    if facts.channel == "sms":
        named = facts.slots.get("shop", "")
        is_signed = _has(written, "sms_sender", language) or (language != "zh" and named.lower() in written.lower())
        if not (is_signed and (named or language == "zh")):
            yield "sms_sender"
        if not _has(written, "sms_opt_out", language):
            yield "sms_opt_out"


def _has(written: str, need: str, language: str) -> bool:
    """Whether the text meets a need in its language or in the other: a sender may write either."""
    pattern: re.Pattern[str] = book(language).needs[need]
    return pattern.search(read(written)) is not None
