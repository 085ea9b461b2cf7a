"""The tabs Approve, Export and Result: a second person decides, approved plans leave, results come back."""

import csv
import io

import pandas as pd
import pytest
import streamlit as st

from dashboard import cache
from engine import settings
from engine.access import roles
from engine.campaign.plan import Audience, Step
from engine.decision import approvals, ledger, moments, plans
from engine.shop import store, vault
from tests.dashboard.plan_pages import COPY, NOW, approved, page_of, said, saved_plan, stored, submitted


def history(shop) -> list[tuple[str, str]]:
    """(action, actor) of each entry of the approval history."""
    entries = ledger.entries(shop, store.open_shop(shop).shop_id, settings.read().config)
    return [(entry.action, entry.actor) for entry in entries]


# --- approve ---


def test_a_plan_is_submitted_with_its_forecast_and_copy(open_app, trained_shop):
    saved_plan(trained_shop, texts=COPY)
    app = page_of(open_app, trained_shop, "approve")
    assert "Extra profit" in said(app)
    app.button(key="approve.submit").click().run()
    saved = stored(trained_shop)
    assert saved.plan.status == "submitted"
    assert saved.extras["forecast"]["orders"] > 0
    assert saved.extras["forecast"]["orders_low"] < saved.extras["forecast"]["orders_high"]
    assert "15% off" in saved.extras["filled"]["body"]
    assert history(trained_shop) == [("submitted", "Ana")]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "There is no copy yet"),
        ({"texts": COPY, "audience": Audience()}, "names no group yet"),
        ({"texts": COPY, "product_ids": ["nothing"]}, "a product that this shop does not have"),
    ],
)
def test_what_stands_in_the_way_of_submitting_is_said(open_app, trained_shop, changes, sentence):
    saved_plan(trained_shop, **changes)
    app = page_of(open_app, trained_shop, "approve")
    assert sentence in said(app)
    assert "approve.submit" not in [button.key for button in app.button]


def decide(open_app, shop, button, name, reason, proof=None):
    app = page_of(open_app, shop, "approve")
    app.text_input(key="approve.approver").set_value(name)
    app.text_input(key="approve.reason").set_value(reason)
    if proof:
        app.file_uploader(key="approve.evidence").upload("answer.txt", proof, "text/plain").run()
    return app.button(key=f"approve.{button}").click().run()


def test_a_second_person_approves_with_a_reason(open_app, trained_shop):
    saved_plan(trained_shop)
    submitted(trained_shop)
    app = decide(open_app, trained_shop, "approve", "Bo", "fits the spring range")
    assert "attach what shows the approval" in said(app)  # on one person's machine everything is typed by that person
    app = decide(open_app, trained_shop, "approve", "Bo", "fits the spring range", proof=b"Yes, send it. Bo")
    assert stored(trained_shop).plan.status == "approved"
    assert history(trained_shop)[-1] == ("approved", "Bo")
    assert "approved by Bo" in said(app)
    assert "fits the spring range" in said(app)


def test_a_second_person_rejects_and_the_author_reads_why(open_app, trained_shop):
    saved_plan(trained_shop)
    submitted(trained_shop)
    app = decide(open_app, trained_shop, "reject", "Bo", "too dear")
    assert stored(trained_shop).plan.status == "rejected"
    assert "too dear" in said(app)


@pytest.mark.parametrize(
    ("name", "reason", "sentence"),
    [
        ("ana", "fine", "a second person has to approve it"),
        ("Bo", "", "the reason is empty"),
        ("", "fine", "the name is empty"),
    ],
)
def test_a_decision_that_does_not_count_is_refused_with_a_sentence(open_app, trained_shop, name, reason, sentence):
    saved_plan(trained_shop)
    submitted(trained_shop)
    app = decide(open_app, trained_shop, "approve", name, reason)
    assert sentence in said(app)
    assert stored(trained_shop).plan.status == "submitted"


def test_a_change_after_the_approval_makes_the_plan_a_draft_again(open_app, trained_shop):
    saved_plan(trained_shop)
    approved(trained_shop)
    app = page_of(open_app, trained_shop, "brief")
    assert "A change here makes it a draft again" in said(app)
    app.number_input(key="brief.percent").set_value(25.0).run()
    assert stored(trained_shop).plan.status == "draft"


def test_a_shop_without_campaigns_can_still_decide(open_app, trained_shop):
    for name in ("campaigns", "campaign_products", "deliveries", "ads"):
        (trained_shop / "tables" / f"{name}.parquet").unlink()
    (trained_shop / "models" / "current").unlink()
    saved_plan(trained_shop, texts=COPY)
    app = page_of(open_app, trained_shop, "approve")
    assert "This shop has no past campaign whose outcome is known" in said(app)
    app.button(key="approve.submit").click().run()
    assert stored(trained_shop).plan.status == "submitted"


# --- export ---


def test_only_approved_plans_can_be_exported(open_app, trained_shop):
    saved_plan(trained_shop)
    app = page_of(open_app, trained_shop, "export")
    assert "Only approved plans can be exported" in said(app)
    assert len(app.get("download_button")) == 0
    app.button(key="export.to_approve").click().run()
    assert "Submit for approval" in said(app)


@pytest.fixture
def downloads(open_app, trained_shop, monkeypatch):
    """downloads(): the Export tab of the plan, and its files by the key of their button: (name, label, bytes)."""
    given: dict[str, tuple] = {}
    button = st.download_button

    def noted(label, data, file_name, *arguments, **more):
        given[more["key"]] = (file_name, label, data)
        return button(label, data, file_name, *arguments, **more)

    # What a button hands out is made when a browser asks for it, and these tests have none.
    monkeypatch.setattr(st, "download_button", noted)

    def opened():
        app = page_of(open_app, trained_shop, "export")
        # Other pages were opened first; what leaves for a tool is an entry for each file, and has tests of its own.
        own = {key: file for key, file in given.items() if key.startswith("export.") and key.count(".target.") == 0}
        return app, {key: (name, label, data()) for key, (name, label, data) in own.items()}

    opened.given = given
    return opened


def people_in(content: bytes) -> list[dict]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_the_recipients_come_first_and_hold_nobody_who_is_left_out_on_purpose(downloads, trained_shop):
    saved_plan(trained_shop)
    approved(trained_shop)
    app, files = downloads()
    people = {metric.label: int(metric.value.replace(",", "")) for metric in app.metric}
    assert people["Get the message"] > 5 * people["Left out on purpose"] > 0
    kinds = ["export.recipients_csv", "export.plans_csv", "export.html.0.en", "export.audience_csv"]
    assert list(files) == kinds
    name, label, content = files["export.recipients_csv"]
    assert (name, label) == ("spring-recipients.csv", f"Recipients: {people['Get the message']:,} people (CSV)")
    recipients = {row["customer_id"] for row in people_in(content)}
    everyone = people_in(files["export.audience_csv"][2])
    assert recipients == {row["customer_id"] for row in everyone if row["treated"] == "1"}
    assert len(recipients) == people["Get the message"]


def test_the_full_assignment_says_how_many_of_its_people_must_not_be_written_to(downloads, trained_shop):
    saved_plan(trained_shop)
    approved(trained_shop)
    app, files = downloads()
    name, label, content = files["export.audience_csv"]
    rows = people_in(content)
    held_out = sum(row["treated"] == "0" for row in rows)
    assert (name, label) == ("spring-audience.csv", f"Full assignment: {len(rows):,} people (CSV)")
    assert f"**{held_out:,} people who must NOT be written to**" in said(app)
    assert "the results are later measured against it" in said(app)


def test_a_plan_without_a_holdout_is_not_said_to_hold_people_to_spare(downloads, trained_shop):
    saved_plan(trained_shop, holdout=0.0)
    approved(trained_shop)
    app, _ = downloads()
    assert "must NOT be written to" not in said(app)
    assert "leaves nobody out on purpose" in said(app)


def test_each_message_has_a_file_of_its_own_recipients(downloads, trained_shop):
    steps = [Step(channel="email", copy=COPY), Step(channel="sms", day=3, condition="stop_if_bought", copy=COPY)]
    saved_plan(trained_shop, steps=steps)
    approved(trained_shop)
    app, files = downloads()
    for key, which, words in (
        ("export.recipients_csv", "1-email", "Message 1, E-mail, 2026-06-08"),
        ("export.recipients_csv.1", "2-sms", "Message 2, SMS, 2026-06-11"),
    ):
        name, label, content = files[key]
        assert name == f"spring-recipients-{which}.csv"
        assert label == f"{words}: {len(people_in(content)):,} people (CSV)"
        assert people_in(content)
    assert "Message 2 is not for those who have bought since 2026-06-08" in said(app)


def test_a_plan_for_a_share_of_its_audience_accounts_for_everyone(downloads, trained_shop):
    saved_plan(trained_shop, audience_share=0.5)
    approved(trained_shop)
    app, _ = downloads()
    people = {metric.label: int(metric.value.replace(",", "")) for metric in app.metric}
    assert people["Not drawn for this plan"] > 0
    reached = cache.audience.reach(store.open_shop(trained_shop), stored(trained_shop).plan)
    assert sum(people.values()) == reached.size


def test_where_nobody_may_be_written_to_there_is_no_list_to_send(downloads, trained_shop):
    saved_plan(trained_shop, audience=Audience(rule="email_consent = no"))
    approved(trained_shop)
    app, files = downloads()
    assert "Nobody is left to write to" in said(app)
    assert people_in(files["export.recipients_csv"][2]) == []
    assert app.get("download_button")[0].proto.disabled


def test_all_downloads_are_one_entry_and_agree_with_the_page(downloads, trained_shop):
    saved_plan(trained_shop)
    approved(trained_shop)
    _, files = downloads()
    again = cache.plans.exported(store.open_shop(trained_shop), stored(trained_shop), roles.os_user())
    assert again.plans_csv == files["export.plans_csv"][2]
    assert again.pages[0].html == files["export.html.0.en"][2] and b"A little something" in again.pages[0].html
    assert [action for action, _ in history(trained_shop)].count("exported") == 1
    assert "满减" in files["export.plans_csv"][2].decode("utf-8-sig")


def test_a_plan_leaves_for_a_tool_with_addresses_read_at_the_click_and_a_checklist(downloads, trained_shop):
    saved_plan(trained_shop)
    approved(trained_shop)
    shop, config = store.open_shop(trained_shop), settings.read().config
    ids = shop.table("customers", ["customer_id"])["customer_id"].tolist()
    known = pd.DataFrame({"customer_id": ids[::2], "email": [f"{one}@example.com" for one in ids[::2]]})
    vault.add(shop.path, shop.shop_id, config, known)
    app, _ = downloads()
    before = len(history(trained_shop))
    app.selectbox(key="export.target").set_value("klaviyo").run()
    assert "have no e-mail address in the vault" in said(app)
    assert "DO\\-NOT\\-SEND" in said(app) or "DO-NOT-SEND" in said(app)
    given = {key: file for key, file in downloads.given.items() if key.startswith("export.target.klaviyo")}
    assert [name for name, _, _ in given.values()] == [
        "spring-klaviyo.csv", "DO-NOT-SEND-spring-klaviyo.csv", "not-exported-spring-klaviyo.csv",
    ]  # fmt: skip
    assert len(history(trained_shop)) == before  # looking reads no address out
    _, label, data = given["export.target.klaviyo.0"]
    rows = people_in(data())
    assert label == f"spring-klaviyo.csv: {len(rows):,} people" and rows[0]["Email"].endswith("@example.com")
    assert len(history(trained_shop)) == before + 1


# --- result ---


def test_before_results_the_page_says_what_to_import(open_app, trained_shop):
    saved_plan(trained_shop)
    text = said(page_of(open_app, trained_shop, "result"))
    assert "2026-06-15" in text
    assert "campaign_id` = **spring**" in text


def with_deliveries(shop, held_out):
    """Deliveries of the plan in the shop: 1,000 sent with 100 orders, and people held out with 5 % orders."""
    opened = store.open_shop(shop)
    count = 1000 + held_out
    treated = [1.0] * 1000 + [0.0] * held_out
    ordered = [1.0] * 100 + [0.0] * 900 + [1.0] * (held_out // 20) + [0.0] * (held_out - held_out // 20)
    new = pd.DataFrame(
        {
            "campaign_id": "spring",
            "customer_id": [f"n{i}" for i in range(count)],
            "sent_at": pd.Timestamp("2026-06-08"),
            "treated": treated,
            "clicked": [0.0] * count,
            "converted": ordered,
            "revenue": [0.0] * count,
        }
    )
    past = opened.table("deliveries")
    both = pd.concat([past, new.reindex(columns=past.columns).astype(past.dtypes.to_dict())], ignore_index=True)
    store.write_tables(opened, {"deliveries": both})


def test_results_show_sent_against_left_out(open_app, trained_shop):
    saved_plan(trained_shop)
    with_deliveries(trained_shop, held_out=1000)
    app = page_of(open_app, trained_shop, "result")
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown["Got the message"] == "1,000"
    assert shown["Ordered, of those"] == "10.00 %"
    assert shown["Ordered, of those left out"] == "5.00 %"
    assert "50.0 orders per 1,000 messages" in said(app)
    assert "larger than chance explains" in said(app)


def test_totals_do_not_say_that_nobody_was_left_out(open_app, trained_shop):
    saved_plan(trained_shop)
    totals = pd.DataFrame({"campaign_id": ["spring"], "recipients": [1204.0], "orders": [31.0]})
    store.write_tables(store.open_shop(trained_shop), {"campaign_results": totals})
    shown = {metric.label: metric.value for metric in page_of(open_app, trained_shop, "result").metric}
    assert (shown["Got the message"], shown["Left out on purpose"]) == ("1,204", "–")


def test_results_without_a_holdout_are_called_by_their_name(open_app, trained_shop):
    saved_plan(trained_shop)
    with_deliveries(trained_shop, held_out=0)
    assert "all orders within" in said(page_of(open_app, trained_shop, "result"))


def test_the_moment_of_a_decision_is_on_the_shops_clock(trained_shop):
    shop = store.open_shop(trained_shop)
    tokyo = shop.settings.model_copy(update={"time_zone": "Asia/Tokyo"})
    from dataclasses import replace

    assert moments.shown(NOW.isoformat(), replace(shop, settings=tokyo)) == "2026-06-01 18:00"


# --- what the second person sees and signs ---


def test_the_second_person_sees_the_submitted_forecast_and_every_term(open_app, trained_shop):
    saved_plan(trained_shop)
    shop, saved = store.open_shop(trained_shop), stored(trained_shop)
    row = {"extra_profit": 120.0, "extra_profit_low": 20.0, "extra_profit_high": 220.0, "audience_size": 640}
    copy, config = {"subject": "A little something", "body": "Until 15 June."}, settings.read().config
    approvals.submit(
        trained_shop, shop.shop_id, saved.plan, {**row, "reachable": 600}, "Ana", NOW, config, extras={"filled": copy}
    )
    waits = stored(trained_shop)
    forged = {**waits.extras, "forecast": {**row, "extra_profit": 999_999.0}}
    plans.save(trained_shop, waits.plan, forged, waits.version, NOW)
    app = page_of(open_app, trained_shop, "approve")
    text = said(app)
    assert "Extra profit: $120 (80 %: $20 to $220)" in text and "999,999" not in text
    for line in ("How many: 600 of 640 can be reached", "Left out on purpose: 10 %", "Code: SPRING15",
                 "Valid: 2026-06-08 to 2026-06-15", "Offer: 15% off"):  # fmt: skip
        assert line in text


@pytest.mark.parametrize(
    ("typed", "button"),
    [
        ({"approve.approver": "Bo", "approve.reason": "fits"}, "approve.reject"),
        ({"comments.name": "Bo", "comments.text": "less, please"}, "comments.request"),
    ],
)
def test_a_decision_is_about_what_stood_on_the_page_and_nothing_newer(open_app, trained_shop, typed, button):
    saved_plan(trained_shop)
    submitted(trained_shop)
    app = page_of(open_app, trained_shop, "approve")
    fields = {field.key: field for field in [*app.text_input, *app.text_area]}
    for key, text in typed.items():
        fields[key].set_value(text)
    app.run()
    saved = stored(trained_shop)
    plans.save(trained_shop, saved.plan.model_copy(update={"holdout": 0.0}), saved.extras, saved.version, NOW)
    submitted(trained_shop)  # in another window, while this one shows the plan as it was
    app.button(key=button).click().run()
    assert "changed since it was shown to you" in said(app)
    assert history(trained_shop)[-1] == ("submitted", "Ana")


def test_a_file_that_is_no_evidence_is_said_and_nothing_is_decided(open_app, trained_shop):
    saved_plan(trained_shop)
    submitted(trained_shop)
    app = page_of(open_app, trained_shop, "approve")
    assert not app.file_uploader(key="approve.evidence").proto.type  # the field would drop others without a word
    app.file_uploader(key="approve.evidence").upload("people.xlsx", b"PK\x03\x04 people\x00", "text/plain").run()
    assert "neither a picture" in said(app)
    app.text_input(key="approve.approver").set_value("Bo")
    app.text_input(key="approve.reason").set_value("too dear")
    app.button(key="approve.reject").click().run()  # which needs no evidence, but takes none that is refused
    assert history(trained_shop) == [("submitted", "Ana")]


def test_a_click_on_a_plan_that_somebody_else_decided_meanwhile_says_whose_decision_stands(open_app, trained_shop):
    saved_plan(trained_shop)
    submitted(trained_shop)
    app = page_of(open_app, trained_shop, "approve")
    app.text_input(key="approve.approver").set_value("Cy")
    app.text_input(key="approve.reason").set_value("fits").run()
    shop_id = store.open_shop(trained_shop).shop_id
    approvals.approve(trained_shop, shop_id, "spring", "Bo", "Bo", "fits", NOW, settings.read().config)
    app.button(key="approve.approve").click().run()
    assert "Bo approved this plan already, on 2026-06-01 09:00 UTC (entry 2 of the history)." in said(app)
    app.run()
    assert "approved this plan already" not in said(app)
