"""A drafted answer to a customer's question, with the rows it stands on. A person reads it and sends it."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from engine.campaign import policy_files
from engine.campaign.replies import catalogue, evidence
from engine.campaign.replies.evidence import Evidence
from engine.campaign.replies.index import Index, index
from engine.campaign.replies.lines import Line
from engine.campaign.replies.question import Ask, Question, question
from engine.campaign.replies.recommend import Recommended, recommended
from engine.campaign.replies.tone import Tone, tone
from engine.campaign.replies.words import phrases_of, read, stem
from engine.campaign.writer.cleaning import plain
from engine.errors import DataProblem
from engine.sentences import Language, Sentence, say
from engine.shop.store import Shop

# What only an order can tell: without one, the customer is asked for its number.
OF_AN_ORDER = frozenset(f"topic.{one}" for one in ("order_status", "paid", "ordered_what", "ordered_when"))


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to be sent by a person. `known` is False where the shop's data leaves anything asked unanswered.

    `ask`: what to ask the customer, or whom to ask, where something is not known. `near`: lines on the same subject
    that do not answer; for the person only.
    """

    question: str
    language: Language
    answer: str
    known: bool
    sources: tuple[Line, ...]
    ask: Sentence | None
    tone: Tone
    recommended: Recommended | None
    near: tuple[Line, ...]

    def as_json(self) -> dict:
        """The reply as the command line prints it."""
        other = self.recommended
        return {
            "question": self.question,
            "language": self.language,
            "answer": self.answer,
            "known": self.known,
            "sources": [{"row": line.row, "text": line.text} for line in self.sources],
            "ask": self.ask.text(self.language) if self.ask else None,
            "sentiment": self.tone.sentiment,
            "urgency": self.tone.urgency,
            "recommended": None if other is None else {
                "product_id": other.product_id, "name": other.name, "why": other.why.text(self.language),
            },
            "near": [{"row": line.row, "text": line.text} for line in self.near],
        }  # fmt: skip


def reply(shop: Shop, message: str, order_id: str | None = None, language: Language | None = None) -> Reply:
    """A drafted answer from the shop's rules, its products and one order, in the language of the question.

    Only the order named here is looked into, never one that the message names: anybody may write any number. Raises
    DataProblem for an empty question and for an order that the shop does not have.
    """
    if not plain(message, 10):
        raise DataProblem(Sentence("replies.no_question"))
    known = index(shop)
    order = catalogue.order_lines(shop, order_id) if order_id else None
    ordered = [] if order is None else order["product_id"].astype(str).unique()
    asked = question(message, known, [one for one in ordered if one in known.products.index], language)
    lines = _lines(shop, known, asked, order)
    return _reply(shop, known, asked, lines, has_order=order is not None)


def _lines(shop: Shop, known: Index, asked: Question, order: pd.DataFrame | None) -> list[Line]:
    currency, lines = shop.settings.currency, known.rules(asked.text)
    for product_id in asked.products:
        lines += catalogue.about_product(known.products.loc[product_id], currency, asked.language)
    if order is not None:
        ids = [one for one in order["product_id"].astype(str) if one in known.products.index]
        names = {one: catalogue.name_in(known.products.loc[one], asked.language) for one in ids}
        lines += catalogue.about_order(order, names, currency, asked.language)
    return lines


def _reply(shop: Shop, known: Index, asked: Question, lines: list[Line], has_order: bool) -> Reply:
    heads = _heads(known)
    per_ask = [(ask, evidence.evidence(ask, asked, lines, heads)) for ask in asked.asks]
    if not any(found for _, found in per_ask):
        told = evidence.related(asked, lines, heads) if not any(_asks_something(ask) for ask in asked.asks) else []
        per_ask = [(asked.asks[0], told)] if told else per_ask
    used = list(dict.fromkeys(one for _, found in per_ask for one in found))
    open_asks = [ask for ask, found in per_ask if not found]
    other = recommended(asked, known, shop.settings.currency)
    mood = tone(asked.text)
    answer = _written(asked, used, bool(open_asks), mood, other)
    sources = [one.line for one in used]
    if other is not None:
        sources += catalogue.figures(known.products.loc[other.product_id], shop.settings.currency, asked.language)
    near = () if not open_asks else tuple(line for line in lines if line.kind == "policy" and line not in sources)[:2]
    ask = _to_ask(shop, asked, open_asks, has_order) if open_asks else None
    return Reply(
        asked.text, asked.language, answer, not open_asks, tuple(dict.fromkeys(sources)), ask, mood, other, near
    )


def _asks_something(ask: Ask) -> bool:
    return bool(ask.reading.of("topic", "property", "list"))


def _heads(known: Index) -> frozenset[str]:
    """The last words of the shop's English product names: what they call what they sell."""
    if known.products.empty:
        return frozenset()
    last = known.products["name"].astype("str").str.extract(r"([A-Za-z]{4,})[^A-Za-z]*$")[0].dropna().str.lower()
    return frozenset(stem(word) for word in last.unique())


def _written(asked: Question, used: list[Evidence], is_open: bool, mood: Tone, other: Recommended | None) -> str:
    """The text of the answer: our greeting, the lines, what is not known."""
    language = asked.language
    parts = [say("replies.sorry" if mood.sentiment == "negative" else "replies.thanks", language)]
    parts += [_sentence(one.line.text, language) for one in used]
    missing = {word for one in used for word in one.missing}
    parts += [say("replies.not_named", language, what=_named(one, language)) for one in sorted(missing)]
    if is_open:
        parts.append(say("replies.rest_unknown" if used else "replies.unknown", language))
    if other is not None:
        key = "replies.instead" if other.price else "replies.instead_without_price"
        parts.append(say(key, language, name=other.name, price=other.price))
    return ("" if language == "zh" else " ").join(dict.fromkeys(parts))


def _sentence(text: str, language: Language) -> str:
    return text if text.endswith(tuple(".!?。！？")) else text + ("。" if language == "zh" else ".")


def _named(concept: str, language: Language) -> str:
    """A member of a list in words: the first phrase of its language, as the file has it."""
    phrases = phrases_of()[concept]
    chinese = [one for one in phrases if re.search("[\u4e00-\u9fff]", one)]
    english = [one for one in phrases if one not in chinese]
    words = (chinese or english) if language == "zh" else (english or chinese)
    return words[0] if language == "zh" else words[0].title()


def _to_ask(shop: Shop, asked: Question, open_asks: list[Ask], has_order: bool) -> Sentence:
    """What to ask the customer, or whom to ask."""
    wanted = {concept for ask in open_asks for concept in ask.needs}
    if wanted & OF_AN_ORDER and not has_order:
        return Sentence("replies.ask_order")
    if asked.unclear:
        return Sentence("replies.ask_product")
    if not policy_files.files(shop):
        return Sentence("replies.ask_policies")
    if not wanted and not any(ask.reading.rest for ask in open_asks):
        return Sentence("replies.ask_what")
    return Sentence("replies.ask_colleague")


# --- an answer that a person has changed ---


def unsupported(answer: str, sources: Iterable[str]) -> list[str]:
    """What an edited answer says and no source does: figures, and words that promise something.

    >>> unsupported("You can return it within 60 days.", ["You can send things back within 30 days."])
    ['60']
    """
    said = " ".join(sources)
    figures = _figures(said)
    found = [figure for figure in _figures(answer) if figure not in figures]
    spoken = read(said).concepts
    own = [
        words.strip()
        for concept, words in read(answer).found
        if concept.split(".")[0] in ("topic", "modifier", "property", "aspect") and concept not in spoken
    ]
    return list(dict.fromkeys([*found, *own]))


_FIGURE = re.compile(
    r"https?://\S+|www\.\S+|\d+(?:[.,]\d+)*|\b[A-Z]{3,}\d*\b|[一二两三四五六七八九十百千万半]+(?=天|年|个月|小时|周|元|折|倍|次)"
    r"|\b(?:half|double|twice|two|three|four|five|six|seven|eight|nine|ten|twelve|fourteen|twenty|thirty|sixty|ninety)\b"
)


def _figures(text: str) -> list[str]:
    """Numbers as they are written, in words and full-width too; codes and links."""
    return _FIGURE.findall(unicodedata.normalize("NFKC", text))
