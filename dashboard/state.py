"""What the app remembers between runs: the only st.session_state. Each key is written in one place."""

import contextlib
import uuid
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard import signing
from engine import settings
from engine.access import roles
from engine.sentences import Language

ROOT = Path(__file__).resolve().parents[1]
LANGUAGES: tuple[Language, ...] = ("en", "zh")


def begin() -> None:
    """Call first in every run: settles shop and language before any widget is drawn, and keeps them in the address."""
    before = st.session_state.get("chosen:shop")
    _settle("shop", known_shops(), usual_shop())
    if before not in (None, st.session_state["chosen:shop"]):
        leave_shop()  # its folder is gone
    _settle("lang", LANGUAGES, browser_language())


def _settle(name: str, known: Collection[str], usual: str | None) -> None:
    """What was chosen is in force; the first visit takes the address's word for it. The usual is not mentioned there.

    The widget's own key is no memory: Streamlit empties it when another page is opened by a button. Nor is the widget
    bound to the address: it would write its label there.
    """
    named = st.query_params.get(name)
    chosen = st.session_state.get(f"chosen:{name}")
    if chosen not in known:
        chosen = named if named in known else usual
    st.session_state[f"chosen:{name}"] = st.session_state[f"app.{name}"] = chosen
    if chosen and chosen != usual:
        st.query_params[name] = chosen  # a page opened from the navigation begins with an empty address
    elif named:
        del st.query_params[name]


def choose(name: str) -> None:
    """Callback of the sidebar's widgets: "shop" or "lang" is what the widget says now."""
    st.session_state[f"chosen:{name}"] = st.session_state[f"app.{name}"]
    if name == "shop":
        leave_shop()
    else:
        _said_anew()


def _said_anew() -> None:
    """Every choice is made once more: a list that is told nothing goes on showing it in the language it was made in."""
    for key, value in list(st.session_state.items()):
        # An empty list shows nothing that has a language, and a file uploader's may not be set.
        several = isinstance(value, list) and value and all(isinstance(one, str | int) for one in value)
        if several or (isinstance(value, str | int) and not isinstance(value, bool)):  # a button may not be set
            st.session_state[key] = value


# --- language ---


def language() -> Language:
    """The language of the pages: chosen in the sidebar, named in the address (?lang=zh), or the browser's."""
    return "zh" if st.session_state.get("chosen:lang", browser_language()) == "zh" else "en"


def browser_language() -> Language:
    """The language of the pages for a visitor who never chose one."""
    return "zh" if (st.context.locale or "").lower().startswith("zh") else "en"


# --- the shop ---


def home() -> Path:
    """The folder that shops of this installation lie in."""
    configured = settings.read().shop
    return configured.resolve().parent if configured else ROOT / "shops"


def known_shops() -> dict[str, Path]:
    """Shop folders by name: the one named in the environment, and those beside it."""
    configured = settings.read().shop
    folders = sorted(home().iterdir()) if home().is_dir() else []
    found = {folder.name: folder for folder in folders if is_shop(folder)}
    return {configured.name: configured.resolve(), **found} if configured and is_shop(configured) else found


def usual_shop() -> str | None:
    """The name of the shop that a visitor sees who never chose one; None where there is none yet."""
    configured = settings.read().shop
    return configured.name if configured and is_shop(configured) else None


def is_shop(folder: Path) -> bool:
    """Whether a folder holds a shop with its tables in place."""
    return (folder / "shop.toml").exists() and (folder / "tables").is_dir()


def shop_path() -> Path | None:
    """The folder of the shop that is open: chosen, named in the address (?shop=demo), or named in the environment."""
    known, chosen = known_shops(), st.session_state.get("chosen:shop")
    if chosen in known:
        return known[chosen]
    configured = settings.read().shop
    return configured.resolve() if configured else None


def is_shop_chosen() -> bool:
    """Whether one of the known shops is open."""
    return st.session_state.get("chosen:shop") is not None


def set_shop_path(path: Path) -> None:
    """Open another shop from the next run on."""
    st.session_state["chosen:shop"] = path.name
    leave_shop()


# What is the visitor's own, and stays when another shop is opened.
VISITORS = ("chosen:shop", "chosen:lang", "app.shop", "app.lang", "person", "session", "kept")


def leave_shop() -> None:
    """Another shop has other plans, forms and filters; those kept for this one are there again when it is opened."""
    for key in [str(key) for key in st.session_state]:
        if key not in VISITORS:
            del st.session_state[key]
    for name in [name for name in st.query_params if name not in ("shop", "lang")]:
        del st.query_params[name]


def set_shop_to_come(path: Path) -> None:
    """Remember the folder that becomes a shop when the files brought into it are in."""
    st.session_state["shop_to_come"] = path


def shop_that_came() -> Path | None:
    """The shop whose files were brought in from this browser tab, once it is there."""
    path = st.session_state.get("shop_to_come")
    return path if path is not None and is_shop(path) else None


# --- the plan ---


def plan_id() -> str | None:
    """The plan that is open; it also stands in the address (?plan=ID)."""
    return st.query_params.get("plan") or st.session_state.get("plan_id")


def set_plan_id(plan_id: str) -> None:
    """Open a plan, and put it in the address so that a reload comes back to it."""
    st.session_state["plan_id"] = plan_id
    if st.query_params.get("plan", plan_id) != plan_id:
        share("try", [])  # settings of another plan
    st.query_params["plan"] = plan_id


def plan_tab(tabs: Collection[str]) -> str:
    """The tab to open on the plan's page: the chosen one, the one in the address (?tab=copy), or the first."""
    wanted = st.session_state.get("plan.tab") or st.query_params.get("tab")
    return str(wanted) if wanted in tabs else next(iter(tabs))


def show_plan_tab(tab: str) -> None:
    """Put the open tab in the address, so that a reload comes back to it."""
    if st.query_params.get("tab") != tab:
        st.query_params["tab"] = tab


def set_plan_tab(tab: str) -> None:
    """Open a tab of the plan's page. To be called before the page draws its tabs, or in a widget's callback."""
    st.session_state["plan.tab"] = tab


# --- the person ---


def person() -> str:
    """Who sits here: who is signed in; in single-user mode the name given on a page, else this program's account.

    Raises SignedOut when the session is over.
    """
    return signing.name() or st.session_state.get("person") or roles.os_user()


def set_person(name: str) -> None:
    """Remember who sits here, for this browser tab of single-user mode."""
    st.session_state["person"] = name


# --- choices that survive leaving the page ---


def keep(key: str, usual: Any, options: Collection[Any] | None = None, address: str | None = None) -> None:
    """Call before the widget with this key is drawn: it then says what was chosen last for the open shop.

    A page that is arrived at takes the address's word first, then the memory's, then the usual. `usual` is a list where
    several may be chosen; the widget itself takes no default. A choice that is none of the `options` any more is
    forgotten. `address`: the name under which the choice stands in the address (?span=all), so that it can be shared;
    it needs `options`, and the usual is not mentioned there.

    Streamlit's own ways are not used: `bind` writes a widget's label into the address, in the language of the page, and
    `persist_state` would carry a choice into another shop.
    """
    kept = _kept()
    if key in st.session_state:
        chosen = st.session_state[key]
    else:
        chosen = _named_in_address(address, options or (), isinstance(usual, list))
        chosen = kept.get(key, usual) if chosen is None else chosen
    if options is not None and isinstance(usual, list):
        chosen = [one for one in chosen if one in options]
    elif options is not None and chosen not in options:
        chosen = usual
    kept[key] = chosen
    put(key, chosen)
    if address is not None:
        _name_in_address(address, chosen, usual)


def keep_typed(
    key: str, usual: Any, address: str, read: Callable[[str], Any] = str, write: Callable[[Any], str] = str
) -> None:
    """As `keep`, for what is typed and not chosen: `read` makes a value of the address's word, or raises ValueError."""
    kept, named = _kept(), shared(address)
    said = st.session_state[key] if key in st.session_state else kept.get(key, usual)
    if key not in st.session_state and named:
        with contextlib.suppress(ValueError):  # an address that somebody cut short
            said = read(named[0])
    kept[key] = said
    put(key, said)
    share(address, [] if said == usual else [write(said)])


def _kept() -> dict[str, Any]:
    """What is kept for the open shop while its pages change."""
    return st.session_state.setdefault("kept", {}).setdefault(st.session_state.get("chosen:shop"), {})


def _named_in_address(address: str | None, options: Collection[Any], several: bool) -> Any:
    """The options named in the address; None where it names none."""
    by_name = {str(option): option for option in options}
    named = [by_name[name] for name in (st.query_params.get_all(address) if address else []) if name in by_name]
    return (named if several else named[0]) if named else None


def _name_in_address(address: str, chosen: Any, usual: Any) -> None:
    share(address, [] if chosen == usual else [str(one) for one in (chosen if isinstance(usual, list) else [chosen])])


def shared(address: str) -> list[str]:
    """What stands in the address under a name (?try=percent:20&try=send_hour:18)."""
    return st.query_params.get_all(address)


def share(address: str, names: list[str]) -> None:
    """Put these in the address under a name; none takes it out."""
    if st.query_params.get_all(address) == names:
        return
    if names:
        st.query_params[address] = names
    else:
        del st.query_params[address]


# --- a form whose changes wait to be saved, also while other pages are looked at ---


def hold(area: str, saved: Mapping[str, Any]) -> dict[str, Any]:
    """Give the widgets "area.name" what waits to be saved, else what is saved. Returns what waits, by name.

    Call before they are drawn. A widget that nobody touched follows what is saved; one that says what is saved by now
    waits no longer.
    """
    waiting = _kept().setdefault(f"{area}:waiting", {})
    last = st.session_state.setdefault(f"{area}:last", {})  # what was saved when the page ran last
    for name, value in saved.items():
        key = f"{area}.{name}"
        says = st.session_state.get(key, waiting.get(name, value))
        if key in st.session_state and name in last and says == last[name]:
            says = value
        if says == value:
            waiting.pop(name, None)
        else:
            waiting[name] = says
        last[name] = value
        put(key, says)
    return dict(waiting)


def hold_rows(area: str, name: str, saved: list[Any]) -> tuple[str, list[Any]]:
    """Key and first rows of an editable table: what waits to be saved, else what is saved. See `tell_rows`.

    Streamlit's editor keeps changes beside the rows it began with, so these must not change while it is on the page.
    """
    tables = _kept().setdefault(f"{area}:rows", {})
    table = tables.setdefault(name, {"round": 0, "first": saved, "says": saved, "saved": saved})
    arrived = f"{area}.{name}.{table['round']}" not in st.session_state
    if table["says"] == table["saved"] != saved:
        _anew(table, saved)  # nobody touched it, and somebody else saved
    elif arrived and table["first"] != table["says"]:
        _anew(table, table["says"])
    table["saved"] = saved
    return f"{area}.{name}.{table['round']}", table["first"]


def tell_rows(area: str, name: str, rows: list[Any]) -> bool:
    """Remember what an editable table says now; whether that waits to be saved."""
    table = _kept()[f"{area}:rows"][name]
    table["says"] = rows
    return rows != table["saved"]


def _anew(table: dict[str, Any], rows: list[Any]) -> None:
    table.update(round=table["round"] + 1, first=rows, says=rows)


def let_go(area: str, names: Collection[str]) -> None:
    """Callback: of these widgets and tables nothing waits any more; they say what is saved."""
    for name, value in st.session_state.get(f"{area}:last", {}).items():
        if name in names:
            st.session_state[f"{area}.{name}"] = value
    for name, table in _kept().get(f"{area}:rows", {}).items():
        if name in names:
            _anew(table, table["saved"])


# --- a form that is filled from what is saved, and saved as one types ---


def fill(area: str, stamp: tuple[str, int], values: Mapping[str, object]) -> bool:
    """Give the widgets "area.name" the saved values before they are drawn; True if they showed another plan, or none.

    `stamp` is (plan_id, version) of what is saved. Widgets that were filled from it keep what was typed since; so do
    those with a change that is not saved yet.
    """
    last = st.session_state.get(f"{area}:stamp")
    another = last is None or last[0] != stamp[0]
    if another:
        st.session_state[f"{area}:touched"] = False
    afresh = another or (last != stamp and not touched(area))
    for name, value in values.items():
        if afresh or f"{area}.{name}" not in st.session_state:
            put(f"{area}.{name}", value)
    if afresh:
        st.session_state[f"{area}:stamp"] = stamp
    return another


def values(area: str, otherwise: Mapping[str, object]) -> dict[str, Any]:
    """What the widgets "area.name" say now; the given value where a widget is not on the page."""
    return {name: st.session_state.get(f"{area}.{name}", value) for name, value in otherwise.items()}


def put(key: str, value: object) -> None:
    """The widget with this key says this from now on. To be called before it is drawn, or in a widget's callback.

    A widget that says so already is left alone: setting it anew would take away what is being typed into it.
    """
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value


def says(key: str) -> Any:
    """What the widget with this key says; for its callback. None before it was drawn."""
    return st.session_state.get(key)


def ask(area: str, question: str) -> None:
    """Keep what a form of the open shop was asked to answer, while its pages change."""
    _kept()[f"{area}:asked"] = question


def asked(area: str) -> str | None:
    """What the form was asked last; None before."""
    return _kept().get(f"{area}:asked")


def component(key: str, name: str, otherwise: Any) -> Any:
    """What a component of our own with this key said last; the given value before it said anything."""
    return (st.session_state.get(key) or {}).get(name) or otherwise


def touch(area: str) -> None:
    """Something was typed that is not saved yet."""
    st.session_state[f"{area}:touched"] = True


def move(area: str) -> None:
    """A slider was moved, and what it moves is about to be drawn anew."""
    touch(area)
    st.session_state[f"{area}:moving"] = True


def moving(area: str) -> bool:
    """Whether a slider was moved since this was asked last: what is drawn now is for that move."""
    return bool(st.session_state.pop(f"{area}:moving", False))


def touched(area: str) -> bool:
    """Whether something was typed that is not saved yet."""
    return bool(st.session_state.get(f"{area}:touched"))


def version(area: str) -> int:
    """The saved version that the widgets were filled from."""
    return st.session_state[f"{area}:stamp"][1]


def settle(area: str, stamp: tuple[str, int]) -> None:
    """What was typed is saved now, as this version."""
    # In this order: the next key press may end this run between the two.
    st.session_state[f"{area}:stamp"] = stamp
    st.session_state[f"{area}:touched"] = False


def session() -> str:
    """A name for this browser tab's session, so that it knows its own saves."""
    if "session" not in st.session_state:
        st.session_state["session"] = uuid.uuid4().hex
    return st.session_state["session"]


def tell(area: str, words: str) -> None:
    """Words for the next run of an area's page."""
    st.session_state[f"{area}:told"] = words


def told(area: str) -> str | None:
    """The words kept for this run, once."""
    return st.session_state.pop(f"{area}:told", None)


def keep_mine(area: str, stamp: tuple[str, int]) -> None:
    """After a conflict: what was typed is to replace this version."""
    st.session_state[f"{area}:touched"] = True
    st.session_state[f"{area}:stamp"] = stamp


def take_theirs(area: str, plan_id: str) -> None:
    """After a conflict: forget what was typed and fill the widgets from what is saved."""
    st.session_state[f"{area}:touched"] = False
    st.session_state[f"{area}:stamp"] = (plan_id, -1)
