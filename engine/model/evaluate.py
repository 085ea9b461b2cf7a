"""Every figure of how good a model is, from its hold-out table alone: whoever has the table can compute them again.

A hold-out table has one row per message (or total, or ad and day) that was judged by models which had not seen its
campaign: campaign, unit (what is held out together), fold, trials, successes, and a probability per model.
"""

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from scipy import stats

from engine.model.fit import scores
from engine.model.rates import wilson

LEVEL = 0.95
BINS = 10


@dataclass(frozen=True, slots=True)
class Difference:
    """Log-loss of one model minus that of another on the same rows, with its 95 % range over `units` campaigns.

    Below 0 the first is better. low and high are None with fewer than 2 campaigns.
    """

    mean: float
    low: float | None
    high: float | None
    units: int

    @property
    def tells(self) -> bool:
        """Whether the difference is more than chance: 0 lies outside its range."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


def losses(trials: np.ndarray, successes: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """-log-likelihood of each row, in nats; over the trials it is the log-loss."""
    p = np.clip(np.asarray(probability, dtype="float64"), 1e-9, 1 - 1e-9)
    return -(successes * np.log(p) + (trials - successes) * np.log1p(-p))


def paired(trials: np.ndarray, difference: np.ndarray, level: float = LEVEL) -> Difference:
    """Mean difference per trial, from the trials of each campaign and the sum of its rows' differences.

    Range: campaigns are drawn, not messages, so the spread is that between campaigns (ratio estimator, Cochran 1977,
    6.13), with Student's t at campaigns - 1 degrees of freedom.
    """
    count, total = len(trials), float(trials.sum())
    mean = float(difference.sum() / total)
    if count < 2:
        return Difference(mean, None, None, count)
    spread = np.sqrt(count / (count - 1) * np.square(difference - mean * trials).sum()) / total
    reach = float(stats.t.ppf(0.5 + level / 2, count - 1) * spread)
    return Difference(mean, mean - reach, mean + reach, count)


def difference(table: pd.DataFrame, first: str, second: str, level: float = LEVEL) -> Difference:
    """Log-loss of the model in column `first` minus that of `second`, paired by what was held out together."""
    trials, successes = table["trials"].to_numpy(), table["successes"].to_numpy()
    rows = losses(trials, successes, table[first]) - losses(trials, successes, table[second])
    summed = pd.DataFrame({"trials": trials, "rows": rows}).groupby(table["unit"].to_numpy()).sum()
    return paired(summed["trials"].to_numpy(), summed["rows"].to_numpy(), level)


def per_message(table: pd.DataFrame, column: str) -> dict[str, float | None]:
    """auc, log_loss, predicted_over_actual, mse (for a probability: the Brier score), rmse, mae, r2 per single trial.

    r2 compares with the held-out rows' own mean rate.
    """
    found = scores(table["trials"], table["successes"], table[column])
    n, s, p = (table[name].to_numpy("float64") for name in ("trials", "successes", column))
    rate = s.sum() / n.sum()
    spread = rate * (1 - rate)
    absolute = float((s * (1 - p) + (n - s) * p).sum() / n.sum())
    mse = found.pop("brier")
    figures = found | {"mse": mse, "rmse": mse**0.5, "mae": absolute, "r2": 1 - mse / spread if spread else np.nan}
    return {name: None if np.isnan(value) else float(value) for name, value in figures.items()}


def per_campaign(table: pd.DataFrame, column: str) -> dict[str, float | None]:
    """mse, rmse, mae, r2 of the campaigns' rates: each campaign counts once. r2 is None with one campaign."""
    rates = campaign_rates(table, column)
    error = (rates["predicted"] - rates["actual"]).to_numpy()
    spread = float(np.square(rates["actual"] - rates["actual"].mean()).sum())
    mse = float(np.square(error).mean())
    r2 = 1 - float(np.square(error).sum()) / spread if spread > 0 else None
    return {"mse": mse, "rmse": mse**0.5, "mae": float(np.abs(error).mean()), "r2": r2}


def campaign_rates(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """campaign, trials, successes, predicted, actual: one row per held-out campaign, as they come."""
    weighted = table.assign(expected=table[column] * table["trials"])
    summed = weighted.groupby("campaign", sort=False)[["trials", "successes", "expected"]].sum().reset_index()
    summed["predicted"] = summed["expected"] / summed["trials"]
    summed["actual"] = summed["successes"] / summed["trials"]
    return summed.drop(columns="expected")


def calibration(table: pd.DataFrame, column: str, bins: int = BINS) -> pd.DataFrame:
    """lowest, highest, trials, successes, predicted, actual, low, high: tenths of the trials by predicted rate.

    Equal predictions stay together, so there may be fewer than `bins` rows. low and high: 95 %, Wilson, of the rate.
    """
    by_value = table.groupby(column)["trials"].sum()
    middle = (by_value.cumsum() - by_value / 2) / by_value.sum()
    tenth = table[column].map(np.minimum((middle * bins).astype("int64"), bins - 1))
    weighted = table.assign(expected=table[column] * table["trials"])
    summed = weighted.groupby(tenth.to_numpy())[["trials", "successes", "expected"]].sum()
    ends = table.groupby(tenth.to_numpy())[column].agg(["min", "max"])
    low, high = wilson(summed["successes"].to_numpy(), summed["trials"].to_numpy())
    columns = {
        "lowest": ends["min"],
        "highest": ends["max"],
        "trials": summed["trials"],
        "successes": summed["successes"],
        "predicted": summed["expected"] / summed["trials"],
        "actual": summed["successes"] / summed["trials"],
        "low": low,
        "high": high,
    }
    return pd.DataFrame(columns).reset_index(drop=True)


def calibration_error(curve: pd.DataFrame) -> float:
    """Expected calibration error: mean distance of predicted and actual rate over the curve, by trials."""
    return float(np.average((curve["predicted"] - curve["actual"]).abs(), weights=curve["trials"]))


def figures(table: pd.DataFrame, models: list[str], chosen: str, curve: dict[str, int]) -> dict:
    """Everything said about a hold-out table, as JSON. `curve`: column -> campaigns it was learned from."""
    tenths = calibration(table, chosen)
    return {
        "rows": len(table),
        "trials": float(table["trials"].sum()),
        "successes": float(table["successes"].sum()),
        "campaigns": int(table["campaign"].nunique()),
        "chosen": chosen,
        "per_message": {name: per_message(table, name) for name in models},
        "per_campaign": {name: per_campaign(table, name) for name in models},
        "against": {name: asdict(difference(table, chosen, name)) for name in models if name != chosen},
        "calibration": tenths.to_dict("records"),
        "calibration_error": calibration_error(tenths),
        "learning_curve": [
            _point(table, name, count, max(curve, key=curve.__getitem__)) for name, count in curve.items()
        ],
    }


def _point(table: pd.DataFrame, column: str, campaigns: int, fullest: str) -> dict:
    """One point of the learning curve: its log-loss, and how much more that is than with every earlier campaign."""
    n, s = table["trials"].to_numpy("float64"), table["successes"].to_numpy("float64")
    more = {} if column == fullest else asdict(difference(table, column, fullest))
    return {
        "campaigns": campaigns,
        "log_loss": float(losses(n, s, table[column].to_numpy()).sum() / n.sum()),
        "more": more.get("mean", 0.0),
        "more_low": more.get("low"),
        "more_high": more.get("high"),
    }
