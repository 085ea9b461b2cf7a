"""An audience made ready for forecasting: who may be written to, and what is known of a sample that stands for them."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from engine.audience.reach import reachable
from engine.campaign import offers, rows
from engine.shop.features import default_as_of, features
from engine.shop.store import Shop

# What a plan says that no past campaign's row does: nothing was learned about it.
OF_PLANS_ONLY = {
    "product_ids", "plan_id", "audience", "segment_id", "holdout", "tiers", "max_discount", "window_days",
}  # fmt: skip
REPRESENTATIVES = 2_000  # an audience is at most this many customers for number and reasons alike


@dataclass(frozen=True, slots=True)
class Scene:
    """An audience ready to be forecast: everything that no slider but the channel changes.

    known: feature columns of the representatives. Each stands for len(customer_ids) / len(known) customers.
    """

    audience: tuple[str, ...]
    customer_ids: tuple[str, ...]  # those reachable
    known: pd.DataFrame
    left_out: dict[str, int]
    as_of: date
    margin: offers.Margin


def scene(shop: Shop, plan: dict, audience: list[str], as_of: date | None = None, seed: int = 0) -> Scene:
    """Prepare an audience for `plan` (campaign columns; product_ids as a list)."""
    as_of = as_of or default_as_of(shop)
    reach = reachable(shop, audience, str(plan["channel"]), as_of)
    chosen = _representatives(reach.customer_ids, seed)
    products = [str(p) for p in plan.get("product_ids") or []]
    asked = pd.DataFrame(
        {
            "customer_id": pd.Series(chosen, dtype="str"),
            "as_of": pd.Series(pd.Timestamp(as_of), index=range(len(chosen)), dtype="datetime64[us]"),
            "campaign_id": str(plan["plan_id"]),
            "channel": str(plan["channel"]),
            "campaign_category": str(plan.get("category") or ""),
        }
    )
    pairs = pd.DataFrame({"campaign_id": str(plan["plan_id"]), "product_id": pd.Series(products, dtype="str")})
    known = features(shop, asked, pairs).join(rows._customer_attributes(shop), on="customer_id")
    return Scene(
        tuple(audience), tuple(reach.customer_ids), known, reach.left_out, as_of,
        offers.margin(shop, products, plan.get("category")),
    )  # fmt: skip


def _representatives(customer_ids: list[str], seed: int) -> list[str]:
    """At most REPRESENTATIVES of the audience, every one equally likely, in the order given."""
    if len(customer_ids) <= REPRESENTATIVES:
        return customer_ids
    chosen = np.random.default_rng(seed).choice(len(customer_ids), REPRESENTATIVES, replace=False)
    return [customer_ids[i] for i in np.sort(chosen)]


def plan_features(shop: Shop, scene: Scene, plan: dict) -> pd.DataFrame:
    """Model columns of the representatives for one setting of the sliders."""
    start = plan.get("starts_at")
    sent_at = pd.Timestamp(start) if start is not None and pd.notna(start) else pd.Timestamp(scene.as_of)
    context = {name: plan.get(name) for name in plan if name not in OF_PLANS_ONLY}
    frame = pd.DataFrame([context] * len(scene.known), index=scene.known.index)
    frame["sent_at"] = sent_at
    if "send_hour" not in frame:
        frame["send_hour"] = np.nan
    return rows.design(scene.known, frame, shop.settings.protected)


def sampling_sd(probability: np.ndarray, scene: Scene) -> float:
    """Standard error of the mean over representatives, with the finite-population correction."""
    n, whole = len(probability), len(scene.customer_ids)
    if n < 2 or n >= whole:
        return 0.0
    return float(probability.std(ddof=1) / np.sqrt(n) * np.sqrt(1 - n / whole))
