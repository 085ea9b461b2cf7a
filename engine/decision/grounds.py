"""What an approval rests on: prices, costs and stock of the plan's products, the size of its audience, what the check
says of its copy, and its forecast. Kept with each submission, so that a later day can be held against it."""

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import pandas as pd

from engine.audience import facts as customer_facts
from engine.audience import rules
from engine.audience.facts import FLAGS
from engine.campaign import checked, lint, planned, response
from engine.campaign.plan import Audience, Plan
from engine.campaign.writer.facts import facts
from engine.errors import DataProblem, NotEnoughData
from engine.shop.features import default_as_of
from engine.shop.store import Shop

KEY = "grounds"  # under which they stand in a submission's entry
FORECAST = ("extra_profit", "extra_profit_low", "extra_profit_high", "supported", "orders", "extra_orders", "basis")
YEAR_DAYS = 365  # of orders that say how many units an order holds


@dataclass(frozen=True, slots=True)
class Product:
    """A product of a plan; money in the shop's currency, None is unknown."""

    name: str
    price: float | None
    cost: float | None


@dataclass(frozen=True, slots=True)
class Supply:
    """Units in stock, and units the forecast expects to be ordered; of a product, or of a category as a whole."""

    name: str
    stock: float | None
    demand: float | None


@dataclass(frozen=True, slots=True)
class Grounds:
    """One day's state of everything that an approval rests on.

    audience: how many the plan names, those who unsubscribed counted with them; None: it names nobody, or nobody can
    say. claims: verdict by message, language, kind, part and words; None: the brief contradicts the shop. forecast: of
    FORECAST what was forecast, empty without one. model: the version that forecast, None without one.
    """

    as_of: str | None
    model: str | None
    audience: int | None
    products: dict[str, Product]
    supply: dict[str, Supply]
    claims: dict[str, str] | None
    forecast: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """As it is kept in the history."""
        return asdict(self)

    @staticmethod
    def of_json(kept: dict[str, Any]) -> "Grounds":
        """The other way round; parts that a later Offerlab added are left out."""
        return Grounds(
            **{name: kept.get(name) for name in ("as_of", "model", "audience", "claims")},  # type: ignore[arg-type]
            products={one: Product(**about) for one, about in (kept.get("products") or {}).items()},
            supply={one: Supply(**about) for one, about in (kept.get("supply") or {}).items()},
            forecast=kept.get("forecast") or {},
        )


def of(shop: Shop, plan: Plan, copy: dict[str, str], forecast: dict[str, Any]) -> Grounds:
    """Today's grounds of a plan whose customers read `copy` (of all messages, see planned.kept_copy).

    forecast: today's row of the forecast table, empty without one.
    """
    as_of = _as_of(shop)
    goods = _goods(shop)
    named, categories = _named(plan, goods), _categories(plan, goods)
    own = goods.loc[[*named, *(one for ids in categories.values() for one in ids)]]
    own = own[~own.index.duplicated()]
    return Grounds(
        as_of=as_of.isoformat() if as_of else None,
        model=response.current_version(shop) if forecast else None,
        audience=audience_size(shop, plan.audience),
        products={
            str(one): Product(_text(row["name"], one), _number(row["price"]), _number(row["unit_cost"]))
            for one, row in own.iterrows()
        },
        supply=_supply(shop, plan, goods, named, categories, forecast, as_of),
        claims=_claims(shop, plan, copy),
        forecast={name: forecast[name] for name in FORECAST if forecast.get(name) is not None},
    )


def _as_of(shop: Shop) -> date | None:
    try:
        return default_as_of(shop)
    except NotEnoughData:
        return None


# --- the audience ---


def audience_size(shop: Shop, audience: Audience, since: date | None = None) -> int | None:
    """How many customers an audience names, as if nobody had withdrawn a consent; None where that cannot be said.

    since: day of the data of an earlier look. Who bought since then and was named then counts as named:
    recent buyers are taken out of a plan without voiding it.
    """
    as_of = _as_of(shop)
    if audience.is_empty or as_of is None:
        return None
    try:
        today = set(_customers(shop, audience, as_of))
        if since is not None:
            bought = buyers(shop, since, as_of)
            today |= {one for one in _customers(shop, audience, since) if one in bought}
    except (DataProblem, NotEnoughData):
        return None
    return len(today)


def _customers(shop: Shop, audience: Audience, day: date) -> list[str]:
    known: list[pd.DataFrame] = []

    def selected(text: str) -> list[str]:
        if not known:
            known.append(_consenting(customer_facts.facts(shop, day)))
        return rules.select(shop, text, day, known[0])

    return planned.customers(shop, audience, selected)


def _consenting(table: pd.DataFrame) -> pd.DataFrame:
    """Facts of customers as if all of them could be written to."""
    flags = {name: 0.0 if name in ("unsubscribed", "suppressed") else 1.0 for name in FLAGS if name in table}
    return table.assign(**flags)


def buyers(shop: Shop, first: date, until: date) -> set[str]:
    """Customers who ordered from one day until before another."""
    if not shop.rows("orders"):
        return set()
    lines = shop.table("orders", ["customer_id", "ordered_at", "quantity"])
    between = (lines["ordered_at"] >= pd.Timestamp(first)) & (lines["ordered_at"] < pd.Timestamp(until))
    return set(lines.loc[between & (lines["quantity"] > 0), "customer_id"])


# --- the products ---


def _goods(shop: Shop) -> pd.DataFrame:
    """name, category, price, unit_cost, stock by product_id."""
    wanted = ["name", "category", "price", "unit_cost", "stock"]
    present = [one for one in ("product_id", *wanted) if one in shop.columns("products")]
    table = shop.table("products", present) if "product_id" in present else pd.DataFrame({"product_id": []})
    return table.drop_duplicates("product_id").set_index("product_id").reindex(columns=wanted)


def _named(plan: Plan, goods: pd.DataFrame) -> list[str]:
    """Products that the plan names, each once: those it is about, those its offer is for, and its gift."""
    gift = [plan.offer.gift_product_id] if plan.offer.gift_product_id else []
    return [one for one in dict.fromkeys([*plan.product_ids, *plan.offer.applies_to, *gift]) if one in goods.index]


def _categories(plan: Plan, goods: pd.DataFrame) -> dict[str, list[str]]:
    """Products of the categories that the plan is for; a plan that names products is about these alone."""
    named = [one for one in plan.offer.applies_to if one not in goods.index]
    named += [plan.category] if plan.category and not plan.product_ids else []
    found = {one: [str(id_) for id_ in goods.index[goods["category"].eq(one)]] for one in dict.fromkeys(named)}
    return {one: ids for one, ids in found.items() if ids}


def _supply(
    shop: Shop,
    plan: Plan,
    goods: pd.DataFrame,
    named: list[str],
    categories: dict[str, list[str]],
    forecast: dict[str, Any],
    as_of: date | None,
) -> dict[str, Supply]:
    """What is in stock and what is expected to be ordered, of each named product and of each category together."""
    groups: dict[str, list[str]] = {one: [one] for one in named} | categories
    orders, extra = forecast.get("orders"), forecast.get("extra_orders")
    usual = _units(shop, groups, as_of)
    found = {}
    for about, ids in groups.items():
        stock = goods.loc[ids, "stock"].dropna()
        demand = None if orders is None else _demand(orders, extra, usual, about)
        if about == plan.offer.gift_product_id and orders is not None:
            demand = float(orders)  # each order takes one along
        name = _text(goods.loc[about, "name"], about) if about in goods.index else about
        found[about] = Supply(name, float(stock.sum()) if len(stock) else None, demand)
    return found


@dataclass(frozen=True, slots=True)
class _Usual:
    """Units in past orders: per order of any kind, and per order that holds some; `share` of all the plan is about."""

    per_order: float
    per_own_order: float
    share: float


def _demand(orders: float, extra: float | None, usual: dict[str, _Usual], about: str) -> float:
    """Orders that would come anyway are as orders always were; those the message brings are for what it is about."""
    brought = min(max(extra or 0.0, 0.0), orders)
    own = usual[about]
    return (orders - brought) * own.per_order + brought * own.per_own_order * own.share


def _units(shop: Shop, groups: dict[str, list[str]], as_of: date | None) -> dict[str, _Usual]:
    every = {one for ids in groups.values() for one in ids}
    lines = pd.DataFrame({"order_id": [], "product_id": [], "quantity": []})
    placed = 0
    if every and as_of is not None and shop.rows("orders"):
        lines = shop.table("orders", ["order_id", "ordered_at", "product_id", "quantity"])
        first = pd.Timestamp(as_of) - pd.Timedelta(days=YEAR_DAYS)
        lines = lines[(lines["quantity"] > 0) & (lines["ordered_at"] >= first)]
        placed = int(lines["order_id"].nunique())
        lines = lines[lines["product_id"].isin(every)]
    sold = {about: lines[lines["product_id"].isin(ids)] for about, ids in groups.items()}
    units = {about: float(own["quantity"].sum()) for about, own in sold.items()}
    total = sum(units.values()) + len(units)  # one more of each: what was never sold will be, too
    return {
        about: _Usual(
            per_order=units[about] / placed if placed else 0.0,
            per_own_order=units[about] / own["order_id"].nunique() if len(own) else 1.0,
            share=(units[about] + 1) / total,
        )
        for about, own in sold.items()
    }


# --- the copy ---


def _claims(shop: Shop, plan: Plan, copy: dict[str, str]) -> dict[str, str] | None:
    """The verdict on everything the copy says, as customers read it, and on what a message lacks."""
    found: dict[str, str] = {}
    rules_of_copy = lint.rules_of(shop)
    for number, step in enumerate(plan.steps):
        for language in step.languages:
            read = planned.copy_of(copy, number, None if language == step.language else language)
            parts = read or step.texts_in(language)
            if not parts:
                continue
            try:
                known = facts(shop, plan.brief(number, language))
            except DataProblem:
                return None
            judged = checked.message(parts, known, rules_of_copy)
            for one in (*judged.says, *judged.lacks):
                key = "|".join((str(number), language, one.kind, one.rule, one.part, one.text))
                found[key] = "refused" if found.get(key) == "refused" else one.verdict
    return found


def words_of(claim: str) -> str:
    """The words that a key of `claims` is about; the rule or the kind where it is about something that lacks."""
    _, _, kind, rule, _, words = claim.split("|", 5)
    return words or rule or kind


def _number(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)


def _text(value: Any, otherwise: Any) -> str:
    return str(otherwise) if value is None or pd.isna(value) else str(value)
