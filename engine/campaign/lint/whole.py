"""What a complete message must have, and the lines that stand under its parts."""

import re
from collections.abc import Iterator, Mapping, Sequence

from engine.campaign import needs, sms
from engine.campaign.claims import Finding, fill
from engine.campaign.lint.book import low
from engine.campaign.lint.reading import reason
from engine.campaign.lint.rules import Rules
from engine.campaign.needs import read
from engine.campaign.writer.facts import Facts

LETTERS = ("email", "mail")  # the other channels show who writes by themselves; of a text message see `sms.sent`


def under(channel: str, language: str, legal_lines: Sequence[str]) -> tuple[str, ...]:
    """The shop's legal lines under an e-mail or a letter, without those that speak of text messages alone."""
    if channel not in LETTERS:
        return ()
    return tuple(line for line in legal_lines if line.strip() and not needs.met("sms_only", line, language))


def lacks(parts: Mapping[str, str], facts: Facts, rules: Rules) -> list[Finding]:
    """What a complete message lacks: its parts with {slots} or filled, and any other key for text outside them.

    The shop's sender and legal lines count as they go out with the parts: see `under` and `sms.sent`.
    """
    written = "\n".join(fill(parts, facts).values())
    if facts.channel in LETTERS:
        written = "\n".join([written, rules.sender, *under(facts.channel, facts.language, rules.legal_lines)])
    elif facts.channel == "sms":
        opt_out = sms.way_out(rules.sms_opt_out, rules.legal_lines, facts.language)
        written = sms.whole(written, rules.sender, opt_out, facts.language)
    return [
        Finding("", "", 0, 0, "lint", "refused", None, reason(rule, facts.language), rule=rule)
        for rule in _missing(read(written), parts.get("subject", ""), facts, rules)
        if rules.is_on(rule)
    ]


def _missing(written: str, subject: str, facts: Facts, rules: Rules) -> Iterator[str]:
    language = facts.language
    if facts.channel == "email":
        if not needs.met("unsubscribe", written, language):
            yield "unsubscribe"
        if not needs.met("sender_address", written, language):
            yield "sender_address"
        if language == "zh" and not re.match(r"\W*(广告|AD\b)", read(subject), re.IGNORECASE):
            yield "ad_label"
    if facts.channel == "sms":
        if not _is_signed(written, facts, rules):
            yield "sms_sender"
        if not needs.met("sms_opt_out", written, language):
            yield "sms_opt_out"


def _is_signed(written: str, facts: Facts, rules: Rules) -> bool:
    """Whether an SMS says who sends it: in Chinese as 【name】 at its beginning or end, in English by name."""
    names = {name.strip() for name in (facts.slots.get("shop", ""), rules.sender)} - {""}
    named = facts.language != "zh" and any(low(read(name)) in low(written) for name in names)
    return named or needs.met("sms_sender", written, facts.language)
