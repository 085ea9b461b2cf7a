"""Commands about copy and the language model: draft, check-copy, model."""

import json
import sys
from pathlib import Path

import click

from engine import settings as environment
from engine.commands import main, print_json, seed_option, shop_at, shop_option


@main.command()
@shop_option
@click.option("--brief", required=True, type=click.Path(path_type=Path))
@click.option("-n", "count", default=3, show_default=True, type=click.IntRange(1, 20))
@click.option("--candidates", type=click.IntRange(1, 20), help="How many to write, to choose from; by speed at first.")
@click.option("--like", type=click.Path(path_type=Path), help="A draft (JSON) in whose style to write.")
@click.option("--keep", type=click.Path(path_type=Path), help="A draft (JSON) of which only --part is written again.")
@click.option("--part", help="subject, preheader, headline, body or call_to_action.")
@click.option("--replay", type=click.Path(path_type=Path), help="Drafts (JSON) of this brief, to be written again.")
@seed_option
def draft(
    shop_dir: Path | None,
    brief: Path,
    count: int,
    candidates: int | None,
    like: Path | None,
    keep: Path | None,
    part: str | None,
    replay: Path | None,
    seed: int,
) -> None:
    """Draft copy for a brief with the local language model, or from templates where there is none."""
    from engine.campaign.plan import read_brief
    from engine.campaign.writer.drafts import draft_command

    asked, shop = read_brief(brief), shop_at(shop_dir)
    if replay:
        from engine.campaign.writer.replay import replay_command

        print_json(replay_command(replay, shop, asked, environment.read()))
        return
    print_json(
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
            candidates,
        )
    )


@main.command("check-copy")
@shop_option
@click.option("--brief", required=True, type=click.Path(path_type=Path))
@click.option("--text", "text", required=True, type=click.Path(path_type=Path), help="One text, or .jsonl with many.")
def check_copy(shop_dir: Path | None, brief: Path, text: Path) -> None:
    """What copy claims, each with the row it stands in or the reason it is refused, by facts, law and brand."""
    from engine.campaign.checked import check_command
    from engine.campaign.plan import read_brief

    asked, shop = read_brief(brief), shop_at(shop_dir)
    print_json(check_command(shop, asked, text))


@main.command("draft-each")
@shop_option
@click.option("--brief", "briefs", required=True, multiple=True, type=click.Path(path_type=Path))
@click.option("-n", "count", default=1, show_default=True, type=click.IntRange(1, 20))
@seed_option
def draft_each(shop_dir: Path | None, briefs: tuple[Path, ...], count: int, seed: int) -> None:
    """Draft copy for several briefs, one after the other: all messages of a plan, in all its languages."""
    from engine.campaign.plan import read_brief
    from engine.campaign.writer.drafts import draft_command

    asked, shop, found = [read_brief(path) for path in briefs], shop_at(shop_dir), []
    for number, (path, brief) in enumerate(zip(briefs, asked, strict=True)):
        click.echo(json.dumps({"progress": number / len(briefs), "brief": path.name}), err=True)
        found.append({"brief": path.name} | draft_command(shop, brief, count, seed, environment.read()))
    print_json({"briefs": found})


@main.group()
def model() -> None:
    """Language model files, checked by SHA-256."""


@model.command("list")
def list_models() -> None:
    """The models whose hash is known, and whether they are here."""
    from dataclasses import asdict

    from engine.campaign.writer import files

    print_json([asdict(found) for found in files.listed()])


@model.command("pull")
@click.argument("name", default="default")
def pull_model(name: str) -> None:
    """Fetch a model by its name in the list, or as OWNER/REPO/FILE.gguf; a stopped fetch continues."""
    from engine.campaign.writer import files

    show = files.bar() if sys.stderr.isatty() else files.lines()
    print_json({"path": str(files.pull(name, show))})


@model.command("use")
@click.argument("name")
def use_model_file(name: str) -> None:
    """Draft with this model of the list from now on; "default" goes back to the basic writer."""
    from engine.campaign.writer import catalogue

    catalogue.choose(environment.read(), name)
    print_json({"in_use": name})


@model.command("verify")
@click.argument("which", default="default")
def verify_model(which: str) -> None:
    """Check a model file, by name or path, against the hash we trust."""
    from engine.campaign.writer import files
    from engine.errors import ModelFileProblem

    verdict = files.verify(which)
    header = verdict.header
    print_json(
        {
            "path": str(verdict.path),
            "state": verdict.state,
            "size": verdict.size,
            "sha256": verdict.sha256,
            "sentence": verdict.sentence,
            "context": header.context if header else None,
            "chat_template": bool(header.chat_template) if header else None,
        }
    )
    if verdict.state not in ("ok", "unknown"):
        raise ModelFileProblem(verdict.said)
