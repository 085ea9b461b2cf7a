"""Personal codes in the files of sending tools: the code a person keeps, or none where the tool hands them out."""

import pytest

from engine.campaign.plan import Offer
from engine.decision import code_files, codes
from engine.errors import NotEnoughData
from tests.decision.test_targets import MAIL, PEOPLE, SMS, Case, files, table

PERSONAL = Offer(kind="percent", discount=0.15, personal_codes=True)


@pytest.fixture
def case(tmp_path):
    """A shop with an approved plan of two messages and thirty personal codes."""
    made = Case(tmp_path)
    made.approve(offer=PERSONAL, steps=[MAIL, SMS], holdout=0.25)
    read = code_files.read_bytes("\n".join(f"T{number:03d}" for number in range(36)).encode(), "codes.txt")
    codes.load(made.shop.path, "p1", read, "ana", made.now, made.config)
    return made


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


def test_klaviyo_hands_codes_out_itself(case):
    assert not any("Coupon" in table(file) for file in files(case.export("klaviyo")))
    assert codes.of(case.shop.path, "p1")


def test_nothing_leaves_for_a_tool_with_fewer_codes_than_people(case, tmp_path):
    codes.withdraw(case.shop.path, "p1", "ana", case.config)
    with pytest.raises(NotEnoughData, match="0 codes for"):
        case.export("mailchimp", tmp_path / "out")
    assert not list(tmp_path.glob("out/*"))
    assert case.entries()[-1].action == "approved"
