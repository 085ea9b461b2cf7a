"""What is known about a brief, typed: amounts, days, names and lines of text, each with the row it stands in.

Copy is held against this and nothing else: what is not known here is not said to a customer.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import pandas as pd

from engine.campaign import policy_files
from engine.campaign.plan import Brief, Offer
from engine.campaign.reading.claim import Claim
from engine.campaign.reading.counts import singular
from engine.campaign.reading.read import read
from engine.campaign.writer.cleaning import without_orders
from engine.shop.store import Shop

# What each slot is the amount or the day of.
ROLES = {
    "discount": "off", "saving": "off", "min_spend": "min", "price": "price", "price_after": "now",
    "starts_at": "start", "ends_at": "end",
}  # fmt: skip
NAMES = (
    "product",
    "products",
    "product_a",
    "product_b",
    "product_c",
    "gift",
    "shop",
    "category",
    "code",
    "offer",
    "link",
)
MOST_PRODUCTS = 200  # of a category or shop whose descriptions, prices and reviews are read
FEW_PRODUCTS = 20  # of so many, one price may be meant without a name, and a short name is enough
BEST_STARS = 5
FEW_LEFT = 10  # pieces; copy may call that few
OWN_WORDS = ("product_id", "price", "unit_cost", "stock", "launched_at")
NEGATED = re.compile(
    r"\b(?:no|not|never|cannot|can't|except|excluding|without)\b|不(?!锈|粘|满|限|同)|没有|无法|除外|暂无", re.I
)
NO_OFFER = Offer()


@dataclass(frozen=True, slots=True)
class Known:
    """An amount or a day: `value` and `unit` as in a Claim; `slot` where a slot says it, `product` whose it is."""

    kind: str
    value: float | str
    unit: str
    role: str
    row: str
    slot: str | None = None
    product: str = ""
    count: int = 1  # pieces that it is the price of


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence that the shop stands for, with the claims in it. `about`: categories it is limited to."""

    text: str
    row: str
    claims: tuple[Claim, ...]
    product: str = ""
    about: frozenset[str] = frozenset()
    policy: bool = False

    @property
    def denies(self) -> bool:
        """Whether it says that something is not so."""
        return bool(NEGATED.search(self.text))


@dataclass(frozen=True, slots=True)
class World:
    """All that is known about a brief. `names`: products copy may name, `others`: those it may not, `words`: further
    names in small letters, `nouns`: what the shop counts, `stock` and `categories` by product name.
    """

    currency: str = "USD"
    amounts: tuple[Known, ...] = ()
    lines: tuple[Line, ...] = ()
    names: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    words: frozenset[str] = frozenset()
    nouns: frozenset[str] = frozenset()
    offer: Offer = NO_OFFER
    gift: str = ""
    code: str = ""
    starts: date | None = None
    ends: date | None = None
    stock: Mapping[str, float] | None = None
    categories: Mapping[str, str] | None = None
    briefed: int = 0  # products that the brief names
    heads: Mapping[str, str] = field(default_factory=dict)  # short names of its products, where only one is called so
    tails: Mapping[str, str] = field(default_factory=dict)  # ends of their names, where no other name ends so
    kinds: Mapping[str, str] = field(default_factory=dict)  # what only one of them is made of: 红茶, green tea


def of_slots(
    slots: Mapping[str, str], currency: str = "USD", rows: Mapping[str, str] | None = None
) -> tuple[Known, ...]:
    """The amounts and days that slots say, read from their values."""
    found = []
    for name, said in slots.items():
        if name in NAMES or name == "said" or name.startswith("fact_"):
            continue
        for claim in read(said, currency):
            if claim.kind in ("percent", "money", "date"):
                role = _tier_role(claim) if name == "discount" else ROLES.get(name, "")
                whole = (claim.start == 0 and claim.end == len(said)) or name != "discount" or claim.kind == "percent"
                row = (rows or {}).get(name, f"brief: {name}")
                found.append(Known(claim.kind, claim.value, claim.unit, role, row, name if whole else None))
    return tuple(found)


def _tier_role(claim: Claim) -> str:
    """What an amount in the words of a discount is: 满300减50 has two, "15% off (up to $20)" a cap."""
    return next((role for role in ("min", "cap") if role in claim.roles), "off")


def world(
    shop: object, brief: Brief, slots: Mapping[str, str], currency: str, products: pd.DataFrame, rows: Mapping[str, str]
) -> World:
    """What is known of a brief. `products`: the shop's by product_id; `shop`: its reviews and policies, where it
    has some; `rows`: where slots stand that are no part of the brief.
    """
    offer = brief.offer
    scope = _scope(products, brief)
    first = scope.head(MOST_PRODUCTS)
    named = [str(name) for name in scope["name"].unique()]
    given = [offer.gift_product_id] if offer.gift_product_id else []
    gift = str(products.loc[given[0]]["name"]) if given else ""
    every = [str(name) for name in products["name"].unique()]
    inside = [*named, *([gift] if gift else [])]
    lines = [*_product_lines(first, currency), *_review_lines(shop, first), *_policy_lines(shop, products, currency)]
    lines += _product_lines(products.loc[given], currency)
    if slots.get("offer"):
        lines.append(_line(_offer_text(offer, slots), "brief: offer", currency, policy=True))
    brands, categories = ({str(one) for one in _values(products, column)} for column in ("brand", "category"))
    places = {word for line in lines if line.policy for word in re.findall(r"(?<!^)\b[A-Z][a-z]+\b", line.text)}
    words = {word.lower() for word in (*brands, *places, *categories, slots.get("shop", "")) if word}
    stock = scope["stock"].dropna() if "stock" in scope else pd.Series(dtype="float")
    return World(
        currency=currency,
        amounts=(*of_slots(slots, currency, rows), *_amounts(first, products.loc[given], brief, currency)),
        lines=tuple(lines),
        names=tuple(inside),
        others=tuple(name for name in every if name not in inside),
        words=frozenset(words | {part for word in words for part in word.split()}),
        nouns=_nouns(line.text for line in lines if not line.policy),
        offer=offer,
        gift=gift,
        code=offer.code or slots.get("code", ""),
        starts=brief.starts_at,
        ends=brief.ends_at,
        stock={str(name): float(left) for name, left in zip(scope["name"][stock.index], stock, strict=True)},
        categories=_categories(scope),
        briefed=len(brief.product_ids),
        heads=_heads(inside, [line for line in lines if not line.policy]) if len(inside) <= FEW_PRODUCTS else {},
        tails=_tails(inside) if len(inside) <= FEW_PRODUCTS else {},
        kinds=_kinds(first, lines) if len(inside) <= FEW_PRODUCTS else {},
    )


def _values(products: pd.DataFrame, column: str) -> Sequence[object]:
    """The values that stand in a column, where there is such a column."""
    return list(products[column].dropna().unique()) if column in products else []


def _scope(products: pd.DataFrame, brief: Brief) -> pd.DataFrame:
    """The products that copy may speak about: those of the brief, else its category's, else the shop's."""
    if brief.product_ids:
        return products.loc[list(dict.fromkeys(brief.product_ids))]
    if brief.category and "category" in products:
        return products[products["category"] == brief.category]
    return products


def _categories(scope: pd.DataFrame) -> dict[str, str]:
    """Category by product name; empty text where it has none."""
    if "category" not in scope:
        return dict.fromkeys(scope["name"].astype(str), "")
    return dict(zip(scope["name"].astype(str), scope["category"].fillna("").astype(str), strict=True))


MOST_PIECES = 6  # of one product whose price together is worked out


def _amounts(scope: pd.DataFrame, gift: pd.DataFrame, brief: Brief, currency: str) -> Iterable[Known]:
    """Prices, and what follows from them and the offer: the price afterwards, what is saved, several together."""
    for offer_row, role, amount in _of_the_offer(brief.offer):
        yield Known("money", amount, currency, role, offer_row)
    if "price" not in scope:
        return
    prices = scope[scope["price"] > 0]
    for product_id, row in prices.iterrows():
        yield from _of_a_product(str(product_id), row, brief.offer, currency)
    for product_id, row in gift[gift["price"] > 0].iterrows():
        said = f"products {product_id}: price"
        yield Known("money", float(row["price"]), currency, "price", said, product=str(row["name"]))
    if len(brief.product_ids) > 1 and len(prices) == len(scope):
        together, said = float(prices["price"].sum()), "products: prices together"
        yield Known("money", round(together, 2), currency, "price", said)
        everywhere = all(_is_on(brief.offer, str(one), row.get("category")) for one, row in prices.iterrows())
        paid = after(brief.offer, together) if everywhere else together
        if paid < together:
            yield Known("money", round(paid, 2), currency, "now", f"{said} - discount")
            yield Known("money", round(together - paid, 2), currency, "off", f"{said} x discount")


def _of_the_offer(offer: Offer) -> Iterable[tuple[str, str, float]]:
    """(row, role, amount) of what is left to pay at the very minimum of a tier."""
    tiers = offer.tiers if offer.kind == "spend_save" else []
    if offer.kind == "amount" and offer.min_spend and offer.discount:
        tiers = [(offer.min_spend, offer.discount)]
    for spend, off in tiers:
        yield "brief: minimum - discount", "now", round(spend - off, 2)


def _of_a_product(product_id: str, row: pd.Series, offer: Offer, currency: str) -> Iterable[Known]:
    name, said, price = str(row["name"]), f"products {product_id}: price", float(row["price"])

    def amount(value: float, role: str, row: str, count: int = 1) -> Known:
        return Known("money", round(value, 2), currency, role, row, product=name, count=count)

    yield amount(price, "price", said)
    paid = _after(offer, product_id, row)
    if paid < price:
        yield amount(paid, "now", f"{said} - discount")
        yield amount(price - paid, "off", f"{said} x discount")
        yield Known("percent", round(1 - paid / price, 4), "", "off", f"discount / {said}", product=name)
    for count in range(2, MOST_PIECES + 1):
        yield amount(count * price, "price", f"{count} x {said}", count)
    if not _is_on(offer, product_id, row.get("category")):
        return
    for spend, off in offer.tiers if offer.kind == "spend_save" else []:
        if price >= spend:
            yield amount(price - off, "now", f"{said} - discount")
    for count in range(2, MOST_PIECES + 1):
        least = offer.min_spend or 0.0
        if offer.kind == "amount" and offer.discount and count * price >= least:
            yield amount(count * price - offer.discount, "now", f"{count} x {said} - discount", count)
    if offer.kind == "buy_x_get_y" and offer.tiers:
        buy, free = offer.tiers[0]
        yield amount(buy * price, "now", f"{buy:g} x {said}", int(buy + free))
        yield amount(free * price, "off", f"{free:g} x {said}")
        yield amount(buy * price / (buy + free), "now", f"{said} x {buy:g} / {buy + free:g}")


def after(offer: Offer, total: float) -> float:
    """What an order of this value costs with an offer on everything."""
    if offer.kind == "spend_save":
        return total - max((off for spend, off in offer.tiers if total >= spend), default=0.0)
    if total < (offer.min_spend or 0.0) or offer.kind not in ("percent", "amount") or not offer.discount:
        return total
    off = total * offer.discount if offer.kind == "percent" else offer.discount
    return total - min(off, offer.max_discount or off)


def _after(offer: Offer, product_id: str, row: pd.Series) -> float:
    price = float(row["price"])
    return price - saved(offer, price, product_id, row.get("category"))


def saved(offer: Offer, price: float, product_id: str, category: object) -> float:
    """Money off one piece of a product; 0 where the offer does not surely apply to a single piece."""
    if (offer.min_spend and price < offer.min_spend) or not _is_on(offer, product_id, category):
        return 0.0
    if offer.kind not in ("percent", "amount") or not offer.discount:
        return 0.0
    off = price * offer.discount if offer.kind == "percent" else offer.discount
    off = min(off, offer.max_discount or off)
    return off if off < price else 0.0


def _is_on(offer: Offer, product_id: str, category: object) -> bool:
    """Whether an offer covers a product."""
    return not offer.applies_to or product_id in offer.applies_to or category in offer.applies_to


def _offer_text(offer: Offer, slots: Mapping[str, str]) -> str:
    both = {"free_shipping": "free shipping 包邮", "early_access": "early access 优先购"}.get(offer.kind, "")
    points = f"{offer.discount:g} points {offer.discount:g}积分" if offer.kind == "points" and offer.discount else ""
    return f"{slots['offer']} {both} {points}"


def _product_lines(scope: pd.DataFrame, currency: str) -> Iterable[Line]:
    texts = [column for column in scope.columns if column not in OWN_WORDS]
    for product_id, row in scope.iterrows():
        name = str(row["name"])
        for column in texts:
            said = without_orders(row[column][:600]) if isinstance(row[column], str) else ""
            if said.strip():
                yield replace(_line(said, f"products {product_id}: {column}", currency), product=name)


def _review_lines(shop: object, scope: pd.DataFrame) -> Iterable[Line]:
    if not isinstance(shop, Shop) or not len(scope) or "product_id" not in shop.columns("reviews"):
        return
    reviews = shop.table("reviews", ["product_id", "rating"])
    own = reviews[reviews["product_id"].isin([str(one) for one in scope.index])]
    for product_id, (mean, count) in own.groupby("product_id")["rating"].agg(["mean", "count"]).iterrows():
        text = _rated(float(mean), int(count))
        name = str(scope.loc[product_id, "name"])
        yield Line(text, f"reviews of {product_id}", read(text, "USD"), product=name)
        best = int((own.loc[own["product_id"] == product_id, "rating"] == BEST_STARS).sum())
        least = int(own.loc[own["product_id"] == product_id, "rating"].min())
        stars = f"{best} of {int(count)} gave five stars, none fewer than {least}, {best}个五星"
        yield Line(stars, f"stars of {product_id}", read(stars, "USD"), product=name)


def _rated(mean: float, count: int) -> str:
    """What copy may say of a product's reviews: the average to two decimals and to one, and how many there are."""
    mean += 1e-9  # 4.65 reads 4.7, as on paper
    ways = " ".join(dict.fromkeys(f"{mean:.{digits}f}".rstrip("0").rstrip(".") for digits in (2, 1)))
    return f"rated {ways} stars, average {ways} out of 5, {count} reviews, 评分{ways}分{ways}星，{count}条评价"


def _policy_lines(shop: object, products: pd.DataFrame, currency: str) -> Iterable[Line]:
    """The sentences of the shop's policy files, each limited to the categories its paragraph names."""
    if not isinstance(shop, Shop):
        return
    categories = sorted(map(str, _values(products, "category")))
    for path in policy_files.files(shop):
        for number, said in policy_files.paragraphs(path):
            about = frozenset(one for one in categories if one.lower() in said.lower())
            for sentence in policy_files.sentences(without_orders(said)) if not said.startswith("#") else ():
                row = f"{policy_files.FOLDER}/{path.name}, line {number}"
                yield replace(_line(sentence.strip(), row, currency, policy=True), about=about)


def _line(text: str, row: str, currency: str, policy: bool = False) -> Line:
    return Line(text, row, read(text, currency), policy=policy)


def _heads(names: Sequence[str], lines: Sequence[Line]) -> dict[str, str]:
    """What the brief's products are called for short: the end of a name that speaks of none of the others."""
    found: dict[str, str] = {}
    for name in names:
        others = " ".join(line.text.lower() for line in lines if line.product != name)
        if re.search("[\u4e00-\u9fff]", name):
            ends = [name[-length:] for length in (3, 2) if len(name) > length]
        else:
            parts = name.lower().split()
            ends = [" ".join(parts[-length:]) for length in (2, 1) if len(parts) > length]
            # "Duvet set" of a Linen Duvet Cover Set, where no other name has both words.
            rest = [other.lower().split() for other in names if other != name]
            ends += [
                f"{part} {parts[-1]}"
                for part in parts[:-2]
                if not any(part in other and parts[-1] in other for other in rest)
            ]
        found |= {end: name for end in ends if end not in others}
    return found


NO_TAILS = "被种井个的把条件"  # Chinese letters that are words of every other sentence


def _tails(names: Sequence[str]) -> dict[str, str]:
    """The ends of names by which each is known among the others: 锅 of 铸铁炒锅, "board" of Walnut Cutting Board."""
    found: dict[str, str] = {}
    for name in names:
        if re.search("[\u4e00-\u9fff]", name):
            ends = [name[-length:] for length in (3, 2, 1) if len(name) > length]
        else:
            ends = [" ".join(name.lower().split()[-length:]) for length in (2, 1) if len(name.split()) > length]
        others = [other.lower() for other in names if other != name]
        for word in name.lower().split() if name.isascii() and " " in name else ():
            if not any(word in other for other in others):
                found |= {f"{article} {word}": name for article in ("the", "our", "your", "this")}
        found |= {end: name for end in ends if end not in NO_TAILS and not any(one.endswith(end) for one in others)}
    return found


def _kinds(scope: pd.DataFrame, lines: Sequence[Line]) -> dict[str, str]:
    """What the material of one product alone says it is: 红茶, green tea."""
    if "material" not in scope:
        return {}
    said = {str(row["name"]): str(row["material"]).strip().lower() for _, row in scope.iterrows()}
    texts = {name: " ".join(line.text.lower() for line in lines if line.product == name) for name in said}
    return {
        kind: name
        for name, kind in said.items()
        if len(kind) > 1 and not any(kind in text for other, text in texts.items() if other != name)
    }


def _nouns(texts: Iterable[str]) -> frozenset[str]:
    """English words of the catalogue, as singulars in small letters."""
    return frozenset(singular(word) for text in texts for word in re.findall(r"[A-Za-z]{3,}", text))
