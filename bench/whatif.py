"""How long a forecast takes while sliders move, and a thousand options: beside the same work by LightGBM and SHAP.

    python bench/whatif.py [--shop DIR] [--calls 40]

A trained shop; without one the demo shop is built and trained first. The audience is 10,000 people, of whom 2,000
representatives are forecast; where the shop has fewer customers they are counted more than once, which changes no
time. Each call asks for a setting that was not asked for before. Wall time is what a person waits, processor time what
it costs on a machine that others use too.
"""

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import islice, product
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd

# Run as a file, from anywhere. Not from its own folder: coverage.py there would stand in for a package that SHAP needs.
sys.path.insert(0, str(Path(sys.path.pop(0)).parent))

import shap

from engine.campaign import grid, response
from engine.campaign.explain import explain_plan
from engine.campaign.forecast import evaluate_steps
from engine.campaign.optimise.judging import Group, judge
from engine.campaign.optimise.limits import Shelf
from engine.campaign.optimise.options import Option
from engine.campaign.response import Models
from engine.campaign.scene import Scene, sampling_sd, scene, setting
from engine.model import fit, parts
from engine.shop import samples, store
from engine.shop.store import Shop

PEOPLE, OPTIONS = 10_000, 1_000
PLAN = {
    "plan_id": "whatif", "channel": "email", "offer_kind": "percent", "discount": 0.15, "send_hour": 10, "holdout": 0.1,
    "starts_at": "2026-06-08",
}  # fmt: skip
HOURS = (8, 10, 12, 15, 18, 21)


def main() -> None:
    """Prints one table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--shop", type=Path)
    arguments.add_argument("--calls", type=int, default=40)
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        shop = store.read_once(_trained(chosen.shop, Path(folder)))
        models = response.load(shop)
        known = _audience(shop)
        load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
        order = models.responses["order"]
        print(f"Python {platform.python_version()}, {os.cpu_count()} processors shared with other work (load {load})")
        print(f"{PEOPLE:,} people, {len(known.known):,} representatives; order model: {order.kind}, ", end="")
        print(f"{len(order.encoder.columns)} columns; medians of {chosen.calls} calls unless said otherwise")
        print(f"{'':58}{'wall':>10}{'processor':>12}")
        _ours(shop, models, known, chosen.calls)
        _with_trees(shop, models, known)
        _peers(shop, models, known, chosen.calls)


def _trained(folder: Path | None, otherwise: Path) -> Shop:
    if folder is not None:
        return store.open_shop(folder)
    samples.build("demo", otherwise / "demo")
    shop = store.open_shop(otherwise / "demo")
    response.train(shop)
    return shop


def _audience(shop: Shop) -> Scene:
    """10,000 people: the shop's customers, as often as it takes."""
    people = shop.table("customers")["customer_id"].tolist()
    known = scene(shop, PLAN, people)
    many = (list(known.customer_ids) * (PEOPLE // max(len(known.customer_ids), 1) + 1))[:PEOPLE]
    return replace(known, customer_ids=tuple(many), audience=tuple(many))


def measured(name: str, work: Callable[[int], object], calls: int) -> None:
    """Median wall and processor time of a piece of work, in milliseconds; the first call warms up and does not count.

    `work` gets the number of the call.
    """
    walls, cpus = [], []
    for number in range(calls + 1):
        wall, cpu = time.perf_counter(), time.process_time()
        work(number)
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    count = "" if calls > 5 else f" ({calls} calls)"
    print(f"{name + count:58}{1000 * np.median(walls[1:]):>8,.1f}ms{1000 * np.median(cpus[1:]):>10,.1f}ms", flush=True)


def _discounts(number: int) -> dict:
    return PLAN | {"discount": round(0.05 + 0.0015 * (number % 160), 4)}


def _ours(shop: Shop, models: Models, known: Scene, calls: int) -> None:
    def forecast(step: dict) -> object:
        return evaluate_steps(shop, models, [known], [step])

    def explained(number: int) -> None:
        forecast(_discounts(number))
        explain_plan(shop, models, known, _discounts(number))

    p = grid.orders(shop, models, known, [PLAN])[0].p
    print(f"order rate {p.mean():.2%}; standard error of it by the representatives: {sampling_sd(p, known):.3%}")
    measured("forecast with ranges, the discount moved", lambda n: forecast(_discounts(n)), calls)
    measured(
        "forecast with ranges, the hour moved", lambda n: forecast(PLAN | {"send_hour": HOURS[n % len(HOURS)]}), calls
    )
    measured("  and its contributions, the discount moved", explained, calls)
    _thousand(f"{OPTIONS:,} options with range and chance of loss", shop, models, known)


def _thousand(name: str, shop: Shop, models: Models, known: Scene) -> None:
    """A thousand settings that differ in their forecast, none in the share of the audience alone."""
    sizes = [round(0.05 + 0.0012 * step, 4) for step in range(167)]
    options = [
        Option("email", "percent", size, send_hour=hour) for hour, size in islice(product(HOURS, sizes), OPTIONS)
    ]
    group = Group("all", lambda option: ([known], option.on([PLAN])))
    measured(name, lambda n: judge(shop, models, group, options, Shelf(shop, {}), seed=n), 3)


def _with_trees(shop: Shop, models: Models, known: Scene) -> None:
    """The same with the largest model that this product fits: trees on top of the linear part."""
    order = models.responses["order"]
    matrix = setting(shop, known, PLAN).matrix(order.encoder)
    booster = _booster(matrix, order.encoded_log_odds(matrix), parts.TREE | {"num_leaves": 8}, parts.MAX_TREES)
    both = fit.Response("both", order.encoder, order.intercept, order.weights, booster, order.affine)
    larger = replace(models, responses=models.responses | {"order": both})
    measured(
        f"forecast with ranges, {parts.MAX_TREES} trees of 8 leaves added, discount moved",
        lambda n: evaluate_steps(shop, larger, [known], [_discounts(n)]), 20,
    )  # fmt: skip
    _thousand(f"{OPTIONS:,} options, {parts.MAX_TREES} trees of 8 leaves added", shop, larger, known)


def _booster(matrix: np.ndarray, log_odds: np.ndarray, params: dict, trees: int) -> lightgbm.Booster:
    """Trees of a true size for their time; what they say is of no interest here."""
    random = np.random.default_rng(0)
    wobbled = np.vstack([matrix + random.normal(0, 0.3, matrix.shape) for _ in range(10)])
    label = random.random(len(wobbled)) < 1 / (1 + np.exp(-np.tile(log_odds, 10) - 2))
    data = lightgbm.Dataset(wobbled, label.astype(float))
    return lightgbm.train(params | {"min_data_in_leaf": 20}, data, num_boost_round=trees)


def _peers(shop: Shop, models: Models, known: Scene, calls: int) -> None:
    """LightGBM as it comes (100 trees of 31 leaves) on the same rows: predictions alone, without ranges or money."""
    order = models.responses["order"]
    at = setting(shop, known, PLAN)
    matrix = at.matrix(order.encoder)
    usual = {"objective": "binary", "verbosity": -1, "num_threads": 2}
    booster = _booster(matrix, order.encoded_log_odds(matrix), usual, 100)
    table = pd.DataFrame(matrix)
    explainer = shap.TreeExplainer(booster)
    measured("lightgbm.Booster.predict, 2,000 rows, numpy", lambda n: booster.predict(matrix), calls)
    measured("lightgbm.Booster.predict, 2,000 rows, pandas", lambda n: booster.predict(table), calls)
    measured("shap.TreeExplainer.shap_values, 2,000 rows", lambda n: explainer.shap_values(matrix), 3)
    measured(
        f"lightgbm.Booster.predict, {OPTIONS // 10:,} times 2,000 rows: a tenth of the options",
        lambda n: [booster.predict(matrix) for _ in range(OPTIONS // 10)], 3,
    )  # fmt: skip


if __name__ == "__main__":
    main()
