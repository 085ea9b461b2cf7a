"""The shop's rules for customers as text: SHOP/policy/*.md, English, Chinese, or both.

Only what stands in the shop's own folder counts: a shop without rules has none, whatever other shops do.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from engine.errors import DataProblem
from engine.sentences import Sentence
from engine.shop import store
from engine.shop.store import Shop

FOLDER = "policy"
MOST_BYTES = 1_000_000  # of one file
_MARKS = re.compile(r"^\s*(?:[-*+]|\d{1,2}[.)])\s+")
_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9\u4e00-\u9fff])|(?<=[。！？])\s*")


def files(shop: Shop) -> list[Path]:
    """The shop's rules, by name."""
    return in_folder(shop.path)


def in_folder(folder: Path) -> list[Path]:
    """The rules of the shop in a folder."""
    return sorted(path for path in (folder / FOLDER).glob("*.md") if path.is_file())


def stamp(shop: Shop) -> tuple:
    """Changes with any of them."""
    return store.stamp(files(shop))


def paragraphs(path: Path) -> Iterator[tuple[int, str]]:
    """Headings, and sentences that run on over line ends put together, with the number of their first line.

    Comments are left out. Raises DataProblem for a file that is no text.
    """
    number, held = 0, ""
    for at, raw in enumerate(_text(path).splitlines(), 1):
        line = _MARKS.sub("", raw.strip())
        starts_anew = not line or line.startswith("#") or line != raw.strip() or held.endswith(tuple(".!?。！？:：|"))
        if held and (starts_anew or held.startswith("#")):
            yield number, held
            held = ""
        if line:
            number, held = (number, f"{held} {line}") if held else (at, line)
    if held:
        yield number, held


def sentences(paragraph: str) -> list[str]:
    """The sentences of a paragraph."""
    return [sentence for sentence in _END.split(paragraph) if sentence.strip()]


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()[:MOST_BYTES].decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataProblem(
            Sentence("refused.not_utf8", {"file": f"{FOLDER}/{path.name}", "place": error.start})
        ) from error
    except OSError as error:
        raise DataProblem(
            Sentence("refused.unreadable", {"file": f"{FOLDER}/{path.name}", "error": error.strerror})
        ) from error
    # Line numbers stay: a comment leaves its line ends.
    return re.sub(r"<!--.*?-->", lambda comment: "\n" * comment.group().count("\n"), content, flags=re.DOTALL)
