"""How often the 80 % ranges of new products hold, how far forecasts miss, and how well likely buyers are picked.

    python bench/launch.py [SHOP ...] > bench/results/launch.txt

Rolling origin: each past launch of the demo shop and of complete-journey (or of the shops named) is forecast from those
whose first days were over before it began. 40 simulated shops whose launches follow a known rule add what two shops
cannot show. Half-widths are 1.96 standard errors of a share, or the 80 % range over launches.
"""

import argparse
import platform
import sys
import tempfile
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, from anywhere

from engine.campaign.launch import history, sales, wanting
from engine.campaign.launch.form import NewProduct
from engine.errors import AppError
from engine.shop import samples, store
from engine.shop.store import Shop
from tests.campaign.launches import planted

SIMULATED = 40
ROLLED = 300  # launches of a shop at most: some of every time
SHARES = (0.05, 0.1, 0.2)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("shops", nargs="*", type=Path)
    chosen = arguments.parse_args()
    print(f"{datetime.now():%Y-%m-%d %H:%M}, {platform.machine()}, Python {platform.python_version()}\n")
    print("shop              days launches  held  +-     missed by (median factor)  the usual alone")
    with tempfile.TemporaryDirectory() as folder:
        shops = [store.open_shop(path) for path in chosen.shops] or list(sampled(Path(folder)))
        for shop in shops:
            for days in sales.HORIZONS:
                line(shop.path.name, days, history.launches(history.history(shop), days, ROLLED))
        simulated(Path(folder))
    print("\nshop              share  times as likely  80 % range     held-out launches  buyers")
    for shop in shops:
        picked(shop)


def sampled(folder: Path) -> list[Shop]:
    """The sample shops that can be built here."""
    found = []
    for name in ("demo", "complete-journey"):
        try:
            found.append(samples.build(name, folder / name))
        except AppError as problem:
            print(f"{name} left out: {problem}")
    return found


def line(name: str, days: int, table: pd.DataFrame) -> None:
    """One line of the table of forecasts."""
    table.attrs["days"] = days
    told(name, days, sales.rolling(table), table)


def told(name: str, days: int, rolled: pd.DataFrame, table: pd.DataFrame) -> None:
    if rolled.empty:
        print(f"{name:17} {days:4} {len(table):8}  too few launches to hold some out")
        return
    held, count = rolled["covered"].mean(), len(rolled)
    usual = table.set_index("product_id")["usual"].reindex(rolled["product_id"]).to_numpy()
    missed = [factor(rolled["units"], one) for one in (rolled["middle"].to_numpy(), usual)]
    error = 1.96 * np.sqrt(max(held * (1 - held), 0.16 / 2) / count)
    print(f"{name:17} {days:4} {count:8} {held:6.1%} {error:5.1%} {missed[0]:12.2f} {missed[1]:25.2f}")


def factor(units: pd.Series, forecast: np.ndarray) -> float:
    """By which factor a forecast typically misses, either way."""
    return float(np.exp(np.median(np.abs(np.log((units.to_numpy() + 0.5) / (forecast + 0.5))))))


def simulated(folder: Path) -> None:
    """Shops with 30 launches each whose rule is known (tests/campaign/launches.py), all their forecasts together."""
    tables, rolled = [], []
    for seed in range(SIMULATED):
        table = history.launches(history.history(planted(folder / f"planted{seed}", 30, 200, 100 + seed)), 30)
        rolled.append(sales.rolling(table).assign(product_id=lambda one, seed=seed: f"{seed}-" + one["product_id"]))
        tables.append(table.assign(product_id=f"{seed}-" + table["product_id"]))
    told(f"{SIMULATED} simulated", 30, pd.concat(rolled, ignore_index=True), pd.concat(tables, ignore_index=True))


def picked(shop: Shop) -> None:
    """How much likelier those at the top were to buy, on launches later than what was learned from."""
    past = history.history(shop)
    some = NewProduct(product_id="bench", name="Bench", price=20.0, launched_at=date(2026, 6, 1))
    found = wanting.wanting(past, some, None)
    for share in SHARES:
        lift = wanting.lift(found.tested, share) if found else None
        if lift is None or lift.times is None:
            print(f"{shop.path.name:17} {share:5.0%}  too few launches or buyers to hold some out")
            continue
        one = lift.times
        spread = f"{one.low:.1f} to {one.high:.1f}"
        print(f"{shop.path.name:17} {share:5.0%} {one.value:13.1f}    {spread:15} {lift.launches:12} {lift.buyers:12}")


if __name__ == "__main__":
    main()
