"""A shop small enough to read: sixty customers, ten campaigns, a third of each audience held out.

The files under tests/golden/shop are `simulated()` written once; `python -m tests.tiny` writes them again.
"""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from engine.shop import gate, store
from engine.shop.store import Shop

GOLDEN = Path(__file__).parent / "golden"
CAMPAIGN_TABLES = ("customers", "campaigns", "deliveries")
START = pd.Timestamp("2025-01-01")


def simulated(seed: int = 0, people: int = 60, campaigns: int = 10, held: float = 1 / 3) -> dict[str, pd.DataFrame]:
    """Tables by name. Clicks and orders rise with the discount; a third of the customers buy anyway."""
    random = np.random.default_rng(seed)
    customers = _customers(random, people)
    sends = _campaigns(campaigns)
    return {
        "customers": customers,
        "products": _products(),
        "orders": _orders(random, customers["customer_id"].tolist()),
        "events": _events(random, customers["customer_id"].tolist()),
        "campaigns": sends,
        "campaign_products": pd.DataFrame({"campaign_id": ["k01", "k01"], "product_id": ["007", "p2"]}),
        "deliveries": _deliveries(random, customers["customer_id"].tolist(), sends, held),
        "ads": _ads(random),
        "reviews": pd.DataFrame({"customer_id": ["c001"], "product_id": ["p2"], "rating": [4], "text": ["很好"]}),
    }


def _customers(random: np.random.Generator, people: int) -> pd.DataFrame:
    ids = [f"c{number:03d}" for number in range(1, people + 1)]
    ids[2:4] = ["NA", "null"]
    number = np.arange(people)
    return pd.DataFrame(
        {
            "customer_id": ids,
            "joined_at": [f"2024-{1 + n % 12:02d}-15" for n in number],
            "language": np.where(number % 5 == 0, "zh", "en"),
            "email_consent": np.where(number % 12 == 5, 0, 1),
            "sms_consent": np.where(number % 2 == 0, 1, 0),
            "unsubscribed_at": np.where(number == 7, "2025-06-01", ""),
            "suppressed": np.where(number == 8, 1, 0),
            "tier": np.where(number % 3 == 0, "gold", "silver"),
            "gender": random.choice(["f", "m"], people),
        }
    )


def _products() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "product_id": ["007", "p2", "p3", "p4"],
            "name": ["Tea", "Cup", "面霜", "Soap"],
            "category": ["Kitchen", "Kitchen", "Skin Care", "Skin Care"],
            "price": [10.0, 20.0, 30.0, 40.0],
            "unit_cost": [6.0, 12.0, 12.0, 16.0],
        }
    )


def _orders(random: np.random.Generator, ids: list[str]) -> pd.DataFrame:
    products, lines = _products().set_index("product_id")["price"], []
    for position, customer in enumerate(ids):
        for number in range(1 + position % 6):
            at = START + pd.Timedelta(hours=int(random.integers(0, 330 * 24)))
            for product in random.choice(products.index, int(random.integers(1, 3)), replace=False):
                off = 0.1 * products[product] if position % 4 == 0 else 0.0
                lines.append((f"o{customer}-{number}", customer, at, product, int(random.integers(1, 3)), off))
            if position % 10 == 0 and number == 0:
                lines.append((f"o{customer}-{number}", customer, at + pd.Timedelta(days=9), product, -1, 0.0))
    table = pd.DataFrame(lines, columns=["order_id", "customer_id", "ordered_at", "product_id", "quantity", "discount"])
    table["unit_price"] = table["product_id"].map(products)
    table["ordered_at"] = table["ordered_at"].dt.strftime("%Y-%m-%d %H:%M")
    return table


def _events(random: np.random.Generator, ids: list[str]) -> pd.DataFrame:
    at = START + pd.to_timedelta(np.sort(random.integers(0, 330 * 24, 3 * len(ids))), unit="h")
    return pd.DataFrame(
        {
            "customer_id": random.choice(ids, len(at)),
            "occurred_at": at.strftime("%Y-%m-%dT%H:%M:%S"),
            "kind": random.choice(["view", "cart"], len(at)),
        }
    )


def _campaigns(count: int) -> pd.DataFrame:
    number = np.arange(count)
    starts = START + pd.to_timedelta(40 + 28 * number, unit="D")
    return pd.DataFrame(
        {
            "campaign_id": [f"k{n + 1:02d}" for n in number],
            "channel": "email",
            "goal": np.where(number % 2 == 0, "win_back", "launch"),
            "offer_kind": np.where(number % 5 == 4, "none", "percent"),
            "discount": np.where(number % 5 == 4, np.nan, np.where(number % 2 == 0, 0.2, 0.1)),
            "starts_at": starts.strftime("%Y-%m-%d"),
            "ends_at": (starts + pd.Timedelta(days=7)).strftime("%Y-%m-%d"),
            "send_hour": np.where(number % 3 == 0, 20, 10),
            "theme": np.where(number % 2 == 0, "warm", "bold"),
        }
    )


def _deliveries(random: np.random.Generator, ids: list[str], campaigns: pd.DataFrame, held: float) -> pd.DataFrame:
    parts = []
    for campaign in campaigns.itertuples():
        treated = random.random(len(ids)) >= held
        size = 0.0 if np.isnan(campaign.discount) else campaign.discount
        clicked = random.random(len(ids)) < 0.15 + size
        buys = np.arange(len(ids)) % 3 == 0
        converted = random.random(len(ids)) < np.where(buys, 0.4, 0.1) + np.where(treated, size, 0.0)
        value = random.lognormal(3.5, 0.4, len(ids)) * (1 - np.where(treated, size, 0.0))
        parts.append(
            pd.DataFrame(
                {
                    "campaign_id": campaign.campaign_id,
                    "customer_id": ids,
                    "sent_at": f"{campaign.starts_at} {campaign.send_hour:02d}:00",
                    "treated": treated.astype(int),
                    "clicked": np.where(treated, clicked.astype(float), np.nan),
                    "converted": converted.astype(int),
                    "revenue": np.where(converted, value.round(2), 0.0),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _ads(random: np.random.Generator) -> pd.DataFrame:
    days = pd.date_range("2025-09-01", periods=40)
    table = pd.DataFrame(
        [(ad, day, place) for ad, place in (("a1", "feed"), ("a2", "story"), ("a3", "search")) for day in days],
        columns=["ad_id", "date", "placement"],
    )
    table["impressions"] = random.integers(800, 1200, len(table))
    table["clicks"] = random.binomial(table["impressions"], np.where(table["placement"] == "search", 0.04, 0.02))
    table["conversions"] = random.binomial(table["clicks"], 0.1)
    table["cost"] = (table["clicks"] * 0.5).round(2)
    table["revenue"] = table["conversions"] * 25.0
    table["date"] = table["date"].dt.strftime("%Y-%m-%d")
    return table


def tables(*names: str) -> dict[str, pd.DataFrame]:
    """The golden shop's tables as text, as they stand in their files; all of them without names."""
    found = {path.stem: gate.read_file(path) for path in sorted((GOLDEN / "shop").glob("*.csv"))}
    return {name: found[name] for name in names or found}


def shop_of(folder: Path, frames: dict[str, pd.DataFrame], settings: dict | None = None) -> Shop:
    """A shop with these tables; a row that does not fit is a mistake of the test."""
    shop = store.create_shop(folder, settings or {})
    assert not any(store.save_tables(shop, frames).values())
    return shop


def trained(folder: Path, *names: str) -> Shop:
    """The golden shop, or these tables of it, with response models: a copy of one trained once per run."""
    from engine.campaign import response

    key = "-".join(names)
    if key not in _TRAINED:
        template = folder.parent / f"{folder.name}-template"
        response.train(shop_of(template, tables(*names)))
        _TRAINED[key] = template
    return store.open_shop(Path(shutil.copytree(_TRAINED[key], folder)))


_TRAINED: dict[str, Path] = {}


if __name__ == "__main__":
    for name, table in simulated().items():
        table.to_csv(GOLDEN / "shop" / f"{name}.csv", index=False, lineterminator="\n")
