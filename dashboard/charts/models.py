"""Charts of how good the forecast models are and what they learned."""

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.drawing import MAIN, QUIET, SECOND, faded, figure, range_bars


def calibration(tenths: pd.DataFrame, words: dict[str, str]) -> go.Figure:
    """Observed over predicted rate by tenths, with ranges. tenths: as engine.model.evaluate.calibration.

    words: predicted, actual, count.
    """
    top = float(max(tenths["predicted"].max(), tenths["high"].max())) * 1.05
    diagonal = go.Scatter(x=[0, top], y=[0, top], mode="lines", line={"color": QUIET, "dash": "dot"}, hoverinfo="skip")
    points = go.Scatter(
        x=tenths["predicted"],
        y=tenths["actual"],
        mode="lines+markers",
        line={"color": MAIN, "width": 1.5},
        marker={"color": MAIN, "size": 8},
        error_y=range_bars(tenths["actual"], tenths["low"], tenths["high"], MAIN),
        customdata=tenths[["trials", "low", "high"]],
        hovertemplate=words["predicted"] + ": %{x:.2%}<br>" + words["actual"]
        + ": %{y:.2%} (%{customdata[1]:.2%} – %{customdata[2]:.2%})<br>" + words["count"]
        + ": %{customdata[0]:,.0f}<extra></extra>",
    )  # fmt: skip
    form = {"tickformat": ".1%", "rangemode": "tozero"}
    axes = {"xaxis": form | {"title": words["predicted"]}, "yaxis": form | {"title": words["actual"]}}
    return figure([diagonal, points], height=360, showlegend=False, **axes)


def learning_curve(points: pd.DataFrame, words: dict[str, str]) -> go.Figure:
    """Log-loss over the number of campaigns learned from; bars: range of the distance to the last point.

    points: campaigns, log_loss, more, more_low, more_high (empty for the last). words: campaigns, log_loss.
    """
    trace = go.Scatter(
        x=points["campaigns"],
        y=points["log_loss"],
        mode="lines+markers",
        line={"color": MAIN, "width": 2},
        marker={"size": 9},
        error_y=range_bars(points["more"], points["more_low"], points["more_high"], MAIN),
        hovertemplate=words["campaigns"] + ": %{x}<br>" + words["log_loss"] + ": %{y:.5f}<extra></extra>",
    )
    axes = {
        "xaxis": {"title": words["campaigns"], "rangemode": "tozero", "tickvals": points["campaigns"]},
        "yaxis": {"title": words["log_loss"], "tickformat": ".4f"},
    }
    return figure([trace], height=300, showlegend=False, **axes)


def importance(table: pd.DataFrame, axis: str) -> go.Figure:
    """How far each feature moves a forecast on average. table: label, points; the largest first."""
    bars = go.Bar(
        orientation="h",
        x=table["points"],
        y=table.index,
        customdata=table["label"],
        text=table["points"].map("{:.0f}".format),
        textposition="outside",
        cliponaxis=False,
        marker={"color": MAIN},
        hovertemplate="%{customdata}: %{x:.1f}<extra></extra>",
    )
    return figure(
        [bars],
        height=90 + 28 * len(table),
        showlegend=False,
        bargap=0.3,
        xaxis={"title": axis, "range": [0, float(table["points"].max()) * 1.15]},
        yaxis={"autorange": "reversed", "tickvals": table.index, "ticktext": table["label"]},
    )


def dependence(table: pd.DataFrame, words: dict[str, str], ordered: bool) -> go.Figure:
    """What a feature adds over its values, and beneath how common they are. words: x, points, share, range.

    table: label, points, points_low, points_high (80 % of the rows), share (of the past), rate. ordered: whether one
    value leads to the next, so that a line may.
    """
    line = go.Scatter(
        x=table.index,
        y=table["points"],
        mode="lines+markers" if ordered else "markers",
        line={"color": MAIN, "width": 2},
        marker={"size": 7 if ordered else 11, "color": MAIN},
        name=words["points"],
        customdata=table[["label", "rate"]],
        hovertemplate="%{customdata[0]}: %{y:+.0f} (%{customdata[1]:.2%})<extra></extra>",
    )
    bars = go.Bar(
        x=table.index,
        y=table["share"],
        yaxis="y2",
        marker={"color": faded(SECOND, 0.8)},
        name=words["share"],
        customdata=table["label"],
        hovertemplate="%{customdata}: %{y:.1%}<extra></extra>",
    )
    chart = figure(
        [_range(table, words["range"], ordered), line, bars],
        height=420,
        bargap=0.25,
        legend={"orientation": "h", "y": 1.15, "x": 0},
        xaxis={"title": words["x"], "tickvals": table.index, "ticktext": table["label"], "anchor": "y2"},
        yaxis={"title": words["points"], "domain": [0.32, 1], "zeroline": True, "zerolinecolor": QUIET},
        yaxis2={"title": words["share"], "domain": [0, 0.22], "tickformat": ".0%", "rangemode": "tozero"},
    )
    chart.update_yaxes(nticks=3, selector={"title.text": words["share"]})
    return chart


def _range(table: pd.DataFrame, name: str, ordered: bool) -> go.Scatter:
    """Where 80 % of the rows lie: a band, or a bar for each value."""
    if ordered:
        edges = [*table["points_low"], *table["points_high"][::-1]]
        x, y = [*table.index, *table.index[::-1]], edges
        look: dict = {"fill": "toself", "fillcolor": faded(MAIN, 0.16), "line": {"width": 0}}
    else:
        x = [place for at in table.index for place in (at, at, None)]
        y = [
            end
            for low, high in zip(table["points_low"], table["points_high"], strict=True)
            for end in (low, high, None)
        ]
        look = {"line": {"color": faded(MAIN, 0.35), "width": 8}}
    return go.Scatter(x=x, y=y, mode="lines", hoverinfo="skip", name=name, **look)
