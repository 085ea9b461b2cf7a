"""The entries that were found, a page at a time, and all of them as a file."""

import math

import pandas as pd
import streamlit as st

from dashboard import cache, state, widgets
from dashboard.text import t
from dashboard.views.history_parts.filters import action_name
from engine import settings
from engine.decision import evidence, ledger, moments, search
from engine.decision.keys import Head
from engine.decision.ledger import Entry
from engine.decision.search import Register
from engine.shop.store import Shop

PAGE = 50  # entries that are decrypted and shown at a time


def show(shop: Shop, known: Register, found: pd.DataFrame) -> Entry | None:
    """The table, newest first; the entry that was chosen in it or named in the address, or None."""
    last = ledger.head(shop.path)
    if found.empty:
        st.info(t("history.none_found", count=f"{len(known.rows):,}"), icon=":material/search_off:")
    else:
        _table(shop, found)
    _file(shop, found, last)
    st.caption(
        t("history.head", seq=last.entries, at=moments.with_zone(last.at, shop) if last.at else "–", hash=last.hash)
    )
    return _chosen(shop, known)


def _table(shop: Shop, found: pd.DataFrame) -> None:
    pages = math.ceil(len(found) / PAGE)
    page = min(state.says("history.page") or 1, pages)
    numbers = [int(seq) for seq in found["seq"].iloc[(page - 1) * PAGE : page * PAGE]]
    entries = search.entries(shop, settings.read().config, numbers)
    shown = [entries[number] for number in numbers]
    for entry in shown:
        if (proof := evidence.of_entry(entry)) and not evidence.is_there(shop.path, proof):
            st.error(t("history.evidence_gone", seq=entry.seq), icon=":material/error:")
    names = {saved.plan.plan_id: saved.plan.name for saved in cache.plans.saved(shop)}
    rows = pd.DataFrame([_row(shop, entry, names) for entry in shown])
    chosen = st.dataframe(
        rows,
        column_config={name: t(f"history.{name}", zone=shop.settings.time_zone) for name in rows.columns},
        hide_index=True,
        placeholder="–",
        key=f"history.table.{numbers[0]}.{len(numbers)}",
        on_select="rerun",
        selection_mode="single-row",
        alt=t("history.title"),
    )
    if selected := chosen["selection"]["rows"]:
        state.share("entry", [str(numbers[selected[0]])])
    st.caption(t("history.shown", first=f"{(page - 1) * PAGE + 1:,}", last=f"{(page - 1) * PAGE + len(numbers):,}",
                 count=f"{len(found):,}"))  # fmt: skip
    if pages > 1:
        state.put("history.page", page)
        st.pagination(pages, key="history.page")


def _row(shop: Shop, entry: Entry, names: dict[str, str]) -> dict[str, object]:
    proof = evidence.of_entry(entry)
    return {
        "seq": entry.seq,
        "at": moments.shown(entry.at, shop),
        "plan_name": names.get(entry.plan_id),
        "plan_id": entry.plan_id,
        "action": action_name(entry.action),
        "actor": entry.actor,
        "recorded_by": entry.recorded_by,
        "reason": search.reason(entry),
        "evidence": proof.kind.upper() if proof else None,
    }


def _file(shop: Shop, found: pd.DataFrame, last: Head) -> None:
    """All that was found as CSV, made when it is asked for: a long history takes seconds to decrypt."""
    numbers, config = [int(seq) for seq in found["seq"]], settings.read().config
    widgets.download(
        t("history.download", count=f"{len(numbers):,}"),
        lambda: search.table(shop, config, numbers, last),
        f"approval-history-{last.entries}.csv",
        "history.download",
        disabled=found.empty,
    )


def _chosen(shop: Shop, known: Register) -> Entry | None:
    """The entry named in the address (?entry=12), where the history has it."""
    named = next(iter(state.shared("entry")), "")
    if not named.isdecimal() or not 1 <= int(named) <= len(known.rows):
        return None
    return search.entries(shop, settings.read().config, [int(named)]).get(int(named))
