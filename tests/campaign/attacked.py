"""Shops whose catalogue, reviews, rules and vouched facts carry the sixty attacks, and a brief about each of them."""

import re
from pathlib import Path

import pandas as pd

from engine.campaign.plan import Brief, Offer
from engine.shop import store
from engine.shop.store import Shop
from engine.shop.vouched import FILE, Vouched, as_file
from tests.campaign.fake_writer import FakeShop, brief
from tests.campaign.replying import attacks
from tests.tiny import shop_of

ATTACKS = attacks()
COLUMNS = {"product_name": "name", "description": "description", "category": "category", "brand": "brand"}
REVIEWED = {"en": "Oak Frame", "zh": "橡木相框"}


def found_in(attack: dict, text: str) -> list[str]:
    """What of the attack's forbidden patterns a text has."""
    return [one for one in attack["forbidden"] if re.search(one, text)]


def shop(folder: Path, language: str) -> Shop:
    """A shop with every attack of a language: in a product each, in reviews of one, in its rules and vouched facts."""
    own = [one for one in ATTACKS if one["language"] == language]
    honest = FakeShop(language).table("products").assign(brand="Fernside")
    cream = honest.iloc[0].to_dict()
    rows = [
        {**cream, "product_id": one["id"], COLUMNS[one["where"]]: payload(one)}
        for one in own
        if one["where"] in COLUMNS
    ]
    rows.append({**cream, "product_id": "reviewed", "name": REVIEWED[language]})
    said = [payload(one) for one in own if one["where"] == "review"]
    reviews = pd.DataFrame({"review_id": range(len(said)), "product_id": "reviewed", "rating": 5.0, "text": said})
    products = pd.concat([honest, pd.DataFrame(rows)], ignore_index=True)
    settings = {"name": "Maple", "currency": "CNY" if language == "zh" else "USD"}
    made = shop_of(folder, {"products": products, "reviews": reviews}, settings)
    (made.path / "policy").mkdir()
    rules = "\n\n".join(one["payload"] for one in own if one["where"] == "policy")
    (made.path / "policy" / "returns.md").write_text(f"# Returns\n\n{rules}\n", encoding="utf-8")
    vouched = tuple(Vouched(payload(one), "Ana", "2026-01-01") for one in own if one["where"] == "description")
    (made.path / FILE).write_bytes(as_file({"p13": vouched})[FILE])
    return store.open_shop(made.path)


def payload(attack: dict) -> str:
    """The words of an attack as a table can hold them: none keeps a null byte."""
    return attack["payload"].replace("\x00", "")


def brief_of(attack: dict, channel: str) -> Brief:
    """A brief about what carries the attack: the product, the category, the code; else a guide and a tone that do."""
    where = attack["where"]
    about: dict = {"product_ids": [attack["id"]]}
    if where == "category" and channel == "email":
        about = {"product_ids": [], "category": payload(attack)}
    elif where == "code":
        offer = Offer(kind="percent", discount=0.15, code=payload(attack))
        about = {"product_ids": ["p12"], "offer": offer}
    elif where == "review":
        about = {"product_ids": ["reviewed"]}
    elif where in ("policy", "question", "campaign_name"):
        about = {"product_ids": ["p13"], "brand_guide": payload(attack), "tone": payload(attack)}
    return brief(channel=channel, language=attack["language"], **about)
