"""What the tests of the plan pages share: a saved plan, its page, and everything the page says."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
from streamlit.testing.v1 import AppTest

from engine import settings
from engine.campaign.plan import Audience, Offer, Plan, Step
from engine.decision import approvals, assignments, plans
from engine.decision.plans import SavedPlan
from engine.shop import store

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
COPY = {
    "subject": "A short and friendly note from {shop}",
    "preheader": "It is waiting for you",
    "headline": "Time for something new",
    "body": "Enter {code} at checkout and get {discount}, until {ends_at}.",
    "call_to_action": "Have a look",
}


def saved_plan(shop: Path, plan_id: str = "spring", texts: dict[str, str] | None = None, **changes: Any) -> Plan:
    """A plan for the largest group, 15 % off by e-mail, written by Ana; saved in the shop."""
    plan = Plan(
        plan_id=plan_id,
        name="Spring",
        owner="Ana",
        audience=Audience(segment_ids=["s1"]),
        offer=Offer(kind="percent", discount=0.15, code="SPRING15"),
        starts_at=date(2026, 6, 8),
        ends_at=date(2026, 6, 15),
    ).model_copy(update={"steps": [Step(channel="email", copy=texts or {})], **changes})
    plans.save(shop, plan, {"filled": {}}, None, NOW)
    return plan


def stored(shop: Path, plan_id: str = "spring") -> SavedPlan:
    """The plan as it lies in the shop now."""
    return plans.load(shop, plan_id)


def page_of(
    open_app: Callable[..., AppTest], shop: Path, tab: str, plan_id: str = "spring", language: str = "en"
) -> AppTest:
    """A tab of a plan's page, as somebody sees it who opens the address."""
    return open_app(shop, "plan", language, plan=plan_id, tab=tab)


def said(app: AppTest) -> str:
    """Everything the page says, in one text."""
    assert not app.exception, [str(element.value) for element in app.exception]
    parts = [
        app.title, app.subheader, app.markdown, app.caption, app.info, app.warning, app.error, app.success,
    ]  # fmt: skip
    return "\n".join(str(element.value).replace("\\", "") for part in parts for element in part)


def at(kind: Sequence[Any], key: str) -> Any:
    """The widget of this kind with this key: `at(app.button, "brief.rule.add")`.

    Where something was changed from elsewhere the widget is a new one, with ".g1" behind its key.
    """
    [found] = [one for one in kind if re.fullmatch(rf"{re.escape(key)}(\.g\d+)?", one.key or "")]
    return found


def resize(app: AppTest, percent: float) -> None:
    """The handle of the discount let go at another size: in a browser, which alone can move it, that sets these two."""
    app.session_state["numbers.percent"] = percent
    app.session_state["numbers:touched"] = True
    app.run()
    assert not app.exception


def submitted(shop: Path, plan_id: str = "spring") -> None:
    """Ana's submission of a plan, before anything could be forecast."""
    opened, saved = store.open_shop(shop), stored(shop, plan_id)
    approvals.submit(
        shop, opened.shop_id, saved.plan, {}, "Ana", NOW, settings.read().config,
        extras={"filled": {"subject": "A little something", "body": "满减 until 15 June."}},
    )  # fmt: skip


def approved(shop: Path, plan_id: str = "spring") -> None:
    """A plan that Ana submitted and Bo approved."""
    submitted(shop, plan_id)
    shop_id = store.open_shop(shop).shop_id
    approvals.approve(shop, shop_id, plan_id, "Bo", "Bo", "fits the range", NOW, settings.read().config)


def clicks(shop_dir: Path, b_clicks: float = 0.3, plan_id: str = "spring") -> None:
    """What the tool recorded of a test on a part: A is clicked by 5 %, B by more."""
    kept = assignments.saved(shop_dir)
    rows = kept[kept["plan_id"].eq(plan_id) & kept["treated"].eq(1)].reset_index(drop=True)
    share = rows["variant"].map({"A": 0.05, "B": b_clicks})
    rank = rows.groupby("variant").cumcount() / rows.groupby("variant")["variant"].transform("size")
    path = shop_dir / "tables" / "deliveries.parquet"
    known = pd.read_parquet(path)
    new = rows[["customer_id", "variant"]].assign(
        campaign_id=plan_id, sent_at=pd.Timestamp("2026-06-01 10:00"), clicked=(rank < share).astype(float)
    )
    pd.concat([known, new], ignore_index=True).to_parquet(path)
