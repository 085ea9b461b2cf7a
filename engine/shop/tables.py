"""The tables of a shop: names, columns, kinds, and which rows cannot be used and why.

A column's kind says how it is read and what is impossible in it:

    id        text; trimmed; case and leading zeros kept; "NA" and "null" are valid ids
    text      text as it stands
    time      instant in the shop's time zone, stored without zone; a date is 00:00
    money     number, any sign          amount   number >= 0        quantity  number, not 0, at most 1e7 either way
    count     whole number >= 0         fraction number in [0, 1]    flag      1 or 0
    rating    number
Empty is unknown. Extra columns are attributes and are kept as they come.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
import pandera.pandas as pa

from engine.errors import DataProblem
from engine.shop import dates
from engine.shop.flags import flags

LARGEST = 1e7  # a price or quantity beyond this is a slip of the keyboard, not a sale


@dataclass(frozen=True, slots=True)
class Table:
    """Columns by name with their kind, the required ones, the key of a row, and whether extra columns are kept."""

    columns: dict[str, str]
    required: tuple[str, ...]
    key: tuple[str, ...]
    replaced_by: tuple[str, ...]  # rows with the same values here are replaced by a later import
    attributes: bool = False


def _table(
    columns: str, required: str, key: str = "", replaced_by: str | None = None, attributes: bool = False
) -> Table:
    kinds = dict(part.split(":") for part in columns.split())
    replaced = key if replaced_by is None else replaced_by
    return Table(kinds, tuple(required.split()), tuple(key.split()), tuple(replaced.split()), attributes)


TABLES: dict[str, Table] = {
    "customers": _table(
        "customer_id:id joined_at:time language:text email_consent:flag sms_consent:flag push_consent:flag "
        "unsubscribed_at:time suppressed:flag",
        required="customer_id",
        key="customer_id",
        attributes=True,
    ),
    "products": _table(
        "product_id:id name:text category:text brand:text price:amount unit_cost:amount stock:number "
        "description:text launched_at:time",
        required="product_id name",
        key="product_id",
        attributes=True,
    ),
    "orders": _table(
        "order_id:id customer_id:id ordered_at:time product_id:id quantity:quantity unit_price:amount discount:money "
        "discount_code:id status:text sales_channel:text refunded:money tax:money shipping:money",
        required="order_id customer_id ordered_at product_id quantity unit_price",
        replaced_by="order_id",
    ),
    "events": _table(
        "customer_id:id occurred_at:time kind:text product_id:id query:text",
        required="customer_id occurred_at kind",
        replaced_by="customer_id occurred_at kind product_id",
    ),
    "campaigns": _table(
        "campaign_id:id name:text type:text channel:text goal:text language:text offer_kind:text discount:amount "
        "min_spend:amount gift_product_id:id code:id category:text starts_at:time ends_at:time send_hour:number "
        "audience_share:fraction send_cost:amount headline:text body:text",
        required="campaign_id channel starts_at",
        key="campaign_id",
        attributes=True,
    ),
    "campaign_products": _table(
        "campaign_id:id product_id:id", required="campaign_id product_id", key="campaign_id product_id"
    ),
    "deliveries": _table(
        "campaign_id:id customer_id:id sent_at:time variant:id treated:flag propensity:fraction opened:flag "
        "clicked:flag converted:flag revenue:money unsubscribed:flag",
        required="campaign_id customer_id sent_at",
        key="campaign_id customer_id sent_at",
    ),
    "campaign_results": _table(
        "campaign_id:id variant:id date:time recipients:count delivered:count opened:count clicked:count bounced:count "
        "unsubscribed:count complained:count orders:count revenue:money",
        required="campaign_id recipients",
        key="campaign_id variant date",
    ),
    "ads": _table(
        "ad_id:id date:time channel:text campaign_id:id impressions:count clicks:count conversions:count cost:amount "
        "revenue:money",
        required="ad_id date impressions clicks",
        key="ad_id date",
        attributes=True,
    ),
    "reviews": _table(
        "customer_id:id product_id:id rating:rating text:text written_at:time",
        required="rating",
        replaced_by="customer_id product_id written_at",
    ),
    "contacts": _table(
        "customer_id:id email:text phone:text external_id:id", required="customer_id", key="customer_id"
    ),
}

# A row names these; they are looked for only where the table they live in exists.
REFERENCES = {"customer_id": "customers", "product_id": "products", "campaign_id": "campaigns"}
OPTIONAL_REFERENCES = {("reviews", "customer_id"), ("reviews", "product_id"), ("ads", "campaign_id")}

_RANGES = {
    "amount": (pa.Check.in_range(0, LARGEST), "is below 0 or beyond 10,000,000"),
    "money": (pa.Check.in_range(-LARGEST, LARGEST), "is beyond 10,000,000"),
    "number": (pa.Check.in_range(-1e12, 1e12), "is not a usable number"),
    "rating": (pa.Check.in_range(0, 100), "is not a rating between 0 and 100"),
    "count": (pa.Check.in_range(0, 1e12), "is below 0"),
    "fraction": (pa.Check.in_range(0, 1), "is not between 0 and 1"),
    "flag": (pa.Check.isin([0, 1]), "is neither 1 nor 0"),
}
_TRUE_FALSE = {"1": 1.0, "0": 0.0, "1.0": 1.0, "0.0": 0.0, "true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0}


@dataclass(frozen=True, slots=True)
class Checked:
    """Rows kept, rows set aside (columns row, column, value, reason), and counts of kept rows worth a look."""

    kept: pd.DataFrame
    set_aside: pd.DataFrame
    flagged: dict[str, int]


def check(
    name: str,
    frame: pd.DataFrame,
    time_zone: str = "UTC",
    known: dict[str, set[str]] | None = None,
    now: datetime | None = None,
) -> Checked:
    """`frame` as table `name`: columns in their kinds, unusable rows taken out with their reasons.

    `known` maps a table name to the ids in it (see REFERENCES). Rows kept + distinct rows set aside = rows given.
    Rows dated after `now` are flagged where that is given.
    Raises DataProblem when a required column is missing.
    """
    table = TABLES[name]
    missing = [column for column in table.required if column not in frame.columns]
    if missing:
        raise DataProblem(
            f"{name}: column {', '.join(missing)} is missing. Found: {', '.join(map(str, frame.columns[:20]))}. "
            "Rename the column in the file or name it in a mapping file (--map)."
        )
    frame = frame.reset_index(drop=True)
    values, problems = typed(name, frame, time_zone)
    problems += _empty_required(table, values, problems)
    problems += out_of_range(name, frame, values)
    problems += _unknown_references(name, values, known or {})
    problems += _repeated_keys(table, values, {index for index, *_ in problems})
    aside = (
        pd.DataFrame(problems, columns=["row", "column", "value", "reason"]).drop_duplicates("row").sort_values("row")
    )
    kept = values.drop(index=aside["row"]).reset_index(drop=True)
    return Checked(kept, aside.reset_index(drop=True), flags(name, kept, now, time_zone))


Problem = tuple[int, str, object, str]


def typed(name: str, frame: pd.DataFrame, time_zone: str) -> tuple[pd.DataFrame, list[Problem]]:
    """Columns in their kinds, unreadable cells missing, and one problem (row, column, value, reason) per such cell."""
    table = TABLES[name]
    columns: dict[str, pd.Series] = {}
    problems: list[Problem] = []
    for column in frame.columns:
        kind = table.columns.get(str(column))
        if kind is None:
            if table.attributes:
                columns[str(column)] = attribute(frame[column])
            continue
        read, what = _READERS.get(kind, (_number, "is not a number"))
        values = read(frame[column], time_zone) if kind == "time" else read(frame[column])
        lost = values.isna() & ~_empty(frame[column])
        problems += [(int(i), str(column), frame[column].iloc[i], f"{column} {what}") for i in np.flatnonzero(lost)]
        columns[str(column)] = values
    return pd.DataFrame(columns, index=frame.index), problems


def _empty(column: pd.Series) -> pd.Series:
    empty = column.isna()
    if not pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_datetime64_any_dtype(column):
        empty |= column.astype("str").str.strip().eq("")
    return empty


def text(column: pd.Series) -> pd.Series:
    """Text as it stands, trimmed; empty is missing. Whole floats lose their ".0", a spreadsheet's doing.

    So do texts, where every one of a column is a whole float.
    """
    if pd.api.types.is_float_dtype(column) and (column.dropna() % 1 == 0).all():
        column = column.astype("Int64")
    values = column.astype("str").str.strip()
    said = values[~_empty(column)]
    if len(said) and said.iloc[:20].str.endswith(".0").all() and said.str.fullmatch(r"\d+\.0").all():
        values = values.str.removesuffix(".0")
    return values.where(~_empty(column), None).astype("str")


def attribute(column: pd.Series) -> pd.Series:
    """A number where every value is one, else text."""
    if pd.api.types.is_bool_dtype(column):
        return column.astype("Int64").astype("Float64").astype("float64")
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
        return column
    numbers = pd.to_numeric(column.astype("str").str.strip(), errors="coerce")
    return numbers if numbers.notna().any() and (numbers.notna() | _empty(column)).all() else text(column)


def _number(column: pd.Series) -> pd.Series:
    if not pd.api.types.is_numeric_dtype(column):
        column = column.astype("str").str.strip()
    return pd.to_numeric(column, errors="coerce").astype("float64").replace([np.inf, -np.inf], np.nan)


def _quantity(column: pd.Series) -> pd.Series:
    values = _number(column)
    return values.where((values != 0) & (values.abs() <= LARGEST))


def _flag(column: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return column.astype("Float64").astype("float64")
    return column.astype("str").str.strip().str.lower().map(_TRUE_FALSE).astype("float64")


def _time(column: pd.Series, time_zone: str) -> pd.Series:
    return dates.instants(column, dates.ISO, time_zone, time_zone)


_READERS: dict[str, tuple[Callable[..., pd.Series], str]] = {
    "id": (text, "cannot be read"),
    "text": (text, "cannot be read"),
    "time": (_time, "is not a date in ISO form, such as 2026-03-31 or 2026-03-31 14:05"),
    "quantity": (_quantity, "is 0, not a number or beyond 10,000,000"),
    "flag": (_flag, "is neither 1 nor 0"),
}


def _empty_required(table: Table, values: pd.DataFrame, found: list[Problem]) -> list[Problem]:
    seen = {(index, column) for index, column, *_ in found}
    return [
        (int(i), column, None, f"{column} is empty")
        for column in table.required
        for i in np.flatnonzero(values[column].isna())
        if (int(i), column) not in seen
    ]


def out_of_range(name: str, frame: pd.DataFrame, values: pd.DataFrame) -> list[Problem]:
    """One problem (row, column, value, reason) per cell of typed `values` that is impossible in its kind."""
    table = TABLES[name]
    checked = {column: _RANGES[kind] for column, kind in table.columns.items() if kind in _RANGES and column in values}
    schema = pa.DataFrameSchema({c: pa.Column(float, rule, nullable=True) for c, (rule, _) in checked.items()})
    try:
        schema.validate(values[list(checked)], lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases.dropna(subset=["index"])
        return [
            (int(index), column, frame[column].iloc[int(index)], f"{column} {checked[column][1]}")
            for column, index in zip(cases["column"], cases["index"], strict=True)
        ]
    return []


def _unknown_references(name: str, values: pd.DataFrame, known: dict[str, set[str]]) -> list[Problem]:
    problems = []
    for column, home in REFERENCES.items():
        if column not in values or home == name or home not in known or (name, column) in OPTIONAL_REFERENCES:
            continue
        unknown = values[column].notna() & ~values[column].isin(known[home])
        problems += [
            (int(i), column, values[column].iloc[i], f"{column} is not in {home}") for i in np.flatnonzero(unknown)
        ]
    return problems


def _repeated_keys(table: Table, values: pd.DataFrame, taken: set[int]) -> list[Problem]:
    """The last row of a key wins, as in a later export of the same thing; earlier ones are set aside."""
    key = [column for column in table.key if column in values]
    if not key or (len(key) < len(table.required) and not set(table.required) & set(key)):
        return []
    usable = values.drop(index=list(taken))
    repeated = usable.index[usable.duplicated(key, keep="last")]
    return [(int(i), key[0], values[key[0]].iloc[i], f"{' + '.join(key)} stands again further down") for i in repeated]
