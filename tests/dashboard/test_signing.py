"""How people get in, from what the server was started with."""

from datetime import UTC, datetime

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from dashboard import signin, signing
from engine import settings
from engine.access import accounts, acting
from engine.errors import NotAllowed


def test_under_the_name_of_a_server_in_front_nobody_is_served_before_there_are_accounts(monkeypatch):
    started = {"server.address": "127.0.0.1", "server.allowedHosts": ["localhost", "127.0.0.1"]}
    monkeypatch.setattr(signing.st, "get_option", started.get)
    assert signing.mode() == "single"
    started["server.allowedHosts"] = ["offers.shop.example", *started["server.allowedHosts"]]
    with pytest.raises(NotAllowed, match=r"open to other machines .offers\.shop\.example"):
        signing.mode()
    with acting.asking(lambda: None):  # at the machine's command line
        accounts.add(settings.read().config, "ada", "seven blue kettles", "admin", datetime(2026, 6, 1, tzinfo=UTC))
    assert signing.mode() == "accounts"


@pytest.mark.parametrize("said", [{}, {"email_verified": None}, {"email_verified": False}, {"email_verified": "no"}])
def test_an_address_that_the_provider_does_not_call_verified_is_nobodys_name(said):
    config = settings.read().config
    config.mkdir(parents=True, exist_ok=True)
    (config / "roles.toml").write_text('[people]\n"boss@shop.example" = "admin"\n', encoding="utf-8")
    with pytest.raises(NotAllowed, match="email_verified: true"):
        signing._email({"email": "boss@shop.example", **said})
    for verified in (True, "true"):
        assert signing._email({"email": "boss@shop.example", "email_verified": verified}) == "boss@shop.example"


@pytest.mark.parametrize(
    ("path", "status"),
    [("/_stcore/health", 200), ("/_stcore/script-health-check", 200), ("/today", 303), ("/_stcore/upload_file/a", 401)],
)
def test_where_accounts_are_in_force_a_browser_is_told_whether_the_server_is_well_and_nothing_else(path, status):
    with acting.asking(lambda: None):
        accounts.add(settings.read().config, "ada", "seven blue kettles", "admin", datetime(2026, 6, 1, tzinfo=UTC))
    served = Starlette(routes=[Route("/{any:path}", lambda _: PlainTextResponse("ok"))], middleware=signin.middleware())
    answer = TestClient(served).get(path, headers={"Accept": "text/html"}, follow_redirects=False)
    assert answer.status_code == status
