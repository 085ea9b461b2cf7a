"""Colours and the layout every figure has.

Text, grid and background come from the page's theme, so figures carry no template of their own. Colours of marks are
mid-tones, which stand out on the light background and on the dark one (contrast above 3 on both).
"""

from typing import Any

import numpy as np
import plotly.graph_objects as go

# One colour per group, the same on every page, in the order of s1, s2, ...
PALETTE = ("#2a8c9e", "#d0702f", "#8170d0", "#3d9a5b", "#cf5574", "#94803a", "#4a86c8", "#8a8a8a", "#b0689f", "#5f9a94")
MAIN, SECOND, QUIET = PALETTE[0], PALETTE[1], "#8a8a8a"
GOOD, BAD = "#3d9a5b", "#cf5574"
ASSUMED = "#b5871f"  # what follows from rates that somebody typed, never what was learned
Figure = go.Figure  # for the signatures of others


def colour(segment_id: str) -> str:
    """The colour of a group, wherever it is shown."""
    number = int(segment_id[1:]) if segment_id[1:].isdigit() else len(PALETTE)
    return PALETTE[(number - 1) % len(PALETTE)]


def faded(colour: str, share: float) -> str:
    """The colour at this opacity."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{share})"


def range_bars(value: Any, low: Any, high: Any, paint: str, *, opacity: float = 0.5, thickness: float = 1.5) -> dict:
    """Bars from low to high through the marks at value, for error_x or error_y: series, or lists of numbers."""
    value, low, high = (np.asarray(one, dtype="float64") for one in (value, low, high))
    return {
        "type": "data",
        "array": high - value,
        "arrayminus": value - low,
        "color": faded(paint, opacity),
        "thickness": thickness,
        "width": 0,
    }


def figure(traces: list, height: int = 320, **layout: object) -> go.Figure:
    """A figure in the house's layout: no frame, no zoom by accident, legend above."""
    chart = go.Figure(traces)
    settings: dict = {
        # plotly's own template is 6 kB in every message; the page's theme takes its place.
        "template": "none",
        "height": height,
        "margin": {"l": 8, "r": 8, "t": 28, "b": 8},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "dragmode": False,
        "legend": {"orientation": "h", "y": 1.12, "x": 0},
        "hoverlabel": {"align": "left"},
    }
    chart.update_layout(**(settings | layout))
    chart.update_xaxes(automargin=True, fixedrange=True)
    chart.update_yaxes(automargin=True, fixedrange=True)
    return chart


def warm() -> None:
    """Builds and serialises one figure, so that no visitor waits for plotly's lazy imports."""
    figure([go.Scatter(x=[0, 1], y=[0, 1], mode="lines+markers"), go.Bar(x=[0], y=[1])]).to_json()
