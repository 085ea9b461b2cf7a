"""Accounts with a quick hash, and somebody who acts."""

from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher

from engine.access import accounts, acting

PASSWORD = "seven blue kettles"


@pytest.fixture(autouse=True)
def _quick_hash(monkeypatch):
    """argon2 as it is used, but of 8 kB: the real one takes 64 MB and its time for each of hundreds of checks."""
    monkeypatch.setattr(accounts, "_hasher", lambda: PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    accounts._nobody.cache_clear()
    yield
    accounts._nobody.cache_clear()


@pytest.fixture(autouse=True)
def _nobody_asks():
    """No page of another test says who is signed in."""
    with acting.asking(lambda: None):
        yield


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def later(now):
    """later(minutes=29): that much after `now`."""
    return lambda **passed: now + timedelta(**passed)


@pytest.fixture
def config(tmp_path):
    return tmp_path / "config"


@pytest.fixture
def four(config, now):
    """The configuration folder with an account for each role, called as the role."""
    for role in ("admin", "approver", "marketer", "viewer"):
        accounts.add(config, role.title(), PASSWORD, role, now)
    return config
