"""The draw of a plan with a first test, within bands of like customers: how long ago they bought, and how much."""

from collections.abc import Collection
from datetime import date

import pandas as pd

from engine.campaign.plan import Plan
from engine.decision import evenly
from engine.shop.features import default_as_of
from engine.shop.store import Shop

RECENCY = (30, 90, 180, 365)  # days since the last order, upper ends
VALUES = 3  # equal parts of the shop's buyers by what they spent


def bands(shop: Shop, customer_ids: Collection[str], as_of: date | None = None) -> dict[str, str]:
    """customer_id -> band, "recency/value"; "" for who never bought, and for everybody in a shop without orders.

    Recency is one of five bands by RECENCY, value one of three by money spent: together 15, or few enough that each has
    many customers. as_of: the day of the data where none is given.
    """
    if not shop.rows("orders"):
        return {}
    lines = shop.table("orders", ["customer_id", "ordered_at", "quantity", "unit_price"])
    day = pd.Timestamp(as_of or default_as_of(shop))
    lines = lines[(lines["quantity"] > 0) & (lines["ordered_at"] < day)]
    spent = (lines["quantity"] * lines["unit_price"]).groupby(lines["customer_id"]).sum()
    ago = (day - lines.groupby("customer_id")["ordered_at"].max()).dt.days
    recency = pd.cut(ago, [-1, *RECENCY, float("inf")], labels=False).astype(int)
    # By rank: many customers who spent the same must not make an empty band.
    value = (spent.rank(method="first") - 1) * VALUES // max(len(spent), 1)
    named = recency.astype(str) + "/" + value.astype(int).astype(str)
    wanted = set(customer_ids)
    return {str(one): band for one, band in named.items() if one in wanted}


def drawn(
    shop: Shop | None, plan: Plan, customer_ids: Collection[str], seed: int = 0, as_of: date | None = None
) -> pd.DataFrame:
    """`evenly.draw` of a plan with a first test. shop: None where nothing is known of the customers."""
    if plan.test is None:
        raise ValueError("a plan without a first test is drawn by assign")
    alike = bands(shop, customer_ids, as_of) if shop is not None else {}
    return evenly.draw(
        plan.plan_id, customer_ids, alike, plan.holdout, plan.variants, plan.audience_share, plan.test.share, seed
    )
