"""An approved plan leaves for a tool: addresses are read from the vault at that moment, and the history says so.

The entry names the target, what of the vault it took, how many people, and the SHA-256 of every file; no address.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from engine.access import acting
from engine.campaign.plan import Plan
from engine.campaign.planned import Selected
from engine.decision import codes, live, standing
from engine.decision.export import package, record, stages
from engine.decision.export.approved import Approved
from engine.decision.export.files import Files
from engine.decision.export.package import Package
from engine.decision.export.people import audience, held_globally, languages, with_held_globally
from engine.decision.export.stages import Cut, Stage
from engine.decision.export.targets import TARGETS, TargetName
from engine.decision.standing import TodaysForecast
from engine.errors import DataProblem, StoreProblem
from engine.sentences import Sentence
from engine.shop import vault
from engine.shop.store import Shop


@dataclass(frozen=True, slots=True)
class Left:
    """What left for a tool, a package for each plan, and the head of the approval history after it was recorded.

    void: plans left out because their approval holds no more, with the sentence.
    """

    packages: list[Package]
    ledger_head: str
    void: dict[str, Sentence]


def export_target(
    shop: Shop,
    target: TargetName,
    out: Path | None,
    now: datetime,
    config: Path,
    *,
    person: str | None = None,
    plan_ids: list[str] | None = None,
    seed: int = 0,
    only: Collection[str] | None = None,
    selected: Selected | None = None,
    forecasts: TodaysForecast = standing.forecast_today,
    stage: Stage | None = None,
) -> Left:
    """All approved plans, or those named, as files for a tool; written into the folder `out` if one is given.

    Who is reachable by consent, unsubscribes, suppression, recent orders, the frequency cap and other live plans is
    asked of the shop now. `only`: names of the files wanted; the history then speaks of no others. `selected` gives the
    customers of a rule, `forecasts` today's forecast of a plan, where the caller keeps such answers. `stage`: of plans
    with a first test; the one that is due where none is named. Refused as
    `export_plans` is, and where the target can do nothing for a plan; then no file is left behind.

    The same history, tables and contacts give the same bytes again.
    """
    person = person or acting.person()
    approved, void = record.allowed(shop.path, shop.shop_id, config, person, plan_ids, forecasts)
    contacts = vault.contacts(shop.path, shop.shop_id, config)
    selected = selected or live.kept_rules(shop)
    packages: list[Package] = []
    kept: dict[str, pd.DataFrame] = {}
    given: dict[str, dict[str, str]] = {}
    staged: dict[str, dict[str, str]] = {}
    for item in approved:
        plan, content = item.saved.plan, str(item.approval.payload["content_sha256"])
        one = stages.cut(shop.path, plan, item.history, content, audience(shop, plan, selected), seed, stage)
        staged[plan.plan_id] = stages.said(one, content)
        made, kept[plan.plan_id], given[plan.plan_id] = _built(shop, plan, one, target, contacts, seed, selected, only)
        packages.append(_chosen(made, only))
    payload = _payload(approved, packages)
    with Files(_placed(out, packages)) as files:
        head = record.record(shop.path, shop.shop_id, approved, kept, payload, person, now, config, given, staged)
        files.put_in_place()
    return Left(packages, head, void)


def preview(
    shop: Shop,
    plan: Plan,
    target: TargetName,
    config: Path,
    seed: int = 0,
    selected: Selected | None = None,
    stage: Stage | None = None,
) -> Package:
    """What `export_target` would make of a plan now, without the content of any file: nothing leaves, nothing is said.

    Raises NotAllowed where the target can do nothing for it, and for who may not export: it reads the vault.
    """
    acting.require("export", config)
    contacts = vault.contacts(shop.path, shop.shop_id, config)
    selected = selected or live.kept_rules(shop)
    one = stages.cut_today(shop, plan, config, audience(shop, plan, selected), seed, stage)
    made, _, _ = _built(shop, plan, one, target, contacts, seed, selected, written=False)
    return made


def _built(
    shop: Shop,
    plan: Plan,
    one: Cut,
    target: TargetName,
    contacts: pd.DataFrame,
    seed: int,
    selected: Selected,
    only: Collection[str] | None = None,
    written: bool = True,
) -> tuple[Package, pd.DataFrame, dict[str, str]]:
    """The files of a plan, its assignment to be kept, and who has which code: of those whom the files wanted name."""
    table = languages(shop.path, plan, one.now)
    held = held_globally(shop, plan, selected)
    kept = with_held_globally(plan, one.whole, held, seed)
    barred = with_held_globally(plan, one.held, held, seed) if one.stage else kept
    who = package.people(shop, plan, table, barred, TARGETS[target], contacts, one.waiting, one.stage or "")
    own = codes.to_hand_out(shop.path, plan, who.ids(only))
    return package.build(who, {} if target in codes.HAND_OUT_THEMSELVES else own, written), kept, own


def _chosen(made: Package, only: Collection[str] | None) -> Package:
    if only is None:
        return made
    files = [file for file in made.files if file.name in only]
    if len(files) < len(set(only)):
        raise DataProblem(Sentence("targets.changed"))
    return replace(made, files=files)


def _placed(out: Path | None, packages: list[Package]) -> list[tuple[Path, bytes]]:
    if out is None:
        return []
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreProblem(Sentence("targets.no_folder", {"path": out})) from error
    return [(out / file.name, file.content) for made in packages for file in made.files]


def _payload(approved: list[Approved], packages: list[Package]) -> dict[str, Any]:
    return {
        "plan_ids": [item.saved.plan.plan_id for item in approved],
        "target": packages[0].target,
        "identifiers": sorted({one for made in packages for one in made.identifiers}),
        "people": sum(made.named for made in packages),
        "held_out": sum(made.held for made in packages),
        "files": {
            file.name: {"people": file.people, "sha256": hashlib.sha256(file.content).hexdigest()}
            for made in packages
            for file in made.files
        },
    }
