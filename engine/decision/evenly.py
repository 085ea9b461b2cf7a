"""Who of an audience is held out, tries a variant first, or waits: drawn evenly within bands of like customers.

`assign` draws for each customer alone, so that another audience moves nobody; its groups may differ by chance. Here the
groups are as alike as can be, which is what a test on a few wants, at a price: with another audience the draw is
another one. So it is used for plans with a first test only, drawn once, and kept with the first export (export.stages).
All other plans are drawn as ever: a campaign that runs would see its customers change sides.

Customers are ordered by band and, inside, by a hash; then every k-th is taken from a start drawn for the plan
(systematic sampling, Cochran 1977, chapter 8). A band lies together in that order, so of its n customers it is
n x share rounded down or up; variants go round in turn, so that they differ by at most one in each band. Each customer
has the same chance of every group, and all of it follows from seed, plan_id, and who is in which band.
"""

import hashlib
from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

STAGE, OF_VARIANT = "stage", "variant_propensity"
TEST, REST = "test", "rest"
COLUMNS = ["customer_id", "treated", "variant", "propensity", STAGE, OF_VARIANT]
_SHARE, _HOLDOUT, _TEST, _TURN = "share", "holdout", "test", "turn"  # of the starts


def draw(
    plan_id: str,
    customer_ids: Collection[str],
    bands: Mapping[str, str],
    holdout: float,
    variants: list[str],
    audience_share: float,
    test_share: float,
    seed: int = 0,
) -> pd.DataFrame:
    """COLUMNS, a row per customer in the plan, in the order given.

    stage: "test" (written to first, with a variant), "rest" (waits), "" (held out). treated: 1 only in the test, as
    long as the rest waits. propensity: the chance of treated = 1 among test and holdout together, of whom nothing but
    the draw tells the two apart. variant_propensity: of having this variant, of those in the test; 0 elsewhere.
    """
    people = list(dict.fromkeys(customer_ids))
    keys = [(bands.get(one, ""), hashed(f"{seed}|{plan_id}|{one}"), one) for one in people]
    order = np.array(sorted(range(len(people)), key=keys.__getitem__), dtype=int)
    starts = {name: hashed(f"{seed}|{plan_id}|{name}|start") / 2.0**64 for name in (_SHARE, _HOLDOUT, _TEST, _TURN)}
    order = order[every(len(order), audience_share, starts[_SHARE])]
    held = every(len(order), holdout, starts[_HOLDOUT])
    written_to = order[~held]
    first = written_to[every(len(written_to), test_share, starts[_TEST])]
    stage = np.full(len(people), "", dtype=object)
    variant = np.full(len(people), "", dtype=object)
    inside = np.zeros(len(people), dtype=bool)
    inside[order] = True
    stage[written_to], stage[first] = REST, TEST
    turn = int(starts[_TURN] * len(variants))
    variant[first] = np.array(variants, dtype=object)[(np.arange(len(first)) + turn) % len(variants)]
    in_test = stage == TEST
    table = pd.DataFrame(
        {
            "customer_id": people, "treated": in_test.astype("int64"), "variant": variant,
            "propensity": in_the_test(holdout, test_share), STAGE: stage,
            OF_VARIANT: np.where(in_test, round(1 / len(variants), 12), 0.0),
        }
    ).astype({"customer_id": "str", "variant": "str", STAGE: "str"})  # fmt: skip
    return table[inside].reset_index(drop=True)


def sizes(plan_id: str, customers: int, audience_share: float, holdout: float, seed: int = 0) -> tuple[int, int]:
    """How many of so many customers `draw` has written to in the end, and how many it holds out, whatever the bands."""
    starts = [hashed(f"{seed}|{plan_id}|{name}|start") / 2.0**64 for name in (_SHARE, _HOLDOUT)]
    inside = int(every(customers, audience_share, starts[0]).sum())
    held = int(every(inside, holdout, starts[1]).sum())
    return inside - held, held


def in_the_test(holdout: float, test_share: float) -> float:
    """The chance to be written to of somebody who is in the test or held out."""
    tested = (1 - holdout) * test_share
    return round(tested / (tested + holdout), 12)


def every(count: int, share: float, start: float) -> np.ndarray:
    """A systematic sample of a list: whether each is in it. Of any n in a row it is n x share, rounded down or up."""
    # Rounded: 3 x 0.1 is 0.30000000000000004, which must not decide on which side of a whole number it falls.
    return np.diff(np.floor(np.round(np.arange(count + 1) * share + start, 9))) > 0


def hashed(text: str) -> int:
    """64 bits that follow from a text."""
    return int.from_bytes(hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest(), "big")
