"""One budget over several groups: a multiple-choice knapsack, solved exactly as a mixed-integer linear program.

Kellerer, Pferschy and Pisinger 2004, chapter 11; the solver is HiGHS, which comes with scipy.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import LinearConstraint, milp
from scipy.sparse import csr_array

from engine.errors import NotEnoughData
from engine.sentences import Sentence

MORE = 0.01  # of the budget, to see what more of it would earn


@dataclass(frozen=True, slots=True)
class Item:
    """One option of a group: what it is worth, what it costs, both in money, and the units it takes by product."""

    worth: float
    cost: float
    units: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Split:
    """The option chosen of each group (None: nothing is sent), what all are worth, and what one more unit of budget
    would be worth (None without a budget)."""

    chosen: list[int | None]
    worth: float
    next_unit: float | None


def split(groups: Sequence[Sequence[Item]], budget: float | None, stock: Mapping[str, float]) -> Split:
    """The options, at most one of each group, that are together worth most within budget and stock."""
    chosen = _solved(groups, budget, stock)
    worth = _worth(groups, chosen)
    if not budget:
        return Split(chosen, worth, None)
    more = _worth(groups, _solved(groups, budget * (1 + MORE), stock))
    return Split(chosen, worth, max(more - worth, 0.0) / (budget * MORE))


def _worth(groups: Sequence[Sequence[Item]], chosen: Sequence[int | None]) -> float:
    return sum(items[k].worth for items, k in zip(groups, chosen, strict=True) if k is not None)


def _solved(groups: Sequence[Sequence[Item]], budget: float | None, stock: Mapping[str, float]) -> list[int | None]:
    # What is worth nothing never beats sending nothing.
    places = [(g, k) for g, items in enumerate(groups) for k, item in enumerate(items) if item.worth > 0]
    chosen: list[int | None] = [None] * len(groups)
    if not places:
        return chosen
    items = [groups[g][k] for g, k in places]
    rows, most = _constraints(items, [g for g, _ in places], budget, stock)
    answer = milp(
        -np.array([item.worth for item in items]), integrality=np.ones(len(items)), bounds=(0, 1),
        constraints=LinearConstraint(rows, -np.inf, most), options={"mip_rel_gap": 0.0},
    )  # fmt: skip
    if answer.x is None:
        raise NotEnoughData(Sentence("refused.no_split", {"error": answer.message}))
    for (g, k), taken in zip(places, answer.x, strict=True):
        if taken > 0.5:
            chosen[g] = k
    return chosen


def _constraints(
    items: Sequence[Item], of_group: Sequence[int], budget: float | None, stock: Mapping[str, float]
) -> tuple[csr_array, np.ndarray]:
    """Rows, and the most of each: one plan a group, the budget, each product's stock. In shares of the limit, so that
    the solver's tolerance means the same for all."""
    rows = [np.equal(of_group, g).astype("float64") for g in dict.fromkeys(of_group)]
    limits = {"": budget} if budget is not None else {}
    uses = {"": np.array([item.cost for item in items])}
    for product in {product for item in items for product in item.units if product in stock}:
        limits[product] = stock[product]
        uses[product] = np.array([item.units.get(product, 0.0) for item in items])
    for name, limit in limits.items():
        rows.append(uses[name] / limit if limit > 0 else np.where(uses[name] > 0, 2.0, 0.0))
    return csr_array(np.array(rows)), np.ones(len(rows))
