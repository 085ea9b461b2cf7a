"""A key for each customer, outside the shop; a destroyed one leaves nothing that opens what was sealed with it."""

import shutil
import stat

import pytest

from engine.errors import StoreProblem
from engine.privacy import customer_keys

ROW = b"recency 12 days"


@pytest.fixture
def place(tmp_path):
    return "shop-1", tmp_path / "config"


def test_a_customer_keeps_the_same_key_and_others_have_their_own(place):
    ana, ben = customer_keys.of_customers(*place, ["ana", "ben"])
    again, cleo = customer_keys.of_customers(*place, ["ana", "cleo"])
    assert again == ana
    assert len({ana.secret, ben.secret, cleo.secret}) == len({ana.name, ben.name, cleo.name}) == 3
    assert stat.S_IMODE(customer_keys.path_of(*place).stat().st_mode) == 0o600


def test_a_row_opens_with_its_key_alone_and_the_same_row_gives_the_same_bytes(place):
    ana, ben = customer_keys.of_customers(*place, ["ana", "ben"])
    assert ana.opened(ana.sealed(ROW)) == ROW
    assert ana.sealed(ROW) == ana.sealed(ROW)
    assert ana.sealed(ROW)[:12] != ana.sealed(ROW + b"!")[:12], "a nonce for each text"
    with pytest.raises(StoreProblem, match="does not open with its key"):
        ben.opened(ana.sealed(ROW))
    with pytest.raises(StoreProblem, match="does not open with its key"):
        ana.opened(ana.sealed(ROW)[:-1] + b"?")


def test_of_a_destroyed_key_no_byte_is_left_beside_its_random_name(place):
    people = [f"customer-{number:04}" for number in range(500)]
    keys = customer_keys.of_customers(*place, people)
    gone, stay = keys[100:103], keys[:100] + keys[103:]
    assert customer_keys.held(*place, people[99:103]) == 4
    assert customer_keys.destroy(*place, people[100:103]) == 3
    content = b"".join(path.read_bytes() for path in place[1].rglob("*") if path.is_file())
    assert not any(one in content for key in gone for one in (key.secret,))
    assert not any(one.encode() in content for one in people[100:103])
    assert all(key.secret in content for key in stay)
    assert customer_keys.by_name(*place, [key.name for key in keys]) == (
        {key.name: key for key in stay},
        {key.name for key in gone},
    )
    assert customer_keys.destroy(*place, people[100:103]) == 0
    assert customer_keys.held(*place, people[99:103]) == 1


def test_a_key_that_nobody_destroyed_and_that_is_not_there_is_lost_and_not_erased(place):
    customer_keys.of_customers(*place, ["ana"])
    shutil.copy(customer_keys.path_of(*place), place[1] / "backup")
    later = customer_keys.of_customers(*place, ["ben"])
    shutil.copy(place[1] / "backup", customer_keys.path_of(*place))
    with pytest.raises(StoreProblem, match="lacks the keys of 1 customers, and nobody erased them"):
        customer_keys.by_name(*place, [key.name for key in later])
    customer_keys.path_of(*place).unlink()
    with pytest.raises(StoreProblem, match=r"customers\.keys, the keys of what was kept of customers, is missing"):
        customer_keys.by_name(*place, [key.name for key in later])


def test_a_file_that_is_no_key_file_is_named(place):
    customer_keys.path_of(*place).parent.mkdir(parents=True)
    customer_keys.path_of(*place).write_bytes(b"not a database at all, only text" * 40)
    with pytest.raises(StoreProblem, match=r"customers\.keys.* cannot be used: file is not a database"):
        customer_keys.of_customers(*place, ["ana"])
