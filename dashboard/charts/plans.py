"""Charts of what a plan would do, and why."""

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.drawing import BAD, GOOD, MAIN, QUIET, SECOND, faded, figure, range_bars


def over_discount(
    curve: pd.DataFrame, measure: str, here: tuple[float, float | None], in_percent: bool, words: dict[str, str]
) -> go.Figure:
    """Profit or ROI over the size of the discount, its range as a band, untried sizes hatched, the sliders as a point.

    curve: as engine.campaign.argument.curve. measure: extra_profit (money) or roi (fraction). here: (size, the measure
    there or None); of an untried size that has a value the point is hollow. words: x, y, range, here, untried.
    """
    scale = 100 if measure == "roi" else 1
    ends = {f"y{end}": curve[f"{measure}{end}"] * scale for end in ("", "_low", "_high")}
    shown = curve.assign(x=curve["discount"] * (100 if in_percent else 1), **ends)
    tried = shown["supported"].astype(bool) & shown["y"].notna()  # a return on too little spent is not known either
    shown["supported"] = tried
    known = shown[tried]
    # Half a step to either side, so that a single size has a width; a discount below zero is none.
    half = float(shown["x"].diff().median()) / 2
    traces: list = [_untried(run, half, known, words["untried"]) for run in _runs(shown, wanted=False)]
    for run in _runs(shown, wanted=True):
        traces += _band(run, words)
    size, value = here[0] * (100 if in_percent else 1), here[1]
    if value is not None:
        inside = tried[(shown["x"] - size).abs() < 1e-9].any()
        # Hollow where money is shown of what was never tried.
        symbol, edge = ("diamond", "#ffffff") if inside else ("diamond-open", SECOND)
        point = {"color": SECOND, "size": 13, "symbol": symbol, "line": {"width": 1 if inside else 2, "color": edge}}
        traces.append(go.Scatter(x=[size], y=[value * scale], mode="markers", marker=point, name=words["here"]))
    chart = figure(
        _named_once(traces),
        height=360,
        # Below: on a phone it takes two lines, which above would lie over the curve.
        legend={"orientation": "h", "y": -0.3, "x": 0, "yanchor": "top"},
        xaxis={"title": words["x"], "ticksuffix": " %" if in_percent else ""},
        yaxis={
            "title": words["y"],
            "ticksuffix": " %" if measure == "roi" else "",
            "zeroline": True,
            "zerolinewidth": 1.5,
            "zerolinecolor": QUIET,
        },
    )
    if value is None:
        chart.add_vline(x=size, line={"color": SECOND, "width": 2, "dash": "dot"})
    return chart


def _runs(shown: pd.DataFrame, wanted: bool) -> list[pd.DataFrame]:
    """Neighbouring rows that are all tried, or all untried."""
    tried = shown["supported"].astype(bool)
    return [
        run for _, run in shown.groupby((tried != tried.shift()).cumsum()) if bool(run["supported"].iloc[0]) == wanted
    ]


def _band(run: pd.DataFrame, words: dict[str, str]) -> list:
    x = run["x"].tolist()
    edges = run["y_low"].tolist() + run["y_high"].tolist()[::-1]
    return [
        go.Scatter(
            x=x + x[::-1], y=edges, fill="toself", fillcolor=faded(MAIN, 0.16), mode="lines", line={"width": 0},
            hoverinfo="skip", name=words["range"],
        ),
        go.Scatter(
            x=x, y=run["y"], mode="lines+markers", line={"color": MAIN, "width": 2.5}, name=words["y"],
            hovertemplate="%{x:.4g}: %{y:,.0f}<extra></extra>",
        ),
    ]  # fmt: skip


def _untried(run: pd.DataFrame, half: float, known: pd.DataFrame, name: str) -> go.Scatter:
    """A hatched field over sizes that were never tried, as high as the range beside it."""
    low = float(known["y_low"].min()) if len(known) else 0.0
    high = float(known["y_high"].max()) if len(known) else 1.0
    first, last = max(float(run["x"].iloc[0]) - half, 0.0), float(run["x"].iloc[-1]) + half
    return go.Scatter(
        x=[first, last, last, first], y=[low, low, high, high], fill="toself", mode="lines", line={"width": 0},
        fillpattern={"shape": "/", "fgcolor": faded(QUIET, 0.6), "bgcolor": faded(QUIET, 0.08), "size": 8},
        hoverinfo="skip", name=name,
    )  # fmt: skip


def _named_once(traces: list) -> list:
    """Each name once in the legend."""
    seen: set[str] = set()
    for trace in traces:
        trace.update(legendgroup=trace.name, showlegend=trace.name not in seen)
        seen.add(trace.name)
    return traces


def side_by_side(table: pd.DataFrame, axis: str, level: str) -> go.Figure:
    """Extra profit of several plans with its range. table: name, extra_profit, its _low and _high; NaN is unknown."""
    known = table[table["extra_profit"].notna()]
    value = known["extra_profit"]
    points = go.Scatter(
        x=value,
        y=known["name"],
        mode="markers",
        marker={"color": MAIN, "size": 11},
        error_x=range_bars(
            value, known["extra_profit_low"], known["extra_profit_high"], MAIN, opacity=0.6, thickness=3
        ),
        customdata=known[["extra_profit_low", "extra_profit_high"]],
        hovertemplate="%{y}: %{x:,.0f}<br>" + level + ": %{customdata[0]:,.0f} – %{customdata[1]:,.0f}<extra></extra>",
    )
    chart = figure(
        [points],
        height=110 + 44 * max(len(known), 1),
        showlegend=False,
        xaxis={"title": axis, "zeroline": False},
        yaxis={"autorange": "reversed", "type": "category"},
    )
    chart.add_vline(x=0, line={"color": QUIET, "width": 1.5})
    return chart


def ranked_offers(table: pd.DataFrame, axis: str, words: dict[str, str]) -> go.Figure:
    """Extra profit of options as bars with their ranges, best on top. table: name, option (offer, nothing, full_price),
    extra_profit, its _low and _high. words: option -> legend."""
    paints = {"offer": MAIN, "full_price": SECOND, "nothing": QUIET}
    traces = []
    for option, paint in paints.items():
        own = table[table["option"].eq(option) & table["extra_profit"].notna()]
        if len(own):
            traces.append(_bars_with_ranges(own, paint, words[option]))
    chart = figure(
        traces,
        height=120 + 46 * len(table),
        bargap=0.35,
        xaxis={"title": axis, "zeroline": False},
        # In the order given, whatever kind of option a bar is.
        yaxis={"autorange": "reversed", "type": "category", "categoryorder": "array", "categoryarray": table["name"]},
        legend={"orientation": "h", "y": -0.2, "x": 0, "yanchor": "top"},
        barmode="overlay",
    )
    chart.add_vline(x=0, line={"color": QUIET, "width": 1.5})
    return chart


def _bars_with_ranges(table: pd.DataFrame, paint: str, name: str) -> go.Bar:
    value = table["extra_profit"]
    ends = {"array": table["extra_profit_high"] - value, "arrayminus": value - table["extra_profit_low"]}
    return go.Bar(
        orientation="h",
        x=value,
        y=table["name"],
        name=name,
        marker={"color": faded(paint, 0.75)},
        error_x={"type": "data", **ends, "color": paint, "thickness": 1.5, "width": 4},
        customdata=table[["extra_profit_low", "extra_profit_high"]],
        hovertemplate="%{y}: %{x:,.0f}<br>80 %: %{customdata[0]:,.0f} – %{customdata[1]:,.0f}<extra></extra>",
    )


def reasons(steps: pd.DataFrame) -> go.Figure:
    """How a rate comes about, from the average past message down to this plan. steps: label, contribution, text.

    The first step is the average, the last one the plan; between them contributions add up.
    """
    ends = steps["contribution"].cumsum()[:-1]
    low, high = float(ends.min()), float(ends.max())
    room = max(high - low, 0.2) * 0.35
    # The bars of the average and the plan begin at the edge: what counts is how far each step moves, not from where.
    edge = low - room
    steps = steps.assign(start=steps["contribution"].cumsum().shift(fill_value=edge), moved=steps["contribution"])
    first, last = steps.index[0], steps.index[-1]
    steps.loc[first, "moved"], steps.loc[last, "moved"] = steps.loc[[first, last], "contribution"] - edge
    steps.loc[last, "start"] = edge
    colours = [GOOD if moved >= 0 else BAD for moved in steps["moved"]]
    colours[0] = colours[-1] = QUIET
    bars = go.Bar(
        orientation="h",
        base=steps["start"],
        x=steps["moved"],
        y=steps.index,
        customdata=steps["label"],
        text=steps["text"],
        textposition="outside",
        cliponaxis=False,
        marker={"color": colours},
        hovertemplate="%{customdata}: %{text}<extra></extra>",
    )
    return figure(
        [bars],
        height=90 + 34 * len(steps),
        showlegend=False,
        bargap=0.25,
        xaxis={"visible": False, "range": [edge, high + room]},
        # By position: two features may go by the same words.
        yaxis={"autorange": "reversed", "tickvals": steps.index, "ticktext": steps["label"]},
    )
