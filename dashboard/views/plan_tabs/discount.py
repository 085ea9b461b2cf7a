"""The slider of the discount: the number beside it moves while it is dragged, over a curve that is computed once."""

import math
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import state, widgets
from dashboard.text import t
from dashboard.views.plan_tabs.message import VERDICT
from engine.campaign.plan import Offer

ASSETS = Path(__file__).resolve().parents[3] / "assets" / "discount"
HTML = """
<div class="head"><label for="size"></label><span class="size"></span></div>
<input id="size" type="range" min="0" step="1">
<div class="strip" aria-hidden="true"></div><div class="key" aria-hidden="true"></div>
<div><span class="measure"></span><b class="number"></b><span class="range"></span><span class="loss"></span></div>
"""
KEY = "numbers.size"
MOST_PERCENT, LEAST_AMOUNT, STEPS = 60, 20.0, 60  # amounts go up to four times the plan's own, in about so many steps

# Streamlit's own slider asks the app for every number, and not before the handle is let go.
_slider = st.components.v2.component(
    "offerlab.discount",
    html=HTML,
    css=(ASSETS / "slider.css").read_text("utf-8"),
    js=(ASSETS / "slider.js").read_text("utf-8"),
)


def sizes(offer: Offer, kind: str) -> tuple[float, ...]:
    """All sizes on the slider, smallest first, in the unit of Offer.discount; an offer's own is always among them.

    >>> sizes(Offer(kind="percent", discount=0.125), "percent")[11:14]
    (0.12, 0.125, 0.13)
    """
    own = {offer.discount} if offer.kind == kind and offer.discount else set()
    if kind == "percent":
        return tuple(sorted({step / 100 for step in range(1, MOST_PERCENT + 1)} | own))
    most = max(4 * max(own, default=0.0), LEAST_AMOUNT)
    step = math.ceil(most / STEPS)
    return tuple(sorted({float(size) for size in range(step, math.floor(most) + 1, step)} | own))


def show(curve: pd.DataFrame, here: float, kind: str, currency: str, on_move: Any) -> None:
    """The slider over the sizes of a curve (see engine.campaign.argument.curve), its handle at the size `here`.

    `on_move` is called when the handle was let go at another size; `moved` then tells at which.
    """
    points = [_point(row, kind, currency) for row in curve.to_dict("records")]
    data = {
        "label": t("numbers.discount" if kind == "percent" else "numbers.amount"),
        "measure": t("numbers.extra_profit"),
        "index": int((curve["discount"] - here).abs().to_numpy().argmin()),
        "moves": state.component(KEY, "moved", {}).get("moves", 0),
        "points": points,
        "verdicts": {one: t(f"numbers.verdict_{one}") for one in VERDICT},
    }
    _slider(data=data, key=KEY, on_moved_change=on_move)


def moved() -> int:
    """Where the handle was let go: which of the sizes, from 0."""
    return int(state.component(KEY, "moved", {}).get("index", 0))


def _point(row: dict[str, Any], kind: str, currency: str) -> dict[str, str]:
    """What one size would do, in words."""

    def money(value: float) -> str:
        return widgets.money(value, currency)

    size = row["discount"]
    # Up to one digit after the point: a plan may have 12.5 %.
    said = {
        "size": f"{100 * size:.3g} %" if kind == "percent" else widgets.money(size, currency, 0 if size % 1 == 0 else 2)
    }
    said["verdict"] = row["verdict"]
    if not row["supported"]:
        return said | {"number": "–", "range": t("numbers.verdict_never_tried"), "loss": ""}
    return said | {
        "number": money(row["extra_profit"]),
        "range": widgets.between(money(row["extra_profit_low"]), money(row["extra_profit_high"])),
        "loss": t("numbers.loss", share=widgets.percent(row["chance_of_loss"], 0)),
    }
