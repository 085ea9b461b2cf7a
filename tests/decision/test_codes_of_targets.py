"""Personal codes in the files of sending tools: the code a person keeps, or none where the tool hands them out."""

import sqlite3
from contextlib import closing

import pytest

from engine.campaign.plan import Offer
from engine.decision import assignments, attached, code_files, codes, database, forgetting
from engine.errors import NotEnoughData
from tests.decision.test_targets import MAIL, PEOPLE, SMS, Case, contacts_of, files, table

PERSONAL = Offer(kind="percent", discount=0.15, personal_codes=True)


def loaded(case, **changes) -> Case:
    """The shop with an approved plan of two messages and 36 personal codes."""
    case.approve(**{"offer": PERSONAL, "steps": [MAIL, SMS], "holdout": 0.25, **changes})
    read = code_files.read_bytes("\n".join(f"T{number:03d}" for number in range(36)).encode(), "codes.txt")
    codes.load(case.shop.path, "p1", read, "ana", case.now, case.config)
    return case


@pytest.fixture
def case(tmp_path):
    return loaded(Case(tmp_path))


@pytest.mark.parametrize(("target", "column"), [("mailchimp", "Coupon"), ("aliyun_sms", "code"), ("plain_csv", "code")])
def test_a_file_has_the_code_that_each_person_keeps(case, target, column):
    package = case.export(target)
    given = codes.of(case.shop.path, "p1")
    assert 20 < len(given) < len(PEOPLE) and len(set(given.values())) == len(given)
    for file in files(package):
        read = table(file)
        assert len(read) and set(read[column]) <= set(given.values())
        assert read[column].is_unique
        if "customer_id" in read:
            assert dict(zip(read["customer_id"], read[column], strict=True)).items() <= given.items()
    assert case.entries()[-1].payload["codes"] == len(given)
    assert [file.content for file in case.export(target).files] == [file.content for file in package.files]


@pytest.mark.parametrize("target", ["klaviyo", "mailchimp"])
def test_who_stands_in_no_file_gets_no_code(tmp_path, target):
    contacts = contacts_of()
    contacts.loc[:4, "email"] = None
    case = loaded(Case(tmp_path, contacts=contacts), steps=[MAIL], holdout=0.0)
    package = case.export(target)
    assert set(codes.of(case.shop.path, "p1")) == set(PEOPLE[5:])
    assert codes.stock(case.shop.path, "p1").given == package.named == case.entries()[-1].payload["codes"] == 35


def test_codes_are_given_with_the_file_that_has_the_people_and_with_no_other(tmp_path):
    contacts = contacts_of()
    contacts.loc[:4, "email"] = None
    case = loaded(Case(tmp_path, contacts=contacts))
    case.export("plain_xlsx", only=["DO-NOT-SEND-p1-plain_xlsx.xlsx"])
    assert codes.of(case.shop.path, "p1") == {} and "codes" not in case.entries()[-1].payload
    mails = case.export("klaviyo", only=["p1-klaviyo-1-email.csv"])
    given = codes.of(case.shop.path, "p1")
    assert len(given) == files(mails)[0].people < mails.asked
    texts = case.export("klaviyo", only=["p1-klaviyo-2-sms.csv"])
    assert given.items() < codes.of(case.shop.path, "p1").items()
    assert len(codes.of(case.shop.path, "p1")) == files(texts)[0].people


def test_klaviyo_hands_codes_out_itself(case):
    assert not any("Coupon" in table(file) for file in files(case.export("klaviyo")))
    assert codes.of(case.shop.path, "p1")


def test_nothing_leaves_for_a_tool_with_fewer_codes_than_people(case, tmp_path):
    codes.withdraw(case.shop.path, "p1", "ana", case.config)
    with pytest.raises(NotEnoughData, match="0 codes for"):
        case.export("mailchimp", tmp_path / "out")
    assert not list(tmp_path.glob("out/*"))
    assert case.entries()[-1].action == "approved"


def test_a_code_that_moved_to_somebody_else_is_named_with_the_export_that_gave_it(case):
    case.export("mailchimp")
    assert assignments.saved(case.shop.path).columns.tolist() == assignments.COLUMNS
    where = (case.shop.path, case.shop.shop_id, case.config)
    assert attached.problems(*where) == []
    (one, code), *_ = codes.of(case.shop.path, "p1").items()
    with closing(sqlite3.connect(database.path_of(case.shop.path))) as db:
        db.execute("DROP TRIGGER codes_stay")
        db.execute("UPDATE codes SET customer_id = 'friend' WHERE code = ?", [code])
        db.commit()
    (said,) = [problem.text() for problem in attached.problems(*where)]
    assert said.startswith("Entry 3: ") and code in said and one not in said


def test_who_is_erased_leaves_no_code_that_would_be_missed(case, tmp_path):
    case.export("plain_csv")
    where = (case.shop.path, case.shop.shop_id, case.config)
    gone = next(iter(codes.of(case.shop.path, "p1")))
    forgetting.erase(*where, tmp_path / "backups", [gone], case.now)
    assert gone not in codes.of(case.shop.path, "p1")
    assert attached.problems(*where) == []
