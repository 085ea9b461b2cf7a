"""How many people to leave out so that the first result of a shop shows something."""

import math
from dataclasses import dataclass
from typing import Literal

from engine.model import power

MOST = 0.5  # of the people: with more left out there is less to see again


@dataclass(frozen=True, slots=True)
class Proposal:
    """held of people to leave out; share: the plan's holdout, in whole percent; difference: the smallest that will be
    seen, a fraction of people. shows: a difference as small as break-even, twice as many orders, or nothing."""

    people: int
    held: int
    share: float
    difference: float
    shows: Literal["break_even", "double", "nothing"]


def propose(rate: float, people: int, break_even: float | None) -> Proposal | None:
    """The fewest people that show a rise of `break_even` above the `rate` anyway, else of twice that rate.

    break_even: extra orders per person written to at which the plan earns nothing; None where that is unknown.
    None where nobody is in the plan or would buy anyway.
    """
    if not people or not rate > 0:
        return None
    smallest = power.detectable(rate, people - people // 2, people // 2) or math.inf
    wanted: tuple[tuple[Literal["break_even", "double"], float | None], ...]
    wanted = (("break_even", break_even), ("double", rate))
    for shows, rise in wanted:
        held = power.enough_held_out(rate, people, rise) if rise else None
        if held is not None:
            share = min(math.ceil(100 * held / people) / 100, MOST)
            left_out = round(share * people)
            found = power.detectable(rate, people - left_out, left_out) or math.inf
            return Proposal(people, left_out, share, found, shows)
    return Proposal(people, 0, 0.0, smallest, "nothing")
