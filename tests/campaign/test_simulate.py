"""Several messages of one plan: who orders while it runs, and who still gets the next one."""

import numpy as np
import pytest

from engine.campaign import response, simulate
from engine.campaign.forecast import evaluate, evaluate_steps
from engine.campaign.scene import plan_features, scene, scenes
from tests.tiny import trained

PLAN = {"plan_id": "p1", "channel": "email", "offer_kind": "percent", "discount": 0.15, "starts_at": "2026-06-08",
        "send_hour": 10, "holdout": 0.1}  # fmt: skip


class Tiny:
    def __init__(self, shop):
        self.shop, self.models = shop, response.load(shop)
        self.audience = shop.table("customers")["customer_id"].tolist()

    def steps(self, *changes):
        return [PLAN | change for change in changes]

    def forecast(self, *changes):
        steps = self.steps(*changes)
        return evaluate_steps(self.shop, self.models, scenes(self.shop, steps, self.audience), steps)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return Tiny(trained(tmp_path_factory.mktemp("shop") / "golden"))


def test_a_plan_of_one_message_is_the_forecast_of_that_message(tiny):
    assert tiny.forecast({}) == evaluate(tiny.shop, tiny.models, scene(tiny.shop, PLAN, tiny.audience), PLAN)


def test_encoding_once_gives_what_encoding_every_row_gives(tiny):
    for change in ({}, {"discount": 0.3}, {"send_hour": 20}, {"channel": "sms"}, {"offer_kind": "none"}):
        plan = PLAN | change
        prepared = scene(tiny.shop, plan, tiny.audience)
        for target, model in tiny.models.responses.items():
            if target.startswith("ad_"):
                continue
            slow = model.predict(plan_features(tiny.shop, prepared, plan))
            message = simulate.Message(_setting(tiny, prepared, plan), plan["channel"], 0, 7, False)
            [fast] = simulate.rates(tiny.models, [message], target)
            np.testing.assert_allclose(fast, slow, rtol=1e-12)


def _setting(tiny, prepared, plan):
    from engine.campaign.scene import setting

    return setting(tiny.shop, prepared, plan)


def test_two_messages_are_what_a_simulation_day_by_day_says(tiny, monkeypatch):
    """Ten thousand lives of one customer: each day a chance to order, of the message that is on, or of none."""
    p, q, window, gap = (0.30, 0.20), 0.10, 7, 10
    messages = _two(tiny, gap)
    monkeypatch.setattr(simulate, "rates", lambda models, given, target: [np.array([one]) for one in p])
    monkeypatch.setattr(simulate, "unprompted", lambda models, at: np.array([q]))
    monkeypatch.setattr(simulate, "_values", lambda models, given, each: np.array([50.0]))
    who = simulate.orders(tiny.models, messages)
    random = np.random.default_rng(1)
    daily = [1 - (1 - p[0]) ** (1 / window)] * window + [1 - (1 - q) ** (1 / window)] * (gap - window)
    daily += [1 - (1 - p[1]) ** (1 / window)] * window
    lives = random.random((100_000, len(daily))) < np.array(daily)
    assert who.p[0] == pytest.approx(lives.any(axis=1).mean(), abs=0.006)
    quiet = random.random((100_000, len(daily))) < 1 - (1 - q) ** (1 / window)
    assert who.q[0] == pytest.approx(quiet.any(axis=1).mean(), abs=0.006)
    bought_before = lives[:, :gap].any(axis=1).mean()
    assert who.sent == pytest.approx((1.0, 1 - bought_before), abs=0.006)


def _two(tiny, gap):
    steps = tiny.steps({}, {"day": gap, "condition": "stop_if_bought"})
    prepared = scenes(tiny.shop, steps, tiny.audience[:1])
    return [
        simulate.Message(_setting(tiny, one, step), "email", step.get("day", 0), 7, "condition" in step)
        for one, step in zip(prepared, steps, strict=True)
    ]


def test_stopping_after_an_order_saves_messages_and_no_orders(tiny):
    always = tiny.forecast({}, {"day": 3})
    stopping = tiny.forecast({}, {"day": 3, "condition": "stop_if_bought"})
    assert stopping.orders == always.orders
    assert stopping.messages_sent < always.messages_sent == 2 * always.recipients
    assert stopping.send_cost < always.send_cost


def test_a_customer_who_orders_is_counted_once(tiny):
    one, two = tiny.forecast({}), tiny.forecast({}, {"day": 3})
    assert one.orders.value < two.orders.value < 2 * one.orders.value
    assert two.window_days == 3 + one.window_days


def test_a_plan_says_what_it_assumes_about_writing_again(tiny):
    reason = tiny.forecast({}, {"day": 3, "condition": "stop_if_bought"}).reason()
    assert "Assumed for 2 messages to the same people" in reason
    assert "Who has ordered gets no further message." in reason
    assert "Assumed for" not in tiny.forecast({}).reason()


def test_a_later_message_knows_of_the_earlier_one(tiny):
    first, second = scenes(tiny.shop, tiny.steps({}, {"day": 3}), tiny.audience)
    assert (second.known["sent_30d"] == first.known["sent_30d"] + 1).all()
    assert (second.known["days_since_sent"] == 3).all()


def test_whom_a_later_channel_cannot_reach_is_still_in_the_plan(tiny):
    steps = tiny.steps({}, {"day": 3, "channel": "sms"})
    first, second = scenes(tiny.shop, steps, tiny.audience)
    assert first.customer_ids == second.customer_ids
    alone = scene(tiny.shop, PLAN | {"channel": "sms"}, tiny.audience)
    reached = set(np.array(second.known["customer_id"])[second.reached])
    assert reached == set(alone.customer_ids) & set(second.customer_ids)


def test_one_message_that_was_never_tried_leaves_the_whole_plan_without_money(tiny):
    f = tiny.forecast({}, {"day": 3, "send_hour": 3})
    assert not f.supported
    assert f.extra_profit is None
    assert "3:00" in f.reason()
