"""New rows into the tables a shop has: known keys are replaced, what a file does not say stays as it was."""

import pandas as pd

from engine.shop import consents
from engine.shop.store import Shop
from engine.shop.tables import REFERENCES, TABLES, text, typed


class Tables:
    """The tables of a shop with what an import adds to them, in memory until they are written."""

    def __init__(self, shop: Shop):
        self._shop = shop
        self._now: dict[str, pd.DataFrame] = {}
        self._changed: set[str] = set()

    def get(self, name: str) -> pd.DataFrame | None:
        """A table as it would be stored; None where neither the shop nor the import has it."""
        if name not in self._now and self._shop.has(name):
            self._now[name] = self._shop.table(name)
        return self._now.get(name)

    def known(self, name: str) -> dict[str, set[str]]:
        """Ids that rows of this table may name, by the table they live in (see engine.shop.tables.REFERENCES)."""
        known = {}
        for column, home in REFERENCES.items():
            if column in TABLES[name].columns and home != name and (table := self.get(home)) is not None:
                known[home] = set(table[column])
        return known

    def add(self, name: str, new: pd.DataFrame) -> None:
        """Rows that were checked. None kept changes no table, and so no forecast or group made from it."""
        old = self.get(name)
        if new.empty:
            return
        if old is None or old.empty:
            self._put(name, new)
            return
        self._put(name, consents.updated(old, new) if name == "customers" else merged(name, old, new))

    def derive(self, name: str, found: pd.DataFrame) -> None:
        """Customers, products or campaigns that other rows tell of: new ones are added, and of known ones only what was
        empty is filled in; what a customer agreed to is kept current (see engine.shop.consents)."""
        if name not in TABLES or name == "contacts":
            return
        key = TABLES[name].key[0]
        found = found.assign(**{key: text(found[key])}).dropna(subset=key).drop_duplicates(key, keep="last")
        found = _in_their_kinds(name, found)
        old = self.get(name)
        if old is None:
            self._put(name, found.reset_index(drop=True))
            return
        if found.empty:
            return
        fresh = found[~found[key].isin(old[key])]
        after = pd.concat([_filled_in(old, found, key), fresh], ignore_index=True)
        if name == "customers":
            agreed = [column for column in found if column in TABLES[name].columns]
            after = consents.updated(after, found[agreed])
        if not after.equals(old):
            self._put(name, after)

    def changed(self) -> dict[str, pd.DataFrame]:
        """The tables that are not as they were."""
        return {name: self._now[name] for name in self._changed}

    def _put(self, name: str, frame: pd.DataFrame) -> None:
        self._now[name] = frame
        self._changed.add(name)


def merged(name: str, old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """Old rows and new ones. A known key is replaced; a column that the new rows lack keeps its values."""
    table = TABLES[name]
    key = [column for column in table.replaced_by if column in old and column in new]
    if key:
        new = _with_unsaid(name, old, new, key)
        again = pd.MultiIndex.from_frame(old[key]).isin(pd.MultiIndex.from_frame(new[key]))
        old = old[~again]
    for column in old.columns.intersection(new.columns):
        # An own column may be all numbers in one file and text in the next: then it is text.
        kinds = [pd.api.types.is_numeric_dtype(frame[column]) for frame in (old, new)]
        if any(kinds) and not all(kinds):
            old, new = (frame.assign(**{column: text(frame[column])}) for frame in (old, new))
    return pd.concat([old, new], ignore_index=True)


def _with_unsaid(name: str, old: pd.DataFrame, new: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """The new rows with the old values of columns they do not have, where one row stands for one key."""
    unsaid = [column for column in old.columns if column not in new.columns]
    if not unsaid or tuple(key) != TABLES[name].key:
        return new
    kept = old.drop_duplicates(key, keep="last")[[*key, *unsaid]]
    return new.merge(kept, on=key, how="left")


def _filled_in(old: pd.DataFrame, found: pd.DataFrame, key: str) -> pd.DataFrame:
    by_key = found.set_index(key)
    filled = old.copy()
    for column in found.columns.drop(key):
        said = old[key].map(by_key[column])
        if column not in filled:
            filled[column] = said
        elif filled[column].isna().any() and said.notna().any():
            filled[column] = filled[column].where(filled[column].notna(), said)
    return filled


def _in_their_kinds(name: str, found: pd.DataFrame) -> pd.DataFrame:
    """Columns as the table keeps them; cells that cannot be read are unknown: the file is about other rows."""
    values, _ = typed(name, found.reset_index(drop=True), "UTC")
    return values
