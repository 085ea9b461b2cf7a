"""Coupon codes of a plan: loaded or made, handed out one each, and kept.

They lie in the shop's ledger.db, so that an export's entry and the codes it gives away are saved together or not at
all, and so that the file itself refuses one code for two people (engine.decision.database). Who has a code keeps it at
every later export. What was given stays given: a person who is erased is taken from the code, which goes to nobody
else, because it lies in a mailbox.
"""

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pandas as pd
from sqlite_utils import Database

from engine.access import acting
from engine.campaign.plan import Plan
from engine.decision import code_files, database, plans
from engine.decision.code_files import Read
from engine.errors import DataProblem, NotAllowed, NotEnoughData, StoreProblem
from engine.sentences import Sentence

# No vowels, so that no word comes out, and nothing that is taken for something else: 0 O, 1 I L, 2 Z, 5 S, 8 B, U V.
ALPHABET = "CDFGHJKMNPQRTWX34679"
USUAL_LENGTH = 8
# Klaviyo gives each reader a code of the file that was uploaded: a second one beside it would contradict the message.
HAND_OUT_THEMSELVES = ("klaviyo",)
GUESSES = 1_000_000  # at least so many tries for each that finds a code
MOST_MADE = 200_000
TOLD = 20  # refused lines that an error says


@dataclass(frozen=True, slots=True)
class Stock:
    """How many codes a plan has. `made_here`: of all, those that the shop knows only when they are loaded into it."""

    loaded: int
    given: int
    made_here: int

    @property
    def free(self) -> int:
        return self.loaded - self.given


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of a file of codes: how many are new, and a sentence for each line that was left out."""

    file: str
    added: int
    left_out: list[Sentence] = field(default_factory=list)


def stock(shop_dir: Path, plan_id: str) -> Stock:
    """How many codes a plan has, and how many of them are given away."""
    if not database.path_of(shop_dir).exists():
        return Stock(0, 0, 0)
    query = "SELECT count(*), count(given_at), coalesce(sum(made_here), 0) FROM codes WHERE plan_id = ?"
    with database.reading(shop_dir) as db:
        return Stock(*db.execute(query, [plan_id]).fetchone())


def of(shop_dir: Path, plan_id: str) -> dict[str, str]:
    """customer_id -> code of everyone who was given one, in the order in which the codes were loaded."""
    if not database.path_of(shop_dir).exists():
        return {}
    with database.reading(shop_dir) as db:
        return _given(db, plan_id)


def all_of(shop_dir: Path, plan_id: str) -> list[str]:
    """Every code of a plan, given or not, in the order in which they were loaded."""
    if not database.path_of(shop_dir).exists():
        return []
    with database.reading(shop_dir) as db:
        found = db.execute("SELECT code FROM codes WHERE plan_id = ? ORDER BY number", [plan_id])
        return [code for (code,) in found]


# --- they come in ---


def load(shop_dir: Path, plan_id: str, read: Read, person: str, now: datetime, config: Path) -> Loaded:
    """Takes in the codes of a file that the shop's own system made. read: see `code_files.read`.

    Lines that cannot be used are left out and told: no code, twice in the file, or taken by an earlier load of any
    plan. Raises DataProblem, with those sentences, where nothing is left.
    """
    acting.require_as(person, "export", config)
    with database.writing(shop_dir, "export") as db:
        _takes_codes(db, plan_id)
        taken = _taken(db, [code for _, code in read.codes])
        new = [code for _, code in read.codes if code.casefold() not in taken]
        left_out = read.refused + [
            Sentence(
                "codes.taken",
                {"file": read.name, "line": line, "code": code, "plan": taken[code.casefold()]},
            )
            for line, code in read.codes
            if code.casefold() in taken
        ]
        if not new:
            raise DataProblem([Sentence("codes.nothing_new", {"file": read.name}), *told(left_out)])
        _add(db, plan_id, new, now, made_here=False)
    return Loaded(read.name, len(new), left_out)


def told(sentences: Sequence[Sentence]) -> list[Sentence]:
    """As many of the lines left out as one reads, and how many more there are."""
    more = len(sentences) - TOLD
    return [*sentences[:TOLD], *([Sentence("codes.more", {"count": more})] if more > 0 else [])]


def make(
    shop_dir: Path,
    plan_id: str,
    count: int,
    person: str,
    now: datetime,
    config: Path,
    *,
    length: int = USUAL_LENGTH,
    prefix: str = "",
) -> list[str]:
    """New codes for a plan. They are **not live until they are loaded into the shop**, which does not know of them.

    length: characters behind the prefix. Raises DataProblem where so many codes of that length could be guessed.
    """
    acting.require_as(person, "export", config)
    prefix = prefix.strip().upper()
    if not 1 <= count <= MOST_MADE:
        raise DataProblem(Sentence("codes.how_many", {"given": count, "most": MOST_MADE}))
    if len(ALPHABET) ** length < count * GUESSES or len(prefix) + length > code_files.LONGEST:
        values = {"given": length, "least": shortest(count), "most": code_files.LONGEST - len(prefix)}
        raise DataProblem(Sentence("codes.length", values))
    if prefix and not code_files.CODE.fullmatch(prefix):
        raise DataProblem(Sentence("codes.prefix", {"given": code_files.shown(prefix)}))
    with database.writing(shop_dir, "export") as db:
        _takes_codes(db, plan_id)
        made: dict[str, None] = {}
        while len(made) < count:
            drawn = [prefix + _drawn(length) for _ in range(count - len(made))]
            taken = _taken(db, drawn)
            made |= dict.fromkeys(code for code in drawn if code.casefold() not in taken)
        _add(db, plan_id, made, now, made_here=True)
    return list(made)


def shortest(count: int) -> int:
    """Characters that so many codes need."""
    return next(length for length in range(1, code_files.LONGEST) if len(ALPHABET) ** length >= count * GUESSES)


def withdraw(shop_dir: Path, plan_id: str, person: str, config: Path) -> int:
    """Takes back the codes that nobody has, as of a wrong file; how many those were."""
    acting.require_as(person, "export", config)
    with database.writing(shop_dir, "export") as db:
        return int(db.execute("DELETE FROM codes WHERE plan_id = ? AND given_at IS NULL", [plan_id]).rowcount)


def _takes_codes(db: Database, plan_id: str) -> None:
    saved = plans.find(db, plan_id)
    if saved is None:
        raise NotAllowed(plans.unknown(plan_id))
    if not saved.plan.offer.personal_codes:
        raise NotAllowed(Sentence("codes.not_personal", {"plan": plans.called(saved.plan)}))


def _taken(db: Database, codes: Collection[str]) -> dict[str, str]:
    """Which of these are codes of a plan already, and of which; by their spelling in small letters."""
    wanted = {code.casefold() for code in codes}
    known = db.execute("SELECT spelled, plan_id FROM codes")
    return {spelled: plan_id for spelled, plan_id in known if spelled in wanted}


def _add(db: Database, plan_id: str, codes: Iterable[str], now: datetime, made_here: bool) -> None:
    at = now.isoformat(timespec="seconds")
    rows = [(code, code.casefold(), plan_id, int(made_here), at) for code in codes]
    db.conn.executemany("INSERT INTO codes (code, spelled, plan_id, made_here, loaded_at) VALUES (?, ?, ?, ?, ?)", rows)


def _drawn(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


# --- they are handed out ---


def to_hand_out(shop_dir: Path, plan: Plan, customer_ids: Collection[str]) -> dict[str, str]:
    """customer_id -> the code that each of these people has or would get; empty for a plan without personal codes.

    Raises NotEnoughData, with both numbers, for fewer codes than people.
    """
    if not plan.offer.personal_codes:
        return {}
    if not database.path_of(shop_dir).exists():
        return _matched({}, [], customer_ids)
    with database.reading(shop_dir) as db:
        return _matched(_given(db, plan.plan_id), _free(db, plan.plan_id), customer_ids)


def needed(shop_dir: Path, plan: Plan, table: pd.DataFrame) -> dict[str, str]:
    """`to_hand_out` for those of an assignment who are written to. table: customer_id and treated."""
    return to_hand_out(shop_dir, plan, table.loc[table["treated"].eq(1), "customer_id"])


def missing(shop_dir: Path, plan_id: str, customer_ids: Collection[str]) -> int:
    """How many of these people there is no code for."""
    without = set(customer_ids) - of(shop_dir, plan_id).keys()
    return max(0, len(without) - stock(shop_dir, plan_id).free)


def hand_out(db: Database, plan_id: str, wanted: dict[str, str], now: datetime) -> int:
    """Gives these people these codes, inside a transaction that is open; how many are new.

    wanted: what `to_hand_out` gave. Raises NotAllowed where somebody else was given one of them since.
    """
    if _matched(_given(db, plan_id), _free(db, plan_id), wanted) != wanted:
        raise NotAllowed(Sentence("codes.meanwhile", {"plan": plan_id}))
    new = [(one, now.isoformat(timespec="seconds"), code) for one, code in wanted.items()]
    done = db.conn.executemany(
        "UPDATE codes SET customer_id = ?, given_at = ? WHERE code = ? AND given_at IS NULL", new
    )
    return int(done.rowcount)


def require_still_with(db: Database, given: Mapping[str, str]) -> None:
    """Raises StoreProblem, with the codes, where some are not with the people whom an export gave them to.

    given: customer_id -> code. Who was erased since is in neither.
    """
    owners = dict(db.execute("SELECT code, customer_id FROM codes WHERE given_at IS NOT NULL").fetchall())
    moved = [code for customer_id, code in given.items() if owners.get(code) != customer_id]
    if moved:
        some = ", ".join(moved[:TOLD]) + ("…" if len(moved) > TOLD else "")
        raise StoreProblem(Sentence("attached.codes_moved", {"count": len(moved), "codes": some}))


def _matched(given: dict[str, str], free: list[str], customer_ids: Collection[str]) -> dict[str, str]:
    people = list(dict.fromkeys(customer_ids))
    without = [one for one in people if one not in given]
    if len(without) > len(free):
        have = len(people) - len(without) + len(free)
        raise NotEnoughData(Sentence("codes.too_few", {"codes": have, "people": len(people)}))
    own = given | dict(zip(without, free, strict=False))
    return {one: own[one] for one in people}


def _given(db: Database, plan_id: str) -> dict[str, str]:
    query = "SELECT customer_id, code FROM codes WHERE plan_id = ? AND customer_id IS NOT NULL ORDER BY number"
    return dict(db.execute(query, [plan_id]).fetchall())


def _free(db: Database, plan_id: str) -> list[str]:
    found = db.execute("SELECT code FROM codes WHERE plan_id = ? AND given_at IS NULL ORDER BY number", [plan_id])
    return [code for (code,) in found]


def forget(shop_dir: Path, customer_ids: Collection[str]) -> int:
    """Takes people out of the list of who has which code; how many codes had one of them."""
    if not database.path_of(shop_dir).exists():
        return 0
    with database.writing(shop_dir, "administer") as db:
        ids = [(one,) for one in customer_ids]
        return int(db.conn.executemany("UPDATE codes SET customer_id = NULL WHERE customer_id = ?", ids).rowcount)
