"""The test that would show whether a trait is the cause: two versions, drawn by chance, on so many people."""

import math
from dataclasses import dataclass

from engine.model import power

SHRINK = 0.5  # effects picked out of many fall when they are tested (Gelman and Carlin 2014): planned for half


@dataclass(frozen=True, slots=True)
class Settling:
    """per_arm: people in each of two arms; base: usual rate; difference: in the rate, what the test is planned for.

    days: until so many people were written to at the usual pace and the window is over; None without a pace.
    """

    per_arm: int
    base: float
    difference: float
    days: int | None


def settling(base: float, difference: float, per_day: float | None, window_days: int) -> Settling | None:
    """Two-sided 5 %, power 80 %. base: usual rate; difference: in the rate, as it was seen. None where it is nothing.

    >>> settling(0.05, 0.02, per_day=500.0, window_days=7)
    Settling(per_arm=7600, base=0.05, difference=0.01, days=38)
    """
    planned = abs(difference) * SHRINK
    if not 0 < base < 1 or planned <= 0 or not math.isfinite(planned):
        return None
    people = math.ceil(power.people_per_arm(base, planned))
    days = math.ceil(2 * people / per_day) + window_days if per_day else None
    return Settling(people, base, planned, days)
