"""Who was to get a message and who was held out, kept with every recorded export: `assignments/` of the shop folder.

So that the orders of the next month can be joined to it without anybody's report. One Parquet file for each entry of
the approval history that says "exported", called PLAN_ID.SEQ.parquet; it is written inside that entry's transaction, so
that no export is on record without it, and one that was never recorded is not read. The entry says how many are in it
and its SHA-256. Beside those who were given a code stands which, so that a code that moved to somebody else is found.
"""

import hashlib
import io
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from engine.decision import database
from engine.decision.evenly import OF_VARIANT, REST, STAGE
from engine.errors import StoreProblem
from engine.sentences import Sentence
from engine.shop import store, vault

KEY = "assignment"  # under which an entry says what was kept
CODE = "code"  # a column more of the file where codes were given with the export, empty for who got none

COLUMNS = [
    "plan_id", "customer_id", "treated", "variant", "propensity", "channels", "global_holdout", "exported_at", "seq",
]  # fmt: skip
AT = "exported_at"
STAGED = [STAGE, OF_VARIANT]  # columns more of a plan with a first test, see engine.decision.evenly


def put(
    shop_dir: Path,
    shop_id: str,
    config: Path,
    table: pd.DataFrame,
    plan_id: str,
    seq: int,
    now: datetime,
    given: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Any]:
    """Keep one plan's assignment under the entry of its export; what that entry says of it. table: COLUMNS without the
    last two; of a plan with a first test STAGED too, and exported_at of those who left earlier. given: customer_id ->
    code."""
    at = now.isoformat(timespec="seconds")
    left = table[AT].fillna(at) if AT in table else at
    kept = table.assign(exported_at=left, seq=seq)[[*COLUMNS, *(name for name in STAGED if name in table)]]
    if given:
        kept = kept.assign(**{CODE: kept["customer_id"].map(dict(given)).fillna("")})
    kept, _ = vault.without_erased(shop_dir, shop_id, config, kept)
    gone = 1
    while gone:
        content, rows = kept.to_parquet(index=False), len(kept)
        store.replace_file(_folder(shop_dir) / name_of(plan_id, seq), content)
        # Asked after the file is there: who is erased from now on is taken out of it by the erasure itself. The shop's
        # own lock is not taken, which an import may hold for minutes.
        kept, gone = vault.without_erased(shop_dir, shop_id, config, kept)
    return {KEY: {"rows": rows, "sha256": hashlib.sha256(content).hexdigest()}}


def name_of(plan_id: str, seq: int) -> str:
    """What the file of an export is called."""
    return f"{plan_id}.{seq}.parquet"


def check(path: Path, seq: int, said: dict[str, Any] | None) -> None:
    """Raises StoreProblem where the file of an entry is gone, or is neither what the entry says nor a part of it.

    An erasure leaves fewer customers, whose rows then cannot be told from changed ones by any hash. said: of the entry,
    None where an earlier Offerlab wrote it.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise StoreProblem(Sentence("attached.assignment_gone", {"path": str(path)})) from error
    if said and hashlib.sha256(content).hexdigest() == said["sha256"]:
        return
    try:
        table = pd.read_parquet(io.BytesIO(content), columns=["customer_id", "seq"])
        is_part = table["seq"].eq(seq).all() and table["customer_id"].is_unique
    except (ValueError, OSError, LookupError):
        is_part = False
    if not is_part or (said and len(table) >= said["rows"]):
        raise StoreProblem(Sentence("attached.assignment_changed", {"path": str(path)}))


def codes_in(path: Path) -> dict[str, str]:
    """customer_id -> the code that they were given, as the file of an export says."""
    if CODE not in pq.read_schema(path).names:
        return {}
    table = pd.read_parquet(path, columns=["customer_id", CODE])
    table = table[table[CODE].ne("")]
    return dict(zip(table["customer_id"], table[CODE], strict=True))


def saved(shop_dir: Path, every: bool = False) -> pd.DataFrame:
    """COLUMNS: one row per plan and customer, as the last export says that has the customer; `every`: of all exports.

    treated: 1 written to, 0 held out. propensity: the chance, before the draw, to be written to. global_holdout: 1 for
    those whom no plan writes to and whom this one would have reached; theirs is 0, because no draw of this plan could
    have changed it: compare them with the customers of all plans together, and leave them out where one plan is judged.
    channels: those that may reach the customer, "email|sms". seq: the export's entry in the approval history.
    Where any plan has a first test there are two columns more, STAGED: "test", "rest" or "" and the chance of the
    variant. Who waits for the test to end is in no row: nothing was decided about them yet.
    """
    tables = [pd.read_parquet(path) for path in _recorded(shop_dir)]
    if not tables:
        return pd.DataFrame(columns=COLUMNS)
    found = pd.concat(tables, ignore_index=True)
    if STAGE in found:
        found = found.fillna({STAGE: "", OF_VARIANT: 0.0})
        found = found[found[STAGE].ne(REST) | found["treated"].eq(1)].reset_index(drop=True)
    found = found[[*COLUMNS, *(name for name in STAGED if name in found)]]
    return found if every else found.drop_duplicates(["plan_id", "customer_id"], keep="last", ignore_index=True)


def of_export(shop_dir: Path, plan_id: str, seq: int) -> pd.DataFrame:
    """What was kept with one export, those who wait among it. Raises StoreProblem where its file is gone."""
    path = _folder(shop_dir) / name_of(plan_id, seq)
    try:
        return pd.read_parquet(path)
    except OSError as error:
        raise StoreProblem(Sentence("attached.assignment_gone", {"path": str(path)})) from error


def _recorded(shop_dir: Path) -> list[Path]:
    """Files of exports that are in the history, the oldest first."""
    if not database.path_of(shop_dir).exists():
        return []
    with database.reading(shop_dir) as db:
        rows = list(db.query("SELECT seq, plan_id FROM entries WHERE action = 'exported' ORDER BY seq"))
    paths = [_folder(shop_dir) / name_of(row["plan_id"], row["seq"]) for row in rows]
    return [path for path in paths if path.exists()]  # exports of an earlier Offerlab have none


def _folder(shop_dir: Path) -> Path:
    return shop_dir / "assignments"
