"""A file of customers with what writing to each of them would earn."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from engine.campaign.uplift import evidence, people
from engine.campaign.uplift.crossfit import Estimate
from engine.campaign.uplift.learned import Learned, Progress, learn_from
from engine.campaign.uplift.worth import Money, Worth, worth
from engine.errors import DataProblem
from engine.sentences import Sentence
from engine.shop import gate
from engine.shop.store import Shop
from engine.shop.tables import attribute, text

MOST_NOTES = 20


@dataclass(frozen=True, slots=True)
class Answer:
    """table: customer_id, uplift, low, high, send, expected_profit, in the file's order. report: for stdout."""

    table: pd.DataFrame
    report: dict


def answer(
    shop: Shop,
    path: Path,
    margin: float,
    cost: float,
    assume_randomised: bool = False,
    seed: int = 0,
    progress: Progress = lambda share, text: None,
) -> Answer:
    """expected_profit = uplift x margin - cost; send where it is above 0.

    margin: money that one extra order earns; cost: money that one message costs. Raises DataProblem, NotEnoughData.
    """
    given, ids = read(Path(path))
    past = evidence.gather(shop, assume_randomised=assume_randomised)
    evidence.refuse(past)
    own = people.attributes(shop)
    given = given.assign(**{people.LANGUAGE: given["language"]}) if "language" in given else given
    shared = [str(c) for c in own if c in given.columns]
    known = float(ids.isin(_known(shop)).mean())
    notes: list[str] = []
    theirs = _attributes(given, own, shared, Path(path).name, notes)
    with_history = known >= people.KNOWN_ENOUGH
    if with_history:
        # Of a customer whom the shop knows, an attribute that the file lacks is as the shop has it.
        every = own.reindex(ids).set_index(given.index)
        theirs = every.assign(**{c: theirs[c].where(theirs[c].notna(), every[c]) for c in shared})
    elif not shared:
        notes.append("The file shares no attribute with the shop's customers: everyone gets the average effect.")
    if past.share_off:
        notes.append("The share of messages that were sent is not what the propensity says: the answer may be biased.")
    learned = learn_from(shop, past, own[list(theirs)], with_history, seed, progress)
    progress(0.97, "Working out every customer")
    scored = learned.of(people.without_answers(past.rows, _today(shop, ids, theirs, learned)))
    profit = scored["uplift"] * margin - cost
    table = pd.DataFrame(
        {
            "customer_id": given["customer_id"], "uplift": scored["uplift"], "low": scored["low"],
            "high": scored["high"], "send": (profit > 0).astype("int64"), "expected_profit": profit,
        }
    )  # fmt: skip
    alike = learned.held_out.like(scored["uplift"].to_numpy())
    held = worth(learned.held_out, Money(margin, cost), alike)
    report = _report(learned, held, table, margin, cost) | {"attributes": list(theirs), "notes": notes}
    return Answer(table, report)


def read(path: Path) -> tuple[pd.DataFrame, pd.Series]:
    """The file as it stands and its customer ids; raises DataProblem for a missing or empty id."""
    given = gate.read_file(path)
    if "customer_id" not in given:
        found = tuple(map(str, given.columns[:20]))
        values = {"file": path.name, "column": "customer_id", "found": found}
        raise DataProblem(Sentence("refused.column_missing_found", values))
    if given.empty:
        raise DataProblem(Sentence("refused.no_customer", {"file": path.name}))
    ids = text(given["customer_id"])
    if ids.isna().any():
        row = int(np.flatnonzero(ids.isna())[0])
        raise DataProblem(Sentence("refused.no_id", {"file": path.name, "row": row + 2}))
    return given, ids


def _known(shop: Shop) -> pd.Series:
    names = [name for name in ("customers", "orders", "deliveries") if shop.has(name)]
    return pd.concat([shop.table(name, ["customer_id"])["customer_id"] for name in names]).drop_duplicates()


def _attributes(given: pd.DataFrame, own: pd.DataFrame, shared: list[str], name: str, notes: list[str]) -> pd.DataFrame:
    """The shared attributes in the shop's kinds; a cell that is none counts as unknown, and a note says so."""
    columns = {}
    for column in shared:
        if not pd.api.types.is_numeric_dtype(own[column]):
            columns[column] = text(given[column])
            continue
        numbers = pd.to_numeric(given[column].replace("", None), errors="coerce").astype("float64")
        as_given = attribute(given[column])
        lost = numbers.isna() & as_given.notna() & as_given.astype("str").str.strip().ne("")
        for row in np.flatnonzero(lost)[: max(0, MOST_NOTES - len(notes))]:
            said = str(given[column].iloc[row])[:40]
            notes.append(f"{name} row {row + 2}: {column} is {said!r}; a number is needed. Taken as unknown.")
        columns[column] = numbers.replace([np.inf, -np.inf], np.nan)
    return pd.DataFrame(columns, index=given.index)


def _today(shop: Shop, ids: pd.Series, theirs: pd.DataFrame, learned: Learned) -> pd.DataFrame:
    """Columns of the listed customers; a customer listed twice is worked out once for each row's attributes."""
    if not learned.with_history:
        return theirs
    alone = ~ids.duplicated()
    once = people.columns_today(shop, list(ids[alone]), theirs[alone])
    history = once.drop(columns=list(theirs)).set_axis(ids[alone])
    return pd.concat([theirs, history.loc[ids].set_index(theirs.index)], axis=1)


def _report(learned: Learned, held: Worth, table: pd.DataFrame, margin: float, cost: float) -> dict:
    customers, sent = len(table), table["send"].eq(1)
    total = float(table.loc[sent, "expected_profit"].sum())
    seen = held.against_none.times(customers)
    # The sum alone is too good: customers are chosen by the same estimates that are added up.
    with_interval = Estimate(total, min(seen.low, total), max(seen.high, total))
    return learned.facts | {
        "customers": customers,
        "send": int(sent.sum()),
        "margin": margin,
        "cost": cost,
        "total_expected_profit": with_interval.to_json(),
        "gain_against_sending_to_all": held.against_all.times(customers).to_json(),
        "gain_against_sending_to_none": seen.to_json(),
        "sending_to_all_against_none": held.all_against_none.times(customers).to_json(),
        "verdict": held.sentence.text("en"),
        "verdict_key": held.verdict,
    }
