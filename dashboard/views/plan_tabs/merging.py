"""Three versions of a form made one: what it was begun from, what was typed here, what somebody else saved since."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# What these say follows from the kind of the offer: one changed here and its kind there do not go together.
OF_OFFER = ("percent", "amount", "max_discount", "min_spend", "gift", "tier_spend_", "tier_off_")


@dataclass(frozen=True, slots=True)
class Merged:
    """`values` has mine on top of theirs; `clashes` both changed, each otherwise; `taken` only the other changed."""

    values: dict[str, Any]
    clashes: tuple[str, ...]
    taken: tuple[str, ...]


def merge(begun: Mapping[str, Any], mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> Merged:
    """Fields that only one changed go together; where both changed one, mine stands in `values` and it is a clash.

    >>> merge({"name": "A", "goal": 1}, {"name": "B", "goal": 1}, {"name": "A", "goal": 2}).values
    {'name': 'B', 'goal': 2}
    """
    names = dict.fromkeys([*theirs, *mine])
    changed = [name for name in names if name in mine and mine[name] != begun.get(name)]
    differ = [name for name in names if theirs.get(name) != begun.get(name)]
    clashes = {name for name in changed if name in differ and mine[name] != theirs.get(name)}
    for one, other in ((changed, differ), (differ, changed)):
        if "kind" in one and any(name.startswith(OF_OFFER) for name in other) and mine["kind"] != theirs["kind"]:
            clashes |= {"kind", *(name for name in other if name.startswith(OF_OFFER))}
            changed = [*changed, "kind"]
    values = {name: mine[name] if name in changed else theirs.get(name) for name in names}
    taken = tuple(name for name in differ if name not in clashes and name not in changed)
    return Merged(values, tuple(name for name in names if name in clashes), taken)
