"""What reading tests promises: the numbers of statsmodels, no more false alarms than said, lifts found, and in time.

    python bench/experiments.py [--runs 10000] > bench/results/experiments.txt

Part 1 reads the same tests with statsmodels, one at a time, and with the command's functions. Part 2 draws tests of
equal arms and counts false alarms, method by method. Part 3 looks at tests daily. Part 4 draws tests with a lift, at
the size the plan says. Part 5 reads 5,000 tests of four arms.
"""

import argparse
import os
import platform
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import scipy
import statsmodels
from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, from anywhere

from engine.outcome import experiments
from engine.outcome.experiments import people, planning, proportions, revenue, sequential
from tests.outcome.experiments.planted import daily, totals


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--runs", type=int, default=10_000)
    runs = arguments.parse_args().runs
    print(f"{datetime.now():%Y-%m-%d %H:%M}, {platform.machine()}, {os.cpu_count()} cores, Python "
          f"{platform.python_version()}, scipy {scipy.__version__}, statsmodels {statsmodels.__version__}, "
          f"pandas {pd.__version__}")  # fmt: skip
    beside_statsmodels()
    error = 196 * (0.05 * 0.95 / runs) ** 0.5
    print(f"\n2. False alarms at 5 % in {runs:,} tests of equal arms; +- {error:.2f} points is 1.96 standard errors.\n")
    shown(pd.DataFrame([*rates_alike(runs), *groups_alike(runs), *spending_alike(runs)]))
    looked_at_daily(runs)
    lifts_found(min(runs, 4_000))
    many_tests()


def shown(table: pd.DataFrame) -> None:
    print(table.to_string(index=False))


# --- 1 ---


def beside_statsmodels() -> None:
    chance = np.random.default_rng(1)
    n, n0 = chance.integers(4_000, 9_000, (2, 1_000))
    x, x0 = chance.binomial(n, 0.05), chance.binomial(n0, 0.05)
    rows = []
    tasks = (
        ("p-value", lambda a, b, c, d: proportions_ztest([a, c], [b, d])[1], proportions.p_value),
        ("interval of lift", lambda *of: _theirs("ratio", *of), proportions.lift_interval),
        ("interval of difference", lambda *of: _theirs("diff", *of), proportions.difference_interval),
    )
    for name, one, every in tasks:
        started = time.perf_counter()
        theirs = np.array([one(*counts) for counts in zip(x, n, x0, n0, strict=True)], dtype="float64")
        between = time.perf_counter()
        ours = np.array(every(x, n, x0, n0)).T
        ended = time.perf_counter()
        answered = ~np.isnan(theirs if theirs.ndim == 1 else theirs[:, 0])
        shift = 1 if name == "interval of lift" else 0
        rows.append({"what": name, "tests": len(x), "statsmodels gave none": int((~answered).sum()),
                     "largest difference": f"{np.abs(theirs[answered] - ours[answered] - shift).max():.1e}",
                     "statsmodels s": round(between - started, 2), "ours s": round(ended - between, 4),
                     "times as fast": round((between - started) / (ended - between))})  # fmt: skip
    print("\n1. The same 1,000 tests with statsmodels one at a time and with our functions, in one run.\n")
    shown(pd.DataFrame(rows))
    print("\nThe interval of a difference is not that of statsmodels, whose cubic has conversions where Miettinen and "
          "Nurminen\n(1985) have people: see engine/outcome/experiments/proportions.py.")  # fmt: skip


def _theirs(compare: str, x: int, n: int, x0: int, n0: int) -> tuple[float, float]:
    try:
        return confint_proportions_2indep(x, n, x0, n0, compare=compare, method="score", correction=False)
    except ValueError:  # its search for an end begins on the wrong side
        return float("nan"), float("nan")


# --- 2 ---


def rates_alike(runs: int) -> list[dict]:
    rows = []
    settings = (
        ("5 %, 4,000 : 4,000", (0.05,) * 2, 4_000, (1, 1)),
        ("0.5 %, 1,000 : 1,000", (0.005,) * 2, 1_000, (1, 1)),
        ("0.1 %, 20,000 : 20,000", (0.001,) * 2, 20_000, (1, 1)),
        ("2 %, 9,000 : 1,000", (0.02,) * 2, 1_000, (9, 1)),
        ("30 %, 60 : 60", (0.3,) * 2, 60, (1, 1)),
        ("5 %, four arms of 3,000", (0.05,) * 4, 3_000, (1,) * 4),
    )
    for number, (name, rates, visitors, splits) in enumerate(settings):
        drawn = totals(runs, rates, visitors, seed=100 + number, splits=splits)
        shares = drawn["visitors"] / drawn.groupby("experiment_id")["visitors"].transform("sum")
        found = experiments.read(drawn.assign(expected_share=shares.round(9)))
        compared = found.assign(
            naive=found["p_value"] < 0.05,
            adjusted=found["p_adjusted"] < 0.05,
            always=found["always_valid_adjusted"] < 0.05,
            interval=(found["low"] > 0) | (found["high"] < 0),
            told=found["verdict"].isin(["won", "lost"]),
            bayes=(found["prob_best"] - 0.5).abs() > 0.475,
        )
        any_arm = (
            compared.groupby("experiment_id")[["naive", "adjusted", "always", "interval", "told", "bayes"]].any().mean()
        )
        names = {"naive": "p_value", "adjusted": "p_adjusted", "always": "always_valid_p (one look)",
                 "interval": "interval of lift without 0", "told": "verdict won or lost",
                 "bayes": "prob_best above 97.5 or below 2.5 %"}  # fmt: skip
        wanted = ["adjusted", "always", "told"] if len(rates) > 2 else list(names)
        rows += [
            {"method": names[one], "tests": name, "false alarms %": round(100 * any_arm[one], 2)} for one in wanted
        ]
    return rows


def groups_alike(runs: int) -> list[dict]:
    chance = np.random.default_rng(201)
    visitors = chance.multinomial(6_000, (0.5, 0.5), runs)
    ids = np.repeat(np.arange(runs), 2).astype(str)
    arms = {"experiment_id": ids, "variant": np.tile(["a", "b"], runs), "visitors": visitors.ravel()}
    table = pd.DataFrame(arms | {"conversions": 100})
    found = experiments.read(table).drop_duplicates("experiment_id")
    days = 30
    looks = chance.multinomial(200, (0.5, 0.5), (runs, days))
    index = pd.MultiIndex.from_product([range(runs), range(days), range(2)], names=["experiment", "day", "arm"])
    daily_looks = pd.DataFrame({"visitors": looks.ravel(), "share": 0.5}, index=index).reset_index()
    p = sequential.uneven_groups(daily_looks)
    return [
        {"method": "srm_flag (p < 0.002: 0.2 % expected)", "tests": "6,000 visitors", "false alarms %":
            round(100 * found["srm_flag"].mean(), 2)},
        {"method": "srm_p < 0.05", "tests": "6,000 visitors", "false alarms %":
            round(100 * (found["srm_p"] < 0.05).mean(), 2)},
        {"method": "srm_always_valid_p < 0.05, 30 daily looks", "tests": "200 a day", "false alarms %":
            round(100 * (p < 0.05).mean(), 2)},
    ]  # fmt: skip


def spending_alike(runs: int) -> list[dict]:
    """Heavy-tailed revenue: 5 of 100 order, amounts of a Pareto tail with infinite variance (1.8) beyond 30."""
    chance = np.random.default_rng(202)
    size, sums, capped, adjusted = 1_000, [], [], []
    variant = np.repeat(["control", "b"], size)
    for _ in range(runs):
        spent = np.where(chance.random(2 * size) < 0.05, 30 * (1 + chance.pareto(1.8, 2 * size)), 0.0)
        arms = spent.reshape(2, size)
        sums.append([arms[0].sum(), (arms[0] ** 2).sum(), arms[1].sum(), (arms[1] ** 2).sum()])
        capped.append(people.with_cap(pd.DataFrame({"variant": variant, "v": spent}), "v").capped.p_value)
        before = chance.normal(0, 1, 2 * size)
        both = pd.DataFrame({"variant": variant, "before": before, "v": before + chance.normal(0, 1, 2 * size)})
        adjusted.append(people.with_before(both, "v", "before").adjusted.p_value)
    each = np.array(sums).T
    visitors = np.full(runs, float(size))
    told = revenue.welch(revenue.Sums(visitors, each[2], each[3]), revenue.Sums(visitors, each[0], each[1]))
    found = (("revenue_p_value (Welch, from sums)", told["revenue_p_value"]),
             ("capped amounts, Welch", np.array(capped)),
             ("CUPED, tea-tasting", np.array(adjusted)))  # fmt: skip
    return [
        {"method": name, "tests": "1,000 people an arm", "false alarms %": round(100 * float((p < 0.05).mean()), 2)}
        for name, p in found
    ]


# --- 3 ---


def looked_at_daily(runs: int) -> None:
    rows = []
    for rate, visitors in ((0.05, 500), (0.01, 300), (0.002, 500), (0.3, 100), (0.05, 5_000)):
        days = daily(runs, (rate, rate), visitors, 30, seed=int(rate * 1e4) + visitors)
        p = sequential.always_valid(days)["p"].groupby(days["pair"]).last()
        so_far = days.groupby("pair")[["x", "n", "x0", "n0"]].cumsum()
        naive = proportions.p_value(*(so_far[name].to_numpy() for name in ("x", "n", "x0", "n0")))
        peeked = pd.Series(naive < 0.05).groupby(days["pair"]).any()
        rows.append({"rate %": 100 * rate, "visitors an arm a day": visitors,
                     "always_valid_p %": round(100 * (p < 0.05).mean(), 2),
                     "p_value, looked at daily %": round(100 * peeked.mean(), 2)})  # fmt: skip
    print(f"\n3. Equal arms whose rate moves from day to day, looked at on each of 30 days: false alarms at 5 % in "
          f"{runs:,} tests.\n")  # fmt: skip
    shown(pd.DataFrame(rows))


# --- 4 ---


def lifts_found(runs: int) -> None:
    rows = []
    for base, lift, arms in (
        (0.05, 0.1, 2),
        (0.01, 0.5, 2),
        (0.3, 0.05, 2),
        (0.002, 1.0, 2),
        (0.05, 0.02, 2),
        (0.05, 0.2, 4),
    ):
        planned = planning.plan(planning.Question(base, lift, arms=arms))
        rates = (*(base,) * (arms - 1), base * (1 + lift))
        found = experiments.read(totals(runs, rates, planned.visitors_per_arm, seed=arms))
        last = found[found["variant"] == f"v{arms - 1}"]
        holds = (last["low"] <= lift) & (lift <= last["high"])
        days = daily(runs, (base, base * (1 + lift)), planned.daily_looks // 30, 30, seed=arms)
        p = sequential.always_valid(days)["p"]
        first = (p >= 0.05).groupby(days["pair"]).sum().clip(upper=29) + 1
        rows.append({"base %": 100 * base, "lift %": 100 * lift, "arms": arms,
                     "visitors an arm": planned.visitors_per_arm,
                     "won %": round(100 * (last["verdict"] == "won").mean(), 1),
                     "interval holds %": round(100 * holds.mean(), 1),
                     "daily looks: visitors an arm": planned.daily_looks if arms == 2 else None,
                     "found %": round(100 * (p.groupby(days["pair"]).last() < 0.05).mean(), 1) if arms == 2 else None,
                     "of 30 days, on average": round(first.mean(), 1) if arms == 2 else None})  # fmt: skip
    print(f"\n4. A lift found at the size that the plan says for 80 %, in {runs:,} tests each.\n")
    shown(pd.DataFrame(rows))


# --- 5 ---


def many_tests() -> None:
    rows = []
    for days in (0, 14):
        drawn = totals(5_000, (0.03,) * 4, 5_000, seed=5)
        if days:
            each = drawn.loc[drawn.index.repeat(days)].assign(day=np.tile(np.arange(1, days + 1), len(drawn)))
            drawn = each.assign(visitors=400, conversions=np.random.default_rng(6).binomial(400, 0.03, len(each)))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "tests.csv"
            drawn.to_csv(path, index=False)
            started = time.perf_counter()
            found = experiments.read(pd.read_csv(path, dtype=str, keep_default_na=False))
            found.to_csv(Path(folder) / "read.csv", index=False)
        rows.append({"tests": 5_000, "arms": 4, "days": days or "none", "rows": len(drawn),
                     "seconds": round(time.perf_counter() - started, 1)})  # fmt: skip
    print("\n5. A file of 5,000 tests of four arms, read, judged and written (60 s promised on two cores).\n")
    shown(pd.DataFrame(rows))


if __name__ == "__main__":
    main()
