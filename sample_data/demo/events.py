"""What customers did on the site: sign-ups, browsing, the way to their orders, and visits after a click."""

import numpy as np
import pandas as pd

from sample_data.demo import catalogue, customers, dates
from sample_data.demo.customers import People

BROWSING_PER_YEAR = 3.0  # visits without an order, plus VISITS_PER_ORDER for each organic order a year
VISITS_PER_ORDER = 0.6
CART_SHARE = 0.16  # of browsing visits that leave something in the cart
SEARCHES = {
    "en": ("serum", "lipstick", "shampoo", "linen sheets", "knife", "candle", "dress", "tote bag", "gift", "sunscreen"),
    "zh": ("精华", "口红", "洗发水", "床单", "刀具", "香薰", "连衣裙", "包", "礼物", "防晒"),
}


def events(
    rng: np.random.Generator, who: People, orders: pd.DataFrame, clicks: pd.DataFrame, products: pd.DataFrame
) -> pd.DataFrame:
    """The events table in time order. `orders` is the finished table, `clicks` has customer (index) and second."""
    parts = [
        _signups(who),
        _browsing(rng, who, products),
        _before_orders(rng, orders),
        _after_clicks(rng, clicks, products),
    ]
    table = pd.concat(parts, ignore_index=True)
    table = table[(table["second"] >= 0) & (table["second"] < dates.DAYS * dates.DAY_SECONDS)]
    table = table.sort_values(["second", "customer", "kind"], kind="stable").drop_duplicates(
        ["customer", "second", "kind", "product_id"]
    )
    return pd.DataFrame(
        {
            "customer_id": customers.customer_ids()[table["customer"]],
            "occurred_at": dates.moment(table["second"].to_numpy()),
            "kind": table["kind"].astype("str").to_numpy(),
            "product_id": table["product_id"].astype("str").to_numpy(),
            "query": table["query"].astype("str").to_numpy(),
        }
    )


def _rows(
    customer: np.ndarray,
    second: np.ndarray,
    kind: np.ndarray | str,
    product_id: np.ndarray | None = None,
    query: np.ndarray | None = None,
) -> pd.DataFrame:
    return pd.DataFrame(
        {"customer": customer, "second": second, "kind": kind, "product_id": product_id, "query": query}
    )


def _signups(who: People) -> pd.DataFrame:
    joined = np.flatnonzero(who.joined_day >= 0)
    return _rows(joined, (who.joined_day[joined] * dates.DAY_SECONDS).astype(np.int64), "signup")


def _browsing(rng: np.random.Generator, who: People, products: pd.DataFrame) -> pd.DataFrame:
    """Visits without an order: a view, sometimes a search, a cart or a wish; favourite categories first."""
    start, end = np.maximum(who.joined_day, 0), np.minimum(who.left_day + 30, dates.DAYS)
    yearly = BROWSING_PER_YEAR + VISITS_PER_ORDER * who.yearly_orders
    count = rng.poisson(yearly / 365 * dates.demand_between(start, end))
    customer = np.repeat(np.arange(customers.COUNT), count)
    day = np.floor(start[customer] + (end - start)[customer] * rng.random(len(customer)))
    second = day.astype(np.int64) * dates.DAY_SECONDS + dates.second_of_day(rng, len(customer))
    second = np.maximum(second, (who.joined_day[customer] * dates.DAY_SECONDS).astype(np.int64) + 30)
    category = np.where(rng.random(len(customer)) < 0.6, who.favourite[customer], rng.integers(0, 8, len(customer)))
    product = products["product_id"].to_numpy()[category * catalogue.PER_CATEGORY + rng.integers(0, 15, len(customer))]
    draw = rng.random(len(customer))
    kind = np.where(draw < CART_SHARE, "cart", np.where(draw < CART_SHARE + 0.06, "wishlist", "view"))
    views = _rows(customer, second, "view", product)
    more = kind != "view"
    searched = rng.random(len(customer)) < 0.12
    words = np.where(
        who.speaks_chinese[customer[searched]],
        rng.choice(SEARCHES["zh"], searched.sum()),
        rng.choice(SEARCHES["en"], searched.sum()),
    )
    return pd.concat(
        [
            views,
            _rows(customer[more], second[more] + 90, kind[more], product[more]),
            _rows(customer[searched], second[searched] - 40, "search", None, words),
        ]
    )


def _before_orders(rng: np.random.Generator, orders: pd.DataFrame) -> pd.DataFrame:
    """Views, carts and checkout minutes before an order on the web or in the app; half of them are tracked."""
    sold = orders[(orders["quantity"] > 0) & (orders["sales_channel"] != "store")]
    number = sold["customer_id"].str[1:].astype(int).to_numpy() - 1
    second = ((sold["ordered_at"].to_numpy() - dates.START) / np.timedelta64(1, "s")).astype(np.int64)
    product = sold["product_id"].to_numpy()
    viewed, carted = rng.random(len(sold)) < 0.35, rng.random(len(sold)) < 0.3
    once = ~sold["order_id"].duplicated().to_numpy() & (rng.random(len(sold)) < 0.6)
    return pd.concat(
        [
            _rows(number[viewed], second[viewed] - rng.integers(300, 1500, viewed.sum()), "view", product[viewed]),
            _rows(number[carted], second[carted] - rng.integers(120, 300, carted.sum()), "cart", product[carted]),
            _rows(number[once], second[once] - 60, "checkout"),
        ]
    )


def _after_clicks(rng: np.random.Generator, clicks: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    product = rng.choice(products["product_id"].to_numpy(), len(clicks))
    delay = (rng.exponential(9_000, len(clicks)) + 120).astype(np.int64)
    return _rows(clicks["customer"].to_numpy(), clicks["second"].to_numpy() + delay, "view", product)
