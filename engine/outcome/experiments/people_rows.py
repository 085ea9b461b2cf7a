"""A table with a row per person as it was handed in: checked, then counted into the rows that `rows` adds up.

What is wrong is said with its row and column; a test with such a row is invalid, and the others of the file are read.
"""

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from engine.errors import DataProblem
from engine.outcome.experiments.rows import MOST, MOST_ARMS, Tallies, as_days, tally
from engine.sentences import Sentence

REQUIRED = ("variant", "customer_id")
OPTIONAL = ("experiment", "experiment_id", "converted", "revenue", "before", "group", "day", "expected_share")
ONLY = "test"  # the experiment_id of a file that is of one test and names none
_NUMBERS = ("converted", "revenue", "before", "expected_share")
_TOLD_BY_ROW = {  # of single cells: said here, with row and column
    f"experiments.{key}" for key in ("no_id", "no_variant", "empty", "no_day", "some_days", "no_share", "share_moved")
}


@dataclass(slots=True)
class People:
    """rows: line (in the file), experiment (number), experiment_id, variant, customer_id, converted (0, 1), and
    revenue, before (money), group, day, when, expected_share where the file has them. A number that cannot be read is
    NaN. problems: experiment -> why it is invalid. notes: experiment -> what else a reader has to know.
    about: what has to be known of the whole file.
    """

    rows: pd.DataFrame
    problems: dict[int, list[Sentence]] = field(default_factory=lambda: defaultdict(list))
    notes: dict[int, list[Sentence]] = field(default_factory=lambda: defaultdict(list))
    about: list[Sentence] = field(default_factory=list)


def is_people(table: pd.DataFrame) -> bool:
    """Whether a row is a person: told by the columns, of which a file of counts has others."""
    return not {"visitors", "conversions"} & set(table) and bool({"customer_id", "converted"} & set(table))


def checked(table: pd.DataFrame, lines: np.ndarray | None = None) -> People:
    """The people of a table. lines: where in the file each row stands; without, the header is taken for row 1.

    Without `converted`, who has revenue above 0 is counted as converted. Raises DataProblem where the table has no
    rows or lacks a required column.
    """
    missing: list[str | Sentence] = [name for name in REQUIRED if name not in table]
    if not {"converted", "revenue"} & set(table):
        missing.append(Sentence("experiments_people.either"))
    if missing:
        facts = {"missing": tuple(missing), "has": tuple(map(str, table))}
        raise DataProblem(Sentence("experiments_people.no_column", facts))
    if table.empty:
        raise DataProblem(Sentence("experiments_people.no_rows"))
    found = People(_as_read(table, lines))
    _check_names(found)
    _check_once(found)
    _check_numbers(found)
    _check_days(found)
    _say_what_is_not_there(found, table)
    return found


def tallied(people: People) -> Tallies:
    """The same people as a file of counts, with what is wrong in their rows."""
    found = tally(_counted(people.rows))
    for experiment in {*people.problems, *found.problems}:
        others = [one for one in found.problems[experiment] if one.key not in _TOLD_BY_ROW]
        found.problems[experiment] = [*people.problems.get(experiment, []), *others]
    return found


def _as_read(table: pd.DataFrame, lines: np.ndarray | None) -> pd.DataFrame:
    """Ids as text, numbers as numbers with the text they were beside them (`..._text`)."""
    rows = pd.DataFrame({"line": np.arange(2, len(table) + 2) if lines is None else lines})
    for name in (*REQUIRED, *OPTIONAL):
        if name in table:
            rows[name] = table[name].astype("str").fillna("").str.strip().to_numpy()
    for name in set(_NUMBERS) & set(rows):
        empty = rows[name].isin(["nan", "None", "<NA>"])
        rows[f"{name}_text"] = rows[name].mask(empty, "")
        # A column of truths comes from a database or a spreadsheet as such words.
        numbers = rows[name].str.lower().replace({"true": "1", "false": "0"})
        rows[name] = pd.to_numeric(numbers, errors="coerce").to_numpy("float64")
    if "experiment_id" not in rows:
        rows["experiment_id"] = rows.get("experiment", ONLY)
    rows["experiment"] = pd.factorize(rows["experiment_id"])[0]
    if "day" in rows:
        rows["when"] = as_days(rows["day"])
    if "converted" not in rows:
        rows["converted"] = (rows["revenue"] > 0).astype("float64").where(rows["revenue"].notna())
    return rows


def _check_names(found: People) -> None:
    """Rows that name no test, no arm or no person, and arms that are written in two ways."""
    rows = found.rows
    for name, key in (("experiment_id", "no_experiment"), ("variant", "no_variant"), ("customer_id", "no_person")):
        _flag(found.problems, rows, rows[name] == "", f"experiments_people.{key}")
    arms = rows.drop_duplicates(["experiment", "variant"])
    first = arms["variant"].groupby([arms["experiment"], arms["variant"].str.casefold()]).transform("first")
    alike = first != arms["variant"]
    _flag(found.problems, arms, alike, "experiments_people.two_spellings", other=first)
    many = arms.groupby("experiment").size()
    for experiment, count in many[many > MOST_ARMS].items():
        facts = {"count": int(count), "most": MOST_ARMS}
        found.problems[int(experiment)].append(Sentence("experiments_people.many_arms", facts))  # type: ignore[call-overload]


def _check_once(found: People) -> None:
    """A person is in a test once. Another row in the same arm is not counted."""
    rows = found.rows
    named = rows["customer_id"] != ""
    twice = named & rows.duplicated(["experiment", "variant", "customer_id"])
    moved = named & ~twice & rows.duplicated(["experiment", "customer_id"])
    if not (twice | moved).any():
        return
    for bad, of, key in ((twice, ["experiment", "variant", "customer_id"], "twice"),
                         (moved, ["experiment", "customer_id"], "in_two_arms")):  # fmt: skip
        before = rows.groupby(of)[["line", "variant"]].transform("first")
        _flag(
            found.problems,
            rows,
            bad,
            f"experiments_people.{key}",
            other=before["line"],
            other_variant=before["variant"],
        )
    found.rows = rows[~twice].reset_index(drop=True)


def _check_numbers(found: People) -> None:
    """Cells that are not 0 or 1, and cells that are no amount. Of `before` and `group` alone no verdict depends."""
    rows = found.rows
    if "converted_text" in rows:
        bad = ~rows["converted"].isin([0.0, 1.0])
        _flag(found.problems, rows, bad, "experiments_people.no_0_or_1", value=rows["converted_text"])
        rows["converted"] = rows["converted"].mask(bad)
    for name, where, key in (("revenue", found.problems, "no_amount"), ("before", found.notes, "no_before")):
        if name in rows:
            bad = ~rows[name].between(0, MOST)
            _flag(where, rows, bad, f"experiments_people.{key}", value=rows[f"{name}_text"])
            rows[name] = rows[name].mask(bad)
    if "group" in rows:
        _flag(found.notes, rows, rows["group"] == "", "experiments_people.no_group")
    if "expected_share" in rows:
        bad = (rows["expected_share_text"] != "") & ~rows["expected_share"].between(0, 1, inclusive="right")
        _flag(found.problems, rows, bad, "experiments_people.no_share", value=rows["expected_share_text"])
        first = rows.groupby(["experiment", "variant"])["expected_share_text"].transform("first")
        moved = ~bad & (rows["expected_share_text"] != first)
        _flag(
            found.problems,
            rows,
            moved,
            "experiments_people.share_moved",
            value=rows["expected_share_text"],
            other=first,
        )


def _check_days(found: People) -> None:
    """Every person of a test has a day, or none has."""
    rows = found.rows
    if "day" not in rows:
        return
    _flag(
        found.problems, rows, (rows["day"] != "") & rows["when"].isna(), "experiments_people.no_day", value=rows["day"]
    )
    some = (rows["day"] != "").groupby(rows["experiment"]).transform("any")
    _flag(found.problems, rows, some & (rows["day"] == ""), "experiments_people.some_days")


def _say_what_is_not_there(found: People, table: pd.DataFrame) -> None:
    """What of the file is not read, and what it lacks to say more."""
    given = set(table)
    unread = tuple(str(name) for name in table if name not in (*REQUIRED, *OPTIONAL))
    if {"experiment", "experiment_id"} <= given:
        unread = (*unread, "experiment")
    if unread:
        found.about.append(Sentence("experiments_people.unread", {"columns": unread}))
    if "converted" not in given:
        found.about.append(Sentence("experiments_people.spent_is_converted"))
    if "revenue" not in given:
        key = "before_alone" if "before" in given else "no_revenue"
        found.about.append(Sentence(f"experiments_people.{key}"))
    elif "before" not in given:
        found.about.append(Sentence("experiments_people.nothing_before"))
    if "day" not in given:
        found.about.append(Sentence("experiments_people.days_unknown"))


def _flag(said: dict[int, list[Sentence]], rows: pd.DataFrame, bad: pd.Series, key: str, **beside: pd.Series) -> None:
    """The first bad row of each test becomes a sentence, with how many there are. beside: more values of each row."""
    if not bad.any():
        return
    wrong = rows.loc[bad, ["line", "experiment", "variant"]].assign(**{name: one[bad] for name, one in beside.items()})
    counts = wrong["experiment"].value_counts()
    for row in wrong.drop_duplicates("experiment").to_dict("records"):
        facts = {"row": row["line"], "rows": int(counts[row["experiment"]])}
        said[int(row["experiment"])].append(Sentence(key, row | facts))


def _counted(rows: pd.DataFrame) -> pd.DataFrame:
    """experiment_id, variant, visitors, conversions, and day, revenue, revenue_sq, expected_share as `tally` takes
    them. An arm with a cell that cannot be read has no total."""
    by = ["experiment_id", "variant", *(["day"] if "day" in rows else [])]
    summed = ["converted", *(["revenue"] if "revenue" in rows else [])]
    counted = rows.assign(visitors=1)[[*by, "visitors", *summed]]
    if "revenue" in rows:
        counted["revenue_sq"] = counted["revenue"] ** 2
    counts = (
        counted.groupby(by, sort=False).sum(skipna=False).reset_index().rename(columns={"converted": "conversions"})
    )
    if "expected_share" in rows:
        first = rows.drop_duplicates(by)[[*by, "expected_share_text"]]
        counts = counts.merge(first.rename(columns={"expected_share_text": "expected_share"}), on=by, how="left")
    return counts
