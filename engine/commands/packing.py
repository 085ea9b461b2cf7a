"""The command that puts a submitted plan on one page for somebody without Offerlab."""

from pathlib import Path

import click

from engine import settings as environment
from engine.commands import ToWrite, main, print_json, refusals_in, shop_at, shop_option
from engine.errors import DataProblem
from engine.sentences import Sentence
from engine.shop import store


@main.command()
@click.argument("plan_id")
@click.option("--out", required=True, type=ToWrite(), help="F.pdf or F.png.")
@click.option("--language", type=click.Choice(["en", "zh"]), default="en", show_default=True)
@shop_option
def pack(plan_id: str, out: Path, language: str, shop_dir: Path | None) -> None:
    """A plan that waits for a decision on one page, to send by mail or chat: PDF or PNG by the name of the file."""
    from engine.decision import pack as packs

    with refusals_in(language):
        form = out.suffix.lower().removeprefix(".")
        if form not in packs.FORMATS:
            raise DataProblem(Sentence("pack.kind_of_file", {"path": str(out)}))
        shop, config = shop_at(shop_dir), environment.read().config
        said = packs.content(shop, plan_id, config, language)  # type: ignore[arg-type]
        store.replace_file(out, packs.render(said, form))  # type: ignore[arg-type]
    print_json({"plan_id": plan_id, "file": str(out), "code": said["code"], "language": language})
