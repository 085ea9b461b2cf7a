"""The page where a local account signs in, and the guard before everything that is served to a browser.

A plain form, not a page of Streamlit's: only an answer to it can set a cookie that no script on a page can read.
"""

import hmac
import html
import secrets
from datetime import UTC, datetime
from pathlib import Path
from string import Template
from urllib.parse import parse_qs, quote, urlsplit

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard import signing
from engine import sentences, settings
from engine.access import accounts, sessions
from engine.errors import AppError, NotAllowed
from engine.sentences import Language, Sentence

PAGE = Path(__file__).resolve().parents[1] / "assets" / "signin" / "page.html"
FORM_COOKIE = "offerlab_form"
MOST_BYTES = 8192  # of a form with a name and a password
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}


def base() -> str:
    """The path under which the app is served, without a slash at its end."""
    path = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{path}" if path else ""


def routes() -> list[Route]:
    """What is served beside Streamlit's own addresses."""
    return [Route(f"{base()}/signin", _signin, methods=["GET", "POST"])]


def middleware() -> list[Middleware]:
    """What looks at a request before Streamlit does."""
    return [Middleware(Guard)]


# --- the form ---


async def _signin(request: Request) -> Response:
    try:
        way = await run_in_threadpool(signing.mode)
    except NotAllowed:
        way = None
    if way != "accounts":
        return RedirectResponse(f"{base()}/", status_code=303)  # nobody has an account here
    if request.method == "POST":
        return await _take(request)
    if await run_in_threadpool(_is_signed_in, request):
        return RedirectResponse(_address(request.query_params.get("next")), status_code=303)
    return _form(request, _address(request.query_params.get("next")))


async def _take(request: Request) -> Response:
    """Who sends the form of this very page with the right name and password gets a cookie, and the page wanted."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            return PlainTextResponse("", status_code=413)
    fields = {
        key: values[0] for key, values in parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True).items()
    }
    wanted = _address(fields.get("next"))
    if not _is_ours(request, fields.get("form", "")):
        return _form(request, wanted, NotAllowed(Sentence("access.form_again")), 403)
    try:
        token = await run_in_threadpool(_token, fields.get("name", ""), fields.get("password", ""))
    except AppError as problem:
        return _form(request, wanted, problem, 403)
    answer = RedirectResponse(wanted, status_code=303, headers=HEADERS)
    answer.set_cookie(
        signing.COOKIE, token, path=base() or "/", secure=_is_https(request), httponly=True, samesite="lax"
    )
    answer.delete_cookie(FORM_COOKIE, path=f"{base()}/signin")
    return answer


def _token(name: str, password: str) -> str:
    config, now = settings.read().config, datetime.now(UTC)
    account = accounts.sign_in(config, name, password, now)
    return sessions.begin(config, account.name, now)


def _is_ours(request: Request, form: str) -> bool:
    """Whether the form was sent from this page in this browser, and not from a page of somebody else's."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        return False
    return bool(form) and hmac.compare_digest(form.encode(), request.cookies.get(FORM_COOKIE, "").encode())


def _form(request: Request, wanted: str, problem: AppError | None = None, status: int = 200) -> Response:
    language = _language(request)
    form = request.cookies.get(FORM_COOKIE) or secrets.token_urlsafe(32)

    def said(key: str) -> str:
        return html.escape(sentences.say(f"access.{key}", language))

    shown = Template(PAGE.read_text("utf-8")).substitute(
        language="zh-CN" if language == "zh" else "en",
        title=said("form_title"),
        name_label=said("name"),
        password_label=said("password"),
        button=said("sign_in"),
        problem=f'<p class="problem" role="alert">{html.escape(problem.text(language))}</p>' if problem else "",
        note="" if _is_private(request) else f'<p class="note">{said("not_private")}</p>',
        form=html.escape(form),
        next=html.escape(wanted),
    )
    answer = HTMLResponse(shown, status_code=status, headers=HEADERS)
    answer.set_cookie(
        FORM_COOKIE, form, path=f"{base()}/signin", secure=_is_https(request), httponly=True, samesite="strict"
    )
    return answer


def _address(wanted: str | None) -> str:
    """Where to go after signing in: an address of ours, whatever was asked for."""
    if wanted and wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable():
        return wanted
    return f"{base()}/"


def _language(request: Request) -> Language:
    first = request.headers.get("accept-language", "").split(",")[0].strip().lower()
    return "zh" if first.startswith("zh") else "en"


def _is_https(request: Request) -> bool:
    """Whether the browser's way to us is encrypted, by us or by the server in front of us."""
    forwarded = request.headers.get("x-forwarded-proto", "").split(",")[0].strip().lower()
    return forwarded == "https" or request.url.scheme == "https"


def _is_private(request: Request) -> bool:
    """Whether nobody else on the network can read what is typed here."""
    return _is_https(request) or request.url.hostname in ("127.0.0.1", "::1", "localhost")


def _is_signed_in(request: Request) -> bool:
    try:
        sessions.check(settings.read().config, request.cookies.get(signing.COOKIE), datetime.now(UTC), used=False)
    except AppError:
        return False
    return True


# --- the guard ---


class Guard:
    """Where accounts are in force, files and pages go to who is signed in; others are sent to the form.

    Streamlit's own connection passes: what is drawn over it looks at the session itself, in every run.
    """

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = None
        if scope["type"] == "http":
            request = Request(scope)
            path = request.url.path.removeprefix(base())
            is_file = path.startswith(("/media/", "/_stcore/upload_file"))
            is_page = request.method == "GET" and "text/html" in request.headers.get("accept", "")
            # Streamlit's own addresses are no pages, whatever is asked for: a browser that looks whether the server is
            # well must not be answered by the form.
            if is_file or (is_page and path != "/signin" and not path.startswith("/_stcore/")):
                refusal = await run_in_threadpool(_refusal, request, is_file)
        await (refusal or self.app)(scope, receive, send)


def _refusal(request: Request, is_file: bool) -> Response | None:
    try:
        way = signing.mode()
    except AppError:
        return PlainTextResponse("", status_code=403) if is_file else None  # the page says why
    if way != "accounts" or _is_signed_in(request):
        return None
    if is_file:
        return PlainTextResponse("", status_code=401)
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"{base()}/signin?next={quote(wanted, safe='/')}", status_code=303, headers=HEADERS)
