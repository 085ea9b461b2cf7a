"""The shop's rules for customers: SHOP/policy/*.md, a sentence a line. English, Chinese, or both.

Only what stands in the shop's own folder counts: a shop without rules has none, whatever other shops do.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from engine.campaign.replies.lines import Line, halves
from engine.campaign.replies.quoting import may_be_quoted
from engine.campaign.writer.facts import plain
from engine.errors import DataProblem
from engine.shop import store
from engine.shop.store import Shop

FOLDER = "policy"
LONGEST = 400  # of one sentence: more is no line that anybody quotes
MOST_BYTES = 1_000_000  # of one file
_MARKS = re.compile(r"^\s*(?:[-*+]|\d{1,2}[.)])\s+")
_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9\u4e00-\u9fff])|(?<=[。！？])\s*")


def files(shop: Shop) -> list[Path]:
    """The shop's rules, by name."""
    return sorted((shop.path / FOLDER).glob("*.md"))


def stamp(shop: Shop) -> tuple:
    """Changes with any of them."""
    return store.stamp(files(shop))


def lines(shop: Shop) -> list[Line]:
    """Every sentence of the shop's rules. Raises DataProblem for a file that is no text."""
    return list(_read(shop.path, stamp(shop)))


@lru_cache(maxsize=8)
def _read(folder: Path, stamp: tuple) -> tuple[Line, ...]:
    """Kept while no rule changes: to read them takes longer than to answer."""
    return tuple(line for path in sorted((folder / FOLDER).glob("*.md")) for line in _of_file(path))


def _of_file(path: Path) -> Iterator[Line]:
    """The sentences of a file, each under its heading and the file's name, which say what it is about."""
    headings: dict[int, str] = {}
    for number, paragraph in _paragraphs(_text(path)):
        if title := re.match(r"(#{1,6})\s+(.*)", paragraph):
            level = len(title[1])
            headings = {depth: text for depth, text in headings.items() if depth < level} | {level: title[2]}
            continue
        heading = plain(" ".join([path.stem.replace("_", " ").replace("-", " "), *headings.values()]), 200)
        for sentence in _END.split(paragraph):
            for language, text in halves(plain(sentence.replace("*", "").replace("|", " "), LONGEST)).items():
                if re.search(r"\w{2,}", text) and may_be_quoted(text, of_rules=True):
                    yield Line("policy", f"{FOLDER}/{path.name} line {number}", text, language, heading)


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()[:MOST_BYTES].decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataProblem(f"{FOLDER}/{path.name} is no UTF-8 text: save it as UTF-8.") from error
    # Line numbers stay: a comment leaves its line ends.
    return re.sub(r"<!--.*?-->", lambda comment: "\n" * comment.group().count("\n"), content, flags=re.DOTALL)


def _paragraphs(text: str) -> Iterator[tuple[int, str]]:
    """Sentences that run on over line ends, put together, with the number of their first line."""
    number, held = 0, ""
    for at, raw in enumerate(text.splitlines(), 1):
        line = _MARKS.sub("", raw.strip())
        starts_anew = not line or line.startswith("#") or line != raw.strip() or held.endswith(tuple(".!?。！？:：|"))
        if held and (starts_anew or held.startswith("#")):
            yield number, held
            held = ""
        if line:
            number, held = (number, f"{held} {line}") if held else (at, line)
    if held:
        yield number, held
