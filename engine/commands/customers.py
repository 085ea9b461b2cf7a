"""Commands about customers: segments, audience, erase, duplicates."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pandas as pd

from engine import settings as environment
from engine.commands import main, on_day, out_option, print_json, seed_option, shop_at, shop_option, write_csv
from engine.errors import DataProblem
from engine.shop.store import Shop


@main.command()
@shop_option
@click.option("--k", default="auto", help="Number of groups, or auto.")
@click.option("--method", type=click.Choice(["kmeans", "dbscan", "lifecycle"]), default="kmeans")
@click.option("--as-of", "as_of")
@seed_option
@out_option
def segments(shop_dir: Path | None, k: str, method: Any, as_of: str | None, seed: int, out: Path) -> None:
    """Group the customers; saves the groups in the shop as the current ones."""
    from dataclasses import asdict

    from engine.audience import segments as groups

    if k != "auto" and not k.isdigit():
        raise DataProblem(f"--k is {k!r}; a whole number or auto is needed.")
    shop = shop_at(shop_dir)
    found = groups.fit(shop, "auto" if k == "auto" else int(k), method, on_day(as_of), seed)
    write_csv(found.labels, out)
    groups.save(shop, found)
    names = dict(zip(found.profiles["segment_id"], found.profiles["segment_name"], strict=True))
    print_json(asdict(found.summary) | {"names": names})


@main.command()
@shop_option
@click.option("--rule", required=True, help="As in: orders >= 2 and recency_days > 90 and bought category Skin Care")
@click.option("--exclude", help="A rule for those to leave out.")
@click.option("--as-of", "as_of")
@out_option
def audience(shop_dir: Path | None, rule: str, exclude: str | None, as_of: str | None, out: Path) -> None:
    """The customers a rule selects; prints how many of them each channel reaches, and why not the others."""
    from engine.audience import rules
    from engine.audience.reach import channels, reachable
    from engine.shop.features import default_as_of

    shop = shop_at(shop_dir)
    rule, exclude = _spelled(shop, rule, exclude)  # before the facts, which take longer
    day = on_day(as_of) or default_as_of(shop)
    facts = rules.facts(shop, day)
    left_out = set(rules.select(shop, exclude, day, facts)) if exclude else set()
    chosen = [one for one in rules.select(shop, rule, day, facts) if one not in left_out]
    reach = {channel: reachable(shop, chosen, channel, day) for channel in channels(shop)}
    write_csv(pd.DataFrame({"customer_id": chosen}, dtype="str"), out)
    print_json(
        {
            "rule": rule,
            "exclude": exclude,
            "as_of": day,
            "customers": len(facts),
            "selected": len(chosen),
            "channels": {
                channel: {"reachable": len(found.customer_ids), "left_out": found.left_out}
                for channel, found in reach.items()
            },
        }
    )


def _spelled(shop: Shop, rule: str, exclude: str | None) -> tuple[str, str | None]:
    """Both rules as the shop spells them. Raises DataProblem with what is wrong with either, and with which of them."""
    from engine.audience import rules

    spelled, problems = {}, []
    for option, text in (("--rule", rule), ("--exclude", exclude or None)):
        try:
            spelled[option] = rules.write(rules.spelled(shop, text)) if text is not None else None
        except DataProblem as problem:
            problems += problem.problems if option == "--rule" else [f"{option}: {one}" for one in problem.problems]
    if problems:
        raise DataProblem(problems)
    return spelled["--rule"] or "", spelled["--exclude"]


def _administer() -> str:
    """This person's name. Raises NotAllowed where their role does not let them change who is known."""
    from engine.access import roles

    person = roles.os_user()
    roles.require(person, "administer", environment.read().config)
    return person


@main.command()
@click.argument("customers", nargs=-1, required=True)
@shop_option
def erase(customers: tuple[str, ...], shop_dir: Path | None) -> None:
    """Take customers, named by id, e-mail address or phone number, out of the shop for good; sales stay as they are."""
    from dataclasses import asdict

    from engine.decision import backup, forgetting
    from engine.shop import erasure

    shop, config = shop_at(shop_dir), environment.read().config
    _administer()
    meant = [erasure.find(shop.path, shop.shop_id, config, typed) or [typed] for typed in customers]
    ids = [customer_id for found in meant for customer_id in found]
    backups = backup.folder(shop.shop_id, config, environment.read().backups)
    print_json(asdict(forgetting.erase(shop.path, shop.shop_id, config, backups, ids, datetime.now(UTC))))


@main.command()
@shop_option
@click.option(
    "--merge", "pairs", type=click.Path(path_type=Path), help="CSV that you confirm: customer_id, into. It is final."
)
def duplicates(shop_dir: Path | None, pairs: Path | None) -> None:
    """Customers who may be one person, by shared contacts; merges only those of a file that you give."""
    from engine.shop import duplicates as finding
    from engine.shop import gate

    shop, config = shop_at(shop_dir), environment.read().config
    if pairs is None:
        table = finding.proposals(shop, config)
        columns = table.astype({"last_order": "str"}).where(table.notna(), None)
        print_json({"duplicates": columns.to_dict("records")})
        return
    person, confirmed = _administer(), gate.read_file(pairs)
    missing = [name for name in ("customer_id", "into") if name not in confirmed]
    if missing or confirmed["customer_id"].duplicated().any():
        raise DataProblem(f"{pairs.name}: two columns are needed, customer_id and into, with each customer_id once.")
    wanted = dict(zip(confirmed["customer_id"], confirmed["into"], strict=True))
    print_json({"merged": wanted, "rows": finding.merge(shop, config, wanted, datetime.now(UTC), person)})
