"""The next split: proposed with its reasons, held back while too little is known, beside what an even one would do."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from engine.errors import DataProblem, NotEnoughData
from engine.outcome.bandit import arrival, thompson, worth
from engine.outcome.bandit.arms import Choice
from engine.outcome.bandit.arrival import Delay
from engine.outcome.offpolicy.intervals import Estimate
from engine.sentences import Sentence

LEVEL = 0.95
EXPLORING = 0.1  # of all, spread evenly over the arms: enough to notice that one has become better
MOST_EXPLORING = 0.5  # of all: beyond it the split would hardly follow what was learned
MIN_CONVERSIONS = 20  # of all arms together, before anything but an even split is proposed
CLEAR = 0.9  # chance to be best from which on an arm is said to stand out
MUCH_TO_COME = 0.2  # share of conversions still to come that is worth saying
DRAWS = 10_000

Maximised = Literal["rate", "profit"]
State = Literal["too_early", "thin", "leading"]


@dataclass(frozen=True, slots=True)
class Arm:
    """shown, converted: so far. exposed: shown, as far as conversions had time to come in. rate: of conversions per
    shown once all have come, with its interval at LEVEL. chance_best: of being the best, by profit where that is
    maximised. share: of what comes next. profit: money per showing with its interval; None where money is not known."""

    name: str
    shown: int
    converted: int
    exposed: float
    rate: Estimate
    chance_best: float
    share: float
    profit: Estimate | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """state: "too_early" (even split), "thin" (no arm stands out yet), "leading". maximises: "profit" per showing
    where every row has cost and value, else "rate". against_even: conversions, or money where profit is maximised, that
    the shares so far brought above those of an even split of the same number, with its interval; below 0: less.
    first, last: of the days compared; delay: how long conversions take; least: smallest share an arm may have."""

    name: str
    arms: list[Arm]
    state: State
    against_even: Estimate
    first: date
    last: date
    delay: Delay
    least: float
    reasons: list[Sentence]
    maximises: Maximised = "rate"
    currency: str = ""

    @property
    def propensities(self) -> dict[str, float]:
        """Probability with which each arm is to be shown next: what an evaluation later must know."""
        return {arm.name: arm.share for arm in self.arms}

    def report(self) -> dict:
        """For stdout and the approval history."""
        return {
            "name": self.name,
            "state": self.state,
            "maximises": self.maximises,
            "currency": self.currency,
            "propensities": self.propensities,
            "arms": [
                {
                    "arm": arm.name, "shown": arm.shown, "converted": arm.converted, "exposed": arm.exposed,
                    "rate": arm.rate.value, "rate_low": arm.rate.low, "rate_high": arm.rate.high,
                    "chance_best": arm.chance_best, "share": arm.share,
                    **({} if arm.profit is None else {"profit_per_showing": arm.profit.value,
                        "profit_low": arm.profit.low, "profit_high": arm.profit.high}),
                }
                for arm in self.arms
            ],
            f"{'profit' if self.maximises == 'profit' else 'conversions'}_above_an_even_split": {
                "value": self.against_even.value, "low": self.against_even.low, "high": self.against_even.high,
            },
            "interval_level": LEVEL,
            "first_day": str(self.first),
            "last_day": str(self.last),
            "mean_delay_days": self.delay.mean,
            "delay": "given" if self.delay.is_given else "estimated",
            "least_share": self.least,
            "reasons": [one.text() for one in self.reasons],
        }  # fmt: skip


def propose(
    choice: Choice,
    least: float | None = None,
    delay_days: float | None = None,
    as_of: date | None = None,
    seed: int = 0,
) -> Proposal:
    """The next split of a choice.

    least: smallest share of any arm, None: EXPLORING over their number. delay_days: mean days from showing to
    conversion, None: estimated. as_of: up to which day (excluded) is known, default the day after the last. Counted are
    the days on which all arms ran (`_together`). Raises DataProblem for what cannot be, NotEnoughData where there are
    no such days.
    """
    names = choice.arms
    least = EXPLORING / len(names) if least is None else least
    _check(len(names), least, delay_days)
    known = choice.rows if as_of is None else choice.rows[choice.rows["date"].dt.date < as_of]
    if known.empty:
        raise DataProblem(Sentence("bandit.nothing_before", {"name": choice.name, "day": str(as_of)}))
    now = as_of or known["date"].max().date() + timedelta(days=1)
    # How late conversions are is told within each arm: from all its days.
    delay = arrival.estimate(*_counted(known, names, now)) if delay_days is None else Delay(delay_days, True)
    everything = float(known["shown"].sum())
    known = _together(known)
    first, last = known["date"].min().date(), known["date"].max().date()
    arm, age, shown, converted = _counted(known, names, now)
    counts = [np.bincount(arm, weights=part, minlength=len(names))
              for part in (shown, shown * delay.arrived(age), converted)]  # fmt: skip
    total, exposed, events = counts
    a, b = thompson.posterior(events, exposed)
    money = None if choice.rate_only else worth.of_arms(known, arm, len(names))
    drawn = money.drawn(a, b, seed) if money else None
    best = thompson.chance_best(a, b) if drawn is None else worth.chance_best(drawn)
    state: State = "leading" if best.max() >= CLEAR else "thin"
    if events.sum() < MIN_CONVERSIONS:
        state = "too_early"
    shares = np.full(len(names), 1 / len(names))
    if state != "too_early":
        shares = worth.split(money, a, b, least, seed) if money else thompson.split(a, b, least)
    low, high = stats.beta.ppf((1 - LEVEL) / 2, a, b), stats.beta.ppf(0.5 + LEVEL / 2, a, b)
    arms = [
        Arm(name, int(total[k]), int(events[k]), float(exposed[k]),
            Estimate(float(a[k] / (a[k] + b[k])), float(low[k]), float(high[k])), float(best[k]), float(shares[k]),
            None if drawn is None else _estimate(drawn[:, k]))
        for k, name in enumerate(names)
    ]  # fmt: skip
    reasons = _reasons(state, arms, delay, float(1 - exposed.sum() / max(total.sum(), 1.0)))
    reasons += [*_of_choice(choice, arms), *_of_days(first, last, total.sum(), everything), *choice.left_out]
    over = total - total.sum() / len(total)
    against = against_even(a, b, total, seed) if drawn is None else _estimate(drawn @ over)
    maximises: Maximised = "rate" if drawn is None else "profit"
    return Proposal(choice.name, arms, state, against, first, last, delay, least, reasons, maximises, choice.currency)


def _of_choice(choice: Choice, arms: list[Arm]) -> list[Sentence]:
    """What is maximised, and what to know of these arms."""
    found = [choice.rate_only or _maximised(choice.currency)]
    if all(one.profit is not None and one.profit.high < 0 for one in arms):
        found.append(Sentence("bandit.all_lose"))
    if choice.channels > 1 and choice.rate_only:
        found.append(Sentence("bandit.several_channels", {"count": str(choice.channels)}))
    return found


def _of_days(first: date, last: date, shown: float, everything: float) -> list[Sentence]:
    """That other days were left out; nothing where none were."""
    if shown == everything:
        return []
    values = {"first": str(first), "last": str(last), "shown": f"{shown:,.0f}", "all": f"{everything:,.0f}"}
    return [Sentence("bandit.together", values)]


def _counted(rows: pd.DataFrame, names: list[str], now: date) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Of each row (n,): the arm's number, days until now, shown, converted."""
    arm = np.array([names.index(one) for one in rows["arm"]])
    age = np.array([(now - day).days for day in rows["date"].dt.date], dtype="float64")
    return arm, age, rows["shown"].to_numpy("float64"), rows["converted"].to_numpy("float64")


def _together(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows from the first to the last day on which all arms ran, as rates of other days differ by the days too.

    A day within on which an arm was not shown by chance stays. Raises NotEnoughData where the arms have no such days,
    or one of them ran on days of its own alone.
    """
    ran = rows[rows["shown"] > 0]
    span = ran.groupby("arm")["date"].agg(["min", "max"])
    within = rows[rows["date"].between(span["min"].max(), span["max"].min())]
    side_by_side = within[within["shown"] > 0].groupby("date")["arm"].transform("nunique") > 1
    if set(within.loc[side_by_side[side_by_side].index, "arm"]) != set(rows["arm"]):
        arms = tuple(
            Sentence("bandit.apart_arm", {"arm": arm, "first": str(of["min"].date()), "last": str(of["max"].date())})
            for arm, of in span.iterrows()
        )
        raise NotEnoughData(Sentence("bandit.apart", {"arms": arms}))
    return within


def _maximised(currency: str) -> Sentence:
    key = "bandit.maximises_profit" if currency else "bandit.maximises_profit_of_file"
    return Sentence(key, {"currency": currency})


def _estimate(drawn: np.ndarray) -> Estimate:
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, 0.5 + LEVEL / 2])
    return Estimate(float(drawn.mean()), float(low), float(high))


def against_even(a: np.ndarray, b: np.ndarray, shown: np.ndarray, seed: int = 0) -> Estimate:
    """Conversions of the shares so far above those of an even split, as the arms' rates are known by now.

    a, b: (K,) of the rates' Beta distributions; shown: (K,).
    """
    over = shown - shown.sum() / len(shown)
    mean = float(over @ (a / (a + b)))
    drawn = np.random.default_rng(seed).beta(a, b, (DRAWS, len(a))) @ over
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, 0.5 + LEVEL / 2])
    return Estimate(mean, float(low), float(high))


def _check(count: int, least: float, delay_days: float | None) -> None:
    if not 0 < least <= MOST_EXPLORING / count:
        values = {"least": f"{least:g}", "most": f"{MOST_EXPLORING / count:.3g}", "count": count}
        raise DataProblem(Sentence("bandit.bad_least", values))
    if delay_days is not None and not 0 <= delay_days <= 365:
        raise DataProblem(Sentence("bandit.bad_delay", {"days": f"{delay_days:g}"}))


def _reasons(state: State, arms: list[Arm], delay: Delay, to_come: float) -> list[Sentence]:
    """Why this split, the main reason first."""
    events = sum(arm.converted for arm in arms)
    leader = max(arms, key=lambda arm: arm.chance_best)
    values = {"arm": leader.name, "chance": _chance(leader.chance_best), "events": f"{events:,}"}
    found = [Sentence(f"bandit.why_{state}", values | {"needed": str(MIN_CONVERSIONS)})]
    if delay.mean > 0:
        days = {"days": f"{delay.mean:.1f}", "share": f"{to_come * 100:.0f} %"}
        found.append(Sentence("bandit.delay_given" if delay.is_given else "bandit.delay_seen", days))
        if to_come > MUCH_TO_COME:
            found.append(Sentence("bandit.much_to_come", days))
    silent = tuple(arm.name for arm in arms if not arm.converted and arm.exposed > 0)
    if silent and state != "too_early":
        found.append(Sentence("bandit.silent", {"arms": silent}))
    return found


def _chance(value: float) -> str:
    """Never "100 %": something else may always be the best."""
    return ">99 %" if value > 0.99 else f"{value * 100:.0f} %"
