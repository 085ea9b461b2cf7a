"""Whom a campaign of each goal is for, as a rule whose limits come from how this shop's customers buy."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from engine.audience import rules
from engine.audience.lifecycle import SLIPPING_GAPS
from engine.audience.rules import All, Bought, Not
from engine.campaign.writer.as_read import money
from engine.sentences import Sentence
from engine.shop.store import Shop

SALES_DAYS = 90  # stock is set against what was sold in so many days
MOST_PRODUCTS = 3  # one message can show
FEWEST_MAILED = 5  # messages without a click or an order before a customer is let go


@dataclass(frozen=True, slots=True)
class Occasion:
    """A rule (None: the audience is given), why it is what it is, and what the campaign is about."""

    rule: str | None
    reason: Sentence
    product_ids: tuple[str, ...] = ()
    category: str | None = None
    skip_buyers_days: int = 0


@dataclass(frozen=True, slots=True)
class Sales:
    """How customers bought before a day; empty tables and 0 where the shop has no orders.

    buyers: by customer_id: orders, spend (after discounts and returns), first, last. gap_days: the usual time between
    two orders. second: days from each customer's first to second order. sold: units per product in the last SALES_DAYS.
    """

    buyers: pd.DataFrame
    gap_days: float
    second: pd.Series
    sold: pd.Series

    @property
    def long_days(self) -> int:
        """Days without an order after which a customer counts as gone."""
        return round(SLIPPING_GAPS * self.gap_days)


def sales(shop: Shop, as_of: date) -> Sales:
    """What the starting plans need to know of all orders, read once."""
    if not shop.rows("orders"):
        empty = pd.DataFrame(columns=["orders", "spend", "first", "last"])
        return Sales(empty, 0.0, pd.Series(dtype="float64"), pd.Series(dtype="float64"))
    lines = shop.table("orders", [c for c in _ORDER_COLUMNS if c in shop.columns("orders")])
    lines = lines[lines["ordered_at"] < pd.Timestamp(as_of)]
    off = lines["discount"].fillna(0.0) if "discount" in lines else 0.0
    bought = lines.assign(net=lines["quantity"] * lines["unit_price"] - off)
    orders = bought[bought["quantity"] > 0].groupby(["customer_id", "order_id"])["ordered_at"].min().reset_index()
    orders = orders.sort_values(["customer_id", "ordered_at"])
    buyers = orders.groupby("customer_id")["ordered_at"].agg(orders="size", first="min", last="max")
    buyers["spend"] = bought.groupby("customer_id")["net"].sum().reindex(buyers.index)
    again = buyers[buyers["orders"] > 1]
    gaps = (again["last"] - again["first"]) / pd.Timedelta(days=1) / (again["orders"] - 1)
    orders["gap"] = orders.groupby("customer_id")["ordered_at"].diff() / pd.Timedelta(days=1)
    second = orders[orders.groupby("customer_id").cumcount() == 1]["gap"]
    recent = lines[lines["ordered_at"] >= pd.Timestamp(as_of) - pd.Timedelta(days=SALES_DAYS)]
    sold = recent[recent["quantity"] > 0].groupby("product_id")["quantity"].sum()
    return Sales(buyers, float(gaps.median()) if len(gaps) else 0.0, second, sold)


_ORDER_COLUMNS = ("order_id", "customer_id", "ordered_at", "product_id", "quantity", "unit_price", "discount")


def occasion(shop: Shop, goal: str, known: Sales, as_of: date, product_ids: Sequence[str] = ()) -> Occasion | Sentence:
    """Whom a campaign of this goal is for, or a sentence that says what the shop lacks for it.

    product_ids: what an overstock is of, the most pressing first; without any, what would last longest.
    """
    if goal == "overstock" and product_ids:
        return _overstock(shop, known, as_of, product_ids)
    return _OCCASIONS[goal](shop, known, as_of)


def _win_back(shop: Shop, known: Sales, as_of: date) -> Occasion | Sentence:
    """Good customers, those who spent more than half of all did, who stay away longer than twice the usual gap."""
    if not known.gap_days:
        return Sentence("starting.needs_repeat_orders")
    days, spend = known.long_days, _round(float(known.buyers["spend"].median()))
    rule = f"recency_days > {days} and spend >= {spend:.10g}"
    values = {"days": days, "gap": round(known.gap_days), "spend": money(spend, shop.settings.currency, "en")}
    return Occasion(rule, Sentence("starting.who_win_back", values), skip_buyers_days=min(days, 30))


def _second_purchase(shop: Shop, known: Sales, as_of: date) -> Occasion | Sentence:
    """One order, made as long ago as those who came back usually waited."""
    if len(known.second) < 10:
        return Sentence("starting.needs_repeat_orders")
    first, last = (max(1, round(float(days))) for days in known.second.quantile([0.25, 0.9]))
    rule = f"orders = 1 and recency_days >= {first} and recency_days <= {max(last, first + 1)}"
    values = {"first": first, "last": max(last, first + 1), "buyers": f"{len(known.second):,}"}
    return Occasion(rule, Sentence("starting.who_second_purchase", values), skip_buyers_days=min(first, 30))


def _vip(shop: Shop, known: Sales, as_of: date) -> Occasion | Sentence:
    """The tenth that spent most, of those who still buy."""
    if len(known.buyers) < 10:
        return Sentence("starting.needs_orders")
    spend = _round(float(known.buyers["spend"].quantile(0.9)))
    values = {"spend": money(spend, shop.settings.currency, "en")}
    if not known.gap_days:
        return Occasion(f"spend >= {spend:.10g}", Sentence("starting.who_vip_all", values), skip_buyers_days=7)
    rule = f"spend >= {spend:.10g} and recency_days <= {known.long_days}"
    return Occasion(rule, Sentence("starting.who_vip", values | {"days": known.long_days}), skip_buyers_days=7)


def _launch(shop: Shop, known: Sales, as_of: date) -> Occasion | Sentence:
    """Buyers of the newest product's category."""
    products = _in_stock(shop)
    if "launched_at" not in products or products["launched_at"].isna().all():
        return Sentence("starting.needs_launch_dates")
    newest = products.loc[products["launched_at"].idxmax()]
    named = {"product": str(newest["name"]), "date": newest["launched_at"].date().isoformat()}
    category = newest.get("category")
    if not isinstance(category, str) or not category or not len(known.buyers):
        rule, reason = "orders >= 0", Sentence("starting.who_launch_all", named)
        return Occasion(rule, reason, (str(newest["product_id"]),))
    rule = rules.write(All((Bought("category", category), Not(Bought("product", str(newest["product_id"]))))))
    reason = Sentence("starting.who_launch", named | {"category": category})
    return Occasion(rule, reason, (str(newest["product_id"]),), category)


def _overstock(shop: Shop, known: Sales, as_of: date, product_ids: Sequence[str] = ()) -> Occasion | Sentence:
    """Buyers of the category whose products would last longest at what is sold a day."""
    products = _in_stock(shop)
    if "stock" not in products or not products["stock"].gt(0).any():
        return Sentence("starting.needs_stock")
    if not len(known.buyers):
        return Sentence("starting.needs_orders")
    full = products[products["stock"] >= products["stock"].median()]  # the last few of a product are no overstock
    if product_ids:
        full = products[products["product_id"].isin(product_ids) & products["stock"].gt(0)]
    if not len(full):
        return Sentence("starting.needs_stock")
    sold = known.sold.reindex(full["product_id"]).fillna(0.0).to_numpy()
    cover = full.assign(cover=full["stock"] / (sold + 0.5) * SALES_DAYS).sort_values("cover", ascending=False)
    if product_ids:
        order = {one: place for place, one in enumerate(product_ids)}
        cover = cover.sort_values("product_id", key=lambda ids: ids.map(order))
    top = cover.iloc[0]
    category = top.get("category")
    together = cover[cover["category"].eq(category)] if isinstance(category, str) else cover.head(1)
    chosen = tuple(together["product_id"].head(MOST_PRODUCTS).astype(str))
    values = {
        "product": str(top["name"]), "stock": f"{top['stock']:,.0f}",
        "sold": f"{known.sold.get(top['product_id'], 0.0):,.0f}", "days": SALES_DAYS,
    }  # fmt: skip
    if not isinstance(category, str):
        return Occasion("orders >= 1", Sentence("starting.who_overstock_all", values), chosen, None, 7)
    have_it = tuple(Not(Bought("product", one, SALES_DAYS)) for one in chosen)
    rule = rules.write(All((Bought("category", category), *have_it)))
    return Occasion(rule, Sentence("starting.who_overstock", values | {"category": category}), chosen, category, 7)


def _sale_day(shop: Shop, known: Sales, as_of: date) -> Occasion | Sentence:
    """Everyone but those who let every message lie and stay away."""
    silent = _silent(shop, known)
    if silent is None:
        return Occasion("orders >= 0", Sentence("starting.who_sale_day_all"), skip_buyers_days=3)
    rule, values = silent
    return Occasion(f"not ({rule})", Sentence("starting.who_sale_day", values), skip_buyers_days=3)


def _sunset(shop: Shop, known: Sales, as_of: date) -> Occasion | Sentence:
    """Those who let every message lie and stay away."""
    silent = _silent(shop, known)
    if silent is None:
        return Sentence("starting.needs_deliveries")
    rule, values = silent
    key = "starting.who_sunset" if "clicked" in shop.columns("deliveries") else "starting.who_sunset_orders"
    return Occasion(rule, Sentence(key, values), skip_buyers_days=30)


_OCCASIONS: dict[str, Callable[[Shop, Sales, date], Occasion | Sentence]] = {
    "win_back": _win_back, "launch": _launch, "second_purchase": _second_purchase, "vip": _vip,
    "overstock": _overstock, "sale_day": _sale_day, "sunset": _sunset,
}  # fmt: skip


def _silent(shop: Shop, known: Sales) -> tuple[str, dict] | None:
    """Mailed often, never clicked where clicks are kept, no order for long; None for a shop without deliveries."""
    if not shop.rows("deliveries") or not shop.rows("campaigns"):
        return None
    columns = shop.columns("deliveries")
    sent = shop.table("deliveries", [c for c in ("customer_id", "treated") if c in columns])
    sent = sent[sent["treated"].fillna(1.0).eq(1.0)] if "treated" in sent else sent
    often = max(FEWEST_MAILED, round(float(sent["customer_id"].value_counts().median())))
    parts = [f"sent >= {often}"]
    if "clicked" in columns:
        parts.append("clicks = 0")
    if known.gap_days:
        parts.append(f"recency_days > {known.long_days}")
    return " and ".join(parts), {"messages": often, "days": known.long_days}


def _in_stock(shop: Shop) -> pd.DataFrame:
    """Products that are not sold out; missing stock counts as in stock."""
    products = shop.optional("products").drop_duplicates("product_id")
    return products[products["stock"].fillna(1) > 0] if "stock" in products else products


def _round(amount: float) -> float:
    """A threshold as a person would set it: two figures, rounded down, so that nobody at it is lost."""
    if amount <= 0:
        return 0.0
    unit = 10 ** (np.floor(np.log10(amount)) - 1)
    return float(np.floor(amount / unit) * unit)
