"""The tab Approve at its foot: the numbers of a submission made again from what was kept of it."""

from engine import settings
from engine.decision import ledger, replay
from engine.privacy import customer_keys
from engine.shop import store
from tests.dashboard.plan_pages import COPY, page_of, said, saved_plan, submitted


def test_a_submission_keeps_what_its_numbers_come_from_and_the_page_computes_them_again(open_app, trained_shop):
    saved_plan(trained_shop, texts=COPY)
    app = page_of(open_app, trained_shop, "approve", language="zh")
    assert "replayed.numbers" not in [button.key for button in app.button], "nothing was submitted yet"
    app.button(key="approve.submit").click().run()
    shop, config = store.open_shop(trained_shop), settings.read().config
    assert replay.numbers(shop, config, replay.submission(shop, config, "spring")).verdict == "exact"
    app.button(key="replayed.numbers").click().run()
    assert "项数字与提交时完全一致" in said(app)
    people = shop.table("customers")["customer_id"].tolist()
    erased = customer_keys.destroy(shop.shop_id, config, people[:300])
    app.button(key="replayed.numbers").click().run()
    assert f"位客户中有 {erased} 位此后已被抹除" in said(app)
    assert "额外利润" in said(app)


def test_a_submission_of_which_nothing_was_kept_offers_nothing(open_app, trained_shop):
    saved_plan(trained_shop)
    submitted(trained_shop)
    app = page_of(open_app, trained_shop, "approve")
    assert "replayed.numbers" not in [button.key for button in app.button]
    assert [entry.action for entry in ledger.entries(
        trained_shop, store.open_shop(trained_shop).shop_id, settings.read().config
    )] == ["submitted"]  # fmt: skip
