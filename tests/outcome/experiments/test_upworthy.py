"""Real headline tests (Upworthy Research Archive): the numbers of scipy and statsmodels on the same tests."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportions_ztest

from engine.outcome import experiments
from engine.outcome.experiments import proportions

FILE = Path(__file__).resolve().parents[4] / "shared" / "data" / "upworthy" / "upworthy_dev.parquet"


@pytest.fixture(scope="module")
def read() -> pd.DataFrame:
    """Every test of the archive as the command reads it."""
    path = FILE if FILE.exists() else Path("/work/shared/data/upworthy/upworthy_dev.parquet")
    if not path.exists():
        pytest.skip("the Upworthy data is not beside the project (shared/data/upworthy)")
    raw = pd.read_parquet(path)
    return experiments.read(
        pd.DataFrame(
            {
                "experiment_id": raw["clickability_test_id"],
                "variant": raw.groupby("clickability_test_id").cumcount().astype(str),
                "visitors": raw["impressions"],
                "conversions": raw["clicks"],
            }
        )
    )


@pytest.fixture(scope="module")
def some(read) -> list[pd.DataFrame]:
    """Every tenth test."""
    return [test for number, (_, test) in enumerate(read.groupby("experiment_id", sort=False)) if number % 10 == 0]


def test_every_test_is_read(read):
    assert (len(read), read["experiment_id"].nunique()) == (7_467, 1_659)
    assert set(read["verdict"]) <= {"", *experiments.VERDICTS}


def test_uneven_groups_are_those_that_scipy_finds(some):
    for test in some:
        if len(test) > 1:
            p = stats.chisquare(test["visitors"].astype(float)).pvalue
            assert test["srm_p"].iloc[0] == pytest.approx(p, abs=1e-12)
            assert test["srm_flag"].eq(int(p < 0.002)).all()


def test_lifts_p_values_and_corrected_winners_are_those_of_statsmodels(some):
    compared = 0
    for test in some:
        base, others = test.iloc[0], test.iloc[1:]
        counts = [
            others["conversions"],
            others["visitors"],
            *([base[name]] * len(others) for name in ("conversions", "visitors")),
        ]
        x, n, x0, n0 = (np.array(one, dtype="float64") for one in counts)
        if not len(others) or proportions.few(x, n, x0, n0).any():
            continue  # corrected for continuity where few clicked
        p = [proportions_ztest([a, c], [b, d])[1] for a, b, c, d in zip(x, n, x0, n0, strict=True)]
        np.testing.assert_allclose(others["p_value"].astype(float), p, rtol=1e-9)
        np.testing.assert_allclose(others["lift"].astype(float), x / n / (x0 / n0) - 1)
        if compared >= 10:  # multipletests collects garbage in each call
            continue
        adjusted = multipletests(np.array(p), method="holm")[1]
        np.testing.assert_allclose(others["p_adjusted"].astype(float), adjusted, rtol=1e-9)
        if base["verdict"] != "invalid":
            np.testing.assert_array_equal(others["verdict"] == "won", (adjusted < 0.05) & (x / n > x0 / n0))
            compared += 1
    assert compared == 10
