"""Sheets as the rows of tables they come to; those of an export in two files as one."""

import hashlib
from dataclasses import dataclass, field

import pandas as pd

from engine.errors import DataProblem
from engine.shop import sources, store, taking
from engine.shop.proposal import Proposal
from engine.shop.sources import Taken
from engine.shop.tables import Problem


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of one or, where an export is in two files, more sheets that came to one table."""

    proposal: Proposal
    taken: Taken
    key: str  # of the content and the way it was read: the same again changes nothing
    halves: list[tuple[Proposal, list[Problem]]] = field(default_factory=list)  # files of whole orders, and lost rows

    @property
    def name(self) -> str:
        return self.proposal.sheet.name


def together(proposals: list[Proposal], shop: store.ShopSettings, pseudonymise: bool) -> list[Part]:
    """Every sheet as rows of its table; files of whole orders are read with those of their lines."""
    alone = halves_alone(proposals)
    if alone:
        raise DataProblem(_other_half(alone[0]))
    parts = []
    for proposal in (one for one in proposals if one.mapping.source not in _of_whole_orders()):
        half = _joined_to(proposal)
        own = [one for one in proposals if half and one.mapping.source == half]
        parts.append(_part(proposal, own, shop, pseudonymise))
    return parts


def halves_alone(proposals: list[Proposal]) -> list[Proposal]:
    """Files of an export that comes in two, whole orders and their lines, where the other is not there."""
    there = {proposal.mapping.source for proposal in proposals}
    wanted = {half for proposal in proposals if (half := _joined_to(proposal))}
    return [
        one
        for one in proposals
        if (_joined_to(one) and _joined_to(one) not in there)
        or (one.mapping.source in _of_whole_orders() and one.mapping.source not in wanted)
    ]


def _of_whole_orders() -> set[str]:
    return {source.joined_to for source in sources.SOURCES.values() if source.joined_to}


def _joined_to(proposal: Proposal) -> str:
    """The export of whole orders that a file of lines needs; "" for every other."""
    return sources.SOURCES[proposal.mapping.source].joined_to if proposal.mapping.source else ""


def _other_half(proposal: Proposal) -> str:
    title = sources.SOURCES[proposal.mapping.source].title
    return (
        f"{proposal.sheet.name}: {title}: this export comes in two files, one of whole orders and one of their lines. "
        "Bring in both at once."
    )


def _part(proposal: Proposal, of_orders: list[Proposal], shop: store.ShopSettings, pseudonymise: bool) -> Part:
    orders = [taking.plain(one, shop) for one in of_orders]
    whole = pd.concat(orders, ignore_index=True) if orders else None
    taken, without_line = taking.take(proposal, shop, pseudonymise, whole)
    # The mapping counts: the same file read another way is another source.
    read_as = proposal.mapping.model_dump_json(exclude_defaults=True)
    # So do the shop's clock and rates: with another rate, rows that had none are sales.
    counted_in = shop.model_dump_json(include={"currency", "rates", "time_zone"})
    content = [proposal.sheet.sha256, *(one.sheet.sha256 for one in of_orders)]
    key = " ".join([*content, proposal.sheet.name.partition("/")[2], read_as, counted_in])
    return Part(proposal, taken, hashlib.sha256(key.encode()).hexdigest(), _halves(of_orders, without_line))


def _halves(of_orders: list[Proposal], without_line: list[Problem]) -> list[tuple[Proposal, list[Problem]]]:
    """The files of whole orders, each with its rows that have no line: rows of several files were counted through."""
    halves, first = [], 0
    for proposal in of_orders:
        after = first + len(proposal.sheet.frame)
        own = [(row - first, column, value, why) for row, column, value, why in without_line if first <= row < after]
        halves.append((proposal, own))
        first = after
    return halves
