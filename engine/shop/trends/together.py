"""Everything that is said of trends, worked out at one go."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from engine.shop.store import Shop
from engine.shop.trends import growing as of_growth
from engine.shop.trends import pricing as of_prices
from engine.shop.trends import searching as of_searches
from engine.shop.trends import seasons as of_season
from engine.shop.trends import supply as of_demand
from engine.shop.trends import weeks

STEPS = ("orders", "categories", "products", "season", "searches", "prices", "demand")


@dataclass(frozen=True, slots=True)
class Trends:
    """names: of products by product_id."""

    categories: of_growth.Growth
    products: of_growth.Growth
    season: of_season.Season
    searches: of_searches.Searches
    prices: of_prices.Prices
    demand: of_demand.Demand
    names: pd.Series


def trends(shop: Shop, step: Callable[[str], None] = lambda name: None) -> Trends:
    """What changes in what the shop sells; `step` is told which of STEPS begins. Raises NotEnoughData as `sold`."""
    step("orders")
    found = weeks.sold(shop)
    step("categories")
    categories = of_growth.growth(found, "category")
    step("products")
    products = of_growth.growth(found, "product")
    step("season")
    season = of_season.season(found)
    step("searches")
    searches = of_searches.searches(shop)
    step("prices")
    prices = of_prices.prices(found)
    step("demand")
    return Trends(categories, products, season, searches, prices, of_demand.demand(shop, found), weeks.names(shop))
