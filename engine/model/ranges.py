"""How far a rate may fall from its forecast: campaign-to-campaign variation from campaigns that were held out.

Random effects on the log-odds scale by the method of moments (DerSimonian and Laird 1986); the range of a future
campaign is a prediction interval with Student's t (Higgins, Thompson and Spiegelhalter 2009).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import expit

from engine.model.calibrate import USUAL_SD

USUAL_CAMPAIGNS = 2  # the usual variation counts as much as that many held-out campaigns
FEW = 10  # with fewer held-out campaigns the range is wide, and said to be


@dataclass(frozen=True, slots=True)
class Variation:
    """sd of a campaign's effect on log-odds, and the number of held-out campaigns it was learned from."""

    sd: float
    campaigns: int

    def quantile(self, level: float) -> float:
        """Standard deviations to go for a quantile of a future campaign: Student's t with campaigns - 1 degrees."""
        return float(stats.t.ppf(level, max(self.campaigns - 1, 2)))


# Without a single held-out campaign: twice what mail campaigns usually show, so that the range does not pretend.
UNKNOWN = Variation(sd=0.6, campaigns=0)


def variation(held_out: pd.DataFrame) -> Variation:
    """Variation drawn towards the usual one where campaigns are few.

    `held_out` has one row per held-out campaign: trials, successes, predicted (mean probability).
    """
    usable = held_out[held_out["trials"] * held_out["predicted"] >= 1]
    if len(usable) < 3:
        return Variation(UNKNOWN.sd, len(usable))
    spread = (usable["predicted"] * (1 - usable["predicted"])).to_numpy()
    residual = (usable["successes"] / usable["trials"] - usable["predicted"]).to_numpy() / spread
    noise = 1.0 / (usable["trials"].to_numpy() * spread)
    weight = 1.0 / (noise + 0.02)  # precise campaigns count more; 0.02 keeps one huge campaign from deciding alone
    tau2 = max(float(np.average(residual**2 - noise, weights=weight)), 0.0)
    # By the method of moments four campaigns often show no variation at all, and a range without width.
    drawn = (len(usable) * tau2 + USUAL_CAMPAIGNS * USUAL_SD**2) / (len(usable) + USUAL_CAMPAIGNS)
    return Variation(float(np.sqrt(drawn)), len(usable))


def interval(
    probability: float, trials: float, variation: Variation, sampling_sd: float = 0.0, level: float = 0.8
) -> tuple[float, float]:
    """Range of the observed rate of `trials` future messages with expected rate `probability`.

    `sampling_sd` is the standard error of the mean over representatives, on the probability scale.
    """
    if not 0 < probability < 1:
        return probability, probability
    spread = probability * (1 - probability)
    noise = 1.0 / (max(trials, 1.0) * spread) + (sampling_sd / spread) ** 2
    reach = variation.quantile(0.5 + level / 2) * np.sqrt(variation.sd**2 + noise)
    centre = np.log(probability / (1 - probability))
    return float(expit(centre - reach)), float(expit(centre + reach))


def coverage(held_out: pd.DataFrame, level: float = 0.8) -> tuple[int, int]:
    """How many of the held-out campaigns fell inside the range learned from the others, and of how many."""
    inside = 0
    for row in held_out.itertuples():
        others = variation(held_out.drop(index=row.Index))
        low, high = interval(row.predicted, row.trials, others, level=level)
        inside += low <= row.successes / row.trials <= high
    return inside, len(held_out)
