"""A line of what the shop knows, and the half of a bilingual text that is in one language."""

import re
from dataclasses import dataclass
from typing import Literal

from engine.campaign.replies.words import HAN
from engine.sentences import Language

Kind = Literal["policy", "product", "order"]


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that may be said. `row` is where it stands: "policy/returns.md line 3", "products p03", "orders o12".

    `about`: concepts it answers to that its words do not show, as a price answers to "how much".
    `heading`: what stands above it, which it is read with.
    """

    kind: Kind
    row: str
    text: str
    language: Language
    heading: str = ""
    about: frozenset[str] = frozenset()
    product_id: str = ""


def halves(text: str) -> dict[Language, str]:
    """A text in one or both languages as {"en": ..., "zh": ...}; a half that is not there is absent.

    Two languages stand one after the other, as in a bilingual file. Where they are mixed, the whole counts for both.

    >>> halves("Copper Kettle 紫铜水壶"), halves("我们接受Visa和PayPal。"), halves("75 ml")
    ({'en': 'Copper Kettle', 'zh': '紫铜水壶'}, {'zh': '我们接受Visa和PayPal。'}, {'en': '75 ml', 'zh': '75 ml'})
    """
    words = text.split()
    chinese = [at for at, word in enumerate(words) if re.search(f"[{HAN}]", word)]
    if not chinese:
        return {"en": text, "zh": text} if not re.search("[A-Za-z]{3,}", text) else {"en": text}
    first, last = chinese[0], chinese[-1]
    before, own, after = (" ".join(part) for part in (words[:first], words[first : last + 1], words[last + 1 :]))
    outside = [part for part in (before, after) if re.search("[A-Za-z]{2,}", part)]
    if len(outside) == 2:
        return {"en": text, "zh": text}
    if not outside:
        return {"zh": text}
    return {"en": outside[0].strip(" /|·-–()（）"), "zh": own.strip(" /|·-–()（）")}


def in_language(text: str, language: Language) -> str:
    """The half of a text that is in a language, or the text where it has no such half."""
    return halves(text).get(language, text)
