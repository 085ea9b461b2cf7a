"""Every chart: a table in, a figure out. No Streamlit here.

Text, grid and background come from the page's theme, so figures carry no template of their own. Colours of marks are
mid-tones, which stand out on the light background and on the dark one (contrast above 3 on both).
"""

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

# One colour per group, the same on every page, in the order of s1, s2, ...
PALETTE = ("#2a8c9e", "#d0702f", "#8170d0", "#3d9a5b", "#cf5574", "#94803a", "#4a86c8", "#8a8a8a", "#b0689f", "#5f9a94")
MAIN, SECOND, QUIET = PALETTE[0], PALETTE[1], "#8a8a8a"
GOOD, BAD = "#3d9a5b", "#cf5574"


Figure = go.Figure  # for the signatures of others


def colour(segment_id: str) -> str:
    """The colour of a group, wherever it is shown."""
    number = int(segment_id[1:]) if segment_id[1:].isdigit() else len(PALETTE)
    return PALETTE[(number - 1) % len(PALETTE)]


def faded(colour: str, share: float) -> str:
    """The colour at this opacity."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{share})"


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


def weekly_line(weeks: pd.DataFrame, label: str) -> go.Figure:
    """Net sales over weeks. weeks: week, net_sales."""
    line = go.Scatter(
        x=weeks["week"],
        y=weeks["net_sales"],
        mode="lines",
        line={"color": MAIN, "width": 2},
        fill="tozeroy",
        fillcolor=faded(MAIN, 0.12),
        name=label,
        hovertemplate="%{x|%Y-%m-%d}: %{y:,.0f}<extra></extra>",
    )
    return figure([line], height=280, showlegend=False, yaxis={"title": label, "rangemode": "tozero"})


LONGEST = 26  # letters of a name beside a bar: more would leave the bar no room on a phone


def top_products(products: pd.DataFrame, label: str) -> go.Figure:
    """Net sales of each product, the most at the top. products: name, net_sales."""
    names = [name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…" for name in products["name"]]
    bars = go.Bar(
        orientation="h",
        x=products["net_sales"],
        y=products.index,
        customdata=products["name"],
        marker={"color": [MAIN if value >= 0 else BAD for value in products["net_sales"]]},
        hovertemplate="%{customdata}: %{x:,.2f}<extra></extra>",
    )
    return figure(
        [bars],
        height=110 + 28 * len(products),
        showlegend=False,
        bargap=0.3,
        xaxis={"title": label},
        # By position: two products may go by the same name.
        yaxis={"autorange": "reversed", "tickvals": products.index, "ticktext": names},
    )


def cohorts(table: pd.DataFrame, words: dict[str, str]) -> go.Figure:
    """Share of customers who ordered again, by month of their first order and months after it; unknown is blank.

    table: as engine.shop.cohorts.by_month. words: after, month, share, customers.
    """
    shares = table.pivot(index="month", columns="after", values="share").drop(columns=0)
    sizes = table[table["after"] == 0].set_index("month")["customers"].reindex(shares.index)
    counts = table.pivot(index="month", columns="after", values="ordered").drop(columns=0)
    labels = [f"{month:%Y-%m} · {size:,.0f}" for month, size in sizes.items()]
    cells = go.Heatmap(
        z=shares.to_numpy(),
        x=shares.columns,
        y=labels,
        customdata=counts.to_numpy(),
        # From a breath to full colour: the page shows through, light or dark, and nobody is not yet the same as blank.
        colorscale=[[0, faded(MAIN, 0.12)], [1, faded(MAIN, 1.0)]],
        zmin=0,
        zmax=max(float(shares.max().max()), 0.01),
        xgap=1,
        ygap=1,
        hoverongaps=False,
        colorbar={
            "orientation": "h",
            "thickness": 10,
            "len": 0.6,
            "x": 0,
            "xanchor": "left",
            "y": 1.0,
            "yanchor": "bottom",
            "tickformat": ".0%",
            "nticks": 4,
            "title": {"text": words["share"], "side": "top"},
        },
        hovertemplate="%{y} " + words["customers"] + "<br>+%{x}: %{z:.1%} (%{customdata:,.0f})<extra></extra>",
    )
    return figure(
        [cells],
        height=180 + 20 * len(labels),
        margin={"l": 8, "r": 8, "t": 72, "b": 8},
        xaxis={"title": words["after"], "showgrid": False, "zeroline": False, "dtick": 1 if len(counts.T) < 13 else 3},
        yaxis={
            "title": f"{words['month']} · {words['customers']}", "type": "category", "autorange": "reversed",
            "showgrid": False, "dtick": 1,
        },
    )  # fmt: skip


def net_by_month(months: pd.DataFrame, net: str, aside: str, axis: str) -> go.Figure:
    """Net sales as bars with the value of rows set aside on top. months: month, net, set_aside_value."""
    bars = [
        go.Bar(
            x=months["month"],
            y=months[column],
            name=name,
            marker={"color": paint},
            hovertemplate="%{x|%Y-%m}: %{y:,.2f}<extra>" + name + "</extra>",
        )
        for column, name, paint in (("net", net, MAIN), ("set_aside_value", aside, SECOND))
        if column == "net" or months[column].any()
    ]
    # "relative": what was set aside may be below 0, as returns are.
    return figure(bars, barmode="relative", xaxis={"tickformat": "%Y-%m"}, yaxis={"title": axis})


def rows_over_time(volumes: pd.DataFrame, names: dict[str, str]) -> go.Figure:
    """Rows per week or month, a small chart under another for each table. volumes: table, unit, start, rows."""
    unit = volumes["unit"].iloc[0]
    chart = make_subplots(len(names), 1, shared_xaxes=True, vertical_spacing=0.35 / len(names))
    for place, (table, name) in enumerate(names.items(), start=1):
        own = volumes[volumes["table"] == table]
        line = go.Scatter(
            x=own["start"],
            y=own["rows"],
            mode="lines" if len(own) > 1 else "markers",
            xperiod=7 * 86_400_000 if unit == "week" else "M1",  # milliseconds: drawn over the days they stand for
            xperiodalignment="middle",
            line={"color": MAIN, "width": 1.5, "shape": "hvh"},
            fill="tozeroy",
            fillcolor=faded(MAIN, 0.12),
            customdata=own["start"].dt.strftime("%Y-%m-%d" if unit == "week" else "%Y-%m"),
            hovertemplate="%{customdata}: %{y:,}<extra>" + name + "</extra>",
        )
        chart.add_trace(line, row=place, col=1)
        # Each has a scale of its own: a shop has a thousand events for each campaign.
        chart.update_yaxes(rangemode="tozero", nticks=3, row=place, col=1)
        where = {"xref": "paper", "x": 0, "yref": f"y{place if place > 1 else ''} domain", "y": 1}
        chart.add_annotation(text=name, showarrow=False, xanchor="left", yanchor="bottom", **where)
    return figure(list(chart.data), 60 + 90 * len(names), showlegend=False, **_without_template(chart))


def _without_template(chart: go.Figure) -> dict:
    """A figure's layout but for plotly's own template."""
    return {name: value for name, value in chart.layout.to_plotly_json().items() if name != "template"}


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
        error_y={
            "type": "data",
            "array": table[f"{column}_high"] - value,
            "arrayminus": value - table[f"{column}_low"],
            "color": faded(paint, 0.5),
            "thickness": 1.5,
            "width": 0,
        },
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


# --- calendar ---

# Past campaigns step back behind the plans; a collision has its colour for itself.
STATUSES = {
    "past": "#7f8c91", "draft": "#4a86c8", "submitted": "#d0702f", "approved": "#3d9a5b", "exported": "#2a8c9e",
    "rejected": "#94803a",
}  # fmt: skip
BAR = 0.72  # of a lane's height
MONTHS = pd.Timedelta(days=150)  # from here on the axis names months; in digits, which every language reads


def timeline(
    entries: pd.DataFrame, sends: pd.DataFrame, clashes: pd.DataFrame, today: pd.Timestamp, words: dict[str, str]
) -> go.Figure:
    """Campaigns and plans as bars, a block of lanes for each channel; each bar carries its id as custom data.

    entries: id, name, channel (as it is read), starts_at, ends_at, status, lane. sends: id, at: messages of plans as
    points. clashes: id, starts_at, ends_at: days that a plan shares with another, hatched. words: every status, and
    sends, clashes, today.
    """
    rows, blocks = _rows(entries)
    shown = entries.assign(row=rows)
    traces: list = [
        _bars(shown[shown["status"] == status], STATUSES[status], words[status])
        for status in STATUSES
        if status in set(shown["status"])
    ]
    at, first, last = shown.set_index("id")["row"], shown["starts_at"].min(), shown["ends_at"].max()
    for table, draw, name in ((clashes, _hatched, words["clashes"]), (sends, _points, words["sends"])):
        known = table[table["id"].isin(at.index)]
        if len(known):
            traces.append(draw(known.assign(row=known["id"].map(at)), name))
    chart = figure(
        traces,
        height=130 + 26 * (int(shown["row"].max()) + 1),
        barmode="overlay",
        showlegend=True,
        # Names that do not fit into their bar are left to the pointer and the table.
        uniformtext={"minsize": 10, "mode": "hide"},
        xaxis={"type": "date", "side": "top", "tickformat": "%Y-%m" if last - first > MONTHS else "%m-%d"},
        yaxis={
            "autorange": "reversed", "tickvals": [middle for middle, _ in blocks.values()], "ticktext": list(blocks),
            "showgrid": False, "zeroline": False,
        },
        legend={"orientation": "h", "y": 0, "yanchor": "top", "x": 0},
        margin={"l": 8, "r": 8, "t": 48, "b": 8},
    )  # fmt: skip
    for _, end in list(blocks.values())[:-1]:
        chart.add_hline(y=end, line={"color": faded(QUIET, 0.5), "width": 1})
    if first <= today <= last + (last - first) * 0.15:
        chart.add_vline(x=today.to_pydatetime(), line={"color": SECOND, "width": 1.5, "dash": "dot"})
        chart.add_annotation(
            x=today.to_pydatetime(), y=1, yref="paper", yanchor="bottom", yshift=18, text=words["today"],
            showarrow=False, font={"color": SECOND},
        )  # fmt: skip
    return chart


def _rows(entries: pd.DataFrame) -> tuple[pd.Series, dict[str, tuple[float, float]]]:
    """The row of each entry, and for each channel the middle and the end of its block of rows."""
    rows, blocks, top = pd.Series(0, index=entries.index), {}, 0
    for channel, inside in entries.sort_values("channel").groupby("channel"):
        # Lanes are counted over all of the calendar: those that a filter emptied are closed up.
        lanes = inside["lane"].rank(method="dense").astype(int) - 1
        rows.loc[inside.index] = top + lanes
        height = int(lanes.max()) + 1
        blocks[str(channel)] = (top + (height - 1) / 2, top + height - 0.5)
        top += height
    return rows, blocks


def _span(table: pd.DataFrame) -> pd.Series:
    """Lengths as a date axis counts them, in milliseconds."""
    return (table["ends_at"] - table["starts_at"]).dt.total_seconds() * 1000


def _bars(shown: pd.DataFrame, paint: str, name: str) -> go.Bar:
    details = pd.DataFrame({"id": shown["id"], "until": shown["ends_at"].dt.strftime("%Y-%m-%d")})
    return go.Bar(
        base=shown["starts_at"], x=_span(shown), y=shown["row"], orientation="h", width=BAR, name=name,
        text=shown["name"], textposition="inside", insidetextanchor="start", textangle=0,
        marker={"color": paint, "line": {"width": 0}, "cornerradius": 3}, customdata=details,
        hovertemplate="%{text}<br>%{base|%Y-%m-%d} – %{customdata[1]}<extra>" + name + "</extra>",
    )  # fmt: skip


def _hatched(table: pd.DataFrame, name: str) -> go.Bar:
    return go.Bar(
        base=table["starts_at"], x=_span(table), y=table["row"], orientation="h", width=BAR, name=name,
        hoverinfo="skip", customdata=table[["id"]],
        marker={
            "color": "rgba(0,0,0,0)", "line": {"color": BAD, "width": 2},
            "pattern": {"shape": "/", "fgcolor": BAD, "bgcolor": "rgba(0,0,0,0)", "size": 9, "solidity": 0.2},
        },
    )  # fmt: skip


def _points(table: pd.DataFrame, name: str) -> go.Scatter:
    return go.Scatter(
        # On the lower edge of the bar, whose name they would hide.
        x=table["at"], y=table["row"] + BAR / 2, mode="markers", name=name, customdata=table[["id"]],
        marker={"color": "#ffffff", "size": 8, "line": {"color": "#16232a", "width": 1.5}},
        hovertemplate="%{x|%Y-%m-%d %H:%M}<extra>" + name + "</extra>",
    )  # fmt: skip


# --- one plan ---


def over_discount(
    curve: pd.DataFrame, measure: str, here: tuple[float, float | None], in_percent: bool, words: dict[str, str]
) -> go.Figure:
    """Profit or ROI over the size of the discount, its range as a band, untried sizes hatched, the sliders as a point.

    curve: as engine.campaign.argument.curve. measure: extra_profit (money) or roi (fraction). here: (size, the measure
    there or None). words: x, y, range, here, untried.
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
        point = {"color": SECOND, "size": 13, "symbol": "diamond", "line": {"width": 1, "color": "#ffffff"}}
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
        error_x={
            "type": "data",
            "array": known["extra_profit_high"] - value,
            "arrayminus": value - known["extra_profit_low"],
            "color": faded(MAIN, 0.6),
            "thickness": 3,
            "width": 0,
        },
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
