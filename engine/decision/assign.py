"""Who of an audience is sent what: decided by a hash, so that it can be computed again and never depends on order."""

import hashlib
from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd

from engine.campaign.planned import EVENLY
from engine.campaign.scene import Scene
from engine.decision import evenly

_SHARE, _HOLDOUT, _VARIANT = range(3)  # columns of the draws


def assign(
    plan_id: str, customer_ids: list[str], holdout: float, variants: list[str], audience_share: float, seed: int
) -> pd.DataFrame:
    """customer_id, treated (1 = sent, 0 = holdout), variant ("" in the holdout), propensity = 1 - holdout.

    One row per customer in the plan, in the order given; a customer listed twice gets one row. `audience_share` (a
    fraction) decides first who is in the plan at all, then the holdout is drawn among those, then the variant, in
    equal shares. Each draw depends on seed, plan_id and customer_id only: another audience moves nobody.
    """
    people = list(dict.fromkeys(customer_ids))
    drawn = draws(plan_id, people, seed)
    inside, sent = _inside(drawn, audience_share), _sent(drawn, holdout)
    rows = [
        (one, int(treated), variants[int(which * len(variants))] if treated and variants else "")
        for one, treated, which in zip(
            np.array(people, dtype=object)[inside], sent[inside], drawn[inside, _VARIANT], strict=True
        )
    ]
    table = pd.DataFrame(rows, columns=["customer_id", "treated", "variant"])
    table = table.astype({"customer_id": "str", "treated": "int64", "variant": "str"})
    return table.assign(propensity=round(1 - holdout, 12))  # 1 - 0.9 is 0.09999999999999998


def with_sizes(scenes: Sequence[Scene], messages: Sequence[dict], seed: int = 0) -> list[dict]:
    """The messages of a plan, each with how many people its export has written to and held out: `drawn`.

    So that a forecast speaks of the very people that the export lists. scenes: those of `messages`.
    """
    scene, plan = scenes[0], messages[0]
    if plan.get(EVENLY):
        shares = (plan["audience_share"], plan["holdout"])
        counted = evenly.sizes(str(plan["plan_id"]), len(scene.customer_ids), *shares, seed)
        return [message | {"drawn": counted} for message in messages]
    key = (str(plan["plan_id"]), seed)
    known = scene.latest("draws", None, key, lambda: draws(key[0], scene.customer_ids, seed))
    found = sizes(known, plan["holdout"], plan["audience_share"])
    return [message | {"drawn": found} for message in messages]


def sizes(drawn: np.ndarray, holdout: float, audience_share: float) -> tuple[int, int]:
    """How many of these customers `assign` has written to, and how many it holds out. drawn: what `draws` gives."""
    inside, sent = _inside(drawn, audience_share), _sent(drawn, holdout)
    return int((inside & sent).sum()), int((inside & ~sent).sum())


def draws(plan_id: str, customer_ids: Collection[str], seed: int = 0) -> np.ndarray:
    """Three independent numbers in [0, 1) for each customer of a plan: for the share, the holdout and the variant."""
    digests = [
        hashlib.blake2b(f"{seed}|{plan_id}|{one}".encode(errors="surrogatepass"), digest_size=24).digest()
        for one in customer_ids
    ]
    # 53 bits each: all that a float holds, so that the quotient can never round up to 1.
    return (np.frombuffer(b"".join(digests), dtype=">u8").reshape(-1, 3) >> 11) / 2.0**53


def _inside(drawn: np.ndarray, audience_share: float) -> np.ndarray:
    return drawn[:, _SHARE] < audience_share


def _sent(drawn: np.ndarray, holdout: float) -> np.ndarray:
    return drawn[:, _HOLDOUT] >= holdout
