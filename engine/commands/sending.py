"""Commands about what an approved plan needs beside its files: codes, the shop's discount, a calendar, pasted copy."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from engine import settings as environment
from engine.commands import main, out_option, print_json, shop_at, shop_option

LANGUAGES = click.Choice(["en", "zh"])


@main.group()
def codes() -> None:
    """Coupon codes of a plan, one for everyone who is written to."""


@codes.command("load")
@click.argument("plan_id")
@click.argument("file", type=click.Path(path_type=Path))
@shop_option
def load_codes(plan_id: str, file: Path, shop_dir: Path | None) -> None:
    """Take in the codes that the shop made: CSV, TXT or XLSX with one column. Lines left out are told."""
    from engine.access import roles
    from engine.decision import code_files
    from engine.decision import codes as stored

    shop = shop_at(shop_dir)
    read = code_files.read(file)
    done = stored.load(shop.path, plan_id, read, roles.os_user(), datetime.now(UTC), environment.read().config)
    left_out = [sentence.text() for sentence in done.left_out]
    print_json({"plan": plan_id, "added": done.added, "left_out": left_out} | _stock(shop.path, plan_id))


@codes.command("make")
@click.argument("plan_id")
@click.option("-n", "count", type=int, required=True, help="How many.")
@click.option("--length", default=8, show_default=True, help="Characters behind the prefix.")
@click.option("--prefix", default="", help="What each begins with.")
@shop_option
@out_option
def make_codes(plan_id: str, count: int, length: int, prefix: str, shop_dir: Path | None, out: Path) -> None:
    """Make codes here and write them with the header Coupon. They are not live until loaded into the shop."""
    from engine.access import roles
    from engine.decision import code_files
    from engine.decision import codes as stored
    from engine.sentences import say
    from engine.shop import store

    shop = shop_at(shop_dir)
    made = stored.make(
        shop.path, plan_id, count, roles.os_user(), datetime.now(UTC), environment.read().config,
        length=length, prefix=prefix,
    )  # fmt: skip
    store.replace_file(out, code_files.write(made))
    note = say("setup.not_live", "en", count=len(made))
    print_json({"plan": plan_id, "file": str(out), "made": len(made), "note": note} | _stock(shop.path, plan_id))


@codes.command("count")
@click.argument("plan_id")
@shop_option
def count_codes(plan_id: str, shop_dir: Path | None) -> None:
    """How many codes a plan has, how many are given to somebody, and how many are free."""
    print_json({"plan": plan_id} | _stock(shop_at(shop_dir).path, plan_id))


def _stock(folder: Path, plan_id: str) -> dict[str, Any]:
    from engine.decision import codes as stored

    found = stored.stock(folder, plan_id)
    return {"codes": found.loaded, "given": found.given, "free": found.free, "made_here": found.made_here}


@main.command("setup-sheet")
@click.argument("plan_id")
@click.option("--language", default="en", type=LANGUAGES, show_default=True)
@shop_option
@out_option
def setup_sheet(plan_id: str, language: Any, shop_dir: Path | None, out: Path) -> None:
    """How the discount of an approved plan is set up in the shop: Markdown, or HTML where the file ends in .html."""
    from engine.decision import codes as stored
    from engine.decision import plans
    from engine.decision import setup_sheet as sheets
    from engine.errors import NotAllowed
    from engine.sentences import Sentence
    from engine.shop import store

    shop = shop_at(shop_dir)
    saved = _approved(shop, plan_id).saved
    sheet = sheets.sheet(shop, saved.plan, language, stored.stock(shop.path, plan_id))
    if sheet is None:
        raise NotAllowed(Sentence("refused.no_offer", {"plan": plans.called(saved.plan)}))
    content = sheet.html() if out.suffix.lower() == ".html" else sheet.markdown()
    store.replace_file(out, content.encode())
    print_json({"plan": plan_id, "file": str(out), "terms": dict(sheet.terms)})


@main.command()
@click.argument("plan_id")
@click.option("--message", default=1, show_default=True, help="Which message, the first being 1.")
@click.option("--language", type=LANGUAGES, help="The message's own by default.")
@click.option("--tool", help="Whose tags the copy has; the shop's own by default.")
@click.option("--variant", help="Whose address it has, where each variant of the plan has its own.")
@shop_option
@out_option
def paste(
    plan_id: str, message: int, language: Any, tool: Any, variant: str | None, shop_dir: Path | None, out: Path
) -> None:
    """The approved copy of a message to be pasted: plain text, or HTML where the file ends in .html."""
    from engine.campaign import links, merge, planned
    from engine.campaign import paste as pasting
    from engine.decision import plans
    from engine.errors import DataProblem
    from engine.sentences import Sentence
    from engine.shop import store

    shop = shop_at(shop_dir)
    item = _approved(shop, plan_id)
    plan, tool = item.saved.plan, tool or shop.settings.mail_tool
    if tool not in merge.NAMES:
        raise DataProblem(Sentence("refused.no_tool", {"given": tool, "tools": ", ".join(merge.NAMES)}))
    if not 1 <= message <= len(plan.steps):
        raise DataProblem(Sentence("refused.no_message", {"given": message, "count": len(plan.steps)}))
    variants = links.own_variants(plan, message - 1)
    which = variant if len(variants) > 1 else variants[0]
    if which not in variants:
        values = {"plan": plans.called(plan), "variants": ", ".join(plan.variants)}
        raise DataProblem(Sentence("refused.which_variant", values))
    step = plan.steps[message - 1]
    spoken = language or step.language
    other = None if spoken == step.language else spoken
    texts = planned.copy_of(item.submission.payload["filled"], message - 1, other)
    if not texts:
        raise DataProblem(Sentence("refused.no_copy", {"number": message, "spoken": spoken}))
    write = pasting.html if out.suffix.lower() == ".html" else pasting.text
    store.replace_file(out, write(plan, message - 1, spoken, texts, shop.settings, tool, which).encode())
    print_json(
        {"plan": plan_id, "message": message, "language": spoken, "file": str(out)}
        | ({"variant": which} if which else {})
    )


@main.command()
@click.option("--plan", "plan_ids", multiple=True, help="Only this plan; may be given several times.")
@click.option("--language", default="en", type=LANGUAGES, show_default=True)
@shop_option
@out_option
def calendar(plan_ids: tuple[str, ...], language: Any, shop_dir: Path | None, out: Path) -> None:
    """The days of approved plans, and the deadlines of those that wait, as an iCalendar file.

    A plan whose approval holds no more is refused where it was named, else left out and said.
    """
    from engine.decision import appointments, ledger, plans
    from engine.errors import NotAllowed
    from engine.shop import store

    shop = shop_at(shop_dir)
    stored = [plans.load(shop.path, one) for one in plan_ids] if plan_ids else plans.saved_plans(shop.path)
    history = ledger.entries(shop.path, shop.shop_id, environment.read().config)
    today = None if plan_ids else datetime.now(UTC).date()
    found, void = appointments.still_standing(shop, stored, history, today)
    if void and plan_ids:
        raise NotAllowed(list(void.values()))
    store.replace_file(out, appointments.ics(found, shop.shop_id, shop.settings, language))
    left_out = {"void": {plan_id: said.text() for plan_id, said in void.items()}} if void else {}
    print_json({"plans": [one.plan.plan_id for one in found], "file": str(out)} | left_out)


def _approved(shop: Any, plan_id: str) -> Any:
    """The plan as it was approved. Raises NotAllowed for one that is not, or whose approval is void."""
    from engine.decision import standing
    from engine.decision.export import approved
    from engine.errors import NotAllowed

    found = approved.find(shop.path, shop.shop_id, environment.read().config, [plan_id])
    _, void = approved.still_standing(shop.path, found, standing.forecast_today)
    if void:
        raise NotAllowed(list(void.values()))
    return found[0]
