"""Past messages whose holdout was drawn by chance: who was written to, who was not, and who ordered."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd

from engine.campaign.rows import outcome_known
from engine.campaign.unprompted import MIN_HOLDOUT_ORDERS
from engine.errors import NotEnoughData
from engine.sentences import Sentence
from engine.shop.features import campaign_windows, default_as_of
from engine.shop.store import Shop

State = Literal["ready", "no_holdout", "no_propensity", "few_orders"]
FAR_OFF = 4.0  # standard errors between the share written to and the recorded one: not a matter of luck


@dataclass(frozen=True, slots=True)
class Evidence:
    """Usable rows: campaign_id, customer_id, sent_at, treated (1, 0), converted (1, 0), propensity inside (0, 1).

    left_out: rows not used, by reason. assumed: the propensity is each campaign's share, on somebody's word.
    state: "ready", or why nothing can be learned from them.
    """

    rows: pd.DataFrame
    left_out: dict[str, int]
    assumed: bool
    state: State
    held_out: int  # rows not written to
    held_out_orders: int
    sent_orders: int
    share_off: bool  # more or fewer were written to than the recorded propensity says

    def facts(self) -> dict:
        """For a report: sizes, dates, and what was left out."""
        at = self.rows["sent_at"].dropna()
        return {
            "rows": len(self.rows),
            "sent": len(self.rows) - self.held_out,
            "held_out": self.held_out,
            "orders_sent": self.sent_orders,
            "orders_held_out": self.held_out_orders,
            "campaigns": int(self.rows["campaign_id"].nunique()),
            "past_customers": int(self.rows["customer_id"].nunique()),
            "first_sent": str(at.min().date()) if len(at) else "",
            "last_sent": str(at.max().date()) if len(at) else "",
            "randomisation": "assumed" if self.assumed else "propensity column",
            "left_out": self.left_out,
        }


def gather(shop: Shop, as_of: date | None = None, assume_randomised: bool = False) -> Evidence:
    """What the shop's deliveries can tell about the effect of writing."""
    wanted = ("campaign_id", "customer_id", "sent_at", "treated", "propensity", "converted")
    there = [column for column in wanted if column in shop.columns("deliveries")]
    table = shop.table("deliveries", there) if there else pd.DataFrame()
    table = table.reindex(columns=list(wanted))
    table["treated"] = table["treated"].astype("float64").fillna(1.0)  # the contract: absent is sent
    left_out: dict[str, int] = {}

    def leave_out(reason: str, refused: pd.Series) -> None:
        nonlocal table
        if refused.any():
            left_out[reason] = int(refused.sum())
            table = table[~refused]

    leave_out("outcome not recorded", table["converted"].isna())
    leave_out("outcome not known yet", _too_early(shop, table, as_of))
    has_holdout = bool((table["treated"] == 0).any())
    if assume_randomised:
        share = table.groupby("campaign_id")["treated"].transform("mean")
        table["propensity"] = table["propensity"].astype("float64").fillna(share)
    known = table["propensity"].astype("float64")
    has_propensity = bool(known.notna().any())
    leave_out("propensity not recorded", known.isna())
    leave_out("nobody left to chance", ~table["propensity"].astype("float64").between(0, 1, inclusive="neither"))
    return _counted(table.reset_index(drop=True), left_out, assume_randomised, has_holdout, has_propensity)


def standing(shop: Shop) -> tuple[State, int]:
    """Whether the shop's past can tell what writing changes, and the orders in its holdout."""
    found = gather(shop)
    return found.state, found.held_out_orders


def _too_early(shop: Shop, table: pd.DataFrame, as_of: date | None) -> pd.Series:
    """True where the outcome may still change; nowhere, where that would leave no holdout at all."""
    nobody = pd.Series(False, table.index)
    if table.empty or not shop.rows("campaigns"):
        return nobody
    day = as_of or default_as_of(shop)
    known = outcome_known(table, campaign_windows(shop), day) & (table["sent_at"] < pd.Timestamp(day))
    # A file that ends with its only campaign: what it records is all there will be.
    return ~known if as_of is not None or (known & table["treated"].eq(0)).any() else nobody


def _counted(
    rows: pd.DataFrame, left_out: dict[str, int], assumed: bool, has_holdout: bool, has_propensity: bool
) -> Evidence:
    held, ordered = rows["treated"].eq(0), rows["converted"].eq(1)
    held_orders, sent_orders = int((held & ordered).sum()), int((~held & ordered).sum())
    state: State = "ready"
    if not has_holdout:
        state = "no_holdout"
    elif not has_propensity:
        state = "no_propensity"
    elif min(held_orders, sent_orders) < MIN_HOLDOUT_ORDERS:
        state = "few_orders"
    chance = rows["propensity"].to_numpy("float64")
    error = np.sqrt(max(float(np.sum(chance * (1 - chance))), 1e-12))
    off = abs(float((~held).sum() - chance.sum())) > FAR_OFF * error
    return Evidence(rows, left_out, assumed, state, int(held.sum()), held_orders, sent_orders, off)


def refuse(found: Evidence) -> None:
    """Raises NotEnoughData where nothing can be learned, with what to do."""
    if found.state == "no_holdout":
        raise NotEnoughData(Sentence("refused.no_holdout", {"needed": MIN_HOLDOUT_ORDERS}))
    if found.state == "no_propensity":
        raise NotEnoughData(Sentence("refused.no_propensity"))
    if found.state == "few_orders":
        orders = {"held_orders": found.held_out_orders, "sent_orders": found.sent_orders, "needed": MIN_HOLDOUT_ORDERS}
        raise NotEnoughData(Sentence("refused.few_held_out_orders", {"held": found.held_out, **orders}))
