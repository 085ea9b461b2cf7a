"""Local accounts: who can sign in, who may change them, and how guessing is slowed down."""

import stat
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import PasswordHasher

from engine.access import accounts, roles, sessions, storage, tries
from engine.errors import DataProblem, NotAllowed, StoreProblem
from tests.access.conftest import PASSWORD


def test_the_first_account_is_an_admins_whatever_was_asked_for(config, now):
    assert not accounts.exist(config)
    assert accounts.add(config, "Ana Li", PASSWORD, "viewer", now).role == "admin"
    assert accounts.add(config, "Bo", PASSWORD, "viewer", now).role == "viewer"
    assert [(one.name, one.role) for one in accounts.listed(config)] == [("Ana Li", "admin"), ("Bo", "viewer")]
    assert accounts.exist(config)


def test_a_name_and_its_password_sign_in_however_they_are_spelled(config, now):
    accounts.add(config, "Ana Li", "caf\u00e9 at seven", "admin", now)
    assert accounts.sign_in(config, " ana  LI", "cafe\u0301 at seven", now).name == "Ana Li"


def test_a_wrong_name_a_wrong_password_and_a_disabled_account_get_the_same_sentence(four, now):
    accounts.set_disabled(four, "Viewer", True, now)
    said = set()
    for name, password in (("Nobody", PASSWORD), ("Marketer", "wrong"), ("Viewer", PASSWORD), ("", "")):
        with pytest.raises(NotAllowed) as refused:
            accounts.sign_in(four, name, password, now)
        said.add((refused.value.text("en"), refused.value.text("zh")))
    assert len(said) == 1


def test_an_unknown_name_takes_the_work_of_a_known_one(four, now, monkeypatch):
    checked = []
    right = accounts._verify
    monkeypatch.setattr(accounts, "_verify", lambda *given: checked.append(given[1]) or right(*given))
    for name in ("Nobody", "Marketer"):
        with pytest.raises(NotAllowed):
            accounts.sign_in(four, name, "wrong", now)
    assert [hashed.split("$")[1:4] for hashed in checked] == [["argon2id", "v=19", "m=8,t=1,p=1"]] * 2


def test_nobodys_own_password_signs_nobody_in(four, now):
    with pytest.raises(NotAllowed):
        accounts.sign_in(four, "Nobody", "nobody has this password", now)


@pytest.mark.parametrize(
    ("name", "password", "sentence"),
    [
        ("Ana", "short", "A password has 10 to 500 characters"),
        ("Ana", "x" * 501, "A password has 10 to 500 characters"),
        ("Ana Li Wang", "analiwang!", "guessed first"),
        ("Ana Li Wang", "ANA LI WANG", "guessed first"),
        ("Ana", "ababababababab", "guessed first"),
        ("", PASSWORD, "Write a name"),
        (" \u200b", PASSWORD, "Write a name"),
        ("A" * 81, PASSWORD, "Write a name"),
        ("A\x00na", PASSWORD, "Write a name"),
        ("viewer", PASSWORD, "There is an account viewer already"),
    ],
)
def test_a_name_or_password_that_will_not_do_is_refused(four, now, name, password, sentence):
    with pytest.raises(DataProblem, match=sentence):
        accounts.add(four, name, password, "marketer", now)
    assert len(accounts.listed(four)) == 4


def test_a_role_that_does_not_exist_is_refused(four, now):
    with pytest.raises(DataProblem, match="There is no role boss"):
        accounts.set_role(four, "Viewer", "boss")


def test_no_password_and_no_session_secret_stands_in_the_files(four, now):
    token = sessions.begin(four, "Viewer", now)
    with pytest.raises(NotAllowed):
        accounts.sign_in(four, "a password typed as the name", "wrong", now)
    content = b"".join(path.read_bytes() for path in four.iterdir())
    for secret in (PASSWORD, token, "a password typed as the name"):
        assert secret.encode() not in content
    assert b"$argon2id$" in content


def test_only_its_owner_may_read_the_file(four):
    with storage.writing(four):  # SQLite's own files are there as well
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in four.iterdir()}
    assert modes["access.db"] == 0o600
    assert set(modes.values()) == {0o600}


def test_every_connection_waits_for_the_disk(four):
    with storage.writing(four) as db:
        assert db.execute("PRAGMA synchronous").fetchone() == (2,)


def test_a_hash_made_with_less_work_is_made_anew_at_the_next_sign_in(four, now, monkeypatch):
    harder = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    monkeypatch.setattr(accounts, "_hasher", lambda: harder)

    def kept():
        with storage.reading(four) as db:
            return db.execute("SELECT hash FROM accounts WHERE name = 'Viewer'").fetchone()[0]

    assert "m=8,t=1" in kept()
    accounts.sign_in(four, "Viewer", PASSWORD, now)
    assert "m=16,t=2" in kept()
    accounts.sign_in(four, "Viewer", PASSWORD, now)


def test_passwords_are_kept_with_the_parameters_that_the_library_recommends(monkeypatch):
    monkeypatch.undo()
    made = accounts._hasher()
    usual = PasswordHasher()
    assert (made.memory_cost, made.time_cost, made.parallelism) == (
        usual.memory_cost,
        usual.time_cost,
        usual.parallelism,
    )
    assert made.memory_cost >= 64 * 1024


@pytest.mark.parametrize("by", ["Approver", "Marketer", "Viewer", "Nobody"])
def test_only_an_admin_changes_accounts(four, now, by):
    for change in (
        lambda: accounts.add(four, "New", PASSWORD, "admin", now, by=by),
        lambda: accounts.set_role(four, "Viewer", "admin", by=by),
        lambda: accounts.set_disabled(four, "Admin", True, now, by=by),
        lambda: accounts.set_password(four, "Admin", PASSWORD, now, by=by),
    ):
        with pytest.raises(NotAllowed):
            change()
    accounts.set_role(four, "Viewer", "approver", by="Admin")
    assert roles.role_of("Viewer", four) == "approver"


def test_somebody_can_always_administer(four, now):
    for change in (
        lambda: accounts.set_role(four, "Admin", "viewer"),
        lambda: accounts.set_disabled(four, "Admin", True, now),
    ):
        with pytest.raises(NotAllowed, match="Admin is the last admin"):
            change()
    accounts.set_role(four, "Viewer", "admin")
    accounts.set_role(four, "Admin", "viewer")
    assert roles.role_of("Admin", four) == "viewer"


def test_a_disabled_account_may_nothing_even_where_the_roles_file_names_it(four, now):
    (four / "roles.toml").write_text('[people]\nviewer = "admin"\nzoe = "approver"\n', encoding="utf-8")
    assert roles.role_of("Viewer", four) == "viewer"  # of two, the account counts
    assert roles.role_of("Zoe", four) == "approver"
    accounts.set_disabled(four, "Viewer", True, now)
    with pytest.raises(NotAllowed, match="not in the list of people"):
        roles.require("Viewer", "view", four)


# --- guessing ---


def wrong(config, name, now):
    with pytest.raises(NotAllowed) as refused:
        accounts.sign_in(config, name, "a wrong password", now)
    return refused.value.text("en")


@pytest.mark.parametrize("name", ["Marketer", "There is no such name"])
def test_after_five_wrong_tries_a_name_waits_longer_each_time(four, now, later, name):
    for second in range(5):
        assert "do not go together" in wrong(four, name, later(seconds=second))
    assert "Wait 1 seconds" in wrong(four, name, later(seconds=4.5))
    assert "do not go together" in wrong(four, name, later(seconds=5))
    assert "Wait 2 seconds" in wrong(four, name, later(seconds=5.5))
    assert "do not go together" in wrong(four, name, later(seconds=7))
    assert "Wait 4 seconds" in wrong(four, name, later(seconds=7.5))


def test_while_a_name_waits_the_right_password_is_not_looked_at_either(four, now, later):
    for _ in range(5):
        wrong(four, "Marketer", now)
    with pytest.raises(NotAllowed, match="Wait"):
        accounts.sign_in(four, "Marketer", PASSWORD, now)
    assert accounts.sign_in(four, "Marketer", PASSWORD, later(seconds=2)).role == "marketer"
    assert "do not go together" in wrong(four, "Marketer", later(seconds=2))  # and the count began anew


def test_of_many_tries_at_the_same_moment_five_passwords_are_looked_at(four, now, monkeypatch):
    def slowly(*given):
        time.sleep(0.02)
        return False

    monkeypatch.setattr(accounts, "_verify", slowly)
    with ThreadPoolExecutor(16) as pool:
        said = list(pool.map(lambda _: wrong(four, "Marketer", now), range(16)))
    assert sum("do not go together" in one for one in said) == 5
    assert sum("Wait" in one for one in said) == 11


def test_a_night_of_guessing_one_name_is_a_few_hundred_tries(four, now, later):
    tried = [
        second for second in range(0, 8 * 3600, 30) if "Wait" not in wrong(four, "Marketer", later(seconds=second))
    ]
    assert len(tried) < 150  # of 960


def failed(config, names, now):
    with storage.writing(config) as db:
        db.conn.executemany("INSERT INTO tries VALUES (?, ?)", [(tries._who(name), now.timestamp()) for name in names])


def test_nobody_waits_for_more_than_five_minutes(four, now, later):
    failed(four, ["Marketer"] * 30, now)
    with pytest.raises(NotAllowed, match=r"Wait (300|301) seconds"):
        tries.begin(four, "Marketer", now)
    tries.begin(four, "Marketer", later(minutes=5))


def test_many_names_tried_one_after_another_slow_everybody_down_a_little(four, now, later):
    failed(four, [f"name {number}" for number in range(60)], now)
    with pytest.raises(NotAllowed, match=r"Wait (10|11) seconds"):
        accounts.sign_in(four, "Marketer", PASSWORD, now)
    assert accounts.sign_in(four, "Marketer", PASSWORD, later(seconds=11))


# --- the file ---


def test_a_file_of_a_newer_offerlab_is_left_alone(four):
    with storage.reading(four) as db:
        newer = len(storage.MIGRATIONS) + 1
        db.execute("COMMIT")
        db.execute(f"PRAGMA user_version={newer}")
    with pytest.raises(StoreProblem, match="newer Offerlab"):
        accounts.listed(four)


def test_a_damaged_file_lets_nobody_in_and_says_so(four, now):
    for path in four.glob("access.db*"):
        path.unlink()
    storage.path_of(four).write_bytes(b"this is no database, and long enough to be looked at" * 50)
    with pytest.raises(StoreProblem, match="cannot be used"):
        accounts.sign_in(four, "Admin", PASSWORD, now)
    with pytest.raises(StoreProblem, match="cannot be used"):
        roles.require("Admin", "view", four)
