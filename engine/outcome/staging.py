"""What a test on a part could show, before it is sent."""

from dataclasses import dataclass

import pandas as pd

from engine.campaign.plan import FirstTest, Metric
from engine.model.power import detectable_between

UNSEEN = 1.0  # a lift of 100 %: a test that would not see twice as many sees nothing


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a test could show. per_variant: customers in each; rate: of the metric in past campaigns (a fraction), None
    where there are none; lift: the smallest relative one it would see at 80 % power, None where it cannot be said."""

    per_variant: int
    rest: int
    rate: float | None
    lift: float | None

    @property
    def sees_nothing(self) -> bool:
        """Whether even twice as many would look like chance."""
        return self.lift is not None and self.lift > UNSEEN


def outlook(rule: FirstTest, variants: int, written_to: int, rate: float | None) -> Outlook:
    """written_to: customers of the plan without the holdout."""
    tested = int(written_to * rule.share)
    each = tested // variants
    rise = detectable_between(rate, each, variants) if rate else None
    return Outlook(each, written_to - tested, rate, rise / rate if rise is not None and rate else None)


def past_rate(table: pd.DataFrame, channel: str, metric: Metric) -> float | None:
    """The share of messages of a channel after which customers ordered or clicked, over all its past campaigns.

    table: as engine.outcome.results.campaigns gives it; a campaign without that stage is left out.
    """
    rate = {"orders": "order_rate", "clicks": "ctr"}[metric]
    known = table[table["channel"].eq(channel) & table[rate].notna() & table["sent"].gt(0)]
    if known.empty:
        return None
    return float((known[rate] * known["sent"]).sum() / known["sent"].sum()) or None
