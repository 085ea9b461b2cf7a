"""Files into a shop: which table each is, which rows are kept, and a report in which every row is accounted for."""

import contextlib
import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import pandas as pd

from engine import privacy, settings
from engine.errors import AppError, DataProblem
from engine.shop import databases, gate, mapping, merged, merging, sources, store, taking, vault
from engine.shop.databases import Database
from engine.shop.gate import Sheet
from engine.shop.mapping import TableMapping
from engine.shop.proposal import Known, Proposal, missing_sentence, propose, renamed
from engine.shop.sources import Taken, roles
from engine.shop.tables import REFERENCES, TABLES, Checked, Problem, check

Progress = Callable[[float, str], None]
FILE = "sources.json"  # what came in, from which file, and when
ASIDE = ["file", "line", "column", "value", "reason", "row"]


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of one or, where an export is in two files, more sheets that came to one table."""

    proposal: Proposal
    taken: Taken
    key: str  # of the content and the way it was read: the same again changes nothing
    halves: list[tuple[Proposal, list[Problem]]] = field(default_factory=list)  # files of whole orders, and lost rows

    @property
    def name(self) -> str:
        return self.proposal.sheet.name


@dataclass(frozen=True, slots=True)
class File:
    """A file to bring in.

    name: what people know it by ("": as it is called). table, reading: what somebody said it is, and how its text is
    written. given: which column is which in its sheets, as somebody confirmed it.
    """

    path: Path
    name: str = ""
    table: str | None = None
    reading: gate.Reading | None = None
    given: tuple[TableMapping, ...] = ()


def import_files(
    files: Sequence[Path | File | Database],
    into: Path,
    map_file: Path | None = None,
    table: str | None = None,
    now: datetime | None = None,
    progress: Progress = lambda share, text: None,
    config: Path | None = None,
    pseudonymise: bool = False,
    keep_mapping: bool = False,
    begin_with: dict[str, str] | None = None,
) -> dict:
    """Add files, and tables of databases, to the shop in `into` (made where absent). Returns the report of the
    contract: per table rows in, kept, set aside by reason, flagged. Raises DataProblem, before anything is changed, for
    a file that cannot be used.

    `config` is the folder of keys (None: the user's). With `keep_mapping`, how the files were read is kept in the shop
    for the next import. `begin_with` holds settings of a shop that is made: its name, its currency.
    """
    config = config or settings.read().config
    known = Known(tuple(mapping.read(map_file)), tuple(mapping.saved(into)), table)
    proposals = [one for file in each(files) for one in proposed(file, known, progress)]
    _check_answered(proposals)
    parts = _parts(proposals, _settings(into, begin_with or {}), pseudonymise)
    shop = store.create_shop(into, begin_with or {})
    with store.writing(shop.path):
        progress(0.6, "Checking")
        return _store(shop, parts, _Incoming(now, config, progress, keep_mapping))


def each(files: Sequence[Path | File | Database]) -> list[File | Database]:
    """Every single file or database; a folder is what lies in it."""
    return [
        one
        for file in files
        for one in ([file] if isinstance(file, File | Database) else [File(path) for path in gate.files_in(Path(file))])
    ]


def proposed(
    file: File | Database, known: Known, progress: Progress = lambda share, text: None, head: int | None = None
) -> list[Proposal]:
    """How each sheet of a file would be read; from its first `head` rows where that is said."""
    if isinstance(file, Database):
        return [propose(sheet, known) for sheet in databases.sheets(file, head, progress)]
    begun, name = time.monotonic(), file.name or file.path.name
    if file.given:
        known = replace(known, given=file.given, confirmed=True)
    if file.table:
        known = replace(known, table=file.table)

    def told(rows: int) -> None:
        rate = rows / max(time.monotonic() - begun, 1e-9)
        progress(0.3, f"Reading {name}: {rows:,} rows, {rate:,.0f} a second")

    progress(0.05, f"Reading {name}")
    found = [propose(sheet, known) for sheet in _sheets(file, known, head, told)]
    said = {"encoding": file.reading.encoding, "delimiter": file.reading.delimiter} if file.reading else {}
    return [replace(one, mapping=one.mapping.model_copy(update=said)) for one in found]


def _sheets(file: File, known: Known, head: int | None, told: Callable[[int], None]) -> list[Sheet]:
    """The sheets of a file, read as a mapping for it says, else by what is found out."""
    for one in (*known.given, *known.saved):
        if file.reading is None and one.reading != gate.Reading():
            with contextlib.suppress(AppError):
                first = list(gate.sheets(file.path, one.reading, head=1, name=file.name))
                if first and all(one.fits(sheet.frame.columns) for sheet in first):
                    return list(gate.sheets(file.path, one.reading, head, told, file.name))
    reading = file.reading or gate.Reading()
    sheets = list(gate.sheets(file.path, reading, head, told, file.name))
    headless = sources.without_header(sheets[0].frame) if len(sheets) == 1 else None
    if headless is not None:
        reading = replace(reading, header=headless.header)
        return list(gate.sheets(file.path, reading, head, told, file.name))
    return sheets


def _check_answered(proposals: list[Proposal]) -> None:
    """What a page would ask is, without one, a refusal that says how to answer."""
    sentences = []
    for proposal in proposals:
        if proposal.missing:
            sentences.append(missing_sentence(proposal.sheet, proposal.mapping.table, proposal.missing))
        for question in proposal.questions:
            key = f"dates = {{ {question.role} = ... }}" if question.about == "date" else "decimal = ..."
            choices = " or ".join(f'"{choice}"' for choice in question.choices)
            sentences.append(
                f"{question.sentence} Say which in a mapping file (--map), under [{proposal.mapping.table}.read]: "
                f"{key}, one of {choices}."
            )
    if sentences:
        raise DataProblem(sentences)


def _settings(into: Path, begin_with: dict[str, str]) -> store.ShopSettings:
    """The shop's settings; those that it would begin with where it is not there yet."""
    try:
        return store.open_shop(into).settings
    except AppError:
        if (Path(into) / "shop.toml").exists():
            raise
        return store.ShopSettings.model_validate({"shop_id": "new", **begin_with})


def _parts(proposals: list[Proposal], shop: store.ShopSettings, pseudonymise: bool) -> list[Part]:
    """Every sheet as rows of its table; files of whole orders are read with those of their lines."""
    alone = halves_alone(proposals)
    if alone:
        raise DataProblem(_other_half(alone[0]))
    parts = []
    for proposal in (one for one in proposals if one.mapping.source not in _of_whole_orders()):
        half = _joined_to(proposal)
        own = [one for one in proposals if half and one.mapping.source == half]
        parts.append(_part(proposal, own, shop, pseudonymise))
    return parts


def halves_alone(proposals: list[Proposal]) -> list[Proposal]:
    """Files of an export that comes in two, whole orders and their lines, where the other is not there."""
    there = {proposal.mapping.source for proposal in proposals}
    wanted = {half for proposal in proposals if (half := _joined_to(proposal))}
    return [
        one
        for one in proposals
        if (_joined_to(one) and _joined_to(one) not in there)
        or (one.mapping.source in _of_whole_orders() and one.mapping.source not in wanted)
    ]


def _of_whole_orders() -> set[str]:
    return {source.joined_to for source in sources.SOURCES.values() if source.joined_to}


def _joined_to(proposal: Proposal) -> str:
    """The export of whole orders that a file of lines needs; "" for every other."""
    return sources.SOURCES[proposal.mapping.source].joined_to if proposal.mapping.source else ""


def _other_half(proposal: Proposal) -> str:
    title = sources.SOURCES[proposal.mapping.source].title
    return (
        f"{proposal.sheet.name}: {title}: this export comes in two files, one of whole orders and one of their lines. "
        "Bring in both at once."
    )


def _part(proposal: Proposal, of_orders: list[Proposal], shop: store.ShopSettings, pseudonymise: bool) -> Part:
    orders = [taking.plain(one, shop) for one in of_orders]
    whole = pd.concat(orders, ignore_index=True) if orders else None
    taken, without_line = taking.take(proposal, shop, pseudonymise, whole)
    # The mapping counts: the same file read another way is another source.
    read_as = proposal.mapping.model_dump_json(exclude_defaults=True)
    content = [proposal.sheet.sha256, *(one.sheet.sha256 for one in of_orders)]
    key = " ".join([*content, proposal.sheet.name.partition("/")[2], read_as])
    return Part(proposal, taken, hashlib.sha256(key.encode()).hexdigest(), _halves(of_orders, without_line))


def _halves(of_orders: list[Proposal], without_line: list[Problem]) -> list[tuple[Proposal, list[Problem]]]:
    """The files of whole orders, each with its rows that have no line: rows of several files were counted through."""
    halves, first = [], 0
    for proposal in of_orders:
        after = first + len(proposal.sheet.frame)
        own = [(row - first, column, value, why) for row, column, value, why in without_line if first <= row < after]
        halves.append((proposal, own))
        first = after
    return halves


@dataclass(frozen=True, slots=True)
class _Incoming:
    """What an import was called with."""

    now: datetime | None
    config: Path
    progress: Progress
    keep_mapping: bool

    def key(self, shop: store.Shop) -> bytes:
        return privacy.shop_key(shop.path, shop.shop_id, self.config)


def _store(shop: store.Shop, parts: list[Part], incoming: _Incoming) -> dict:
    """Checks, merges and writes, all at once; gives the report."""
    done = provenance(shop)
    fresh, unchanged = _fresh(parts, set(done["files"]))
    report: dict = {"tables": {}, "unchanged_files": unchanged}
    if not fresh:
        return report
    fresh = [_without_names(part, shop, incoming) for part in fresh]
    tables = merging.Tables(shop)
    aside: dict[str, list[pd.DataFrame]] = {}
    for name in (name for name in TABLES if name != "contacts"):
        own = [part for part in fresh if part.taken.table == name]
        for number, part in enumerate(own):
            incoming.progress(0.6 + 0.3 * number / len(own), f"Checking {part.name}")
            kept = _check(shop, tables, part, incoming, aside, report)
            done["files"][part.key] = _source_entry(part, incoming.now, kept)
        for part in fresh:
            if name in part.taken.derived:
                tables.derive(name, _not_erased(shop, part.taken.derived[name], incoming)[0])
    for part in (part for part in fresh if part.taken.table == "contacts"):
        done["files"][part.key] = _source_entry(part, incoming.now, _check_contacts(part, aside, report))
    contacts = _contacts(fresh)
    incoming.progress(0.9, "Storing")
    _write(shop, tables, aside, done, fresh, contacts, incoming)
    for part in fresh:
        notes = [*part.taken.notes]
        if part.proposal.sheet.frame.empty:
            notes.append(f"{part.name}: there are no rows below its header.")
        if notes:
            report.setdefault("notes", []).extend(notes)
        if part.proposal.unused:
            report.setdefault("columns_left_out", {})[part.name] = part.proposal.unused
    return report


def _fresh(parts: list[Part], seen: set[str]) -> tuple[list[Part], list[str]]:
    """Parts whose content is new, and the names of those that were taken in before or stand twice in this call."""
    fresh, unchanged = [], []
    for part in parts:
        if part.key in seen:
            unchanged.append(part.name)
        else:
            fresh.append(part)
            seen.add(part.key)
    return fresh, unchanged


def _without_names(part: Part, shop: store.Shop, incoming: _Incoming) -> Part:
    if not part.taken.personal:
        return part
    return replace(part, taken=taking.under_pseudonyms(part.taken, incoming.key(shop)))


def _not_erased(shop: store.Shop, frame: pd.DataFrame, incoming: _Incoming) -> tuple[pd.DataFrame, int]:
    """Merged customers under the id they have now, and without the rows of people who asked to be forgotten."""
    if "customer_id" not in frame:
        return frame, 0
    frame, _ = merged.with_merged(shop.path, frame)
    if not (shop.path / "vault" / "erased").exists():
        return frame, 0
    return vault.without_erased(shop.path, shop.shop_id, incoming.config, frame)


def _check(
    shop: store.Shop,
    tables: merging.Tables,
    part: Part,
    incoming: _Incoming,
    aside: dict[str, list[pd.DataFrame]],
    report: dict,
) -> dict[str, int]:
    """One part into its table: what is kept is merged, what is not is listed; counts go into the report."""
    name, rows = part.taken.table, part.taken.frame
    rows, erased = _not_erased(shop, rows, incoming)
    for home in REFERENCES.values():  # whom and what an export names itself is no unknown id
        if home in part.taken.derived and home != name:
            tables.derive(home, _not_erased(shop, part.taken.derived[home], incoming)[0])
    checked = check(name, rows, shop.settings.time_zone, tables.known(name), incoming.now)
    kept, masked = taking.masked_text(name, checked.kept)
    tables.add(name, kept)
    found = [*part.taken.aside, *_of_checked(rows, checked)]
    lost = pd.concat([_aside_rows(part.proposal, found), _ragged_rows(part.proposal.sheet)], ignore_index=True)
    aside.setdefault(name, []).append(lost)
    for proposal, alone in part.halves:
        aside[name].append(_add_half(proposal, alone, report))
    flagged = checked.flagged | part.taken.flagged
    if masked:
        flagged["free text with an e-mail address or number (masked)"] = masked
    if erased:
        flagged["row of an erased customer (left out as asked)"] = erased
    counts = {"rows_in": len(kept) + len(lost) + erased, "kept": len(kept), "set_aside": len(lost) + erased}
    reasons = lost["reason"].value_counts().to_dict() | ({"customer was erased": erased} if erased else {})
    _add_to_report(report["tables"], name, part.name, counts, reasons, flagged)
    return counts


def _of_checked(rows: pd.DataFrame, checked: Checked) -> list[Problem]:
    """What a check set aside, by the row of the file."""
    places = rows.index.to_numpy()[checked.set_aside["row"].astype("int64")]
    said = checked.set_aside[["column", "value", "reason"]].itertuples(index=False)
    return [(int(place), *row) for place, row in zip(places, said, strict=True)]


def _aside_rows(proposal: Proposal, problems: list[Problem]) -> pd.DataFrame:
    """Every row of the file that is not kept: file, line (the header is line 1), column, value, reason, and the row."""
    sheet, name = proposal.sheet, proposal.mapping.table
    # What is set aside lies open beside the tables: whose row it was is not for it to tell.
    ours = renamed(sheet.frame.drop(columns=proposal.personal), proposal.mapping)
    ours = ours.drop(columns=[column for column in ours if column in (*roles.CONTACT, roles.IGNORED)])
    lost = sorted(problems, key=lambda problem: problem[0])
    places = [row for row, *_ in lost]
    ours = pd.DataFrame({column: _nobodys(name, column, ours[column].iloc[places]) for column in ours})
    columns = [str(column) for _, column, _, _ in lost]
    said = pd.Series(["" if value is None or value != value else str(value) for _, _, value, _ in lost], dtype="str")
    masked = privacy.masked(said)
    open_ones = [_is_open(name, column) for column in columns]
    return pd.DataFrame(
        {
            "file": sheet.name,
            "line": sheet.lines[places],
            "column": columns,
            "value": said.where(open_ones, masked).to_numpy(),
            "reason": [reason for *_, reason in lost],
            "row": [json.dumps(row, ensure_ascii=False) for row in ours.to_dict("records")],
        },
        columns=ASIDE,
    )


def _add_half(proposal: Proposal, alone: list[Problem], report: dict) -> pd.DataFrame:
    """A file of whole orders: its rows are no rows of a table, and are counted by themselves."""
    lost = pd.concat([_aside_rows(proposal, alone), _ragged_rows(proposal.sheet)], ignore_index=True)
    rows = len(proposal.sheet.frame) + len(proposal.sheet.ragged)
    counts = {"rows_in": rows, "used": rows - len(lost), "set_aside": len(lost)}
    joined = report.setdefault("joined_files", {})
    joined[proposal.sheet.name] = counts | {"set_aside_by_reason": dict(lost["reason"].value_counts())}
    return lost


def _is_open(table: str, column: str) -> bool:
    """Whether a column may be shown as it is: ids are needed to find the row again, and look like phone numbers."""
    return roles.kind(table, column) == "id" and column != "customer_id"


def _nobodys(table: str, column: str, cells: pd.Series) -> pd.Series:
    """Cells as text in which nobody is named."""
    texts = cells.astype("str").fillna("")
    return texts if _is_open(table, column) else privacy.masked(texts)


def _ragged_rows(sheet: Sheet) -> pd.DataFrame:
    """Rows of which nobody can tell which field is which column."""
    width = sheet.frame.shape[1]
    return pd.DataFrame(
        [
            (sheet.name, line, "", "", f"{'more' if len(fields) > width else 'fewer'} fields than the header",
             json.dumps({"fields": privacy.masked(pd.Series(fields, dtype="str")).tolist()}, ensure_ascii=False))
            for line, fields in zip(sheet.ragged["line"], sheet.ragged["fields"], strict=True)
        ],
        columns=ASIDE,
    )  # fmt: skip


def _add_to_report(tables: dict, name: str, file: str, counts: dict, reasons: dict, flagged: dict) -> None:
    entry = tables.setdefault(
        name, {"files": [], "rows_in": 0, "kept": 0, "set_aside": 0, "set_aside_by_reason": {}, "flagged": {}}
    )
    entry["files"].append(file)
    for key, count in counts.items():
        entry[key] += count
    for key, found in (("set_aside_by_reason", reasons), ("flagged", flagged)):
        for reason, count in found.items():
            entry[key][reason] = entry[key].get(reason, 0) + int(count)


def _check_contacts(part: Part, aside: dict[str, list[pd.DataFrame]], report: dict) -> dict[str, int]:
    """A file of contacts counted as the rows of a table are; it goes to the vault."""
    rows = part.taken.frame
    empty = ~_named(rows)
    lost: list[Problem] = [(int(row), "customer_id", None, "customer_id is empty") for row in rows.index[empty]]
    found = _aside_rows(part.proposal, [*part.taken.aside, *lost])
    listed = pd.concat([found, _ragged_rows(part.proposal.sheet)], ignore_index=True)
    aside.setdefault("contacts", []).append(listed)
    counts = {"rows_in": int((~empty).sum()) + len(listed), "kept": int((~empty).sum()), "set_aside": len(listed)}
    _add_to_report(report["tables"], "contacts", part.name, counts, listed["reason"].value_counts().to_dict(), {})
    return counts


def _named(rows: pd.DataFrame) -> pd.Series:
    return rows["customer_id"].notna() & rows["customer_id"].astype("str").str.strip().ne("")


def _contacts(fresh: list[Part]) -> pd.DataFrame:
    """E-mail addresses and phone numbers out of every part."""
    found = []
    for part in fresh:
        if part.taken.table == "contacts":
            found.append(part.taken.frame[_named(part.taken.frame)])
        elif "contacts" in part.taken.derived:
            found.append(part.taken.derived["contacts"])
    columns = list(TABLES["contacts"].columns)
    every = pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=columns)
    return every.reindex(columns=columns)[_named(every)]


def _write(
    shop: store.Shop,
    tables: merging.Tables,
    aside: dict[str, list[pd.DataFrame]],
    done: dict,
    fresh: list[Part],
    contacts: pd.DataFrame,
    incoming: _Incoming,
) -> None:
    """The vault first: should this be the last that is done, an import that never was leaves nobody's address open."""
    if len(contacts):
        incoming.key(shop)
        vault.add(shop.path, shop.shop_id, incoming.config, contacts)
    files = {FILE: json.dumps(done, indent=1, ensure_ascii=False).encode()}
    for name, frames in aside.items():
        if sum(map(len, frames)):
            files[f"set_aside/{name}.csv"] = _with_older(shop, name, frames).to_csv(index=False).encode("utf-8-sig")
    if incoming.keep_mapping:
        kept = mapping.with_confirmed(mapping.saved(shop.path), [part.proposal.mapping for part in fresh])
        files[mapping.FILE] = mapping.write(kept).encode()
    store.write_tables(shop, tables.changed(), files)


def _with_older(shop: store.Shop, name: str, frames: list[pd.DataFrame]) -> pd.DataFrame:
    path = shop.path / "set_aside" / f"{name}.csv"
    old = [pd.read_csv(path, dtype=str, keep_default_na=False)] if path.exists() else []
    rows = pd.concat([*old, *frames], ignore_index=True).astype({"line": "str"})
    return rows.drop_duplicates(ignore_index=True)


def _source_entry(part: Part, now: datetime | None, counts: dict[str, int]) -> dict:
    sheet, read_as = part.proposal.sheet, part.proposal.mapping
    return {
        "name": sheet.name,
        "table": part.taken.table,
        "at": str(now or ""),
        "sha256": sheet.sha256,
        **counts,
        "encoding": sheet.encoding,
        "delimiter": sheet.delimiter,
        "mapping": read_as.model_dump(exclude_defaults=True, exclude={"table"}),
    }


def provenance(shop: store.Shop) -> dict:
    """Every file that came in: {"files": {key: {name, table, at, sha256, rows_in, kept, set_aside, mapping, ...}}}."""
    path = shop.path / FILE
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"files": {}}


def set_aside(shop: store.Shop) -> dict[str, pd.DataFrame]:
    """What was set aside, by table: columns file, line, column, value, reason, row."""
    return {
        path.stem: pd.read_csv(path, dtype=str, keep_default_na=False)
        for path in sorted((shop.path / "set_aside").glob("*.csv"))
    }


def reasons(shop: store.Shop) -> pd.DataFrame:
    """table, reason, rows of what was set aside, the most frequent of each table first."""
    found = [pd.DataFrame(columns=["table", "reason", "rows"])]
    for path in sorted((shop.path / "set_aside").glob("*.csv")):
        counts = pd.read_csv(path, usecols=["reason"], dtype=str, keep_default_na=False)["reason"].value_counts()
        found.append(pd.DataFrame({"table": path.stem, "reason": counts.index, "rows": counts.to_numpy()}))
    return pd.concat(found, ignore_index=True).astype({"rows": "int64"})
