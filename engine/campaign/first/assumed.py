"""Rates that a marketer types for a plan of which nothing was learned: theirs, and never filled in by us."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from engine.errors import DataProblem
from engine.sentences import Sentence

PREFIX = "assumed_"  # of the columns of a plans file
RATES = ("click_rate", "order_rate", "extra_rate")


@dataclass(frozen=True, slots=True)
class Assumed:
    """Rates are fractions of the people written to, order_value is list value in the shop's currency. None: not typed.

    order_rate: who orders within the window; extra_rate: extra orders, because of the message.
    """

    click_rate: float | None = None
    order_rate: float | None = None
    extra_rate: float | None = None
    order_value: float | None = None

    def __post_init__(self) -> None:
        for name in RATES:
            if (rate := getattr(self, name)) is not None and not 0 < rate < 1:
                raise DataProblem(Sentence("refused.typed_rate", {"name": f"{PREFIX}{name}", "given": rate}))
        if self.order_value is not None and not self.order_value > 0:
            values = {"name": f"{PREFIX}order_value", "given": self.order_value}
            raise DataProblem(Sentence("refused.typed_value", values))
        if self.order_rate is not None and self.extra_rate is not None and self.extra_rate > self.order_rate:
            names = {"extra": f"{PREFIX}extra_rate", "all": f"{PREFIX}order_rate"}
            rates = {"given": self.extra_rate, "rate": self.order_rate}
            raise DataProblem(Sentence("refused.typed_extra", names | rates))

    @property
    def is_empty(self) -> bool:
        """Whether no order is assumed: clicks alone earn nothing."""
        return self.order_rate is None and self.extra_rate is None

    def to_json(self) -> dict[str, float]:
        """What was typed, by name."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def of_json(stored: Mapping[str, Any] | None) -> Assumed:
    """What `to_json` wrote."""
    known = {field.name for field in fields(Assumed)}
    return Assumed(**{name: float(value) for name, value in (stored or {}).items() if name in known})


def of_row(plan: Mapping[str, Any]) -> Assumed:
    """What a row of a plans file assumes. Raises DataProblem naming the plan."""
    typed = {field.name: plan.get(f"{PREFIX}{field.name}") for field in fields(Assumed)}
    try:
        return Assumed(**{name: value for name, value in typed.items() if value is not None})
    except DataProblem as problem:
        named = [Sentence("refused.in_plan", {"plan": plan.get("plan_id"), "problem": one}) for one in problem.said]
        raise DataProblem(named) from problem
