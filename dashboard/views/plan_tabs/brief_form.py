"""The brief's fields: a plan as the values of widgets, and those values as a plan again."""

from datetime import date
from typing import Any

from pydantic import ValidationError

from dashboard.text import t
from engine.campaign.plan import Plan, problems_of

TIERS = 3
WITH_MINIMUM = ("percent", "amount", "gift", "free_shipping", "points")  # kinds that may ask for a minimum spend
Values = dict[str, Any]


def values_of(plan: Plan) -> Values:
    """What each widget shows for a plan. Percentages are whole numbers, an empty choice is None."""
    offer = plan.offer
    tiers = [*offer.tiers, *[(0.0, 0.0)] * TIERS][:TIERS]
    return {
        "name": plan.name,
        "groups": list(plan.audience.segment_ids),
        "goal": plan.objective,
        "channel": plan.channel,
        "language": plan.language,
        "products": list(plan.product_ids),
        "category": plan.category,
        "kind": offer.kind,
        "percent": round(100 * offer.discount, 2) if offer.kind == "percent" and offer.discount else None,
        "amount": offer.discount if offer.kind in ("amount", "points") else None,
        "max_discount": offer.max_discount,
        "min_spend": offer.min_spend,
        "gift": offer.gift_product_id,
        "code": offer.code or "",
        "starts_at": plan.starts_at,
        "ends_at": plan.ends_at,
        "send_hour": plan.send_hour,
        "audience_share": round(100 * plan.audience_share),
        "holdout": round(100 * plan.holdout),
        "tone": plan.tone,
        **{f"tier_spend_{number}": float(spend) for number, (spend, _) in enumerate(tiers)},
        **{f"tier_off_{number}": float(off) for number, (_, off) in enumerate(tiers)},
    }


def plan_from(values: Values, plan: Plan) -> tuple[Plan | None, list[str]]:
    """The plan with these values, or None and a sentence for each thing that is missing or contradicts itself."""
    step = plan.steps[0].model_copy(update={"channel": values["channel"], "language": values["language"]})
    changes = {
        "name": values["name"],
        "objective": values["goal"],
        "audience": {**plan.audience.model_dump(), "segment_ids": values["groups"]},
        "steps": [step.model_dump(by_alias=True), *[later.model_dump(by_alias=True) for later in plan.steps[1:]]],
        "offer": {**plan.offer.model_dump(), **_offer(values)},
        "product_ids": values["products"],
        "category": values["category"],
        "tone": values["tone"] or "warm",
        "send_hour": values["send_hour"],
        "audience_share": values["audience_share"] / 100,
        "holdout": values["holdout"] / 100,
        "starts_at": values["starts_at"],
        "ends_at": values["ends_at"],
    }
    try:
        return Plan.model_validate({**plan.model_dump(by_alias=True), **changes}), []
    except ValidationError as error:
        return None, _sentences(error, values)


def _offer(values: Values) -> Values:
    """The offer's fields; those that its kind does not have are empty."""
    kind = values["kind"]
    percent = values["percent"]
    discount = {"percent": percent / 100 if percent else None, "amount": values["amount"], "points": values["amount"]}
    pairs = [(values[f"tier_spend_{number}"] or 0, values[f"tier_off_{number}"] or 0) for number in range(TIERS)]
    tiers = [pair for pair in pairs if all(pair)]
    return {
        "kind": kind,
        "discount": discount.get(kind),
        "max_discount": values["max_discount"] or None if kind == "percent" else None,
        "min_spend": values["min_spend"] or None if kind in WITH_MINIMUM else None,
        "tiers": tiers if kind == "spend_save" else tiers[:1] if kind == "buy_x_get_y" else [],
        "gift_product_id": values["gift"] if kind == "gift" else None,
        "code": values["code"].strip() or None if kind != "none" else None,
    }


def _sentences(error: ValidationError, values: Values) -> list[str]:
    """What pydantic found, in the words of the page; its own words where the page has none."""
    said = []
    for problem in error.errors():
        place = problem["loc"][0] if problem["loc"] else "dates"
        if place == "dates":
            said.append(t("brief.problem_dates"))
        elif place == "name":
            said.append(t("brief.problem_name"))
        elif place == "offer" and len(problem["loc"]) == 1:
            said.append(t(f"brief.problem_{values['kind']}"))
        else:
            said += problems_of(error, t("brief.title"))
    return list(dict.fromkeys(said))


def as_json(values: Values) -> Values:
    """The values with dates as ISO text, to be kept beside a plan that is not complete yet."""
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}


def from_json(stored: Values, plan: Plan) -> Values:
    """Values kept by `as_json`; what is not among them comes from the plan."""
    dates = {name: date.fromisoformat(stored[name]) for name in ("starts_at", "ends_at") if stored.get(name)}
    return {**values_of(plan), **stored, **dates}
