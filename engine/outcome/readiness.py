"""What a shop's data is enough for: each module with what it needs and what there is.

Here and not beside the data's quality, because the thresholds are those of the rooms that refuse.
"""

from dataclasses import dataclass

import pandas as pd

from engine.audience import reach, segments
from engine.campaign import response, unprompted
from engine.campaign import rows as feature_rows
from engine.model import fit
from engine.sentences import Sentence
from engine.shop.features import campaign_windows, default_as_of, totals_at
from engine.shop.store import Shop

# Needs of modules whose own code does not refuse yet: this table is the one place until it does.
NEEDS: dict[str, dict[str, int]] = {
    "churn": {"customers": 500, "days": 180},
    "value": {"customers": 500, "repeat_customers": 100, "days": 180},
    "recommend": {"repeat_customers": 100, "products": 20},
    "reviews": {"reviews": 50},
}
FIRST = 1  # of what a module needs at all


@dataclass(frozen=True, slots=True)
class Ready:
    """Whether the data is enough for a module. have, need: counts by the same names; ready where none falls short.

    channel: of a module that there is one of for each channel.
    """

    module: str
    have: dict[str, int]
    need: dict[str, int]
    channel: str = ""

    @property
    def ready(self) -> bool:
        return all(self.have.get(name, 0) >= least for name, least in self.need.items())

    @property
    def sentence(self) -> Sentence:
        """What is needed beside what there is, counts written with commas."""
        had = {name: f"{count:,}" for name, count in self.have.items()}
        needed = {f"need_{name}": f"{count:,}" for name, count in self.need.items()}
        return Sentence(f"quality.ready_{self.module}", had | needed)


def readiness(shop: Shop | None) -> list[Ready]:
    """Every module, in the order of the work; None is a shop without anything."""
    found = _orders(shop)
    heard = _messages(shop)
    about = _about(shop)
    answered = {"responses": fit.MIN_SUCCESSES, "without": fit.MIN_SUCCESSES}
    own = [
        Ready("sales", {"lines": found["lines"]}, {"lines": FIRST}),
        Ready("groups", {"customers": found["customers"]}, {"customers": segments.MIN_CUSTOMERS}),
        Ready("categories", {"lines": found["lines"], "products": about["categories"]}, _each("lines", "products")),
        *(Ready("reach", known, {"known": FIRST}, channel) for channel, known in _consents(shop).items()),
        Ready("writing", {"products": about["products"]}, {"products": FIRST}),
        Ready("forecasts", heard["messages"], answered),
        Ready("reasons", heard["messages"], answered),
        Ready("holdout", heard["holdout"], {"held": FIRST}),
        Ready("anyway", heard["holdout"], {"orders": unprompted.MIN_HOLDOUT_ORDERS}),
        Ready("ads", _ads(shop), answered),
    ]
    every = found | {"reviews": about["reviews"]}
    return own + [Ready(name, {one: every[one] for one in need}, need) for name, need in NEEDS.items()]


def _each(*names: str) -> dict[str, int]:
    return dict.fromkeys(names, FIRST)


def _orders(shop: Shop | None) -> dict[str, int]:
    """lines, customers with an order, those with two, days from the first order to the last, products bought."""
    if shop is None or not shop.rows("orders"):
        return dict.fromkeys(("lines", "customers", "repeat_customers", "days", "products"), 0)
    lines = shop.table("orders", ["order_id", "customer_id", "ordered_at", "product_id", "quantity"])
    bought = lines[lines["quantity"] > 0]
    orders = bought.drop_duplicates(["customer_id", "order_id"])["customer_id"].value_counts()
    at = bought["ordered_at"].dt.normalize()
    return {
        "lines": len(lines),
        "customers": len(orders),
        "repeat_customers": int((orders > 1).sum()),
        "days": int((at.max() - at.min()).days) + 1 if len(bought) else 0,
        "products": int(bought["product_id"].nunique()),
    }


def _about(shop: Shop | None) -> dict[str, int]:
    """Products, those with a category, and reviews with words."""

    def filled(table: str, column: str) -> int:
        if shop is None or column not in shop.columns(table):
            return 0
        return int(shop.table(table, [column])[column].notna().sum())

    return {
        "products": filled("products", "name"),
        "categories": filled("products", "category"),
        "reviews": filled("reviews", "text"),
    }


def _consents(shop: Shop | None) -> dict[str, dict[str, int]]:
    """Per channel that every shop may have: customers, and those of whom it is known whether they may be written to."""
    customers = shop.rows("customers") if shop else 0
    found = {}
    for channel, column in reach.CONSENTS.items():
        asked = shop is not None and column in shop.columns("customers")
        known = int(shop.table("customers", [column])[column].notna().sum()) if shop and asked else 0
        found[channel] = {"known": known, "customers": customers}
    return found


# --- past messages ---


def _messages(shop: Shop | None) -> dict[str, dict[str, int]]:
    """Of past messages whose outcome is known: the outcome with most to learn from, and those left out on purpose."""
    sent, held = _past(shop) if shop is not None and shop.rows("campaigns") else (pd.DataFrame(), pd.DataFrame())
    answers = [_answers(sent, column) for column in response.TARGETS.values()]
    best = max(answers, key=lambda one: min(one["responses"], one["without"]))
    return {
        "messages": best | {"campaigns": int(sent["campaign_id"].nunique()) if len(sent) else 0},
        "holdout": {"held": len(held), "orders": int(held["converted"].sum()) if "converted" in held else 0},
    }


def _past(shop: Shop) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What engine.campaign.response learns from, without its features: messages sent, and those held out.

    sent has campaign_id, trials and a column per outcome.
    """
    campaigns, parts, held = shop.table("campaigns"), [], pd.DataFrame()
    if not shop.rows("deliveries") and not shop.rows("campaign_results"):
        return pd.DataFrame(), held
    as_of = default_as_of(shop)
    if shop.rows("deliveries"):
        rows = shop.table("deliveries")
        over = feature_rows.outcome_known(rows, campaign_windows(shop), as_of)
        rows = rows[over & (rows["sent_at"] < pd.Timestamp(as_of))]
        treated = rows["treated"].fillna(1.0).eq(1.0) if "treated" in rows else pd.Series(True, rows.index)
        parts.append(rows[treated].assign(trials=1.0))
        held = rows[~treated]
    if shop.rows("campaign_results"):
        rows = shop.table("campaign_results")
        single = set(parts[0]["campaign_id"]) if parts else set()
        rows = rows[(totals_at(rows, campaigns) < pd.Timestamp(as_of)) & ~rows["campaign_id"].isin(single)]
        trials = (rows["delivered"] if "delivered" in rows else rows["recipients"]).fillna(rows["recipients"])
        parts.append(rows.rename(columns={"orders": "converted"}).assign(trials=trials))
    return pd.concat(parts), held


def _answers(rows: pd.DataFrame, column: str) -> dict[str, int]:
    """Responses and messages without one, of the rows that record this outcome."""
    if column not in rows:
        return {"responses": 0, "without": 0}
    recorded = rows[rows[column].notna()]
    responses = recorded[[column, "trials"]].min(axis=1).sum()
    return {"responses": int(responses), "without": int(recorded["trials"].sum() - responses)}


def _ads(shop: Shop | None) -> dict[str, int]:
    if shop is None or not shop.rows("ads"):
        return {"responses": 0, "without": 0}
    rows = shop.table("ads", ["impressions", "clicks"])
    return _answers(rows.rename(columns={"impressions": "trials"}), "clicks")
