"""What changed: how often an alarm where nothing did, and how often each planted change is found.

    python bench/drift.py [--unchanged 100] [--planted 25] > bench/results/drift.txt

A shop is generated, learns, and two months later is asked what changed (engine.outcome.changed): order lines, messages,
and whether people answer as the forecasts say. Each import is another future of one of 25 shops. Futures of one shop
are not independent, as a model that came out a little wrong is asked about in all of them: with four shops the alarms
counted were once 1 and once 7 of 100. Every shop has customers who differ, campaigns with moods of their own, and an
age of thirteen months. Younger ones have not seen a season twice: forecasts of a shop of five months were off by 40 %
after two, and that people answer otherwise than forecast was then said of every second future, though nothing had
changed but the time of the year.
"""

import argparse
import platform
import sys
import tempfile
import time
from collections import Counter
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, from anywhere

from bench import learning as world
from engine.campaign import response
from engine.outcome import changed, changed_words
from engine.shop.store import Shop

PLANTED = ("prices", "mix", "missing", "answers", "twice", "relation")
LEARNED = 13  # months
MONTHS = LEARNED + 2
CUT = pd.Timestamp(world.month_of(LEARNED))
SHOPS = 25
DAYS = 456
PRODUCTS = pd.DataFrame({
    "product_id": [f"p{number}" for number in range(10)], "name": [f"Tea {number}" for number in range(10)],
    "category": ["tea"] * 4 + ["cups"] * 3 + ["soap"] * 3, "price": 10.0 + 3 * np.arange(10),
})  # fmt: skip


def orders(seed: int, future: int) -> pd.DataFrame:
    """About 60 order lines a week of ten products, more of dear ones in an order; from CUT on another future."""
    past, later = (_lines(np.random.default_rng(one)) for one in ([seed], [seed, future]))
    lines = pd.concat([past[past["ordered_at"] < CUT], later[later["ordered_at"] >= CUT]], ignore_index=True)
    return lines.assign(order_id=[f"o{number}" for number in range(len(lines))])


def _lines(random: np.random.Generator) -> pd.DataFrame:
    count = random.poisson(60 * DAYS / 7)
    product = random.integers(0, 10, count)
    at = world.START + pd.to_timedelta(np.sort(random.uniform(0, DAYS, count)), unit="D").floor("min")
    return pd.DataFrame({
        "customer_id": [f"c{number:05d}" for number in random.integers(0, 500, count)], "ordered_at": at,
        "product_id": [f"p{number}" for number in product], "quantity": 1 + random.binomial(3, 0.2 + 0.06 * product),
        "unit_price": 10.0 + 3 * product, "discount": np.where(random.random(count) < 0.2, 1.0, 0.0),
        "sales_channel": random.choice(["web", "shop"], count, p=[0.7, 0.3]),
    })  # fmt: skip


def tables(planted: str = "", seed: int = 1, future: int = 0) -> dict[str, pd.DataFrame]:
    """The shop's tables two months after it learned; `planted` is what changed at CUT."""
    law = world.World(people=600, monthly=4, months=MONTHS, at=LEARNED, fallen=0.5 if planted == "answers" else 1.0)
    lines, random = orders(seed, future), np.random.default_rng([seed, future, 9])
    late = (lines["ordered_at"] >= CUT).to_numpy()
    some = late & (random.random(len(lines)) < 0.15)
    if planted == "prices":
        lines.loc[late, "unit_price"] *= 1.1
    if planted == "mix":
        lines.loc[some, "sales_channel"] = "marketplace"
    if planted == "missing":
        lines["sales_channel"] = lines["sales_channel"].where(~some)
    if planted == "twice":
        again = lines[some]
        lines = pd.concat([lines, again.assign(order_id=again["order_id"] + "x")]).sort_values("ordered_at")
    if planted == "relation":  # as many pieces as before, and products as before, but not of each other
        lines.loc[late, "quantity"] = random.permutation(lines.loc[late, "quantity"].to_numpy())
    return world.generated(law, seed, future) | {"orders": lines, "products": PRODUCTS}


def before(every: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The tables as they were when the shop learned."""
    lines = every["orders"]
    return world.until(every, LEARNED) | {"orders": lines[lines["ordered_at"] < CUT], "products": PRODUCTS}


def learned(folder: Path, seed: int) -> Shop:
    """A shop that learned at CUT."""
    shop = world.imported(folder, before(tables(seed=seed)))
    response.train(shop, CUT.date(), search_seconds=1.0)
    return shop


def asked(folder: Path, planted: str, seed: int, future: int) -> changed.Changed:
    """What is found once the next two months have been imported."""
    return changed.changed(world.imported(folder, tables(planted, seed, future)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--unchanged", type=int, default=100)
    parser.add_argument("--planted", type=int, default=25)
    parser.add_argument("--shops", type=int, default=SHOPS)
    parser.add_argument("--first", type=int, default=0, help="Number of the first shop; another number is another law.")
    chosen = parser.parse_args()
    print(f"{datetime.now():%Y-%m-%d %H:%M}, {platform.machine()}, Python {platform.python_version()}")
    counts = {"": chosen.unchanged} | dict.fromkeys(PLANTED, chosen.planted)
    alarms: Counter[str] = Counter()
    said: dict[str, str] = {}
    began, imports = time.monotonic(), 0
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(chosen.shops):
            shop = Path(folder) / f"shop{seed}"
            learned(shop, chosen.first + seed)
            for planted, count in counts.items():
                for future in range(seed, count, chosen.shops):
                    found = asked(shop, planted, chosen.first + seed, future)
                    alarms[planted] += found.alarm
                    imports += 1
                    if found.alarm and (planted or len(said) < 20):
                        said[planted or f"nothing ({seed}, {future})"] = changed_words.summary(found, "EUR")
    print(f"{imports} imports into {chosen.shops} shops, {(time.monotonic() - began) / imports:.1f} s each")
    print(f"unchanged: an alarm on {alarms['']} of {counts['']} (at most 5 of 100 promised)")
    for planted in PLANTED:
        print(f"{planted:10s} found in {alarms[planted]} of {counts[planted]}")
    for planted, words in said.items():
        print(f"  {planted}: {words}")


if __name__ == "__main__":
    main()
