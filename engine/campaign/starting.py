"""Plans to begin with: audience, offer, timing and tone filled from the shop's own data, each with its reason."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import pandas as pd

from engine.audience import rules
from engine.audience.reach import Limits, reachable
from engine.campaign import habits, planned
from engine.campaign.expected import Range
from engine.campaign.forecast import evaluate_steps
from engine.campaign.habits import Tried
from engine.campaign.occasions import Occasion, Sales, occasion, sales
from engine.campaign.plan import PARTS, Offer, Plan, Step
from engine.campaign.planned import DAYS_AHEAD
from engine.campaign.response import Models
from engine.campaign.writer.as_read import money
from engine.errors import AppError, NotEnoughData
from engine.sentences import Sentence
from engine.shop.big_days import BigDay, keeps_chinese_days, next_big_day
from engine.shop.features import default_as_of
from engine.shop.store import Shop

TONES = {
    "win_back": "warm", "launch": "cheerful", "second_purchase": "warm", "vip": "elegant", "overstock": "plain",
    "sale_day": "cheerful", "sunset": "friendly and short",
}  # fmt: skip
CODES = {
    "win_back": "BACK", "launch": "NEW", "second_purchase": "AGAIN", "vip": "VIP", "overstock": "MORE",
    "sale_day": "SALE", "sunset": "STAY",
}  # fmt: skip
USUAL_HOUR = 10  # where nothing was learned: awake, at work or near it, and outside any quiet hours
MOST_COMPARED = 6  # sizes of an offer that are forecast against each other


@dataclass(frozen=True, slots=True)
class Proposal:
    """A plan to begin with, and from which data each of its fields came; the first reason is that of the audience.

    customers: whom the rule selects; reachable: those of them the channel may write to. missing: why this shop cannot
    have such a plan; its audience is then empty.
    """

    plan: Plan
    reasons: tuple[Sentence, ...]
    customers: int = 0
    reachable: int = 0
    missing: Sentence | None = None

    @property
    def enough(self) -> bool:
        """Whether the plan can be forecast and written as it is."""
        return self.missing is None


@dataclass(frozen=True, slots=True)
class Known:
    """What the starting plans of a shop have in common, read once."""

    as_of: date
    customers: pd.DataFrame  # as engine.audience.rules.facts gives it
    past: pd.DataFrame  # as engine.campaign.habits.campaigns gives it
    sales: Sales


def known(shop: Shop, customers: pd.DataFrame | None = None) -> Known:
    """Everything the starting plans read. Raises NotEnoughData for a shop without any activity.

    customers: `rules.facts` on the day of the data, where they are at hand.
    """
    as_of = default_as_of(shop)
    customers = rules.facts(shop, as_of) if customers is None else customers
    return Known(as_of, customers, habits.campaigns(shop), sales(shop, as_of))


def propose(
    shop: Shop,
    goal: str,
    plan_id: str,
    name: str,
    owner: str,
    today: date,
    models: Models | None = None,
    facts: Known | None = None,
    segment_ids: Sequence[str] = (),
    product_ids: Sequence[str] = (),
) -> Proposal:
    """A plan for this goal. With models the size of its offer is the one with the best forecast of those tried.

    product_ids: what an overstock plan is to sell, the most pressing first; without any, what would last longest.

    `facts`, where several goals are asked for, is `known(shop)`. With `segment_ids` the plan is for these groups
    instead of those the goal suggests.
    """
    begun = planned.new_plan(plan_id, name, segment_ids, owner, today, shop)
    begun = begun.model_copy(update={"objective": goal, "tone": TONES.get(goal, "warm")})
    try:
        facts = facts or known(shop)
    except NotEnoughData:
        return Proposal(begun, (), missing=Sentence("starting.no_data"))
    found = occasion(shop, goal, facts.sales, facts.as_of, product_ids)
    if segment_ids:
        found = _for_groups(found)
    if isinstance(found, Sentence):
        return Proposal(begun, (), missing=found)
    audience = begun.audience.model_copy(update={"rule": found.rule, "skip_buyers_days": found.skip_buyers_days})
    customers = (
        rules.select(shop, found.rule, facts.as_of, facts.customers)
        if found.rule
        else planned.customers(shop, audience)
    )
    if not customers:
        return Proposal(begun, (), missing=Sentence(f"starting.nobody_{goal}"))
    return _filled(shop, begun.model_copy(update={"audience": audience}), found, customers, today, models, facts)


def _for_groups(found: Occasion | Sentence) -> Occasion:
    """What the goal's campaign is about, for groups that somebody chose."""
    reason = Sentence("starting.who_group")
    if isinstance(found, Sentence):
        return Occasion(None, reason)
    return replace(found, rule=None, reason=reason)


def _filled(
    shop: Shop, plan: Plan, found: Occasion, customers: list[str], today: date, models: Models | None, facts: Known
) -> Proposal:
    """The plan with every field that the data can fill."""
    channel, why_channel = _channel(shop, customers, found, today, facts)
    language, spoken = spoken_by(shop, customers)
    plan = plan.model_copy(
        update={
            "steps": [Step.model_validate({"channel": channel, "language": language})],
            "product_ids": list(found.product_ids),
            "category": found.category,
        }
    )
    plan, timing = _timing(shop, plan, today, facts)
    plan, offered = _offered(shop, plan, models, facts)
    limits = planned.limits(plan)
    reached = len(reachable(shop, customers, channel, facts.as_of, limits).customer_ids)
    who = replace(found.reason, values=found.reason.values | {"customers": f"{len(customers):,}"})
    by = _channel_reason(why_channel, plan, len(customers), reached, facts)
    reasons = (who, by, *spoken, *timing, *offered, *_left_alone(plan))
    return Proposal(plan, reasons, len(customers), reached)


def renamed(proposal: Proposal, plan_id: str, name: str, owner: str, codes: Collection[str] = ()) -> Proposal:
    """The same proposal under another name, with a code that is not among those in use."""
    offer = proposal.plan.offer
    if offer.code:
        offer = offer.model_copy(update={"code": free_code(offer.code, codes)})
    changes = {"plan_id": plan_id, "name": name, "owner": owner, "offer": offer.model_dump()}
    return replace(proposal, plan=Plan.model_validate({**proposal.plan.model_dump(by_alias=True), **changes}))


def free_code(code: str, taken: Collection[str]) -> str:
    """This code, or with a letter behind it where it is in use: two plans with one code cannot be told apart.

    >>> free_code("BACK15", []), free_code("BACK15", ["back15", "BACK15B"])
    ('BACK15', 'BACK15C')
    """
    used = {one.upper() for one in taken}
    candidates = [code, *(f"{code}{chr(letter)}" for letter in range(ord("B"), ord("Z") + 1))]
    return next((one for one in candidates if one.upper() not in used), f"{code}{len(used)}")


# --- whom, by which channel, in which language ---


def _channel(shop: Shop, customers: list[str], found: Occasion, today: date, facts: Known) -> tuple[str, str]:
    """The shop's usual channel, or the tried one that reaches most where the usual reaches less than half as many;
    and the key of the sentence that says why."""
    usual = planned.usual_channel(shop)
    if not len(facts.past):
        return usual, "starting.channel_first"
    limits = Limits(today + timedelta(days=DAYS_AHEAD), found.skip_buyers_days)

    def reach(channel: str) -> int:
        return len(reachable(shop, customers, channel, facts.as_of, limits).customer_ids)

    reached = {usual: reach(usual)}
    if 2 * reached[usual] >= len(customers):
        return usual, "starting.channel_usual"  # no other can reach twice as many
    reached |= {one: reach(one) for one in facts.past["channel"].unique() if one in PARTS and one != usual}
    widest = max(reached, key=lambda one: reached[one])
    if 2 * reached[usual] >= reached[widest]:
        return usual, "starting.channel_usual"
    return widest, "starting.channel_widest"


def _channel_reason(key: str, plan: Plan, customers: int, reached: int, facts: Known) -> Sentence:
    values: dict[str, object] = {"reachable": f"{reached:,}", "customers": f"{customers:,}"}
    if key == "starting.channel_first":
        return Sentence(key, values)
    campaigns = int(facts.past["channel"].eq(plan.channel).sum())
    return Sentence(key, values | {"campaigns": campaigns, "all": len(facts.past)})


def spoken_by(shop: Shop, customers: list[str]) -> tuple[str, list[Sentence]]:
    """The language most of these customers read, of those there are texts in."""
    if "language" not in shop.columns("customers"):
        return "en", []
    table = shop.table("customers", ["customer_id", "language"])
    spoken = table.loc[table["customer_id"].isin(customers), "language"].dropna().str.lower().str[:2]
    if not len(spoken):
        return "en", []
    counts = spoken[spoken.isin(["en", "zh"])].value_counts()
    if not len(counts):
        return "en", []
    values = {"share": f"{counts.iloc[0] / len(spoken):.0%}"}
    chosen = str(counts.index[0])
    return chosen, [Sentence("starting.language_zh" if chosen == "zh" else "starting.language_en", values)]


def _left_alone(plan: Plan) -> list[Sentence]:
    """Whom the plan leaves out, and why."""
    said = [Sentence("starting.holdout", {"share": f"{plan.holdout:.0%}"})] if plan.holdout else []
    days = plan.audience.skip_buyers_days
    return [*said, Sentence("starting.skip_buyers", {"days": days})] if days else said


# --- when ---


def _timing(shop: Shop, plan: Plan, today: date, facts: Known) -> tuple[Plan, list[Sentence]]:
    """Dates and hour of the plan."""
    hour, said = _hour(shop, plan.channel, facts)
    if plan.objective == "sale_day":
        sale = next_big_day(today + timedelta(days=DAYS_AHEAD), keeps_chinese_days(shop))
        starts, ends = sale.starts_at, sale.ends_at
        dates = [_big_day(sale)]
    else:
        best = habits.best_weekday(facts.past, plan.channel)
        earliest = today + timedelta(days=DAYS_AHEAD)
        starts = earliest + timedelta(days=(best.value - earliest.weekday()) % 7) if best else earliest
        days = habits.usual_days(facts.past, plan.channel, plan.objective, shop.settings.window(plan.channel))
        ends = starts + timedelta(days=days)
        dates = [_weekday(best)] if best else []
        dates.append(Sentence("starting.days", {"days": days, "starts": starts.isoformat()}))
    return plan.model_copy(update={"starts_at": starts, "ends_at": ends, "send_hour": hour}), [*dates, said]


def _hour(shop: Shop, channel: str, facts: Known) -> tuple[int, Sentence]:
    quiet = shop.settings.quiet_hours
    best = habits.best_hour(facts.past, channel, quiet)
    if best is None:
        return _awake(quiet), Sentence("starting.hour_unknown", {"hour": _awake(quiet)})
    values = {"hour": best.value, **_rates(best)}
    return best.value, Sentence("starting.hour_click" if best.measure == "click" else "starting.hour_order", values)


def _awake(quiet: list[int]) -> int:
    """The usual hour, or the first after it that is not quiet."""
    hours = [*range(USUAL_HOUR, 24), *range(USUAL_HOUR)]
    return next((hour for hour in hours if not habits.is_quiet(hour, quiet)), USUAL_HOUR)


def _weekday(best: habits.Best) -> Sentence:
    return Sentence(f"starting.weekday_{best.value}", _rates(best))


def _rates(best: habits.Best) -> dict[str, str]:
    return {"rate": f"{best.rate:.1%}", "usual": f"{best.usual:.1%}", "messages": f"{best.messages:,}"}


def _big_day(sale: BigDay) -> Sentence:
    return Sentence(
        f"starting.big_{sale.name}", {"starts": sale.starts_at.isoformat(), "ends": sale.ends_at.isoformat()}
    )


# --- what for ---


def _offered(shop: Shop, plan: Plan, models: Models | None, facts: Known) -> tuple[Plan, list[Sentence]]:
    """The plan with an offer that this channel made before; none, and said so, where it made none."""
    if plan.objective == "sunset" and habits.nothing_tried(facts.past, plan.channel):
        return plan, [Sentence("starting.offer_sunset")]
    tried = habits.offers_tried(facts.past, plan.channel, plan.objective, habits.gifts(shop))
    if not tried:
        why = Sentence("starting.offer_none_made") if len(facts.past) else Sentence("starting.offer_no_past")
        return plan, [why]
    if plan.objective == "sunset":
        smallest = min(tried, key=lambda one: one.discount or 0.0)
        return _with(plan, smallest), [_offer_reason(shop, smallest, "starting.offer_smallest", tried)]
    compared = _compared(shop, plan, tried, models) if models is not None and len(tried) > 1 else []
    if not compared:
        return _with(plan, tried[0]), [_offer_reason(shop, tried[0], "starting.offer_usual", tried)]
    chosen, expected = max(compared, key=lambda pair: pair[1].value)
    values = {
        "offer": _words(chosen, shop.settings.currency),
        "tried": ", ".join(_words(one, shop.settings.currency) for one in _by_size(tried)),
        **{name: _profit(getattr(expected, name), shop) for name in ("value", "low", "high")},
    }
    if expected.value < 0 and habits.nothing_tried(facts.past, plan.channel):
        return plan, [Sentence("starting.offer_all_lose", values)]
    return _with(plan, chosen), [Sentence("starting.offer_forecast", values)]


def _profit(amount: float, shop: Shop) -> str:
    return f"{'-' if round(amount) < 0 else ''}{money(abs(round(amount)), shop.settings.currency, 'en')}"


def _with(plan: Plan, tried: Tried) -> Plan:
    """The plan with this offer and a code for it."""
    tiers = [(tried.min_spend, tried.discount)] if tried.kind == "spend_save" else []
    code = offer_code(plan.objective, tried.kind, tried.discount)
    offer = Offer.model_validate(
        {
            "kind": tried.kind, "discount": tried.discount, "min_spend": tried.min_spend, "tiers": tiers,
            "gift_product_id": tried.gift_product_id, "code": code,
        }
    )  # fmt: skip
    return plan.model_copy(update={"offer": offer})


def offer_code(goal: str, kind: str, size: float | None) -> str | None:
    """A code a customer can type, BACK15; None for an offer without one."""
    if kind in ("early_access", "free_shipping", "points", "none"):
        return None
    if kind in ("gift", "buy_x_get_y"):
        return f"{CODES.get(goal, 'OFFER')}{'GIFT' if kind == 'gift' else 'FREE'}"
    return f"{CODES.get(goal, 'OFFER')}{100 * (size or 0.0) if kind == 'percent' else size or 0.0:.0f}"


def _by_size(tried: list[Tried]) -> list[Tried]:
    return sorted(tried, key=lambda one: (one.discount or 0.0, one.min_spend or 0.0))


def _words(tried: Tried, currency: str) -> str:
    """The size of an offer, the same in every language: "15 %", "$10 (≥ $80)"."""
    if tried.kind == "percent":
        return f"{100 * (tried.discount or 0):.4g} %"
    size = money(tried.discount, currency, "en") if tried.discount else ""
    least = f"≥ {money(tried.min_spend, currency, 'en')}" if tried.min_spend else ""
    return f"{size} ({least})" if size and least else size or least


def _offer_reason(shop: Shop, chosen: Tried, key: str, tried: list[Tried]) -> Sentence:
    currency = shop.settings.currency
    if not _words(chosen, currency):
        return Sentence("starting.offer_kind", {"count": chosen.count, "campaigns": chosen.campaigns})
    values = {
        "offer": _words(chosen, currency), "count": chosen.count, "campaigns": chosen.campaigns,
        "tried": ", ".join(dict.fromkeys(_words(one, currency) for one in _by_size(tried))),
    }  # fmt: skip
    return Sentence(key if chosen.same_goal else "starting.offer_other_goals", values)


def _compared(shop: Shop, plan: Plan, tried: list[Tried], models: Models) -> list[tuple[Tried, Range]]:
    """Expected extra profit with each of the offers tried most; empty where none can be forecast."""
    found = []
    try:
        scenes = planned.prepared(shop, plan)
        for one in tried[:MOST_COMPARED]:
            expected = evaluate_steps(shop, models, scenes, planned.messages(_with(plan, one), {}))
            if expected.supported and expected.extra_profit is not None:
                found.append((one, expected.extra_profit))
    except AppError:
        return []  # the Numbers tab says what is missing; the plan keeps the commonest offer
    return found
