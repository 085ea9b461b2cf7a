"""Whether money is refused outside what was tried, and given inside, on the demo shop and on a real grocer.

    python bench/support.py [--shop DIR ...] > bench/results/support.txt

Plans inside are past campaigns with the same channel and offer (a percentage moved by up to two points), at another
hour of those in use, on another day, for another goal and category in use, and to customers who were written to.
Plans outside are the same with one thing changed to what the campaigns table never had. Each goes through the forecast
as on the page; whether one is inside is decided by the campaigns table alone, and never by what is measured here.
"""

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, from anywhere

from engine.campaign import nearest, past_sends, response, support
from engine.campaign.forecast import evaluate_steps
from engine.campaign.response import Models
from engine.campaign.scene import Scene, scene
from engine.shop import samples, store
from engine.shop.features import default_as_of
from engine.shop.store import Shop

Plan = dict
UNUSED_CHANNELS = ("wechat", "xiaohongshu", "mail", "email", "sms", "push")
ALL_KINDS = ("percent", "amount", "spend_save", "gift", "free_shipping", "buy_x_get_y", "points", "early_access")
PLANS = 200  # of each sort
PEOPLE = 400  # about so many of those written to are the audience


@dataclass(frozen=True)
class Past:
    """What the tables of a shop say of its campaigns, and who was and was not written to."""

    campaigns: pd.DataFrame
    mailed: list[str]
    never: list[str]
    gifts: dict[str, float]

    @staticmethod
    def of(shop: Shop) -> "Past":
        sent = shop.table("deliveries")
        treated = sent[sent["treated"].fillna(1.0).eq(1.0)] if "treated" in sent else sent
        mailed = set(treated["customer_id"])
        every = shop.table("customers")["customer_id"].tolist()
        table = shop.table("campaigns")
        known = table[table["campaign_id"].isin(treated["campaign_id"])].reset_index(drop=True)
        written, never = [one for one in every if one in mailed], [one for one in every if one not in mailed]
        return Past(known, written[:: max(len(written) // PEOPLE, 1)], never, support.gift_prices(shop))

    def used(self, column: str, channel: str | None = None) -> list:
        """Values that a column has, by a channel."""
        rows = self.campaigns if channel is None else self.campaigns[self.campaigns["channel"] == channel]
        return sorted(rows[column].dropna().unique()) if column in rows else []


def inside(past: Past, random: np.random.Generator, day: pd.Timestamp) -> Plan:
    """A plan near a past campaign."""
    row = past.campaigns.iloc[int(random.integers(len(past.campaigns)))]
    kept = ("channel", "offer_kind", "discount", "min_spend", "gift_product_id", "headline", "type", "language")
    plan = {name: row[name] for name in kept if name in row and pd.notna(row[name])}
    if plan.get("offer_kind") == "percent":
        plan["discount"] = round(max(float(plan["discount"]) + float(random.integers(-2, 3)) / 100, 0.01), 2)
    plan |= {"plan_id": "p", "starts_at": day + pd.Timedelta(days=int(random.integers(7, 60))), "audience": "mailed"}
    for name in ("goal", "category"):
        if used := past.used(name):
            plan[name] = str(random.choice(used))
    if hours := past.used("send_hour", plan["channel"]):
        plan["send_hour"] = float(random.choice(hours))
    return plan


def outside(past: Past, random: np.random.Generator, day: pd.Timestamp) -> Plan:
    """A plan inside, with one thing changed to what was never tried."""
    plan = inside(past, random, day)
    changes = [change for change in CHANGES if change(past, plan, random) is not None]
    change = changes[int(random.integers(len(changes)))]
    return plan | (change(past, plan, random) or {}) | {"what": change.__name__.strip("_").replace("_", " ")}


def _another_channel(past: Past, plan: Plan, random: np.random.Generator) -> Plan | None:
    unused = [one for one in UNUSED_CHANNELS if one not in past.used("channel")]
    return {"channel": str(random.choice(unused))}


def _another_kind(past: Past, plan: Plan, random: np.random.Generator) -> Plan | None:
    unused = [one for one in ALL_KINDS if one not in past.used("offer_kind", plan["channel"])]
    if not unused:
        return None
    kind = str(random.choice(unused))
    gift = {"gift_product_id": next(iter(past.gifts))} if kind == "gift" and past.gifts else {}
    return {"offer_kind": kind, "discount": 0.1 if kind == "percent" else 10.0, "min_spend": None} | gift


def _size_far_off(past: Past, plan: Plan, random: np.random.Generator) -> Plan | None:
    kind, sizes = plan.get("offer_kind"), _like(past, plan)["discount"].dropna()
    if kind not in ("percent", "amount", "spend_save") or not len(sizes):
        return None
    most = float(sizes.max())
    return {"discount": round(most + float(random.uniform(0.05, 0.4)), 2) if kind == "percent" else most * 2}


def _gift_far_off(past: Past, plan: Plan, random: np.random.Generator) -> Plan | None:
    if plan.get("offer_kind") != "gift":
        return None
    most = max(past.gifts.get(str(one), 0.0) for one in _like(past, plan)["gift_product_id"])
    dear = [product for product, price in past.gifts.items() if price > 2 * most]
    return {"gift_product_id": str(random.choice(dear))} if dear else None


def _minimum_far_off(past: Past, plan: Plan, random: np.random.Generator) -> Plan | None:
    if plan.get("offer_kind") not in ("percent", "amount", "spend_save"):
        return None
    tried = _like(past, plan)["min_spend"].dropna() if "min_spend" in past.campaigns else pd.Series(dtype=float)
    return {"min_spend": max(float(tried.max()) if len(tried) else 0.0, 20.0) * 2}


def _hour_never_used(past: Past, plan: Plan, random: np.random.Generator) -> Plan | None:
    hours = past.used("send_hour", plan["channel"])
    unused = [hour for hour in range(24) if hours and not min(hours) - 1 <= hour <= max(hours) + 1]
    return {"send_hour": float(random.choice(unused))} if unused else None


def _never_written_to(past: Past, plan: Plan, random: np.random.Generator) -> Plan | None:
    return {"audience": "never"} if past.never else None


CHANGES: tuple[Callable[[Past, Plan, np.random.Generator], Plan | None], ...] = (
    _another_channel, _another_kind, _size_far_off, _gift_far_off, _minimum_far_off, _hour_never_used,
    _never_written_to,
)  # fmt: skip


def _like(past: Past, plan: Plan) -> pd.DataFrame:
    """Past campaigns with a plan's channel and kind of offer."""
    rows = past.campaigns
    return rows[(rows["channel"] == plan["channel"]) & (rows["offer_kind"] == plan.get("offer_kind"))]


def forecast_each(shop: Shop, models: Models, plans: list[Plan]) -> Iterator[tuple[bool, str]]:
    """Whether each plan got money, and the key of the reason where it did not."""
    past = Past.of(shop)
    prepared: dict[tuple[str, str], Scene] = {}
    for plan in plans:
        key = (plan["audience"], plan["channel"])
        if key not in prepared:
            prepared[key] = scene(shop, plan, past.never if plan["audience"] == "never" else past.mailed)
        step = {name: value for name, value in plan.items() if name not in ("audience", "what")}
        found = evaluate_steps(shop, models, [prepared[key]], [step], money_only=True)
        yield found.supported, "" if found.supported else found.sentences[0].key


def shares(shop: Shop, models: Models, count: int, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(inside, outside): one row per plan with what was changed, supported, key of the reason."""
    past, random, day = Past.of(shop), np.random.default_rng(seed), pd.Timestamp(default_as_of(shop))
    result = []
    for draw in (inside, outside):
        plans = [draw(past, random, day) for _ in range(count)]
        found = list(forecast_each(shop, models, plans))
        result.append(
            pd.DataFrame(
                {
                    "what": [plan.get("what", "") for plan in plans],
                    "supported": [supported for supported, _ in found],
                    "reason": [reason for _, reason in found],
                }
            )
        )
    return result[0], result[1]


def left_out(shop: Shop, models: Models) -> Counter:
    """Each past campaign judged by the others alone: how many there are, and how many of them have no money."""
    messages = past_sends.past_messages(shop, pd.Timestamp(models.card["as_of"]).date())
    assert messages is not None, "a shop with models has messages"
    counts: Counter = Counter()
    for campaign in Past.of(shop).campaigns.to_dict("records"):
        others = messages.sent[messages.sent["campaign_id"] != campaign["campaign_id"]]
        tried = replace(support.tried(shop, others), past=_without(models.tried.past, campaign), mailed=())
        plan = {name: None if pd.isna(value) else value for name, value in campaign.items()}
        plan["discount"] = support.gift_prices(shop).get(str(plan.get("gift_product_id")), plan.get("discount"))
        if not support.inside(tried, pd.DataFrame([plan]), shop.settings.protected)[0]:
            counts["refused"] += 1
        counts["all"] += 1
    return counts


def _without(past: nearest.Past | None, campaign: dict) -> nearest.Past | None:
    if past is None:
        return None
    kept = np.array(
        [one["name"] != campaign["name"] or one["day"] != f"{campaign['starts_at']:%Y-%m-%d}" for one in past.said]
    )
    said = tuple(one for one, stays in zip(past.said, kept, strict=True) if stays)
    return nearest.Past.of(past.columns, past.levels, past.values[kept], past.worth, past.limit, said)


def report(shop: Shop, models: Models, name: str) -> None:
    """The table of one shop."""
    past = models.tried.past
    print(f"\n{name}: {len(past.said) if past else 0} past campaigns, learned as of {models.card['as_of']}")
    within, beyond = shares(shop, models, PLANS)
    print(f"  {'inside: money given':44}{within['supported'].mean():8.1%} of {len(within)}")
    for reason, count in within.loc[~within["supported"], "reason"].value_counts().items():
        print(f"    refused: {reason:40}{count:>4}")
    print(f"  {'outside: money refused':44}{1 - beyond['supported'].mean():8.1%} of {len(beyond)}")
    for what, group in beyond.groupby("what"):
        print(f"    {what:42}{1 - group['supported'].mean():8.1%} of {len(group)}")
    counts = left_out(shop, models)
    given = 1 - counts["refused"] / counts["all"]
    print(f"  {'each campaign judged by the others: money':44}{given:8.1%} of {counts['all']}")
    if past and past.limit:
        worth = ", ".join(f"{one} {share:.0%}" for one, share in sorted(past.worth.items(), key=lambda kv: -kv[1])[:6])
        print(f"  too far: beyond {past.limit:.2f}; worth to the order model: {worth}")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--shop", type=Path, action="append", help="a trained shop; else both samples are built")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        paths = chosen.shop or [_trained(name, Path(folder) / name) for name in ("demo", "complete-journey")]
        for path in paths:
            shop = store.open_shop(path)
            report(shop, response.load(shop), path.name)


def _trained(name: str, folder: Path) -> Path:
    shop = samples.build(name, folder)
    response.train(shop)
    return shop.path


if __name__ == "__main__":
    main()
