"""Whose data is here, how is it kept, who is there twice, and how does somebody get out?"""

import pandas as pd
import streamlit as st

from dashboard import cache, door, state, widgets
from dashboard.text import t, table_name
from dashboard.views.plan_tabs.message import plain
from engine import privacy, settings
from engine.access import acting, roles
from engine.decision import forgetting
from engine.shop import duplicates, erasure, vault
from engine.shop.store import Shop

ON_A_PAGE = 10  # groups of possible duplicates
CONFIG = settings.read().config


def administer() -> str:
    """Who does this. Raises NotAllowed where that is not theirs to do."""
    person = acting.person()
    roles.require(person, "administer", CONFIG)
    return person


# --- contacts ---


def kept(shop: Shop) -> None:
    """How many contacts there are, that nobody can read them in the shop folder, and where the key is."""
    st.subheader(t("people.contacts"))
    if not vault.count(shop.path):
        st.info(t("people.no_contacts"), icon=":material/contacts:")
    else:
        with st.container(horizontal=True):
            for column in ("customer_id", "email", "phone"):
                st.metric(t(f"people.with_{column}"), widgets.number(vault.count(shop.path, column)), border=True)
        st.write(t("people.encrypted"))
        st.code(str(privacy.folder_of(shop.shop_id, CONFIG) / "vault.key"), language=None)
        st.caption(t("people.key_note"))
    if erased := vault.erased_count(shop.path):
        st.caption(t("people.erased_count", count=widgets.number(erased)))


# --- duplicates ---


def twice(shop: Shop) -> None:
    """Customers who may be one person, each merged only where it is ticked."""
    st.subheader(t("people.twice"))
    found = cache.customers.duplicates(shop)
    proposed = found[found["proposed"].eq(1)]
    if proposed.empty:
        st.write(t("people.none_twice" if vault.count(shop.path) else "people.twice_needs_contacts"))
    else:
        st.write(t("people.twice_purpose"))
        pairs = ticked(proposed)
        if pairs:
            preview(shop, pairs)
    crowds = found.loc[found["proposed"].eq(0), ["group", "customer_id"]]
    if len(crowds):
        values = {"count": widgets.number(crowds["group"].nunique()), "accounts": widgets.number(len(crowds))}
        st.caption(t("people.crowds", most=duplicates.MOST_ACCOUNTS, **values))


def ticked(proposed: pd.DataFrame) -> dict[str, str]:
    """The groups of one page, and of them who is to be merged into whom."""
    numbers = proposed["group"].unique()
    pages = -(-len(numbers) // ON_A_PAGE)
    st.caption(t("people.groups", count=widgets.number(len(numbers))))
    page = st.pagination(pages, key="people.page") if pages > 1 else 1
    pairs = {}
    for number in numbers[(page - 1) * ON_A_PAGE : page * ON_A_PAGE]:
        group = proposed[proposed["group"].eq(number)]
        with st.container(border=True):
            accounts(group, number)
            stays = str(group.loc[group["kept"].eq(1), "customer_id"].iloc[0])
            for row in group[group["kept"].eq(0)].itertuples():
                label = t(
                    "people.merge_one", gone=plain(row.customer_id), kept=plain(stays), why=t(f"people.{row.why}")
                )
                if st.checkbox(label, key=f"people.merge.{row.customer_id}"):
                    pairs[str(row.customer_id)] = stays
    return pairs


def accounts(group: pd.DataFrame, number: int) -> None:
    """The accounts of one group, the one that would stay first."""
    table = group[["customer_id", "orders", "last_order"]].assign(last_order=group["last_order"].dt.date)
    columns = {name: t(f"people.{name}") for name in table}
    st.dataframe(
        table,
        column_config=columns,
        hide_index=True,
        placeholder="–",
        key=f"people.group.{number}",
        alt=t("people.twice"),
    )


def preview(shop: Shop, pairs: dict[str, str]) -> None:
    """What merging the ticked ones does, before it is done."""
    with st.container(border=True):
        st.markdown(f"**{t('people.preview', count=len(pairs))}**")
        st.markdown("\n".join(f"- {plain(gone)} → {plain(stays)}" for gone, stays in pairs.items()))
        st.warning(t("people.merge_final"), icon=":material/warning:")
        label, may = t("people.merge", count=len(pairs)), door.for_who_may("administer")
        if st.button(label, key="people.merge", type="primary", icon=":material/merge:", **may):
            with widgets.problem_box():
                rows = duplicates.merge(shop, CONFIG, pairs, widgets.now(), administer())
            changed = ", ".join(f"{table_name(name)} {widgets.number(count)}" for name, count in rows.items())
            state.tell("people", t("people.merged", count=len(pairs), rows=changed or "–"))
            st.rerun()


# --- erasing ---


def erasing(shop: Shop) -> None:
    """One customer named, shown what would go, confirmed by typing it again, and taken out."""
    st.subheader(t("people.erase"))
    st.write(t("people.erase_purpose"))
    who = st.text_input(t("people.who"), key="people.who", help=t("people.who_help"), max_chars=200).strip()
    if not who:
        return
    ids = erasure.find(shop.path, shop.shop_id, CONFIG, who)
    if not ids:
        st.info(t("people.nobody"), icon=":material/person_off:")
        return
    would_go(shop, ids)
    again = st.text_input(t("people.again"), key="people.again", max_chars=200).strip()
    sure = again == who
    label = t("people.erase_now", count=len(ids))
    may = door.for_who_may("administer", disabled=not sure)
    if st.button(label, key="people.erase", type="primary", icon=":material/person_remove:", **may) and sure:
        with widgets.problem_box():
            administer()
            done = forgetting.erase(shop.path, shop.shop_id, CONFIG, cache.safety.place(shop), ids, widgets.now())
        state.tell("people", erased_words(done))
        st.rerun()


def would_go(shop: Shop, ids: list[str]) -> None:
    """What an erasure would do, table by table."""
    counts = erasure.held(shop, ids, CONFIG)
    lines, kept_with_plans = counts.pop("orders", 0), counts.pop(erasure.SNAPSHOTS)
    with st.container(border=True):
        st.markdown(f"**{t('people.would_go', count=len(ids))}** {plain(', '.join(ids))}")
        gone = [t("people.rows_go", table=table_name(name), count=widgets.number(n)) for name, n in counts.items() if n]
        said = [*gone, t("people.lines_stay", count=widgets.number(lines)), t("people.contact_goes")]
        said += [t("people.snapshots_go")] if kept_with_plans else []
        st.markdown("\n".join(f"- {line}" for line in said))
        st.warning(t("people.erase_final"), icon=":material/warning:")


def erased_words(done: erasure.Erased) -> str:
    """What was done, and which files are left for a person to look at."""
    values = {"rows": widgets.number(sum(done.rows.values())), "lines": widgets.number(done.order_lines_kept)}
    words = t("people.erased", **values)
    return f"{words}\n\n{t('people.left', files=', '.join(map(plain, done.left)))}" if done.left else words


widgets.page_head("people.title", "people.purpose")

with widgets.problem_box():
    opened = widgets.need_shop()
    if told := state.told("people"):
        st.success(told, icon=":material/check_circle:")
        for name in ("people.who", "people.again"):
            state.put(name, "")
    door.say_who_may("administer")
    kept(opened)
    twice(opened)
    if door.is_open("administer"):  # it says whose an address is
        erasing(opened)
