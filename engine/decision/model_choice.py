"""A person puts another learned model in use, and that stands in the approval history."""

from datetime import datetime
from pathlib import Path

from engine.access import acting
from engine.campaign import versions
from engine.decision import ledger
from engine.errors import NotAllowed
from engine.sentences import Sentence
from engine.shop.store import Shop


def use(shop: Shop, version: str, person: str, recorded_by: str, reason: str, now: datetime, config: Path) -> None:
    """Forecasts come from this kept version from now on.

    Raises NotAllowed without a reason or for a person who may only look, ModelFileProblem where its files are not
    whole.
    """
    acting.require_as(person, "submit", config)
    if not reason.strip():
        raise NotAllowed(Sentence("decisions.model_reason"))
    with ledger.writing(shop.path, shop.shop_id, config, "submit") as writer:
        payload = {"reason": reason.strip(), "version": version, "instead_of": versions.current_version(shop)}
        writer.append(f"model {version}", "model_chosen", person, recorded_by, payload, now)
        versions.use(shop, version)  # inside: one that cannot be used leaves no entry
