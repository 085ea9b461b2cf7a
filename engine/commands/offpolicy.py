"""Command about a choice that was not made: offpolicy."""

from pathlib import Path

import click

from engine.commands import main, out_option, print_json, seed_option, write_csv


@main.command()
@click.argument("log", type=click.Path(path_type=Path))
@click.option("--policy", "policy_file", required=True, type=click.Path(path_type=Path), help="The other choice.")
@out_option
@seed_option
def offpolicy(log: Path, policy_file: Path, out: Path, seed: int) -> None:
    """Would another choice have paid? From a LOG of choices made by chance.

    LOG: action, reward, propensity (probability with which that row's action was drawn); further columns are context,
    known before the choice. POLICY: action, probability; with context columns of the log it chooses by them.

    Per estimator (IPS, SNIPS, DM, DR, SNDR): value per row with its 95 % interval, effective_sample_size,
    unsupported_share (of the policy's choices, never tried in the log), verdict (better, worse, no clear difference,
    not enough overlap), and the gain over what the log earned with its interval.
    """
    from engine.outcome.offpolicy import answer
    from engine.outcome.offpolicy.log import read_log
    from engine.outcome.offpolicy.policy import read_policy

    known = read_log(log)
    found = answer.evaluate(known, read_policy(policy_file, known), seed)
    write_csv(found.table(), out)
    print_json(found.report())
