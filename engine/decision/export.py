"""Approved plans and their audiences as CSV files and their e-mails as pages, each on record in the approval history.

Copy is what the second person approved, to the letter. So the body of a text message is the whole text that was
billed, with its sender and how to stop it: the tool that sends it adds neither.

The audience holds the holdout too: results are measured against it, and nobody in it may be written to. So what a
sending tool takes are the `recipients` of each message, a part of the audience and nothing more.
"""

import hashlib
import os
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from engine.access import roles
from engine.campaign import html_mail, merge, planned
from engine.campaign.merge import Tool
from engine.campaign.plan import Language, Plan, Step
from engine.decision import approvals, cells, ledger, live, plans
from engine.decision.assign import assign
from engine.errors import NotAllowed, StoreProblem
from engine.shop import store
from engine.shop.shop_settings import ShopSettings
from engine.shop.store import Shop

COPY = ["subject", "preheader", "headline", "body", "call_to_action"]
FORECAST = [
    *(name + end for name in ("orders", "extra_orders", "extra_profit") for end in ("", "_low", "_high")),
    "chance_of_loss", "basis", "verdict",
]  # fmt: skip
PLAN_COLUMNS = [
    "plan_id", "name", "step", "day", "condition", "status", "approved_by", "approved_at", "reason", "objective",
    "channel", "language", "starts_at", "ends_at", "send_day", "send_hour", "audience_size", "holdout", "offer_kind",
    "discount", "min_spend", "code", "product_ids", "category", "landing_url", *COPY, *FORECAST, "content_sha256",
    "ledger_head", "ledger_entries",
]  # fmt: skip
AUDIENCE_COLUMNS = ["plan_id", "customer_id", "treated", "variant", "propensity"]
LANGUAGE = "language"  # of a plan sent in several: the one that a customer gets
CHANNELS = "channels"  # one more column of the audience where a plan has several: those that may reach the customer

# Customer ids, or customer id -> the channels that may reach that customer, "email|sms".
Audience = Collection[str] | Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Recipients:
    """Who gets one message of a plan, without the holdout; `step` counts from 0.

    people: customer_id, in the order of the audience; variant where the plan has any, and language where it is sent in
    several.
    """

    plan_id: str
    step: int
    file_name: str
    people: pd.DataFrame

    @property
    def csv(self) -> bytes:
        """The people as a file for the tool that sends."""
        return cells.to_csv(self.people)


@dataclass(frozen=True, slots=True)
class Page:
    """One e-mail of a plan in one language, as a page for the tool that sends it; `step` counts from 0."""

    plan_id: str
    step: int
    language: Language
    html: bytes

    @property
    def file_name(self) -> str:
        return page_name(self.plan_id, self.step, self.language)


@dataclass(frozen=True, slots=True)
class ExportResult:
    """Two files' bytes, the plans in them, and the head of the approval history after this export was recorded.

    recipients: of each plan's messages, in the order of `plan_ids`; a part of what `audience_csv` says. pages: of its
    e-mails, where they were asked for.
    """

    plans_csv: bytes
    audience_csv: bytes
    plan_ids: list[str]
    ledger_head: str
    recipients: list[Recipients]
    pages: list[Page]


@dataclass(frozen=True, slots=True)
class _Approved:
    saved: plans.SavedPlan
    approval: ledger.Entry
    submission: ledger.Entry


def audience_path(out: Path) -> Path:
    """Where the audience goes when the plans go to `out`: plans.csv -> plans-audience.csv."""
    return out.with_name(f"{out.stem}-audience{out.suffix}")


def page_name(plan_id: str, step: int, language: str) -> str:
    """What the page of an e-mail is called; `step` counts from 0."""
    return f"{plan_id}-{step + 1}-{language}.html"


def page_path(out: Path, page: Page) -> Path:
    """Where the page of an e-mail goes when the plans go to `out`: plans.csv -> plans-spring-1-en.html."""
    return out.with_name(f"{out.stem}-{page.file_name}")


def audience(shop: Shop, plan: Plan) -> dict[str, str]:
    """The plan's customers whom at least one of its channels may reach today, each with those channels: "email|sms".

    New unsubscribes, recent buyers and customers of plans that were approved earlier are out.
    """
    others = live.others(shop, plan)
    channels: list[str] = list(dict.fromkeys(step.channel for step in plan.steps))
    reached = {channel: planned.reach(shop, plan, channel, others).customer_ids for channel in channels}
    return by_channels(planned.customers(shop, plan.audience), reached)


def by_channels(customer_ids: Collection[str], reached: Mapping[str, Collection[str]]) -> dict[str, str]:
    """These customers, each with the channels that reach them: "email|sms"; without those whom none reaches.

    reached: by channel, whom it may reach.
    """
    sets = {channel: set(people) for channel, people in reached.items()}
    joined = {one: "|".join(channel for channel, people in sets.items() if one in people) for one in customer_ids}
    return {customer_id: by for customer_id, by in joined.items() if by}


def assigned(plan: Plan, found: Audience, seed: int = 0) -> pd.DataFrame:
    """AUDIENCE_COLUMNS and CHANNELS of a plan; whoever comes without channels may be reached by all of the plan's."""
    table = assign(plan.plan_id, list(found), plan.holdout, plan.variants, plan.audience_share, seed)
    every = "|".join(dict.fromkeys(step.channel for step in plan.steps))
    by = table["customer_id"].map(dict(found)) if isinstance(found, Mapping) else every
    return table.assign(plan_id=plan.plan_id, channels=by)


def send_day(plan: Plan, step: int) -> str:
    """The day a message goes out, as ISO text; `step` counts from 0."""
    return (plan.starts_at + timedelta(days=plan.steps[step].day)).isoformat()


def languages(shop_dir: Path, plan: Plan, table: pd.DataFrame) -> pd.DataFrame:
    """The table of a plan with the language each customer reads, where it is sent in several.

    Whose language is unknown, or is none of them, gets the message's own: an empty cell here.
    """
    if all(len(step.languages) == 1 for step in plan.steps):
        return table
    shop = store.open_shop(shop_dir)
    if not shop.has("customers") or "language" not in shop.columns("customers"):
        return table.assign(language="")
    known = shop.table("customers", ["customer_id", "language"]).drop_duplicates("customer_id").set_index("customer_id")
    read = table["customer_id"].map(known["language"]).astype("str").str.lower().str[:2]
    return table.assign(language=read.where(read.isin(["en", "zh"]), ""))


def language_of(step: Step, table: pd.DataFrame) -> pd.Series:
    """The language in which each customer of the table gets a message."""
    if LANGUAGE not in table:
        return pd.Series(step.language, table.index)
    return table[LANGUAGE].where(table[LANGUAGE].isin(step.languages), step.language)


def recipients(plan: Plan, table: pd.DataFrame) -> list[Recipients]:
    """Who gets each message of a plan. table: what `assigned` gives, or `languages` of it."""
    columns = ["customer_id", *(["variant"] if plan.variants else []), *([LANGUAGE] if LANGUAGE in table else [])]
    channels, treated = table[CHANNELS].tolist(), table["treated"].eq(1).to_numpy()
    found = []
    for number, step in enumerate(plan.steps):
        reached = np.array([step.channel in by.split("|") for by in channels], dtype=bool)
        which = f"-{number + 1}-{step.channel}" if len(plan.steps) > 1 else ""
        named = table.assign(language=language_of(step, table)) if LANGUAGE in table else table
        people = named.loc[treated & reached, columns].reset_index(drop=True)
        found.append(Recipients(plan.plan_id, number, f"{plan.plan_id}-recipients{which}.csv", people))
    return found


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
) -> ExportResult:
    """All approved plans, or those named, with their audiences; written to `out` and `audience_path(out)` if given.

    Refused, with no file left behind, when the history is not whole, a plan is not approved as it stands, or there is
    nothing to export. `audiences` gives a plan's customers. Each plan's export is an entry of the history.

    The plans file has a row per message and language; the forecast, which is for the whole plan, stands in its first.
    `tool`: whose merge tags stand in the copy. `pages_by`: the shop whose sender and legal lines its e-mails have as
    pages, which go to `page_path`; without it none are made.

    The same plans and audiences give the same bytes again: status is "approved" and `ledger_head`, `ledger_entries`
    are those of the plan's approval, not of today, whose head this very export moves on. They still prove the history:
    `ledger.verify(..., printed=(entries, head))`.
    """
    person = person or roles.os_user()
    roles.require(person, "export", config)
    verdict = ledger.verify(shop_dir, shop_id, config)
    if not verdict.ok:
        raise StoreProblem(f"Nothing is exported: {verdict.sentence}")
    approved = _approved(shop_dir, shop_id, config, plan_ids)
    rows, tables, people, pages = [], [], [], []
    for item in approved:
        table = languages(shop_dir, item.saved.plan, assigned(item.saved.plan, audiences(item.saved.plan), seed))
        tables.append(table)
        people += recipients(item.saved.plan, table)
        pages += _pages(item, pages_by, tool) if pages_by else []
        steps = enumerate(item.saved.plan.steps)
        rows += [_row(item, step, language, table, tool) for step, one in steps for language in one.languages]
    columns = [*AUDIENCE_COLUMNS, CHANNELS] if any(_has_channels(item.saved.plan) for item in approved) else None
    plans_csv = cells.to_csv(pd.DataFrame(rows, columns=PLAN_COLUMNS, dtype="object"))
    audience_csv = cells.to_csv(pd.concat(tables, ignore_index=True)[columns or AUDIENCE_COLUMNS])
    written = [(page_path(out, page), page.html) for page in pages] if out else []
    with _Files([(out, plans_csv), (audience_path(out), audience_csv), *written] if out else []) as files:
        head = _record(shop_dir, shop_id, approved, plans_csv, audience_csv, pages, person, now, config)
        files.put_in_place()
    return ExportResult(plans_csv, audience_csv, [item.saved.plan.plan_id for item in approved], head, people, pages)


def _approved(shop_dir: Path, shop_id: str, config: Path, plan_ids: list[str] | None) -> list[_Approved]:
    """The plans to export, by plan_id. Raises NotAllowed for a named plan that is not approved, and for none at all."""
    stored = {saved.plan.plan_id: saved for saved in plans.saved_plans(shop_dir)}
    for plan_id in plan_ids or []:
        if plan_id not in stored:
            raise StoreProblem(plans.unknown(plan_id))
    chosen = [stored[plan_id] for plan_id in dict.fromkeys(plan_ids)] if plan_ids is not None else stored.values()
    history: dict[str, list[ledger.Entry]] = {}
    for entry in ledger.entries(shop_dir, shop_id, config):
        history.setdefault(entry.plan_id, []).append(entry)
    found = []
    for saved in sorted(chosen, key=lambda saved: saved.plan.plan_id):
        plan_id, says_approved = saved.plan.plan_id, saved.plan.status in ("approved", "exported")
        if not says_approved and plan_ids is None:
            continue
        decision = approvals.approval_of(saved, history.get(plan_id, []))
        if decision is None:
            raise NotAllowed(
                f"Plan {plan_id} was changed after its approval. Have it approved again before you export."
                if says_approved
                else f"Plan {plan_id} is {_article(saved.plan.status)}. Only approved plans are exported."
            )
        found.append(_with_submission(saved, decision, history[plan_id]))
    if not found:
        raise NotAllowed("There is nothing to export: no plan is approved. Submit one and have it approved first.")
    return found


def _article(status: str) -> str:
    return "a draft" if status == "draft" else f"only {status}" if status == "submitted" else status


def _with_submission(saved: plans.SavedPlan, decision: approvals.Decision, history: list[ledger.Entry]) -> _Approved:
    approval = next(entry for entry in history if entry.seq == decision.seq)
    submitted = [entry for entry in history if entry.action == "submitted" and entry.seq < approval.seq]
    return _Approved(saved, approval, submitted[-1])


def _has_channels(plan: Plan) -> bool:
    return len({step.channel for step in plan.steps}) > 1


def _texts(item: _Approved, step: int, language: str) -> dict[str, str]:
    """The copy of a message in a language that the second person approved."""
    own = item.saved.plan.steps[step].language
    return planned.copy_of(item.submission.payload["filled"], step, None if language == own else language)


def _pages(item: _Approved, settings: ShopSettings, tool: Tool) -> list[Page]:
    """The e-mails of a plan that have copy, in every language they are sent in."""
    plan = item.saved.plan
    found = []
    for number, step in enumerate(plan.steps):
        for language in step.languages if step.channel == "email" else ():
            if texts := _texts(item, number, language):
                html = html_mail.of_plan(plan, texts, language, settings, tool)
                found.append(Page(plan.plan_id, number, language, html.encode()))
    return found


def _row(item: _Approved, step: int, language: str, table: pd.DataFrame, tool: Tool) -> dict[str, Any]:
    """One message of a plan in one language, with how many its channel may reach.

    Copy and forecast are those in the history: what the second person approved.
    """
    plan, message, approval = item.saved.plan, item.saved.plan.steps[step], item.approval
    is_own = language == message.language
    texts = _texts(item, step, language)
    # Of the whole plan: sums stay right.
    forecast = item.submission.payload["forecast"] if step == 0 and is_own else {}
    reached = table[CHANNELS].str.split("|").map(lambda by: message.channel in by)
    return {
        "plan_id": plan.plan_id,
        "name": plan.name,
        "step": step + 1,
        "day": message.day,
        "condition": message.condition,
        "status": "approved",
        "approved_by": approval.actor,
        "approved_at": approval.at,
        "reason": approval.payload["reason"],
        "objective": plan.objective,
        "channel": message.channel,
        "language": language,
        "starts_at": plan.starts_at.isoformat(),
        "ends_at": plan.ends_at.isoformat(),
        "send_day": send_day(plan, step),
        "send_hour": plan.send_hour,
        "audience_size": int((reached & language_of(message, table).eq(language)).sum()),
        "holdout": plan.holdout,
        "offer_kind": plan.offer.kind,
        "discount": plan.offer.discount,
        "min_spend": plan.offer.min_spend,
        "code": plan.offer.code,
        "product_ids": "|".join(plan.product_ids),
        "category": plan.category,
        "landing_url": plan.landing_url,
        **{part: merge.for_tool(texts[part], tool, language) if part in texts else None for part in COPY},
        **{name: forecast.get(name) for name in FORECAST},
        "content_sha256": approval.payload["content_sha256"],
        "ledger_head": approval.hash,
        "ledger_entries": approval.seq,
    }


def _record(
    shop_dir: Path,
    shop_id: str,
    approved: list[_Approved],
    plans_csv: bytes,
    audience_csv: bytes,
    pages: list[Page],
    person: str,
    now: datetime,
    config: Path,
) -> str:
    """The head after one entry per plan. Raises NotAllowed when a plan was changed since it was read."""
    payload: dict[str, Any] = {
        "plan_ids": [item.saved.plan.plan_id for item in approved],
        "plans_sha256": hashlib.sha256(plans_csv).hexdigest(),
        "audience_sha256": hashlib.sha256(audience_csv).hexdigest(),
    }
    if pages:
        payload["pages_sha256"] = {page.file_name: hashlib.sha256(page.html).hexdigest() for page in pages}
    with ledger.writing(shop_dir, shop_id, config) as writer:
        for item in approved:
            plan_id = item.saved.plan.plan_id
            today = plans.find(writer.db, plan_id)
            if today is None or approvals.approval_of(today, writer.entries(plan_id)) is None:
                raise NotAllowed(f"Plan {plan_id} was changed while it was exported. Nothing was exported.")
            writer.append(plan_id, "exported", person, person, payload, now)
            if today.plan.status == "approved":
                plans.set_status(writer.db, plan_id, "exported", now)
        return writer.last_hash


class _Files:
    """Files written beside their places and put there together; a refusal in between leaves nothing behind."""

    def __init__(self, files: list[tuple[Path, bytes]]):
        self._files = files
        self._waiting: list[tuple[Path, Path]] = []

    def __enter__(self) -> "_Files":
        try:
            for path, content in self._files:
                if path.is_dir():
                    raise StoreProblem(f"{path} is a folder; name a file for the export.")
                waiting = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
                self._waiting.append((waiting, path))
                waiting.write_bytes(content)
        except OSError as error:
            self._clear()
            raise StoreProblem(f"{path} could not be written: {error.strerror}. Nothing was exported.") from error
        except BaseException:
            self._clear()
            raise
        return self

    def put_in_place(self) -> None:
        """Give the files their names."""
        while self._waiting:
            waiting, path = self._waiting[0]
            os.replace(waiting, path)
            self._waiting.pop(0)

    def _clear(self) -> None:
        for waiting, _ in self._waiting:
            waiting.unlink(missing_ok=True)

    def __exit__(self, *problem: object) -> None:
        self._clear()
