"""Commands about tests: experiment reads their results."""

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
    """
    from engine.outcome import experiments
    from engine.shop import gate

    with refusals_in(language):
        rule = experiments.Rule(smallest_lift=smallest_lift)
        results = experiments.read(gate.read_file(file), rule, "zh" if language == "zh" else "en")
    write_csv(results, out)
    print_json(experiments.summary(results, rule))
