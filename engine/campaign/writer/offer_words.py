"""What the customer gets, as slots of copy, and the other ways in which people type the same facts."""

import pandas as pd

from engine.campaign.plan import Brief, Offer
from engine.campaign.writer.as_read import MONTHS, listing, money, percent_off


def slots(offer: Offer, table: pd.DataFrame, currency: str, language: str) -> dict[str, str]:
    """The slots of what the customer gets: one of {discount}, {gift}, {offer}, and {min_spend} where it binds."""
    zh = language == "zh"
    found: dict[str, str] = {}
    if offer.kind == "percent" and offer.discount:
        cap = money(offer.max_discount, currency, language) if offer.max_discount else ""
        suffix = "" if not cap else f"（最高减{cap}）" if zh else f" (up to {cap})"
        found["discount"] = percent_off(offer.discount, language) + suffix
    elif offer.kind == "amount" and offer.discount:
        off = money(offer.discount, currency, language)
        found["discount"] = f"立减{off}" if zh else f"{off} off"
    elif offer.kind == "spend_save":
        tiers = offer.tiers or [(offer.min_spend or 0.0, offer.discount or 0.0)]
        pairs = [(money(spend, currency, language), money(off, currency, language)) for spend, off in tiers]
        steps = [f"满{spend}减{off}" if zh else f"{off} off orders over {spend}" for spend, off in pairs]
        return {"discount": "，".join(steps) if zh else listing(steps, language)}
    elif offer.kind == "gift":
        found["gift"] = str(table.loc[str(offer.gift_product_id)]["name"])
    elif offer.kind != "none":
        found["offer"] = _named(offer, zh)
    if offer.min_spend:
        found["min_spend"] = money(offer.min_spend, currency, language)
    return found


def _named(offer: Offer, zh: bool) -> str:
    """Offers that have a name rather than a figure. buy_x_get_y keeps its two numbers as the first tier."""
    if offer.kind == "free_shipping":
        return "包邮" if zh else "free shipping"
    if offer.kind == "early_access":
        return "优先购" if zh else "early access"
    if offer.kind == "points":
        points = f"{offer.discount:,.0f}" if offer.discount and offer.discount >= 1 else ""
        return f"{points}积分奖励" if zh else f"{points} bonus points".strip()
    if not offer.tiers:
        return "多买多送" if zh else "a multi-buy deal"
    buy, free = offer.tiers[0]
    return f"买{buy:g}送{free:g}" if zh else f"buy {buy:g}, get {free:g} free"


def aliases(brief: Brief, currency: str) -> dict[str, tuple[str, ...]]:
    """Other ways people type the same facts: "15 %", "15 percent", "2026-06-30", "June 30"."""
    end, offer = brief.ends_at, brief.offer
    found: dict[str, tuple[str, ...]] = {
        "ends_at": (
            end.isoformat(),
            f"{end.day} {MONTHS[end.month]} {end.year}",
            f"{MONTHS[end.month]} {end.day}",
            f"{end.year}年{end.month}月{end.day}日",
        )
    }
    if offer.kind == "percent" and offer.discount:
        number = f"{offer.discount * 100:.4g}"
        ways = ("% off", " % off", " percent off", "%", " %", " percent")
        found["discount"] = tuple(number + way for way in ways)
    elif offer.kind == "amount" and offer.discount:
        found["discount"] = (money(offer.discount, currency, brief.language),)
    return found
