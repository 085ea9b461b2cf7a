"""Results of campaigns and lists of people not to be written to, out of Klaviyo and Mailchimp."""

from tests.shop.exports import csv_bytes

KLAVIYO = [
    "Campaign Name", "Variant Name", "Tags", "Subject", "List", "Send Time", "Send Weekday", "Total Recipients",
    "Unique Placed Order", "Placed Order Rate", "Revenue", "Unique Opens", "Open Rate", "Total Opens", "Unique Clicks",
    "Click Rate", "Total Clicks", "Unsubscribes", "Spam Complaints", "Spam Complaints Rate", "Successful Deliveries",
    "Bounces", "Bounce Rate", "Campaign ID", "Campaign Channel", "Winning Variant?",
]  # fmt: skip
MAILCHIMP = [
    "Title", "Subject", "List", "Send Date", "Send Weekday", "Total Recipients", "Successful Deliveries",
    "Soft Bounces", "Hard Bounces", "Total Bounces", "Times Forwarded", "Forwarded Opens", "Unique Opens", "Open Rate",
    "Total Opens", "Unique Clicks", "Click Rate", "Total Clicks", "Unsubscribes", "Abuse Complaints",
    "Times Liked on Facebook", "Folder Id", "Unique Id", "Total Orders", "Total Gross Sales", "Total Revenue",
]  # fmt: skip
PERSON = [
    "Email Address", "First Name", "Last Name", "Address", "Phone Number", "Birthday", "MEMBER_RATING", "OPTIN_TIME",
    "OPTIN_IP", "CONFIRM_TIME", "CONFIRM_IP", "GMTOFF", "DSTOFF", "TIMEZONE", "CC", "REGION",
]  # fmt: skip
OF_PERSON = {"First Name": "Zelda", "Last Name": "Quux", "Address": "Nowhere 7", "Birthday": "01/02"}


def klaviyo() -> bytes:
    """One campaign, one test of two subjects with a row for both, an SMS, and a draft."""
    counts = {"Open Rate": "41.0%", "Total Opens": 900, "Click Rate": "5.0%", "Total Clicks": 80}
    march = {
        "Campaign Name": "Spring", "Subject": "Spring is here", "Send Time": "2026-03-05 09:30:00",
        "Send Weekday": "Thursday", "Total Recipients": "1,250", "Unique Placed Order": 12, "Revenue": "1,234.50",
        "Unique Opens": 500, "Unique Clicks": 61, "Unsubscribes": 3, "Spam Complaints": 1,
        "Successful Deliveries": "1,240", "Bounces": 10, "Campaign ID": "01HSPRING", "Campaign Channel": "Email",
    }  # fmt: skip
    test = march | {"Campaign Name": "Test", "Campaign ID": "01HTEST", "Send Time": "2026-03-12 18:00:00"}
    rows = [
        counts | march,
        counts | test | {"Total Recipients": 200, "Unique Clicks": 9},
        counts | test | {"Variant Name": "A", "Subject": "Hello", "Total Recipients": 100, "Unique Clicks": 4},
        counts | test | {"Variant Name": "B", "Subject": "Good day", "Total Recipients": 100, "Unique Clicks": 5},
        counts | march | {"Campaign Name": "Text", "Campaign ID": "01HTEXT", "Campaign Channel": "SMS", "Subject": ""},
        {"Campaign Name": "Idea", "Campaign ID": "01HIDEA", "Campaign Channel": "Email"},
    ]
    return csv_bytes(KLAVIYO, rows)


def mailchimp() -> bytes:
    """Two campaigns of one name, one without a shop's numbers."""
    row = {
        "Title": "Newsletter", "Subject": "News", "List": "Everybody", "Send Date": "Mar 05, 2026 10:00 am",
        "Send Weekday": "Thursday", "Total Recipients": 1000, "Successful Deliveries": 985, "Soft Bounces": 9,
        "Hard Bounces": 6, "Total Bounces": 15, "Unique Opens": 400, "Open Rate": "40.61%", "Total Opens": 700,
        "Unique Clicks": 50, "Click Rate": "5.08%", "Total Clicks": 77, "Unsubscribes": 4, "Abuse Complaints": 1,
        "Unique Id": "a1b2c3", "Total Orders": 7, "Total Gross Sales": "411.00", "Total Revenue": "400.10",
    }  # fmt: skip
    bare = {"Send Date": "Apr 02, 2026 07:15 pm", "Unique Id": "d4e5f6", "Total Orders": "", "Total Revenue": ""}
    return csv_bytes(MAILCHIMP, [row, row | bare])


def klaviyo_suppressed() -> bytes:
    """Five reasons, and a line that is no address."""
    reasons = ["Unsubscribed", "Hard bounced", "Marked as spam", "Manually suppressed", "Invalid email"]
    rows = [
        {"Email": f"P{n}@example.com", "Reason": said, "Date": f"2026-01-0{n + 1}"} for n, said in enumerate(reasons)
    ]
    return csv_bytes(["Email", "Reason", "Date"], [*rows, {"Email": "nobody", "Reason": "Unsubscribed"}])


def mailchimp_unsubscribed() -> bytes:
    columns = [
        *PERSON,
        "UNSUB_TIME",
        "UNSUB_CAMPAIGN_TITLE",
        "UNSUB_CAMPAIGN_ID",
        "UNSUB_REASON",
        "LEID",
        "EUID",
        "NOTES",
    ]
    row = OF_PERSON | {
        "Email Address": "Ada@Example.com",
        "UNSUB_TIME": "2026-02-01 10:11:12",
        "UNSUB_REASON": "NORMAL",
    }
    return csv_bytes(columns, [row])


def mailchimp_cleaned() -> bytes:
    columns = [*PERSON, "CLEAN_TIME", "CLEAN_CAMPAIGN_TITLE", "CLEAN_CAMPAIGN_ID", "LEID", "EUID", "NOTES", "TAGS"]
    return csv_bytes(columns, [OF_PERSON | {"Email Address": "bob@example.com", "CLEAN_TIME": "2026-02-03 01:02:03"}])
