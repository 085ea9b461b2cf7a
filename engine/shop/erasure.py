"""Taking a person out of a shop: their rows, contacts and traces go, and sales figures stay as they were.

Order lines stay, because turnover happened. They go on under a random name, `erased-...`, one for the person, that is
kept nowhere; order numbers are made anew too, times are cut to the hour, and a discount code that nobody else used is
taken away, so that the shop's own records do not lead back to the person. Every other row of theirs is removed.

A later import keeps erased ids out (engine.shop.vault.without_erased). What an operating system still has of a removed
file on its disk, files exported earlier, and copies of the shop's folder are outside this program's reach; what its own
backups hold, see engine.decision.forgetting.
"""

import json
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import tomlkit

from engine import privacy
from engine.access import acting
from engine.errors import DataProblem
from engine.privacy import customer_keys
from engine.shop import merged, store, vault
from engine.shop.store import Shop
from engine.shop.tables import TABLES

SNAPSHOTS = "snapshots"  # beside the tables, in what `held` counts
_SHORTEST = 4  # characters of an id that is looked for in files: a shorter one is in every file
_BETWEEN = r"[\s().-]{0,3}"  # digits of a phone number
_DIGITS = r"[0-9](?:[\s().-]{0,3}[0-9]){6}"


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure did: by table, rows removed; order lines that stay under a name that leads to nobody; contacts.

    not_found: ids of whom the shop had nothing; they too are kept out from now on. left: files of the shop folder in
    which an erased id or address still stands, as in a plan's copy, for a person to look at. keys: destroyed, of people
    whose rows were kept with submissions: nobody can read those any more, in a backup neither.
    """

    customer_ids: list[str]
    not_found: list[str]
    rows: dict[str, int]
    order_lines_kept: int
    contacts: int
    left: list[str] = field(default_factory=list)
    keys: int = 0


@dataclass(frozen=True, slots=True)
class _Traces:
    """What names the people: their ids, those of other systems, and their contacts as one pattern, None without any."""

    ids: frozenset[str]
    external: frozenset[str]
    contacts: re.Pattern | None

    def name(self, text: str) -> bool:
        return bool(self.contacts and self.contacts.search(text))

    def taken_out_of(self, text: str) -> str:
        return self.contacts.sub("[erased]", text) if self.contacts else text


def find(shop_dir: Path, shop_id: str, config: Path, typed: str) -> list[str]:
    """Customers meant by what somebody typed: an id of the shop, else an e-mail address or phone number of the vault.

    Empty where nobody is meant. An id that was merged into another customer means that customer. Raises NotAllowed for
    who may not administer: who an address belongs to is told nobody else.
    """
    acting.require("administer", config)
    shop, typed = store.open_shop(shop_dir), typed.strip()
    typed = merged.final(shop_dir).get(typed, typed)
    contacts = vault.contacts(shop_dir, shop_id, config)
    if any(held(shop, [typed]).values()) or typed in set(contacts["customer_id"]):
        return [typed]
    for column, usual in (("email", privacy.normal_email), ("phone", privacy.normal_phone)):
        if spelled := usual(typed):
            found = contacts.loc[contacts[column].map(usual, na_action="ignore").eq(spelled), "customer_id"]
            if len(found):
                return list(found)
    return []


def held(shop: Shop, customer_ids: Collection[str], config: Path | None = None) -> dict[str, int]:
    """Rows of these customers by table, of the tables that can have any.

    With `config`, too, SNAPSHOTS: how many of them have rows in what was kept of submissions, by the keys of those.
    """
    counts = {}
    for name in _tables(shop):
        counts[name] = int(shop.table(name, ["customer_id"])["customer_id"].isin(list(customer_ids)).sum())
    if config is not None:
        counts[SNAPSHOTS] = customer_keys.held(shop.shop_id, config, merged.everyone(shop.path, list(customer_ids)))
    return counts


def erase(shop_dir: Path, shop_id: str, config: Path, customer_ids: Collection[str], now: datetime) -> Erased:
    """Take these customers out of the shop, for good. Asked again for the same ids, it ends what was cut short.

    An id that was merged into another customer means that customer. Raises DataProblem for no id, NotAllowed for who
    may not administer.
    """
    acting.require("administer")
    asked = list(dict.fromkeys(one.strip() for one in customer_ids))
    if not asked or not all(asked):
        raise DataProblem("Whom? Name at least one customer_id.")
    with store.writing(shop_dir):
        shop = store.open_shop(shop_dir)
        ids = merged.everyone(shop_dir, asked)
        # The order matters when the power fails: kept out first, and the contacts, by which traces are found, last.
        vault.remember(shop_dir, shop_id, config, ids, now)
        keys = customer_keys.destroy(shop_id, config, ids)
        contacts = vault.contacts(shop_dir, shop_id, config)
        theirs = contacts["customer_id"].isin(ids)
        external = frozenset(contacts.loc[theirs, "external_id"].dropna())
        traces = _Traces(frozenset(ids), external, _pattern(contacts[theirs]))
        not_found = _unknown(shop, asked, ids, set(contacts["customer_id"]))
        rows, lines = _from_tables(shop, traces)
        _from_other_tables(shop, ids)
        _from_set_aside(shop, traces)
        _from_settings(shop, ids)
        merged.forget(shop_dir, ids)
        if theirs.any():
            vault.put(shop_dir, shop_id, config, contacts[~theirs])
        return Erased(asked, not_found, rows, lines, int(theirs.sum()), _left(shop, traces), keys)


def _unknown(shop: Shop, asked: list[str], ids: list[str], contacts: set[str]) -> list[str]:
    known = contacts | {one for one in asked if one in merged.final(shop.path)}
    for name in _tables(shop):
        known |= set(shop.table(name, ["customer_id"])["customer_id"]) & set(ids)
    return [one for one in asked if one not in known]


def _tables(shop: Shop) -> list[str]:
    return [name for name in TABLES if "customer_id" in shop.columns(name)]


# --- tables ---


def _from_tables(shop: Shop, traces: _Traces) -> tuple[dict[str, int], int]:
    """Rows removed by table, and order lines kept under another name; all tables change at once."""
    changed: dict[str, pd.DataFrame] = {}
    rows: dict[str, int] = {}
    lines = 0
    for name in (name for name in TABLES if shop.has(name)):
        table = shop.table(name)
        theirs = table["customer_id"].isin(traces.ids) if "customer_id" in table else pd.Series(False, table.index)
        if name == "orders":
            after, lines = _under_another_name(table, theirs), int(theirs.sum())
        else:
            after = table[~theirs].reset_index(drop=True)
            rows |= {name: int(theirs.sum())} if theirs.any() else {}
        cells = _without_traces(name, after, traces)
        if theirs.any() or cells:
            changed[name] = after
    if changed:
        store.write_tables(shop, changed)
    return rows, lines


def _under_another_name(orders: pd.DataFrame, theirs: pd.Series) -> pd.DataFrame:
    """Order lines with what leads to these people made random, hours instead of times; sums and counts as before."""
    orders, own = orders.copy(), orders[theirs]
    # An order with lines of somebody else is one order, and stays so.
    whole = set(own["order_id"]) - set(orders.loc[~theirs, "order_id"])
    for column, values in (("customer_id", set(own["customer_id"])), ("order_id", whole)):
        fresh = {value: f"{privacy.ERASED}{secrets.token_hex(8)}" for value in values}
        orders.loc[theirs, column] = own[column].map(lambda value, fresh=fresh: fresh.get(value, value))
    orders.loc[theirs, "ordered_at"] = own["ordered_at"].dt.floor("h")
    if "discount_code" in orders:
        shared = set(orders.loc[~theirs, "discount_code"].dropna())
        alone = theirs & orders["discount_code"].notna() & ~orders["discount_code"].isin(shared)
        orders.loc[alone, "discount_code"] = privacy.ERASED.rstrip("-")
    return orders


def _without_traces(name: str, table: pd.DataFrame, traces: _Traces) -> int:
    """Masks these people's contacts in every text of a table, and takes their ids out of attributes that hold customers
    (as referred_by). Returns how many cells that were."""
    cells = 0
    for column in (column for column in table if TABLES[name].columns.get(str(column), "text") == "text"):
        values = table[column]
        if not pd.api.types.is_string_dtype(values):
            continue
        refers = values.isin(traces.ids)
        if refers.any() and name == "customers" and values.dropna().isin(table["customer_id"]).mean() > 0.5:
            table.loc[refers, column] = None
            cells += int(refers.sum())
        named = _named(values, traces)
        if named.any():
            table.loc[named, column] = [traces.taken_out_of(text) for text in values[named]]
            cells += int(named.sum())
    return cells


def _named(values: pd.Series, traces: _Traces) -> np.ndarray:
    """Which texts hold a contact of these people. Most are seen to hold none by one fast pass."""
    if traces.contacts is None:
        return np.zeros(len(values), dtype=bool)
    possible = values.str.contains("@", regex=False, na=False) | values.str.contains(_DIGITS, regex=True, na=False)
    found = possible.to_numpy(dtype=bool, copy=True)
    found[found] = [traces.name(text) for text in values[found]]
    return found


def _pattern(contacts: pd.DataFrame) -> re.Pattern | None:
    """Finds the e-mail addresses and phone numbers of these contacts, however a number is grouped."""
    emails = {spelled for text in contacts["email"].dropna() for spelled in (text, privacy.normal_email(text))} - {""}
    phones = {privacy.normal_phone(text) for text in contacts["phone"].dropna()} - {""}
    parts = [rf"(?<![A-Za-z0-9._%+-]){re.escape(text)}(?![A-Za-z0-9])" for text in sorted(emails)]
    for phone in sorted(phones):
        digits = phone.lstrip("+")
        short = digits.removeprefix("86") if re.fullmatch(r"861\d{10}", digits) else digits
        country = r"(?:(?:\+|00)?86[\s.-]{0,3})?" if short != digits else r"(?:\+|00)?"
        parts.append(rf"(?<!\d){country}{_BETWEEN.join(short)}(?!\d)")
    return re.compile("|".join(parts), re.IGNORECASE) if parts else None


# --- the rest of the folder ---


def _from_other_tables(shop: Shop, ids: list[str]) -> None:
    """Rows out of what is made from the tables, as the groups that customers are in."""
    for path in _other_tables(shop):
        table = pd.read_parquet(path)
        theirs = table["customer_id"].isin(ids)
        if theirs.any():
            store.replace_file(path, table[~theirs].to_parquet(index=False))


def _other_tables(shop: Shop) -> list[Path]:
    """Parquet files with a customer_id outside `tables`."""
    found = sorted(path for path in shop.path.rglob("*.parquet") if path.parent != shop.file("orders").parent)
    return [path for path in found if "customer_id" in pq.read_schema(path).names]


def _from_set_aside(shop: Shop, traces: _Traces) -> None:
    """Values of rows that were set aside; the rows themselves stay, so that every row is still accounted for."""
    for path in sorted((shop.path / "set_aside").glob("*.csv")):
        rows = pd.read_csv(path, dtype=str, keep_default_na=False)
        named = np.array([_is_named(row, traces) for row in rows.to_dict("records")], dtype=bool)
        if named.any():
            rows.loc[named, "value"] = ""
            if "row" in rows:
                rows.loc[named, "row"] = "{}"
            store.replace_file(path, rows.to_csv(index=False).encode("utf-8-sig"))


def _is_named(row: dict[str, str], traces: _Traces) -> bool:
    """Whether a row set aside is about one of these people."""
    try:
        values = dict(json.loads(row.get("row") or "{}"))
    except (ValueError, TypeError):
        values = {"": row.get("row", "")}
    values |= {row.get("column", ""): row.get("value", "")}
    ids = {str(values[name]).strip() for name in ("customer_id", "external_id") if name in values}
    return bool(ids & (traces.ids | traces.external)) or any(traces.name(str(value)) for value in values.values())


def _from_settings(shop: Shop, ids: list[str]) -> None:
    """Out of the list of those who must never be contacted: there is nobody left to contact."""
    path = shop.path / "shop.toml"
    content = tomlkit.parse(path.read_text(encoding="utf-8"))
    listed = content.get("never_contact", [])
    if set(listed) & set(ids):
        content["never_contact"] = [one for one in listed if one not in ids]
        store.replace_file(path, tomlkit.dumps(content).encode())


def _left(shop: Shop, traces: _Traces) -> list[str]:
    """Files of the shop folder that still hold an erased id or contact."""
    words = [re.escape(one.encode()) for one in sorted(traces.ids | traces.external) if len(one) >= _SHORTEST]
    pattern = rb"(?<![A-Za-z0-9_-])(?:" + b"|".join(words) + rb")(?![A-Za-z0-9_-])" if words else None
    found = []
    for path in sorted(path for path in shop.path.rglob("*") if path.is_file() and path.name != ".lock"):
        if path.suffix == ".parquet":
            holds = _table_holds(path, traces)
        else:
            content = path.read_bytes()
            holds = bool(pattern and re.search(pattern, content)) or traces.name(content.decode(errors="replace"))
        if holds:
            found.append(str(path.relative_to(shop.path)))
    return found


def _table_holds(path: Path, traces: _Traces) -> bool:
    table = pd.read_parquet(path)
    texts = [table[column] for column in table if pd.api.types.is_string_dtype(table[column])]
    return any(column.isin([one for one in traces.ids if len(one) >= _SHORTEST]).any() for column in texts)
