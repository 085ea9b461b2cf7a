"""`python -m engine COMMAND`: one subcommand per question, on the same functions as the pages.

CSV or JSON in and out, UTF-8. JSON goes to stdout, progress to stderr as one JSON object a line. Exit code 0: done;
2: refused, with a sentence on stderr and no output file.
"""

import json
import os
import sys
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click
import pandas as pd

from engine import settings as environment
from engine.errors import AppError, DataProblem, StoreProblem
from engine.shop import databases, store
from engine.shop.databases import Database
from engine.shop.store import Shop


class Refusing(click.Group):
    """Turns every AppError into its sentence on stderr and exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except AppError as error:
            click.echo(str(error), err=True)
            ctx.exit(2)


@click.group(cls=Refusing, help=__doc__)
def main() -> None:
    # Windows consoles and cron may say otherwise; names in Chinese must not end a run.
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8")  # type: ignore[union-attr]


def _shop_option(command: Callable) -> Callable:
    return click.option(
        "--shop", "shop_dir", type=click.Path(path_type=Path), help="Shop folder; default $OFFERLAB_SHOP."
    )(command)


def _seed_option(command: Callable) -> Callable:
    return click.option("--seed", default=0, show_default=True)(command)


def _out_option(command: Callable) -> Callable:
    return click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="File to write.")(
        command
    )


def _shop(shop_dir: Path | None) -> Shop:
    folder = shop_dir or environment.read().shop
    if folder is None:
        raise StoreProblem("Which shop? Say --shop DIR or set OFFERLAB_SHOP.")
    return store.open_shop(folder)


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise DataProblem(f"--as-of is {text!r}; a date such as 2026-03-31 is needed.") from error


def _progress(share: float, message: str) -> None:
    click.echo(json.dumps({"progress": round(share, 3), "message": message}, ensure_ascii=False), err=True)


def _print(content: object) -> None:
    plain = json.loads(json.dumps(content, default=_plain), parse_constant=lambda _: None)  # NaN is no JSON
    click.echo(json.dumps(plain, indent=1, ensure_ascii=False))


def _plain(value: object) -> object:
    return value.item() if hasattr(value, "item") else str(value)


def _write_csv(frame: pd.DataFrame, out: Path) -> None:
    store.replace_file(Path(out), frame.to_csv(index=False, lineterminator="\n").encode("utf-8"))


@main.command()
@click.argument("name", type=click.Choice(["demo", "complete-journey"]))
@click.option("--into", required=True, type=click.Path(path_type=Path))
@_seed_option
def sample(name: str, into: Path, seed: int) -> None:
    """Make a sample shop."""
    from engine.shop import samples
    from engine.shop.tables import TABLES

    shop = samples.build(name, into, seed, _progress)
    _print({"shop": str(shop.path), "rows": {table: shop.rows(table) for table in TABLES if shop.has(table)}})


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
        files, into, mapping, table, datetime.now(), _progress, config, pseudonymise, keep_map, begin_with
    )
    _print(report)


@main.command()
@click.argument("paths", nargs=-1, required=True, type=Source())
@click.option("--shop", "shop_dir", type=click.Path(path_type=Path), help="Mappings kept in this shop count too.")
@click.option("--table", help="The table the files are, where their names do not say.")
@_out_option
def mapping(paths: tuple[Path | Database, ...], shop_dir: Path | None, table: str | None, out: Path) -> None:
    """Write the mapping that `import` would read these files by, to be looked at, changed and given with --map."""
    from engine.shop import intake
    from engine.shop import mapping as mappings
    from engine.shop.proposal import Known

    known = Known(saved=tuple(mappings.saved(shop_dir)) if shop_dir else (), table=table)
    found = [one for file in intake.each(paths) for one in intake.proposed(file, known, head=20_000)]
    store.replace_file(out, mappings.write(one.mapping for one in found).encode())
    _print(
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
@_shop_option
def quality(shop_dir: Path | None) -> None:
    """Net sales by month with what may set them apart from the shop system's, rows over time, and what is missing."""
    from dataclasses import asdict

    from engine.outcome.readiness import readiness
    from engine.shop import contents, gap, stated
    from engine.shop import quality as checked

    shop = _shop(shop_dir)
    months, told = checked.reconciliation(shop), stated.stated(shop)
    said = [
        asdict(gap.explained(row, told[day].figure)) | {"month": f"{day:%Y-%m}"} | asdict(told[day])
        for day, (_, row) in zip(months["month"].dt.date, months.iterrows(), strict=True)
        if day in told
    ]
    rows = checked.volumes(shop)
    _print(
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
@_shop_option
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

    shop = _shop(shop_dir)
    if assignments:
        shop = store.save_settings(shop, from_text(assignments))
    known = shop.settings
    _print(
        {
            name: {"value": value, "source": known.source(name)}
            for name, value in known.model_dump(mode="json").items()
            if name != "assumed"
        }
    )


@main.command()
@_shop_option
@click.option("--k", default="auto", help="Number of groups, or auto.")
@click.option("--method", type=click.Choice(["kmeans", "dbscan", "lifecycle"]), default="kmeans")
@click.option("--as-of", "as_of")
@_seed_option
@_out_option
def segments(shop_dir: Path | None, k: str, method: Any, as_of: str | None, seed: int, out: Path) -> None:
    """Group the customers; saves the groups in the shop as the current ones."""
    from dataclasses import asdict

    from engine.audience import segments as groups

    if k != "auto" and not k.isdigit():
        raise DataProblem(f"--k is {k!r}; a whole number or auto is needed.")
    shop = _shop(shop_dir)
    found = groups.fit(shop, "auto" if k == "auto" else int(k), method, _day(as_of), seed)
    _write_csv(found.labels, out)
    groups.save(shop, found)
    names = dict(zip(found.profiles["segment_id"], found.profiles["segment_name"], strict=True))
    _print(asdict(found.summary) | {"names": names})


@main.command()
@_shop_option
@click.option("--rule", required=True, help="As in: orders >= 2 and recency_days > 90 and bought category Skin Care")
@click.option("--exclude", help="A rule for those to leave out.")
@click.option("--as-of", "as_of")
@_out_option
def audience(shop_dir: Path | None, rule: str, exclude: str | None, as_of: str | None, out: Path) -> None:
    """The customers a rule selects; prints how many of them each channel reaches, and why not the others."""
    from engine.audience import rules
    from engine.audience.reach import channels, reachable
    from engine.shop.features import default_as_of

    shop = _shop(shop_dir)
    rule, exclude = _spelled(shop, rule, exclude)  # before the facts, which take longer
    day = _day(as_of) or default_as_of(shop)
    facts = rules.facts(shop, day)
    left_out = set(rules.select(shop, exclude, day, facts)) if exclude else set()
    chosen = [one for one in rules.select(shop, rule, day, facts) if one not in left_out]
    reach = {channel: reachable(shop, chosen, channel, day) for channel in channels(shop)}
    _write_csv(pd.DataFrame({"customer_id": chosen}, dtype="str"), out)
    _print(
        {
            "rule": rule,
            "exclude": exclude,
            "as_of": day,
            "customers": len(facts),
            "selected": len(chosen),
            "channels": {
                channel: {"reachable": len(found.customer_ids), "left_out": found.left_out}
                for channel, found in reach.items()
            },
        }
    )


def _spelled(shop: Shop, rule: str, exclude: str | None) -> tuple[str, str | None]:
    """Both rules as the shop spells them. Raises DataProblem with what is wrong with either, and with which of them."""
    from engine.audience import rules

    spelled, problems = {}, []
    for option, text in (("--rule", rule), ("--exclude", exclude or None)):
        try:
            spelled[option] = rules.write(rules.spelled(shop, text)) if text is not None else None
        except DataProblem as problem:
            problems += problem.problems if option == "--rule" else [f"{option}: {one}" for one in problem.problems]
    if problems:
        raise DataProblem(problems)
    return spelled["--rule"] or "", spelled["--exclude"]


@main.command()
@_shop_option
@click.option(
    "--as-of", "as_of", help="Only what happened before this day counts; default: the day after the last row."
)
@click.option("--dictionary", type=click.Path(path_type=Path, dir_okay=False), help="File for what each column means.")
@click.option("--language", type=click.Choice(["en", "zh"]), default="en", help="Of the dictionary.")
@_out_option
def features(shop_dir: Path | None, as_of: str | None, dictionary: Path | None, language: Any, out: Path) -> None:
    """What is known of every customer on a day, one row each; prints the mean and spread of each column."""
    from engine.shop import features as of_customers

    shop = _shop(shop_dir)
    day = _day(as_of) or of_customers.default_as_of(shop)
    known = of_customers.taken(shop, day)
    words = known.described(shop.settings.currency, language)
    _write_csv(known.table, out)
    if dictionary is not None:
        _write_csv(words, dictionary)
    numbers = words.set_index("feature")[["mean", "spread", "known"]]
    _print({"as_of": day, "customers": len(known.table), "features": numbers.to_dict("index")})


@main.command()
@_shop_option
@click.option("--as-of", "as_of")
@_seed_option
def train(shop_dir: Path | None, as_of: str | None, seed: int) -> None:
    """Learn the response models from every delivery, total and ad before a day; prints the model card."""
    from engine.campaign import response

    models = response.train(_shop(shop_dir), _day(as_of), seed, _progress)
    _print({"version": models.version} | models.card)


@main.command()
@_shop_option
@click.option("--deliveries", type=click.Path(path_type=Path))
@click.option("--ads", type=click.Path(path_type=Path))
@_out_option
def score(shop_dir: Path | None, deliveries: Path | None, ads: Path | None, out: Path) -> None:
    """Probabilities and expected revenue for rows of deliveries or ads, in order."""
    from engine.campaign import response
    from engine.campaign import score as scoring

    if (deliveries is None) == (ads is None):
        raise DataProblem("Say either --deliveries FILE or --ads FILE.")
    shop = _shop(shop_dir)
    models = response.load(shop)
    if deliveries is not None:
        _write_csv(scoring.score_deliveries(shop, models, deliveries), out)
    elif ads is not None:
        _write_csv(scoring.score_ads(shop, models, ads), out)


@main.command()
@_shop_option
@click.option("--plans", required=True, type=click.Path(path_type=Path))
@_seed_option
@_out_option
def forecast(shop_dir: Path | None, plans: Path, seed: int, out: Path) -> None:
    """What each plan of a file would probably do."""
    from engine.campaign import plans_file, response

    shop = _shop(shop_dir)
    table = plans_file.forecast_plans(shop, response.load(shop), plans_file.read_plans(plans), plans.parent, seed)
    _write_csv(table, out)


@main.command()
@_shop_option
@click.option("--plans", required=True, type=click.Path(path_type=Path))
@click.option(
    "--target",
    type=click.Choice(["order", "click", "unsubscribe"]),
    help="Default: order where it was learned, else click.",
)
@click.option("--language", type=click.Choice(["en", "zh"]), default="en")
@_seed_option
@_out_option
def explain(shop_dir: Path | None, plans: Path, target: str | None, language: str, seed: int, out: Path) -> None:
    """Why each plan's rate is what it is: contributions that add up to the forecast."""
    from engine.campaign import explain as reasons
    from engine.campaign import plans_file, response
    from engine.campaign.scene import scene as prepared

    shop = _shop(shop_dir)
    models = response.load(shop)
    target = target or ("order" if "order" in models.responses else "click")
    tables = []
    for plan in plans_file.plan_rows(plans_file.read_plans(plans)):
        scene = prepared(shop, plan, plans_file.audience_of(shop, plan, plans.parent), seed=seed)
        table = reasons.explain_plan(shop, models, scene, plan, target, language)
        table.insert(0, "plan_id", plan["plan_id"])
        tables.append(table)
    _write_csv(pd.concat(tables, ignore_index=True), out)


@main.command()
@_shop_option
@click.option("--brief", required=True, type=click.Path(path_type=Path))
@click.option("-n", "count", default=3, show_default=True, type=click.IntRange(1, 20))
@click.option("--like", type=click.Path(path_type=Path), help="A draft (JSON) in whose style to write.")
@click.option("--keep", type=click.Path(path_type=Path), help="A draft (JSON) of which only --part is written again.")
@click.option("--part", help="subject, preheader, headline, body or call_to_action.")
@_seed_option
def draft(
    shop_dir: Path | None, brief: Path, count: int, like: Path | None, keep: Path | None, part: str | None, seed: int
) -> None:
    """Draft copy for a brief with the local language model, or from templates where there is none."""
    from engine.campaign.plan import read_brief
    from engine.campaign.writer.drafts import draft_command

    asked, shop = read_brief(brief), _shop(shop_dir)
    _print(
        draft_command(
            shop,
            asked,
            count,
            seed,
            environment.read(),
            lambda told: click.echo(json.dumps(told, ensure_ascii=False), err=True),
            like,
            keep,
            part,
        )
    )


@main.command()
@click.argument("plan_file", type=click.Path(path_type=Path))
@_shop_option
@_seed_option
def submit(plan_file: Path, shop_dir: Path | None, seed: int) -> None:
    """Hand a plan in for approval, with the forecast as it stands."""
    from engine.campaign import planned, response
    from engine.campaign.forecast import evaluate_steps
    from engine.campaign.plan import read_plan
    from engine.campaign.writer.facts import facts
    from engine.decision import approvals, assign, live, roles

    shop, plan, settings = _shop(shop_dir), read_plan(plan_file), environment.read()
    of_steps = [facts(shop, plan.brief(step)) for step in range(len(plan.steps))]
    kept = planned.kept_copy([planned.filled(plan, known, step) for step, known in enumerate(of_steps)])
    scenes = planned.prepared(shop, plan, live.others(shop, plan), seed)
    messages = assign.with_sizes(scenes, planned.messages(plan, kept))
    expected = evaluate_steps(shop, response.load(shop), scenes, messages, seed)
    decision = approvals.submit(
        shop.path,
        shop.shop_id,
        plan,
        expected.row(),
        roles.os_user(),
        datetime.now(),
        settings.config,
        extras={"filled": kept},
    )
    _print(_decision(decision))


def _decision(decision: Any) -> dict:
    from dataclasses import asdict

    return asdict(decision)


def _decide(name: str, plan_id: str, reason: str, by: str | None, shop_dir: Path | None) -> None:
    from engine.decision import approvals, roles

    shop, person = _shop(shop_dir), roles.os_user()
    decide = {"approve": approvals.approve, "reject": approvals.reject}[name]
    _print(
        _decision(
            decide(
                shop.path,
                shop.shop_id,
                plan_id,
                by or person,
                person,
                reason,
                datetime.now(),
                environment.read().config,
            )
        )
    )


@main.command()
@click.argument("plan_id")
@click.option("--reason", required=True)
@click.option("--by", help="Who approved, where that is not you; you are kept as the one who recorded it.")
@_shop_option
def approve(plan_id: str, reason: str, by: str | None, shop_dir: Path | None) -> None:
    """Approve a submitted plan that somebody else wrote."""
    _decide("approve", plan_id, reason, by, shop_dir)


@main.command()
@click.argument("plan_id")
@click.option("--reason", required=True)
@click.option("--by", help="Who rejected, where that is not you; you are kept as the one who recorded it.")
@_shop_option
def reject(plan_id: str, reason: str, by: str | None, shop_dir: Path | None) -> None:
    """Reject a submitted plan."""
    _decide("reject", plan_id, reason, by, shop_dir)


@main.command()
@_shop_option
@click.option("--plan", "plan_ids", multiple=True, help="Only this plan; may be given several times.")
@_seed_option
@_out_option
def export(shop_dir: Path | None, plan_ids: tuple[str, ...], seed: int, out: Path) -> None:
    """Approved plans as CSV, and beside it their audiences (plans.csv -> plans-audience.csv)."""
    from engine.decision import export as exporting

    shop = _shop(shop_dir)
    result = exporting.export_plans(
        shop.path, shop.shop_id, out, lambda plan: exporting.audience(shop, plan), datetime.now(),
        environment.read().config, plan_ids=list(plan_ids) or None, seed=seed,
    )  # fmt: skip
    _print(
        {
            "plans": result.plan_ids,
            "file": str(out),
            "audience_file": str(exporting.audience_path(out)),
            "ledger_head": result.ledger_head,
        }
    )


def _administer() -> str:
    """This person's name. Raises NotAllowed where their role does not let them change who is known."""
    from engine.decision import roles

    person = roles.os_user()
    roles.require(person, "administer", environment.read().config)
    return person


@main.command()
@click.argument("customers", nargs=-1, required=True)
@_shop_option
def erase(customers: tuple[str, ...], shop_dir: Path | None) -> None:
    """Take customers, named by id, e-mail address or phone number, out of the shop for good; sales stay as they are."""
    from dataclasses import asdict

    from engine.shop import erasure

    shop, config = _shop(shop_dir), environment.read().config
    _administer()
    meant = [erasure.find(shop.path, shop.shop_id, config, typed) or [typed] for typed in customers]
    ids = [customer_id for found in meant for customer_id in found]
    _print(asdict(erasure.erase(shop.path, shop.shop_id, config, ids, datetime.now())))


@main.command()
@_shop_option
@click.option(
    "--merge", "pairs", type=click.Path(path_type=Path), help="CSV that you confirm: customer_id, into. It is final."
)
def duplicates(shop_dir: Path | None, pairs: Path | None) -> None:
    """Customers who may be one person, by shared contacts; merges only those of a file that you give."""
    from engine.shop import duplicates as finding
    from engine.shop import gate

    shop, config = _shop(shop_dir), environment.read().config
    if pairs is None:
        table = finding.proposals(shop, config)
        columns = table.astype({"last_order": "str"}).where(table.notna(), None)
        _print({"duplicates": columns.to_dict("records")})
        return
    person, confirmed = _administer(), gate.read_file(pairs)
    missing = [name for name in ("customer_id", "into") if name not in confirmed]
    if missing or confirmed["customer_id"].duplicated().any():
        raise DataProblem(f"{pairs.name}: two columns are needed, customer_id and into, with each customer_id once.")
    wanted = dict(zip(confirmed["customer_id"], confirmed["into"], strict=True))
    _print({"merged": wanted, "rows": finding.merge(shop, config, wanted, datetime.now(), person)})


@main.group()
def ledger() -> None:
    """The approval history."""


@ledger.command("verify")
@_shop_option
def verify_ledger(shop_dir: Path | None) -> None:
    """Check that nothing in the approval history was changed."""
    from dataclasses import asdict

    from engine.decision import ledger as history

    shop = _shop(shop_dir)
    verdict = history.verify(shop.path, shop.shop_id, environment.read().config)
    _print(asdict(verdict))
    if not verdict.ok:
        raise StoreProblem(verdict.sentence)


@main.group()
def model() -> None:
    """Language model files, checked by SHA-256."""


@model.command("list")
def list_models() -> None:
    """The models this tool trusts, and whether they are here."""
    from dataclasses import asdict

    from engine.campaign.writer import files

    _print([asdict(found) for found in files.listed()])


@model.command("pull")
@click.argument("name", default="default")
def pull_model(name: str) -> None:
    """Fetch a model file; a stopped fetch continues."""
    from engine.campaign.writer import files

    _print({"path": str(files.pull(name, files.bar()))})


@model.command("verify")
@click.argument("which", default="default")
def verify_model(which: str) -> None:
    """Check a model file, by name or path, against the hash we trust."""
    from dataclasses import asdict

    from engine.campaign.writer import files
    from engine.errors import ModelFileProblem

    verdict = files.verify(which)
    _print(asdict(verdict))
    if verdict.state not in ("ok", "unknown"):
        raise ModelFileProblem(verdict.sentence)


@main.command()
@click.option("--json", "as_json", is_flag=True)
def doctor(as_json: bool) -> None:
    """What this machine has and lacks, each with what to do."""
    from dataclasses import asdict

    from engine import doctor as health

    checks = health.examine(environment.read(), datetime.now())
    if as_json:
        _print([asdict(check) for check in checks])
        return
    for check in checks:
        click.echo(
            f"{'ok  ' if check.ok else 'LOOK'}  {check.name}: {check.found}"
            + ("" if check.ok else f"\n      {check.advice}")
        )


if __name__ == "__main__":
    # A closed pipe (head, less) is no error of ours.
    try:
        main(prog_name="python -m engine")
    except BrokenPipeError:
        os._exit(0)
