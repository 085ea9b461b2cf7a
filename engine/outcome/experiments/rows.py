"""A table of tests as it was handed in: read, checked and added up, with what is wrong with each test in sentences.

Nothing here refuses a file because of one bad test: its problems are kept beside its numbers.
"""

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from engine.errors import DataProblem
from engine.sentences import Sentence

REQUIRED = ("experiment_id", "variant", "visitors", "conversions")
OPTIONAL = ("day", "revenue", "revenue_sq", "expected_share")
BASELINE = "control"
_COUNTS = ("visitors", "conversions")
MOST = 1e12  # a count or an amount above is a slip of the pen
MOST_ARMS = 200  # comparing every arm with every other takes minutes beyond
_SHARES_OFF = 0.02  # three shares written as 0.33 add to 0.99


@dataclass(slots=True)
class Tallies:
    """What a file says, per arm and per day.

    arms: experiment (number), experiment_id, variant, baseline (the base's row), visitors, conversions, revenue,
        revenue_sq, share (intended), days; a row per arm in the file's order. A number that cannot be read is NaN.
    days: arm (row of arms), experiment, day (sortable), visitors, conversions; a row per arm and day, in order;
        empty where the file has no days.
    day_texts: experiment, day, and as the file has `written` it.
    problems: experiment -> why it is invalid. notes: experiment -> what else a reader has to know.
    """

    arms: pd.DataFrame
    days: pd.DataFrame = field(default_factory=pd.DataFrame)
    day_texts: pd.DataFrame = field(default_factory=pd.DataFrame)
    problems: dict[int, list[Sentence]] = field(default_factory=lambda: defaultdict(list))
    notes: dict[int, list[Sentence]] = field(default_factory=lambda: defaultdict(list))


def tally(table: pd.DataFrame) -> Tallies:
    """Checks and adds up. Raises DataProblem where the table has no rows or lacks a required column."""
    missing = tuple(name for name in REQUIRED if name not in table)
    if missing:
        raise DataProblem(Sentence("experiments.no_column", {"missing": missing, "has": tuple(map(str, table))}))
    if table.empty:
        raise DataProblem(Sentence("experiments.no_rows"))
    rows = _as_read(table)
    found = Tallies(_arms(rows))
    _check_cells(rows, found)
    rows = _once(rows, found)
    _add_up(rows, found)
    _check_sums(found)
    _check_shares(rows, found)
    _check_days(found)
    return found


def _as_read(table: pd.DataFrame) -> pd.DataFrame:
    """Ids as text, numbers as numbers, with the text they were beside them (`..._text`)."""
    rows = pd.DataFrame(index=range(len(table)))
    for name in (*REQUIRED, *OPTIONAL):
        if name in table:
            texts = table[name].astype("str").fillna("").str.strip().to_numpy()
            rows[name] = texts
            if name in _COUNTS or name in ("revenue", "revenue_sq", "expected_share"):
                empty = np.isin(texts, ("", "nan", "None", "<NA>"))
                rows[f"{name}_text"] = np.where(empty, "", texts)
                rows[name] = pd.to_numeric(rows[name], errors="coerce").to_numpy("float64")
    if "day" not in rows:
        rows["day"] = ""
    rows["experiment"] = pd.factorize(rows["experiment_id"])[0]
    rows["arm"] = rows.groupby(["experiment", "variant"], sort=False).ngroup()
    rows["when"] = as_days(rows["day"])
    return rows


def as_days(texts: pd.Series) -> np.ndarray:
    """Days in order: numbers such as 1, 2, 3 as they are, dates as days since 1970; NaN where neither."""
    plain = texts.astype("object")
    numbers = pd.to_numeric(plain, errors="coerce")
    dates = pd.to_datetime(plain.where(numbers.isna() | (plain.str.len() == len("20260131"))), errors="coerce",
                           format="ISO8601", utc=True)  # fmt: skip
    since = (dates - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(days=1)
    return since.fillna(numbers).replace([np.inf, -np.inf], np.nan).to_numpy("float64")


def _arms(rows: pd.DataFrame) -> pd.DataFrame:
    first = rows.drop_duplicates("arm")[["experiment", "experiment_id", "variant", "arm"]]
    # A file in the order of its days names an experiment's arms between those of others.
    arms = first.sort_values(["experiment", "arm"], kind="stable").reset_index(drop=True)
    at = pd.Series(arms.index, index=arms["experiment"])
    named = at[(arms["variant"] == BASELINE).to_numpy()]
    arms["baseline"] = arms["experiment"].map(named.combine_first(at[~at.index.duplicated()])).astype("int64")
    return arms


def _check_cells(rows: pd.DataFrame, found: Tallies) -> None:
    """Cells that are no count, no amount of money, or no id; a bad number becomes NaN."""
    _flag(rows, rows["experiment_id"] == "", found, "experiments.no_id", "variant")
    _flag(rows, rows["variant"] == "", found, "experiments.no_variant", "experiment_id")
    for name in _COUNTS:
        value, text = rows[name], f"{name}_text"
        column = Sentence(f"experiments.column_{name}")
        _flag(rows, rows[text] == "", found, "experiments.empty", "variant", column=column)
        bad = (rows[text] != "") & ~(np.isfinite(value) & (value.abs() <= MOST) & (value % 1 == 0))
        _flag(rows, bad, found, "experiments.no_count", text, column=column)
        _flag(rows, value < 0, found, "experiments.negative", text, column=column)
        rows[name] = value.where(~bad & (value >= 0))
    for name, most in (("revenue", MOST), ("revenue_sq", MOST**2)):
        if name in rows:
            value, text = rows[name], f"{name}_text"
            bad = ((rows[text] != "") & ~(value.abs() <= most)) | ((name == "revenue_sq") & (value < 0))
            _flag(rows, bad, found, "experiments.no_amount", text, column=name)
            rows[name] = value.where(~bad)
    _flag(rows, (rows["day"] != "") & rows["when"].isna(), found, "experiments.no_day", "day")


def _flag(rows: pd.DataFrame, bad: pd.Series, found: Tallies, key: str, quoted: str, **values: object) -> None:
    """The first bad row of each experiment becomes its problem, with how many there are."""
    if not bad.any():
        return
    wrong = rows[bad]
    counts = wrong["experiment"].value_counts()
    for row in wrong.drop_duplicates("experiment").itertuples():
        more = {"variant": row.variant, "value": getattr(row, quoted), "rows": int(counts[row.experiment])}
        found.problems[int(row.experiment)].append(Sentence(key, more | values))  # type: ignore[arg-type]


def _once(rows: pd.DataFrame, found: Tallies) -> pd.DataFrame:
    """Each variant once a day, or once; the first of several rows counts."""
    dated = rows["when"].notna()
    twice = rows.duplicated(["arm", "when"])
    _flag(rows, twice & (rows["day"] == ""), found, "experiments.twice", "variant")
    _flag(rows, twice & dated, found, "experiments.twice_a_day", "day")
    partly = dated.groupby(rows["experiment"]).transform("nunique") > 1
    _flag(rows, partly & (rows["day"] == ""), found, "experiments.some_days", "variant")
    return rows[~twice]


def _add_up(rows: pd.DataFrame, found: Tallies) -> None:
    by_arm, arms = rows.groupby("arm"), found.arms
    position = pd.Series(arms.index, index=arms["arm"])
    for name in (*_COUNTS, "revenue", "revenue_sq"):
        if name in rows:
            sums = by_arm[name].sum(min_count=1)
            whole = sums.where(by_arm[name].count() == by_arm.size())  # a day that cannot be read: no total
            arms[name] = arms["arm"].map(whole)
        else:
            arms[name] = np.nan
    arms["share"] = arms["arm"].map(by_arm["expected_share"].first()) if "expected_share" in rows else np.nan
    arms["days"] = arms["arm"].map(by_arm["when"].nunique()).astype("int64")
    found.days = (
        rows.loc[rows["when"].notna(), ["arm", "experiment", "when", *_COUNTS]]
        .assign(arm=lambda t: t["arm"].map(position))
        .rename(columns={"when": "day"})
        .sort_values(["arm", "day"], kind="stable")
        .reset_index(drop=True)
    )
    written = rows.loc[rows["when"].notna(), ["experiment", "when", "day"]]
    found.day_texts = written.drop_duplicates(["experiment", "when"]).rename(columns={"day": "written", "when": "day"})
    found.arms = arms.drop(columns="arm")


def _check_sums(found: Tallies) -> None:
    arms = found.arms
    over = arms["conversions"] > arms["visitors"]
    for row in arms[over].drop_duplicates("experiment").itertuples():
        facts = {"variant": row.variant, "conversions": f"{row.conversions:,.0f}", "visitors": f"{row.visitors:,.0f}"}
        found.problems[row.experiment].append(Sentence("experiments.above_visitors", facts))  # type: ignore[index]
    arms.loc[over, "conversions"] = np.nan
    for row in arms[arms["visitors"] == 0].groupby("experiment")["variant"].agg(tuple).items():
        found.problems[int(row[0])].append(Sentence("experiments.nobody", {"variants": row[1]}))  # type: ignore[call-overload]
    for experiment, variants in arms.groupby("experiment")["variant"].agg(tuple).items():
        if len(variants) == 1:
            found.problems[int(experiment)].append(Sentence("experiments.one_arm", {"variant": variants[0]}))  # type: ignore[call-overload]


def _check_shares(rows: pd.DataFrame, found: Tallies) -> None:
    """Intended shares that add to 1 and stay; equal ones where none is given or they cannot be used."""
    arms = found.arms
    size = arms.groupby("experiment")["variant"].transform("size")
    if "expected_share" in rows:
        several = rows.groupby("arm")["expected_share"].nunique() > 1
        moved = rows["arm"].map(several)
        _flag(rows, moved, found, "experiments.share_moved", "expected_share_text")
        unread = (rows["expected_share_text"] != "") & ~(
            np.isfinite(rows["expected_share"]) & (rows["expected_share"] > 0)
        )
        _flag(rows, unread, found, "experiments.no_share", "expected_share_text")
        bad = set(rows.loc[moved | unread, "experiment"])
        tests = arms.groupby("experiment")["share"].agg(["count", "sum", "size"])
        tests = tests[(tests["count"] > 0) & ~tests.index.isin(bad)]
        off = (tests["count"] < tests["size"]) | ((tests["sum"] - 1).abs() > _SHARES_OFF)
        for test in tests[off].itertuples():
            facts = {"total": f"{test.sum:g}", "given": test.count, "arms": test.size}
            found.problems[int(test.Index)].append(Sentence("experiments.shares_add", facts))  # type: ignore[arg-type]
        bad |= set(tests.index[off])
        arms.loc[arms["experiment"].isin(bad), "share"] = np.nan
    arms["share"] = arms["share"].fillna(1 / size)
    arms["share"] /= arms.groupby("experiment")["share"].transform("sum")


def _check_days(found: Tallies) -> None:
    """Days that nobody has, or only some arms: said, as a test may pause."""
    if found.days.empty:
        return
    days = found.days.assign(day=np.floor(found.days["day"]))
    spans = days.groupby("experiment")["day"].agg(["min", "max", "nunique"])
    absent = spans["max"] - spans["min"] + 1 - spans["nunique"]
    for experiment, count in absent[absent > 0].items():
        facts = {"count": int(count), "of": int(spans.loc[experiment, "max"] - spans.loc[experiment, "min"] + 1)}  # type: ignore[arg-type, operator]
        found.notes[int(experiment)].append(Sentence("experiments.gaps", facts))  # type: ignore[call-overload]
    own = found.arms.assign(most=found.arms["experiment"].map(spans["nunique"]))
    own = own[(own["days"] > 0) & (own["days"] < own["most"])]
    for row in own.drop_duplicates("experiment").itertuples():
        facts = {"variant": row.variant, "days": row.days, "of": int(row.most)}  # type: ignore[arg-type]
        found.notes[row.experiment].append(Sentence("experiments.arm_gaps", facts))  # type: ignore[index]
