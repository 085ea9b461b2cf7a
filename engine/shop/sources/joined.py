"""Two files that are one export: lines of orders in one, what belongs to the whole order in the other."""

import pandas as pd

from engine.shop.tables import Problem


def join(lines: pd.DataFrame, orders: pd.DataFrame) -> tuple[pd.DataFrame, list[Problem], list[Problem]]:
    """The lines with their order's roles, and the rows of each frame that found no partner, with reasons.

    Both frames have roles as columns, `order_id` among them, and row numbers as their index; the result has the index
    of `lines`. Where both have a role, the line's own value holds. Of an order that stands twice the last row holds.
    """
    of_lines, of_orders = _ids(lines), _ids(orders)
    later = of_orders.ne("") & of_orders.duplicated(keep="last")
    alone = of_orders.ne("") & ~of_orders.isin(set(of_lines))
    aside_orders = _problems(orders, of_orders.eq(""), "order_id is empty")
    aside_orders += _problems(orders, later, "order stands again further down")
    aside_orders += _problems(orders, alone & ~later, "order has no line in the file of lines")
    unknown = of_lines.ne("") & ~of_lines.isin(set(of_orders))
    aside_lines = _problems(lines, of_lines.eq(""), "order_id is empty")
    aside_lines += _problems(lines, unknown, "line of an order that is not in the file of orders")
    kept = lines[of_lines.ne("") & ~unknown].copy()
    whole = orders[of_orders.ne("") & ~later].set_index(of_orders[of_orders.ne("") & ~later])
    for column in orders.columns.difference(lines.columns):
        kept[column] = whole[column].reindex(of_lines[kept.index]).set_axis(kept.index)
    return kept, aside_lines, aside_orders


def _ids(rows: pd.DataFrame) -> pd.Series:
    return rows["order_id"].fillna("").astype("str").str.strip()


def _problems(rows: pd.DataFrame, which: pd.Series, reason: str) -> list[Problem]:
    return [(int(row), "order_id", rows["order_id"][row], reason) for row in rows.index[which]]
