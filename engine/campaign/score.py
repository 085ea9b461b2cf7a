"""Response of single messages or ads: the rows as given, in order, with probabilities and their ranges."""

from pathlib import Path

import numpy as np
import pandas as pd

from engine.campaign import baskets, offers, rows
from engine.campaign.forecast import LEVEL
from engine.campaign.response import Models
from engine.errors import DataProblem, NotEnoughData
from engine.model.fit import Response
from engine.model.ranges import Variation
from engine.sentences import Sentence
from engine.shop import gate
from engine.shop.features import default_as_of
from engine.shop.store import Shop
from engine.shop.tables import TABLES, Problem, attribute, out_of_range, typed


def score_deliveries(shop: Shop, models: Models, path: Path) -> pd.DataFrame:
    """Rows of a deliveries file + p_click, p_conversion, expected_revenue (where learned), ranges, note.

    p_conversion is per message. An unknown campaign or customer still gets a number; `note` says what was missing.
    """
    if not set(models.responses) & {"click", "order"}:
        raise NotEnoughData(Sentence("refused.no_messages"))
    given = gate.read_file(Path(path))
    _require(given, ("campaign_id", "customer_id"), path)
    table, problems = _read("deliveries", given, shop)
    if "sent_at" not in table:
        table["sent_at"] = pd.Series(pd.NaT, table.index, dtype="datetime64[us]")
    own = [column for column in given if column not in TABLES["deliveries"].columns]
    table = table.assign(**{str(column): attribute(given[column]) for column in own})
    campaigns = shop.table("campaigns")
    notes = _notes(len(given), problems)
    _note_unknown(notes, table["campaign_id"], set(campaigns["campaign_id"]), "campaign_id is not in campaigns")
    if shop.has("customers"):
        _note_unknown(
            notes,
            table["customer_id"],
            set(shop.table("customers", ["customer_id"])["customer_id"]),
            "customer_id is not in customers",
        )
    table["sent_at"] = table["sent_at"].fillna(
        table["campaign_id"].map(campaigns.set_index("campaign_id")["starts_at"])
    )
    table["sent_at"] = table["sent_at"].fillna(pd.Timestamp(default_as_of(shop)))
    table = table.assign(campaign_id=table["campaign_id"].fillna(""), customer_id=table["customer_id"].fillna(""))
    features = rows.message_rows(shop, table, campaigns)
    result = given.copy()
    for target, name in (("click", "p_click"), ("order", "p_conversion")):
        if target in models.responses:
            _add(result, name, models.responses[target], models.variation[target], features)
    if "order" in models.responses and models.value is not None:
        paid = _paid(shop, models, features, table, campaigns)
        for end in ("", "_low", "_high"):
            result[f"expected_revenue{end}"] = result[f"p_conversion{end}"] * paid
    result["note"] = notes
    return result


def score_ads(shop: Shop, models: Models, path: Path) -> pd.DataFrame:
    """Rows of an ads file + p_click, p_conversion (per impression), expected_revenue (whole row), ranges, note."""
    if not set(models.responses) & {"ad_click", "ad_conversion"}:
        raise NotEnoughData(Sentence("refused.no_ads"))
    given, table, problems = _read_ads(shop, path)
    notes = _notes(len(given), problems)
    _note_unknown(notes, table["ad_id"], set(shop.optional("ads")["ad_id"]), "ad_id was never seen before")
    features = rows.ad_rows(shop, table)
    result = given.copy()
    for target, name in (("ad_click", "p_click"), ("ad_conversion", "p_conversion")):
        if target in models.responses:
            _add(result, name, models.responses[target], models.variation[target], features)
    per_conversion = models.card["targets"].get("ad_value", {}).get("revenue_per_conversion")
    if "ad_conversion" in models.responses and per_conversion is not None:
        for end in ("", "_low", "_high"):
            result[f"expected_revenue{end}"] = result[f"p_conversion{end}"] * table["impressions"] * per_conversion
    result["note"] = notes
    return result


def ad_features(shop: Shop, path: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of an ads file as given, and their model columns. Raises DataProblem."""
    given, table, _ = _read_ads(shop, path)
    return given, rows.ad_rows(shop, table)


def _read_ads(shop: Shop, path: Path) -> tuple[pd.DataFrame, pd.DataFrame, list[Problem]]:
    """Rows of an ads file as given and as table, and what is wrong with them. Without a date: the day of the data."""
    given = gate.read_file(Path(path))
    _require(given, ("ad_id",), path)
    table, problems = _read("ads", given, shop)
    if "impressions" not in table:
        table["impressions"] = np.nan
    if "date" not in table:
        table["date"] = pd.Series(pd.NaT, table.index, dtype="datetime64[us]")
    table["date"] = table["date"].fillna(pd.Timestamp(default_as_of(shop)))
    return given, table, problems


def _require(given: pd.DataFrame, columns: tuple[str, ...], path: Path) -> None:
    missing = [column for column in columns if column not in given]
    if missing:
        raise DataProblem(Sentence("refused.column_missing", {"file": Path(path).name, "columns": tuple(missing)}))


def _read(name: str, given: pd.DataFrame, shop: Shop) -> tuple[pd.DataFrame, list[Problem]]:
    """The rows as table `name`, impossible and unreadable cells unknown, and what was wrong with those."""
    table, problems = typed(name, given, shop.settings.time_zone)
    impossible = out_of_range(name, given, table)
    for row, column, _value, _reason in impossible:
        table.loc[row, column] = np.nan
    return table, problems + impossible


def _notes(count: int, problems: list) -> list[str]:
    notes = [""] * count
    for row, _column, value, reason in problems:
        notes[row] = "; ".join(part for part in (notes[row], f"{reason}: {str(value)[:40]!r}") if part)
    return notes


def _note_unknown(notes: list[str], ids: pd.Series, known: set[str], reason: str) -> None:
    for position in np.flatnonzero(~ids.isin(known)):
        notes[position] = "; ".join(part for part in (notes[position], reason) if part)


def _add(result: pd.DataFrame, name: str, model: Response, variation: Variation, features: pd.DataFrame) -> None:
    """Probability and its 80 % range over campaigns: one message's own luck is not part of it."""
    log_odds = model.log_odds(features)
    reach = variation.quantile(0.5 + LEVEL / 2) * variation.sd
    for end, shift in (("", 0.0), ("_low", -reach), ("_high", reach)):
        result[f"{name}{end}"] = 1 / (1 + np.exp(-(log_odds + shift)))


def _paid(
    shop: Shop, models: Models, features: pd.DataFrame, table: pd.DataFrame, campaigns: pd.DataFrame
) -> np.ndarray:
    """Expected revenue after discount of an order, per row."""
    assert models.value is not None
    value, shape = models.value.predict(features), baskets.lognormal(models.value.spread)
    paid = value.copy()
    for row in campaigns.drop_duplicates("campaign_id").itertuples():
        where = table["campaign_id"].eq(row.campaign_id).to_numpy()
        kind = getattr(row, "offer_kind", None)
        if where.any() and kind in ("percent", "amount", "spend_save"):
            offer = {name: getattr(row, name, None) for name in ("discount", "min_spend")}
            offer = {name: None if pd.isna(v) else v for name, v in offer.items()} | {"kind": kind}
            # To the cent: thousands of rows have few different values.
            cents, which = np.unique(value[where].round(2), return_inverse=True)
            off = [offers.cost(shop, offer, shape, v).off / v for v in cents]
            paid[where] *= 1 - np.array(off)[which]
    return paid
