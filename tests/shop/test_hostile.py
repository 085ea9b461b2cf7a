"""Every hostile file comes to the one right end: refused with a sentence, set aside row by row, or kept as it is."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from engine import privacy
from engine.errors import DataProblem
from engine.shop import incoming, intake, store
from engine.shop.tables import TABLES
from tests.shop.hostile import CASES
from tests.shop.hostile.case import orders, refused
from tests.shop.hostile.weighing import judged

ROOT = Path(__file__).resolve().parents[2]
NAUGHTY = ROOT.parent / "shared" / "data" / "naughty" / "csv_corpus.json"
LIGHT, HEAVY = [case for case in CASES if not case.heavy], [case for case in CASES if case.heavy]
MOST_MB = 1_000


def everything(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_the_corpus_is_large_and_no_case_stands_in_it_twice():
    assert len(CASES) == len({case.name for case in CASES}) >= 70
    assert {case.verdict for case in CASES} == {"refused", "set aside", "kept"}


@pytest.mark.parametrize("case", LIGHT, ids=lambda case: case.name)
def test_a_hostile_file_comes_to_its_verdict_and_leaves_nothing_else(tmp_path, case):
    (tmp_path / "in").mkdir()
    file = tmp_path / "in" / case.file
    file.write_bytes(case.bytes())
    came, wrong = judged(case, file, tmp_path / "shop")
    assert not wrong, f"{came}: {wrong}"
    expected = {"in"} if case.verdict == "refused" else {"in", "shop"}
    assert {path.name for path in tmp_path.iterdir()} == expected
    assert everything(tmp_path / "in") == {case.file}
    left = everything(tmp_path / "shop") - {"shop.toml", ".lock", "sources.json", "tables", "set_aside"}
    assert {Path(path).parent.name for path in left} <= {"tables", "set_aside"}


def weighed(arguments):
    """What the heavy cases come to, each in a process of its own."""
    ended = subprocess.run(
        [sys.executable, "-m", "tests.shop.hostile.weighing", "--heavy", *arguments],
        cwd=ROOT, capture_output=True, text=True, env={**os.environ},
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr[-2000:]
    return [json.loads(line) for line in ended.stdout.splitlines()]


@pytest.mark.parametrize("arguments", [[], pytest.param(["--full"], marks=pytest.mark.full)], ids=["small", "full"])
def test_a_bomb_is_refused_in_less_than_a_gigabyte(arguments):
    found = weighed(arguments)
    assert [one["name"] for one in found] == [case.name for case in HEAVY]
    assert [(one["name"], one["came"], one["wrong"]) for one in found if one["wrong"]] == []
    assert {one["name"]: one["mb"] for one in found if one["mb"] > MOST_MB} == {}


def test_a_wrong_verdict_is_seen(tmp_path):
    file = tmp_path / "orders.csv"
    file.write_text(orders({}))
    assert judged(refused("", "orders.csv", b"", "x"), file, tmp_path / "shop") == ("kept 1, set aside 0", "accepted")
    file.write_text("order_id\n1\n")
    assert "refused with" in judged(refused("", "orders.csv", b"", "web page"), file, tmp_path / "other")[1]


TEXTS = [
    (name, column) for name, table in TABLES.items() for column, kind in table.columns.items()
    if kind == "text" and name != "contacts"
]  # fmt: skip
FILLED = {"id": "x", "time": "2026-01-05", "text": "x", "quantity": "1", "fraction": "0.5", "flag": "1"}


@pytest.mark.parametrize(("name", "column"), TEXTS, ids=lambda part: part)
def test_naughty_strings_stay_what_they_are_in_every_column_of_text(tmp_path, name, column):
    if not NAUGHTY.exists():
        pytest.skip(f"there is no {NAUGHTY}")
    texts = [text.replace("\x00", "") for text in json.loads(NAUGHTY.read_text(encoding="utf-8"))]
    table = TABLES[name]
    rows = {other: [FILLED.get(table.columns[other], "3")] * len(texts) for other in (*table.required, *table.key)}
    rows |= {other: [f"k{number}" for number in range(len(texts))] for other in table.key[:1]}
    file = tmp_path / f"{name}.csv"
    pd.DataFrame(rows | {column: texts}).to_csv(file, index=False, quoting=csv.QUOTE_ALL)
    report = intake.import_files([file], tmp_path / "shop", table=name)["tables"][name]
    kept, aside = store.open_shop(tmp_path / "shop").table(name), intake.set_aside(store.open_shop(tmp_path / "shop"))
    assert report["rows_in"] == report["kept"] + report["set_aside"] == len(texts)
    assert len(kept) == report["kept"] and len(aside.get(name, [])) == report["set_aside"]
    # Whoever reads them again sees the same but for spaces round them, and for what would name a person.
    wanted = pd.Series(texts, dtype="str").str.strip()
    required = column in table.required
    assert report["set_aside"] == (int(wanted.eq("").sum()) if required else 0)
    wanted = wanted[wanted.ne("")] if required else wanted
    masked = privacy.masked(wanted)
    found = kept[column].fillna("")
    exact = found.reset_index(drop=True) == wanted.reset_index(drop=True)
    assert (exact | (found.reset_index(drop=True) == masked.reset_index(drop=True))).all()
    assert (~exact).sum() == sum(count for said, count in report["flagged"].items() if "masked" in said)


@pytest.mark.parametrize(
    "name", ["CON", "a" * 300, "\u202egnp.csv", "or\x00ders.csv", "a\nb.csv", "../../orders.csv", "C:\\orders.csv", ""]
)
@pytest.mark.parametrize("content", [orders({}).encode(), b"<html>"], ids=["good", "bad"])
def test_no_name_leads_out_of_the_shop_or_breaks_a_sentence(tmp_path, name, content):
    folder = incoming.stage(tmp_path / "shop", [(name if name.endswith(".csv") else f"{name}.csv", content)])
    files = incoming.files(folder, incoming.load(folder))
    try:
        report = intake.import_files(files, tmp_path / "shop", table="orders")
    except DataProblem as problem:
        assert content == b"<html>" and len(str(problem)) < 400 and str(problem).isprintable()
    else:
        assert report["tables"]["orders"]["kept"] == 1
        assert all(len(file) <= 120 and file.isprintable() for file in report["tables"]["orders"]["files"])
    incoming.discard(tmp_path / "shop")
    assert [path.name for path in tmp_path.iterdir()] == ["shop"]
    assert not list((tmp_path / "shop").rglob("*orders.csv")) and not (tmp_path / "shop" / "incoming").exists()


def test_dates_to_come_are_kept_and_counted(tmp_path, now):
    file = tmp_path / "orders.csv"
    file.write_text(
        orders({}, {"order_id": "o2", "ordered_at": "2026-06-03"}, {"order_id": "o3", "ordered_at": "2026-06-01"})
    )
    report = intake.import_files([file], tmp_path / "shop", now=now)["tables"]["orders"]
    assert (report["kept"], report["flagged"]) == (3, {"ordered_at lies in the future (kept)": 1})
