"""Charts of groups of customers."""

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.drawing import MAIN, QUIET, SECOND, colour, figure


def segment_map(points: pd.DataFrame, names: dict[str, str]) -> go.Figure:
    """Customers on two axes, one colour per group. points: x, y, segment_id."""
    traces = [
        go.Scattergl(
            x=points.loc[points["segment_id"] == segment_id, "x"],
            y=points.loc[points["segment_id"] == segment_id, "y"],
            mode="markers",
            marker={"size": 5, "color": colour(segment_id), "opacity": 0.7},
            name=name,
            hoverinfo="name",
        )
        for segment_id, name in names.items()
        if (points["segment_id"] == segment_id).any()
    ]
    # Neither axis has a unit: both are mixtures of all features, so numbers on them would mean nothing.
    bare = {"showticklabels": False, "zeroline": False, "title": None}
    return figure(traces, height=420, xaxis=bare, yaxis=bare, legend={"orientation": "h", "y": -0.05, "x": 0})


COMPARED = ("recency_days", "frequency", "monetary", "aov", "discount_share", "click_rate")


def compared_groups(profiles: pd.DataFrame, names: dict[str, str], measures: dict[str, str], axis: str) -> go.Figure:
    """Each group's averages as multiples of the average customer's. measures: column -> label."""
    weights = profiles["customers"]
    average = {m: (profiles[m] * weights).sum() / weights[profiles[m].notna()].sum() for m in measures}
    traces = [
        go.Bar(
            x=list(measures.values()),
            y=[getattr(row, m) / average[m] if average[m] else None for m in measures],
            name=names[row.segment_id],
            marker={"color": colour(row.segment_id)},
            hovertemplate="%{x}: %{y:.1f} x<extra>" + names[row.segment_id] + "</extra>",
        )
        for row in profiles.itertuples()
    ]
    above = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}
    chart = figure(traces, height=460, barmode="group", yaxis={"title": axis}, legend=above)
    chart.add_hline(y=1, line={"color": QUIET, "width": 1, "dash": "dot"})
    return chart


def number_of_groups(curve: list[dict], chosen: int, axis: str, separation: str, agreement: str) -> go.Figure:
    """How well groups separate and repeat for each number of groups. curve: k, silhouette, stability."""
    table = pd.DataFrame(curve)
    traces = [
        go.Scatter(x=table["k"], y=table[column], mode="lines+markers", name=name, line={"color": colour})
        for column, name, colour in (("silhouette", separation, MAIN), ("stability", agreement, SECOND))
    ]
    chart = figure(traces, xaxis={"title": axis, "dtick": 1}, yaxis={"rangemode": "tozero"})
    chart.add_vline(x=chosen, line={"color": QUIET, "width": 1, "dash": "dot"})
    return chart
