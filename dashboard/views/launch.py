"""What will a new product sell, and who will want it?"""

from datetime import timedelta
from typing import Any, Literal

import streamlit as st
from pydantic import ValidationError

from dashboard import cache, charts, door, state, widgets
from dashboard.text import channel_name, language, t
from dashboard.views import beginnings
from dashboard.views.plan_tabs.message import plain
from engine.campaign.launch import form, report
from engine.campaign.launch.form import NewProduct
from engine.campaign.launch.report import Chosen, Launch
from engine.campaign.plan import problems_of
from engine.errors import DataProblem
from engine.sentences import Sentence
from engine.shop.store import Shop

STILL_NEW = timedelta(days=180)  # since its launch; older products are changed on Data
COLOURS: dict[report.Verdict, Literal["green", "orange", "gray"]] = {
    "supported": "green",
    "uncertain": "orange",
    "refused": "gray",
}
SHOWN = 10  # customers in the table
TEXTS = ("name", "product_id", "brand", "description")


# --- the form ---


def entered(shop: Shop) -> str | None:
    """The id of a product entered before that is to be changed; None for a new one."""
    known = form.editable(shop, beginnings.today() - STILL_NEW)
    if not known:
        return None
    state.keep("launch.which", "", ["", *known])
    return (
        st.selectbox(
            t("launch_page.which"),
            ["", *known],
            format_func=lambda one: plain(f"{known[one]} ({one})") if one else t("launch_page.another"),
            key="launch.which",
            on_change=fill,
            args=(shop,),
        )
        or None
    )


def fill(shop: Shop) -> None:
    """Callback: the form says what is saved of the chosen product; of a new one nothing."""
    which = state.says("launch.which")
    try:
        saved = form.stored(shop, which) if which else None
    except DataProblem as problem:  # a product of an import that no form could hold
        state.tell("launch.problem", "\n\n".join(problem.texts(language())))
        return
    for name in TEXTS:
        state.put(f"launch.{name}", (getattr(saved, name) or "") if saved else "")
    for name in ("category", "price", "unit_cost", "stock"):
        state.put(f"launch.{name}", getattr(saved, name) if saved else None)
    state.put("launch.launched_at", saved.launched_at if saved else beginnings.today())
    state.put("launch.facts", "\n".join(fact.text for fact in saved.facts) if saved else "")


def kept() -> None:
    """What was typed is there again after a look at another page."""
    for name in (*TEXTS, "facts"):
        state.keep(f"launch.{name}", "")
    for name in ("category", "price", "unit_cost", "stock"):
        state.keep(f"launch.{name}", None)
    state.keep("launch.launched_at", beginnings.today())
    state.keep("launch.by", state.person())


def fields(shop: Shop, which: str | None) -> dict | None:
    """What is said of the product, once it is asked what it will do."""
    currency = shop.settings.currency
    products = shop.optional("products")
    categories = sorted(products["category"].dropna().unique()) if "category" in products else []
    with st.form("launch.form"):
        left, right = st.columns(2)
        with left:
            name = st.text_input(t("launch_page.name"), key="launch.name", max_chars=200)
            category = st.selectbox(
                t("launch_page.category"), categories, index=None, key="launch.category", accept_new_options=True,
                placeholder=t("launch_page.choose"),
            )  # fmt: skip
            brand = st.text_input(t("launch_page.brand"), key="launch.brand", max_chars=120)
            launched_at = st.date_input(t("launch_page.launched_at"), key="launch.launched_at", format="YYYY-MM-DD")
        with right:
            price = st.number_input(t("launch_page.price", currency=currency), 0.01, 1e7, None, key="launch.price")
            cost = st.number_input(
                t("launch_page.unit_cost", currency=currency), 0.0, 1e7, None, key="launch.unit_cost"
            )
            stock = st.number_input(t("launch_page.stock"), 0, 10_000_000, None, key="launch.stock", step=1)
            product_id = st.text_input(
                t("launch_page.product_id"), key="launch.product_id", max_chars=80, disabled=which is not None,
                placeholder=t("launch_page.made_from_name"),
            )  # fmt: skip
        description = st.text_area(t("launch_page.description"), key="launch.description", max_chars=2000, height=80)
        facts = st.text_area(t("launch_page.facts"), key="launch.facts", height=100, help=t("launch_page.facts_help"))
        by = st.text_input(t("launch_page.by"), key="launch.by", max_chars=80)
        submitted = st.form_submit_button(t("launch_page.ask"), key="launch.ask", type="primary")
    if not submitted:
        return None
    saved = form.stored(shop, which) if which else None
    taken = set(products["product_id"])
    return {
        "product_id": which or product_id.strip() or form.proposed_id(name, taken), "name": name, "category": category,
        "brand": brand, "price": price, "unit_cost": cost, "stock": stock, "launched_at": launched_at,
        "description": description, "facts": form.as_facts(facts, by, saved),
    }  # fmt: skip


def asked(shop: Shop, which: str | None) -> NewProduct | None:
    """The product that the form was sent with last; what does not fit is said."""
    said = fields(shop, which)
    if said is None:
        last = state.asked("launch")
        return NewProduct.model_validate_json(last) if last else None
    lacking = [name for name in ("name", "price", "launched_at") if not said[name]]
    if lacking:
        for name in lacking:
            st.error(t(f"launch_page.needs_{name}"), icon=":material/error:")
        return None
    try:
        product = NewProduct.model_validate(said)
    except ValidationError as error:
        raise DataProblem(problems_of(error, Sentence("app.launch"))) from error
    state.ask("launch", product.model_dump_json())
    return product


# --- the answer ---


def answer(shop: Shop, launch: Launch) -> None:
    """Sales with their ranges, stock, and what all of it rests on."""
    product, currency = launch.product, shop.settings.currency
    st.subheader(plain(product.name), anchor=False)
    st.badge(t(f"launch_page.verdict_{launch.verdict}"), color=COLOURS[launch.verdict])
    if launch.first is not None:
        figures(launch, currency)
        endings(launch, currency)
        words = {name: t(f"launch_page.chart_{name}") for name in ("own", "others", "expected", "axis", "range")}
        figure = charts.past_launches(launch.launches, product.category, launch.first.range, product.launched_at, words)
        widgets.chart(figure, "launch.past", t("launch_page.chart_alt", count=launch.first.launches))
    with st.expander(t("launch_page.rests_on"), expanded=launch.verdict != "supported"):
        st.markdown("\n".join(f"- {plain(t(note.key, **note.values))}" for note in launch.notes))
        st.caption(t("launch_page.data_until", date=launch.as_of.isoformat()))


def figures(launch: Launch, currency: str) -> None:
    """Units and revenue of both spans of time."""
    with st.container(horizontal=True):
        for expected, revenue in ((launch.first, launch.revenue), (launch.later, launch.revenue_later)):
            if expected is None or revenue is None:
                continue
            spread = expected.range
            st.metric(
                t("launch_page.units", days=expected.days), widgets.number(spread.value),
                widgets.between(widgets.number(spread.low), widgets.number(spread.high)),
                delta_color="off", delta_arrow="off", border=True,
            )  # fmt: skip
            st.metric(
                t("launch_page.revenue", days=expected.days), widgets.money(revenue.value, currency),
                widgets.between(widgets.money(revenue.low, currency), widgets.money(revenue.high, currency)),
                delta_color="off", delta_arrow="off", border=True,
            )  # fmt: skip


def endings(launch: Launch, currency: str) -> None:
    """How long the stock lasts, and when it has paid for itself."""
    stock, even = launch.stock, launch.break_even
    if stock is None:
        st.caption(t("launch_page.no_stock"))
    else:
        days = {name: _day(getattr(stock, name)) for name in ("on", "earliest", "latest")}
        sold_out = {"chance": widgets.percent(stock.sold_out, 0), "days": stock.days}
        key = "launch_page.stock_lasts" if stock.weeks is not None else "launch_page.stock_beyond"
        st.markdown(t(key, pieces=widgets.number(stock.stock), weeks=widgets.number(stock.weeks), **sold_out, **days))
    if even is None:
        st.caption(t("launch_page.no_cost"))
    elif even.units is None:
        st.markdown(plain(t("launch_page.margin", margin=widgets.money(even.margin, currency, 2))))
    else:
        values = {"units": widgets.number(even.units), "chance": widgets.percent(even.chance, 0)}
        st.markdown(plain(t("launch_page.break_even", margin=widgets.money(even.margin, currency, 2), **values)))


def _day(day: object) -> str:
    return str(day) if day else t("launch_page.beyond_a_year")


# --- who wants it ---


def audience(shop: Shop, launch: Launch) -> Chosen | None:
    """The likeliest customers, as many as are wanted; None where nothing could be learned of them."""
    st.subheader(t("launch_page.who"), anchor=False)
    if launch.wanting is None:
        st.info(t("launch_page.who_unknown"), icon=":material/person_search:")
        return None
    most = len(launch.wanting.scored)
    state.keep("launch.size", None)
    size = st.number_input(t("launch_page.size", most=widgets.number(most)), 1, most, None, key="launch.size", step=10,
                           placeholder=t("launch_page.a_tenth"))  # fmt: skip
    with st.spinner(t("launch_page.choosing"), show_time=True):
        who = cache.beginnings.wanted_by(shop, launch.product, size)
    if who is None:
        return None
    values = {"customers": widgets.number(len(who.customer_ids)), "average": widgets.number(who.average, 1)}
    buyers = widgets.ranged(who.buyers, lambda one: widgets.number(one, 1))
    st.markdown(t("launch_page.buyers", buyers=buyers, **values))
    if who.lift.times:
        times = widgets.ranged(who.lift.times, lambda one: widgets.number(one, 1))
        st.markdown(t("launch_page.lift", times=times, launches=who.lift.launches, buyers=who.lift.buyers))
    else:
        st.caption(t("launch_page.no_lift"))
    reach = "  ·  ".join(f"{channel_name(one)}: {widgets.number(count)}" for one, count in who.reach.items())
    st.caption(t("launch_page.reach", reach=plain(reach)))
    listing(shop, launch, who)
    return who


def listing(shop: Shop, launch: Launch, who: Chosen) -> None:
    """The first of the chosen customers, and all of them as a file."""
    top = launch.wanting.scored.head(min(SHOWN, len(who.customer_ids))) if launch.wanting else None
    columns: dict[str, Any] = {
        "customer_id": t("launch_page.customer"),
        "p_buy": st.column_config.NumberColumn(t("launch_page.p_buy"), format="percent"),
        "times_average": st.column_config.NumberColumn(t("launch_page.times_average"), format="%.1f ×"),
    }
    st.dataframe(top, column_config=columns, hide_index=True, key="launch.customers", alt=t("launch_page.who"))
    widgets.download(
        t("launch_page.download"),
        lambda: report.customers_table(shop, launch, who),
        f"{launch.product.product_id}-customers.csv",
        "launch.csv",
    )


# --- what to do with it ---


def act(shop: Shop, product: NewProduct, launch: Launch, who: Chosen | None, which: str | None) -> None:
    """Save the product with its facts, which no forecast knows; make the plan for it and open it on its brief."""
    if facts := product.facts:
        st.caption(t("launch_page.may_say", facts=plain(" · ".join(fact.text for fact in facts))))
    with st.container(horizontal=True):
        label = t("launch_page.save_changes") if which else t("launch_page.save")
        if st.button(label, key="launch.save", icon=":material/save:", **door.for_who_may("draft")):
            saved(shop, product, which)
            state.tell("launch", t("launch_page.saved", name=plain(product.name)))
            st.rerun()
        if st.button(t("launch_page.plan"), key="launch.plan", type="primary", icon=":material/edit_note:",
                     **door.for_who_may("draft", disabled=who is None)) and who:  # fmt: skip
            with st.spinner(t("starting.making"), show_time=True):
                opened = saved(shop, product, which)
                proposal = report.plan(opened, launch, who, state.person(), beginnings.today())
                plan_id = beginnings.save(opened, proposal, product.name)
            state.set_plan_tab("brief")
            beginnings.open_plan(plan_id)


def saved(shop: Shop, product: NewProduct, which: str | None) -> Shop:
    """The shop with the product in it; the very same one again is no second product."""
    there = product.product_id in set(shop.optional("products")["product_id"])
    if there and form.stored(shop, product.product_id) == product:
        return shop
    return form.save(shop, product, beginnings.today(), update=which == product.product_id)


widgets.page_head("launch_page.title", "launch_page.purpose")
with widgets.problem_box():
    shop = widgets.need_shop()
    for area, show in (("launch", st.success), ("launch.problem", st.error)):
        if words := state.told(area):
            show(words)
    kept()
    which = entered(shop)
    product = asked(shop, which)
    if product is None:
        st.info(t("launch_page.empty"), icon=":material/rocket_launch:")
        st.stop()
    with st.spinner(t("launch_page.working"), show_time=True):
        launch = cache.beginnings.launch(shop, product)
    answer(shop, launch)
    who = audience(shop, launch)
    act(shop, product, launch, who, which)
