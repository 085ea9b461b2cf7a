"""Command about what plans brought: outcomes."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pandas as pd

from engine import settings as environment
from engine.commands import main, on_day, print_json, progress, seed_option, shop_at, shop_option
from engine.errors import NotEnoughData
from engine.shop import store
from engine.shop.store import Shop


@main.command()
@shop_option
@click.option(
    "--results", multiple=True, type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Totals of a mail tool (campaign_results), deliveries or ads, with a plan's id as campaign_id; repeatable.",
)  # fmt: skip
@click.option("--as-of", "as_of", help="Orders strictly before this day count; default: all.")
@click.option("--learn/--no-learn", default=True, help="Whether forecasts that do better on later campaigns take over.")
@seed_option
def outcomes(shop_dir: Path | None, results: tuple[Path, ...], as_of: str | None, learn: bool, seed: int) -> None:
    """What each exported plan brought, from the shop's own orders: sent against left out, at 7 and 30 days.

    Nobody has to report anything; reports of a sending tool, where given, are taken in first and add clicks and costs.
    Then forecasts on record are held against what came, and learn from it: never is a worse model put in use. A shop
    without orders is told what its deliveries, totals and ads say, and which answers need orders.
    """
    shop, day = shop_at(shop_dir), on_day(as_of)
    report = _taken_in(shop, results)
    shop = store.open_shop(shop.path)
    said = {"reported": _reported(shop), **_learned(shop, day, learn, seed)}
    print_json({"results": report, **_measured(shop, day), **said})


def _taken_in(shop: Shop, files: tuple[Path, ...]) -> dict[str, Any] | None:
    """The report of the import of these files, with the plans whose results are in by now."""
    from engine.outcome import arrivals, reported

    now, config = datetime.now(UTC), environment.read().config
    report = reported.take_in(shop, files, datetime.now(), config, progress) if files else {}
    noted = arrivals.note(store.open_shop(shop.path), now, config)
    return (report | ({"results_in": noted} if noted else {})) or None


def _measured(shop: Shop, day: Any) -> dict[str, Any]:
    """plans: a row per plan and days; variants, for_whom: of exported plans, in their window; together: sums of all
    plans at 7 and 30 days; everything: all that was sent, against the permanent holdout; notes: where a number in the
    money comes from. Without orders, each of them is why there is none."""
    from dataclasses import asdict

    from engine.outcome import by_past, joined, measured, measured_words, programme, variants

    try:
        known = joined.read(shop, day)
    except NotEnoughData as problem:
        needing = ("plans", "variants", "for_whom", "together", "everything")
        refused = {name: {"refused": str(problem)} for name in needing}
        return {"orders_until": None, **refused, "notes": []}
    table = measured.of_known(shop, known)
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    for row, (_, said) in zip(rows, table.iterrows(), strict=True):
        row["reason"] = measured_words.reason(said).text()
        mine = table[table["plan_id"] == row["plan_id"]]
        row["cautions"] = [caution.text() for caution in measured_words.cautions(mine, row["days"])]
    everything = programme.everything(shop, known)
    exported = table[table["is_window"].eq(1) & table["source"].eq("assignment")]
    windows = list(zip(exported["plan_id"], exported["days"], strict=True))
    even = [one for one, verdict in zip(windows, exported["verdict"], strict=True) if verdict in measured.COMPARABLE]
    return {
        "orders_until": known.orders.until.isoformat(),
        "plans": [{str(name): _plain(value) for name, value in row.items()} for row in rows],
        "variants": _records(variants.compared(known, plan_id, days) for plan_id, days in windows),
        "for_whom": _records(by_past.compared(known, *one).assign(plan_id=one[0], days=one[1]) for one in even),
        "together": [asdict(programme.together(table, days)) for days in measured.HORIZONS],
        "everything": asdict(everything) if everything else None,
        "notes": [note.text() for note in known.notes],
    }


def _reported(shop: Shop) -> Any:
    """What deliveries, totals and ads say of each campaign: see engine.outcome.past.campaigns; or why there is none."""
    from engine.outcome import past

    try:
        found = past.campaigns(shop)
    except NotEnoughData as problem:
        return {"refused": str(problem)}
    return _records([found[found["source"] != "none"]])


def _learned(shop: Shop, day: Any, learns: bool, seed: int) -> dict[str, Any]:
    """forecasts, calibration, drift, recalibrated and promotion: see engine.outcome.learning."""
    from engine.outcome import learning

    return learning.sections(shop, environment.read().config, day, seed, learns, progress)


def _records(tables: Iterable[pd.DataFrame]) -> list[dict[str, Any]]:
    """All rows of the tables, unknown numbers as null."""
    return [
        {str(name): None if pd.isna(value) else value for name, value in row.items()}
        for table in tables
        for row in table.to_dict("records")
    ]


def _plain(value: object) -> object:
    """Times as ISO text; pandas' own are no JSON."""
    return value.isoformat() if isinstance(value, pd.Timestamp) else value
