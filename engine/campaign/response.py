"""The shop's response models: clicks, orders, unsubscribes and order value, learned from its own past.

Trained on messages that were sent (treated = 1); the holdout teaches who would have bought anyway.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from engine.campaign import evaluation, order_value, past_sends, promotion, since, support, unprompted, versions
from engine.campaign import rows as feature_rows
from engine.campaign.past_sends import Messages
from engine.campaign.since import AD_TARGETS as AD_TARGETS
from engine.campaign.since import TARGETS as TARGETS
from engine.campaign.versions import current_version as current_version
from engine.errors import ModelFileProblem, NotEnoughData
from engine.model import coverage, fit, manifest, ranges
from engine.model.parts import Settings
from engine.sentences import Said, Sentence
from engine.shop.features import default_as_of
from engine.shop.store import Shop
from engine.shop.tables import TABLES

Progress = Callable[[float, str], None]
_NOT_RECORDED = "No past row records"
# Names, without what follows the first dot, of the files that a plan's forecast is computed from.
FORECASTS = (*TARGETS, "anyway", "value", "variation", "tried", "card")


@dataclass(frozen=True, slots=True)
class Models:
    """Everything learned. `responses` by target; `anyway` is P(order | not sent), None without a usable holdout.
    `variation` by target, and "extra" for orders caused by the message (relative to the order rate)."""

    version: str
    responses: dict[str, fit.Response]
    anyway: fit.Response | None
    value: order_value.Value | None
    variation: dict[str, ranges.Variation]
    tried: support.Tried
    card: dict

    @property
    def basis(self) -> str:
        return "incremental" if self.anyway is not None else "attributed"

    def recorded(self, target: str) -> bool:
        """Whether past rows say anything of a target, be it too little to learn from."""
        return not str(self.card["targets"].get(target, {}).get("reason", "")).startswith(_NOT_RECORDED)


@dataclass(slots=True)
class Parts:
    """What was learned so far, by target; see Models. in_use: the model that `compared` tells the new ones against.

    settings: how each target was learned, for whatever learns the same on a part of the past.
    """

    responses: dict[str, fit.Response] = field(default_factory=dict)
    variation: dict[str, ranges.Variation] = field(default_factory=dict)
    cards: dict[str, dict] = field(default_factory=dict)
    anyway: fit.Response | None = None
    value: order_value.Value | None = None
    settings: dict[str, tuple[Settings, ...]] = field(default_factory=dict)
    evaluated: dict[str, evaluation.Evaluated] = field(default_factory=dict)
    compared: dict[str, promotion.Compared | None] = field(default_factory=dict)
    in_use: promotion.InUse | None = None
    search_seconds: float = fit.LIMIT_SECONDS


@threadpool_limits.wrap(1, "blas")  # on a busy machine threads wait longer than they work
def train(
    shop: Shop,
    as_of: date | None = None,
    seed: int = 0,
    progress: Progress = lambda share, text: None,
    search_seconds: float = fit.LIMIT_SECONDS,
) -> Models:
    """Learn from every delivery, total and ad before `as_of`; used from then on unless it is worse than what is in use.

    The rule is engine.campaign.promotion's; the card says what came of it. `search_seconds` guards each search of a
    target's settings; a slow machine stops early, and the card says so. Raises NotEnoughData where there is nothing to
    learn from.
    """
    as_of = as_of or default_as_of(shop)
    in_use = model_in_use(shop)
    parts = Parts(in_use=in_use, search_seconds=search_seconds)
    messages = past_sends.past_messages(shop, as_of)
    tried = support.tried(shop, messages.sent if messages else None)
    if messages is not None:
        learn_messages(messages, shop.table("campaigns"), parts, seed, progress)
    if shop.rows("ads"):
        _learn_ads(shop, as_of, parts, seed, progress)
    if not parts.responses:
        raise NotEnoughData(_nothing_to_learn(shop, parts.cards, as_of))
    if messages is not None and "order" in parts.responses:
        tried = support.measured(tried, shop, messages.sent, messages.features, parts.responses["order"], seed)
    about = comes_from(shop, as_of, seed)
    models = Models(
        named(as_of, about), parts.responses, parts.anyway, parts.value, parts.variation, tried,
        _card(shop, as_of, seed, messages, parts) | {"data_rows": about["data"]["rows"], "versions": about["code"]},
    )  # fmt: skip
    old, readable = in_use.facts if in_use else None, current_version(shop) is None
    verdict = promotion.decide(old, readable, _facts(models, about), parts.compared)
    models.card.update(promoted=verdict.promoted, promotion=verdict.to_json())
    progress(0.97, "Saving the models")
    files = files_of(models) | evaluation.files(parts.evaluated)
    versions.save(shop, models.version, files, about, verdict.promoted)
    progress(1.0, "Done")
    return models


def _nothing_to_learn(shop: Shop, cards: dict, as_of: date) -> Sentence:
    if not shop.rows("campaigns") and not shop.rows("ads"):
        return Sentence("refused.no_campaigns")
    reasons: Said = " ".join(card["reason"] for card in cards.values() if "reason" in card)
    if not cards:
        reasons = Sentence("refused.none_ended", {"as_of": as_of})
    return Sentence("refused.too_little_because", {"reasons": reasons}) if reasons else Sentence("refused.too_little")


def learn_messages(
    messages: Messages,
    campaigns: pd.DataFrame,
    parts: Parts,
    seed: int,
    progress: Progress = lambda share, text: None,
) -> None:
    """Every target of messages, who would buy anyway and order values, into `parts`."""
    names = {"click": "clicks", "order": "orders", "unsubscribe": "unsubscribes"}
    for number, (target, column) in enumerate(TARGETS.items()):
        progress(0.1 + 0.22 * number, f"Learning {names[target]}")
        _learn_target(
            parts,
            target,
            messages.sent,
            messages.features,
            column,
            seed,
            _within(progress, 0.1 + 0.22 * number, 0.22, names[target]),
        )
    if "order" in parts.responses and len(messages.held):
        progress(0.78, "Learning who would buy anyway")
        _learn_anyway(messages, parts, seed)
    if "order" in parts.responses:
        progress(0.85, "Learning order values")
        parts.value = order_value.learn_value(messages.sent, messages.features, campaigns)


def _within(progress: Progress, start: float, width: float, what: str) -> Callable[[float], None]:
    return lambda share: progress(start + width * share, f"Learning {what}")


def _learn_target(
    parts: Parts,
    target: str,
    table: pd.DataFrame,
    features: pd.DataFrame,
    column: str,
    seed: int,
    progress: Callable[[float], None],
) -> None:
    """Fit one target into `parts`, or leave a card that says why not."""
    recorded = table[column].notna() if column in table else pd.Series(False, table.index)
    if not recorded.any():
        parts.cards[target] = {"reason": f"{_NOT_RECORDED} {column}."}
        return
    rows, rule = past_sends.training_rows(table[recorded], features[recorded], column)
    try:
        shrunk = feature_rows.of_campaign(rows.features)
        model, judged = fit.train(rows, rule, shrunk, seed, progress, parts.search_seconds)
    except NotEnoughData as error:
        parts.cards[target] = {"reason": f"{column}: {error}"}
        return
    held_out = _in_order(rows, judged.held_out)
    parts.responses[target] = model
    parts.settings[target] = judged.settings
    parts.variation[target] = ranges.variation(held_out)
    parts.cards[target] = _target_card(rows, judged, held_out, parts.variation[target])
    parts.evaluated[target] = told = evaluation.judge(model, fit.merged(rows), judged, seed)
    if in_use := parts.in_use:
        parts.compared[target] = promotion.compare(in_use, target, rows, judged.chosen, told.table, seed)


def _in_order(rows: fit.Rows, held_out: pd.DataFrame) -> pd.DataFrame:
    """Held-out campaigns, earliest first, with the channel of each ("" where several share one name)."""
    channel = rows.features.get("channel", pd.Series("", rows.features.index)).to_numpy("str")
    of = pd.DataFrame({"campaign": rows.campaign, "channel": channel, "unit": rows.unit}).groupby("campaign")
    about = of.agg(channel=("channel", "first"), channels=("channel", "nunique"), unit=("unit", "min"))
    about["channel"] = about["channel"].where(about["channels"] == 1, "")
    ordered = held_out.join(about[["channel", "unit"]], on="campaign").sort_values("unit", kind="stable")
    return ordered.drop(columns="unit").reset_index(drop=True)


def _target_card(rows: fit.Rows, judged: fit.Judged, held_out: pd.DataFrame, variation: ranges.Variation) -> dict:
    held = coverage.card(coverage.of_rates(held_out))
    return {
        "rows": len(rows.trials),
        "trials": float(rows.trials.sum()),
        "successes": float(rows.successes.sum()),
        "campaigns": len(np.unique(rows.campaign)),
        "split": judged.rule,
        "chosen": judged.chosen,
        "candidates": judged.candidates.to_dict("records"),
        "held_out": held_out.to_dict("records"),
        "ranges_that_held": [held["inside"], held["of"]],
        "coverage": held,
        "campaign_sd": variation.sd,
        "search": judged.search.to_json(),
        "drift": judged.drift.to_json(),
    }


def _learn_anyway(messages: Messages, parts: Parts, seed: int) -> None:
    """P(order | not sent) from the holdout, and how far past campaigns' extra orders fell from what it implies."""
    held = messages.held
    if "converted" not in held or held["converted"].sum() < unprompted.MIN_HOLDOUT_ORDERS:
        parts.cards["anyway"] = {"reason": f"The holdout has fewer than {unprompted.MIN_HOLDOUT_ORDERS} orders."}
        return
    known = held["converted"].notna()
    held, features = held[known], messages.held_features[known]
    recorded = messages.sent["converted"].notna()
    sent, _ = past_sends.training_rows(messages.sent[recorded], messages.features[recorded], "converted")
    order = parts.responses["order"]
    parts.anyway = unprompted.learned(held, features, order, unprompted.lately(order, sent))
    residuals = unprompted.residuals(messages, held, features, parts.settings["order"], seed)
    parts.variation["extra"] = unprompted.variation(residuals, parts.variation["order"])
    parts.cards["anyway"] = {
        "rows": len(held),
        "successes": float(held["converted"].sum()),
        "campaigns": int(held["campaign_id"].nunique()),
        "held_out": residuals.to_dict("records"),
        "coverage": coverage.card(coverage.of_differences(residuals, unprompted.usual(parts.variation["order"]))),
        "campaign_sd": parts.variation["extra"].sd,
    }


def _learn_ads(shop: Shop, as_of: date, parts: Parts, seed: int, progress: Progress) -> None:
    table, features = since.ad_table(shop, as_of)
    if table.empty:
        return
    for number, (target, column) in enumerate(AD_TARGETS.items()):
        progress(0.9 + 0.03 * number, "Learning ads")
        _learn_target(parts, target, table, features, column, seed, lambda share: None)
    if not {"revenue", "conversions"} <= set(table):
        return
    paid = table[table["revenue"].notna()]
    if paid["conversions"].sum() > 0:
        parts.cards["ad_value"] = {"revenue_per_conversion": float(paid["revenue"].sum() / paid["conversions"].sum())}


def comes_from(shop: Shop, as_of: date, seed: int) -> dict:
    """What a model comes from, for its manifest: the data as it stood, the code, the seed."""
    counted = {name: rows for name in TABLES if (rows := shop.rows(name))}
    data = {"shop_version": shop.version, "as_of": str(as_of), "rows": counted}
    return {"data": data, "code": manifest.code(), "seed": seed}


def named(as_of: date, about: dict) -> str:
    return f"{as_of:%Y%m%d}-{hashlib.blake2b(json.dumps(about).encode(), digest_size=4).hexdigest()}"


def _card(shop: Shop, as_of: date, seed: int, messages: Messages | None, parts: Parts) -> dict:
    columns = sorted({c for model in parts.responses.values() for c in model.encoder.columns})
    at = messages.sent["sent_at"] if messages else pd.Series(dtype="datetime64[us]")
    return {
        "as_of": str(as_of),
        "basis": "incremental" if parts.anyway is not None else "attributed",
        "messages": int(messages.sent["trials"].sum()) if messages else 0,
        "held_out_customers": len(messages.held) if messages else 0,
        "first_sent": str(at.min().date()) if len(at) else "",
        "last_sent": str(at.max().date()) if len(at) else "",
        "campaigns": int(messages.sent["campaign_id"].nunique()) if messages else 0,
        "targets": parts.cards,
        "features": columns,
        "protected_excluded": shop.settings.protected,
        "seed": seed,
        "shop_version": shop.version,
    }


def files_of(models: Models) -> dict[str, bytes]:
    files = {"card.json": json.dumps(models.card, indent=1, default=float).encode()}
    for target, model in models.responses.items():
        files |= manifest.response_files(target, model)
    if models.anyway is not None:
        files |= manifest.response_files("anyway", models.anyway)
    if models.value is not None:
        files["value.json"] = models.value.to_json()
    files["variation.json"] = json.dumps({t: v.to_json() for t, v in models.variation.items()}).encode()
    files["tried.json"] = json.dumps(models.tried.to_json()).encode()
    return files


def model_in_use(shop: Shop) -> promotion.InUse | None:
    """The model in use as a new one is compared with it; None before the first and where its files cannot be read."""
    version = current_version(shop)
    if version is None:
        return None
    try:
        models, said = load(shop), evaluation.read(shop, version)
        tables = {target: evaluation.held_out(shop, version, target) for target, one in said.items() if "chosen" in one}
        facts = _facts(models, manifest.about(versions.folder(shop, version)))
    except ModelFileProblem:
        return None
    learned = {target: frozenset(one["campaigns_learned"]) for target, one in said.items()}
    return promotion.InUse(facts, models.responses, learned, tables)


def _facts(models: Models, about: dict) -> promotion.Facts:
    """What the rule of promotion asks of a model."""
    card, anyway = models.card, ["anyway"] if models.anyway is not None else []
    return promotion.Facts(
        models.version,
        date.fromisoformat(card["as_of"]),
        frozenset(card["protected_excluded"]),
        about,
        frozenset([*models.responses, *anyway]),
    )


def _used(shop: Shop) -> str:
    version = current_version(shop)
    if version is None:
        raise NotEnoughData(Sentence("refused.not_learned"))
    return version


def load(shop: Shop) -> Models:
    """The current models. Raises NotEnoughData before the first training, ModelFileProblem for a changed file."""
    version = _used(shop)
    return of_files(version, manifest.read(versions.folder(shop, version)))


def of_files(version: str, files: dict[str, bytes]) -> Models:
    """The models of the files of a model's folder; those that FORECASTS names are enough."""
    card = json.loads(files["card.json"])
    names = {name.removesuffix(".json") for name in files}
    responses = {t: manifest.response(t, files) for t in (*TARGETS, *AD_TARGETS) if t in names}
    return Models(
        version,
        responses,
        manifest.response("anyway", files) if "anyway" in names else None,
        order_value.stored(files["value.json"]) if "value" in names else None,
        {t: ranges.stored(facts) for t, facts in json.loads(files["variation.json"]).items()},
        support.Tried.from_json(json.loads(files["tried.json"])),
        card,
    )
