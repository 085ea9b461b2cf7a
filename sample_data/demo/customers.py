"""5,000 customers: their latent group, when they were active, and what the shop knows about them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sample_data.demo import catalogue, dates
from sample_data.demo.groups import GROUPS, SOURCES, per_group

COUNT = 5_000
CONSENT = {"email": 0.88, "sms": 0.66, "push": 0.64}
UNKNOWN_PUSH = 0.04  # share of customers whose push consent the shop never recorded
SUPPRESSED = 0.005


@dataclass(frozen=True, slots=True)
class People:
    """What the generator knows of each customer and the shop does not. Times are days from dates.START."""

    group: np.ndarray  # index into GROUPS
    joined_day: np.ndarray
    left_day: np.ndarray  # after it they place no order by themselves
    yearly_orders: np.ndarray  # organic orders per year while active
    favourite: np.ndarray  # index into catalogue.NAMES
    speaks_chinese: np.ndarray
    reachable: dict[str, np.ndarray]  # channel: may be written to, at the beginning

    def organic_orders(self, first_day: np.ndarray, last_day: np.ndarray) -> np.ndarray:
        """Expected organic orders between two moments per customer, with season and the time they were active."""
        start = np.maximum(first_day, np.maximum(self.joined_day, 0))
        return self.yearly_orders / 365 * dates.demand_between(start, np.minimum(last_day, self.left_day))


def people(rng: np.random.Generator) -> People:
    """5,000 customers in seven groups. VIPs and regulars stay, lapsed ones left, new ones joined in the last months."""
    sizes = np.floor(per_group("share") * COUNT).astype(int)
    sizes[1] += COUNT - sizes.sum()
    group = rng.permutation(np.repeat(np.arange(len(GROUPS)), sizes))
    name = np.array([item.name for item in GROUPS])[group]
    joined = np.where(rng.random(COUNT) < 0.78, rng.uniform(-1200, 0, COUNT), rng.uniform(0, dates.DAYS - 150, COUNT))
    joined = np.where(name == "new", rng.uniform(dates.DAYS - 200, dates.DAYS - 3, COUNT), joined)
    joined = np.where(name == "one_time", rng.uniform(0, dates.DAYS - 60, COUNT), joined)
    joined = np.where(name == "lapsed", rng.uniform(-1000, 60, COUNT), joined)
    left = np.where(name == "lapsed", rng.uniform(90, 480, COUNT), float(dates.DAYS))
    spread = rng.gamma(4.0, 0.25, COUNT)  # mean 1: people of one group differ
    suppressed = rng.random(COUNT) < SUPPRESSED
    reachable = {channel: (rng.random(COUNT) < share) & ~suppressed for channel, share in CONSENT.items()}
    favourites = [[catalogue.NAMES.index(kind) for kind in item.favourites] for item in GROUPS]
    picks = rng.random(COUNT)
    return People(
        group=group,
        joined_day=joined,
        left_day=left,
        yearly_orders=per_group("orders_per_year")[group] * spread,
        favourite=np.array(
            [favourites[g][int(pick * len(favourites[g]))] for g, pick in zip(group, picks, strict=True)]
        ),
        speaks_chinese=rng.random(COUNT) < 0.3,
        reachable={**reachable, "social": ~suppressed},
    )


def customer_ids() -> np.ndarray:
    """c00001 ... c05000."""
    return np.array([f"c{number:05d}" for number in range(1, COUNT + 1)])


def customers(rng: np.random.Generator, who: People, unsubscribed: dict[str, np.ndarray]) -> pd.DataFrame:
    """The customers table. `unsubscribed` holds, per channel, seconds from START of the unsubscription or -1."""
    consents = {
        f"{channel}_consent": pd.array(
            (who.reachable[channel] & (unsubscribed[channel] < 0)).astype(int), dtype="Int64"
        )
        for channel in CONSENT
    }
    first = np.max([unsubscribed[channel] for channel in unsubscribed], axis=0)  # at most one channel has a time
    consents["push_consent"][(rng.random(COUNT) < UNKNOWN_PUSH) & ~who.reachable["push"]] = pd.NA
    source_chances = np.cumsum([group.sources for group in GROUPS], axis=1)[who.group]
    source = np.minimum((rng.random((COUNT, 1)) > source_chances).sum(axis=1), len(SOURCES) - 1)
    return pd.DataFrame(
        {
            "customer_id": customer_ids(),
            "joined_at": dates.moment(np.floor(who.joined_day * dates.DAY_SECONDS)),
            "language": np.where(who.speaks_chinese, "zh", "en"),
            **consents,
            "unsubscribed_at": pd.Series(dates.moment(np.maximum(first, 0))).where(first >= 0),
            "suppressed": (~who.reachable["social"]).astype("int64"),
            "city_tier": rng.choice(["tier 1", "tier 2", "tier 3"], COUNT, p=[0.35, 0.4, 0.25]),
            "acquisition_source": np.array(SOURCES)[source],
            "age_band": rng.choice(["18-24", "25-34", "35-44", "45-54", "55+"], COUNT, p=[0.18, 0.33, 0.24, 0.15, 0.1]),
            "gender": rng.choice(["female", "male", "unstated"], COUNT, p=[0.62, 0.28, 0.1]),
        }
    )
