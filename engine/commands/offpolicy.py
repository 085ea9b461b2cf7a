"""Command about a choice that was not made: offpolicy."""

from pathlib import Path

import click

from engine import settings
from engine.commands import main, out_option, print_json, seed_option, shop_at, shop_option, write_csv
from engine.errors import DataProblem


@main.command()
@click.argument("log", required=False, type=click.Path(path_type=Path))
@click.option("--policy", "policy_file", type=click.Path(path_type=Path), help="The other choice, for a LOG.")
@shop_option
@click.option(
    "--choice", help="Without LOG: of the shop's sends, everybody, nobody, recent, lapsed, moved or group:ID."
)
@click.option("--plan", "plan_id", help="A plan exported with variants: --choice is asked of its draws alone.")
@out_option
@seed_option
def offpolicy(
    log: Path | None, policy_file: Path | None, shop_dir: Path | None, choice: str | None, plan_id: str | None,
    out: Path, seed: int,
) -> None:  # fmt: skip
    """Would another choice have paid? From a LOG of choices made by chance, or from the shop's past sends.

    LOG: action, reward, propensity (probability with which that row's action was drawn); further columns are context,
    known before the choice. POLICY: action, probability; with context columns of the log it chooses by them.

    Per estimator (IPS, SNIPS, DM, DR, SNDR): value per row with its 95 % interval, effective_sample_size,
    unsupported_share (of the policy's choices, never tried in the log), verdict (better, worse, no clear difference,
    not enough overlap), and the gain over what the log earned with its interval.

    Without LOG: --choice says to whom of past sends messages would have gone (recent: ordered within 90 days before,
    lapsed: not; moved: where `uplift` learned that writing pays); the value is profit per message that might have been
    sent: from the shop's own orders in the campaign's window; where it has none of that time from recorded revenue, if
    every order of both groups has it, else orders are counted (printed as reward and reward_from).

    With --plan, --choice is nobody, everybody:B (everybody gets variant B), recent:B (B for who ordered within 90 days
    before, nothing for others) or lapsed:B; the value is profit per customer who was drawn. Plans that sent the same
    message are one log; a campaign whose variants another program drew counts from when its split was confirmed.
    """
    from engine.outcome.offpolicy import answer, from_plan, from_shop
    from engine.outcome.offpolicy.log import read_log
    from engine.outcome.offpolicy.policy import read_policy

    about: dict = {}
    if log is not None and policy_file is not None and choice is None and plan_id is None:
        known = read_log(log)
        found = answer.evaluate(known, read_policy(policy_file, known), seed)
    elif log is None and policy_file is None and choice is not None and plan_id is not None:
        drawn = from_plan.variants(shop_at(shop_dir), plan_id, settings.read().config)
        if choice not in drawn.choices:
            raise DataProblem(f"--choice {choice!r} is none of {', '.join(drawn.choices)}.")
        found = from_plan.judge(drawn, choice, seed)
        about = {"plan_id": plan_id, "reward": "profit", "reward_from": "orders",
                 "notes": [one.text() for one in drawn.notes]}  # fmt: skip
    elif log is None and policy_file is None and choice is not None:
        past = from_shop.sends(shop_at(shop_dir))
        if choice not in past.choices:
            raise DataProblem(f"--choice {choice!r} is none of {', '.join(past.choices)}.")
        found = from_shop.judge(past, choice, seed)
        about = {"reward": past.reward, "reward_from": past.source, "notes": [one.text() for one in past.notes]}
    else:
        raise DataProblem(
            "Say a LOG with --policy FILE, or --choice for the shop's own past sends (with --plan of one plan)."
        )
    write_csv(found.table(), out)
    print_json(found.report() | about)
