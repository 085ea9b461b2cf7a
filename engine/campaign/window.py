"""How long the orders of a plan count: from its first message to the end of the last one's window."""

from collections.abc import Sequence
from datetime import date, timedelta

import pandas as pd

from engine.campaign.plan import Plan
from engine.shop.shop_settings import ShopSettings


def of_messages(settings: ShopSettings, messages: Sequence[dict]) -> int:
    """Days. Messages as a forecast takes them: channel, and day and window_days where they have any."""
    last = messages[-1]
    own = last.get("window_days")
    window = settings.window(str(last["channel"])) if own is None or pd.isna(own) else int(own)
    return between(int(messages[0].get("day") or 0), int(last.get("day") or 0), window)


def of_plan(settings: ShopSettings, plan: Plan) -> int:
    """Days."""
    last = plan.steps[-1]
    return between(plan.steps[0].day, last.day, plan.window_days or settings.window(last.channel))


def between(first: int, last: int, window: int) -> int:
    """Days, where the first and the last message go out on these days of the plan, and the last one has this window."""
    return last - first + window


def first_day(plan: Plan) -> date:
    """The day its first message goes out."""
    return plan.starts_at + timedelta(days=plan.steps[0].day)


def last_day(settings: ShopSettings, plan: Plan) -> date:
    """The last day of the plan on which an order counts."""
    return max(plan.ends_at, first_day(plan) + timedelta(days=of_plan(settings, plan)))
