"""What a plan's messages are for the tool that sends them: a row each of the plans file, and e-mails as pages."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from engine.campaign import html_mail, links, merge, planned
from engine.campaign.merge import Tool
from engine.campaign.plan import Language
from engine.decision.export.approved import Approved
from engine.decision.export.people import CHANNELS, language_of, send_day
from engine.shop.shop_settings import ShopSettings

COPY = ["subject", "preheader", "headline", "body", "call_to_action"]
FORECAST = [
    *(name + end for name in ("orders", "extra_orders", "extra_profit") for end in ("", "_low", "_high")),
    "chance_of_loss", "basis", "verdict",
]  # fmt: skip
PLAN_COLUMNS = [
    "plan_id", "name", "step", "day", "condition", "status", "approved_by", "approved_at", "reason", "objective",
    "channel", "language", "starts_at", "ends_at", "send_day", "send_hour", "audience_size", "holdout", "offer_kind",
    "discount", "min_spend", "code", "product_ids", "category", "landing_url", "link", *COPY, *FORECAST,
    "content_sha256", "ledger_head", "ledger_entries",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Page:
    """One e-mail of a plan in one language, as a page for the tool that sends it; `step` counts from 0.

    variant: whose address it has, where each variant has its own; number: of that variant, from 1, else 0.
    """

    plan_id: str
    step: int
    language: Language
    html: bytes
    variant: str = ""
    number: int = 0

    @property
    def file_name(self) -> str:
        return page_name(self.plan_id, self.step, self.language, self.number)


def page_name(plan_id: str, step: int, language: str, number: int = 0) -> str:
    """What the page of an e-mail is called; `step` counts from 0, `number` as in `Page`."""
    return f"{plan_id}-{step + 1}-{language}{f'-variant{number}' if number else ''}.html"


def page_path(out: Path, page: Page) -> Path:
    """Where the page of an e-mail goes when the plans go to `out`: plans.csv -> plans-spring-1-en.html."""
    return out.with_name(f"{out.stem}-{page.file_name}")


def pages_of(item: Approved, settings: ShopSettings, tool: Tool) -> list[Page]:
    """The e-mails of a plan that have copy, in every language they are sent in, for each variant with its address."""
    plan = item.saved.plan
    found = []
    for at, step in enumerate(plan.steps):
        for language in step.languages if step.channel == "email" else ():
            texts = _texts(item, at, language)
            for number, variant in enumerate(links.own_variants(plan, at) if texts else (), start=1):
                html = html_mail.of_plan(plan, texts, language, settings, tool, at, variant).encode()
                found.append(Page(plan.plan_id, at, language, html, variant, number if variant else 0))
    return found


def row(item: Approved, step: int, language: str, table: pd.DataFrame, tool: Tool) -> dict[str, Any]:
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
        "link": links.of_step(plan, step),
        **{part: merge.for_tool(texts[part], tool, language, plan.plan_id) if part in texts else None for part in COPY},
        **{name: forecast.get(name) for name in FORECAST},
        "content_sha256": approval.payload["content_sha256"],
        "ledger_head": approval.hash,
        "ledger_entries": approval.seq,
    }


def _texts(item: Approved, step: int, language: str) -> dict[str, str]:
    """The copy of a message in a language that the second person approved."""
    own = item.saved.plan.steps[step].language
    return planned.copy_of(item.submission.payload["filled"], step, None if language == own else language)
