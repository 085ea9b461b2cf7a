"""What makes a pressing sentence true, so that nobody objects: the offer's last day, pieces in stock, an own brand."""

import re

from engine.campaign.lint.rules import Rules, Sold
from engine.campaign.writer.facts import Facts

FEW = 10  # pieces: "nearly gone" without a figure is fair up to here
SENTENCE_ENDS = ".!?\n。;"
WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
FIGURES = {word: at + 1 for at, word in enumerate(WORDS)}
FIGURES |= {word: at + 1 for at, word in enumerate("一二三四五六七八九十")} | {"两": 2}


def holds(fact: str, text: str, match: re.Match[str], facts: Facts, rules: Rules) -> bool:
    """Whether the facts bear out what was found in the text; never where nothing could."""
    if fact == "deadline":
        return _names_the_end(sentence(text, match), facts)
    if fact == "no_minimum":
        return "min_spend" not in facts.slots and facts.offer_kind != "spend_save"
    if fact == "stock":
        return _in_stock(match.group(), meant(text, facts, rules))
    return fact == "own" and any(brand in match.group().lower() for brand in rules.brands)


def sentence(text: str, match: re.Match[str]) -> str:
    """The sentence in which a match stands."""
    before = max(text.rfind(mark, 0, match.start()) for mark in SENTENCE_ENDS)
    after = [at for mark in SENTENCE_ENDS if (at := text.find(mark, match.end())) >= 0]
    return text[before + 1 : min(after, default=len(text))]


def meant(text: str, facts: Facts, rules: Rules) -> list[tuple[str, Sold]]:
    """The products a text is about: those it names, else those of the brief."""
    lowered = text.lower()
    named = [(key, one) for key, one in rules.products.items() if len(one.name) > 1 and one.name.lower() in lowered]
    if named:
        return named
    chosen = {product.name for product in facts.products}
    return [(key, one) for key, one in rules.products.items() if one.name in chosen]


def _names_the_end(said: str, facts: Facts) -> bool:
    """Whether a sentence says the day on which the offer ends, or the offer begins and ends on one day."""
    end = facts.slots.get("ends_at", "")
    ways = [way.lower() for way in (end, *facts.aliases.get("ends_at", ())) if way]
    if any(re.search(rf"(?<!\d){re.escape(way)}(?!\d)", said.lower()) for way in ways):
        return True
    starts, ends = facts.world.starts, facts.world.ends
    return "{ends_at}" in said or (ends is not None and starts == ends)


def _in_stock(said: str, products: list[tuple[str, Sold]]) -> bool:
    """Whether so few pieces are there. A figure may be higher than the stock, never lower: fewer would be pressure."""
    stocks = [one.stock for _, one in products]
    if not stocks or any(stock is None or stock <= 0 for stock in stocks):
        return False
    figure = re.search(r"\d+", said)
    words = [FIGURES[word] for word in re.findall(r"[a-z]+|[一二两三四五六七八九十]", said.lower()) if word in FIGURES]
    claimed = int(figure.group()) if figure else words[0] if words else FEW
    return all(stock is not None and stock <= claimed for stock in stocks)
