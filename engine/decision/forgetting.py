"""Taking a person out of a shop, with what its decisions know of them: see engine.shop.erasure."""

from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from engine.decision import codes
from engine.shop import erasure, merged
from engine.shop.erasure import Erased


def erase(shop_dir: Path, shop_id: str, config: Path, customer_ids: Collection[str], now: datetime) -> Erased:
    """Take these customers out of the shop, and out of the list of who has which code. As `erasure.erase`."""
    # First: what is left of them is looked for at the end, and asked again it ends what was cut short.
    codes.forget(shop_dir, merged.everyone(shop_dir, [one.strip() for one in customer_ids]))
    return erasure.erase(shop_dir, shop_id, config, customer_ids, now)
