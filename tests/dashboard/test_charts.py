import numpy as np
import pandas as pd

from dashboard import charts

WORDS = {"after": "Months after", "month": "First order", "share": "Ordered again", "customers": "customers"}


def test_a_month_that_is_not_over_is_an_empty_cell_and_nobody_is_a_coloured_one():
    months = pd.to_datetime(["2026-01-01", "2026-01-01", "2026-01-01", "2026-02-01", "2026-02-01", "2026-03-01"])
    table = pd.DataFrame(
        {
            "month": months, "customers": [4, 4, 4, 10, 10, 7], "after": [0, 1, 2, 0, 1, 0],
            "ordered": [np.nan, 1, 2, np.nan, 0, np.nan], "share": [np.nan, 0.25, 0.5, np.nan, 0.0, np.nan],
        }
    )  # fmt: skip
    (cells,) = charts.cohorts(table, WORDS).data
    assert list(cells.y) == ["2026-01 · 4", "2026-02 · 10", "2026-03 · 7"]
    assert list(cells.x) == [1, 2]
    shares = np.asarray(cells.z)
    assert shares[0].tolist() == [0.25, 0.5]
    assert shares[1, 0] == 0.0
    assert np.isnan(shares[1, 1]) and np.isnan(shares[2]).all()
    assert cells.hoverongaps is False
    assert (cells.zmin, cells.zmax) == (0, 0.5)


def test_products_of_one_name_are_two_bars_and_a_long_name_is_cut():
    table = pd.DataFrame({"name": ["Cup", "Cup", "A very long name of a product"], "net_sales": [30.0, 20.0, -5.0]})
    figure = charts.top_products(table, "Net sales, USD")
    (bars,) = figure.data
    assert list(bars.x) == [30.0, 20.0, -5.0]
    assert list(figure.layout.yaxis.ticktext) == ["Cup", "Cup", "A very long name of a pro…"]
    assert bars.marker.color[2] == charts.BAD
