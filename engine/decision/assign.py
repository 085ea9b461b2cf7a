"""Who of an audience is sent what: decided by a hash, so that it can be computed again and never depends on order."""

import hashlib

import pandas as pd


def assign(
    plan_id: str, customer_ids: list[str], holdout: float, variants: list[str], audience_share: float, seed: int
) -> pd.DataFrame:
    """customer_id, treated (1 = sent, 0 = holdout), variant ("" in the holdout), propensity = 1 - holdout.

    One row per customer in the plan, in the order given; a customer listed twice gets one row. `audience_share` (a
    fraction) decides first who is in the plan at all, then the holdout is drawn among those, then the variant, in
    equal shares. Each draw depends on seed, plan_id and customer_id only: another audience moves nobody.
    """
    rows = []
    for customer_id in dict.fromkeys(customer_ids):
        share, held, which = _draws(seed, plan_id, customer_id)
        if share >= audience_share:
            continue
        treated = int(held >= holdout)
        variant = variants[int(which * len(variants))] if treated and variants else ""
        rows.append((customer_id, treated, variant))
    table = pd.DataFrame(rows, columns=["customer_id", "treated", "variant"])
    table = table.astype({"customer_id": "str", "treated": "int64", "variant": "str"})
    return table.assign(propensity=round(1 - holdout, 12))  # 1 - 0.9 is 0.09999999999999998


def _draws(seed: int, plan_id: str, customer_id: str) -> tuple[float, float, float]:
    """Three independent numbers in [0, 1) for one customer of one plan."""
    digest = hashlib.blake2b(f"{seed}|{plan_id}|{customer_id}".encode(errors="surrogatepass"), digest_size=24).digest()
    # 53 bits each: all that a float holds, so that the quotient can never round up to 1.
    parts = (int.from_bytes(digest[start : start + 8], "big") >> 11 for start in (0, 8, 16))
    share, held, which = (part / 2.0**53 for part in parts)
    return share, held, which
