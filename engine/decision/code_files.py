"""Files of coupon codes: one column, as a shop's system exports them and as a sending tool takes them."""

import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.errors import DataProblem
from engine.sentences import Sentence
from engine.shop import gate
from engine.shop.gate import Sheet

# Klaviyo's list of codes: help.klaviyo.com, article 115005084727 ("Coupon" or "Coupon Code"). Shopify documents no
# import of discount codes; apps for it each have a header of their own.
HEADER = "Coupon"
HEADERS = frozenset(
    {"coupon", "coupon code", "coupon codes", "code", "codes", "discount code", "discount codes", "voucher",
     "voucher code", "优惠码", "折扣码", "优惠券码", "券码", "兑换码"}
)  # fmt: skip
LONGEST = 40  # characters, as of the one code of an offer
# What a customer can type, and a spreadsheet never runs: it begins with a letter or a figure.
CODE = re.compile(rf"[^\W_][\w.+&-]{{0,{LONGEST - 1}}}")


@dataclass(frozen=True, slots=True)
class Read:
    """What a file holds: (line, code) of each that can be used, and a sentence for each line that cannot."""

    name: str
    codes: list[tuple[int, str]]
    refused: list[Sentence]


def read(path: Path, name: str = "") -> Read:
    """The codes of a CSV, TXT or XLSX file with or without a header. Raises DataProblem for one that is no such file.

    Codes are text: leading zeros stay, blanks around them go. `name`: what people know the file by.
    """
    path = Path(path)
    name = name or path.name
    if path.suffix.lower() != ".txt":
        return _read(list(gate.sheets(path, name=name)), name)
    with tempfile.TemporaryDirectory() as folder:  # text with one column is CSV, which the gate tells by its ending
        copy = Path(folder) / "codes.csv"
        try:
            shutil.copyfile(path, copy)
        except OSError as error:
            raise DataProblem(Sentence("refused.unreadable", {"file": name, "error": error.strerror})) from error
        return _read(list(gate.sheets(copy, name=name)), name)


def read_bytes(content: bytes, name: str) -> Read:
    """`read` of an upload: its name is what a browser says, and never becomes a path."""
    ending = next((one for one in (".csv", ".txt", ".xlsx", ".gz") if name.lower().endswith(one)), ".csv")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"codes{ending}"
        path.write_bytes(content)
        return read(path, shown(name))


def _read(found: list[Sheet], name: str) -> Read:
    if len(found) != 1:
        raise DataProblem(Sentence("codes.one_table", {"file": name, "count": len(found)}))
    (sheet,) = found
    first: dict[str, int] = {}
    codes: list[tuple[int, str]] = []
    refused = [_refused("codes.odd_line", line, "", name) for line in sheet.ragged["line"]]
    for line, code in _lines(sheet, name):
        known = first.get(code.casefold())
        if not code:
            continue
        if not CODE.fullmatch(code):
            refused.append(_refused("codes.odd", line, code, name))
        elif known is not None:
            refused.append(_refused("codes.twice", line, code, name, first=known))
        else:
            first[code.casefold()] = line
            codes.append((line, code))
    return Read(name, codes, refused)


def _lines(sheet: Sheet, name: str) -> Iterator[tuple[int, str]]:
    """(line, code) of each row; a heading that is no usual one is itself the first code."""
    headings = [str(heading) for heading in sheet.frame.columns]
    usual = [heading for heading in headings if heading.casefold() in HEADERS]
    if len(headings) > 1 and len(usual) != 1:
        raise DataProblem(Sentence("codes.one_column", {"file": name, "count": len(headings), "header": HEADER}))
    column = usual[0] if usual else headings[0]
    if not usual:
        yield int(sheet.lines[0]) - 1 if len(sheet.lines) else 1, column.strip()
    yield from zip(map(int, sheet.lines), sheet.frame[column].astype("str").str.strip(), strict=True)


def _refused(key: str, line: int, code: str, name: str, **more: object) -> Sentence:
    return Sentence(key, {"file": name, "line": int(line), "code": shown(code), **more})


def shown(code: str) -> str:
    """A code as a sentence says it: not endlessly long, without what no screen shows."""
    seen = "".join(ch if ch.isprintable() else "\ufffd" for ch in code)
    return seen if len(seen) <= LONGEST else f"{seen[:LONGEST]}…"


def file_name(plan_id: str, live: bool) -> str:
    """What a file of a plan's codes is called: one with codes that the shop does not know says so."""
    return f"{plan_id}-coupons.csv" if live else f"{plan_id}-coupons-not-live.csv"


def write(codes: list[str]) -> bytes:
    """The codes as a CSV file with the header that Klaviyo asks for; `read` gives them back."""
    # For a program, not for a person: no mark in front, no apostrophes. No code can be a formula, see CODE.
    return "".join(f"{line}\r\n" for line in (HEADER, *codes)).encode()
