"""Commands about what was learned: conclude, learnings, next-plan."""

import contextlib
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from engine import settings as environment
from engine.commands import ToWrite, main, print_json, shop_at, shop_option, write_csv
from engine.commands.ledger import keep_safe


@main.command()
@click.argument("plan_id")
@click.option("--as", "choice", required=True, help="repeat, change, stop or again (test again).")
@click.option("--reason", required=True, help="Whoever plans the next campaign reads it.")
@shop_option
def conclude(plan_id: str, choice: str, reason: str, shop_dir: Path | None) -> None:
    """Say what became of a plan that was sent. The figures of this moment are kept with it; the last word counts."""
    from engine.access import roles
    from engine.decision import conclusions
    from engine.outcome import concluding

    shop, person, config = shop_at(shop_dir), roles.os_user(), environment.read().config
    known = _figures(shop, plan_id)
    suggested = concluding.suggestion(known)
    entry = conclusions.conclude(
        shop.path, shop.shop_id, plan_id, choice, person, person, reason, datetime.now(UTC), config,
        measured=known, suggested=suggested.choice,
    )  # fmt: skip
    said = {"choice": choice, "reason": reason, "by": entry.actor, "at": entry.at, "seq": entry.seq}
    print_json({"plan_id": plan_id, **said, "measured": known, "suggested": _suggested(suggested)})
    keep_safe(shop)


def _suggested(suggested: Any) -> dict[str, Any]:
    return {"choice": suggested.choice, "why": suggested.why.text()}


def _figures(shop: Any, plan_id: str) -> dict[str, Any]:
    from engine.errors import NotEnoughData
    from engine.outcome import concluding, results
    from engine.outcome import measured as measuring

    measured = reported = None
    with contextlib.suppress(NotEnoughData):
        measured = measuring.measured(shop)
    with contextlib.suppress(NotEnoughData):
        reported = results.campaigns(shop)
    return concluding.figures(shop, plan_id, measured, reported)


@main.command()
@click.option("--search", default="", help="Words in a plan, its audience, offer or reason; all of them.")
@click.option("--as", "choices", multiple=True, help="Only these conclusions; may be given several times.")
@click.option("--channel", "channels", multiple=True)
@click.option("--goal", "goals", multiple=True)
@click.option("--out", type=ToWrite(), help="Also as CSV.")
@shop_option
def learnings(
    search: str, choices: tuple[str, ...], channels: tuple[str, ...], goals: tuple[str, ...], out: Path | None,
    shop_dir: Path | None,
) -> None:  # fmt: skip
    """What was concluded of plans, the newest first, each with the figures of that moment."""
    from engine.decision import conclusions
    from engine.outcome import concluding

    shop = shop_at(shop_dir)
    known = conclusions.learned(shop, environment.read().config)
    found = conclusions.find(known, search, choices, channels, goals)
    if out:
        write_csv(concluding.as_table(found), out)
    print_json({"count": len(found), "of": len(known), "learnings": [asdict(one) for one in found]})


@main.command("next-plan")
@click.argument("plan_id")
@click.option("--name", help="Of the new draft.")
@shop_option
def next_plan(plan_id: str, name: str | None, shop_dir: Path | None) -> None:
    """A new draft like a plan, on dates ahead and after its window; its brief shows what was concluded of that one."""
    from zoneinfo import ZoneInfo

    from engine.access import roles
    from engine.campaign import planned, repeat
    from engine.campaign.writer.facts import facts
    from engine.decision import plans
    from engine.sentences import say

    shop, now = shop_at(shop_dir), datetime.now(UTC)
    source = plans.load(shop.path, plan_id)
    called = (name or say("learnings.next_name", name=source.plan.name))[:200]
    made = plans.duplicate(shop.path, plan_id, called, roles.os_user(), now)
    saved = plans.load(shop.path, made)
    today = now.astimezone(ZoneInfo(shop.settings.time_zone)).date()
    plan = repeat.following(saved.plan, shop.settings, today)
    if plan != saved.plan:
        filled = planned.filled_copy(plan, shop.settings, lambda step, spoken: facts(shop, plan.brief(step, spoken)))
        plans.save(shop.path, plan, {**saved.extras, "filled": filled}, saved.version, now)
    dates = {"starts_at": plan.starts_at.isoformat(), "ends_at": plan.ends_at.isoformat()}
    print_json({"plan_id": made, "made_from": plan_id, "name": called, **dates})
