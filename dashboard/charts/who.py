"""Chart of the customers who order because we wrote, and of those who would buy anyway."""

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.drawing import MAIN, QUIET, faded, figure, range_bars


def extra_by_band(bands: pd.DataFrame, names: list[str], words: dict[str, str]) -> go.Figure:
    """Orders per 100 customers in each band: extra with its range, and those that would come anyway.

    bands: extra, low, high, anyway, each per 100. names: of the bands, in order. words: extra, anyway, axis, range.
    """
    value = bands["extra"]
    extra = go.Scatter(
        x=names,
        y=value,
        mode="markers",
        name=words["extra"],
        marker={"color": MAIN, "size": 11},
        error_y=range_bars(value, bands["low"], bands["high"], MAIN, opacity=0.6, thickness=3),
        customdata=bands[["low", "high"]],
        hovertemplate="%{x}: %{y:.1f}<br>"
        + words["range"]
        + ": %{customdata[0]:.1f} – %{customdata[1]:.1f}<extra></extra>",
    )
    anyway = go.Bar(
        x=names,
        y=bands["anyway"],
        name=words["anyway"],
        marker={"color": faded(QUIET, 0.35)},
        hovertemplate="%{x}: %{y:.1f}<extra>" + words["anyway"] + "</extra>",
    )
    chart = figure([anyway, extra], height=360, yaxis={"title": words["axis"]}, xaxis={"type": "category"})
    chart.add_hline(y=0, line={"color": QUIET, "width": 1})
    return chart
