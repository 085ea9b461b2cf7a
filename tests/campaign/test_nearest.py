"""How far a message is from past campaigns, by hand; what is too far; and how the nearest one is named."""

import json

import numpy as np
import pandas as pd
import pytest

from engine.campaign import nearest
from engine.campaign.nearest import Past
from engine.model.encode import Encoder
from engine.model.fit import Affine, Response
from engine.sentences import say
from tests.tiny import shop_of

SAID = tuple(
    {"channel": "email", "offer_kind": "percent", "discount": f"{off} %", "size": f"{off / 100:g}", "goal": goal,
     "send_hour": "10:00", "name": name, "day": "2025-03-01"}
    for name, off, goal in (("First", 10, "vip"), ("Second", 20, "vip"), ("Third", 30, "launch"))
)  # fmt: skip
# Three campaigns: discount 0.1, 0.2 and 0.3 (a range of 0.2), goals vip, vip, launch.
PAST = Past.of(
    ("discount|fraction", "goal"),
    {"goal": ("launch", "vip")},
    np.array([[0.1, 1.0], [0.2, 1.0], [0.3, 0.0]]),
    {"discount": 0.8, "goal": 0.2},
    0.4,
    SAID,
)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        # Gower's distance: 0.8 x |difference| / 0.2 of the discount, 0.2 where the goal is another.
        ({"discount|fraction": 0.1, "goal": "vip"}, [0.0, 0.4, 1.0]),
        ({"discount|fraction": 0.15, "goal": "launch"}, [0.4, 0.4, 0.6]),
        ({"discount|fraction": 0.5, "goal": "vip"}, [1.6, 1.2, 1.0]),  # beyond the range, more than all of it
        ({"discount|fraction": 0.1, "goal": "sunset"}, [0.2, 0.6, 1.0]),  # a goal that no campaign had
        ({"discount|fraction": 0.1, "goal": ""}, [0.0, 0.4, 0.8]),  # nothing said makes no difference
        ({"goal": "vip"}, [0.0, 0.0, 0.2]),
    ],
)
def test_the_distance_is_the_share_of_what_the_model_looks_at_that_differs(message, expected):
    assert PAST.distance(PAST.encoded(message)) == pytest.approx(expected)


def test_what_only_the_past_campaign_does_not_say_is_a_whole_difference():
    past = Past.of(("hour",), {}, np.array([[10.0], [np.nan], [20.0]]), {"hour": 1.0}, None, SAID)
    assert past.distance(past.encoded({"hour": 10.0})) == pytest.approx([0.0, 1.0, 1.0])


@pytest.mark.parametrize(
    ("size", "goal", "far"), [(0.2, "vip", False), (0.4, "launch", False), (0.41, "launch", True), (0.35, "vip", False)]
)
def test_a_message_is_too_far_beyond_the_limit_to_every_campaign(size, goal, far):
    assert PAST.too_far({"discount|fraction": size, "goal": goal}, "email") is far


def test_only_campaigns_by_the_same_channel_count():
    assert PAST.too_far({"discount|fraction": 0.9, "goal": "vip"}, "sms") is False


def test_the_nearest_campaign_is_named_with_what_differs():
    message = {"channel": "email", "offer_kind": "percent", "discount": 0.5, "goal": "vip", "send_hour": 18}
    said = nearest.sentence(PAST, message, {"discount|fraction": 0.5, "goal": "vip"})
    assert said.text() == (
        "The nearest past campaign, “Third” of 2025-03-01, differs in discount (30 % there, 50 % here), "
        f"time of day (10:00 there, 18:00 here), goal ({say('plan.goal_launch')} there, {say('plan.goal_vip')} here)."
    )
    assert "2025-03-01 的“Third”" in said.text("zh")


# --- learned from the past ---


def campaigns(count: int) -> pd.DataFrame:
    number = np.arange(count)
    return pd.DataFrame(
        {
            "campaign_id": [f"k{n}" for n in number],
            "name": [f"Campaign {n}" for n in number],
            "channel": "email",
            "starts_at": [f"2025-01-{n + 1:02d}" for n in number],
        }
    )


def learned(folder, hours: list[float]) -> Past | None:
    """From campaigns that differ in one number, which is all that the model looks at."""
    table = campaigns(len(hours))
    shop = shop_of(folder, {"campaigns": table})
    features = pd.DataFrame({"headline|length": hours})
    encoder = Encoder({"headline|length": (0.0, 1.0)}, (), {}, {})
    order = Response("linear", encoder, 0.0, np.array([0.5]), None, Affine())
    return nearest.learn(shop, table[["campaign_id"]], features, order)


def test_too_far_is_further_than_any_campaign_was_from_the_nearest_other(tmp_path):
    past = learned(tmp_path / "shop", [0.0, 1.0, 2.0, 3.0, 10.0])
    assert past.worth == {"headline": 1.0}
    assert past.limit == pytest.approx(0.7)  # 10 is 7 from 3, of a range of 10
    assert not past.too_far({"headline|length": 17.0}, "email")
    assert past.too_far({"headline|length": 17.1}, "email")


def test_campaigns_as_alike_as_weekly_letters_leave_room_for_the_next(tmp_path):
    past = learned(tmp_path / "shop", [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0])
    assert past.limit == nearest.LEAST_LIMIT


def test_too_few_campaigns_tell_no_limit(tmp_path):
    past = learned(tmp_path / "shop", [0.0, 1.0, 2.0, 10.0])
    assert past.limit is None
    assert not past.too_far({"headline|length": 1e6}, "email")


def test_what_the_model_makes_nothing_of_does_not_count(tmp_path):
    assert learned(tmp_path / "shop", [5.0] * 6) is None


def test_it_is_stored_and_read_back_the_same():
    again = Past.from_json(json.loads(json.dumps(PAST.to_json())))
    message = {"discount|fraction": 0.23, "goal": "launch"}
    assert again.distance(again.encoded(message)) == pytest.approx(PAST.distance(PAST.encoded(message)))
    assert (again.limit, again.said, again.worth) == (PAST.limit, PAST.said, PAST.worth)
