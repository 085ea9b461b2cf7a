"""Exports in two files, one of whole orders and one of their lines, read as one."""

import pandas as pd

from engine.shop.sources.taken import Source, Taken
from engine.shop.tables import Problem


def lines_with_orders(lines: pd.DataFrame, orders: pd.DataFrame) -> tuple[pd.DataFrame, list[Problem]]:
    """The lines with what their order says beside them, and the lines whose order is not there.

    Where both files have a column, the line's own cell counts, and the order's where that is empty.
    """
    whole = orders.drop_duplicates("order_id", keep="last").set_index("order_id")
    known = lines["order_id"].isin(whole.index)
    aside: list[Problem] = [
        (int(row), "order_id", lines["order_id"][row], "the order of this line is not in the file of orders")
        for row in lines.index[~known]
    ]
    both = lines.copy()
    for column in whole.columns:
        said = lines["order_id"].map(whole[column])
        both[column] = (
            both[column].where(both[column].astype("str").str.strip().ne(""), said) if column in both else said
        )
    return both, aside


def without_lines(name: str, orders: pd.DataFrame, taken: Taken) -> list[str]:
    """A sentence for orders of which the other file has no line."""
    known = {
        *taken.frame["order_id"].astype("str"),
        *(str(value) for _, column, value, _ in taken.aside if column == "order_id"),
    }
    lost = int((~orders["order_id"].astype("str").isin(known)).sum())
    return [f"{lost:,} orders have no line in {name}; they are not counted."] if lost else []


def other_half(name: str, source: Source) -> str:
    """That an export needs its other file."""
    return f"{name}: {source.title} comes in two files, one of orders and one of their lines. Bring in both at once."
