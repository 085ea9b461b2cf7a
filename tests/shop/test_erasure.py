"""After an erasure nothing in the shop leads to the person, and its sales are what they were."""

import json
import shutil
from datetime import datetime, timedelta

import pandas as pd
import pytest

from engine import privacy
from engine.audience import segments
from engine.audience.reach import reachable
from engine.errors import DataProblem
from engine.privacy import customer_keys
from engine.shop import erasure, intake, merged, sales, store, vault
from tests.tiny import shop_of, tables

WHO, EMAIL, PHONE, GID = "cust-00417", "ana.li@example.com", "+8613812345678", "gid://shopify/9917"
ALIAS = "cust-00018"  # merged into WHO


def named(text):
    return str(text).replace("c001", WHO)


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A shop in which one person has left every kind of trace, and its configuration."""
    folder = tmp_path_factory.mktemp("person")
    frames = {name: frame.map(named) for name, frame in tables().items() if name != "ads"}
    frames["customers"]["referred_by"] = ["", WHO, *frames["customers"]["customer_id"].iloc[:-2]]
    text = f"Ask {EMAIL.title()} or 138-1234 5678"
    review = pd.DataFrame({"customer_id": ["c005"], "product_id": ["p2"], "rating": [5], "text": [text]})
    frames["reviews"] = pd.concat([frames["reviews"], review], ignore_index=True)
    frames["orders"]["discount_code"] = ["ANA-ONLY" if one == WHO else "" for one in frames["orders"]["customer_id"]]
    frames["orders"].loc[[0, 1, 2, 40, 45], "discount_code"] = "SPRING"  # Ana's first lines, and others
    shop = shop_of(folder / "shop", frames, {"never_contact": [WHO, "c009"]})
    segments.save(shop, segments.fit(shop, 2))
    (folder / "events.csv").write_text(
        f"customer_id,occurred_at,kind,query\n{WHO},soon,search,soap\nc005,soon,search,{EMAIL}\nc006,soon,view,\n"
    )
    intake.import_files([folder / "events.csv"], shop.path)
    aside = shop.path / "set_aside" / "events.csv"  # as it was before addresses were masked in it
    aside.write_bytes(aside.read_bytes().replace(b"[email]", EMAIL.encode()))
    contacts = {"email": [EMAIL, "ben@example.com"], "phone": [PHONE, ""], "external_id": [GID, ""]}
    vault.add(shop.path, shop.shop_id, folder / "config", pd.DataFrame({"customer_id": [WHO, "c005"], **contacts}))
    merged.add(shop.path, {ALIAS: WHO}, {}, datetime(2026, 5, 1), "Ben")
    return folder


@pytest.fixture
def places(template, tmp_path):
    """(shop folder, shop_id, configuration folder) of a copy of that shop."""
    for name in ("shop", "config"):
        shutil.copytree(template / name, tmp_path / name)
    return tmp_path / "shop", store.open_shop(tmp_path / "shop").shop_id, tmp_path / "config"


def in_files(folder, *needles):
    """Files that hold one of these texts: as bytes, and as cells of a table."""
    found = set()
    for path in (path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        if path.suffix == ".parquet":
            content += pd.read_parquet(path).to_csv().encode()
        found |= {f"{path.name}: {needle}" for needle in needles if needle.lower().encode() in content.lower()}
    return found


def test_no_byte_of_the_id_the_address_or_the_number_is_left_in_the_shop_folder(places, now):
    shop = store.open_shop(places[0])
    old_orders = shop.table("orders").loc[lambda lines: lines["customer_id"].eq(WHO), "order_id"].unique()
    needles = (WHO, ALIAS, EMAIL, "13812345678", "138-1234 5678", GID, "ANA-ONLY", *old_orders)
    assert len(in_files(places[0], *needles)) > 8  # or the test would see nothing
    done = erasure.erase(*places, [WHO], now)
    assert in_files(places[0], *needles) == set()
    assert done.left == []
    assert done.contacts == 1
    assert vault.contacts(*places)["customer_id"].tolist() == ["c005"]


def test_the_keys_of_rows_kept_with_submissions_are_destroyed(places, now):
    shop, (_, shop_id, config) = store.open_shop(places[0]), places
    of_ana, of_alias, of_ben = customer_keys.of_customers(shop_id, config, [WHO, ALIAS, "c005"])
    assert erasure.held(shop, [WHO], config)[erasure.SNAPSHOTS] == 2, "under the id that was merged into hers as well"
    assert erasure.SNAPSHOTS not in erasure.held(shop, [WHO])
    assert erasure.erase(*places, [WHO], now).keys == 2
    assert erasure.held(shop, [WHO], config)[erasure.SNAPSHOTS] == 0
    names = [key.name for key in (of_ana, of_alias, of_ben)]
    assert customer_keys.by_name(shop_id, config, names) == ({of_ben.name: of_ben}, {of_ana.name, of_alias.name})
    assert in_files(config, WHO, ALIAS) == set()


def test_sales_figures_stay_as_they_were(places, now):
    shop = store.open_shop(places[0])
    before = sales.lines(shop)
    weeks = sales.weekly(before, "monday")
    end = before["ordered_at"].max().normalize() + timedelta(days=1)
    figures = [sales.figures(before, end - timedelta(days=days), end) for days in (28, 90, 400)]
    orders = int(shop.table("orders")["customer_id"].eq(WHO).sum())
    done = erasure.erase(*places, [WHO], now)
    after = sales.lines(store.open_shop(places[0]))
    assert done.order_lines_kept == orders > 0
    assert [sales.figures(after, end - timedelta(days=days), end) for days in (28, 90, 400)] == figures
    pd.testing.assert_frame_equal(sales.weekly(sales.lines(store.open_shop(places[0])), "monday"), weeks)


def test_order_lines_go_on_under_one_random_name_with_hours_for_times(places, now):
    before = store.open_shop(places[0]).table("orders")
    theirs = before["customer_id"].eq(WHO)
    erasure.erase(*places, [WHO], now)
    after = store.open_shop(places[0]).table("orders")
    pd.testing.assert_frame_equal(after[~theirs], before[~theirs])
    own = after[theirs]
    assert own["customer_id"].nunique() == 1
    assert own["customer_id"].str.match(r"erased-[0-9a-f]{16}$").all()
    assert own["order_id"].str.startswith(privacy.ERASED).all()
    assert (
        own.groupby("order_id").size().tolist() != []
        and own["order_id"].nunique() == before[theirs]["order_id"].nunique()
    )
    assert own["ordered_at"].eq(before[theirs]["ordered_at"].dt.floor("h")).all()
    assert set(own["discount_code"].dropna()) <= {"SPRING", "erased"}
    assert own["discount_code"].notna().eq(before[theirs]["discount_code"].notna()).all()


def test_every_other_row_of_the_person_is_gone_and_counted_and_nobody_elses(places, now):
    shop = store.open_shop(places[0])
    had = erasure.held(shop, [WHO])
    before = {name: shop.table(name) for name in had}
    done = erasure.erase(*places, [WHO], now)
    shop = store.open_shop(places[0])
    assert done.rows == {name: count for name, count in had.items() if name != "orders" and count}
    assert set(done.rows) >= {"customers", "deliveries", "reviews"}
    for name in ("customers", "deliveries", "events"):
        others = before[name][before[name]["customer_id"].ne(WHO)].reset_index(drop=True)
        kept = shop.table(name).drop(columns="referred_by", errors="ignore")
        pd.testing.assert_frame_equal(kept, others.drop(columns="referred_by", errors="ignore"))
    assert shop.table("customers")["referred_by"].notna().sum() == before["customers"]["referred_by"].notna().sum() - 2
    assert shop.table("reviews")["text"].tolist() == ["Ask [erased] or [erased]"]


def test_rows_set_aside_are_still_accounted_for_without_their_values(places, now):
    erasure.erase(*places, [WHO], now)
    rows = intake.set_aside(store.open_shop(places[0]))["events"]
    assert rows["line"].tolist() == ["2", "3", "4"]
    assert [json.loads(row) == {} for row in rows["row"]] == [True, True, False]
    assert rows["reason"].nunique() == 1


def test_groups_settings_and_merges_forget_the_person_too(places, now):
    erasure.erase(*places, [WHO], now)
    shop = store.open_shop(places[0])
    assert shop.settings.never_contact == ["c009"]
    assert WHO not in set(segments.current(shop).labels["customer_id"])
    assert merged.records(places[0]) == []


def test_a_later_import_of_the_same_files_brings_nobody_back(places, now):
    erasure.erase(*places, [WHO], now)
    given = tables("customers")["customers"].map(named)
    kept, count = vault.without_erased(*places, given)
    assert count == 1
    assert WHO not in set(kept["customer_id"])
    _, count = vault.without_erased(*places, pd.DataFrame({"customer_id": [ALIAS, "c005"]}))
    assert count == 1  # the same person under the older id


def test_nobody_writes_to_the_name_that_the_orders_go_on_under(places, now):
    erasure.erase(*places, [WHO], now)
    shop = store.open_shop(places[0])
    name = next(one for one in shop.table("orders")["customer_id"] if one.startswith(privacy.ERASED))
    reach = reachable(shop, ["c005", name], "email", pd.Timestamp("2026-01-01").date())
    assert name not in reach.customer_ids
    assert reach.left_out["never_contact"] == 1


def test_an_erasure_that_was_cut_short_is_ended_by_the_next(places, now, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(erasure, "_from_other_tables", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            erasure.erase(*places, [WHO], now)
    assert in_files(places[0], WHO)
    erasure.erase(*places, [WHO], now)
    assert in_files(places[0], WHO, EMAIL) == set()


def test_files_that_still_name_the_person_are_said(places, now):
    (places[0] / "audiences.json").write_text(f'["{WHO}"]')
    (places[0] / "notes.txt").write_text(f"wrote to {EMAIL.upper()}")
    (places[0] / "other.txt").write_text(f"{WHO}9")
    assert erasure.erase(*places, [WHO], now).left == ["audiences.json", "notes.txt"]


def test_a_person_is_found_by_id_address_or_number_and_by_an_id_that_was_merged(places):
    for typed in (WHO, f" {WHO} ", EMAIL.upper(), "138 1234 5678", ALIAS):
        assert erasure.find(*places, typed) == [WHO]
    for typed in ("cust-00", "ana", "", "nobody@example.com", "12"):
        assert erasure.find(*places, typed) == []


def test_an_id_that_the_shop_never_had_is_said_and_kept_out(places, now):
    before = {path: path.read_bytes() for path in (places[0] / "tables").iterdir()}
    done = erasure.erase(*places, ["cust-99999"], now)
    assert (done.not_found, done.rows, done.contacts) == (["cust-99999"], {}, 0)
    assert {path: path.read_bytes() for path in (places[0] / "tables").iterdir()} == before
    assert vault.without_erased(*places, pd.DataFrame({"customer_id": ["cust-99999"]}))[1] == 1


@pytest.mark.parametrize("ids", [[], [" "], ["c005", ""]])
def test_nobody_is_erased_by_an_empty_id(places, now, ids):
    with pytest.raises(DataProblem, match="Whom"):
        erasure.erase(*places, ids, now)
    assert vault.erased_count(places[0]) == 0
