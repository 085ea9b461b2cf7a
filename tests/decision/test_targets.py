"""Each tool's file is as that tool documents it; nobody gets a message who must not, and nobody is lost unsaid."""

import csv
import hashlib
import io
import json
import shutil
import subprocess
from datetime import date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from python_calamine import CalamineWorkbook

from engine.__main__ import main
from engine.campaign import links
from engine.campaign.plan import Audience, Offer, Plan, Step
from engine.decision import approvals, assignments, cells, export, ledger, plans
from engine.decision.export import targets
from engine.decision.export.identifiers import sha256
from engine.decision.export.package import Package
from engine.errors import DataProblem, NotAllowed
from engine.shop import erasure, store, vault
from tests.decision.test_cells import CORPUS, DANGEROUS, HOSTILE
from tests.tiny import shop_of

NOW = datetime(2026, 6, 1, 12)
PEOPLE = [f"c{number:02d}" for number in range(40)]
SMS = Step(day=3, channel="sms", copy={"body": "85 折"})
MAIL = Step(copy={"subject": "Come back"})
AD = Step(day=7, channel="ad", copy={"headline": "Come back"})
STEPS = {"email": MAIL, "sms": SMS, "ad": AD}
# Documented headers, typed here from the documents named in engine.decision.export.targets.
HEADERS = {
    ("klaviyo", "email"): ["Email"], ("klaviyo", "sms"): ["Phone Number"], ("mailchimp", "email"): ["Email Address"],
    ("meta", "ad"): ["email", "phone", "extern_id"], ("google", "ad"): ["Email", "Phone"],
    ("aliyun_sms", "sms"): ["phone", "code"], ("plain_csv", "email"): ["customer_id", "email"],
    ("plain_xlsx", "sms"): ["customer_id", "phone"],
}  # fmt: skip


def contacts_of(people=PEOPLE):
    number = range(len(people))
    return pd.DataFrame({
        "customer_id": people, "email": [f"{one.upper()}.x@Gmail.com" for one in people],
        "phone": [f"138 1234 {5000 + n}" for n in number], "external_id": [f"shop/{n}" for n in number],
    })  # fmt: skip


class Case:
    """A shop with contacts and an approved plan, and what leaves of it."""

    def __init__(self, folder, tables=None, settings=None, contacts=None, now=NOW):
        known = {"customers": pd.DataFrame({"customer_id": PEOPLE, "joined_at": "2026-01-01"}), **(tables or {})}
        orders = pd.DataFrame({
            "order_id": ["o1"], "customer_id": known["customers"]["customer_id"].tolist()[-1:], "product_id": ["p"],
            "quantity": [1], "unit_price": [5.0], "ordered_at": pd.to_datetime(["2026-01-05"]),
        })  # fmt: skip
        self.config, self.now = folder / "config", now
        # Hashes of the permanent holdout begin with the shop's id.
        fixed = {"shop_id": "shop-1", "country": "CN", **(settings or {})}
        self.shop = shop_of(folder / "shop", {**known, "orders": orders}, fixed)
        contacts = contacts_of() if contacts is None else contacts
        if len(contacts):
            vault.add(self.shop.path, self.shop.shop_id, self.config, contacts)

    def approve(self, plan_id="p1", people=PEOPLE, **changes) -> Plan:
        usual = {
            "name": "Spring", "owner": "ana", "offer": Offer(kind="percent", discount=0.15, code="HOME15"),
            "steps": [MAIL], "starts_at": date(2026, 6, 8), "ends_at": date(2026, 6, 30), "holdout": 0.25,
            "audience": Audience(customer_ids=people),
        }  # fmt: skip
        plan = Plan(plan_id=plan_id, **{**usual, **changes})
        arguments = (self.now, self.config)
        approvals.submit(self.shop.path, self.shop.shop_id, plan, {}, "ana", *arguments)
        approvals.approve(self.shop.path, self.shop.shop_id, plan_id, "ben", "ben", "fits", *arguments)
        return plans.load(self.shop.path, plan_id).plan

    def export(self, target, out=None, **more) -> Package:
        left = export.export_target(self.shop, target, out, self.now, self.config, person="cy", **more)
        return left.packages[-1]

    def entries(self):
        return ledger.entries(self.shop.path, self.shop.shop_id, self.config)


@pytest.fixture
def case(tmp_path):
    return Case(tmp_path)


def table(file) -> pd.DataFrame:
    """A file as its tool reads it: text, as it stands."""
    if file.name.endswith(".xlsx"):
        header, *rows = CalamineWorkbook.from_filelike(io.BytesIO(file.content)).get_sheet_by_index(0).to_python()
    else:
        header, *rows = csv.reader(io.StringIO(file.content.decode("utf-8-sig"), newline=""))
    return pd.DataFrame(rows, columns=header, dtype="str")


def files(package, kind="send"):
    return [file for file in package.files if file.kind == kind]


def addresses(package, kind="send") -> set[str]:
    """Everything in the files of a kind that is no customer_id and no variant."""
    found = [table(file).drop(columns=["customer_id", "Variant"], errors="ignore") for file in files(package, kind)]
    return {text for one in found for text in one.to_numpy().ravel() if text}


# --- the file of each tool ---


def test_what_mailchimp_would_cut_off_is_refused_and_other_tools_get_it(case, tmp_path):
    long, fits = "组" * 86, "组" * 85  # 258 and 255 bytes
    case.approve(variants=["A", long])
    with pytest.raises(DataProblem, match=r"Mailchimp cuts text off after 255 bytes, and in column Variant .* has 258"):
        case.export("mailchimp", tmp_path / "out")
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())
    assert case.entries()[-1].action == "approved"
    assert set(table(files(case.export("klaviyo"))[0])["Variant"]) == {"A", long}
    case.approve("p2", variants=["A", fits])
    assert set(table(files(case.export("mailchimp", plan_ids=["p2"]))[0])["Variant"]) <= {"A", fits}


@pytest.mark.parametrize(("target", "channel"), HEADERS)
def test_the_header_and_the_form_are_those_of_the_tools_document(case, target, channel):
    case.approve(steps=[STEPS[channel]])
    package = case.export(target)
    [file] = files(package)
    assert list(table(file).columns) == HEADERS[target, channel]
    assert package.asked == package.named == file.people == len(table(file)) > 20
    assert package.held == package.held_named == files(package, "hold")[0].people == 40 - file.people
    if file.name.endswith(".csv"):
        assert file.content.count(b"\r\n") == len(table(file)) + 1
        assert file.content.startswith(b"\xef\xbb\xbf") == (target == "plain_csv")


def test_klaviyo_and_mailchimp_get_addresses_in_lower_case_and_the_variant_beside_them(case):
    case.approve(variants=["A", "B"])
    for target in ("klaviyo", "mailchimp"):
        found = table(files(case.export(target))[0])
        assert set(found["Variant"]) == {"A", "B"}
        assert found.iloc[:, 0].str.fullmatch(r"c\d\d\.x@gmail\.com").all()


def test_a_number_keeps_its_plus_for_a_tool_and_is_marked_for_a_spreadsheet(case):
    case.approve(steps=[SMS])
    assert b'\r\n"+861381234' in files(case.export("klaviyo"))[0].content
    plain = files(case.export("plain_csv"))[0].content
    assert b"\"'+861381234" in plain
    assert cells.read_back(plain)["phone"].str.fullmatch(r"\+861381234\d{4}").all()
    assert table(files(case.export("plain_xlsx"))[0])["phone"].str.fullmatch(r"\+861381234\d{4}").all()
    assert table(files(case.export("aliyun_sms"))[0])["phone"].str.fullmatch(r"1381234\d{4}").all()


def test_ad_platforms_get_hashes_only_each_by_its_own_rule(case):
    plan = case.approve(steps=[AD])
    sent = export.assigned(plan, export.audience(case.shop, plan)).query("treated == 1")["customer_id"]
    at = [PEOPLE.index(one) for one in sent]
    meta, google = (table(files(case.export(target))[0]) for target in ("meta", "google"))
    assert meta["email"].tolist() == [sha256(f"{one}.x@gmail.com") for one in sent]
    assert meta["phone"].tolist() == [sha256(f"861381234{5000 + n}") for n in at]
    assert meta["extern_id"].tolist() == [sha256(f"shop/{n}") for n in at]
    assert google["Email"].tolist() == [sha256(f"{one}x@gmail.com") for one in sent]
    assert google["Phone"].tolist() == [sha256(f"+861381234{5000 + n}") for n in at]


def test_where_a_tool_has_no_column_for_it_each_variant_is_a_file_of_its_own(case):
    plan = case.approve(variants=["A", "B"], steps=[AD])
    for target in ("meta", "google"):
        found = files(case.export(target))
        assert [(file.name, file.shared) for file in found] == [
            (f"p1-{target}-group1.csv", ("A",)), (f"p1-{target}-group2.csv", ("B",)),
        ]  # fmt: skip
    drawn = export.assigned(plan, export.audience(case.shop, plan))["variant"].value_counts()
    assert [file.people for file in found] == [drawn["A"], drawn["B"]]


def test_each_message_is_a_file_with_the_one_address_that_it_needs(case):
    case.approve(steps=[MAIL, SMS])
    package = case.export("klaviyo")
    assert [file.name for file in package.files] == [
        "p1-klaviyo-1-email.csv", "p1-klaviyo-2-sms.csv", "DO-NOT-SEND-p1-klaviyo.csv",
    ]  # fmt: skip
    mail, sms, hold = (list(table(file).columns) for file in package.files)
    assert (mail, sms, hold) == (["Email"], ["Phone Number"], ["Email", "Phone Number"])
    assert package.identifiers == ("email", "phone")
    assert [file.step for file in files(case.export("mailchimp"))] == [0]
    assert [file.step for file in files(case.export("aliyun_sms"))] == [1]


def test_a_tool_that_sends_none_of_the_messages_is_refused_and_nothing_is_recorded(case, tmp_path):
    case.approve(steps=[SMS])
    with pytest.raises(NotAllowed, match="Mailchimp sends none of this plan's messages"):
        case.export("mailchimp", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert [entry.action for entry in case.entries()] == ["submitted", "approved"]


@pytest.mark.parametrize("target", ["meta", "google"])
def test_people_of_a_plan_without_an_ad_leave_for_no_ad_platform(case, tmp_path, target):
    case.approve(steps=[MAIL, SMS])
    with pytest.raises(NotAllowed, match="None of this plan's messages is an ad"):
        case.export(target, tmp_path / "out")
    with pytest.raises(NotAllowed, match="None of this plan's messages is an ad"):
        export.preview(case.shop, plans.load(case.shop.path, "p1").plan, target, case.config)
    assert not (tmp_path / "out").exists()
    assert [entry.action for entry in case.entries()] == ["submitted", "approved"]


def test_a_file_above_a_limit_of_its_tool_is_several_that_keep_it(case, monkeypatch):
    case.approve()
    whole = table(files(case.export("klaviyo"))[0])
    for limit in ({"max_bytes": 300}, {"max_rows": 7}):
        small = {name: getattr(targets.TARGETS["klaviyo"], name) for name in targets.Target.__slots__} | limit
        monkeypatch.setitem(targets.TARGETS, "klaviyo", targets.Target(**small))
        parts = files(case.export("klaviyo"))
        assert [file.name for file in parts] == [f"p1-klaviyo-part{n}.csv" for n in range(1, len(parts) + 1)]
        assert all(len(file.content) <= limit.get("max_bytes", 1e9) for file in parts)
        assert all(file.people <= limit.get("max_rows", 1e9) for file in parts)
        assert pd.concat([table(file) for file in parts], ignore_index=True).equals(whole)


# --- who is in no file, and why ---


def test_who_has_no_usable_address_is_counted_told_and_listed(tmp_path):
    contacts = contacts_of()
    contacts.loc[:3, "email"] = None
    contacts.loc[4, "email"] = "=1+1@x.com"
    case = Case(tmp_path, contacts=contacts[:-1])
    case.approve(holdout=0.0)
    package = case.export("klaviyo")
    assert (package.asked, package.named, package.aside) == (40, 34, {"no_email": 5, "bad_email": 1})
    said = [sentence.text() for sentence in package.report]
    assert said[:2] == [
        "34 of 40 people stand in the files to send.", "5 of 40 have no e-mail address in the vault.",
    ]  # fmt: skip
    listed = cells.read_back(files(package, "aside")[0].content)
    assert dict(zip(listed["customer_id"], listed["reason"], strict=True)) == {
        **dict.fromkeys(["c00", "c01", "c02", "c03", "c39"], "no_email"), "c04": "bad_email",
    }  # fmt: skip
    assert set(listed["exported"]) == {"0"}
    assert all(sentence.text("zh") for sentence in [*package.report, *package.checklist])


def test_numbers_without_a_country_are_told_until_the_shop_has_one(tmp_path):
    case = Case(tmp_path, settings={"country": ""})
    case.approve(steps=[SMS], holdout=0.0)
    assert case.export("klaviyo").aside == {"phone_country": 40}
    case.shop = store.save_settings(case.shop, {"country": "CN"})
    assert case.export("klaviyo").aside == {}


def test_of_several_addresses_one_is_enough_and_the_other_is_told(tmp_path):
    contacts = contacts_of()
    contacts.loc[0, "phone"] = "12"
    contacts.loc[1, ["email", "external_id"]] = None
    contacts.loc[2, ["email", "phone", "external_id"]] = None
    case = Case(tmp_path, contacts=contacts)
    case.approve(holdout=0.0, steps=[AD])
    package = case.export("meta")
    assert (package.named, package.aside, package.unused) == (39, {"no_contact": 1}, {"phone_length": 1})
    assert case.export("google").aside == {"no_contact": 1}


def test_without_a_vault_people_are_named_by_the_customer_number_and_the_report_says_so(tmp_path):
    case = Case(tmp_path, contacts=pd.DataFrame())
    case.approve(steps=[MAIL, AD])
    for target in ("klaviyo", "meta", "plain_xlsx"):
        package = case.export(target)
        assert package.identifiers == ("customer_id",)
        assert set(table(files(package)[0])["customer_id"]) <= set(PEOPLE)
        assert "keeps no contacts" in package.report[1].text()
        assert package.named == package.asked


# --- who must not get it ---


@pytest.mark.parametrize("target", export.NAMES)
def test_nobody_who_is_held_out_stands_in_a_file_to_send_and_all_of_them_in_the_other(case, target):
    case.approve(steps=[MAIL, SMS, AD], holdout=0.4)
    package = case.export(target)
    sent, held = addresses(package), addresses(package, "hold")
    assert sent and held and not sent & held
    [file] = files(package, "hold")
    assert file.name.startswith("DO-NOT-SEND-") and file.people == package.held > 5
    assert any(file.name in step.text() for step in package.checklist)


def tables(**columns):
    return {"customers": pd.DataFrame({"customer_id": PEOPLE, "joined_at": "2026-01-01", **columns})}


def test_consent_unsubscribes_and_suppression_are_those_of_the_moment_by_target_and_channel(tmp_path):
    first = [1] + [0] * 39
    case = Case(
        tmp_path, tables(email_consent=[0, 0] + [1] * 38, sms_consent=[1] * 39 + [0], ad_consent=[1] * 30 + [0] * 10)
    )
    case.approve(steps=[MAIL, SMS, AD], holdout=0.0)
    assert [file.people for file in files(case.export("klaviyo"))] == [38, 39]
    assert case.export("aliyun_sms").named == 39
    assert case.export("meta").named == 30
    customers = case.shop.table("customers")
    customers["unsubscribed_at"] = pd.to_datetime(["2026-05-30"] * 5 + [None] * 35)
    customers["suppressed"] = [0] * 5 + first[:35]
    store.save_tables(case.shop, {"customers": customers})
    assert [file.people for file in files(case.export("klaviyo"))] == [34, 38]
    assert case.export("google").named == 24  # who unsubscribed from mail sees no ad either


def test_recent_buyers_other_plans_and_the_cap_are_asked_at_the_moment(tmp_path):
    sent = pd.DataFrame({
        "campaign_id": "k1", "customer_id": PEOPLE[20:23], "sent_at": pd.to_datetime(["2026-06-05"] * 3), "treated": 1,
    })  # fmt: skip
    campaign = pd.DataFrame({"campaign_id": ["k1"], "channel": ["email"], "starts_at": pd.to_datetime(["2026-06-05"])})
    case = Case(tmp_path, {"deliveries": sent, "campaigns": campaign}, {"frequency_cap": 1})
    case.approve("first", PEOPLE[:10])
    case.approve("p1", audience=Audience(customer_ids=PEOPLE, skip_buyers_days=7), holdout=0.0)
    package = case.export("klaviyo", plan_ids=["p1"])
    bought = pd.DataFrame({
        "order_id": ["o2"], "customer_id": [PEOPLE[30]], "product_id": ["p"], "quantity": [1], "unit_price": [5.0],
        "ordered_at": pd.to_datetime(["2026-05-31"]),
    })  # fmt: skip
    assert package.named == 40 - 10 - 3
    store.save_tables(case.shop, {"orders": bought})
    again = case.export("klaviyo", plan_ids=["p1"])
    assert addresses(package) - addresses(again) == {"c30.x@gmail.com"}


def test_an_address_of_somebody_who_unsubscribed_or_is_held_out_is_used_for_nobody(tmp_path):
    contacts = contacts_of([*PEOPLE, "gone"])
    contacts.loc[40, "email"] = contacts.loc[7, "email"] = "both@x.com"
    gone = pd.DataFrame({"customer_id": ["gone"], "joined_at": "2026-01-01", "unsubscribed_at": "2026-05-01"})
    customers = pd.concat([tables()["customers"], gone], ignore_index=True)
    case = Case(tmp_path, {"customers": customers}, contacts=contacts)
    plan = case.approve(holdout=0.0)
    package = case.export("klaviyo")
    assert package.aside == {"refused": 1}
    assert "both@x.com" not in addresses(package)
    plan = case.approve("p2", holdout=0.5, starts_at=date(2026, 9, 1), ends_at=date(2026, 9, 9))
    drawn = export.assigned(plan, export.audience(case.shop, plan))
    one, other = (drawn.loc[drawn["treated"].eq(number), "customer_id"].iloc[0] for number in (0, 1))
    contacts.loc[contacts["customer_id"].isin([one, other]), "email"] = "house@x.com"
    vault.add(case.shop.path, case.shop.shop_id, case.config, contacts)
    package = case.export("mailchimp", plan_ids=["p2"])
    assert package.aside["held_out"] == 1
    assert "house@x.com" in addresses(package, "hold") - addresses(package)


def test_two_customers_with_one_address_get_one_message(tmp_path):
    contacts = contacts_of()
    contacts.loc[5, "email"] = contacts.loc[6, "email"].upper()
    case = Case(tmp_path, contacts=contacts)
    case.approve(holdout=0.0)
    package = case.export("klaviyo")
    assert (package.named, package.aside) == (39, {"duplicate": 1})


# --- what is on record ---


def test_what_left_is_on_record_without_any_address(case, tmp_path):
    case.approve()
    package = case.export("klaviyo", tmp_path / "out")
    entry = case.entries()[-1]
    assert (entry.action, entry.actor) == ("exported", "cy")
    assert entry.payload["target"] == "klaviyo" and entry.payload["identifiers"] == ["email"]
    assert entry.payload["people"] == package.named
    for file in package.files:
        written = (tmp_path / "out" / file.name).read_bytes()
        digest = hashlib.sha256(written).hexdigest()
        assert entry.payload["files"][file.name] == {"people": file.people, "sha256": digest}
    assert "gmail" not in json.dumps(entry.payload) and "1381234" not in json.dumps(entry.payload)
    assert plans.load(case.shop.path, "p1").plan.status == "exported"
    assert {path.name for path in (tmp_path / "out").iterdir()} == {file.name for file in package.files}


def test_one_file_alone_is_one_entry_about_that_file(case):
    case.approve()
    package = case.export("klaviyo", only=["DO-NOT-SEND-p1-klaviyo.csv"])
    assert [file.kind for file in package.files] == ["hold"]
    assert list(case.entries()[-1].payload["files"]) == ["DO-NOT-SEND-p1-klaviyo.csv"]
    with pytest.raises(DataProblem, match="audience has changed"):
        case.export("klaviyo", only=["p1-klaviyo-part2.csv"])


def test_a_preview_says_the_same_numbers_and_leaves_no_trace(case):
    plan = case.approve()
    shown = export.preview(case.shop, plan, "klaviyo", case.config)
    assert [entry.action for entry in case.entries()] == ["submitted", "approved"]
    assert {file.content for file in shown.files} == {b""}
    left = case.export("klaviyo")
    assert [(one.name, one.people) for one in shown.files] == [(one.name, one.people) for one in left.files]
    assert shown.report == left.report


@pytest.mark.parametrize("target", export.NAMES)
def test_the_same_history_and_vault_give_the_same_bytes_again(case, target):
    case.approve(steps=[MAIL, SMS, AD], variants=["A", "B"])
    first = case.export(target)
    case.now += timedelta(days=1)
    assert case.export(target) == first


def test_an_unapproved_plan_leaves_for_no_tool(case):
    case.approve()
    saved = plans.load(case.shop.path, "p1")
    changed = saved.plan.model_copy(update={"holdout": 0.1})
    plans.save(case.shop.path, changed, saved.extras, saved.version, NOW)
    with pytest.raises(NotAllowed, match="is a draft"):
        case.export("klaviyo", plan_ids=["p1"])


def test_the_command_writes_the_files_of_a_tool_into_a_folder(case, tmp_path, monkeypatch):
    case.approve()
    monkeypatch.setenv("OFFERLAB_CONFIG", str(case.config))
    command = ["export", "--shop", str(case.shop.path), "--target", "klaviyo", "--out", str(tmp_path / "out" / "june")]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 0, done.output
    [told] = json.loads(done.stdout)["plans"]
    assert [file["kind"] for file in told["files"]] == ["send", "hold"]
    assert {Path(file["file"]).name for file in told["files"]} == {p.name for p in (tmp_path / "out/june").iterdir()}
    assert told["named"] + told["held_out"] == 40 and told["checklist"] and "stand in the files" in told["report"][0]


# --- no cell runs ---


def hostile_case(folder) -> tuple[Case, list[str]]:
    path = CORPUS / "csv_corpus.json"
    texts = json.loads(path.read_text(encoding="utf-8")) if path.exists() else HOSTILE
    ids = [text for text in dict.fromkeys([*HOSTILE, *texts]) if text.strip() and "\x00" not in text]
    ids = list({text.strip(): text.strip() for text in ids})
    contacts = contacts_of(ids).assign(email=[f"n{n}@x.com" for n in range(len(ids))], external_id=ids)
    contacts["phone"] = [f"1381{n:07d}" for n in range(len(ids))]
    case = Case(folder, {"customers": pd.DataFrame({"customer_id": ids})}, contacts=contacts)
    case.approve(
        people=ids, name="=1+1", steps=[MAIL, SMS, Step(day=5, channel="push"), AD], variants=["=A1", "'+B", "@c"],
        offer=Offer(kind="percent", discount=0.15, code="=HYPERLINK(1)"), holdout=0.3,
    )  # fmt: skip
    return case, ids


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    case, ids = hostile_case(tmp_path_factory.mktemp("hostile"))
    return {target: case.export(target) for target in export.NAMES}, ids


def test_no_cell_of_any_file_could_run_and_every_text_comes_back(hostile):
    packages, ids = hostile
    for package in packages.values():
        for file in package.files:
            if file.name.endswith(".xlsx"):
                continue  # text by the type of its cells: see test_workbook
            found = table(file)
            phones = found.to_numpy().ravel()
            assert [text for text in phones if DANGEROUS.match(text) and not text.startswith("+861381")] == []
            if "customer_id" in found:
                assert set(cells.read_back(file.content)["customer_id"]) <= set(ids)
    assert set(table(files(packages["plain_xlsx"])[0])["customer_id"]) <= set(ids)
    assert set(cells.read_back(files(packages["plain_csv"])[0].content)["variant"]) == {"=A1", "'+B", "@c"}
    assert set(table(files(packages["plain_xlsx"])[0])["variant"]) == {"=A1", "'+B", "@c"}
    assert set(table(files(packages["aliyun_sms"])[0])["code"]) == {"=HYPERLINK(1)"}


@pytest.mark.full
@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice is not installed")
def test_libreoffice_makes_no_formula_of_any_file(hostile, tmp_path):
    written = {file.name: file.content for package in hostile[0].values() for file in package.files}
    for name, content in written.items():
        (tmp_path / name).write_bytes(content)
    command = ["soffice", "--headless", "--convert-to", "fods", "--outdir", str(tmp_path / "read")]
    subprocess.run(
        [*command, *(str(tmp_path / name) for name in written)],
        check=True, capture_output=True, timeout=600, env={"HOME": str(tmp_path), "PATH": "/usr/bin"},
    )  # fmt: skip
    read = list((tmp_path / "read").glob("*.fods"))
    assert len(read) > 15
    assert [path.name for path in read if "table:formula" in path.read_text(encoding="utf-8")] == []


# --- the permanent holdout, and what is kept ---


def test_the_permanent_holdout_is_in_no_audience_and_in_every_list_to_exclude(tmp_path):
    case = Case(tmp_path, settings={"global_holdout": 0.2})
    first, second = case.approve(), case.approve("p2", starts_at=date(2026, 9, 1), ends_at=date(2026, 9, 9))
    held = set(export.held_globally(case.shop, first))
    assert 3 < len(held) < 15 and held == set(export.held_globally(case.shop, second))
    for plan in (first, second):
        assert not held & set(export.audience(case.shop, plan))
    package = case.export("mailchimp", plan_ids=["p1"])
    assert {f"{one}.x@gmail.com" for one in held} <= addresses(package, "hold")
    kept = assignments.saved(case.shop.path)
    mine = kept[kept["global_holdout"].eq(1)]
    assert set(mine["customer_id"]) == held
    assert (set(mine["treated"]), set(mine["propensity"]), set(mine["variant"])) == ({0}, {0.0}, {""})
    assert len(kept) == 40 and package.held == kept["treated"].eq(0).sum()


def test_who_may_not_be_written_to_anyway_is_no_permanent_holdout_of_a_plan(tmp_path):
    case = Case(tmp_path, tables(email_consent=[0] * 20 + [1] * 20), {"global_holdout": 0.5})
    plan = case.approve()
    held = export.held_globally(case.shop, plan)
    assert held and set(held) <= set(PEOPLE[20:])
    assert set(held.values()) == {"email"}


def test_the_assignment_of_every_recorded_export_is_kept(case):
    plan = case.approve(variants=["A", "B"])
    case.export("klaviyo")
    case.now += timedelta(days=1)
    plain = export.export_plans(
        case.shop.path, case.shop.shop_id, None, lambda one: export.audience(case.shop, one), case.now, case.config
    )
    kept = assignments.saved(case.shop.path)
    assert list(kept.columns) == assignments.COLUMNS
    written = cells.read_back(plain.audience_csv)
    assert kept["customer_id"].tolist() == written["customer_id"].tolist() == PEOPLE
    assert kept["treated"].astype("str").tolist() == written["treated"].tolist()
    assert kept["variant"].tolist() == written["variant"].tolist()
    assert set(kept["propensity"]) == {1 - plan.holdout} and set(kept["channels"]) == {"email"}
    assert set(kept["seq"]) == {case.entries()[-1].seq} and set(kept["exported_at"]) == {"2026-06-02T12:00:00"}
    assert len(assignments.saved(case.shop.path, every=True)) == 80


def test_an_assignment_whose_export_was_never_recorded_is_not_read(case, monkeypatch):
    case.approve()
    put = assignments.put

    def full_disk(*arguments):
        put(*arguments)
        raise DataProblem("The disk is full.")

    monkeypatch.setattr(assignments, "put", full_disk)
    with pytest.raises(DataProblem):
        case.export("klaviyo")
    assert list((case.shop.path / "assignments").iterdir())
    assert assignments.saved(case.shop.path).empty


def test_who_comes_and_goes_between_two_exports_stays_in_what_was_kept(case):
    case.approve(holdout=0.0)
    case.export("klaviyo")
    customers = case.shop.table("customers")
    customers["unsubscribed_at"] = pd.to_datetime(["2026-05-30"] + [None] * 39)
    store.save_tables(case.shop, {"customers": customers})
    case.export("klaviyo")
    kept = assignments.saved(case.shop.path).set_index("customer_id")["seq"]
    assert kept["c00"] < kept["c01"] and len(kept) == 40


def test_an_erased_customer_is_taken_out_of_what_was_kept_and_never_comes_back(case):
    case.approve(holdout=0.0)
    case.export("klaviyo")
    done = erasure.erase(case.shop.path, case.shop.shop_id, case.config, ["c07"], NOW)
    assert done.left == [] and len(assignments.saved(case.shop.path)) == 39
    found = export.assigned(plans.load(case.shop.path, "p1").plan, PEOPLE).assign(global_holdout=0)
    export.export_plans(case.shop.path, case.shop.shop_id, None, lambda plan: PEOPLE, case.now, case.config)
    assert "c07" in set(found["customer_id"])  # an audience made before the erasure still has them
    assert "c07" not in set(assignments.saved(case.shop.path, every=True)["customer_id"])


def test_a_shop_without_exports_has_no_assignment(case):
    assert assignments.saved(case.shop.path).empty
    assert list(assignments.saved(case.shop.path).columns) == assignments.COLUMNS


# --- where variants lead ---


def test_each_variant_leads_to_its_own_address_in_the_tools_file_or_the_report_says_where_and_why_not(case):
    plan = case.approve(steps=[MAIL, SMS, AD], variants=["A", "B"], landing_url="https://shop.example/tea")
    for target, column in (("klaviyo", "Link"), ("mailchimp", "Link"), ("plain_csv", "link"), ("plain_xlsx", "link")):
        package = case.export(target)
        found = table(files(package)[0])
        variants = found["Variant" if column == "Link" else "variant"]
        assert found[column].tolist() == [links.of_step(plan, 0, one) for one in variants]
        said = " ".join(one.text() for one in package.report)
        assert f"Column {column} holds" in said
        assert ("text message has one address" in said) == (target != "mailchimp")
    said = " ".join(one.text() for one in case.export("google").report)
    assert all(f"The ads for variant {one} lead to {links.of_step(plan, 2, one)}" in said for one in "AB")
    [only] = [one for one in case.export("aliyun_sms").report if "one address for all variants" in one.text()]
    assert only.text("zh")


def test_an_address_longer_than_mailchimp_keeps_is_refused(case):
    case.approve(variants=["A", "B"], landing_url="https://shop.example/" + "t" * 220)
    with pytest.raises(DataProblem, match="in column Link"):
        case.export("mailchimp")
