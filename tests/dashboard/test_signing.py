"""How people get in, from what the server was started with."""

from datetime import UTC, datetime

import pytest

from dashboard import signing
from engine import settings
from engine.access import accounts
from engine.errors import NotAllowed


def test_under_the_name_of_a_server_in_front_nobody_is_served_before_there_are_accounts(monkeypatch):
    started = {"server.address": "127.0.0.1", "server.allowedHosts": ["localhost", "127.0.0.1"]}
    monkeypatch.setattr(signing.st, "get_option", started.get)
    assert signing.mode() == "single"
    started["server.allowedHosts"] = ["offers.shop.example", *started["server.allowedHosts"]]
    with pytest.raises(NotAllowed, match=r"open to other machines .offers\.shop\.example"):
        signing.mode()
    accounts.add(settings.read().config, "ada", "seven blue kettles", "admin", datetime(2026, 6, 1, tzinfo=UTC))
    assert signing.mode() == "accounts"
