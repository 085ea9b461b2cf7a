"""A past campaign or plan once more: the same thing on the next such dates, for the same kind of customers."""

import re
from dataclasses import replace
from datetime import date, timedelta

import pandas as pd
from pydantic import ValidationError

from engine.audience import rules
from engine.audience.rules import Received
from engine.campaign import claims, planned, starting, window
from engine.campaign.occasions import occasion, sales
from engine.campaign.plan import GOALS, PARTS, Audience, Offer, Plan, Step
from engine.campaign.starting import Proposal
from engine.campaign.writer.facts import facts
from engine.errors import DataProblem
from engine.sentences import Sentence
from engine.shop.features import campaign_windows, default_as_of
from engine.shop.shop_settings import ShopSettings
from engine.shop.store import Shop

YEAR = 364  # days: whole weeks, so that a Friday stays a Friday
HALF_A_YEAR = 182
LISTED = ["campaign_id", "name", "channel", "goal", "offer_kind", "discount", "starts_at", "next"]
FIRST_NAME = re.compile(r"\{first_name\}\s*[,，]?\s*")


# --- dates ---


def next_year(starts: date, ends: date, today: date) -> tuple[date, date]:
    """The same weekdays one year later, and further years on until they begin after today.

    >>> [day.isoformat() for day in next_year(date(2025, 11, 28), date(2025, 12, 1), date(2026, 6, 1))]
    ['2026-11-27', '2026-11-30']
    """
    years = max(1, -(-((today - starts).days + 1) // YEAR))
    return starts + timedelta(days=years * YEAR), ends + timedelta(days=years * YEAR)


def moved_ahead(starts: date, ends: date, today: date) -> tuple[date, date]:
    """Dates that lie ahead: these where they do, else the next such ones.

    What began within the last half year is wanted soon: it moves by whole weeks. What is older belongs to its season.
    """
    if starts > today:
        return starts, ends
    if (today - starts).days > HALF_A_YEAR:
        return next_year(starts, ends, today)
    weeks = -(-((today - starts).days + planned.DAYS_AHEAD) // 7)
    return starts + timedelta(weeks=weeks), ends + timedelta(weeks=weeks)


def ahead(plan: Plan, today: date) -> Plan:
    """A plan whose dates lie in the past, moved ahead; one of another year gets that year's code."""
    starts, ends = moved_ahead(plan.starts_at, plan.ends_at, today)
    if starts == plan.starts_at:
        return plan
    code = next_code(plan.offer.code, plan.starts_at, starts)
    offer = plan.offer.model_copy(update={"code": code})
    return plan.model_copy(update={"starts_at": starts, "ends_at": ends, "offer": offer})


def following(plan: Plan, settings: ShopSettings, today: date) -> Plan:
    """A plan once more after itself: `ahead`, a week or more after the last day on which an order of it counts.

    On its own days the customers are its own, and within that week they may have had their fill of messages.
    """
    return ahead(plan, max(today, window.last_day(settings, plan)))


def next_code(code: str | None, starts: date, again: date) -> str | None:
    """The code of the next time: the year in it moves on; one without a year gets it.

    Who kept last year's code must not use it, and its orders must not be counted among the new ones.

    >>> day = date(2025, 11, 28), date(2026, 11, 27)
    >>> next_code("FRIDAY2025", *day), next_code("BF25", *day), next_code("HOME15", *day)
    ('FRIDAY2026', 'BF26', 'HOME15-26')
    """
    if not code or starts.year == again.year:
        return code
    for old, new in ((f"{starts:%Y}", f"{again:%Y}"), (f"{starts:%y}", f"{again:%y}")):
        if re.search(rf"(?<!\d){old}(?!\d)", code):
            return re.sub(rf"(?<!\d){old}(?!\d)", new, code)
    return f"{code}-{again:%y}"


# --- past campaigns ---


def repeatable(shop: Shop, today: date) -> pd.DataFrame:
    """Past campaigns with the columns LISTED, those whose season comes next first. `next`: the day it would begin."""
    if not shop.rows("campaigns"):
        return pd.DataFrame(columns=LISTED)
    table = shop.table("campaigns").drop_duplicates("campaign_id")
    table = table[table["channel"].isin(list(PARTS)) & (table["starts_at"] < pd.Timestamp(today))]
    begun = [moment.date() for moment in table["starts_at"]]
    table = table.reindex(columns=LISTED).assign(next=[next_year(day, day, today)[0] for day in begun])
    table["name"] = table["name"].astype("object").where(table["name"].notna(), table["campaign_id"])
    return table.sort_values(["next", "starts_at", "campaign_id"], ascending=[True, False, True], ignore_index=True)


def repeat(shop: Shop, campaign_id: str, plan_id: str, name: str, owner: str, today: date) -> Proposal:
    """A past campaign as a plan for its next time. Raises DataProblem for a campaign the shop does not have."""
    campaigns = shop.optional("campaigns").drop_duplicates("campaign_id").set_index("campaign_id")
    if campaign_id not in campaigns.index:
        raise DataProblem(Sentence("refused.no_campaign", {"campaign": campaign_id}))
    row = campaigns.loc[campaign_id]
    starts, ends = _dates(shop, campaign_id)
    again, until = next_year(starts, ends, today)
    old, dropped = _offer(shop, row)
    plan = _plan(shop, row, campaign_id, plan_id, name, owner, (starts, ends), old)
    plan = plan.model_copy(update={"steps": [_with_copy(shop, plan, row)]})
    offer = old.model_copy(update={"code": next_code(old.code, starts, again)})
    plan = plan.model_copy(update={"starts_at": again, "ends_at": until, "offer": offer})
    audience, customers, who = _audience(shop, campaign_id, plan)
    plan = plan.model_copy(update={"audience": audience})
    moved = {"then": starts.isoformat(), "starts": again.isoformat(), "campaign": str(row.get("name") or campaign_id)}
    said = [Sentence("starting.repeated", moved), *dropped]
    if offer.code != old.code:
        said.append(Sentence("starting.new_code", {"old": old.code, "code": offer.code}))
    reached = planned.reach(shop, plan, plan.channel).customer_ids if customers else []
    reasons = (who, *said) if customers else tuple(said)
    return Proposal(plan, reasons, customers, len(reached), None if customers else who)


def _dates(shop: Shop, campaign_id: str) -> tuple[date, date]:
    windows = campaign_windows(shop).drop_duplicates("campaign_id").set_index("campaign_id").loc[campaign_id]
    starts, ends = windows["starts_at"], windows["ends_at"]
    if pd.isna(ends):
        days = windows["window_days"]
        ends = starts + pd.Timedelta(days=7 if pd.isna(days) else int(days))
    return starts.date(), max(ends, starts).date()


def _offer(shop: Shop, row: pd.Series) -> tuple[Offer, list[Sentence]]:
    """The offer as the table has it; none, and said so, where the table does not say enough of it."""
    kind, size, least = (_known(row.get(name)) for name in ("offer_kind", "discount", "min_spend"))
    if not kind or kind == "none":
        return Offer(), []
    tiers = [(least, size)] if kind == "spend_save" and least and size else []
    fields = {"kind": kind, "discount": size, "min_spend": least, "tiers": tiers, "code": _known(row.get("code"))}
    gift = _known(row.get("gift_product_id"))
    if kind == "gift" and gift not in set(shop.optional("products")["product_id"]):
        return Offer(), [Sentence("starting.offer_gift_gone")]
    try:
        return Offer.model_validate({**fields, "gift_product_id": gift}), []
    except ValidationError:
        return Offer(), [Sentence("starting.offer_unclear")]


def _known(value: object) -> object:
    return None if value is None or pd.isna(value) or value == "" else value


def _plan(
    shop: Shop, row: pd.Series, campaign_id: str, plan_id: str, name: str, owner: str, dates: tuple[date, date],
    offer: Offer,
) -> Plan:  # fmt: skip
    """The campaign as a plan, on its old dates and without audience and copy."""
    pairs = shop.optional("campaign_products")
    had = list(pairs.loc[pairs["campaign_id"].eq(campaign_id), "product_id"].astype(str))
    sold = set(shop.optional("products")["product_id"])
    hour = _known(row.get("send_hour"))
    goal = row.get("goal") if row.get("goal") in GOALS else "win_back"
    return Plan(
        plan_id=plan_id,
        name=name,
        objective=str(goal),
        steps=[Step.model_validate({"channel": row["channel"], "language": _language(row)})],
        offer=offer,
        product_ids=[one for one in had if one in sold],
        category=str(row["category"]) if _known(row.get("category")) else None,
        tone=starting.TONES.get(str(goal), "warm"),
        send_hour=int(float(str(hour))) if hour is not None else starting.USUAL_HOUR,
        holdout=shop.settings.holdout,
        starts_at=dates[0],
        ends_at=dates[1],
        owner=owner,
    )


def _language(row: pd.Series) -> str:
    return "zh" if str(_known(row.get("language")) or "").lower().startswith("zh") else "en"


def _with_copy(shop: Shop, plan: Plan, row: pd.Series) -> Step:
    """The first message with the words of last time; facts in them become slots, filled anew with the new facts."""
    step = plan.steps[0]
    kept = facts(shop, plan.brief())
    words = {part: str(_known(row.get(part)) or "") for part in ("headline", "body")}
    parts = {"subject": words["headline"], **words}
    texts = {part: claims.to_slots(FIRST_NAME.sub("", parts[part]), kept) for part in kept.parts if parts.get(part)}
    return Step.model_validate({**step.model_dump(by_alias=True), "copy": texts})


def _audience(shop: Shop, campaign_id: str, plan: Plan) -> tuple[Audience, int, Sentence]:
    """Those who got it, as a rule; where nobody knows who did, those whom a campaign of its goal is for."""
    as_of = default_as_of(shop)
    if shop.rows("deliveries"):
        rule = rules.write(Received("sent", campaign_id))
        if customers := rules.select(shop, rule, as_of):
            said = Sentence("starting.who_repeated", {"customers": f"{len(customers):,}"})
            return Audience(rule=rule), len(customers), said
    found = occasion(shop, plan.objective, sales(shop, as_of), as_of)
    if isinstance(found, Sentence):
        return Audience(), 0, found
    customers = planned.customers(shop, Audience(rule=found.rule))
    if not customers:
        return Audience(), 0, Sentence(f"starting.nobody_{plan.objective}")
    who = replace(found.reason, values=found.reason.values | {"customers": f"{len(customers):,}"})
    return Audience(rule=found.rule, skip_buyers_days=found.skip_buyers_days), len(customers), who
