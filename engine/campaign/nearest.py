"""How far a message is from the nearest past campaign, in what the order forecasts look at.

Gower's distance (Gower 1971, Biometrics 27): a text is the same or it is not, a number is off by a share of the range
it had; each feature weighs what it is worth to the order model. How far is too far is learned from the past: further
than any campaign was from the nearest other one by its channel.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from engine.campaign import rows
from engine.model.encode import source
from engine.model.fit import Response
from engine.sentences import Sentence, known
from engine.shop.store import Shop

MIN_CAMPAIGNS = 5  # with another one by their channel: fewer cannot tell how far apart campaigns are
# Campaigns may be as alike as weekly letters. What differs in less than this share is still the same thing.
LEAST_LIMIT = 0.2
MOST_NAMED = 4  # differences said of the nearest campaign
# Said first, in this order: what somebody who plans a campaign sets.
NAMED = ("channel", "offer_kind", "discount", "min_spend", "send_hour", "language", "category", "goal")
ROWS_WEIGHED = 2_000


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """Past campaigns as the order model sees them.

    columns: model columns, those of one feature beside each other; levels: of its text columns. values: (campaigns,
    columns), numbers or places among the levels, NaN unknown. worth: share of each feature, in the columns' order.
    limit: the distance beyond which nothing was tried; None where too few campaigns tell. said: of each campaign
    "name", "day", "channel", and what it was in words, by feature.
    """

    columns: tuple[str, ...]
    levels: dict[str, tuple[str, ...]]
    values: np.ndarray
    worth: dict[str, float]
    limit: float | None
    said: tuple[dict[str, str], ...]
    _span: np.ndarray
    _is_text: np.ndarray
    _starts: np.ndarray

    @staticmethod
    def of(
        columns: tuple[str, ...],
        levels: dict[str, tuple[str, ...]],
        values: np.ndarray,
        worth: dict[str, float],
        limit: float | None,
        said: tuple[dict[str, str], ...],
    ) -> "Past":
        """With what follows from these."""
        is_text = np.array([column in levels for column in columns], dtype=bool)
        never_said = np.isnan(values).all(axis=0)
        span = np.ptp(np.where(np.isnan(values), np.nanmean(np.where(never_said, 0.0, values), axis=0), values), axis=0)
        features = [source(column) for column in columns]
        starts = np.array([k for k, one in enumerate(features) if k == 0 or one != features[k - 1]], dtype="int64")
        return Past(
            columns, levels, values, worth, limit, said, np.where(is_text | (span <= 0), 1.0, span), is_text, starts
        )

    def encoded(self, row: Mapping[str, Any]) -> np.ndarray:
        """A message's model columns as one row of `values`. What it does not say is NaN; a text never seen is -1."""
        return _encoded(self.columns, self.levels, row)

    def differences(self, row: np.ndarray) -> np.ndarray:
        """(campaigns, features): 0 the same, 1 another text, or a number off by the whole range of the past.

        What the message does not say makes no difference; what only the campaign does not say makes all.
        """
        off = np.abs(self.values - row) / self._span
        off = np.where(self._is_text, self.values != row, off)
        off = np.where(np.isnan(row), 0.0, np.where(np.isnan(self.values), 1.0, off))
        return np.maximum.reduceat(off, self._starts, axis=1)

    def distance(self, row: np.ndarray) -> np.ndarray:
        """How far each campaign is from a message: the share of what the forecasts look at that differs."""
        return self.differences(row) @ np.array(list(self.worth.values()))

    def by(self, channel: str) -> np.ndarray:
        """Which campaigns went out by a channel."""
        return np.array([campaign["channel"] == channel for campaign in self.said], dtype=bool)

    def too_far(self, row: Mapping[str, Any], channel: str) -> bool:
        """Whether a message is further from every campaign by its channel than any of them ever was."""
        if self.limit is None:
            return False
        found = self.distance(self.encoded(row))[self.by(channel)]
        return bool(len(found)) and float(found.min()) > self.limit + 1e-9

    def to_json(self) -> dict:
        values = [[None if np.isnan(one) else round(float(one), 6) for one in row] for row in self.values]
        return {
            "columns": self.columns, "levels": self.levels, "values": values, "worth": self.worth,
            "limit": self.limit, "said": self.said,
        }  # fmt: skip

    @staticmethod
    def from_json(stored: dict) -> "Past":
        return Past.of(
            tuple(stored["columns"]),
            {column: tuple(levels) for column, levels in stored["levels"].items()},
            np.array(stored["values"], dtype="float64"),
            stored["worth"],
            stored["limit"],
            tuple(stored["said"]),
        )


def learn(shop: Shop, sent: pd.DataFrame, features: pd.DataFrame, order: Response) -> Past | None:
    """Past campaigns by what the order model looks at. `sent` has campaign_id; `features` is aligned with it.

    None where the order model looks at nothing of a campaign.
    """
    used = {c.split("=")[0].removesuffix("|missing") for c in order.encoder.columns}
    of_message = {*rows.of_campaign(features), "channel"}
    columns = tuple(
        sorted((str(c) for c in features if c in used and c in of_message and "|x " not in str(c)), key=_by_feature)
    )
    worth = shares(order, features, {source(c) for c in columns})
    columns = tuple(c for c in columns if source(c) in worth)
    if not columns:
        return None
    first = ~sent["campaign_id"].duplicated()
    seen, ids = features.loc[first, list(columns)], sent.loc[first, "campaign_id"].tolist()
    texts = [c for c in columns if not pd.api.types.is_numeric_dtype(seen[c])]
    levels = {c: tuple(sorted(set(seen[c].astype("str")) - {"", "nan"})) for c in texts}
    values = np.array([_encoded(columns, levels, row) for row in seen.to_dict("records")])
    ordered = {source(c): worth[source(c)] for c in columns}
    past = Past.of(columns, levels, values, ordered, None, _said(shop, ids))
    return replace(past, limit=_limit(past))


def _encoded(columns: tuple[str, ...], levels: dict[str, tuple[str, ...]], row: Mapping[str, Any]) -> np.ndarray:
    return np.array([_code(row.get(column), levels.get(column)) for column in columns])


def _code(value: Any, levels: tuple[str, ...] | None) -> float:
    if levels is None:
        return np.nan if value is None else float(value)
    if value is None or value in ("", "nan"):
        return np.nan
    return float(levels.index(value)) if value in levels else -1.0


def _by_feature(column: str) -> tuple[str, str]:
    return source(column), column


def shares(model: Response, features: pd.DataFrame, wanted: set[str]) -> dict[str, float]:
    """What each feature is worth to a model: how far its contributions lie from their mean, as shares of 1.

    Features that move nothing are left out.
    """
    some = features.iloc[np.linspace(0, len(features) - 1, min(len(features), ROWS_WEIGHED)).astype("int64")]
    _, parts = model.contributions(some)
    moved = (parts - parts.mean()).abs().mean()
    found = {str(name): float(moved[name]) for name in moved.index if name in wanted and moved[name] > 1e-6}
    total = sum(found.values())
    return {name: found[name] / total for name in sorted(found)}


def _limit(past: Past) -> float | None:
    """The largest distance of a campaign from the nearest other one by its channel."""
    found = []
    channels = np.array([campaign["channel"] for campaign in past.said])
    for k, row in enumerate(past.values):
        others = channels == channels[k]
        others[k] = False
        if others.any():
            found.append(float(past.distance(row)[others].min()))
    return max(*found, LEAST_LIMIT) if len(found) >= MIN_CAMPAIGNS else None


# --- the nearest campaign by name, and in what it differs ---


def sentence(past: Past, message: Mapping[str, Any], row: Mapping[str, Any]) -> Sentence | None:
    """The past campaign nearest to a message, and in what it differs. message: as in a plans file; row: model columns.

    Of those by the message's channel where there are any, else of those with its kind of offer.
    """
    if not past.said:
        return None
    here, encoded = facts(message), past.encoded(row)
    off = past.differences(encoded)
    alike = [_same(past, here, *names) for names in (("channel", "offer_kind"), ("channel",), ("offer_kind",))]
    among = next((these for these in alike if these.any()), np.ones(len(past.said), dtype=bool))
    far = past.distance(encoded) + _size_apart(past, here)
    best = int(np.where(among, far, np.inf).argmin())
    found, weight = past.said[best], dict(zip(past.worth, off[best] * np.array(list(past.worth.values())), strict=True))
    differs = [name for name in NAMED if name in here and name in found and here[name] != found[name]]
    differs += sorted((one for one in weight if one not in NAMED and weight[one] > 0), key=lambda one: -weight[one])
    values = {"name": found["name"], "date": found["day"]}
    if not differs:
        return Sentence("never_tried.nearest", values)
    said = tuple(_difference(name, found.get(name), here.get(name)) for name in differs[:MOST_NAMED])
    return Sentence("never_tried.nearest_differs", values | {"differs": said})


def _same(past: Past, here: Mapping[str, str], *names: str) -> np.ndarray:
    return np.array([all(one.get(name) == here.get(name) for name in names) for one in past.said], dtype=bool)


def _size_apart(past: Past, here: Mapping[str, str]) -> np.ndarray:
    """Of sizes in the same unit, how far apart they are as a share of the larger one: 0 to 1."""
    sizes = np.array([_size(one) for one in past.said])
    mine = _size(here)
    with np.errstate(invalid="ignore"):
        apart = np.abs(sizes - mine) / np.maximum(np.maximum(sizes, mine), 1e-9)
    return np.nan_to_num(apart)


def _size(facts: Mapping[str, str]) -> float:
    return float(facts["size"]) if facts.get("size") else np.nan


def _difference(name: str, there: str | None, here: str | None) -> Sentence:
    named = Sentence(f"features.{name}") if known(f"features.{name}") else name.removeprefix("campaign ")
    if not there or not here:
        return Sentence("never_tried.differs", {"feature": named})
    return Sentence(
        "never_tried.differs_so", {"feature": named, "there": _word(name, there), "here": _word(name, here)}
    )


def _word(name: str, value: str) -> Sentence | str:
    """A value in the reader's language where there is a word for it."""
    prefix = {"channel": "engine.by_", "offer_kind": "plan.offer_", "goal": "plan.goal_"}.get(name, "")
    return Sentence(f"{prefix}{value}") if prefix and known(f"{prefix}{value}") else value


def _said(shop: Shop, campaign_ids: list[str]) -> tuple[dict[str, str], ...]:
    table = shop.table("campaigns").drop_duplicates("campaign_id").set_index("campaign_id").reindex(campaign_ids)
    result = []
    for campaign_id, row in table.iterrows():
        start, name = row.get("starts_at"), row.get("name")
        title = str(name) if isinstance(name, str) and name else str(campaign_id)
        day = "" if start is None or pd.isna(start) else f"{start:%Y-%m-%d}"
        result.append(facts(row.to_dict()) | {"name": title, "day": day})
    return tuple(result)


def facts(message: Mapping[str, Any]) -> dict[str, str]:
    """What a campaign or a plan sets, by feature, as it can be printed; "size" is the bare number of its discount."""
    kind, size = str(_given(message, "offer_kind") or "none"), _given(message, "discount")
    shown = {"offer_kind": kind}
    if size is not None:
        shown |= {"discount": f"{100 * size:.3g} %" if kind == "percent" else f"{size:.2f}", "size": f"{size:g}"}
    for name in ("channel", "goal", "language", "category"):
        if given := _given(message, name):
            shown[name] = str(given)
    if least := _given(message, "min_spend"):
        shown["min_spend"] = f"{least:g}"
    if (start := _given(message, "starts_at")) is not None:
        shown["season"] = f"{pd.Timestamp(start):%Y-%m}"
    if headline := _given(message, "headline"):
        shown["headline"] = str(headline)[:60]
    if (hour := _given(message, "send_hour")) is not None:
        shown["send_hour"] = f"{int(hour)}:00"
    return shown


def _given(message: Mapping[str, Any], name: str) -> Any:
    value = message.get(name)
    return None if value is None or value == "" or pd.isna(value) else value
