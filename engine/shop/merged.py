"""Which customers were merged into which: `merged.json` of the shop folder, the provenance of every merge.

A merge is kept for good, because later exports of the shop's system bring the old id again; those rows then belong to
the customer it was merged into.
"""

import json
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

import pandas as pd

from engine.errors import StoreProblem
from engine.shop import store


def records(shop_dir: Path) -> list[dict[str, str]]:
    """Every merge in order: customer_id (the one that went), into, at, by, why. Empty without any."""
    path = shop_dir / "merged.json"
    try:
        return list(json.loads(path.read_text(encoding="utf-8"))["merged"])
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise StoreProblem(
            f"{path}, the record of merged customers, cannot be read. Restore it from a backup: without it they would "
            "come back as two with the next import."
        ) from error


def add(shop_dir: Path, pairs: dict[str, str], why: dict[str, str], now: datetime, by: str) -> None:
    """Record that each customer went into another."""
    at = now.isoformat(timespec="seconds")
    fresh = [
        {"customer_id": gone, "into": kept, "at": at, "by": by, "why": why.get(gone, "")}
        for gone, kept in pairs.items()
    ]
    _write(shop_dir, [*records(shop_dir), *fresh])


def final(shop_dir: Path) -> dict[str, str]:
    """The customer that each merged id means today."""
    into = {record["customer_id"]: record["into"] for record in records(shop_dir)}

    def end(customer_id: str) -> str:
        while customer_id in into:
            customer_id = into[customer_id]
        return customer_id

    return {customer_id: end(customer_id) for customer_id in into}


def with_merged(shop_dir: Path, frame: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """The frame with merged ids as the customers they mean today, and how many rows that were. For every import.

    Two rows of `customers` may then have one customer_id: engine.shop.consents.updated makes one of them.
    """
    meant = final(shop_dir)
    if not meant or "customer_id" not in frame:
        return frame, 0
    ids = frame["customer_id"].astype("str").str.strip()
    renamed = ids.isin(list(meant))
    return frame.assign(customer_id=frame["customer_id"].where(~renamed, ids.map(meant))), int(renamed.sum())


def everyone(shop_dir: Path, customer_ids: Collection[str]) -> list[str]:
    """These customers with every id that was ever theirs."""
    meant = final(shop_dir)
    people = {meant.get(one, one) for one in customer_ids}
    return sorted(people | set(customer_ids) | {old for old, now in meant.items() if now in people})


def forget(shop_dir: Path, customer_ids: Collection[str]) -> None:
    """Take the merges of erased customers out of the record."""
    kept = records(shop_dir)
    left = [record for record in kept if not {record["customer_id"], record["into"]} & set(customer_ids)]
    if len(left) < len(kept):
        _write(shop_dir, left)


def _write(shop_dir: Path, rows: list[dict[str, str]]) -> None:
    content = json.dumps({"merged": rows}, indent=1, ensure_ascii=False)
    store.replace_file(shop_dir / "merged.json", content.encode())
