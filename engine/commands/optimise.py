"""The command about which offers pay best: optimise."""

from pathlib import Path
from typing import Any

import click

from engine.commands import main, out_option, print_json, progress, seed_option, shop_at, shop_option, write_csv


@main.command()
@shop_option
@click.option("--budget", type=float, help="Money for discount given and sending, over all groups; default no limit.")
@click.option("--segment", "segment_ids", multiple=True, help="A group; default every group. May be given again.")
@click.option("--rule", "rules", multiple=True, help="A group by a rule, as for `audience`. May be given again.")
@click.option("--channel", "channels", multiple=True, help="Default: every channel tried. May be given again.")
@click.option("--offer-kind", "kinds", multiple=True, help="Default: every kind tried. Full price is always there.")
@click.option("--discount", "discounts", multiple=True, type=float, help="Sizes of percent offers, 0.15 = 15 %.")
@click.option("--send-hour", "hours", multiple=True, type=int, help="Default: one tried hour per part of the day.")
@click.option("--share", "shares", multiple=True, type=float, help="Shares of the audience; default 0.25 0.5 0.75 1.")
@click.option("--products", "products", multiple=True, help="What a message is about, p1,p2. Again: others to try.")
@click.option("--category", "categories", multiple=True, help="A category a message is about. May be given again.")
@click.option("--starts-at", "starts_at", help="Day of the send; default the day of the data.")
@click.option("--holdout", type=float, help="Share left out on purpose; default the shop's.")
@click.option("--margin-floor", type=float, help="Smallest profit / revenue after discount, 0.2 = 20 %.")
@click.option("--max-loss", type=float, help="Largest chance of loss of each plan, 0.2 = 20 %.")
@click.option(
    "--objective",
    type=click.Choice(["expected", "careful"]),
    default="expected",
    show_default=True,
    help="Expected extra profit, or the lower end of its range.",
)
@click.option("--untried", is_flag=True, help="Propose what was never tried too; it stays marked as such.")
@click.option("--top", type=click.IntRange(1), default=20, show_default=True, help="Rows per group.")
@seed_option
@out_option
def optimise(shop_dir: Path | None, top: int, seed: int, out: Path, **asked: Any) -> None:
    """The best offers for each group, and one budget split over the groups, each customer in one plan at most.

    Writes one row per option and group, best first: rank; tie (options with one number cannot be told apart from the
    first of them); group; chosen (1: of the split); option (offer, full_price, nothing: always both); channel,
    offer_kind, discount, min_spend, gift_product_id, send_hour, audience_share, products, category; the columns of
    `forecast`; budget_used with its range; best_is_better (probability that the group's first row earns more);
    binding: budget, margin floor, chance of loss, stock, consent, frequency cap, other plan, tried range or none - the
    limit without which a plan one step away would earn more. A row without a rank breaks the limit it names.
    """
    from engine.campaign import response
    from engine.campaign.optimise import asking, search, table

    shop = shop_at(shop_dir)
    models = response.load(shop)
    wanted = asking.Asked.of(shop, asked, seed)
    found = search.optimise(
        shop, models, wanted.groups, wanted.choices, wanted.limits, wanted.objective, seed, progress
    )
    shown = [
        search.completed(shop, models, group, one.shown(top, chosen), seed)
        for group, one, chosen in zip(wanted.groups, found.groups, found.chosen, strict=True)
    ]
    write_csv(table.table(found, shown), out)
    card = {name: models.card[name] for name in ("messages", "campaigns", "last_sent")}
    print_json(
        {"budget": wanted.limits.budget, "objective": wanted.objective}
        | table.summary(found)
        | {"basis": models.basis, "learned_from": card}
    )
