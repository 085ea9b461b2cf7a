"""Writing as work in the background: started, watched, and kept with the plan when it is over.

Each message of a plan has its own work and its own extras: for the first one they are called "drafts", "draft_job" and
so on, for later ones "drafts:1", "draft_job:1".
"""

import contextlib
import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from dashboard import cache, state, widgets
from dashboard.views.plan_tabs import saving
from dashboard.views.plan_tabs.saving import Open
from engine import jobs, settings
from engine.access import acting
from engine.campaign import planned
from engine.campaign.plan import Language
from engine.campaign.writer import best, candidates, choosing, drafts, opinions
from engine.campaign.writer.one_draft import Draft
from engine.errors import AppError
from engine.jobs import Job
from engine.shop import store

COUNT = 3
MANY = candidates.MOST  # written where somebody wants to wait for a better choice
KEPT = 9  # drafts from before the last three
OWN = "own"  # in place of a chosen draft's id: written by hand


def own(name: str, step: int) -> str:
    """What a message's extra, work or part of the page is called."""
    return f"{name}:{step}" if step else name


def area(step: int) -> str:
    """The area of a message's fields, see `state.fill`."""
    return own("copy", step)


def kind(plan_id: str, step: int = 0) -> str:
    """The kind of work that drafts for a message of this plan."""
    return own(f"draft-{plan_id}", step)


def line_kind(plan_id: str, step: int = 0) -> str:
    """The kind of work that writes one line of a message again."""
    return own(f"line-{plan_id}", step)


# --- drafts ---


def start(opened: Open, step: int = 0, like: Mapping[str, str] | None = None, many: bool = False) -> str:
    """Id of the work that writes three drafts, like the given copy if any. Without a model they come from templates.

    `many`: the best three of eight.
    """
    arguments = ["-n", str(COUNT), *(["--candidates", str(MANY)] if many else [])]
    if like:
        arguments += ["--like", str(_file(opened, step, "like", like))]
    return _start(opened, step, kind(opened.plan.plan_id, step), arguments)


def _start(opened: Open, step: int, kind: str, arguments: list[str]) -> str:
    brief = str(planned.write_brief(opened.shop, opened.plan, step))
    # Asked again after a change or a choice, the writer begins elsewhere.
    seed = str(opened.saved.version)
    command = ["draft", "--brief", brief, *arguments, "--seed", seed, "--shop", str(opened.shop.path)]
    return jobs.start(opened.shop.path, kind, command, widgets.now(), environment=_writer())


def _file(opened: Open, step: int, name: str, texts: Mapping[str, str]) -> Path:
    acting.require("draft")
    path = opened.shop.path / "briefs" / f"{opened.plan.plan_id}.{step}.{name}.json"
    store.replace_file(path, json.dumps(dict(texts), ensure_ascii=False).encode())
    return path


def _writer() -> dict[str, str]:
    """Where the command finds the language model that this app keeps running.

    Empty where there is none, or it does not start: the command then finds out why, and says so in each draft.
    """
    if settings.read().llm_url:
        return {}
    try:
        server = cache.writer.server()
        endpoint = server.endpoint() if server else None
    except AppError:
        return {}
    window = {"OFFERLAB_WINDOW": state.session()}  # windows take turns at the model
    return {"OFFERLAB_LLM_URL": endpoint.url, "OFFERLAB_LLM_KEY": endpoint.key, **window} if endpoint else {}


def read_ahead(opened: Open, step: int) -> None:
    """Has the writer read the brief of a message that nothing is written for yet."""
    with contextlib.suppress(AppError):  # a brief that contradicts the shop: told when drafts are asked for
        cache.writer.read_ahead(opened.shop, opened.plan.brief(step))


def latest(opened: Open, step: int = 0) -> Job | None:
    """The latest drafting of this message, running or over."""
    return jobs.latest(opened.shop.path, kind(opened.plan.plan_id, step))


def kept(opened: Open, step: int = 0) -> list[dict[str, Any]]:
    """The last drafts of a message."""
    return opened.saved.extras.get(own("drafts", step)) or []


def kept_left(opened: Open, step: int = 0) -> list[dict[str, Any]]:
    """Drafts that were written with the last ones and not chosen."""
    return opened.saved.extras.get(own("drafts_left", step)) or []


def every_draft(opened: Open, step: int = 0) -> list[dict[str, Any]]:
    """All drafts of a message that are kept."""
    return [*kept(opened, step), *kept_left(opened, step), *kept_before(opened, step)]


def kept_before(opened: Open, step: int = 0) -> list[dict[str, Any]]:
    """The drafts from before the last ones, the newest first."""
    return opened.saved.extras.get(own("drafts_before", step)) or []


def collected(opened: Open, step: int = 0) -> Open:
    """The plan with the drafts of its latest work among its extras, once that work is over."""
    job = latest(opened, step)
    if job is None or not job.is_over or opened.saved.extras.get(own("draft_job", step)) == job.job_id:
        return opened
    extras: dict[str, Any] = {own("draft_job", step): job.job_id}
    if found := _drafts(opened, job, step):
        extras[own("drafts", step)] = found
        extras[own("drafts_left", step)] = _left(opened, job, step)
        extras[own("drafts_before", step)] = [*kept(opened, step), *kept_before(opened, step)][:KEPT]
    return saving.save(opened, opened.plan, extras)


def _drafts(opened: Open, job: Job, step: int = 0) -> list[dict]:
    """The drafts of work that is over. Where it broke off, templates stand in for those that are missing."""
    if job.state == "done":
        return json.loads(job.result)["drafts"]
    reported = job.detail.get("drafts", {})
    finished = {int(number): said["done"] for number, said in reported.items() if "done" in said}
    if job.state in ("failed", "lost") and not job.detail.get("like"):
        finished = _stand_in(opened, " ".join(job.error.split()), step) | finished
    found = [finished[number] for number in sorted(finished)]
    return _best_of(opened, found, step)[0] if len(found) > COUNT else found


def _left(opened: Open, job: Job, step: int) -> list[dict]:
    """What was written and not chosen in work that is over."""
    if job.state == "done":
        return json.loads(job.result).get("not_chosen", [])
    reported = job.detail.get("drafts", {})
    found = [reported[number]["done"] for number in sorted(reported, key=int) if "done" in reported[number]]
    return _best_of(opened, found, step)[1] if len(found) > COUNT else []


def _best_of(opened: Open, found: list[dict], step: int) -> tuple[list[dict], list[dict]]:
    """The best three, and the others, of more than three drafts whose writing was stopped before the choice."""
    brief = opened.plan.brief(step)
    written = [Draft.model_validate(draft) for draft in found]
    both = best.of(opened.shop, brief, saving.checked_facts(opened, step), written, COUNT)
    chosen, left = ([one.model_dump(mode="json") for one in part] for part in both)
    return chosen, left


def _stand_in(opened: Open, why: str, step: int) -> dict[int, dict]:
    facts = saving.facts_of(opened.shop, opened.plan, step)
    if facts is None:
        return {}
    found = drafts.draft(facts, opened.plan.brief(step), COUNT, 0, None, why_template=why)
    rules = cache.lint.rules(opened.shop)
    return {
        number: draft.model_dump(mode="json")
        for number, draft in enumerate(found)
        if choosing.refusal(draft.slots, facts, rules) is None
    }


def take(opened: Open, step: int, texts: Mapping[str, str], chosen: str) -> Open:
    """The plan with this copy in place of the message's own; its fields show it from the next run on."""
    extras = {own("chosen", step): chosen, own("written_by", step): state.person()}
    stored = saving.save(opened, planned.with_texts(opened.plan, dict(texts), step), extras)
    state.take_theirs(area(step), stored.plan.plan_id)
    return stored


# --- what people think of drafts ---


def thumbs(opened: Open) -> dict[str, bool]:
    """Every thumb of the shop by draft_id: True is up."""
    return opinions.thumbs(opened.shop.path)


def thumb(opened: Open, step: int, draft: Mapping[str, Any], up: bool | None) -> None:
    """Keeps a thumb for a draft, or takes it back; the next drafts are written by it."""
    brief, number = opened.plan.brief(step), draft.get("number", 0)
    opinions.thumb(opened.shop.path, draft["draft_id"], up, brief, number, draft["slots"], widgets.now())


def keep_edits(opened: Open) -> None:
    """Keeps how the chosen draft of each message was edited, once the plan is submitted."""
    for step in range(len(opened.plan.steps)):
        chosen = opened.saved.extras.get(own("chosen", step))
        draft = next((one for one in every_draft(opened, step) if one["draft_id"] == chosen), None)
        facts = saving.facts_of(opened.shop, opened.plan, step)
        if draft and facts:
            brief, number, texts = opened.plan.brief(step), draft.get("number", 0), planned.texts(opened.plan, step)
            before = draft["slots"]
            opinions.edited(opened.shop.path, draft["draft_id"], brief, number, before, texts, facts, widgets.now())


# --- every message, in several languages ---


def each_kind(plan_id: str) -> str:
    """The kind of work that writes several messages of a plan."""
    return f"each-{plan_id}"


def start_each(opened: Open, wanted: Collection[tuple[int, Language]]) -> str:
    """Id of the work that writes one draft of each of these messages, in a language each."""
    briefs = [planned.write_brief(opened.shop, opened.plan, step, language) for step, language in wanted]
    named = [part for path in briefs for part in ("--brief", str(path))]
    command = ["draft-each", *named, "--seed", str(opened.saved.version), "--shop", str(opened.shop.path)]
    kind = each_kind(opened.plan.plan_id)
    return jobs.start(opened.shop.path, kind, command, widgets.now(), environment=_writer())


def latest_each(opened: Open) -> Job | None:
    """The latest writing of several messages, running or over."""
    return jobs.latest(opened.shop.path, each_kind(opened.plan.plan_id))


def collected_each(opened: Open) -> Open:
    """The plan with the messages of that work put in where there is still no copy, once it is over."""
    job = latest_each(opened)
    if job is None or not job.is_over or opened.saved.extras.get("each_job") == job.job_id:
        return opened
    plan, extras = opened.plan, {"each_job": job.job_id}
    for one in json.loads(job.result)["briefs"] if job.state == "done" else []:
        _, number, language, _ = one["brief"].rsplit(".", 3)
        step, draft = int(number), one["drafts"][0]
        if step < len(plan.steps) and not planned.texts(plan, step, language):
            plan = planned.with_texts(plan, draft["slots"], step, language)
            extras[own("written_by", step)] = state.person()
            if language == plan.steps[step].language:
                extras[own("chosen", step)] = draft["draft_id"]
    return saving.save(opened, plan, extras)


# --- one line again ---


def start_line(opened: Open, step: int, part: str) -> str:
    """Id of the work that writes one part of the copy again while the others stay."""
    keep = _file(opened, step, "keep", planned.texts(opened.plan, step))
    return _start(opened, step, line_kind(opened.plan.plan_id, step), ["-n", "1", "--keep", str(keep), "--part", part])


def latest_line(opened: Open, step: int) -> Job | None:
    """The latest work on one line of this message, running or over."""
    return jobs.latest(opened.shop.path, line_kind(opened.plan.plan_id, step))


def collected_line(opened: Open, step: int) -> Open:
    """The plan with the line of its latest work in place of the old one, unless that was changed meanwhile."""
    job = latest_line(opened, step)
    if job is None or not job.is_over or opened.saved.extras.get(own("line_job", step)) == job.job_id:
        return opened
    plan, extras = opened.plan, {own("line_job", step): job.job_id, own("line_left", step): False}
    if job.state == "done":
        part, text, before = line_of(job)
        if planned.texts(plan, step).get(part, "") == before:
            plan = planned.with_texts(plan, {part: text}, step)
            extras[own("written_by", step)] = state.person()
        else:
            extras[own("line_left", step)] = True
    return saving.save(opened, plan, extras)


def line_of(job: Job) -> tuple[str, str, str]:
    """(part, its new text, the text it was to replace) of work on one line that is done."""
    result = json.loads(job.result)
    return result["part"], result["drafts"][0]["slots"][result["part"]], result["instead_of"]


def line_is_template(job: Job) -> bool:
    """Whether the new line comes from a template."""
    return json.loads(job.result)["drafts"][0]["writer"] == "template"
