"""Audiences that somebody gave a name: rules kept in the shop folder, by everyone who works with it."""

import unicodedata
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from engine.audience import rules
from engine.errors import DataProblem, StoreProblem
from engine.shop import store
from engine.shop.store import Shop

LONGEST_NAME = 100


class SavedAudience(BaseModel):
    """A rule under a name. `created_at` in the shop's own clock, to the second."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    rule: str
    created_at: datetime
    created_by: str


_ALL = TypeAdapter(list[SavedAudience])


def saved(shop: Shop) -> list[SavedAudience]:
    """Every saved audience of the shop, by name. Raises StoreProblem where the file cannot be read."""
    return _read(_file(shop))


def find(shop: Shop, name: str) -> SavedAudience:
    """The audience of this name. Raises DataProblem where there is none."""
    return _found(saved(shop), name)


def save(shop: Shop, name: str, rule: str, now: datetime, by: str) -> SavedAudience:
    """The rule under a name that no other audience has. Raises DataProblem for a taken name or a mistaken rule."""
    rules.check(shop, rule)
    with store.writing(shop.path):
        kept = saved(shop)
        made = SavedAudience(
            name=_free(kept, name), rule=rules.write(rules.parse(rule)), created_at=now.replace(microsecond=0),
            created_by=by,
        )  # fmt: skip
        _write(shop, [*kept, made])
    return made


def change(shop: Shop, name: str, rule: str) -> SavedAudience:
    """The audience of this name with another rule."""
    rules.check(shop, rule)
    with store.writing(shop.path):
        kept = saved(shop)
        old = _found(kept, name)
        new = old.model_copy(update={"rule": rules.write(rules.parse(rule))})
        _write(shop, [new if one is old else one for one in kept])
    return new


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
