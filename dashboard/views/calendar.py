"""What ran when, and what is planned?"""

import pandas as pd
import streamlit as st

from dashboard import charts, widgets
from dashboard.text import channel_name, t
from engine.decision import plans
from engine.shop.features import campaign_windows
from engine.shop.store import Shop

SPANS = {"year": 365, "all": None}


LAST_MINUTE = pd.Timedelta(hours=23, minutes=59)  # of the day a plan ends on


def past(shop: Shop) -> pd.DataFrame:
    """Past campaigns: name, channel, starts_at, ends_at, status. One without an end ends with its window."""
    if not shop.rows("campaigns"):
        return pd.DataFrame(columns=["name", "channel", "starts_at", "ends_at", "status"])
    windows = campaign_windows(shop)
    named = shop.table("campaigns")
    ends = windows["ends_at"].fillna(windows["starts_at"] + pd.to_timedelta(windows["window_days"], unit="D"))
    name = named["name"].fillna(named["campaign_id"]) if "name" in named else named["campaign_id"]
    return pd.DataFrame(
        {
            "name": name,
            "channel": windows["channel"],
            "starts_at": windows["starts_at"],
            "ends_at": ends,
            "status": "past",
        }
    )


def planned(shop: Shop) -> pd.DataFrame:
    """Saved plans in the same columns, with their own status; a plan runs until the end of its last day."""
    listed = plans.listed(shop.path)
    starts, ends = pd.to_datetime(listed["starts_at"]), pd.to_datetime(listed["ends_at"]) + LAST_MINUTE
    return listed[["name", "channel", "status"]].assign(starts_at=starts, ends_at=ends)


widgets.page_head("calendar.title", "calendar.purpose")

with widgets.problem_box():
    shop = widgets.need_shop()
    entries = pd.concat([past(shop), planned(shop)], ignore_index=True)

if entries.empty:
    st.info(t("calendar.empty"), icon=":material/event_busy:")
    if st.button(t("calendar.to_customers"), key="calendar.to_customers", type="primary"):
        st.switch_page("views/customers.py")
    st.stop()

span = st.segmented_control(
    t("calendar.span"),
    list(SPANS),
    default="year",
    required=True,
    format_func=lambda s: t(f"calendar.span_{s}"),
    key="calendar.span",
)
if (length := SPANS[span]) is not None:
    entries = entries[entries["ends_at"] >= entries["ends_at"].max() - pd.Timedelta(days=length)]
entries = entries.sort_values("starts_at", ascending=False).assign(
    channel=entries["channel"].map(channel_name), status=entries["status"].map(lambda s: t(f"calendar.status_{s}"))
)

figure = charts.timeline(entries, past=t("calendar.status_past"))
widgets.chart(figure, "calendar.timeline", t("calendar.alt", count=len(entries)))
st.caption(
    t(
        "calendar.dates",
        count=len(entries),
        first=entries["starts_at"].min().date(),
        last=entries["ends_at"].max().date(),
    )
)
st.dataframe(
    entries,
    column_order=["name", "channel", "starts_at", "ends_at", "status"],
    column_config={
        "name": t("calendar.name"),
        "channel": t("calendar.channel"),
        "starts_at": st.column_config.DatetimeColumn(t("calendar.starts_at"), format="YYYY-MM-DD HH:mm"),
        "ends_at": st.column_config.DatetimeColumn(t("calendar.ends_at"), format="YYYY-MM-DD HH:mm"),
        "status": t("calendar.status"),
    },
    hide_index=True,
    placeholder="–",
    key="calendar.table",
    alt=t("calendar.title"),
)
