"""What a model learned as tables and sentences, in a marketer's words and units."""

import pandas as pd

from engine.campaign.feature_words import number, words
from engine.campaign.learned import OTHER, RATES, SHARES, is_share, own_units
from engine.model.baselines import Condition
from engine.model.encode import source
from engine.sentences import say

_FLAGS = {
    "headline|question", "headline|urgent", "headline|personal", "headline|number", "headline|emoji", "season|november",
}  # fmt: skip


def importance(told: dict, most: int, language: str = "en") -> pd.DataFrame:
    """label, points (hundredths of log-odds): how far the `most` important features move a forecast on average."""
    return pd.DataFrame(
        [
            {"label": words(one["feature"], language), "points": 100 * one["mean_abs"]}
            for one in told["importance"][:most]
        ]
    )


def dependence(told: dict, feature: str, language: str = "en") -> pd.DataFrame:
    """label, points, points_low, points_high, share, rate: a feature's values, and what each adds to a forecast."""
    columns = {"points": "contribution", "points_low": "contribution_low", "points_high": "contribution_high"}
    return pd.DataFrame(
        [
            {
                "label": _value(feature, one, language),
                **{name: 100 * one[column] for name, column in columns.items()},
                "share": one["share"],
                "rate": one["rate"],
            }
            for one in told["dependence"][feature]
        ]
    )


def ordered(told: dict, feature: str) -> bool:
    """Whether a feature's values are numbers, which follow one another."""
    return all(one["level"] is None for one in told["dependence"][feature])


def _value(feature: str, one: dict, language: str) -> str:
    """A bin as "12–30", a level as it is called."""
    if one["level"] is not None:
        named = {OTHER: "learned.other", "": "learned.unknown", "nan": "learned.unknown"}.get(one["level"])
        return say(named, language) if named else one["level"].replace("_", " ")
    if one["low"] is None:
        return say("learned.unknown", language)
    ends = dict.fromkeys(_number(value, is_share(feature)) for value in (one["low"], one["high"]))
    return "–".join(ends)


def _number(value: float, share: bool) -> str:
    return f"{value:.1%}" if share else number(value)


def rule_in_words(conditions: list[dict], language: str = "en") -> str:
    """ "days since last order up to 30 and channel is email"; what holds for everybody where there is no condition."""
    if not conditions:
        return say("learned.everybody", language)
    return say("learned.and", language).join(_in_words(Condition(**one), language) for one in conditions)


def _in_words(condition: Condition, language: str) -> str:
    column, _, level = condition.column.partition("=")
    feature = words(source(column), language)
    side = "yes" if condition.above else "no"
    if level:
        return say(f"learned.level_{side}", language, feature=feature, level=level.replace("_", " "))
    if column.endswith("|missing"):
        return say(f"learned.unknown_{side}", language, feature=feature)
    if column in _FLAGS:
        return say(f"learned.flag_{side}", language, flag=say(f"learned.flag_{column.split('|')[1]}", language))
    value = float(own_units(column, pd.Series([condition.value])).iloc[0])
    shown = _number(value, column in SHARES or source(column) in RATES)
    return say(f"learned.number_{side}", language, feature=feature, value=shown)
