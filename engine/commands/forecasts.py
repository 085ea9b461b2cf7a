"""Commands about what a plan or a message would do: train, score, forecast, explain."""

from pathlib import Path

import click
import pandas as pd

from engine.commands import main, on_day, out_option, print_json, progress, seed_option, shop_at, shop_option, write_csv
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
@click.option("--plans", required=True, type=click.Path(path_type=Path))
@click.option(
    "--target",
    type=click.Choice(["order", "click", "unsubscribe"]),
    help="Default: order where it was learned, else click.",
)
@click.option("--language", type=click.Choice(["en", "zh"]), default="en")
@seed_option
@out_option
def explain(shop_dir: Path | None, plans: Path, target: str | None, language: str, seed: int, out: Path) -> None:
    """Why each plan's rate is what it is: contributions that add up to the forecast."""
    from engine.campaign import explain as reasons
    from engine.campaign import plans_file, response
    from engine.campaign.scene import scene as prepared

    shop = shop_at(shop_dir)
    models = response.load(shop)
    target = target or ("order" if "order" in models.responses else "click")
    tables = []
    for plan in plans_file.plan_rows(plans_file.read_plans(plans)):
        scene = prepared(shop, plan, plans_file.audience_of(shop, plan, plans.parent), seed=seed)
        table = reasons.explain_plan(shop, models, scene, plan, target, language)
        table.insert(0, "plan_id", plan["plan_id"])
        tables.append(table)
    write_csv(pd.concat(tables, ignore_index=True), out)
