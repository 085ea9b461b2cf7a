"""The results page holds forecasts against what came; the Model page says what changed."""

import json
from datetime import datetime

import pandas as pd
import pytest

from engine import settings
from engine.decision import approvals
from engine.outcome import learning, relearned
from engine.sentences import Sentence
from engine.shop import store
from tests.dashboard import plan_pages

FORECAST = {
    "ctr": 0.1, "ctr_low": 0.05, "ctr_high": 0.2, "order_rate": 0.04, "order_rate_low": 0.02, "order_rate_high": 0.06,
    "supported": 0, "basis": "attributed",
}  # fmt: skip


@pytest.fixture
def judged_shop(trained_shop):
    """A plan of April whose totals came in: 200 sent, 30 clicked, 20 ordered. Handed in on 1 April."""
    plan = plan_pages.saved_plan(
        trained_shop, starts_at=datetime(2026, 4, 8).date(), ends_at=datetime(2026, 4, 15).date()
    )
    shop = store.open_shop(trained_shop)
    approvals.submit(
        trained_shop, shop.shop_id, plan, FORECAST, "Ana", datetime(2026, 4, 1, 9), settings.read().config,
        extras={"filled": {"subject": "A little something"}},
    )  # fmt: skip
    totals = pd.DataFrame({"campaign_id": ["spring"], "recipients": ["200"], "delivered": ["200"], "clicked": ["30"],
                           "orders": ["20"], "date": ["2026-04-20"]})  # fmt: skip
    campaign = {"campaign_id": ["spring"], "channel": ["email"], "starts_at": ["2026-04-08"], "ends_at": ["2026-04-15"]}
    known = store.open_shop(trained_shop).table("campaigns")
    row = pd.DataFrame(campaign).reindex(columns=known.columns).astype(known.dtypes.to_dict(), errors="ignore")
    row["starts_at"], row["ends_at"] = pd.Timestamp("2026-04-08"), pd.Timestamp("2026-04-15")
    pd.concat([known, row]).to_parquet(trained_shop / "tables" / "campaigns.parquet")
    assert not any(store.save_tables(store.open_shop(trained_shop), {"campaign_results": totals}).values())
    return trained_shop


def test_a_forecast_on_record_stands_beside_what_came(open_app, judged_shop, words):
    app = open_app(judged_shop, "results", look="forecasts")
    assert not app.exception
    said = words(app)
    assert "0 of 1 forecasts landed in their range" in said  # 10 % ordered, 2 to 6 % was said
    assert "handed in for approval before anything went out" in said
    row = app.dataframe[0].value.iloc[0]
    assert (row["forecast"], row["actual"], row["held"]) == (0.04, 0.1, "no")
    assert row["submitted_at"] == "2026-04-01 09:00"
    app.segmented_control(key="judged.figure").set_value("ctr").run()
    assert "1 of 1 forecasts landed" in words(app)


@pytest.mark.parametrize(("language", "said"), [("en", "A rehearsal, not a record"), ("zh", "这是演练而非记录")])
def test_without_a_record_past_campaigns_are_a_rehearsal(open_app, trained_shop_dir, words, language, said):
    app = open_app(trained_shop_dir, "results", language, look="forecasts")
    assert not app.exception
    assert said in words(app)
    assert len(app.get("plotly_chart")) == 3
    assert app.button(key="judged.learn")


def test_before_anything_was_learned_the_page_says_how_a_forecast_gets_on_record(open_app, demo_shop_dir, words):
    app = open_app(demo_shop_dir, "results", look="forecasts")
    assert not app.exception
    assert "No plan with a forecast on record is over yet" in words(app)


def test_a_history_that_was_altered_is_said_instead_of_a_forecast(open_app, judged_shop, words, monkeypatch):
    monkeypatch.setattr(
        "engine.decision.ledger.verify",
        lambda *given: type("V", (), {"ok": False, "said": Sentence("ledger.bad_entry", {"seq": 1})})(),
    )
    app = open_app(judged_shop, "results", look="forecasts")
    assert not app.exception
    assert "Entry 1" in words(app)


def test_the_page_says_what_was_not_promoted_and_why(open_app, trained_shop, words):
    shop = store.open_shop(trained_shop)
    candidate = {"candidate": "recalibrated", "version": "", "why": "not_better", "targets": []}
    worse = {"candidate": "retrained", "version": "", "why": "worse", "targets": ["order"]}
    relearned.keep(shop, {
        "as_of": "2026-06-01", "in_use_before": "m1", "in_use_after": "m1", "promoted": None,
        "campaigns_since": {"order": 8}, "candidates": [candidate, worse],
    })  # fmt: skip
    said = words(open_app(trained_shop, "results", look="forecasts"))
    assert "not better than the forecasts in use, by more than chance" in said
    assert "the forecasts of orders were worse than those in use" in said
    assert "The forecasts in use stayed: m1" in said


def test_what_changed_stands_on_today_and_on_results_until_other_forecasts_are_in_use(open_app, trained_shop, words):
    version = (trained_shop / "models" / "current").read_text().strip()
    told = {"en": "Since the forecasts were learned, prices rose.", "zh": "价格上涨。"}
    note = {
        "version": version,
        "alarm": True,
        "plans": 1,
        "said": told,
        "touched": {"en": "Plans: Spring.", "zh": "方案"},
    }
    path = trained_shop / "models" / learning.NOTED
    path.write_text(json.dumps(note))
    assert "prices rose. Plans" in words(open_app(trained_shop, "today"))
    assert "价格上涨" in words(open_app(trained_shop, "results", "zh", look="forecasts"))
    path.write_text(json.dumps(note | {"version": "another"}))
    assert "prices rose" not in words(open_app(trained_shop, "today"))


@pytest.mark.parametrize(("language", "said"), [("en", "Too little has come since then"), ("zh", "此后的数据太少")])
def test_the_model_page_says_what_changed_since(open_app, trained_shop_dir, words, language, said):
    app = open_app(trained_shop_dir, "model", language, look="changed")
    assert not app.exception
    assert said in words(app)
