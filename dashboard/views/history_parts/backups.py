"""Can the history be lost? The last backup: when, where, whether it is whole; and the way back."""

import pandas as pd
import streamlit as st

from dashboard import cache, door, widgets
from dashboard.text import language, t
from dashboard.views.history_parts import restoring
from engine import settings
from engine.decision import backup, database, moments
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
                _listing(shop, found)
                restoring.show(shop, found)


def _last(shop: Shop, last: Backup) -> None:
    whole, said = cache.safety.is_whole(shop, last)
    lacks = restoring.lacking(shop, last)
    values = {"at": moments.with_zone(last.at, shop), "path": last.path, "said": spoken(said, language())}
    if not whole:
        st.error(t("backup.last_broken", **values), icon=":material/error:")
    elif lacks:
        counted = {"lacks": f"{lacks:,}", "known": f"{last.entries + lacks:,}"}
        st.warning(t("backup.last_lacks", **values, **counted), icon=":material/warning:")
    else:
        st.success(
            t("backup.last_whole" if last.entries else "backup.last_empty", **values), icon=":material/verified:"
        )


def _listing(shop: Shop, found: list[Backup]) -> None:
    rows = [
        {
            "at": moments.shown(one.at, shop),
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
            "at": t("backup.at", zone=shop.settings.time_zone),
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
