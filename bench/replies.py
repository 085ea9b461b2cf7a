"""How many of thirty customer questions are answered rightly, left unknown, or answered with what no row says.

    python bench/replies.py > bench/results/replies.txt

Thirty questions in English and Chinese to a small shop with rules for customers, ten of them without an answer in its
data (tests/campaign/copy_sets), and 30 more that are near a rule of the demo shop and answered by none. Then the search
beneath: whether the rule or product that holds the answer is among the first found, with Chinese indexed two characters
at a time and with SQLite's trigram.
"""

import statistics
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, from anywhere

from engine.campaign.replies import index
from engine.campaign.replies.answer import reply, unsupported
from engine.campaign.replies.words import terms
from engine.shop.store import Shop
from tests.campaign.replying import UNANSWERED, invents, is_right, questions, reply_shop

FIRST = 5


def answers(shop: Shop) -> None:
    """The thirty questions."""
    asked = questions()
    reply(shop, asked[0]["question"])  # the index is made once
    found, took = [], []
    for one in asked:
        began = time.perf_counter()
        found.append(reply(shop, one["question"], one["order_id"]))
        took.append(time.perf_counter() - began)
    both = list(zip(asked, found, strict=True))
    has_answer = [(one, got) for one, got in both if one["answerable"]]
    has_none = [(one, got) for one, got in both if not one["answerable"]]
    loose = sum(bool(unsupported(got.answer, [line.text for line in got.sources])) for _, got in both if got.known)
    urgent = sum((got.tone.urgency == "high") == (one["urgency"] == "high") for one, got in both)
    print(f"{'thirty questions':44}{'of':>5}")
    for name, hits, of in (
        ("answered rightly", sum(is_right(got, one) for one, got in has_answer), len(has_answer)),
        ('"I don\'t know" where nothing answers', sum(not got.known for _, got in has_none), len(has_none)),
        ("invented, or said what it must not", sum(invents(got, one) for one, got in both), len(both)),
        ("answers with a figure that no source has", loose, len(both)),
        ("mood as labelled", sum(got.tone.sentiment == one["sentiment"] for one, got in both), len(both)),
        ("hurry as labelled", urgent, len(both)),
    ):
        print(f"  {name:42}{hits:>3}{of:>5}")
    print(f"  median seconds for one                     {statistics.median(took):.3f}")
    for one, got in both:
        if not is_right(got, one):
            print(f"  missed: {one['question']}\n          {got.answer}")


def near(folder: Path) -> None:
    """Questions near a rule of the demo shop that no rule answers."""
    rules = Path(__file__).parents[1] / "assets" / "policy"
    shop = reply_shop(folder, rules)
    found = [reply(shop, message) for message in UNANSWERED]
    print(f'\nnear a rule of the demo shop, and no answer: "I don\'t know" {sum(not one.known for one in found)} of '
          f"{len(found)}")  # fmt: skip


def search(shop: Shop) -> None:
    """Whether the row with the answer is among the first that either way of indexing finds."""
    known = index.index(shop)
    texts = [(line.row.split(" line")[0], f"{line.heading} {line.text}") for line in known.policy]
    texts += [(f"products {key}", " ".join(map(str, row))) for key, row in known.products.iterrows()]
    print(f"\nthe file or product with the answer is among the first {FIRST} rows")
    print(f"{'':30}{'English':>10}{'Chinese':>10}")
    ways = {
        "words, two characters": ("unicode61", lambda text: " ".join(terms(text))),
        "trigram": ("trigram", str.lower),
    }
    for name, (tokenizer, written) in ways.items():
        shares = []
        for language in ("en", "zh"):
            asked = [one for one in questions() if one["answerable"] and one["language"] == language]
            asked = [one for one in asked if not (one["source"] or "").startswith("orders")]
            hits = sum(one["source"].split(" line")[0] in _first(texts, tokenizer, written, one) for one in asked)
            shares.append(f"{hits}/{len(asked)}")
        print(f"{name:30}{shares[0]:>10}{shares[1]:>10}")


def _first(texts: list, tokenizer: str, written, one: dict) -> list[str]:  # type: ignore[no-untyped-def]
    with closing(Database(memory=True)) as database:
        database.execute(f"CREATE VIRTUAL TABLE rows USING fts5(row UNINDEXED, words, tokenize='{tokenizer}')")
        database.conn.executemany("INSERT INTO rows VALUES (?, ?)", [(row, written(text)) for row, text in texts])
        words = written(one["question"])
        pieces = words.split() if tokenizer == "unicode61" else [words[at : at + 3] for at in range(len(words) - 2)]
        query = " OR ".join('"' + piece.replace('"', "") + '"' for piece in dict.fromkeys(pieces) if piece.strip('" '))
        sql = "SELECT row FROM rows WHERE rows MATCH ? ORDER BY bm25(rows) LIMIT ?"
        return [found["row"] for found in database.query(sql, [query, FIRST])]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        shop = reply_shop(Path(folder) / "shop")
        answers(shop)
        near(Path(folder) / "near")
        search(shop)
