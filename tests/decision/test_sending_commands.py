"""Codes, the sheet, pasted copy and the calendar from the command line: files, JSON, and refusals with a sentence."""

import json

import pandas as pd
import pytest
from click.testing import CliRunner
from icalendar import Calendar

import engine.__main__  # noqa: F401  registers every command
from engine.campaign.plan import Offer, Step
from engine.commands import main
from engine.decision import approvals, code_files, codes
from engine.shop import store
from tests.decision.conftest import NOON
from tests.tiny import shop_of

PERSONAL = Offer(kind="percent", discount=0.15, personal_codes=True)


@pytest.fixture
def run(tmp_path, monkeypatch, make_plan):
    """run("codes", "count", "p1"): what the command said, on a shop with an approved plan of personal codes."""
    monkeypatch.setenv("OFFERLAB_CONFIG", str(tmp_path / "config"))
    customers = pd.DataFrame({"customer_id": ["c1", "c2", "c3"], "email_consent": True})
    orders = pd.DataFrame(
        {"order_id": ["o1"], "customer_id": ["c3"], "ordered_at": pd.to_datetime(["2026-01-05"]), "product_id": ["p1"],
         "quantity": [1.0], "unit_price": [9.5]}
    )  # fmt: skip
    maple = shop_of(tmp_path / "shop", {"customers": customers, "orders": orders}, {"sender_name": "Maple"})
    plan = make_plan(
        offer=PERSONAL, steps=[Step(channel="email")], audience={"customer_ids": ["c1", "c2"]}, holdout=0.0
    )
    extras = {"filled": {"subject": "Back", "body": "Enter {code}, {first_name}."}}
    where = (maple.path, maple.shop_id)
    approvals.submit(*where, plan, {}, "ana", NOON, tmp_path / "config", extras=extras)
    approvals.approve(*where, "p1", "ben", "ben", "fits", NOON, tmp_path / "config")

    def said(*arguments, code=0):
        ended = CliRunner().invoke(main, [*map(str, arguments), "--shop", str(maple.path)])
        assert ended.exit_code == code, (ended.output, ended.stderr, ended.exception)
        return json.loads(ended.stdout) if code == 0 else ended.stderr

    said.shop, said.folder = maple.path, tmp_path  # type: ignore[attr-defined]
    return said


def test_codes_are_loaded_counted_and_refused_with_a_sentence(run):
    file = run.folder / "codes.txt"
    file.write_text("00A1\n00A2\n=1+1\n00a1\n")
    done = run("codes", "load", "p1", file)
    assert {name: done[name] for name in ("added", "codes", "free")} == {"added": 2, "codes": 2, "free": 2}
    assert [one.partition(":")[0] for one in done["left_out"]] == ["codes.txt, line 3", "codes.txt, line 4"]
    assert "no code that can be loaded" in run("codes", "load", "p1", file, code=2)
    assert "no such file" in run("codes", "load", "p1", run.folder / "gone.csv", code=2)
    assert run("codes", "count", "p1") == {"plan": "p1", "codes": 2, "given": 0, "free": 2, "made_here": 0}


def test_codes_made_here_are_a_file_for_klaviyo_and_said_not_to_be_live(run):
    out = run.folder / "out.csv"
    done = run("codes", "make", "p1", "-n", "3", "--prefix", "tea", "--out", out)
    assert (done["made"], done["made_here"]) == (3, 3) and "Not live until loaded" in done["note"]
    assert out.read_bytes().startswith(b"Coupon\r\nTEA")
    assert [code for _, code in code_files.read(out).codes] == codes.all_of(run.shop, "p1")
    refused = run.folder / "refused.csv"
    assert "could be guessed" in run("codes", "make", "p1", "-n", "9", "--length", "4", "--out", refused, code=2)
    assert not refused.exists()


def test_an_export_without_enough_codes_is_refused_and_leaves_no_file(run):
    out = run.folder / "plans.csv"
    assert "0 codes for 2 people" in run("export", "--out", out, code=2)
    run("codes", "make", "p1", "-n", "3", "--out", run.folder / "codes.csv")
    assert run("export", "--out", out)["plans"] == ["p1"]
    assert run("codes", "count", "p1")["given"] == 0  # neither file has a column for them
    run("export", "--target", "plain_csv", "--out", run.folder / "files")
    assert run("codes", "count", "p1")["given"] == 2


def test_the_sheet_the_copy_and_the_calendar_are_files(run):
    out = run.folder
    assert run("setup-sheet", "p1", "--out", out / "s.md")["terms"]["What the customer gets"] == "15 % off"
    run("setup-sheet", "p1", "--language", "zh", "--out", out / "s.html")
    assert "在店铺后台设置此优惠" in (out / "s.html").read_text("utf-8")
    run("paste", "p1", "--tool", "klaviyo", "--out", out / "p.txt")
    assert "Enter {% coupon_code 'p1' %}" in (out / "p.txt").read_text("utf-8")
    assert run("calendar", "--out", out / "c.ics")["plans"] == ["p1"]
    assert len(Calendar.from_ical((out / "c.ics").read_bytes()).walk("VEVENT")) == 4


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("paste", "p1", "--message", "2"), "no message 2; the plan has 1"),
        (("paste", "p1", "--language", "zh"), "no copy in “zh”"),
        (("paste", "p1", "--tool", "fax"), "“fax” is no sending tool"),
        (("paste", "p9"), "no plan p9"),
        (("setup-sheet", "p9"), "no plan p9"),
        (("calendar", "--plan", "p9"), "no plan p9"),
    ],
)
def test_what_cannot_be_written_is_refused_and_leaves_no_file(run, arguments, sentence):
    assert sentence in run(*arguments, "--out", run.folder / "out.txt", code=2)
    assert not (run.folder / "out.txt").exists()


def test_copy_to_paste_has_the_address_of_the_variant_that_was_named(run, make_plan):
    where, out = (run.shop, store.open_shop(run.shop).shop_id), run.folder / "p.txt"
    plan = make_plan(
        "p2", variants=["A", "B"], landing_url="https://shop.example/tea", audience={"customer_ids": ["c3"]}
    )
    approvals.submit(
        *where, plan, {}, "ana", NOON, run.folder / "config", extras={"filled": {"call_to_action": "Look"}}
    )
    approvals.approve(*where, "p2", "ben", "ben", "fits", NOON, run.folder / "config")
    assert "(A, B)" in run("paste", "p2", "--out", out, code=2) and not out.exists()
    assert run("paste", "p2", "--variant", "B", "--out", out)["variant"] == "B"
    assert "utm_content=B" in out.read_text("utf-8")


@pytest.mark.parametrize(
    "arguments",
    [
        ("history",), ("setup-sheet", "p1"), ("paste", "p1"), ("calendar",), ("export",), ("pack", "p1"), ("segments",),
        ("codes", "make", "p1", "-n", "3"),
    ],
)  # fmt: skip
def test_no_command_makes_a_folder_for_the_one_file_it_writes(run, arguments):
    out = run.folder / "not" / "there.pdf"
    assert f"There is no folder {out.parent}" in run(*arguments, "--out", out, code=2)
    assert not out.parent.exists()
    assert run("codes", "count", "p1")["codes"] == 0
