"""Command about what each channel brought: channels."""

from pathlib import Path
from typing import Any

import click

from engine.commands import ToWrite, main, print_json, seed_option, shop_at, shop_option, write_csv
from engine.sentences import spoken


@main.command()
@shop_option
@seed_option
@click.option("--out", type=ToWrite(), help="CSV with a row per channel.")
def channels(shop_dir: Path | None, seed: int, out: Path | None) -> None:
    """What each channel brought, and whether its claims add up to the shop's own orders.

    JSON on stdout: a row per channel (recorded orders beside extra ones with 95 % ranges, cost, extra profit); the
    shop's orders by who claims each, whose parts add up to the total; messages close to each other; how many days until
    90 % of the orders had come; response by hour of sending. What cannot be said stands under "missing".
    """
    from engine.outcome.channels import answer
    from engine.outcome.channels.delay import DAYS

    found = answer(shop_at(shop_dir), seed)
    parts, close = found.reconciled, found.contacts
    content: dict[str, Any] = {
        "channels": found.table.to_dict("records"),
        "basis": [spoken(one) for one in found.worth.said],
        "extra_orders": None
        if found.totals is None
        else {
            "campaigns": found.totals.with_holdout, "recorded_orders": found.totals.orders,
            "value": found.totals.extra, "low": found.totals.extra_low, "high": found.totals.extra_high,
        },
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
        write_csv(found.table, out)
    print_json(content)
