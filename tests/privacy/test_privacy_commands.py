"""`erase` and `duplicates`: JSON on stdout, a sentence and exit code 2 when refused."""

import json

import pandas as pd
import pytest
from click.testing import CliRunner

from engine import settings
from engine.__main__ import main
from engine.access import roles
from engine.shop import store, vault
from tests.tiny import shop_of, tables


def run(*arguments, code=0):
    ended = CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)
    assert ended.exit_code == code, ended.stderr
    return json.loads(ended.stdout) if code == 0 else ended.stderr


@pytest.fixture
def shop(tmp_path):
    made = shop_of(tmp_path / "shop", tables("customers", "orders"))
    rows = {"customer_id": ["c001", "c002"], "email": ["ana@example.com", "Ana@example.com"]}
    vault.add(made.path, made.shop_id, settings.read().config, pd.DataFrame(rows))
    return made


def test_erase_takes_a_customer_out_by_id_or_address_and_says_what_went(shop):
    done = run("erase", "c001", "--shop", shop.path)
    assert done["customer_ids"] == ["c001"]
    assert (done["rows"], done["contacts"]) == ({"customers": 1}, 1)
    assert done["order_lines_kept"] > 0
    assert run("erase", "ANA@example.com", "--shop", shop.path)["customer_ids"] == ["c002"]
    assert {"c001", "c002"} & set(store.open_shop(shop.path).table("orders")["customer_id"]) == set()


def test_an_unknown_customer_is_said(shop):
    assert run("erase", "nobody", "--shop", shop.path)["not_found"] == ["nobody"]


def test_duplicates_are_listed_and_merged_only_from_a_file(shop, tmp_path):
    listed = run("duplicates", "--shop", shop.path)["duplicates"]
    assert [(row["customer_id"], row["why"], row["kept"]) for row in listed] == [
        ("c002", "", 1),
        ("c001", "same_email", 0),
    ]
    assert shop.rows("customers") == 60
    confirmed = tmp_path / "confirmed.csv"
    confirmed.write_text("customer_id,into\nc001,c002\n")
    done = run("duplicates", "--shop", shop.path, "--merge", confirmed)
    assert (done["merged"], done["rows"]["customers"]) == ({"c001": "c002"}, 1)
    assert store.open_shop(shop.path).rows("customers") == 59
    confirmed.write_text("customer_id,to\nc003,c002\n")
    assert "two columns are needed" in run("duplicates", "--shop", shop.path, "--merge", confirmed, code=2)


def test_only_who_may_administer_may_erase_or_merge(shop, tmp_path):
    config = settings.read().config
    (config / "roles.toml").write_text(f'[people]\n"{roles.os_user()}" = "marketer"\n')
    (tmp_path / "confirmed.csv").write_text("customer_id,into\nc001,c002\n")
    assert "may not administer" in run("erase", "c001", "--shop", shop.path, code=2)
    assert "may not administer" in run("duplicates", "--shop", shop.path, "--merge", tmp_path / "confirmed.csv", code=2)
    assert run("duplicates", "--shop", shop.path)["duplicates"]
    assert "c001" in set(shop.table("orders")["customer_id"])
