"""The shop's lines near a question: SQLite full-text search (FTS5, bm25) over its rules and its products.

The index holds what is searched, not what is said: of a product one row with all its words, of which `catalogue` then
makes sentences. Chinese goes in two characters at a time; SQLite's own `trigram` finds no word of two characters, and
most Chinese words have two (`bench/replies.py` has both figures).

It lies in the shop's folder and is made anew when a rule or a product changes: 120 products take 0.05 s, 92,000 take
several seconds, too long for every question. It holds no customer and no order.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from sqlite_utils import Database
from sqlite_utils.utils import sqlite3

from engine.campaign import policy_files
from engine.campaign.replies import policies
from engine.campaign.replies.lines import Line
from engine.campaign.replies.words import phrases_of, read, terms
from engine.errors import StoreProblem
from engine.sentences import Sentence
from engine.shop import store
from engine.shop.store import Shop

FILE = Path("cache") / "replies.db"
NEAR = 60  # of each kind
_FORM = 1  # of the rows below: another form is made anew
_NOT_SEARCHED = ("product_id", "price", "unit_cost", "stock", "launched_at")


@dataclass(frozen=True)
class Index:
    """A shop's rules and products, searchable. `products` is the shop's table by product_id."""

    policy: list[Line]
    products: pd.DataFrame
    path: Path

    def rules(self, question: str) -> list[Line]:
        """Rules near a question, the nearest first."""
        return [self.policy[int(key)] for key in self._near(question, "policy")]

    def product_ids(self, question: str, limit: int = NEAR) -> list[str]:
        """Products near a question, the nearest first."""
        return self._near(question, "product")[:limit]

    def _near(self, question: str, kind: str) -> list[str]:
        asked = _query(question)
        if not asked:
            return []
        with closing(Database(self.path)) as database:
            found = database.query(
                "SELECT key FROM lines WHERE lines MATCH ? AND kind = ? ORDER BY bm25(lines) LIMIT ?",
                [asked, kind, NEAR],
            )
            return [str(row["key"]) for row in found]


def index(shop: Shop) -> Index:
    """The index of a shop's rules and products as they are now. Raises StoreProblem where it cannot be written."""
    policy = policies.lines(shop)
    products = shop.optional("products").drop_duplicates("product_id")
    products = products.set_index(products["product_id"].astype(str), drop=False)
    path, made_of = shop.path / FILE, repr((_FORM, policy_files.stamp(shop), store.stamp([shop.file("products")])))
    if _made_of(path) != made_of:
        try:
            _make(path, [*_rules(policy), *_catalogue(products)], made_of)
        except (OSError, sqlite3.Error) as error:
            raise StoreProblem(Sentence("replies.no_index", {"path": str(path), "error": str(error)})) from error
    return Index(policy, products, path)


def _made_of(path: Path) -> str | None:
    """What an index was made of; None for one that is not there or cannot be read."""
    if not path.exists():
        return None
    try:
        with closing(Database(path)) as database:
            return str(next(database.query("SELECT stamp FROM made_of"))["stamp"])
    except (sqlite3.Error, StopIteration):
        return None


def _make(path: Path, rows: Iterable[tuple[str, str, str]], made_of: str) -> None:
    """Written beside its place and moved there whole: who asks meanwhile finds the old one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    with closing(Database(beside)) as database, database.conn:
        database.execute("CREATE VIRTUAL TABLE lines USING fts5(kind UNINDEXED, key UNINDEXED, words)")
        database.conn.executemany("INSERT INTO lines VALUES (?, ?, ?)", rows)
        database.table("made_of").insert({"stamp": made_of})
    os.replace(beside, path)


def _rules(policy: list[Line]) -> Iterator[tuple[str, str, str]]:
    for at, line in enumerate(policy):
        yield "policy", str(at), " ".join(terms(f"{line.heading} {line.text}"))


def _catalogue(products: pd.DataFrame) -> Iterator[tuple[str, str, str]]:
    columns = [one for one in products if one not in _NOT_SEARCHED]
    for key, *texts in products[["product_id", *columns]].itertuples(index=False):
        said = [text[:1000] for text in texts if isinstance(text, str)]
        yield "product", str(key), " ".join(terms(" ".join(said)))


def _query(question: str) -> str:
    """The question's words, and every phrase that says one of its concepts, any of which may be found."""
    concepts = read(question).of("topic", "modifier", "property", "aspect", "condition", "kind", "list")
    phrases = [phrase for one in sorted(concepts) for phrase in phrases_of()[one]]
    words = dict.fromkeys([*terms(question), *(term for phrase in phrases for term in terms(phrase))])
    return " OR ".join(f'"{word}"' for word in words)
