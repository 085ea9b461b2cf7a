"""Exports in their true shape, made up: the file's bytes, and what its orders come to, worked out in integer cents.

Nothing here uses the code under test. Names, addresses and numbers are invented.
"""

import csv
import io
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Order:
    """What one order of a file comes to: money in cents; refund is the part of it that was paid for goods."""

    customer: str
    gross: int
    discount: int = 0
    shipping: int = 0
    tax: int = 0
    refund: int = 0
    status: str = ""

    @property
    def net(self) -> int:
        return self.gross - self.discount - self.refund


@dataclass(frozen=True)
class Export:
    """A file, the orders that are sales, rows per reason for being set aside, and how many rows it has."""

    name: str
    content: bytes
    rows: int
    orders: dict[str, Order] = field(default_factory=dict)
    aside: dict[str, int] = field(default_factory=dict)


def csv_bytes(header: list[str], rows: list[dict[str, object]], encoding: str = "utf-8", above: str = "") -> bytes:
    """A CSV file with every column of `header`; what a row does not say is empty."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, header, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return (above + text.getvalue()).encode(encoding)


def money(cents: int) -> str:
    """ "12.50" for 1250."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def parts(whole: int, weights: list[int]) -> list[int]:
    """A whole in integer parts by weight, the last taking what is left: any split that adds up will do."""
    given = [whole * weight // max(sum(weights), 1) for weight in weights[:-1]]
    return [*given, whole - sum(given)]
