"""Charts of differences beside each other, each with its range."""

import plotly.graph_objects as go

from dashboard.charts.drawing import MAIN, QUIET, figure, range_bars
from dashboard.charts.sales import LONGEST


def differences(
    names: list[str],
    values: list[float],
    lows: list[float],
    highs: list[float],
    clear: list[bool],
    label: str,
    form: str,
) -> go.Figure:
    """One row per name, the first at the top. clear: drawn in colour, the others quiet; form: of the numbers."""
    short = [name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…" for name in names]
    paint = [MAIN if one else QUIET for one in clear]
    points = go.Scatter(
        x=values, y=list(range(len(names))), mode="markers", marker={"color": paint, "size": 9}, customdata=names,
        error_x=range_bars(values, lows, highs, QUIET, opacity=0.7),
        hovertemplate="%{customdata}: %{x:" + form + "}<extra></extra>",
    )  # fmt: skip
    # By position: two names may be cut to the same.
    axis = {"autorange": "reversed", "tickvals": list(range(len(names))), "ticktext": short}
    chart = figure(
        [points], height=100 + 28 * len(names), showlegend=False, xaxis={"title": label, "tickformat": form}, yaxis=axis
    )
    chart.add_vline(x=0, line={"color": QUIET, "width": 1, "dash": "dot"})
    return chart
