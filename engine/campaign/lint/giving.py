"""What an offer gives away beyond the limits that the shop set itself."""

from collections.abc import Iterator

from engine.campaign.claims import Finding
from engine.campaign.lint.reading import reason
from engine.campaign.lint.rules import Rules, Sold
from engine.campaign.plan import Offer
from engine.campaign.writer.facts import Facts
from engine.sentences import Sentence


def gives(facts: Facts, rules: Rules) -> list[Finding]:
    """Findings where the offer is larger than the shop's cap, or leaves a product under its margin.

    Judged on one piece at its list price, before tax and returns, for offers that lower a price. Gifts, points and
    shipping have no price of their own here: the forecast says what those cost.
    """
    offer, scope = facts.world.offer, _scope(facts, rules)
    return [
        Finding("", "", 0, 0, "lint", "refused", None, reason(rule, facts.language, about), row, rule)
        for rule, about, row in (*_cap(offer, scope, rules), *_floor(offer, scope, rules))
        if rules.is_on(rule)
    ]


def _scope(facts: Facts, rules: Rules) -> dict[str, Sold]:
    """The products that the offer may be used on."""
    named = set(facts.world.names) - {facts.world.gift}
    applies = set(facts.world.offer.applies_to)
    return {
        key: one
        for key, one in rules.products.items()
        if one.price and one.name in named and (not applies or {key, one.category} & applies)
    }


def share_off(offer: Offer, price: float | None) -> float:
    """The share of a price that the offer takes off at most: of one piece, or of the least that must be spent.

    >>> share_off(Offer(kind="percent", discount=0.3, max_discount=10), 100.0)
    0.1
    >>> share_off(Offer(kind="spend_save", tiers=[(50, 5), (100, 20)]), None)
    0.2
    """
    size = offer.discount or 0.0
    if offer.kind == "percent":
        return min(size, offer.max_discount / price) if offer.max_discount and price else size
    if offer.kind == "amount":
        spent = max(offer.min_spend or 0.0, price or 0.0)
        return min(size / spent, 1.0) if spent else 0.0
    if offer.kind == "spend_save":
        tiers = offer.tiers or [(offer.min_spend or 0.0, size)]
        return max((off / spend for spend, off in tiers if spend), default=0.0)
    if offer.kind == "buy_x_get_y" and offer.tiers:
        buy, free = offer.tiers[0]
        return free / (buy + free) if buy + free else 0.0
    return 0.0


def _cap(offer: Offer, scope: dict[str, Sold], rules: Rules) -> Iterator[tuple[str, Sentence, str]]:
    cap = rules.discount_cap
    if cap is None:
        return
    share = max([share_off(offer, one.price) for one in scope.values()] or [share_off(offer, None)])
    if share > cap + 1e-9:
        yield "discount_cap", Sentence("lint.over_cap", {"share": f"{share:.0%}", "cap": f"{cap:.0%}"}), ""


def _floor(offer: Offer, scope: dict[str, Sold], rules: Rules) -> Iterator[tuple[str, Sentence, str]]:
    """One finding, of the product that is left with least."""
    floor = rules.margin_floor
    left = [(margin, key, one) for key, one in scope.items() if (margin := _margin(offer, one, rules)) is not None]
    if floor is None or not left or offer.kind == "none":
        return
    margin, key, one = min(left, key=lambda place: place[:2])
    if margin < floor - 1e-9:
        values = {"product": one.name, "margin": f"{margin:.0%}", "floor": f"{floor:.0%}"}
        yield "margin_floor", Sentence("lint.under_floor", values), f"products {key}: price, unit_cost"


def _margin(offer: Offer, product: Sold, rules: Rules) -> float | None:
    """What is left of the price that is paid, as a fraction of it; None where nothing is paid."""
    if not product.price:
        return None
    usual = rules.margins.get(product.category, rules.margins.get("default", 0.0))
    cost = product.price * (1 - usual) if product.unit_cost is None else product.unit_cost
    paid = product.price * (1 - share_off(offer, product.price))
    return (paid - cost) / paid if paid > 0 else None
