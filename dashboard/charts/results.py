"""Charts of campaigns that are over, and of forecasts beside what came."""

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.drawing import MAIN, QUIET, faded, figure, range_bars


def extra_orders(table: pd.DataFrame, axis: str, words: dict[int, str]) -> go.Figure:
    """Extra orders per 1,000 of each campaign with its range, over time. words: distinguishable (1, 0) -> legend."""
    traces = [
        _with_ranges(table[table["distinguishable"] == flag], "extra_per_1000", paint, words[flag], "%{y:.1f}")
        for flag, paint in ((1, MAIN), (0, QUIET))
    ]
    chart = figure(traces, height=380, yaxis={"title": axis})
    chart.add_hline(y=0, line={"color": QUIET, "width": 1})
    return chart


def order_rates(table: pd.DataFrame, axis: str) -> go.Figure:
    """Order rate of each campaign with its range, over time."""
    trace = _with_ranges(table, "order_rate", MAIN, axis, "%{y:.2%}")
    return figure(
        [trace], height=380, showlegend=False, yaxis={"title": axis, "tickformat": ".1%", "rangemode": "tozero"}
    )


def _with_ranges(table: pd.DataFrame, column: str, paint: str, name: str, written: str) -> go.Scatter:
    value = table[column]
    return go.Scatter(
        x=table["starts_at"],
        y=value,
        mode="markers",
        name=name,
        marker={"color": paint, "size": 7},
        error_y=range_bars(value, table[f"{column}_low"], table[f"{column}_high"], paint),
        text=table["name"].fillna(table["campaign_id"]),
        hovertemplate="%{text}<br>%{x|%Y-%m-%d}: " + written + "<extra></extra>",
    )


def forecast_against_actual(held_out: pd.DataFrame, forecast: str, actual: str) -> go.Figure:
    """Rates of unseen campaigns: forecast across, actual up. held_out: campaign, trials, actual, predicted."""
    top = float(max(held_out["predicted"].max(), held_out["actual"].max())) * 1.05
    size = 6 + 14 * (held_out["trials"] / held_out["trials"].max()) ** 0.5
    diagonal = go.Scatter(x=[0, top], y=[0, top], mode="lines", line={"color": QUIET, "dash": "dot"}, hoverinfo="skip")
    points = go.Scatter(
        x=held_out["predicted"],
        y=held_out["actual"],
        mode="markers",
        marker={"color": faded(MAIN, 0.75), "size": size},
        text=held_out["campaign"],
        hovertemplate="%{text}<br>" + forecast + ": %{x:.2%}<br>" + actual + ": %{y:.2%}<extra></extra>",
    )
    form = {"tickformat": ".1%", "rangemode": "tozero"}
    axes = {"xaxis": form | {"title": forecast}, "yaxis": form | {"title": actual}}
    return figure([diagonal, points], height=380, showlegend=False, **axes)
