"""Commands about decisions: submit, approve, reject, request-changes, comment, standing, export."""

import functools
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from engine import settings as environment
from engine.commands import in_a_folder, main, print_json, seed_option, shop_at, shop_option
from engine.commands.ledger import keep_safe
from engine.errors import DataProblem
from engine.sentences import Sentence

TOOLS = ("plain", "klaviyo", "mailchimp", "braze", "hubspot")
STAGES = ("test", "rest")
TARGETS = ("klaviyo", "mailchimp", "meta", "google", "aliyun_sms", "plain_csv", "plain_xlsx")


@main.command()
@click.argument("plan_file", type=click.Path(path_type=Path))
@shop_option
@seed_option
@click.option("--override", "why", metavar="REASON", help="Money of a plan that was never tried, all the same.")
def submit(plan_file: Path, shop_dir: Path | None, seed: int, why: str | None) -> None:
    """Hand a plan in for approval, with the forecast as it stands.

    Where nothing was learned, with the rates that were typed for it on the Numbers page, if any. Refused where the
    check of the copy refuses something it says; a message with every part of its channel is judged as a whole.
    """
    from engine.access import roles
    from engine.campaign import checked, lint, planned
    from engine.campaign.first import assumed, outlook
    from engine.campaign.plan import read_plan
    from engine.campaign.writer.facts import facts
    from engine.decision import approvals, assign, live, overrides, plans, replayed_texts, snapshots

    shop, plan, settings = shop_at(shop_dir), read_plan(plan_file), environment.read()

    @functools.cache
    def known(step: int, language: str) -> Any:
        return facts(shop, plan.brief(step, language))

    kept = planned.filled_copy(plan, shop.settings, known)
    if any(step.texts_in(language) for step in plan.steps for language in step.languages):
        checked.require_sendable(plan, known, lint.rules_of(shop))
    scenes = planned.prepared(shop, plan, live.others(shop, plan), seed)
    messages = assign.with_sizes(scenes, planned.messages(plan, kept))
    extras, now = plans.extras_of(shop.path, plan.plan_id), datetime.now(UTC)
    typed = assumed.of_json(extras.get("assumed"))
    models = outlook.learned(shop, not typed.is_empty)
    question = snapshots.asked(shop, models, scenes, messages, typed, seed)
    expected = question.forecast()
    recorded: dict[str, Any] = {"assumed": typed.to_json()} if expected.basis == "assumption" else {}
    if why is not None:
        recorded = {overrides.KEY: overrides.override(expected, roles.os_user(), why, now)}
        question = replace(question, even_untried=True)
        expected = question.forecast()
    drafts = replayed_texts.chosen(plan, extras)
    decision = approvals.submit(
        shop.path,
        shop.shop_id,
        plan,
        expected.record() | recorded,
        roles.os_user(),
        now,
        settings.config,
        extras={"filled": kept} | recorded,
        snapshot=lambda: snapshots.keep(question, settings.config, drafts),
    )
    print_json(_decision(decision))
    keep_safe(shop)


def _decision(decision: Any) -> dict:
    from dataclasses import asdict

    return asdict(decision)


def _decide(name: str, plan_id: str, reason: str, by: str | None, shop_dir: Path | None, proof: Path | None) -> None:
    from engine.access import roles
    from engine.decision import approvals

    shop, person = shop_at(shop_dir), roles.os_user()
    decide = {
        "approve": approvals.approve,
        "reject": approvals.reject,
        "request-changes": approvals.request_changes,
    }[name]
    who = person if by is None else by  # an empty name is nobody's, and refused
    decision = decide(
        shop.path,
        shop.shop_id,
        plan_id,
        who,
        person,
        reason,
        datetime.now(UTC),
        environment.read().config,
        proof=_content(proof) if proof else None,
    )
    note = approvals.stands_already(decision, who)
    print_json(_decision(decision) | ({"note": note.text()} if note else {}))
    keep_safe(shop)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataProblem(Sentence("evidence.unreadable", {"path": str(path), "error": error.strerror})) from error


_evidence_option = click.option(
    "--evidence", "proof", type=click.Path(path_type=Path), help="The answer as a picture, PDF, mail or text; kept."
)


@main.command()
@click.argument("plan_id")
@click.option("--reason", required=True)
@click.option("--by", help="Who approved, where that is not you; you are kept as the one who recorded it.")
@_evidence_option
@shop_option
def approve(plan_id: str, reason: str, by: str | None, proof: Path | None, shop_dir: Path | None) -> None:
    """Approve a submitted plan that somebody else wrote."""
    _decide("approve", plan_id, reason, by, shop_dir, proof)


@main.command()
@click.argument("plan_id")
@click.option("--reason", required=True)
@click.option("--by", help="Who rejected, where that is not you; you are kept as the one who recorded it.")
@_evidence_option
@shop_option
def reject(plan_id: str, reason: str, by: str | None, proof: Path | None, shop_dir: Path | None) -> None:
    """Reject a submitted plan."""
    _decide("reject", plan_id, reason, by, shop_dir, proof)


@main.command("request-changes")
@click.argument("plan_id")
@click.option("--reason", required=True, help="What is to be changed; it stands on the plan until that is submitted.")
@click.option("--by", help="Who asks, where that is not you; you are kept as the one who recorded it.")
@_evidence_option
@shop_option
def request_changes(plan_id: str, reason: str, by: str | None, proof: Path | None, shop_dir: Path | None) -> None:
    """Send a submitted plan back to its author: it is a draft again."""
    _decide("request-changes", plan_id, reason, by, shop_dir, proof)


@main.command()
@click.argument("plan_id")
@click.option("--text", required=True)
@shop_option
def comment(plan_id: str, text: str, shop_dir: Path | None) -> None:
    """Say something about a plan, in its history."""
    from engine.access import roles
    from engine.decision import comments

    shop, person = shop_at(shop_dir), roles.os_user()
    config = environment.read().config
    said = comments.comment(shop.path, shop.shop_id, plan_id, person, person, text, datetime.now(UTC), config)
    print_json({"plan_id": plan_id, "by": said.actor, "text": said.payload["reason"], "at": said.at, "seq": said.seq})
    keep_safe(shop)


@main.command()
@click.argument("plan_id")
@shop_option
def standing(plan_id: str, shop_dir: Path | None) -> None:
    """Whether what a plan was submitted on is still so: what voids its approval, what moved, what nobody can say."""
    from engine.decision import ledger as history
    from engine.decision import plans
    from engine.decision import standing as standings

    shop = shop_at(shop_dir)
    saved = plans.load(shop.path, plan_id)
    entries = history.entries(shop.path, shop.shop_id, environment.read().config, plan_id)
    found = standings.today(shop, saved, entries, standings.forecast_today)
    print_json({"plan_id": plan_id, "status": saved.plan.status, **found.to_json()})


@main.command()
@shop_option
@click.option("--plan", "plan_ids", multiple=True, help="Only this plan; may be given several times.")
@click.option("--tool", type=click.Choice(TOOLS), help="Whose merge tags the copy has; the shop's own by default.")
@click.option("--pages", is_flag=True, help="Beside them every e-mail as an HTML page: plans-PLAN-1-en.html.")
@click.option("--target", type=click.Choice(TARGETS), help="Instead, whom to write to, as this tool takes them.")
@click.option("--stage", type=click.Choice(STAGES), help="Of plans that test on a part first; the one due by default.")
@seed_option
@click.option("--out", required=True, type=click.Path(path_type=Path), help="File to write; with --target a folder.")
def export(
    shop_dir: Path | None, plan_ids: tuple[str, ...], tool: Any, pages: bool, target: Any, stage: Any, seed: int,
    out: Path,
) -> None:  # fmt: skip
    """Approved plans as CSV, and beside it their audiences (plans.csv -> plans-audience.csv).

    The body of a text message is whole, as it was billed and approved: with its sender and how to stop it.

    With --target the people of each message go into a folder as files that the tool loads, with addresses from the
    vault, beside a list DO-NOT-SEND-... of those it must leave out and a list of those in no file, and why.

    With --stage the lists of people are written beside the plans too: the test by variant or the rest with the winner,
    DO-NOT-SEND-... for the holdout, and DO-NOT-SEND-YET-... for the rest while the test runs.
    """
    from engine.decision import export as exporting

    shop = shop_at(shop_dir)
    if target:
        left = exporting.export_target(
            shop, target, out, datetime.now(UTC), environment.read().config, plan_ids=list(plan_ids) or None, seed=seed,
            stage=stage,
        )  # fmt: skip
        packages = [_package(made, out) for made in left.packages]
        print_json({"plans": packages, "ledger_head": left.ledger_head} | _void(left.void))
        keep_safe(shop)
        return
    result = exporting.export_plans(
        shop.path, shop.shop_id, in_a_folder(out), lambda plan: exporting.audience(shop, plan), datetime.now(UTC),
        environment.read().config, plan_ids=list(plan_ids) or None, seed=seed, tool=tool or shop.settings.mail_tool,
        pages_by=shop.settings if pages else None, with_recipients=stage is not None,
        held=lambda plan: exporting.held_globally(shop, plan), stage=stage,
    )  # fmt: skip
    print_json(
        {
            "plans": result.plan_ids,
            "file": str(out),
            "audience_file": str(exporting.audience_path(out)),
            "ledger_head": result.ledger_head,
        }
        | _void(result.void)
        | ({"pages": [str(exporting.page_path(out, page)) for page in result.pages]} if pages else {})
        | ({"lists": _lists(result.recipients, out)} if stage else {})
    )
    keep_safe(shop)


def _lists(people: list[Any], out: Path) -> list[dict]:
    from engine.decision import export as exporting

    return [{"file": str(exporting.list_path(out, one)), "people": len(one.people)} for one in people]


@main.command()
@click.argument("plan_id")
@shop_option
def winner(plan_id: str, shop_dir: Path | None) -> None:
    """Decide which variant the rest of a plan gets, by the rule approved with it; once, for good.

    Refused before the hours of its test are over, and where no results are in.
    """
    from engine.access import roles
    from engine.outcome import winner as deciding

    shop = shop_at(shop_dir)
    entry = deciding.announce(shop, plan_id, roles.os_user(), datetime.now(UTC), environment.read().config)
    print_json({"plan_id": plan_id, "by": entry.actor, "at": entry.at, "seq": entry.seq, **entry.payload})
    keep_safe(shop)


def _void(left_out: dict) -> dict:
    """Plans that were left out, and why."""
    return {"void": {plan_id: said.text() for plan_id, said in left_out.items()}} if left_out else {}


def _package(made: Any, out: Path) -> dict:
    return {
        "plan_id": made.plan_id,
        "target": made.target,
        "identifiers": list(made.identifiers),
        "files": [{"file": str(out / file.name), "kind": file.kind, "people": file.people} for file in made.files],
        "asked": made.asked,
        "named": made.named,
        "not_exported": made.aside,
        "not_used": made.unused,
        "held_out": made.held,
        "report": [said.text() for said in made.report],
        "checklist": [said.text() for said in made.checklist],
    }
