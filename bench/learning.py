"""A shop whose customers begin to answer differently, fed month by month: how soon forecasts follow.

    python bench/learning.py [--seeds 6] > bench/results/learning.txt

A shop is generated from a known law and learns from its first months. Then its law changes and campaigns come in month
by month, each followed by what `outcomes` does (engine.outcome.relearned). Printed for each month: what the model in
use said of that month's campaigns before it saw them, over what came, and which candidate took over. The same in
a shop whose law does not change. Each model that took over is then asked beside the one it replaced about FUTURES other
next months of the same law, which tells whether it was truly better.
"""

import argparse
import platform
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, from anywhere

from engine.campaign import response, since
from engine.campaign.promotion import InUse
from engine.model import evaluate
from engine.outcome import relearned
from engine.shop import store
from engine.shop.store import Shop

START = pd.Timestamp("2025-01-01")
FIRST = 5  # months learned from at first
FUTURES = 20
CHANNELS = {"email": 0.0, "sms": 0.3}


@dataclass(frozen=True, slots=True)
class World:
    """How customers answer. fallen: odds of a click and of an order are multiplied by it from month `at` on."""

    people: int = 1_500
    monthly: int = 6
    months: int = 11
    fallen: float = 1.0
    at: int = FIRST
    mood: float = 0.1  # sd between campaigns, log-odds


def generated(world: World, seed: int, future: int = 0, branch: int | None = None) -> dict[str, pd.DataFrame]:
    """Tables of the whole time; of one past there are as many futures from month `branch` (`at`) on as numbers."""
    random = np.random.default_rng(seed)
    branch = world.at if branch is None else branch
    ids = np.array([f"c{number:05d}" for number in range(world.people)])
    keen, tier = random.normal(size=world.people), random.choice(["gold", "silver", "none"], world.people)
    sends, parts = [], []
    for number in range(world.months * world.monthly):
        month, place = divmod(number, world.monthly)
        if place == 0:
            random = np.random.default_rng([seed, month, future if month >= branch else 0])
        at = START + pd.DateOffset(months=month) + pd.Timedelta(days=1 + 3 * place)
        channel, discount = ("email", "sms")[number % 2], float(random.choice([0.1, 0.15, 0.2]))
        sends.append((f"k{number:03d}", channel, "percent", discount, at, at + pd.Timedelta(days=5)))
        fallen = np.log(world.fallen) if month >= world.at else 0.0
        base = 0.5 * keen + 0.4 * (tier == "gold") + CHANNELS[channel] + random.normal(0, world.mood) + fallen
        got = random.random(world.people) < 0.5
        sent = random.random(world.people) < 0.85
        click = expit(-2.3 + base + 3 * discount)
        order = expit(-3.2 + base + np.where(sent, 4 * discount, 0.0))
        parts.append(
            pd.DataFrame(
                {
                    "campaign_id": sends[-1][0], "customer_id": ids, "sent_at": at + pd.Timedelta(hours=10),
                    "treated": sent.astype(int), "propensity": 0.85,
                    "clicked": np.where(sent, random.random(world.people) < click, np.nan),
                    "converted": (random.random(world.people) < order).astype(int),
                }
            )[got]
        )  # fmt: skip
    columns = ["campaign_id", "channel", "offer_kind", "discount", "starts_at", "ends_at"]
    return {
        "customers": pd.DataFrame({"customer_id": ids, "tier": tier, "keen": keen.round(3)}),
        "campaigns": pd.DataFrame(sends, columns=columns),
        "deliveries": pd.concat(parts, ignore_index=True),
    }


def month_of(month: int) -> date:
    return (START + pd.DateOffset(months=month)).date()


def until(tables: dict[str, pd.DataFrame], month: int) -> dict[str, pd.DataFrame]:
    """The tables as an import at the end of that month finds them."""
    end = pd.Timestamp(month_of(month))
    return {
        "customers": tables["customers"],
        "campaigns": tables["campaigns"][tables["campaigns"]["starts_at"] < end],
        "deliveries": tables["deliveries"][tables["deliveries"]["sent_at"] < end],
    }


def imported(folder: Path, tables: dict[str, pd.DataFrame]) -> Shop:
    """The shop with these tables, whatever it had before."""
    shop = store.open_shop(folder) if (folder / "shop.toml").exists() else store.create_shop(folder, {})
    texts = {name: table.astype(object).where(table.notna(), "").astype(str) for name, table in tables.items()}
    assert not any(store.save_tables(shop, texts).values())
    return store.open_shop(folder)


@dataclass(frozen=True, slots=True)
class Month:
    """bias: log of what the model in use said of the month's campaigns over what came, by target; not seen by then.

    gained: of a model that took over, as `gained` has it.
    """

    month: int
    bias: dict[str, float]
    promoted: str | None
    why: dict[str, str]
    seconds: float
    gained: dict[str, tuple[float, float]]


def bias(shop: Shop, as_of: date, after: date) -> dict[str, float]:
    """log(predicted / actual) of campaigns from `after` on, by the model in use, which has not seen them."""
    in_use, models = response.model_in_use(shop), response.load(shop)
    assert in_use is not None
    table = since.campaigns(since.known(shop, as_of), in_use, models.variation)
    table = table[table["at"] >= pd.Timestamp(after)]
    expected = (table["predicted"] * table["trials"]).groupby(table["target"]).sum()
    return np.log(expected / table.groupby("target")["successes"].sum()).to_dict()


def gained(folder: Path, world: World, seed: int, month: int, old: InUse, new: InUse) -> dict[str, tuple[float, float]]:
    """Log-loss of the new model less that of the old one, a thousand messages, by target: mean and its standard error.

    Over FUTURES next months of the law that holds by then; neither model has seen any of them.
    """
    found: dict[str, list[float]] = {}
    ahead = replace(world, months=month + 1)
    for future in range(1, FUTURES + 1):
        shop = imported(folder, until(generated(ahead, seed, future, month), month + 1))
        for target, past in since.known(shop, month_of(month + 1)).items():
            later = past.at.index[past.at >= pd.Timestamp(month_of(month))]
            rows = past.rows.take(np.flatnonzero(np.isin(past.rows.campaign, later)))
            said = (one.responses[target].predict(rows.features) for one in (new, old))
            losses = [float(evaluate.losses(rows.trials, rows.successes, one).sum()) for one in said]
            found.setdefault(target, []).append(1_000 * (losses[0] - losses[1]) / float(rows.trials.sum()))
    return {
        target: (float(np.mean(each)), float(np.std(each, ddof=1) / FUTURES**0.5)) for target, each in found.items()
    }


def run(folder: Path, world: World, seed: int, search_seconds: float = 20.0) -> list[Month]:
    """The months after the first training, one import and one `outcomes` each."""
    tables = generated(world, seed)
    shop = imported(folder, until(tables, FIRST))
    response.train(shop, month_of(FIRST), seed, search_seconds=search_seconds)
    found = []
    for month in range(FIRST + 1, world.months + 1):
        began = time.monotonic()
        shop = imported(folder, until(tables, month))
        before = bias(shop, month_of(month), month_of(month - 1))
        old = response.model_in_use(shop)
        result = relearned.relearn(shop, month_of(month), seed, search_seconds=search_seconds)
        why, seconds = {str(one.name): str(one.verdict.why) for one in result.candidates}, time.monotonic() - began
        new, by = response.model_in_use(shop), {}
        if result.promoted and old and new:
            by = gained(folder.with_name("ahead"), world, seed, month, old, new)
        found.append(Month(month, before, result.promoted, why, seconds, by))
    return found


def said(one: Month) -> str:
    ratios = "  ".join(f"{target} {np.exp(value):4.2f}" for target, value in one.bias.items())
    why = ", ".join(f"{candidate} {reason}" for candidate, reason in one.why.items())
    took = f"  import {one.month - FIRST}: {ratios}   {one.promoted or '-':12s} ({why}; {one.seconds:.0f} s)"
    gain = ", ".join(f"{target} {mean:+.2f} +- {error:.2f}" for target, (mean, error) in one.gained.items())
    return took + (f"\n    log-loss of a thousand later messages against the model before: {gain}" if gain else "")


def judged(months: list[Month]) -> str:
    """How many of the models that took over were truly better, truly worse (by two standard errors), by target."""
    each = [mean / error for one in months for mean, error in one.gained.values()]
    better, worse = sum(z < -2 for z in each), sum(z > 2 for z in each)
    models = [one.gained for one in months if one.gained]
    in_all = [sum(mean for mean, _ in one.values()) for one in models]
    return (
        f"{len(models)} models took over; in {FUTURES} next months of the same law, of their {len(each)} forecasts "
        f"{better} were better than before, {worse} worse, {len(each) - better - worse} alike; "
        f"{sum(one < 0 for one in in_all)} of {len(models)} were better in sum"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=6)
    seeds = parser.parse_args().seeds
    print(f"{datetime.now():%Y-%m-%d %H:%M}, {platform.machine()}, Python {platform.python_version()}")
    for name, world in {f"odds x 0.6 after {FIRST} months": World(fallen=0.6), "nothing changes": World()}.items():
        every, all_months = [], []
        for seed in range(seeds):
            print(
                f"\n{name}, seed {seed}: forecast / actual of a month not seen; what took over once it was", flush=True
            )
            with tempfile.TemporaryDirectory() as folder:
                months = run(Path(folder) / "shop", world, seed)
            print("\n".join(map(said, months)), flush=True)
            all_months += months
            every += [{"import": one.month - FIRST} | one.bias for one in months]
        mean = pd.DataFrame(every).groupby("import").agg(["mean", "std"]).round(3)
        print(
            f"\n{name}: log(forecast / actual) over {seeds} seeds\n{mean.to_string()}\n{judged(all_months)}", flush=True
        )


if __name__ == "__main__":
    main()
