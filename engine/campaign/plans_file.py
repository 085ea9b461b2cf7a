"""A file of plans, one row each: read, checked, and forecast in order."""

import json
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from engine.audience import rules
from engine.audience.segments import members
from engine.campaign import window
from engine.campaign.expected import Forecast
from engine.campaign.first import anyway as from_orders
from engine.campaign.first import assumed, outlook
from engine.campaign.first.anyway import Anyway
from engine.campaign.first.assumed import Assumed
from engine.campaign.forecast import evaluate
from engine.campaign.response import Models
from engine.campaign.scene import Scene, day_of_data, scene
from engine.errors import DataProblem
from engine.sentences import Sentence
from engine.shop import gate
from engine.shop.store import Shop
from engine.shop.tables import text


def read_plans(path: Path) -> pd.DataFrame:
    """A plans file: plan_id*, channel*, campaign columns, audience, segment_id or rule. Raises DataProblem."""
    plans = gate.read_file(Path(path))
    missing = [column for column in ("plan_id", "channel") if column not in plans]
    if missing:
        raise DataProblem(Sentence("refused.column_missing", {"file": Path(path).name, "columns": tuple(missing)}))
    if plans.empty:
        raise DataProblem(Sentence("refused.no_plan", {"file": Path(path).name}))
    for column in ("plan_id", "channel", "segment_id", "audience", "rule", "offer_kind", "category", "gift_product_id"):
        if column in plans:
            plans[column] = text(plans[column])
    for column in (*_NUMBERS, *_ASSUMED):
        if column in plans:
            plans[column] = _numeric(plans, column, Path(path).name)
    for column, (fits, what) in _RANGES.items():
        if column in plans:
            _refuse(plans, column, Path(path).name, plans[column].notna() & ~fits(plans[column]), what)
    if {"offer_kind", "discount"} <= set(plans):
        wrong = plans["offer_kind"].eq("percent") & (plans["discount"] >= 1)
        _refuse(plans, "discount", Path(path).name, wrong, "refused.percent_below_one")
    if {"assumed_order_rate", "assumed_extra_rate"} <= set(plans):
        above = plans["assumed_extra_rate"] > plans["assumed_order_rate"]
        _refuse(plans, "assumed_extra_rate", Path(path).name, above, "refused.above_order_rate")
    for column in ("starts_at", "ends_at"):
        if column in plans:
            plans[column] = _dates(plans, column, Path(path).name)
    if {"starts_at", "ends_at"} <= set(plans):
        _refuse(plans, "ends_at", Path(path).name, plans["ends_at"] < plans["starts_at"], "refused.before_start")
    for position, row in plans.iterrows():
        if pd.isna(row["plan_id"]) or pd.isna(row["channel"]):
            values = {"file": Path(path).name, "row": int(str(position)) + 2}
            raise DataProblem(Sentence("refused.plan_unnamed", values))
    return plans


def _numeric(plans: pd.DataFrame, column: str, name: str) -> pd.Series:
    values = pd.to_numeric(plans[column].replace("", None), errors="coerce")
    wrong = values.isna() & plans[column].notna() & plans[column].astype("str").str.strip().ne("")
    _refuse(plans, column, name, wrong, "refused.need_number")
    return values.astype("float64")


def _dates(plans: pd.DataFrame, column: str, name: str) -> pd.Series:
    values = pd.to_datetime(plans[column].replace("", None), format="ISO8601", errors="coerce")
    wrong = values.isna() & plans[column].notna() & plans[column].astype("str").str.strip().ne("")
    _refuse(plans, column, name, wrong, "refused.need_date")
    return values


_NUMBERS = (
    "discount", "min_spend", "max_discount", "per_customer_limit", "send_hour", "audience_share", "send_cost",
    "holdout", "window_days",
)  # fmt: skip
_ASSUMED = ("assumed_click_rate", "assumed_order_rate", "assumed_extra_rate", "assumed_order_value")
_RANGES = {
    **{name: (lambda rate: (rate > 0) & (rate < 1), "refused.need_rate") for name in _ASSUMED[:3]},
    "assumed_order_value": (lambda value: value > 0, "refused.need_amount"),
    "audience_share": (lambda share: (share > 0) & (share <= 1), "refused.need_share"),
    "holdout": (lambda share: (share >= 0) & (share < 1), "refused.need_holdout"),
    "discount": (lambda size: size >= 0, "refused.not_negative"),
    "min_spend": (lambda spend: spend >= 0, "refused.not_negative"),
    "send_cost": (lambda cost: cost >= 0, "refused.not_negative"),
    "max_discount": (lambda most: most > 0, "refused.need_amount_or_none"),
    "per_customer_limit": (
        lambda uses: (uses >= 1) & (uses % 1 == 0),
        "refused.need_uses",
    ),
    "send_hour": (lambda hour: (hour >= 0) & (hour < 24), "refused.need_hour"),
    "window_days": (lambda days: days >= 1, "refused.need_days"),
}


def _refuse(plans: pd.DataFrame, column: str, name: str, wrong: pd.Series, needed: str) -> None:
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        values = {"file": name, "row": row + 2, "column": column, "given": str(plans[column].iloc[row])}
        raise DataProblem(Sentence("refused.cell", values | {"needed": Sentence(needed)}))


def audience_of(shop: Shop, plan: dict, base: Path, as_of: date | None = None) -> list[str]:
    """The customers of a plans row: of its `audience` file (relative to the plans file), its segment, or its rule.

    as_of: the day on which the rule is asked; None: that of the data.
    """
    segment, file, rule = plan.get("segment_id"), plan.get("audience"), plan.get("rule")
    if isinstance(file, str) and file:
        listed = gate.read_file(base / file)
        if "customer_id" not in listed:
            raise DataProblem(Sentence("refused.column_missing", {"file": file, "columns": "customer_id"}))
        return list(text(listed["customer_id"]).dropna().drop_duplicates())
    if isinstance(segment, str) and segment:
        return members(shop, [segment])
    if isinstance(rule, str) and rule:
        return rules.select(shop, rule, as_of)
    raise DataProblem(Sentence("refused.plan_for_nobody", {"plan": plan["plan_id"]}))


def plan_rows(plans: pd.DataFrame) -> list[dict]:
    """Rows of a plans table as plans: empty cells None; product_ids, applies_to and stackable_with lists."""
    result = []
    for row in plans.to_dict("records"):
        plan = {str(name): None if not isinstance(v, (list, tuple)) and pd.isna(v) else v for name, v in row.items()}
        if isinstance(products := plan.get("product_ids"), str):
            plan["product_ids"] = products.replace(";", " ").replace(",", " ").split()
        for column in ("applies_to", "stackable_with"):
            if isinstance(plan.get(column), str):
                plan[column] = _names(plan, column)
        if isinstance(plan.get("tiers"), str):
            plan["tiers"] = _tiers(plan)
        result.append(plan)
    return result


def _names(plan: dict, column: str) -> list[str]:
    """Names from a cell, between semicolons; as a JSON list where one holds a semicolon."""
    cell = plan[column].strip()
    if not cell.startswith("["):
        return [name for part in cell.split(";") if (name := part.strip())]
    try:
        return [str(name) for name in json.loads(cell)]
    except ValueError as error:
        values = {"plan": plan["plan_id"], "column": column, "given": cell}
        raise DataProblem(Sentence("refused.plan_names", values)) from error


def _tiers(plan: dict) -> tuple[tuple[float, float], ...]:
    """Tiers from their cell as JSON: [[min_spend, off], ...] of spend_save, [[buy, free]] of buy_x_get_y."""
    try:
        return tuple((float(least), float(off)) for least, off in json.loads(plan["tiers"]))
    except (ValueError, TypeError) as error:
        values = {"plan": plan["plan_id"], "given": plan["tiers"]}
        raise DataProblem(Sentence("refused.plan_tiers", values)) from error


def all_typed(plans: pd.DataFrame) -> bool:
    """Whether an order rate or an extra rate is typed in every row."""
    typed = [plans[column].notna() for column in ("assumed_order_rate", "assumed_extra_rate") if column in plans]
    return bool(typed) and bool(pd.concat(typed, axis=1).any(axis=1).all())


def forecast_plans(shop: Shop, models: Models | None, plans: pd.DataFrame, base: Path, seed: int = 0) -> pd.DataFrame:
    """The forecast table of the contract, one row per plan, in order. models: None where nothing was learned."""
    asker = Asker(shop, models, base, seed)
    return pd.DataFrame([asker.forecast(plan).row() for plan in plan_rows(plans)])


class Asker:
    """Forecasts plans one by one, and keeps what several of them need."""

    def __init__(self, shop: Shop, models: Models | None, base: Path, seed: int = 0):
        self._shop, self._models, self._base, self._seed = shop, models, base, seed
        self._anyway: dict[int, Anyway | Sentence] = {}

    def forecast(self, plan: dict) -> Forecast:
        """As learned from campaigns; where nothing was, or a rate is typed, what can be said without."""
        typed = assumed.of_row(plan)
        day = day_of_data(self._shop, plan.get("starts_at"))
        prepared = scene(self._shop, plan, audience_of(self._shop, plan, self._base, day), day, self._seed)
        if self._models is not None and outlook.is_learned(self._models) and typed.is_empty:
            return evaluate(self._shop, self._models, prepared, plan, self._seed)
        return self._first(plan, prepared, typed)

    def _first(self, plan: dict, prepared: Scene, typed: Assumed) -> Forecast:
        days = window.of_messages(self._shop.settings, [plan])
        known = outlook.ground(self._shop, [prepared], days, self._learned)
        return outlook.look(self._shop, self._models, [prepared], [plan], typed, known, self._seed).forecast

    def _learned(self, days: int) -> Anyway | Sentence:
        if days not in self._anyway:
            self._anyway[days] = from_orders.learn(self._shop, days, seed=self._seed)
        return self._anyway[days]
