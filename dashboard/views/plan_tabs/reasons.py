"""Why a rate is what it is, in words: the steps of a waterfall, and a sentence for each."""

import pandas as pd

from dashboard import widgets
from dashboard.text import language, t
from dashboard.views.plan_tabs.message import plain
from engine.campaign import explain, feature_words

SHOWN = 8  # features by name; the rest is one step


def steps(table: pd.DataFrame, whom: str, target: str) -> pd.DataFrame:
    """The waterfall's rows: label, contribution, text. First what is begun from as a rate, last what comes of it."""
    ends = {explain.BASE: t(_base(whom, target)), explain.RESULT: t(f"why.result_{whom}")}
    named = ends | {explain.OTHERS: t("why.others"), explain.SPREAD: t("why.spread")}
    rows = explain.waterfall(table, SHOWN)
    labels = [named.get(feature) or feature_words.words(feature, language()) for feature in rows["feature"]]
    texts = [widgets.percent(row.rate, 2) if row.feature in ends else f"{row.points:+d}" for row in rows.itertuples()]
    return pd.DataFrame({"label": labels, "contribution": rows["contribution"], "text": texts})


def _base(whom: str, target: str) -> str:
    if whom == "group":
        return "why.base_everyone"
    return "why.base_anyway" if target == explain.ANYWAY else "why.base_message"


def sentences(table: pd.DataFrame) -> list[str]:
    """What is begun from, the largest features, the others together and the spread, ready for Markdown."""
    rows = explain.waterfall(table, SHOWN)
    said = table.set_index("feature")["sentence"]
    others = rows[rows["feature"] == explain.OTHERS]
    more = t("why.others_said", points=f"{others['points'].iloc[0]:+d}") if len(others) else ""
    told = [more if feature == explain.OTHERS else said[feature] for feature in rows["feature"].iloc[:-1]]
    return [plain(sentence) for sentence in told]


def whole_way(table: pd.DataFrame) -> dict[str, str]:
    """Where the steps begin and end as rates, and how many points lie between."""
    rows = explain.waterfall(table, SHOWN)
    first, last = (widgets.percent(rows["rate"].iloc[place], 2) for place in (0, -1))
    return {"first": first, "last": last, "points": f"{table['points'].sum():+d}"}
