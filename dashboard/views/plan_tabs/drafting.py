"""Drafts as work in the background: started, watched, and kept with the plan when they are done."""

import json
from typing import Any

from dashboard import cache, widgets
from dashboard.views.plan_tabs import saving
from dashboard.views.plan_tabs.saving import Open
from engine import jobs, settings
from engine.campaign import planned
from engine.campaign.writer import drafts
from engine.errors import AppError
from engine.jobs import Job

COUNT = 3


def kind(plan_id: str) -> str:
    """The kind of work that drafts for this plan."""
    return f"draft-{plan_id}"


def start(opened: Open) -> str:
    """Id of the work that writes three drafts. Without a language model they come from templates."""
    arguments = ["draft", "--brief", str(planned.write_brief(opened.shop, opened.plan)), "-n", str(COUNT)]
    arguments += ["--shop", str(opened.shop.path)]
    return jobs.start(opened.shop.path, kind(opened.plan.plan_id), arguments, widgets.now(), environment=_writer())


def _writer() -> dict[str, str]:
    """Where the command finds the language model that this app keeps running.

    Empty where there is none, or it does not start: the command then finds out why, and says so in each draft.
    """
    if settings.read().llm_url:
        return {}
    try:
        server = cache.writer_server()
        endpoint = server.endpoint() if server else None
    except AppError:
        return {}
    return {"OFFERLAB_LLM_URL": endpoint.url, "OFFERLAB_LLM_KEY": endpoint.key} if endpoint else {}


def latest(opened: Open) -> Job | None:
    """The latest drafting of this plan, running or over."""
    return jobs.latest(opened.shop.path, kind(opened.plan.plan_id))


def collected(opened: Open) -> Open:
    """The plan with the drafts of its latest work among its extras, once that work is over."""
    job = latest(opened)
    if job is None or not job.is_over or opened.saved.extras.get("draft_job") == job.job_id:
        return opened
    extras: dict[str, Any] = {"draft_job": job.job_id}
    if found := _drafts(opened, job):
        extras["drafts"] = found
    return saving.save(opened, opened.plan, extras)


def _drafts(opened: Open, job: Job) -> list[dict]:
    """The drafts of work that is over. Where it broke off, templates stand in for those that are missing."""
    if job.state == "done":
        return json.loads(job.result)["drafts"]
    reported = job.detail.get("drafts", {})
    finished = {int(number): said["done"] for number, said in reported.items() if "done" in said}
    if job.state in ("failed", "lost") and (facts := saving.facts_of(opened.shop, opened.plan)):
        why = " ".join(job.error.split())
        stand_in = drafts.draft(facts, opened.plan.brief(), COUNT, 0, None, why_template=why)
        finished = {number: draft.model_dump(mode="json") for number, draft in enumerate(stand_in)} | finished
    return [finished[number] for number in sorted(finished)]
