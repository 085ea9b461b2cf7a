"""Who acts right now, and whether that person may: asked by every function that changes something.

A page says once how it knows who sits there (`ask`); nobody passes a name along. Where no page asks it is the machine's
own user: a command, a test, a job, which is told in the environment for whom it works. That user needs no account, who
may write these files may change them anyway; but a user whom an admin gave a role is held to it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from engine import settings
from engine.access import roles
from engine.access.roles import Action
from engine.errors import NotAllowed
from engine.sentences import Sentence

Asked = Callable[[], str | None]


def _nobody() -> str | None:
    return None


_asked: Asked = _nobody


def ask(who: Asked) -> None:
    """From now on `who()` says who is signed in: a name, None on one person's machine, or it raises SignedOut."""
    global _asked
    _asked = who


@contextmanager
def asking(who: Asked) -> Iterator[None]:
    """`ask` for a while."""
    before = _asked
    ask(who)
    try:
        yield
    finally:
        ask(before)


def person() -> str:
    """Who acts: who is signed in on the page, for whom a job works, or the machine's user."""
    return signed_in() or roles.os_user()


def signed_in() -> str | None:
    """Who is signed in on the page, or for whom a job of theirs works; None where nobody signs in."""
    return _asked() or settings.read().acting


def require_self(name: str) -> None:
    """Raises NotAllowed where somebody is signed in and would do this under another name."""
    me = signed_in()
    if me is not None and roles.person_key(me) != roles.person_key(name):
        raise NotAllowed(Sentence("access.not_you", {"me": me, "person": name}))


def require_as(name: str, action: Action, config: Path) -> None:
    """Raises NotAllowed where this person may not do this, or is not who is signed in."""
    require_self(name)
    roles.require(name, action, config)


def require(action: Action, config: Path | None = None) -> str:
    """Who acts, where they may do this. Raises NotAllowed with the reason otherwise; SignedOut when nobody is there."""
    config = config or settings.read().config
    if name := signed_in():
        roles.require(name, action, config)
        return name
    user = roles.os_user()
    everybody = roles.listed(config)
    if everybody is not None and roles.person_key(user) in everybody:
        roles.require(user, action, config)
    return user


def handed_on(name: str) -> dict[str, str]:
    """What the environment of a job must say, so that it works for this person; nothing for the machine's user."""
    return {"OFFERLAB_ACTING": name} if signed_in() else {}
