"""One person under several customer ids: found by the contacts they share, merged only where somebody said so.

A merge is final, and said to be: from then on the shop knows one customer, and which row was whose is kept nowhere.
`merged.json` records it (engine.shop.merged), so that later exports with the old id are read as the customer it went
into. A wrong merge is undone by bringing the shop's files into a new shop.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import tomlkit
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from engine import privacy
from engine.access import acting
from engine.errors import DataProblem
from engine.shop import consents, erasure, merged, store, vault
from engine.shop.store import Shop

MOST_ACCOUNTS = 5  # more accounts than that on one number are a household's, a shop's, or nobody's
COLUMNS = ["group", "customer_id", "why", "orders", "last_order", "kept", "proposed"]
_SPELLINGS = {"email": privacy.normal_email, "phone": privacy.normal_phone}


def proposals(shop: Shop, config: Path) -> pd.DataFrame:
    """Customers who may be one person, by the vault's contacts; empty without any. Nothing is changed.

    group: number from 1; customer_id; why: same_email, same_phone, same_email_and_phone (with the one kept, who has
    none), or through_another (shares with one who shares with it); orders: with something bought; last_order; kept: 1
    for the one that the others would go into; proposed: 1. The one kept has most orders, then the latest, then joined
    first, then the first id.

    An address or number in more than MOST_ACCOUNTS accounts is said and not proposed: proposed and kept are 0, why is
    shared_email or shared_phone.
    """
    shared = _shared(shop, config)
    people = _history(shop, shared["customer_id"].unique())
    sizes = shared.groupby(["kind", "contact"])["customer_id"].transform("size")
    found = _groups(shared[sizes <= MOST_ACCOUNTS], people)
    too_many = shared[sizes > MOST_ACCOUNTS]
    number = too_many.groupby(["kind", "contact"], sort=False).ngroup() + found["group"].nunique() + 1
    said = too_many.assign(group=number, why="shared_" + too_many["kind"], kept=0, proposed=0)
    both = pd.concat([found, said.merge(people, on="customer_id")[COLUMNS]], ignore_index=True)
    return both.astype({"group": "int64", "orders": "int64", "kept": "int64", "proposed": "int64"})


def merge(shop: Shop, config: Path, pairs: Mapping[str, str], now: datetime, by: str = "") -> dict[str, int]:
    """Make each customer (key) one with another (value), as somebody confirmed. Final. Returns rows renamed by table.

    Every table gets the id of the one kept. Of two rows in customers one stays: values of the one kept, gaps filled
    from the other, the stricter of each consent. Two deliveries of one campaign at one time become one. Contacts: the
    one kept keeps its own, gaps filled. Raises DataProblem, before anything is changed, for pairs that cannot be, and
    NotAllowed for who may not administer.
    """
    acting.require("administer")
    if by:
        acting.require_self(by)
    with store.writing(shop.path):
        pairs = _checked(shop, config, pairs)
        known = proposals(shop, config).query("proposed == 1")
        reasons = dict(zip(known["customer_id"], known["why"], strict=True))
        # First: a merge that is cut short is ended by the next with the same pairs.
        recorded = merged.final(shop.path)
        merged.add(shop.path, {one: into for one, into in pairs.items() if one not in recorded}, reasons, now, by)
        _merge_contacts(shop, config, pairs)
        changed, rows = _renamed_tables(shop, pairs)
        store.write_tables(shop, changed)
        _rename_in_groups(shop, pairs)
        _rename_in_settings(shop, pairs)
    return rows


# --- finding ---


def _shared(shop: Shop, config: Path) -> pd.DataFrame:
    """kind, contact (in its one spelling), customer_id: the contacts that several customers have."""
    contacts = vault.contacts(shop.path, shop.shop_id, config)
    parts = []
    for kind, spelled in _SPELLINGS.items():
        usual = contacts[kind].map(spelled, na_action="ignore").astype("str")
        part = pd.DataFrame({"kind": kind, "contact": usual, "customer_id": contacts["customer_id"]})
        parts.append(part[usual.notna() & usual.ne("") & usual.duplicated(keep=False)])
    return pd.concat(parts, ignore_index=True)


def _history(shop: Shop, customer_ids: np.ndarray) -> pd.DataFrame:
    """customer_id, orders (with something bought), last_order, joined_at of these customers."""
    people = pd.DataFrame({"customer_id": customer_ids}).astype({"customer_id": "str"})
    people["orders"], people["last_order"], people["joined_at"] = 0, pd.NaT, pd.NaT
    # Looked up by index: a look-up in a table without rows of its kind fails otherwise.
    people = people.set_index("customer_id").astype({"last_order": "datetime64[us]", "joined_at": "datetime64[us]"})
    if shop.rows("orders"):
        lines = shop.table("orders", ["customer_id", "order_id", "ordered_at", "quantity"])
        bought = lines[lines["customer_id"].isin(people.index) & (lines["quantity"] > 0)].groupby("customer_id")
        people["orders"] = bought["order_id"].nunique().reindex(people.index, fill_value=0)
        people["last_order"] = bought["ordered_at"].max().reindex(people.index)
    if "joined_at" in shop.columns("customers"):
        joined = shop.table("customers", ["customer_id", "joined_at"]).drop_duplicates("customer_id")
        people["joined_at"] = joined.set_index("customer_id")["joined_at"].reindex(people.index)
    return people.reset_index()


def _groups(shared: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """COLUMNS of those whom shared contacts join, directly or through another."""
    if shared.empty:
        return pd.DataFrame(columns=COLUMNS)
    codes, ids = pd.factorize(shared["customer_id"])
    first = pd.Series(codes).groupby([shared["kind"].to_numpy(), shared["contact"].to_numpy()]).transform("first")
    links = coo_matrix((np.ones(len(codes)), (codes, first)), shape=(len(ids), len(ids)))
    table = pd.DataFrame({"customer_id": ids, "part": connected_components(links, directed=False)[1]})
    table = table.merge(people, on="customer_id")
    by = ["part", "orders", "last_order", "joined_at", "customer_id"]
    table = table.sort_values(by, ascending=[True, False, False, True, True], na_position="last", ignore_index=True)
    table["group"] = table["part"].rank(method="dense").astype("int64")
    table["kept"] = (~table["part"].duplicated()).astype("int64")
    table["why"] = _reasons(shared, table)
    return table.assign(proposed=1)[COLUMNS]


def _reasons(shared: pd.DataFrame, table: pd.DataFrame) -> list[str]:
    """What each customer shares with the one kept of its group."""
    own = shared.groupby("customer_id")[["kind", "contact"]].apply(lambda rows: set(map(tuple, rows.to_numpy())))
    kept = table.loc[table["kept"].eq(1)].set_index("group")["customer_id"]
    words = []
    for customer_id, group, is_kept in zip(table["customer_id"], table["group"], table["kept"], strict=True):
        kinds = sorted(kind for kind, _ in own[customer_id] & own[kept[group]])
        words.append("" if is_kept else f"same_{'_and_'.join(kinds)}" if kinds else "through_another")
    return words


# --- merging ---


def _checked(shop: Shop, config: Path, pairs: Mapping[str, str]) -> dict[str, str]:
    found = {gone.strip(): kept.strip() for gone, kept in pairs.items()}
    before = merged.final(shop.path)
    here = set(vault.contacts(shop.path, shop.shop_id, config)["customer_id"])
    for name in erasure.held(shop, []):
        here |= set(shop.table(name, ["customer_id"])["customer_id"])
    problems = [] if found else ["Nothing was named to be merged."]
    for gone, kept in found.items():
        if gone == kept:
            problems.append(f"{gone} cannot be merged into itself.")
        elif kept in found:
            problems.append(f"{kept} is to be merged into {found[kept]}: name that one for {gone} too.")
        elif kept in before:
            problems.append(f"{kept} was merged into {before[kept]}: name that one.")
        for one in dict.fromkeys((gone, kept)):
            if one not in here and before.get(one) != kept:
                problems.append(f"There is no customer {one} in this shop.")
    if problems:
        raise DataProblem(problems)
    return found


def _merge_contacts(shop: Shop, config: Path, pairs: dict[str, str]) -> None:
    contacts = vault.contacts(shop.path, shop.shop_id, config)
    if contacts["customer_id"].isin(list(pairs)).any():
        ordered = _kept_first(contacts, pairs)
        together = ordered.groupby("customer_id", sort=False, as_index=False).first()
        vault.put(shop.path, shop.shop_id, config, together)


def _kept_first(table: pd.DataFrame, pairs: dict[str, str]) -> pd.DataFrame:
    """The table under the ids that are kept; rows that had another id stand last, so that they only fill gaps."""
    gone = table["customer_id"].isin(list(pairs))
    renamed = table.assign(customer_id=table["customer_id"].where(~gone, table["customer_id"].map(pairs)))
    return pd.concat([renamed[~gone], renamed[gone]], ignore_index=True)


def _renamed_tables(shop: Shop, pairs: dict[str, str]) -> tuple[dict[str, pd.DataFrame], dict[str, int]]:
    changed, rows = {}, {}
    for name, count in erasure.held(shop, list(pairs)).items():
        if not count:
            continue
        rows[name], table = count, shop.table(name)
        if name == "customers":
            changed[name] = consents.strictest(_kept_first(table, pairs))
            if "joined_at" in table:
                first = _kept_first(table, pairs).groupby("customer_id")["joined_at"].min()
                changed[name]["joined_at"] = changed[name]["customer_id"].map(first)
            continue
        gone = table["customer_id"].isin(list(pairs))
        table["customer_id"] = table["customer_id"].where(~gone, table["customer_id"].map(pairs))
        changed[name] = _one_delivery(table, set(pairs.values())) if name == "deliveries" else table
    return changed, rows


def _one_delivery(deliveries: pd.DataFrame, customer_ids: set[str]) -> pd.DataFrame:
    """Two messages of one campaign at one time to the same customer are one: stages that happened to either, money
    added up."""
    key = ["campaign_id", "customer_id", "sent_at"]
    twice = deliveries["customer_id"].isin(customer_ids) & deliveries.duplicated(key, keep=False)
    if not twice.any():
        return deliveries
    flags = [name for name in ("treated", "opened", "clicked", "converted", "unsubscribed") if name in deliveries]
    how = {name: "max" if name in flags else "first" for name in deliveries.columns if name not in key}
    rows = deliveries[twice]
    if "treated" in rows:  # variant and propensity of the message that was sent; empty is sent
        rows = rows.assign(treated=rows["treated"].fillna(1.0))
        rows = rows.sort_values("treated", ascending=False, kind="stable")
    grouped = rows.groupby(key, sort=False)
    one = grouped.agg(how)
    if "revenue" in rows:
        one["revenue"] = grouped["revenue"].sum(min_count=1)
    return pd.concat([deliveries[~twice], one.reset_index()[list(deliveries.columns)]], ignore_index=True)


def _rename_in_groups(shop: Shop, pairs: dict[str, str]) -> None:
    path = shop.path / "segments" / "labels.parquet"
    if path.exists():
        labels = _kept_first(pd.read_parquet(path), pairs).drop_duplicates("customer_id")
        store.replace_file(path, labels.to_parquet(index=False))


def _rename_in_settings(shop: Shop, pairs: dict[str, str]) -> None:
    """Who must never be contacted under one id must not be under the other."""
    path = shop.path / "shop.toml"
    content = tomlkit.parse(path.read_text(encoding="utf-8"))
    listed = list(content.get("never_contact", []))
    if set(listed) & set(pairs):
        content["never_contact"] = list(dict.fromkeys(pairs.get(one, one) for one in listed))
        store.replace_file(path, tomlkit.dumps(content).encode())
