"""Why a rate is what it is: contributions in log-odds that add up to it, and the same in words.

Of a plan, of one customer under a plan, of an ad, and of a plan's audience against every customer it could go to.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from engine.audience.reach import Limits
from engine.campaign import scene as scenes
from engine.campaign.response import AD_TARGETS, Models
from engine.campaign.scene import Scene, Setting, setting
from engine.campaign.score import ad_features
from engine.campaign.support import nobody
from engine.campaign.told import Teller, points_sentence, whole_points
from engine.errors import DataProblem, NotEnoughData
from engine.model.encode import source
from engine.model.fit import Response
from engine.sentences import Sentence, say
from engine.shop.store import Shop

BASE, SPREAD, OTHERS, RESULT = "base", "spread of customers", "others", "result"
ANYWAY = "anyway"  # would order without the message: learned from those held out
_OFFER = ("discount", "min_spend", "headline", "offer_kind", "goal")  # what a customer not written to does not see


@dataclass(frozen=True, slots=True)
class Parts:
    """A mean rate as a model makes it up: base, and by feature the mean contribution of some rows, in log-odds."""

    base: float
    mean: pd.Series
    rate: float

    @property
    def spread(self) -> float:
        """What is left: the mean of probabilities is not the probability of the mean."""
        return float(logit(self.rate) - self.base - self.mean.sum())


def targets(models: Models) -> list[str]:
    """What can be explained of a message, as far as it was learned."""
    return [t for t in ("order", "click", "unsubscribe", ANYWAY) if _model(models, t) is not None]


def explain_plan(
    shop: Shop, models: Models, scene: Scene, plan: dict, target: str = "order", language: str = "en"
) -> pd.DataFrame:
    """Columns feature, value, contribution (log-odds), points, sentence; largest first after the base row.

    The contributions sum to the log-odds of the mean rate of those whom the message reaches: base (a typical past
    message), the mean over the representatives of each feature's contribution, and one row for their spread. Raises
    NotEnoughData where the target was not learned or nobody is reached.
    """
    at = _at(shop, models, scene, plan, target)
    parts = _parts(models, at, target)
    teller = Teller(at, plan, shop.settings.currency, language)
    return _table(parts.base, _base_words(target), parts.mean, {SPREAD: parts.spread}, teller)


def explain_customer(
    shop: Shop,
    models: Models,
    whole: Scene,
    messages: Sequence[dict],
    customer_id: str,
    target: str = "order",
    language: str = "en",
    step: int = 0,
    limits: Limits | None = None,
) -> pd.DataFrame:
    """The table of `explain_plan` for one customer of the audience `whole`: its sum is the log-odds of their chance.

    Raises DataProblem for an id that is not in the audience, NotEnoughData for one whom the message cannot reach.
    """
    if customer_id not in set(whole.audience):
        size = f"{len(whole.audience):,}"
        raise DataProblem(Sentence("explained.not_in_audience", {"customer": customer_id, "size": size}))
    one = scenes.alone(shop, messages, customer_id, whole, step, limits)
    plan = messages[step]
    at = _at(shop, models, one, plan, target)
    parts = _parts(models, at, target)
    teller = Teller(at, plan, shop.settings.currency, language)
    return _table(parts.base, _base_words(target), parts.mean, {}, teller)


def explain_group(
    shop: Shop, models: Models, scene: Scene, everyone: Scene, plan: dict, target: str = "order", language: str = "en"
) -> pd.DataFrame:
    """How an audience differs from every customer the message could go to: the columns of `explain_plan`.

    The base is the log-odds of everyone's mean rate; the contributions are the audience's means less everyone's.
    """
    at = _at(shop, models, scene, plan, target)
    # The same offer: where it counts for part of an order, for as large a part.
    all_at = _at(shop, models, replace(everyone, baskets=scene.baskets), plan, target)
    here, there = _parts(models, at, target), _parts(models, all_at, target)
    differs = here.mean.sub(there.mean, fill_value=0.0)
    spread = float(logit(here.rate) - logit(there.rate) - differs.sum())
    teller = Teller(at, plan, shop.settings.currency, language, against=all_at)
    moved = differs[differs.abs() > 1e-12]  # what is the same for all is no difference
    return _table(float(logit(there.rate)), "base_everyone", moved, {SPREAD: spread}, teller)


def explain_ads(shop: Shop, models: Models, path: Path, target: str, language: str = "en") -> pd.DataFrame:
    """Why each row of an ads file has the rate it has: `row` (of the file), ad_id, then columns as of `explain_plan`.

    Rates are per impression. Raises NotEnoughData where the target was not learned, DataProblem for a bad file.
    """
    model = _learned(models, target)
    ads, frame = ad_features(shop, path)
    tables = []
    for position in range(len(frame)):
        row = frame.iloc[[position]]
        parts = _mean(model, model.encoder.matrix(row))
        teller = Teller(row, {}, shop.settings.currency, language)
        table = _table(parts.base, _base_words(target), parts.mean, {}, teller)
        table.insert(0, "row", position + 2)
        table.insert(1, "ad_id", ads["ad_id"].iloc[position])
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def examples(shop: Shop, models: Models, scene: Scene, plan: dict, target: str) -> dict[str, str]:
    """The most likely, a typical and the least likely customer among the representatives, by these names."""
    at = _at(shop, models, scene, plan, target)
    chance = _chances(models, at, target)
    order = np.argsort(-chance, kind="stable")
    ids = scene.known["customer_id"].to_numpy()[scene.reached][order]
    return {"most": str(ids[0]), "typical": str(ids[len(ids) // 2]), "least": str(ids[-1])}


def waterfall(table: pd.DataFrame, most: int = 8) -> pd.DataFrame:
    """Steps from the base to the rate: feature, contribution, points (None for both ends), rate (of both ends alone).

    The `most` largest features have their own step, the others one together; points add up to the whole way.
    """
    base, spread = table.iloc[0], table[table["feature"] == SPREAD]
    middle = table.iloc[1:].drop(index=spread.index)
    largest, rest = middle.head(most), middle.iloc[most:]
    columns = ["feature", "contribution", "points"]
    steps = [largest[columns]]
    if len(rest):
        steps.append(pd.DataFrame([[OTHERS, rest["contribution"].sum(), rest["points"].sum()]], columns=columns))
    steps.append(spread[columns])
    total = float(table["contribution"].sum())
    ends = [
        pd.DataFrame([[name, at, None]], columns=columns)
        for name, at in ((BASE, base["contribution"]), (RESULT, total))
    ]
    whole = pd.concat([part for part in (ends[0], *steps, ends[1]) if len(part)], ignore_index=True)
    rate = [float(expit(base["contribution"])), *[None] * (len(whole) - 2), float(expit(total))]
    return whole.assign(rate=pd.Series(rate, dtype="float64"))


# --- the numbers ---


def _model(models: Models, target: str) -> Response | None:
    return models.anyway if target == ANYWAY else models.responses.get(target)


def _learned(models: Models, target: str) -> Response:
    model = _model(models, target)
    if model is None:
        raise NotEnoughData(Sentence("refused.nothing_to_explain", {"what": Sentence(f"refused.about_{target}")}))
    if model.centre is None:
        raise NotEnoughData(Sentence("refused.learned_before_reasons"))
    return model


def _at(shop: Shop, models: Models, scene: Scene, plan: dict, target: str) -> Setting:
    _learned(models, target)
    if not scene.reached.any():
        raise NotEnoughData(nobody(len(scene.audience), scene.left_out, str(plan["channel"])))
    return setting(shop, scene, plan)


def _parts(models: Models, at: Setting, target: str) -> Parts:
    model, reached = _learned(models, target), at.scene.reached
    if target == ANYWAY:
        return _anyway(models.responses["order"], model, at.without_offer())
    return _mean(model, at.matrix(model.encoder)[reached])


def _mean(model: Response, matrix: np.ndarray) -> Parts:
    base, parts = model.encoded_contributions(matrix)
    by_column = pd.Series(parts.mean(axis=0), index=[source(column) for column in model.encoder.columns])
    return Parts(base, by_column.groupby(level=0).sum(), float(expit(model.encoded_log_odds(matrix)).mean()))


def _anyway(order: Response, anyway: Response, bare: Setting) -> Parts:
    """The model of those not written to, its column "inclination" taken apart: it is the order model's log-odds.

    What nobody sees who is not written to is the same for all, and part of the base; of trees, which take it together
    with the customer, one row "no_offer".
    """
    reached = bare.scene.reached
    seen = bare.matrix(order.encoder)
    own = _mean(anyway, bare.matrix(anyway.encoder, inclination=order.encoded_log_odds(seen))[reached])
    if "inclination" not in own.mean:
        return own
    inner, slope = _mean(order, seen[reached]), _slope(anyway, "inclination")
    base = own.base + own.mean["inclination"] - slope * inner.mean.sum()  # the same whoever the rows are
    mean = own.mean.drop("inclination").add(slope * inner.mean, fill_value=0.0)
    offer = [name for name in _OFFER if name in mean]
    without, mean = float(mean[offer].sum()), mean.drop(offer)
    if order.trees is not None:
        return Parts(float(base), pd.concat([mean, pd.Series({"no_offer": without})]), own.rate)
    return Parts(float(base) + without, mean, own.rate)


def _slope(model: Response, column: str) -> float:
    """Calibrated log-odds for one more of a number, of a linear model."""
    place, (_, sd) = model.encoder.columns.index(column), model.encoder.numbers[column]
    return float(model.weights[place] * model.encoder.scale.get(column, 1.0) / sd * model.affine.slope)


def _chances(models: Models, at: Setting, target: str) -> np.ndarray:
    """One per representative whom the message reaches."""
    model, reached = _learned(models, target), at.scene.reached
    if target != ANYWAY:
        return model.encoded_log_odds(at.matrix(model.encoder))[reached]
    order, bare = models.responses["order"], at.without_offer()
    inclination = order.encoded_log_odds(bare.matrix(order.encoder))
    return model.encoded_log_odds(bare.matrix(model.encoder, inclination=inclination))[reached]


# --- the table ---


def _base_words(target: str) -> str:
    return "base_ad" if target in AD_TARGETS else "base_anyway" if target == ANYWAY else "base_message"


def _table(base: float, base_words: str, mean: pd.Series, last: Mapping[str, float], teller: Teller) -> pd.DataFrame:
    """Rows base, features by size, `last`. Points are whole, and add up to those of the sum."""
    ordered = mean.loc[mean.abs().sort_values(ascending=False, kind="stable").index]
    moves = pd.concat([ordered, pd.Series(last, dtype="float64")])
    points = whole_points(moves.to_numpy())
    said = say(f"explained.{base_words}", teller.language, rate=f"{expit(base):.2%}")
    rows = [{"feature": BASE, "value": "", "contribution": base, "points": 0, "sentence": said}]
    for (feature, contribution), point in zip(moves.items(), points, strict=True):
        if feature in last:
            value, sentence = "", teller.spread(int(point))
        else:
            value, phrase = teller.value(str(feature))
            sentence = points_sentence(str(feature), phrase, int(point), teller.language)
        rows.append(
            {"feature": str(feature), "value": value, "contribution": float(contribution), "points": int(point),
             "sentence": sentence}
        )  # fmt: skip
    return pd.DataFrame(rows)
