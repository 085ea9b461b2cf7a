"""Only those who may be written to are written to, and everyone left out has a reason."""

from datetime import date

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.audience.reach import AD, LEFT_OUT, Limits, Others, Send, channels, held_globally, reachable, reasons
from engine.shop.store import create_shop
from tests.tiny import shop_of, simulated

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


def test_an_ad_is_for_nobody_who_unsubscribed_from_anything(shop, tmp_path):
    assert reachable(shop, ["ok", "left", "leaves"], AD, DAY).customer_ids == ["ok", "leaves"]
    campaigns = pd.DataFrame({"campaign_id": ["k1"], "channel": ["sms"], "starts_at": ["2026-05-01"]})
    sent = pd.DataFrame({"campaign_id": "k1", "customer_id": ["ok"], "sent_at": ["2026-05-01"], "unsubscribed": 1})
    people = PEOPLE.assign(ad_consent=[1, 1, 0, "", 1, 1, 1])
    other = shop_of(tmp_path / "other", {"customers": people, "campaigns": campaigns, "deliveries": sent})
    assert reachable(other, EVERYONE, AD, DAY).left_out == {"suppressed": 1, "unsubscribed": 2, "no_consent": 1}
    assert reachable(other, ["ok"], "email", DAY).customer_ids == ["ok"]


# --- the permanent holdout ---


def people_of(count):
    return [f"c{number:04d}" for number in range(count)]


def test_the_permanent_holdout_is_left_out_of_everything_and_counts_only_those_who_could_be_written_to(tmp_path):
    ids = people_of(400)
    frame = pd.DataFrame({"customer_id": ids, "email_consent": [1] * 200 + [0] * 200})
    shop = shop_of(tmp_path / "shop", {"customers": frame}, {"global_holdout": 0.25})
    held = [one for one, is_held in zip(ids, held_globally(shop, ids), strict=True) if is_held]
    assert 70 < len(held) < 130
    reach = reachable(shop, ids, "email", DAY)
    assert reach.left_out == {"no_consent": 200, "global_holdout": len([one for one in held if one in ids[:200]])}
    assert not set(reach.customer_ids) & set(held)
    why = dict(zip(ids, reasons(shop, ids, "sms", DAY), strict=True))
    assert {one for one, reason in why.items() if reason == "global_holdout"} == set(held)
    assert set(why.values()) <= {"", *LEFT_OUT}


def test_the_same_people_are_held_whoever_is_asked_for_and_a_larger_share_only_adds_some(tmp_path):
    ids = people_of(500)
    frame, fixed = pd.DataFrame({"customer_id": ids}), {"shop_id": "shop-1"}
    small, large, none = (
        shop_of(tmp_path / str(share), {"customers": frame}, {**fixed, "global_holdout": share})
        for share in (0.05, 0.2, 0.0)
    )
    held = held_globally(small, ids)
    assert held_globally(small, ids[::-1]).tolist() == held[::-1].tolist()
    assert (held <= held_globally(large, ids)).all() and 5 < held.sum() < held_globally(large, ids).sum()
    assert not held_globally(none, ids).any() and len(held_globally(small, [])) == 0


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


# --- unsubscribed after the day of the data, by a message, from a channel of the shop's own ---


def test_a_message_still_to_be_sent_minds_every_unsubscribe_on_record(shop):
    """Also one after the day of the data, which is the last order or delivery and may be older than the customers."""
    assert reachable(shop, ["leaves"], "email", DAY, Limits(send_day=DAY)).left_out == {"unsubscribed": 1}


def of_deliveries(folder, deliveries, settings=None, **tables):
    """A shop with customers a to e and these deliveries: campaign_id, customer_id, sent_at and more."""
    campaigns = pd.DataFrame({"campaign_id": ["k1", "k2"], "channel": ["email", "wechat"], "starts_at": "2026-05-01"})
    people = pd.DataFrame({"customer_id": list("abcde")})
    everything = {"customers": people, "campaigns": campaigns, "deliveries": deliveries, **tables}
    return shop_of(folder, everything, settings)


def test_who_unsubscribed_with_a_message_is_not_written_to_by_its_channel(tmp_path):
    shop = of_deliveries(
        tmp_path / "shop",
        pd.DataFrame(
            [("k1", "a", "2026-05-02", 1), ("k2", "b", "2026-05-02", 1), ("k1", "c", "2026-05-02", 0)],
            columns=["campaign_id", "customer_id", "sent_at", "unsubscribed"],
        ),
    )
    assert reachable(shop, list("abc"), "email", DAY).customer_ids == ["b", "c"]
    assert reachable(shop, list("abc"), "wechat", DAY).customer_ids == ["a", "c"]
    assert reachable(shop, list("abc"), "sms", DAY).customer_ids == ["a", "b", "c"]
    assert reachable(shop, ["a"], "email", date(2026, 5, 2)).customer_ids == ["a"]
    assert channels(shop) == ["email", "sms", "push", "wechat"]


@pytest.mark.parametrize("given", ["1", "yes", "TRUE", "是"])
def test_a_channel_of_the_shops_own_has_a_consent_of_its_own(tmp_path, given):
    people = pd.DataFrame({"customer_id": ["a", "b", "c"], "wechat_consent": [given, "no", ""]})
    shop = shop_of(tmp_path / "shop", {"customers": people})
    assert reachable(shop, ["a", "b", "c"], "wechat", DAY).customer_ids == ["a"]


# --- enough messages, orders just now, other plans ---


def test_who_got_as_many_messages_as_the_shop_allows_waits_for_seven_days(tmp_path):
    sent = [
        ("k1", "a", "2026-05-25", 1), ("k1", "a", "2026-05-31 23:00", 1),  # both within the seven days before 1 June
        ("k1", "b", "2026-05-24 23:59", 1), ("k1", "b", "2026-05-31", 1),  # one is longer ago
        ("k1", "c", "2026-05-26", 0), ("k1", "c", "2026-05-31", 1),  # held out once: nothing was sent
        ("k1", "d", "2026-05-26", ""), ("k1", "d", "2026-05-27", ""),  # unknown: counts as sent
        ("k1", "e", "2026-06-01 08:00", 1), ("k1", "e", "2026-05-31", 1),  # one is of the day itself
    ]  # fmt: skip
    deliveries = pd.DataFrame(sent, columns=["campaign_id", "customer_id", "sent_at", "treated"])
    shop = of_deliveries(tmp_path / "shop", deliveries, {"frequency_cap": 2})
    reach = reachable(shop, list("abcde"), "email", DAY)
    assert (reach.customer_ids, reach.left_out) == (["b", "c", "e"], {"frequency_cap": 2})
    # A plan that is sent later is not held up by what is long past then.
    later = reachable(shop, list("abcde"), "email", DAY, Limits(send_day=date(2026, 6, 8)))
    assert later.customer_ids == list("abcde")
    soon = reachable(shop, list("abcde"), "email", DAY, Limits(send_day=date(2026, 6, 2)))
    assert (soon.customer_ids, soon.left_out) == (list("abc"), {"frequency_cap": 2})  # e: of 31 May and 1 June


def test_deliveries_without_a_column_for_the_held_out_all_count_as_sent(tmp_path):
    deliveries = pd.DataFrame({"campaign_id": "k1", "customer_id": ["a", "b"], "sent_at": ["2026-05-30", "2026-05-01"]})
    shop = of_deliveries(tmp_path / "shop", deliveries, {"frequency_cap": 1})
    assert reachable(shop, ["a", "b"], "push", DAY).customer_ids == ["b"]


def test_what_was_sent_and_what_other_plans_will_send_count_together(tmp_path):
    sent = pd.DataFrame({"campaign_id": "k1", "customer_id": ["a", "b"], "sent_at": ["2026-05-26", "2026-05-30"]})
    shop = of_deliveries(tmp_path / "shop", sent, {"frequency_cap": 2})
    people = frozenset("abc")
    reach = reachable(
        shop, list("abcd"), "email", DAY, Limits(DAY, 0, Others(sends=(Send(date(2026, 5, 31), people),)))
    )
    assert (reach.customer_ids, reach.left_out) == (["c", "d"], {"frequency_cap": 2})
    # Of 3 June and 26 May no seven days hold both and the message itself; of 3 June and 30 May they do.
    later = Others(sends=(Send(date(2026, 6, 3), people),))
    assert reachable(shop, list("abcd"), "email", DAY, Limits(DAY, 0, later)).customer_ids == ["a", "c", "d"]


def test_who_ordered_just_now_is_left_out_where_asked_and_a_return_is_no_order(tmp_path):
    orders = pd.DataFrame(
        [("o1", "a", "2026-05-25", 1), ("o2", "b", "2026-05-24 23:59", 1), ("o3", "c", "2026-05-30", -1),
         ("o4", "d", "2026-06-01", 1)],
        columns=["order_id", "customer_id", "ordered_at", "quantity"],
    ).assign(product_id="p", unit_price=1.0)  # fmt: skip
    shop = shop_of(tmp_path / "shop", {"customers": pd.DataFrame({"customer_id": list("abcd")}), "orders": orders})
    reach = reachable(shop, list("abcd"), "email", DAY, Limits(skip_buyers_days=7))
    assert (reach.customer_ids, reach.left_out) == (list("bcd"), {"recent_buyer": 1})
    assert reachable(shop, list("abcd"), "email", DAY).customer_ids == list("abcd")


def test_customers_of_another_plan_are_left_out_and_each_is_counted_once(shop):
    reach = reachable(shop, EVERYONE, "email", DAY, Limits(others=Others(frozenset({"ok", "suppressed"}))))
    assert reach.customer_ids == ["leaves"]
    assert reach.left_out["in_other_plan"] == 1


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    return shop_of(
        tmp_path_factory.mktemp("shop") / "crowd", simulated(), {"never_contact": ["c010"], "frequency_cap": 1}
    )


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    chosen=st.lists(st.sampled_from(["NA", "null", "nobody", *(f"c{n:03d}" for n in range(1, 61))]), unique=True),
    channel=st.sampled_from(["email", "sms", "push", "social"]),
    day=st.dates(date(2025, 1, 1), date(2026, 1, 1)),
    skip=st.integers(0, 60),
    taken=st.frozensets(st.sampled_from([f"c{n:03d}" for n in range(1, 61)]), max_size=20),
)
def test_no_more_are_reachable_than_gave_consent(crowd, chosen, channel, day, skip, taken):
    people = crowd.table("customers").set_index("customer_id").reindex(chosen)
    reach = reachable(crowd, chosen, channel, day, Limits(day, skip, Others(taken)))
    reached = people.loc[reach.customer_ids]
    assert len(reach.customer_ids) + sum(reach.left_out.values()) == len(chosen)
    if channel in ("email", "sms"):  # this shop keeps no consent for push
        assert reached[f"{channel}_consent"].eq(1).all()
        assert len(reached) <= people[f"{channel}_consent"].eq(1).sum()
    assert not reached["suppressed"].eq(1).any()
    assert channel != "email" or reached["unsubscribed_at"].isna().all()
    assert not {"c010", *taken} & set(reach.customer_ids)
    assert reach.customer_ids == [one for one in chosen if one in set(reach.customer_ids)]
