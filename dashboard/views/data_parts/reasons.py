"""Part of Data: why a row was set aside, or kept and counted, in a marketer's words."""

import re

from dashboard.text import known, t, table_name
from dashboard.views.data_parts import roles_in_words

# What the engine writes -> the text that says it. A group called "role" is a column of ours, "table" one of our tables.
RULES = {
    r"(?P<role>\w+) is empty": "empty",
    r"(?P<role>\w+) is empty \(set aside as agreed\)": "empty_agreed",
    r"(?P<role>\w+) is not a date in ISO form.*": "no_date",
    r"(?P<role>\w+) is not a number": "no_number",
    r"(?P<role>\w+) is 0, not a number or beyond 10,000,000": "no_quantity",
    r"(?P<role>\w+) is below 0(?: or beyond 10,000,000)?": "below_0",
    r"(?P<role>\w+) is beyond 10,000,000": "too_large",
    r"(?P<role>\w+) is neither 1 nor 0": "no_flag",
    r"(?P<role>\w+) is not in (?P<table>\w+)": "unknown",
    r"(?P<what>[\w+ ]+) stands again further down": "again",
    r"more fields than the header": "more_fields",
    r"fewer fields than the header": "fewer_fields",
    r"order is not paid: (?P<what>.*)": "not_paid",
    r"order is closed: (?P<what>.*)": "closed",
    r"order was cancelled: (?P<what>.*)": "cancelled",
    r"order is a test order": "test_order",
    r"currency (?P<what>\w+) has no rate in the shop's settings": "no_rate",
    r"line of an order that is not in the file of orders": "no_order",
    r"customer was erased": "erased",
    r"same order line twice \(kept\)": "twice",
    r"price 0 \(kept\)": "free",
    r"line of postage, a discount or a correction \(kept\)": "no_goods",
    r"(?P<role>\w+) is not between 0 and 1": "no_share",
    r"(?P<role>\w+) is an error of the spreadsheet": "spreadsheet",
    r"(?P<role>\w+) lies in the future \(kept\)": "future",
    r"quantity beyond (?P<what>[\d,]+), far above the usual \(kept\)": "many",
    r"price beyond (?P<what>[\d,]+), far above the usual \(kept\)": "dear",
    r"free text with an e-mail address or number \(masked\)": "masked",
}


def in_words(reason: str) -> str:
    """The reason in the language of the page; as the engine wrote it where there are no other words for it."""
    for pattern, key in RULES.items():
        found = re.fullmatch(pattern, reason)
        if found:
            return t(f"reasons.{key}", **{name: _named(name, value) for name, value in found.groupdict().items()})
    return reason


def _named(group: str, value: str) -> str:
    if group == "table":
        return table_name(value) if known(f"common.table_{value}") else value
    return roles_in_words.short(value) if group == "role" else value
