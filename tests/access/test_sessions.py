"""Who is signed in: sessions of our own that end when we say so, with the clock passed in."""

import pytest

from engine.access import accounts, sessions, storage
from engine.access.sessions import SignedOut
from tests.access.conftest import PASSWORD


def is_in(config, token, at):
    try:
        return sessions.check(config, token, at).name
    except SignedOut:
        return None


def test_a_session_is_found_by_its_secret_alone(config, now, later):
    token = sessions.begin(config, "Ana Li", now)
    assert len(token) >= 43  # 256 bits
    assert is_in(config, token, later(minutes=1)) == "Ana Li"
    for guess in ("", None, token[:-1], token + "x", token.upper(), "x" * 43):
        assert is_in(config, guess, later(minutes=1)) is None


def test_a_session_ends_after_half_an_hour_without_use(config, now, later):
    token = sessions.begin(config, "Ana", now)
    assert is_in(config, token, later(minutes=29)) == "Ana"
    assert is_in(config, token, later(minutes=58)) == "Ana"
    assert is_in(config, token, later(minutes=58 + 30)) is None
    assert is_in(config, token, later(minutes=59)) == "Ana"  # refused is not ended: the clock decides


def test_a_page_that_only_looks_again_by_itself_keeps_nobody_signed_in(config, now, later):
    token = sessions.begin(config, "Ana", now)
    for minute in range(30):
        sessions.check(config, token, later(minutes=minute), used=False)
    assert is_in(config, token, later(minutes=30)) is None


def test_a_session_in_use_ends_after_ten_hours(config, now, later):
    token = sessions.begin(config, "Ana", now)
    for minutes in range(0, 600, 20):
        assert is_in(config, token, later(minutes=minutes)) == "Ana"
    assert is_in(config, token, later(hours=10)) is None


def test_signing_out_ends_every_session_of_a_person_and_of_nobody_else(config, now, later):
    hers = [sessions.begin(config, name, now) for name in ("Ana Li", "ana li", "ANA  LI")]
    his = sessions.begin(config, "Bo", now)
    assert sessions.revoke_all(config, "Ana li", later(minutes=1)) == 3
    assert [is_in(config, token, later(minutes=1)) for token in hers] == [None] * 3
    assert is_in(config, his, later(minutes=1)) == "Bo"
    assert is_in(config, sessions.begin(config, "Ana Li", later(minutes=2)), later(minutes=2)) == "Ana Li"


@pytest.mark.parametrize(
    "change",
    [
        lambda config, at: accounts.set_disabled(config, "Marketer", True, at),
        lambda config, at: accounts.set_password(config, "Marketer", "another long one", at),
    ],
)
def test_a_disabled_account_and_another_password_end_the_sessions(four, now, later, change):
    token = sessions.begin(four, "Marketer", now)
    change(four, later(minutes=1))
    assert is_in(four, token, later(minutes=1)) is None


def test_a_used_session_is_written_down_at_most_three_times_a_minute(config, now, later):
    token = sessions.begin(config, "Ana", now)

    def seen():
        with storage.reading(config) as db:
            return db.execute("SELECT last_seen FROM sessions").fetchone()[0] - now.timestamp()

    for second, kept in ((10, 0), (19, 0), (21, 21), (40, 21), (41, 41)):
        sessions.check(config, token, later(seconds=second))
        assert seen() == kept


def test_a_clock_that_was_set_back_ends_no_session_and_lengthens_none(config, now, later):
    token = sessions.begin(config, "Ana", later(hours=1))
    assert is_in(config, token, now) == "Ana"
    assert is_in(config, token, later(hours=1, minutes=30)) is None


def test_an_admin_ends_what_somebody_is_signed_in_to(four, now):
    his, hers = (sessions.begin(four, name, now) for name in ("Viewer", "Admin"))
    accounts.sign_out(four, "viewer", now, by="Admin")
    with pytest.raises(SignedOut):
        sessions.check(four, his, now)
    assert sessions.check(four, hers, now).name == "Admin"
    accounts.sign_in(four, "Viewer", PASSWORD, now)  # the account itself stays as it is


# --- logins that an identity provider vouches for ---


def logged_in(config, login, issued, at):
    try:
        return sessions.of_login(config, login, "ana@shop.example", issued.timestamp(), at).name
    except SignedOut:
        return None


def test_a_login_begins_one_session_which_ends_as_every_other(config, now, later):
    assert logged_in(config, "first", now, later(seconds=2)) == "ana@shop.example"
    assert logged_in(config, "first", now, later(minutes=20)) == "ana@shop.example"
    assert logged_in(config, "first", now, later(minutes=51)) is None
    with storage.reading(config) as db:
        assert db.execute("SELECT count(*) FROM sessions").fetchone() == (1,)


def test_a_login_cookie_is_worth_nothing_after_signing_out_though_its_signature_is_good(config, now, later):
    logged_in(config, "first", now, now)
    sessions.revoke_all(config, "ana@shop.example", later(minutes=1))
    assert [logged_in(config, "first", now, later(minutes=2)) for _ in range(20)] == [None] * 20


def test_a_stolen_login_that_was_never_seen_here_is_refused_after_signing_out(config, now, later):
    logged_in(config, "first", now, now)
    sessions.revoke_all(config, "ana@shop.example", later(minutes=5))
    assert logged_in(config, "stolen", later(minutes=3), later(minutes=6)) is None
    assert logged_in(config, "new", later(minutes=6), later(minutes=6)) == "ana@shop.example"


def test_a_login_counts_from_when_the_provider_made_it(config, now, later):
    assert logged_in(config, "old", now, later(hours=10)) is None
    assert logged_in(config, "older", now, later(hours=9, minutes=50)) == "ana@shop.example"
    assert logged_in(config, "older", now, later(hours=10, minutes=1)) is None


def test_a_provider_that_gives_no_time_lets_nobody_in(config, now):
    with pytest.raises(SignedOut, match="iat"):
        sessions.of_login(config, "x", "ana@shop.example", None, now)


def test_an_ended_login_is_remembered_for_longer_than_its_cookie_is_accepted(config, now, later):
    logged_in(config, "first", now, now)
    sessions.revoke_all(config, "ana@shop.example", now)
    sessions.begin(config, "Bo", later(days=39))
    with storage.reading(config) as db:
        assert db.execute("SELECT count(*) FROM sessions").fetchone() == (2,)
    sessions.begin(config, "Bo", later(days=41))
    assert logged_in(config, "first", now, later(days=41)) is None
