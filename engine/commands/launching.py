"""Command about a new product: launch."""

from datetime import datetime
from pathlib import Path

import click

from engine.commands import main, on_day, out_option, print_json, seed_option, shop_at, shop_option, write_csv


@main.command()
@shop_option
@click.option("--product", required=True, type=click.Path(path_type=Path), help="The form, a JSON file.")
@click.option("--size", type=click.IntRange(1), help="How many customers to write to; default a tenth of all.")
@click.option("--save", is_flag=True, help="Put the product among the shop's products, with its vouched facts.")
@click.option("--update", is_flag=True, help="With --save: change a product that the shop has.")
@click.option("--as-of", "as_of")
@seed_option
@out_option
def launch(
    shop_dir: Path | None,
    product: Path,
    size: int | None,
    save: bool,
    update: bool,
    as_of: str | None,
    seed: int,
    out: Path,
) -> None:
    """What a new product will probably sell, how long its stock lasts, and who will probably want it.

    The form: product_id, name, price, launched_at, and where known category, brand, unit_cost, stock, description,
    facts ([{"text": "vegan", "by": "Ana"}]: copy may say them). Written: customers by score. JSON on stdout: units and
    revenue of the first 30 and 90 days with 80 % ranges, what they rest on, stock, audience.
    """
    from engine.campaign.launch import form, report

    shop, asked = shop_at(shop_dir), form.read_form(product)
    if save:
        shop = form.save(shop, asked, datetime.now().date(), update)
    found = report.forecast(shop, asked, on_day(as_of))
    who = report.chosen(shop, found, size, seed)
    write_csv(report.customers_table(shop, found, who), out)
    print_json(report.as_json(found, who))
