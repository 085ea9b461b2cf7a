"""Approved plans and their audiences as CSV files and their e-mails as pages, each on record in the approval history.

Copy is what the second person approved, to the letter. So the body of a text message is the whole text that was
billed, with its sender and how to stop it: the tool that sends it adds neither.

The audience holds the holdout too: results are measured against it, and nobody in it may be written to. So what a
sending tool takes are the `recipients` of each message, a part of the audience and nothing more.
"""

from engine.decision.export.leaving import Left, export_target, preview
from engine.decision.export.messages import COPY, FORECAST, PLAN_COLUMNS, Page, page_name, page_path
from engine.decision.export.package import Package, TargetFile
from engine.decision.export.people import (
    AUDIENCE_COLUMNS,
    CHANNELS,
    LANGUAGE,
    Audience,
    Recipients,
    assigned,
    audience,
    by_channels,
    held_globally,
    language_of,
    languages,
    recipients,
    send_day,
    with_held_globally,
)
from engine.decision.export.record import ExportResult, audience_path, export_plans, list_path
from engine.decision.export.stages import STAGES, Cut, Stage, cut_today, due, lists, to_send
from engine.decision.export.targets import NAMES, TARGETS, Target, TargetName

__all__ = [
    "AUDIENCE_COLUMNS", "CHANNELS", "COPY", "FORECAST", "LANGUAGE", "NAMES", "PLAN_COLUMNS", "STAGES", "TARGETS",
    "Audience", "Cut", "ExportResult", "Left", "Package", "Page", "Recipients", "Stage", "Target", "TargetFile",
    "TargetName", "assigned", "audience", "audience_path", "by_channels", "cut_today", "due", "export_plans",
    "export_target", "held_globally", "language_of", "languages", "list_path", "lists", "page_name", "page_path",
    "preview", "recipients", "send_day", "to_send", "with_held_globally",
]  # fmt: skip
