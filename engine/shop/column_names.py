"""What shops call the columns of our tables: names by role, compared without case, spaces and punctuation."""

import re
import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pandas as pd

from engine.shop.tables import TABLES

FILE = Path(__file__).parents[2] / "assets" / "columns.toml"

# Instead of a required column, what it can be worked out from.
INSTEAD = {"unit_price": ("line_total",), "customer_id": ("email", "phone"), "product_id": ("product_name",)}


def bare(name: str) -> str:
    """A column's name without case, spaces and punctuation."""
    return re.sub(r"[\W_]+", "", name.casefold())


@cache
def _names() -> dict[str, dict[str, list[str]]]:
    """Table -> role -> bare names, the role's own first."""
    written = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {
        table: {role: [bare(name) for name in (role, *names)] for role, names in columns.items()}
        for table, columns in written.items()
    }


def is_personal(column: str) -> bool:
    """Whether a column holds people's names or addresses, by what it is called."""
    return bare(column) in _names()["personal"]["names"]


def roles(table: str, columns: list[str], fits: Callable[[str, str], bool]) -> dict[str, str]:
    """{column: role} by name, each role once; `fits(column, role)` says whether its cells can be that."""
    by_name = {bare(column): column for column in columns}
    found: dict[str, str] = {}
    # What a table calls its columns itself is known without being listed.
    known = _names().get(table, {}) | {r: [bare(r)] for r in TABLES[table].columns if r not in _names().get(table, {})}
    for role, names in known.items():
        for name in names:
            column = by_name.get(name)
            if column is not None and column not in found and fits(column, role):
                found[column] = role
                break
    return found


def looks_like(values: pd.Series, kind: str) -> bool:
    """Whether most filled cells of a sample could be of this kind (see engine.shop.tables)."""
    texts = values.dropna().astype("str").str.strip()
    texts = texts[texts != ""].head(200)
    if texts.empty or kind in ("id", "text", ""):
        return True
    if kind == "time":
        return bool(texts.str.contains(r"\d", regex=True).mean() > 0.5)
    return bool(texts.str.contains(r"^[^A-Za-z]{0,4}[-(]?\d", regex=True).mean() > 0.5) or kind == "flag"
