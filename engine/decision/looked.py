"""What a plan rests on, looked at before it is approved or leaves, and whether the shop is still as it was then.

Today's forecast takes a while, so the look is taken before the transaction, where nobody waits for it; inside, what
costs next to nothing is asked once more: is it the same submission, and did any table, setting, group or model change?
"""

from dataclasses import dataclass, field
from pathlib import Path

from engine.campaign import response
from engine.decision import ledger, plans, standing
from engine.decision.ledger import Entry
from engine.decision.standing import Standing, TodaysForecast
from engine.errors import NotAllowed, StoreProblem
from engine.sentences import Sentence
from engine.shop import store

Mark = tuple[object, ...]  # changes with whatever a standing is worked out from; empty in a folder that holds no shop


@dataclass(frozen=True, slots=True)
class Look:
    """What was found of a plan that waits, and of what: the number of its submission, and the shop as it was."""

    found: Standing = field(default_factory=Standing)
    submission: int | None = None
    mark: Mark = ()


def mark(shop_dir: Path) -> Mark:
    """The shop as it is now."""
    if not (shop_dir / "shop.toml").exists():
        return ()
    shop = store.open_shop(shop_dir)
    groups = store.stamp(sorted((shop_dir / "segments").glob("*")))
    return shop.version, groups, response.current_version(shop)


def require_as(shop_dir: Path, before: Mark) -> None:
    """Raises StoreProblem where the shop is not as it was at a look."""
    if mark(shop_dir) != before:
        raise StoreProblem(Sentence("standing.shop_changed"))


def before_approval(shop_dir: Path, shop_id: str, plan_id: str, config: Path, forecasts: TodaysForecast) -> Look:
    """What a plan that waits for a decision rests on today. Of any other there is nothing to look at."""
    seen = mark(shop_dir)
    if not seen or (saved := plans.load(shop_dir, plan_id)).plan.status != "submitted":
        return Look(mark=seen)
    history = ledger.entries(shop_dir, shop_id, config, plan_id)
    found = standing.today(store.open_shop(shop_dir), saved, history, forecasts)
    return Look(found, _submission(history), seen)


def require_ground(shop_dir: Path, plan_id: str, history: list[Entry], look: Look) -> None:
    """Raises NotAllowed, with what differs, where an approval given now would be void at once; StoreProblem where the
    shop or the submission is another one than the one looked at. `history`: of the plan, as the transaction sees it."""
    if not look.mark:
        return
    require_as(shop_dir, look.mark)
    if look.submission != _submission(history):
        raise StoreProblem(Sentence("standing.submitted_meanwhile", {"plan_id": plan_id}))
    if not look.found.stands:
        reasons = tuple(one.sentence for one in look.found.reasons)
        raise NotAllowed(Sentence("standing.not_approved", {"plan_id": plan_id, "reasons": reasons}))


def _submission(history: list[Entry]) -> int | None:
    entry = standing.submitted_in(history)
    return entry.seq if entry else None
