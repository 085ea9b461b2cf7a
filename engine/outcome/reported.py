"""What a sending tool reports of plans: totals, single deliveries or ads, under the plan's id as campaign_id.

They add clicks and costs to what the shop's own orders say. Every row is either kept or set aside with its reason.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from engine.campaign import planned, sms
from engine.decision import plans
from engine.decision.plans import SavedPlan
from engine.errors import AppError, DataProblem, WhichTable
from engine.sentences import Sentence
from engine.shop import intake, store
from engine.shop.intake import OF_CAMPAIGNS, Beside
from engine.shop.proposal import Known
from engine.shop.shop_settings import ShopSettings
from engine.shop.store import Shop
from engine.shop.tables import Problem

# Parts that cannot be more than their whole, by table.
_WITHIN = {
    "campaign_results": (
        ("delivered", "recipients"), ("opened", "recipients"), ("clicked", "recipients"), ("orders", "recipients"),
        ("bounced", "recipients"), ("unsubscribed", "recipients"),
    ),
    "ads": (("clicks", "impressions"), ("conversions", "impressions")),
}  # fmt: skip


def take_in(
    shop: Shop,
    files: Sequence[Path],
    now: datetime,
    config: Path,
    progress: Callable[[float, str], None] = lambda share, text: None,
) -> dict[str, Any]:
    """Add reports to the shop; the report of the import, as `import` prints it.

    Raises DataProblem, before anything is changed, for a file that is none of the three tables or lacks a column.
    """
    for path in files:
        try:
            proposed = [one for file in intake.each([path]) for one in intake.proposed(file, Known(), head=1_000)]
        except WhichTable as problem:
            raise DataProblem(Sentence("measured.which_report", {"file": path.name})) from problem
        for found in proposed:
            if found.mapping.table not in OF_CAMPAIGNS:
                values = {"file": found.sheet.name, "table": found.mapping.table}
                raise DataProblem(Sentence("measured.no_report", values))
    known = set(shop.table("campaigns", ["campaign_id"])["campaign_id"]) if shop.rows("campaigns") else set()
    checks = _Checks(plans.saved_plans(shop.path), known)
    beside = replace(plans_known(shop.path), problems=checks)
    return intake.import_files(list(files), shop.path, now=now, progress=progress, config=config, beside=beside)


def plans_known(shop_dir: Path) -> Beside:
    """The plans of a shop as rows of its campaigns: a report may name them. None where there is no shop yet.

    With it goes what no import takes, whatever way it came: a part above its whole, a variant that a plan has not.
    """
    try:
        settings = store.open_shop(shop_dir).settings if (Path(shop_dir) / "shop.toml").exists() else None
    except AppError:
        settings = None  # the import itself says what is wrong with it
    if settings is None:
        return Beside(pd.DataFrame(columns=[*_COLUMNS]), problems=_Checks([]))
    stored = plans.saved_plans(Path(shop_dir))
    rows = [_as_campaign(saved, settings) for saved in stored]
    return Beside(pd.DataFrame(rows, columns=[*_COLUMNS]), problems=_Checks(stored))


_COLUMNS = (
    "campaign_id", "name", "type", "channel", "goal", "language", "offer_kind", "discount", "min_spend",
    "gift_product_id", "code", "category", "starts_at", "ends_at", "send_hour", "audience_share", "send_cost",
    "headline", "body",
)  # fmt: skip


def _as_campaign(saved: SavedPlan, settings: ShopSettings) -> dict[str, Any]:
    """The first message of a plan as a row of campaigns."""
    plan = saved.plan
    first = planned.messages(plan, saved.extras.get("filled") or {})[0]
    starts = pd.Timestamp(plan.starts_at) + pd.Timedelta(hours=plan.send_hour)
    row = first | {
        "campaign_id": plan.plan_id, "name": plan.name, "type": "campaign", "code": plan.offer.code,
        "starts_at": starts.isoformat(), "send_cost": sms.cost_of(first, settings),
    }  # fmt: skip
    return {name: row.get(name) for name in _COLUMNS}


class _Checks:
    """What is wrong with rows of a report beside what every import looks for: (table, rows) -> problems.

    campaigns: the ids that the shop knows beside its plans; None where a row may name others, and nobody.
    """

    def __init__(self, stored: Sequence[SavedPlan], campaigns: set[str] | None = None):
        self._campaigns = campaigns
        self._variants = {saved.plan.plan_id: saved.plan.variants for saved in stored}

    def __call__(self, table: str, rows: pd.DataFrame) -> list[Problem]:
        found = [*self._no_variant(table, rows), *self._too_many(table, rows)]
        if self._campaigns is not None:
            found = [*self._unknown(table, rows, self._campaigns), *self._nobody(table, rows), *found]
        problems: dict[int, Problem] = {}
        for problem in found:
            problems.setdefault(problem[0], problem)
        return list(problems.values())

    def _no_variant(self, table: str, rows: pd.DataFrame) -> list[Problem]:
        """A variant that the plan has not. Plans without variants take any: a tool may have tried some of its own."""
        if table not in ("campaign_results", "deliveries") or not {"campaign_id", "variant"} <= set(rows):
            return []
        problems: list[Problem] = []
        variant = rows["variant"].astype("str").str.strip()
        for plan_id, own in self._variants.items():
            mine = rows["campaign_id"].astype("str").str.strip().eq(plan_id)
            wrong = mine & rows["variant"].notna() & variant.ne("") & ~variant.isin(own)
            if own:
                reason = f"variant is none of this plan's: {', '.join(own)}"
                problems += [(int(row), "variant", variant[row], reason) for row in rows.index[wrong]]
        return problems

    def _unknown(self, table: str, rows: pd.DataFrame, campaigns: set[str]) -> list[Problem]:
        if table not in OF_CAMPAIGNS or "campaign_id" not in rows:
            return []
        ids = rows["campaign_id"].astype("str").str.strip()
        known = ids.isin(set(self._variants) | campaigns) | rows["campaign_id"].isna() | ids.eq("")
        reason = "campaign_id is neither a plan nor a past campaign of this shop"
        return [(int(row), "campaign_id", ids[row], reason) for row in rows.index[~known]]

    def _nobody(self, table: str, rows: pd.DataFrame) -> list[Problem]:
        """Totals of a campaign and variant that say nobody got it; of daily rows their sum counts."""
        if table != "campaign_results" or "recipients" not in rows:
            return []
        people = _numbers(rows["recipients"])
        whole = people.groupby(_campaign(rows)).transform("sum")
        nobody = rows.index[people.notna() & whole.eq(0)]
        return [(int(row), "recipients", 0, "recipients is 0: nobody can have clicked or ordered") for row in nobody]

    def _too_many(self, table: str, rows: pd.DataFrame) -> list[Problem]:
        """More clicks or orders than people: of daily rows, whose orders come later, the sums are compared."""
        problems: list[Problem] = []
        for part, whole in _WITHIN.get(table, ()):
            if {part, whole} <= set(rows):
                counts = pd.DataFrame({"part": _numbers(rows[part]), "whole": _numbers(rows[whole])})
                sums = counts.groupby(_campaign(rows)).transform("sum") if table == "campaign_results" else counts
                found = rows.index[(sums["part"] > sums["whole"]) & counts["part"].gt(0) & counts["whole"].ge(0)]
                problems += [
                    (int(row), part, rows.at[row, part], f"{part} is {sums.at[row, 'part']:,.0f}, above {whole}, "
                     f"{sums.at[row, 'whole']:,.0f}")
                    for row in found
                ]  # fmt: skip
        return problems


def _numbers(column: pd.Series) -> pd.Series:
    return pd.to_numeric(column, errors="coerce")


def _campaign(rows: pd.DataFrame) -> pd.Series:
    """One key for each campaign and variant of rows by day, whose sums count; a row without a day is by itself."""
    variant = rows["variant"].astype("str") if "variant" in rows else ""
    key = rows["campaign_id"].astype("str").str.strip() + "\x1f" + variant
    alone = key + "\x1f" + rows.index.astype("str")
    if "date" not in rows:
        return alone
    return key.where(rows["date"].notna() & rows["date"].astype("str").str.strip().ne(""), alone)
