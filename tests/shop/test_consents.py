"""An import keeps consents current, and no older file undoes an unsubscribe."""

import numpy as np
import pandas as pd
import pytest

from engine.shop.consents import strictest, updated
from engine.shop.tables import check


def customers(text):
    """Rows "a=1 b=2" of the customers table, as a file's rows come out of its check; _ is a space in a value."""
    rows = [dict(part.split("=") for part in line.split()) for line in text.strip().splitlines()]
    frame = pd.DataFrame(rows).fillna("").rename(columns={"id": "customer_id"})
    checked = check("customers", frame)
    assert checked.set_aside.empty or set(checked.set_aside["reason"]) == {"customer_id stands again further down"}
    return checked.kept


def said(table):
    """The table as text, without what is empty: [{"customer_id": "c1", "suppressed": "1"}]."""

    def cell(value):
        if isinstance(value, pd.Timestamp):
            return str(value.date())
        return str(int(value)) if isinstance(value, float) and value == int(value) else str(value)

    return [{k: cell(v) for k, v in row.items() if pd.notna(v)} for row in table.to_dict("records")]


def after(old, *files):
    table = customers(old)
    for file in files:
        table = updated(table, customers(file))
    return said(table)


@pytest.mark.parametrize(
    ("old", "news", "result"),
    [
        # 1. What the news lack stays; new customers are added behind.
        ("id=c1 email_consent=1 tier=gold", "id=c2 tier=silver",
         [{"customer_id": "c1", "email_consent": "1", "tier": "gold"}, {"customer_id": "c2", "tier": "silver"}]),
        ("id=c1 language=zh tier=gold", "id=c1 email_consent=0",
         [{"customer_id": "c1", "language": "zh", "tier": "gold", "email_consent": "0"}]),
        # 2. An empty cell says nothing of the table's own columns, and is taken for an attribute.
        ("id=c1 language=zh tier=gold\nid=c2", "id=c1 language= tier=\nid=c3 language=en tier=new",
         [{"customer_id": "c1", "language": "zh"}, {"customer_id": "c2"},
          {"customer_id": "c3", "language": "en", "tier": "new"}]),
        # 3. Suppressions.
        ("id=c1 suppressed=1\nid=c2 suppressed=0", "id=c2 suppressed=1",
         [{"customer_id": "c1", "suppressed": "1"}, {"customer_id": "c2", "suppressed": "1"}]),
        ("id=c1 suppressed=1\nid=c2 suppressed=1", "id=c1 suppressed=\nid=c2 suppressed=0",
         [{"customer_id": "c1", "suppressed": "1"}, {"customer_id": "c2", "suppressed": "0"}]),
        ("id=c1\nid=c2", "id=c1 hard_bounced=1\nid=c2 hard_bounced=0",
         [{"customer_id": "c1", "hard_bounced": "1", "suppressed": "1"}, {"customer_id": "c2", "hard_bounced": "0"}]),
        ("id=c1 suppressed=1", "id=c1 hard_bounced=1 suppressed=0",
         [{"customer_id": "c1", "suppressed": "0", "hard_bounced": "1"}]),
        # 4. Consents without days: what is said now counts.
        ("id=c1 sms_consent=0", "id=c1 sms_consent=1", [{"customer_id": "c1", "sms_consent": "1"}]),
        ("id=c1 email_consent=1", "id=c1 email_consent=0", [{"customer_id": "c1", "email_consent": "0"}]),
        # A withdrawal with a day falls to a later day only.
        ("id=c1 sms_consent=0 sms_consent_at=2026-03-01", "id=c1 sms_consent=1",
         [{"customer_id": "c1", "sms_consent": "0", "sms_consent_at": "2026-03-01"}]),
        ("id=c1 sms_consent=0 sms_consent_at=2026-03-01", "id=c1 sms_consent=1 sms_consent_at=2026-02-01",
         [{"customer_id": "c1", "sms_consent": "0", "sms_consent_at": "2026-03-01"}]),
        ("id=c1 sms_consent=0 sms_consent_at=2026-03-01", "id=c1 sms_consent=1 sms_consent_at=2026-04-01",
         [{"customer_id": "c1", "sms_consent": "1", "sms_consent_at": "2026-04-01"}]),
        ("id=c1 sms_consent=1 sms_consent_at=2026-03-01", "id=c1 sms_consent=0 sms_consent_at=2026-02-01",
         [{"customer_id": "c1", "sms_consent": "1", "sms_consent_at": "2026-03-01"}]),
        ("id=c1 sms_consent=1 sms_consent_at=2026-03-01", "id=c1 sms_consent=1",
         [{"customer_id": "c1", "sms_consent": "1", "sms_consent_at": "2026-03-01"}]),
        # 5. Unsubscribes.
        ("id=c1 email_consent=0 unsubscribed_at=2026-03-01", "id=c1 email_consent=1 unsubscribed_at=",
         [{"customer_id": "c1", "email_consent": "0", "unsubscribed_at": "2026-03-01"}]),
        ("id=c1 unsubscribed_at=2026-03-01", "id=c1 unsubscribed_at=2026-01-01",
         [{"customer_id": "c1", "unsubscribed_at": "2026-03-01"}]),
        ("id=c1 unsubscribed_at=2026-03-01", "id=c1 unsubscribed_at=2026-05-01",
         [{"customer_id": "c1", "unsubscribed_at": "2026-05-01"}]),
        ("id=c1 email_consent=0 unsubscribed_at=2026-03-01", "id=c1 email_consent=1 email_consent_at=2026-02-01",
         [{"customer_id": "c1", "email_consent": "0", "unsubscribed_at": "2026-03-01"}]),
        ("id=c1 email_consent=0 unsubscribed_at=2026-03-01", "id=c1 email_consent=1 email_consent_at=2026-04-01",
         [{"customer_id": "c1", "email_consent": "1", "email_consent_at": "2026-04-01"}]),
        ("id=c1 email_consent=1 email_consent_at=2026-04-01", "id=c1 email_consent=1 unsubscribed_at=2026-03-01",
         [{"customer_id": "c1", "email_consent": "1", "email_consent_at": "2026-04-01"}]),
        # A first file is taken as it stands.
        ("id=c0", "id=c1 email_consent=1 unsubscribed_at=2026-03-01",
         [{"customer_id": "c0"}, {"customer_id": "c1", "email_consent": "1", "unsubscribed_at": "2026-03-01"}]),
    ],
)  # fmt: skip
def test_what_an_import_says_of_consents(old, news, result):
    assert after(old, news) == result


def test_a_consent_after_the_unsubscribe_is_undone_by_a_still_later_unsubscribe_only():
    base = "id=c1 email_consent=1"
    files = ["id=c1 unsubscribed_at=2026-03-01", "id=c1 email_consent=1 email_consent_at=2026-04-01",
             "id=c1 email_consent=1 unsubscribed_at=2026-03-01"]  # fmt: skip
    assert "unsubscribed_at" not in after(base, *files)[0]
    assert after(base, *files, "id=c1 unsubscribed_at=2026-06-01")[0]["unsubscribed_at"] == "2026-06-01"


def test_files_in_any_order_never_undo_the_last_word_on_email_or_on_suppression():
    draw = np.random.default_rng(4)
    days = pd.date_range("2026-01-01", periods=8).strftime("%Y-%m-%d")
    for _ in range(30):
        table, last = customers("id=c1 email_consent=1"), {}
        unsubscribed, consented = [], []
        for _ in range(5):
            row = {"id": "c1"}
            if draw.random() < 0.4:
                row["unsubscribed_at"] = draw.choice(days)
                unsubscribed.append(row["unsubscribed_at"])
            if draw.random() < 0.4:
                row |= {"email_consent": "1", "email_consent_at": draw.choice(days)}
                consented.append(row["email_consent_at"])
            if draw.random() < 0.4:
                row["suppressed"] = last["suppressed"] = draw.choice(["0", "1"])
            table = updated(table, customers(" ".join(f"{name}={value}" for name, value in row.items())))
        [row] = said(table)
        is_out = bool(unsubscribed) and max(unsubscribed) >= max(consented, default="")
        assert row.get("unsubscribed_at") == (max(unsubscribed) if is_out else None)
        assert row.get("suppressed") == last.get("suppressed")


def test_a_text_consent_of_an_own_channel_and_a_column_that_changes_its_kind_are_kept():
    result = after("id=c1 wechat_consent=是 tier=1\nid=c2 tier=2", "id=c1 wechat_consent=否\nid=c2 tier=gold")
    assert [row["customer_id"] for row in result] == ["c1", "c2"]
    assert result[0]["wechat_consent"] == "否"
    assert result[1]["tier"] == "gold"


def test_an_import_into_a_shop_without_customers_and_one_of_nothing_change_nothing():
    table = customers("id=c1 email_consent=1 unsubscribed_at=2026-01-02 suppressed=0 tier=gold")
    pd.testing.assert_frame_equal(updated(table.head(0), table)[list(table)], table, check_dtype=False)
    pd.testing.assert_frame_equal(updated(table, table.head(0))[list(table)], table, check_dtype=False)


def test_two_rows_of_one_customer_count_as_one_with_the_stricter_consent():
    rows = customers("id=c1 email_consent=1 sms_consent=1 push_consent=1 joined_at=2026-02-01 tier=\n"
                     "id=c2 email_consent=0 sms_consent= push_consent=1 joined_at=2026-01-01 tier=gold "
                     "unsubscribed_at=2026-03-01 suppressed=1")  # fmt: skip
    [row] = said(strictest(rows.assign(customer_id="c1")))
    assert row == {
        "customer_id": "c1", "email_consent": "0", "push_consent": "1", "joined_at": "2026-02-01", "tier": "gold",
        "unsubscribed_at": "2026-03-01", "suppressed": "1",
    }  # fmt: skip
