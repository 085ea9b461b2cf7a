"""Why a forecast is what it is: contributions in log-odds that add up to it, and the same in words."""

import numpy as np
import pandas as pd
from scipy.special import expit

from engine.campaign.response import Models
from engine.campaign.scene import Scene, Setting, setting
from engine.campaign.support import nobody
from engine.errors import NotEnoughData
from engine.model.encode import source
from engine.sentences import known, say
from engine.shop.store import Shop

BASE, SPREAD = "base", "spread of customers"


def explain_plan(
    shop: Shop, models: Models, scene: Scene, plan: dict, target: str = "order", language: str = "en"
) -> pd.DataFrame:
    """Columns feature, value, contribution (log-odds), sentence; largest first after the base row.

    The contributions sum to the log-odds of the forecast's mean rate: base, the mean over the representatives of each
    feature's contribution, and one row for their spread, because the mean of probabilities is not the probability of
    the mean. Raises NotEnoughData where the target was not learned.
    """
    if target not in models.responses:
        raise NotEnoughData(f"Nothing was learned about {target}s in this shop, so there is nothing to explain.")
    if not len(scene.known):
        raise NotEnoughData(nobody(len(scene.audience), scene.left_out, str(plan["channel"])).text(language))
    model, at = models.responses[target], setting(shop, scene, plan)
    matrix = at.matrix(model.encoder)
    base, parts = model.encoded_contributions(matrix)
    by_column = pd.Series(parts.mean(axis=0), index=[source(column) for column in model.encoder.columns])
    mean = by_column.groupby(level=0).sum()
    rate = float(expit(model.encoded_log_odds(matrix)).mean())
    return _table(base, mean, rate, _settings(plan), at, language)


def _table(
    base: float, mean: pd.Series, rate: float, settings: dict[str, str], at: Setting, language: str
) -> pd.DataFrame:
    """`settings`: what to print for what the plan sets."""
    spread = float(np.log(rate / (1 - rate)) - base - mean.sum())
    rows = [_row(BASE, "", base, say("engine.factor_base", language, rate=f"{_probability(base):.2%}"))]
    for feature in mean.abs().sort_values(ascending=False).index:
        value = settings.get(feature) or _typical(at, str(feature))
        rows.append(
            _row(
                str(feature),
                value,
                float(mean[feature]),
                _sentence(str(feature), value, float(mean[feature]), language),
            )
        )
    rows.append(_row(SPREAD, "", spread, say("engine.factor_spread", language)))
    return pd.DataFrame(rows)


def _row(feature: str, value: str, contribution: float, sentence: str) -> dict:
    return {"feature": feature, "value": value, "contribution": contribution, "sentence": sentence}


def _probability(log_odds: float) -> float:
    return float(1 / (1 + np.exp(-log_odds)))


def _sentence(feature: str, value: str, contribution: float, language: str) -> str:
    """A point is a hundredth in log-odds: contributions in points add up, and ten are odds about a tenth higher."""
    key = "engine.factor_raises" if contribution >= 0 else "engine.factor_lowers"
    named = words(feature, language)
    if value:
        named = say("engine.factor_value", language, feature=named, value=value)
    return say(key, language, feature=named, points=f"{100 * contribution:+.0f}")


def words(feature: str, language: str = "en") -> str:
    """A feature in a marketer's words; the shop's own attributes keep their name."""
    key = f"features.{feature}"
    return say(key, language) if known(key) else feature.removeprefix("campaign ").replace("_", " ")


def _settings(plan: dict) -> dict[str, str]:
    """What the plan itself sets, as it is printed beside its feature."""
    shown = {}
    kind, size = str(plan.get("offer_kind") or "none"), plan.get("discount")
    if size is not None and not pd.isna(size):
        shown["discount"] = f"{float(size):.0%}" if kind == "percent" else f"{float(size):.2f}"
    for name in ("channel", "goal", "language", "category", "min_spend"):
        if plan.get(name):
            shown[name] = str(plan[name]).replace("_", " ")
    shown["offer_kind"] = kind.replace("_", " ")
    if (start := pd.to_datetime(plan.get("starts_at"))) is not None and not pd.isna(start):
        shown["season"] = f"{start:%Y-%m}"
    if plan.get("headline"):
        shown["headline"] = str(plan["headline"])[:60]
    if plan.get("send_hour") is not None and not pd.isna(plan["send_hour"]):
        shown["send_hour"] = f"{int(plan['send_hour'])}:00"
    return shown


def _typical(at: Setting, feature: str) -> str:
    """The usual value of a feature in the audience, "" where it has none to show."""
    known: dict[str, str] = at.scene.latest("typical", None, None, dict)  # of customers: no slider changes it
    if feature not in known and not {feature, f"{feature}|log"}.isdisjoint(at.scene.columns):
        known[feature] = _middle(at.scene.columns, feature)
    if feature in known:
        return known[feature]
    own = (part for part in (at.message, at.offer, at.both) if feature in part)
    return next((_middle(part, feature) for part in own), "")


def _middle(frame: pd.DataFrame, feature: str) -> str:
    """The median of a number (undoing a log), or the most common text."""
    if f"{feature}|log" in frame:
        value = float(frame[f"{feature}|log"].median())
        is_rate = feature.startswith(("click_rate", "order_rate"))
        return "" if np.isnan(value) else f"{np.exp(value):.1%}" if is_rate else f"{np.expm1(value):,.0f}"
    values = frame[feature].dropna()
    if values.empty:
        return ""
    if pd.api.types.is_numeric_dtype(values):
        return f"{float(values.median()):.2f}"
    return str(values.mode().iloc[0])
