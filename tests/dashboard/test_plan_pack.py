"""Asking somebody without Offerlab, and recording what they answered."""

from engine import settings
from engine.access import acting, roles
from engine.decision import approvals, ledger
from engine.shop import store
from tests.dashboard.plan_pages import COPY, NOW, page_of, said, saved_plan, stored, submitted

MAIL = b"From: bo@example.com\nSubject: Re: Spring\n\nAPPROVED"


def opened_pack(open_app, shop, language="en"):
    app = page_of(open_app, shop, "approve", language=language)
    app.session_state["pack.ask"] = True
    return app.run()


def test_a_submitted_plan_has_a_page_to_send_and_three_steps(open_app, trained_shop):
    saved_plan(trained_shop, texts=COPY)
    submitted(trained_shop)
    app = opened_pack(open_app, trained_shop)
    words = said(app)
    entry = ledger.entries(trained_shop, store.open_shop(trained_shop).shop_id, settings.read().config)[-1]
    code = f"{entry.hash[:4].upper()}-{entry.hash[4:8].upper()}"
    assert f"The code must be {code}" in words
    assert [button.label for button in app.get("download_button")] == ["PDF, for mail or print", "Picture, for a chat"]
    assert "同意或不同意" in said(opened_pack(open_app, trained_shop, "zh"))


def test_the_author_records_an_approval_with_its_evidence_and_the_history_says_so(open_app, trained_shop):
    me = roles.os_user()  # in single-user mode whoever sits here records
    plan = saved_plan(trained_shop, texts=COPY, owner=me)
    approvals.submit(trained_shop, store.open_shop(trained_shop).shop_id, plan, {}, me, NOW, settings.read().config,
                     extras={"filled": {"subject": "Hello", "body": "Come"}})  # fmt: skip
    app = page_of(open_app, trained_shop, "approve")
    assert "somebody else's approval needs it" in app.file_uploader(key="approve.evidence").label
    app.text_input(key="approve.approver").set_value("Bo")
    app.text_input(key="approve.reason").set_value("fits the spring range")
    app.button(key="approve.approve").click().run()
    assert "attach what shows the approval" in said(app)
    assert stored(trained_shop).plan.status == "submitted"
    app.file_uploader(key="approve.evidence").upload("../../answer.exe.eml", MAIL, "message/rfc822").run()
    app.button(key="approve.approve").click().run()
    assert stored(trained_shop).plan.status == "approved"
    assert f"recorded by the author, {me}" in said(app)
    labels = [button.label for button in app.get("download_button")]
    assert labels == ["Evidence: EML, 0.1 kB"]
    assert len(list((trained_shop / "evidence").iterdir())) == 1


def test_somebody_elses_plan_needs_no_evidence(open_app, trained_shop):
    with acting.asking(lambda: "ana"):
        saved_plan(trained_shop)
        submitted(trained_shop)
    app = page_of(open_app, trained_shop, "approve")
    assert app.file_uploader(key="approve.evidence").label.startswith("Evidence, if the decision was taken outside")
