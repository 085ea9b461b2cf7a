"""What a plan's forecast is computed from, as it is kept when the plan is submitted."""

from dashboard.cache import audience, first, forecasts
from engine.campaign import planned
from engine.campaign.first import outlook as outlooks
from engine.campaign.first.assumed import Assumed
from engine.campaign.plan import Plan
from engine.campaign.response import Models
from engine.decision import assign
from engine.decision.snapshots import Question
from engine.shop.store import Shop


def question(
    shop: Shop, models: Models | None, plan: Plan, copy: dict[str, str], typed: Assumed, even_untried: bool
) -> Question:
    """The question that `forecasts.of_plan`, or `first.outlook` where nothing was learned, answers."""
    found, word = audience.others(shop, plan)
    scenes = forecasts.scenes_of(str(shop.path), forecasts.scene_key(shop, plan, word), shop, plan, found)
    with forecasts.ONE_AT_A_TIME:
        drawn = assign.with_sizes(scenes, planned.messages(plan, copy))
    ground = None if outlooks.is_learned(models) else first.outlook(shop, models, plan, copy, typed).ground
    return Question(shop, models, scenes, drawn, typed, ground, even_untried=even_untried)
