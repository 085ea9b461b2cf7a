"""What a test with so many people can show: two-sided 5 %, power 80 %, normal approximation."""

import math

from scipy.stats import norm

# z(0.975) + z(0.8), squared and doubled, is 15.7: Lehr (1992) rounds it to 16.
_LEHR = 16.0
_REACH = 2.8  # z(0.975) + z(0.8): the multiple of its standard error at which a difference is seen (Bloom 1995)


def people_per_arm(rate: float, difference: float) -> float:
    """People in each of two equal arms with whom a difference in rates would show: 16 p (1 - p) / d squared."""
    return _LEHR * rate * (1 - rate) / max(difference, 1e-4) ** 2


def detectable(rate: float, written_to: int, held_out: int) -> float | None:
    """Smallest rise above the holdout's `rate` that will be seen, as a fraction; None without a holdout.

    >>> round(detectable(0.05, written_to=1620, held_out=180), 3)
    0.05
    """
    if not written_to or not held_out:
        return None
    rise = 0.0
    for _ in range(5):  # the rise adds to its own error: a few rounds settle it
        higher = min(rate + rise, 1.0)
        rise = _REACH * math.sqrt(higher * (1 - higher) / written_to + rate * (1 - rate) / held_out)
    return rise


def enough_held_out(rate: float, people: int, rise: float | None = None) -> int | None:
    """Fewest of so many people to hold out so that a `rise` (None: twice the rate) will be seen; None: none is enough.

    >>> enough_held_out(0.05, 1800), enough_held_out(0.05, 100)
    (181, None)
    """

    def shows(held: int) -> bool:
        return (detectable(rate, people - held, held) or math.inf) <= (rate if rise is None else rise)

    few, enough = 0, people // 2  # with more than half held out there is less to see again
    if not shows(enough):
        return None
    while enough - few > 1:
        middle = (few + enough) // 2
        few, enough = (few, middle) if shows(middle) else (middle, enough)
    return enough


def detectable_between(rate: float, per_arm: int, arms: int) -> float | None:
    """Smallest rise of one arm above another's `rate` that will be seen, corrected for all pairs; None for nobody.

    Bonferroni over the pairs, a little more than Holm's correction asks for.

    >>> round(detectable_between(0.05, 1840, 2), 4), detectable_between(0.05, 0, 2)
    (0.0221, None)
    """
    if per_arm < 1 or arms < 2:
        return None
    reach = float(norm.ppf(1 - 0.05 / (arms * (arms - 1))) + norm.ppf(0.8))
    rise = 0.0
    for _ in range(5):
        higher = min(rate + rise, 1.0)
        rise = reach * math.sqrt((higher * (1 - higher) + rate * (1 - rate)) / per_arm)
    return rise
