"""What the Model page calls targets, models and figures."""

from dashboard import widgets
from dashboard.text import known, t

KINDS = ("linear", "trees", "both")
BASELINES = ("constant", "logistic", "small_tree")
LEVEL = "95 %"


def target(name: str) -> str:
    return t(f"model.target_{name}") if known(f"model.target_{name}") else name


def kind(name: str) -> str:
    return t(f"model.kind_{name}") if name in (*KINDS, *BASELINES) else name


def split(rule: str) -> str:
    """What the models were judged on. The rule's name begins with what was held out (engine.model.splits)."""
    for start, key in {"later whole": "campaigns", "later time": "time", "customers": "customers"}.items():
        if rule.startswith(start):
            return t(f"model.split_{key}")
    return rule


def signed(value: float | None) -> str:
    """A difference of log-losses: +0.00123."""
    return "–" if value is None else f"{value:+.5f}"


def difference(one: dict, level: str = LEVEL) -> str:
    """A difference of log-losses with its range over campaigns; alone where there are too few of them."""
    if one["low"] is None:
        return signed(one["mean"])
    return f"{signed(one['mean'])} ({widgets.between(signed(one['low']), signed(one['high']), level)})"
