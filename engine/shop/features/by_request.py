"""What is known of a customer before an instant of its own, as Ibis expressions run by DuckDB inside this process.

Every function takes `requests` (customer_id, as_of, and for some campaign_id, channel, category) and answers row for
row. Only rows strictly before `as_of` are read, and of past deliveries only those whose outcome was known by then.
"""

import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import ibis
import pandas as pd
from ibis import _

from engine.errors import NotEnoughData
from engine.shop.features.order_lines import days_between, valued
from engine.shop.store import Shop

# feature -> (unit, what it is). Missing (never ordered, never mailed) stays missing.
DICTIONARY = {
    "recency_days": ("days", "days since the last order"),
    "frequency": ("orders", "orders so far"),
    "monetary": ("money", "revenue so far after discounts and returns"),
    "aov": ("money", "revenue per order"),
    "tenure_days": ("days", "days since the first order"),
    "gap_days": ("days", "mean days between orders"),
    "orders_90d": ("orders", "orders in the last 90 days"),
    "monetary_90d": ("money", "revenue in the last 90 days"),
    "discount_share": ("fraction", "money off / list price of all lines"),
    "coded_orders": ("orders", "orders so far with a discount code or coupon"),
    "coded_orders_90d": ("orders", "orders with a discount code or coupon in the last 90 days"),
    "return_share": ("fraction", "lines sent back / lines"),
    "categories": ("categories", "different categories bought"),
    "views_30d": ("events", "product views in the last 30 days"),
    "carts_30d": ("events", "items put in the cart in the last 30 days"),
    "campaign_spend": ("money", "spend so far on the products or category of this campaign"),
    "campaign_orders": ("orders", "orders so far with a product or the category of this campaign"),
    "sent": ("messages", "messages sent so far whose outcome is known"),
    "sent_30d": ("messages", "messages sent in the last 30 days"),
    "days_since_sent": ("days", "days since the last message"),
    "clicked": ("messages", "messages clicked so far"),
    "ordered": ("messages", "messages followed by an order inside the window"),
    "sent_channel": ("messages", "messages sent so far in this channel"),
    "clicked_channel": ("messages", "messages clicked so far in this channel"),
}


@contextmanager
def connected(memory: str = "4GB") -> Iterator[ibis.BaseBackend]:
    """A database inside this process, empty, closed at the end; beyond `memory` it goes on in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="offerlab-", ignore_cleanup_errors=True) as spill:
        # Extensions are fetched from the network at run time: a shop's machine may be offline, and must be able to
        # stay so. Without a folder named, DuckDB would make one wherever the program was started.
        connection = ibis.duckdb.connect(
            threads=2, autoinstall_known_extensions=False, memory_limit=memory, temp_directory=spill
        )
        try:
            yield connection
        finally:
            connection.disconnect()


def default_as_of(shop: Shop) -> date:
    """The day after the last order, event, delivery or ad row; a shop of totals alone: after its last total.

    Raises NotEnoughData for a shop without any of them.
    """
    columns = {"orders": "ordered_at", "events": "occurred_at", "deliveries": "sent_at", "ads": "date"}
    latest = [shop.table(name, [column])[column].max() for name, column in columns.items() if shop.rows(name)]
    if not latest and shop.rows("campaign_results") and shop.rows("campaigns"):
        latest = [totals_at(shop.table("campaign_results"), shop.table("campaigns")).max()]
    if not latest or pd.isna(max(latest)):
        raise NotEnoughData("This shop has no orders, events, deliveries or ads yet. Import a file of one of them.")
    return max(latest).date() + timedelta(days=1)


def totals_at(totals: pd.DataFrame, campaigns: pd.DataFrame) -> pd.Series:
    """When each campaign total was: its date, else its campaign's start."""
    starts = totals["campaign_id"].map(campaigns.drop_duplicates("campaign_id").set_index("campaign_id")["starts_at"])
    return totals["date"].fillna(starts) if "date" in totals else starts


def customers(shop: Shop) -> pd.Series:
    """Every customer id the shop knows, from its customers or else from its orders and deliveries; sorted."""
    for names in (["customers"], ["orders", "deliveries", "events"]):
        found = [shop.table(name, ["customer_id"])["customer_id"] for name in names if shop.has(name)]
        if found:
            return pd.concat(found).drop_duplicates().sort_values(ignore_index=True)
    raise NotEnoughData("This shop has no customers, orders or deliveries yet. Import a file of one of them.")


def features(
    shop: Shop,
    requests: pd.DataFrame,
    plan_products: pd.DataFrame | None = None,
    about: Collection[str] = ("orders", "products", "events", "deliveries", "campaigns"),
) -> pd.DataFrame:
    """`requests` with the columns of DICTIONARY that this shop's tables can give, in the same order and index.

    `plan_products` (campaign_id, product_id) adds the products of plans that are no campaigns of the shop yet.
    `about`: the tables whose columns are wanted; each kind takes a query of its own.
    """
    index, asked = requests.index, requests.reset_index(drop=True)
    asked["request"] = range(len(asked))
    result = asked
    with connected() as connection:
        wanted = connection.create_table("requests", asked)
        connection.create_table("campaign_products", _campaign_products(shop, plan_products))
        for tables, build in _BUILDERS:
            if all(table in about and shop.has(table) for table in tables):
                answer = build(connection, shop, wanted)
                result = result if answer is None else result.merge(answer.execute(), on="request", how="left")
    for column in _COUNTS & set(result):
        result[column] = result[column].astype("float64").fillna(0.0)
    result = result.drop(columns="request")
    result.index = index
    return result


_COUNTS = {
    "frequency", "monetary", "orders_90d", "monetary_90d", "categories", "views_30d", "carts_30d",
    "coded_orders", "coded_orders_90d", "campaign_spend", "campaign_orders", "sent", "sent_30d", "clicked", "ordered",
    "sent_channel", "clicked_channel",
}  # fmt: skip


def _order_features(connection: ibis.BaseBackend, shop: Shop, requests: ibis.Table) -> ibis.Table:
    past = _lines_before(connection, shop, requests)
    bought = _.quantity > 0
    recent = days_between(_.as_of, _.ordered_at) <= 90.0
    summed = past.group_by("request").agg(
        last=_.ordered_at.max(where=bought),
        first=_.ordered_at.min(where=bought),
        as_of=_.as_of.max(),
        frequency=_.order_id.nunique(where=bought).cast("float64"),
        monetary=_.net.sum(),
        orders_90d=_.order_id.nunique(where=bought & recent).cast("float64"),
        monetary_90d=_.net.sum(where=recent),
        list_value=_.list_value.sum(where=bought),
        money_off=_.money_off.sum(where=bought),
        lines=_.count().cast("float64"),
        returned=_.count(where=_.quantity < 0).cast("float64"),
        categories=_.category.nunique(where=bought).cast("float64"),
        coded_orders=_.order_id.nunique(where=_.coded).cast("float64"),
        coded_orders_90d=_.order_id.nunique(where=_.coded & recent).cast("float64"),
    )
    return summed.mutate(
        recency_days=days_between(_.as_of, _.last),
        tenure_days=days_between(_.as_of, _.first),
        aov=_.monetary / _.frequency.nullif(0.0),
        gap_days=days_between(_.last, _.first) / (_.frequency - 1.0).nullif(0.0),
        discount_share=_.money_off / _.list_value.nullif(0.0),
        return_share=_.returned / _.lines,
    ).select(
        "request", "recency_days", "frequency", "monetary", "aov", "tenure_days", "gap_days", "orders_90d",
        "monetary_90d", "discount_share", "return_share", "categories", "coded_orders", "coded_orders_90d",
    )  # fmt: skip


def _lines_before(connection: ibis.BaseBackend, shop: Shop, requests: ibis.Table) -> ibis.Table:
    """Order lines of each request's customer before its instant, with category, list_value, money_off and net."""
    products = connection.read_parquet(shop.file("products")) if shop.has("products") else None
    lines = valued(connection.read_parquet(shop.file("orders")), products)
    if products is None or "category" not in products.columns:
        lines = lines.mutate(category=ibis.literal("").cast("string"))  # models were trained on this: one category
    asked = requests.select(
        *{"request", "customer_id", "as_of", "campaign_id", "campaign_category"} & set(requests.columns)
    )
    return asked.join(lines, [asked.customer_id == lines.customer_id, lines.ordered_at < asked.as_of])


def _campaign_features(connection: ibis.BaseBackend, shop: Shop, requests: ibis.Table) -> ibis.Table | None:
    """Spend and orders so far on the campaign's own products, or on its category where it names no products."""
    if not {"campaign_id", "campaign_category"} <= set(requests.columns):
        return None
    past = _lines_before(connection, shop, requests)
    pairs = connection.table("campaign_products")
    named = pairs.mutate(named=True)
    listed = pairs.select("campaign_id").distinct().mutate(lists_products=True)
    past = past.left_join(named, ["campaign_id", "product_id"]).drop("campaign_id_right", "product_id_right")
    past = past.left_join(listed, "campaign_id")
    own = ibis.ifelse(
        past.lists_products.fill_null(False), past.named.fill_null(False), past.campaign_category == past.category
    )
    past = past.mutate(own=own.fill_null(False))
    return past.group_by("request").agg(
        campaign_spend=_.net.sum(where=_.own),
        campaign_orders=_.order_id.nunique(where=_.own & (_.quantity > 0)).cast("float64"),
    )


def _campaign_products(shop: Shop, plan_products: pd.DataFrame | None) -> pd.DataFrame:
    columns = ["campaign_id", "product_id"]
    pairs = [shop.optional("campaign_products")[columns], *([] if plan_products is None else [plan_products[columns]])]
    return pd.concat(pairs).drop_duplicates().astype("str")


def _event_features(connection: ibis.BaseBackend, shop: Shop, requests: ibis.Table) -> ibis.Table:
    events = connection.read_parquet(shop.file("events")).select("customer_id", "occurred_at", "kind")
    asked = requests.select("request", "customer_id", "as_of")
    past = asked.join(events, [asked.customer_id == events.customer_id, events.occurred_at < asked.as_of])
    recent = days_between(_.as_of, _.occurred_at) <= 30.0
    return past.group_by("request").agg(
        views_30d=_.count(where=recent & (_.kind == "view")).cast("float64"),
        carts_30d=_.count(where=recent & (_.kind == "cart")).cast("float64"),
    )


def _delivery_features(connection: ibis.BaseBackend, shop: Shop, requests: ibis.Table) -> ibis.Table:
    """Past messages: all sent ones for pressure, and for response those whose outcome was known by then."""
    past = _deliveries_before(connection, shop, requests)
    return past.group_by("request").agg(
        sent_30d=_.count(where=_.age_days <= 30.0).cast("float64"),
        days_since_sent=_.age_days.min(),
        sent=_.count(where=_.known).cast("float64"),
        clicked=_.clicked.sum(where=_.known),
        ordered=_.converted.sum(where=_.known),
        sent_channel=_.count(where=_.known & _.same_channel).cast("float64"),
        clicked_channel=_.clicked.sum(where=_.known & _.same_channel),
    )


def _deliveries_before(connection: ibis.BaseBackend, shop: Shop, requests: ibis.Table) -> ibis.Table:
    sent = connection.read_parquet(shop.file("deliveries"))
    for column in ("clicked", "converted"):
        if column not in sent.columns:
            sent = sent.mutate(**{column: ibis.literal(0.0)})
    if "treated" in sent.columns:
        sent = sent.filter(_.treated.fill_null(1.0) == 1.0)
    sent = sent.left_join(_outcome_known(connection, shop), "campaign_id").select(
        "customer_id", "sent_at", "clicked", "converted", "past_channel", "known_after_days", "known_at"
    )
    asked = requests.select(*{"request", "customer_id", "as_of", "channel"} & set(requests.columns))
    past = asked.join(sent, [asked.customer_id == sent.customer_id, sent.sent_at < asked.as_of])
    age = days_between(past.as_of, past.sent_at)
    known = ibis.ifelse(
        past.known_at.notnull(), past.known_at <= past.as_of, age >= past.known_after_days.fill_null(7.0)
    )
    same = (past.channel == past.past_channel).fill_null(False) if "channel" in past.columns else ibis.literal(True)
    return past.mutate(age_days=age, known=known, same_channel=same)


def _outcome_known(connection: ibis.BaseBackend, shop: Shop) -> ibis.Table:
    """Per campaign: its channel, and when its outcomes are complete (its end, else the channel's window)."""
    known = campaign_windows(shop).rename(columns={"channel": "past_channel", "window_days": "known_after_days"})
    known["known_at"] = known["ends_at"]
    return connection.create_table(
        "outcome_known", known[["campaign_id", "past_channel", "known_after_days", "known_at"]]
    )


def campaign_windows(shop: Shop) -> pd.DataFrame:
    """campaign_id, channel, starts_at, ends_at (missing where the shop has none), window_days of every campaign."""
    campaigns = shop.table("campaigns")
    ends = campaigns["ends_at"] if "ends_at" in campaigns else pd.Series(pd.NaT, campaigns.index)
    return pd.DataFrame(
        {
            "campaign_id": campaigns["campaign_id"],
            "channel": campaigns["channel"],
            "starts_at": campaigns["starts_at"],
            "ends_at": ends.astype("datetime64[us]"),
            "window_days": campaigns["channel"].map(shop.settings.window).astype("float64"),
        }
    )


_BUILDERS = (
    (("orders",), _order_features),
    (("orders", "products"), _campaign_features),
    (("events",), _event_features),
    (("deliveries", "campaigns"), _delivery_features),
)
