"""Only what a second person approved leaves, recorded, as the same bytes each time."""

import hashlib
from datetime import timedelta

import pandas as pd
import pytest
from sqlite_utils.utils import sqlite3

from engine.campaign.plan import Audience, Offer, Step
from engine.decision import approvals, cells, database, export, ledger, plans
from engine.errors import DataProblem, NotAllowed, StoreProblem
from engine.shop import store
from engine.shop.shop_settings import ShopSettings
from tests.tiny import shop_of

CUSTOMERS = [f"c{number}" for number in range(200)]
FORECAST = {"orders": 12.5, "orders_low": 8, "orders_high": 17.25, "extra_profit": -30.0, "chance_of_loss": 0.6,
            "basis": "incremental", "verdict": "coin toss: test on n"}  # fmt: skip


def send_out(shop, out=None, customers=CUSTOMERS, **more):
    return export.export_plans(shop.dir, shop.shop_id, out, lambda plan: customers, shop.now, shop.config, **more)


def approved(shop, plan, **extras):
    shop.submit(plan, forecast=FORECAST, extras=extras)
    return shop.approve(plan.plan_id)


def test_an_approved_plan_is_one_line_with_what_was_approved(shop, make_plan):
    plan = make_plan(
        name="=春季", offer=Offer(kind="percent", discount=0.15, code="HOME15"), product_ids=["p1", "007"],
        variants=["A", "B"], landing_url="https://shop.example/spring",
    )  # fmt: skip
    decision = approved(shop, plan, filled={"subject": "回来吧", "body": "15 % off, today."})
    result = send_out(shop)
    row = cells.read_back(result.plans_csv).iloc[0].to_dict()
    assert list(row) == export.PLAN_COLUMNS
    expected = {
        "plan_id": "p1", "name": "=春季", "status": "approved", "approved_by": "ben", "reason": "fits",
        "approved_at": "2026-06-01T12:00:00+00:00", "channel": "email", "language": "en", "starts_at": "2026-06-01",
        "step": "1", "day": "0", "condition": "", "send_day": "2026-06-01", "send_hour": "10",
        "audience_size": "200", "holdout": "0.1", "offer_kind": "percent", "discount": "0.15",
        "min_spend": "", "code": "HOME15", "product_ids": "p1|007", "category": "", "subject": "回来吧",
        "preheader": "", "body": "15 % off, today.", "orders": "12.5", "orders_low": "8", "orders_high": "17.25",
        "extra_orders": "", "extra_profit": "-30.0", "chance_of_loss": "0.6", "basis": "incremental",
        "verdict": "coin toss: test on n", "content_sha256": decision.content_sha256, "ledger_entries": "2",
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected
    assert shop.verify(printed=(2, row["ledger_head"])).ok
    audience = cells.read_back(result.audience_csv)
    assert list(audience.columns) == export.AUDIENCE_COLUMNS
    assert audience["customer_id"].tolist() == CUSTOMERS
    assert set(audience["propensity"]) == {"0.9"}
    assert set(audience.loc[audience["treated"] == "1", "variant"]) == {"A", "B"}
    assert b"\"'=" in result.plans_csv


def test_the_audience_size_counts_the_customers_in_the_audience_file(shop, make_plan):
    approved(shop, make_plan(audience_share=0.5))
    result = send_out(shop, customers=[*CUSTOMERS, *CUSTOMERS])
    size = int(cells.read_back(result.plans_csv)["audience_size"][0])
    assert 60 < size < 140
    assert len(cells.read_back(result.audience_csv)) == size


def test_plans_that_are_not_approved_stay_at_home(shop, make_plan):
    plans.save(shop.dir, make_plan("draft"), {}, None, shop.now)
    shop.submit(make_plan("waiting"))
    shop.submit(make_plan("refused"))
    shop.reject("refused")
    approved(shop, make_plan("b-second"))
    approved(shop, make_plan("a-first"))
    result = send_out(shop)
    assert result.plan_ids == ["a-first", "b-second"]
    assert cells.read_back(result.plans_csv)["plan_id"].tolist() == ["a-first", "b-second"]
    assert set(cells.read_back(result.audience_csv)["plan_id"]) == {"a-first", "b-second"}


def test_an_export_is_recorded_with_the_hash_of_its_bytes(shop, plan):
    approved(shop, plan)
    result = send_out(shop, person="cy")
    entry = shop.entries()[-1]
    assert (entry.action, entry.plan_id, entry.actor, entry.hash) == ("exported", "p1", "cy", result.ledger_head)
    assert entry.payload["plans_sha256"] == hashlib.sha256(result.plans_csv).hexdigest()
    assert entry.payload["audience_sha256"] == hashlib.sha256(result.audience_csv).hexdigest()
    assert plans.load(shop.dir, "p1").plan.status == "exported"
    assert shop.is_approved(plan)


def test_the_same_plans_give_the_same_bytes_again(shop, plan):
    approved(shop, plan)
    first = send_out(shop)
    saved = plans.load(shop.dir, "p1")
    plans.save(shop.dir, plan, {**saved.extras, "forecast": {"orders": 99}}, saved.version, shop.now)
    shop.now += timedelta(days=1)
    again = send_out(shop)
    assert (again.plans_csv, again.audience_csv) == (first.plans_csv, first.audience_csv)
    assert [entry.action for entry in shop.entries()] == ["submitted", "approved", "exported", "exported"]


def test_two_files_are_written_and_no_others(shop, plan, tmp_path):
    approved(shop, plan)
    (tmp_path / "out").mkdir()
    out = tmp_path / "out" / "plans.csv"
    result = send_out(shop, out)
    assert out.read_bytes() == result.plans_csv
    assert export.audience_path(out).read_bytes() == result.audience_csv
    assert sorted(path.name for path in out.parent.iterdir()) == ["plans-audience.csv", "plans.csv"]


def test_an_e_mail_leaves_as_a_page_of_the_approved_copy_on_record_and_only_when_approved(shop, make_plan, tmp_path):
    texts = {"subject": "Come back", "body": "15 % off."}
    steps = [
        Step(copy=texts, translations={"zh": {"subject": "回来吧"}}),
        Step(day=1, channel="sms", copy={"body": "Hi"}),
    ]
    plan = make_plan(steps=steps)
    own = ShopSettings(shop_id="x", sender_name="Maple", legal_lines=["12 Garden Street", "Reply STOP to opt out."])
    shop_of(shop.dir, {}, {"shop_id": shop.shop_id})
    shop.submit(plan, extras={"filled": texts | {"0:zh:subject": "回来吧", "1:body": "Hi"}})
    with pytest.raises(NotAllowed):
        send_out(shop, pages_by=own)
    shop.approve()
    result = send_out(shop, tmp_path / "plans.csv", pages_by=own)
    assert [page.file_name for page in result.pages] == ["p1-1-en.html", "p1-1-zh.html"]
    english = result.pages[0].html.decode()
    assert (tmp_path / "plans-p1-1-en.html").read_text("utf-8") == english
    assert "Come back" in english and "12 Garden Street" in english and "STOP" not in english
    hashes = {page.file_name: hashlib.sha256(page.html).hexdigest() for page in result.pages}
    assert shop.entries()[-1].payload["pages_sha256"] == hashes
    assert send_out(shop).pages == []


def break_chain(shop):
    raw = sqlite3.connect(str(shop.dir / "ledger.db"), isolation_level=None)
    raw.execute("DROP TRIGGER entries_no_update")
    raw.execute("UPDATE entries SET at = '2020-01-01' WHERE seq = 1")
    raw.close()


def change_body(shop):
    raw = sqlite3.connect(str(shop.dir / "ledger.db"), isolation_level=None)
    raw.create_function("person_key", 1, str, deterministic=True)
    raw.execute("UPDATE plans SET body = replace(body, '0.15', '0.95')")
    raw.close()


def edit(shop):
    saved = plans.load(shop.dir, "p1")
    changed = saved.plan.model_copy(update={"holdout": 0.3})
    plans.save(shop.dir, changed, saved.extras, saved.version, shop.now)


def forbid(shop):
    (shop.config / "roles.toml").write_text('[people]\nvic = "viewer"\n')


@pytest.mark.parametrize(
    ("spoil", "more", "sentence"),
    [
        (break_chain, {}, "Nothing is exported: Entry 1 of the approval history"),
        (change_body, {}, r"Plan “Spring” \(p1\) was changed after its approval"),
        (edit, {}, "nothing to export: no plan is approved"),
        (edit, {"plan_ids": ["p1"]}, r"Plan “Spring” \(p1\) is a draft. Only approved plans are exported"),
        (forbid, {"person": "vic"}, "vic is a viewer and may not export"),
        (lambda shop: None, {"plan_ids": ["p9"]}, "There is no plan p9"),
        (lambda shop: None, {"plan_ids": []}, "nothing to export"),
    ],
)
def test_a_refused_export_leaves_no_file_and_no_entry(shop, plan, tmp_path, spoil, more, sentence):
    approved(shop, plan)
    spoil(shop)
    (tmp_path / "out").mkdir()
    with pytest.raises((NotAllowed, StoreProblem), match=sentence):
        send_out(shop, tmp_path / "out" / "plans.csv", **more)
    assert list((tmp_path / "out").iterdir()) == []
    with database.reading(shop.dir) as db:
        assert db.table("entries").count == 2


def test_an_empty_shop_has_nothing_to_export(shop):
    with pytest.raises(NotAllowed, match="nothing to export"):
        send_out(shop)
    assert list(shop.dir.iterdir()) == []


def test_a_plan_edited_while_it_is_exported_is_not_exported(shop, plan, tmp_path):
    approved(shop, plan)
    (tmp_path / "out").mkdir()

    def audience_while_somebody_edits(plan):
        edit(shop)
        return CUSTOMERS

    with pytest.raises(NotAllowed, match="changed while it was exported"):
        export.export_plans(
            shop.dir, shop.shop_id, tmp_path / "out" / "p.csv", audience_while_somebody_edits, shop.now, shop.config
        )
    assert list((tmp_path / "out").iterdir()) == []
    assert [entry.action for entry in shop.entries()] == ["submitted", "approved"]


def test_a_place_that_cannot_be_written_is_a_sentence_and_an_older_file_stays(shop, plan, tmp_path):
    approved(shop, plan)
    with pytest.raises(StoreProblem, match="could not be written"):
        send_out(shop, tmp_path / "nowhere" / "plans.csv")
    with pytest.raises(StoreProblem, match="is a folder"):
        send_out(shop, tmp_path)
    (tmp_path / "old.csv").write_text("old")
    export.audience_path(tmp_path / "old.csv").mkdir()
    with pytest.raises(StoreProblem, match="is a folder"):
        send_out(shop, tmp_path / "old.csv")
    assert (tmp_path / "old.csv").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    assert len(shop.entries()) == 2


def test_a_history_that_cannot_grow_leaves_no_file(shop, plan, tmp_path, monkeypatch):
    approved(shop, plan)
    (tmp_path / "out").mkdir()

    def full(*arguments):
        raise StoreProblem("The disk is full.")

    monkeypatch.setattr(ledger.Writer, "append", full)
    with pytest.raises(StoreProblem, match="disk is full"):
        send_out(shop, tmp_path / "out" / "plans.csv")
    assert list((tmp_path / "out").iterdir()) == []
    assert plans.load(shop.dir, "p1").plan.status == "approved"


def test_the_texts_of_the_plan_are_exported_where_no_copy_was_chosen(shop, make_plan):
    approved(shop, make_plan(steps=[Step(channel="sms", copy={"body": "Come back"})]))
    row = cells.read_back(send_out(shop).plans_csv).iloc[0]
    assert (row["body"], row["subject"], row["channel"]) == ("Come back", "", "sms")


def test_an_exported_plan_can_be_changed_and_approved_again(shop, make_plan):
    approved(shop, make_plan())
    send_out(shop)
    approved(shop, make_plan(holdout=0.3))
    row = cells.read_back(send_out(shop).plans_csv).iloc[0]
    assert (row["holdout"], row["ledger_entries"]) == ("0.3", "5")
    assert approvals.decisions(shop.dir, shop.shop_id, shop.config)[-1].seq == 5


# --- plans of several messages ---

MESSAGES = [
    Step(copy={"subject": "Come back", "body": "15 % off."}),
    Step(day=3, channel="sms", language="zh", condition="stop_if_bought", copy={"body": "85 折"}),
    Step(day=10, copy={"subject": "Last days", "body": "15 % off, soon over."}),
]
FILLED = {"subject": "Come back", "body": "15 % off.", "1:body": "85 折", "2:subject": "Last days"}
BY_CHANNEL = {"c1": "email|sms", "c2": "email", "c3": "sms", "c4": "email"}


def test_a_plan_of_several_messages_is_one_line_for_each(shop, make_plan):
    approved(shop, make_plan(steps=MESSAGES, holdout=0.0), filled=FILLED)
    rows = cells.read_back(send_out(shop, customers=BY_CHANNEL).plans_csv)
    columns = ["step", "day", "condition", "channel", "language", "send_day", "subject", "body", "audience_size"]
    assert rows[columns].to_numpy().tolist() == [
        ["1", "0", "", "email", "en", "2026-06-01", "Come back", "15 % off.", "3"],
        ["2", "3", "stop_if_bought", "sms", "zh", "2026-06-04", "", "85 折", "2"],
        ["3", "10", "", "email", "en", "2026-06-11", "Last days", "", "3"],
    ]


def test_the_forecast_of_the_whole_plan_stands_in_its_first_line_so_that_sums_are_right(shop, make_plan):
    approved(shop, make_plan(steps=MESSAGES), filled=FILLED)
    rows = cells.read_back(send_out(shop).plans_csv)
    assert rows["orders"].tolist() == ["12.5", "", ""]
    assert rows["verdict"].tolist() == ["coin toss: test on n", "", ""]


def test_the_audience_says_by_which_channels_each_may_be_reached(shop, make_plan):
    approved(shop, make_plan("p1", steps=MESSAGES))
    approved(shop, make_plan("p2"))
    found = {"p1": BY_CHANNEL, "p2": {"c1": "email"}}
    result = export.export_plans(shop.dir, shop.shop_id, None, lambda p: found[p.plan_id], shop.now, shop.config)
    audience = cells.read_back(result.audience_csv)
    assert list(audience.columns) == [*export.AUDIENCE_COLUMNS, "channels"]
    assert audience[["plan_id", "customer_id", "channels"]].to_numpy().tolist() == [
        ["p1", "c1", "email|sms"], ["p1", "c2", "email"], ["p1", "c3", "sms"], ["p1", "c4", "email"],
        ["p2", "c1", "email"],
    ]  # fmt: skip


def test_a_plan_of_one_channel_needs_no_column_for_it(shop, plan):
    approved(shop, plan)
    audience = cells.read_back(send_out(shop, customers={"c1": "email"}).audience_csv)
    assert list(audience.columns) == export.AUDIENCE_COLUMNS


# --- the file for the tool that sends ---


def lists(result) -> dict[str, list[str]]:
    """File name -> the customers in the file, as it is read back from its bytes."""
    return {one.file_name: cells.read_back(one.csv)["customer_id"].tolist() for one in result.recipients}


def test_recipients_are_those_of_the_audience_who_are_written_to_and_nobody_of_the_holdout(shop, make_plan):
    approved(shop, make_plan(holdout=0.3))
    result = send_out(shop)
    audience = cells.read_back(result.audience_csv)
    held_out = set(audience.loc[audience["treated"] == "0", "customer_id"])
    [(name, people)] = lists(result).items()
    assert name == "p1-recipients.csv"
    assert people == audience.loc[audience["treated"] == "1", "customer_id"].tolist()
    assert 30 < len(held_out) < 90
    assert not held_out & set(people)
    assert held_out | set(people) == set(CUSTOMERS)


def test_recipients_are_a_file_that_excel_opens_and_no_cell_of_it_runs(shop, plan):
    approved(shop, plan)
    names = ["007", "=1+1", "NA", "茶"]
    [found] = send_out(shop, customers=[*names, *CUSTOMERS]).recipients
    assert found.csv.startswith(b'\xef\xbb\xbf"customer_id"\r\n')
    assert found.csv.count(b"\r\n") == len(found.people) + 1
    assert b'"\'=1+1"' in found.csv
    assert cells.read_back(found.csv)["customer_id"].tolist()[:4] == names


def test_each_message_has_its_recipients_by_its_own_channel(shop, make_plan):
    approved(shop, make_plan(steps=MESSAGES, holdout=0.0), filled=FILLED)
    assert lists(send_out(shop, customers=BY_CHANNEL)) == {
        "p1-recipients-1-email.csv": ["c1", "c2", "c4"],
        "p1-recipients-2-sms.csv": ["c1", "c3"],
        "p1-recipients-3-email.csv": ["c1", "c2", "c4"],
    }


def test_the_holdout_gets_none_of_several_messages(shop, make_plan):
    approved(shop, make_plan(steps=MESSAGES, holdout=0.4), filled=FILLED)
    result = send_out(shop, customers=dict.fromkeys(CUSTOMERS, "email|sms"))
    audience = cells.read_back(result.audience_csv)
    held_out = set(audience.loc[audience["treated"] == "0", "customer_id"])
    assert held_out
    assert all(set(people) == set(CUSTOMERS) - held_out for people in lists(result).values())


def test_recipients_of_a_plan_with_variants_say_which_each_gets(shop, make_plan):
    approved(shop, make_plan(variants=["A", "B"]))
    result = send_out(shop)
    audience, [found] = cells.read_back(result.audience_csv), result.recipients
    treated = audience[audience["treated"] == "1"]
    assert cells.read_back(found.csv).to_numpy().tolist() == treated[["customer_id", "variant"]].to_numpy().tolist()


def test_a_plan_that_reaches_nobody_has_an_empty_list_of_recipients(shop, plan):
    approved(shop, plan)
    assert lists(send_out(shop, customers=[])) == {"p1-recipients.csv": []}


@pytest.fixture
def opened(tmp_path):
    """A shop where c1 may be written to by both channels, c2 by e-mail, c3 by SMS, c4 by none; c5 bought just now."""
    made = store.create_shop(tmp_path / "with-customers", {"name": "Shop"})
    customers = pd.DataFrame({
        "customer_id": ["c1", "c2", "c3", "c4", "c5"], "email_consent": [1, 1, 0, 0, 1], "sms_consent": [1, 0, 1, 0, 1],
    })  # fmt: skip
    orders = pd.DataFrame({
        "order_id": ["o1", "o2"], "customer_id": ["c1", "c5"], "product_id": ["p", "p"], "quantity": [1, 1],
        "unit_price": [5.0, 5.0], "ordered_at": pd.to_datetime(["2026-01-05", "2026-05-30"]),
    })  # fmt: skip
    store.save_tables(made, {"customers": customers, "orders": orders})
    return store.open_shop(made.path)


def test_who_may_be_reached_is_asked_of_the_shop_at_the_time_of_the_export(opened, make_plan):
    everyone = Audience(customer_ids=["c5", "c4", "c3", "c2", "c1"], skip_buyers_days=7)
    plan = make_plan(steps=MESSAGES, audience=everyone)
    assert export.audience(opened, plan) == {"c3": "sms", "c2": "email", "c1": "email|sms"}
    assert export.audience(opened, make_plan(audience=everyone)) == {"c2": "email", "c1": "email"}


# --- several languages, and the tags of the tool that sends ---

BOTH = Step(
    copy={"subject": "Hi {first_name}", "body": "15 % off."},
    translations={"zh": {"subject": "{first_name}，您好", "body": "85 折"}},
)
FILLED_BOTH = {
    "subject": "Hi {first_name}", "body": "15 % off.", "0:zh:subject": "{first_name}，您好", "0:zh:body": "85 折",
}  # fmt: skip


@pytest.fixture
def read(shop):
    """Customers of a shop with the languages they read."""
    languages = {"c1": "en", "c2": "zh-CN", "c3": None, "c4": "fr", "c5": "ZH"}
    table = pd.DataFrame({"customer_id": list(languages), "language": list(languages.values())})
    shop_of(shop.dir, {"customers": table}, {"shop_id": shop.shop_id})
    return list(languages)


def test_a_message_in_two_languages_is_a_line_each_and_its_people_are_counted_once(shop, make_plan, read):
    approved(shop, make_plan(steps=[BOTH, MESSAGES[2]], holdout=0.0), filled=FILLED_BOTH)
    rows = cells.read_back(send_out(shop, customers=read).plans_csv)
    assert rows[["step", "language", "subject", "body", "audience_size", "orders"]].to_numpy().tolist() == [
        ["1", "en", "Hi there", "15 % off.", "3", "12.5"],
        ["1", "zh", "朋友，您好", "85 折", "2", ""],
        ["2", "en", "", "", "5", ""],
    ]


def test_each_recipient_of_a_message_in_two_languages_has_the_one_to_send(shop, make_plan, read):
    approved(shop, make_plan(steps=[BOTH, MESSAGES[2]], holdout=0.0), filled=FILLED_BOTH)
    first, second = (cells.read_back(one.csv) for one in send_out(shop, customers=read).recipients)
    assert dict(zip(first["customer_id"], first["language"], strict=True)) == {
        "c1": "en", "c2": "zh", "c3": "en", "c4": "en", "c5": "zh",
    }  # fmt: skip
    assert set(second["language"]) == {"en"}


def test_without_known_languages_everyone_gets_the_messages_own(shop, make_plan):
    shop_of(shop.dir, {}, {"shop_id": shop.shop_id})
    approved(shop, make_plan(steps=[BOTH], holdout=0.0), filled=FILLED_BOTH)
    result = send_out(shop, customers=["c1", "c2"])
    assert cells.read_back(result.plans_csv)["audience_size"].tolist() == ["2", "0"]
    assert set(cells.read_back(result.recipients[0].csv)["language"]) == {"en"}


@pytest.mark.parametrize(
    ("tool", "subject"),
    [
        ("klaviyo", "Hi {{ first_name|default:'there' }}"),
        ("mailchimp", "Hi *|IF:FNAME|**|FNAME|**|ELSE:|*there*|END:IF|*"),
        ("braze", "Hi {{${first_name} | default: 'there'}}"),
        ("hubspot", "Hi {{ contact.firstname|default('there', true) }}"),
        ("plain", "Hi there"),
    ],
)
def test_the_first_name_leaves_as_the_tag_of_the_tool_that_sends(shop, make_plan, tool, subject):
    approved(shop, make_plan(), filled={"subject": "Hi {first_name}", "body": "=1+1 *|EMAIL|* {{ x }}"})
    result = send_out(shop, tool=tool)
    row = cells.read_back(result.plans_csv).iloc[0]
    assert (row["subject"], row["body"]) == (subject, "=1+1 * |EMAIL| * { { x } }")
    assert b"\"'=1+1" in result.plans_csv


def test_copy_with_a_slot_that_no_tool_fills_is_not_submitted(shop, plan):
    with pytest.raises(NotAllowed, match=r"still says \{discount\}"):
        shop.submit(plan, extras={"filled": {"subject": "Hi {first_name}, {discount}"}})


def test_an_address_that_mailchimp_would_cut_off_does_not_leave_for_it(shop, make_plan, tmp_path):
    page = f"https://shop.example/{'spring-' * 30}sale"
    approved(shop, make_plan(variants=["A", "B"], landing_url=page))
    with pytest.raises(DataProblem, match="Mailchimp cuts text off after 255 bytes, and in column link “https://shop"):
        send_out(shop, tmp_path / "plans.csv", tool="mailchimp")
    assert list(tmp_path.glob("plans*")) == []
    assert page in send_out(shop, tool="klaviyo").recipients[0].people["link"].iloc[0]


def test_each_variant_has_a_page_that_leads_to_its_own_address(shop, make_plan):
    shop_of(shop.dir, {}, {"shop_id": shop.shop_id})
    plan = make_plan(variants=["A", "+ B"], landing_url="https://shop.example/tea")
    shop.submit(plan, extras={"filled": {"subject": "Tea", "call_to_action": "Have a look"}})
    shop.approve()
    pages = send_out(shop, pages_by=ShopSettings(shop_id=shop.shop_id)).pages
    assert [page.file_name for page in pages] == ["p1-1-en-variant1.html", "p1-1-en-variant2.html"]
    assert ["utm_content=A" in page.html.decode() for page in pages] == [True, False]
    assert ["utm_content=%2B%20B" in page.html.decode() for page in pages] == [False, True]
