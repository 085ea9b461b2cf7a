"""Charts of what plans brought, at 7 and at 30 days."""

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.drawing import MAIN, QUIET, SECOND, figure, range_bars

APART = 0.16  # of a plan's row: the two numbers of days lie above and below its middle


def at_two_horizons(table: pd.DataFrame, column: str, axis: str, words: dict[int, str], level: str) -> go.Figure:
    """A number of each plan with its range after so many days, one plan a row, the first on top.

    table: plan_id, label, days, final (True, or False while the days are not over: hollow and dotted), column and its
    _low and _high. words: days -> legend.
    """
    plans = list(dict.fromkeys(table["plan_id"]))
    labels = table.drop_duplicates("plan_id").set_index("plan_id")["label"]
    traces = []
    for number, (days, name) in enumerate(words.items()):
        rows = table[(table["days"] == days) & table[column].notna()]
        place = [plans.index(one) + (2 * number - 1) * APART for one in rows["plan_id"]]
        traces.append(_points(rows, column, place, (MAIN, SECOND)[number % 2], name, level))
    chart = figure(
        traces,
        height=120 + 44 * max(len(plans), 1),
        xaxis={"title": axis, "zeroline": False},
        yaxis={
            "tickvals": list(range(len(plans))),
            "ticktext": [labels[one] for one in plans],
            "range": [len(plans) - 0.5, -0.5],
            "showgrid": False,
            "zeroline": False,
        },
        legend={"orientation": "h", "y": 1.0, "x": 0, "yanchor": "bottom"},
    )
    chart.add_vline(x=0, line={"color": QUIET, "width": 1.5})
    return chart


def _points(rows: pd.DataFrame, column: str, place: list[float], paint: str, name: str, level: str) -> go.Scatter:
    value = rows[column]
    symbols = ["circle" if final else "circle-open" for final in rows["final"]]
    return go.Scatter(
        x=value,
        y=place,
        mode="markers",
        name=name,
        marker={"color": paint, "size": 9, "symbol": symbols, "line": {"width": 1.5, "color": paint}},
        error_x=range_bars(value, rows[f"{column}_low"], rows[f"{column}_high"], paint, opacity=0.55, thickness=2.5),
        customdata=rows[["label", f"{column}_low", f"{column}_high"]],
        hovertemplate="%{customdata[0]}: %{x:,.0f}<br>"
        + level
        + ": %{customdata[1]:,.0f} – %{customdata[2]:,.0f}<extra></extra>",
    )
