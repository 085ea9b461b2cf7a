"""Files into a shop: which table each is, which rows are kept, and a report in which every row is accounted for."""

import hashlib
import json
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd

from engine.errors import DataProblem
from engine.shop import gate, store
from engine.shop.tables import REFERENCES, TABLES, Checked, check, text

Progress = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class Source:
    """One file and the table it was taken for."""

    path: Path
    table: str
    frame: pd.DataFrame
    sha256: str


def import_files(
    paths: list[Path],
    into: Path,
    mapping: Path | None = None,
    table: str | None = None,
    now: datetime | None = None,
    progress: Progress = lambda share, text: None,
) -> dict:
    """Add files to the shop in `into` (made where absent). Returns the report of the contract: per table rows in, kept,
    set aside by reason, flagged. Raises DataProblem, before anything is changed, for a file that fits no table.
    """
    renames = _read_mapping(mapping)
    files = [file for path in paths for file in _files_of(Path(path))]
    sources = []
    for number, file in enumerate(files):
        progress(0.6 * number / len(files), f"Reading {file.name}")
        sources.append(_source(file, table, renames))
    shop = store.create_shop(into, {})
    done = _provenance(shop)
    fresh, unchanged = _fresh(sources, set(done["files"]))
    report: dict = {"tables": {}, "unchanged_files": unchanged}
    stored: dict[str, pd.DataFrame] = {}
    aside: dict[str, list[pd.DataFrame]] = {}
    for name in (name for name in TABLES if any(source.table == name for source in fresh)):
        progress(0.7, f"Checking {name}")
        for source in (source for source in fresh if source.table == name):
            checked = check(name, source.frame, shop.settings.time_zone, _known(shop, stored, name))
            stored[name] = _merged(shop, stored, name, checked.kept)
            aside.setdefault(name, []).append(_with_lines(checked, source))
            _add_to_report(report["tables"], name, source, checked)
    progress(0.9, "Storing")
    # A file of which nothing could be kept changes no table, and so no forecast or group made from it.
    gained = {name for name, entry in report["tables"].items() if entry["kept"] or not shop.has(name)}
    store.write_tables(shop, {name: frame for name, frame in stored.items() if name in gained})
    _save_set_aside(shop, aside)
    for source in fresh:
        done["files"][source.sha256] = {"name": source.path.name, "table": source.table, "at": str(now or "")}
    store.replace_file(shop.path / "sources.json", json.dumps(done, indent=1).encode())
    return report


def _fresh(sources: list[Source], seen: set[str]) -> tuple[list[Source], list[str]]:
    """Files whose content is new, and the names of those that were taken in before or stand twice in this call."""
    fresh, unchanged = [], []
    for source in sources:
        if source.sha256 in seen:
            unchanged.append(source.path.name)
        else:
            fresh.append(source)
            seen.add(source.sha256)
    return fresh, unchanged


def _files_of(path: Path) -> list[Path]:
    if path.is_dir():
        found = sorted(file for file in path.iterdir() if file.suffix.lower() in gate.FORMATS)
        if not found:
            raise DataProblem(f"{path}: no CSV, XLSX or Parquet file in this folder.")
        return found
    return [path]


def _read_mapping(path: Path | None) -> dict[str, dict[str, str]]:
    """{table: {column in the file: our column}} from a TOML file with one section per table."""
    if path is None:
        return {}
    try:
        mapping = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise DataProblem(f"{path}: not a readable mapping file: {error}") from error
    unknown = [name for name in mapping if name not in TABLES]
    if unknown:
        raise DataProblem(f"{path}: no table called {unknown[0]}. Tables are: {', '.join(TABLES)}.")
    for name, section in mapping.items():
        if not isinstance(section, dict) or not all(isinstance(column, str) for column in section.values()):
            raise DataProblem(
                f'{Path(path).name}: {name}: write one line per column, such as "Their name" = "customer_id".'
            )
    return mapping


def _source(path: Path, table: str | None, renames: dict[str, dict[str, str]]) -> Source:
    frame = gate.read_file(path)
    name = table or _table_of(path, list(frame.columns), renames)
    if name not in TABLES:
        raise DataProblem(f"There is no table called {name}. Tables are: {', '.join(TABLES)}.")
    if name == "contacts":
        raise DataProblem(f"{path.name}: e-mail addresses and phone numbers are not taken in; leave this file out.")
    frame = frame.rename(columns=renames.get(name, {}))
    missing = [column for column in TABLES[name].required if column not in frame]
    if missing:
        raise DataProblem(_missing(path, name, missing, list(frame.columns)))
    if "customer_id" in frame and _looks_personal(frame["customer_id"]):
        raise DataProblem(
            f"{path.name}: customer_id holds e-mail addresses or phone numbers. "
            "Export the shop's own customer number instead."
        )
    # The mapping counts: the same file read another way is another source.
    read_as = json.dumps([name, renames.get(name, {})], sort_keys=True).encode()
    return Source(path, name, frame, hashlib.sha256(path.read_bytes() + read_as).hexdigest())


def _table_of(path: Path, columns: list[str], renames: dict[str, dict[str, str]]) -> str:
    """The table a file is: by its name where its columns agree, else the only table its columns fit."""

    def fits(name: str) -> bool:
        seen = {renames.get(name, {}).get(column, column) for column in columns}
        return set(TABLES[name].required) <= seen

    stem = path.stem.lower()
    if stem in TABLES and fits(stem):
        return stem
    possible = [name for name in TABLES if len(TABLES[name].required) > 1 and fits(name)]
    if len(possible) == 1:
        return possible[0]
    if stem in TABLES:
        missing = [column for column in TABLES[stem].required if column not in columns]
        raise DataProblem(_missing(path, stem, missing, columns))
    choices = ", ".join(possible or TABLES)
    raise DataProblem(f"{path.name}: could be any of {choices}. Say which with --table NAME.")


def _missing(path: Path, name: str, missing: list[str], found: list[str]) -> str:
    return (
        f"{path.name}: column {', '.join(missing)} is missing for {name}. Found: {', '.join(found[:20])}. "
        "Rename it in the file or in a mapping file (--map)."
    )


def _looks_personal(ids: pd.Series) -> bool:
    sample = ids.dropna().astype("str").head(200)
    if sample.empty:
        return False
    personal = sample.str.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+|\+\d{9,15}|1[3-9]\d{9}")
    return bool(personal.mean() > 0.5)


def _known(shop: store.Shop, stored: dict[str, pd.DataFrame], name: str) -> dict[str, set[str]]:
    known = {}
    for column, home in REFERENCES.items():
        if column in TABLES[name].columns and home != name:
            if home in stored:
                known[home] = set(stored[home][column])
            elif shop.has(home):
                known[home] = set(shop.table(home, [column])[column])
    return known


def _merged(shop: store.Shop, stored: dict[str, pd.DataFrame], name: str, new: pd.DataFrame) -> pd.DataFrame:
    old = stored[name] if name in stored else shop.table(name) if shop.has(name) else None
    if old is None or old.empty:
        return new
    key = [column for column in TABLES[name].replaced_by if column in old and column in new]
    if key:
        again = pd.MultiIndex.from_frame(old[key]).isin(pd.MultiIndex.from_frame(new[key]))
        old = old[~again]
    for column in old.columns.intersection(new.columns):
        # An own column may be all numbers in one file and text in the next: then it is text.
        kinds = [pd.api.types.is_numeric_dtype(frame[column]) for frame in (old, new)]
        if any(kinds) and not all(kinds):
            old, new = old.assign(**{column: text(old[column])}), new.assign(**{column: text(new[column])})
    return pd.concat([old, new], ignore_index=True)


def _with_lines(checked: Checked, source: Source) -> pd.DataFrame:
    """Set-aside rows with their file, line (the header is line 1) and the row's own values as JSON."""
    rows = checked.set_aside
    values = source.frame.iloc[rows["row"]].astype("str").to_dict("records")
    broken = source.frame.astype("str").apply(lambda column: column.str.count("\n")).sum(axis=1) if len(rows) else []
    before = pd.Series(broken, dtype="int64").cumsum().shift(fill_value=0)  # line breaks inside fields further up
    return pd.DataFrame(
        {
            "file": source.path.name,
            "line": rows["row"] + 2 + before.reindex(rows["row"]).to_numpy(),
            "column": rows["column"].astype("str"),
            "value": rows["value"].map(lambda value: "" if value is None else str(value)).astype("str"),
            "reason": rows["reason"].astype("str"),
            "row": [json.dumps(row, ensure_ascii=False) for row in values],
        }
    )


def _add_to_report(tables: dict, name: str, source: Source, checked: Checked) -> None:
    entry = tables.setdefault(
        name, {"files": [], "rows_in": 0, "kept": 0, "set_aside": 0, "set_aside_by_reason": {}, "flagged": {}}
    )
    entry["files"].append(source.path.name)
    entry["rows_in"] += len(source.frame)
    entry["kept"] += len(checked.kept)
    entry["set_aside"] += len(checked.set_aside)
    for reason, count in checked.set_aside["reason"].value_counts().items():
        entry["set_aside_by_reason"][reason] = entry["set_aside_by_reason"].get(reason, 0) + int(count)
    for reason, count in checked.flagged.items():
        entry["flagged"][reason] = entry["flagged"].get(reason, 0) + count


def _save_set_aside(shop: store.Shop, aside: dict[str, list[pd.DataFrame]]) -> None:
    for name, frames in aside.items():
        path = shop.path / "set_aside" / f"{name}.csv"
        old = [pd.read_csv(path, dtype=str, keep_default_na=False)] if path.exists() else []
        rows = pd.concat([*old, *frames], ignore_index=True)
        if len(rows):
            store.replace_file(path, rows.to_csv(index=False).encode("utf-8-sig"))


def _provenance(shop: store.Shop) -> dict:
    path = shop.path / "sources.json"
    return json.loads(path.read_text()) if path.exists() else {"files": {}}


def set_aside(shop: store.Shop) -> dict[str, pd.DataFrame]:
    """What was set aside, by table: columns file, line, column, value, reason, row."""
    return {
        path.stem: pd.read_csv(path, dtype=str, keep_default_na=False)
        for path in sorted((shop.path / "set_aside").glob("*.csv"))
    }
