"""Commands about what a plan or a message would do: train, score, forecast, explain."""

from pathlib import Path

import click

from engine.commands import (
    main,
    on_day,
    out_option,
    print_json,
    progress,
    refusals_in,
    seed_option,
    shop_at,
    shop_option,
    write_csv,
)
from engine.errors import DataProblem


@main.command()
@shop_option
@click.option("--as-of", "as_of")
@click.option(
    "--search-seconds",
    type=click.FloatRange(min=1),
    default=300.0,
    show_default=True,
    help="Longest search for the settings of one target; the card says where it was cut short.",
)
@seed_option
def train(shop_dir: Path | None, as_of: str | None, search_seconds: float, seed: int) -> None:
    """Learn the response models from every delivery, total and ad before a day; prints the model card."""
    from engine.campaign import response

    models = response.train(shop_at(shop_dir), on_day(as_of), seed, progress, search_seconds)
    print_json({"version": models.version} | models.card)


@main.command()
@shop_option
@click.option("--deliveries", type=click.Path(path_type=Path))
@click.option("--ads", type=click.Path(path_type=Path))
@out_option
def score(shop_dir: Path | None, deliveries: Path | None, ads: Path | None, out: Path) -> None:
    """Probabilities and expected revenue for rows of deliveries or ads, in order."""
    from engine.campaign import response
    from engine.campaign import score as scoring

    if (deliveries is None) == (ads is None):
        raise DataProblem("Say either --deliveries FILE or --ads FILE.")
    shop = shop_at(shop_dir)
    models = response.load(shop)
    if deliveries is not None:
        write_csv(scoring.score_deliveries(shop, models, deliveries), out)
    elif ads is not None:
        write_csv(scoring.score_ads(shop, models, ads), out)


@main.command()
@shop_option
@click.option("--plans", required=True, type=click.Path(path_type=Path))
@seed_option
@out_option
def forecast(shop_dir: Path | None, plans: Path, seed: int, out: Path) -> None:
    """What each plan of a file would probably do.

    Before anything was learned from campaigns: how many would buy anyway, and break-even. Columns assumed_order_rate
    (of those written to, who order) or assumed_extra_rate (who order because of it), shares such as 0.02, give money
    of basis "assumption"; assumed_click_rate and assumed_order_value are optional.
    """
    from engine.campaign import plans_file
    from engine.campaign.first import outlook

    shop, asked = shop_at(shop_dir), plans_file.read_plans(plans)
    models = outlook.learned(shop, typed=plans_file.all_typed(asked))
    write_csv(plans_file.forecast_plans(shop, models, asked, plans.parent, seed), out)


@main.command()
@shop_option
@click.option("--plans", type=click.Path(path_type=Path))
@click.option("--ads", type=click.Path(path_type=Path), help="Rows of the ads table, each explained on its own.")
@click.option(
    "--target",
    type=click.Choice(["order", "click", "unsubscribe", "anyway", "ad_click", "ad_conversion"]),
    help="Default: order where it was learned, else click; of ads the click. anyway: would order without the message.",
)
@click.option("--customer", help="One customer of each plan's audience instead of the audience.")
@click.option(
    "--against",
    type=click.Choice(["past", "everyone"]),
    default="past",
    show_default=True,
    help="Begin from a typical past message, or from every customer the message could go to.",
)
@click.option("--language", type=click.Choice(["en", "zh"]), default="en")
@seed_option
@out_option
def explain(
    shop_dir: Path | None, plans: Path | None, ads: Path | None, target: str | None, customer: str | None, against: str,
    language: str, seed: int, out: Path,
) -> None:  # fmt: skip
    """Why each plan's rate is what it is: contributions that add up to the forecast."""
    from engine.campaign import explain as reasons
    from engine.campaign import explained_file, response

    if (plans is None) == (ads is None):
        raise DataProblem("Say either --plans FILE or --ads FILE.")
    if customer and against == "everyone":
        raise DataProblem("Say either --customer ID or --against everyone.")
    if target and target.startswith("ad_") != (ads is not None):
        raise DataProblem(
            f"--target {target} is of {'plans' if ads else 'ads'}: say {'--plans' if ads else '--ads'} FILE."
        )
    if ads is not None and (customer or against == "everyone"):
        raise DataProblem("Rows of ads have no customers: leave --customer and --against out.")
    with refusals_in(language):
        shop = shop_at(shop_dir)
        models = response.load(shop)
        if ads is not None:
            table = reasons.explain_ads(shop, models, ads, target or "ad_click", language)[explained_file.OF_ADS]
        elif plans is not None:
            target = target or ("order" if "order" in models.responses else "click")
            asked = explained_file.Asked(target, language, customer, against == "everyone", seed)
            table = explained_file.explain_plans(shop, models, plans, asked)
        write_csv(table, out)
