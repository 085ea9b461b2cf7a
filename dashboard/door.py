"""What a visitor sees who may not come in, and the sign that somebody is signed in."""

import functools
import html
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import streamlit as st
from streamlit.runtime.scriptrunner import add_script_run_ctx, get_script_run_ctx

from dashboard import signing, state
from dashboard.text import language, t
from dashboard.views.plan_tabs.message import plain
from engine.access import acting
from engine.access.roles import Action
from engine.access.sessions import SignedOut
from engine.errors import AppError, NotAllowed

REFUSED = "door.refused"  # what the last file asked for was refused for


def enter() -> None:
    """Returns for who may come in; for others draws what they may do about it, and ends the run."""
    try:
        if signing.mode() != "single":
            signing.role()
    except SignedOut as problem:
        _outside(problem, signed_in=False)
    except AppError as problem:
        _outside(problem, signed_in=True)


def _outside(problem: AppError, signed_in: bool) -> None:
    st.title("Offerlab")
    (st.error if signed_in else st.info)("\n\n".join(problem.texts(language())), icon=":material/lock:")
    st.html('<span id="ready" data-page="outside" style="display:none">.</span>')
    # What a page left there leads nowhere, and on a phone it lies over what is said here.
    st.html("<style>[data-testid=stSidebar], [data-testid=stExpandSidebarButton] { display: none }</style>")
    way = _way()
    if way == "oidc" and signed_in:
        st.button(t("access.sign_out"), key="door.sign_out", on_click=st.logout, icon=":material/logout:")
    elif way == "oidc":
        st.button(t("access.sign_in"), key="door.sign_in", on_click=st.login, type="primary", icon=":material/login:")
    elif way == "accounts":
        st.html(f'<a id="door" href="{html.escape(_form())}" target="_self">{t("access.sign_in")}</a>')
    st.stop()


def _form() -> str:
    """The address of the form, which leads back to this page."""
    query = urlencode(st.query_params.to_dict())
    wanted = urlsplit(st.context.url or "").path + (f"?{query}" if query else "")
    return f"signin?next={quote(wanted, safe='/')}"


def _way() -> str | None:
    try:
        return signing.mode()
    except NotAllowed:
        return None  # nobody is served, so nobody is asked to sign in


def sign() -> None:
    """In the sidebar: who is signed in, with Sign out; or that nobody has to."""
    if signing.mode() == "single":
        st.caption(t("access.single"))
        return
    role = signing.role()
    with st.container(key="door.who"):
        st.caption(t("access.signed_in", person=plain(str(signing.name())), role=t(f"access.role_{role}")))
        if role == "viewer":
            st.caption(t("access.looks"))
        st.button(t("access.sign_out"), key="door.sign_out", on_click=signing.sign_out, icon=":material/logout:")


def for_who_may(action: Action, disabled: bool = False, help_: str | None = None) -> dict[str, Any]:
    """`disabled` and `help` of a button that does this: for who may not it is off, and says why.

    No control: the engine asks again when it is pressed. But a button should not invite to what is refused.
    """
    refused = _refused(action)
    return {"disabled": disabled or bool(refused), "help": refused or help_}


def say_who_may(action: Action) -> None:
    """Why the buttons here are off, for who may not do this: a finger on a screen cannot point at their help."""
    if refused := _refused(action):
        st.caption(f":material/lock: {refused}")


def is_open(action: Action) -> bool:
    """Whether who is here may do this: for what the engine shows to nobody else, either."""
    return _refused(action) is None


def _refused(action: Action) -> str | None:
    try:
        acting.require(action)
    except SignedOut:
        raise
    except NotAllowed as problem:
        return plain(problem.text(language()))
    return None


def fragment(**options: Any) -> Callable[[Callable], Callable]:
    """`st.fragment` for who is still signed in: a fragment runs without the entry script, which looks at that."""

    def decorate(draw: Callable) -> Callable:
        @functools.wraps(draw)
        def checked(*arguments: Any, **named: Any) -> Any:
            try:
                signing.name(used="run_every" not in options)
            except AppError:
                st.rerun()  # the whole page, which says so
            return draw(*arguments, **named)

        return st.fragment(checked, **options)

    return decorate


def later(make: Callable[[], bytes]) -> Callable[[], bytes]:
    """What makes a file when its button is clicked, for who is still signed in then.

    Streamlit calls it in a thread that belongs to no page, where nobody is signed in: it gets the page that drew it.
    """
    page = get_script_run_ctx()

    def told() -> bytes:
        try:
            return make()
        except AppError as problem:
            state.tell(REFUSED, "\n\n".join(problem.texts(language())))
            raise

    def made() -> bytes:
        own = ThreadPoolExecutor(1, initializer=lambda: add_script_run_ctx(threading.current_thread(), page))
        with own as thread:
            return thread.submit(told).result()

    return made


def say_refused() -> None:
    """Says why a file of `later` was refused. Streamlit only says that there is none, in English, for five seconds."""

    @fragment(run_every=2.0)
    def said() -> None:
        if words := state.told(REFUSED):
            st.toast(words, icon=":material/block:", duration="infinite")

    said()


def say(problem: Exception) -> bool:
    """Whether an error that no page expected was one with a sentence for a marketer, which is said then.

    A widget's callback runs before the page, so that a page cannot say what was refused there.
    """
    if not isinstance(problem, AppError):
        return False
    st.error("\n\n".join(problem.texts(language())), icon=":material/block:")
    return True
