"""Would another variant, or none, have paid? From a plan whose variants and holdout chance drew.

The actions are "hold" and each variant of the plan; a row is a customer who was drawn, and its reward the profit of
their orders in the plan's window less what sending cost, in the shop's currency. Propensities are those of both draws
together, as they were kept with the export:

    hold         1 - propensity
    a variant    propensity / number of variants
"""

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from engine.decision import assignments, plans
from engine.errors import NotEnoughData
from engine.outcome import joined
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
    """A log of one plan's draws. days_since_order: (n,) at the send, missing before a first order. days: the window.

    first, last: of the moments from which orders count. notes: where the money comes from, and what was left out.
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
    """Plans that can be asked about: those exported with two or more variants. plan_id -> name, the latest first."""
    kept = assignments.saved(shop.path)
    kept = kept[kept["variant"].ne("")]
    counts = kept.groupby("plan_id").agg(count=("variant", "nunique"), at=("exported_at", "max"))
    names = {saved.plan.plan_id: saved.plan.name for saved in plans.saved_plans(shop.path)}
    found = counts[counts["count"] > 1].sort_values("at", ascending=False)
    return {str(one): names.get(str(one), str(one)) for one in found.index}


def variants(shop: Shop, plan_id: str) -> Variants:
    """The log of one plan. Raises NotEnoughData, naming the plan, where it cannot tell."""
    names = asked(shop)
    if plan_id not in names:
        found = tuple(names) or ("–",)
        raise NotEnoughData(Sentence("offpolicy.plan_without_variants", {"plan": plan_id, "found": found}))
    name, known = names[plan_id], joined.read(shop)
    about = known.draws.about.set_index("campaign_id").loc[plan_id]
    people = known.people[plan_id]
    people = people[people["global_holdout"] != 1].reset_index(drop=True)
    stored = {saved.plan.plan_id: saved.plan.variants for saved in plans.saved_plans(shop.path)}
    actions = (HOLD, *(stored.get(plan_id) or sorted(set(people["variant"]) - {""})))
    sent = int(people["treated"].eq(1).sum())
    people = _drawn_together(people)
    chance = people["propensity"].to_numpy("float64")
    treated = people["treated"].eq(1).to_numpy()
    odds = np.where(treated, chance / (len(actions) - 1), 1 - chance)
    if not ((odds > 0) & (odds <= 1)).all():  # a missing one is neither
        raise NotEnoughData(Sentence("offpolicy.plan_without_odds", {"plan": name}))
    cost = float(about["send_cost"]) / max(sent, 1)
    days = int(about["window_days"])
    earned = in_window(known, people, days)[:, PROFIT] - np.where(treated, np.nan_to_num(cost), 0.0)
    is_known = ~np.isnan(earned)
    if is_known.sum() < FEWEST:
        values = {"plan": name, "until": str(known.orders.until), "days": str(days)}
        raise NotEnoughData(Sentence("offpolicy.plan_not_over", values))
    notes = list(known.notes)
    if late := int((~is_known).sum()):
        notes.insert(0, Sentence("offpolicy.orders_end", {"count": f"{late:,}"}))
    if np.isnan(cost):
        notes.append(Sentence("offpolicy.sending_free", {"count": f"{sent:,}"}))
    people, odds, earned = people[is_known].reset_index(drop=True), odds[is_known], earned[is_known]
    action = pd.Index(actions).get_indexer(people["variant"].where(people["treated"].eq(1), HOLD))
    since = _since(shop, people)
    log = Log(actions, action, earned, odds, _context(known, people, since))
    first, last = people["at"].min().date(), people["at"].max().date()
    return Variants(plan_id, name, log, since, days, first, last, tuple(notes))


def judge(known: Variants, choice: str, seed: int = 0) -> Answer:
    """What this would have earned of the same people; `choice` is one of `known.choices`."""
    way, _, variant = choice.partition(":")
    recent = known.days_since_order <= RECENT_DAYS
    chosen = {"nobody": np.zeros(len(recent), bool), "everybody": np.ones(len(recent), bool), "recent": recent,
              "lapsed": ~recent}[way]  # fmt: skip
    chance = np.zeros((2, len(known.log.actions)))
    chance[0, 0] = 1.0
    chance[1, known.log.actions.index(variant or HOLD)] = 1.0
    found = answer.evaluate(known.log, by_row(chosen.astype(int), chance, known.log), seed)
    if not found.overlap.refusals:
        return found
    named = Sentence("offpolicy.plan_without_overlap", {"plan": known.name})
    return replace(found, overlap=replace(found.overlap, refusals=[named, *found.overlap.refusals]))


def _drawn_together(people: pd.DataFrame) -> pd.DataFrame:
    """Those whom nothing but the draws tells apart: without the rest of a first test, which got the winner.

    Those left out were dealt to the moments of test and rest in the shares of the two (engine.outcome.draws), so that
    those of the test's moment are to the test as all of them to all who were sent: the kept propensity holds. Where
    the moments are the same, all of them stand beside the test alone, and its part of those sent counts for less.
    """
    rest = people["treated"].eq(1) & people["variant"].eq("")
    if not rest.any():
        return people
    test, held = people["variant"].ne(""), people["treated"].ne(1)
    moments = people.loc[test, "at"].unique()
    found = people[test | (held & people["at"].isin(moments))].reset_index(drop=True)
    if not people.loc[rest, "at"].isin(moments).any():
        return found
    share = float(test.sum()) / float((test | rest).sum())
    tested = found["propensity"] * share
    return found.assign(propensity=tested / (tested + 1 - found["propensity"]))


def _since(shop: Shop, people: pd.DataFrame) -> np.ndarray:
    rows = pd.DataFrame({"customer_id": people["customer_id"].astype("str"), "sent_at": people["at"]})
    return days_since_order(shop, rows)


def _context(known: Known, people: pd.DataFrame, since: np.ndarray) -> pd.DataFrame:
    """What was known before: the last order, and orders and spending of the year before."""
    before = joined.past(known, people)
    return pd.DataFrame(
        {"days": np.log1p(since), "ever": np.isfinite(since) * 1.0, "orders": before[:, 0], "spent": before[:, 1]}
    )
