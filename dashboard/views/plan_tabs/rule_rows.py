"""A rule as rows of a form, and the rows as a rule again: what the rule builder shows and changes."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from engine.audience.facts import Field
from engine.audience.rule_text import All, Any, Bought, Compare, Condition, Known, Not, OneOf, Received, Rule, joined

By = Literal["and", "or"]
Path = tuple[int, ...]  # (2,): the third row; (2, 0): the first row of the group that stands third
OPERATORS = {
    "number": (">=", "<=", ">", "<", "=", "!=", "known", "unknown"),
    "text": ("=", "!=", "in", "known", "unknown"),
    "flag": ("yes", "no", "known", "unknown"),
}
BOUGHT, RECEIVED = ("category", "product"), ("sent", "clicked", "ordered")
YES, NO = ("yes", "1", "true"), ("no", "0", "false")


@dataclass(frozen=True, slots=True)
class Row:
    """One condition, or those whom it does not select."""

    condition: Condition
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of which all ("and") or any ("or") have to hold. Only the outermost holds groups."""

    by: By = "and"
    parts: tuple["Row | Group", ...] = ()
    negated: bool = False


def group_of(rule: Rule | None, fields: Mapping[str, Field]) -> Group | None:
    """The rule as rows; None for one that a form cannot show: nested deeper, or asking in another way."""
    if rule is None:
        return Group()
    by: By = "or" if isinstance(rule, Any) else "and"
    parts = [_part(part, fields) for part in (rule.parts if isinstance(rule, All | Any) else (rule,))]
    shown = tuple(part for part in parts if part is not None)
    return Group(by, shown) if len(shown) == len(parts) else None


def _part(rule: Rule, fields: Mapping[str, Field]) -> "Row | Group | None":
    negated = isinstance(rule, Not)
    inner = rule.rule if isinstance(rule, Not) else rule
    if isinstance(inner, Not):
        return None
    if not isinstance(inner, All | Any):
        return Row(inner, negated) if operator(inner, fields) is not None else None
    rows = [_part(part, fields) for part in inner.parts]
    shown = tuple(row for row in rows if isinstance(row, Row))
    return Group("or" if isinstance(inner, Any) else "and", shown, negated) if len(shown) == len(rows) else None


def rule_of(group: Group) -> Rule | None:
    """The rows as a rule; None where there are none. A group that was emptied is left out."""
    rules = []
    for part in group.parts:
        inner = rule_of(part) if isinstance(part, Group) else part.condition
        if inner is not None:
            rules.append(Not(inner) if part.negated else inner)
    return joined(rules, group.by) if rules else None


# --- changes ---


def part_at(group: Group, path: Path) -> "Row | Group | None":
    """What stands at a place; None where a change in the same moment took it away. () is the whole."""
    found: Row | Group = group
    for number in path:
        if not isinstance(found, Group) or number >= len(found.parts):
            return None
        found = found.parts[number]
    return found


def changed(group: Group, path: Path, part: "Row | Group") -> Group:
    """The group with another row or group at a place."""
    if not path:
        return part if isinstance(part, Group) else group
    number, inner = path[0], group.parts[path[0]]
    if len(path) > 1 and isinstance(inner, Group):
        part = changed(inner, path[1:], part)
    return replace(group, parts=(*group.parts[:number], part, *group.parts[number + 1 :]))


def removed(group: Group, path: Path) -> Group:
    """The group without the row or group at a place."""
    if part_at(group, path) is None:
        return group
    number, inner = path[0], group.parts[path[0]]
    kept = (removed(inner, path[1:]),) if len(path) > 1 and isinstance(inner, Group) else ()
    return replace(group, parts=(*group.parts[:number], *kept, *group.parts[number + 1 :]))


def added(group: Group, path: Path, part: "Row | Group") -> Group:
    """The group with one more row or group at the end of the group at a place."""
    inner = part_at(group, path)
    if not isinstance(inner, Group):
        return group
    return changed(group, path, replace(inner, parts=(*inner.parts, part)))


# --- conditions ---


def subject(condition: Condition) -> str:
    """What a condition asks about: "field:orders", "bought:category", "received:sent"."""
    if isinstance(condition, Bought):
        return f"bought:{condition.what}"
    if isinstance(condition, Received):
        return f"received:{condition.what}"
    return f"field:{condition.field}"


def operator(condition: Condition, fields: Mapping[str, Field]) -> str | None:
    """How a condition compares, one of OPERATORS of its field's kind ("" without any); None for one not shown."""
    if isinstance(condition, Bought | Received):
        return ""
    field = fields.get(condition.field)
    if field is None:
        return None
    if isinstance(condition, Known):
        return "known" if condition.known else "unknown"
    if isinstance(condition, OneOf):
        return "in" if field.kind == "text" else None
    if field.kind == "flag":
        said = condition.value.lower()
        return None if condition.operator != "=" else "yes" if said in YES else "no" if said in NO else None
    if field.kind == "number" and number_of(condition.value) is None:
        return None
    return condition.operator if condition.operator in OPERATORS[field.kind] else None


def with_operator(condition: Condition, sign: str, field: Field) -> Condition:
    """The condition with another way to compare; its value stays where it can."""
    if sign in ("known", "unknown"):
        return Known(field.name, sign == "known")
    if field.kind == "flag":
        return Compare(field.name, "=", sign)
    first = condition.values[0] if isinstance(condition, OneOf) and condition.values else None
    value = condition.value if isinstance(condition, Compare) else first or usual_value(field)
    if sign == "in":
        return OneOf(field.name, (value,))
    return next(Compare(field.name, known, value) for known in (">=", "<=", ">", "<", "=", "!=") if known == sign)


def beginning(field: Field) -> Condition:
    """The condition that a row for this field begins with."""
    if field.kind == "flag":
        return Compare(field.name, "=", "yes")
    if field.kind == "text" and not field.values:
        return Known(field.name)
    return Compare(field.name, ">=" if field.kind == "number" else "=", usual_value(field))


def usual_value(field: Field) -> str:
    """A value to begin with."""
    if field.kind == "text":
        return field.values[0] if field.values else ""
    return {"days": "90", "money": "100", "fraction": "20%"}.get(field.unit, "2")


def number_of(value: str) -> float | None:
    """A number as a rule may write it, a share with its % as so many percent; None for what is none."""
    try:
        number = float(value.removesuffix("%").strip())
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def shown_number(value: str, field: Field) -> float:
    """The number a row shows: shares in percent."""
    number = number_of(value) or 0.0
    # A browser would write the zero below zero, which rounding leaves behind, as -0.
    return number if field.unit != "fraction" or value.endswith("%") else round(100 * number, 6) or 0.0


def written_number(number: float, field: Field) -> str:
    """A number as the rule's text says it."""
    plain = str(int(number)) if float(number).is_integer() else repr(float(number))
    return f"{plain}%" if field.unit == "fraction" else plain
