"""Who may do what: from the accounts, and from `roles.toml` for those without one.

Without either this is one person's machine, and that person may do everything.
"""

import getpass
import os
import tomllib
import unicodedata
from pathlib import Path
from typing import Literal, cast, get_args

from engine.access import storage
from engine.errors import DataProblem, NotAllowed
from engine.sentences import Sentence

Role = Literal["viewer", "marketer", "approver", "admin"]
# draft: plans, audiences, groups, models and the work that makes them; import: the shop's data; administer: settings,
# people's data (merging, erasing), language models, accounts.
Action = Literal["view", "draft", "import", "submit", "approve", "reject", "export", "administer"]

_WRITES: tuple[Action, ...] = ("view", "draft", "import", "submit", "export")
MAY: dict[str, tuple[Action, ...]] = {
    "viewer": ("view",),
    "marketer": _WRITES,
    "approver": (*_WRITES, "approve", "reject"),
    "admin": (*_WRITES, "approve", "reject", "administer"),
}


def person_key(name: str | None) -> str:
    """One spelling per person, so that "Ana", " ana " and a name with invisible marks are the same one.

    >>> person_key(" ANA  Li") == person_key("ana li")
    True
    """
    visible = "".join(c for c in unicodedata.normalize("NFKC", name or "") if unicodedata.category(c) != "Cf")
    return " ".join(visible.casefold().split())


def os_user() -> str:
    """The name of the account this program runs under, from the system and not from a variable one can set."""
    try:
        import pwd  # absent on Windows

        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid-{os.getuid()}"  # a container user without an account name
    except ImportError:
        return getpass.getuser()


def people(config: Path) -> dict[str, Role] | None:
    """Each person's role from `roles.toml`, by `person_key`; None without that file (single-user mode)."""
    path = config / "roles.toml"
    if not path.exists():
        return None
    try:
        named = tomllib.loads(path.read_text(encoding="utf-8-sig")).get("people")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataProblem(f"{path}: cannot be read as TOML: {error}") from error
    if not isinstance(named, dict):
        raise DataProblem(f'{path}: write a section [people] with lines such as  ana = "marketer"')
    wrong = [name for name, role in named.items() if role not in get_args(Role)]
    if wrong:
        raise DataProblem(
            [f"{path}: {name} has the role {named[name]!r}; use one of {', '.join(get_args(Role))}" for name in wrong]
        )
    keys = [person_key(name) for name in named]
    twice = [name for name in named if keys.count(person_key(name)) > 1]
    if twice:
        raise DataProblem(f"{path}: {', '.join(twice)} name the same person; keep one line")
    return {person_key(name): role for name, role in named.items()}


def listed(config: Path) -> dict[str, str | None] | None:
    """Each person's role by `person_key`, None for a disabled account; None where nobody is listed anywhere.

    Who has an account and a line in `roles.toml` has the role of the account.
    """
    accounts, lines = storage.roles_of_accounts(config), people(config)
    return None if lines is None and not accounts else {**(lines or {}), **accounts}


def role_of(person: str, config: Path) -> Role | None:
    """This person's role, None for a person who is not listed; "admin" for everyone in single-user mode."""
    everybody = listed(config)
    return "admin" if everybody is None else cast(Role | None, everybody.get(person_key(person)))


def require(person: str, action: Action, config: Path) -> None:
    """Returns when this person may do this; raises NotAllowed with the reason and what to do otherwise."""
    if not person_key(person):
        raise NotAllowed(Sentence("access.empty_name"))
    role = role_of(person, config)
    if role is None:
        raise NotAllowed(Sentence("access.not_listed", {"person": person}))
    if action not in MAY[role]:
        able = tuple(Sentence(f"access.role_{name}") for name in MAY if action in MAY[name])
        said = {"person": person, "role": Sentence(f"access.role_{role}"), "action": Sentence(f"access.may_{action}")}
        raise NotAllowed(Sentence("access.may_not", said | {"able": able}))
