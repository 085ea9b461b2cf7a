"""Only those who may be written to are written to, and everyone left out has a reason."""

from datetime import date

import pandas as pd
import pytest

from engine.audience.reach import reachable
from engine.shop.store import create_shop
from tests.tiny import shop_of

DAY = date(2026, 6, 1)
PEOPLE = pd.DataFrame(
    {
        "customer_id": ["ok", "no", "unknown", "left", "leaves", "suppressed", "asked"],
        "email_consent": [1, 0, "", 1, 1, 1, 1],
        "sms_consent": [1, 1, 1, 1, 1, 1, 1],
        "unsubscribed_at": ["", "", "", "2026-05-31", "2026-06-01", "", ""],
        "suppressed": ["", "", "", "", "", 1, 0],
    }
)
EVERYONE = PEOPLE["customer_id"].tolist()


@pytest.fixture
def shop(tmp_path):
    return shop_of(tmp_path / "shop", {"customers": PEOPLE}, {"never_contact": ["asked"]})


def test_consent_unsubscribing_suppression_and_never_contact_leave_people_out(shop):
    reach = reachable(shop, EVERYONE, "email", DAY)
    assert reach.customer_ids == ["ok", "leaves"]
    assert reach.left_out == {"never_contact": 1, "suppressed": 1, "unsubscribed": 1, "no_consent": 2}


@pytest.mark.parametrize("channel", ["email", "sms", "push", "social"])
def test_everyone_is_reachable_or_left_out_for_one_reason(shop, channel):
    reach = reachable(shop, [*EVERYONE, "stranger"], channel, DAY)
    assert len(reach.customer_ids) + sum(reach.left_out.values()) == len(EVERYONE) + 1


def test_unsubscribing_from_mail_leaves_other_channels_open(shop):
    assert reachable(shop, ["left"], "sms", DAY).customer_ids == ["left"]


def test_the_order_asked_for_is_kept(shop):
    assert reachable(shop, ["leaves", "no", "ok"], "email", DAY).customer_ids == ["leaves", "ok"]


def test_an_unknown_consent_is_no_consent_where_the_shop_keeps_any(shop):
    assert reachable(shop, ["unknown"], "email", DAY).left_out == {"no_consent": 1}
    assert reachable(shop, ["stranger"], "email", DAY).left_out == {"no_consent": 1}


def test_a_shop_that_keeps_no_consent_reaches_everyone(shop, tmp_path):
    assert reachable(shop, ["ok", "no"], "push", DAY).customer_ids == ["ok", "no"]
    without = shop_of(tmp_path / "other", {"customers": PEOPLE.assign(email_consent="")})
    assert reachable(without, ["ok", "no", "unknown"], "email", DAY).customer_ids == ["ok", "no", "unknown"]


@pytest.mark.parametrize("channel", ["email", "sms", "social"])
def test_a_shop_without_a_customers_table_reaches_everyone(tmp_path, channel):
    assert reachable(create_shop(tmp_path / "shop", {}), ["a", "b"], channel, DAY).customer_ids == ["a", "b"]


def test_nobody_asked_for_is_nobody_reached(shop):
    assert reachable(shop, [], "email", DAY).customer_ids == []
