"""Whom a plan with a first test writes to now: the test, and later the rest with the variant that won.

The draw is made at the first export of the test and kept with it; every later export of the same content reads it
there, so that nobody changes groups. Who has joined the audience since is not in the plan; who may not be written to
any more is in no list.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from engine.campaign.plan import Plan
from engine.decision import assignments, bands, ledger, plans, winners
from engine.decision.evenly import OF_VARIANT, REST, STAGE, TEST
from engine.decision.export.people import AUDIENCE_COLUMNS, CHANNELS, Audience, Recipients, assigned, recipients
from engine.decision.ledger import Entry
from engine.errors import NotAllowed
from engine.sentences import Sentence
from engine.shop import store
from engine.shop.store import Shop

Stage = Literal["test", "rest"]
STAGES: tuple[Stage, ...] = ("test", "rest")
_DRAWN = [*AUDIENCE_COLUMNS, CHANNELS, STAGE, OF_VARIANT, assignments.AT]


@dataclass(frozen=True, slots=True)
class Cut:
    """The people of a plan at a stage, each table as `assigned` gives it; stage None: a plan without a first test.

    now: those written to now and the holdout, whom today's checks let through. whole: everybody who was drawn, to be
    kept. waiting: the rest, as long as the test runs.
    """

    stage: Stage | None
    now: pd.DataFrame
    whole: pd.DataFrame
    waiting: pd.DataFrame

    @property
    def held(self) -> pd.DataFrame:
        """The whole without those who wait: whoever is treated 0 in it must not be written to at all."""
        return self.whole[~self.whole["customer_id"].isin(self._waits)] if self.stage else self.whole

    @property
    def _waits(self) -> pd.Series:
        return self.whole.loc[self.whole[STAGE].eq(REST) & self.whole["treated"].eq(0), "customer_id"]


def due(plan: Plan, history: Sequence[Entry], content: str) -> Stage | None:
    """The stage that comes now: the test until its winner is on record. history: of the plan."""
    if plan.test is None:
        return None
    return "rest" if winners.recorded(history, content) else "test"


def cut(
    shop_dir: Path,
    plan: Plan,
    history: Sequence[Entry],
    content: str,
    found: Audience,
    seed: int = 0,
    stage: Stage | None = None,
) -> Cut:
    """The people of a plan now, or at a certain stage. content: the hash of the approved content; found: whom the
    plan's channels may reach today.

    Raises NotAllowed for a stage of a plan without a first test, and for the rest before its winner is on record or
    where the rule says to send it nothing.
    """
    if plan.test is None:
        if stage is not None:
            raise NotAllowed(Sentence("staged.no_test", {"plan": plans.called(plan)}))
        table = assigned(plan, found, seed)
        return Cut(None, table, table, table.iloc[:0])
    stage = stage or due(plan, history, content) or "test"
    drawn = _drawn(shop_dir, plan, history, content, found, seed)
    if stage == "test":
        now = _reached(plan, drawn, found)
        is_rest = now[STAGE].eq(REST)
        return Cut(stage, now[~is_rest].reset_index(drop=True), drawn, now[is_rest].reset_index(drop=True))
    winner = _to_send(plan, history, content)
    rest = drawn[STAGE].eq(REST)
    whole = drawn.assign(
        treated=drawn["treated"].mask(rest, 1),
        variant=drawn["variant"].mask(rest, winner),
        propensity=round(1 - plan.holdout, 12),
        **{OF_VARIANT: drawn[OF_VARIANT].mask(rest, 1.0), assignments.AT: drawn[assignments.AT].mask(rest)},
    )
    now = _reached(plan, whole[whole[STAGE].ne(TEST)], found)
    return Cut(stage, now, whole, now.iloc[:0])


def cut_today(shop: Shop, plan: Plan, config: Path, found: Audience, seed: int = 0, stage: Stage | None = None) -> Cut:
    """`cut` of a plan as it is saved."""
    if plan.test is None:
        return cut(shop.path, plan, (), "", found, seed, stage)
    saved = plans.load(shop.path, plan.plan_id)
    history = ledger.entries(shop.path, shop.shop_id, config, plan.plan_id)
    return cut(shop.path, plan, history, saved.content_sha256, found, seed, stage)


def lists(plan: Plan, one: Cut, sent: list[Recipients]) -> list[Recipients]:
    """The lists of a stage: those to send, named after it; then the holdout and those who wait, each where there are
    any. sent: what `recipients` gives for `one.now`, with whatever stands beside the people."""
    if one.stage is None:
        return sent
    named = [
        Recipients(plan.plan_id, each.step, f"{plan.plan_id}-recipients-{one.stage}.csv", each.people) for each in sent
    ]
    held = one.held.loc[one.held["treated"].eq(0), ["customer_id"]].reset_index(drop=True)
    others = {f"DO-NOT-SEND-{plan.plan_id}.csv": held,
              f"DO-NOT-SEND-YET-{plan.plan_id}-rest.csv": one.waiting[["customer_id"]]}  # fmt: skip
    return named + [Recipients(plan.plan_id, 0, name, people) for name, people in others.items() if len(people)]


def to_send(plan: Plan, one: Cut) -> list[Recipients]:
    """Who gets each message at this stage."""
    return recipients(plan, one.now)


def said(one: Cut, content: str) -> dict[str, str]:
    """What the entry of an export says of its stage."""
    return {"stage": one.stage, "content_sha256": content} if one.stage else {}


def require_same_draw(before: Sequence[Entry], now: Sequence[Entry], content: str) -> None:
    """Raises NotAllowed where somebody else began the test since the plan was read: two draws would be two tests."""
    first, then = winners.begun(before, content), winners.begun(now, content)
    if (first and first.seq) != (then and then.seq):
        raise NotAllowed(Sentence("staged.begun_meanwhile"))


def _to_send(plan: Plan, history: Sequence[Entry], content: str) -> str:
    """The variant that the rest gets."""
    called = {"plan": plans.called(plan)}
    if winners.begun(history, content) is None:
        raise NotAllowed(Sentence("staged.not_begun", called))
    entry = winners.recorded(history, content)
    if entry is None:
        raise NotAllowed(Sentence("staged.no_winner_yet", called))
    if entry.payload["send"] is None:
        raise NotAllowed(Sentence("staged.nothing_for_the_rest", called))
    return str(entry.payload["send"])


def _drawn(
    shop_dir: Path, plan: Plan, history: Sequence[Entry], content: str, found: Audience, seed: int
) -> pd.DataFrame:
    """_DRAWN: as it was drawn at the first export of the test, else as it would be drawn now."""
    if first := winners.begun(history, content):
        table = assignments.of_export(shop_dir, plan.plan_id, first.seq)
        return table.loc[table["global_holdout"].eq(0), _DRAWN].reset_index(drop=True)
    shop = store.open_shop(shop_dir) if (shop_dir / "shop.toml").exists() else None
    table = bands.drawn(shop, plan, list(found), seed).assign(plan_id=plan.plan_id, **{assignments.AT: None})
    return table.assign(channels=_channels(plan, table, found))[_DRAWN]


def _reached(plan: Plan, table: pd.DataFrame, found: Audience) -> pd.DataFrame:
    """Those whom today's checks let through, with the channels that reach them today."""
    table = table[table["customer_id"].isin(set(found))]
    return table.assign(channels=_channels(plan, table, found)).reset_index(drop=True)


def _channels(plan: Plan, table: pd.DataFrame, found: Audience) -> pd.Series | str:
    every = "|".join(dict.fromkeys(step.channel for step in plan.steps))
    return table["customer_id"].map(dict(found)) if isinstance(found, Mapping) else every
