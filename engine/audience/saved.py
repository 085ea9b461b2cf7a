"""Audiences that somebody gave a name: kept in the shop folder, for everyone who works with it."""

import unicodedata
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from engine.access import acting
from engine.audience import rules
from engine.errors import DataProblem, StoreProblem
from engine.shop import store
from engine.shop.store import Shop

LONGEST_NAME = 100
MOST_SKIPPED_DAYS = 365  # as in a plan's audience


class SavedAudience(BaseModel):
    """Whom a rule adds, whom another leaves out, and who bought too lately, under a name.

    `created_at` in the shop's own clock, to the second. Files written before the second rule and the days were kept
    have neither: they leave nobody out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    rule: str
    exclude_rule: str | None = None
    skip_buyers_days: int = Field(default=0, ge=0, le=MOST_SKIPPED_DAYS)
    created_at: datetime
    created_by: str


_ALL = TypeAdapter(list[SavedAudience])


def saved(shop: Shop) -> list[SavedAudience]:
    """Every saved audience of the shop, by name. Raises StoreProblem where the file cannot be read."""
    return _read(_file(shop))


def find(shop: Shop, name: str) -> SavedAudience:
    """The audience of this name. Raises DataProblem where there is none."""
    return _found(saved(shop), name)


def save(
    shop: Shop,
    name: str,
    rule: str,
    now: datetime,
    by: str,
    exclude_rule: str | None = None,
    skip_buyers_days: int = 0,
) -> SavedAudience:
    """An audience under a name that no other has. Raises DataProblem for a taken name, a mistaken rule, wrong days."""
    acting.require_self(by)
    parts = _parts(shop, rule, exclude_rule, skip_buyers_days)
    with store.writing(shop.path):
        kept = saved(shop)
        made = SavedAudience(name=_free(kept, name), created_at=now.replace(microsecond=0), created_by=by, **parts)
        _write(shop, [*kept, made])
    return made


def change(
    shop: Shop, name: str, rule: str, exclude_rule: str | None = None, skip_buyers_days: int = 0
) -> SavedAudience:
    """The audience of this name with other rules and days."""
    parts = _parts(shop, rule, exclude_rule, skip_buyers_days)
    with store.writing(shop.path):
        kept = saved(shop)
        old = _found(kept, name)
        new = old.model_copy(update=parts)
        _write(shop, [new if one is old else one for one in kept])
    return new


def _parts(shop: Shop, rule: str, exclude_rule: str | None, skip_buyers_days: int) -> dict[str, Any]:
    """What a saved audience keeps, as the shop spells it. Raises DataProblem with all that is wrong."""
    problems: list[str] = []

    def spelled(text: str, label: str) -> str | None:
        try:
            return rules.write(rules.spelled(shop, text))
        except DataProblem as problem:
            problems.extend(label + one for one in problem.problems)
            return None

    parts: dict[str, Any] = {
        "rule": spelled(rule, ""),
        "exclude_rule": spelled(exclude_rule, "The rule that leaves customers out: ") if exclude_rule else None,
        "skip_buyers_days": skip_buyers_days,
    }
    if not 0 <= skip_buyers_days <= MOST_SKIPPED_DAYS:
        problems.append(
            f"Leave out who bought in the last days: {skip_buyers_days} is no number of days here. "
            f"Write a whole number from 0 to {MOST_SKIPPED_DAYS}; 0 leaves nobody out."
        )
    if problems:
        raise DataProblem(problems)
    return parts


def rename(shop: Shop, name: str, new_name: str) -> SavedAudience:
    """The audience under another name."""
    with store.writing(shop.path):
        kept = saved(shop)
        old = _found(kept, name)
        others = [one for one in kept if one is not old]
        renamed = old.model_copy(update={"name": _free(others, new_name)})
        _write(shop, [*others, renamed])
    return renamed


def delete(shop: Shop, name: str) -> None:
    """Forget an audience. Plans made from it keep their rule."""
    with store.writing(shop.path):
        kept = saved(shop)
        gone = _found(kept, name)
        _write(shop, [one for one in kept if one is not gone])


def _file(shop: Shop) -> Path:
    return shop.path / "audiences.json"


def _read(path: Path) -> list[SavedAudience]:
    try:
        return sorted(_ALL.validate_json(path.read_bytes()), key=lambda one: _key(one.name))
    except FileNotFoundError:
        return []
    except (OSError, ValidationError) as error:
        what = error.strerror if isinstance(error, OSError) else "it is damaged"
        raise StoreProblem(
            f"The saved audiences in {path} cannot be read: {what}. Put a copy of the file back, or move it away to "
            "begin without any."
        ) from error


def _write(shop: Shop, audiences: list[SavedAudience]) -> None:
    store.replace_file(_file(shop), _ALL.dump_json(audiences, indent=1))


def _key(name: str) -> str:
    """Names that look the same are the same."""
    return unicodedata.normalize("NFKC", name).casefold()


def _found(audiences: list[SavedAudience], name: str) -> SavedAudience:
    for one in audiences:
        if _key(one.name) == _key(name.strip()):
            return one
    raise DataProblem(f'There is no saved audience "{name}". Somebody may have renamed or deleted it.')


def _free(audiences: list[SavedAudience], name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise DataProblem("A saved audience needs a name.")
    if len(name) > LONGEST_NAME:
        raise DataProblem(f"The name has {len(name)} characters; at most {LONGEST_NAME} fit. Choose a shorter one.")
    if any(_key(one.name) == _key(name) for one in audiences):
        raise DataProblem(f'There is already an audience "{name}". Choose another name.')
    return name
