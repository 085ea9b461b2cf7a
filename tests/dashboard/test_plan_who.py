"""Who needs it? Extra because we wrote, in a marketer's words, with its range; or what is missing to tell."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashboard import charts
from dashboard.views.plan_tabs import who
from engine import jobs
from engine.campaign.plan import Offer
from engine.campaign.uplift import kept
from engine.campaign.uplift.advice import CHOICES
from engine.shop import store
from tests.dashboard.plan_pages import said, saved_plan


@pytest.fixture(scope="module")
def extra_dir(trained_shop_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the demo shop's holdouts taught, learned once."""
    folder = Path(shutil.copytree(trained_shop_dir, tmp_path_factory.mktemp("extra") / "demo"))
    kept.learn_and_keep(store.open_shop(folder))
    return folder / kept.FOLDER


@pytest.fixture
def learned_shop(trained_shop: Path, extra_dir: Path) -> Path:
    """A trained demo shop of this test's own that knows who needs it."""
    shutil.copytree(extra_dir, trained_shop / kept.FOLDER)
    return trained_shop


def opened(open_app, shop: Path, language: str = "en", plan_id: str = "spring", **changes):
    """The view on the page of a plan that was just saved."""
    saved_plan(shop, plan_id, **changes)
    app = open_app(shop, "today", language)
    app.query_params |= {"plan": plan_id, "tab": "numbers", "view": "who"}
    app.switch_page("views/plan.py").run()
    assert not app.exception
    return app


def counts(app) -> dict[str, int]:
    """Customers by advice, as the page shows them."""
    wanted = ("Send with the offer", "Send at full price", "Best left out")
    return {one.label: int(one.value.replace(",", "")) for one in app.metric if one.label in wanted}


def test_every_customer_gets_one_advice_and_the_gain_has_a_range(open_app, learned_shop):
    app = opened(open_app, learned_shop)
    found = counts(app)
    assert len(found) == 3
    text = said(app)
    assert "instead of writing to all: " in text
    assert "90 %: " in text
    assert "writing to nobody" in text or "writing to all" in text, "the verdict in words"
    assert "were left out by chance; those placed" in text
    [table] = [one.value for one in app.table]
    assert table[["Offer", "Full price", "Leave out"]].astype("int64").to_numpy().sum() == sum(found.values()) > 500
    for words in ("uplift", "Qini", "propensity"):
        assert words not in text


def test_the_chart_has_extra_orders_with_ranges_beside_those_that_come_anyway(open_app, learned_shop):
    app = opened(open_app, learned_shop)
    drawn = [json.loads(chart.proto.spec)["data"] for chart in app.get("plotly_chart")]
    [traces] = [one for one in drawn if {trace.get("name") for trace in one} >= {"Would buy anyway"}]
    extra = next(trace for trace in traces if trace["name"] == "Extra because we wrote")
    assert "array" in extra["error_y"]
    assert extra["x"][0] == "moved most"


def test_the_page_is_chinese_for_those_who_read_it(open_app, learned_shop):
    text = said(opened(open_app, learned_shop, "zh"))
    assert "与发给所有人相比" in text
    assert "who." not in text


def test_a_deeper_discount_is_recommended_to_fewer(open_app, learned_shop):
    small = counts(opened(open_app, learned_shop))["Send with the offer"]
    offer = Offer(kind="percent", discount=0.30, code="SPRING30")
    deep = counts(opened(open_app, learned_shop, plan_id="deep", offer=offer))
    assert deep["Send with the offer"] < small


def test_before_it_was_learned_the_page_offers_to_and_the_work_can_be_watched(open_app, trained_shop, monkeypatch):
    begun = []
    monkeypatch.setattr(jobs, "start", lambda *arguments: begun.append(arguments))
    app = opened(open_app, trained_shop)
    assert "Customers left out by chance in past campaigns tell them apart" in said(app)
    app.button(key="who.learn").click().run()
    assert begun[0][:3] == (trained_shop, "extra", ["uplift", "--shop", str(trained_shop)])


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        (
            {"treated": 1.0},
            "Hold out 10 % in the next campaigns; after about 30 orders in the holdout this page can tell",
        ),
        ({"propensity": np.nan}, "drawn by chance"),
        ({"converted": 0.0}, "placed 0 orders; about 30 are needed"),
    ],
)
def test_without_enough_of_a_holdout_the_page_says_what_to_do(open_app, trained_shop, columns, words):
    path = trained_shop / "tables" / "deliveries.parquet"
    pd.read_parquet(path).assign(**columns).to_parquet(path)
    app = opened(open_app, trained_shop)
    assert words in said(app)
    assert not [one for one in app.button if one.key == "who.learn"]


def test_the_list_has_every_customer_with_the_advice():
    table = pd.DataFrame({"customer_id": ["NA", "007"], "advice": ["none", "offer"], "uplift": [0.0, 0.1]})
    numbers = dict.fromkeys(("extra", "alike_low", "alike_high", "anyway", "profit"), 0.5)

    class Found:
        customers = table.assign(**numbers)

    listed = who._list(Found)  # type: ignore[arg-type]
    assert listed["customer_id"].tolist() == ["NA", "007"]
    assert set(listed["advice"]) <= set(CHOICES)
    assert list(listed)[2:] == ["extra_orders", "low", "high", "would_buy_anyway", "expected_profit"]


def test_the_chart_draws_a_range_around_every_band():
    bands = pd.DataFrame({"extra": [3.0, -1.0], "low": [2.0, -3.0], "high": [5.0, 0.0], "anyway": [1.0, 6.0]})
    words = {name: name for name in ("extra", "anyway", "axis", "range")}
    _, extra = charts.extra_by_band(bands, ["first", "second"], words).data
    assert list(extra.error_y.array) == [2.0, 1.0]
    assert list(extra.error_y.arrayminus) == [1.0, 2.0]
