"""What the fields and names in a rule mean in a shop, and sentences for those that mean nothing there."""

import math
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property
from typing import Literal

import pandas as pd

from engine.audience import segments
from engine.audience.facts import FEATURES, Field, every_level, field_of, fields
from engine.audience.rule_mistakes import MOST_DAYS
from engine.audience.rule_text import Bought, Compare, Condition, Known, OneOf, Operator, Received, write
from engine.errors import DataProblem
from engine.shop.attributes import is_protected
from engine.shop.store import Shop

_YES, _NO = {"1", "yes", "true", "是"}, {"0", "no", "false", "否"}
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,3})?", re.IGNORECASE | re.ASCII)
WHOLE = {"orders", "messages", "categories", "events"}  # units of fields that count
# The largest number that means anything, by unit; a field without one of these units may be below 0 as well.
_LARGEST = {**dict.fromkeys(WHOLE, 10_000_000), "days": MOST_DAYS, "fraction": 1_000}
_LARGEST_OF_ALL = 1_000_000_000_000
_KIND = {"number": "a number", "text": "a text", "flag": "yes or no"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A condition, understood: as the shop spells its names and values, and what it asks of a field, where it does.

    number: of a number or flag. values: of a text, every way it is spelt in this shop.
    """

    condition: Condition
    column: Field | None = None
    number: float | None = None
    values: tuple[str, ...] = ()


class Names:
    """What the names and values in one rule mean in this shop."""

    def __init__(self, shop: Shop, text: str, facts: pd.DataFrame | None = None):
        self.shop, self.text, self.facts = shop, text, facts

    def understood(self, condition: Condition) -> Asked:
        match condition:
            case Bought(what, name):
                return Asked(replace(condition, name=self._existing(what, name, self._sold(what))))
            case Received(what, campaign_id):
                return Asked(Received(what, self._existing("campaign", campaign_id, self._sent(what))))
            case Known(name, known):
                column = self._field(name)
                return Asked(Known(column.name, known), column)
            case OneOf(name, values):
                return self._one_of(self._field(name), values)
            case Compare(name, operator, value):
                return self._compared(self._field(name), operator, value)

    @cached_property
    def _fields(self) -> dict[str, Field]:
        return {one.name: one for one in fields(self.shop)}

    def _field(self, name: str) -> Field:
        if self.facts is not None and name in self.facts and name != "customer_id":
            return field_of(self.facts, name)
        if name in self._fields:
            return self._fields[name]
        alike = [one for one in self._fields if one.casefold() == name.casefold()]
        if len(alike) == 1:
            return self._fields[alike[0]]
        place = self._place(name)
        if is_protected(name, self.shop.settings.protected):
            raise DataProblem(
                f'{place}: customers may not be chosen by "{name}": it is protected in this shop. '
                "Take that condition out."
            )
        if name.lower() == "group":
            segments.current(self.shop)  # says that there are none and how to make them
        if name in FEATURES or name == "lifecycle":
            raise DataProblem(f'{place}: "{name}" needs data that this shop has not got. Import it, or take it out.')
        usual = {feature: ours for ours, feature in FEATURES.items()}
        nearest = [usual[name.lower()]] if name.lower() in usual else _nearest(name, self._fields)
        advice = f"Did you mean {' or '.join(nearest)}?" if nearest else f"Fields are {_listed(list(self._fields))}."
        raise DataProblem(f'{place}: there is no field "{name}". {advice}')

    def _place(self, name: str) -> str:
        """Where a name stands in the rule, counted from 1."""
        found = re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", self.text) or re.search(
            r"\s+".join(map(re.escape, name.split())), self.text
        )
        return f"Position {found.start() + 1}" if found else "In the rule"

    def _one_of(self, column: Field, values: tuple[str, ...]) -> Asked:
        if column.kind != "text":
            raise DataProblem(
                f'{self._place(column.name)}: "in" is for texts, and {column.name} is {_KIND[column.kind]}. '
                f"Write for example {column.name} = {values[0]}."
            )
        levels = [self._levels(column, value) for value in values]
        spelled = dict.fromkeys(_spelled(value, found) for value, found in zip(values, levels, strict=True))
        return Asked(
            OneOf(column.name, tuple(spelled)), column, values=tuple(level for found in levels for level in found)
        )

    def _compared(self, column: Field, operator: Operator, value: str) -> Asked:
        if column.kind == "number":
            number = self._number(column, value)
            # "-0" is nothing that anybody means by a number.
            return Asked(Compare(column.name, operator, value if number else value.lstrip("-")), column, number)
        if operator not in ("=", "!="):
            raise DataProblem(
                f"{self._place(column.name)}: {column.name} is {_KIND[column.kind]} and knows no {operator}. "
                f"Write {column.name} = {value} or {column.name} != {value}."
            )
        if column.kind == "text":
            found = self._levels(column, value)
            return Asked(Compare(column.name, operator, _spelled(value, found)), column, values=found)
        if value.casefold() not in _YES | _NO:
            raise DataProblem(
                f'{self._place(value)}: {column.name} is yes or no, and the rule says "{value}". '
                f"Write {column.name} = yes or {column.name} = no."
            )
        yes = value.casefold() in _YES
        return Asked(Compare(column.name, operator, "yes" if yes else "no"), column, 1.0 if yes else 0.0)

    def _number(self, column: Field, value: str) -> float:
        """The value as a number. Raises DataProblem for one that the field can never have."""
        share = value.removesuffix("%").strip()
        place = self._place(value)
        if not _NUMBER.fullmatch(share):
            example = "20% or 0.2" if column.unit == "fraction" else "90"
            raise DataProblem(
                f'{place}: {column.name} is a number, and the rule says "{value}". '
                f"Write a plain number, such as {example}."
            )
        if value.endswith("%") and column.unit != "fraction":
            raise DataProblem(f'{place}: {column.name} is no share; write {share} without "%".')
        number = float(share) / (100 if value.endswith("%") else 1)
        if wrong := _wrong_size(number, column.unit):
            raise DataProblem(f'{place}: {column.name} {wrong[0]}, and the rule says "{value}". Write {wrong[1]}.')
        return number

    def _levels(self, column: Field, value: str) -> tuple[str, ...]:
        """How a value is spelt in this shop."""
        known: list[str] = list(column.values) if column.name == "group" else every_level(self.shop, column)
        found = [level for level in known if _alike(level) == _alike(value)]
        if not found:
            nearest = _nearest(value, known)
            advice = f"Did you mean {' or '.join(nearest)}?" if nearest else f"Known are {_listed(known)}."
            raise DataProblem(f'{self._place(value)}: no customer has {column.name} "{value}". {advice}')
        return tuple(found)

    def _existing(self, what: str, name: str, known: list[str]) -> str:
        """A name as the shop spells it. Of names that differ in upper and lower case alone, the very one."""
        found = [name] if name in known else [one for one in known if _alike(one) == _alike(name)]
        if len(found) == 1:
            return found[0]
        plural = {"category": "categories", "product": "product ids", "campaign": "campaign ids"}[what]
        if found:
            raise DataProblem(
                f'{self._place(name)}: several {plural} are spelt like "{name}". '
                f"Write one as it stands in the shop: {_listed(found)}."
            )
        nearest = _nearest(name, known)
        advice = f"Did you mean {' or '.join(nearest)}?" if nearest else f"Known {plural} are {_listed(known)}."
        raise DataProblem(f'{self._place(name)}: there is no {what} "{name}" in this shop. {advice}')

    def _sold(self, what: str) -> list[str]:
        """Categories, or ids of products: of the catalogue, and of orders for products that left it."""
        if what == "category":
            if "category" not in self.shop.columns("products"):
                raise DataProblem("The rule asks for a category, and this shop's products have none. Take it out.")
            return sorted(self.shop.table("products", ["category"])["category"].dropna().unique())
        tables = [table for table in ("products", "orders") if self.shop.has(table)]
        return sorted(
            {one for table in tables for one in self.shop.table(table, ["product_id"])["product_id"].unique()}
        )

    def _sent(self, what: Literal["sent", "clicked", "ordered"]) -> list[str]:
        """Ids of campaigns, where the shop keeps what `what` asks for."""
        column = {"sent": "sent_at", "clicked": "clicked", "ordered": "converted"}[what]
        if column not in self.shop.columns("deliveries"):
            asked = write(Received(what, "CAMPAIGN_ID"))
            raise DataProblem(
                f'"{asked}" needs deliveries that say so, and this shop has none. Import them, or take it out.'
            )
        return sorted(self.shop.table("deliveries", ["campaign_id"])["campaign_id"].unique())


def _wrong_size(number: float, unit: str) -> tuple[str, str] | None:
    """What a field of this unit is, and what to write, where the number is none that it can ever have."""
    largest = _LARGEST.get(unit, _LARGEST_OF_ALL)
    if abs(number) > largest:
        return f"is never beyond {largest:,}", f"{largest} or less"
    if number < 0 and unit in _LARGEST:
        return "is never below 0", "0 or more"
    if number > 1 and unit == "fraction":
        share = f"{number:g}% or {number / 100:g}" if number <= 100 else "20% or 0.2"
        return "is a share, from 0% to 100%", share
    if unit in WHOLE and not number.is_integer():
        return f"counts whole {unit}", f"{math.floor(number)} or {math.ceil(number)}"
    return None


def _alike(name: str) -> str:
    """Names that differ in spaces, and in upper and lower case, are alike."""
    return " ".join(name.split()).casefold()


def _spelled(value: str, found: Collection[str]) -> str:
    """The value as the shop spells it; where it does so in several ways, as it stands or the most usual way."""
    return value if value in found else next(iter(found))


def _nearest(name: str, known: Collection[str]) -> list[str]:
    """Up to three known names that look like this one."""
    by_lower = {one.casefold(): one for one in reversed([*known])}  # of two alike, the first
    return [by_lower[one] for one in get_close_matches(name.casefold(), by_lower, n=3, cutoff=0.6)]


def _listed(names: Collection[str], most: int = 12) -> str:
    """Names for a sentence, the first few of many."""
    first = ", ".join(list(names)[:most])
    return f"{first} and {len(names) - most:,} more" if len(names) > most else first or "none"
