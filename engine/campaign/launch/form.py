"""The form of a new product: checked where it enters, saved among the shop's products with its vouched facts."""

import re
import unicodedata
from collections.abc import Collection
from datetime import date
from pathlib import Path

import pandas as pd
from pydantic import Field, ValidationError, field_validator, model_validator

from engine.campaign.plan import Checked, Mistake, problems_of
from engine.errors import DataProblem
from engine.sentences import Sentence
from engine.shop.merging import merged
from engine.shop.store import Shop, open_shop, write_tables, writing
from engine.shop.tables import LARGEST, check
from engine.shop.vouched import Vouched, as_file, vouched

MOST_FACTS = 8
LONGEST_FACT = 80  # characters: a statement, not a story


class Fact(Checked):
    """A statement that copy may say as it stands, and who answers for it being true."""

    text: str = Field(min_length=2, max_length=LONGEST_FACT)
    by: str = Field(default="", max_length=80)

    @field_validator("text")
    @classmethod
    def _one_plain_line(cls, text: str) -> str:
        if re.search(r"[{}<>\[\]|\\`\n]|https?:|www\.", text):
            raise Mistake(Sentence("refused.fact_line"))
        return text


class NewProduct(Checked):
    """A product before it is launched. Money in the shop's currency, price as the customer pays it, stock in pieces."""

    product_id: str = Field(min_length=1, max_length=80)
    name: str = Field(min_length=1, max_length=200)
    category: str | None = Field(default=None, max_length=120)
    brand: str | None = Field(default=None, max_length=120)
    price: float = Field(gt=0, le=LARGEST)
    unit_cost: float | None = Field(default=None, ge=0, le=LARGEST)
    stock: int | None = Field(default=None, ge=0, le=int(LARGEST))
    launched_at: date
    description: str = Field(default="", max_length=2000)
    facts: list[Fact] = Field(default=[], max_length=MOST_FACTS)

    @field_validator("category", "brand", mode="after")
    @classmethod
    def _empty_is_unknown(cls, text: str | None) -> str | None:
        return text or None

    @model_validator(mode="after")
    def _facts_are_vouched_for(self) -> "NewProduct":
        for fact in self.facts:
            if not fact.by:
                raise Mistake(Sentence("refused.fact_by", {"fact": fact.text}))
        said = [fact.text.casefold() for fact in self.facts]
        if len(set(said)) < len(said):
            raise Mistake(Sentence("refused.fact_twice"))
        return self


def read_form(path: Path) -> NewProduct:
    """The form from a JSON file. Raises DataProblem naming file, field and what was found."""
    try:
        return NewProduct.model_validate_json(Path(path).read_bytes())
    except ValidationError as error:
        raise DataProblem(problems_of(error, Path(path).name)) from error
    except OSError as error:
        raise DataProblem(Sentence("refused.unreadable", {"file": str(path), "error": error.strerror})) from error


def proposed_id(name: str, taken: Collection[str]) -> str:
    """An id made of the name that no product has yet.

    >>> proposed_id("Rose Tea, 50 g", []), proposed_id("Rose Tea", ["rose-tea"]), proposed_id("玫瑰茶", [])
    ('rose-tea-50-g', 'rose-tea-2', '玫瑰茶')
    """
    plain = unicodedata.normalize("NFKC", name).casefold()
    stem = re.sub(r"[^\w]+", "-", plain).strip("-_")[:60] or "product"
    used = set(taken)
    numbered = (f"{stem}-{number}" for number in range(2, len(used) + 3))
    return next(one for one in (stem, *numbered) if one not in used)


def save(shop: Shop, product: NewProduct, on: date, update: bool = False) -> Shop:
    """Put the product among the shop's products and keep its facts, those of `on` being new; returns the shop after.

    Raises DataProblem where the shop has a product with this id and `update` does not say that it is meant, or none and
    it is said to be. Columns that the form lacks keep their values.
    """
    with writing(shop.path):
        shop = open_shop(shop.path)
        old = shop.optional("products")
        exists = product.product_id in set(old["product_id"])
        if exists and not update:
            raise DataProblem(Sentence("refused.product_exists", {"product": product.product_id}))
        if update and not exists:
            raise DataProblem(Sentence("refused.product_to_change", {"product": product.product_id}))
        checked = check("products", _row(product), shop.settings.time_zone)
        if len(checked.set_aside):
            raise DataProblem([str(reason) for reason in checked.set_aside["reason"]])
        table = merged("products", old, checked.kept) if len(old) else checked.kept
        facts = vouched(shop)
        before = {fact.text: fact for fact in facts.get(product.product_id, ())}
        facts[product.product_id] = tuple(_dated(fact, before.get(fact.text), on) for fact in product.facts)
        write_tables(shop, {"products": table}, as_file(facts))
    return open_shop(shop.path)


def stored(shop: Shop, product_id: str) -> NewProduct:
    """The form of a product as it lies in the shop, to be changed. Raises DataProblem for one that cannot be shown."""
    table = shop.optional("products").drop_duplicates("product_id", keep="last").set_index("product_id")
    if product_id not in table.index:
        raise DataProblem(Sentence("refused.no_product", {"product": product_id}))
    row = table.loc[product_id]
    known = {name: row[name] for name in table.columns if name in NewProduct.model_fields and pd.notna(row[name])}
    if "launched_at" in known:
        known["launched_at"] = known["launched_at"].date()
    if "stock" in known:
        known["stock"] = max(int(known["stock"]), 0)
    known["facts"] = [{"text": fact.text, "by": fact.by} for fact in vouched(shop).get(product_id, ())]
    try:
        return NewProduct.model_validate({"product_id": product_id, **known})
    except ValidationError as error:
        raise DataProblem(problems_of(error, Sentence("refused.product", {"product": product_id}))) from error


def as_facts(lines: str, by: str, before: NewProduct | None = None) -> list[dict[str, str]]:
    """A statement a line, vouched for by this person; one that was there `before` stays with who vouched for it.

    >>> as_facts("vegan\\n\\n 24 h hydration ", "Ana")
    [{'text': 'vegan', 'by': 'Ana'}, {'text': '24 h hydration', 'by': 'Ana'}]
    """
    known = {fact.text: fact.by for fact in before.facts} if before else {}
    said = [line.strip() for line in lines.splitlines() if line.strip()]
    return [{"text": text, "by": known.get(text, by.strip())} for text in said]


def editable(shop: Shop, since: date) -> dict[str, str]:
    """Name by id of the products launched on a day or later, the latest first, and of those with vouched facts."""
    table = shop.optional("products").drop_duplicates("product_id", keep="last")
    launched = table["launched_at"] if "launched_at" in table else pd.Series(pd.NaT, index=table.index)
    chosen = (pd.to_datetime(launched) >= pd.Timestamp(since)) | table["product_id"].isin(vouched(shop))
    found = table[chosen].assign(day=launched[chosen]).sort_values("day", ascending=False, kind="stable")
    return dict(zip(found["product_id"], found["name"], strict=True))


def _row(product: NewProduct) -> pd.DataFrame:
    row = product.model_dump(exclude={"facts"})
    row["launched_at"] = product.launched_at.isoformat()
    row["description"] = product.description or None
    return pd.DataFrame([row])


def _dated(fact: Fact, before: Vouched | None, on: date) -> Vouched:
    """The fact with the day it was given: the old one where the same person already vouched for it."""
    same = before is not None and before.by == fact.by
    return Vouched(fact.text, fact.by, before.on if same and before else on.isoformat())
