"""Command about what writing changes: uplift."""

from pathlib import Path

import click

from engine.commands import ToWrite, main, print_json, progress, seed_option, shop_at, shop_option, write_csv
from engine.errors import DataProblem


@main.command()
@shop_option
@click.option("--customers", type=click.Path(path_type=Path), help="File with customer_id and attributes.")
@click.option("--margin", type=float, help="Money that one extra order earns, before the cost of writing.")
@click.option("--cost", type=float, help="Money that writing to one customer costs.")
@click.option("--assume-randomised", is_flag=True, help="Deliveries lack propensity, but chance drew the holdout.")
@seed_option
@click.option("--out", type=ToWrite(), help="File to write.")
def uplift(
    shop_dir: Path | None,
    customers: Path | None,
    margin: float | None,
    cost: float | None,
    assume_randomised: bool,
    seed: int,
    out: Path | None,
) -> None:
    """Extra orders because of a message, per customer, and whom to write to.

    Learned from the shop's deliveries whose holdout was drawn by chance (treated 1 or 0, propensity). Per customer:
    uplift (change in the probability to order), low and high (80 % range), expected_profit = uplift x MARGIN - COST,
    send = 1 where that is above 0. JSON on stdout: the total and the gain against sending to all and to none with 90 %
    intervals from held-out customers, the learners and how well each ranks (Qini), and a verdict.

    Without --customers nothing is written out: what was learned is kept in the shop, for the page of a plan.
    """
    from engine.campaign.uplift import kept, listed

    shop = shop_at(shop_dir)
    if customers is None:
        print_json(kept.learn_and_keep(shop, assume_randomised, seed, progress).facts)
        return
    for name, value in (("--margin", margin), ("--cost", cost)):
        if value is None or not 0 <= value < float("inf"):
            raise DataProblem(f"{name} is {value}; an amount of money from 0 up is needed.")
    if out is None:
        raise DataProblem("Say where the answer goes: --out FILE.")
    assert margin is not None and cost is not None, "checked above"
    found = listed.answer(shop, customers, margin, cost, assume_randomised, seed, progress)
    write_csv(found.table, out)
    progress(1.0, "Done")
    print_json(found.report)
