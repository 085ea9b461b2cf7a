"""Charts of choices: what another one would have earned, and how the next showings are split between arms."""

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.drawing import MAIN, QUIET, SECOND, faded, figure, range_bars


def estimates(table: pd.DataFrame, logged: tuple[float, float, float], refused: bool, words: dict) -> go.Figure:
    """Each estimate of another choice with its range, beside what was done. logged: value, low, high.

    table: estimator, value, low, high. refused: no verdict is given, and the marks are quiet. words: done, range, axis,
    form (of a number, as plotly writes it).
    """
    known = table.dropna(subset=["value"]).iloc[::-1]
    paint, form = (QUIET if refused else MAIN), words["form"]
    value, low, high = logged
    dots = go.Scatter(
        x=known["value"], y=known["estimator"], mode="markers", marker={"color": paint, "size": 11},
        error_x=range_bars(known["value"], known["low"], known["high"], paint, opacity=0.6, thickness=3),
        customdata=known[["low", "high"]],
        hovertemplate="%{y}: %{x:" + form + "}<br>" + words["range"]
        + ": %{customdata[0]:" + form + "} – %{customdata[1]:" + form + "}<extra></extra>",
    )  # fmt: skip
    chart = figure([dots], height=320, showlegend=False, xaxis={"title": words["axis"], "tickformat": form})
    chart.add_vrect(x0=low, x1=high, fillcolor=faded(SECOND, 0.15), line_width=0)
    chart.add_vline(
        x=value, line={"color": SECOND, "width": 2, "dash": "dot"},
        annotation={"text": words["done"], "font": {"color": SECOND}, "yref": "paper", "y": 1.08, "showarrow": False},
    )  # fmt: skip
    return chart


def shares(table: pd.DataFrame, words: dict[str, str]) -> go.Figure:
    """Share of each arm so far and from now on. table: arm, so_far, share. words: so_far, share, axis."""
    bars = [
        go.Bar(
            x=table["arm"], y=table[column], name=words[column], marker={"color": paint},
            hovertemplate="%{x}: %{y:.1%}<extra>" + words[column] + "</extra>",
        )
        for column, paint in (("so_far", faded(QUIET, 0.5)), ("share", MAIN))
    ]  # fmt: skip
    axes = {"yaxis": {"title": words["axis"], "tickformat": ".0%", "range": [0, 1]}, "xaxis": {"type": "category"}}
    return figure(bars, height=320, barmode="group", **axes)
