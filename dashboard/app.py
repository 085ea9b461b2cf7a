"""The app's entry: page set-up, warm-up, navigation. Start it with: streamlit run dashboard/app.py

Streamlit reads this file twice: once as the server (`app`, with the form for signing in before its pages), and in each
run as the script that draws a page.
"""

import sys
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:  # `streamlit run` puts only dashboard/ on the path
    sys.path.insert(0, str(ROOT))

import streamlit as st  # noqa: E402

from dashboard import door, signin, signing, state  # noqa: E402
from dashboard.text import language, t  # noqa: E402
from engine.access.mode import check_secret  # noqa: E402
from engine.errors import AppError  # noqa: E402

if __name__ == "__main__":  # a server that is about to start must not wait for every library of the pages
    from dashboard import cache, widgets
    from dashboard.views import bell

# In the dark theme the primary colour is light: Streamlit's white letters on it could not be read. Nor could a range
# that it cuts off at the end of its card.
READABLE = """<style>
button[data-testid^="stBaseButton-primary"]:enabled :is(p, span) { color: light-dark(#fff, #10181c) }
[data-testid="stMetricDelta"] :is(div, p) { white-space: normal; overflow: visible }
</style>"""
LANGUAGE_NAMES = {"en": "English", "zh": "中文"}  # each in its own words, whatever the page speaks
LOGO = str(ROOT / "assets" / "logo.png")  # a local file: a named icon would be fetched from another machine


def pages() -> dict[str, list]:
    """The pages by section of the navigation."""

    def page(name: str, icon: str, **options: Any) -> Any:
        return st.Page(f"views/{name}.py", title=t(f"app.{name}"), icon=f":material/{icon}:", url_path=name, **options)

    return {
        "": [
            page("today", "today", default=True),
            page("customers", "group"),
            page("plans", "edit_note"),
            page("plan", "edit", visibility="hidden"),
            page("launch", "rocket_launch", visibility="hidden"),
            page("shops", "storefront", visibility="hidden"),
            page("calendar", "calendar_month"),
            page("results", "query_stats"),
            *([page("replies", "reply")] if cache.shops.offers_replies(state.shop_path()) else []),
            page("data", "database"),
        ],
        t("app.analyst"): [
            page("model", "model_training"),
            page("features", "table_chart"),
            page("experiments", "experiment"),
            page("another", "alt_route"),
            page("next_split", "call_split"),
        ],
        t("app.admin"): [
            page("history", "history"),
            page("people", "shield_person"),
            *([page("access", "key")] if signing.role() == "admin" else []),
            page("settings", "settings"),
        ],
    }


def sidebar() -> None:
    """The shop that is open and the way to another, what waits for this person, the language, and work in progress."""
    with st.sidebar:
        names = shop_names()
        if names:
            st.selectbox(
                t("app.shop"),
                list(names),
                index=0 if state.is_shop_chosen() else None,
                format_func=lambda name: names.get(name, name),
                placeholder=t("app.choose_shop"),
                key="app.shop",
                on_change=state.choose,
                args=("shop",),
            )
        bell.show()
        st.page_link("views/shops.py", label=t("app.add_shop"), icon=":material/add_business:")
        st.segmented_control(
            t("app.language"),
            state.LANGUAGES,
            required=True,
            format_func=lambda code: LANGUAGE_NAMES[code],
            key="app.lang",
            on_change=state.choose,
            args=("lang",),
        )
        widgets.work_in_progress()
        if fault := cache.safety.fault():
            st.warning(fault.text(language()), icon=":material/gpp_maybe:")
        door.sign()


def shop_names() -> dict[str, str]:
    """What each shop calls itself by the name of its folder, which is added where two have one name."""
    names = {folder: cache.shops.name(path) for folder, path in state.known_shops().items()}
    twice = {name for name, times in Counter(names.values()).items() if times > 1}
    return {folder: f"{name} · {folder}" if name in twice else name for folder, name in names.items()}


def fit_to_start() -> None:
    """Ends the program with a sentence where a login cookie could be forged."""
    try:
        if provider := signing.provider():
            check_secret(provider.cookie_secret)
    except AppError as problem:
        sys.exit(str(problem))


def draw() -> None:
    """One run of a page."""
    st.set_page_config(page_title="Offerlab", page_icon=LOGO, layout="wide")
    door.enter()
    state.begin()
    cache.warm_up.once()
    st.logo(LOGO, size="large")
    st.html(READABLE)
    chosen = st.navigation(pages(), expanded=True)
    sidebar()
    body = st.container()
    # Names the page for tests in a browser. Drawn before the page runs: st.stop() ends the run, too.
    st.html(f'<span id="ready" data-page="{chosen.url_path or "today"}" style="display:none">.</span>')
    try:
        with body:
            chosen.run()
    finally:  # a page ends itself with an exception: what it saved is backed up all the same
        cache.safety.keep(state.shop_path())


if __name__ == "__main__":
    draw()
else:
    fit_to_start()
    # Streamlit knows a server by an assignment of st.App(...) that it finds in this text.
    app = st.App(__file__, routes=signin.routes(), middleware=signin.middleware(), on_script_error=door.say)
