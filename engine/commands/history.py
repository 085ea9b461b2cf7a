"""The command that searches the approval history."""

from datetime import date, datetime
from pathlib import Path

import click

from engine import settings as environment
from engine.commands import main, out_option, print_json, shop_at, shop_option
from engine.errors import StoreProblem
from engine.shop import store

_DAY = click.DateTime(["%Y-%m-%d"])


def _on(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


@main.command()
@click.option("--text", default="", help="Words in the plan's name or id, a person's name or the reason; all of them.")
@click.option("--action", "actions", multiple=True, help="submitted, approved, ...; may be given several times.")
@click.option("--person", "people", multiple=True, help="Who did or recorded it; may be given several times.")
@click.option("--plan", "plan_id", help="Only this plan.")
@click.option("--from", "since", type=_DAY, help="The first day, such as 2026-03-31.")
@click.option("--to", "until", type=_DAY, help="The last day.")
@shop_option
@out_option
def history(
    text: str, actions: tuple[str, ...], people: tuple[str, ...], plan_id: str | None, since: datetime | None,
    until: datetime | None, shop_dir: Path | None, out: Path,
) -> None:  # fmt: skip
    """Entries of the approval history as CSV, the newest first, each row with the history's last entry.

    Refused where evidence of a decision is gone or is not the file that was handed in.
    """
    from engine.decision import cells, evidence, ledger, search

    shop, config = shop_at(shop_dir), environment.read().config
    query = search.Query(text, actions, people, plan_id, _on(since), _on(until))
    known, head = search.register(shop, config), ledger.head(shop.path)
    found = search.find(known, query, search.words(shop, config) if text.strip() else None)
    table = search.table(shop, config, [int(seq) for seq in found["seq"]], head)
    if problems := evidence.problems(shop.path, shop.shop_id, config, search.decisions(shop, config)):
        raise StoreProblem(problems)
    store.replace_file(out, cells.to_csv(table))
    print_json({"entries": len(table), "file": str(out), "ledger_entries": head.entries, "ledger_head": head.hash})
