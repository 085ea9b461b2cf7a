"""Commands about what the shop knows: sample, import, mapping, quality, settings, features."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pandas as pd

from engine import settings as environment
from engine.commands import (
    ToWrite,
    main,
    on_day,
    out_option,
    print_json,
    progress,
    seed_option,
    shop_at,
    shop_option,
    write_csv,
)
from engine.errors import AppError, DataProblem
from engine.shop import databases, store
from engine.shop.databases import Database


@main.command()
@click.argument("name", type=click.Choice(["demo", "complete-journey"]))
@click.option("--into", required=True, type=click.Path(path_type=Path))
@seed_option
def sample(name: str, into: Path, seed: int) -> None:
    """Make a sample shop."""
    from engine.shop import samples
    from engine.shop.tables import TABLES

    shop = samples.build(name, into, seed, progress)
    print_json({"shop": str(shop.path), "rows": {table: shop.rows(table) for table in TABLES if shop.has(table)}})


class Source(click.ParamType):
    """A path, or the URL of a database: a path type would take the second slash out of that."""

    name = "path or url"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path | Database:
        return databases.at(value) if databases.is_url(str(value)) else Path(value)


@main.command("import")
@click.argument("paths", nargs=-1, type=Source())
@click.option("--into", required=True, type=click.Path(path_type=Path))
@click.option(
    "--map", "mapping", type=click.Path(path_type=Path), help="TOML: one section per table, our column per file column."
)
@click.option("--table", help="The table the files are, where their names do not say.")
@click.option("--pseudonymise", is_flag=True, help="Replace customer ids that are e-mail addresses or phone numbers.")
@click.option("--keep-map", is_flag=True, help="Keep in the shop how the files were read, for the next import.")
@click.option("--staged", hidden=True, type=click.Path(path_type=Path), help="Uploads as a page left them.")
def import_(
    paths: tuple[Path | Database, ...],
    into: Path,
    mapping: Path | None,
    table: str | None,
    pseudonymise: bool,
    keep_map: bool,
    staged: Path | None,
) -> None:
    """Add CSV, Parquet or XLSX files, a zip or a folder of them, or tables of a database to a shop; prints what was
    kept and what was not. A table is a URL: postgresql://user@host/database?table=public.orders"""
    from engine.outcome import reported
    from engine.shop import incoming, intake

    files: list[Path | intake.File | Database] = list(paths)
    begin_with: dict[str, str] = {}
    if staged is not None:
        uploads = incoming.load(staged)
        files, pseudonymise = [*incoming.files(staged, uploads)], uploads.pseudonymise
        begin_with = uploads.begin_with
    if not files:
        raise DataProblem("Which files? Name at least one: python -m engine import FILE --into DIR.")
    config = environment.read().config
    report = intake.import_files(
        files, into, mapping, table, datetime.now(), progress, config, pseudonymise, keep_map, begin_with,
        reported.plans_known(into),
    )  # fmt: skip
    print_json(report | _results_in(into, config))


def _results_in(into: Path, config: Path) -> dict[str, Any]:
    """Plans whose results came in; where the approval history cannot take that, why: the files are in all the same."""
    from engine.outcome import arrivals

    try:
        noted = arrivals.note(store.open_shop(into), datetime.now(UTC), config)
    except AppError as problem:
        return {"results_not_noted": str(problem)}
    return {"results_in": noted} if noted else {}


@main.command()
@click.argument("paths", nargs=-1, required=True, type=Source())
@click.option("--shop", "shop_dir", type=click.Path(path_type=Path), help="Mappings kept in this shop count too.")
@click.option("--table", help="The table the files are, where their names do not say.")
@out_option
def mapping(paths: tuple[Path | Database, ...], shop_dir: Path | None, table: str | None, out: Path) -> None:
    """Write the mapping that `import` would read these files by, to be looked at, changed and given with --map."""
    from engine.shop import intake
    from engine.shop import mapping as mappings
    from engine.shop.proposal import Known

    known = Known(saved=tuple(mappings.saved(shop_dir)) if shop_dir else (), table=table)
    found = [one for file in intake.each(paths) for one in intake.proposed(file, known, head=20_000)]
    store.replace_file(out, mappings.write(one.mapping for one in found).encode())
    print_json(
        {
            one.sheet.name: {
                "table": one.mapping.table,
                "source": one.mapping.source or None,
                "found_by": one.found_by,
                "questions": [question.sentence for question in one.questions],
                "columns_left_out": one.unused,
            }
            for one in found
        }
    )


@main.command()
@shop_option
def quality(shop_dir: Path | None) -> None:
    """Net sales by month with what may set them apart from the shop system's, rows over time, and what is missing."""
    from dataclasses import asdict

    from engine.outcome.readiness import readiness
    from engine.shop import contents, gap, stated
    from engine.shop import quality as checked

    shop = shop_at(shop_dir)
    months, told = checked.reconciliation(shop), stated.stated(shop)
    said = [
        asdict(gap.explained(row, told[day].figure)) | {"month": f"{day:%Y-%m}"} | asdict(told[day])
        for day, (_, row) in zip(months["month"].dt.date, months.iterrows(), strict=True)
        if day in told
    ]
    rows = checked.volumes(shop)
    print_json(
        {
            "shop": shop.settings.name,
            "currency": shop.settings.currency,
            "tables": _records(contents.contents(shop)),
            "files": _records(checked.counts(shop)),
            "reconciliation": checked.by_month(months),
            "stated": said,
            "volumes": _records(rows.assign(start=rows["start"].dt.strftime("%Y-%m-%d"))),
            "readiness": [
                {**asdict(one), "ready": one.ready, "sentence": one.sentence.text()} for one in readiness(shop)
            ],
        }
    )


def _records(table: pd.DataFrame) -> list[dict]:
    """Rows as JSON: what is missing is null."""
    return table.astype("object").where(table.notna(), None).to_dict("records")


@main.command()
@shop_option
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="KEY=VALUE",
    help="May be given several times. VALUE as in TOML, text also without quotes; an entry after a dot: "
    "send_cost.email=0.003",
)
def settings(shop_dir: Path | None, assignments: tuple[str, ...]) -> None:
    """The shop's settings, each with who said so: stated, assumed (nobody confirmed it) or the usual value."""
    from engine.shop.shop_settings import from_text

    shop = shop_at(shop_dir)
    if assignments:
        shop = store.save_settings(shop, from_text(assignments))
    known = shop.settings
    print_json(
        {
            name: {"value": value, "source": known.source(name)}
            for name, value in known.model_dump(mode="json").items()
            if name != "assumed"
        }
    )


@main.command()
@shop_option
@click.option(
    "--as-of", "as_of", help="Only what happened before this day counts; default: the day after the last row."
)
@click.option("--dictionary", type=ToWrite(), help="File for what each column means.")
@click.option("--language", type=click.Choice(["en", "zh"]), default="en", help="Of the dictionary.")
@out_option
def features(shop_dir: Path | None, as_of: str | None, dictionary: Path | None, language: Any, out: Path) -> None:
    """What is known of every customer on a day, one row each; prints the mean and spread of each column."""
    from engine.shop import features as of_customers

    shop = shop_at(shop_dir)
    day = on_day(as_of) or of_customers.default_as_of(shop)
    known = of_customers.taken(shop, day)
    words = known.described(shop.settings.currency, language)
    write_csv(known.table, out)
    if dictionary is not None:
        write_csv(words, dictionary)
    numbers = words.set_index("feature")[["mean", "spread", "known"]]
    print_json({"as_of": day, "customers": len(known.table), "features": numbers.to_dict("index")})
