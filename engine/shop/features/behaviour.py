"""Features of customers from what they looked at and the messages they got, as expressions for any of Ibis' engines.

`as_of` is an instant in the shop's time: rows at or after it do not exist. Counts are float64.
"""

from collections.abc import Mapping
from datetime import date

import ibis
from ibis import _

from engine.shop.features.order_lines import days_between, instant

KINDS = {"view": "views", "cart": "carts", "search": "searches", "checkout": "checkouts", "wishlist": "wishlists"}


def kinds_seen(events: ibis.Table, as_of: date) -> list[str]:
    """The kinds of KINDS that the shop had recorded before `as_of`: of the others nobody knows."""
    seen = set(events.filter(_.occurred_at < instant(as_of)).select("kind").distinct().execute()["kind"])
    return [kind for kind in KINDS if kind in seen]


def event_features(events: ibis.Table, as_of: date, kinds: list[str]) -> ibis.Table:
    """One row per customer with an event: customer_id and views_30d, carts_30d, ... of `kinds`."""
    recent = _.occurred_at >= instant(as_of, 30)
    counts = {f"{KINDS[kind]}_30d": _.count(where=recent & (_.kind == kind)).cast("float64") for kind in kinds}
    return events.filter(_.occurred_at < instant(as_of)).group_by("customer_id").agg(**counts)


def carts_not_bought(events: ibis.Table, lines: ibis.Table, as_of: date) -> ibis.Table:
    """One row per customer with cart_not_bought_30d: products put in the cart in the last 30 days and not bought since.

    Bought since means a line of that product on the day it was last put there, or later: many shops know only an
    order's day.
    """
    put = events.filter(
        _.kind == "cart", _.product_id.notnull(), _.occurred_at < instant(as_of), _.occurred_at >= instant(as_of, 30)
    )
    put = put.group_by("customer_id", "product_id").agg(put_at=_.occurred_at.max())
    sold = lines.filter(_.quantity > 0, _.ordered_at < instant(as_of), _.ordered_at >= instant(as_of, 30))
    sold = sold.group_by("customer_id", "product_id").agg(bought_at=_.ordered_at.max())
    both = put.left_join(sold, ["customer_id", "product_id"])
    left = both.bought_at.isnull() | (both.bought_at.cast("date") < both.put_at.cast("date"))
    return both.group_by("customer_id").agg(cart_not_bought_30d=left.sum().cast("float64"))


def messages(deliveries: ibis.Table, campaigns: ibis.Table, as_of: date, window_days: Mapping[str, int]) -> ibis.Table:
    """Messages sent before `as_of`: customer_id, channel, age_days, known, and clicked and converted where recorded.

    known: the outcome is complete, because the campaign has ended or else its channel's window (7 days where
    `window_days` has none) has passed.
    """
    sent = deliveries.filter(_.sent_at < instant(as_of))
    if "treated" in deliveries.columns:
        sent = sent.filter(_.treated.cast("float64").fill_null(1) == 1)
    ends = campaigns.ends_at if "ends_at" in campaigns.columns else ibis.null("timestamp")
    about = campaigns.select("campaign_id", "channel", ends=ends.cast("timestamp"))
    sent = sent.left_join(about, "campaign_id")
    window = ibis.literal(7)
    for channel, length in window_days.items():
        window = ibis.ifelse(sent.channel == channel, length, window)
    age = days_between(instant(as_of), sent.sent_at)
    outcomes = [column for column in ("clicked", "converted") if column in deliveries.columns]
    known = ibis.ifelse(sent.ends.notnull(), sent.ends <= instant(as_of), age >= window)
    return sent.select("customer_id", "channel", *outcomes, age_days=age, known=known)


def channels_used(sent: ibis.Table) -> list[str]:
    """Channels of `messages`, in alphabetical order."""
    return sorted(sent.filter(_.channel.notnull()).select("channel").distinct().execute()["channel"])


def message_features(sent: ibis.Table, channels: list[str]) -> ibis.Table:
    """One row per customer of `messages`: pressure (all messages), and response (those whose outcome is known).

    sent_30d, days_since_sent, sent, clicked, ordered, and for each of `channels` by its place sent_0, clicked_0, ...;
    clicked and ordered only where the shop records them.
    """
    columns = {
        "sent_30d": _.count(where=_.age_days <= 30).cast("float64"),
        "days_since_sent": _.age_days.min(),
        "sent": _.count(where=_.known).cast("float64"),
    }
    if "clicked" in sent.columns:
        columns["clicked"] = _.clicked.cast("float64").sum(where=_.known)
    if "converted" in sent.columns:
        columns["ordered"] = _.converted.cast("float64").sum(where=_.known)
    for place, channel in enumerate(channels):
        own = _.known & (_.channel == channel)
        columns[f"sent_{place}"] = _.count(where=own).cast("float64")
        if "clicked" in sent.columns:
            columns[f"clicked_{place}"] = _.clicked.cast("float64").sum(where=own)
    return sent.group_by("customer_id").agg(**columns)
