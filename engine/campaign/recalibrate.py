"""The model in use with its log-odds moved to what came since: all of it first, then each channel that tells enough.

Nothing is learned anew, so a handful of campaigns is enough, and contributions still add up: what belongs to a channel
goes into the channel's own weight, the rest into the calibration.
"""

from dataclasses import asdict, dataclass, replace

import numpy as np

from engine.model import calibrate, fit
from engine.model.calibrate import Affine
from engine.model.fit import Rows

MIN_SUCCESSES = 10
MIN_CAMPAIGNS = 3  # of a channel, for a shift of its own


@dataclass(frozen=True, slots=True)
class Recalibrated:
    """model: as it was but for shift and slope in log-odds. by_channel: what each channel was moved by on top."""

    model: fit.Response
    shift: float
    slope: float
    by_channel: dict[str, float]
    campaigns: int

    def to_json(self) -> dict:
        return {name: value for name, value in asdict(replace(self, model=None)).items() if name != "model"}  # type: ignore[arg-type]


def of(model: fit.Response, rows: Rows) -> Recalibrated | None:
    """`model` recalibrated on campaigns it has not seen; None where they hold too few successes.

    Drawn towards no change (engine.model.calibrate): a large campaign counts for no more than it tells about others, so
    that two of them do not turn a model round.
    """
    if min(rows.successes.sum(), (rows.trials - rows.successes).sum()) < MIN_SUCCESSES:
        return None
    said = model.log_odds(rows.features)
    affine = calibrate.fit(said, rows.trials, rows.successes, unit=rows.campaign)
    moved = replace(model, affine=_after(affine, model.affine))
    channels = _channels(moved, affine(said), rows)
    weights = moved.weights.copy()
    for channel, shift in channels.items():
        place = moved.encoder.columns.index(f"channel={channel}")
        weights[place] += shift / (moved.affine.slope * moved.encoder.scale.get("channel", 1.0))
    level, campaigns = float(np.average(affine(said) - said, weights=rows.trials)), len(np.unique(rows.campaign))
    return Recalibrated(replace(moved, weights=weights), level, affine.slope, channels, campaigns)


def _after(second: Affine, first: Affine) -> Affine:
    """One map for two in a row."""
    return Affine(second.shift + second.slope * first.shift, second.slope * first.slope)


def _channels(model: fit.Response, said: np.ndarray, rows: Rows) -> dict[str, float]:
    """What each channel with enough campaigns is off by, in log-odds, once all of them together are put right."""
    if "channel" not in model.encoder.levels or "channel" not in rows.features:
        return {}
    found, own = {}, rows.features["channel"].astype("str").to_numpy()
    for channel in model.encoder.levels["channel"]:
        where = own == channel
        enough = where.any() and len(np.unique(rows.campaign[where])) >= MIN_CAMPAIGNS
        if enough and rows.successes[where].sum() >= MIN_SUCCESSES:
            # A slope of its own is more than a channel can tell: drawn to 1 as by a million successes.
            shift = calibrate.fit(said[where], rows.trials[where], rows.successes[where], 1e6, rows.campaign[where])
            found[channel] = float(np.average(shift(said[where]) - said[where], weights=rows.trials[where]))
    return found
