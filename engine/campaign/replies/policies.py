"""The shop's rules for customers: SHOP/policy/*.md, a sentence a line. English, Chinese, or both.

Only what stands in the shop's own folder counts: a shop without rules has none, whatever other shops do.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from engine.campaign import policy_files
from engine.campaign.replies.lines import Line, halves
from engine.campaign.replies.quoting import may_be_quoted
from engine.campaign.writer.cleaning import plain
from engine.shop.store import Shop

LONGEST = 400  # of one sentence: more is no line that anybody quotes


def lines(shop: Shop) -> list[Line]:
    """Every sentence of the shop's rules. Raises DataProblem for a file that is no text."""
    return list(_read(shop.path, policy_files.stamp(shop)))


@lru_cache(maxsize=8)
def _read(folder: Path, stamp: tuple) -> tuple[Line, ...]:
    """Kept while no rule changes: to read them takes longer than to answer."""
    return tuple(line for path in policy_files.in_folder(folder) for line in _of_file(path))


def _of_file(path: Path) -> Iterator[Line]:
    """The sentences of a file, each under its heading and the file's name, which say what it is about."""
    headings: dict[int, str] = {}
    for number, paragraph in policy_files.paragraphs(path):
        if title := re.match(r"(#{1,6})\s+(.*)", paragraph):
            level = len(title[1])
            headings = {depth: text for depth, text in headings.items() if depth < level} | {level: title[2]}
            continue
        heading = plain(" ".join([path.stem.replace("_", " ").replace("-", " "), *headings.values()]), 200)
        for sentence in policy_files.sentences(paragraph):
            for language, text in halves(plain(sentence.replace("*", "").replace("|", " "), LONGEST)).items():
                if re.search(r"\w{2,}", text) and may_be_quoted(text, of_rules=True):
                    yield Line("policy", f"{policy_files.FOLDER}/{path.name} line {number}", text, language, heading)
