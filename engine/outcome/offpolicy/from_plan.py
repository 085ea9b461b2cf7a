"""Would another variant, or none, have paid? From a message whose variants and holdout chance drew.

The actions are "hold" and each variant; a row is a customer who was drawn, and its reward the profit of their orders in
the plan's window less what sending cost, in the shop's currency. Propensities are those of both draws together:

    hold         1 - propensity
    a variant    propensity x the chance of this variant among those written to

They are known of what Offerlab exported (engine.outcome.draws), and of variants that another program drew once their
split was confirmed before it sent. Variants of two plans are different actions, unless the plans sent the same message:
then their customers are one log.
"""

import json
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from engine.campaign.plan import Plan
from engine.decision import assignments, plans
from engine.errors import NotEnoughData
from engine.outcome import joined, measured
from engine.outcome.bandit import confirmed
from engine.outcome.draws import on_the_clock
from engine.outcome.joined import Known
from engine.outcome.offpolicy import answer
from engine.outcome.offpolicy.answer import Answer
from engine.outcome.offpolicy.from_shop import RECENT_DAYS, days_since_order
from engine.outcome.offpolicy.log import FEWEST, Log
from engine.outcome.offpolicy.money import PROFIT, in_window
from engine.outcome.offpolicy.policy import by_row
from engine.sentences import Sentence
from engine.shop.store import Shop

HOLD = "hold"
WAYS = ("everybody", "recent", "lapsed")  # of a variant: "recent:B" is B for who ordered lately, nothing for others


@dataclass(frozen=True, slots=True)
class Variants:
    """A log of a plan's draws, and of others with the same message. days_since_order: (n,) at the send, missing before
    a first order. days: the window. first, last: of the moments from which orders count. notes: where the money comes
    from, what was left out, and which plans are counted together.
    """

    plan_id: str
    name: str
    log: Log
    days_since_order: np.ndarray
    days: int
    first: date
    last: date
    notes: tuple[Sentence, ...]

    @property
    def variants(self) -> tuple[str, ...]:
        return self.log.actions[1:]

    @property
    def choices(self) -> list[str]:
        """What can be asked, by key."""
        return ["nobody", *(f"{way}:{one}" for way in WAYS for one in self.variants)]


def asked(shop: Shop) -> dict[str, str]:
    """What can be asked about, id -> name, the latest first: plans that were exported with two or more variants, and
    campaigns whose deliveries have as many and name who was left out."""
    kept = assignments.saved(shop.path)
    kept = kept[kept["variant"].ne("")]
    counts = kept.groupby("plan_id").agg(count=("variant", "nunique"), at=("exported_at", "max"))
    names = {saved.plan.plan_id: saved.plan.name for saved in plans.saved_plans(shop.path)}
    found = counts[counts["count"] > 1].sort_values("at", ascending=False)
    ours = {str(one): names.get(str(one), str(one)) for one in found.index}
    return ours | {one: name for one, name in _of_deliveries(shop).items() if one not in ours}


def _of_deliveries(shop: Shop) -> dict[str, str]:
    if not {"variant", "treated"} <= set(shop.columns("deliveries")):
        return {}
    rows = shop.table("deliveries", ["campaign_id", "variant", "treated", "sent_at"])
    held = rows.loc[rows["treated"].eq(0), "campaign_id"].unique()
    sent = rows[rows["campaign_id"].isin(held) & rows["treated"].ne(0) & rows["sent_at"].notna()]
    counts = sent.groupby("campaign_id").agg(count=("variant", "nunique"), at=("sent_at", "max"))
    campaigns = shop.optional("campaigns").drop_duplicates("campaign_id").set_index("campaign_id")
    names = campaigns["name"].dropna().to_dict() if "name" in campaigns else {}
    return {
        str(one): str(names.get(one, one))
        for one in counts[counts["count"] > 1].sort_values("at", ascending=False).index
    }


def variants(shop: Shop, plan_id: str, config: Path) -> Variants:
    """The log of a plan, with those that sent the same message.

    Raises NotEnoughData, naming the plan, where it cannot tell.
    """
    names = asked(shop)
    if plan_id not in names:
        found = tuple(names) or ("–",)
        raise NotEnoughData(Sentence("offpolicy.plan_without_variants", {"plan": plan_id, "found": found}))
    known = joined.read(shop)
    parts, notes = [_rows(shop, known, plan_id, names[plan_id], config)], list(known.notes)
    for other in _same_message(shop, plan_id):
        try:
            parts.append(_rows(shop, known, other, names[other], config))
        except NotEnoughData:
            continue  # it would be refused by itself, and says why there
        notes.insert(0, Sentence("offpolicy.plan_same_message", {"plan": names[other]}))
    rows = pd.concat(parts, ignore_index=True)
    if late := int(rows["earned"].isna().sum()):
        notes.insert(0, Sentence("offpolicy.orders_end", {"count": f"{late:,}"}))
    if unpriced := int(rows["cost"].isna().sum()):
        notes.append(Sentence("offpolicy.sending_free", {"count": f"{unpriced:,}"}))
    rows = rows[rows["earned"].notna()].reset_index(drop=True)
    treated = rows["treated"].eq(1).to_numpy()
    named = pd.Index(sorted(set(rows.loc[treated, "variant"])))
    action = np.where(treated, named.get_indexer(rows["variant"]) + 1, 0)
    since = days_since_order(shop, rows.rename(columns={"at": "sent_at"}))
    context = pd.DataFrame(
        {"days": np.log1p(since), "ever": np.isfinite(since) * 1.0, "orders": rows["orders"], "spent": rows["spent"]}
    )
    log = Log(
        (HOLD, *named), action, rows["earned"].to_numpy("float64"), rows["odds"].to_numpy("float64"), context,
        pd.factorize(rows["customer_id"])[0],
    )  # fmt: skip
    days = int(_about(known, plan_id)["window_days"])
    first, last = rows["at"].min().date(), rows["at"].max().date()
    return Variants(plan_id, names[plan_id], log, since, days, first, last, tuple(notes))


def judge(known: Variants, choice: str, seed: int = 0) -> Answer:
    """What this would have earned of the same people; `choice` is one of `known.choices`."""
    way, _, variant = choice.partition(":")
    recent = known.days_since_order <= RECENT_DAYS
    chosen = {"nobody": np.zeros(len(recent), bool), "everybody": np.ones(len(recent), bool), "recent": recent,
              "lapsed": ~recent}[way]  # fmt: skip
    chance = np.zeros((2, len(known.log.actions)))
    chance[0, 0] = 1.0
    chance[1, 1 + known.variants.index(variant) if variant else 0] = 1.0
    found = answer.evaluate(known.log, by_row(chosen.astype(int), chance, known.log), seed)
    if not found.overlap.refusals:
        return found
    named = Sentence("offpolicy.plan_without_overlap", {"plan": known.name})
    return replace(found, overlap=replace(found.overlap, refusals=[named, *found.overlap.refusals]))


# --- which plans sent the same ---


def _same_message(shop: Shop, plan_id: str) -> list[str]:
    """Other plans that sent the very same message, in variants of the same names and with the same window."""
    stored = {saved.plan.plan_id: saved.plan for saved in plans.saved_plans(shop.path)}
    if plan_id not in stored or (said := _said(stored[plan_id])) is None:
        return []
    others = set(assignments.saved(shop.path)["plan_id"]) - {plan_id}
    return sorted(one for one in others if one in stored and _said(stored[one]) == said)


def _said(plan: Plan) -> str | None:
    """What is equal for plans that sent the same message. Of one that was changed since, nobody knows what it sent."""
    if plan.status not in ("exported", "results_in"):
        return None
    sent = {"steps", "offer", "product_ids", "category", "landing_url", "window_days"}
    return json.dumps([plan.model_dump(mode="json", include=sent), sorted(plan.variants)])


# --- the customers of one plan ---


def _rows(shop: Shop, known: Known, plan_id: str, name: str, config: Path) -> pd.DataFrame:
    """customer_id, at, treated, variant, odds, cost, earned (missing where the orders do not cover the window), orders
    and spent of the year before, as logarithms. Raises NotEnoughData, naming the plan."""
    called = {"plan": name}
    row = measured.of_known(shop, known, plan_id).query("is_window == 1").iloc[0]
    if row["verdict"] in ("uneven", "elsewhere"):
        raise NotEnoughData(Sentence(f"offpolicy.plan_{row['verdict']}", called))
    about, people = _about(known, plan_id), known.people[plan_id]
    people = people[people["global_holdout"] != 1]
    sent = int(people["treated"].eq(1).sum())
    if about["source"] == "deliveries":
        people = _with_confirmed_shares(shop, people, plan_id, called, config)
    else:  # those who stand for the rest of a first test, which got the winner and not by the draw, have no such chance
        people = people[people["variant_propensity"].notna()]
    people = people.reset_index(drop=True)
    treated = people["treated"].eq(1).to_numpy()
    chance = people["propensity"].to_numpy("float64")
    odds = np.where(treated, chance, 1 - chance) * people["variant_propensity"].to_numpy("float64")
    is_named = people.loc[treated, "variant"].ne("")  # not where the plan had none at an earlier export
    if not treated.any() or not is_named.all() or not ((odds > 0) & (odds <= 1)).all():  # a missing one is neither
        raise NotEnoughData(Sentence("offpolicy.plan_without_odds", called))
    cost, days = np.where(treated, float(about["send_cost"]) / max(sent, 1), 0.0), int(about["window_days"])
    earned = in_window(known, people, days)[:, PROFIT] - np.nan_to_num(cost)
    if (~np.isnan(earned)).sum() < FEWEST:
        values = {"until": str(known.orders.until), "days": str(days)}
        raise NotEnoughData(Sentence("offpolicy.plan_not_over", called | values))
    orders, spent = joined.past(known, people).T
    found = people.assign(odds=odds, cost=cost, earned=earned, orders=orders, spent=spent)
    return found.astype({"customer_id": "str"})


def _with_confirmed_shares(
    shop: Shop, people: pd.DataFrame, plan_id: str, called: dict[str, str], config: Path
) -> pd.DataFrame:
    """Those of the time since a split of the variants was confirmed, with its shares; before, nobody said any."""
    history = [entry for name in (plan_id, "*") for entry in confirmed.history(shop, f"variants {name}", config)]
    history.sort(key=lambda entry: entry.seq)
    times = [on_the_clock(entry.at, shop.settings.time_zone) for entry in history]
    at = people["at"].to_numpy("datetime64[us]")
    which = np.searchsorted(np.array(times, dtype="datetime64[us]"), at, side="right") - 1
    people, which = people[which >= 0], which[which >= 0]
    if people.empty:
        raise NotEnoughData(Sentence("offpolicy.plan_without_split", called))
    shares = [entry.payload["propensities"] for entry in history]
    chance = [
        shares[one].get(variant) if treated else 1.0
        for one, variant, treated in zip(which, people["variant"], people["treated"].eq(1), strict=True)
    ]
    people = people.assign(variant_propensity=np.array(chance, dtype="float64"))
    if (other := people["variant_propensity"].isna()).any():
        values = {"variant": str(people.loc[other, "variant"].iloc[0]) or "–"}
        raise NotEnoughData(Sentence("offpolicy.plan_split_not_kept", called | values))
    return people


def _about(known: Known, plan_id: str) -> pd.Series:
    return known.draws.about.set_index("campaign_id").loc[plan_id]
