"""Command about what each channel brought: channels."""

from pathlib import Path
from typing import Any

import click

from engine.commands import ToWrite, main, print_json, seed_option, shop_at, shop_option, write_csv
from engine.sentences import spoken


@main.command()
@shop_option
@seed_option
@click.option(
    "--days", type=click.Choice(["window", "7", "30"]), default="window", show_default=True,
    help="Days after the send in which extra orders count; by default each campaign's own window.",
)  # fmt: skip
@click.option("--out", type=ToWrite(), help="CSV with a row per channel.")
def channels(shop_dir: Path | None, seed: int, days: str, out: Path | None) -> None:
    """What each channel brought, and whether its claims add up to the shop's own orders.

    JSON on stdout: a row per channel (recorded orders beside extra ones with 95 % ranges, cost, extra profit), their
    total, and the campaigns with a holdout that are not in it and why; the shop's orders by who claims each, whose
    parts add up to the total; messages close to each other; how many days until 90 % of the orders had come; response
    by hour of sending. What cannot be said stands under "missing".
    """
    from engine.outcome.channels import answer
    from engine.outcome.channels.delay import DAYS
    from engine.outcome.measured import OWN

    found = answer(shop_at(shop_dir), seed)
    within = OWN if days == "window" else int(days)
    table, parts, close = found.table(within), found.reconciled, found.contacts
    content: dict[str, Any] = {
        "days": days,
        "channels": table.to_dict("records"),
        **_total(found, within),
        "known_by_export": found.by_export,
        "reconciled": None
        if parts is None
        else {
            "first": parts.first.date(), "last": parts.last.date(), "orders": parts.orders, "revenue": parts.revenue,
            "parts": parts.parts.to_dict("records"), "by_channel": parts.by_channel.to_dict("records"),
            "claimed": parts.claimed, "unclaimed": parts.unclaimed, "sum_of_claims": parts.claims,
            "claimed_by_several_campaigns": parts.several, "unmatched": found.unmatched.to_dict("records"),
        },
        "contacts": None
        if close is None
        else {
            "days": close.days, "customers": close.customers, "by_several_channels": close.several_channels,
            "by_count": close.by_count.to_dict("records"),
        },
        "known_after": [
            {
                "channel": one.channel, "basis": one.basis, "campaigns": one.campaigns, "orders": one.orders,
                "last_sent": one.last.date(), "days": one.known_after, "days_low": one.known_low,
                "days_high": one.known_high, "curve": one.curve[one.curve["day"].isin(DAYS)].to_dict("records"),
            }
            for one in found.delays
        ],
        "send_hours": [
            {
                "channel": one.channel, "measure": one.measure, "campaigns": one.campaigns, "messages": one.messages,
                "corrected_for": one.corrected, "best": one.best, "never_tried": one.never,
                "hours": one.table.to_dict("records"), "missing": spoken(one.missing) if one.missing else None,
            }
            for one in found.hours
        ],
        "missing": [spoken(one) for one in found.missing],
    }  # fmt: skip
    if out is not None:
        write_csv(table, out)
    print_json(content)


def _total(found: Any, days: int) -> dict[str, Any]:
    """The sum of the channels, what is not in it, and where a number in its money comes from."""
    from dataclasses import asdict

    from engine.outcome.measured_words import reason

    total, apart = found.total(days), found.apart(days)
    return {
        "total": None if total is None else {name: one for name, one in asdict(total).items() if name != "days"},
        "not_in_total": [
            {"plan_id": row["plan_id"], "name": row["name"], "verdict": row["verdict"], "reason": reason(row).text()}
            for _, row in apart.iterrows()
        ],
        "notes": [spoken(one) for one in found.notes],
    }
