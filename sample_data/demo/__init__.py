"""The demo shop: made up, the same for a seed, with planted truths that a forecast can be checked against."""

import numpy as np
import pandas as pd

from sample_data import SampleShop
from sample_data.demo import ads, campaigns, catalogue, customers, deliveries, events, orders, response, reviews, truth

DemoShop = SampleShop

SETTINGS = {
    "name": "Petal & Pine (demo)",
    "currency": "USD",
    "time_zone": "UTC",
    "week_starts": "monday",
    "prices_include_tax": False,
    "gross_margin": {"default": 0.45, **{name: round(1 - row[1], 2) for name, row in catalogue.CATEGORIES.items()}},
    "return_rate": 0.05,
    "send_cost": dict(response.SEND_COST),
    "window_days": {**response.WINDOW_DAYS, "ads": 7},
    "frequency_cap": 3,
    "quiet_hours": [22, 8],
    "holdout": deliveries.HOLDOUT,
    "minimum_spend_for_roi": 20.0,
    "sender_name": "Petal & Pine",
    "legal_lines": [
        "Petal & Pine Ltd, 12 Garden Street, Springfield",
        "You can unsubscribe at any time.",
        "Reply STOP to opt out.",
    ],
    "brand_guide": "Warm, plain and honest. No pressure, no shouting, no medical claims.",
    "never_contact": [],
}


def generate(seed: int = 0) -> DemoShop:
    """The demo shop of a seed: tables as in the shop folder, planted truth, settings. The same seed, the same bytes."""
    # A stream of its own for each part: a change in one leaves the others as they were.
    streams = [np.random.default_rng([seed, part]) for part in range(10)]
    products = catalogue.products(streams[0])
    who = customers.people(streams[1])
    planned = campaigns.plans(streams[2], products)
    sent, placed, unsubscribed = deliveries.send_all(streams[3], planned, who, orders.organic(streams[4], who))
    lines = orders.lines(streams[5], placed, who, planned, products)
    lines = orders.discounted(streams[5], lines, who, planned, products)
    sold = orders.orders(streams[6], lines, who, products)
    delivered = deliveries.deliveries(sent, planned, orders.revenue_in_windows(lines))
    campaign_table = campaigns.campaigns(planned, sent.audience_shares)
    tables = {
        "customers": customers.customers(streams[7], who, unsubscribed),
        "products": products,
        "orders": sold,
        "events": events.events(streams[8], who, sold, _clicks(sent, planned), products),
        "campaigns": campaign_table,
        "campaign_products": campaigns.campaign_products(campaign_table, products),
        "deliveries": delivered,
        "ads": ads.ads(streams[9]),
        "reviews": reviews.reviews(streams[9], who, sold, products),
    }
    planted = truth.truth(who, planned, sent, delivered, seed)
    return DemoShop(tables, planted, SETTINGS)


def _clicks(sent: deliveries.Sent, planned: list[dict]) -> pd.DataFrame:
    """customer (index) and second of the send, for every clicked message."""
    starts, _ = campaigns.starts_in_seconds(planned)
    rows = pd.concat(sent.rows, ignore_index=True)
    clicked = rows[rows["clicked"].fillna(0) == 1]
    return pd.DataFrame({"customer": clicked["customer"], "second": starts[clicked["campaign"]].astype(np.int64)})
