"""What a complete message must have: who sends it and how to stop it, by the [needs] of assets/prompts/lint.*.toml."""

import functools
import re

from engine.campaign.reading import words

# Typed in many ways, read in one, character for character, so that places stay where they are.
PLAIN = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {
    ord(curly): ord(straight) for curly, straight in zip("’‘“”￥　", "''\"\"¥ ", strict=True)
}


def read(text: str) -> str:
    """The text with full-width and curly characters as their plain forms; every character stays in its place."""
    return text.translate(PLAIN)


def met(need: str, text: str, language: str) -> bool:
    """Whether a text meets a need. Raises DataProblem for a file of patterns that cannot be used.

    >>> met("sms_opt_out", "Tea is back. Text STOP to end", "en"), met("sms_opt_out", "Tea is back.", "en")
    (True, False)
    """
    return _pattern(need, language).search(read(text)) is not None


@functools.cache
def _pattern(need: str, language: str) -> re.Pattern[str]:
    try:
        return re.compile("|".join(words.file("lint", language)["needs"][need]), re.IGNORECASE)
    except (KeyError, re.error) as error:
        raise words.unusable("lint", language, error) from error
