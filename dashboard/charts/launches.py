"""Chart of what past launches sold, beside what a new product is expected to."""

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.drawing import MAIN, QUIET, SECOND, figure, range_bars
from engine.campaign.expected import Range


def past_launches(launches: pd.DataFrame, category: str | None, expected: Range, day: object, words: dict) -> go.Figure:
    """Units of each past launch in its first days over its date, those of the category in colour, and the forecast.

    launches: name, day, units, category. words: own, others, expected, axis, range.
    """
    own = launches["category"].eq(category or "")
    traces = [
        _dots(launches[rows], colour, words[name])
        for rows, colour, name in ((~own, QUIET, "others"), (own, MAIN, "own"))
        if rows.any()
    ]
    bars = range_bars([expected.value], [expected.low], [expected.high], SECOND, opacity=1, thickness=3)
    traces.append(
        go.Scatter(
            x=[day], y=[expected.value], mode="markers", name=words["expected"], error_y=bars,
            marker={"color": SECOND, "size": 13, "symbol": "diamond"},
            customdata=[[expected.low, expected.high]],
            hovertemplate="%{y:,.0f}<br>"
            + words["range"]
            + ": %{customdata[0]:,.0f} – %{customdata[1]:,.0f}<extra></extra>",
        )
    )  # fmt: skip
    return figure(
        traces, yaxis={"title": words["axis"], "rangemode": "tozero"},
        legend={"orientation": "h", "y": -0.2, "x": 0, "yanchor": "top"},
    )  # fmt: skip


def _dots(launches: pd.DataFrame, colour: str, name: str) -> go.Scatter:
    return go.Scatter(
        x=launches["day"], y=launches["units"], mode="markers", name=name, marker={"color": colour, "size": 9},
        customdata=launches[["name"]], hovertemplate="%{customdata[0]}<br>%{x|%Y-%m-%d}: %{y:,.0f}<extra></extra>",
    )  # fmt: skip
