"""Charts of how good forecasts have been over time."""

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.drawing import BAD, GOOD, MAIN, PALETTE, QUIET, figure, range_bars


def held_over_time(stretches: pd.DataFrame, words: dict[str, str], level: float) -> go.Figure:
    """Share of ranges that held, with its range; the dotted line: what was promised. words: share, of.

    stretches: as engine.outcome.track.over_time.
    """
    points = go.Scatter(
        x=stretches["at"],
        y=stretches["share"],
        mode="markers+lines",
        line={"color": MAIN, "width": 1.5},
        marker={"color": MAIN, "size": 8},
        error_y=range_bars(stretches["share"], stretches["low"], stretches["high"], MAIN),
        customdata=stretches[["inside", "of"]],
        hovertemplate="%{x|%Y-%m-%d}: %{y:.0%} (%{customdata[0]} / %{customdata[1]})<extra></extra>",
    )
    axes = {"yaxis": {"title": words["share"], "tickformat": ".0%", "range": [0, 1.05]}}
    chart = figure([points], height=320, showlegend=False, **axes)
    chart.add_hline(y=level, line={"color": QUIET, "width": 1, "dash": "dot"})
    return chart


def bias_over_time(table: pd.DataFrame, axis: str) -> go.Figure:
    """How far forecasts were above what came, a line per channel. table: label, period, bias, low, high, campaigns.

    Shown as a share: 0.1 is 10 % too much.
    """
    traces = []
    for place, (label, own) in enumerate(table.groupby("label", sort=True)):
        paint = PALETTE[place % len(PALETTE)]
        traces.append(
            go.Scatter(
                x=own["period"],
                y=own["bias"],
                mode="markers+lines",
                name=str(label),
                line={"color": paint, "width": 1.5},
                marker={"color": paint, "size": 7},
                error_y=range_bars(own["bias"], own["low"], own["high"], paint),
                customdata=own[["campaigns"]],
                hovertemplate=f"{label}<br>%{{x|%Y-%m}}: %{{y:+.0%}} (%{{customdata[0]}})<extra></extra>",
            )
        )
    # The bar of three campaigns may be wider than everything that is to be seen.
    ends = [min(-0.5, 1.3 * float(table["bias"].min())), max(0.5, 1.3 * float(table["bias"].max()))]
    chart = figure(traces, height=340, yaxis={"title": axis, "tickformat": "+.0%", "range": ends})
    chart.add_hline(y=0, line={"color": QUIET, "width": 1})
    return chart


def forecast_beside_actual(table: pd.DataFrame, words: dict[str, str], percent: bool) -> go.Figure:
    """Each campaign's forecast with its range, and what came; the latest at the right.

    table: label, forecast, low, high, actual, held. words: forecast, actual_in, actual_out.
    """
    written = ".2%" if percent else ",.0f"
    said = go.Scatter(
        x=table.index,
        y=table["forecast"],
        mode="markers",
        name=words["forecast"],
        marker={"color": MAIN, "size": 9, "symbol": "line-ew-open", "line": {"width": 2}},
        error_y=range_bars(table["forecast"], table["low"], table["high"], MAIN, thickness=4),
        customdata=table[["label", "low", "high"]],
        hovertemplate=f"%{{customdata[0]}}<br>{words['forecast']}: %{{y:{written}}} "
        f"(%{{customdata[1]:{written}}} – %{{customdata[2]:{written}}})<extra></extra>",
    )
    came = [
        go.Scatter(
            x=own.index,
            y=own["actual"],
            mode="markers",
            name=words[name],
            marker={"color": paint, "size": 9, "symbol": symbol},
            text=own["label"],
            hovertemplate=f"%{{text}}<br>{words[name]}: %{{y:{written}}}<extra></extra>",
        )
        for name, own, paint, symbol in (
            ("actual_in", table[table["held"] == 1], GOOD, "circle"),
            ("actual_out", table[table["held"] == 0], BAD, "x"),
        )
        if len(own)
    ]
    axes = {
        "xaxis": {"tickvals": table.index, "ticktext": table["label"], "tickangle": -60},
        "yaxis": {"tickformat": ".1%" if percent else ",.0f"},
    }
    return figure([said, *came], height=420, **axes)
