"""Rules that select customers, in the language of engine.audience.rule_text.

Whom a rule selects:

    A comparison with something unknown is not true, and `not` turns that around: `recency_days > 90` leaves out who
    never ordered, `not recency_days > 90` takes them in. `FIELD is known` and `is unknown` ask for just that.
    Texts are compared as a whole, without regard to upper and lower case. So are categories and the ids of products,
    campaigns and groups, unless the shop has several that differ in nothing else: then it is the one that is written.
    Flags are yes or no (1 or 0). A share may be written as 20%. A number that a field can never have (a negative
    count, half an order, a share of 20) is refused.
    bought          counts lines with a quantity above 0, before the day asked for
    was sent        counts customers who got it: those held out did not
    clicked, ordered from   count what was known on the day asked for: messages whose time to answer was over by then,
                    and on the day of the data all that the shop's tables hold
    group           the current groups (engine.audience.segments); lifecycle: see engine.audience.lifecycle
"""

import operator
from collections.abc import Callable
from datetime import date, timedelta
from functools import reduce

import ibis
import pandas as pd
from ibis import _

from engine.audience import facts as customer_facts
from engine.audience import segments
from engine.audience.facts import Field, fields
from engine.audience.rule_names import Asked, Names
from engine.audience.rule_text import (
    All,
    Any,
    Bought,
    Compare,
    Condition,
    Known,
    Not,
    OneOf,
    Received,
    Rule,
    changed,
    conditions,
    joined,
    parse,
    write,
)  # fmt: skip
from engine.errors import DataProblem
from engine.shop.features import campaign_windows, connected, default_as_of
from engine.shop.store import Shop

__all__ = [
    "All", "Any", "Bought", "Compare", "Field", "Known", "Not", "OneOf", "Received", "Rule", "check", "facts", "fields",
    "joined", "parse", "select", "spelled", "write",
]  # fmt: skip

facts = customer_facts.facts


def check(shop: Shop, text: str) -> None:
    """Nothing where this shop can answer the rule. Raises DataProblem, one sentence for each thing it cannot."""
    _checked(shop, text)


def spelled(shop: Shop, text: str, facts: pd.DataFrame | None = None) -> Rule:
    """The rule with fields, names and values as this shop spells them. Raises DataProblem as `check` does."""
    rule, meaning = _checked(shop, text, facts)
    return changed(rule, lambda condition: meaning[condition].condition)


def select(shop: Shop, text: str, as_of: date | None = None, facts: pd.DataFrame | None = None) -> list[str]:
    """Ids of the customers whom a rule selects on a day (default: the day of the data), in the order of `customers`.

    facts: those of the same shop and day, where the caller has them at hand. Raises DataProblem as `check` does.
    """
    rule, meaning = _checked(shop, text, facts)
    as_of = as_of or default_as_of(shop)
    known = customer_facts.facts(shop, as_of) if facts is None else facts
    # Only what is asked for is handed over: copying all of it would take longer than the answer.
    asked = {one.column.name for one in meaning.values() if one.column} & set(known)
    with connected() as connection:
        table = ibis.memtable(known[["customer_id", *sorted(asked)]].assign(row=range(len(known))))
        chosen = _Question(connection, shop, as_of, table, meaning).of(rule)
        found = connection.execute(table.filter(chosen).order_by("row").select("customer_id"))
    return found["customer_id"].tolist()


def _checked(shop: Shop, text: str, facts: pd.DataFrame | None = None) -> tuple[Rule, dict[Condition, Asked]]:
    """The rule, and what each of its conditions means in this shop."""
    rule = parse(text)
    names, meaning, problems = Names(shop, text, facts), {}, []
    for condition in conditions(rule):
        try:
            meaning[condition] = names.understood(condition)
        except DataProblem as problem:
            problems += problem.problems
    if problems:
        raise DataProblem(list(dict.fromkeys(problems)))
    return rule, meaning


class _Question:
    """A rule as an expression over the table of facts. Every condition is true or false for everyone."""

    def __init__(
        self,
        connection: ibis.BaseBackend,
        shop: Shop,
        as_of: date,
        table: ibis.Table,
        meaning: dict[Condition, Asked],
    ):
        self.connection, self.shop, self.table, self.meaning = connection, shop, table, meaning
        self.as_of = pd.Timestamp(as_of)

    def of(self, rule: Rule) -> ibis.Value:
        match rule:
            case Not(inner):
                return ~self.of(inner)
            case All(parts):
                return reduce(lambda one, other: one & other, map(self.of, parts))
            case Any(parts):
                return reduce(lambda one, other: one | other, map(self.of, parts))
        match self.meaning[rule].condition:
            case Bought() as asked:
                return self._is_in(self._buyers(asked))
            case Received() as asked:
                return self._is_in(self._recipients(asked))
            case asked:
                return self._of_field(asked, self.meaning[rule])

    def _is_in(self, people: ibis.Table) -> ibis.Value:
        return self.table.customer_id.isin(people.customer_id)

    def _of_field(self, rule: Compare | OneOf | Known, asked: Asked) -> ibis.Value:
        assert asked.column is not None  # every condition on a field has one, or the rule was refused
        if asked.column.name == "group":
            return self._of_group(rule, asked)
        column = self.table[asked.column.name]
        match rule:
            case Known(_, known):
                return column.notnull() if known else column.isnull()
            case Compare(_, sign, _) if asked.column.kind != "text":
                return _COMPARED[sign](column.cast("float64"), asked.number).fill_null(False)
            case Compare(_, "!=", _):
                return column.notin(asked.values).fill_null(False)
            case _:
                return column.isin(asked.values).fill_null(False)

    def _of_group(self, rule: Compare | OneOf | Known, asked: Asked) -> ibis.Value:
        """Groups are no facts of a day: they are asked for as they are now."""
        labels = segments.current(self.shop).labels
        match rule:
            case Known(_, known):
                wanted = labels["segment_id"].notna()
            case Compare(_, "!=", _):
                known, wanted = True, ~labels["segment_id"].isin(asked.values)
            case _:
                known, wanted = True, labels["segment_id"].isin(asked.values)
        people = ibis.memtable(labels.loc[wanted, ["customer_id"]])
        return self._is_in(people) if known else ~self._is_in(people)

    def _buyers(self, rule: Bought) -> ibis.Table:
        lines = self.connection.read_parquet(self.shop.file("orders"))
        lines = lines.filter(_.ordered_at < self.as_of, _.quantity > 0)
        if rule.days is not None:
            lines = lines.filter(_.ordered_at >= self.as_of - timedelta(days=rule.days))
        if rule.what == "product":
            return lines.filter(_.product_id == rule.name)
        products = self.connection.read_parquet(self.shop.file("products"))
        return lines.semi_join(products.filter(_.category == rule.name), "product_id")

    def _recipients(self, rule: Received) -> ibis.Table:
        sent = self.connection.read_parquet(self.shop.file("deliveries"))
        sent = sent.filter(_.campaign_id == rule.campaign_id, _.sent_at < self.as_of)
        if "treated" in sent.columns:
            sent = sent.filter(_.treated.fill_null(1.0) == 1.0)
        if rule.what == "sent":
            return sent
        sent = sent.filter(_[{"clicked": "clicked", "ordered": "converted"}[rule.what]] == 1.0)
        if self.as_of >= pd.Timestamp(default_as_of(self.shop)):
            return sent
        windows = campaign_windows(self.shop).drop_duplicates("campaign_id").set_index("campaign_id")
        ends, days = windows.reindex([rule.campaign_id])[["ends_at", "window_days"]].iloc[0]
        if pd.notna(ends):
            return sent if ends <= self.as_of else sent.limit(0)
        return sent.filter(_.sent_at <= self.as_of - timedelta(days=7.0 if pd.isna(days) else float(days)))


_COMPARED: dict[str, Callable[..., ibis.Value]] = {
    ">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt, "=": operator.eq, "!=": operator.ne,
}  # fmt: skip
