"""What the history names outlives the shop's disk, and an erasure reaches what was carried away."""

import io
import json
import shutil
import zipfile
from datetime import timedelta

import pandas as pd
import pytest

from engine.campaign.plan import Offer
from engine.decision import assignments, attached, backup, carried, codes, export, forgetting, restore, snapshots
from engine.errors import StoreProblem
from engine.shop import vault

MAIL = b"From: bo@example.org\r\nTo: ana@example.org\r\nSubject: Spring\r\n\r\nAPPROVED\r\n"
PEOPLE = ["ann", "bob", "cyd"]


def put(shop, files):
    return snapshots._written(shop.dir, files)


@pytest.fixture
def place(shop):
    return backup.folder(shop.shop_id, shop.config)


@pytest.fixture
def sent(shop, plan):
    """A plan with everything an entry may name: a snapshot and its model, evidence, an assignment."""
    model = put(shop, {"tried.json": b"{}"})
    kept = put(shop, {"about.json": json.dumps({"model": {"sha256": model}}).encode(), "rows": b"sealed"})
    shop.submit(plan, snapshot=lambda: kept)
    shop.approve(proof=MAIL)
    export.export_plans(shop.dir, shop.shop_id, None, lambda plan: PEOPLE, shop.now, shop.config, person="root")
    return plan


def take(shop, place, **later):
    return backup.take(shop.dir, shop.shop_id, shop.config, place, shop.now + timedelta(**later))


def put_back(shop, made, **more):
    return restore.restore(shop.dir, shop.shop_id, shop.config, made.path, "root", shop.now, **more)


def erase(shop, place, *people):
    (shop.dir / "shop.toml").write_text(f'shop_id = "{shop.shop_id}"\n')
    return forgetting.erase(shop.dir, shop.shop_id, shop.config, place, people, shop.now)


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for name in attached.FOLDERS for path in folder.glob(f"{name}/*"))


def lose(shop):
    shutil.rmtree(shop.dir)
    shop.dir.mkdir()


def problems(shop):
    return [one.text() for one in attached.problems(shop.dir, shop.shop_id, shop.config)]


def test_everything_that_entries_name_comes_back_after_the_disk_is_lost(shop, place, sent):
    before = {name: (shop.dir / name).read_bytes() for name in files(shop.dir)}
    assert [name.partition("/")[0] for name in before] == ["assignments", "evidence", "snapshots", "snapshots"]
    made = take(shop, place)
    assert made.files == 4
    lose(shop)
    done = put_back(shop, made)
    assert (done.entries, done.lost, done.files, done.missing) == (3, 0, 4, ())
    assert {name: (shop.dir / name).read_bytes() for name in files(shop.dir)} == before
    assert problems(shop) == []
    assert assignments.saved(shop.dir)["customer_id"].tolist() == PEOPLE


def test_what_the_shop_still_has_is_left_and_what_is_damaged_is_put_right(shop, place, sent):
    made = take(shop, place)
    proof = next((shop.dir / "evidence").iterdir())
    proof.write_bytes(b"half")
    assert put_back(shop, made).files == 1
    assert problems(shop) == []


def test_what_a_backup_lacks_is_said_in_both_languages_and_the_rest_comes_back(shop, place, sent):
    made = take(shop, place)
    lose(shop)
    next((place / "files" / "evidence").iterdir()).unlink()
    done = put_back(shop, made)
    assert done.files == 3
    (missing,) = done.missing
    assert missing.text().startswith("Entry 2: The evidence")
    assert "第 2 条" in missing.text("zh")


def test_a_backup_is_made_without_what_is_damaged_and_says_so_in_the_log(shop, place, sent, caplog):
    next((shop.dir / "evidence").iterdir()).write_bytes(b"half")
    assert take(shop, place).files == 3
    assert "Not in the backup: Entry 2: The evidence" in caplog.text
    assert not list((place / "files").glob("evidence/*"))


def test_files_are_copied_once_and_go_with_the_last_backup_that_needs_them(shop, place, sent, make_plan, monkeypatch):
    first = take(shop, place)
    proof = next((place / "files" / "evidence").iterdir())
    stamp = proof.stat().st_ino
    shop.submit(make_plan("p2"))
    shop.approve("p2", proof=b"yes, send it")
    second = take(shop, place, hours=1)
    assert (proof.stat().st_ino, first.files, second.files) == (stamp, 4, 5)
    put_back(shop, first, losing=2)
    third = take(shop, place, hours=2)
    assert len(files(place / "files")) == 5, "the second backup is kept, and needs it"
    monkeypatch.setattr(backup, "KEPT", 1)
    monkeypatch.setattr(backup, "KEPT_DAYS", 1)
    take(shop, place, hours=3)
    assert (len(files(place / "files")), third.files) == (4, 0)
    assert len(list(place.glob("ledger-*.files"))) == 1


def test_the_folder_of_the_shop_is_never_tidied_where_backups_are_put_into_it(shop, plan):
    shop.submit(plan)
    shop.approve(proof=MAIL)
    (shop.dir / "evidence" / "a note.txt").write_text("kept")
    take(shop, shop.dir)
    assert (shop.dir / "evidence" / "a note.txt").exists()


def test_an_erased_customer_is_taken_out_of_the_backups_and_never_comes_back(shop, place, sent):
    made = take(shop, place)
    copy = place / "files" / "assignments" / "p1.3.parquet"
    whole = copy.read_bytes()
    erase(shop, place, "bob")
    assert pd.read_parquet(copy)["customer_id"].tolist() == ["ann", "cyd"]
    assert problems(shop) == []
    # A backup on another disk, which the erasure did not reach.
    copy.write_bytes(whole)
    (shop.dir / "assignments" / "p1.3.parquet").unlink()
    assert put_back(shop, made).files == 1
    assert assignments.saved(shop.dir)["customer_id"].tolist() == ["ann", "cyd"]
    copy.write_bytes(whole)
    take(shop, place, hours=1)
    assert pd.read_parquet(copy)["customer_id"].tolist() == ["ann", "cyd"], "the next backup reaches it, too"


def test_a_code_does_not_come_back_to_an_erased_customer(shop, place, make_plan):
    shop.submit(make_plan(offer=Offer(kind="percent", discount=0.15, personal_codes=True)))
    shop.approve()
    codes.make(shop.dir, "p1", 3, "root", shop.now, shop.config)
    export.export_plans(shop.dir, shop.shop_id, None, lambda plan: PEOPLE, shop.now, shop.config, person="root")
    made = take(shop, place)
    erase(shop, place, "bob")
    put_back(shop, made)
    assert set(codes.of(shop.dir, "p1")) == {"ann", "cyd"}


def test_the_assignment_of_an_earlier_offerlabs_export_comes_back_too(shop, place, sent):
    shop.append(action="exported")
    (shop.dir / "assignments" / "p1.3.parquet").rename(shop.dir / "assignments" / "p1.4.parquet")
    table = pd.read_parquet(shop.dir / "assignments" / "p1.4.parquet").assign(seq=4)
    table.to_parquet(shop.dir / "assignments" / "p1.4.parquet", index=False)
    made = take(shop, place)
    lose(shop)
    assert "Entry 3: " in put_back(shop, made).missing[0].text()
    assert len(assignments.saved(shop.dir)) == len(PEOPLE)


# --- what `ledger verify` says of the files ---


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("evidence", "Entry 2: The evidence"),
        ("snapshots", "what was kept of the submission"),
        ("assignments", "who was to get a message and who was held out"),
    ],
)
@pytest.mark.parametrize("damage", ["gone", "changed"])
def test_a_file_that_is_gone_or_changed_is_named_with_its_entry(shop, sent, kind, said, damage):
    assert problems(shop) == []
    path = next((shop.dir / kind).iterdir())
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-3] + b"xyz")
    (found,) = problems(shop)
    assert said in found
    assert ("is gone" in found or "is missing" in found) == (damage == "gone")


def test_an_assignment_with_another_customer_or_another_group_is_a_changed_one(shop, sent):
    path = shop.dir / "assignments" / "p1.3.parquet"
    table = pd.read_parquet(path)
    for changed in (table.assign(treated=1 - table["treated"]), pd.concat([table, table.head(1)]), table.assign(seq=9)):
        changed.to_parquet(path, index=False)
        assert "was changed" in problems(shop)[0]


def test_an_export_of_an_earlier_offerlab_may_have_no_assignment(shop):
    shop.append(action="exported")
    assert problems(shop) == []
    path = shop.dir / "assignments" / "p1.1.parquet"
    path.parent.mkdir()
    path.write_bytes(b"no table")
    assert "was changed" in problems(shop)[0]


def test_a_snapshot_without_a_model_names_none(shop, tmp_path):
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w") as archive:
        archive.writestr("about.json", json.dumps({"model": None}))
    (shop.dir / "snapshots").mkdir()
    snapshots.path_of(shop.dir, "ab").write_bytes(stored.getvalue())
    assert snapshots.model_of(shop.dir, "ab") is None
    assert snapshots.model_of(shop.dir, "gone") is None
    with pytest.raises(StoreProblem, match="was changed"):
        snapshots.content(shop.dir, "ab")
    assert vault.erased_count(shop.dir) == 0
    assert carried.files_of(tmp_path / "ledger-x.db") == []
