"""Command about customers' questions: reply."""

from pathlib import Path

import click

from engine.commands import main, print_json, shop_at, shop_option


@main.command()
@shop_option
@click.option("--question", "message", required=True, help="The customer's message.")
@click.option("--order", "order_id", help="The order it is about: an order_id of the shop.")
@click.option("--language", type=click.Choice(["en", "zh"]), help="Of the answer; default the question's.")
def reply(shop_dir: Path | None, message: str, order_id: str | None, language: str | None) -> None:
    """Draft an answer to a customer from the shop's rules (SHOP/policy/*.md), products and one order.

    Each fact stands in a row under "sources". What is not in the data is not answered: "known" is false, and "ask" says
    whom to ask. A person sends it.
    """
    from engine.campaign.replies import answer

    print_json(answer.reply(shop_at(shop_dir), message, order_id, language).as_json())  # type: ignore[arg-type]
