"""Every row is kept or set aside with its reason; ids stay text; times become shop time."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import DataProblem
from engine.shop.tables import TABLES, check

ORDER = {"order_id": "o1", "customer_id": "c1", "ordered_at": "2026-01-05 10:00", "product_id": "p1", "quantity": "1",
         "unit_price": "9.5"}  # fmt: skip
CAMPAIGN = {"campaign_id": "k1", "channel": "email", "starts_at": "2026-01-01"}
DELIVERY = {"campaign_id": "k1", "customer_id": "c1", "sent_at": "2026-01-02"}
TOTAL = {"campaign_id": "k1", "recipients": "100"}
AD = {"ad_id": "a1", "date": "2026-01-01", "impressions": "100", "clicks": "3"}
PRODUCT = {"product_id": "p1", "name": "Tea"}


def one(table, row, **changed):
    return check(table, pd.DataFrame([row | changed]))


@pytest.mark.parametrize(
    ("table", "row", "column", "value", "reason"),
    [
        ("orders", ORDER, "quantity", "0", "quantity is 0, not a number or beyond 10,000,000"),
        ("orders", ORDER, "quantity", "many", "quantity is 0, not a number or beyond 10,000,000"),
        ("orders", ORDER, "quantity", "20000000", "quantity is 0, not a number or beyond 10,000,000"),
        ("orders", ORDER, "unit_price", "12,50", "unit_price is not a number"),
        ("orders", ORDER, "unit_price", "-1", "unit_price is below 0 or beyond 10,000,000"),
        ("orders", ORDER, "unit_price", "1e8", "unit_price is below 0 or beyond 10,000,000"),
        ("orders", ORDER, "unit_price", "NaN", "unit_price is not a number"),
        ("orders", ORDER, "unit_price", "inf", "unit_price is not a number"),
        ("orders", ORDER, "unit_price", "", "unit_price is empty"),
        ("orders", ORDER, "customer_id", "  ", "customer_id is empty"),
        ("orders", ORDER, "discount", "-2e7", "discount is beyond 10,000,000"),
        ("orders", ORDER, "ordered_at", "yesterday", "ordered_at is not a date in ISO form, such as 2026-03-31 or "
         "2026-03-31 14:05"),
        ("orders", ORDER, "ordered_at", "31/12/2026", "ordered_at is not a date in ISO form, such as 2026-03-31 or "
         "2026-03-31 14:05"),
        ("orders", ORDER, "ordered_at", "2026-02-30", "ordered_at is not a date in ISO form, such as 2026-03-31 or "
         "2026-03-31 14:05"),
        ("campaigns", CAMPAIGN, "audience_share", "1.5", "audience_share is not between 0 and 1"),
        ("campaigns", CAMPAIGN, "send_hour", "noon", "send_hour is not a number"),
        ("deliveries", DELIVERY, "clicked", "2", "clicked is neither 1 nor 0"),
        ("deliveries", DELIVERY, "clicked", "perhaps", "clicked is neither 1 nor 0"),
        ("deliveries", DELIVERY, "propensity", "-0.1", "propensity is not between 0 and 1"),
        ("campaign_results", TOTAL, "recipients", "-5", "recipients is below 0"),
        ("ads", AD, "clicks", "-1", "clicks is below 0"),
        ("products", PRODUCT, "stock", "1e13", "stock is not a usable number"),
        ("reviews", {"rating": "5"}, "rating", "101", "rating is not a rating between 0 and 100"),
    ],
)  # fmt: skip
def test_an_impossible_value_sets_its_row_aside_with_the_reason(table, row, column, value, reason):
    result = one(table, row, **{column: value})
    assert result.kept.empty
    assert result.set_aside.iloc[0][["column", "reason"]].tolist() == [column, reason]
    assert one(table, row).set_aside.empty


@pytest.mark.parametrize("name", ["NA", "null", "007", "None", "nan", "Ab", "c 1"])
def test_any_text_is_a_valid_id_and_stays_as_it_is(name):
    kept = one("customers", {"customer_id": f" {name} "}).kept
    assert kept["customer_id"].tolist() == [name]


def test_whole_floats_of_a_spreadsheet_are_ids_without_a_fraction():
    kept = check("customers", pd.DataFrame({"customer_id": [17.0, 18.0]})).kept
    assert kept["customer_id"].tolist() == ["17", "18"]


@pytest.mark.parametrize(
    ("given_time", "stored"),
    [
        ("2026-03-31T14:05:00Z", "2026-03-31 22:05:00"),
        ("2026-03-31 14:05:00+02:00", "2026-03-31 20:05:00"),
        ("2026-03-31T14:05:00-0500", "2026-04-01 03:05:00"),
        ("2026-03-31 14:05", "2026-03-31 14:05:00"),
        ("2026-03-31", "2026-03-31 00:00:00"),
    ],
)
def test_aware_times_become_shop_time_and_naive_ones_are_shop_time(given_time, stored):
    kept = check("orders", pd.DataFrame([ORDER | {"ordered_at": given_time}]), "Asia/Shanghai").kept
    assert kept["ordered_at"].iloc[0] == pd.Timestamp(stored)
    assert kept["ordered_at"].dt.tz is None


def test_aware_and_naive_times_may_stand_in_one_column():
    frame = pd.DataFrame([ORDER | {"ordered_at": at} for at in ("2026-01-01T00:00:00Z", "2026-01-01", "")])
    result = check("orders", frame, "Asia/Shanghai")
    assert result.kept["ordered_at"].dt.hour.tolist() == [8, 0]
    assert result.set_aside["reason"].tolist() == ["ordered_at is empty"]


def test_times_of_a_typed_file_are_converted_too():
    frame = pd.DataFrame([ORDER]).assign(ordered_at=pd.to_datetime(["2026-01-01T00:00:00Z"]))
    assert check("orders", frame, "Asia/Shanghai").kept["ordered_at"].iloc[0] == pd.Timestamp("2026-01-01 08:00")


@pytest.mark.parametrize(
    ("texts", "stored"), [(["1", "0", "true", "No", ""], [1.0, 0.0, 1.0, 0.0, np.nan]), ([True, False], [1.0, 0.0])]
)
def test_flags_are_one_and_zero_however_they_are_written(texts, stored):
    frame = pd.DataFrame({"customer_id": [f"c{n}" for n in range(len(texts))], "email_consent": texts})
    np.testing.assert_array_equal(check("customers", frame).kept["email_consent"], stored)


def test_the_last_row_of_a_key_is_kept_and_earlier_ones_are_set_aside():
    frame = pd.DataFrame({"customer_id": ["c1", "c2", "c1"], "language": ["en", "en", "zh"]})
    result = check("customers", frame)
    assert result.kept.to_dict("list") == {"customer_id": ["c2", "c1"], "language": ["en", "zh"]}
    assert result.set_aside[["row", "reason"]].to_numpy().tolist() == [[0, "customer_id stands again further down"]]


def test_a_row_that_is_set_aside_does_not_push_out_a_good_one_with_its_key():
    frame = pd.DataFrame([DELIVERY, DELIVERY | {"clicked": "7"}]).assign(variant="")
    result = check("deliveries", frame)
    assert len(result.kept) == 1
    assert result.set_aside["row"].tolist() == [1]


def test_the_same_order_line_twice_is_kept_and_flagged():
    result = check("orders", pd.DataFrame([ORDER, ORDER]))
    assert len(result.kept) == 2
    assert result.flagged == {"same order line twice (kept)": 1}


def test_more_conversions_than_clicks_is_kept_and_flagged():
    result = one("ads", AD | {"conversions": "9"})
    assert len(result.kept) == 1
    assert result.flagged == {"more conversions than clicks (view-through, kept)": 1}


def test_unknown_references_are_looked_for_only_where_the_table_exists():
    known = {"customers": {"c1"}, "products": {"other"}}
    assert one("orders", ORDER).set_aside.empty
    result = check("orders", pd.DataFrame([ORDER, ORDER | {"customer_id": "c9"}]), known={"customers": {"c1"}})
    assert result.set_aside[["row", "value", "reason"]].to_numpy().tolist() == [
        [1, "c9", "customer_id is not in customers"]
    ]
    assert check("orders", pd.DataFrame([ORDER]), known=known).set_aside["column"].tolist() == ["product_id"]


def test_a_review_of_an_unknown_customer_is_kept():
    review = {"customer_id": "c9", "product_id": "p9", "rating": "4"}
    assert check("reviews", pd.DataFrame([review]), known={"customers": {"c1"}, "products": {"p1"}}).set_aside.empty


def test_own_columns_are_kept_as_numbers_only_where_every_value_is_one():
    frame = pd.DataFrame(
        {"customer_id": ["c1", "c2"], "visits": ["3", ""], "tier": ["1", "gold"], "member": [True, False]}
    )
    kept = check("customers", frame).kept
    assert kept["visits"].iloc[0] == 3.0
    assert kept["tier"].tolist() == ["1", "gold"]
    assert kept["member"].tolist() == [1.0, 0.0]


def test_own_columns_of_a_table_of_facts_are_left_out():
    assert "colour" not in one("orders", ORDER | {"colour": "red"}).kept


def test_a_missing_required_column_is_refused_with_what_was_found():
    with pytest.raises(DataProblem, match=r"orders: column order_id, unit_price is missing. Found: customer_id, "):
        one("orders", {name: value for name, value in ORDER.items() if name not in ("order_id", "unit_price")})


def test_an_empty_file_is_an_empty_table_in_its_kinds():
    kept = check("orders", pd.DataFrame(columns=list(ORDER))).kept
    assert kept.empty
    assert str(kept["ordered_at"].dtype) == "datetime64[us]"
    assert str(kept["quantity"].dtype) == "float64"


CELLS = st.sampled_from(
    ["", " ", "1", "0", "-1", "1e9", "NaN", "nan", "NA", "null", "inf", "-inf", "007", "2026-01-05",
     "2026-01-05T10:00Z", "9999-12-31", "0001-01-01", "soon", "12,5", "中文", "true", "0x10", "1_000", "=1+1", "\t"]
)  # fmt: skip


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from([name for name in TABLES if name != "contacts"]), st.data())
def test_rows_in_are_rows_kept_and_rows_set_aside(name, data):
    columns = [*list(TABLES[name].columns)[:8], "colour"]
    columns += [column for column in TABLES[name].required if column not in columns]
    rows = data.draw(st.lists(st.lists(CELLS, min_size=len(columns), max_size=len(columns)), max_size=6))
    frame = pd.DataFrame(rows, columns=columns, dtype="str")
    result = check(name, frame, "Europe/Berlin", {"customers": {"1", "007"}, "products": {"1"}})
    assert len(result.kept) + len(result.set_aside) == len(frame)
    assert result.set_aside["row"].is_unique
    assert result.set_aside["reason"].str.len().gt(5).all()
    for column in TABLES[name].required:
        assert result.kept[column].notna().all()
