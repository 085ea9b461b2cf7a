"""What was found as a table of the contract, and as JSON."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from engine.campaign.expected import COLUMNS, RANGED, Range
from engine.campaign.optimise.judging import Judged
from engine.campaign.optimise.options import Option
from engine.campaign.optimise.ranking import Place
from engine.campaign.optimise.search import Budgeted

NOTHING, FULL_PRICE, OFFER = "nothing", "full_price", "offer"


def option_row(option: Option) -> dict[str, Any]:
    """What an option sets, as cells."""
    return {
        "option": FULL_PRICE if option.kind == "none" else OFFER,
        "channel": option.channel, "offer_kind": option.kind, "discount": option.discount,
        "min_spend": option.min_spend, "gift_product_id": option.gift_product_id, "send_hour": option.send_hour,
        "audience_share": option.share, "products": " ".join(option.product_ids), "category": option.category,
    }  # fmt: skip


def place_row(place: Place, group_id: str, chosen: bool) -> dict[str, Any]:
    """One row: rank and tie empty where a limit is broken, which `binding` then names."""
    row: dict[str, Any] = {
        "rank": place.rank or None, "tie": place.tie or None, "group": group_id, "chosen": int(chosen),
    }  # fmt: skip
    if place.judged is None:
        return row | {"option": NOTHING} | _of_nothing() | {"best_is_better": place.leader_better, "binding": "none"}
    forecast = place.judged.forecast.row()
    forecast.pop("plan_id")
    return (
        row | option_row(place.judged.option) | forecast | _used(place.judged)
        | {"best_is_better": place.leader_better, "binding": place.binding}
    )  # fmt: skip


def _of_nothing() -> dict[str, Any]:
    """Sending nothing costs nothing and brings nothing that would not have come anyway."""
    zero = ("extra_orders", "discount_cost", "send_cost", "extra_profit", "unsubscribes", "budget_used")
    ends = [f"{name}{end}" for name in zero if name != "send_cost" for end in ("_low", "_high")]
    return dict.fromkeys([*zero, *ends, "chance_of_loss"], 0.0)


def _used(one: Judged) -> dict[str, float]:
    given, sending = one.forecast.discount_cost, one.forecast.send_cost or 0.0
    ends = (given.value, given.low, given.high) if given else (0.0, 0.0, 0.0)
    return {f"budget_used{end}": part + sending for end, part in zip(("", "_low", "_high"), ends, strict=True)}


def table(found: Budgeted, shown: Sequence[Sequence[Place]]) -> pd.DataFrame:
    """Groups in order, each group's places best first; `shown` as Proposals.shown, one list a group."""
    rows = [
        place_row(place, group.group_id, place.rank == chosen.rank)
        for group, chosen, places in zip(found.groups, found.chosen, shown, strict=True)
        for place in places
    ]
    return pd.DataFrame(rows, columns=_columns())


def _columns() -> list[str]:
    forecast = [
        c
        for name in COLUMNS
        if name != "plan_id"
        for c in ([name, f"{name}_low", f"{name}_high"] if name in RANGED else [name])
    ]
    return [
        "rank", "tie", "group", "chosen", "option", "channel", "offer_kind", "discount", "min_spend",
        "gift_product_id", "send_hour", "audience_share", "products", "category", *forecast, "budget_used",
        "budget_used_low", "budget_used_high", "chance_of_loss", "best_is_better", "basis", "window_days", "supported",
        "verdict", "reason", "binding",
    ]  # fmt: skip


def summary(found: Budgeted) -> dict[str, Any]:
    """The chosen split per group, all together, what more budget would earn, and what was excluded and why."""
    return {
        "split": [
            _chosen(place, group.group_id, ties=sum(one.tie == place.tie for one in group.places) - 1)
            for place, group in zip(found.chosen, found.groups, strict=True)
        ],
        "total": {
            "extra_profit": _range(found.total.extra_profit),
            "budget_used": _range(found.total.budget_used),
            "chance_of_loss": found.total.chance_of_loss,
        },
        "one_more_unit_of_budget_earns": found.next_unit,
        "excluded": {group.group_id: group.excluded for group in found.groups},
    }


def _chosen(place: Place, group_id: str, ties: int) -> dict[str, Any]:
    if place.judged is None:
        said: dict[str, Any] = {"group": group_id, "option": NOTHING}
    else:
        forecast = place.judged.forecast
        said = {"group": group_id} | {
            name: cell for name, cell in option_row(place.judged.option).items() if cell not in (None, "")
        }
        said |= {
            "extra_profit": _range(forecast.extra_profit), "budget_used": place.judged.cost,
            "chance_of_loss": forecast.chance_of_loss, "verdict": forecast.verdict_text(),
        }  # fmt: skip
    return said | {"rank": place.rank, "no_difference_can_be_told_from": ties, "binding": place.binding}


def _range(value: Range | None) -> dict[str, float] | None:
    return {"value": value.value, "low": value.low, "high": value.high} if value else None
