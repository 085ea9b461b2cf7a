"""What is asked of the search, checked: groups, what may vary, and limits."""

from dataclasses import dataclass
from datetime import date
from typing import Any, get_args

from engine.audience import rules, segments
from engine.campaign.optimise.groups import disjoint, of_customers
from engine.campaign.optimise.judging import Group
from engine.campaign.optimise.limits import Limits, Objective
from engine.campaign.optimise.options import SHARES, Choices
from engine.campaign.plan import OfferKind
from engine.errors import DataProblem
from engine.sentences import Said, Sentence
from engine.shop.store import Shop


@dataclass(frozen=True, slots=True)
class Asked:
    """Groups without a customer in common, what may vary, what may not be broken, and what counts."""

    groups: list[Group]
    choices: Choices
    limits: Limits
    objective: Objective

    @staticmethod
    def of(shop: Shop, said: dict[str, Any], seed: int = 0) -> "Asked":
        """Options of the command line by name. Raises DataProblem with a sentence for each that cannot be used."""
        problems = [*_wrong_numbers(said), *_unknown(shop, said)]
        if problems:
            raise DataProblem(problems)
        limits = Limits(said["budget"], said["margin_floor"], said["max_loss"], said["untried"])
        products = tuple((tuple(one.replace(",", " ").split()), None) for one in said["products"])
        products += tuple(((), one) for one in said["categories"])
        choices = Choices(
            said["channels"], said["kinds"], said["discounts"], said["hours"], said["shares"] or SHARES,
            products or (((), None),),
        )  # fmt: skip
        holdout = said["holdout"] if said["holdout"] is not None else shop.settings.holdout
        message = {"plan_id": "option", "holdout": holdout, "starts_at": said["starts_at"]}
        audiences = disjoint(_audiences(shop, said["segment_ids"], said["rules"]))
        groups = [of_customers(shop, name, ids, message, seed) for name, ids in audiences.items()]
        return Asked(groups, choices, limits, said["objective"])


def _audiences(shop: Shop, segment_ids: tuple[str, ...], texts: tuple[str, ...]) -> dict[str, list[str]]:
    """Customers by segment id or rule; every segment where nothing is named."""
    if not segment_ids and not texts:
        segment_ids = tuple(segments.current(shop).profiles["segment_id"])
    found = {one: segments.members(shop, [one]) for one in segment_ids}
    return found | {text: rules.select(shop, text) for text in texts}


_SHARES = {
    "discounts": (lambda size: 0 < size < 1, "refused.need_fraction"),
    "shares": (lambda share: 0 < share <= 1, "refused.need_share"),
    "hours": (lambda hour: 0 <= hour <= 23, "refused.need_hour"),
    "holdout": (lambda share: 0 <= share < 1, "refused.need_holdout"),
}
_SPELLED = {"discounts": "--discount", "shares": "--share", "hours": "--send-hour", "holdout": "--holdout"}


def _wrong_numbers(said: dict[str, Any]) -> list[Said]:
    problems: list[Said] = []
    for name, (fits, needed) in _SHARES.items():
        given = said[name] if isinstance(said[name], tuple) else (said[name],)
        about = {"option": _SPELLED[name], "needed": Sentence(needed)}
        wrong = [one for one in given if one is not None and not fits(one)]
        problems += [Sentence("refused.option", about | {"given": one}) for one in wrong]
    if said["starts_at"] is not None:
        try:
            date.fromisoformat(said["starts_at"])
        except ValueError:
            problems.append(Sentence("refused.option_date", {"given": said["starts_at"]}))
    return problems


def _unknown(shop: Shop, said: dict[str, Any]) -> list[Said]:
    """Kinds, products and categories that nobody knows."""
    known = shop.optional("products").reindex(columns=["product_id", "category"])
    named = [one for listed in said["products"] for one in listed.replace(",", " ").split()]
    kinds = get_args(OfferKind)
    strange = [one for one in said["kinds"] if one not in kinds]
    products = [one for one in named if one not in set(known["product_id"])]
    categories = [one for one in said["categories"] if one not in set(known["category"])]
    return [
        *(Sentence("refused.unknown_kind", {"kind": one, "kinds": kinds}) for one in strange),
        *(Sentence("refused.unknown_product", {"name": one}) for one in products),
        *(Sentence("refused.unknown_category", {"name": one}) for one in categories),
    ]
