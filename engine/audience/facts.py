"""What a rule may ask about a customer: fields under a marketer's names, and their values on a day."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd

from engine.audience import lifecycle, segments
from engine.audience.reach import CONSENTS
from engine.shop.attributes import KNOWN_CUSTOMER, allowed_attribute
from engine.shop.features import DICTIONARY, campaign_windows, default_as_of
from engine.shop.store import Shop

MOST_VALUES = 50  # of a text field, the most frequent ones, offered for choosing
# A rule's name for a feature of engine.shop.features, where it is another one. A column needed for it beside its table.
FEATURES = {
    "orders": "frequency",
    "recency_days": "recency_days",
    "spend": "monetary",
    "aov": "aov",
    "tenure_days": "tenure_days",
    "gap_days": "gap_days",
    "orders_90d": "orders_90d",
    "spend_90d": "monetary_90d",
    "discount_share": "discount_share",
    "code_orders": "coded_orders",
    "code_orders_90d": "coded_orders_90d",
    "return_share": "return_share",
    "categories": "categories",
    "views_30d": "views_30d",
    "carts_30d": "carts_30d",
    "sent": "sent",
    "sent_30d": "sent_30d",
    "days_since_sent": "days_since_sent",
    "clicks": "clicked",
    "orders_after_message": "ordered",
}
_NEEDED = {
    "discount_share": ("orders", "discount"),
    "code_orders": ("orders", "discount_code"),
    "code_orders_90d": ("orders", "discount_code"),
    "categories": ("products", "category"),
    "views_30d": ("events", "kind"),
    "carts_30d": ("events", "kind"),
    "sent": ("deliveries", "sent_at"),
    "sent_30d": ("deliveries", "sent_at"),
    "days_since_sent": ("deliveries", "sent_at"),
    "clicks": ("deliveries", "clicked"),
    "orders_after_message": ("deliveries", "converted"),
}
FLAGS = {*CONSENTS.values(), "unsubscribed", "suppressed"}
Kind = Literal["number", "text", "flag"]


@dataclass(frozen=True, slots=True)
class Field:
    """Something a rule may ask. unit: of a number, as in DICTIONARY. values: levels of a text, the usual first."""

    name: str
    kind: Kind
    unit: str = ""
    values: tuple[str, ...] = ()


def fields(shop: Shop) -> list[Field]:
    """What rules of this shop may ask, in the order a page offers it: orders, visits, messages, the customer itself."""
    found = _computed(shop)
    return found + _own_fields(shop, {"group", *(field.name for field in found)})


def _computed(shop: Shop) -> list[Field]:
    """Fields that are worked out from what customers did."""
    found = [Field(name, "number", DICTIONARY[feature][0]) for name, feature in FEATURES.items() if _has(shop, name)]
    for channel in _channels(shop):
        found.append(Field(f"sent_{channel}", "number", "messages"))
        if "clicked" in shop.columns("deliveries"):
            found.append(Field(f"clicks_{channel}", "number", "messages"))
        found.append(Field(f"days_since_{channel}", "number", "days"))
    if shop.rows("orders"):
        found.append(Field("lifecycle", "text", values=lifecycle.STAGES))
    if (shop.path / "segments" / "summary.json").exists():
        profiles = segments.current(shop).profiles
        found.append(Field("group", "text", values=tuple(profiles["segment_id"])))
    return found


def _has(shop: Shop, name: str) -> bool:
    table, column = _NEEDED.get(name, ("orders", "ordered_at"))
    # What came of a message hangs on its campaign.
    campaigns = table != "deliveries" or bool(shop.rows("campaigns"))
    return bool(shop.rows("orders" if table == "products" else table)) and column in shop.columns(table) and campaigns


def _channels(shop: Shop) -> list[str]:
    """Channels of campaigns that anybody was sent, in alphabetical order."""
    if not shop.rows("deliveries") or not shop.rows("campaigns"):
        return []
    campaigns = shop.table("campaigns", ["campaign_id", "channel"])
    mailed = shop.table("deliveries", ["campaign_id"])["campaign_id"].unique()
    return sorted(campaigns.loc[campaigns["campaign_id"].isin(mailed), "channel"].dropna().unique())


def _own_fields(shop: Shop, taken: set[str]) -> list[Field]:
    """Language, consents, and the shop's own columns of its customers, minus protected ones and dates."""
    return [
        Field(name, kind, _OWN_UNITS.get(name, ""), levels(values) if kind == "text" else ())
        for name, (kind, values) in _own(shop, taken).items()
    ]


_OWN_UNITS = {"days_since_joining": "days"}


def levels(values: pd.Series) -> tuple[str, ...]:
    """The most frequent values of a text, the usual first, equally frequent ones in alphabetical order."""
    counts = values.dropna().value_counts().rename_axis("level").reset_index(name="count")
    ordered = counts.sort_values(["count", "level"], ascending=[False, True])
    return tuple(ordered["level"].head(MOST_VALUES))


def field_of(facts: pd.DataFrame, name: str) -> Field:
    """One of `fields`, told from the facts at hand: nothing is read from disk."""
    if name in FEATURES:
        return Field(name, "number", DICTIONARY[FEATURES[name]][0])
    if name == "lifecycle":
        return Field(name, "text", values=lifecycle.STAGES)
    if name in FLAGS:
        return Field(name, "flag")
    if pd.api.types.is_numeric_dtype(facts[name]):
        return Field(name, "number", _OWN_UNITS.get(name) or _unit_by_channel(facts, name))
    return Field(name, "text", values=levels(facts[name]))


def _unit_by_channel(facts: pd.DataFrame, name: str) -> str:
    """The unit of a field of one channel; those come in twos and threes, which a column of the shop's own does not."""
    for stem, unit in (("days_since_", "days"), ("sent_", "messages"), ("clicks_", "messages")):
        channel = name.removeprefix(stem)
        if channel != name and {f"sent_{channel}", f"days_since_{channel}"} <= set(facts):
            return unit
    return ""


def every_level(shop: Shop, field: Field) -> list[str]:
    """All values a text field has in this shop, the rare ones too."""
    if len(field.values) < MOST_VALUES:
        return list(field.values)
    taken = {"group", *(one.name for one in _computed(shop))}
    return sorted(_own(shop, taken)[field.name][1].dropna().unique())


def _own(shop: Shop, taken: set[str], as_of: date | None = None) -> dict[str, tuple[Kind, pd.Series]]:
    """Fields that stand in the customers table: kind, and values by customer_id."""
    if not shop.has("customers"):
        return {}
    table = shop.table("customers").drop_duplicates("customer_id").set_index("customer_id")
    day = pd.Timestamp(as_of or "2262-01-01")
    found: dict[str, tuple[Kind, pd.Series]] = {}
    if "joined_at" in table:
        days = (day - table["joined_at"]).dt.total_seconds() / 86400.0
        found["days_since_joining"] = ("number", days.where(days > 0))
    if "language" in table:
        found["language"] = ("text", table["language"])
    found |= {name: ("flag", table[name]) for name in CONSENTS.values() if name in table}
    if "unsubscribed_at" in table:
        found["unsubscribed"] = ("flag", (table["unsubscribed_at"] < day).astype("float64"))
    if "suppressed" in table:
        found["suppressed"] = ("flag", table["suppressed"].fillna(0.0))
    for name in (c for c in table if c not in KNOWN_CUSTOMER):
        if allowed_attribute(table[name], str(name), shop.settings.protected):
            # A column that is called like one of ours keeps its meaning under a name of its own.
            free = str(name) if name not in taken and name not in found else f"customer {name}"
            found[free] = ("number" if pd.api.types.is_numeric_dtype(table[name]) else "text", table[name])
    return found


def facts(shop: Shop, as_of: date | None = None, known: pd.DataFrame | None = None) -> pd.DataFrame:
    """customer_id of every customer the shop knows, and a column for each of `fields` but group, before a day.

    Missing is unknown. Depends on the shop's tables and settings and the day alone: it can be kept by `shop.version`.
    known: `lifecycle.features_of_all(shop, as_of)`, where it is at hand.
    """
    as_of = as_of or default_as_of(shop)
    known = lifecycle.features_of_all(shop, as_of) if known is None else known
    ids = known["customer_id"]
    columns: dict[str, pd.Series] = {"customer_id": ids}
    columns |= {name: known[feature] for name, feature in FEATURES.items() if _has(shop, name)}
    channels = _channels(shop)
    if channels:
        response = _by_channel(shop, as_of)
        for channel in channels:
            columns |= _of_channel(shop, response, channel, ids)
    if shop.rows("orders"):
        columns["lifecycle"] = lifecycle.of(known)
    taken = {*columns, "group"} - {"customer_id"}
    columns |= {name: ids.map(values) for name, (_, values) in _own(shop, taken, as_of).items()}
    return pd.DataFrame(columns)


def _by_channel(shop: Shop, as_of: date) -> pd.DataFrame:
    """Per customer and channel: messages and clicks whose outcome is known, days since the last message."""
    columns = ["customer_id", "campaign_id", "sent_at", "treated", "clicked"]
    kept = [column for column in columns if column in shop.columns("deliveries")]
    sent, day = shop.table("deliveries", kept), pd.Timestamp(as_of)
    sent = sent[sent["sent_at"] < day]
    if "treated" in sent:
        sent = sent[sent["treated"].fillna(1.0).eq(1.0)]
    windows = campaign_windows(shop).drop_duplicates("campaign_id")
    sent = sent.merge(windows, on="campaign_id", how="left")
    age = (day - sent["sent_at"]).dt.total_seconds() / 86400.0
    known = (sent["ends_at"] <= day).where(sent["ends_at"].notna(), age >= sent["window_days"].fillna(7.0))
    sent = sent.assign(age=age, known=known.astype("float64"))
    sent["clicks"] = sent["clicked"].where(known.astype("bool")) if "clicked" in sent else np.nan
    grouped = sent.groupby(["channel", "customer_id"])
    return grouped.agg(sent=("known", "sum"), clicks=("clicks", "sum"), days=("age", "min"))


def _of_channel(shop: Shop, response: pd.DataFrame, channel: str, ids: pd.Series) -> dict[str, pd.Series]:
    own = response.loc[channel] if channel in response.index.get_level_values(0) else response.iloc[:0].droplevel(0)
    columns = {f"sent_{channel}": ids.map(own["sent"]).fillna(0.0)}
    if "clicked" in shop.columns("deliveries"):
        columns[f"clicks_{channel}"] = ids.map(own["clicks"]).fillna(0.0)
    return columns | {f"days_since_{channel}": ids.map(own["days"])}
