"""Every chart: a table in, a figure out. No Streamlit here."""

from dashboard.charts.calendar import BAR, MONTHS, STATUSES, timeline
from dashboard.charts.drawing import (
    ASSUMED,
    BAD,
    GOOD,
    MAIN,
    PALETTE,
    QUIET,
    SECOND,
    Figure,
    colour,
    faded,
    figure,
    warm,
)
from dashboard.charts.first import assumed_profit
from dashboard.charts.groups import COMPARED, compared_groups, number_of_groups, segment_map
from dashboard.charts.judged import bias_over_time, forecast_beside_actual, held_over_time
from dashboard.charts.launches import past_launches
from dashboard.charts.measured import at_two_horizons
from dashboard.charts.models import calibration, dependence, importance, learning_curve
from dashboard.charts.plans import over_discount, ranked_offers, reasons, side_by_side
from dashboard.charts.results import extra_orders, forecast_against_actual, order_rates
from dashboard.charts.sales import LONGEST, cohorts, net_by_month, rows_over_time, top_products, weekly_line
from dashboard.charts.who import extra_by_band

__all__ = [
    "ASSUMED",
    "BAD",
    "BAR",
    "COMPARED",
    "GOOD",
    "LONGEST",
    "MAIN",
    "MONTHS",
    "PALETTE",
    "QUIET",
    "SECOND",
    "STATUSES",
    "Figure",
    "assumed_profit",
    "at_two_horizons",
    "bias_over_time",
    "calibration",
    "cohorts",
    "colour",
    "compared_groups",
    "dependence",
    "extra_by_band",
    "extra_orders",
    "faded",
    "figure",
    "forecast_against_actual",
    "forecast_beside_actual",
    "held_over_time",
    "importance",
    "learning_curve",
    "net_by_month",
    "number_of_groups",
    "order_rates",
    "over_discount",
    "past_launches",
    "ranked_offers",
    "reasons",
    "rows_over_time",
    "segment_map",
    "side_by_side",
    "timeline",
    "top_products",
    "warm",
    "weekly_line",
]
