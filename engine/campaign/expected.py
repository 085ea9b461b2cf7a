"""What is expected of one plan: every figure with its range, what it rests on, and in words."""

from dataclasses import asdict, dataclass, fields

import numpy as np

from engine.campaign.inputs import Inputs
from engine.campaign.sensitivity import Assumption
from engine.model import power
from engine.sentences import Sentence

COLUMNS = (
    "plan_id", "audience_size", "reachable", "ctr", "order_rate", "orders", "would_buy_anyway", "extra_orders",
    "revenue", "discount_cost", "send_cost", "extra_profit", "roi", "unsubscribes",
)  # fmt: skip
RANGED = (
    "ctr", "order_rate", "orders", "would_buy_anyway", "extra_orders", "revenue", "discount_cost", "extra_profit",
    "roi", "unsubscribes",
)  # fmt: skip
MONEY = (
    "orders", "would_buy_anyway", "extra_orders", "revenue", "discount_cost", "discount_on_anyway", "extra_profit",
    "roi",
)  # fmt: skip
# Reasons for which there is no money at all, tried or not.
NO_MONEY = (
    "engine.no_order_model", "engine.no_value", "never_tried.orders_not_recorded", "first.no_campaigns",
    "first.few_campaigns",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Range:
    """A value with its 80 % range. None is unknown."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """What we expect of one plan. Rates are fractions of messages sent, money is the shop's currency."""

    plan_id: str
    audience_size: int
    reachable: int
    recipients: int  # reachable x audience share, less the holdout; of a plan as drawn for its export
    held_out: int  # reachable x audience share x holdout: left out on purpose; drawn alike
    messages_sent: int  # of all steps together
    ctr: Range | None
    order_rate: Range | None
    orders: Range | None
    would_buy_anyway: Range | None
    extra_orders: Range | None
    revenue: Range | None
    discount_cost: Range | None
    send_cost: float | None
    extra_profit: Range | None
    roi: Range | None
    unsubscribes: Range | None
    discount_on_anyway: Range | None  # money off for orders that would have come without the message
    margin_after_discount: float | None  # profit / revenue once the discount is off, fraction
    break_even_orders: float | None  # extra orders at which the plan earns nothing; None: no number of orders is enough
    detectable: float | None  # smallest difference in order rate that the holdout will show, fraction of customers
    chance_of_loss: float | None
    basis: str
    window_days: int
    supported: bool
    verdict: str  # likely_pays, coin_toss, do_not_send, never_tried
    test_on: int  # people to test on where it is a coin toss, else 0
    order_value: float | None  # value of an order before discount, without tax and without what comes back
    margin: float | None  # share of order_value
    assumptions: tuple[Assumption, ...]  # uncertain inputs of the money, the one that moves extra profit most first
    sentences: tuple[Sentence, ...]  # the reason, what matters most, then what was assumed
    messages: int  # past messages behind it
    campaigns: int
    last_sent: str
    worked: Inputs | None = None  # what the money is worked out from

    @property
    def can_be_overridden(self) -> bool:
        """Whether money was refused, or stands here all the same, for a plan that could be given some."""
        return self.verdict == "never_tried" and bool(self.sentences) and self.sentences[0].key not in NO_MONEY

    @property
    def matters_most(self) -> Assumption | None:
        """The one uncertain input that moves extra profit most over its own range; None without money."""
        return self.assumptions[0] if self.assumptions else None

    @property
    def detectable_orders(self) -> float | None:
        """`detectable` as extra orders among those written to."""
        return None if self.detectable is None else self.detectable * self.recipients

    @property
    def rate_anyway(self) -> float | None:
        """Order rate to see a rise above: of those not written to, or of those who are where no other is known."""
        base = self.would_buy_anyway or self.orders
        return base.value / self.recipients if base and self.recipients else None

    @property
    def can_be_measured(self) -> bool | None:
        """Whether the holdout would show even twice as many orders; None without a holdout or money."""
        if self.detectable is None or not self.rate_anyway:
            return None
        return self.detectable <= self.rate_anyway

    @property
    def enough_held_out(self) -> int | None:
        """People to hold out, of those who are in the plan, to see twice as many orders; None: no number is enough."""
        return power.enough_held_out(self.rate_anyway or 0.0, self.recipients + self.held_out)

    @property
    def whole_orders(self) -> tuple[int, int, int] | None:
        """Orders, extra, and those that would have come anyway, in whole orders: the parts add up to the first."""
        if self.orders is None or self.extra_orders is None or self.would_buy_anyway is None:
            return None
        orders, extra = round(self.orders.value), round(self.extra_orders.value)
        return orders, extra, orders - extra

    def verdict_text(self, language: str = "en") -> str:
        said = Sentence(f"engine.{self.verdict}", {"n": f"{self.test_on:,}"} if self.verdict == "coin_toss" else {})
        typed = self.basis == "assumption" and self.supported
        return (Sentence("first.if_right", {"verdict": said}) if typed else said).text(language)

    def reason(self, language: str = "en") -> str:
        return " ".join(sentence.text(language) for sentence in self.sentences)

    def row(self) -> dict:
        """One row of the forecast table of the contract: money empty where the past does not support it."""
        row: dict = {}
        for name in COLUMNS:
            value = getattr(self, name)
            row[name] = value.value if isinstance(value, Range) else value
            if name in RANGED:
                row[f"{name}_low"], row[f"{name}_high"] = (value.low, value.high) if value else (None, None)
        return row | {
            "chance_of_loss": self.chance_of_loss,
            "basis": self.basis,
            "window_days": self.window_days,
            "supported": int(self.supported),
            "verdict": self.verdict_text(),
            "reason": self.reason(),
        }

    def record(self) -> dict:
        """What is kept of a forecast with a decision: its row, its verdict and reason for either language, and the size
        and date of the data behind it."""
        return self.row() | {
            "verdict_key": self.verdict,
            "test_on": self.test_on,
            "reason_zh": self.reason("zh"),
            "messages": self.messages,
            "campaigns": self.campaigns,
            "last_sent": self.last_sent,
        }

    def to_json(self) -> dict:
        """Every field as JSON types, for a record of what was known at a decision."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)} | {"reason": self.reason()}


def _plain(value: object) -> object:
    if isinstance(value, Range):
        return asdict(value)
    if isinstance(value, tuple):
        return [asdict(part) for part in value]
    return value


@dataclass(frozen=True, slots=True)
class Money:
    """What earnings.money says of a plan, by name: expected, and in draws. None is unknown."""

    expected: dict[str, float | None]
    draws: dict[str, np.ndarray | None]
