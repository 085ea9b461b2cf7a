"""Numbers as exports write them: decimal commas, thousands, currency signs; made plain text with a point."""

from collections.abc import Iterable
from typing import Literal

import pandas as pd

Decimal = Literal[".", ","]

_AROUND = r"[\s\u00a0\u202f'’]|[$€£¥￥₹₩]|(?<![A-Z])[A-Z]{3}(?![A-Z])|元|円"
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


def plain(column: pd.Series, mark: Decimal) -> pd.Series:
    """The column with every number written plainly; what is no number stays as it was."""
    if not (pd.api.types.is_string_dtype(column) or pd.api.types.is_object_dtype(column)):
        return column
    texts = column.astype("str").str.strip()
    odd = texts.notna() & ~texts.str.fullmatch(r"[-+]?\d*\.?\d*(?:[eE][-+]?\d+)?").fillna(True).astype(bool)
    if mark == ",":  # 1.234 is a thousand there
        odd |= texts.str.fullmatch(r"[-+]?[1-9]\d{0,2}\.\d{3}").fillna(False).astype(bool)
    if not odd.any():
        return column
    thousands = _THOUSANDS[mark]
    bare = _bare(texts[odd])
    number = bare.str.fullmatch(rf"[-+(]?(?:\d{{1,3}}(?:\{thousands}\d{{3}})+|\d+)?(?:\{mark}\d+)?\)?-?%?")
    negative = bare.str.match(r"^-|^\(.*\)$|.*-$")
    digits = bare.str.replace(thousands, "", regex=False).str.replace(mark, ".", regex=False)
    digits = digits.str.replace(r"[-+()]", "", regex=True)
    written = digits.where(~negative, "-" + digits)
    percent = written.str.endswith("%")
    if percent.any():
        fractions = pd.to_numeric(written.str.removesuffix("%"), errors="coerce") / 100
        written = written.where(~percent, fractions.map(lambda value: f"{value:.10g}"))
    result = texts.copy()
    good = number & bare.str.contains(r"\d", regex=True)
    result[good.index[good]] = written[good]
    return result


def _bare(texts: pd.Series) -> pd.Series:
    return texts.str.strip().str.replace(_AROUND, "", regex=True)
