"""Numbers as exports write them: decimal commas, thousands, currency signs; made plain text with a point."""

import re
from collections.abc import Iterable
from typing import Literal

import pandas as pd

Decimal = Literal[".", ","]

_CURRENCY = r"[$€£¥￥₹₩]|(?<![A-Z])[A-Z]{3}(?![A-Z])|元|円"
# Compiled: pandas' own engine knows no lookarounds, and would take digits of other scripts.
_AROUND = re.compile(rf"^([-+(]?)\s*(?:{_CURRENCY})\s*|\s*(?:{_CURRENCY})\s*([-)]?)$")
_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "CNY": "¥", "RMB": "¥", "JPY": "¥", "￥": "¥", "元": "¥", "円": "¥", 
          "INR": "₹", "KRW": "₩"}  # fmt: skip
_GROUPED = re.compile(r"(?<=[0-9])[\s'’](?=[0-9]{3}(?![0-9]))")
_THOUSANDS = {".": ",", ",": "."}
# What can be read in one way only: a mark before one, two or more than three digits is a decimal one, a mark that
# stands twice is not.
_CERTAIN = {
    mark: rf"^[-+(]?(?:\d{{1,3}}(?:\{other}\d{{3}})+\{mark}\d+|\d{{1,3}}(?:\{other}\d{{3}}){{2,}}|"
    rf"\d+\{mark}(?:\d{{1,2}}|\d{{4,}})|0?\{mark}\d+)\)?-?%?$"
    for mark, other in _THOUSANDS.items()
}
_UNCERTAIN = r"^[-+(]?[1-9]\d{0,2}(?:,\d{3})+\)?-?$"  # 1,234: a thousand, or one and a bit


def decimal_mark(columns: Iterable[pd.Series], usual: Decimal | None = None) -> Decimal | None:
    """The decimal mark that the numbers of a file agree on, `usual` where some contradict it; None where that is not
    said either, or where all of them could be both."""
    seen = {".": False, ",": False}
    uncertain = False
    for column in columns:
        if pd.api.types.is_numeric_dtype(column):
            continue
        values = _bare(pd.Series(column.dropna().unique()).astype("str").head(20_000))
        for mark, pattern in _CERTAIN.items():
            seen[mark] |= bool(values.str.match(pattern).any())
        uncertain |= bool(values.str.match(_UNCERTAIN).any())
    if seen["."] and seen[","]:
        return usual
    if seen[","]:
        return ","
    return None if uncertain and not seen["."] else "."


def plain(column: pd.Series, mark: Decimal, percent: bool = False) -> pd.Series:
    """The column with every number written plainly; what is no number stays as it was, and is none for anybody.

    `percent`: whether "10 %" is a number here, 0.1. Of money it would be a part of something that is not said.
    """
    if not (pd.api.types.is_string_dtype(column) or pd.api.types.is_object_dtype(column)):
        return column
    texts = column.astype("str").str.strip()
    point = r"\.?" if mark == "." else ""
    usual = texts.str.fullmatch(rf"[-+]?[0-9]*{point}[0-9]*(?:[eE][-+]?[0-9]+)?").fillna(True).astype(bool)
    odd = texts.notna() & ~usual
    if not odd.any():
        return column
    result = texts.copy()
    result[odd] = _written(texts[odd], mark, percent)
    return result


def _written(texts: pd.Series, mark: Decimal, percent: bool) -> pd.Series:
    bare, thousands = _bare(texts), _THOUSANDS[mark]
    body = rf"(?:[1-9][0-9]{{0,2}}(?:\{thousands}[0-9]{{3}})+|[0-9]+)?(?:\{mark}[0-9]+)?"
    good = bare.str.fullmatch(rf"(?:[-+]?{body}|{body}-|\({body}\)){'%?' if percent else ''}")
    good &= bare.str.contains(r"[0-9]", regex=True)
    negative = bare.str.match(r"^-|^\(.*\)$|.*-$")
    digits = bare.str.replace(thousands, "", regex=False).str.replace(mark, ".", regex=False)
    digits = digits.str.replace(r"[-+()]", "", regex=True)
    written = digits.where(~negative, "-" + digits)
    share = written.str.endswith("%")
    if share.any():
        fractions = pd.to_numeric(written.str.removesuffix("%"), errors="coerce") / 100
        written = written.where(~share, fractions.map(lambda value: f"{value:.10g}"))
    # "1.5" where the comma is the decimal mark: whoever reads on would take it for a number.
    misread = ~good & (mark == ",") & pd.to_numeric(texts, errors="coerce").notna()
    return written.where(good, texts.where(~misread, texts + " (decimal comma expected)"))


def currencies(column: pd.Series) -> list[str]:
    """The signs and codes of currencies that stand beside the numbers of a column."""
    if not pd.api.types.is_string_dtype(column):
        return []
    texts = pd.Series(column.dropna().unique()).astype("str")
    texts = texts[texts.str.contains(r"[0-9]", regex=True) & texts.str.contains(r"[^-+0-9.,\s]", regex=True)]
    found = texts[_bare(texts).str.fullmatch(r"[-+(]?[0-9.,]+\)?-?")].str.extract(f"({_CURRENCY})")[0]
    return sorted({_SIGNS.get(said, said) for said in found.dropna()})


def _bare(texts: pd.Series) -> pd.Series:
    """Without currencies at either end and spaces between thousands."""
    there = texts.str.strip()
    for _ in range(2):  # one at each end
        there = there.str.replace(_AROUND, lambda found: (found[1] or "") + (found[2] or ""), regex=True)
    return there.str.replace(_GROUPED, "", regex=True).str.replace(r"\s+(%)$", r"\1", regex=True)
