"""The lists of words that the readers look for, from assets/prompts."""

import functools
import re
import tomllib
from pathlib import Path

from engine.errors import DataProblem
from engine.sentences import Sentence

PROMPTS = Path(__file__).parents[3] / "assets" / "prompts"
LANGUAGES = ("en", "zh")


@functools.cache
def file(name: str, language: str) -> dict[str, dict]:
    """The sections of assets/prompts/<name>.<language>.toml. Raises DataProblem where somebody's edit broke it."""
    path = PROMPTS / f"{name}.{language}.toml"
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise unusable(name, language, error) from error


def unusable(name: str, language: str, error: Exception) -> DataProblem:
    """What is said of a file of words that cannot be read."""
    path = PROMPTS / f"{name}.{language}.toml"
    return DataProblem(Sentence("refused.unusable", {"file": str(path), "error": repr(error)}))


def names(section: str) -> tuple[str, ...]:
    """What a section of the reader's words lists in either language."""
    return tuple(dict.fromkeys(name for language in LANGUAGES for name in file("reading", language).get(section, ())))


def words(section: str, name: str, *languages: str) -> tuple[str, ...]:
    """The words of a list in these languages, in all when none is given."""
    return tuple(
        word for language in languages or LANGUAGES for word in file("reading", language).get(section, {}).get(name, ())
    )


def choices(section: str, name: str, *languages: str) -> str:
    """The same as the alternatives of one pattern."""
    found = words(section, name, *languages)
    try:
        re.compile("|".join(found))
    except re.error as error:
        raise unusable("reading", (languages or LANGUAGES)[0], error) from error
    return "|".join(found)
