"""Command about what changes in what the shop sells: trends."""

from pathlib import Path
from typing import Any

import click

from engine.commands import ToWrite, main, print_json, progress, shop_at, shop_option, write_csv
from engine.errors import DataProblem
from engine.sentences import Sentence, spoken

TABLES = ("categories", "products", "season", "searches", "prices", "demand")


@main.command()
@shop_option
@click.option("--table", type=click.Choice(TABLES), default=None, help="Which table --out writes.")
@click.option("--out", type=ToWrite(), help="CSV of one table.")
def trends(shop_dir: Path | None, table: str | None, out: Path | None) -> None:
    """What grows and fades, what is looked for and not bought, seasons, price response, and demand against stock.

    JSON on stdout: what stands out of each table, what it rests on, and what cannot be said. With --table and --out the
    whole table as CSV: categories, products (change per month with 95 % range), season (month against the usual one),
    searches, prices (elasticity with 95 % range), demand (units in the next 30 days with 80 % range, days of cover,
    stock beyond the high end of 90 days).
    """
    from engine.shop import trends as of_shop
    from engine.shop.trends.together import STEPS

    if (table is None) != (out is None):
        raise DataProblem(Sentence("trends.table_and_out"))
    found = of_shop.trends(shop_at(shop_dir), lambda name: progress(STEPS.index(name) / len(STEPS), name))
    progress(1.0, "Done")
    if out is not None and table is not None:
        whole = getattr(found, table).table
        if "missing" in whole:
            whole = whole.assign(missing=whole["missing"].map(spoken, na_action="ignore"))
        write_csv(whole, out)
    print_json(_summary(found))


def _summary(found: Any) -> dict[str, Any]:
    prices = found.prices.table
    demand, goods = found.demand, found.demand.table
    return {
        "categories": _growth(found.categories),
        "products": _growth(found.products),
        "season": {
            "months": found.season.months, "missing": found.season.missing and spoken(found.season.missing),
            "strong": found.season.table.query("low > 1").to_dict("records") if len(found.season.table) else [],
        },
        "searches": {
            "searches": found.searches.searches, "first": found.searches.first, "last": found.searches.last,
            "missing": found.searches.missing and spoken(found.searches.missing),
            "unanswered": found.searches.table.head(20).to_dict("records"),
        },
        "prices": [
            {**row, "missing": spoken(row["missing"]) if row["missing"] is not None else None}
            for row in prices.to_dict("records")
        ],
        "demand": {
            "method": demand.method, "errors": demand.errors, "ranges_held": demand.held, "trials": demand.origins,
            "as_of": demand.as_of.date(), "products": len(goods), "with_stock": int(goods["stock"].notna().sum()),
            "overstock": goods[goods["overstock"]].head(20).to_dict("records"),
        },
    }  # fmt: skip


def _growth(one: Any) -> dict[str, Any]:
    return {
        "missing": one.missing and spoken(one.missing), "looked_at": one.looked_at, "weeks": one.weeks,
        "season_removed": one.season_removed, "first": one.first.date(), "last": one.last.date(),
        "whole_shop": one.whole.to_dict("records"),
        "told": one.table[one.table["verdict"] != "no_trend"].to_dict("records"),
    }  # fmt: skip
