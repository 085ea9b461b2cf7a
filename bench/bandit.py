"""What the proposed split saves: conversions lost against always showing the best arm, beside two plain ways.

    python bench/bandit.py [--runs 300] > bench/results/bandit.txt

Each run: 30 days, every day's messages or ads split anew by what is known then. The best arm converts 30 % more than
the base rate, the others up to 20 % less or more. even: an even split for ever. epsilon-greedy: 10 % even, the rest to
the arm with the best rate so far. ours: as engine.outcome.bandit proposes, 10 % even, too; plain Thompson: the same
without reshaping. With delay: conversions come exponentially late, 4 days on average; "told nothing" is ours without
its correction.

In money: the arm with the highest rate offers a discount that takes half of what an order leaves, the second best costs
twice as much to show, and none of it is known but by what came in. by rate: ours, blind to money; by profit: ours.
"""

import argparse
import platform
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Literal

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, from anywhere

import pandas as pd

from engine.outcome.bandit import arrival, thompson, worth
from engine.outcome.bandit.arrival import Delay
from engine.outcome.bandit.proposal import EXPLORING, MIN_CONVERSIONS

DAYS, EPSILON, DELAY = 30, 0.1, 4.0
EVENTS_A_DAY = 15  # conversions a day at the base rate: a shop's, not a search engine's
LEFT, SHOWING = 40.0, 0.3  # money: what an order leaves without discount, and what a showing costs
MoneyWay = Literal["even", "by rate", "by profit"]
MONEY_WAYS: tuple[MoneyWay, ...] = ("even", "by rate", "by profit")
Way = Literal["even", "epsilon-greedy", "plain Thompson", "ours", "ours, told nothing of delay"]
WAYS: tuple[Way, ...] = ("even", "epsilon-greedy", "plain Thompson", "ours", "ours, told nothing of delay")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--runs", type=int, default=300)
    runs = arguments.parse_args().runs
    print(f"{datetime.now():%Y-%m-%d %H:%M}, {platform.machine()}, Python {platform.python_version()}, "
          f"numpy {np.__version__}")  # fmt: skip
    print(f"\n{runs} runs a line, {DAYS} days, {EVENTS_A_DAY} conversions a day at the base rate.\n"
          "Regret: conversions lost against always showing the best arm, in all and as a share of what that had "
          "brought; +- one standard error of the mean.\nworst tenth: regret that one run in ten exceeds. best: share "
          "of the last day's showings that the best arm got.")  # fmt: skip
    for base in (0.01, 0.03, 0.10):
        for count in (3, 6):
            for delay in (0.0, DELAY):
                line(base, count, delay, runs)
    print("\nIn money: regret is profit lost against always showing the arm that earns most.")
    money_line(0.03, 3, min(runs, 100))


def line(base: float, count: int, delay: float, runs: int) -> None:
    print(f"\n   base rate {base:.0%}, {count} arms, {f'delay {delay:g} days' if delay else 'no delay'}")
    for way in WAYS if delay else WAYS[:-1]:
        began = time.perf_counter()
        lost, share, best = regret(way, base, count, delay, runs)
        print(f"     {way:28} regret {lost.mean():6.1f} +- {lost.std(ddof=1) / np.sqrt(runs):4.1f}  "
              f"({share.mean():5.1%}), worst tenth {np.quantile(lost, 0.9):6.1f}   "
              f"best {best.mean():4.0%}   {time.perf_counter() - began:.0f} s", flush=True)  # fmt: skip


def money_line(base: float, count: int, runs: int) -> None:
    print(f"\n   base rate {base:.0%}, {count} arms, no delay, {runs} runs")
    for way in MONEY_WAYS:
        lost, share = money_regret(way, base, count, runs)
        error = lost.std(ddof=1) / np.sqrt(runs)
        print(f"     {way:28} regret {lost.mean():6.0f} +- {error:4.0f}  ({share.mean():5.1%})", flush=True)


def money_regret(way: MoneyWay, base: float, count: int, runs: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(runs,) profit lost, and as a share of the best possible."""
    lost, possible = np.zeros(runs), np.zeros(runs)
    for run in range(runs):
        random = np.random.default_rng([seed, run, count])  # the same worlds for every way
        rates = base * np.array([1.3, 1.2, *random.uniform(0.8, 1.2, count - 2)])
        left = np.array([LEFT / 2, *[LEFT] * (count - 1)])  # of an order, on average
        cost = np.array([SHOWING, 2 * SHOWING, *[SHOWING] * (count - 2)])
        earns = rates * left - cost
        daily = round(EVENTS_A_DAY / base)
        rows, share = [], np.full(count, 1 / count)
        for _ in range(DAYS):
            shown = random.multinomial(daily, share)
            events = random.binomial(shown, rates)
            values = random.gamma(np.maximum(events, 1e-9), left)  # orders of exponential size
            rows.append(pd.DataFrame({"shown": shown, "converted": events, "cost": shown * cost, "value": values}))
            lost[run] += daily * earns.max() - shown @ earns
            known = pd.concat(rows)
            if way != "even" and known["converted"].sum() >= MIN_CONVERSIONS:
                share = _by_money(way, known, count)
        possible[run] = DAYS * daily * earns.max()
    return lost, lost / possible


def _by_money(way: MoneyWay, known: pd.DataFrame, count: int) -> np.ndarray:
    arm = np.tile(np.arange(count), len(known) // count)
    total, events = (np.bincount(arm, known[name], count) for name in ("shown", "converted"))
    a, b = thompson.posterior(events, total)
    if way == "by rate":
        return thompson.split(a, b, EXPLORING / count)
    return worth.split(worth.of_arms(known, arm, count), a, b, EXPLORING / count, 0)


def regret(
    way: Way, base: float, count: int, delay: float, runs: int, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(runs,) conversions lost, as a share of the best possible, and the best arm's share on the last day."""
    random = np.random.default_rng([seed, int(base * 1000), count, int(delay)])  # the same worlds for every way
    rates = base * random.uniform(0.8, 1.2, (runs, count))
    rates[:, 0] = base * 1.3
    daily = round(EVENTS_A_DAY / base)
    shown = np.zeros((DAYS, runs, count))
    arrived, waiting = np.zeros((DAYS, runs, count)), np.zeros((DAYS, runs, count), dtype=int)
    share = np.full((runs, count), 1 / count)
    for day in range(DAYS):
        if day:
            share = shares(way, shown[:day], arrived[:day], day)
        shown[day] = random.multinomial(daily, share)
        waiting[day] = random.binomial(shown[day].astype(int), rates)
        for past in range(day + 1):  # an exponential delay has no memory: the same chance every day that is left
            hours = 0.5 if past == day else 1.0  # shown around midday
            came = random.binomial(waiting[past], -np.expm1(-hours / delay) if delay else 1.0)
            arrived[past] += came
            waiting[past] -= came
    got = (shown * rates).sum(axis=(0, 2))
    possible = DAYS * daily * rates.max(axis=1)
    return possible - got, (possible - got) / possible, shown[-1, :, 0] / daily


def shares(way: Way, shown: np.ndarray, arrived: np.ndarray, day: int) -> np.ndarray:
    """(runs, K) split of a day by what is known in the morning. shown, arrived: (days, runs, K)."""
    runs, count = shown.shape[1:]
    even = np.full((runs, count), 1 / count)
    if way == "even":
        return even
    age = (day - np.arange(len(shown))).astype(float)
    total, events = shown.sum(axis=0), arrived.sum(axis=0)
    if way == "epsilon-greedy":
        rate = events / np.maximum(total, 1)
        return EPSILON * even + (1 - EPSILON) * (rate == rate.max(axis=1, keepdims=True)) / np.maximum(
            (rate == rate.max(axis=1, keepdims=True)).sum(axis=1, keepdims=True), 1
        )
    exposed = total if "nothing" in way else _exposed(shown, arrived, age)
    known = thompson.posterior(events, exposed)
    if way == "plain Thompson":
        proposed = EXPLORING / count + (1 - EXPLORING) * thompson.chance_best(*known)
    else:
        proposed = thompson.split(*known, EXPLORING / count)
    return np.where(events.sum(axis=1, keepdims=True) < MIN_CONVERSIONS, even, proposed)


def _exposed(shown: np.ndarray, arrived: np.ndarray, age: np.ndarray) -> np.ndarray:
    """As the proposal counts it: each run's delay estimated from its own days."""
    days, runs, count = shown.shape
    arm = np.tile(np.arange(count), days)
    each = np.repeat(age, count)
    found = np.empty((runs, count))
    for run in range(runs):
        delay: Delay = arrival.estimate(arm, each, shown[:, run].ravel(), arrived[:, run].ravel())
        found[run] = (shown[:, run] * delay.arrived(age)[:, None]).sum(axis=0)
    return found


if __name__ == "__main__":
    main()
