"""How often 80 % ranges hold, for small and large audiences and for shops with few and many campaigns.

    python bench/coverage.py [--shops 200] [--jobs 2] [--folder DIR] > bench/results/coverage.txt

Part 1 simulates shops whose rates, campaign effects and people who buy anyway are known; learns each as `train` does,
forecasts campaigns that were never seen through the forecast a page shows, and counts what came.
Part 2 is the rolling origin on complete-journey's later campaigns.
"""

import argparse
import platform
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit, logit

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, from anywhere

from engine.campaign import baskets, offers, order_value, response, rows, support
from engine.campaign.expected import Forecast
from engine.campaign.forecast import evaluate
from engine.campaign.past_sends import Messages
from engine.campaign.response import Models
from engine.campaign.scene import Scene
from engine.errors import AppError
from engine.model.coverage import held
from engine.shop import samples, store
from engine.shop.store import Shop

PAST = (6, 12, 30)  # campaigns a simulated shop has behind it
AUDIENCES = {"200-500": (200, 500), "5,000-50,000": (5_000, 50_000)}
FUTURE = 10  # campaigns forecast for each shop and size of audience
DISCOUNTS = (0.0, 0.1, 0.15, 0.2, 0.3)
MARGIN, SEND_COST, SPREAD = 0.45, 0.02, 0.5
FIGURES = ("order_rate", "extra_orders", "extra_profit")
FIRST_SEED = 1_000  # the rules of ranges were set with simulated shops of smaller seeds in sight
START = pd.Timestamp("2025-01-06")
Z = 1.2816  # the normal's 90 % point


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--shops", type=int, default=200)
    arguments.add_argument("--jobs", type=int, default=2, help="simulated shops at a time")
    arguments.add_argument("--folder", type=Path, help="where to build the shop of part 2; a temporary one otherwise")
    chosen = arguments.parse_args()
    print(f"{datetime.now():%Y-%m-%d %H:%M}, {platform.machine()}, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        settings = store.create_shop(Path(folder) / "settings", {"currency": "EUR"})
        simulated(settings, chosen.shops, chosen.jobs)
        try:
            grocer(samples.build("complete-journey", Path(folder) / "grocer"))
        except AppError as problem:
            print(f"\nComplete Journey left out: {problem}")


# --- part 1: what is true of a simulated shop ---


@dataclass(frozen=True, slots=True)
class World:
    """Log-odds of an order without a message, what a message and its discount add, and how far campaigns vary.

    shared: sd of what moves everybody in a campaign's week; own: sd of what moves those written to only.
    """

    base: float
    loyal: float  # log-odds per log frequency
    message: float
    discount: float
    sms: float
    shared: float
    own: float
    value: float
    size: float


def world(random: np.random.Generator) -> World:
    sd = float(np.clip(np.exp(random.normal(np.log(0.25), 0.5)), 0.08, 0.7))  # campaigns around their expectation
    share = random.uniform(0.1, 0.7)
    return World(
        base=float(logit(np.exp(random.uniform(np.log(0.008), np.log(0.04))))),
        loyal=random.uniform(0.2, 0.7),
        message=random.uniform(0.0, 0.5),
        discount=random.uniform(0.2, 0.9),
        sms=random.normal(0.0, 0.2),
        shared=sd * np.sqrt(share),
        own=sd * np.sqrt(1 - share),
        value=random.uniform(30, 120),
        size=np.exp(random.uniform(np.log(1_000), np.log(15_000))),
    )


def campaigns(random: np.random.Generator, count: int) -> pd.DataFrame:
    """Campaigns three weeks apart, each with its channel, discount and hour, as the campaigns table has them."""
    discount = random.choice(DISCOUNTS, count)
    return pd.DataFrame(
        {
            "campaign_id": [f"k{number:03d}" for number in range(count)],
            "channel": random.choice(["email", "sms"], count, p=[0.7, 0.3]),
            "offer_kind": np.where(discount > 0, "percent", "none"),
            "discount": discount,
            "goal": random.choice(["win_back", "launch"], count),
            "starts_at": START + pd.to_timedelta(21 * np.arange(count), unit="D"),
            "send_hour": random.choice([9.0, 12.0, 18.0], count),
        }
    )


FREQUENCIES = np.arange(12.0)


def people(random: np.random.Generator, size: int) -> np.ndarray:
    """How many of an audience have bought 0, 1, ... 11 times: every campaign's audience has a mix of its own."""
    liking = np.exp(-FREQUENCIES / random.uniform(2.0, 5.0))
    return random.multinomial(size, liking / liking.sum())


def chances(known: World, campaign: pd.Series, shared: float, own: float) -> tuple[np.ndarray, np.ndarray]:
    """P(order) of each frequency, written to and not."""
    quiet = known.base + known.loyal * (np.log1p(FREQUENCIES) - 1) + shared
    offer = known.discount * (1 - np.exp(-campaign["discount"] / rows.DISCOUNT_BEND))
    written = quiet + known.message + offer + known.sms * (campaign["channel"] == "sms") + own
    return expit(written), expit(quiet)


def past(random: np.random.Generator, known: World, table: pd.DataFrame) -> tuple[Messages, pd.DataFrame]:
    """What a shop has on record of these campaigns, a row each and per frequency, a tenth held out; and its orders."""
    sent, quiet = [], []
    for _, campaign in table.iterrows():
        counts = people(random, round(known.size * np.exp(random.normal(0, 0.4))))
        out = random.binomial(counts, 0.1)
        p, q = chances(known, campaign, *random.normal(0, (known.shared, known.own)))
        about = {"campaign_id": campaign["campaign_id"], "customer_id": "", "sent_at": campaign["starts_at"]}
        both = pd.DataFrame(about | {"frequency": FREQUENCIES})
        sent.append(both.assign(trials=counts - out, converted=random.binomial(counts - out, p)))
        quiet.append(both.assign(trials=out, converted=random.binomial(out, q)))
    written, held_out = (t[t["trials"] > 0].reset_index(drop=True) for t in (pd.concat(sent), pd.concat(quiet)))
    return Messages(written, features(written, table), held_out, features(held_out, table)), _orders(
        random, known, written, table
    )


def features(table: pd.DataFrame, described: pd.DataFrame) -> pd.DataFrame:
    context = described.set_index("campaign_id").reindex(table["campaign_id"]).set_index(table.index)
    return rows.learnable(rows.design(table[["frequency"]], context.assign(sent_at=table["sent_at"]), []))


def _orders(random: np.random.Generator, known: World, sent: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """One row per order with its revenue after discount."""
    each = sent.loc[sent.index.repeat(sent["converted"].astype(int))].assign(converted=1.0, trials=1.0)
    off = each["campaign_id"].map(table.set_index("campaign_id")["discount"]).to_numpy()
    return each.assign(revenue=_values(random, known, len(each)) * (1 - off)).reset_index(drop=True)


def _values(random: np.random.Generator, known: World, count: int) -> np.ndarray:
    return known.value * np.exp(random.normal(-(SPREAD**2) / 2, SPREAD, count))


# --- part 1: learning and forecasting ---


def learned(random: np.random.Generator, known: World, table: pd.DataFrame) -> Models:
    """The models of a simulated shop. Raises NotEnoughData where its past has too few orders."""
    messages, bought = past(random, known, table)
    parts = response.Parts()
    response.learn_messages(messages, table, parts, 0)
    value = order_value.learn_value(bought, features(bought, table), table)
    tried = support.Tried(
        {c: {"none": [0.0], "percent": list(DISCOUNTS)} for c in ("email", "sms")},
        {c: {"none": 1_000, "percent": 1_000} for c in ("email", "sms")}, {}, (), {},
    )  # fmt: skip
    card = {
        "messages": int(messages.sent["trials"].sum()), "campaigns": len(table), "last_sent": "2026-06-01",
        "held_out_customers": int(messages.held["trials"].sum()), "targets": parts.cards,
    }  # fmt: skip
    return Models("bench", parts.responses, parts.anyway, value, parts.variation, tried, card)


def scene_of(counts: np.ndarray, random: np.random.Generator) -> Scene:
    """An audience with these frequencies, stood for by at most 2,000 of it."""
    everyone = pd.DataFrame({"frequency": np.repeat(FREQUENCIES, counts)})
    known = everyone.sample(min(2_000, len(everyone)), random_state=int(random.integers(2**31))).sort_index()
    known = known.assign(customer_id="").reset_index(drop=True)
    columns = pd.DataFrame(rows.customer_columns(known), index=known.index)
    ids = ("",) * len(everyone)
    reached = np.ones(len(known), dtype=bool)
    shape = baskets.lognormal(SPREAD)
    return Scene(ids, ids, known, reached, {}, date(2026, 6, 1), offers.Margin(MARGIN, True), shape, columns)


def came(
    random: np.random.Generator, known: World, campaign: pd.Series, counts: np.ndarray
) -> tuple[dict[str, float], float]:
    """What a campaign brought, and the binomial floor: the width of 80 % of luck at its true rate.

    Whoever would buy anyway does; the message moves some of the others, or keeps some from it.
    """
    p, q = chances(known, campaign, *random.normal(0, (known.shared, known.own)))
    anyway = random.binomial(counts, q)
    moved = random.binomial(counts - anyway, np.clip((p - q) / (1 - q), 0, 1)).sum()
    lost = random.binomial(anyway, np.clip((q - p) / q, 0, 1)).sum()
    extra, total = float(moved) - float(lost), float(anyway.sum() + moved - lost)
    baskets = _values(random, known, int(anyway.sum() + moved))
    extra_value = baskets[anyway.sum() :].sum() - baskets[:lost].sum()
    given = campaign["discount"] * baskets[lost:].sum()
    size = counts.sum()
    expected = float((counts * p).sum() / size)
    floor = 2 * Z * np.sqrt(expected * (1 - expected) / size)
    profit = MARGIN * extra_value - given - SEND_COST * size
    return {"order_rate": total / size, "extra_orders": extra, "extra_profit": profit}, floor


def forecasts(shop: Shop, random: np.random.Generator, known: World, models: Models) -> Iterator[dict]:
    """Every future campaign's figures: whether they held, and how wide the order rate's range was beside the floor."""
    for name, (low, high) in AUDIENCES.items():
        for _, campaign in campaigns(random, FUTURE).iterrows():
            counts = people(random, round(np.exp(random.uniform(np.log(low), np.log(high)))))
            plan = campaign.to_dict() | {"plan_id": "bench", "send_cost": SEND_COST}
            found: Forecast = evaluate(shop, models, scene_of(counts, random), plan)
            actual, floor = came(random, known, campaign, counts)
            row: dict = {"audience": name}
            for figure in FIGURES:
                given = getattr(found, figure)
                # Without enough orders held out all orders count as extra, which is said and is another question.
                asked = figure == "order_rate" or found.basis == "incremental"
                row[figure] = float(given.low <= actual[figure] <= given.high) if asked else np.nan
            assert found.order_rate is not None, "what was tried is forecast"
            row["width"], row["floor"] = found.order_rate.high - found.order_rate.low, floor
            row["loss"], row["lost"] = found.chance_of_loss, actual["extra_profit"] < 0
            yield row


def one_shop(shop: Shop, number: int) -> pd.DataFrame | None:
    """Every forecast of one simulated shop; None where it has too few orders to learn from."""
    random = np.random.default_rng(FIRST_SEED + number)
    known, before = world(random), PAST[number % len(PAST)]
    try:
        models = learned(random, known, campaigns(random, before))
    except AppError:
        return None
    if "order" not in models.variation or models.value is None:
        return None
    return pd.DataFrame(forecasts(shop, random, known, models)).assign(shop=number, past=before)


def simulated(shop: Shop, count: int, jobs: int) -> None:
    """The tables of part 1."""
    with ProcessPoolExecutor(jobs) as pool:
        found = [one for one in pool.map(partial(one_shop, shop), range(count)) if one is not None]
    table, left_out = pd.concat(found, ignore_index=True), count - len(found)
    print(f"\nSimulated: {count} shops, {left_out} of them with too few orders to learn from; {FUTURE} campaigns to "
          f"come per size of audience.\nShare of 80 % ranges that held, and its 95 % interval over shops; width of "
          f"the order rate's range beside luck alone at the true rate (median ratio)")  # fmt: skip
    print(f"{'past campaigns':>14}  {'audience':13}{'forecasts':>10}  "
          + "".join(f"{figure:22}" for figure in FIGURES) + "width / floor")  # fmt: skip
    for (before, audience), part in table.groupby(["past", "audience"]):
        _line(f"{before}", audience, part)
    for audience, part in table.groupby("audience"):
        _line("all", str(audience), part)
    _line("all", "all", table)
    _chances(table)


def _line(before: str, audience: str, part: pd.DataFrame) -> None:
    cells = [_share(part, figure) for figure in FIGURES]
    ratio = (part["width"] / part["floor"]).median()
    print(f"{before:>14}  {audience:13}{len(part):10,}  " + "".join(f"{cell:22}" for cell in cells) + f"{ratio:.1f}")


def _share(part: pd.DataFrame, figure: str) -> str:
    """Share that held; campaigns of one shop hold or fail together, so its uncertainty is that between shops."""
    each = part.groupby("shop")[figure].mean().dropna()
    error = 1.96 * each.std(ddof=1) / np.sqrt(len(each))
    return f"{100 * each.mean():.0f} % ({100 * (each.mean() - error):.0f}..{100 * (each.mean() + error):.0f})"


def _chances(table: pd.DataFrame) -> None:
    table = table[table["extra_profit"].notna()]
    print("\nChance of a loss that was forecast against people held out, and the share that lost money")
    bands = pd.cut(
        table["loss"], [-0.01, 0.2, 0.4, 0.6, 0.8, 1.0], labels=["0-20 %", "-40 %", "-60 %", "-80 %", "-100 %"]
    )
    for band, part in table.groupby(bands, observed=True):
        print(f"{band:>8}: {len(part):5,} forecasts, forecast {100 * part['loss'].mean():3.0f} %, "
              f"lost {100 * part['lost'].mean():3.0f} %")  # fmt: skip


# --- part 2 ---


def grocer(shop: Shop) -> None:
    """Held-out campaigns of complete-journey, each forecast from those before it."""
    card = response.train(shop).card["targets"]["order"]
    found = pd.DataFrame(card["coverage"]["rows"]).merge(pd.DataFrame(card["held_out"])[["campaign", "trials"]])
    luck = 2 * Z * np.sqrt(found["actual"] * (1 - found["actual"]) / found["trials"])
    one = held(card["coverage"]["inside"], card["coverage"]["of"])
    print(f"\nComplete Journey, rolling origin: {one.inside} of {one.of} order rates inside the 80 % range "
          f"({100 * one.inside / one.of:.0f} %, 95 % interval {100 * one.low:.0f}..{100 * one.high:.0f} %); "
          f"width / floor {((found['high'] - found['low']) / luck).median():.1f} (median)")  # fmt: skip
    print(f"{'campaign':12}{'sends':>7}  {'predicted':>10}  {'80 % range':18}{'came':>8}")
    for row in found.itertuples():
        inside = "" if row.low <= row.actual <= row.high else "  outside"
        print(f"{row.campaign:12}{row.trials:7,.0f}  {row.predicted:10.1%}  "
              f"{f'{row.low:.1%} .. {row.high:.1%}':18}{row.actual:8.1%}{inside}")  # fmt: skip


if __name__ == "__main__":
    main()
