"""Whether the names and the code that copy prints are only that: code puts them into a text as they stand."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from engine.campaign.known import World
from engine.campaign.plan import Brief
from engine.campaign.verdicts.judge import judge
from engine.campaign.writer import cleaning
from engine.errors import DataProblem
from engine.sentences import Sentence

LONGEST_CATEGORY = 48  # characters, Chinese ones twice: its first part alone may be another, larger category
CODE = re.compile(r"[\w.+&-]+")  # a customer types it


def check(brief: Brief, slots: Mapping[str, str], names: Sequence[str], world: World) -> None:
    """Raises DataProblem, a sentence each, where something that copy prints is empty, makes an offer that this brief
    does not make, or speaks to a machine: "Tea Towel - 90% off" would be a promise, and nobody made it.
    """
    problems = list(_problems(brief, slots, names, world))
    if problems:
        raise DataProblem(problems)


def _problems(brief: Brief, slots: Mapping[str, str], names: Sequence[str], world: World) -> Iterator[Sentence]:
    told = [(f"products {one}: name", name) for one, name in zip(brief.product_ids, names, strict=True)]
    if "gift" in slots:
        told.append((f"products {brief.offer.gift_product_id}: name", slots["gift"]))
    if "category" in slots:
        told.append(("brief: category", slots["category"]))
    if "code" in slots and not brief.offer.personal_codes:
        told.append(("brief: code", slots["code"]))
        if not CODE.fullmatch(slots["code"]):
            yield Sentence("refused.odd_code", {"code": slots["code"]})
            return
    for row, said in told:
        if not said:
            yield Sentence("refused.no_name", {"row": row})
        elif row == "brief: category" and cleaning.width(said) > LONGEST_CATEGORY:
            yield Sentence("refused.more_than_a_name", {"row": row, "name": said, "words": said})
        elif words := cleaning.orders(said) or _offer(said, world):
            yield Sentence("refused.more_than_a_name", {"row": row, "name": said, "words": words})


def _offer(said: str, world: World) -> str:
    """The offer that a name makes and neither brief nor rules bear out; empty where it makes none."""
    found = cleaning.offers(said)
    if not found:
        return ""
    # What the catalogue says bears nothing out here: the name is part of it.
    rules = tuple(line for line in world.lines if line.policy)
    judged = judge(said, replace(world, names=(), others=(), heads={}, lines=rules))
    for start, end in found:
        own = [one for one in judged if one.claim.start < end and start < one.claim.end]
        if not own or not all(one.true for one in own):
            return said[start:end]
    return ""
