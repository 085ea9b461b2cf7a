"""The language of audience rules: text to rule and back.

    orders >= 2 and recency_days > 90 and bought category Skin Care
    not (lifecycle = lapsed or sent_30d >= 4) and city in (Berlin, "New York")

`and`, `or`, `not` and parentheses join conditions (`and` binds tighter), in upper or lower case:

    FIELD >= VALUE           also <=  >  <  =  !=
    FIELD between VALUE and VALUE    the same as  FIELD >= VALUE and FIELD <= VALUE
    FIELD in (VALUE, VALUE)  FIELD is known   FIELD is unknown
    bought category NAME     bought product ID     both also with: in 30 days
    was sent CAMPAIGN_ID     clicked CAMPAIGN_ID   ordered from CAMPAIGN_ID

A value goes on up to the next keyword, so `Skin Care` needs no quotes; "..." around it always works, with \\" for a
quotation mark, and is needed where a value holds a keyword ("Home and Garden"). A field whose name holds a keyword is
written in backticks. What a rule selects is said in engine.audience.rules.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

import lark

from engine.audience.rule_mistakes import CHARACTER, days_asked, is_above, refusal
from engine.errors import DataProblem

Operator = Literal[">=", "<=", ">", "<", "=", "!="]
LONGEST, MOST_CONDITIONS, DEEPEST = 4_000, 60, 30  # no marketer writes more; SQL and recursion have their limits


@dataclass(frozen=True, slots=True)
class Compare:
    """A field against a value; the value as written, read as a number where the field is one."""

    field: str
    operator: Operator
    value: str


@dataclass(frozen=True, slots=True)
class OneOf:
    """A field that has one of these values."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """A field of which something is known, or nothing."""

    field: str
    known: bool = True


@dataclass(frozen=True, slots=True)
class Bought:
    """An order with a category or product, in so many days before the day asked for (None: ever)."""

    what: Literal["category", "product"]
    name: str
    days: int | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """A past campaign that a customer was sent, clicked, or ordered from."""

    what: Literal["sent", "clicked", "ordered"]
    campaign_id: str


@dataclass(frozen=True, slots=True)
class Not:
    """Those whom a rule does not select."""

    rule: "Rule"


@dataclass(frozen=True, slots=True)
class All:
    """Those whom every one of two or more rules selects."""

    parts: tuple["Rule", ...]


@dataclass(frozen=True, slots=True)
class Any:
    """Those whom at least one of two or more rules selects."""

    parts: tuple["Rule", ...]


Condition = Compare | OneOf | Known | Bought | Received
Rule = Condition | Not | All | Any


def joined(parts: Sequence[Rule], by: Literal["and", "or"] = "and") -> Rule:
    """One rule of several, for a page that builds rules; a single one stays as it is."""
    if not parts:
        raise DataProblem("The rule is empty: add a condition, such as orders >= 2.")
    if len(parts) == 1:
        return parts[0]
    return All(tuple(parts)) if by == "and" else Any(tuple(parts))


def changed(rule: Rule, change: Callable[[Condition], Condition]) -> Rule:
    """The rule with each of its conditions as `change` gives it."""
    if isinstance(rule, Not):
        return Not(changed(rule.rule, change))
    if isinstance(rule, All | Any):
        return type(rule)(tuple(changed(part, change) for part in rule.parts))
    return change(rule)


def conditions(rule: Rule) -> Iterator[Condition]:
    """Every condition in a rule, from left to right."""
    if isinstance(rule, Not):
        yield from conditions(rule.rule)
    elif isinstance(rule, All | Any):
        for part in rule.parts:
            yield from conditions(part)
    else:
        yield rule


# Words end at a keyword, so each kind of words has a rule of its own: only after `bought` does `in` end them.
_GRAMMAR = r"""
    ?start: any
    ?any: all (_OR all)*
    ?all: one (_AND one)*
    ?one: _NOT one            -> negated
        | _OPEN any _CLOSE
        | field OPERATOR value           -> compare
        | field _BETWEEN value _AND value -> between
        | field _IN _OPEN item (_COMMA item)* _CLOSE -> one_of
        | field _IS _KNOWN               -> is_known
        | field _IS (_UNKNOWN | _NOT _KNOWN) -> is_unknown
        | _BOUGHT BOUGHT_WHAT named [_IN WORD _DAYS] -> bought
        | _WAS _SENT campaign            -> sent
        | _CLICKED campaign              -> clicked
        | _ORDERED _FROM campaign        -> ordered

    field: _field | TICKED
    _field: FIELD_WORD | _field FIELD_WORD
    value: _value | QUOTED
    _value: WORD | _value WORD
    item: _item | QUOTED
    _item: WORD | _item WORD
    named: _named | QUOTED
    _named: WORD | _named WORD
    campaign: _campaign | QUOTED
    _campaign: WORD | _campaign WORD

    _AND.2: /and(?!WORDCHAR)/i
    _OR.2: /or(?!WORDCHAR)/i
    _NOT.2: /not(?!WORDCHAR)/i
    _IN.2: /in(?!WORDCHAR)/i
    _BETWEEN.2: /between(?!WORDCHAR)/i
    _IS.2: /is(?!WORDCHAR)/i
    _KNOWN.2: /known(?!WORDCHAR)/i
    _UNKNOWN.2: /unknown(?!WORDCHAR)/i
    _BOUGHT.2: /bought(?!WORDCHAR)/i
    BOUGHT_WHAT.2: /(?:category|product)(?!WORDCHAR)/i
    _DAYS.2: /days?(?!WORDCHAR)/i
    _WAS.2: /was(?!WORDCHAR)/i
    _SENT.2: /sent(?!WORDCHAR)/i
    _CLICKED.2: /clicked(?!WORDCHAR)/i
    _ORDERED.2: /ordered(?!WORDCHAR)/i
    _FROM.2: /from(?!WORDCHAR)/i

    OPERATOR: />=|<=|!=|==|<>|[=<>≥≤≠＝＞＜]/
    _OPEN: /[(（]/
    _CLOSE: /[)）]/
    _COMMA: /[,，]/
    QUOTED: /"(?:\\.|[^"\\])*"|“[^“”]*”/s
    TICKED: /`(?:\\.|[^`\\])*`/s
    WORD: /(?:WORDCHAR)+/
    FIELD_WORD: /(?!(?:and|or|in|is)(?!WORDCHAR))(?:WORDCHAR)+/i
    %ignore /\s+/
"""
_SAME = {"==": "=", "<>": "!=", "≥": ">=", "≤": "<=", "≠": "!=", "＝": "=", "＞": ">", "＜": "<"}
_KEYWORDS = {
    "and", "or", "not", "in", "between", "is", "known", "unknown", "bought", "category", "product", "day", "days",
    "was", "sent", "clicked", "ordered", "from",
}  # fmt: skip
# A field may be called as a keyword that stands nowhere a field's name could be mistaken for it.
_FIELD_MAY_BE = {"sent", "category", "product", "days", "day", "known", "unknown", "from"}


class _Between(tuple[Compare, Compare]):
    """Two comparisons that stand among others as if they had been written one by one."""


def _whole(part: Rule | _Between) -> Rule:
    return All(tuple(part)) if isinstance(part, _Between) else part


class _Reader(lark.Transformer):
    """The parser's finds as rules."""

    def any(self, parts: list[Rule | _Between]) -> Rule:
        return Any(tuple(map(_whole, parts)))

    def all(self, parts: list[Rule | _Between]) -> Rule:
        return All(tuple(one for part in parts for one in (part if isinstance(part, _Between) else (part,))))

    def negated(self, parts: list[Rule | _Between]) -> Rule:
        return Not(_whole(parts[0]))

    def compare(self, parts: list[str]) -> Rule:
        field, operator, value = parts
        sign = _SAME.get(operator, operator)
        return Compare(field, next(known for known in get_args(Operator) if known == sign), value)

    def between(self, parts: list[str]) -> _Between:
        field, low, high = parts
        if is_above(low, high):
            raise DataProblem(
                f"{field} between {low} and {high} holds nothing: the smaller number comes first. "
                f"Write {field} between {high} and {low}."
            )
        return _Between((Compare(field, ">=", low), Compare(field, "<=", high)))

    def one_of(self, parts: list[str]) -> Rule:
        return OneOf(parts[0], tuple(parts[1:]))

    def is_known(self, parts: list[str]) -> Rule:
        return Known(parts[0])

    def is_unknown(self, parts: list[str]) -> Rule:
        return Known(parts[0], False)

    def bought(self, parts: list[lark.Token]) -> Rule:
        what, name, days = parts
        kind: Literal["category", "product"] = "category" if what.lower() == "category" else "product"
        return Bought(kind, name, None if days is None else days_asked(f"bought {kind} {name}", days))

    def sent(self, parts: list[str]) -> Rule:
        return Received("sent", parts[0])

    def clicked(self, parts: list[str]) -> Rule:
        return Received("clicked", parts[0])

    def ordered(self, parts: list[str]) -> Rule:
        return Received("ordered", parts[0])

    def field(self, words: list[lark.Token]) -> str:
        return _text(words)

    value = item = named = campaign = field


def _text(words: list[lark.Token]) -> str:
    if words[0].type in ("QUOTED", "TICKED"):
        return re.sub(r"\\(.)", r"\1", words[0][1:-1], flags=re.DOTALL)
    return " ".join(words)


@cache
def _parser() -> lark.Lark:
    return lark.Lark(_GRAMMAR.replace("WORDCHAR", CHARACTER), parser="lalr", maybe_placeholders=True)


def parse(text: str) -> Rule:
    """The rule a text says. Raises DataProblem with a sentence that names the place and what to write instead."""
    if not text.strip():
        raise DataProblem("The rule is empty: write a condition, such as orders >= 2.")
    if len(text) > LONGEST:
        raise DataProblem(f"The rule has {len(text):,} characters; at most {LONGEST:,} can be read. Make it shorter.")
    try:
        tree = _parser().parse(text)
    except lark.UnexpectedInput as error:
        raise DataProblem(refusal(text, error)) from error
    if _depth(tree) > DEEPEST:
        raise DataProblem(f"The rule is nested more than {DEEPEST} deep. Take away some parentheses, or some not.")
    try:
        rule = _whole(_Reader().transform(tree))
    except lark.exceptions.VisitError as error:
        raise error.orig_exc from None
    if (count := sum(1 for _ in conditions(rule))) > MOST_CONDITIONS:
        raise DataProblem(f"The rule has {count} conditions; at most {MOST_CONDITIONS} can be read. Make it shorter.")
    return rule


def _depth(tree: lark.Tree) -> int:
    """Levels of a tree, without recursion: a rule may be deeper than Python goes."""
    deepest, below = 0, [(tree, 1)]
    while below:
        branch, level = below.pop()
        deepest = max(deepest, level)
        below += [(child, level + 1) for child in branch.children if isinstance(child, lark.Tree)]
    return deepest


def write(rule: Rule) -> str:
    """The rule as text: one way to write each, and `parse(write(rule)) == rule`."""
    match rule:
        case Compare(field, operator, value):
            return f"{_field(field)} {operator} {_value(value)}"
        case OneOf(field, values):
            return f"{_field(field)} in ({', '.join(map(_value, values))})"
        case Known(field, known):
            return f"{_field(field)} is {'known' if known else 'unknown'}"
        case Bought(what, name, days):
            return f"bought {what} {_value(name)}" + ("" if days is None else f" in {days} days")
        case Received(what, campaign_id):
            return f"{_RECEIVED[what]} {_value(campaign_id)}"
        case Not(inner):
            return f"not {_enclosed(inner)}"
        case All(parts):
            return " and ".join(map(_enclosed, parts))
        case Any(parts):
            return " or ".join(map(_enclosed, parts))


_RECEIVED = {"sent": "was sent", "clicked": "clicked", "ordered": "ordered from"}


def _enclosed(rule: Rule) -> str:
    return f"({write(rule)})" if isinstance(rule, All | Any) else write(rule)


def _field(name: str) -> str:
    return name if _is_plain(name, _KEYWORDS - _FIELD_MAY_BE) else "`" + re.sub(r"([`\\])", r"\\\1", name) + "`"


def _value(value: str) -> str:
    return value if _is_plain(value, _KEYWORDS) else '"' + re.sub(r'(["\\])', r"\\\1", value) + '"'


def _is_plain(text: str, keywords: set[str]) -> bool:
    """Whether a text is read back as it is without marks around it."""
    words = text.split(" ")
    return all(re.fullmatch(f"{CHARACTER}+", word) and word.lower() not in keywords for word in words)
