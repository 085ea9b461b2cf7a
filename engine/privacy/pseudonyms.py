"""One spelling per e-mail address and phone number, and the keyed names that stand for people."""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

ERASED = "erased-"  # how the random name begins under which orders of an erased customer go on

_MOBILE = re.compile(r"(?:\+?86)?(1[3-9]\d{9})")  # Chinese mobile numbers
_WRITTEN_AROUND = re.compile(r"\(0\)|[^\d+]")
_IN_A_PHONE = re.compile(r"[\d\s()+./–—-]+")


def normal_email(text: str) -> str:
    """An e-mail address in one spelling; "" for a text that is none.

    Trimmed, lower case, full-width forms made usual ones, `mailto:` and <angle brackets> taken off. Dots and +tags
    stay: only some providers ignore them, and two people must not become one.

    >>> normal_email(" Ana.Li＠Example．COM ")
    'ana.li@example.com'
    """
    known = _usual(text).lower().removeprefix("mailto:").strip("<> ")
    return known if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s.]+", known) else ""


def normal_phone(text: str) -> str:
    """A phone number as "+" and digits, without "+" where no country is known; "" for a text that is none.

    Full-width digits, spaces, dashes, dots, brackets and a national (0) are taken out; 00 before a country is +. A
    Chinese mobile number (11 digits, 13 to 19 first) is the same with and without +86, 86 or 0086. Numbers have 7 to
    15 digits (E.164 allows 15).

    >>> normal_phone("0086 138-1234-5678") == normal_phone("１３８１２３４５６７８") == "+8613812345678"
    True
    >>> normal_phone("+49 (0)151 1234567")
    '+491511234567'
    """
    known = _usual(text).removeprefix("tel:").strip()
    if not _IN_A_PHONE.fullmatch(known):
        return ""
    digits = _WRITTEN_AROUND.sub("", known)
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    if mobile := _MOBILE.fullmatch(digits):
        return f"+86{mobile[1]}"
    return digits if re.fullmatch(r"\+?\d{7,15}", digits) else ""


def _usual(text: str) -> str:
    """Full-width letters, digits and signs as usual ones; without invisible marks and spaces around."""
    if text.isascii():
        return text.strip()
    usual = unicodedata.normalize("NFKC", text)
    return "".join(letter for letter in usual if unicodedata.category(letter) != "Cf").strip()


def pseudonym(key: bytes, value: str) -> str:
    """The customer_id, 32 hex digits, of somebody whom an export knows by e-mail address or phone number only.

    BLAKE2b of 128 bits, keyed: without the key nobody finds the address by trying them all. Two spellings of one
    address or number (`normal_email`, `normal_phone`) give the same name; any other text counts as it stands, trimmed.
    """
    return _hashes(key, b"customer", [_spelled(value)])[0]


def pseudonyms(key: bytes, values: pd.Series) -> pd.Series:
    """`pseudonym` of each value, computed once per distinct one; empty stays missing. Index and order stay."""
    filled = values.where(values.str.strip().ne(""))
    return _by_distinct(filled, lambda distinct: _hashes(key, b"customer", map(_spelled, distinct)))


def tokens(key: bytes, ids: pd.Series, purpose: str) -> pd.Series:
    """A keyed hash (32 hex digits) of each id as it stands: the same id in another `purpose` has another one."""
    return _by_distinct(ids, lambda distinct: _hashes(key, purpose.encode(), distinct))


def _by_distinct(values: pd.Series, compute: Callable[[list[str]], list[str]]) -> pd.Series:
    codes, distinct = pd.factorize(values)
    computed = np.array([*compute(list(distinct)), None], dtype=object)  # code -1 is missing
    return pd.Series(computed[codes], index=values.index, name=values.name, dtype="str")


def _spelled(value: str) -> str:
    if "@" in value or "＠" in value:
        return normal_email(value) or value.strip()
    return normal_phone(value) or value.strip()


def _hashes(key: bytes, person: bytes, texts: Iterable[str]) -> list[str]:
    keyed = hashlib.blake2b(key=key, person=person, digest_size=16)
    found = []
    for text in texts:
        one = keyed.copy()  # half the time of a new one with its key
        one.update(text.encode(errors="backslashreplace"))  # half a surrogate pair is no reason to stop
        found.append(one.hexdigest())
    return found


def looks_personal(ids: pd.Series) -> bool:
    """Whether ids are e-mail addresses or phone numbers: more than half of the first 200 that are not empty."""
    sample = ids.dropna().astype("str").head(200)
    if sample.empty:
        return False
    personal = sample.str.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+|\+\d{9,15}|1[3-9]\d{9}")
    return bool(personal.mean() > 0.5)
