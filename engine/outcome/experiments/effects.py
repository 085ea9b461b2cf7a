"""What only a row per person tells: money per person plain, adjusted and capped, and whether groups differ."""

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from engine.outcome.experiments import people as tested
from engine.outcome.experiments.correction import holm
from engine.outcome.experiments.people import Difference
from engine.outcome.experiments.people_rows import People
from engine.outcome.experiments.rows import BASELINE
from engine.outcome.experiments.verdicts import joined, p_words
from engine.sentences import Language, Sentence

MONEY = [
    "experiment_id", "variant", "base", "way", "difference", "low", "high", "p_value", "p_adjusted", "people",
    "base_people", "people_needed", "variance_saved", "cap", "people_capped", "left_out", "said",
]  # fmt: skip
GROUPS = [
    "experiment_id", "variant", "base", "group", "visitors", "conversions", "base_visitors", "base_conversions", "lift",
    "low", "high", "p_value", "p_adjusted", "interaction_p", "differs_by_group",
]  # fmt: skip
_NAMED = 5  # groups named in a sentence: more are counted


@dataclass(frozen=True, slots=True)
class Effects:
    """Each arm against its test's base. Tests whose rows have problems are not in it.

    money: MONEY, a row per arm and `way`: plain; adjusted for `before` (CUPED), with variance_saved, the share of the
        difference's variance that went with it; capped, with the test's cap, how many of the two arms' people were
        above and the money that was left out. Revenue per person with its 95 % interval; p_adjusted: Holm over arms;
        people_needed: in each arm, for the interval of so skewed amounts to hold as said.
    groups: GROUPS, a row per arm and group of enough people; lift of the share who converted, with its 95 % interval;
        p_adjusted: Holm over arms and groups; interaction_p, whether groups differ, Holm over arms.
    notes: experiment_id -> sentences of what else has to be known. about: the same of the whole file.
    """

    money: pd.DataFrame
    groups: pd.DataFrame
    notes: dict[str, list[str]]
    about: list[str]

    def plain(self) -> dict:
        """The same as lists and dictionaries, without what is unknown in a row."""
        tables = {"money": self.money, "groups": self.groups}
        rows = {
            name: [{key: value for key, value in row.items() if pd.notna(value)} for row in table.to_dict("records")]
            for name, table in tables.items()
        }
        return {**rows, "notes": self.notes, "about": self.about}


def measured(people: People, language: Language) -> Effects:
    """Every test of a file with a row per person that has no problem in its rows."""
    money, groups, notes = [], [], {}
    for number, test in people.rows.groupby("experiment", sort=False):
        if people.problems.get(int(number)) or test["variant"].nunique() < 2:  # type: ignore[call-overload]
            continue
        said = list(people.notes.get(int(number), []))  # type: ignore[call-overload]
        if "revenue" in test:
            money.append(_money(test, said, language))
        if "group" in test:
            groups.append(_groups(test, said))
        notes[str(test["experiment_id"].iloc[0])] = [one.text(language) for one in said]
    about = [one.text(language) for one in people.about]
    return Effects(_together(money, MONEY), _together(groups, GROUPS), notes, about)


def _together(tables: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    some = [table for table in tables if len(table)]
    return pd.concat(some, ignore_index=True)[columns] if some else pd.DataFrame(columns=columns)


def _pairs(test: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Each arm, the base, and the people of both: those of the base first, as `people` takes the first for it."""
    names = list(dict.fromkeys(test["variant"]))
    base = BASELINE if BASELINE in names else names[0]
    for arm in names:
        if arm != base:
            yield arm, base, pd.concat([test[test["variant"] == one] for one in (base, arm)])


def _money(test: pd.DataFrame, said: list[Sentence], language: Language) -> pd.DataFrame:
    cap = tested.cap_of(test["revenue"])  # one for all arms: two that are compared with one base stay comparable
    rows = []
    for arm, base, pair in _pairs(test):
        sizes = pair["variant"].value_counts()
        facts = {
            "experiment_id": test["experiment_id"].iloc[0], "variant": arm, "base": base, "people": int(sizes[arm]),
            "base_people": int(sizes[base]),
        }  # fmt: skip
        if sizes.min() < 2 or pair.groupby("variant")["revenue"].nunique().max() < 2:
            said.append(Sentence("experiments_people.no_spread", {"variant": arm}))
            continue
        capped = tested.with_cap(pair, "revenue", cap)
        rows.append(facts | {"way": "plain"} | _told(capped.plain))
        if "before" in pair and pair["before"].notna().all():
            if pair["before"].nunique() < 2:
                said.append(Sentence("experiments_people.same_before", {"variant": arm}))
            else:
                found = tested.with_before(pair, "revenue", "before")
                rows.append(facts | {"way": "adjusted", "variance_saved": found.variance_saved} | _told(found.adjusted))
        cut = {"cap": cap, "people_capped": capped.people_capped, "left_out": capped.left_out}
        rows.append(facts | {"way": "capped"} | cut | _told(capped.capped))
    table = pd.DataFrame(rows).reindex(columns=MONEY)
    if len(table):
        table["p_adjusted"] = holm(table["p_value"], table["way"])
        table["said"] = [joined(_words(row), language) for row in table.to_dict("records")]
    return table.astype(dict.fromkeys(("people_needed", "people_capped"), "Int64"))


def _told(one: Difference) -> dict[str, float]:
    told = {"difference": one.value, "low": one.low, "high": one.high, "p_value": one.p_value}
    return told | {"people_needed": one.needed}


def _words(row: dict) -> list[Sentence]:
    """One way of comparing money in words."""
    facts = {name: f"{row[name]:+,.2f}" for name in ("difference", "low", "high")}
    facts |= {name: row[name] for name in ("variant", "base")} | {"p": p_words(row["p_adjusted"])}
    if row["way"] == "adjusted":
        facts["saved"] = f"{max(row['variance_saved'], 0.0) * 100:.0f} %"
    if row["way"] == "capped":
        facts |= {name: f"{row[name]:,.2f}" for name in ("cap", "left_out")}
        facts["people"] = f"{row['people_capped']:,.0f}"
    said = [Sentence(f"experiments_people.{row['way']}", facts)]
    if row["people_needed"] > min(row["people"], row["base_people"]):
        said.append(Sentence("experiments_people.uneven_amounts", {"n": f"{row['people_needed']:,.0f}"}))
    return said


def _groups(test: pd.DataFrame, said: list[Sentence]) -> pd.DataFrame:
    tables = []
    for arm, base, both in _pairs(test):
        pair = both[both["group"] != ""]
        sizes = pair.groupby(["group", "variant"]).size().unstack(fill_value=0).reindex(columns=[arm, base])
        small = sizes[(sizes.fillna(0) < tested.FEWEST_IN_GROUP).any(axis=1)]
        if len(small):
            named = (*(f"“{name}”" for name in small.index[:_NAMED]), *(["…"] if len(small) > _NAMED else []))
            facts = {"variant": arm, "groups": named, "count": len(small), "fewest": tested.FEWEST_IN_GROUP}
            said.append(Sentence("experiments_people.small_groups", facts))
        if len(small) == len(sizes):
            continue
        found = tested.by_group(pair, "group")
        ids = {"experiment_id": test["experiment_id"].iloc[0], "variant": arm, "base": base}
        counts = dict.fromkeys(("visitors", "conversions", "base_visitors", "base_conversions"), "int64")
        tables.append(found.assign(**ids).astype(counts))
    table = _together(tables, GROUPS)
    if len(table):
        all_ = pd.Series(0, index=table.index)
        table["p_adjusted"] = holm(table["p_value"], all_)
        arms = table.drop_duplicates("variant").set_index("variant")["interaction_p"]
        table["interaction_p"] = table["variant"].map(holm(arms, pd.Series(0, index=arms.index)))
        table["differs_by_group"] = table["interaction_p"] < 0.05
    for row in table.drop_duplicates("variant").to_dict("records"):
        said.append(_interaction_words(row))
    return table


def _interaction_words(row: dict) -> Sentence:
    if pd.isna(row["interaction_p"]):
        return Sentence("experiments_people.one_group", {"variant": row["variant"], "group": row["group"]})
    key = "differs" if row["differs_by_group"] else "alike"
    return Sentence(f"experiments_people.{key}", {"variant": row["variant"], "p": p_words(row["interaction_p"])})
