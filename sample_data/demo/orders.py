"""Orders: the ones customers place by themselves, their baskets, what the campaigns' offers take off, and returns."""

import numpy as np
import pandas as pd

from sample_data.demo import catalogue, customers, dates
from sample_data.demo.customers import People
from sample_data.demo.groups import NAMES, per_group

STANDING_CODES = {"CLUB10": 0.10, "OUTLET15": 0.15}  # used outside campaign windows
FAVOURITE_SHARE = 0.5  # of lines, from the customer's favourite category
CAMPAIGN_SHARE = 0.35  # of lines of an order in a campaign's window, from the campaign's category
RETURN_CHANCE = dict(zip(catalogue.NAMES, (0.02, 0.03, 0.02, 0.05, 0.04, 0.05, 0.13, 0.07), strict=True))
GOODWILL_SHARE = 0.006  # of lines: some money back, goods kept


def organic(rng: np.random.Generator, who: People) -> pd.DataFrame:
    """Orders nobody asked for: columns customer (index) and second (from START); they follow season and hour."""
    start, end = np.maximum(who.joined_day, 0), np.minimum(who.left_day, dates.DAYS)
    count = rng.poisson(who.organic_orders(start, end))
    customer = np.repeat(np.arange(customers.COUNT), count)
    total = dates.cumulative_season()
    days = np.arange(dates.DAYS + 1)
    low, high = np.interp(start, days, total)[customer], np.interp(end, days, total)[customer]
    day = np.floor(np.interp(low + (high - low) * rng.random(len(customer)), total, days))
    second = day.astype(np.int64) * dates.DAY_SECONDS + dates.second_of_day(rng, len(customer))
    joined = (who.joined_day[customer] * dates.DAY_SECONDS).astype(np.int64)
    # Whoever joined inside the two years did so with a first order.
    first = np.flatnonzero((who.joined_day >= 0) & np.isin(np.array(NAMES)[who.group], ("new", "one_time", "regular")))
    welcome = (who.joined_day[first] * dates.DAY_SECONDS).astype(np.int64) + rng.integers(60, 1800, len(first))
    every = pd.DataFrame(
        {
            "customer": np.concatenate([customer, first]),
            "second": np.concatenate([np.maximum(second, joined + 60), welcome]),
        }
    )
    return every[every["second"] < dates.DAYS * dates.DAY_SECONDS].reset_index(drop=True)


def lines(
    rng: np.random.Generator, orders: pd.DataFrame, who: People, planned: list[dict], products: pd.DataFrame
) -> pd.DataFrame:
    """Order lines of `orders` (customer, second, campaign, treated) with list price, and no discount yet."""
    group = who.group[orders["customer"]]
    count = 1 + rng.poisson(per_group("lines_per_order")[group] - 1)
    row = np.repeat(np.arange(len(orders)), count)
    customer = orders["customer"].to_numpy()[row]
    category = rng.integers(0, len(catalogue.NAMES), len(row))
    category = np.where(rng.random(len(row)) < FAVOURITE_SHARE, who.favourite[customer], category)
    promoted = np.array(
        [catalogue.NAMES.index(plan["category"]) if plan["category"] else -1 for plan in planned] + [-1]
    )
    promoted = promoted[orders["campaign"].to_numpy()[row]]
    category = np.where((promoted >= 0) & (rng.random(len(row)) < CAMPAIGN_SHARE), promoted, category)
    chances = np.cumsum(catalogue.popularity(rng), axis=1)[category]
    within = np.minimum((rng.random((len(row), 1)) > chances).sum(axis=1), catalogue.PER_CATEGORY - 1)
    product = category * catalogue.PER_CATEGORY + within
    second = orders["second"].to_numpy()[row]
    # A product that was not launched yet gives way to the first one of its category, which always was.
    unlaunched = products["launched_at"].to_numpy()[product] > dates.moment(second)
    product = np.where(unlaunched, category * catalogue.PER_CATEGORY, product)
    table = pd.DataFrame(
        {
            "order": row,
            "customer": customer,
            "second": second,
            "product": product,
            "quantity": 1 + (rng.random(len(row)) < 0.12) + (rng.random(len(row)) < 0.03),
            "unit_price": products["price"].to_numpy()[product],
            "campaign": orders["campaign"].to_numpy()[row],
            "treated": orders["treated"].to_numpy()[row],
        }
    )
    return table.drop_duplicates(["order", "product"], ignore_index=True)


def discounted(
    rng: np.random.Generator, table: pd.DataFrame, who: People, planned: list[dict], products: pd.DataFrame
) -> pd.DataFrame:
    """Lines with discount, discount_code and gift lines.

    Orders of treated customers in a window get the campaign's offer, orders of its holdout the full price, all others
    a standing code at the rate of their group.
    """
    table = table.assign(discount=0.0, discount_code=None)
    standing = (
        rng.random(table["order"].max() + 1)[table["order"]] < per_group("discount_share")[who.group[table["customer"]]]
    )
    standing &= (table["campaign"] < 0).to_numpy()
    code = np.array(list(STANDING_CODES))[(table["order"] % len(STANDING_CODES)).to_numpy()]
    rate = pd.Series(code).map(STANDING_CODES).to_numpy()
    table.loc[standing, "discount"] = (table["quantity"] * table["unit_price"] * rate)[standing]
    table.loc[standing, "discount_code"] = code[standing]
    gifts = [table]
    for index in np.unique(table.loc[table["treated"], "campaign"]):
        plan = planned[index]
        chosen = table["treated"] & (table["campaign"] == index)
        used = table[chosen]
        off = _taken_off(plan, used)
        table.loc[used.index, "discount"] = off
        table.loc[used.index[off > 0], "discount_code"] = plan["code"]
        if plan["offer_kind"] == "gift":
            gifts.append(_gift_lines(used, plan, products))
            table.loc[used.index, "discount_code"] = plan["code"]
    table["discount"] = table["discount"].round(2)
    return pd.concat(gifts, ignore_index=True).sort_values(["second", "order"], kind="stable", ignore_index=True)


def _taken_off(plan: dict, used: pd.DataFrame) -> np.ndarray:
    """Money off each line that the offer gives, basket by basket."""
    value = used["quantity"] * used["unit_price"]
    basket = value.groupby(used["order"]).transform("sum")
    if plan["offer_kind"] == "percent":
        return (value * plan["discount"]).to_numpy()
    if plan["offer_kind"] in ("amount", "spend_save"):
        return (np.where(basket >= plan["min_spend"], plan["discount"], 0.0) * value / basket).to_numpy()
    if plan["offer_kind"] == "buy_x_get_y":
        units = used["quantity"].groupby(used["order"]).transform("sum")
        cheapest = used.groupby("order")["unit_price"].rank(method="first") == 1
        return np.where(cheapest & (units >= 3), used["unit_price"], 0.0)
    return np.zeros(len(used))


def _gift_lines(used: pd.DataFrame, plan: dict, products: pd.DataFrame) -> pd.DataFrame:
    """One free unit of the gift per order, at list price with all of it taken off."""
    gift = int(np.flatnonzero(products["product_id"] == plan["gift_product_id"])[0])
    price = float(products["price"].iloc[gift])
    rows = used.drop_duplicates("order")
    rows = rows[~rows["order"].isin(used.loc[used["product"] == gift, "order"])]
    return rows.assign(product=gift, quantity=1, unit_price=price, discount=price, discount_code=plan["code"])


def revenue_in_windows(table: pd.DataFrame) -> pd.DataFrame:
    """campaign, customer, revenue (after discount, before returns) of the orders placed in a window."""
    inside = table[table["campaign"] >= 0]
    paid = inside.assign(revenue=inside["quantity"] * inside["unit_price"] - inside["discount"])
    return paid.groupby(["campaign", "customer"], as_index=False)["revenue"].sum()


def orders(rng: np.random.Generator, table: pd.DataFrame, who: People, products: pd.DataFrame) -> pd.DataFrame:
    """The orders table in time order, returns as lines of the same order with negative quantity and discount."""
    number = table["order"].to_numpy() + 1  # orders were numbered in time order
    group = who.group[table["customer"]]
    quiet = group == NAMES.index("quiet_loyal")
    store_share = np.where(quiet, 0.35, 0.06)
    pick = rng.random(table["order"].max() + 1)[table["order"]]
    paid = table["quantity"] * table["unit_price"] - table["discount"]
    goodwill = (rng.random(len(table)) < GOODWILL_SHARE) & (paid.to_numpy() > 0)
    sold = pd.DataFrame(
        {
            "order_id": [f"o{value:06d}" for value in number],
            "customer_id": customers.customer_ids()[table["customer"]],
            "ordered_at": dates.moment(table["second"].to_numpy()),
            "product_id": products["product_id"].to_numpy()[table["product"]],
            "quantity": table["quantity"].to_numpy().astype("int64"),
            "unit_price": table["unit_price"].round(2),
            "discount": table["discount"].round(2),
            "discount_code": table["discount_code"].astype("str"),
            "status": "completed",
            "sales_channel": np.where(pick < store_share, "store", np.where(pick < store_share + 0.4, "app", "web")),
            "refunded": np.where(goodwill, (paid * 0.2).round(2), 0.0),
        }
    )
    returned = rng.random(len(table)) < products["category"].map(RETURN_CHANCE).to_numpy()[table["product"]]
    back = sold[returned & (paid.to_numpy() > 0)].copy()
    back["ordered_at"] = back["ordered_at"] + pd.to_timedelta(
        rng.integers(3 * 86_400, 25 * 86_400, len(back)), unit="s"
    )
    back = back[back["ordered_at"] < pd.Timestamp(dates.END)]
    back = back.assign(quantity=-back["quantity"], discount=-back["discount"], status="returned", refunded=0.0)
    back["ordered_at"] = back["ordered_at"].astype("datetime64[us]")
    return pd.concat([sold, back], ignore_index=True).sort_values("ordered_at", kind="stable", ignore_index=True)
