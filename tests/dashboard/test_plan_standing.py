"""The plan's page says whether its approval stands, what people say of it, and what they want changed."""

from dashboard import cache
from engine import settings
from engine.access import roles
from engine.decision import approvals, comments, ledger, standing
from engine.shop import store
from tests.dashboard.plan_pages import COPY, NOW, page_of, said, saved_plan, stored, submitted


def where(shop):
    return shop, store.open_shop(shop).shop_id


def test_an_approval_that_rests_on_another_forecast_is_void_on_the_page_and_submitted_again(open_app, trained_shop):
    saved_plan(trained_shop, texts=COPY)
    app = page_of(open_app, trained_shop, "approve")
    app.button(key="approve.submit").click().run()
    approvals.approve(*where(trained_shop), "spring", "Bo", "Bo", "fits", NOW, settings.read().config)
    saved, shop = stored(trained_shop), store.open_shop(trained_shop)
    assert cache.standing.forecast_today(shop, saved) == standing.forecast_today(shop, saved)
    assert "no longer holds" not in said(page_of(open_app, trained_shop, "export"))

    store.save_settings(shop, {"send_cost.email": 500.0})
    app = page_of(open_app, trained_shop, "export", "spring", "zh")
    assert "此批准已失效" in said(app)
    assert len(app.get("download_button")) == 0
    [table] = app.dataframe
    assert table.value.iloc[0, 0] == "额外利润"

    app = page_of(open_app, trained_shop, "approve")
    assert "outside the approved range" in said(app)
    app.button(key="approve.submit").click().run()
    assert stored(trained_shop).plan.status == "submitted"
    assert "no longer holds" not in said(app)
    assert not app.button(key="approve.approve").disabled

    store.save_settings(store.open_shop(trained_shop), {"send_cost.email": 0.0})
    app = page_of(open_app, trained_shop, "approve")
    assert "so it cannot be approved" in said(app)
    assert app.button(key="approve.approve").disabled and not app.button(key="approve.reject").disabled
    app.button(key="approve.submit").click().run()
    assert not app.button(key="approve.approve").disabled
    assert [one.action for one in ledger.entries(*where(trained_shop), settings.read().config)][1:] == [
        "approved", "submitted", "submitted",
    ]  # fmt: skip


def test_comments_and_wishes_for_changes_are_shown_plain_and_once(open_app, trained_shop):
    saved_plan(trained_shop)
    submitted(trained_shop)
    app = page_of(open_app, trained_shop, "approve")
    app.text_input(key="comments.name").set_value("Bo")
    app.text_area(key="comments.text").set_value("Is *15* % <b>too</b> much?")
    app.button(key="comments.send").click().run()
    assert "comment by Bo" in said(app)
    assert r"Is \*15\* % \<b\>too\</b\> much?" in "\n".join(element.value for element in app.markdown)
    assert app.text_area(key="comments.text").value == ""
    app.button(key="comments.send").click().run()
    assert "the comment is empty" in said(app)

    app.text_area(key="comments.text").set_value("Use $10 instead")
    app.button(key="comments.request").click().run()
    assert stored(trained_shop).plan.status == "draft"
    assert "Bo asked for changes" in said(page_of(open_app, trained_shop, "brief"))
    assert r"Use \$10 instead" in page_of(open_app, trained_shop, "brief").warning[0].value
    entries = ledger.entries(*where(trained_shop), settings.read().config)
    assert [(one.action, one.actor) for one in entries][1:] == [("commented", "Bo"), ("changes_requested", "Bo")]
    assert entries[-1].recorded_by == roles.os_user()
    assert comments.open_request(entries) == entries[-1]
