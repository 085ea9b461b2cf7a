"""Orders that come without a message, as the holdout teaches them, and how well extra orders were foretold."""

import numpy as np
import pandas as pd

from engine.campaign import rows as feature_rows
from engine.campaign.past_sends import Messages, training_rows
from engine.model import fit, ranges

MIN_HOLDOUT_ORDERS = 30
# Of a campaign's variance, what moves those not written to as well: weather, season, a rival's sale. Extra orders do
# not vary by it. An allowance that a holdout's orders correct; bench/coverage.py says how well it serves.
SHARED = 1 / 3


def features_of(features: pd.DataFrame, order: fit.Response) -> pd.DataFrame:
    """Columns of the "buys anyway" model: the order model's log-odds without the offer, the customer, the channel."""
    kept = features.drop(columns=list(feature_rows.of_campaign(features)))
    return kept.assign(**{"inclination": order.log_odds(feature_rows.without_offer(features))})


# Few holdout orders carry this model: it is the order model's log-odds without the offer, moved and tilted, and by the
# customer's columns only as far as they insist. By cross-validation over whole campaigns of the demo shop's holdout the
# size hardly matters between 0.03 and 0.2; a penalty searched on the latest campaigns' 50 orders was much worse.
_SPREAD = {"inclination": 1.0, "channel": 0.3}
_USUAL = 0.1


def learned(held: pd.DataFrame, features: pd.DataFrame, order: fit.Response, lately: float) -> fit.Response:
    """P(order | not sent). `lately`: log-odds by which the order model lies below its own past on purpose.

    The order model is calibrated on the latest campaigns. Fitted on inclinations without that change and used on those
    with it, this one moves along: the few latest holdout orders could not show a change of their own.
    """
    columns = features_of(features, order)
    rows, _ = training_rows(held, columns.assign(inclination=columns["inclination"] + lately), "converted")
    return fit.around(rows, "inclination", _SPREAD, _USUAL)


def lately(order: fit.Response, rows: fit.Rows) -> float:
    """Log-odds from the order model's mean prediction for past rows to what they did."""
    said = float(np.average(order.predict(rows.features), weights=rows.trials))
    did = float(np.clip(rows.successes.sum() / rows.trials.sum(), 1e-6, 1 - 1e-6))
    return float(np.log(did / (1 - did)) - np.log(said / (1 - said)))


def residuals(
    messages: Messages, held: pd.DataFrame, held_features: pd.DataFrame, settings: tuple[fit.Settings, ...], seed: int
) -> pd.DataFrame:
    """Per held-out campaign: extra order rate seen (sent - holdout), predicted, their sampling variance, order rate.

    `settings`: what the order model's folds were learned with, each found in its own past.
    """
    recorded = messages.sent["converted"].notna()
    sent, features = messages.sent[recorded].reset_index(drop=True), messages.features[recorded].reset_index(drop=True)
    rows, rule = training_rows(sent, features, "converted")
    unit_of = dict(zip(rows.campaign, rows.unit, strict=True))
    held_unit = held["campaign_id"].map(unit_of)
    result = []
    for fold, found in zip(fit.usable_folds(rows, rule), settings, strict=True):
        if rule.startswith("customers"):
            break
        first, last = rows.unit[fold.test].min(), rows.unit[fold.test].max()
        early = held_unit < first
        if held.loc[early, "converted"].sum() < MIN_HOLDOUT_ORDERS / 2:
            continue
        past, shrunk = rows.take(fold.train), feature_rows.of_campaign(features)
        order = fit.fit_candidates(past, shrunk, seed, ("linear",), settings=found)["linear"]
        anyway = learned(held[early], held_features[early], order, lately(order, past))
        judged = (held_unit >= first) & (held_unit <= last)
        result.append(_of_campaigns(sent.iloc[fold.test], features.iloc[fold.test], held[judged], order, anyway))
    return (
        pd.concat(result).sort_values("campaign", key=lambda c: c.map(unit_of), kind="stable", ignore_index=True)
        if result
        else pd.DataFrame(columns=["campaign", "channel", "seen", "predicted", "variance", "order_rate"])
    )


def _of_campaigns(
    sent: pd.DataFrame, features: pd.DataFrame, held: pd.DataFrame, order: fit.Response, anyway: fit.Response
) -> pd.DataFrame:
    trials = sent["trials"].to_numpy("float64")
    q = anyway.predict(features_of(features, order))
    table = sent.assign(n=trials, p=order.predict(features) * trials, q=q * trials)
    summed = table.groupby("campaign_id", sort=False)[["n", "converted", "p", "q"]].sum()
    by_campaign = summed.div(summed["n"], axis=0).assign(n=summed["n"])
    control = held.groupby("campaign_id")[["converted", "trials"]].sum()
    control = pd.DataFrame({"mean": control["converted"] / control["trials"], "size": control["trials"]})
    both = by_campaign.join(control, how="inner")
    channel = features["channel"].groupby(sent["campaign_id"].to_numpy()).first().reindex(both.index)
    variance = both["p"] * (1 - both["p"]) / both["n"] + both["q"] * (1 - both["q"]) / both["size"]
    return pd.DataFrame(
        {
            "campaign": both.index,
            "channel": channel.to_numpy(),
            "seen": both["converted"] - both["mean"],
            "predicted": both["p"] - both["q"],
            "variance": variance,
            "order_rate": both["p"],
        }
    ).reset_index(drop=True)


def usual(order: ranges.Variation) -> ranges.Prior:
    """Of the extra rate's error, relative to the order rate, before the holdout says anything of it.

    Known from as many campaigns as the order rate's, with whose degrees of freedom it is drawn.
    """
    return ranges.Prior(float(order.sd * np.sqrt(1 - SHARED)), order.degrees, order.degrees)


def variation(residuals: pd.DataFrame, order: ranges.Variation) -> ranges.Variation:
    """sd of the extra rate's error relative to the order rate, drawn towards `usual`.

    A holdout's few orders say little about one campaign: where all say little, what is usual stands.
    """
    rate = residuals["order_rate"].to_numpy("float64")
    relative = (residuals["seen"] - residuals["predicted"]).to_numpy("float64") / rate
    return ranges.learned(relative, residuals["variance"].to_numpy("float64") / rate**2, usual(order))
