"""Why a rate is what it is: the model's contributions as steps from the average past message to this plan."""

import math

import pandas as pd

from dashboard import widgets
from dashboard.text import language, t
from dashboard.views.plan_tabs.message import plain
from engine.campaign import feature_words

SHOWN = 8  # factors by name; the rest is one step


def steps(contributions: pd.DataFrame) -> pd.DataFrame:
    """The waterfall's rows: label, contribution, text. First the average as a rate, last the plan as a rate."""
    base, middle, spread = contributions.iloc[0], contributions.iloc[1:-1], contributions.iloc[-1]
    largest = _largest(middle)
    others = float(middle["contribution"].sum() - largest["contribution"].sum())
    total = float(contributions["contribution"].sum())
    rows = [(t("numbers.reasons_base"), float(base["contribution"]), _rate(float(base["contribution"])))]
    for row in largest.itertuples():
        rows.append((feature_words.words(row.feature, language()), row.contribution, _points(row.contribution)))
    rows.append((t("numbers.reasons_others"), others, _points(others)))
    rows.append((t("numbers.reasons_spread"), float(spread["contribution"]), _points(float(spread["contribution"]))))
    rows.append((t("numbers.reasons_result"), total, _rate(total)))
    return pd.DataFrame(rows, columns=["label", "contribution", "text"])


def sentences(contributions: pd.DataFrame) -> list[str]:
    """The average, then the largest factors, one sentence each, ready for Markdown."""
    told = pd.concat([contributions.head(1), _largest(contributions.iloc[1:-1]), contributions.tail(1)])
    return [plain(sentence) for sentence in told["sentence"]]


def _largest(middle: pd.DataFrame) -> pd.DataFrame:
    return middle.sort_values("contribution", key=abs, ascending=False, kind="stable").head(SHOWN)


def _points(contribution: float) -> str:
    """Hundredths in log-odds, as the sentences beside the chart say them: they add up."""
    return f"{100 * contribution:+.0f}"


def _rate(log_odds: float) -> str:
    return widgets.percent(1 / (1 + math.exp(-log_odds)), 2)
