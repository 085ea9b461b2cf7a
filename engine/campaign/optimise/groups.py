"""Groups of customers as the search takes them: each customer in one of them at most."""

from collections.abc import Sequence

from engine.campaign.optimise.judging import Group
from engine.campaign.optimise.options import Option
from engine.campaign.plan import Offer, Plan
from engine.campaign.scene import Scene, scene
from engine.campaign.starting import offer_code
from engine.shop.store import Shop


def disjoint(audiences: dict[str, list[str]]) -> dict[str, list[str]]:
    """The same audiences, each without those of the ones before it."""
    taken: set[str] = set()
    result = {}
    for name, customer_ids in audiences.items():
        result[name] = [one for one in dict.fromkeys(customer_ids) if one not in taken]
        taken |= set(result[name])
    return result


def of_customers(shop: Shop, group_id: str, customer_ids: list[str], message: dict, seed: int = 0) -> Group:
    """A group of these customers who get one message. `message`: a plan's row, as `forecast --plans` takes it."""
    known: dict[tuple, Scene] = {}

    def at(option: Option) -> tuple[Sequence[Scene], list[dict]]:
        steps = option.on([message])
        key = (option.channel, option.about)
        if key not in known:
            known[key] = scene(shop, steps[0], customer_ids, seed=seed)
        return [known[key]], steps

    return Group(group_id, at)


def as_plan(plan: Plan, option: Option) -> Plan:
    """The plan with what an option sets, and a code for its offer; still one each where the plan has personal codes."""
    personal = plan.offer.personal_codes and option.kind != "none"
    kept = {"kind": option.kind, "discount": option.discount, "min_spend": option.min_spend}
    offer = Offer.model_validate(
        kept
        | {"gift_product_id": option.gift_product_id, "tiers": list(option.tiers)}
        | {"code": None if personal else offer_code(plan.objective, option.kind, option.discount)}
        | {"personal_codes": personal}
    )
    first = plan.steps[0].model_copy(update={"channel": option.channel})
    hour = plan.send_hour if option.send_hour is None else option.send_hour
    changes = {"offer": offer, "steps": [first, *plan.steps[1:]], "send_hour": hour, "audience_share": option.share}
    return plan.model_copy(update=changes)
