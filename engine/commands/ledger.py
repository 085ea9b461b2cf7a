"""Commands about the approval history as a whole: verify, backup, backups, restore."""

import re
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from engine import settings as environment
from engine.commands import main, print_json, shop_at, shop_option
from engine.errors import DataProblem, StoreProblem
from engine.sentences import Sentence, spoken
from engine.shop.store import Shop

into_option = click.option(
    "--into", type=click.Path(path_type=Path, file_okay=False), help="Folder of the backups; default $OFFERLAB_BACKUPS."
)


@main.group()
def ledger() -> None:
    """The approval history."""


@ledger.command("verify")
@click.option("--printed", "files", multiple=True, type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="An exported file that it must prove; may be given several times.")  # fmt: skip
@click.option("--entries", type=click.IntRange(min=1), help="ledger_entries as printed in an export.")
@click.option("--head", help="ledger_head as printed beside it.")
@shop_option
def verify_ledger(files: tuple[Path, ...], entries: int | None, head: str | None, shop_dir: Path | None) -> None:
    """Check that nothing in the approval history was changed, and that it holds what older exports print.

    And that each file of the shop that it names is there and is that file: evidence, what was kept of submissions, who
    was assigned.
    """
    from engine.decision import attached, printed
    from engine.decision import ledger as history

    shop, config = shop_at(shop_dir), environment.read().config
    if (entries is None) != (head is None):
        raise DataProblem(Sentence("printed.both"))
    head = head and head.strip().lower()
    if head and not re.fullmatch("[0-9a-f]{64}", head):
        raise DataProblem(Sentence("printed.no_head", {"head": head}))
    point = [(entries, head)] if entries is not None and head else []
    verdict = history.proved(shop.path, shop.shop_id, config, point)
    found: dict[str, Any] = {}
    for file in files if verdict.ok else ():
        proof = printed.prove(shop.path, shop.shop_id, config, file.read_bytes(), file.name)
        found[str(file)] = {
            "ok": proof.verdict.ok, "entries": proof.printed, "sentences": [one.text() for one in proof.said],
            "exported_as": proof.on_record.seq if proof.on_record else None,
        }  # fmt: skip
        verdict = proof.verdict if not proof.verdict.ok else verdict
    problems = attached.problems(shop.path, shop.shop_id, config) if verdict.ok else []
    print_json(
        {
            "ok": verdict.ok and not problems,
            "entries": verdict.entries,
            "sentence": verdict.sentence,
            "bad_seq": verdict.bad_seq,
            "head": asdict(verdict.head) if verdict.head else None,
            "files": [one.text() for one in problems],
        }
        | ({"printed": found} if found else {})
    )
    if not verdict.ok or problems:
        raise StoreProblem(problems or verdict.said)


def _folder(shop: Shop, into: Path | None) -> Path:
    from engine.decision import backup

    settings = environment.read()
    return backup.folder(shop.shop_id, settings.config, into or settings.backups)


def _as_json(one: Any) -> dict[str, Any]:
    return {
        "file": str(one.path),
        "at": one.at.isoformat(),
        "entries": one.entries,
        "head": one.head,
        "bytes": one.bytes,
        "files": one.files,
    }


@ledger.command("backup")
@into_option
@click.option("--if-due", is_flag=True, help="Only where the last one is an hour old: for cron.")
@shop_option
def back_up(into: Path | None, if_due: bool, shop_dir: Path | None) -> None:
    """A backup of plans and approval history, checked when it is written, and of the files that its entries name.

    Its key is not in it: keep the shop's folder in the configuration folder too, in another place.
    """
    from engine.decision import backup

    shop, now = shop_at(shop_dir), datetime.now(UTC)
    place = _folder(shop, into)
    if if_due and not backup.is_due(shop.path, place, now):
        print_json({"backup": None})
        return
    made = backup.take(shop.path, shop.shop_id, environment.read().config, place, now)
    print_json({"backup": _as_json(made), "same_disk": backup.same_disk(shop.path, place)})


@ledger.command("backups")
@into_option
@shop_option
def list_backups(into: Path | None, shop_dir: Path | None) -> None:
    """The backups there are, the last one first."""
    from engine.decision import backup

    shop = shop_at(shop_dir)
    place = _folder(shop, into)
    print_json({"folder": str(place), "backups": [_as_json(one) for one in backup.backups(place)]})


@ledger.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--losing", default=0, show_default=True, help="How many known entries may be lost.")
@shop_option
def restore_ledger(file: Path, losing: int, shop_dir: Path | None) -> None:
    """Put a backup in place of ledger.db. The old file is set aside; an entry tells of it and of what was lost.

    Files that entries name and the shop lacks are put back from the folder of the backup.
    """
    from engine.access import roles
    from engine.decision import restore

    shop = shop_at(shop_dir)
    done = restore.restore(
        shop.path, shop.shop_id, environment.read().config, file, roles.os_user(), datetime.now(UTC), losing=losing
    )
    print_json(
        {
            "entries": done.entries,
            "lost": done.lost,
            "told_as": done.seq,
            "set_aside": str(done.set_aside) if done.set_aside else None,
            "files_put_back": done.files,
            "files_missing": [spoken(one) for one in done.missing],
        }
    )


def keep_safe(shop: Shop) -> None:
    """The hourly backup, after a command that decided something."""
    from engine.decision import backup

    config = environment.read().config
    backup.take_if_due(shop.path, shop.shop_id, config, _folder(shop, None), datetime.now(UTC))
