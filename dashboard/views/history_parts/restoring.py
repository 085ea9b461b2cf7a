"""Putting a backup back: which one, what would be lost, and what came back."""

import streamlit as st

from dashboard import door, state, widgets
from dashboard.text import language, t
from engine import settings
from engine.access import acting
from engine.decision import restore
from engine.decision.backup import Backup
from engine.decision.keys import folder_of, read_head
from engine.decision.restore import Restored
from engine.sentences import spoken
from engine.shop.store import Shop

AREA = "history"


def told() -> None:
    """What the last run put back."""
    if words := state.told(AREA):
        st.success(words, icon=":material/settings_backup_restore:")


def show(shop: Shop, found: list[Backup]) -> None:
    """The choice, with what it would cost said first and agreed to; and the same as a command."""
    st.markdown(t("backup.how_to_restore"))
    by_name = {one.path.name: one for one in found}
    name = st.selectbox(t("backup.which"), list(by_name), key="history.which_backup")
    chosen, config = by_name[name], settings.read().config
    lost = lacking(shop, chosen)
    agreed = not lost or st.checkbox(t("backup.agree", count=lost), key=f"history.agree_{chosen.number}_{lost}")
    may, icon = door.for_who_may("administer", disabled=not agreed), ":material/settings_backup_restore:"
    pressed = st.button(t("backup.put_back"), key="history.restore", icon=icon, **may)
    losing = f" --losing {lost}" if lost else ""
    st.code(f"python -m engine ledger restore {chosen.path} --shop {shop.path}{losing}", language="bash")
    if not pressed or not agreed:
        return
    with widgets.problem_box(), st.spinner(t("backup.restoring"), show_time=True):
        done = restore.restore(
            shop.path, shop.shop_id, config, chosen.path, acting.person(), widgets.now(), losing=lost
        )
    state.tell(AREA, _words(done))
    st.rerun()


def lacking(shop: Shop, one: Backup) -> int:
    """How many entries are known, by the note outside the shop, that a backup does not have."""
    known = read_head(folder_of(shop.shop_id, settings.read().config))
    return max(0, known.entries - one.entries) if known else 0


def _words(done: Restored) -> str:
    lost = t("backup.lost_unknown") if done.lost is None else done.lost
    said = [t("backup.came_back", entries=done.entries, lost=lost, seq=done.seq)]
    if done.set_aside:
        said.append(t("backup.set_aside", folder=done.set_aside))
    if done.files:
        said.append(t("backup.files_back", count=done.files))
    return "\n\n".join([*said, *(spoken(one, language()) for one in done.missing)])
