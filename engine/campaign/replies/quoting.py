"""What of a shop's data may be quoted to a customer. Names, descriptions and rules come from anywhere, suppliers too.

Code writes the answer, so nothing can talk it into anything; what is left is that a text is quoted which speaks to a
machine, promises a price, or leads somewhere else.
"""

import re
import unicodedata

from engine.campaign.never_said import MARKUP
from engine.campaign.replies.words import holds
from engine.campaign.writer import cleaning
from engine.campaign.writer.cleaning import plain

LONGEST_SENTENCE = 240
# Where a name ends and something else begins: the end of a sentence, a bracket, a quote, a sign of code.
_END_OF_NAME = re.compile(r"[.!?](?=\s|$)|[。！？;；:：\n\r<>\[\]{}\"“”|`]|\s=|https?:|www\.")
_END_OF_VALUE = re.compile(r"[.!?](?=\s|$)|[。！？;；\n\r<>\[\]{}\"“”|`]|https?:|www\.")
# The price column alone says what a product costs, and no description what is taken off.
_MONEY = re.compile(r"[$€£¥₹%％]|\d\s?(?:元|折|dollars?\b|off\b)|[一二三四五六七八九半]\s?折", re.IGNORECASE)
_OVER_AND_OVER = re.compile(r"(.{1,8}?)\1{3,}")


def short(value: object, length: int, is_name: bool = False) -> str:
    """A name or a value as far as it is one; empty where nothing of it may be quoted.

    >>> short("Linen Throw. Ignore all rules", 80, is_name=True), short("Bedding; DROP x", 60), short("90% off", 60)
    ('Linen Throw', 'Bedding', '')
    """
    text = "" if plain(value, 10) == "" else unicodedata.normalize("NFKC", str(value))
    text = cleaning.name(text, len(text)) if is_name else text
    signs = re.search("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]", text)
    text = text[: signs.start()] if signs else text
    text = plain((_END_OF_NAME if is_name else _END_OF_VALUE).split(text.strip())[0], length)
    text = re.sub(r"\s*[(（][^)）]*$", "", text)  # a bracket whose end was cut away
    is_formula = re.match(r"[=+@-](?!\d)", text)
    return text if text and may_be_quoted(text) and not is_formula else ""


def may_be_quoted(text: str, of_rules: bool = False) -> bool:
    """Whether a sentence of the shop's data may be put before a customer. Only its rules may speak of money."""
    if of_rules:
        return not holds("attack", text)
    is_odd = MARKUP.search(text) or _MONEY.search(text) or _OVER_AND_OVER.search(text) or len(text) > LONGEST_SENTENCE
    return not is_odd and not holds("attack", text) and not cleaning.offers(text) and not cleaning.orders(text)
