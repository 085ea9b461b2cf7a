"""The key of a shop lies outside it, for its owner only, and is never made anew beside what it was used for."""

import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine import privacy
from engine.errors import StoreProblem


@pytest.fixture
def places(tmp_path):
    """(shop folder, shop_id, configuration folder)"""
    return tmp_path / "shop", "shop-1", tmp_path / "config"


def test_the_key_is_made_at_first_use_outside_the_shop_for_its_owner_only(places):
    shop, _, config = places
    key = privacy.shop_key(*places)
    path = config / "shop-1" / "vault.key"
    assert path.read_bytes() == key
    assert len(key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert privacy.shop_key(*places) == key
    assert all(key not in file.read_bytes() for file in shop.rglob("*") if file.is_file())


def test_two_shops_have_two_keys(places):
    shop, _, config = places
    assert privacy.shop_key(*places) != privacy.shop_key(shop.with_name("other"), "shop-2", config)


def test_a_lost_key_is_said_and_never_made_anew(places):
    privacy.shop_key(*places)
    path = places[2] / "shop-1" / "vault.key"
    path.unlink()
    with pytest.raises(StoreProblem, match=r"vault\.key, is missing\. Restore it from a backup"):
        privacy.shop_key(*places)
    assert not path.exists()


def test_another_key_than_the_shops_is_refused(places):
    privacy.shop_key(*places)
    (places[2] / "shop-1" / "vault.key").write_bytes(bytes(32))
    with pytest.raises(StoreProblem, match="is not the key that this shop's contacts"):
        privacy.shop_key(*places)


def test_a_file_that_is_no_key_is_refused(places):
    privacy.shop_key(*places)
    (places[2] / "shop-1" / "vault.key").write_bytes(b"short")
    with pytest.raises(StoreProblem, match="is not a key"):
        privacy.shop_key(*places)


def test_a_shop_id_cannot_lead_out_of_the_folder(tmp_path):
    with pytest.raises(StoreProblem, match="shop_id is"):
        privacy.shop_key(tmp_path, "../other", tmp_path / "config")


def test_many_at_once_make_one_key(places):
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: privacy.shop_key(*places), range(16)))
    assert len(set(keys)) == 1
