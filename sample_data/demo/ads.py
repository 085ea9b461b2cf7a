"""Four ads, one row per day each."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sample_data.demo import dates


@dataclass(frozen=True, slots=True)
class Ad:
    """What one ad does on an average day. `cost_per_thousand` is money per 1,000 impressions."""

    ad_id: str
    channel: str
    placement: str
    first_day: int  # from dates.START
    impressions: float
    ctr: float
    cvr: float
    cost_per_thousand: float
    aov: float


ADS = (
    Ad("a1", "search", "brand words", 0, 900, 0.062, 0.070, 32.0, 118.0),
    Ad("a2", "social", "feed", 0, 6_500, 0.011, 0.020, 7.5, 96.0),
    Ad("a3", "short video", "video feed", 45, 9_000, 0.008, 0.012, 5.0, 84.0),
    Ad("a4", "display", "retargeting", 20, 4_000, 0.006, 0.045, 4.2, 104.0),
)
FATIGUE_PER_YEAR = -0.12  # log-odds by which an ad's click rate falls with each year it runs


def ads(rng: np.random.Generator) -> pd.DataFrame:
    """The ads table: ad, date, counts and money, in order of date and ad."""
    table = pd.concat([_daily(rng, ad) for ad in ADS], ignore_index=True)
    return table.sort_values(["date", "ad_id"], ignore_index=True)


def _daily(rng: np.random.Generator, ad: Ad) -> pd.DataFrame:
    days = np.arange(ad.first_day, dates.DAYS)
    season = dates.season()[days]
    impressions = rng.poisson(ad.impressions * season**0.7 * np.exp(rng.normal(0, 0.15, len(days))))
    fall = FATIGUE_PER_YEAR * (days - ad.first_day) / 365
    log_odds = np.log(ad.ctr / (1 - ad.ctr)) + fall + rng.normal(0, 0.08, len(days))
    clicks = rng.binomial(impressions, 1 / (1 + np.exp(-log_odds)))
    conversions = rng.binomial(clicks, np.clip(ad.cvr * season**0.3, 0, 1))
    value = np.array([rng.gamma(4, ad.aov / 4, count).sum() for count in conversions])
    each_day = (dates.START.astype("datetime64[D]") + days).astype("datetime64[us]")
    return pd.DataFrame(
        {
            "ad_id": ad.ad_id,
            "date": each_day,
            "channel": ad.channel,
            "impressions": impressions,
            "clicks": clicks,
            "conversions": conversions,
            "cost": (impressions / 1000 * ad.cost_per_thousand * np.exp(rng.normal(0, 0.06, len(days)))).round(2),
            "revenue": value.round(2),
            "placement": ad.placement,
        }
    )
