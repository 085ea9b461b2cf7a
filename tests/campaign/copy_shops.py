"""The two shops, the briefs and the sentences of tests/campaign/copy_sets, and how a check of them is counted."""

import functools
import json
import shutil
import tempfile
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from engine.campaign import claims
from engine.campaign.plan import Brief
from engine.campaign.writer.facts import Facts, facts
from engine.shop.store import Shop
from tests.tiny import shop_of

SETS = Path(__file__).parent / "copy_sets"
NUMBERS = ("number", "percent", "money", "date", "code")


@functools.cache
def shop(name: str) -> Shop:
    """The shop of a folder of copy_sets, in a folder of its own that is removed when Python ends."""
    folder = _kept(name)
    frames = {}
    for path in sorted((SETS / name).glob("*.csv")):
        frames[path.stem] = pd.read_csv(path, dtype=str, keep_default_na=False)
        for column in ("price", "unit_cost", "stock", "rating"):
            if column in frames[path.stem]:
                frames[path.stem][column] = pd.to_numeric(frames[path.stem][column])
    settings = tomllib.loads((SETS / name / "shop.toml").read_text("utf-8"))
    made = shop_of(folder / "shop", frames, {key: value for key, value in settings.items() if key != "shop_id"})
    shutil.copytree(SETS / name / "policy", made.path / "policy")
    return made


@functools.cache
def _folder(name: str) -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory(prefix=f"offerlab-{name}-")


def _kept(name: str) -> Path:
    return Path(_folder(name).name)


@functools.cache
def briefs() -> dict[str, Brief]:
    """The briefs by id: e1 ... of the English shop, c1 ... of the Chinese one."""
    listed = json.loads((SETS / "briefs.json").read_text("utf-8"))
    return {name: Brief.model_validate(brief) for name, brief in listed.items()}


@functools.cache
def facts_of(brief: str) -> Facts:
    """What copy of a brief may say."""
    return facts(shop("shop" if brief.startswith("e") else "shop_zh"), briefs()[brief])


def sentences(name: str) -> list[dict]:
    """The sentences of a set: id, brief, language, text, and the spans that are true or wrong."""
    return [json.loads(line) for line in (SETS / f"{name}.jsonl").read_text("utf-8").splitlines()]


@dataclass
class Count:
    """How a set was checked. wrong, found: planted errors by (language, kind); clean: sentences without one."""

    wrong: Counter = field(default_factory=Counter)
    found: Counter = field(default_factory=Counter)
    missed: list[str] = field(default_factory=list)
    clean: int = 0
    false_alarms: list[str] = field(default_factory=list)

    def recall(self, numbers: bool) -> float:
        """Share of the planted errors that were found: of numbers, dates and codes, or of everything else."""
        kinds = [key for key in self.wrong if (key[1] in NUMBERS) == numbers]
        return sum(self.found[key] for key in kinds) / sum(self.wrong[key] for key in kinds)

    @property
    def false_alarm_rate(self) -> float:
        """Share of the sentences without an error in which something was refused."""
        return len(self.false_alarms) / self.clean


@functools.cache
def counted(name: str) -> Count:
    """A set, checked as hand-edited copy is. An error is found where a refused finding overlaps it."""
    count = Count()
    for one in sentences(name):
        found = claims.check_edited(one["text"], facts_of(one["brief"]), one["language"])
        refused = [finding for finding in found if finding.verdict == "refused"]
        for planted in one["wrong"]:
            start = one["text"].index(planted["text"])
            end = start + len(planted["text"])
            key = (one["language"], planted["kind"])
            count.wrong[key] += 1
            if any(finding.start < end and start < finding.end for finding in refused):
                count.found[key] += 1
            else:
                count.missed.append(f"{one['id']}: {planted['text']!r} in {one['text']!r}")
        if not one["wrong"]:
            count.clean += 1
            if refused:
                count.false_alarms.append(f"{one['id']}: {refused[0].text!r} in {one['text']!r}")
    return count
