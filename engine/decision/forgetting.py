"""Taking a person out of a shop, with what its decisions know of them: see engine.shop.erasure."""

from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from engine.decision import carried, codes
from engine.shop import erasure, merged
from engine.shop.erasure import Erased


def erase(
    shop_dir: Path, shop_id: str, config: Path, backups: Path, customer_ids: Collection[str], now: datetime
) -> Erased:
    """Take these customers out of the shop, out of the list of who has which code, and out of the assignments in the
    folder of its backups. As `erasure.erase`.

    Copies of ledger.db there stay as they are until they are removed for their age: a history that is changed is none.
    """
    everyone = merged.everyone(shop_dir, [one.strip() for one in customer_ids])
    # First: what is left of them is looked for at the end, and asked again it ends what was cut short.
    codes.forget(shop_dir, everyone)
    erased = erasure.erase(shop_dir, shop_id, config, customer_ids, now)
    carried.forget(backups, everyone)  # after the shop's own, which a backup made meanwhile would copy
    return erased
