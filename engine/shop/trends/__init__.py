"""What changes in what the shop sells, from its orders, events and stock alone.

weeks      what was sold week by week, read once
growing    categories and products that grow or fade
seasons    strong months by category
searching  what people looked for and did not buy
pricing    how sales answer to price
supply     units to be sold in the next 30 days against stock
together   all of it at one go
"""

from engine.shop.trends.growing import Growth, growth
from engine.shop.trends.pricing import Prices, prices
from engine.shop.trends.searching import Searches, searches
from engine.shop.trends.seasons import Season, season
from engine.shop.trends.supply import Demand, demand
from engine.shop.trends.together import Trends, trends
from engine.shop.trends.weeks import Sold, sold

__all__ = [
    "Demand",
    "Growth",
    "Prices",
    "Searches",
    "Season",
    "Sold",
    "Trends",
    "demand",
    "growth",
    "prices",
    "searches",
    "season",
    "sold",
    "trends",
]
