"""Lists of people who must not be written to, out of mail tools: e-mail address, why, and since when.

Klaviyo, suppressed profiles: Email, Reason, Date. Reasons are unsubscribed, spam complaint, hard bounce, invalid
address, or by hand; everybody on the list is suppressed. Mailchimp, an audience exported: a file of unsubscribed and
one of cleaned (bounced) contacts, known by UNSUB_TIME and CLEAN_TIME. A list says who left and nothing of who stayed: a
customer who is not on it keeps what is known. Names, addresses, birthdays and notes are not taken in.
"""

import pandas as pd

from engine.errors import DataProblem
from engine.shop.sources import cells
from engine.shop.sources.cells import filled, words
from engine.shop.sources.taken import Source, Taken
from engine.shop.store import ShopSettings
from engine.shop.tables import Problem

NO_CONSENT = r"unsub|spam|complain|opt.?out|退订"
NO_USE = r"bounce|invalid|suppress|manual|undeliver|blocked|clean"


def klaviyo(frame: pd.DataFrame, settings: ShopSettings) -> Taken:
    """Suppressed, each; who unsubscribed or complained has withdrawn the consent, on that day.

    Raises DataProblem where no reason is one of a mail tool: the list may be of goods sent back.
    """
    rows = frame.copy()
    if not words(rows, "reason").str.contains(f"{NO_CONSENT}|{NO_USE}", regex=True).any():
        raise DataProblem(
            "This looks like a list of suppressed people, but none of its reasons is one: unsubscribed, bounced, spam "
            "complaint, invalid, suppressed. Say what its columns are, or leave the file out."
        )
    withdrawn = words(rows, "reason").str.contains(NO_CONSENT, regex=True)
    rows["suppressed"] = 1.0
    rows["email_consent"] = withdrawn.map({True: 0.0})
    rows["unsubscribed_at"] = rows["unsubscribed_at"].where(withdrawn)
    return _people(rows)


def mailchimp(frame: pd.DataFrame, settings: ShopSettings) -> Taken:
    """Unsubscribed: the consent is withdrawn. Cleaned: the address does not work."""
    rows = frame.copy()
    if "unsubscribed_at" in rows:
        rows["email_consent"] = 0.0
    else:
        rows["suppressed"] = 1.0
    return _people(rows)


def _people(rows: pd.DataFrame) -> Taken:
    key = cells.email(rows["email"])
    lost = key.isna() & filled(rows["email"])
    aside: list[Problem] = [(int(row), "email", rows["email"][row], "is no e-mail address") for row in rows.index[lost]]
    rows = rows[~lost].assign(customer_id=key[~lost], email=key[~lost])
    columns = ["customer_id", "email_consent", "unsubscribed_at", "suppressed"]
    contacts = rows.loc[filled(rows["email"]), ["customer_id", "email"]].drop_duplicates("customer_id", keep="last")
    return Taken(
        "customers",
        rows[[column for column in columns if column in rows]],
        aside,
        {"contacts": contacts},
        frozenset(contacts["customer_id"]),
    )


SOURCES = (
    Source(
        "klaviyo_suppressed",
        "Klaviyo: suppressed profiles",
        "customers",
        {
            "email": ("Email", "Email Address"),
            "reason": ("Reason", "Suppression Reason", "Reasons", "Suppressed Reason"),
            "unsubscribed_at": ("Date", "Date Added", "Timestamp", "Suppressed At", "Date Suppressed"),
        },
        ("email", "reason", "unsubscribed_at"),
        klaviyo,
    ),
    Source(
        "mailchimp_unsubscribed",
        "Mailchimp: unsubscribed contacts",
        "customers",
        {"email": ("Email Address",), "unsubscribed_at": ("UNSUB_TIME",), "reason": ("UNSUB_REASON",)},
        ("email", "unsubscribed_at", "reason"),
        mailchimp,
    ),
    Source(
        "mailchimp_cleaned",
        "Mailchimp: cleaned contacts",
        "customers",
        {"email": ("Email Address",), "ends_on": ("CLEAN_TIME",), "reason": ("CLEAN_CAMPAIGN_TITLE",)},
        ("email", "ends_on"),
        mailchimp,
    ),
)
