"""What may be said of a product or an order: its columns as sentences, in the language of the answer."""

import re
from collections.abc import Iterator

import pandas as pd

from engine.campaign.replies.lines import Line, halves, in_language
from engine.campaign.replies.quoting import may_be_quoted, short
from engine.campaign.writer.as_read import MONTHS, money
from engine.campaign.writer.cleaning import plain
from engine.errors import DataProblem
from engine.sentences import Language, Sentence, known, say
from engine.shop.store import Shop

# Columns with a sentence of their own, or of no interest to a customer.
_OWN = {"product_id", "name", "price", "unit_cost", "stock", "description", "launched_at"}
# What a column answers to beyond what its words say.
_ABOUT = {
    "price": ("property.price", "aspect.cost"),
    "stock": ("property.stock", "aspect.have"),
    "size": ("property.size", "aspect.duration"),  # "how long is the rug?"
}
_SENTENCE = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])\s*")


def name_in(product: pd.Series, language: Language) -> str:
    """A product's name in a language, where it has one in both."""
    return in_language(short(product["name"], 120, is_name=True), language) or str(product["product_id"])


def about_product(product: pd.Series, currency: str, language: Language) -> list[Line]:
    """Everything that may be said of a product (a row of the products table)."""
    return [*figures(product, currency, language), *_attributes(product, language), *_described(product, language)]


def figures(product: pd.Series, currency: str, language: Language) -> Iterator[Line]:
    """Price and stock of a product, where they are known."""
    price, stock = product.get("price"), product.get("stock")
    name = name_in(product, language)
    if price is not None and pd.notna(price) and price > 0:
        text = say("replies.price", language, name=name, price=money(float(price), currency, language))
        yield _line(product, text, language, *_ABOUT["price"])
    if stock is not None and pd.notna(stock):
        key = "replies.in_stock" if stock > 0 else "replies.out_of_stock"
        yield _line(product, say(key, language, name=name, pieces=f"{max(stock, 0):,.0f}"), language, *_ABOUT["stock"])


def _attributes(product: pd.Series, language: Language) -> Iterator[Line]:
    """Category, brand, and what the shop keeps of its own: material, size, origin, ..."""
    for column, value in product.items():
        text = short(value, 120)
        if column in _OWN or not text:
            continue
        key = f"replies.label_{column}"
        label = say(key, language) if known(key) else str(column).replace("_", " ")
        words = in_language(text, language)
        said = say("replies.attribute", language, name=name_in(product, language), label=label, value=words)
        yield _line(product, said, language, f"property.{column}", *_ABOUT.get(str(column), ()))


def _described(product: pd.Series, language: Language) -> Iterator[Line]:
    """The sentences of a description, but those that promise a price or lead somewhere else."""
    whole = str(product.get("description"))[:1000] if plain(product.get("description"), 10) else ""
    kept = [one for one in _SENTENCE.split(whole) if may_be_quoted(one)]  # as it came: plain text hides what was odd
    text = in_language(plain(" ".join(kept), 1000), language)
    if set(halves(text)) == {"en"}:
        language = "en"
    for sentence in filter(None, map(str.strip, _SENTENCE.split(text))):
        said = say("replies.described", language, name=name_in(product, language), words=sentence)
        yield _line(product, said, language)


def _line(product: pd.Series, text: str, language: Language, *about: str) -> Line:
    return Line(
        "product", f"products {product['product_id']}", text, language, "", frozenset(about), str(product["product_id"])
    )


# --- an order ---


def order_lines(shop: Shop, order_id: str) -> pd.DataFrame:
    """The lines of an order. Raises DataProblem where the shop has no such order."""
    orders = shop.optional("orders")
    found = orders[orders["order_id"].astype(str) == order_id.strip()]
    if found.empty:
        raise DataProblem(Sentence("replies.no_such_order", {"order": plain(order_id, 40)}))
    return found


def about_order(lines: pd.DataFrame, names: dict[str, str], currency: str, language: Language) -> list[Line]:
    """Everything that may be said of an order. `names`: product names by id. Dates are the shop's."""
    first = lines.iloc[0]
    order = short(first["order_id"], 40) or "–"
    said = {"order": order, "date": date_in_words(first["ordered_at"], language)}
    bought = lines[lines["quantity"] > 0]
    listed = [
        say("replies.order_item", language, name=names.get(str(one["product_id"]), str(one["product_id"])),
            pieces=f"{one['quantity']:g}")
        for _, one in bought.iterrows()
    ]  # fmt: skip
    off = _column(lines, "discount").sum()
    paid = float((bought["quantity"] * bought["unit_price"]).sum() - _column(bought, "discount").sum())
    code, status = short(first.get("discount_code"), 40), short(first.get("status"), 40)
    refunded = float(_column(lines, "refunded").sum())
    comma = "、" if language == "zh" else ", "
    key = f"replies.status_{status.lower()}"

    def line(key: str, *about: str, **values: str) -> Line:
        row, text = f"orders {order}", say(f"replies.{key}", language, **said, **values)
        return Line("order", row, text, language, "", frozenset(about))

    found = [line("ordered", "topic.ordered_when")]
    if status:
        words = say(key, language) if known(key) else status
        found.append(line("status", "topic.order_status", "topic.delivery", "aspect.duration", status=words))
    found.append(line("contents", "topic.ordered_what", items=comma.join(listed)))
    found.append(line("paid", "topic.paid", "aspect.cost", amount=money(round(paid, 2), currency, language)))
    amount = money(round(float(off), 2), currency, language)
    if off and re.fullmatch(r"[\w-]{1,30}", code):
        found.append(line("discounted", "topic.code", "topic.discount", amount=amount, code=code))
    elif off:
        found.append(line("discounted_only", "topic.discount", amount=amount))
    else:
        found.append(line("not_discounted", "topic.code", "topic.discount"))
    if "refunded" in lines:
        back = money(round(refunded, 2), currency, language)
        found.append(line("refunded" if refunded else "not_refunded", "topic.refund", amount=back))
    return found


def _column(lines: pd.DataFrame, name: str) -> pd.Series:
    return lines[name].fillna(0.0) if name in lines else pd.Series(0.0, index=lines.index)


def date_in_words(moment: pd.Timestamp, language: Language) -> str:
    """A day with its year: "12 June 2026"."""
    if language == "zh":
        return f"{moment.year}年{moment.month}月{moment.day}日"
    return f"{moment.day} {MONTHS[moment.month]} {moment.year}"
