"""The calendar of plans and campaigns."""

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.drawing import BAD, QUIET, SECOND, faded, figure

# Past campaigns step back behind the plans; a collision has its colour for itself.
STATUSES = {
    "past": "#7f8c91", "draft": "#4a86c8", "submitted": "#d0702f", "approved": "#3d9a5b", "exported": "#2a8c9e",
    "results_in": "#6b5b95",
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
