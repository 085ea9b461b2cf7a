"""What "extra because we wrote" promises: intervals that hold, no gain claimed without one, and the right people.

    python bench/uplift.py [--simulations 200] [--customers 2000] [--shop DEMO] > bench/results/uplift.txt

Part 1 draws randomised messages whose effect is known, many times, and counts how often the 90 % intervals hold the
truth and how often choosing is said to pay. Part 2 runs the command on 100,000 deliveries and times it. Part 3 compares
the demo shop's customers with what was planted in its groups (truth.json).
"""

import argparse
import json
import platform
import resource
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import sklearn
from scipy import stats

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, from anywhere

from engine.campaign.uplift import evidence, kept, listed, people
from engine.campaign.uplift.worth import Money, worth
from engine.shop import samples, store
from engine.shop.store import Shop
from tests.campaign import randomised

MARGIN, COST = 50.0, 1.0
KINDS: tuple[randomised.Kind, ...] = ("nothing", "half", "everyone", "gradual")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--simulations", type=int, default=200)
    arguments.add_argument("--customers", type=int, default=2_000)
    arguments.add_argument("--shop", type=Path, help="a demo shop; built anew otherwise")
    chosen = arguments.parse_args()
    print(f"{datetime.now():%Y-%m-%d %H:%M}, {platform.machine()}, Python {platform.python_version()}, "
          f"scikit-learn {sklearn.__version__}, pandas {pd.__version__}")  # fmt: skip
    simulated(chosen.simulations, chosen.customers)
    with tempfile.TemporaryDirectory() as folder:
        quick(Path(folder))
        shop = store.open_shop(chosen.shop) if chosen.shop else samples.build("demo", Path(folder) / "demo")
        planted(shop)


# --- part 1 ---


def simulated(simulations: int, customers: int) -> None:
    """The table of part 1, a row each kind of effect."""
    print(f"\n1. {simulations} simulations of {customers:,} messages, {randomised.SENT:.0%} sent, margin {MARGIN:g}, "
          f"cost {COST:g} per message; 90 % intervals; +- is 1.96 standard errors of the simulation.")  # fmt: skip
    for kind in KINDS:
        rows = pd.DataFrame([_one(kind, customers, seed) for seed in range(simulations)])
        print(f"\n{kind}")
        for name in ("average effect", "gain against all", "gain against none"):
            print(f"  interval of the {name} holds the truth: {_share(rows[name])}")
        print(f"  choosing said to pay: {_share(rows['claimed'])}")
        print(f"  Qini of the chosen learner: {rows['qini'].mean():.4f} (random 0, best possible "
              f"{rows['best_qini'].mean():.4f}), its interval above 0: {_share(rows['qini_low'] > 0)}")  # fmt: skip
        beats = _share(rows["choosing"] > rows["all"])
        print(f"  truth per customer: choosing {rows['choosing'].mean():.3f}, all {rows['all'].mean():.3f}, none 0, "
              f"best possible {rows['best'].mean():.3f}; choosing beats all: {beats}")  # fmt: skip
        print(f"  chosen: {rows['learner'].value_counts().to_dict()}", flush=True)


def _one(kind: randomised.Kind, customers: int, seed: int) -> dict:
    data = randomised.drawn(kind, customers, seed)
    found = randomised.cross_fitted(data)
    held = randomised.held_out(found)
    said = worth(held, Money(MARGIN, COST))
    pays = data.effect * MARGIN - COST
    written = held.effect * MARGIN > COST
    truth = {
        "average effect": (found.average, data.effect.mean()),
        "gain against all": (said.against_all, np.where(written, 0, -pays).mean()),
        "gain against none": (said.against_none, np.where(written, pays, 0).mean()),
    }
    rank = stats.rankdata(data.effect) / customers
    return {
        **{name: interval.low <= value <= interval.high for name, (interval, value) in truth.items()},
        "claimed": said.verdict == "choosing_pays",
        "qini": found.qini[found.chosen].value,
        "qini_low": found.qini[found.chosen].low,
        "best_qini": float(np.mean(data.effect * (rank - rank.mean()))),
        "choosing": truth["gain against none"][1],
        "all": pays.mean(),
        "best": np.maximum(pays, 0).mean(),
        "learner": found.chosen,
    }


def _share(hits: pd.Series) -> str:
    share = float(hits.mean())
    return f"{share:.1%} +- {1.96 * np.sqrt(share * (1 - share) / len(hits)):.1%}"


# --- part 2 ---


def quick(folder: Path) -> None:
    """Time and memory of the command on 100,000 deliveries and as many listed customers."""
    data = randomised.drawn("half", 100_000, 1)
    shop = randomised.shop(folder / "large", data, campaigns=20)
    randomised.tables(data)["customers"].to_csv(folder / "customers.csv", index=False)
    wall, processor = time.perf_counter(), time.process_time()
    found = listed.answer(shop, folder / "customers.csv", MARGIN, COST)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\n2. 100,000 deliveries, 100,000 listed customers: {time.perf_counter() - wall:.0f} s, of them "
          f"{time.process_time() - processor:.0f} s of processor; peak {peak:,.0f} MB")  # fmt: skip
    report, profit = found.report, (data.effect * MARGIN - COST)
    total = report["total_expected_profit"]
    print(f"   expected profit {total['value']:,.0f} ({total['low']:,.0f} to {total['high']:,.0f}); "
          f"truth of those sent to {profit[found.table['send'] == 1].sum():,.0f}, of all {profit.sum():,.0f}, "
          f"best possible {np.maximum(profit, 0).sum():,.0f}; {report['verdict_key']}")  # fmt: skip


# --- part 3 ---


def planted(shop: Shop) -> None:
    """The demo shop's groups: what is predicted for their customers beside what was planted."""
    truth = json.loads((shop.path / "truth.json").read_text())
    started = time.process_time()
    past = evidence.gather(shop)
    learned = kept.learn_from(shop, past, people.attributes(shop))
    took = time.process_time() - started
    ids = list(people.attributes(shop).index)
    scored = learned.of(people.all_columns_today(shop, ids, learned.with_history))
    groups = scored.groupby(pd.Series(ids).map(truth["customer_group"]))[["uplift", "low", "high", "anyway"]].mean()
    groups["planted"] = {name: group["true_uplift_of_order_rate"] for name, group in truth["groups"].items()}
    groups["planted_anyway"] = {name: group["true_organic_order_rate"] for name, group in truth["groups"].items()}
    facts = learned.facts
    print(f"\n3. Demo shop: {facts['rows']:,} messages, {facts['orders_held_out']} orders in the holdout, "
          f"{took:.0f} s of processor; learner {facts['learner']}")  # fmt: skip
    print(groups.round(4).sort_values("planted").to_string())
    for one, other in (("uplift", "planted"), ("anyway", "planted_anyway")):
        print(f"   rank correlation over groups, {one}: {groups[one].corr(groups[other], method='spearman'):.2f}")
    for name, qini in learned.found.qini.items():
        print(f"   Qini {name}: {qini.value:.5f} ({qini.low:.5f} to {qini.high:.5f})")


if __name__ == "__main__":
    main()
