"""A shop in memory for the workflow: a few products, forty customers, and whatever forecast is wanted.

The rule of its plans is "tier is gold, consents, and ordered nothing in the last 30 days".
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from engine.campaign import response
from engine.decision import grounds
from engine.shop import store
from engine.shop.shop_settings import ShopSettings
from engine.shop.store import Shop

RULE = "tier = gold and email_consent = yes and recency_days > 30"
QUIET_DAYS = 30
CUSTOMERS = [f"c{number:02d}" for number in range(40)]


@dataclass(frozen=True, slots=True)
class MemoryShop(Shop):
    """A shop whose tables are data frames; its folder holds shop.toml and ledger.db alone."""

    tables: dict[str, pd.DataFrame] = field(default_factory=dict)

    def has(self, table: str) -> bool:
        return table in self.tables

    def rows(self, table: str) -> int:
        return len(self.tables[table]) if self.has(table) else 0

    def columns(self, table: str) -> list[str]:
        return list(self.tables[table].columns) if self.has(table) else []

    def table(self, name: str, columns: list[str] | None = None) -> pd.DataFrame:
        return self.tables[name][columns] if columns else self.tables[name].copy()


@dataclass
class World:
    """What is so in the shop today, to be changed by a test. forecast: today's row; None where there is none."""

    folder: Path
    day: date = date(2026, 6, 1)
    prices: dict[str, float] = field(default_factory=lambda: {"tea": 10.0, "cup": 20.0})
    costs: dict[str, float] = field(default_factory=lambda: {"tea": 6.0, "cup": 12.0})
    stock: dict[str, float | None] = field(default_factory=lambda: {"tea": 100.0, "cup": 100.0})
    gold: set[str] = field(default_factory=lambda: set(CUSTOMERS[:20]))
    unsubscribed: set[str] = field(default_factory=set)
    bought: dict[str, date] = field(default_factory=dict)  # a customer's last order; the others never ordered
    verdict: str = "match"
    model: str = "v1"
    forecast: dict[str, Any] | None = None
    results: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        (self.folder / "shop.toml").write_text('shop_id = "s"\n')

    @property
    def so(self) -> str:
        """Everything that is so, in one text."""
        sets = (sorted(self.gold), sorted(self.unsubscribed), sorted(self.bought.items()), sorted(self.results))
        return repr((self.day, self.prices, self.costs, self.stock, sets, self.verdict, self.model, self.forecast))

    @property
    def shop(self) -> MemoryShop:
        """The shop as it stands now."""
        products = pd.DataFrame(
            {
                "product_id": list(self.prices), "name": list(self.prices), "category": "drink",
                "price": list(self.prices.values()), "unit_cost": list(self.costs.values()),
                "stock": pd.Series(list(self.stock.values()), dtype="float64"),
            }
        )  # fmt: skip
        orders = pd.DataFrame(
            {
                "order_id": list(self.bought), "customer_id": list(self.bought),
                "ordered_at": pd.to_datetime(pd.Series(list(self.bought.values()), dtype="datetime64[us]")),
                "product_id": "other", "quantity": 1.0,
            }
        )  # fmt: skip
        deliveries = pd.DataFrame({"campaign_id": sorted(self.results)})
        tables = {"products": products, "orders": orders, "deliveries": deliveries}
        return MemoryShop(self.folder, ShopSettings(shop_id="s"), tables)

    def facts(self, day: date) -> pd.DataFrame:
        """What rules may ask of the customers before a day."""
        last = [self.bought.get(one, date(2000, 1, 1)) for one in CUSTOMERS]
        recency = [(day - at).days if at < day else 10_000 for at in last]
        return pd.DataFrame(
            {
                "customer_id": CUSTOMERS,
                "email_consent": [float(one not in self.unsubscribed) for one in CUSTOMERS],
                "tier": ["gold" if one in self.gold else "silver" for one in CUSTOMERS],
                "recency_days": recency,
            }
        )

    def tomorrow(self) -> None:
        self.day += timedelta(days=1)

    def in_force(self, patch: pytest.MonkeyPatch) -> "World":
        """The engine finds this shop wherever it opens one. Rules and the check of the copy are answered here."""

        def selected(shop: Shop, text: str, day: date, facts: pd.DataFrame) -> list[str]:
            named = facts["tier"].eq("gold") & facts["email_consent"].eq(1) & (facts["recency_days"] > QUIET_DAYS)
            return facts.loc[named, "customer_id"].tolist()

        patch.setattr(store, "open_shop", lambda path: self.shop)
        patch.setattr(response, "current_version", lambda shop: self.model)
        patch.setattr(grounds, "default_as_of", lambda shop: self.day)
        patch.setattr(grounds.customer_facts, "facts", lambda shop, day: self.facts(day))
        patch.setattr(grounds.rules, "select", selected)
        patch.setattr(grounds, "_claims", lambda *about: {"0|en|product||body|Tea": self.verdict})
        return self
