"""What the fields and names in a rule mean in a shop, and sentences for those that mean nothing there."""

import math
import re
from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Literal

import pandas as pd

from engine.audience import segments
from engine.audience.facts import FEATURES, Field, every_level, field_of, fields
from engine.audience.rule_text import Bought, Compare, Condition, Known, OneOf, Received, write
from engine.errors import DataProblem
from engine.shop.attributes import is_protected
from engine.shop.store import Shop

_YES, _NO = {"1", "yes", "true", "是"}, {"0", "no", "false", "否"}
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,3})?", re.IGNORECASE | re.ASCII)
_KIND = {"number": "a number", "text": "a text", "flag": "yes or no"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A condition on a field, understood: the field's column, and what to compare it with.

    number: of a number or flag. values: of a text, every way it is spelt in this shop.
    """

    column: Field
    number: float | None = None
    values: tuple[str, ...] = ()


class Names:
    """What the names and values in one rule mean in this shop."""

    def __init__(self, shop: Shop, text: str, facts: pd.DataFrame | None = None):
        self.shop, self.text, self.facts = shop, text, facts

    def understood(self, condition: Condition) -> Asked | None:
        match condition:
            case Bought(what, name):
                self._exists(what, name, self._sold(what))
            case Received(what, campaign_id):
                self._exists("campaign", campaign_id, self._sent(what))
            case Known(name):
                return Asked(self._field(name))
            case OneOf(name, values):
                return self._one_of(self._field(name), values)
            case Compare(name, operator, value):
                return self._compared(self._field(name), operator, value)
        return None

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
        return Asked(column, values=tuple(level for value in values for level in self._levels(column, value)))

    def _compared(self, column: Field, operator: str, value: str) -> Asked:
        if column.kind == "number":
            return Asked(column, self._number(column, value))
        if operator not in ("=", "!="):
            raise DataProblem(
                f"{self._place(column.name)}: {column.name} is {_KIND[column.kind]} and knows no {operator}. "
                f"Write {column.name} = {value} or {column.name} != {value}."
            )
        if column.kind == "text":
            return Asked(column, values=self._levels(column, value))
        if value.casefold() not in _YES | _NO:
            raise DataProblem(f'{self._place(value)}: {column.name} is yes or no, and the rule says "{value}".')
        return Asked(column, 1.0 if value.casefold() in _YES else 0.0)

    def _number(self, column: Field, value: str) -> float:
        share = value.removesuffix("%").strip()
        number = float(share) if _NUMBER.fullmatch(share) else math.nan
        if not math.isfinite(number):
            example = "20% or 0.2" if column.unit == "fraction" else "90"
            raise DataProblem(
                f'{self._place(value)}: {column.name} is a number, and the rule says "{value}". '
                f"Write a plain number, such as {example}."
            )
        if value.endswith("%") and column.unit != "fraction":
            raise DataProblem(f'{self._place(value)}: {column.name} is no share; write {share} without "%".')
        return number / 100 if value.endswith("%") else number

    def _levels(self, column: Field, value: str) -> tuple[str, ...]:
        """How a value is spelt in this shop."""
        if column.name == "group":
            known: list[str] = list(column.values)
            found = [level for level in known if level == value]
        else:
            known = every_level(self.shop, column)
            found = [level for level in known if level.strip().casefold() == value.strip().casefold()]
        if not found:
            nearest = _nearest(value, known)
            advice = f"Did you mean {' or '.join(nearest)}?" if nearest else f"Known are {_listed(known)}."
            raise DataProblem(f'{self._place(value)}: no customer has {column.name} "{value}". {advice}')
        return tuple(found)

    def _exists(self, what: str, name: str, known: list[str]) -> None:
        if name in known:
            return
        nearest = _nearest(name, known)
        plural = {"category": "categories", "product": "product ids", "campaign": "campaign ids"}[what]
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


def _nearest(name: str, known: Collection[str]) -> list[str]:
    """Up to three known names that look like this one."""
    by_lower = {one.casefold(): one for one in reversed([*known])}  # of two alike, the first
    return [by_lower[one] for one in get_close_matches(name.casefold(), by_lower, n=3, cutoff=0.6)]


def _listed(names: Collection[str], most: int = 12) -> str:
    """Names for a sentence, the first few of many."""
    first = ", ".join(list(names)[:most])
    return f"{first} and {len(names) - most:,} more" if len(names) > most else first or "none"
