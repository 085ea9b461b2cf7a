"""What a plan's money is worked out from: every number that goes in, each with where it comes from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine import terms
from engine.campaign import earnings, offers, sms
from engine.campaign.response import Models
from engine.campaign.scene import Scene
from engine.campaign.simulate import Outcomes
from engine.sentences import Sentence
from engine.shop.store import Shop


@dataclass(frozen=True, slots=True)
class Inputs:
    """Expected values; money in the shop's currency, rates and shares as fractions.

    list_value: of an order, with tax, before discount and returns. off, handed: of an order that uses the offer, see
    offers.Cost. size: of a percent offer on everything, else None. sends: messages and cost of one, per step.
    sources: where a number comes from, by its name here.
    """

    recipients: int
    order_rate: float
    rate_anyway: float | None
    list_value: float
    returned: float
    tax_share: float
    margin: float
    used_share: float
    off: float
    handed: float
    most_uses: float
    size: float | None
    sends: tuple[tuple[float, float], ...]
    minimum_spend: float
    sources: Mapping[str, Sentence]

    @property
    def kept(self) -> float:
        """Part of list value that stays once tax and what comes back are off."""
        return terms.kept_share(self.tax_share, self.returned)

    @property
    def uses(self) -> float:
        """Orders that use the offer."""
        return self.recipients * self.order_rate * self.used_share

    @property
    def send_cost(self) -> float:
        return sum(messages * cost for messages, cost in self.sends)


def inputs_of(
    shop: Shop,
    models: Models,
    scene: Scene,
    plan: Mapping[str, object],
    drawn: Outcomes,
    recipients: int,
    held_out: int,
    sends: Sequence[tuple[float, float]],
) -> tuple[Inputs, offers.Cost]:
    """The inputs of a plan whose orders come as drawn, and what its offer costs."""
    assert models.value is not None, "asked only where order values were learned"
    baskets, offer = scene.baskets.shaped(models.value.spread), offers.offer_of(plan)
    cost = offers.cost(shop, offer, baskets, drawn.value, scene.margin.share)
    is_plain = offer["kind"] == "percent" and cost.used_share == 1 and not offer.get("applies_to")
    uses = cost.used_share or 1.0
    found = Inputs(
        recipients=recipients,
        order_rate=drawn.p,
        rate_anyway=drawn.q,
        list_value=drawn.value,
        returned=shop.settings.return_rate if baskets.returned is None else baskets.returned,
        tax_share=baskets.tax_share or 0.0,
        margin=scene.margin.share,
        used_share=cost.used_share,
        off=cost.off / uses,
        handed=cost.handed / uses,
        most_uses=cost.most_uses,
        size=float(offer["discount"]) if is_plain and not offer.get("max_discount") else None,
        sends=tuple(sends),
        minimum_spend=shop.settings.minimum_spend_for_roi,
        sources=_sources(shop, models, scene, plan, cost, held_out),
    )
    return found, cost


def terms_of(found: Inputs, cost: offers.Cost) -> earnings.Terms:
    """What stays fixed while outcomes are drawn."""
    return earnings.terms_of(
        cost, found.list_value, found.recipients, found.margin, found.send_cost, found.minimum_spend, found.kept
    )


def _sources(
    shop: Shop, models: Models, scene: Scene, plan: Mapping[str, object], cost: offers.Cost, held_out: int
) -> dict[str, Sentence]:
    assert models.value is not None, "asked only where order values were learned"
    card = models.card
    learned = {
        "orders": f"{card['targets']['order']['successes']:,.0f}", "messages": f"{card['messages']:,}",
        "campaigns": card["campaigns"], "date": card["last_sent"],
    }  # fmt: skip
    reachable = {"reachable": f"{len(scene.customer_ids):,}", "held": f"{held_out:,}"}
    return {
        "recipients": Sentence("money.from_audience", reachable),
        "order_rate": Sentence("money.from_model", learned),
        "rate_anyway": _anyway_from(card),
        "list_value": Sentence("money.from_values", {"orders": f"{models.value.orders:,}", "date": card["last_sent"]}),
        "returned": _returns_from(shop, scene),
        "tax_share": _tax_from(shop, scene),
        "margin": margin_from(scene.margin),
        "used_share": Sentence("money.from_past", offers.past(scene.baskets)),
        "off": cost.source,
        "stock": Sentence("money.from_stock"),
        "send_cost": _in_parts(send_cost_from(shop, plan), shop, plan),
    }


def _anyway_from(card: dict) -> Sentence:
    if "successes" not in card["targets"].get("anyway", {}):
        return Sentence("money.no_holdout")
    held = {"held": f"{card['held_out_customers']:,}", "orders": f"{card['targets']['anyway']['successes']:,.0f}"}
    return Sentence("money.from_holdout", held | {"date": card["last_sent"]})


def _returns_from(shop: Shop, scene: Scene) -> Sentence:
    if scene.baskets.returned is not None:
        return Sentence("money.from_past", offers.past(scene.baskets))
    stated = shop.settings.source("return_rate") == "stated"
    return Sentence("money.from_settings" if stated else "money.no_returns")


def _tax_from(shop: Shop, scene: Scene) -> Sentence:
    if not shop.settings.prices_include_tax:
        return Sentence("money.prices_without_tax")
    if scene.baskets.tax_share is None:
        return Sentence("money.tax_unknown")
    return Sentence("money.from_past", offers.past(scene.baskets))


def margin_from(margin: offers.Margin) -> Sentence:
    """Whose word the margin is."""
    if not margin.measured:
        return Sentence("engine.margin_default", {"margin": f"{margin.share:.0%}"})
    values = {"lines": f"{margin.lines:,}", "date": margin.last, "share": f"{margin.measured:.0%}"}
    return Sentence("money.margin_measured" if margin.is_measured else "money.margin_partly", values)


def send_cost_from(shop: Shop, plan: Mapping[str, object]) -> Sentence:
    """Whose word the cost of a message is."""
    settings, channel = shop.settings, str(plan["channel"])
    if offers.has(plan.get("send_cost")):
        return Sentence("money.from_plan")
    if channel not in settings.send_cost:
        return Sentence("money.send_cost_unknown", {"channel": Sentence(f"engine.by_{channel}")})
    source = settings.source("send_cost")
    return Sentence("money.from_settings" if source == "stated" else f"money.send_cost_{source}")


def _in_parts(source: Sentence, shop: Shop, plan: Mapping[str, object]) -> Sentence:
    """The same, with how many parts a text message is billed as where it is more than one."""
    parts = 1 if offers.has(plan.get("send_cost")) else sms.parts_of(plan, shop.settings)
    key = "money.send_cost_longest" if plan.get("translated") else "money.send_cost_parts"
    return source if parts == 1 else Sentence(key, {"source": source, "parts": parts})


def assumptions(
    shop: Shop, scene: Scene, plan: Mapping[str, object], cost: offers.Cost, found: Inputs
) -> tuple[Sentence, ...]:
    """What a forecast says of its money without being asked: every default and every guess that went into it."""
    said = []
    if found.uses > found.most_uses:
        values = {"stock": f"{found.most_uses:,.0f}", "uses": f"{found.uses:,.0f}"}
        said.append(Sentence("money.gift_short", values))
    if not scene.margin.is_measured:
        said.append(margin_from(scene.margin))
    if shop.settings.prices_include_tax and scene.baskets.tax_share is None:
        said.append(Sentence("money.tax_unknown"))
    sending = send_cost_from(shop, plan)
    if sending.key in ("money.send_cost_unknown", "money.send_cost_usual"):
        said.append(sending)
    return (*said, *cost.notes)
