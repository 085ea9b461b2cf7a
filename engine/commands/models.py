"""Commands about learned models: which there are, which is used, and the table they were judged on."""

from datetime import UTC, datetime
from pathlib import Path

import click

from engine import settings as environment
from engine.commands import main, out_option, print_json, shop_at, shop_option, write_csv


@main.command()
@shop_option
def models(shop_dir: Path | None) -> None:
    """The models this shop has learned, the latest first, and which is in use."""
    from engine.campaign import versions

    print_json(
        {
            "models": [
                {
                    "version": one.version,
                    "in_use": one.in_use,
                    "as_of": one.card["as_of"],
                    "promoted": one.card["promoted"],
                    "reason": one.card["promotion"]["reason"],
                }
                for one in versions.versions(shop_at(shop_dir))
            ]
        }
    )


@main.command("use-model")
@click.argument("version")
@click.option("--reason", required=True)
@shop_option
def use_model(version: str, reason: str, shop_dir: Path | None) -> None:
    """Put another learned model in use; who, when and why stand in the approval history."""
    from engine.access import roles
    from engine.decision import model_choice

    person = roles.os_user()
    model_choice.use(shop_at(shop_dir), version, person, person, reason, datetime.now(UTC), environment.read().config)
    print_json({"in_use": version})


@main.command("held-out")
@click.option("--target", required=True, help="click, order, unsubscribe, ad_click or ad_conversion")
@shop_option
@out_option
def held_out(target: str, shop_dir: Path | None, out: Path) -> None:
    """The table the model in use was judged on, row by row, and the figures that follow from it."""
    from engine.campaign import evaluation, response

    shop = shop_at(shop_dir)
    table, facts = evaluation.in_use(shop, target)
    write_csv(table, out)
    print_json({"version": response.current_version(shop), "target": target} | facts)
