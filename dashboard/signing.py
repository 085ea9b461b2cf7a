"""Who is signed in on this page: asked in every run before anything is drawn, in every fragment, and before each write.

Nothing is remembered between two answers, so that signing out, a disabled account or another role holds at once.
"""

import json
from datetime import UTC, datetime

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from engine import settings
from engine.access import acting, roles, sessions
from engine.access import mode as ways
from engine.access.mode import Mode, Provider
from engine.access.sessions import SignedOut
from engine.errors import NotAllowed
from engine.sentences import Sentence

COOKIE = "offerlab_session"


def mode() -> Mode:
    """How people get in. Raises NotAllowed where the server must not serve at all."""
    return ways.mode(settings.read().config, provider(), _address())


def _address() -> str:
    """Where this server is reached: the address it is bound to, or the name that a server in front of it has."""
    bound = str(st.get_option("server.address") or "")
    names = [name for name in st.get_option("server.allowedHosts") or [] if name not in ways.LOCAL]
    return names[0] if bound in ways.LOCAL and names else bound


def provider() -> Provider | None:
    """The identity provider of `[auth]` in secrets.toml, if there is one."""
    if not st.secrets.load_if_toml_exists() or "auth" not in st.secrets:
        return None
    secret = st.secrets["auth"].get("cookie_secret", st.get_option("server.cookieSecret"))
    return Provider(str(secret or ""))


def name(used: bool = True) -> str | None:
    """Who is signed in here; None in single-user mode, where nobody is.

    Raises SignedOut when nobody is or the session is over, NotAllowed for somebody who is not listed. `used`: somebody
    did something; a page that only looks again by itself keeps nobody signed in.
    """
    way = mode()
    if way == "single":
        return None
    if get_script_run_ctx(suppress_warning=True) is None:
        raise SignedOut(Sentence("access.nobody"))  # work of this server that belongs to no page
    config, now = settings.read().config, datetime.now(UTC)
    if way == "accounts":
        return sessions.check(config, st.context.cookies.get(COOKIE), now, used).name
    claims = {key: value for key, value in st.user.to_dict().items() if key != "tokens"}
    if not claims.get("is_logged_in"):
        raise SignedOut(Sentence("access.nobody"))
    email = _email(claims)
    # The claims hold the provider's nonce and time: another login of the same person is another session.
    login = json.dumps(claims, sort_keys=True, default=str)
    return sessions.of_login(config, login, email, _issued(claims), now, used).name


def role() -> str:
    """The role of who is signed in. Raises NotAllowed for somebody who is not listed."""
    config = settings.read().config
    who = name() or roles.os_user()
    roles.require(who, "view", config)
    return str(roles.role_of(who, config))


def sign_out() -> None:
    """Ends every session of who is signed in: here, in other tabs, in other browsers, and of every copied cookie."""
    way, who = mode(), name()
    if who:
        sessions.revoke_all(settings.read().config, who, datetime.now(UTC))
    if way == "oidc":
        st.logout()


def _email(claims: dict) -> str:
    """The address the provider vouches for; it is this person's name in Offerlab.

    Not said to be verified is not verified: where people type in their own address, anybody could be anybody.
    """
    email = str(claims.get("email") or "")
    if not email or str(claims.get("email_verified")).lower() != "true":
        raise NotAllowed(Sentence("access.no_email"))
    if roles.listed(settings.read().config) is None:
        raise NotAllowed(Sentence("access.not_listed", {"person": email}))
    return email


def _issued(claims: dict) -> float | None:
    return float(claims["iat"]) if isinstance(claims.get("iat"), int | float) else None


acting.ask(name)
