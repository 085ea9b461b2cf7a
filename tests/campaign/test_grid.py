"""Many settings at once are the same as each by itself."""

import dataclasses

import lightgbm as lgb
import numpy as np
import pytest

from engine.campaign import grid, response, simulate
from engine.campaign.forecast import drawn, evaluate
from engine.campaign.scene import scene, setting
from engine.model import fit
from engine.model.calibrate import Affine
from tests.tiny import trained

PLAN = {"plan_id": "p1", "channel": "email", "starts_at": "2026-06-08", "holdout": 0.1}
STEPS = [
    PLAN | {"offer_kind": kind, "discount": size, "send_hour": hour, "min_spend": least, "theme": theme}
    for kind, size, least in (
        ("percent", 0.1, None), ("percent", 0.25, 50.0), ("amount", 5.0, 40.0), ("none", None, None),
    )
    for hour in (10, 20, None)
    for theme in ("warm", "unheard of")
]  # fmt: skip


class Tiny:
    def __init__(self, shop):
        self.shop, self.models = shop, response.load(shop)
        self.scene = scene(shop, PLAN, shop.table("customers")["customer_id"].tolist())

    def alone(self, models, step):
        return simulate.orders(models, [simulate.Message(setting(self.shop, self.scene, step), "email", 0, 7, False)])


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return Tiny(trained(tmp_path_factory.mktemp("shop") / "golden"))


def linear(models):
    """The same models without their trees, with weights that leave nothing out: so small a shop's were all shrunk."""
    order = models.responses["order"]
    weights = np.sin(np.arange(len(order.weights))) / 5
    bare = fit.Response("linear", order.encoder, order.intercept, weights, None, Affine(0.1, 0.9))
    return response.Models(
        models.version, models.responses | {"order": bare}, models.anyway, models.value, models.variation, models.tried,
        models.card,
    )  # fmt: skip


def with_trees(tiny):
    """The same models with trees on top that look at customers, offer and message."""
    order = linear(tiny.models).responses["order"]
    seen = np.vstack([setting(tiny.shop, tiny.scene, step).matrix(order.encoder) for step in STEPS])
    label = (seen.sum(axis=1) + np.sin(np.arange(len(seen))) > 0).astype(float)
    learned = lgb.Dataset(seen, label, params={"verbosity": -1})
    trees = lgb.train({"objective": "cross_entropy", "num_leaves": 8, "verbosity": -1, "num_threads": 1}, learned, 20)
    both = dataclasses.replace(order, kind="both", trees=trees)
    return dataclasses.replace(tiny.models, responses=tiny.models.responses | {"order": both})


@pytest.mark.parametrize("kind", ["linear", "with trees"])
def test_orders_under_many_settings_are_those_under_each(tiny, kind):
    models = linear(tiny.models) if kind == "linear" else with_trees(tiny)
    found = grid.orders(tiny.shop, models, tiny.scene, STEPS)
    assert len(found) == len(STEPS)
    for step, together in zip(STEPS, found, strict=True):
        alone = tiny.alone(models, step)
        for name in ("p", "q", "value"):
            np.testing.assert_allclose(getattr(together, name), getattr(alone, name), rtol=1e-12)
        assert together.sent == alone.sent
    assert len({float(one.p.mean()) for one in found}) > len(STEPS) / 3, "the settings differ"


def test_without_a_holdout_nobody_is_said_to_order_anyway(tiny):
    attributed = response.Models(
        tiny.models.version, tiny.models.responses, None, tiny.models.value, tiny.models.variation, tiny.models.tried,
        tiny.models.card,
    )  # fmt: skip
    assert all(one.q is None for one in grid.orders(tiny.shop, attributed, tiny.scene, STEPS[:3]))


def test_a_forecast_of_known_orders_is_the_forecast(tiny):
    step = STEPS[0]
    [who] = grid.orders(tiny.shop, tiny.models, tiny.scene, [step])
    quick, money = drawn(
        tiny.shop, tiny.models, [tiny.scene], [step], money_only=True, who=who, ranged=("extra_profit",)
    )
    whole = evaluate(tiny.shop, tiny.models, tiny.scene, step)
    for end in ("value", "low", "high"):
        assert getattr(quick.extra_profit, end) == pytest.approx(getattr(whole.extra_profit, end), rel=1e-9)
    assert money.expected["orders"] == pytest.approx(whole.orders.value)
    assert quick.roi is None, "not asked for"
    assert quick.chance_of_loss == whole.chance_of_loss


def test_what_was_never_tried_has_money_only_where_that_is_asked_and_says_so(tiny):
    step = PLAN | {"offer_kind": "percent", "discount": 0.6, "send_hour": 10}
    forecast, money = drawn(tiny.shop, tiny.models, [tiny.scene], [step], even_untried=True)
    assert (forecast.supported, forecast.verdict, forecast.test_on) == (False, "never_tried", 0)
    assert forecast.reason().startswith("60 % off was never tried by email")
    assert money.expected["extra_profit"] == forecast.extra_profit.value
    assert drawn(tiny.shop, tiny.models, [tiny.scene], [step])[1] is None
