"""The shop at a glance, computed at one go: its order lines are read once, however many they are."""

from dataclasses import dataclass

import pandas as pd

from engine.shop import cohorts, sales
from engine.shop.activity import Activity, activity
from engine.shop.compare import Span
from engine.shop.sales import Products
from engine.shop.store import Shop


@dataclass(frozen=True, slots=True)
class Overview:
    """Key figures and products by span, net sales by week, and who came back by month of the first order.

    weeks: as `sales.weekly`, products: as `sales.products`, cohorts: as `cohorts.by_month`; without orders there are no
    products, and the tables have no rows.
    """

    activities: dict[Span, list[Activity]]
    products: dict[Span, Products]
    weeks: pd.DataFrame
    cohorts: pd.DataFrame

    @property
    def is_recorded(self) -> bool:
        """Whether the shop records anything at all."""
        return any(self.activities.values())


def overview(shop: Shop) -> Overview:
    """Everything the first page says of the shop's records."""
    lines = sales.lines(shop) if shop.rows("orders") else None
    activities = activity(shop, lines)
    if lines is None:
        return Overview(activities, {}, pd.DataFrame(), pd.DataFrame())
    products = {span: _products(shop, lines, found[0]) for span, found in activities.items()}
    return Overview(activities, products, sales.weekly(lines, shop.settings.week_starts), cohorts.by_month(lines))


def _products(shop: Shop, lines: pd.DataFrame, orders: Activity) -> Products:
    end = pd.Timestamp(orders.last) + pd.Timedelta(days=1)
    return sales.products(shop, lines, pd.Timestamp(orders.first), end)
