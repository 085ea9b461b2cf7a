"""Looking at the money of a plan that was never tried: a deliberate act, with who, when and why it was done.

It holds for the one thing that was refused, whatever else of the plan changes, and for nothing else.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engine.campaign.expected import Forecast
from engine.decision import moments
from engine.errors import NotAllowed
from engine.sentences import Sentence

KEY = "override"  # under which it is kept with a plan, and with the forecast of a submission
LEAST_WORDS = 3  # letters or characters of a reason: a dot is none


def override(forecast: Forecast, by: str, reason: str, now: datetime) -> dict[str, str]:
    """What is kept: `why` money was refused (in Chinese, too), and by, at, reason of who wants it shown all the same.

    Raises NotAllowed without a reason, or where the forecast has nothing to override.
    """
    if not forecast.can_be_overridden:
        nothing = Sentence("decisions.nothing_to_override", {"plan_id": forecast.plan_id})
        raise NotAllowed([nothing, *forecast.sentences])
    if len(reason.strip()) < LEAST_WORDS:
        raise NotAllowed(Sentence("decisions.override_reason"))
    at = moments.stored(now)
    why = {"why": _why(forecast), "why_zh": forecast.sentences[0].text("zh")}
    return why | {"by": by.strip(), "at": at, "reason": reason.strip()}


def holds(kept: Mapping[str, Any] | None, forecast: Forecast) -> bool:
    """Whether an override that was kept is about what this forecast refuses."""
    return bool(kept) and forecast.can_be_overridden and (kept or {}).get("why") == _why(forecast)


def why(kept: Mapping[str, Any], language: str) -> str:
    """What was overridden, in a reader's language."""
    return str(kept.get(f"why_{language}") or kept["why"])


def _why(forecast: Forecast) -> str:
    return forecast.sentences[0].text()
