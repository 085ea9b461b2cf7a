"""A product to offer where one helps: instead of one that is sold out, or when something like it is asked for."""

from dataclasses import dataclass

import pandas as pd

from engine.campaign.replies.catalogue import name_in
from engine.campaign.replies.index import Index
from engine.campaign.replies.question import Question
from engine.campaign.replies.quoting import short
from engine.campaign.replies.words import read, terms
from engine.campaign.writer.as_read import money
from engine.campaign.writer.cleaning import plain
from engine.sentences import Sentence

BUYING = frozenset({"property.stock", "property.restock", "property.price", "aspect.have"})


@dataclass(frozen=True, slots=True)
class Recommended:
    """A product in stock, with the reason for it."""

    product_id: str
    name: str
    price: str
    why: Sentence


def recommended(question: Question, index: Index, currency: str) -> Recommended | None:
    """The product in stock most like the one asked about; None where none is needed, or none is like it."""
    asked = "topic.recommend" in question.whole.concepts
    about = [index.products.loc[one] for one in question.products]
    buying = question.whole.concepts & BUYING
    sold_out = [product for product in about if buying and _stock(product) == 0]
    if not about or not (asked or sold_out):
        return None
    given = sold_out[0] if sold_out else about[0]
    others = index.products[~index.products.index.isin(question.products)]
    if "category" not in others or "stock" not in others or not short(given.get("category"), 60):
        return None
    alike = others[(others["category"] == given["category"]) & (others["stock"] > 0)]
    if alike.empty:
        return None
    best = max((product for _, product in alike.iterrows()), key=lambda product: _likeness(product, given))
    values = {
        "name": name_in(given, question.language),
        "category": short(given["category"], 60),
        "pieces": f"{best['stock']:,.0f}",
    }
    price = best.get("price")
    shown = money(float(price), currency, question.language) if price is not None and pd.notna(price) else ""
    key = "replies.why_sold_out" if sold_out else "replies.why_asked"
    return Recommended(str(best["product_id"]), name_in(best, question.language), shown, Sentence(key, values))


def _likeness(product: pd.Series, given: pd.Series) -> tuple[int, int, float]:
    """Kinds and words of its name and its attributes that both have, then how near the price is."""
    kinds = read(short(product["name"], 120, is_name=True)).of("kind") & read(
        short(given["name"], 120, is_name=True)
    ).of("kind")
    shared = set(terms(_described(product))) & set(terms(_described(given)))
    prices = [float(one.get("price") or 0.0) for one in (product, given)]
    return len(kinds), len(shared), -abs(prices[0] - prices[1])


def _described(product: pd.Series) -> str:
    left_out = ("product_id", "category", "price", "unit_cost", "stock", "description", "launched_at")
    return " ".join(plain(value, 120) for column, value in product.items() if column not in left_out)


def _stock(product: pd.Series) -> float | None:
    stock = product.get("stock")
    return None if stock is None or pd.isna(stock) else float(stock)
