"""Whom a plan reaches, how they are divided, and who gets each of its messages."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from engine.campaign import links, merge, planned
from engine.campaign.merge import Tool
from engine.campaign.plan import Plan, Step
from engine.campaign.planned import Selected
from engine.decision import assignments, cells, live
from engine.decision.assign import assign
from engine.shop import store
from engine.shop.store import Shop

AUDIENCE_COLUMNS = ["plan_id", "customer_id", "treated", "variant", "propensity"]
LANGUAGE = "language"  # of a plan sent in several: the one that a customer gets
CHANNELS = "channels"  # one more column of the audience where a plan has several: those that may reach the customer

# Customer ids, or customer id -> the channels that may reach that customer, "email|sms".
Audience = Collection[str] | Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Recipients:
    """Who gets one message of a plan, without the holdout; `step` counts from 0.

    people: customer_id, in the order of the audience; variant where the plan has any, language where it is sent in
    several; `with_codes` and `with_links` add what else a reader has of their own.
    """

    plan_id: str
    step: int
    file_name: str
    people: pd.DataFrame

    @property
    def csv(self) -> bytes:
        """The people as a file for the tool that sends."""
        return cells.to_csv(self.people)


def audience(shop: Shop, plan: Plan, selected: Selected | None = None) -> dict[str, str]:
    """The plan's customers whom at least one of its channels may reach today, each with those channels: "email|sms".

    New unsubscribes, recent buyers and customers of plans that were approved earlier are out. `selected` gives the
    customers of a rule, where the caller keeps such answers.
    """
    selected = selected or live.kept_rules(shop)
    return _joined(plan, planned.reaching_channels(shop, plan, live.others(shop, plan, selected), selected))


def by_channels(customer_ids: Collection[str], reached: Mapping[str, Collection[str]]) -> dict[str, str]:
    """These customers, each with the channels that reach them: "email|sms"; without those whom none reaches.

    reached: by channel, whom it may reach.
    """
    sets = {channel: set(people) for channel, people in reached.items()}
    joined = {one: "|".join(channel for channel, people in sets.items() if one in people) for one in customer_ids}
    return {customer_id: by for customer_id, by in joined.items() if by}


def assigned(plan: Plan, found: Audience, seed: int = 0) -> pd.DataFrame:
    """AUDIENCE_COLUMNS and CHANNELS of a plan; whoever comes without channels may be reached by all of the plan's."""
    table = assign(plan.plan_id, list(found), plan.holdout, plan.variants, plan.audience_share, seed)
    every = "|".join(dict.fromkeys(step.channel for step in plan.steps))
    by = table["customer_id"].map(dict(found)) if isinstance(found, Mapping) else every
    return table.assign(plan_id=plan.plan_id, channels=by)


def held_globally(shop: Shop, plan: Plan, selected: Selected | None = None) -> dict[str, str]:
    """Customers of the shop's permanent holdout whom the plan would reach today, each with the channels that do."""
    if not shop.settings.global_holdout:
        return {}
    selected = selected or live.kept_rules(shop)
    return _joined(plan, planned.held_globally(shop, plan, live.others(shop, plan, selected), selected))


def _joined(plan: Plan, found: Mapping[str, frozenset[str]]) -> dict[str, str]:
    """Channels as one text, in the order of the plan's messages."""
    order = list(dict.fromkeys(step.channel for step in plan.steps))
    return {one: "|".join(channel for channel in order if channel in by) for one, by in found.items()}


def with_held_globally(plan: Plan, table: pd.DataFrame, held: Mapping[str, str], seed: int = 0) -> pd.DataFrame:
    """What `assigned` gives with one more column, global_holdout, and the people of the permanent holdout below.

    They are treated 0, with propensity 0; of a plan for a share of its audience, those whom that draw takes.
    """
    below = assigned(plan, held, seed).assign(treated=0, variant="", propensity=0.0, global_holdout=1)
    parts = [table.assign(global_holdout=0), below] if len(below) else [table.assign(global_holdout=0)]
    more = [name for name in (assignments.AT, *assignments.STAGED) if name in table]
    joined = pd.concat(parts, ignore_index=True)[[*AUDIENCE_COLUMNS, CHANNELS, "global_holdout", *more]]
    return joined.fillna({name: empty for name, empty in zip(assignments.STAGED, ("", 0.0), strict=True) if more})


def send_day(plan: Plan, step: int) -> str:
    """The day a message goes out, as ISO text; `step` counts from 0."""
    return (plan.starts_at + timedelta(days=plan.steps[step].day)).isoformat()


def languages(shop_dir: Path, plan: Plan, table: pd.DataFrame) -> pd.DataFrame:
    """The table of a plan with the language each customer reads, where it is sent in several.

    Whose language is unknown, or is none of them, gets the message's own: an empty cell here.
    """
    if all(len(step.languages) == 1 for step in plan.steps):
        return table
    shop = store.open_shop(shop_dir)
    if not shop.has("customers") or "language" not in shop.columns("customers"):
        return table.assign(language="")
    known = shop.table("customers", ["customer_id", "language"]).drop_duplicates("customer_id").set_index("customer_id")
    read = table["customer_id"].map(known["language"]).astype("str").str.lower().str[:2]
    return table.assign(language=read.where(read.isin(["en", "zh"]), ""))


def language_of(step: Step, table: pd.DataFrame) -> pd.Series:
    """The language in which each customer of the table gets a message."""
    if LANGUAGE not in table:
        return pd.Series(step.language, table.index)
    return table[LANGUAGE].where(table[LANGUAGE].isin(step.languages), step.language)


def recipients(plan: Plan, table: pd.DataFrame) -> list[Recipients]:
    """Who gets each message of a plan. table: what `assigned` gives, or `languages` of it."""
    columns = ["customer_id", *(["variant"] if plan.variants else []), *([LANGUAGE] if LANGUAGE in table else [])]
    channels, treated = table[CHANNELS].tolist(), table["treated"].eq(1).to_numpy()
    found = []
    for number, step in enumerate(plan.steps):
        reached = np.array([step.channel in by.split("|") for by in channels], dtype=bool)
        which = f"-{number + 1}-{step.channel}" if len(plan.steps) > 1 else ""
        named = table.assign(language=language_of(step, table)) if LANGUAGE in table else table
        people = named.loc[treated & reached, columns].reset_index(drop=True)
        found.append(Recipients(plan.plan_id, number, f"{plan.plan_id}-recipients{which}.csv", people))
    return found


def with_codes(lists: list[Recipients], given: Mapping[str, str], tool: Tool) -> list[Recipients]:
    """The recipients, each with their own code in the column that the tool's tag reads; as they are for a plan without
    personal codes, and for a tool that hands codes out itself.
    """
    column = merge.CODE_COLUMNS[tool]
    if not given or not column:
        return lists
    return [
        replace(one, people=one.people.assign(**{column: one.people["customer_id"].map(dict(given))})) for one in lists
    ]


def with_links(plan: Plan, lists: list[Recipients]) -> list[Recipients]:
    """The recipients, each with the address of their variant, which the parameter utm_content tells from the others; as
    they are for a plan without variants, whose address stands in the plans file.
    """
    if links.own_variants(plan) == [""]:
        return lists
    by_variant = {
        (number, one): links.of_step(plan, number, one) for number in range(len(plan.steps)) for one in plan.variants
    }
    return [
        replace(one, people=one.people.assign(link=[by_variant[one.step, which] for which in one.people["variant"]]))
        for one in lists
    ]
