"""The brief's fields: a plan as the values of widgets, and those values as a plan again."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from pydantic import ValidationError

from dashboard.text import language, t
from engine.audience import rule_text
from engine.audience.rule_text import Compare, Rule
from engine.campaign import links
from engine.campaign.plan import Audience, FirstTest, Language, Plan, Step, problems_of
from engine.errors import DataProblem
from engine.sentences import Sentence

TIERS = 3
MOST_MESSAGES = 6
STAGE = "lifecycle = "  # a lifecycle group among the chosen groups is the text of its rule
WITH_MINIMUM = ("percent", "amount", "gift", "free_shipping", "points")  # kinds that may ask for a minimum spend
Values = dict[str, Any]


def values_of(plan: Plan) -> Values:
    """What each widget shows for a plan. Percentages are whole numbers, an empty choice is None."""
    offer = plan.offer
    tiers = [*offer.tiers, *[(0.0, 0.0)] * TIERS][:TIERS]
    stages, rule = _parted(plan.audience.rule)
    excluded_stages, exclude_rule = _parted(plan.audience.exclude_rule)
    return {
        "name": plan.name,
        "groups": [*plan.audience.segment_ids, *stages],
        "rule": rule,
        "exclusions": [*plan.audience.exclusions, *excluded_stages],
        "exclude_rule": exclude_rule,
        "skip_buyers_days": plan.audience.skip_buyers_days,
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
        "personal_codes": offer.personal_codes,
        "starts_at": plan.starts_at,
        "ends_at": plan.ends_at,
        "send_hour": plan.send_hour,
        "audience_share": round(100 * plan.audience_share),
        "holdout": round(100 * plan.holdout),
        "tone": plan.tone,
        "landing_url": plan.landing_url or "",
        **{f"utm_{name}": plan.utm.get(name) or plan.utm.get(f"utm_{name}", "") for name in links.FIELDS},
        "messages": later_messages(plan),
        **_test_values(plan),
        **{f"tier_spend_{number}": float(spend) for number, (spend, _) in enumerate(tiers)},
        **{f"tier_off_{number}": float(off) for number, (_, off) in enumerate(tiers)},
    }


def later_messages(plan: Plan) -> list[Values]:
    """The messages after the first. `of` is the step of the plan that a message's copy is kept in."""
    return [
        {"of": number, "day": step.day, "channel": step.channel, "language": step.language, "condition": step.condition}
        for number, step in enumerate(plan.steps)
        if number
    ]


def readable(text: str) -> Sequence[str]:
    """What is wrong with the words of a rule, whatever the shop: nothing, or a sentence."""
    try:
        rule_text.parse(text)
    except DataProblem as problem:
        return problem.texts(language())
    return ()


def plan_from(
    values: Values, plan: Plan, check: Callable[[str], Sequence[str]] = readable
) -> tuple[Plan | None, list[str]]:
    """The plan with these values, or None and a sentence for each thing that is missing or contradicts itself.

    `check` says what is wrong with a rule.
    """
    audience, problems = audience_from(values, plan.audience, check)
    steps = _steps(values, plan)
    days = [step["day"] for step in steps]
    if len(set(days)) < len(days):
        problems = [*problems, t("brief.problem_days")]
        steps = steps[:1]
    if wrong := links.problem(values["landing_url"]):
        problems = [*problems, wrong.text(language())]
    test, unfit = _test(values, len(steps))
    problems = [*problems, *unfit]
    changes = {
        "name": values["name"],
        "objective": values["goal"],
        "audience": (audience or plan.audience).model_dump(),
        "steps": steps,
        "offer": {**plan.offer.model_dump(), **_offer(values)},
        "product_ids": values["products"],
        "category": values["category"],
        "tone": values["tone"] or "warm",
        "landing_url": values["landing_url"].strip() or None,
        "utm": _utm(values, plan),
        "send_hour": values["send_hour"],
        "audience_share": values["audience_share"] / 100,
        "holdout": values["holdout"] / 100,
        "variants": values["variants"],
        "test": test,
        "starts_at": values["starts_at"],
        "ends_at": values["ends_at"],
    }
    try:
        whole = Plan.model_validate({**plan.model_dump(by_alias=True), **changes})
    except ValidationError as error:
        return None, [*problems, *_sentences(error, values)]
    return (None, problems) if problems else (whole, [])


# --- who ---


def audience_from(
    values: Values, before: Audience, check: Callable[[str], Sequence[str]] = readable
) -> tuple[Audience | None, list[str]]:
    """The audience with these values, or None and what is wrong with its rules."""
    rules = {"rule": values["rule"].strip(), "exclude_rule": values["exclude_rule"].strip()}
    problems = [problem for text in rules.values() if text for problem in check(text)]
    if problems:
        return None, list(dict.fromkeys(problems))
    named = {"segment_ids": values["groups"], "exclusions": values["exclusions"]}
    changes = {
        **{field: [one for one in chosen if not is_stage(one)] for field, chosen in named.items()},
        "rule": _joined(values["groups"], rules["rule"]),
        "exclude_rule": _joined(values["exclusions"], rules["exclude_rule"]),
        "skip_buyers_days": int(values["skip_buyers_days"] or 0),
    }
    return Audience.model_validate({**before.model_dump(), **changes}), []


def is_stage(chosen: str) -> bool:
    """Whether a chosen group is one by rule."""
    return chosen.startswith(STAGE)


def _joined(chosen: list[str], text: str) -> str | None:
    """The rule that selects the chosen lifecycle groups and whom the text selects."""
    stages = [one for one in chosen if is_stage(one)]
    if not stages:
        return text or None
    rule = _parts(rule_text.parse(text)) if text else ()
    return rule_text.write(rule_text.joined([*map(rule_text.parse, stages), *rule], "or"))


def _parted(text: str | None) -> tuple[list[str], str]:
    """What `_joined` joined: the lifecycle groups as texts, and the rest of the rule."""
    if not text:
        return [], ""
    try:
        parts = _parts(rule_text.parse(text))
    except DataProblem:
        return [], text  # the page says what is wrong with it
    stages = [part for part in parts if isinstance(part, Compare) and (part.field, part.operator) == ("lifecycle", "=")]
    if not stages:
        return [], text
    rest = [part for part in parts if part not in stages]
    named = list(dict.fromkeys(f"{STAGE}{stage.value.lower()}" for stage in stages))
    return named, rule_text.write(rule_text.joined(rest, "or")) if rest else ""


def _parts(rule: Rule) -> tuple[Rule, ...]:
    return rule.parts if isinstance(rule, rule_text.Any) else (rule,)


# --- messages ---


def _steps(values: Values, plan: Plan) -> list[Values]:
    """Every message as a step of the plan, by day; each keeps its copy."""
    first = {"channel": values["channel"], "language": values["language"]}
    later = [
        {
            **_step(plan, message["of"], message["language"]),
            **{name: value for name, value in message.items() if name != "of"},
        }
        for message in values["messages"]
    ]
    return [{**_step(plan, 0, values["language"]), **first}, *sorted(later, key=lambda step: step["day"])]


def _step(plan: Plan, of: int | None, language: Language) -> Values:
    known = of is not None and of < len(plan.steps)
    return (plan.steps[of or 0] if known else Step()).speaking(language).model_dump(by_alias=True)


# --- what ---


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
        "code": values["code"].strip() or None if kind != "none" and not values["personal_codes"] else None,
        "personal_codes": bool(values["personal_codes"]) and kind != "none",
    }


def _test_values(plan: Plan) -> Values:
    """What the fields of the test before the rest show; of a plan without one, what they begin with."""
    test = plan.test or FirstTest()
    return {
        "variants": list(plan.variants),
        "test_first": plan.test is not None,
        "test_share": round(100 * test.share),
        "test_hours": test.wait_hours,
        "test_metric": test.metric,
        "test_lift": round(100 * test.smallest_lift, 2),
        "test_otherwise": test.otherwise,
        "test_fallback": test.fallback,
    }


def _test(values: Values, steps: int) -> tuple[Values | None, list[str]]:
    """The test before the rest, None where there is none or it cannot be; and why it cannot."""
    if not values["test_first"]:
        return None, []
    named, fallback = values["variants"], values["test_fallback"] if values["test_otherwise"] == "variant" else None
    wrong = []
    if len(set(named)) < 2:
        wrong.append(t("staged.needs_variants"))
    if steps > 1:
        wrong.append(t("staged.one_message"))
    if values["test_otherwise"] == "variant" and fallback not in named:
        wrong.append(t("staged.which_fallback"))
    test = {
        "share": values["test_share"] / 100,
        "wait_hours": values["test_hours"],
        "metric": values["test_metric"],
        "smallest_lift": (values["test_lift"] or 0) / 100,
        "otherwise": values["test_otherwise"],
        "fallback": fallback,
    }
    return (None, wrong) if wrong else (test, [])


def _utm(values: Values, plan: Plan) -> dict[str, str]:
    """The campaign parameters that the plan says itself; those it has beside the form's stay."""
    others = {name: said for name, said in plan.utm.items() if name.removeprefix("utm_") not in links.FIELDS}
    return others | {name: said for name in links.FIELDS if (said := values[f"utm_{name}"].strip())}


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
            said += [one.text(language()) for one in problems_of(error, Sentence("brief.title"))]
    return list(dict.fromkeys(said))


def as_json(values: Values) -> Values:
    """The values with dates as ISO text, to be kept beside a plan that is not complete yet."""
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}


def from_json(stored: Values, plan: Plan) -> Values:
    """Values kept by `as_json`; what is not among them comes from the plan."""
    dates = {name: date.fromisoformat(stored[name]) for name in ("starts_at", "ends_at") if stored.get(name)}
    return {**values_of(plan), **stored, **dates}
