"""What customer features cost: ours beside plain pandas, the same plan in DuckDB's SQL, and Polars.

    python bench/features.py [--folder DIR] [--lines 100000 1000000 10000000] > bench/results/features.txt

Generated order lines, 0.8 million customers at 10 million lines, as the shop keeps them (Parquet) and as CSV. Each way
runs in a process of its own, from file to a table in memory, imports left out; peak is that process's resident memory,
imports included. Every answer is compared with that of plain pandas, number by number. Trust ratios, not seconds.
"""

import argparse
import json
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, from anywhere

AS_OF = date(2026, 7, 1)
WAYS = ("pandas", "sql", "polars", "ours")
SHARES = 8


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--folder", type=Path, help="where to write the lines; a temporary folder otherwise")
    arguments.add_argument("--lines", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    arguments.add_argument("--runs", type=int, default=2, help="times each way is run; the least counts")
    arguments.add_argument("--one", nargs=4, metavar=("WAY", "FILE", "MEMORY", "OUT"), help=argparse.SUPPRESS)
    chosen = arguments.parse_args()
    if chosen.one:
        alone(*chosen.one)
        return
    import duckdb
    import polars

    print(f"{datetime.now():%Y-%m-%d %H:%M}, {platform.machine()}, 2 threads, Python {platform.python_version()}, "
          f"pandas {pd.__version__}, DuckDB {duckdb.__version__}, Polars {polars.__version__}")  # fmt: skip
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        for count in chosen.lines:
            measured(Path(folder), count, chosen.runs)


def measured(folder: Path, count: int, runs: int) -> None:
    """The table of one number of lines. Ours has the memory that a snapshot gives DuckDB, the peers have 4 GB."""
    from engine.shop.features.snapshot import MEMORY  # not before: the peers' processes would carry Ibis too

    people = generate(folder, count)
    print(f"\n{count:,} order lines, {people:,} customers\n"
          f"{'':34}{'s':>7}{'x pandas':>10}{'x SQL':>8}{'processor s':>13}{'x SQL':>8}{'peak MB':>9}")  # fmt: skip
    for kind in ("parquet", "csv"):
        found: dict[str, list[Run]] = {way: [] for way in WAYS}
        for _run in range(runs):  # turn by turn: what else the machine does then falls on every way
            for way in WAYS:
                found[way].append(once(folder, way, kind, MEMORY if way == "ours" else "4GB"))
        best = {way: Run(*map(min, zip(*runs_, strict=True))) for way, runs_ in found.items()}
        if count == 10_000_000:
            best["ours, DuckDB limited to 400 MB"] = once(folder, "ours", kind, "400MB")
        for way, run in best.items():
            ratios = [run.seconds / best[peer].seconds for peer in ("pandas", "sql")]
            print(f"{kind + ', ' + way:34}{run.seconds:7.2f}{ratios[0]:10.2f}{ratios[1]:8.2f}"
                  f"{run.processor:13.2f}{run.processor / best['sql'].processor:8.2f}{run.peak:9.0f}")  # fmt: skip
        said(best)


class Run(NamedTuple):
    """Seconds by the clock and of the processor, and the most memory held (MB)."""

    seconds: float
    processor: float
    peak: float


def said(best: dict[str, Run]) -> None:
    """Which of the promises hold."""
    ours_, sql = best["ours"], best["sql"]
    for name, value, limit in (
        ("ours / plain pandas at most 0.5", ours_.seconds / best["pandas"].seconds, 0.5),
        ("ours / SQL at most 1.3", ours_.seconds / sql.seconds, 1.3),
        ("peak MB under 1,200", ours_.peak, 1200.0),
    ):
        print(f"  {name}: {value:,.2f}, {'met' if value <= limit else 'NOT met'}", flush=True)


def once(folder: Path, way: str, kind: str, memory: str) -> Run:
    """One run; fails when the answer is not that of plain pandas."""
    out = folder / f"{way}.parquet"
    command = [sys.executable, __file__, "--one", way, str(folder / f"orders.{kind}"), memory, str(out)]
    ended = subprocess.run(command, capture_output=True, text=True)
    if ended.returncode:
        raise SystemExit(f"{way} on {kind} failed:\n{ended.stderr[-3000:]}")
    same(pd.read_parquet(out), pd.read_parquet(folder / "pandas.parquet"), way)
    return Run(*json.loads(ended.stdout.splitlines()[-1]))


def same(found: pd.DataFrame, expected: pd.DataFrame, way: str) -> None:
    """Fails where two answers differ by more than rounding."""
    found = found.sort_values("customer_id", ignore_index=True)[list(expected)]
    assert found["customer_id"].equals(expected["customer_id"]), f"{way}: other customers"
    for name in expected.columns[1:]:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-9, atol=1e-7, err_msg=f"{way}: {name}")


def alone(way: str, file: str, memory: str, out: str) -> None:
    """One way, once, in this process: prints seconds and peak MB."""
    run = {"pandas": plain_pandas, "sql": duckdb_sql, "polars": with_polars, "ours": ours}[way]
    ready = run(Path(file), memory)
    started, worked = time.perf_counter(), time.process_time()
    table = ready()
    found = Run(time.perf_counter() - started, time.process_time() - worked, resident_peak())
    table.to_parquet(out, index=False)
    print(json.dumps(found))


def resident_peak() -> float:
    """The most memory (MB) this process ever held. Not ru_maxrss, which begins with that of the process before exec."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


# --- the lines ---


def generate(folder: Path, count: int) -> int:
    """orders.parquet, orders.csv and products.parquet; returns the number of customers. One line in 30 is a return."""
    random = np.random.default_rng(0)
    orders = count * 10 // 24
    who = (random.power(0.75, orders) * (count * 83 // 1000)).astype("int64")
    at = np.sort(random.integers(0, 730 * 86400, orders))
    order = np.repeat(np.arange(orders), 1 + np.minimum(random.poisson(1.5, orders), 9))[:count]
    product = random.integers(0, 2000, count)
    price = np.round(5 + random.gamma(2.0, 20.0, 2000), 2)[product]
    quantity = np.where(random.random(count) < 1 / 30, -1.0, random.integers(1, 4, count).astype("float64"))
    coded = random.random(orders)[order] < 0.2
    lines = pd.DataFrame(
        {
            "order_id": texts("o", order),
            "customer_id": texts("c", who[order]),
            "ordered_at": pd.Timestamp("2024-07-01") + pd.to_timedelta(at[order], unit="s").astype("timedelta64[us]"),
            "product_id": texts("p", product),
            "quantity": quantity,
            "unit_price": price,
            "discount": np.where(coded & (quantity > 0), np.round(0.1 * quantity * price, 2), 0.0),
            "discount_code": pd.Series("SAVE10", np.arange(len(coded)), dtype="str").where(coded),
        }
    )
    lines.to_parquet(folder / "orders.parquet", index=False)
    category = np.minimum(random.geometric(0.15, 2000) - 1, 19)
    products = {"product_id": texts("p", np.arange(2000)), "name": "x", "category": texts("Category ", category)}
    pd.DataFrame(products).to_parquet(folder / "products.parquet", index=False)
    to_csv(folder)
    return lines["customer_id"].nunique()


def texts(prefix: str, numbers: np.ndarray) -> pd.Series:
    names = pd.Series(prefix + pd.Series(np.arange(numbers.max() + 1)).astype("str").str.zfill(7), dtype="str")
    return names.take(numbers).reset_index(drop=True)


def to_csv(folder: Path) -> None:
    import duckdb

    lines = duckdb.read_parquet(str(folder / "orders.parquet"))
    lines.to_csv(str(folder / "orders.csv"), timestamp_format="%Y-%m-%d %H:%M:%S")


# --- the ways: each imports what it needs, and returns what is to be timed ---

Ready = Callable[[], pd.DataFrame]


def ours(file: Path, memory: str) -> Ready:
    from engine.shop.features import connected, of_tables
    from engine.shop.features.snapshot import frame

    def run() -> pd.DataFrame:
        with connected(memory) as connection, tempfile.TemporaryDirectory(dir=file.parent) as folder:
            lines = file
            if file.suffix == ".csv":  # kept as Parquet, as an import does: three passes over text cost more
                lines = Path(folder) / "orders.parquet"
                connection.read_csv(file).to_parquet(lines)
            files = {"orders": lines, "products": file.with_name("products.parquet")}
            tables = {name: connection.read_parquet(path) for name, path in files.items()}
            expression, columns = of_tables(tables, AS_OF, {})
            table = frame(expression.order_by("customer_id"))
        return table.set_axis(["customer_id", *(column.name for column in columns)], axis="columns")

    return run


SQL = """
WITH valued AS (
    SELECT order_id, customer_id, ordered_at, product_id, quantity, quantity * unit_price AS list_value,
           coalesce(discount, 0) AS money_off, discount_code IS NOT NULL AS coded
    FROM {lines} WHERE ordered_at < TIMESTAMP '2026-07-01'
), by_order AS (
    SELECT customer_id, order_id,
           min(ordered_at) FILTER (quantity > 0) AS first, max(ordered_at) FILTER (quantity > 0) AS last,
           sum(list_value - money_off) AS net,
           sum(list_value - money_off) FILTER (ordered_at >= TIMESTAMP '2026-04-02') AS net_90d,
           sum(list_value) FILTER (quantity > 0) AS list_value, sum(money_off) FILTER (quantity > 0) AS money_off,
           count(*) AS lines, count(*) FILTER (quantity < 0) AS returned,
           bool_or(coded) AS coded, bool_or(coded AND ordered_at >= TIMESTAMP '2026-04-02') AS coded_90d
    FROM valued GROUP BY customer_id, order_id
), by_customer AS (
    SELECT customer_id, min(first) AS first, max(last) AS last, count(last)::DOUBLE AS frequency,
           count(*) FILTER (last >= TIMESTAMP '2026-04-02') AS orders_90d, sum(net) AS monetary,
           coalesce(sum(net_90d), 0) AS monetary_90d, sum(list_value) AS list_value, sum(money_off) AS money_off,
           sum(lines) AS lines, sum(returned) AS returned,
           count(*) FILTER (coded) AS coded_orders, count(*) FILTER (coded_90d) AS coded_orders_90d
    FROM by_order GROUP BY customer_id
), by_category AS (
    SELECT customer_id, category, sum(list_value - money_off) AS net
    FROM valued LEFT JOIN '{products}' USING (product_id) WHERE quantity > 0 GROUP BY customer_id, category
), largest AS (
    SELECT category, row_number() OVER (ORDER BY sum(net) DESC, category) AS place
    FROM by_category WHERE category IS NOT NULL GROUP BY category
), shares AS (
    SELECT customer_id, sum(net) AS spend, count(by_category.category)::DOUBLE AS categories, {shares},
           coalesce(sum(net) FILTER (place IS NULL OR place > 8), 0) / spend AS share_other
    FROM by_category LEFT JOIN largest USING (category) GROUP BY customer_id
)
SELECT customer_id, (epoch(TIMESTAMP '2026-07-01') - epoch(last)) / 86400 AS recency_days, frequency, monetary,
       monetary / nullif(frequency, 0) AS aov, (epoch(TIMESTAMP '2026-07-01') - epoch(first)) / 86400 AS tenure_days,
       (epoch(last) - epoch(first)) / 86400 / nullif(frequency - 1, 0) AS gap_days, orders_90d::DOUBLE AS orders_90d,
       monetary_90d, money_off / nullif(list_value, 0) AS discount_share, (returned / lines)::DOUBLE AS return_share,
       coded_orders::DOUBLE AS coded_orders, coded_orders_90d::DOUBLE AS coded_orders_90d,
       coalesce(categories, 0) AS categories, {names}, share_other
FROM by_customer LEFT JOIN shares USING (customer_id) ORDER BY customer_id
"""


def duckdb_sql(file: Path, memory: str) -> Ready:
    import duckdb

    def run() -> pd.DataFrame:
        connection = duckdb.connect(config={"threads": 2, "memory_limit": memory})
        names = [f"share_{place}" for place in range(1, SHARES + 1)]
        shares = [
            f"coalesce(sum(net) FILTER (place = {place}), 0) / spend AS {name}" for place, name in enumerate(names, 1)
        ]
        products, lines = file.with_name("products.parquet"), f"'{file}'"
        table = connection.sql(
            SQL.format(lines=lines, products=products, shares=", ".join(shares), names=", ".join(names))
        ).df()
        largest = connection.sql(
            f"SELECT category FROM {lines} LEFT JOIN '{products}' USING (product_id) WHERE quantity > 0 GROUP BY ALL "
            f"ORDER BY sum(quantity * unit_price - discount) DESC LIMIT {SHARES}"
        ).fetchall()
        return table.rename(columns=dict(zip(names, [f"share_{name}" for (name,) in largest], strict=True)))

    return run


def plain_pandas(file: Path, memory: str) -> Ready:
    def run() -> pd.DataFrame:
        day = pd.Timestamp(AS_OF)
        lines = pd.read_csv(file, parse_dates=["ordered_at"]) if file.suffix == ".csv" else pd.read_parquet(file)
        lines = lines[lines["ordered_at"] < day]
        products = pd.read_parquet(file.with_name("products.parquet"))
        lines = lines.merge(products[["product_id", "category"]], on="product_id", how="left")
        lines["list_value"] = lines["quantity"] * lines["unit_price"]
        lines["net"] = lines["list_value"] - lines["discount"].fillna(0.0)
        bought, by = lines[lines["quantity"] > 0], lines.groupby("customer_id")
        recent, by_bought = lines["ordered_at"] >= day - pd.Timedelta(days=90), bought.groupby("customer_id")
        first, last = by_bought["ordered_at"].min(), by_bought["ordered_at"].max()
        coded = lines["discount_code"].notna()
        seconds = 86400.0
        table = pd.DataFrame({"monetary": by["net"].sum()})
        table["frequency"] = by_bought["order_id"].nunique()
        table["recency_days"] = (day - last).dt.total_seconds() / seconds
        table["tenure_days"] = (day - first).dt.total_seconds() / seconds
        table["frequency"] = table["frequency"].fillna(0.0)
        table["aov"] = table["monetary"] / table["frequency"].replace(0.0, np.nan)
        table["gap_days"] = (last - first).dt.total_seconds() / seconds / (table["frequency"] - 1).replace(0.0, np.nan)
        table["orders_90d"] = bought[recent].groupby("customer_id")["order_id"].nunique()
        table["monetary_90d"] = lines[recent].groupby("customer_id")["net"].sum()
        table["discount_share"] = by_bought["discount"].sum() / by_bought["list_value"].sum()
        table["return_share"] = (lines["quantity"] < 0).groupby(lines["customer_id"]).mean()
        table["coded_orders"] = lines[coded].groupby("customer_id")["order_id"].nunique()
        table["coded_orders_90d"] = lines[coded & recent].groupby("customer_id")["order_id"].nunique()
        table["categories"] = by_bought["category"].nunique()
        spent = bought.groupby(["customer_id", "category"])["net"].sum().unstack()
        largest = spent.sum().sort_values(ascending=False).index[:SHARES]
        for name in largest:
            table[f"share_{name}"] = spent[name].fillna(0.0) / spent.sum(axis=1)
        table["share_other"] = spent.drop(columns=largest).sum(axis=1) / spent.sum(axis=1)
        counts = ["orders_90d", "monetary_90d", "coded_orders", "coded_orders_90d", "categories"]
        table[counts] = table[counts].fillna(0.0)
        return table.reset_index()

    return run


def with_polars(file: Path, memory: str) -> Ready:
    import os

    os.environ["POLARS_MAX_THREADS"] = "2"  # as many as the others
    import polars as pl

    def run() -> pd.DataFrame:
        day = pl.lit(datetime(AS_OF.year, AS_OF.month, AS_OF.day))
        lines = pl.scan_csv(file, try_parse_dates=True) if file.suffix == ".csv" else pl.scan_parquet(file)
        products = pl.scan_parquet(file.with_name("products.parquet")).select("product_id", "category")
        bought, recent = pl.col("quantity") > 0, pl.col("ordered_at") >= day - pl.duration(days=90)
        coded, net = pl.col("discount_code").is_not_null(), pl.col("list_value") - pl.col("discount").fill_null(0.0)
        lines = lines.filter(pl.col("ordered_at") < day).with_columns(
            list_value=pl.col("quantity") * pl.col("unit_price")
        )
        orders = lines.group_by("customer_id", "order_id").agg(
            first=pl.col("ordered_at").filter(bought).min(),
            last=pl.col("ordered_at").filter(bought).max(),
            net=net.sum(),
            net_90d=net.filter(recent).sum(),
            list_value=pl.col("list_value").filter(bought).sum(),
            money_off=pl.col("discount").filter(bought).sum(),
            lines=pl.len(),
            returned=(pl.col("quantity") < 0).sum(),
            coded=coded.any(),
            coded_90d=(coded & recent).any(),
        )
        customers = orders.group_by("customer_id").agg(
            first=pl.col("first").min(),
            last=pl.col("last").max(),
            frequency=pl.col("last").count().cast(pl.Float64),
            orders_90d=(pl.col("last") >= day - pl.duration(days=90)).sum().cast(pl.Float64),
            monetary=pl.col("net").sum(),
            monetary_90d=pl.col("net_90d").sum(),
            discount_share=pl.col("money_off").sum() / pl.col("list_value").sum(),
            return_share=pl.col("returned").sum() / pl.col("lines").sum(),
            coded_orders=pl.col("coded").sum().cast(pl.Float64),
            coded_orders_90d=pl.col("coded_90d").sum().cast(pl.Float64),
        )
        spent = lines.filter(bought).join(products, on="product_id", how="left")
        spent = spent.group_by("customer_id", "category").agg(net=net.sum())
        total = spent.group_by("category").agg(pl.col("net").sum()).sort("net", descending=True)
        largest = total.head(SHARES).collect(engine="streaming")["category"].to_list()
        own = {f"share_{n}": pl.col("net").filter(pl.col("category") == n).sum() for n in largest}
        own["share_other"] = pl.col("net").filter(~pl.col("category").is_in(largest)).sum()
        shares = spent.group_by("customer_id").agg(
            categories=pl.col("category").count().cast(pl.Float64),
            **{name: part / pl.col("net").sum() for name, part in own.items()},
        )
        days = {"recency_days": day - pl.col("last"), "tenure_days": day - pl.col("first")}
        gap = (pl.col("last") - pl.col("first")).dt.total_seconds() / 86400.0
        many = pl.when(pl.col("frequency") > 1).then(pl.col("frequency") - 1)
        joined = customers.join(shares, on="customer_id", how="left").with_columns(
            **{name: length.dt.total_seconds() / 86400.0 for name, length in days.items()},
            aov=pl.when(pl.col("frequency") > 0).then(pl.col("monetary") / pl.col("frequency")),
            gap_days=pl.when(pl.col("frequency") > 0).then(gap / pl.when(many.is_not_null()).then(many)),
            categories=pl.col("categories").fill_null(0.0),
        )
        return joined.drop("first", "last").sort("customer_id").collect(engine="streaming").to_pandas()

    return run


if __name__ == "__main__":
    main()
