"""A decision taken outside Offerlab: what shows it is kept, and seen when it is gone or changed."""

import hashlib

import pytest

from engine.access import roles
from engine.decision import approvals, evidence
from engine.errors import DataProblem, NotAllowed, StoreProblem

MAIL = (
    "From: ben@example.com\r\nSubject: Re: June\r\nDate: Mon, 1 Jun 2026\r\n\r\nAPPROVED. Fits the range. 👍\r\n"
).encode()
PICTURE = b"\x89PNG\r\n\x1a\n" + b"pixels" * 9


def kept(shop):
    return sorted(path.name for path in (shop.dir / "evidence").glob("*"))


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (MAIL, "eml"),
        (PICTURE, "png"),
        (b"\xff\xd8\xff\xe0 a photograph", "jpg"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "webp"),
        (b"GIF89a", "gif"),
        (b"%PDF-1.7 a page", "pdf"),
        ("批准。价格合适".encode(), "txt"),
        ("批准。价格合适".encode("gb18030"), "txt"),
        (b"APPROVED\nfrom: me, on my word", "txt"),
        (b"<html><script>alert(1)</script></html>", "txt"),  # comes back as bytes of a text, never as a page
    ],
)
def test_what_a_file_is_follows_from_its_bytes(content, kind):
    assert evidence.examined(content).kind == kind


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty file"),
        (b"PK\x03\x04 a zip or a workbook\x00", "neither a picture"),
        (b"\x7fELF\x02\x01\x01\x00", "neither a picture"),
        (b"MZ\x90\x00\x03", "neither a picture"),
        (b"A" * (evidence.MAX_BYTES + 1), "at most 10 MB"),
    ],
)
def test_other_files_are_refused_before_anything_is_kept(shop, plan, content, said):
    shop.submit(plan)
    with pytest.raises(DataProblem, match=said):
        shop.approve(proof=content)
    assert kept(shop) == []
    assert [entry.action for entry in shop.entries()] == ["submitted"]


def test_evidence_is_named_by_its_hash_in_the_entry_and_comes_back_as_it_was(shop, plan):
    shop.submit(plan)
    decision = shop.approve(proof=MAIL)
    assert decision.evidence == evidence.Evidence(hashlib.sha256(MAIL).hexdigest(), len(MAIL), "eml")
    assert kept(shop) == [decision.evidence.sha256]
    assert evidence.is_there(shop.dir, decision.evidence)
    assert evidence.read(shop.dir, shop.shop_id, shop.config, decision.evidence) == MAIL
    assert b"APPROVED" not in evidence.path_of(shop.dir, decision.evidence).read_bytes()
    assert shop.verify().ok
    assert evidence.problems(shop.dir, shop.shop_id, shop.config, shop.entries()) == []


def test_the_same_file_for_two_decisions_is_kept_once(shop, make_plan):
    for plan_id in ("one", "two"):
        shop.submit(make_plan(plan_id))
        shop.approve(plan_id, proof=PICTURE)
    assert len(kept(shop)) == 1


@pytest.mark.parametrize("damage", ["gone", "flipped", "cut", "exchanged"])
def test_evidence_that_is_gone_or_changed_is_said_with_its_entry(shop, plan, damage):
    shop.submit(plan)
    path = evidence.path_of(shop.dir, shop.approve(proof=MAIL).evidence)
    sealed = path.read_bytes()
    if damage == "gone":
        path.unlink()
    elif damage == "exchanged":
        path.write_bytes(evidence.path_of(shop.dir, keep(shop, PICTURE)).read_bytes())
    else:
        path.write_bytes(sealed[:-1] if damage == "cut" else sealed[:-1] + bytes([sealed[-1] ^ 1]))
    assert evidence.is_there(shop.dir, evidence.of_entry(shop.entries()[-1])) == (damage == "flipped")
    (problem,) = evidence.problems(shop.dir, shop.shop_id, shop.config, shop.entries())
    assert problem.text().startswith("Entry 2: The evidence")
    assert ("is gone" in problem.text()) == (damage == "gone")
    assert "第 2 条" in problem.text("zh")


def keep(shop, content):
    return evidence.keep(shop.dir, shop.shop_id, shop.config, content)


def test_a_damaged_file_is_put_right_when_it_is_handed_in_again(shop, plan):
    shop.submit(plan)
    found = shop.approve(proof=MAIL).evidence
    evidence.path_of(shop.dir, found).write_bytes(b"half")
    with pytest.raises(StoreProblem, match="changed or is damaged"):
        evidence.read(shop.dir, shop.shop_id, shop.config, found)
    assert keep(shop, MAIL) == found
    assert evidence.read(shop.dir, shop.shop_id, shop.config, found) == MAIL


def test_the_author_records_somebody_elses_approval_only_with_evidence(shop, plan):
    shop.submit(plan)
    by_author = recorded_by(shop, "ANA ")
    with pytest.raises(NotAllowed, match="attach what shows the approval"):
        by_author()
    decision = by_author(proof=MAIL)
    assert (decision.by, decision.recorded_by, decision.recorded_by_author) == ("ben", "ANA ", True)


def recorded_by(shop, person):
    def record(**more):
        return approvals.approve(shop.dir, shop.shop_id, "p1", "ben", person, "fits", shop.now, shop.config, **more)

    return record


def test_anybody_else_may_record_an_approval_without_evidence(shop, plan):
    shop.submit(plan)
    decision = shop.approve()
    assert (decision.recorded_by_author, decision.evidence) == (False, None)


def test_the_author_may_record_that_somebody_said_no(shop, plan):
    shop.submit(plan)
    decision = approvals.reject(shop.dir, shop.shop_id, "p1", "ben", "ana", "too dear", shop.now, shop.config)
    assert (decision.action, decision.recorded_by_author) == ("rejected", True)


def test_evidence_does_not_let_the_author_approve(shop, plan):
    shop.submit(plan)
    with pytest.raises(NotAllowed, match="second person"):
        shop.approve(by="Ana", proof=MAIL)
    assert kept(shop) == []


def test_a_listed_author_without_the_right_to_approve_records_none_even_with_evidence(shop, plan):
    shop.config.mkdir(exist_ok=True)
    (shop.config / "roles.toml").write_text('[people]\nana = "marketer"\nben = "approver"\n')
    shop.submit(plan)
    assert roles.role_of("ana", shop.config) == "marketer"
    with pytest.raises(NotAllowed, match="may not approve"):
        recorded_by(shop, "ana")(proof=MAIL)
