"""A new product forecast as a whole, the customers chosen for it, and the plan that writes to them."""

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np
import pandas as pd

from engine.audience.reach import channels, reachable
from engine.campaign import planned, starting
from engine.campaign.expected import Range
from engine.campaign.launch import sales, wanting
from engine.campaign.launch.form import NewProduct
from engine.campaign.launch.history import History, history, launches
from engine.campaign.launch.sales import FEWEST, HORIZONS, SURE, Expected
from engine.campaign.launch.stock import BreakEven, Stock, break_even, stock
from engine.campaign.launch.wanting import FEWEST_BUYERS, FEWEST_LAUNCHES, Lift, Wanting
from engine.campaign.plan import PARTS, Audience, Plan, Step
from engine.campaign.planned import DAYS_AHEAD, DAYS_LONG
from engine.campaign.starting import Proposal
from engine.sentences import Sentence
from engine.shop.store import Shop

USUAL_SHARE = 0.1  # of the customers, where nobody says how many are to be written to
Verdict = Literal["supported", "uncertain", "refused"]


@dataclass(frozen=True, slots=True)
class Launch:
    """What is expected of a new product. first, later: its sales in HORIZONS days; revenue likewise, after discounts.

    launches: the past ones behind the first days, see `history.launches`, without the product itself.

    None where the shop's past says too little; `notes` then say what is needed, and always what the numbers rest on.
    """

    product: NewProduct
    as_of: date
    verdict: Verdict
    first: Expected | None
    later: Expected | None
    revenue: Range | None
    revenue_later: Range | None
    stock: Stock | None
    break_even: BreakEven | None
    wanting: Wanting | None
    launches: pd.DataFrame
    notes: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The customers likeliest to buy. reach: how many of them each channel may write to.

    buyers: expected among them in the first days; average: among as many customers taken as they come. lift: what
    held-out launches showed for such a share of customers.
    """

    customer_ids: list[str]
    reach: dict[str, int]
    buyers: Range
    average: float
    lift: Lift


def forecast(shop: Shop, product: NewProduct, as_of: date | None = None) -> Launch:
    """Everything expected of the product. Raises NotEnoughData for a shop without products or orders."""
    past = history(shop, as_of)
    tables = {days: _others(launches(past, days), product) for days in HORIZONS}
    first, later = (sales.expected(past, product, days, tables[days]) for days in HORIZONS)
    paid = sales.paid_share(past, product.category)
    liked = wanting.wanting(past, product, first, tables[HORIZONS[0]])
    verdict: Verdict = "refused" if first is None else "supported" if first.launches >= SURE else "uncertain"
    return Launch(
        product=product,
        as_of=past.as_of.date(),
        verdict=verdict,
        first=first,
        later=later,
        revenue=_revenue(product, first, paid),
        revenue_later=_revenue(product, later, paid),
        stock=stock(product, first, later) if first else None,
        break_even=break_even(product, first, paid) if first else None,
        wanting=liked,
        launches=tables[HORIZONS[0]],
        notes=tuple(_notes(past, product, first, later, liked, tables[HORIZONS[0]], paid)),
    )


def _others(table: pd.DataFrame, product: NewProduct) -> pd.DataFrame:
    return table[table["product_id"].ne(product.product_id)].reset_index(drop=True)


def _revenue(product: NewProduct, expected: Expected | None, paid: float) -> Range | None:
    if expected is None:
        return None
    each = product.price * paid
    return Range(*(each * float(one) for one in (expected.range.value, expected.range.low, expected.range.high)))


def _notes(
    past: History,
    product: NewProduct,
    first: Expected | None,
    later: Expected | None,
    liked: Wanting | None,
    table: pd.DataFrame,
    paid: float,
) -> list[Sentence]:
    """What the numbers rest on, and what they cannot say."""
    if first is None:
        said = [Sentence("launch.too_few", {"launches": len(table), "needed": FEWEST})]
    else:
        said = _rests_on(product, first, later, table)
    if product.unit_cost is not None and product.price * paid < product.unit_cost:
        said.append(Sentence("launch.below_cost", {"paid": f"{paid:.0%}"}))
    if first is not None and product.stock is not None and product.stock < (later or first).range.high:
        said.append(Sentence("launch.more_than_stock", {"stock": f"{product.stock:,}"}))
    if liked is None:
        said.append(Sentence("launch.nobody_learned", {"launches": FEWEST_LAUNCHES, "buyers": FEWEST_BUYERS}))
    if (pd.Timestamp(product.launched_at) - past.as_of).days > 180:
        said.append(Sentence("launch.far_ahead", {"date": past.as_of.date().isoformat()}))
    return said


def _rests_on(product: NewProduct, first: Expected, later: Expected | None, table: pd.DataFrame) -> list[Sentence]:
    dates = {"first": table["day"].min().date().isoformat(), "last": table["day"].max().date().isoformat()}
    said = [Sentence("launch.rests_on", {"launches": first.launches, "own": first.in_category, **dates})]
    if first.launches < SURE:
        said.append(Sentence("launch.few_launches", {"launches": first.launches, "sure": SURE}))
    if product.category and not first.in_category:
        said.append(Sentence("launch.none_of_category", {"category": product.category}))
    if first.by_first_order:
        said.append(Sentence("launch.by_first_order", {"launches": first.by_first_order}))
    if first.season is None:
        said.append(Sentence("launch.no_season"))
    else:
        said.append(Sentence("launch.season", {"change": f"{first.season - 1:+.0%}"}))
    if later is None:
        said.append(Sentence("launch.no_later", {"days": HORIZONS[1], "needed": FEWEST}))
    prices = table["price"].dropna()
    if len(prices) and not prices.min() <= product.price <= prices.max():
        values = {"low": f"{prices.min():,.2f}", "high": f"{prices.max():,.2f}"}
        said.append(Sentence("launch.price_never_tried", values))
    return [*said, Sentence("launch.as_launched")]


# --- whom to write to ---


def chosen(shop: Shop, launch: Launch, size: int | None = None, seed: int = 0) -> Chosen | None:
    """The `size` likeliest customers (default: a tenth of all); None where nothing could be learned of them."""
    if launch.wanting is None:
        return None
    scored = launch.wanting.scored
    size = min(max(size or round(USUAL_SHARE * len(scored)), 1), len(scored))
    top = scored.head(size)
    ids = top["customer_id"].tolist()
    reach = {one: len(reachable(shop, ids, one, launch.as_of).customer_ids) for one in channels(shop)}
    return Chosen(
        customer_ids=ids,
        reach=reach,
        buyers=wanting.buyers(top["p_buy"].to_numpy(), launch.first),
        average=float(scored["p_buy"].mean() * size),
        lift=wanting.lift(launch.wanting.tested, size / len(scored), seed),
    )


def plan(shop: Shop, launch: Launch, who: Chosen, owner: str, today: date) -> Proposal:
    """A plan that writes of the product to these customers from the day it is launched, without an offer."""
    product = launch.product
    channel = max((one for one in who.reach if one in PARTS), key=lambda one: who.reach[one])
    usual = planned.usual_channel(shop)
    if 2 * who.reach.get(usual, 0) >= who.reach[channel]:
        channel = usual  # as starting plans do: another one only where it reaches twice as many
    language, spoken = starting.spoken_by(shop, who.customer_ids)
    starts = max(product.launched_at, today + timedelta(days=DAYS_AHEAD))
    begun = planned.new_plan("new", product.name, (), owner, today, shop)
    changes = {
        "objective": "launch", "tone": starting.TONES["launch"], "category": product.category,
        "product_ids": [product.product_id], "starts_at": starts, "ends_at": starts + timedelta(days=DAYS_LONG),
        "steps": [Step.model_validate({"channel": channel, "language": language})],
        "audience": Audience(customer_ids=who.customer_ids),
    }  # fmt: skip
    reasons = (Sentence("launch.plan_who", _who(who)), *spoken, Sentence("launch.plan_offer"))
    made = Plan.model_validate({**begun.model_dump(by_alias=True), **_plain(changes)})
    return Proposal(made, reasons, len(who.customer_ids), who.reach[channel])


def _plain(changes: dict) -> dict:
    return {
        name: value.model_dump(by_alias=True) if hasattr(value, "model_dump")
        else [one.model_dump(by_alias=True) for one in value] if name == "steps" else value
        for name, value in changes.items()
    }  # fmt: skip


def _who(who: Chosen) -> dict[str, str]:
    values = {"customers": f"{len(who.customer_ids):,}", "buyers": f"{who.buyers.value:,.1f}"}
    return values | {"low": f"{who.buyers.low:,.0f}", "high": f"{who.buyers.high:,.0f}"}


# --- for the command line ---


def customers_table(shop: Shop, launch: Launch, who: Chosen | None) -> pd.DataFrame:
    """Every customer by score: customer_id, p_buy, times_average, chosen (1, 0), and 1 or 0 per channel reached."""
    if launch.wanting is None or who is None:
        return pd.DataFrame(columns=["customer_id", "p_buy", "times_average", "chosen"])
    table = launch.wanting.scored.copy()
    table["chosen"] = (np.arange(len(table)) < len(who.customer_ids)).astype(int)
    ids = table["customer_id"].tolist()
    for channel in who.reach:
        allowed = set(reachable(shop, ids, channel, launch.as_of).customer_ids)
        table[f"{channel}_reachable"] = [int(one in allowed) for one in ids]
    return table


def as_json(launch: Launch, who: Chosen | None, language: Literal["en", "zh"] = "en") -> dict:
    """The report as the command prints it; numbers that the data does not support are absent (null)."""
    sold = [
        {
            "days": one.days,
            **_spread("units", one.range),
            **_spread("revenue", revenue),
            "launches": one.launches,
            "launches_of_category": one.in_category,
        }
        for one, revenue in ((launch.first, launch.revenue), (launch.later, launch.revenue_later))
        if one is not None
    ]
    return {
        "product_id": launch.product.product_id,
        "as_of": launch.as_of.isoformat(),
        "verdict": launch.verdict,
        "expected": sold,
        "stock": asdict(launch.stock) if launch.stock else None,
        "break_even": asdict(launch.break_even) if launch.break_even else None,
        "audience": _audience(launch, who) if who else None,
        "notes": [note.text(language) for note in launch.notes],
    }


def _audience(launch: Launch, who: Chosen) -> dict:
    assert launch.wanting is not None  # there is no audience without
    lift = who.lift.times
    return {
        "customers": len(who.customer_ids),
        "of": len(launch.wanting.scored),
        "reach": who.reach,
        **_spread("buyers", who.buyers),
        "buyers_of_as_many_average": who.average,
        **_spread("times_average_held_out", lift),
        "held_out_launches": who.lift.launches,
        "held_out_buyers": who.lift.buyers,
        "launches": launch.wanting.launches,
    }


def _spread(name: str, one: Range | None) -> dict:
    values = (one.value, one.low, one.high) if one else (None, None, None)
    return dict(zip((name, f"{name}_low", f"{name}_high"), values, strict=True))
