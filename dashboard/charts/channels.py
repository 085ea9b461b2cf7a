"""Charts of channels: who claims which orders, and rates with their ranges."""

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.drawing import MAIN, PALETTE, QUIET, figure, range_bars


def claimed(names: list[str], orders: list[int], label: str) -> go.Figure:
    """Orders by who claims them, one bar each; the last name is that of nobody."""
    paint = [MAIN] * (len(names) - 1) + [QUIET]
    bars = go.Bar(
        orientation="h", x=orders, y=names, marker={"color": paint}, text=[f"{count:,}" for count in orders],
        hovertemplate="%{y}: %{x:,}<extra></extra>",
    )  # fmt: skip
    return figure(
        [bars], height=100 + 30 * len(names), showlegend=False, bargap=0.3, xaxis={"title": label},
        yaxis={"autorange": "reversed"},
    )  # fmt: skip


def rates(table: pd.DataFrame, across: str, axis: str, label: str, usual: float | None = None) -> go.Figure:
    """Rates with their ranges: table has `across`, rate, low, high. usual: a line to hold them against."""
    points = go.Scatter(
        x=table[across], y=table["rate"], mode="markers", marker={"color": MAIN, "size": 8},
        error_y=range_bars(table["rate"], table["low"], table["high"], MAIN),
        hovertemplate="%{x}: %{y:.2%}<extra></extra>",
    )  # fmt: skip
    form = {"title": label, "tickformat": ".1%", "rangemode": "tozero"}
    chart = figure([points], height=300, showlegend=False, xaxis={"title": axis, "dtick": 1}, yaxis=form)
    if usual is not None:
        chart.add_hline(y=usual, line={"color": QUIET, "width": 1, "dash": "dot"})
    return chart


def arrivals(curves: dict[str, pd.DataFrame], axis: str, label: str) -> go.Figure:
    """Share that had come by each day, a line per name. curves: day, share."""
    lines = [
        go.Scatter(
            x=[0, *curve["day"]], y=[0.0, *curve["share"]], mode="lines", name=name,
            line={"color": PALETTE[at % len(PALETTE)], "width": 2},
            hovertemplate="%{x}: %{y:.0%}<extra>" + name + "</extra>",
        )
        for at, (name, curve) in enumerate(curves.items())
    ]  # fmt: skip
    # Below the axis: above it several names in a row would lie on the lines of a narrow screen.
    legend = {"orientation": "h", "y": -0.25, "yanchor": "top", "x": 0}
    form = {"title": label, "tickformat": ".0%"}
    chart = figure(lines, height=400, legend=legend, xaxis={"title": axis}, yaxis=form)
    chart.add_hline(y=0.9, line={"color": QUIET, "width": 1, "dash": "dot"})
    return chart
