"""What changed, in a marketer's words, and as JSON."""

from dataclasses import asdict

import numpy as np
import pandas as pd

from engine.campaign import feature_words
from engine.campaign.learned import is_share, own_units
from engine.model import drift
from engine.model.drift import Change, Drift
from engine.model.encode import source
from engine.model.moved import Moved
from engine.outcome.changed import LEVEL, Changed, Touched
from engine.sentences import known, say

OWN_PRICE = "own_price"
_SHARES = ("returned", "twice", "discount_share")
_CHANNEL = "common.channel_"


def phrases(found: Changed, currency: str, language: str = "en") -> list[str]:
    """One phrase for each thing that changed: responses first, then orders, messages, ads."""
    said = [phrase for target in found.moves for phrase in _moves(found, target, language)]
    for look, one in found.looks.items():
        said += [of_change(look, change, currency, language) for change in one.changes]
        if (told := together(look, one, language)) is not None:
            said.append(told)
    return said


def summary(found: Changed, currency: str, language: str = "en") -> str:
    """All of it in one sentence; that nothing did, or that too little has come."""
    if not found.alarm:
        compared = any(not one.reason for one in found.looks.values()) or any(
            one.log_odds is not None for one in found.responses.values()
        )
        return say("drift.nothing" if compared else "drift.nothing_new", language)
    what = ("；" if language == "zh" else "; ").join(phrases(found, currency, language))
    return say("drift.changed", language, learned=found.learned, what=what)


def plans(touched: list[Touched], language: str = "en") -> str:
    """Which plans are touched."""
    if not touched:
        return say("drift.touched_none", language)
    return say("drift.touched", language, plans=("、" if language == "zh" else ", ").join(t.plan.name for t in touched))


def of_change(look: str, change: Change, currency: str, language: str = "en") -> str:
    """One column's change."""
    if change.kind == "volume":
        ends = (feature_words.number(value) for value in (change.before, change.after))
        return say("drift.volume", language, what=say(f"drift.rows_{look}", language), **_ends(*ends))
    what = column(look, change.column, language)
    if change.kind == "missing":
        return say("drift.missing", language, what=what, **_ends(*map(_share, (change.before, change.after))))
    if change.kind == "level":
        level = _level(change.column, change.level, currency, language)
        return say(
            "drift.share", language, what=what, level=level, **_ends(*map(_share, (change.before, change.after)))
        )
    if change.column == OWN_PRICE and change.after != change.before:
        by = _share(abs(change.after / change.before - 1))
        return say("drift.dearer" if change.after > change.before else "drift.cheaper", language, by=by)
    before, after = (_value(look, change.column, value, currency, language) for value in (change.before, change.after))
    key = "spread" if before == after else "rose" if change.after > change.before else "fell"
    return say(f"drift.{key}", language, what=what, before=before, after=after)


def together(look: str, one: Drift, language: str = "en") -> str | None:
    """What the classifier saw, where it saw something."""
    if one.classifier is None or one.classifier.p > drift.LEVEL:
        return None
    return say("drift.together", language, pairs=pairs(look, one.classifier.by[:1], language))


def pairs(look: str, by: tuple[tuple[str, str], ...], language: str = "en") -> str:
    named = (tuple(column(look, end, language) for end in pair) for pair in by)
    return "; ".join(say("drift.pair", language, one=one, other=other) for one, other in named)


def column(look: str, name: str, language: str = "en") -> str:
    """What a column is called."""
    key = f"drift.{'rows' if name == drift.VOLUME else 'column'}_{look if name == drift.VOLUME else name}"
    if (look == "orders" or name == drift.VOLUME) and known(key):
        return say(key, language)
    return feature_words.words(source(name), language)


def target(name: str, language: str = "en") -> str:
    return say(f"promotion.target_{name}", language)


def _moves(found: Changed, name: str, language: str) -> list[str]:
    """A target's responses; the channels apart where one of them moved."""
    level = LEVEL / max(len(found.responses), 1)
    alone = {c: one for (t, c), one in found.by_channel.items() if t == name and one.p <= level}
    if not alone:
        return [say("drift.answer", language, target=target(name, language), **odds(found.responses[name]))]
    return [
        say("drift.answer_channel", language, target=target(name, language), channel=_channel(c, language), **odds(one))
        for c, one in alone.items()
    ]


def odds(one: Moved) -> dict[str, object]:
    """ratio, low, high as shares, and campaigns. The odds stand for the rate: answers are rare."""
    ends = {"ratio": one.log_odds, "low": one.low, "high": one.high}
    shown = {name: "–" if value is None else f"{np.exp(value):.0%}" for name, value in ends.items()}
    return shown | {"campaigns": one.campaigns}


def _channel(name: str, language: str) -> str:
    return say(_CHANNEL + name, language) if known(_CHANNEL + name) else name


def _ends(before: str, after: str) -> dict[str, str]:
    return {"before": before, "after": after}


def _share(value: float) -> str:
    return feature_words.share(value)


def _level(name: str, level: str, currency: str, language: str) -> str:
    return feature_words.value_words(source(name), level, currency, language)


def _value(look: str, name: str, value: float, currency: str, language: str) -> str:
    """A middle in the unit people know."""
    if look == "orders":
        if name in _SHARES:
            return _share(value)
        return feature_words.value_words("aov" if name == "unit_price" else name, value, currency, language)
    own = float(own_units(name, pd.Series([value])).iloc[0])
    return _share(own) if is_share(source(name)) else feature_words.value_words(source(name), own, currency, language)


def to_json(found: Changed, touched: list[Touched], currency: str) -> dict:
    """For the command: the sentence, each look with its columns, responses, and the plans that are touched."""
    return {
        "learned": str(found.learned),
        "until": str(found.until),
        "alarm": found.alarm,
        "said": summary(found, currency),
        "looks": {name: _look(name, one, currency) for name, one in found.looks.items()},
        "responses": {name: asdict(one) | {"moved": name in found.moves} for name, one in found.responses.items()},
        "by_channel": [
            {"target": name, "channel": channel, **asdict(one)} for (name, channel), one in found.by_channel.items()
        ],
        "plans": [
            {
                "plan_id": one.plan.plan_id,
                "name": one.plan.name,
                "because": [of_change(look, change, currency) for look, change in one.changes],
                "responses": list(one.moves),
            }
            for one in touched
        ],
    }


def _look(name: str, one: Drift, currency: str) -> dict:
    return {
        "groups_before": one.groups_before,
        "groups_after": one.groups_after,
        "reason": one.reason,
        "columns": one.columns.to_dict("records"),
        "changes": [asdict(change) | {"said": of_change(name, change, currency)} for change in one.changes],
        "classifier": asdict(one.classifier) if one.classifier else None,
    }
