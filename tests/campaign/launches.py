"""A shop whose launches follow a rule that is known: what they sell, and who buys them."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from engine.campaign.launch.form import NewProduct
from engine.shop.store import Shop
from tests.tiny import shop_of

CATEGORIES = ("Tea", "Soap")
START = pd.Timestamp("2024-01-01")
DAYS = 700
PRICE = 20.0  # of every product that was always there, so that relative prices are known
PRICE_EFFECT = -1.0  # logs of units for one log of the relative price
SPREAD = 0.3  # of a launch's log of units around that
FAN_SHARE = 0.9  # of a product's buyers, from those who like its category


def planted(folder: Path, launches: int = 30, people: int = 400, seed: int = 0, dated: bool = True) -> Shop:
    """A shop with six old products in each category, each sold once a day, and launches every 18 days from day 100 on.

    A launch sells 30 units in its first 30 days at the usual price. Half of the customers like tea, half soap.
    """
    random = np.random.default_rng(seed)
    old = [(f"{kind.lower()}{n}", kind, PRICE, None) for kind in CATEGORIES for n in range(6)]
    days = [100 + 18 * number for number in range(launches)]
    prices = PRICE * np.exp(random.uniform(-0.5, 0.5, launches))
    new = [(f"new{n:02d}", CATEGORIES[n % 2], prices[n], days[n]) for n in range(launches)]
    lines = [line for product in old for line in _sold(random, people, product, np.arange(DAYS))]
    for product, day in zip(new, days, strict=True):
        mean = np.exp(PRICE_EFFECT * np.log(product[2] / PRICE) + random.normal(0, SPREAD))
        counts = random.poisson(mean, DAYS - day)
        lines += _sold(random, people, product, day + np.repeat(np.arange(len(counts)), counts))
    return shop_of(folder, _tables(random, [*old, *new], lines, people, dated))


def _sold(random: np.random.Generator, people: int, product: tuple, days: np.ndarray) -> list[tuple]:
    product_id, category, price, _ = product
    fans = np.arange(CATEGORIES.index(category), people, 2)
    likes = random.random(len(days)) < FAN_SHARE
    buyers = np.where(likes, random.choice(fans, len(days)), random.integers(0, people, len(days)))
    return [
        (who, START + pd.Timedelta(days=int(day)), product_id, price) for who, day in zip(buyers, days, strict=True)
    ]


def _tables(
    random: np.random.Generator, products: list[tuple], lines: list[tuple], people: int, dated: bool
) -> dict[str, pd.DataFrame]:
    orders = pd.DataFrame(lines, columns=["who", "ordered_at", "product_id", "unit_price"])
    orders["order_id"] = [f"o{number}" for number in range(len(orders))]
    orders["customer_id"] = [f"c{who:03d}" for who in orders.pop("who")]
    goods = pd.DataFrame(products, columns=["product_id", "category", "price", "day"])
    goods["name"] = goods["category"] + " " + goods["product_id"]
    goods["launched_at"] = [
        "2020-01-01" if pd.isna(day) else (START + pd.Timedelta(days=day)).date().isoformat()
        for day in goods.pop("day")
    ]
    ids = [f"c{number:03d}" for number in range(people)]
    customers = pd.DataFrame({"customer_id": ids, "email_consent": 1, "sms_consent": 0})
    return {
        "customers": customers,
        "products": goods if dated else goods.drop(columns="launched_at"),
        "orders": orders.assign(quantity=1, discount=0.0, ordered_at=orders["ordered_at"].astype(str)),
    }


def product(**changes: object) -> NewProduct:
    """A tea that costs what every tea costs, launched the day after the shop's last."""
    usual = {
        "product_id": "rose",
        "name": "Rose Tea",
        "category": "Tea",
        "price": PRICE,
        "launched_at": date(2025, 12, 1),
    }
    return NewProduct.model_validate({**usual, **changes})
