"""Saving a plan from its page: the filled copy always follows the brief, and two people never overwrite each other."""

import itertools
from dataclasses import asdict, dataclass, replace
from typing import Any

from dashboard import cache, state, widgets
from dashboard.text import t
from engine.campaign import planned
from engine.campaign.plan import Plan
from engine.campaign.writer.facts import Facts
from engine.decision import plans
from engine.decision.plans import SavedPlan, Version
from engine.errors import DataProblem, StoreProblem
from engine.shop.store import Shop


@dataclass(frozen=True, slots=True)
class Open:
    """The plan a page shows, with its shop."""

    shop: Shop
    saved: SavedPlan

    @property
    def plan(self) -> Plan:
        return self.saved.plan

    @property
    def stamp(self) -> tuple[str, int]:
        """What widgets filled from this plan were filled from."""
        return self.plan.plan_id, self.saved.version


def reopened() -> Open:
    """The open plan as it is stored now, for a widget's callback: what the callback was given is a run old."""
    shop, plan_id = cache.shops.opened(), state.plan_id()
    if shop is None or plan_id is None:
        raise StoreProblem(t("plan.none_open"))
    return Open(shop, plans.load(shop.path, plan_id))


def save(opened: Open, plan: Plan, extras: dict[str, Any]) -> Open:
    """The plan as it is stored now, its copy following its brief. Raises StoreProblem when somebody else saved it since
    it was opened.
    """
    plan, changes = planned.refilled(
        opened.plan, plan, lambda of, step, language: facts_of(opened.shop, of, step, language)
    )
    if changes:
        extras = {**extras, "refilled": _still_new(opened.saved.extras.get("refilled") or [], changes)}
    extras = {**opened.saved.extras, **extras, "filled": filled(opened.shop, plan), **_signed()}
    plans.save(opened.shop.path, plan, extras, opened.saved.version, widgets.now())
    return replace(opened, saved=plans.load(opened.shop.path, plan.plan_id))


def _still_new(unseen: list[dict], changes: list[planned.Refill]) -> list[dict]:
    """The lines that read otherwise than when they were last seen: each from its first change to its last."""
    found = {(one["step"], one["language"], one["part"]): one for one in unseen}
    for change in changes:
        key = (change.step, change.language, change.part)
        before = found[key]["before"] if key in found else change.before
        found[key] = asdict(change) | {"before": before}
    return [one for one in found.values() if one["before"] != one["after"]]


def note(opened: Open, extras: dict[str, Any]) -> Open:
    """Saves something about the plan that nobody typed: its content, its status and who saved it last stay."""
    plans.save(opened.shop.path, opened.plan, {**opened.saved.extras, **extras}, opened.saved.version, widgets.now())
    return replace(opened, saved=plans.load(opened.shop.path, opened.plan.plan_id))


def _signed() -> dict[str, str]:
    """Who saves, and from which window."""
    return {"session": state.session(), "saved_by": state.person()}


def begun(opened: Open, area: str) -> Version | None:
    """The version that an area's changes were made to; None for one not kept any more.

    It is what the widgets were filled from, or what this window itself saved right after: a key press may end a run
    after it saved and before it knew so.
    """
    found = plans.versions_since(opened.shop.path, opened.plan.plan_id, state.version(area))
    ours = itertools.takewhile(_is_ours, found[1:])
    return [*found[:1], *ours][-1] if found else None


def by_others(opened: Open, area: str) -> Version | None:
    """The last version that was not saved by this window, since an area's widgets were filled."""
    found = plans.versions_since(opened.shop.path, opened.plan.plan_id, state.version(area))
    return next((version for version in reversed(found[1:]) if not _is_ours(version)), None)


def _is_ours(version: Version) -> bool:
    return version.extras.get("session") == state.session()


def undo(opened: Open) -> None:
    """Saves what the plan was before its last change, and has every tab show that. Raises StoreProblem as `save`."""
    plans.undo(opened.shop.path, opened.plan.plan_id, opened.saved.version, widgets.now(), _signed())
    _shown_anew(opened)


def restore(opened: Open, version: int) -> None:
    """Saves what the plan was in an earlier version, and has every tab show that. Raises StoreProblem as `save`."""
    plans.restore(opened.shop.path, opened.plan.plan_id, version, opened.saved.version, widgets.now(), _signed())
    _shown_anew(opened)


def _shown_anew(opened: Open) -> None:
    messages = [f"copy:{number}" for number in range(1, len(opened.plan.steps))]
    for area in ("brief", "copy", *messages, "numbers"):
        state.take_theirs(area, opened.plan.plan_id)


def filled(shop: Shop, plan: Plan) -> dict[str, str]:
    """The copy a customer reads, of all steps; empty while the brief names a product that the shop does not have."""
    return planned.filled_copy(plan, shop.settings, lambda step, language: facts_of(shop, plan, step, language))


def facts_of(shop: Shop, plan: Plan, step: int = 0, language: str | None = None) -> Facts | None:
    """What copy of a step may say, or None while its brief contradicts the shop."""
    try:
        return cache.writer.facts(shop, plan.brief(step, language))
    except DataProblem:
        return None


def checked_facts(opened: Open, step: int = 0, language: str | None = None) -> Facts:
    """What copy of a step may say. Raises DataProblem where its brief contradicts the shop."""
    return cache.writer.facts(opened.shop, opened.plan.brief(step, language))
