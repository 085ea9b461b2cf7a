"""What single cells of an export say: filled or not, a number, a word, whom an e-mail address or phone number names."""

import pandas as pd


def filled(column: pd.Series) -> pd.Series:
    """Where a column says something."""
    return column.notna() & column.astype("str").str.strip().ne("")


def number(rows: pd.DataFrame, column: str) -> pd.Series:
    """A column as numbers; 0 where it is absent, empty or no number."""
    if column not in rows:
        return pd.Series(0.0, rows.index)
    return pd.to_numeric(rows[column], errors="coerce").fillna(0.0).astype("float64")


def codes(column: pd.Series) -> pd.Series:
    """The same whole number for the same text: what is grouped many times is grouped by them far faster."""
    return pd.Series(pd.factorize(column)[0], column.index)


def words(rows: pd.DataFrame, column: str) -> pd.Series:
    """A column as trimmed words in small letters; "" where it is absent or empty."""
    if column not in rows:
        return pd.Series("", rows.index)
    return rows[column].fillna("").astype("str").str.strip().str.lower()


def email(column: pd.Series) -> pd.Series:
    """Addresses as one person's are always written; None where there is none: "n/a" would be one customer of many."""
    said = column.astype("str").str.strip().str.lower()
    return said.where(said.str.fullmatch(r"[^@\s]+@[^@\s]+").fillna(False).astype(bool), None).astype("object")


def phone(column: pd.Series) -> pd.Series:
    """Phone numbers as digits, with the plus of a country code; None where there are fewer than six."""
    said = column.astype("str").str.replace(r"[^\d+]", "", regex=True)
    return said.where(said.str.count(r"\d").fillna(0) >= 6, None).astype("object")


def contact(rows: pd.DataFrame) -> pd.Series:
    """Whom a row is about: the e-mail address, else the phone number, else None."""
    key = pd.Series(None, rows.index, dtype="object")
    for column, normal in (("email", email), ("phone", phone)):
        if column in rows:
            key = key.where(key.notna(), normal(rows[column]))
    return key.where(key.notna(), None)
