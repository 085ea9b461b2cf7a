"""A hostile file: what it is, its bytes, and the one thing that may come of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

Verdict = Literal["refused", "set aside", "kept"]
Content = bytes | Callable[[bool], bytes]

HEADER = ("order_id", "customer_id", "ordered_at", "product_id", "quantity", "unit_price")
ROW = {
    "order_id": "o1", "customer_id": "c1", "ordered_at": "2026-01-05", "product_id": "p1", "quantity": "2",
    "unit_price": "9.50",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """A file and its verdict.

    refused: the sentence names the file and matches `said`. set aside: `aside` counts rows by reason, `kept` rows stay.
    kept: `kept` rows, and `values` are exactly what the table's columns hold. For the latter two, `said` (where there
    is one) is found in the report's notes. content: bytes, or a function of whether they are to be of full size.
    heavy: weighed in a process of its own.
    """

    name: str
    file: str
    content: Content
    verdict: Verdict
    said: str = ""
    kept: int = 0
    aside: dict[str, int] = field(default_factory=dict)
    values: dict[str, list] = field(default_factory=dict)
    table: str = "orders"
    heavy: bool = False

    def bytes(self, full: bool = False) -> bytes:
        """The file itself; bombs are smaller unless `full`."""
        return self.content(full) if callable(self.content) else self.content


def refused(name: str, file: str, content: Content, said: str, heavy: bool = False) -> Case:
    return Case(name, file, content, "refused", said, heavy=heavy)


def set_aside(name: str, file: str, content: Content, aside: dict[str, int], kept: int, **more) -> Case:
    return Case(name, file, content, "set aside", kept=kept, aside=aside, **more)


def kept(name: str, file: str, content: Content, values: dict[str, list], rows: int | None = None, **more) -> Case:
    count = rows if rows is not None else len(next(iter(values.values())))
    return Case(name, file, content, "kept", kept=count, values=values, **more)


def orders(*rows: dict[str, str], delimiter: str = ",", end: str = "\n", header: bool = True) -> str:
    """Order lines as text; each row says in what it differs from ROW, and may have columns of its own."""
    names = list(dict.fromkeys([*HEADER, *(name for row in rows for name in row)]))
    lines = [delimiter.join(names)] if header else []
    lines += [delimiter.join((ROW | row).get(name, "") for name in names) for row in rows]
    return end.join(lines) + end


def column(name: str, *cells: str) -> str:
    """Order lines that differ in the order's number and in one column, its cells in quotation marks."""
    quoted = ['"' + cell.replace('"', '""') + '"' for cell in cells]
    return orders(*({"order_id": f"o{number}"} | {name: cell} for number, cell in enumerate(quoted, 1)))
