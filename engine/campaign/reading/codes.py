"""Discount codes in a text."""

import re
from collections.abc import Iterator

from engine.campaign.reading.claim import Claim

_CODE = "[A-Za-z0-9][A-Za-z0-9_-]{2,}"
_CALLED = r"(?:优惠码|折扣码|口令|兑换码|暗号|券码|代码|密码|输入|填写|码|凭)\s*(?:是|为|[:：])?"
CODE = re.compile(
    rf"\b(?:codes?|voucher|coupon)\b(?: is| called| named|:)?\s*[\"'“]?(?P<a>{_CODE})"
    rf"|{_CALLED}\s*[\"'“「『]?(?P<b>{_CODE})",
    re.I,
)
CODE_LIKE = re.compile(
    r"(?<![A-Za-z0-9_.-])"
    r"(?:(?=[A-Z0-9_-]*[A-Z]{2}|[A-Z]\d[A-Z])(?=[A-Z0-9_-]*\d)[A-Z0-9]+(?:[-_][A-Z0-9]+)*|[A-Z]{5,})"
    r"(?![A-Za-z0-9_]|-\d)"
)
# Words that follow "code" or "voucher" in a sentence.
NO_CODE = re.compile(
    r"(?:at|is|below|above|on|in|for|when|before|with|and|to|from|that|you|your|here|needed|required|necessary"
    r"|automatically|free|the|of|or|will|has|gets?|gives?|takes?|applies|works|expires|ends|box|field|word|if|during"
    r"|until|down|away|brings|does|knocks|opens|unlocks|saves?|cuts|turns|makes|into|once|twice|names?)$",
    re.I,
)
NOT_CODES = re.compile(
    r"(?:SPF|UPF|PA|UV|USB|VIP|FAQ|SMS|HTML|STOP|OEKO|GOTS|FSC|ISO|XXL|XXXL|OFF|FREE|SALE|USA|LED|DIY|TOP|NEW|NOW"
    r"|MEMBERS?)\d*"
)
QUOTES = ('"', "'", "“", "「", "『")


def read(text: str) -> Iterator[Claim]:
    """What stands where a code is said, and what looks like one; its value is in capitals."""
    for match in CODE.finditer(text):
        group = "a" if match["a"] else "b"
        if not NO_CODE.match(match[group]) and not _is_a_word(text, match, group):
            yield Claim(*match.span(group), "code", match[group].upper())
    for match in CODE_LIKE.finditer(text):
        if not NOT_CODES.fullmatch(match.group()) and not _is_shouted(text, match):
            yield Claim(*match.span(), "code", match.group().upper())


def _is_a_word(text: str, match: re.Match[str], group: str) -> bool:
    """Whether what follows "code" is an English word in small letters without quotation marks."""
    said, start = match[group], match.start(group)
    return group == "a" and said.islower() and said.isalpha() and text[max(0, start - 1) : start] not in QUOTES


def _is_shouted(text: str, match: re.Match[str]) -> bool:
    """Whether a word in capitals stands beside others in capitals."""
    before, after = text[: match.start()][-20:], text[match.end() :]
    if not match.group().isalpha():
        return False
    return bool(re.search(r"[A-Z]{2,}\W+$", before) or re.match(r"\W+[A-Z]{2,}", after))
