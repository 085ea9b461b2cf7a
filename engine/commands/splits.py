"""Command about how the next ads or messages are split between arms: split."""

from dataclasses import replace
from pathlib import Path

import click

from engine.commands import main, on_day, print_json, seed_option, shop_at, shop_option
from engine.errors import DataProblem


@main.command()
@click.argument("arms_file", metavar="[ARMS]", required=False, type=click.Path(path_type=Path))
@shop_option
@click.option("--of", "kind", type=click.Choice(["ads", "variants"]), help="Without ARMS: of what in the shop.")
@click.option("--among", default="*", show_default=True, help="A campaign_id or a channel; * is all of them.")
@click.option("--goal", type=click.Choice(["conversions", "clicks"]), default="conversions", show_default=True)
@click.option("--least", type=float, help="Smallest share of any arm; default 10 % spread over all of them.")
@click.option("--delay", type=float, help="Mean days from showing to conversion; told from the rows otherwise.")
@click.option("--as-of", "as_of")
@seed_option
def split(
    arms_file: Path | None, shop_dir: Path | None, kind: str | None, among: str, goal: str, least: float | None,
    delay: float | None, as_of: str | None, seed: int,
) -> None:  # fmt: skip
    """How to split what is shown next between ads or variants (Thompson sampling); nothing is changed by it.

    ARMS: arm, date, shown, converted (those that came in so far of what was shown that day), each arm once a day. Arms
    are compared on the days on which all of them ran, and refused where there are none. With cost (spent on the
    arm that day) and value (earned by its conversions, before that cost) in every row, profit per showing is
    maximised, else the rate alone; it says which. Of ads, cost and what their revenue leaves are taken; of variants,
    what sending cost and what the orders of those written to left.

    Prints propensities (the share of each arm), the chance that each is the best, its rate with a 95 % interval, the
    reasons, and how many conversions, or how much profit, the shares so far brought above those of an even split.
    """
    from engine.outcome.bandit import arms, proposal

    if (arms_file is None) == (kind is None):
        raise DataProblem("Say either a file of ARMS, or --of ads or --of variants.")
    if arms_file is not None:
        choice = arms.read_arms(arms_file)
        if shop_dir is not None:
            choice = replace(choice, currency=shop_at(shop_dir).settings.currency)
    else:
        wanted: arms.Goal = "clicks" if goal == "clicks" else "conversions"
        found = (arms.of_ads if kind == "ads" else arms.of_variants)(shop_at(shop_dir), wanted)
        if among not in found:
            raise DataProblem(
                f"--among {among!r}: the shop has no two {kind} with {goal} to split there. "
                f"There are: {', '.join(found) or 'none'}."
            )
        choice = found[among]
    print_json(proposal.propose(choice, least, delay, on_day(as_of), seed).report())
