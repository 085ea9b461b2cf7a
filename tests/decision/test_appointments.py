"""A calendar file, read back by a library: every message at the shop's hour, the same event again, the same bytes."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from engine.campaign.plan import Offer, Step
from engine.decision import appointments, plans
from engine.shop.shop_settings import ShopSettings

BERLIN = ShopSettings(shop_id="shop-1", time_zone="Europe/Berlin")
ZONE = ZoneInfo("Europe/Berlin")


@pytest.fixture
def made(shop):
    """made(): the calendar of the shop's plans, as bytes."""

    def now(settings=BERLIN, language="en"):
        found = appointments.dated(plans.saved_plans(shop.dir), shop.entries())
        return appointments.ics(found, shop.shop_id, settings, language)

    return now


@pytest.fixture
def spring(shop, make_plan):
    """A plan of three messages round the change of the clocks, submitted at noon UTC."""
    shop.now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    steps = [Step(day=0, channel="email"), Step(day=2, channel="sms"), Step(day=40, channel="push")]
    dates = {"starts_at": date(2026, 3, 28), "ends_at": date(2026, 5, 31)}
    plan = make_plan(
        name="Spring; tea, 茶\n& more", steps=steps, send_hour=18, landing_url="https://x.example", **dates
    )
    shop.submit(plan)
    return plan


def events(content):
    return {str(event["uid"]): event for event in Calendar.from_ical(content).walk("VEVENT")}


def test_an_approved_plan_is_its_messages_its_deadline_and_its_offer(shop, spring, made):
    shop.approve()
    found = events(made())
    at = {uid.removesuffix("@shop-1.offerlab"): event["dtstart"].dt for uid, event in found.items()}
    assert at == {
        "p1-deadline": datetime(2026, 3, 27, 18, tzinfo=ZONE),
        "p1-message-1": datetime(2026, 3, 28, 18, tzinfo=ZONE),
        "p1-message-2": datetime(2026, 3, 30, 18, tzinfo=ZONE),
        "p1-message-3": datetime(2026, 5, 7, 18, tzinfo=ZONE),
        "p1-starts": date(2026, 3, 28),
        "p1-ends": date(2026, 5, 31),
    }
    first, second = (found[f"p1-message-{number}@shop-1.offerlab"] for number in (1, 2))
    # Winter time on the 28th, summer time on the 30th: 18:00 in the shop on both.
    assert [one["dtstart"].dt.astimezone(UTC).hour for one in (first, second)] == [17, 16]
    assert str(first["summary"]) == "Message 1 goes out (E-mail): Spring; tea, 茶\n& more"
    assert "utm_medium=sms" in second["description"]
    assert found["p1-ends@shop-1.offerlab"]["dtend"].dt - at["p1-ends"] == timedelta(days=1)
    assert str(found["p1-deadline@shop-1.offerlab"]["description"]) == "Approved by ben."


def test_the_rules_of_the_time_zone_are_in_the_file(shop, spring, made):
    shop.approve()
    content = made()
    assert content.count(b"BEGIN:VTIMEZONE") == 1
    assert b"TZID:Europe/Berlin" in content and b"DTSTART;TZID=Europe/Berlin:20260328T180000" in content
    assert b"VTIMEZONE" not in made(ShopSettings(shop_id="shop-1", time_zone="UTC"))
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))


def test_the_same_approval_gives_the_same_bytes_and_a_new_one_the_same_events_counted_on(shop, spring, made):
    shop.approve()
    first = made()
    assert made() == first
    shop.append(plan_id="other")
    assert made() == first
    shop.now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    shop.submit(spring.model_copy(update={"send_hour": 9}))
    shop.approve()
    before, after = events(first), events(made())
    assert set(before) == set(after)
    assert all(after[uid]["sequence"] > before[uid]["sequence"] for uid in before)
    assert {event["dtstamp"].dt for event in after.values()} == {datetime(2026, 3, 2, 12, tzinfo=UTC)}


def test_a_plan_that_waits_has_its_deadline_alone_and_a_draft_or_a_changed_one_nothing(shop, spring, made, make_plan):
    assert list(events(made())) == ["p1-deadline@shop-1.offerlab"]
    plans.save(shop.dir, make_plan("p2"), {}, None, shop.now)
    assert list(events(made())) == ["p1-deadline@shop-1.offerlab"]
    shop.approve()
    stored = plans.load(shop.dir, "p1")
    plans.save(shop.dir, spring.model_copy(update={"send_hour": 7}), stored.extras, stored.version, shop.now)
    assert events(made()) == {}


def test_the_words_are_in_the_language_asked_for(shop, spring, made):
    shop.approve()
    said = [str(event["summary"]) for event in events(made(language="zh")).values()]
    assert any("第 2 条消息发送（短信）" in one for one in said)
    assert "优惠最后一天" in "".join(said)


def test_a_plan_without_an_offer_starts_and_ends_none(shop, make_plan, made):
    shop.now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    shop.submit(make_plan(offer=Offer()))
    shop.approve()
    assert [uid.partition("@")[0] for uid in events(made())] == ["p1-deadline", "p1-message-1"]
