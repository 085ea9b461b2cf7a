"""The fields of a plan in words: what each is called, how its value reads, and what differs between two versions."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from dashboard import cache, widgets
from dashboard.text import group_name, known, t
from dashboard.views.plan_tabs import brief_form
from engine.campaign.plan import Plan
from engine.errors import NotEnoughData, StoreProblem
from engine.shop.store import Shop

TIERS = ("tier_spend", "tier_off")
MONEY = ("amount", "max_discount", "min_spend", *TIERS)
PERCENT = ("percent", "audience_share", "holdout", "test_share", "test_lift")
CHOICES = {
    "goal": "plan.goal_{}", "channel": "plan.channel_{}", "language": "plan.language_{}",
    "kind": "plan.offer_{}", "tone": "brief.tone_{}",
    "test_metric": "staged.metric_{}", "test_otherwise": "staged.otherwise_{}",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """One field that differs, in words."""

    field: str
    before: str
    after: str


def changes(before: Plan, after: Plan, shop: Shop, extras: tuple[dict, dict] = ({}, {})) -> list[Change]:
    """What differs between two versions of a plan; `extras` holds what goes with each (values half typed)."""
    old, new = brief_form_values(before, extras[0]), brief_form_values(after, extras[1])
    found = [
        Change(field("brief", name, shop), value(name, old.get(name), shop), value(name, new.get(name), shop))
        for name in new
        if old.get(name) != new.get(name)
    ]
    return [change for change in found if change.before != change.after] + _copy(before, after, shop)


def brief_form_values(plan: Plan, extras: dict[str, Any]) -> dict[str, Any]:
    """What the brief's fields show for a version."""
    unfinished = extras.get("unfinished")
    return brief_form.from_json(unfinished, plan) if unfinished else brief_form.values_of(plan)


def _copy(before: Plan, after: Plan, shop: Shop) -> list[Change]:
    found = []
    for number in range(max(len(before.steps), len(after.steps))):
        old, new = (_texts(plan, number) for plan in (before, after))
        for part, translation in dict.fromkeys([*old, *new]):
            one, other = old.get((part, translation)), new.get((part, translation))
            if (one or "") != (other or ""):
                name = field("copy", part, shop)
                name = (
                    t("plan.in_language", spoken=t(f"plan.language_{translation}"), field=name) if translation else name
                )
                name = t("plan.of_message", number=number + 1, field=name) if number else name
                found.append(Change(name, value(part, one, shop), value(part, other, shop)))
    return found


def _texts(plan: Plan, step: int) -> dict[tuple[str, str], str]:
    """Every text of a message, by its part and, of a translation, its language."""
    if step >= len(plan.steps):
        return {}
    message = plan.steps[step]
    translated = {(part, one): text for one, copy in message.translations.items() for part, text in copy.items()}
    return {(part, ""): text for part, text in message.texts.items()} | translated


def field(area: str, name: str, shop: Shop) -> str:
    """What a widget of the brief, the copy or the numbers is called."""
    stem, _, number = name.rpartition("_")
    if stem in TIERS:
        return f"{field(area, stem, shop)} ({int(number) + 1})"
    key = f"plan.part_{name}" if area.startswith("copy") else f"brief.{name}"
    return t(key, currency=shop.settings.currency, count="") if known(key) else name.replace("_", " ")


def value(name: str, said: Any, shop: Shop) -> str:
    """A widget's value as a marketer reads it: percent with its sign, groups and products by name, money as money."""
    stem = name.rpartition("_")[0]
    if said is None or said == "" or said == []:
        return t("plan.nothing")
    if isinstance(said, bool):
        return t("plan.yes" if said else "plan.no")
    if isinstance(said, list):
        return ", ".join(_named(name, one, shop) for one in said)
    if name in PERCENT:
        return f"{said:g} %"
    if name in MONEY or stem in TIERS:
        return widgets.money(said, shop.settings.currency, 0 if float(said).is_integer() else 2)
    if name == "send_hour":
        return f"{said}:00"
    if isinstance(said, date):
        return said.isoformat()
    return _named(name, said, shop)


def _named(name: str, said: Any, shop: Shop) -> str:
    """One choice by its name; what has no name reads as it stands."""
    if name == "messages":  # those after the first, each with its day, channel, language and condition
        stops = [t("plan.stops_if_bought")] if said["condition"] else []
        choices = [_named(one, said[one], shop) for one in ("channel", "language")]
        return " · ".join([t("plan.on_day", day=said["day"]), *choices, *stops])
    if name in CHOICES:
        key = CHOICES[name].format(str(said).replace(" ", "_"))
        return t(key) if known(key) else str(said)
    if name in ("groups", "exclusions"):
        try:
            names = cache.customers.segmentation(shop).profiles.set_index("segment_id")["segment_name"]
        except (NotEnoughData, StoreProblem):
            return str(said)
        return group_name(names[said]) if said in names.index else str(said)
    if name in ("products", "gift"):
        return str(cache.tables.catalogue(shop)["name"].get(said, said))
    return str(said)
