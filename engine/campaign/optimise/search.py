"""The best options for one group, and one budget over several."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.campaign.expected import Range
from engine.campaign.optimise import split as splitting
from engine.campaign.optimise.judging import Group, Judged, Progress, check, in_full, judge
from engine.campaign.optimise.limits import Limit, Limits, Objective, Shelf
from engine.campaign.optimise.options import Choices, options
from engine.campaign.optimise.ranking import Place, ranked
from engine.campaign.response import Models
from engine.shop.store import Shop

TOP = 20  # of a group that are shown


@dataclass(frozen=True, slots=True)
class Proposals:
    """What can be done for a group. places: what keeps the limits, and sending nothing, best first. full_price: the
    best message without an offer, whether it keeps them or not. excluded: how many break which limit."""

    group_id: str
    places: list[Place]
    full_price: Judged | None
    excluded: dict[str, int]

    @property
    def best(self) -> Place:
        """The first place: sending nothing where nothing else pays."""
        return self.places[0]

    def shown(self, top: int = TOP, chosen: Place | None = None) -> list[Place]:
        """The first places, sending nothing, full price and the chosen one; where full price breaks a limit it has no
        rank (0) and no tie, and that limit in place of what binds it."""
        also = chosen.rank if chosen else 0
        kept = [
            one for one in self.places if one.rank <= top or one.judged is None or self._bare(one) or one.rank == also
        ]
        kept = [chosen if chosen and one.rank == also else one for one in kept]
        if self.full_price is not None and self.full_price.breaks != "none":
            kept.append(Place(0, 0, self.full_price, np.nan, self.full_price.breaks))
        return kept

    def distinct(self) -> "Proposals":
        """The same with each offer of a channel once, at the hour and share where it is best; ranks count those."""
        first: dict[tuple, Place] = {}
        for place in self.places:
            first.setdefault((place.judged.option.channel, place.judged.option.offer) if place.judged else (), place)
        return replace(self, places=[replace(one, rank=rank) for rank, one in enumerate(first.values(), start=1)])

    def tied(self, place: Place) -> tuple[int, int]:
        """The first and last rank of those that share a tie with this place."""
        ranks = [one.rank for one in self.places if one.tie == place.tie]
        return min(ranks), max(ranks)

    def _bare(self, place: Place) -> bool:
        return place.judged is self.full_price


def proposals(
    group_id: str, judged: Sequence[Judged], models: Models, limits: Limits, objective: Objective, shelf: Shelf
) -> Proposals:
    """The options of a group that keep the limits, in order, and how many do not."""
    checked = check(judged, limits, shelf)
    bare = [one for one in checked if one.option.kind == "none"]
    full_price = max(bare, key=lambda one: (one.breaks == "none", one.worth(objective)), default=None)
    places = ranked(checked, objective, models.variation["order"].sd)
    excluded = Counter(str(one.breaks) for one in checked if one.breaks != "none")
    return Proposals(group_id, places, full_price, dict(excluded))


def completed(shop: Shop, models: Models, group: Group, places: Sequence[Place], seed: int = 0) -> list[Place]:
    """The same places with every figure of their forecasts."""
    return [
        place if place.judged is None else replace(place, judged=in_full(shop, models, group, place.judged, seed))
        for place in places
    ]


@dataclass(frozen=True, slots=True)
class Total:
    """All plans of a split together, from draws that belong together. Money, a fraction."""

    extra_profit: Range
    budget_used: Range
    chance_of_loss: float


@dataclass(frozen=True, slots=True)
class Budgeted:
    """One budget over several groups: the chosen place of each (sending nothing among them), and all together.
    next_unit: extra profit that one more unit of budget would bring, None without a budget."""

    groups: list[Proposals]
    chosen: list[Place]
    total: Total
    next_unit: float | None


def budgeted(groups: Sequence[Proposals], limits: Limits, objective: Objective, shelf: Shelf) -> Budgeted:
    """The places, one of each group, that are together worth most within budget and stock."""
    items = [
        [
            splitting.Item(place.judged.worth(objective), place.judged.cost, place.judged.units)
            if place.judged
            else splitting.Item(0.0, 0.0, {})
            for place in group.places
        ]
        for group in groups
    ]
    found = splitting.split(items, limits.budget, shelf.stock)
    nothing = [next(place for place in group.places if place.judged is None) for group in groups]
    chosen = [
        group.places[k] if k is not None else bare for group, k, bare in zip(groups, found.chosen, nothing, strict=True)
    ]
    used = sum(place.judged.cost for place in chosen if place.judged)
    bound = [
        replace(place, binding=_of_all(place, group, used, limits, objective))
        for place, group in zip(chosen, groups, strict=True)
    ]
    return Budgeted(list(groups), bound, total([place.judged for place in chosen if place.judged]), found.next_unit)


def _of_all(place: Place, group: Proposals, used: float, limits: Limits, objective: Objective) -> Limit:
    """What binds a chosen place: budget or stock where the group has a better one that the others leave no room for."""
    worth, cost = (place.judged.worth(objective), place.judged.cost) if place.judged else (0.0, 0.0)
    better = [one.judged for one in group.places if one.judged and one.judged.worth(objective) > worth]
    if not better:
        return place.binding
    too_dear = limits.budget is not None and all(used - cost + one.cost > limits.budget for one in better)
    return "budget" if too_dear else "stock"


def total(plans: Sequence[Judged]) -> Total:
    """Plans together. A range is of the sums in each draw: what moves one campaign of a shop moves the others too."""
    profit = _sum([one.profit_draws for one in plans])
    given = _sum([one.given_draws for one in plans])
    sending = sum(one.forecast.send_cost or 0.0 for one in plans)
    expected = sum(one.forecast.extra_profit.value for one in plans if one.forecast.extra_profit)
    return Total(
        _ranged(expected, profit), _ranged(sum(one.cost for one in plans), given + sending), float((profit < 0).mean())
    )


def _sum(draws: Sequence[np.ndarray | None]) -> np.ndarray:
    known = [one for one in draws if one is not None]
    return np.sum(known, axis=0) if known else np.zeros(1)


def _ranged(value: float, draws: np.ndarray) -> Range:
    low, high = np.quantile(draws, [0.1, 0.9])
    return Range(value, float(min(low, value)), float(max(high, value)))


def optimise(
    shop: Shop,
    models: Models,
    groups: Sequence[Group],
    choices: Choices,
    limits: Limits,
    objective: Objective = "expected",
    seed: int = 0,
    progress: Progress = lambda share, text: None,
) -> Budgeted:
    """Every option for every group, and the budget over all of them."""
    asked, shelf, found = options(shop, models.tried, choices), Shelf.of(shop), []
    for number, group in enumerate(groups):

        def part(share: float, text: str, done: int = number) -> None:
            progress((done + share) / len(groups), text)

        judged = judge(shop, models, group, asked, shelf, seed, part)
        found.append(proposals(group.group_id, judged, models, limits, objective, shelf))
    return budgeted(found, limits, objective, shelf)
