"""Per customer of a plan: its offer, the same message at full price, or no message.

Who would buy anyway gets no discount: it is recommended only where it pays even if writing changes as little as the
lower end of its range says.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from engine.campaign.expected import Forecast
from engine.campaign.uplift.crossfit import Estimate
from engine.campaign.uplift.learned import Learned
from engine.campaign.uplift.worth import Money, worth
from engine.sentences import Sentence

CHOICES = ("offer", "full_price", "none")
BANDS = 5  # of a chart


@dataclass(frozen=True, slots=True)
class Option:
    """One way to write, for the average customer of a plan. extra, anyway: orders per person written to.

    gain: gross profit of an order; off: given away with each; cost: of writing to one. Money is the shop's currency.
    """

    extra: float
    anyway: float
    gain: float
    off: float
    cost: float

    def money(self, past: pd.DataFrame) -> Money:
        """The same as worth.Money, for messages as past customers `past` (columns of Learned.of) answered them."""
        return Money(
            self.gain, self.cost, self.off, _over(self.extra, past["uplift"].mean()),
            _over(self.anyway, past["anyway"].mean()),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Advice:
    """A plan's customers, each with its advice. customers: customer_id and the columns of `recommend`.

    counts: customers by advice; left_out: those for whom the plan as it is does not pay. gain: money earned by leaving
    these out instead of writing to all, with its interval (crossfit.LEVEL). full_price_tried: whether the past knows
    messages without an offer, so that these could be recommended.
    """

    customers: pd.DataFrame
    bands: pd.DataFrame
    counts: dict[str, int]
    left_out: int
    gain: Estimate
    verdict: Sentence
    full_price_tried: bool
    facts: dict  # of what it was learned from, see learned.Learned


def of_plan(
    learned: Learned, customer_ids: list[str], scored: pd.DataFrame, forecast: Forecast, at_full_price: Forecast
) -> Advice | None:
    """Advice for these customers, scored by Learned.of; None where the plan's money cannot be forecast."""
    offer, full_price = option(forecast), option(at_full_price)
    if offer is None or scored.empty:
        return None
    advised = recommend(scored, offer, full_price)
    held = worth(learned.held_out, offer.money(scored), learned.held_out.like(scored["uplift"].to_numpy()))
    return Advice(
        advised.assign(customer_id=customer_ids),
        bands(advised),
        {name: int(advised["advice"].eq(name).sum()) for name in CHOICES},
        int((advised["profit"] <= 0).sum()),
        held.against_all.times(len(advised)),
        held.sentence,
        full_price is not None,
        learned.facts,
    )


def _over(one: float, other: float) -> float:
    """one / other where both say something, else 1: as in the past."""
    return one / other if one > 0 and other > 0 else 1.0


def option(forecast: Forecast) -> Option | None:
    """A plan's forecast for its average customer; None where the past supports none, or has no holdout."""
    found = (forecast.extra_orders, forecast.would_buy_anyway, forecast.orders, forecast.discount_cost)
    if not forecast.supported or any(one is None for one in found) or not forecast.recipients:
        return None
    extra, anyway, orders, given = (one.value for one in found if one is not None)
    assert forecast.order_value is not None and forecast.margin is not None and forecast.send_cost is not None
    return Option(
        extra / forecast.recipients,
        anyway / forecast.recipients,
        forecast.order_value * forecast.margin,
        given / orders if orders else 0.0,
        forecast.send_cost / forecast.recipients,
    )


def recommend(scored: pd.DataFrame, offer: Option, full_price: Option | None) -> pd.DataFrame:
    """`scored` (columns of Learned.of) + extra, profit (of the plan as it is) and advice, one of CHOICES.

    Extra orders of a plan are the forecast's; who they come from is as the holdouts taught: what one offer brings more
    than another comes from those whom messages move at all.
    """
    extra = _extra(scored, offer)
    anyway = scored["anyway"] * _over(offer.anyway, float(scored["anyway"].mean()))
    with_offer = _profit(offer, extra, anyway)
    profits = {"offer": with_offer, "none": np.zeros(len(scored))}
    if full_price is None:
        least = _profit(offer, _extra(scored, offer, "alike_low"), anyway)
    else:
        profits["full_price"] = _profit(full_price, _extra(scored, full_price), anyway)
        low, low_full = (_extra(scored, one, "alike_low") for one in (offer, full_price))
        least = _profit(offer, low, anyway) - np.maximum(_profit(full_price, low_full, anyway), 0.0)
    allowed = {**profits, "offer": np.where((least > 0) | (offer.off <= 0), with_offer, -np.inf)}
    names = [name for name in CHOICES if name in allowed]
    best = np.array(names, dtype=object)[np.argmax([allowed[name] for name in names], axis=0)]
    return scored.assign(extra=extra, profit=with_offer, advice=pd.Series(best, scored.index, dtype="str"))


def _extra(scored: pd.DataFrame, option: Option, end: str = "uplift") -> np.ndarray:
    """Extra orders of each customer, `option.extra` on average; at another end of the range: as much less."""
    moved = scored["uplift"].clip(lower=0).to_numpy("float64")
    usual, mean = float(moved.mean()), float(scored["uplift"].mean())
    share = scored[end].clip(lower=0).to_numpy("float64") / usual if usual > 0 else np.ones(len(scored))
    return scored[end].to_numpy("float64") + (option.extra - mean) * share


def _profit(option: Option, extra: np.ndarray, anyway: pd.Series) -> np.ndarray:
    orders = np.maximum(extra + anyway.to_numpy("float64"), 0.0)
    return option.gain * extra - option.off * orders - option.cost


def bands(advised: pd.DataFrame, count: int = BANDS) -> pd.DataFrame:
    """Customers cut into equal parts by what writing changes, the most moved first.

    One row each: band (from 1), customers, extra, low, high (extra orders per customer, low and high as for all
    customers of whom as much is expected), anyway, profit (per customer), and how many of each advice.
    """
    ordered = advised.sort_values("extra", ascending=False, kind="stable")
    rows = []
    for number, place in enumerate(np.array_split(np.arange(len(ordered)), min(count, len(ordered)))):
        part = ordered.iloc[place]
        shift = part["extra"] - part["uplift"]
        rows.append(
            {
                "band": number + 1, "customers": len(part), "extra": float(part["extra"].mean()),
                "low": float((part["alike_low"] + shift).mean()), "high": float((part["alike_high"] + shift).mean()),
                "anyway": float(part["anyway"].mean()), "profit": float(part["profit"].mean()),
                **{name: int(part["advice"].eq(name).sum()) for name in CHOICES},
            }
        )  # fmt: skip
    return pd.DataFrame(rows)
