"""The command about what a submission was computed from: replay."""

from pathlib import Path

import click

from engine import settings as environment
from engine.commands import main, print_json, progress, refusals_in, shop_at, shop_option


@main.command()
@click.argument("which", metavar="ID")
@click.option("--numbers-only", is_flag=True, help="Leave out the copy, which a language model writes again.")
@click.option("--language", type=click.Choice(["en", "zh"]), default="en", help="Of the sentences.")
@shop_option
def replay(which: str, numbers_only: bool, language: str, shop_dir: Path | None) -> None:
    """Compute a submission's numbers again from what was kept of it, and write its copy again.

    ID is a plan's, or the number of an entry of the approval history. Nothing of today's tables and models enters the
    numbers; customers who were erased since are left out and counted.
    """
    from engine.decision import replay as replaying

    shop, settings = shop_at(shop_dir), environment.read()
    with refusals_in(language):
        found = replaying.replay(shop, settings.config, which, None if numbers_only else settings, progress)
    print_json(found.to_json(language))
