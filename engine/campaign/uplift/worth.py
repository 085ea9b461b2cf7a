"""What choosing whom to write to earns, seen on customers that nothing was learned from."""

from dataclasses import dataclass

import numpy as np

from engine.campaign.uplift.crossfit import Estimate, mean
from engine.sentences import Sentence

BINS = 10  # of expected effect, when the past is made to look like other customers


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Past messages. effect, anyway: extra orders, and those without a message, as models of other customers expect.

    gamma, gamma_anyway: unbiased scores of the same two, see learners.scores. customer, campaign: as numbers.
    chance: see crossfit.CrossFitted.
    """

    effect: np.ndarray
    anyway: np.ndarray
    gamma: np.ndarray
    gamma_anyway: np.ndarray
    customer: np.ndarray
    campaign: np.ndarray
    chance: float

    def like(self, effect: np.ndarray) -> np.ndarray:
        """Weights, 1 on average, under which as much is expected of past customers as of these, bin by bin."""
        edges = np.unique(np.quantile(self.effect, np.linspace(0, 1, BINS + 1)[1:-1]))
        own, theirs = np.searchsorted(edges, self.effect), np.searchsorted(edges, effect)
        past, asked = (np.bincount(one, minlength=len(edges) + 1) / len(one) for one in (own, theirs))
        weight = (asked / np.maximum(past, 1e-12))[own]
        return weight / weight.mean()


@dataclass(frozen=True, slots=True)
class Money:
    """margin: what an extra order earns; cost: of one message; off: given away with every order of those written to.

    pull: extra orders of this message over those of past ones; usual: orders without it over those of the past.
    """

    margin: float
    cost: float
    off: float = 0.0
    pull: float = 1.0
    usual: float = 1.0

    def profit(self, extra: np.ndarray, anyway: np.ndarray) -> np.ndarray:
        """Of writing to customers with these past rates."""
        return self.margin * self.pull * extra - self.off * (self.pull * extra + self.usual * anyway) - self.cost


@dataclass(frozen=True, slots=True)
class Worth:
    """Money per customer with intervals (crossfit.LEVEL): of writing only to those who pay, against all and none.

    verdict: choosing_pays, write_to_all, write_to_nobody, not_known.
    """

    against_all: Estimate
    against_none: Estimate
    all_against_none: Estimate
    share_written_to: float
    verdict: str

    @property
    def sentence(self) -> Sentence:
        """What that means for the marketer."""
        return Sentence(f"who.verdict_{self.verdict}")


def worth(held_out: HeldOut, money: Money, weight: np.ndarray | None = None) -> Worth:
    """The rule "write where the expected profit is above 0" on held-out messages.

    What each row earns is scored without a model's word for it: the mean over the rows written to is the rule's value
    whatever the models say (Dudik, Langford and Li 2011). weight: of each row, see HeldOut.like.
    """
    weight = np.ones(len(held_out.gamma)) if weight is None else weight
    pays = money.profit(held_out.gamma, held_out.gamma_anyway)
    written = money.profit(held_out.effect, held_out.anyway) > 0

    def over(part: np.ndarray, chance: float = held_out.chance) -> Estimate:
        return mean(part * weight, held_out.customer, held_out.campaign, chance)

    against_all, against_none = over(np.where(written, 0.0, -pays)), over(np.where(written, pays, 0.0))
    everyone = over(pays, 0.0)
    return Worth(
        against_all, against_none, everyone, float(np.average(written, weights=weight)),
        _verdict(against_all, against_none, everyone),
    )  # fmt: skip


def _verdict(against_all: Estimate, against_none: Estimate, everyone: Estimate) -> str:
    """Choosing is said to pay only where it beats both of the two things that need no choosing."""
    if against_all.low > 0 and against_none.low > 0:
        return "choosing_pays"
    if everyone.low > 0:
        return "write_to_all"
    return "write_to_nobody" if everyone.high < 0 else "not_known"
