"""How people get in, decided in one place: as this machine's one user, by an account, by a provider, or not at all."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.access import accounts
from engine.errors import NotAllowed
from engine.sentences import Sentence

Mode = Literal["single", "accounts", "oidc"]

LOCAL = ("127.0.0.1", "::1", "localhost")
LEAST_SECRET = 32  # bytes
# Words of examples and of what is typed to get on; a random secret of 43 letters has one of them once in 5,000.
_SAMPLES = (
    "xxxx", "secret", "cookie", "changeme", "replace", "example", "placeholder", "password", "generate", "random",
    "your", "streamlit", "offerlab", "12345678", "abcdefgh", "qwerty",
)  # fmt: skip
_LEAST_DIFFERENT = 10  # characters of a secret: one letter held down is long, too


@dataclass(frozen=True, slots=True)
class Provider:
    """What `[auth]` in secrets.toml says, as far as it is ours to judge."""

    cookie_secret: str


def mode(config: Path, provider: Provider | None, address: str) -> Mode:
    """How people get in. `address` is what the server is bound to; "" is every address of the machine.

    Raises NotAllowed where the server must not serve: bound to another address than this machine's own while nobody
    has to sign in, or with a cookie secret that others can guess.
    """
    if provider is not None:
        check_secret(provider.cookie_secret)
        return "oidc"
    if accounts.exist(config):
        return "accounts"
    if address not in LOCAL:
        raise NotAllowed(Sentence("access.closed", {"address": address or "0.0.0.0"}))
    return "single"


def check_secret(secret: str) -> None:
    """Returns for a cookie secret that nobody can guess. Whoever knows it writes login cookies for anybody."""
    if len(secret.encode()) < LEAST_SECRET:
        raise NotAllowed(Sentence("access.secret_short", {"length": len(secret.encode()), "least": LEAST_SECRET}))
    letters = "".join(c for c in secret.casefold() if c.isalnum())
    if len(set(letters)) < _LEAST_DIFFERENT or any(sample in letters for sample in _SAMPLES):
        raise NotAllowed(Sentence("access.secret_sample"))
