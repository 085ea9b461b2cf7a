"""What a forecast was computed from beside its customers, as JSON and arrays and back: past orders, what the shop's own
tables say of a plan of which nothing was learned, and what the shop's settings were."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from engine.campaign.baskets import Baskets
from engine.campaign.first.anyway import Anyway
from engine.campaign.first.basket import Basket
from engine.campaign.first.experience import COLUMNS, Experience
from engine.campaign.first.outlook import Ground
from engine.errors import NotEnoughData
from engine.model import ranges
from engine.sentences import Sentence
from engine.shop.shop_settings import ShopSettings
from engine.shop.store import Shop

# --- past orders ---

_ARRAYS = ("value", "other", "rank", "shipping", "line_order", "line_product", "line_units", "line_price")
_GOODS = ("category", "price", "unit_cost", "stock")


def baskets_kept(baskets: Baskets, messages: list[dict]) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """(JSON, arrays). Orders have no customer, number or time here; of their codes only those that the offer goes
    together with, of products only those in them and in the offer: the rest does not enter a forecast."""
    together = ["", *(str(code).casefold() for code in messages[0].get("stackable_with") or ())]
    code = pd.Index(together).get_indexer(pd.Index(baskets.code, dtype="object"))
    named = {str(messages[0].get("gift_product_id")), *map(str, messages[0].get("applies_to") or ())}
    goods = baskets.goods
    asked = goods[goods.index.isin(named) | (goods["category"].isin(named) & ~goods["category"].duplicated())]
    told = {name: getattr(baskets, name) for name in ("whose", "orders", "last", "tax_share", "returned")}
    return told | {
        "codes": together,
        "products": [str(one) for one in baskets.products],
        "categories": [str(one) for one in baskets.categories],
        "goods": [[str(one), *(_cell(row[name]) for name in _GOODS)] for one, row in asked.iterrows()],
    }, {name: getattr(baskets, name) for name in _ARRAYS} | {"code": np.maximum(code, 0).astype("int16")}


def baskets_of(stored: dict[str, Any], arrays: dict[str, np.ndarray]) -> Baskets:
    """What `baskets_kept` wrote."""
    goods = pd.DataFrame([row[1:] for row in stored["goods"]], columns=list(_GOODS))
    goods = goods.astype({name: "float64" for name in _GOODS[1:]} | {"category": "str"})
    told: dict[str, Any] = {name: stored[name] for name in ("whose", "orders", "last", "tax_share", "returned")}
    told |= {name: arrays[name] for name in _ARRAYS}
    return Baskets(
        **told,
        code=np.array(stored["codes"], dtype=object)[arrays["code"]],
        products=np.array(stored["products"], dtype=object),
        categories=np.array(stored["categories"], dtype=object),
        goods=goods.set_axis(pd.Index([row[0] for row in stored["goods"]], dtype="str")),
    )


def _cell(value: Any) -> Any:
    return None if pd.isna(value) else value if isinstance(value, str) else float(value)


# --- a plan of which nothing was learned ---


@dataclass(frozen=True, slots=True)
class KeptAnyway(Anyway):
    """Who would buy anyway, as one share of the plan's whole audience and how many of it the orders know."""

    share: float
    of_them: int

    def known(self, customer_ids: Collection[str]) -> int:
        return self.of_them

    def mean(self, customer_ids: Collection[str]) -> float:
        return self.share


def ground_kept(ground: Ground, customer_ids: Collection[str]) -> dict[str, Any]:
    """The ground of these customers as JSON; of no customer alone."""
    anyway, past = ground.anyway, ground.experience
    told: dict[str, Any] = {"said": anyway.key, "values": anyway.values} if isinstance(anyway, Sentence) else {
        "window_days": anyway.window_days, "as_of": str(anyway.as_of), "variation": anyway.variation.to_json(),
        "first_day": str(anyway.first_day), "days": anyway.days, "buyers": anyway.buyers,
        "share": anyway.mean(customer_ids), "of_them": anyway.known(customer_ids),
    }  # fmt: skip
    return {
        "anyway": told,
        "basket": asdict(ground.basket) if ground.basket else None,
        "campaigns": {name: past.campaigns[name].tolist() for name in COLUMNS},
        "last_sent": past.last_sent,
    }


def ground_of(stored: dict[str, Any]) -> Ground:
    """What `ground_kept` wrote."""
    told = stored["anyway"]
    anyway: Anyway | Sentence
    if "said" in told:
        anyway = Sentence(told["said"], told["values"])
    else:
        days = {name: date.fromisoformat(told[name]) for name in ("as_of", "first_day")}
        nobody = {"chance": pd.Series(dtype="float64"), "checked": pd.DataFrame()}
        anyway = KeptAnyway(**told | days | nobody | {"variation": ranges.stored(told["variation"])})
    basket = Basket(**stored["basket"]) if stored["basket"] else None
    return Ground(anyway, basket, Experience(pd.DataFrame(stored["campaigns"], columns=COLUMNS), stored["last_sent"]))


# --- the shop ---


@dataclass(frozen=True, slots=True)
class KeptShop(Shop):
    """A shop as a forecast sees it once its audience is known: its settings, and the prices of gifts."""

    products: pd.DataFrame

    def has(self, table: str) -> bool:
        return table == "products"

    def rows(self, table: str) -> int:
        return len(self.products) if self.has(table) else 0

    def columns(self, table: str) -> list[str]:
        return list(self.products) if self.has(table) else []

    def table(self, name: str, columns: list[str] | None = None) -> pd.DataFrame:
        if not self.has(name):
            raise NotEnoughData(Sentence("replayed.holds_no", {"table": name}))
        return self.products[columns] if columns else self.products


def shop_kept(shop: Shop, messages: list[dict]) -> dict[str, Any]:
    """Settings as they are stated, without the customers that one of them lists, and the price of the gift."""
    settings = shop.settings.model_dump(mode="json", exclude_unset=True, exclude={"never_contact"})
    gift, products = messages[0].get("gift_product_id"), shop.optional("products")
    prices = products.loc[products["product_id"].eq(gift), "price"] if gift and "price" in products else []
    return {"settings": settings, "prices": [[str(gift), _cell(price)] for price in prices]}


def shop_of(stored: dict[str, Any], shop: Shop) -> Shop:
    """The shop as it was: what `shop_kept` wrote of it."""
    products = pd.DataFrame(stored["prices"], columns=["product_id", "price"])
    products = products.astype({"product_id": "str", "price": "float64"})
    return KeptShop(shop.path, ShopSettings(**stored["settings"]), products)
