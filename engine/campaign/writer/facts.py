"""What copy may say: the brief and the shop as slots with their values. All of it is computed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from string import ascii_lowercase
from typing import Protocol, cast

import pandas as pd

from engine.campaign import known, merge
from engine.campaign.known import World
from engine.campaign.plan import PARTS, Brief, Offer, OfferKind
from engine.campaign.writer import cleaning, offer_words, printed
from engine.campaign.writer import voice as voices
from engine.campaign.writer.as_read import day, listing, money
from engine.campaign.writer.cleaning import plain
from engine.campaign.writer.voice import UNVOICED, Voice
from engine.errors import DataProblem
from engine.shop.store import Shop
from engine.shop.vouched import vouched

# Longest text a part may have once filled, (English, Chinese). Subjects, preheaders and pushes: what a phone shows.
# SMS: three billed parts, see engine.campaign.sms. WeChat: titles of articles have at most 64 characters
# (developers.weixin.qq.com, draft/add); WeCom: 4,000 bytes (developer.work.weixin.qq.com, add_msg_template).
# Xiaohongshu: titles of 20 Chinese characters, two Latin letters counting as one, and texts of 1,000. Ads: Google's
# responsive search ads, 30 and 90, half of that in double-width languages (support.google.com/google-ads,
# answer 1704389). Product pages: titles of 60 bytes, 30 Chinese characters, as Taobao takes.
LIMITS: dict[str, dict[str, tuple[int, int]]] = {
    "email": {
        "subject": (60, 40),
        "preheader": (90, 50),
        "headline": (70, 40),
        "body": (700, 400),
        "call_to_action": (30, 12),
    },
    "sms": {"body": (459, 201)},
    "push": {"headline": (50, 30), "body": (150, 80)},
    "social": {"headline": (80, 40), "body": (500, 300), "call_to_action": (30, 12)},
    "mail": {"headline": (80, 40), "body": (900, 500), "call_to_action": (40, 16)},
    "wechat": {"headline": (64, 40), "body": (700, 400), "call_to_action": (30, 12)},
    "wecom": {"body": (1300, 1300)},
    "xiaohongshu": {"headline": (40, 20), "body": (1000, 1000)},
    "ad": {"headline": (30, 15), "body": (90, 45)},
    "product_page": {"headline": (80, 30), "body": (1500, 800)},
}
# What a draft keeps to where that is less than a person may write: one text message, a note that is read to its end.
ROOM: dict[str, dict[str, tuple[int, int]]] = {
    "sms": {"body": (160, 70)},
    "wecom": {"body": (400, 200)},
    "xiaohongshu": {"body": (700, 400)},
    "product_page": {"body": (700, 400)},
}
SHORT = ("sms", "push", "ad")  # channels without room for everything
LONGEST_NAME_IN_SHORT = 30
SEVERAL = ("product_a", "product_b", "product_c")  # the first products of a brief that has several
LONGEST_SAID = 90  # characters, Chinese ones twice


class ShopLike(Protocol):
    """The little of a shop that drafting needs."""

    @property
    def settings(self) -> object: ...

    def has(self, table: str) -> bool: ...

    def table(self, name: str) -> pd.DataFrame: ...


@dataclass(frozen=True, slots=True)
class Product:
    """A product as data for a prompt: cleaned and cut, because names and descriptions come from anywhere."""

    name: str
    category: str
    description: str


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of one brief. `slots`: slot name to the words a customer reads in its place."""

    language: str
    channel: str
    offer_kind: str
    slots: Mapping[str, str]
    aliases: Mapping[str, tuple[str, ...]]  # other ways of typing the same fact, for hand-edited copy
    required: tuple[tuple[str, ...], ...]  # of each group, one slot must appear somewhere in the draft
    products: tuple[Product, ...]
    names: tuple[str, ...]  # product names of the shop: in copy only through a slot
    voice: Voice = UNVOICED
    known: World | None = None  # what copy is held against; None: what the slots say
    rows: Mapping[str, str] = field(default_factory=dict)  # slot name to where it stands, where that is not the brief
    liked: "Liked | None" = None  # shown to the writer as its worked example, where the shop liked one
    disliked: tuple[Mapping[str, str], ...] = ()  # texts by part that the shop does not want to read again

    @property
    def world(self) -> World:
        """What copy of this brief is held against."""
        if self.known is not None:
            return self.known
        named = [self.slots[slot] for slot in known.NAMES[:6] if slot in self.slots]
        return World(
            amounts=known.of_slots(self.slots),
            names=tuple(named),
            others=tuple(name for name in self.names if name not in named),
            words=frozenset(self.slots.get("shop", "").lower().split()),
            offer=Offer.model_construct(kind=cast(OfferKind, self.offer_kind)),
            gift=self.slots.get("gift", ""),
            code=self.slots.get("code", ""),
        )

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts this channel has, in reading order."""
        return PARTS[self.channel]

    def limit(self, part: str) -> int:
        """Most characters the part may have once filled."""
        return LIMITS[self.channel][part][self.language == "zh"]

    def room(self, part: str) -> int:
        """Most characters a draft of it takes; an address in its text comes on top."""
        own = ROOM.get(self.channel, {}).get(part)
        if not own:
            return self.limit(part)
        beside = len(self.slots["link"]) + 1 if "link" in self.slots else 0
        return min(own[self.language == "zh"] + beside, self.limit(part))


@dataclass(frozen=True, slots=True)
class Liked:
    """A text with {slots} that somebody of the shop liked or wrote, with the brief it was written for and its facts."""

    brief: Brief
    facts: Facts
    slots: Mapping[str, str]
    number: int  # of the draft: it says how it was to begin

    def as_dict(self) -> dict:
        """What the same prompt can be made from again."""
        return {"brief": self.brief.model_dump(mode="json"), "slots": dict(self.slots), "number": self.number}


def facts(shop: ShopLike, brief: Brief) -> Facts:
    """Everything a draft of this brief may say.

    Raises DataProblem for a product that the shop does not have, and for a name that is none: see `printed.check`.
    """
    currency = getattr(shop.settings, "currency", "") or "USD"
    table = _products(shop, brief)
    chosen = [table.loc[product_id] for product_id in brief.product_ids]
    names = [str(row["name"]) for row in chosen]
    slots = {"shop": _sender(shop)} | offer_words.slots(brief.offer, table, currency, brief.language)
    if brief.offer.personal_codes:
        slots["code"] = merge.CODE_SLOT  # another for each customer
    elif brief.offer.code:
        slots["code"] = plain(brief.offer.code, 40)
    if brief.goal in ("launch", "sale_day"):
        slots["starts_at"] = day(brief.starts_at, brief.language)
    slots["ends_at"] = day(brief.ends_at, brief.language)
    if len(names) == 1:
        slots["product"] = names[0]
        slots |= _said(names[0], chosen[0].get("description"), brief.language)
        slots |= _prices(chosen[0], brief, currency)
    elif names:
        slots["products"] = listing(names, brief.language)
        slots |= dict(zip(SEVERAL, names, strict=False))
    if brief.category:
        slots["category"] = cleaning.name(brief.category, 60, whole=True)
    slots |= _vouched_for(shop, brief)
    if brief.channel in merge.CHANNELS:
        slots[merge.NAME] = merge.SLOT  # only the tool that sends knows it
    if brief.link:
        slots["link"] = brief.link
    found = Facts(
        language=brief.language,
        channel=brief.channel,
        offer_kind=brief.offer.kind,
        slots=slots,
        aliases=offer_words.aliases(brief, currency),
        required=_required(slots, brief),
        products=tuple(
            Product(name, cleaning.telling(row.get("category"), 60), cleaning.telling(row.get("description"), 240))
            for name, row in zip(names, chosen, strict=True)
        ),
        names=tuple(_telling_names(list(table["name"].unique()), names, brief.language)),
        voice=voices.voice(shop.settings, brief.brand_guide, brief.language),
    )
    rows = _rows(brief, slots)
    world = known.world(shop, brief, slots, currency, table, rows)
    printed.check(brief, slots, names, world)
    return replace(found, known=world, rows=rows)


def _said(name: str, description: object, language: str) -> dict[str, str]:
    """{said}: what the catalogue's own first words say of a product, where they are short and in the brief's language.

    >>> _said("Night Cream", "Night Cream by Avelin: Everyday care for all skin types.", "en")
    {'said': 'everyday care for all skin types'}
    """
    text = cleaning.telling(description, 240)
    text = re.sub(rf"^{re.escape(name)}(?: by [\w ]{{2,20}})?\s?[:：]\s?", "", text)
    text = re.split(r"(?<=[.!?])\s|[。！？]", text)[0].rstrip(".!。！ ")
    is_chinese = bool(re.search("[\u4e00-\u9fff]", text))
    if (
        not 12 <= cleaning.width(text) <= LONGEST_SAID
        or is_chinese != (language == "zh")
        or name.lower() in text.lower()
    ):
        return {}
    return {"said": text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text}


def _rows(brief: Brief, slots: Mapping[str, str]) -> dict[str, str]:
    """Where the slots stand that are no part of the brief."""
    rows = {"shop": "shop.toml: sender_name"}
    if len(brief.product_ids) == 1:
        price = f"products {brief.product_ids[0]}: price"
        rows |= {"product": f"products {brief.product_ids[0]}: name", "price": price}
        rows["said"] = f"products {brief.product_ids[0]}: description"
        rows |= {"price_after": f"{price} - discount", "saving": f"{price} x discount"}
    rows["link"] = "plan: landing_url"
    rows |= {slot: f"products {one}: name" for slot, one in zip(SEVERAL, brief.product_ids, strict=False)}
    if brief.offer.gift_product_id:
        rows["gift"] = f"products {brief.offer.gift_product_id}: name"
    rows |= {slot: "vouched.json" for slot in slots if slot.startswith("fact_")}
    return {slot: row for slot, row in rows.items() if slot in slots}


def for_writer(shop: ShopLike, brief: Brief) -> Facts:
    """`facts`, with headlines that readers liked where the shop wants them shown: they read every message ever sent.

    Off at first: shown one, the default model says it again, and two of three drafts were refused for it.
    """
    found = facts(shop, brief)
    if not isinstance(shop, Shop) or not shop.settings.past_headlines:
        return found
    liked = voices.winners(shop, brief.channel, brief.language)
    return replace(found, voice=replace(found.voice, winners=liked))


def _vouched_for(shop: ShopLike, brief: Brief) -> dict[str, str]:
    """{fact_a}, {fact_b}, ...: what somebody vouches for of the brief's products, in the language of the brief."""
    if not isinstance(shop, Shop):
        return {}
    known = vouched(shop)
    said = [fact.text for product_id in brief.product_ids for fact in known.get(product_id, ())]
    chinese = [bool(re.search("[\u4e00-\u9fff]", text)) for text in said]
    own = [text for text, is_chinese in zip(said, chinese, strict=True) if is_chinese == (brief.language == "zh")]
    cleaned = [text for one in dict.fromkeys(own) if (text := cleaning.telling(one, 80))]
    return {f"fact_{letter}": text for letter, text in zip(ascii_lowercase, cleaned, strict=False)}


def _products(shop: ShopLike, brief: Brief) -> pd.DataFrame:
    """The shop's products by id, their names cleaned; those without a name only where the brief names them.

    Raises DataProblem when the brief names one that is not there.
    """
    wanted = [*brief.product_ids, *([brief.offer.gift_product_id] if brief.offer.gift_product_id else [])]
    if not shop.has("products"):
        if wanted:
            raise DataProblem(
                f"The brief names the product {wanted[0]}, but this shop has no products table. Import one, or leave "
                "the product out of the brief."
            )
        return pd.DataFrame({"name": pd.Series(dtype="str")})
    table = shop.table("products").drop_duplicates("product_id").set_index("product_id")
    unknown = [product_id for product_id in wanted if product_id not in table.index]
    if unknown:
        raise DataProblem(
            [f"The brief names the product {product_id}, which this shop does not have." for product_id in unknown]
        )
    cleaned = {name: cleaning.name(name, 80) for name in table["name"].unique()}  # sizes and colours share one
    table = table.assign(name=table["name"].map(cleaned).fillna(""))
    return table[table["name"].ne("") | table.index.isin(wanted)]


def _sender(shop: ShopLike) -> str:
    folder = getattr(shop, "path", None)
    own = (getattr(shop.settings, field, "") for field in ("sender_name", "name"))
    candidates = (*own, getattr(folder, "name", ""))
    return next((plain(name, 60) for name in candidates if name), "the shop")


def _prices(product: pd.Series, brief: Brief, currency: str) -> dict[str, str]:
    """{price}, and {price_after} and {saving} where a discount surely applies to one piece of this product."""
    price = product.get("price")
    if price is None or pd.isna(price) or price <= 0:
        return {}
    slots = {"price": money(float(price), currency, brief.language)}
    off = known.saved(brief.offer, float(price), str(product.name), product.get("category"))
    if off and not brief.offer.min_spend:
        slots["price_after"] = money(round(float(price) - off, 2), currency, brief.language)
        slots["saving"] = money(round(off, 2), currency, brief.language)
    return slots


def _required(slots: Mapping[str, str], brief: Brief) -> tuple[tuple[str, ...], ...]:
    """What a draft may not leave out: offer, condition, code, end, what it is about; as the channel has room."""
    short = brief.channel in SHORT
    always = ("discount", "gift", "offer", "min_spend", "code")
    groups: list[tuple[str, ...]] = [(name,) for name in always if name in slots]
    if brief.offer.kind != "none" and brief.channel not in ("push", "ad"):
        groups.append(("ends_at",))
    about = tuple(name for name in ("product", "products", "category") if name in slots)
    # An ad leads to a page that says what it is about.
    if about and brief.channel != "ad" and (not short or len(slots[about[0]]) <= LONGEST_NAME_IN_SHORT):
        groups.append((*about, *(name for name in SEVERAL if name in slots)))
    return tuple(groups)


def _telling_names(all_names: list[str], chosen: list[str], language: str) -> list[str]:
    """Names a text must not type: those of the brief, and others long enough not to be everyday words."""
    others = [name for name in all_names if len(name.split()) >= 2 or (language == "zh" and len(name) >= 4)]
    return sorted({name for name in [*chosen, *others] if name}, key=lambda name: (-len(name), name))
