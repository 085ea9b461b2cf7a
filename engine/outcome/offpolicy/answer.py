"""Another choice judged on a log: five estimates, the gain over what was done, and a verdict or why there is none."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from engine.outcome.offpolicy import estimators, rewards
from engine.outcome.offpolicy.estimators import Found
from engine.outcome.offpolicy.intervals import LEVEL, Estimate
from engine.outcome.offpolicy.log import Log
from engine.outcome.offpolicy.overlap import Overlap, overlap
from engine.outcome.offpolicy.policy import Policy
from engine.sentences import Sentence

Verdict = Literal["better", "worse", "no_difference", "no_overlap"]
HEADLINE = "DR"  # right where propensities or the model are, and as narrow as any in bench/results/offpolicy.txt
COLUMNS = [
    "estimator", "value", "low", "high", "effective_sample_size", "unsupported_share", "verdict",
    "gain", "gain_low", "gain_high",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """Rewards are per row of the log, in its unit; intervals are LEVEL. logged: what the log earned."""

    rows: int
    actions: int
    logged: Estimate
    found: list[Found]
    overlap: Overlap

    @property
    def headline(self) -> Found:
        """The estimate that the verdict rests on."""
        return next(one for one in self.found if one.name == HEADLINE)

    @property
    def verdict(self) -> Verdict:
        """Of the headline."""
        return self.verdict_of(self.headline)

    def verdict_of(self, one: Found) -> Verdict:
        """better and worse only where the interval of the gain leaves 0 out, and the log tried enough."""
        if self.overlap.refusals or not np.isfinite(one.gain.value):
            return "no_overlap"
        if one.gain.low > 0:
            return "better"
        return "worse" if one.gain.high < 0 else "no_difference"

    @property
    def sentence(self) -> Sentence:
        """The verdict in words."""
        return Sentence(f"offpolicy.verdict_{self.verdict}")

    def table(self) -> pd.DataFrame:
        """COLUMNS, a row per estimator; the verdict in English words."""
        shared = (self.overlap.effective, self.overlap.never_tried)
        rows = [
            [one.name, one.value.value, one.value.low, one.value.high, *shared,
             Sentence(f"offpolicy.word_{self.verdict_of(one)}").text(),
             one.gain.value, one.gain.low, one.gain.high]
            for one in self.found
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=COLUMNS)

    def report(self) -> dict:
        """For stdout: sizes, the log's own value, the verdict with its reasons."""
        said, own = self.overlap, self.logged
        return {
            "rows": self.rows,
            "actions": self.actions,
            "interval_level": LEVEL,
            "logged": {"value": own.value, "low": own.low, "high": own.high},
            "headline": HEADLINE,
            "verdict": Sentence(f"offpolicy.word_{self.verdict}").text(),
            "sentence": self.sentence.text(),
            "effective_sample_size": said.effective,
            "unsupported_share": said.never_tried,
            "mean_weight": said.mean_weight,
            "heaviest_row_share": said.heaviest,
            "refused_because": [one.text() for one in said.refusals],
            "warnings": [one.text() for one in said.notes],
        }


def evaluate(log: Log, policy: Policy, seed: int = 0) -> Answer:
    """What the policy would have earned on the rows of the log."""
    weight = policy.of_logged(log) / log.propensity
    seen = overlap(log, policy, weight)
    model = rewards.expected(log, policy, seed)
    found = estimators.estimates(log, weight, model)
    return Answer(len(log), len(log.actions), estimators.logged(log), found, seen)
