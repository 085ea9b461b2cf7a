"""Charts of tests of one thing against another: lifts with ranges, evidence over days, size by lift."""

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.drawing import BAD, GOOD, MAIN, PALETTE, QUIET, faded, figure, range_bars

VERDICT_COLOURS = {
    "won": GOOD,
    "lost": BAD,
    "no difference worth having": MAIN,
    "inconclusive": QUIET,
    "invalid": QUIET,
}
_HIGHEST = 3.0  # a lift beyond four times the base would flatten all others


def lifts(table: pd.DataFrame, axis: str, words: dict[str, str], smallest: float) -> go.Figure:
    """Each arm's lift with its range; the band is too small to be worth having.

    table: test, variant, lift, low, high, verdict, from top to bottom. words: verdict -> legend.
    """
    labels = [_label(test, variant) for test, variant in zip(table["test"], table["variant"], strict=True)]
    shown = table.assign(place=range(len(table)), high=table["high"].fillna(_HIGHEST).clip(upper=_HIGHEST))
    traces = []
    for verdict, paint in VERDICT_COLOURS.items():
        some = shown[shown["verdict"] == verdict]
        if len(some):
            traces.append(
                go.Scatter(
                    x=some["lift"],
                    y=some["place"],
                    mode="markers",
                    name=words[verdict],
                    marker={"color": paint, "size": 9, "symbol": "x" if verdict == "invalid" else "circle"},
                    error_x=range_bars(some["lift"], some["low"], some["high"], paint, opacity=0.6, thickness=2),
                    customdata=some[["test", "variant", "low", "high"]],
                    hovertemplate="%{customdata[0]}: %{customdata[1]}: %{x:+.1%} "
                    "(%{customdata[2]:+.1%} – %{customdata[3]:+.1%})<extra></extra>",
                )
            )
    chart = figure(
        traces,
        height=150 + 34 * len(table),
        xaxis={"title": axis, "tickformat": "+.0%"},
        yaxis={
            "autorange": "reversed",
            "tickvals": shown["place"],
            "ticktext": labels,
            "range": [len(table) - 0.5, -0.5],
        },
        legend={"orientation": "h", "y": 1, "yanchor": "bottom", "x": 0},  # at the bars, however many there are
    )
    chart.add_vrect(x0=-smallest, x1=smallest, fillcolor=faded(QUIET, 0.15), line_width=0, layer="below")
    chart.add_vline(x=0, line={"color": QUIET, "width": 1})
    return chart


def _label(test: str, variant: str) -> str:
    """Both names, short enough to stand beside the bars; the variant tells bars of one test apart and goes first.

    >>> _label("51436069220cb800020005ae", "arm2")
    '51436069…0020005ae: arm2'
    """
    variant = _short(variant, 14)
    return f"{_short(test, 22 - len(variant))}: {variant}"


def _short(name: str, most: int) -> str:
    """Cut in the middle: names begin alike, and end alike."""
    if len(name) <= most:
        return name
    end = most // 2
    return f"{name[: most - 1 - end]}…{name[-end:]}"


def evidence(by_day: pd.DataFrame, words: dict[str, str]) -> go.Figure:
    """The always-valid p-value of each arm over days, and the line below which it is decided.

    by_day: variant, day, always_valid_p. words: p, day, decided.
    """
    traces: list = [
        go.Scatter(
            x=some["day"],
            y=some["always_valid_p"].clip(lower=1e-6),
            mode="lines+markers",
            name=str(variant),
            line={"color": PALETTE[number % len(PALETTE)], "width": 2, "shape": "hv"},
            marker={"size": 5},
            hovertemplate="%{x}: %{y:.4f}<extra></extra>",
        )
        for number, (variant, some) in enumerate(by_day.groupby("variant", sort=False))
    ]
    chart = figure(
        traces,
        height=320,
        xaxis={"title": words["day"], "type": "category", "nticks": 8},
        yaxis={"title": words["p"], "type": "log", "range": [-6.1, 0.1], "tickvals": [1, 0.05, 0.01, 0.001, 1e-6],
               "ticktext": ["1", "0.05", "0.01", "0.001", "<0.000001"]},
        showlegend=True,
    )  # fmt: skip
    chart.add_hline(y=0.05, line={"color": QUIET, "dash": "dot"}, annotation_text=words["decided"])
    return chart


def size_by_lift(points: pd.DataFrame, planned: tuple[float, float], words: dict[str, str]) -> go.Figure:
    """Visitors per arm over the lift that is to be seen, and the lift that was asked about.

    points: lift, visitors. words: lift, visitors, planned.
    """
    line = go.Scatter(
        x=points["lift"],
        y=points["visitors"],
        mode="lines",
        line={"color": MAIN, "width": 2},
        name=words["visitors"],
        hovertemplate="%{x:.1%}: %{y:,.0f}<extra></extra>",
    )
    asked = go.Scatter(
        x=[planned[0]],
        y=[planned[1]],
        mode="markers",
        marker={"color": PALETTE[1], "size": 12},
        name=words["planned"],
        hovertemplate="%{x:.1%}: %{y:,.0f}<extra></extra>",
    )
    axes = {
        "xaxis": {"title": words["lift"], "tickformat": ".0%"},
        "yaxis": {"title": words["visitors"], "type": "log", "tickformat": "~s"},
    }
    return figure([line, asked], height=320, **axes)
