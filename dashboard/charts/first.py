"""Charts of what typed rates would earn."""

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.drawing import ASSUMED, QUIET, faded, figure


def assumed_profit(scenarios: pd.DataFrame, axis: str) -> go.Figure:
    """Extra profit of the low, the expected and the high scenario, hatched, for it is typed and not learned.

    scenarios: label, extra_profit (money), text (the amount in words), in the order shown.
    """
    bars = go.Bar(
        orientation="h",
        x=scenarios["extra_profit"],
        y=scenarios["label"],
        text=scenarios["text"],
        textposition="outside",
        cliponaxis=False,
        marker={
            "color": faded(ASSUMED, 0.35),
            "line": {"color": ASSUMED, "width": 1.5},
            "pattern": {"shape": "/", "fgcolor": ASSUMED, "size": 8},
        },
        hovertemplate="%{y}: %{text}<extra></extra>",
    )
    low, high = min(0.0, float(scenarios["extra_profit"].min())), max(0.0, float(scenarios["extra_profit"].max()))
    room = 0.25 * (high - low or 1.0)  # for the words at the ends of the bars
    chart = figure(
        [bars],
        height=180,
        showlegend=False,
        bargap=0.35,
        xaxis={"title": axis, "zeroline": False, "range": [low - room, high + room]},
        yaxis={"autorange": "reversed", "type": "category"},
    )
    chart.add_vline(x=0, line={"color": QUIET, "width": 1.5})
    return chart
