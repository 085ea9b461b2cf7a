"""Coupon codes: read as text, one for each person and kept, told where they cannot be used, gone with who is erased."""

import gzip
import json
import re

import pandas as pd
import pytest

from engine.campaign.plan import Offer
from engine.decision import cells, code_files, codes, database, export, forgetting, plans
from engine.errors import AppError, DataProblem, NotAllowed, NotEnoughData
from tests.decision.test_cells import CORPUS
from tests.tiny import shop_of

PERSONAL = Offer(kind="percent", discount=0.15, personal_codes=True)
PEOPLE = [f"c{number}" for number in range(20)]


@pytest.fixture
def spring(shop, make_plan):
    """An approved plan with personal codes and nobody left out."""
    plan = make_plan(offer=PERSONAL, holdout=0.0)
    shop.submit(plan, extras={"filled": {"subject": "Back", "body": "Enter {code}, {first_name}."}})
    shop.approve()
    return plan


@pytest.fixture
def load(shop, tmp_path):
    """load("A1", "A2", ...): these lines as a file of codes, taken in."""

    def taken_in(*lines, plan_id="p1", name="codes.csv"):
        (tmp_path / name).write_text("\n".join(lines), encoding="utf-8")
        read = code_files.read(tmp_path / name)
        return codes.load(shop.dir, plan_id, read, "ana", shop.now, shop.config)

    return taken_in


def made_up(count, start=0):
    return [f"C{number:04d}" for number in range(start, start + count)]


def send_out(shop, people=PEOPLE, **more):
    return export.export_plans(shop.dir, shop.shop_id, None, lambda plan: people, shop.now, shop.config, **more)


# --- files ---


@pytest.mark.parametrize("header", ["Coupon", "coupon code", "优惠码", None])
@pytest.mark.parametrize("name", ["codes.csv", "codes.txt", "codes.csv.gz", "codes.xlsx"])
def test_codes_are_read_as_text_with_or_without_a_header(tmp_path, name, header):
    wanted = ["00123", "NA", "null", "1e5", "true", "Abc-9", "茶2026"]
    lines, path = [*([header] if header else []), *wanted], tmp_path / name
    if name.endswith(".xlsx"):
        pd.DataFrame({lines[0]: lines[1:]}).to_excel(path, index=False)
    else:
        content = "\r\n".join([*lines, ""]).encode("utf-8-sig")
        path.write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    first = 2 if header else 1
    assert code_files.read(path).codes == list(enumerate(wanted, start=first))


def test_of_several_columns_the_one_with_the_usual_name_is_taken(tmp_path):
    (tmp_path / "a.csv").write_text("id,Coupon,uses\n1,A1,0\n2,A2,0\n")
    assert [code for _, code in code_files.read(tmp_path / "a.csv").codes] == ["A1", "A2"]
    (tmp_path / "b.csv").write_text("x,y\nA1,B1\n")
    with pytest.raises(DataProblem, match=r"2 columns.*“Coupon”"):
        code_files.read(tmp_path / "b.csv")


def test_a_line_that_is_no_code_is_told_with_its_number_and_left_out(tmp_path):
    odd = ["=1+1", "+5OFF", "A B", "A'B", "<b>", "x" * 41, "@SUM(1)", "a\u202eb"]
    (tmp_path / "a.csv").write_text("\n".join(["Coupon", "A1", *odd, "a1", "A2"]), encoding="utf-8")
    read = code_files.read(tmp_path / "a.csv")
    assert read.codes == [(2, "A1"), (12, "A2")]
    said = [sentence.text() for sentence in read.refused]
    assert [re.search(r"line (\d+)", one)[1] for one in said] == [str(line) for line in range(3, 12)]
    assert "a1 stands in line 2 already" in said[-1]


def test_naughty_strings_are_loaded_exactly_or_told_and_none_is_a_formula(tmp_path):
    if not (CORPUS / "csv_corpus.json").exists():
        pytest.skip(f"{CORPUS} is not here")
    naughty = [text for text in json.loads((CORPUS / "csv_corpus.json").read_text("utf-8")) if text.isprintable()]
    options = {"strings_to_formulas": False, "strings_to_urls": False}
    with pd.ExcelWriter(tmp_path / "n.xlsx", engine="xlsxwriter", engine_kwargs={"options": options}) as book:
        pd.DataFrame({"Coupon": naughty}, dtype="str").to_excel(book, index=False)
    read = code_files.read(tmp_path / "n.xlsx")
    kept = [code for _, code in read.codes]
    assert len(kept) > 20 and len(read.refused) > 200
    assert set(kept) <= {text.strip() for text in naughty}
    assert all(cells.safe(code) == code for code in kept)
    assert all(sentence.text("zh").isprintable() for sentence in read.refused)


def test_the_file_of_codes_has_the_documented_header_and_reads_back(tmp_path):
    wanted = ["00123", "NA", "Abc-9", "茶2026"]
    content = code_files.write(wanted)
    assert content.startswith(b"Coupon\r\n00123\r\n")
    (tmp_path / "back.csv").write_bytes(content)
    assert [code for _, code in code_files.read(tmp_path / "back.csv").codes] == wanted


# --- loading ---


def test_codes_of_an_earlier_load_are_told_and_the_new_ones_come_in(shop, spring, load, make_plan):
    plans.save(shop.dir, make_plan("p2", offer=PERSONAL), {}, None, shop.now)
    assert load("Coupon", "A1", "A2").added == 2
    again = load("Coupon", "A3", "a2", plan_id="p2")
    assert (again.added, [one.text() for one in again.left_out]) == (
        1, ["codes.csv, line 3: the code a2 was loaded before, for the plan p1. Left out."],
    )  # fmt: skip
    assert codes.all_of(shop.dir, "p1") == ["A1", "A2"]
    with pytest.raises(DataProblem, match=r"(?s)holds no code.*line 2: the code A1.*line 3"):
        load("Coupon", "A1", "A2")


def test_only_a_plan_with_personal_codes_takes_any(shop, make_plan, load):
    plans.save(shop.dir, make_plan(), {}, None, shop.now)
    with pytest.raises(NotAllowed, match="no personal codes"):
        load("A1")
    with pytest.raises(NotAllowed, match="no plan p9"):
        load("A1", plan_id="p9")


def test_a_viewer_may_neither_load_nor_make_nor_withdraw(shop, spring, load):
    shop.config.mkdir(exist_ok=True)
    (shop.config / "roles.toml").write_text('[people]\nana = "viewer"\n')
    everything = (
        lambda: load("A1"),
        lambda: codes.make(shop.dir, "p1", 3, "ana", shop.now, shop.config),
        lambda: codes.withdraw(shop.dir, "p1", "ana", shop.config),
    )
    for act in everything:
        with pytest.raises(NotAllowed, match="ana is a viewer"):
            act()


def test_a_wrong_file_can_be_taken_back_but_not_what_was_given(shop, spring, load):
    load("Coupon", *made_up(25))
    send_out(shop)
    assert codes.withdraw(shop.dir, "p1", "ana", shop.config) == 5
    assert codes.stock(shop.dir, "p1") == codes.Stock(20, 20, 0)


# --- made here ---


def test_codes_made_here_differ_are_typed_easily_and_are_said_to_be_made_here(shop, spring):
    made = codes.make(shop.dir, "p1", 500, "ana", shop.now, shop.config, prefix="tea-")
    assert len({code.casefold() for code in made}) == 500
    assert all(re.fullmatch(rf"TEA-[{codes.ALPHABET}]{{8}}", code) for code in made)
    assert not set(codes.ALPHABET) & set("AEIOUYL01258SZBV")
    assert codes.stock(shop.dir, "p1") == codes.Stock(500, 0, 500)
    assert codes.all_of(shop.dir, "p1") == made


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"count": 0}, "Between 1 and"),
        ({"count": 10**9}, "Between 1 and"),
        ({"count": 1000, "length": 4}, "could be guessed"),
        ({"count": 3, "length": 39, "prefix": "TEA"}, "too long to type"),
        ({"count": 3, "prefix": "=A"}, "cannot begin a code"),
    ],
)
def test_codes_that_could_be_guessed_or_not_typed_are_not_made(shop, spring, asked, words):
    with pytest.raises(DataProblem, match=words):
        codes.make(shop.dir, "p1", person="ana", now=shop.now, config=shop.config, **asked)
    assert codes.stock(shop.dir, "p1").loaded == 0


# --- handed out ---


def test_everyone_written_to_gets_a_code_of_their_own_and_keeps_it(shop, spring, load):
    load("Coupon", *made_up(30))
    first = send_out(shop)
    given = codes.of(shop.dir, "p1")
    assert sorted(given) == sorted(PEOPLE) and len(set(given.values())) == 20
    column = cells.read_back(first.recipients[0].csv).set_index("customer_id")["code"]
    assert column.to_dict() == given
    load("Coupon", *made_up(5, start=100))
    more = send_out(shop, ["new", *reversed(PEOPLE)])
    assert codes.of(shop.dir, "p1") == {**given, "new": "C0020"}
    assert next(iter(more.recipients[0].people["code"])) == "C0020"
    assert send_out(shop).recipients[0].csv == first.recipients[0].csv
    assert codes.stock(shop.dir, "p1") == codes.Stock(35, 21, 0)
    assert shop.entries("p1")[-1].payload["codes"] == 20


def test_the_holdout_gets_no_code(shop, make_plan, load):
    shop.submit(make_plan(offer=PERSONAL, holdout=0.5))
    shop.approve()
    load("Coupon", *made_up(20))
    result = send_out(shop)
    audience = cells.read_back(result.audience_csv)
    assert set(codes.of(shop.dir, "p1")) == set(audience.loc[audience["treated"] == "1", "customer_id"]) < set(PEOPLE)


def test_fewer_codes_than_people_are_refused_with_both_numbers_and_nothing_is_given(shop, spring, load):
    load("Coupon", *made_up(19))
    with pytest.raises(NotEnoughData, match="19 codes for 20 people"):
        send_out(shop)
    assert codes.stock(shop.dir, "p1").given == 0
    assert [entry.action for entry in shop.entries()] == ["submitted", "approved"]
    load("Coupon", *made_up(1, start=50))
    send_out(shop)
    with pytest.raises(NotEnoughData) as problem:
        send_out(shop, [*PEOPLE, "one", "too", "many"])
    assert problem.value.text("zh") == "共有 23 人，但只有 20 个优惠码。请导入更多优惠码，确保每人一个；本次未导出。"


def test_codes_and_the_entry_of_the_export_are_saved_together_or_not_at_all(shop, spring, load, monkeypatch):
    load("Coupon", *made_up(20))

    def full(*arguments, **more):
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(plans, "set_status", full)
        with pytest.raises(OSError, match="no space"):
            send_out(shop)
    assert codes.of(shop.dir, "p1") == {}


def test_codes_that_were_taken_back_meanwhile_are_not_given(shop, spring, load):
    load("Coupon", *made_up(20))
    wanted = codes.to_hand_out(shop.dir, spring, PEOPLE)
    codes.withdraw(shop.dir, "p1", "ana", shop.config)
    load("Coupon", *made_up(20, start=50))
    with pytest.raises(NotAllowed, match="do it again"), database.writing(shop.dir) as db:
        codes.hand_out(db, "p1", wanted, shop.now)


@pytest.mark.parametrize(("tool", "column"), [("mailchimp", "COUPON"), ("klaviyo", None), ("plain", "code")])
def test_copy_and_file_name_the_code_as_the_tool_does(shop, spring, load, tool, column):
    load("Coupon", *made_up(20))
    result = send_out(shop, tool=tool)
    body = cells.read_back(result.plans_csv)["body"][0]
    assert {"mailchimp": "*|COUPON|*", "klaviyo": "{% coupon_code 'p1' %}", "plain": "${code}"}[tool] in body
    assert list(result.recipients[0].people) == ["customer_id", *([column] if column else [])]


def test_a_plan_with_a_code_for_all_is_exported_as_ever(shop, make_plan):
    shop.submit(make_plan())
    shop.approve()
    assert list(send_out(shop).recipients[0].people) == ["customer_id"]
    assert "codes" not in shop.entries()[-1].payload


def test_a_plan_without_the_new_field_keeps_the_hash_of_its_approval(make_plan):
    plan = make_plan()
    assert "personal_codes" not in plan.model_dump_json()
    assert (
        plans.content_sha256(plan, {}) == "d7112fce0da69a354a0a80c693f54493649c5060a1107d0e2c6a5fa5feb1ca81"
    )  # as it was before there were any
    assert plans.content_sha256(make_plan(offer=PERSONAL), {}) != plans.content_sha256(
        make_plan(offer=Offer(kind="percent", discount=0.15)), {}
    )


def test_an_offer_has_one_code_for_all_or_one_each():
    for offer in ({"kind": "percent", "discount": 0.1, "code": "A1"}, {"kind": "none"}):
        with pytest.raises(ValueError, match="personal codes go with"):
            Offer(**offer, personal_codes=True)


# --- the file itself ---

WAYS = {
    "give somebody's code to another": "UPDATE codes SET customer_id = 'eve' WHERE customer_id = 'c1'",
    "give one person two": "UPDATE codes SET customer_id = 'c1', given_at = '2026' WHERE code = 'C0020'",
    "the same past the index": "UPDATE OR REPLACE codes SET customer_id = 'c1', given_at = '2026' WHERE code = 'C0020'",
    "take it back": "UPDATE codes SET customer_id = NULL, given_at = NULL WHERE customer_id = 'c1'",
    "remove it": "DELETE FROM codes WHERE customer_id = 'c1'",
    "load it again": "REPLACE INTO codes (code, spelled, plan_id, made_here, loaded_at) "
    "SELECT code, spelled, plan_id, 0, '' FROM codes WHERE customer_id = 'c1'",
    "put another in its place": "REPLACE INTO codes (number, code, spelled, plan_id, made_here, loaded_at) "
    "SELECT number, 'X', 'x', plan_id, 0, '' FROM codes WHERE customer_id = 'c1'",
    "load one that is given": "INSERT INTO codes VALUES (99, 'X', 'x', 'p1', 0, '', 'eve', '2026')",
    "spell it anew": "UPDATE codes SET code = 'X' WHERE customer_id = 'c1'",
    "drop the table": "DROP TABLE codes",
}


def test_the_file_refuses_one_code_for_two_people(shop, spring, load):
    load("Coupon", *made_up(21))
    send_out(shop)
    before = codes.of(shop.dir, "p1")
    for way, statement in WAYS.items():
        with pytest.raises(AppError), database.writing(shop.dir) as db:
            db.execute(statement)
        assert codes.of(shop.dir, "p1") == before, way
    assert shop.verify().ok


def test_an_erased_person_is_gone_from_the_file_and_the_code_goes_to_nobody_else(tmp_path, shop, spring, load):
    people = ["c1", "c2", "person-to-erase"]
    made = shop_of(tmp_path / "real", {"customers": pd.DataFrame({"customer_id": people})})
    database.path_of(shop.dir).replace(database.path_of(made.path))
    shop.dir = made.path
    load("Coupon", *made_up(4))
    send_out(shop, people)
    code = codes.of(shop.dir, "p1")["person-to-erase"]
    done = forgetting.erase(shop.dir, shop.shop_id, shop.config, shop.config / "backups", ["person-to-erase"], shop.now)
    assert done.left == []
    assert set(codes.of(shop.dir, "p1")) == {"c1", "c2"}
    assert codes.stock(shop.dir, "p1") == codes.Stock(4, 3, 0)
    content = b"".join(path.read_bytes() for path in shop.dir.glob("ledger.db*"))
    assert b"person-to-erase" not in content and b"C0000" in content
    send_out(shop, ["c1", "new"])
    assert codes.of(shop.dir, "p1")["new"] not in (code, codes.of(shop.dir, "p1")["c1"])
    assert shop.verify().ok
