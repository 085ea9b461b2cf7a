"""Does the comparison of those sent with those left out tell the truth? Simulated campaigns whose truth is known.

    python -m bench.holdout [--campaigns 1000]

In each, 60 of 100 customers order within 7 days anyway, 500 of 5,000 are left out, and a discount of 10 % goes to all
who order within 7 days of the message. The message makes some order who would not have, and makes others order now
instead of in the weeks after. What an order is worth has a heavy tail, and some orders come back. Both worlds of every
customer are drawn, so that the truth is the difference between them for the very customers who were sent it. Whole
shops, through the same functions as the pages. Prints how often the ranges of 95 % hold, and what attribution says.
"""

import argparse
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from engine.outcome import difference, joined, measured
from engine.shop import store

SENT_AT = pd.Timestamp("2026-03-02 10:00")
MARGIN, OFF = 0.45, 0.10
FIRST, LATER = 7, 30  # days


@dataclass(frozen=True, slots=True)
class World:
    """What a message does. anyway: who order in 7 days without one; later: who order in days 8 to 30 without one;
    extra: of those who would not have in 7 days, who do because of it; forward: of those later, who come now instead.
    spread: of the logarithm of an order's worth."""

    anyway: float = 0.6
    later: float = 0.15
    extra: float = 0.06
    forward: float = 0.3
    off: float = OFF
    spread: float = 1.0
    people: int = 5_000
    held: int = 500


NO_EFFECT = World(extra=0.0, forward=0.0, off=0.0)
FEW_BUY = World(anyway=0.04, later=0.06, extra=0.02)


def campaign(name: str, world: World, random: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame, dict]:
    """Deliveries, order lines, and the truth of one campaign: (days, "orders" or "profit") -> extra of those sent."""
    n = world.people
    ids = np.char.add(f"{name}-", np.arange(n).astype(str))
    fond = random.gamma(2.0, 0.5, n)  # mean 1: who buys often and much
    likely = np.clip(world.anyway * (0.5 + 0.5 * fond), 0, 0.95)
    now = random.random(n) < likely * world.anyway / likely.mean()
    then = random.random(n) < np.clip(world.later * fond, 0, 0.9)
    worth = random.lognormal(3.5, world.spread, (2, n)) * (0.7 + 0.3 * fond)
    treated = np.ones(n, dtype=bool)
    treated[random.permutation(n)[: world.held]] = False
    made = ~now & (random.random(n) < world.extra)
    moved = ~now & ~made & then & (random.random(n) < world.forward)
    with_message = {FIRST: now | made | moved, LATER: then & ~moved}
    without = {FIRST: now, LATER: then}
    value = {FIRST: np.where(moved & treated, worth[1], worth[0]), LATER: worth[1]}
    back = random.random((2, n)) < 0.05
    truth = _truth(with_message, without, worth, moved, back, treated, world)
    lines = [_before(ids, fond, world, random)]
    for number, (days, start) in enumerate(((FIRST, 0), (LATER, FIRST))):
        happened = np.where(treated, with_message[days], without[days])
        at = SENT_AT + pd.to_timedelta(start + random.random(n) * (days - start), unit="D")
        off = np.where(treated & (days == FIRST), world.off, 0.0)
        came_back = np.where(moved & treated, back[1], back[number]) if days == FIRST else back[number]
        lines.append(_lines(ids, at, value[days], off, happened, f"{name}o{number}", 1))
        lines.append(
            _lines(ids, at + pd.Timedelta(days=9), value[days], off, happened & came_back, f"{name}o{number}", -1)
        )
    deliveries = pd.DataFrame(
        {
            "campaign_id": name, "customer_id": ids, "sent_at": SENT_AT, "treated": treated.astype("float64"),
            "propensity": 1 - world.held / n,
        }
    )  # fmt: skip
    return deliveries, pd.concat(lines, ignore_index=True), truth


def _truth(
    with_message: dict, without: dict, worth: np.ndarray, moved: np.ndarray, back: np.ndarray, treated: np.ndarray,
    world: World,
) -> dict[tuple[int, str], float]:  # fmt: skip
    """What those sent did more than they would have: customers who ordered, and profit."""
    kept = ~back
    first = np.where(moved, worth[1] * kept[1], worth[0] * kept[0])
    profit_1 = {
        FIRST: with_message[FIRST] * first * (MARGIN - world.off),
        LATER: with_message[LATER] * worth[1] * kept[1] * MARGIN,
    }
    profit_0 = {
        FIRST: without[FIRST] * worth[0] * kept[0] * MARGIN,
        LATER: without[LATER] * worth[1] * kept[1] * MARGIN,
    }
    whole_1, whole_0 = with_message[FIRST] | with_message[LATER], without[FIRST] | without[LATER]
    return {
        (FIRST, "orders"): float((with_message[FIRST].astype(float) - without[FIRST])[treated].sum()),
        (LATER, "orders"): float((whole_1.astype(float) - whole_0)[treated].sum()),
        (FIRST, "profit"): float((profit_1[FIRST] - profit_0[FIRST])[treated].sum()),
        (LATER, "profit"): float((sum(profit_1.values()) - sum(profit_0.values()))[treated].sum()),
    }


def _before(ids: np.ndarray, fond: np.ndarray, world: World, random: np.random.Generator) -> pd.DataFrame:
    """Orders of the year before."""
    who = np.repeat(np.arange(len(ids)), random.poisson(2 * fond))
    at = SENT_AT - pd.to_timedelta(1 + random.random(len(who)) * 360, unit="D")
    value = random.lognormal(3.5, world.spread, len(who)) * (0.7 + 0.3 * fond[who])
    frame = _lines(ids[who], at, value, np.zeros(len(who)), np.ones(len(who), dtype=bool), "", 1)
    return frame.assign(order_id=[f"{ids[0]}b{number}" for number in range(len(frame))])


def _lines(
    ids: np.ndarray, at: pd.DatetimeIndex, value: np.ndarray, off: np.ndarray, which: np.ndarray, order: str, sign: int
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "order_id": np.char.add(f"{order}-", ids[which].astype(str)), "customer_id": ids[which],
            "ordered_at": at[which], "product_id": "p", "quantity": float(sign), "unit_price": value[which].round(4),
            "discount": (sign * value * off)[which].round(4),
        }
    )  # fmt: skip


def shop_of(folder: Path, world: World, campaigns: int, seed: int) -> tuple[store.Shop, pd.DataFrame]:
    """A shop in which so many campaigns went to as many different audiences, and the truth per plan_id and days."""
    random = np.random.default_rng(seed)
    made = {f"k{number:03d}": campaign(f"k{number:03d}", world, random) for number in range(campaigns)}
    shop = store.create_shop(folder, {"gross_margin": {"default": MARGIN}, "send_cost": {"email": 0.0}})
    tables = {
        "deliveries": pd.concat([one[0] for one in made.values()], ignore_index=True),
        "orders": pd.concat([one[1] for one in made.values()], ignore_index=True),
        "products": pd.DataFrame({"product_id": ["p"], "name": ["p"]}),
        "campaigns": pd.DataFrame({"campaign_id": list(made), "channel": "email", "starts_at": SENT_AT}),
    }
    store.write_tables(shop, {name: _kinds(table) for name, table in tables.items()})
    truth = [
        {"plan_id": name, "days": days, "what": what, "truth": value}
        for name, (*_, known) in made.items()
        for (days, what), value in known.items()
    ]
    return store.open_shop(folder), pd.DataFrame(truth)


def _kinds(table: pd.DataFrame) -> pd.DataFrame:
    """Columns as an import leaves them."""
    kinds: dict[str, str] = {}
    for name in table:
        if name.endswith("_id") or name in ("name", "channel"):
            kinds[name] = "str"
        elif name.endswith("_at"):
            kinds[name] = "datetime64[us]"
    return table.astype(kinds)


def ranges(shop: store.Shop, truth: pd.DataFrame, adjust: bool = True) -> pd.DataFrame:
    """The truth with what was measured of it: estimate, low, high, attributed, held."""
    usual = difference.ENOUGH_TO_ADJUST
    difference.ENOUGH_TO_ADJUST = usual if adjust else 10**9
    try:
        table = measured.of_known(shop, joined.read(shop)).set_index(["plan_id", "days"])
    finally:
        difference.ENOUGH_TO_ADJUST = usual
    rows = table.loc[list(zip(truth["plan_id"], truth["days"], strict=True))].reset_index()
    result = truth.copy()
    for column, ending in (("estimate", ""), ("low", "_low"), ("high", "_high")):
        result[column] = np.where(
            truth["what"] == "orders", rows[f"extra_orders{ending}"], rows[f"extra_profit{ending}"]
        )
    result["attributed"] = np.where(
        truth["what"] == "orders", rows["sent_ordered"], rows["attributed_revenue"] * MARGIN
    )
    return result.assign(holds=result["truth"].between(result["low"], result["high"]))


def told(found: pd.DataFrame) -> pd.DataFrame:
    """Per days and kind of number: how often the range held, which side it missed, its width, and attribution."""
    by = found.groupby(["days", "what"])
    return pd.DataFrame(
        {
            "campaigns": by.size(),
            "truth": by["truth"].mean(),
            "measured": by["estimate"].mean(),
            "attributed": by["attributed"].mean(),
            "range_holds": by["holds"].mean(),
            "said_too_much": by.apply(lambda one: (one["low"] > one["truth"]).mean()),
            "said_too_little": by.apply(lambda one: (one["high"] < one["truth"]).mean()),
            "width": by.apply(lambda one: (one["high"] - one["low"]).mean()),
        }
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--campaigns", type=int, default=1_000)
    campaigns, each = parser.parse_args().campaigns, 25
    worlds = {
        "60 % buy anyway, 500 of 5,000 left out": World(),
        "the same, heavier tail (spread 1.5)": World(spread=1.5),
        "4 % buy anyway, 200 of 2,000 left out": World(0.04, 0.06, 0.02, people=2_000, held=200),
        "no effect (A/A), 60 % buy anyway": NO_EFFECT,
        "no effect (A/A), 4 % buy anyway, 200 of 2,000": World(0.04, 0.06, 0, 0, 0, people=2_000, held=200),
    }
    pd.set_option("display.width", 160)
    for title, world in worlds.items():
        begun = time.perf_counter()
        parts: dict[bool, list[pd.DataFrame]] = {True: [], False: []}
        for seed in range(campaigns // each):
            with tempfile.TemporaryDirectory() as folder:
                shop, truth = shop_of(Path(folder) / "shop", world, each, seed)
                for adjust, found in parts.items():
                    found.append(ranges(shop, truth, adjust))
        print(f"\n{title}: {campaigns} campaigns, {time.perf_counter() - begun:.0f} s")
        for adjust, found in parts.items():
            print("\nwith" if adjust else "\nwithout", "the year before taken into account")
            print(told(pd.concat(found)).round(3).to_string(), flush=True)


if __name__ == "__main__":
    main()
