"""The command that says what needs somebody now: agenda."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from engine import settings as environment
from engine.commands import main, print_json, shop_at, shop_option
from engine.sentences import Sentence


@main.command()
@click.option("--for", "person", help="What waits for this person; you by default.")
@shop_option
def agenda(person: str | None, shop_dir: Path | None) -> None:
    """What needs somebody now, the most urgent first, as the page Today lists it.

    Every approval that is not over is held against today's data and forecast, which takes a second or so for each.
    """
    from zoneinfo import ZoneInfo

    from engine.access import roles
    from engine.decision import plans, standing
    from engine.decision.ledger import Entry
    from engine.decision.plans import SavedPlan
    from engine.outcome import agenda as agendas
    from engine.outcome import fallen
    from engine.shop.store import Shop

    def stands(shop: Shop, saved: SavedPlan, history: list[Entry]) -> standing.Standing:
        return standing.today(shop, saved, history, standing.forecast_today)

    shop, config, now = shop_at(shop_dir), environment.read().config, datetime.now(UTC)
    today = now.astimezone(ZoneInfo(shop.settings.time_zone)).date()
    person, stored = person or roles.os_user(), plans.saved_plans(shop.path)
    found = fallen.fallen(shop, stored, today, config, stands)
    items = agendas.with_fallen(agendas.agenda(shop, now, config, person), stored, found, today, config, person)
    print_json({"items": [_as_json(item) for item in items]})


def _as_json(item: Any) -> dict[str, Any]:
    values = {name: one.text() if isinstance(one, Sentence) else one for name, one in item.values.items()}
    return {"kind": item.kind, "urgency": item.urgency, "plan_id": item.plan_id, "page": item.page, **values}
