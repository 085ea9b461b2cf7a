"""The best of the drafts that were written for a brief, and why the others are not among them."""

from collections.abc import Sequence

from engine.campaign import copy_features, lint
from engine.campaign.copy_features import Evidence
from engine.campaign.lint import Rules
from engine.campaign.plan import Brief
from engine.campaign.writer import choosing
from engine.campaign.writer.facts import Facts, ShopLike
from engine.campaign.writer.one_draft import MOST_DRAFTS, Draft, from_template
from engine.campaign.writer.wish import NOTHING, Wish
from engine.errors import DraftFailed
from engine.sentences import Sentence
from engine.shop.store import Shop


def of(
    shop: ShopLike, brief: Brief, facts: Facts, written: Sequence[Draft], n: int, wish: Wish = NOTHING
) -> tuple[list[Draft], list[Draft]]:
    """The n best of the drafts that were written, and the others, each saying why.

    Templates stand in where fewer than n may be sent. Raises DraftFailed where none of them may.
    """
    rules = lint.rules_of(shop) if isinstance(shop, Shop) else Rules()
    if wish.part:  # the rest of the draft is somebody's own
        if why := choosing.refusal(written[0].slots, facts, rules, {wish.part}):
            raise DraftFailed(Sentence("choosing.none_allowed", {"reason": why}))
        return list(written), []
    every = _with_stand_ins(brief, facts, rules, written, n, wish)
    evidence = copy_features.evidence(shop, brief.channel) if isinstance(shop, Shop) else Evidence(0)
    names = copy_features.product_names(shop) if isinstance(shop, Shop) else frozenset()
    found = [
        (choice.is_chosen, one.model_copy(update={"choice": choice.as_dict()}))
        for one, choice in choosing.choose(every, n, facts, rules, evidence, names)
    ]
    return [one for is_chosen, one in found if is_chosen], [one for is_chosen, one in found if not is_chosen]


def _with_stand_ins(
    brief: Brief, facts: Facts, rules: Rules, written: Sequence[Draft], n: int, wish: Wish
) -> list[Draft]:
    """What was written, with so many templates that n may be sent, as far as there are any."""
    refused = [why for one in written if (why := choosing.refusal(one.slots, facts, rules))]
    every, allowed = list(written), len(written) - len(refused)
    why = Sentence("choosing.stand_in", {"reason": refused[0]}) if refused else ""
    for index in range(len(written), len(written) + MOST_DRAFTS if refused else 0):
        if allowed >= n:
            break
        taken = [one.slots for one in every]
        spare = from_template(facts, brief, index, written[0].seed, why, taken, wish)
        if spare and spare.slots not in taken and not choosing.refusal(spare.slots, facts, rules):
            every.append(spare)
            allowed += 1
    if not allowed:
        raise DraftFailed(Sentence("choosing.none_allowed", {"reason": refused[0]}))
    return every
