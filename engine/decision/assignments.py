"""Who was to get a message and who was held out, kept with every recorded export: `assignments/` of the shop folder.

So that the orders of the next month can be joined to it without anybody's report. One Parquet file for each entry of
the approval history that says "exported", called PLAN_ID.SEQ.parquet; it is written inside that entry's transaction, so
that no export is on record without it, and one that was never recorded is not read.
"""

from datetime import datetime
from pathlib import Path

import pandas as pd

from engine.decision import database
from engine.shop import store, vault

COLUMNS = [
    "plan_id", "customer_id", "treated", "variant", "propensity", "channels", "global_holdout", "exported_at", "seq",
]  # fmt: skip


def put(shop_dir: Path, shop_id: str, config: Path, table: pd.DataFrame, plan_id: str, seq: int, now: datetime) -> None:
    """Keep one plan's assignment under the entry of its export. table: COLUMNS without the last two."""
    kept = table.assign(exported_at=now.isoformat(timespec="seconds"), seq=seq)[COLUMNS]
    kept, _ = vault.without_erased(shop_dir, shop_id, config, kept)
    gone = 1
    while gone:
        store.replace_file(_folder(shop_dir) / f"{plan_id}.{seq}.parquet", kept.to_parquet(index=False))
        # Asked after the file is there: who is erased from now on is taken out of it by the erasure itself. The shop's
        # own lock is not taken, which an import may hold for minutes.
        kept, gone = vault.without_erased(shop_dir, shop_id, config, kept)


def saved(shop_dir: Path, every: bool = False) -> pd.DataFrame:
    """COLUMNS: one row per plan and customer, as the last export says that has the customer; `every`: of all exports.

    treated: 1 written to, 0 held out. propensity: the chance, before the draw, to be written to. global_holdout: 1 for
    those whom no plan writes to and whom this one would have reached; theirs is 0, because no draw of this plan could
    have changed it: compare them with the customers of all plans together, and leave them out where one plan is judged.
    channels: those that may reach the customer, "email|sms". seq: the export's entry in the approval history.
    """
    tables = [pd.read_parquet(path) for path in _recorded(shop_dir)]
    if not tables:
        return pd.DataFrame(columns=COLUMNS)
    found = pd.concat(tables, ignore_index=True)
    return found if every else found.drop_duplicates(["plan_id", "customer_id"], keep="last", ignore_index=True)


def _recorded(shop_dir: Path) -> list[Path]:
    """Files of exports that are in the history, the oldest first."""
    if not database.path_of(shop_dir).exists():
        return []
    with database.reading(shop_dir) as db:
        rows = list(db.query("SELECT seq, plan_id FROM entries WHERE action = 'exported' ORDER BY seq"))
    paths = [_folder(shop_dir) / f"{row['plan_id']}.{row['seq']}.parquet" for row in rows]
    return [path for path in paths if path.exists()]  # exports of an earlier Offerlab have none


def _folder(shop_dir: Path) -> Path:
    return shop_dir / "assignments"
