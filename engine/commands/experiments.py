"""Commands about tests: experiment reads their results, plan-experiment says how many visitors one needs."""

import dataclasses
from pathlib import Path

import click

from engine.commands import main, out_option, print_json, refusals_in, write_csv


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--smallest-lift", type=float, default=0.05, show_default=True, help="Smallest lift worth having.")
@click.option("--language", type=click.Choice(["en", "zh"]), default="en", help="Of the reasons.")
@out_option
def experiment(file: Path, smallest_lift: float, language: str, out: Path) -> None:
    """Which tests of a file were won, lost, or neither; one row per test and variant, in the file's order.

    FILE has experiment_id, variant, visitors, conversions, and may have day (rows are then that day's increments),
    revenue and revenue_sq (sums over visitors of what each spent and of its square) and expected_share. The baseline
    is the variant "control", else the first one named. JSON on stdout: how many of each verdict.

    Or FILE has a row per person: variant, customer_id, converted (1, 0) or revenue (what the person spent) or both,
    and may have experiment, before (what the person spent in a period that ended before the test), group, day (on
    which the person came into the test) and expected_share. The JSON then has, under "people", each arm's revenue per
    person against the baseline as it is, with what was spent before taken out, and with the largest amounts capped;
    lifts by group; and what else has to be known.
    """
    from engine.outcome import experiments
    from engine.shop import gate

    with refusals_in(language):
        rule = experiments.Rule(smallest_lift=smallest_lift)
        sheet = gate.read_sheet(file)
        found = experiments.analyse(sheet.frame, rule, "zh" if language == "zh" else "en", sheet.lines)
    write_csv(found.results, out)
    people = {} if found.effects is None else {"people": found.effects.plain()}
    print_json(experiments.summary(found.results, rule) | people)


@main.command("plan-experiment")
@click.option("--base", type=float, required=True, help="Conversions per visitor of the baseline, such as 0.03.")
@click.option("--lift", type=float, required=True, help="Smallest change worth seeing: 0.1 is 10 % more.")
@click.option("--arms", type=int, default=2, show_default=True, help="The baseline included.")
@click.option("--power", type=float, default=0.8, show_default=True, help="Share of such changes that are seen.")
@click.option("--alpha", type=float, default=0.05, show_default=True, help="Share of false alarms, all arms together.")
@click.option("--daily", type=float, help="Visitors a day, all arms together.")
@click.option("--audience", type=int, help="People there are, those of the test included.")
@click.option("--value", type=float, help="Money that one conversion earns; needs --audience.")
@click.option("--cost", type=float, default=0.0, show_default=True, help="Money that testing costs.")
@click.option("--spread", type=float, default=0.1, show_default=True, help="Standard deviation of true lifts around 0.")
@click.option("--language", type=click.Choice(["en", "zh"]), default="en", help="Of the reasons.")
def plan_experiment(
    base: float, lift: float, arms: int, power: float, alpha: float, daily: float | None, audience: int | None,
    value: float | None, cost: float, spread: float, language: str,
) -> None:  # fmt: skip
    """Visitors per arm, days and power of a test, and whether testing is worth its cost."""
    from engine.outcome.experiments import planning

    with refusals_in(language):
        asked = planning.Question(base, lift, arms, power, alpha, daily, audience, value, cost, spread)
        found = planning.plan(asked)
    said = [one.text(language) for one in planning.reasons(asked, found)]
    print_json(dataclasses.asdict(asked) | dataclasses.asdict(found) | {"reasons": said})
