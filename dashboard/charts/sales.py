"""Charts of sales and of rows over time."""

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboard.charts.drawing import BAD, MAIN, SECOND, faded, figure, range_bars


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


def months(table: pd.DataFrame, axis: str, label: str) -> go.Figure:
    """Each month against the usual one with its range. table: month (1-12), index, low, high."""
    value = table["index"]
    points = go.Scatter(
        x=table["month"],
        y=value,
        mode="lines+markers",
        line={"color": MAIN, "width": 2},
        error_y=range_bars(value, table["low"], table["high"], MAIN),
        hovertemplate="%{x}: %{y:.2f}<extra></extra>",
    )  # fmt: skip
    form = {"title": label, "tickformat": ".1f", "rangemode": "tozero"}
    chart = figure([points], height=300, showlegend=False, xaxis={"title": axis, "dtick": 1}, yaxis=form)
    chart.add_hline(y=1, line={"color": MAIN, "width": 1, "dash": "dot"})
    return chart


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
