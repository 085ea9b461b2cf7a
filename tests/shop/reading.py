"""Reads an export as an import does, step by step: the gate, its source, plain numbers and dates, rows, the checks."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from engine.shop import dates, gate, numerals, sources
from engine.shop.sources import roles
from engine.shop.sources.taken import Source, Taken
from engine.shop.store import ShopSettings
from engine.shop.tables import Checked, check

NUMBERS = ("money", "amount", "quantity", "count", "number", "fraction", "rating")
SETTINGS = ShopSettings(shop_id="s", currency="EUR", time_zone="Europe/Berlin", rates={"USD": 0.9})


@dataclass(frozen=True)
class Read:
    source: Source
    rows: int
    taken: Taken
    checked: Checked

    @property
    def kept(self) -> pd.DataFrame:
        return self.checked.kept

    @property
    def reasons(self) -> dict[str, int]:
        """Rows set aside by reason: each row once."""
        found = [reason for *_, reason in self.taken.aside] + list(self.checked.set_aside["reason"])
        return {reason: found.count(reason) for reason in found}

    def is_whole(self) -> bool:
        """Rows in = rows kept + rows set aside, and none is set aside twice."""
        aside = [row for row, *_ in self.taken.aside]
        return (
            len(set(aside)) == len(aside)
            and not set(aside) & set(self.taken.frame.index)
            and self.rows == len(self.kept) + len(aside) + len(self.checked.set_aside)
        )


def roles_of(folder: Path, name: str, content: bytes, settings: ShopSettings = SETTINGS) -> tuple[Source, pd.DataFrame]:
    """The source that a file is taken for, and its rows with roles as columns."""
    path = folder / name
    path.write_bytes(content)
    (sheet,) = gate.sheets(path)
    source = sources.recognised(list(sheet.frame.columns))
    if source is None:
        source = sources.without_header(sheet.frame)
        assert source is not None, f"{name} is not known: {list(sheet.frame.columns)}"
        (sheet,) = gate.sheets(path, gate.Reading(header=source.header))
    mapping = source.mapping(list(sheet.frame.columns))
    frame = sheet.frame[list(mapping)].rename(columns=mapping)
    kinds = {column: roles.kind(source.table, column) for column in frame}
    numeric = [column for column, kind in kinds.items() if kind in NUMBERS]
    mark = numerals.decimal_mark(frame[column] for column in numeric) or "."
    for column in numeric:
        frame[column] = numerals.plain(frame[column], mark)
    for column in (column for column, kind in kinds.items() if kind == "time"):
        guess = dates.guess(frame[column])
        assert not guess.problem, guess.problem
        if guess.format:
            frame[column] = dates.read(frame[column], guess.format, "", settings.time_zone)
    return source, frame


def read(folder: Path, name: str, content: bytes, settings: ShopSettings = SETTINGS) -> Read:
    source, frame = roles_of(folder, name, content, settings)
    return finished(source, frame, settings)


def finished(source: Source, frame: pd.DataFrame, settings: ShopSettings = SETTINGS) -> Read:
    taken = source.take(frame, settings)
    return Read(source, len(frame), taken, check(taken.table, taken.frame, settings.time_zone))


def per_order(kept: pd.DataFrame) -> pd.DataFrame:
    """order_id -> customer, and gross, discount, shipping, tax, refund and net in cents."""
    zero = pd.Series(0.0, kept.index)
    money = {
        "gross": kept["quantity"] * kept["unit_price"],
        "discount": kept.get("discount", zero),
        "shipping": kept.get("shipping", zero),
        "tax": kept.get("tax", zero),
        "refund": kept.get("refunded", zero),
    }
    table = pd.DataFrame(money).fillna(0.0)
    table["net"] = table["gross"] - table["discount"] - table["refund"]
    sums = table.groupby(kept["order_id"]).sum() * 100
    assert (sums - sums.round()).abs().max().max() < 1e-6, "an amount is not in whole cents"
    return sums.round().astype("int64").join(kept.groupby("order_id")["customer_id"].first())
