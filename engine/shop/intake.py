"""Files into a shop: which table each is, which rows are kept, and a report in which every row is accounted for."""

import contextlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pandas as pd

from engine import privacy, settings
from engine.access import acting
from engine.errors import AppError, DataProblem
from engine.shop import aside_rows, databases, gate, mapping, merged, merging, parts, sources, store, taking, vault
from engine.shop.aside_rows import reasons as reasons
from engine.shop.aside_rows import set_aside as set_aside
from engine.shop.databases import Database
from engine.shop.gate import Sheet
from engine.shop.mapping import TableMapping
from engine.shop.parts import Part
from engine.shop.proposal import Known, Proposal, missing_sentence, propose
from engine.shop.tables import REFERENCES, TABLES, Problem, check

Progress = Callable[[float, str], None]
OF_CAMPAIGNS = ("deliveries", "campaign_results", "ads")
FILE = "sources.json"  # what came in, from which file, and when


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


@dataclass(frozen=True, slots=True)
class Beside:
    """What an import knows beside the shop's own tables.

    campaigns: rows of the table campaigns, which are added for the ids that deliveries, totals and ads name.
    problems: what else is wrong with rows of a table, as the caller sees it: their rows are set aside.
    """

    campaigns: pd.DataFrame
    problems: Callable[[str, pd.DataFrame], list[Problem]] = lambda table, rows: []


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
    beside: Beside | None = None,
) -> dict:
    """Add files, and tables of databases, to the shop in `into` (made where absent). Returns the report of the
    contract: per table rows in, kept, set aside by reason, flagged. Raises DataProblem, before anything is changed, for
    a file that cannot be used.

    `config` is the folder of keys (None: the user's). With `keep_mapping`, how the files were read is kept in the shop
    for the next import. `begin_with` holds settings of a shop that is made: its name, its currency.
    """
    acting.require("import")
    config = config or settings.read().config
    known = Known(tuple(mapping.read(map_file)), tuple(mapping.saved(into)), table)
    proposals = [one for file in each(files) for one in proposed(file, known, progress)]
    _check_answered(proposals)
    together = parts.together(proposals, _settings(into, begin_with or {}), pseudonymise)
    shop = store.create_shop(into, begin_with or {})
    with store.writing(shop.path):
        progress(0.6, "Checking")
        return _store(shop, together, _Incoming(now, config, progress, keep_mapping, beside))


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


@dataclass(frozen=True, slots=True)
class _Incoming:
    """What an import was called with."""

    now: datetime | None
    config: Path
    progress: Progress
    keep_mapping: bool
    beside: Beside | None = None

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
    also: list[Problem] = []
    if incoming.beside is not None:
        named = incoming.beside.campaigns
        if name in OF_CAMPAIGNS and "campaign_id" in rows and len(named):
            tables.derive("campaigns", named[named["campaign_id"].isin(rows["campaign_id"].astype("str").str.strip())])
        also = incoming.beside.problems(name, rows)
        rows = rows.drop(index=[row for row, *_ in also])
    checked = check(name, rows, shop.settings.time_zone, tables.known(name), incoming.now)
    kept, masked = taking.masked_text(name, checked.kept)
    tables.add(name, kept)
    found = [*part.taken.aside, *also, *aside_rows.of_check(rows, checked)]
    lost = pd.concat([aside_rows.of(part.proposal, found), aside_rows.ragged(part.proposal.sheet)], ignore_index=True)
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


def _add_half(proposal: Proposal, alone: list[Problem], report: dict) -> pd.DataFrame:
    """A file of whole orders: its rows are no rows of a table, and are counted by themselves."""
    lost = pd.concat([aside_rows.of(proposal, alone), aside_rows.ragged(proposal.sheet)], ignore_index=True)
    rows = len(proposal.sheet.frame) + len(proposal.sheet.ragged)
    counts = {"rows_in": rows, "used": rows - len(lost), "set_aside": len(lost)}
    joined = report.setdefault("joined_files", {})
    joined[proposal.sheet.name] = counts | {"set_aside_by_reason": dict(lost["reason"].value_counts())}
    return lost


def _check_contacts(part: Part, aside: dict[str, list[pd.DataFrame]], report: dict) -> dict[str, int]:
    """A file of contacts counted as the rows of a table are; it goes to the vault."""
    rows = part.taken.frame
    empty = ~_named(rows)
    lost: list[Problem] = [(int(row), "customer_id", None, "customer_id is empty") for row in rows.index[empty]]
    found = aside_rows.of(part.proposal, [*part.taken.aside, *lost])
    listed = pd.concat([found, aside_rows.ragged(part.proposal.sheet)], ignore_index=True)
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
    files = {}
    for name, frames in aside.items():
        again = _read_again(done, [part for part in fresh if part.taken.table == name])
        if again or sum(map(len, frames)):
            listed = aside_rows.with_older(shop, name, frames, again)
            files[f"set_aside/{name}.csv"] = listed.to_csv(index=False).encode("utf-8-sig")
    files[FILE] = json.dumps(done, indent=1, ensure_ascii=False).encode()
    if incoming.keep_mapping:
        kept = mapping.with_confirmed(mapping.saved(shop.path), [part.proposal.mapping for part in fresh])
        files[mapping.FILE] = mapping.write(kept).encode()
    store.write_tables(shop, tables.changed(), files)


def _read_again(done: dict, parts_of_table: list[Part]) -> set[str]:
    """Names of files whose very content was taken in before, read in another way; that entry goes off the record.

    Not of a name that other content had too: its rows cannot be told apart by the name.
    """
    again = set()
    for part in parts_of_table:
        here = (part.name, part.taken.table)
        named = {key: e for key, e in done["files"].items() if (e["name"], e["table"]) == here and key != part.key}
        if named and all(entry.get("sha256") == part.proposal.sheet.sha256 for entry in named.values()):
            again.add(part.name)
            for key in named:
                del done["files"][key]
    return again


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
