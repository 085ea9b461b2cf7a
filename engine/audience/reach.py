"""Who of an audience may be written to."""

import hashlib
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from engine.privacy import ERASED
from engine.shop.store import Shop

# Of the channels that every shop may have; one of the shop's own keeps its consent under the same kind of name.
CONSENTS = {channel: f"{channel}_consent" for channel in ("email", "sms", "push")}
AD = "ad"  # no message: what is shown to people whom an ad platform finds by their address
LEFT_OUT = (
    "never_contact", "suppressed", "unsubscribed", "no_consent", "in_other_plan", "frequency_cap", "recent_buyer",
    "global_holdout",
)  # fmt: skip
REFUSED = ("never_contact", "suppressed", "unsubscribed")  # said by the person, and true of the address whoever has it
NO_WISH = (*REFUSED, "no_consent")
CAP_DAYS = 7  # the shop's frequency_cap is so many messages in this many days


@dataclass(frozen=True, slots=True)
class Send:
    """A message that is still to go out: its day, and who gets it."""

    day: date
    customer_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class Others:
    """What other plans, which come first, do with customers. taken: whom they write to or hold out at the same time.

    sends: their messages within CAP_DAYS that no delivery records yet; these count toward the shop's frequency cap.
    """

    taken: frozenset[str] = frozenset()
    sends: tuple[Send, ...] = ()


NO_OTHERS = Others()


@dataclass(frozen=True, slots=True)
class Limits:
    """What keeps a customer from one more message just now.

    send_day: day of the message (None: the day of the data); the frequency cap looks at the days before it, and at
    those after it where other plans write then. With one, the message is still to go out, so that every unsubscribe on
    record counts, those after the day of the data too.
    skip_buyers_days: who ordered in so many days before the day of the data is left out; 0 leaves nobody out.
    """

    send_day: date | None = None
    skip_buyers_days: int = 0
    others: Others = NO_OTHERS


@dataclass(frozen=True, slots=True)
class Reach:
    """customer_ids that may be written to, and how many were left out for each reason, each for the first that held."""

    customer_ids: list[str]
    left_out: dict[str, int]

    @property
    def share(self) -> float:
        """Share of the audience that may be written to; 0 of an empty one."""
        size = len(self.customer_ids) + sum(self.left_out.values())
        return len(self.customer_ids) / size if size else 0.0


def channels(shop: Shop) -> list[str]:
    """Ways to write to customers: those every shop may have, and those that this shop's past campaigns took."""
    past = shop.table("campaigns", ["channel"])["channel"].dropna() if shop.rows("campaigns") else ()
    return list(dict.fromkeys([*CONSENTS, *sorted(set(past))]))


def reachable(shop: Shop, customer_ids: list[str], channel: str, as_of: date, limits: Limits | None = None) -> Reach:
    """Of these customers, in their order, those whom consent, unsubscribing, suppression and `limits` allow.

    Consent is the column "<channel>_consent" of customers. An unknown consent counts as given only where the shop keeps
    none of that channel for anyone. Unsubscribing ends mail; where only the message says so, the channel it came by. An
    ad (AD) is for nobody who unsubscribed from anything.
    """
    why = reasons(shop, customer_ids, channel, as_of, limits)
    counts = Counter(why)
    left_out = {reason: counts[reason] for reason in LEFT_OUT if counts[reason]}
    return Reach([one for one, reason in zip(customer_ids, why, strict=True) if not reason], left_out)


def reasons(shop: Shop, customer_ids: list[str], channel: str, as_of: date, limits: Limits | None = None) -> list[str]:
    """Why each of these customers may not be written to, the first of LEFT_OUT that holds; "" for who may. As above."""
    limits = limits or Limits()
    customers = shop.optional("customers")
    table = customers.drop_duplicates("customer_id").set_index("customer_id").reindex(customer_ids)
    asked = pd.Series(customer_ids, dtype="str")
    until = pd.Timestamp(as_of) if limits.send_day is None else pd.Timestamp.max
    why = np.full(len(customer_ids), "", dtype=object)

    def leave_out(reason: str, refused: pd.Series | np.ndarray) -> None:
        why[(why == "") & np.asarray(refused, dtype=bool)] = reason

    leave_out("never_contact", asked.isin(shop.settings.never_contact) | asked.str.startswith(ERASED))
    if "suppressed" in table:
        leave_out("suppressed", table["suppressed"].eq(1))
    if "unsubscribed_at" in table and channel in ("email", AD):
        leave_out("unsubscribed", table["unsubscribed_at"] < until)
    leave_out("unsubscribed", asked.isin(_unsubscribed_by_message(shop, channel, until)))
    consent = f"{channel}_consent"
    if consent in customers and customers[consent].notna().any():
        leave_out("no_consent", ~_given(table[consent]))
    leave_out("in_other_plan", asked.isin(limits.others.taken))
    leave_out("frequency_cap", asked.isin(_often_mailed(shop, limits.send_day or as_of, limits.others.sends)))
    leave_out("recent_buyer", asked.isin(_recent_buyers(shop, as_of, limits.skip_buyers_days)))
    # Last: so it names those who would have been written to, whom the others are compared with.
    leave_out("global_holdout", held_globally(shop, customer_ids))
    return why.tolist()


def held_globally(shop: Shop, customer_ids: list[str]) -> np.ndarray:
    """True for each of these customers whom no plan ever writes to, so that all plans together can be measured.

    Drawn by a hash of shop and customer: the same people for every plan and every day; a larger share only adds some.
    """
    share = shop.settings.global_holdout
    if not share:
        return np.zeros(len(customer_ids), dtype=bool)
    digests = [
        hashlib.blake2b(f"{shop.shop_id}|{one}".encode(errors="surrogatepass"), digest_size=8, person=b"everyplan")
        for one in customer_ids
    ]
    drawn = np.frombuffer(b"".join(one.digest() for one in digests), dtype=">u8") >> np.uint64(11)
    return drawn / 2.0**53 < share


def _given(consent: pd.Series) -> pd.Series:
    """True where consent was given; a channel of the shop's own may keep it as a text."""
    if pd.api.types.is_numeric_dtype(consent):
        return consent.eq(1)
    return consent.astype("str").str.strip().str.lower().isin(["1", "1.0", "yes", "true", "是"])


def _unsubscribed_by_message(shop: Shop, channel: str, until: pd.Timestamp) -> Collection[str]:
    """Customers who unsubscribed with a message of this channel: what comes back from a sending tool says no more."""
    if "unsubscribed" not in shop.columns("deliveries") or not shop.rows("campaigns"):
        return ()
    sent = shop.table("deliveries", ["customer_id", "campaign_id", "sent_at", "unsubscribed"])
    campaigns = shop.table("campaigns", ["campaign_id", "channel"])
    own = campaigns.loc[campaigns["channel"].eq(channel) | (channel == AD), "campaign_id"]
    gone = sent["unsubscribed"].eq(1) & (sent["sent_at"] < until) & sent["campaign_id"].isin(own)
    return sent.loc[gone, "customer_id"].unique()


def _often_mailed(shop: Shop, send_day: date, sends: tuple[Send, ...]) -> Collection[str]:
    """Customers who get as many messages as the shop allows within CAP_DAYS of the send, `sends` among them."""
    got = _sent_before(shop, send_day)
    planned = [pd.DataFrame({"customer_id": sorted(s.customer_ids), "day": (s.day - send_day).days}) for s in sends]
    every = pd.concat([got, *planned], ignore_index=True) if planned else got
    over: set[str] = set()
    # Of the spans of days that hold the send, the first one is all that was sent before it.
    for first in range(-CAP_DAYS, 1) if planned else (-CAP_DAYS,):
        counts = every.loc[every["day"].between(first, first + CAP_DAYS), "customer_id"].value_counts()
        over |= set(counts.index[counts >= shop.settings.frequency_cap])
    return over


def _sent_before(shop: Shop, send_day: date) -> pd.DataFrame:
    """customer_id and day (-1: the day before the send) of each message on record in the CAP_DAYS before the send."""
    if not shop.rows("deliveries"):
        return pd.DataFrame({"customer_id": pd.Series(dtype="str"), "day": pd.Series(dtype="int64")})
    kept = [column for column in ("customer_id", "sent_at", "treated") if column in shop.columns("deliveries")]
    sent = shop.table("deliveries", [*kept])
    end = pd.Timestamp(send_day)
    recent = sent[(sent["sent_at"] >= end - timedelta(days=CAP_DAYS)) & (sent["sent_at"] < end)]
    if "treated" in recent:
        recent = recent[recent["treated"].fillna(1.0).eq(1.0)]  # a held-out customer got no message
    return pd.DataFrame({"customer_id": recent["customer_id"], "day": (recent["sent_at"] - end).dt.days})


def _recent_buyers(shop: Shop, as_of: date, days: int) -> Collection[str]:
    """Customers with an order in so many days before the day of the data."""
    if not days or not shop.rows("orders"):
        return ()
    lines = shop.table("orders", ["customer_id", "ordered_at", "quantity"])
    end = pd.Timestamp(as_of)
    recent = (lines["ordered_at"] >= end - timedelta(days=days)) & (lines["ordered_at"] < end) & (lines["quantity"] > 0)
    return lines.loc[recent, "customer_id"].unique()
