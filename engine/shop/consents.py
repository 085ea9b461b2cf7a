"""Who may be written to, kept current by every import: unsubscribes, bounces and suppressions last.

The rules, in the order in which they hold:

1. A column that the news lack keeps its values; a customer whom the news lack stays as is; new customers are added.
2. An empty cell of the table's own columns says nothing: the old value stays. A shop's own column (an attribute) is
   taken as it stands, empty cells included.
3. `suppressed`: 1 stays until the news say 0. So a suppression list, customer_id and suppressed, only ever adds; a hard
   bounce, 1 in a column `hard_bounced`, suppresses too, unless the same row says suppressed 0.
4. `<channel>_consent`: the news count, but not when both say since when (`<channel>_consent_at`) and the news' day is
   earlier; and not when they would undo a withdrawal that has a day without naming a later one. A withdrawal without a
   day may be undone by a plain 1.
5. `unsubscribed_at` is the latest day known; it is about e-mail. It is taken away by one thing only: an e-mail consent
   with a day of its own (`email_consent_at`) after it. Until then no file can set email_consent from 0 to 1.

Of single deliveries nothing is taken over: they have no column for bounces, and whoever unsubscribed with one is left
out by engine.audience.reach, which reads it there.

Days are read as ISO dates or times; one that cannot be read counts as none, and an offset from UTC is ignored.
"""

import numpy as np
import pandas as pd

from engine.shop.tables import TABLES, text

BOUNCED = "hard_bounced"
_YES = ["1", "1.0", "yes", "true", "是"]


def updated(customers: pd.DataFrame, news: pd.DataFrame) -> pd.DataFrame:
    """The customers table after an import: old customers in their order, then new ones, by the rules above.

    Both as engine.shop.tables.check gives them. Two rows of one customer in the news (as after a merge) count as one,
    the stricter of each consent.
    """
    news = strictest(news)
    old = customers.set_index("customer_id")
    new = news.set_index("customer_id")
    everyone = old.index.append(new.index.difference(old.index, sort=False))
    before, after = old.reindex(everyone), new.reindex(everyone)
    in_news = everyone.isin(new.index)
    columns = {name: _column(str(name), before, after, in_news) for name in dict.fromkeys([*old.columns, *new.columns])}
    result = pd.DataFrame(columns, index=everyone)
    for name in _consents(result):
        result = _with_consent(result, name, before, after)
    result = _with_unsubscribes(result, before, after)
    result = _with_suppressions(result, before, after)
    return result.rename_axis("customer_id").reset_index()


def strictest(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per customer_id, where it first stands: the first value that is not empty of each column, but the
    strictest of each consent (refused, then unknown, then given), the earliest unsubscribe and any suppression."""
    again = rows["customer_id"].duplicated(keep=False)
    if not again.any():
        return rows
    grouped = rows.groupby("customer_id", sort=False)
    one = grouped.first()
    for name in _consents(rows):
        given = level(rows[name]).map({0.0: 0, 1.0: 2}).fillna(1)
        chosen = given.groupby(rows["customer_id"], sort=False).idxmin()
        for column in (name, f"{name}_at"):
            if column in rows:
                one[column] = rows[column].reindex(chosen.reindex(one.index)).to_numpy()
    if "unsubscribed_at" in rows:
        one["unsubscribed_at"] = grouped["unsubscribed_at"].min()
    if "suppressed" in rows:
        one["suppressed"] = grouped["suppressed"].max()
    return one.reset_index()[list(rows.columns)].astype(rows.dtypes.to_dict())


def level(consent: pd.Series) -> pd.Series:
    """1 given, 0 refused, missing unknown; of a channel of the shop's own it may be kept as a text."""
    if pd.api.types.is_numeric_dtype(consent):
        return consent.astype("float64")
    written = consent.astype("str").str.strip().str.lower()
    return written.isin(_YES).astype("float64").where(consent.notna() & written.ne(""))


def _consents(table: pd.DataFrame) -> list[str]:
    return [str(name) for name in table.columns if str(name).endswith("_consent")]


def _column(name: str, before: pd.DataFrame, after: pd.DataFrame, in_news: np.ndarray) -> pd.Series:
    """Rules 1 and 2."""
    if name not in after:
        return before[name]
    if name not in before:
        return after[name]
    old, new = _alike(before[name], after[name])
    if name in TABLES["customers"].columns or name.endswith(("_consent", "_consent_at")):
        return new.fillna(old)
    return new.where(pd.Series(in_news, index=new.index), old)


def _alike(old: pd.Series, new: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Both of one kind. An own column may be all numbers in one file and text in the next: then it is text."""
    if old.dtype == new.dtype:
        return old, new
    if not old.notna().any():
        return old.astype(new.dtype), new
    if not new.notna().any():
        return old, new.astype(old.dtype)
    if all(pd.api.types.is_numeric_dtype(column) for column in (old, new)):
        return old, new
    return text(old), text(new)


def _with_consent(table: pd.DataFrame, name: str, before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Rule 4, and of rule 5 that an unsubscribe stands against a consent without a later day."""
    if name not in before or name not in after:
        return table
    said, was = level(after[name]), level(before[name])
    said_at, was_at = _day(after, f"{name}_at"), _day(before, f"{name}_at")
    withdrawn_at = was_at.where(was.eq(0))
    if name == "email_consent":
        withdrawn_at = _latest(withdrawn_at, _latest(_day(before, "unsubscribed_at"), _day(after, "unsubscribed_at")))
    earlier = said_at.notna() & was_at.notna() & (said_at < was_at)
    undoes = said.eq(1) & was.eq(0) & withdrawn_at.notna() & ~(said_at > withdrawn_at)
    taken = said.notna() & ~earlier & ~undoes
    old, new = _alike(before[name], after[name])
    table[name] = new.where(taken, old)
    return _with_day(table, f"{name}_at", before, after, taken & (said.ne(was) | ~(said_at < was_at)))


def _with_day(
    table: pd.DataFrame, name: str, before: pd.DataFrame, after: pd.DataFrame, taken: pd.Series
) -> pd.DataFrame:
    """The day goes with the consent that was taken; one said again without a day keeps the one that is known."""
    if name not in table:
        return table
    missing = pd.Series(np.nan, index=table.index)
    old, new = _alike(before.get(name, missing), after.get(name, missing))
    changed = level(table[name.removesuffix("_at")]).ne(level(before[name.removesuffix("_at")]))
    table[name] = new.where(taken & (new.notna() | changed), old)
    return table


def _with_unsubscribes(table: pd.DataFrame, before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Rule 5."""
    if "unsubscribed_at" not in table:
        return table
    latest = _latest(_day(before, "unsubscribed_at"), _day(after, "unsubscribed_at"))
    if "email_consent" in table:
        consented = _day(table, "email_consent_at").where(level(table["email_consent"]).eq(1))
        latest = latest.mask(consented > latest)
    table["unsubscribed_at"] = latest
    return table


def _with_suppressions(table: pd.DataFrame, before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Rule 3."""
    if BOUNCED not in after and "suppressed" not in table:
        return table
    missing = pd.Series(np.nan, index=table.index)
    said = after.get("suppressed", missing)
    bounced = level(after[BOUNCED]) if BOUNCED in after else missing
    said = said.fillna(bounced.where(bounced.eq(1)))
    table["suppressed"] = said.fillna(before.get("suppressed", missing))
    return table


def _latest(one: pd.Series, other: pd.Series) -> pd.Series:
    return one.where(one.ge(other) | other.isna(), other)


def _day(table: pd.DataFrame, name: str) -> pd.Series:
    """A column as times; missing where it is absent or no ISO date. "2026-03-31T08:00+02:00" is 08:00."""
    if name not in table:
        return pd.Series(pd.NaT, index=table.index, dtype="datetime64[us]")
    if pd.api.types.is_datetime64_any_dtype(table[name]):
        return table[name].dt.tz_localize(None).astype("datetime64[us]")
    written = table[name].astype("str").str.strip().str.replace(r"(?:Z|[+-]\d\d:?\d\d)$", "", regex=True)
    return pd.to_datetime(written, format="ISO8601", errors="coerce").astype("datetime64[us]")
