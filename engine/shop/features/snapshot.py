"""Every customer of a shop on one day: one row each, and what each column means.

The response models and the groups do not read this: their inputs are `by_request.features`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import reduce

import ibis
import pandas as pd
from ibis import _

from engine import sentences
from engine.errors import NotEnoughData
from engine.sentences import Language
from engine.shop.features import behaviour, order_lines
from engine.shop.features.by_request import connected
from engine.shop.features.order_lines import ZERO, instant
from engine.shop.store import Shop

TABLES = ("customers", "products", "orders", "events", "campaigns", "deliveries")
# feature -> (unit, window: all before the day, or its last days). In the order of a snapshot's columns.
FEATURES = {
    "recency_days": ("days", "all"),
    "frequency": ("orders", "all"),
    "monetary": ("money", "all"),
    "aov": ("money", "all"),
    "tenure_days": ("days", "all"),
    "gap_days": ("days", "all"),
    "orders_90d": ("orders", "90d"),
    "monetary_90d": ("money", "90d"),
    "discount_share": ("fraction", "all"),
    "coded_orders": ("orders", "all"),
    "coded_orders_90d": ("orders", "90d"),
    "return_share": ("fraction", "all"),
    "categories": ("categories", "all"),
    "share": ("fraction", "all"),  # of one category
    "views_30d": ("events", "30d"),
    "carts_30d": ("events", "30d"),
    "searches_30d": ("events", "30d"),
    "checkouts_30d": ("events", "30d"),
    "wishlists_30d": ("events", "30d"),
    "cart_not_bought_30d": ("products", "30d"),
    "sent": ("messages", "all"),
    "sent_30d": ("messages", "30d"),
    "days_since_sent": ("days", "all"),
    "clicked": ("messages", "all"),
    "ordered": ("messages", "all"),
    "sent_by": ("messages", "all"),  # in one channel
    "clicked_by": ("messages", "all"),
}
# Nobody who did nothing has an average or a share of it, but everybody has a number of times.
_COUNTED = {"orders", "events", "products", "categories", "messages"}
_NEEDED = {"discount_share": "discount", "coded_orders": "discount_code", "coded_orders_90d": "discount_code"}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a snapshot: which of FEATURES it is, of which category or channel, and its name among expressions.

    `key` is letters, digits and underscores on every engine; `name` carries the category or channel as it is written.
    """

    name: str
    key: str
    feature: str
    of: str = ""

    @property
    def is_count(self) -> bool:
        """Whether a customer without any row has 0 rather than nothing known."""
        return FEATURES[self.feature][0] in _COUNTED or self.feature in ("monetary", "monetary_90d")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """table: customer_id of every customer known before `as_of`, in order, and a float64 column per feature."""

    table: pd.DataFrame
    columns: tuple[Column, ...]
    as_of: date

    def described(self, currency: str, language: Language = "en") -> pd.DataFrame:
        """feature, name, unit, formula, window, mean, spread, known of every column; see `dictionary`."""
        values = self.table[[column.name for column in self.columns]]
        words = [_words(column, currency, language) for column in self.columns]
        numbers = {"mean": values.mean(), "spread": values.std(ddof=0), "known": values.notna().mean()}
        return pd.DataFrame(words).assign(**{name: column.to_numpy("float64") for name, column in numbers.items()})


def snapshot(shop: Shop, as_of: date) -> pd.DataFrame:
    """customer_id of every customer known before `as_of`, in order, and a float64 column per feature.

    Only what the shop records has a column. Missing is unknown, as the recency of somebody who never ordered.
    Raises NotEnoughData where nobody was known by then.
    """
    return taken(shop, as_of).table


def dictionary(shop: Shop, as_of: date, language: Language = "en") -> pd.DataFrame:
    """feature, name, unit, formula, window, mean, spread, known of each column of `snapshot`.

    mean and spread (standard deviation) are of the known values, as `engine.model.encode.learn` standardises with;
    known is the share of customers with a value.
    """
    return taken(shop, as_of).described(shop.settings.currency, language)


MEMORY = "900MB"  # of DuckDB: 10 million order lines then take 1.1 GB in all, in the time they take with 4 GB


def taken(shop: Shop, as_of: date, memory: str = MEMORY) -> Snapshot:
    """The snapshot of a shop with its columns; beyond `memory` the work goes on in a temporary folder."""
    with connected(memory) as connection:
        tables = {name: connection.read_parquet(shop.file(name)) for name in TABLES if shop.has(name)}
        if not set(tables) - {"products", "campaigns"}:
            raise NotEnoughData("This shop has no customers, orders, events or deliveries yet. Import a file of them.")
        expression, columns = of_tables(tables, as_of, shop.settings.window_days)
        table = frame(expression.order_by("customer_id"))
    if table.empty:
        raise NotEnoughData(f"Nobody was a customer before {as_of}. Choose a later day.")
    table.columns = pd.Index(["customer_id", *(column.name for column in columns)])
    return Snapshot(table, columns, as_of)


def frame(expression: ibis.Table) -> pd.DataFrame:
    """The rows of an expression. Each column leaves what DuckDB gave as it is copied: half the memory of to_pandas."""
    rows = expression.to_pyarrow()
    small = rows.column(0).num_chunks <= 1
    table = rows.to_pandas(split_blocks=True, self_destruct=True)
    return table.copy() if small else table  # a single piece is shared with DuckDB, and may not be written to


# --- expressions, for any engine ---


def of_tables(
    tables: Mapping[str, ibis.Table], as_of: date, window_days: Mapping[str, int]
) -> tuple[ibis.Table, tuple[Column, ...]]:
    """customer_id and the keys of the columns, one row per customer known before `as_of`, in no order.

    `tables` are those of a shop that there are, by name, on any engine Ibis speaks to. It is asked at once which
    categories, kinds of event and channels there are; the rest is one expression that nothing has run yet.
    """
    parts: list[tuple[ibis.Table, list[Column]]] = []
    if "customers" in tables:
        parts.append((_joined_before(tables["customers"], as_of), []))
    for needed, build in _PARTS:
        if set(needed) <= set(tables) and (part := build(tables, as_of, window_days)) is not None:
            parts.append(part)
    everything = reduce(_beside, [part for part, _columns in parts])
    columns = tuple(column for _part, columns in parts for column in columns)
    values = {c.key: everything[c.key].fill_null(ZERO) if c.is_count else everything[c.key] for c in columns}
    return everything.select("customer_id", **values), columns


def _beside(left: ibis.Table, right: ibis.Table) -> ibis.Table:
    """Customers of either, with the columns of both. A union of ids first would have every part worked out twice."""
    both = left.outer_join(right, "customer_id")
    return both.mutate(customer_id=_.customer_id.coalesce(_.customer_id_right)).drop("customer_id_right")


Part = tuple[ibis.Table, list[Column]] | None


def _joined_before(customers: ibis.Table, as_of: date) -> ibis.Table:
    if "joined_at" in customers.columns:
        customers = customers.filter(_.joined_at.isnull() | (_.joined_at < instant(as_of)))
    return customers.select("customer_id")


def _orders(tables: Mapping[str, ibis.Table], as_of: date, window_days: Mapping[str, int]) -> Part:
    lines = tables["orders"]
    recorded = [name for name in order_lines.ORDER_FEATURES if _NEEDED.get(name, "order_id") in lines.columns]
    part = order_lines.order_features(lines, as_of).select("customer_id", *recorded)
    return part, [Column(name, name, name) for name in recorded]


def _categories(tables: Mapping[str, ibis.Table], as_of: date, window_days: Mapping[str, int]) -> Part:
    lines, products = tables["orders"], tables["products"]
    if "category" not in products.columns:
        return None
    largest = order_lines.largest_categories(lines, products, as_of)
    columns = [Column("categories", "categories", "categories")]
    columns += [Column(f"share_{name}", f"share_{place}", "share", name) for place, name in enumerate(largest)]
    columns.append(Column("share_other", "share_other", "share"))
    return order_lines.category_features(lines, products, as_of, largest), columns


def _events(tables: Mapping[str, ibis.Table], as_of: date, window_days: Mapping[str, int]) -> Part:
    kinds = behaviour.kinds_seen(tables["events"], as_of)
    names = [f"{behaviour.KINDS[kind]}_30d" for kind in kinds]
    return behaviour.event_features(tables["events"], as_of, kinds), [Column(name, name, name) for name in names]


def _carts(tables: Mapping[str, ibis.Table], as_of: date, window_days: Mapping[str, int]) -> Part:
    events, name = tables["events"], "cart_not_bought_30d"
    if "product_id" not in events.columns or "cart" not in behaviour.kinds_seen(events, as_of):
        return None
    return behaviour.carts_not_bought(events, tables["orders"], as_of), [Column(name, name, name)]


def _messages(tables: Mapping[str, ibis.Table], as_of: date, window_days: Mapping[str, int]) -> Part:
    sent = behaviour.messages(tables["deliveries"], tables["campaigns"], as_of, window_days)
    channels = behaviour.channels_used(sent)
    part = behaviour.message_features(sent, channels)
    columns = [Column(name, name, name) for name in FEATURES if name in part.columns]
    for place, channel in enumerate(channels):
        for stem in ("sent", "clicked"):
            if (key := f"{stem}_{place}") in part.columns:
                columns.append(Column(_named(stem, channel), key, f"{stem}_by", channel))
    return part, columns


def _named(stem: str, channel: str) -> str:
    """sent_email; a channel that would make the name of another feature gets one of its own."""
    name = f"{stem}_{channel}"
    return f"{stem}_channel_{channel}" if name in FEATURES else name


_PARTS = (
    (("orders",), _orders),
    (("orders", "products"), _categories),
    (("events",), _events),
    (("events", "orders"), _carts),
    (("deliveries", "campaigns"), _messages),
)


# --- words ---


def _words(column: Column, currency: str, language: Language) -> dict[str, str]:
    unit, window = FEATURES[column.feature]
    of = column.of or sentences.say("features.other_categories", language)
    if column.feature.endswith("_by") and sentences.known(f"common.channel_{of}"):
        of = sentences.say(f"common.channel_{of}", language)
    return {
        "feature": column.name,
        "name": sentences.say(f"features.{column.feature}", language, of=of),
        "unit": currency if unit == "money" else sentences.say(f"features.unit_{unit}", language),
        "formula": sentences.say(f"features.formula_{column.feature}", language, of=of),
        "window": sentences.say(f"features.window_{window}", language),
    }
