"""The command about this machine: doctor."""

from datetime import datetime

import click

from engine import settings as environment
from engine.commands import main, print_json


@main.command()
@click.option("--json", "as_json", is_flag=True)
def doctor(as_json: bool) -> None:
    """What this machine has and lacks, each with what to do."""
    from dataclasses import asdict

    from engine import doctor as health

    checks = health.examine(environment.read(), datetime.now())
    if as_json:
        print_json([asdict(check) for check in checks])
        return
    for check in checks:
        click.echo(
            f"{'ok  ' if check.ok else 'LOOK'}  {check.name}: {check.found}"
            + ("" if check.ok else f"\n      {check.advice}")
        )
