"""An export as a whole: its files, put in place together, and its entries in the approval history."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from engine.access import acting
from engine.campaign.merge import Tool
from engine.campaign.plan import Plan
from engine.decision import approvals, assignments, cells, codes, ledger, looked, plans, standing
from engine.decision.evenly import STAGE
from engine.decision.export import approved as approved_plans
from engine.decision.export import fitting, stages
from engine.decision.export.approved import Approved
from engine.decision.export.files import Files
from engine.decision.export.messages import PLAN_COLUMNS, Page, page_path, pages_of, row
from engine.decision.export.people import (
    AUDIENCE_COLUMNS,
    CHANNELS,
    Audience,
    Recipients,
    languages,
    recipients,
    with_codes,
    with_held_globally,
    with_links,
)
from engine.decision.export.stages import Stage
from engine.decision.standing import TodaysForecast
from engine.errors import NotAllowed, StoreProblem
from engine.sentences import Sentence
from engine.shop.shop_settings import ShopSettings


@dataclass(frozen=True, slots=True)
class ExportResult:
    """Two files' bytes, the plans in them, and the head of the approval history after this export was recorded.

    recipients: of each plan's messages, in the order of `plan_ids`; a part of what `audience_csv` says; of a plan with
    a first test the other lists of its stage below (`stages.lists`). pages: of its e-mails, where they were asked for.
    void: plans left out because their approval holds no more, with the sentence.

    The same plans and audiences give the same bytes again: status is "approved" and `ledger_head`, `ledger_entries`
    are those of the plan's approval, not of today, whose head this very export moves on. They still prove the history:
    `ledger.verify(..., printed=(entries, head))`.
    """

    plans_csv: bytes
    audience_csv: bytes
    plan_ids: list[str]
    ledger_head: str
    recipients: list[Recipients]
    pages: list[Page]
    void: dict[str, Sentence]


def list_path(out: Path, one: Recipients) -> Path:
    """Where a list of people goes when the plans go to `out`: plans.csv -> plans-spring-recipients-test.csv."""
    return out.with_name(f"{out.stem}-{one.file_name}")


def audience_path(out: Path) -> Path:
    """Where the audience goes when the plans go to `out`: plans.csv -> plans-audience.csv."""
    return out.with_name(f"{out.stem}-audience{out.suffix}")


def export_plans(
    shop_dir: Path,
    shop_id: str,
    out: Path | None,
    audiences: Callable[[Plan], Audience],
    now: datetime,
    config: Path,
    *,
    person: str | None = None,
    plan_ids: list[str] | None = None,
    seed: int = 0,
    tool: Tool = "plain",
    pages_by: ShopSettings | None = None,
    with_recipients: bool = True,
    held: Callable[[Plan], Mapping[str, str]] = lambda plan: {},
    forecasts: TodaysForecast = standing.forecast_today,
    stage: Stage | None = None,
) -> ExportResult:
    """All approved plans, or those named, with their audiences; written to `out` and `audience_path(out)` if given.

    Refused, with no file left behind, when the history is not whole, a plan is not approved as it stands, has fewer
    personal codes than people, or there is nothing to export. A plan whose approval is void (see `standing`) is refused
    where it was named, else left out and said; one whose results are in is exported only where it was named.
    `audiences` gives a plan's customers, `forecasts` today's forecast of one, where a caller keeps such answers. Each
    plan's export is an entry of the history, saved together with who was given which code.

    The plans file has a row per message and language; the forecast, which is for the whole plan, stands in its first.
    `tool`: whose merge tags stand in the copy. `pages_by`: the shop whose sender and legal lines its e-mails have as
    pages, which go to `page_path`; without it none are made. `with_recipients`: whether anybody takes the lists of
    people of the result; where nobody does, the people of a plan with personal codes get none, and stand in no list of
    the result. `held` gives whom `held_globally` does: they are in no
    file, and kept with the assignment (engine.decision.assignments). `stage`: of plans with a first test; the one that
    is due where none is named. Named, the lists of people are written beside the others (`list_path`).
    """
    person = person or acting.person()
    approved, void = allowed(shop_dir, shop_id, config, person, plan_ids, forecasts)
    rows, tables, people, pages = [], [], [], []
    kept: dict[str, pd.DataFrame] = {}
    given: dict[str, dict[str, str]] = {}  # by plan, customer_id -> code
    staged: dict[str, dict[str, str]] = {}
    for item in approved:
        plan, content = item.saved.plan, str(item.approval.payload["content_sha256"])
        one = stages.cut(shop_dir, plan, item.history, content, audiences(plan), seed, stage)
        table = languages(shop_dir, plan, one.now)
        tables.append(one.whole)
        kept[plan.plan_id] = with_held_globally(plan, one.whole, held(plan), seed)
        found, given[plan.plan_id] = _lists(shop_dir, plan, table, tool, with_recipients)
        staged[plan.plan_id] = stages.said(one, content)
        people += stages.lists(plan, one, found)
        pages += pages_of(item, pages_by, tool) if pages_by else []
        rows += [row(item, step, spoken, table, tool) for step, m in enumerate(plan.steps) for spoken in m.languages]
    plans_csv = cells.to_csv(pd.DataFrame(rows, columns=PLAN_COLUMNS, dtype="object"))
    audience_csv = cells.to_csv(_audience(tables, [item.saved.plan for item in approved]))
    written = [(page_path(out, page), page.html) for page in pages] if out else []
    written += [(list_path(out, one), one.csv) for one in people] if out and stage else []
    with Files([(out, plans_csv), (audience_path(out), audience_csv), *written] if out else []) as files:
        payload = _payload(approved, plans_csv, audience_csv, people, pages)
        head = record(shop_dir, shop_id, approved, kept, payload, person, now, config, given, staged)
        files.put_in_place()
    return ExportResult(plans_csv, audience_csv, list(kept), head, people, pages, void)


def _lists(
    shop_dir: Path, plan: Plan, table: pd.DataFrame, tool: Tool, wanted: bool
) -> tuple[list[Recipients], dict[str, str]]:
    """Who gets each message, and who has which code; neither for personal codes in lists that nobody wants."""
    own = codes.needed(shop_dir, plan, table)  # refused without enough, whoever takes what
    if own and not wanted:
        return [], {}
    found = with_codes(with_links(plan, recipients(plan, table)), own, tool)
    for one in found:
        fitting.require(one.people, fitting.of_tool(tool))
    return found, own


def _audience(tables: list[pd.DataFrame], of: list[Plan]) -> pd.DataFrame:
    """The assignments below each other, with more columns only where a plan has several channels or a first test."""
    more = [CHANNELS] if any(_has_channels(plan) for plan in of) else []
    more += [STAGE] if any(plan.test for plan in of) else []
    found = pd.concat(tables, ignore_index=True)[[*AUDIENCE_COLUMNS, *more]]
    return found.fillna({STAGE: ""}) if STAGE in more else found


def _has_channels(plan: Plan) -> bool:
    return len({step.channel for step in plan.steps}) > 1


def _payload(
    approved: list[Approved], plans_csv: bytes, audience_csv: bytes, people: list[Recipients], pages: list[Page]
) -> dict[str, Any]:
    """What the history says of this export: which plans, and the hashes of the files."""
    payload: dict[str, Any] = {
        "plan_ids": [item.saved.plan.plan_id for item in approved],
        "plans_sha256": hashlib.sha256(plans_csv).hexdigest(),
        "audience_sha256": hashlib.sha256(audience_csv).hexdigest(),
        "recipients_sha256": {one.file_name: hashlib.sha256(one.csv).hexdigest() for one in people},
    }
    if pages:
        payload["pages_sha256"] = {page.file_name: hashlib.sha256(page.html).hexdigest() for page in pages}
    return payload


# --- what every kind of export does ---


def allowed(
    shop_dir: Path,
    shop_id: str,
    config: Path,
    person: str,
    plan_ids: list[str] | None,
    forecasts: TodaysForecast,
) -> tuple[list[Approved], dict[str, Sentence]]:
    """The approved plans that this person may take out now, and why others may not leave though they were approved.

    Raises NotAllowed where none may, or a void one was named; StoreProblem for a broken history.
    """
    acting.require_as(person, "export", config)
    verdict = ledger.verify(shop_dir, shop_id, config)
    if not verdict.ok:
        raise StoreProblem(Sentence("ledger.nothing_exported", {"verdict": verdict.said}))
    found = approved_plans.find(shop_dir, shop_id, config, plan_ids)
    approved, void = approved_plans.still_standing(shop_dir, found, forecasts)
    if void and (plan_ids is not None or not approved):
        raise NotAllowed(list(void.values()))
    return approved, void


def record(
    shop_dir: Path,
    shop_id: str,
    approved: list[Approved],
    assigned: Mapping[str, pd.DataFrame],
    payload: dict[str, Any],
    person: str,
    now: datetime,
    config: Path,
    given: Mapping[str, dict[str, str]],
    staged: Mapping[str, dict[str, str]],
) -> str:
    """The head after one entry per plan, each with its assignment kept (`with_held_globally`, by plan_id) and its codes
    given away (customer_id -> code, by plan_id). staged: what its entry says of the stage of its test, by plan_id.

    Raises NotAllowed when a plan was changed since it was read, or its codes were given to others; StoreProblem when
    the shop was, so that nobody knows whether the approvals still stand.
    """
    with ledger.writing(shop_dir, shop_id, config, "export") as writer:
        for mark in {item.mark for item in approved}:
            looked.require_as(shop_dir, mark)
        for item in approved:
            plan_id = item.saved.plan.plan_id
            today = plans.find(writer.db, plan_id)
            entries = writer.entries(plan_id)
            if today is None or approvals.approval_of(today, entries) is None:
                raise NotAllowed(Sentence("decisions.changed_meanwhile", {"plan_id": plans.called(item.saved.plan)}))
            if staged[plan_id]:
                stages.require_same_draw(item.history, entries, staged[plan_id]["content_sha256"])
            codes.hand_out(writer.db, plan_id, own := given[plan_id], now)
            said = payload | ({"codes": len(own)} if own else {}) | staged[plan_id]
            # On disk before the entry that says what is in it.
            seq = writer.last_seq + 1
            said |= assignments.put(shop_dir, shop_id, config, assigned[plan_id], plan_id, seq, now, own)
            writer.append(plan_id, "exported", person, person, said, now)
            if today.plan.status == "approved":
                plans.set_status(writer.db, plan_id, "exported", now)
        return writer.last_hash
