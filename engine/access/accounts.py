"""Local accounts: a name, a password kept as an argon2 hash, and a role.

For a shop whose people open one machine's pages from the local network and have no identity provider. Whoever changes
an account is an admin, or sits at the machine itself (`by` is None: the command line, where whoever may write this file
needs no permission). A changed, disabled or demoted account is held to that at its next click.
"""

import threading
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import get_args

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlite_utils import Database

from engine.access import acting, sessions, storage, tries
from engine.access.roles import Role, person_key
from engine.errors import DataProblem, NotAllowed
from engine.sentences import Sentence

LEAST_PASSWORD, MOST_PASSWORD, MOST_NAME = 10, 500, 80
_one_at_a_time = threading.Lock()  # a check takes 64 MB on purpose: many at once would take the memory of the machine


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who can sign in with a password."""

    name: str
    role: Role
    disabled: bool
    created_at: str
    created_by: str


def exist(config: Path) -> bool:
    """Whether anybody has an account, so that everybody must sign in."""
    return bool(storage.roles_of_accounts(config))


def listed(config: Path) -> list[Account]:
    """Every account, in the order they were made."""
    if not storage.path_of(config).exists():
        return []
    with storage.reading(config) as db:
        rows = list(db.query("SELECT * FROM accounts ORDER BY rowid"))
    return [Account(r["name"], r["role"], bool(r["disabled"]), r["created_at"], r["created_by"]) for r in rows]


def add(config: Path, name: str, password: str, role: Role, now: datetime, by: str | None = None) -> Account:
    """A new account. The first one is an admin, whatever role was asked for: somebody must be able to make the others.

    Raises DataProblem for a name or password that will not do, NotAllowed where `by` may not make accounts.
    """
    _may(by, config)
    name = _checked_name(name)
    _checked_role(role)
    _checked_password(password, name)
    hashed = _hasher().hash(_one_form(password))
    with storage.writing(config) as db:
        if _row(db, name):
            raise DataProblem(Sentence("access.name_taken", {"name": name}))
        first = db.execute("SELECT count(*) FROM accounts").fetchone()[0] == 0
        account = Account(name, "admin" if first else role, False, now.isoformat(timespec="seconds"), by or "")
        row = (person_key(name), name, hashed, account.role, 0, account.created_at, account.created_by)
        db.execute("INSERT INTO accounts VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    return account


def set_role(config: Path, name: str, role: Role, by: str | None = None) -> None:
    """Another role from the next click on. Raises NotAllowed for the last admin."""
    _checked_role(role)
    _change(config, name, by, lambda db, key: db.execute("UPDATE accounts SET role = ? WHERE person = ?", [role, key]))


def set_disabled(config: Path, name: str, disabled: bool, now: datetime, by: str | None = None) -> None:
    """A disabled account cannot sign in, and is signed out everywhere. Raises NotAllowed for the last admin."""

    def change(db: Database, key: str) -> None:
        db.execute("UPDATE accounts SET disabled = ? WHERE person = ?", [int(disabled), key])

    _change(config, name, by, change)
    if disabled:
        sessions.revoke_all(config, name, now)


def set_password(config: Path, name: str, password: str, now: datetime, by: str | None = None) -> None:
    """Another password; who is signed in with the old one is signed out everywhere."""
    _may(by, config)
    _checked_password(password, name)
    hashed = _hasher().hash(_one_form(password))
    with storage.writing(config) as db:
        _existing(db, name)
        db.execute("UPDATE accounts SET hash = ? WHERE person = ?", [hashed, person_key(name)])
    sessions.revoke_all(config, name, now)


def sign_out(config: Path, name: str, now: datetime, by: str | None = None) -> None:
    """Ends what somebody is signed in to, in every browser: after a machine was lost, or left open."""
    _may(by, config)
    with storage.reading(config) as db:
        _existing(db, name)
    sessions.revoke_all(config, name, now)


def sign_in(config: Path, name: str, password: str, now: datetime) -> Account:
    """The account of this name and password.

    Raises NotAllowed with one sentence for a wrong name, a wrong password and a disabled account, after the same work
    for each; and with another one while too many tries failed, before it looks at anything.
    """
    with _one_at_a_time:
        tries.begin(config, name, now)
        with storage.reading(config) as db:
            row = _row(db, name)
        hasher = _hasher()
        right = _verify(hasher, row["hash"] if row else _nobody(), password)
        if not (row and right and not row["disabled"]):
            raise NotAllowed(Sentence("access.wrong"))
        tries.forget(config, name)
    if hasher.check_needs_rehash(row["hash"]):
        again = hasher.hash(_one_form(password))
        with storage.writing(config) as db:
            db.execute(
                "UPDATE accounts SET hash = ? WHERE person = ? AND hash = ?", [again, row["person"], row["hash"]]
            )
    return Account(row["name"], row["role"], False, row["created_at"], row["created_by"])


def _hasher() -> PasswordHasher:
    """argon2id with the library's parameters, which are RFC 9106's for a machine with little memory."""
    return PasswordHasher()


@cache
def _nobody() -> str:
    """What a password is compared with where there is no such name, so that both take equally long."""
    return _hasher().hash("nobody has this password")


def _verify(hasher: PasswordHasher, hashed: str, password: str) -> bool:
    try:
        return hasher.verify(hashed, _one_form(password)) and hashed != _nobody()
    except (VerifyMismatchError, InvalidHashError):
        return False


def _one_form(password: str) -> str:
    """One form for a letter that keyboards send in two."""
    return unicodedata.normalize("NFKC", password)


def _may(by: str | None, config: Path) -> None:
    acting.require("administer", config)
    if by is not None:
        acting.require_as(by, "administer", config)


def _change(config: Path, name: str, by: str | None, change: Callable[[Database, str], object]) -> None:
    """Changes an account, unless nobody could administer afterwards."""
    _may(by, config)
    with storage.writing(config) as db:
        _existing(db, name)
        change(db, person_key(name))
        if not db.execute("SELECT 1 FROM accounts WHERE role = 'admin' AND NOT disabled").fetchone():
            raise NotAllowed(Sentence("access.last_admin", {"name": name}))


def _row(db: Database, name: str) -> dict | None:
    return next(iter(db.query("SELECT * FROM accounts WHERE person = ?", [person_key(name)])), None)


def _existing(db: Database, name: str) -> dict:
    row = _row(db, name)
    if row is None:
        raise DataProblem(Sentence("access.no_account", {"name": name}))
    return row


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not person_key(name) or len(name) > MOST_NAME or not name.isprintable():
        raise DataProblem(Sentence("access.bad_name", {"most": MOST_NAME}))
    return name


def _checked_role(role: str) -> None:
    if role not in get_args(Role):
        raise DataProblem(Sentence("access.bad_role", {"role": role, "known": ", ".join(get_args(Role))}))


def _checked_password(password: str, name: str) -> None:
    if not LEAST_PASSWORD <= len(password) <= MOST_PASSWORD:
        raise DataProblem(Sentence("access.password_length", {"least": LEAST_PASSWORD, "most": MOST_PASSWORD}))
    # A name with something round it is the first thing that is tried.
    plain, own = person_key(password).replace(" ", ""), person_key(name).replace(" ", "")
    if plain == own or (len(own) >= 4 and own in plain and len(plain) - len(own) < 4) or len(set(plain)) < 4:
        raise DataProblem(Sentence("access.password_guessed"))
