"""What a shop's rules are: those switched on, its own words and limits, and what must be known of it to judge."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

import pandas as pd

from engine.campaign.writer import cleaning
from engine.shop.store import Shop

# In the order in which a page lists them. The last two speak once the shop has set a limit.
OF_TEXT = (
    "superlative", "medical", "guaranteed_result", "false_urgency", "was_price", "free_but_not", "disparagement",
    "state_symbols", "sensitive_group", "misleading_subject", "lottery", "shouting",
)  # fmt: skip
OF_MESSAGES = ("unsubscribe", "sender_address", "ad_label", "sms_sender", "sms_opt_out")
OF_OFFERS = ("discount_cap", "margin_floor")
SWITCHED = (*OF_TEXT, *OF_MESSAGES)
RULES = (*SWITCHED, *OF_OFFERS)
# Binding in China and hardly ever kept to; no draft is written with it.
OFF_AT_FIRST = frozenset({"ad_label"})
OWN = "own_words"
DAYS = 30  # Directive 98/6/EC article 6a; China counts seven days, which a lowest price of thirty never exceeds


@dataclass(frozen=True, slots=True)
class Sold:
    """A product as the rules need it. Money. lowest: paid per piece in the last DAYS, else in the last sale before."""

    name: str  # as copy says it
    category: str = ""
    price: float | None = None
    unit_cost: float | None = None
    stock: float | None = None
    lowest: float | None = None
    lowest_on: date | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """What copy of one shop is judged by. `own_words`: words and why not. `legal_lines`: under each message."""

    off: frozenset[str] = OFF_AT_FIRST
    own_words: tuple[tuple[str, str], ...] = ()
    sender: str = ""
    legal_lines: tuple[str, ...] = ()
    sms_opt_out: Mapping[str, str] = field(default_factory=dict)  # by language: what the sending tool puts under an SMS
    brands: frozenset[str] = frozenset()  # that the shop sells, in lower case
    products: Mapping[str, Sold] = field(default_factory=dict)  # by product_id
    currency: str = "USD"
    discount_cap: float | None = None  # fraction of the price
    margin_floor: float | None = None  # fraction of what is paid
    margins: Mapping[str, float] = field(default_factory=lambda: {"default": 0.4})  # where a product has no unit cost

    def is_on(self, rule: str) -> bool:
        return rule not in self.off


def rules_of(shop: Shop, as_of: date | None = None) -> Rules:
    """The rules of a shop, with the words its brand voice rules out. Reads products and orders: keep what it gives.

    as_of: the DAYS before count for the lowest price; the day after the last order where it is not given.
    """
    settings = shop.settings
    products = shop.optional("products")
    brands = products.get("brand", pd.Series(dtype="str")).dropna().astype(str)
    return Rules(
        off=frozenset(rule for rule in RULES if not settings.lint.get(rule, rule not in OFF_AT_FIRST)),
        own_words=(*((word, "") for word in settings.brand_voice.get("never", ())), *settings.own_words.items()),
        sender=settings.sender_name or settings.name,
        legal_lines=tuple(settings.legal_lines),
        sms_opt_out={str(language): line for language, line in settings.sms_opt_out.items()},
        brands=frozenset(brand.strip().lower() for brand in brands.unique() if brand.strip()),
        products=_sold(products, _lowest(shop, as_of)),
        currency=settings.currency,
        discount_cap=settings.discount_cap,
        margin_floor=settings.margin_floor,
        margins=settings.gross_margin,
    )


def _sold(products: pd.DataFrame, lowest: Mapping[str, tuple[float, date]]) -> dict[str, Sold]:
    if products.empty:
        return {}
    table = products.drop_duplicates("product_id").set_index("product_id")
    columns = ["name", "category", "price", "unit_cost", "stock"]
    rows = table.reindex(columns=columns).itertuples(name=None)
    return {
        str(product_id): Sold(
            cleaning.name(name, 80),
            cleaning.plain(category, 60),
            _number(price),
            _number(cost),
            _number(stock),
            *_past(lowest, product_id),
        )
        for product_id, name, category, price, cost, stock in rows
    }


def _past(lowest: Mapping[str, tuple[float, date]], product_id: object) -> tuple[float | None, date | None]:
    return lowest.get(str(product_id), (None, None))


def _number(value: object) -> float | None:
    return None if value is None or pd.isna(value) else float(value)  # type: ignore[arg-type, call-overload]


def _lowest(shop: Shop, as_of: date | None) -> dict[str, tuple[float, date]]:
    """The lowest price paid for a piece by product, and its day.

    What was paid, so after the discount of the line: China's rules speak of the transaction price, and in the EU a
    code that anybody could use counts as a lower price too. A code meant for one customer alone does not count there,
    but orders do not tell which those were: with it, the price only gets stricter.
    """
    present = shop.columns("orders") if shop.has("orders") else []
    needed = ["product_id", "ordered_at", "quantity", "unit_price"]
    if not set(needed) <= set(present):
        return {}
    orders = shop.table("orders", [*needed, *(["discount"] if "discount" in present else [])])
    orders = orders[(orders["quantity"] > 0) & (orders["unit_price"] > 0)]
    if orders.empty:
        return {}
    days = pd.to_datetime(orders["ordered_at"]).dt.normalize()
    until = pd.Timestamp(as_of) if as_of else days.max() + timedelta(days=1)
    off = orders["discount"].fillna(0).abs() if "discount" in orders else 0.0
    paid = pd.DataFrame(
        {
            "product_id": orders["product_id"].astype(str),
            "day": days,
            "paid": orders["unit_price"] - off / orders["quantity"],
        }
    )
    paid = paid[(paid["day"] < until) & (paid["paid"] > 0)]
    recent = paid[paid["day"] >= until - timedelta(days=DAYS)]
    # Not sold lately: what its last buyers paid (China: the price of the last transaction).
    last = paid[paid["day"] == paid.groupby("product_id")["day"].transform("max")]
    found = pd.concat([last[~last["product_id"].isin(recent["product_id"])], recent])
    found = found.sort_values(["paid", "day"]).drop_duplicates("product_id")
    return {
        product_id: (round(float(price), 2), day.date())
        for product_id, day, price in found[["product_id", "day", "paid"]].itertuples(index=False, name=None)
    }
