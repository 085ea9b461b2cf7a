"""The same expressions on Spark: what a shop that outgrew its machine gets is what DuckDB gave it before.

pyspark is not among what tests install: pandera imports all of it wherever it finds it, which slows every start.
Give it a folder of its own:

    .venv/bin/python -m pip install --target /tmp/spark pyspark==4.3.0
    PYTHONPATH=/tmp/spark .venv/bin/python -m pytest tests/shop/test_features_on_spark.py
"""

import importlib.util
import shutil
from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from engine.shop.features import connected, of_tables

DAY = date(2026, 1, 1)
LINES = 100_000

pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("pyspark") is None,
        reason="pyspark is not here; .venv/bin/python -m pip install --target /tmp/spark pyspark==4.3.0, "
        "then PYTHONPATH=/tmp/spark",
    ),
    pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java 17: apt-get install openjdk-17-jre"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A shop's tables as Parquet: 100,000 order lines, and events and deliveries enough to fill every column."""
    folder, random = tmp_path_factory.mktemp("tables"), np.random.default_rng(0)

    def times(count):
        at = pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 800 * 86400, count), unit="s")
        return pd.Series(at).astype("datetime64[us]")

    def ids(prefix, most, count):
        return prefix + pd.Series(random.integers(0, most, count)).astype("str")

    order = np.sort(random.integers(0, LINES // 3, LINES))
    customer, code = ids("c", 8_000, LINES // 3), random.random(LINES // 3) < 0.2
    frames = {
        "orders": {
            "order_id": "o" + pd.Series(order).astype("str"), "customer_id": customer[order].to_numpy(),
            "ordered_at": times(LINES // 3)[order].to_numpy(), "product_id": ids("p", 300, LINES),
            "quantity": random.choice([-1.0, 1.0, 2.0], LINES, p=[0.05, 0.7, 0.25]),
            "unit_price": random.gamma(2, 20, LINES).round(2), "discount": (random.random(LINES) * 3).round(2),
            "discount_code": pd.Series(np.where(code[order], "SAVE", None), dtype="str"),
        },
        "products": {"product_id": [f"p{n}" for n in range(300)], "category": [f"品类 {n % 13}" for n in range(300)]},
        "events": {"customer_id": ids("c", 9_000, 60_000), "occurred_at": times(60_000),
                   "kind": random.choice(["view", "cart", "search"], 60_000), "product_id": ids("p", 300, 60_000)},
        "campaigns": {"campaign_id": ["k0", "k1"], "channel": ["email", "sms"],
                      "ends_at": pd.Series([pd.Timestamp("2025-12-20"), pd.NaT]).astype("datetime64[us]")},
        "deliveries": {"campaign_id": ids("k", 2, 40_000), "customer_id": ids("c", 9_000, 40_000),
                       "sent_at": times(40_000), "treated": 1.0, "clicked": random.integers(0, 2, 40_000) * 1.0},
    }  # fmt: skip
    for name, columns in frames.items():
        pd.DataFrame(columns).to_parquet(folder / f"{name}.parquet", index=False)
    return folder


@pytest.fixture(scope="module")
def spark(tmp_path_factory):
    """Spark inside this process on two cores, as UTC: in another zone days shift by hours."""
    from pyspark.sql import SparkSession

    place = tmp_path_factory.mktemp("spark")
    settings = {
        "spark.sql.session.timeZone": "UTC", "spark.sql.shuffle.partitions": "4", "spark.ui.enabled": "false",
        "spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1", "spark.local.dir": str(place),
        "spark.sql.warehouse.dir": str(place / "warehouse"),
    }  # fmt: skip
    session = SparkSession.builder.master("local[2]").config(map=settings).getOrCreate()
    yield ibis.pyspark.connect(session)
    session.stop()


def read(connection, folder):
    return {path.stem: connection.read_parquet(str(path)) for path in sorted(folder.glob("*.parquet"))}


def test_spark_gives_what_duckdb_gives(folder, spark):
    with connected() as duckdb:
        expression, columns = of_tables(read(duckdb, folder), DAY, {"sms": 3})
        expected = expression.to_pandas().sort_values("customer_id", ignore_index=True)
    theirs, same_columns = of_tables(read(spark, folder), DAY, {"sms": 3})
    found = theirs.to_pandas().sort_values("customer_id", ignore_index=True)
    assert same_columns == columns
    assert len(columns) > 30
    assert found["customer_id"].tolist() == expected["customer_id"].tolist()
    for name in expected.columns[1:]:
        assert found[name].dtype == "float64", f"{name} is {found[name].dtype}: a decimal somewhere"
        assert expected[name].nunique() > 1
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-6, atol=1e-3, err_msg=name)
