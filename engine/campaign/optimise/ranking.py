"""Options in order, those between which no difference can be told, and what keeps each from earning more.

Draws of one seed share what moves all campaigns of a shop alike. What would move one offer and not another is not in
them: two campaigns have luck of their own too. Nobody can measure how much of it from one shop's past, so half of the
variance between campaigns counts as their own; the same message to more people has the same luck.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from engine.campaign.optimise.judging import Judged
from engine.campaign.optimise.limits import OF_REASON, Limit, Objective
from engine.campaign.optimise.options import Option

OWN = 0.5  # share of the variance between campaigns that is one offer's own
TOLD = 0.9  # of two options one is called better from this probability on: as the ends of an 80 % range


@dataclass(frozen=True, slots=True)
class Luck:
    """Extra profit of an option in draws, and the standard deviation of its own luck, in money. Nothing sent: zeros."""

    draws: np.ndarray
    own: float
    setting: tuple | None


NOTHING = Luck(np.zeros(1), 0.0, None)


@dataclass(frozen=True, slots=True)
class Place:
    """An option's place. tie: options with the same number cannot be told apart from the first of them.

    judged is None for sending nothing. leader_better: probability that the first of the tie before... of all is better.
    """

    rank: int
    tie: int
    judged: Judged | None
    leader_better: float
    binding: Limit


def luck(one: Judged, campaign_sd: float) -> Luck:
    """campaign_sd: of a campaign's effect on the log-odds of an order. Needs a forecast with money."""
    assert one.profit_draws is not None, "ranked is what has money"
    p = one.orders / one.forecast.recipients
    # Extra profit moves by so much when the log-odds of an order do: what one more order brings, less its discount.
    each = (one.forecast.margin or 0.0) * (one.forecast.order_value or 0.0) - one.given / max(one.orders, 1e-12)
    own = float(np.sqrt(OWN) * campaign_sd * abs(one.orders * (1 - p) * each))
    return Luck(one.profit_draws, own, one.option.setting)


def better(a: Luck, b: Luck) -> float:
    """Probability that a earns more than b; one half where nothing speaks for either."""
    sd = abs(a.own - b.own) if a.setting == b.setting else float(np.hypot(a.own, b.own))
    if None in (a.setting, b.setting):
        sd = 0.0  # the draws of one plan alone hold all of its luck
    apart = a.draws - b.draws
    if sd > 0:
        return float(norm.cdf(apart / sd).mean())
    return float((apart > 0).mean() + 0.5 * (apart == 0).mean())


def told_apart(a: Luck, b: Luck) -> bool:
    """Whether it is known which of the two earns more."""
    chance = better(a, b)
    return max(chance, 1 - chance) >= TOLD


def ranked(judged: Sequence[Judged], objective: Objective, campaign_sd: float) -> list[Place]:
    """All options that keep the limits, and sending nothing, best first.

    The first of a tie is the best of those that can be told from the first of the tie before.
    """
    kept: list[Judged | None] = [one for one in judged if one.breaks == "none" and one.forecast.extra_profit]
    kept.append(None)
    worth = [one.worth(objective) if one else 0.0 for one in kept]
    order = sorted(range(len(kept)), key=lambda k: -worth[k])  # stable: of equals the one listed first
    lucks = [luck(one, campaign_sd) if one else NOTHING for one in kept]
    keeps = binding(judged, objective)
    places: list[Place] = []
    first = order[0]
    for rank, k in enumerate(order, start=1):
        tie = places[-1].tie if places else 1
        if told_apart(lucks[first], lucks[k]):
            first, tie = k, tie + 1
        one = kept[k]
        limit = keeps.get(id(one), "none") if one else "none"
        places.append(Place(rank, tie, one, better(lucks[order[0]], lucks[k]), limit))
    return places


def binding(judged: Sequence[Judged], objective: Objective) -> dict[int, Limit]:
    """The limit that keeps each option from earning more, by id: of options that differ from it in one thing alone,
    earn more and break a limit, that of the best. Where there is none, what keeps people of the audience from it."""
    refused: dict[tuple, tuple[float, Limit]] = {}
    for one in judged:
        if one.breaks == "none":
            continue
        for key in _neighbourhoods(one.option):
            if one.worth(objective) > refused.get(key, (-np.inf, "none"))[0]:
                refused[key] = (one.worth(objective), one.breaks)
    result: dict[int, Limit] = {}
    for one in judged:
        best = max((refused[key] for key in _neighbourhoods(one.option) if key in refused), default=(-np.inf, "none"))
        result[id(one)] = best[1] if best[0] > one.worth(objective) else _of_audience(one, objective)
    return result


def _neighbourhoods(option: Option) -> list[tuple]:
    """One key for each thing that may differ: options that share a key differ in that alone."""
    parts = (option.channel, option.offer, option.send_hour, option.share, option.about)
    return [(left, *parts[:left], *parts[left + 1 :]) for left in range(len(parts))]


def _of_audience(one: Judged, objective: Objective) -> Limit:
    """What keeps most of those away who get no message, where writing to all who can be reached pays."""
    if one.option.share < 1 or one.worth(objective) <= 0 or not one.left_out:
        return "none"
    counts: dict[Limit, int] = {}
    for reason, count in one.left_out.items():
        limit = OF_REASON.get(reason, "none")
        counts[limit] = counts.get(limit, 0) + count
    return max(counts, key=lambda limit: counts[limit])
