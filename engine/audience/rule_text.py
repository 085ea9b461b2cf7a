"""The language of audience rules: text to rule and back.

    orders >= 2 and recency_days > 90 and bought category Skin Care
    not (lifecycle = lapsed or sent_30d >= 4) and city in (Berlin, "New York")

`and`, `or`, `not` and parentheses join conditions (`and` binds tighter), in upper or lower case:

    FIELD >= VALUE           also <=  >  <  =  !=
    FIELD in (VALUE, VALUE)  FIELD is known   FIELD is unknown
    bought category NAME     bought product ID     both also with: in 30 days
    was sent CAMPAIGN_ID     clicked CAMPAIGN_ID   ordered from CAMPAIGN_ID

A value goes on up to the next keyword, so `Skin Care` needs no quotes; "..." around it always works, with \\" for a
quotation mark, and is needed where a value holds a keyword ("Home and Garden"). A field whose name holds a keyword is
written in backticks. What a rule selects is said in engine.audience.rules.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

import lark

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
_CHARACTER = r"(?:[^\s()（）,，\"“”`=<>≥≤≠＝＞＜!]|!(?!=))"
_SAME = {"==": "=", "<>": "!=", "≥": ">=", "≤": "<=", "≠": "!=", "＝": "=", "＞": ">", "＜": "<"}
_KEYWORDS = {
    "and", "or", "not", "in", "is", "known", "unknown", "bought", "category", "product", "day", "days", "was", "sent",
    "clicked", "ordered", "from",
}  # fmt: skip
# A field may be called as a keyword that stands nowhere a field's name could be mistaken for it.
_FIELD_MAY_BE = {"sent", "category", "product", "days", "day", "known", "unknown", "from"}


class _Reader(lark.Transformer):
    """The parser's finds as rules."""

    def any(self, parts: list[Rule]) -> Rule:
        return Any(tuple(parts))

    def all(self, parts: list[Rule]) -> Rule:
        return All(tuple(parts))

    def negated(self, parts: list[Rule]) -> Rule:
        return Not(parts[0])

    def compare(self, parts: list[str]) -> Rule:
        field, operator, value = parts
        sign = _SAME.get(operator, operator)
        return Compare(field, next(known for known in get_args(Operator) if known == sign), value)

    def one_of(self, parts: list[str]) -> Rule:
        return OneOf(parts[0], tuple(parts[1:]))

    def is_known(self, parts: list[str]) -> Rule:
        return Known(parts[0])

    def is_unknown(self, parts: list[str]) -> Rule:
        return Known(parts[0], False)

    def bought(self, parts: list[str]) -> Rule:
        what, name, days = parts
        if days is not None and not re.fullmatch(r"[0-9]{1,5}", days):
            raise DataProblem(f'After bought {what} {name} in, the rule says "{days}"; write a whole number of days.')
        kind: Literal["category", "product"] = "category" if what.lower() == "category" else "product"
        return Bought(kind, name, None if days is None else int(days))

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
    return lark.Lark(_GRAMMAR.replace("WORDCHAR", _CHARACTER), parser="lalr", maybe_placeholders=True)


def parse(text: str) -> Rule:
    """The rule a text says. Raises DataProblem with a sentence that names the place and what to write instead."""
    if not text.strip():
        raise DataProblem("The rule is empty: write a condition, such as orders >= 2.")
    if len(text) > LONGEST:
        raise DataProblem(f"The rule has {len(text):,} characters; at most {LONGEST:,} can be read. Make it shorter.")
    try:
        tree = _parser().parse(text)
    except lark.UnexpectedInput as error:
        raise DataProblem(_refusal(text, error)) from error
    if _depth(tree) > DEEPEST:
        raise DataProblem(f"The rule is nested more than {DEEPEST} deep. Take away some parentheses, or some not.")
    try:
        rule: Rule = _Reader().transform(tree)
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


def _refusal(text: str, error: lark.UnexpectedInput) -> str:
    """What stands where nothing like it may stand, and what may."""
    token = getattr(error, "token", None)
    ends = token is not None and token.type == "$END"
    place = len(text) if ends else (error.pos_in_stream or 0)
    before, after = text[:place].rstrip(), text[place:]
    expected: set[str] = set(getattr(error, "expected", None) or getattr(error, "allowed", None) or ())
    said = _wanted(before, expected)
    if ends:
        return f'The rule ends too early, after "{before[-40:]}". {said}'
    sign = after[:1]
    if sign in '"“`':
        return (
            f"The {'backtick' if sign == '`' else 'quotation mark'} at position {place + 1} is never closed. Close it."
        )
    if sign in ",，" and re.search(r"\d$", before) and after[1:2].isdigit():
        number = re.split(r"\s", before)[-1] + re.split(r"[^\d,，.]", after)[0]
        return f'Position {place + 1}: "{number}" is no number here. Write {re.sub("[,，]", "", number)}.'
    if sign in ")）" and not _is_open(before):
        return f"The parenthesis at position {place + 1} closes none that was opened. Take it away."
    found = re.match(f"{_CHARACTER}+", after)
    word = str(token) if token is not None and str(token) else found.group() if found else sign
    return f'Position {place + 1}: "{word}" cannot stand here. {said}'


def _wanted(before: str, expected: set[str]) -> str:
    """What may stand after `before`."""
    if "OPERATOR" in expected:
        name = re.split(r"\b(?:and|or|not)\b|[(（]", before, flags=re.IGNORECASE)[-1].strip()
        return f'"{name}" is compared with nothing: write for example {name.split(" ")[0]} >= 2, or {name} is known.'
    if "BOUGHT_WHAT" in expected:
        return "Write bought category NAME or bought product ID."
    if "_SENT" in expected:
        return "Write was sent CAMPAIGN_ID."
    if "_FROM" in expected:
        return "Write ordered from CAMPAIGN_ID."
    if "_DAYS" in expected:
        return 'Write for example in 30 days; a name with the word "in" needs quotation marks around it.'
    if "_KNOWN" in expected or "_UNKNOWN" in expected:
        return "Write is known or is unknown."
    if "_NOT" in expected:
        return "Write a condition here, such as orders >= 2."
    if "QUOTED" in expected:
        return "Write a value here, in quotation marks where it holds a sign or one of the words and, or, in."
    if "_OPEN" in expected:
        return "Write the values in parentheses: in (A, B)."
    if "_COMMA" in expected and "_AND" not in expected:
        return "Close the parenthesis, or write a comma and one more value."
    return "Join conditions with and or or" + (", and close the parenthesis." if _is_open(before) else ".")


def _is_open(text: str) -> bool:
    """Whether a parenthesis is open at the end of a text."""
    outside = re.sub(r'"(?:\\.|[^"\\])*"|“[^“”]*”|`(?:\\.|[^`\\])*`', "", text)
    return len(re.findall(r"[(（]", outside)) > len(re.findall(r"[)）]", outside))


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
    return all(re.fullmatch(f"{_CHARACTER}+", word) and word.lower() not in keywords for word in words)
