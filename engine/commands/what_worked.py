"""Command about what went with better results: what-worked."""

from pathlib import Path
from typing import Any

import click
import pandas as pd

from engine.commands import ToWrite, main, print_json, shop_at, shop_option, write_csv
from engine.sentences import say, spoken


@main.command("what-worked")
@shop_option
@click.option("--out", type=ToWrite(), help="CSV with a row per kind, measure and trait.")
def what_worked(shop_dir: Path | None, out: Path | None) -> None:
    """What of words, offers and timing went with better results: associations, and the tests that would settle them.

    By kind of sending (messages, ads) and measure (extra, orders, clicks, revenue). effect, low, high (95 %): relative
    change as a fraction; of "extra" orders per 1,000 messages. p_adjusted: over all traits of a measure (Benjamini and
    Hochberg); told = 1 where it is at most 0.05. test_per_arm: people in each of two arms, test_days at the usual pace.
    """
    from engine.outcome import what_worked as past

    rows: list[dict[str, Any]] = []
    summary = []
    for one in past.answer(shop_at(shop_dir)):
        summary.append(
            {
                "kind": one.kind, "measure": one.measure, "usual": one.usual, "campaigns": one.campaigns,
                "sent": one.sent, "first": one.first, "last": one.last, "corrected_for": one.corrected,
                "traits": len(one.lines), "told": sum(line.told for line in one.lines),
                "missing": spoken(one.missing) if one.missing else None,
            }
        )  # fmt: skip
        rows += past.rows(one)
    if out is not None:
        write_csv(pd.DataFrame(rows), out)
    told = [row for row in rows if row["told"]]
    print_json({"note": say("worked.association"), "looked_at": summary, "told": told})
