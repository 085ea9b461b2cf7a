"""Sixty past campaigns over e-mail, SMS, push and social, with every kind of offer."""

import numpy as np
import pandas as pd

from sample_data.demo import catalogue, copy_text, dates, response

FIRST_START = np.datetime64("2024-07-15", "D")
DAYS_APART = 11.4  # windows are at most 7 days and starts move by at most 3: two windows never overlap
CHINESE_SHARE = 0.2
NO_CATEGORY_SHARE = 0.4

# What each channel has ever offered. SMS never went above 0.20 and push never above 0.15: beyond that nothing is known.
PERCENT = {
    "email": (0.05, 0.05, 0.10, 0.10, 0.10, 0.15, 0.15, 0.15, 0.15, 0.20, 0.20, 0.20, 0.25, 0.25, 0.30, 0.30),
    "sms": (0.05, 0.10, 0.10, 0.15, 0.15, 0.15, 0.20, 0.20),
    "push": (0.05, 0.10, 0.10, 0.15),
    "social": (0.05, 0.10, 0.10, 0.15, 0.20, 0.25),
}
OTHER_KINDS = {
    "email": ("amount", "amount", "spend_save", "spend_save", "gift", "free_shipping", "free_shipping", "buy_x_get_y",
              "points", "none"),
    "sms": ("amount", "amount", "spend_save", "free_shipping", "early_access"),
    "push": ("gift", "free_shipping", "buy_x_get_y", "points", "early_access", "none"),
    "social": ("gift", "gift", "amount", "buy_x_get_y", "spend_save"),
}  # fmt: skip
MONEY_OFFERS = {"amount": ((5.0, 50.0), (10.0, 80.0), (15.0, 100.0)), "spend_save": ((10.0, 100.0), (20.0, 150.0))}
CODE_PREFIX = dict(
    zip(catalogue.NAMES, ("GLOW", "COLOR", "HAIR", "SLEEP", "COOK", "HOME", "WEAR", "STYLE"), strict=True)
)
GOAL_CHANCES = {"win_back": 0.25, "launch": 0.2, "second_purchase": 0.2, "vip": 0.15, "overstock": 0.15, "sunset": 0.05}
PLAIN_NAMES = {
    "win_back": "Win back",
    "launch": "Launch",
    "second_purchase": "Second purchase",
    "vip": "VIP",
    "overstock": "Overstock",
    "sunset": "Sunset",
    "sale_day": "Big sale day",
}


def plans(rng: np.random.Generator, products: pd.DataFrame) -> list[dict]:
    """Sixty campaigns in time order. Besides the table's columns each holds the planted effects used by `response`."""
    slots: list[tuple[str, str, float | None]] = [
        (channel, "percent", level) for channel, levels in PERCENT.items() for level in levels
    ]
    slots += [(channel, kind, None) for channel, kinds in OTHER_KINDS.items() for kind in kinds]
    order = rng.permutation(len(slots))
    return [_plan(rng, number, slots[pick], products) for number, pick in enumerate(order, start=1)]


def _plan(rng: np.random.Generator, number: int, slot: tuple[str, str, float | None], products: pd.DataFrame) -> dict:
    channel, kind, level = slot
    day = FIRST_START + int(np.floor((number - 1) * DAYS_APART)) + int(rng.integers(0, 4))
    hour = int(rng.integers(8, 22))
    starts_at = day.astype("datetime64[s]") + np.timedelta64(hour, "h")
    category = None if rng.random() < NO_CATEGORY_SHARE else str(rng.choice(catalogue.NAMES))
    language = "zh" if rng.random() < CHINESE_SHARE else "en"
    goal = str(rng.choice(list(GOAL_CHANCES), p=list(GOAL_CHANCES.values())))
    if str(day)[5:7] in ("06", "11"):
        goal = "sale_day"
    features = tuple(name for name in response.HEADLINE_CLICK if rng.random() < 0.35)
    offer = _offer(rng, number, kind, level, category, products)
    gift = offer["gift_product_id"] and products.set_index("product_id")["name"][offer["gift_product_id"]]
    return {
        "campaign_id": f"k{number:02d}",
        "name": f"{str(day)[:7]} {PLAIN_NAMES[goal]}: {category or 'whole shop'}",
        "type": "campaign",
        "channel": channel,
        "goal": goal,
        "language": language,
        **offer,
        "category": category,
        "starts_at": starts_at,
        "ends_at": starts_at + np.timedelta64(response.WINDOW_DAYS[channel], "D"),
        "send_hour": hour,
        "send_cost": response.SEND_COST[channel],
        "headline": copy_text.headline(features, category, language),
        "body": copy_text.body(offer, category, language, gift),
        "headline_features": features,
        "equivalent_discount": response.equivalent_discount(kind, offer["discount"]),
        "click_effect": float(rng.normal(0, response.CAMPAIGN_SD["click"])),
        "extra_effect": float(rng.normal(0, response.CAMPAIGN_SD["extra_order"])),
    }


def _offer(
    rng: np.random.Generator, number: int, kind: str, level: float | None, category: str | None, products: pd.DataFrame
) -> dict:
    """Offer columns. A code only where the customer has to type one."""
    discount, min_spend, gift = level, None, None
    if kind in MONEY_OFFERS:
        choices = MONEY_OFFERS[kind]
        discount, min_spend = choices[int(rng.integers(len(choices)))]
    if kind == "gift":
        in_shop = products[products["launched_at"] < FIRST_START]  # a gift must be there when it is given
        cheap = in_shop.nsmallest(20, "price")["product_id"].to_numpy()
        gift = str(rng.choice(cheap))
    prefix = CODE_PREFIX.get(category or "", "SHOP")
    size = {
        "percent": f"{(level or 0) * 100:.0f}",
        "amount": f"{discount or 0:.0f}",
        "spend_save": f"{discount or 0:.0f}",
    }
    has_code = kind in ("percent", "amount", "spend_save", "gift", "buy_x_get_y")
    return {
        "offer_kind": kind,
        "discount": discount,
        "min_spend": min_spend,
        "gift_product_id": gift,
        "code": f"{prefix}{size.get(kind, 'GIFT' if kind == 'gift' else '3FOR2')}-{number:02d}" if has_code else None,
    }


def campaigns(planned: list[dict], audience_shares: list[float]) -> pd.DataFrame:
    """The campaigns table: what the shop knows of the campaigns, without the planted effects."""
    hidden = ["headline_features", "equivalent_discount", "click_effect", "extra_effect"]
    frame = pd.DataFrame(planned).drop(columns=hidden)
    for column in ("gift_product_id", "code", "category"):
        frame[column] = frame[column].astype("str")
    for column in ("starts_at", "ends_at"):
        frame[column] = frame[column].astype("datetime64[us]")
    frame["discount"] = frame["discount"].astype(float)
    frame["min_spend"] = frame["min_spend"].astype(float)
    frame.insert(frame.columns.get_loc("send_cost"), "audience_share", np.round(audience_shares, 4))
    return frame


def campaign_products(table: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    """Products each campaign of one category was about; a campaign of the whole shop has none."""
    pairs = table[["campaign_id", "category"]].dropna().merge(products[["product_id", "category"]], on="category")
    return pairs[["campaign_id", "product_id"]].sort_values(["campaign_id", "product_id"], ignore_index=True)


def starts_in_seconds(planned: list[dict]) -> tuple[np.ndarray, np.ndarray]:
    """Start and end of every window, in seconds from dates.START."""
    ends = [(plan[key] - dates.START) / np.timedelta64(1, "s") for key in ("starts_at", "ends_at") for plan in planned]
    return np.array(ends[: len(planned)]), np.array(ends[len(planned) :])
