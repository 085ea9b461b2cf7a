"""Which variant of a plan did better: orders inside its window, from the shop's own orders."""

import pandas as pd

from engine.outcome import experiments, joined
from engine.outcome.joined import Known
from engine.outcome.order_money import MONEY
from engine.sentences import Language


def table(known: Known, plan_id: str, days: int) -> pd.DataFrame:
    """One row per variant of a plan, as a test of one thing against another is read: experiment_id, variant, visitors
    (customers drawn for it), conversions (those who ordered), revenue and revenue_sq (their net revenue), and
    expected_share, equal as they are drawn. Empty for a plan with fewer than two variants.
    """
    columns = ["experiment_id", "variant", "visitors", "conversions", "revenue", "revenue_sq", "expected_share"]
    people = known.people.get(plan_id)
    if people is None:
        return pd.DataFrame(columns=columns)
    inside = joined.outcomes(known, people, days)
    money = inside[:, 2 + MONEY.index("revenue")]
    counted = pd.DataFrame({"variant": people["variant"].to_numpy(), "ordered": inside[:, 0], "revenue": money})
    counted = counted[people["treated"].eq(1).to_numpy() & counted["variant"].ne("")]
    by = counted.assign(revenue_sq=counted["revenue"] ** 2).groupby("variant", sort=True)
    found = pd.DataFrame(
        {
            "visitors": by.size(),
            "conversions": by["ordered"].sum(),
            "revenue": by["revenue"].sum(),
            "revenue_sq": by["revenue_sq"].sum(),
        }
    )
    if len(found) < 2:
        return pd.DataFrame(columns=columns)
    return found.assign(experiment_id=plan_id, expected_share=1 / len(found)).reset_index()[columns]


def compared(known: Known, plan_id: str, days: int, language: Language = "en") -> pd.DataFrame:
    """The variants with verdict and reason, see engine.outcome.experiments.read; empty where there is nothing to
    compare."""
    found = table(known, plan_id, days)
    return found if found.empty else experiments.read(found, language=language)
