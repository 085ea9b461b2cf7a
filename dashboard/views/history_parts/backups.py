"""Can the history be lost? The last backup: when, where, whether it is whole; and the way back."""

import pandas as pd
import streamlit as st

from dashboard import cache, door, widgets
from dashboard.text import language, t
from dashboard.views.history_parts import restoring
from engine import settings
from engine.decision import backup, database
from engine.decision.backup import Backup
from engine.decision.keys import folder_of
from engine.sentences import spoken
from engine.shop.store import Shop


def show(shop: Shop) -> None:
    """What an admin needs to know of the backups, a button for one now, and one to put one back."""
    place, config = cache.safety.place(shop), settings.read().config
    if not database.path_of(shop.path).exists() and not backup.backups(place):
        return
    with st.container(border=True):
        st.subheader(t("backup.title"))
        restoring.told()
        if st.button(t("backup.now"), key="history.back_up", icon=":material/backup:", **door.for_who_may("draft")):
            with widgets.problem_box():
                backup.take(shop.path, shop.shop_id, config, place, widgets.now())
        found = backup.backups(place)
        if found:
            _last(shop, found[0])
        else:
            st.info(t("backup.none"), icon=":material/info:")
        if backup.same_disk(shop.path, place):
            st.caption(t("backup.same_disk", folder=place))
        st.caption(t("backup.keep_too", folder=folder_of(shop.shop_id, config)))
        if found:
            with st.expander(t("backup.all", count=len(found))):
                _listing(found)
                restoring.show(shop, found)


def _last(shop: Shop, last: Backup) -> None:
    whole, said = cache.safety.is_whole(shop, last)
    values = {"at": f"{last.at:%Y-%m-%d %H:%M} UTC", "path": last.path, "said": spoken(said, language())}
    if whole:
        st.success(t("backup.last_whole", **values), icon=":material/verified:")
    else:
        st.error(t("backup.last_broken", **values), icon=":material/error:")


def _listing(found: list[Backup]) -> None:
    rows = [
        {
            "at": one.at,
            "entries": one.entries,
            "head": one.head,
            "files": one.files,
            "size": one.bytes / 1000,
            "file": one.path.name,
        }
        for one in found
    ]
    st.dataframe(
        pd.DataFrame(rows),
        column_config={
            "at": st.column_config.DatetimeColumn(t("backup.at")),
            "entries": t("backup.entries"),
            "head": t("backup.head"),
            "files": t("backup.files"),
            "size": st.column_config.NumberColumn(t("backup.size"), format="%.0f"),
            "file": t("backup.file"),
        },
        hide_index=True,
        key="history.backups",
        alt=t("backup.title"),
    )
