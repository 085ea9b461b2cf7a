"""What "would another choice have paid?" promises: how far off it is, and whether its intervals hold the truth.

    python bench/offpolicy.py [--simulations 1000] [--data /work/shared/data/open_bandit] > bench/results/offpolicy.txt

Part 1: Open Bandit. Two policies (random, bts) showed fashion items on the same days; one log is used to say what the
other policy earned, and its own log says what it did earn. Part 2: errors in simulated logs. Part 3: how often the 95 %
intervals hold the truth where rewards are rare or weights heavy, beside a normal and a bootstrap interval of IPS.
"""

import argparse
import platform
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, from anywhere

from engine.outcome.offpolicy import answer
from engine.outcome.offpolicy.answer import Answer
from engine.outcome.offpolicy.estimators import NAMES
from engine.outcome.offpolicy.log import as_log
from engine.outcome.offpolicy.policy import as_policy, same_everywhere

CAMPAIGNS = ("all", "men", "women")
# The data's README (examples/obd of the publisher): campaign all, bts from random, 30 bootstrap samples.
PUBLISHED = "DM 0.157 +- 0.110, IPS 0.311 +- 0.311, SNIPS 0.312, DR 0.292, SNDR 0.302, Switch-DR 0.258, DRos 0.160"
NOTED = "naive .63, IPS .097, SNIPS .085, DR .085, SNDR .083, clipped IPS .23"  # another simulation: compare the order


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--simulations", type=int, default=1000)
    arguments.add_argument("--data", type=Path, default=Path("/work/shared/data/open_bandit"))
    chosen = arguments.parse_args()
    print(f"{datetime.now():%Y-%m-%d %H:%M}, {platform.machine()}, Python {platform.python_version()}, "
          f"numpy {np.__version__}, pandas {pd.__version__}")  # fmt: skip
    if chosen.data.exists():
        open_bandit(chosen.data)
    else:
        print(f"\n1. left out: {chosen.data} is not on this machine")
    errors(max(chosen.simulations // 5, 20))
    coverage(chosen.simulations)


# --- part 1 ---


def read(folder: Path, policy: str, campaign: str) -> pd.DataFrame:
    """A log with action, reward, propensity, and what was known: position, user features, affinities."""
    frame = pd.read_csv(folder / f"{policy}_{campaign}_log.csv.gz", index_col=0)
    names = {"item_id": "action", "click": "reward", "propensity_score": "propensity"}
    return frame.rename(columns=names).drop(columns="timestamp")


def shown_by(frame: pd.DataFrame) -> pd.DataFrame:
    """The policy behind a log: how often it showed each item in each position. Of both logs the propensity is of an
    item and a position, so that positions are context."""
    shares = frame.groupby("position")["action"].value_counts(normalize=True)
    return shares.rename("probability").reset_index()


def across(logged: pd.DataFrame, other: pd.DataFrame) -> Answer:
    log = as_log(logged, "log")
    return answer.evaluate(log, as_policy(shown_by(other), log, "policy"))


def open_bandit(folder: Path) -> None:
    print("\n1. Open Bandit, 10,000 rows a log, 38 to 69 clicks. The policy is taken from the other log: how often it "
          "showed each item in each position.\n   truth: clicks per row in the other log (itself +- 0.0013 of luck); "
          "in: the 95 % interval holds it; * no verdict is given.")  # fmt: skip
    for source, target in (("random", "bts"), ("bts", "random")):
        for campaign in CAMPAIGNS:
            logged, other = read(folder, source, campaign), read(folder, target, campaign)
            found, truth = across(logged, other), float(other["reward"].mean())
            seen = found.overlap
            print(f"\n   {target} from {source}, {campaign}: truth {truth:.4f}, log {found.logged.value:.4f}, "
                  f"effective {seen.effective:,.0f}, heaviest row {seen.heaviest:.2%}, mean weight "
                  f"{seen.mean_weight:.3f}, never tried {seen.never_tried:.1%}, verdict: {found.verdict}"
                  f"{'*' * bool(seen.refusals)}")  # fmt: skip
            for said in (*seen.refusals, *seen.notes):
                print(f"     {'*' if said in seen.refusals else 'note:'} {said.text()}")
            for one in found.found:
                value = one.value
                off, held = abs(value.value / truth - 1), value.low <= truth <= value.high
                print(f"     {one.name:5} {value.value:.5f} ({value.low:.5f} to {value.high:.5f})  relative error "
                      f"{off:.3f}  {'in' if held else 'OUT'}")  # fmt: skip
    resampled(read(folder, "random", "all"), read(folder, "bts", "all"))


def resampled(logged: pd.DataFrame, other: pd.DataFrame, times: int = 30) -> None:
    """As the publisher measures: relative errors over bootstrap samples of the log."""
    random, truth = np.random.default_rng(0), float(other["reward"].mean())
    off = []
    for _ in range(times):
        found = across(logged.iloc[random.integers(0, len(logged), len(logged))], other)
        off.append({one.name: abs(one.value.value / truth - 1) for one in found.found})
    table = pd.DataFrame(off)
    ours = ", ".join(f"{name} {table[name].mean():.3f} +- {table[name].std():.3f}" for name in table)
    print(f"\n   bts from random, all, {times} bootstrap samples of the log, mean relative error +- sd:\n"
          f"     ours      {ours}\n     published {PUBLISHED}")  # fmt: skip


# --- part 2 ---


def errors(simulations: int) -> None:
    """Root mean square errors relative to the truth: logs whose actions hang on context, as a careful shop's would."""
    random, off = np.random.default_rng(1), []
    n, count = 10_000, 10
    for _ in range(simulations):
        kind = random.integers(0, 4, n)
        rates = np.clip(random.normal(0.10, 0.05, (4, count)), 0.01, None)
        # The log leans to bad actions, so that its own mean misleads; the other choice leans to good ones.
        liked = random.normal(0, 0.5, (4, count)) + 12 * (rates - rates.mean(axis=1, keepdims=True))
        shown, policy = _softmax(-liked), _softmax(2 * liked)
        action = (random.random(n)[:, None] > shown[kind].cumsum(axis=1)).sum(axis=1).clip(max=count - 1)
        reward = (random.random(n) < rates[kind, action]).astype(float)
        frame = pd.DataFrame({"action": action, "reward": reward, "propensity": shown[kind, action],
                              "kind": np.array(list("abcd"))[kind]})  # fmt: skip
        cells = [{"kind": "abcd"[k], "action": a, "probability": policy[k, a]} for k in range(4) for a in range(count)]
        log = as_log(frame, "log")
        truth = float(np.mean(np.sum(policy[kind] * rates[kind], axis=1)))
        said: dict[str, float] = {one.name: one.value.value for one in answer.evaluate(
            log, as_policy(pd.DataFrame(cells), log, "policy")).found}  # fmt: skip
        weight = policy[kind, action] / shown[kind, action]
        clipped = float(np.mean(np.minimum(weight, 5) * reward))
        said = {"naive": float(reward.mean())} | said | {"IPS clipped at 5": clipped}
        off.append({name: value / truth - 1 for name, value in said.items()})
    table = np.sqrt((pd.DataFrame(off) ** 2).mean())
    said_of = ", ".join(f"{name} {value:.3f}" for name, value in table.items())
    print(f"\n2. {simulations} simulated logs of {n:,} rows, {count} actions, 4 contexts, rates about 10 %; relative "
          f"root mean square error:\n     ours   {said_of}")  # fmt: skip
    print(f"     noted before, of another simulation: {NOTED}")


def _softmax(values: np.ndarray) -> np.ndarray:
    parts = np.exp(values - values.max(axis=1, keepdims=True))
    return parts / parts.sum(axis=1, keepdims=True)


# --- part 3 ---


@dataclass(frozen=True, slots=True)
class World:
    """n rows of `count` actions around a base rate; uneven: what is shown by chance unevenly, the log or the policy;
    size: of a reward, drawn around 1 where it is revenue; cost: taken off where there may be losses."""

    name: str
    rows: int
    count: int
    rate: float
    uneven: str
    size: bool = False
    cost: float = 0.0


WORLDS = (
    World("even log, uneven policy", 10_000, 34, 0.005, "policy"),
    World("even log, uneven policy", 10_000, 80, 0.004, "policy"),
    World("uneven log, even policy", 10_000, 34, 0.005, "log"),
    World("uneven log, even policy", 10_000, 80, 0.004, "log"),
    World("few rows", 2_000, 5, 0.01, "policy"),
    World("uneven log, few actions", 5_000, 4, 0.02, "log"),
    World("usual rates", 5_000, 10, 0.10, "policy"),
    World("revenue", 10_000, 10, 0.02, "policy", size=True),
    World("profit with losses", 10_000, 10, 0.02, "policy", size=True, cost=0.02),
)


def coverage(simulations: int) -> None:
    print(f"\n3. {simulations} simulated logs a line: share of 95 % intervals that hold the truth "
          f"(+- {1.96 * np.sqrt(0.05 * 0.95 / simulations):.1%}), of all logs / of logs that get a verdict; then "
          "the gain over the log (DR), and false verdicts of DR where policy and log earn the same.")  # fmt: skip
    for number, world in enumerate(WORLDS):
        rows = pd.DataFrame([_one(world, np.random.default_rng([number, seed])) for seed in range(simulations)])
        judged = rows[rows["judged"]]
        print(f"\n   {world.name}: {world.rows:,} rows, {world.count} actions, rate {world.rate:.1%}; "
              f"verdict given {rows['judged'].mean():.0%}")  # fmt: skip
        for name in (*NAMES, "gain", "IPS normal", "IPS bootstrap"):
            among = f"{judged[name].mean():.1%}" if len(judged) else "-"
            print(f"     {name:14} {rows[name].mean():6.1%} / {among:>6}   median width over the truth "
                  f"{rows[f'{name} width'].median():.2f}")  # fmt: skip
        said = f"{judged['false'].mean():.1%}" if len(judged) else "-"
        print(f"     false verdicts {said}", flush=True)


def _one(world: World, random: np.random.Generator) -> dict:
    count = world.count
    rates = np.clip(world.rate * random.gamma(4, 1 / 4, count), 0, 0.9)
    uneven = (random.dirichlet(np.full(count, 0.5)) + 0.02 / count) / 1.02
    uneven, even = uneven / uneven.sum(), np.full(count, 1 / count)
    shown, policy = (uneven, even) if world.uneven == "log" else (even, uneven)
    found, reward, weight = _evaluated(world, random, rates, shown, policy)
    truth, own = float(policy @ rates) - world.cost, float(shown @ rates) - world.cost
    scale = max(abs(truth), 1e-9)
    row: dict = {"judged": not found.overlap.refusals}
    for name, one, true in (*((one.name, one.value, truth) for one in found.found),
                            ("gain", found.headline.gain, truth - own)):  # fmt: skip
        row |= {name: one.low <= true <= one.high, f"{name} width": (one.high - one.low) / scale}
    parts = weight * reward
    sd = parts.std() / np.sqrt(len(parts))
    drawn = parts[random.integers(0, len(parts), (200, len(parts)))].mean(axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    row |= {"IPS normal": abs(parts.mean() - truth) <= 1.96 * sd, "IPS normal width": 3.92 * sd / scale}
    row |= {"IPS bootstrap": low <= truth <= high, "IPS bootstrap width": (high - low) / scale}
    same, _, _ = _evaluated(world, random, np.full(count, world.rate), shown, policy)
    return row | {"false": same.verdict in ("better", "worse")}


def _evaluated(
    world: World, random: np.random.Generator, rates: np.ndarray, shown: np.ndarray, policy: np.ndarray
) -> tuple[Answer, np.ndarray, np.ndarray]:
    action = random.choice(world.count, world.rows, p=shown)
    reward = (random.random(world.rows) < rates[action]).astype(float)
    if world.size:
        reward = reward * random.gamma(2, 0.5, world.rows)
    reward = reward - world.cost
    log = as_log(pd.DataFrame({"action": action, "reward": reward, "propensity": shown[action]}), "log")
    chosen = same_everywhere({str(k): float(policy[k]) for k in range(world.count)}, log)
    return answer.evaluate(log, chosen), reward, (policy / shown)[action]


if __name__ == "__main__":
    main()
