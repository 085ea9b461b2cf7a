"""Who can sign in, and what may each of them do?"""

from functools import partial
from typing import get_args

import pandas as pd
import streamlit as st

from dashboard import signing, state, widgets
from dashboard.text import t
from dashboard.views.plan_tabs.message import plain
from engine import settings
from engine.access import accounts, acting, roles
from engine.access.accounts import Account
from engine.access.roles import Action, Role
from engine.errors import AppError

CONFIG = settings.read().config
ROLES = get_args(Role)


def administrator() -> str | None:
    """In whose name accounts are changed. On one person's machine nobody is listed yet who could be asked."""
    return acting.require("administer", CONFIG) if signing.mode() != "single" else None


def done(change: partial, said: str) -> None:
    """Callback: makes a change and keeps what to say of it."""
    try:
        change(by=administrator())
    except AppError as problem:
        state.tell("access:problem", "\n\n".join(problem.texts(state.language())))
        return
    state.tell("access", said)


def make() -> None:
    """Callback: the account that the form asks for."""
    name, password, role = (state.says(f"access.{field}") for field in ("name", "password", "role"))
    change = partial(accounts.add, CONFIG, name or "", password or "", role, widgets.now())
    done(change, t("access.added", name=plain(name or "")))
    state.put("access.password", "")


def give_role(name: str, key: str) -> None:
    """Callback: the role that was chosen for an account."""
    done(partial(accounts.set_role, CONFIG, name, state.says(key)), t("access.changed", name=plain(name)))


def let_in(name: str, key: str) -> None:
    """Callback: whether an account may sign in."""
    change = partial(accounts.set_disabled, CONFIG, name, not state.says(key), widgets.now())
    done(change, t("access.changed", name=plain(name)))


def give_password(name: str, key: str) -> None:
    """Callback: the new password that was typed for an account."""
    done(
        partial(accounts.set_password, CONFIG, name, state.says(key) or "", widgets.now()),
        t("access.changed", name=plain(name)),
    )
    state.put(key, "")


def end_sessions(name: str) -> None:
    """Callback: whoever is signed in under this name is so no longer."""
    done(partial(accounts.sign_out, CONFIG, name, widgets.now()), t("access.ended", name=plain(name)))


def who() -> None:
    """Each account with what can be changed of it."""
    known = accounts.listed(CONFIG)
    if known:
        st.subheader(t("access.accounts"))
    for one in known:
        with st.container(border=True, key=f"access.of.{roles.person_key(one.name)}"):
            row(one)


def row(one: Account) -> None:
    key = roles.person_key(one.name)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(one.name)}**", width=180)
        # Anew in every run what is stored: a change that was refused must not stay on the page.
        role_key, in_key, word_key = f"access.role.{key}", f"access.in.{key}", f"access.word.{key}"
        state.put(role_key, one.role)
        state.put(in_key, not one.disabled)
        st.selectbox(
            t("access.role"),
            ROLES,
            format_func=role_name,
            key=role_key,
            width=180,
            on_change=give_role,
            args=(one.name, role_key),
        )
        st.toggle(t("access.can_sign_in"), key=in_key, on_change=let_in, args=(one.name, in_key))
        with st.popover(t("access.change_password")):
            st.text_input(t("access.new_password"), type="password", key=word_key, max_chars=accounts.MOST_PASSWORD)
            st.caption(t("access.password_help", least=accounts.LEAST_PASSWORD))
            st.button(
                t("access.change_password"),
                key=f"access.change.{key}",
                on_click=give_password,
                args=(one.name, word_key),
            )
        label, end_key = t("access.end_sessions"), f"access.end.{key}"
        st.button(label, key=end_key, icon=":material/logout:", on_click=end_sessions, args=(one.name,))


def role_name(role: str) -> str:
    return t(f"access.role_{role}")


def new() -> None:
    """A form for one more account."""
    st.subheader(t("access.new"))
    with st.form("access.new", border=True):
        st.text_input(t("access.name"), key="access.name", max_chars=accounts.MOST_NAME)
        st.text_input(t("access.password"), type="password", key="access.password", max_chars=accounts.MOST_PASSWORD)
        st.caption(t("access.password_help", least=accounts.LEAST_PASSWORD))
        if accounts.exist(CONFIG):
            st.selectbox(t("access.role"), ROLES, index=1, format_func=role_name, key="access.role")
        else:
            state.put("access.role", "admin")
        icon = ":material/person_add:"
        st.form_submit_button(t("access.add"), key="access.add", on_click=make, type="primary", icon=icon)


def rights() -> None:
    """What each role may do."""
    st.subheader(t("access.table"))
    rows = [
        {"role": role_name(role), **{action: action in roles.MAY[role] for action in get_args(Action)}}
        for role in ROLES
    ]
    names = {"role": t("access.role"), **{action: t(f"access.may_{action}") for action in get_args(Action)}}
    st.dataframe(pd.DataFrame(rows), column_config=names, hide_index=True, key="access.rights", alt=t("access.table"))


widgets.page_head("access.title", "access.purpose")

with widgets.problem_box():
    administrator()
    way = signing.mode()
    if told := state.told("access"):
        st.success(told, icon=":material/check_circle:")
    if refused := state.told("access:problem"):
        st.error(refused, icon=":material/block:")
    if way == "oidc":
        st.info(t("access.oidc", path=plain(str(CONFIG / "roles.toml"))), icon=":material/id_card:")
    else:
        if way == "single":
            st.info(f"{t('access.single')} {t('access.single_more')}", icon=":material/person:")
        who()
        new()
    rights()
