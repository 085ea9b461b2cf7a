"""How much is too much, and what a file's first bytes give away: looked at before anything is parsed."""

from collections.abc import Collection
from pathlib import Path

from engine.errors import DataProblem

MAX_BYTES = 2_000_000_000
MAX_COLUMNS = 500
MAX_ROWS = 20_000_000
# A 736 kB Parquet file can hold 100 million rows: its footer tells, its size does not.
MAX_CELLS = 1_000_000_000
MAX_CELL = 65_536  # characters
MAX_RATIO = 100  # bytes unpacked per byte packed; exports of real shops stay under 30
SMALL = 50_000_000  # bytes unpacked up to which the ratio is of no interest
MAX_UNPACKED = 2_000_000_000
MAX_WORKBOOK_UNPACKED = 600_000_000
MAX_WORKBOOK_WORDS = 200_000_000  # bytes of it that are no sheet: texts, styles; they are held in memory as they are
# A spreadsheet is laid out in full, also between two cells that are far apart.
MAX_WORKBOOK_CELLS = 20_000_000
LEAST_FILLED = 0.02  # of the cells of one that is laid out large
LARGE_LAYOUT = 2_000_000  # cells
MAX_ENTRIES = 1_000  # files in a zip
ENTRY_BYTES = 400  # for one of them in the list at its end; names of real ones are shorter
HEAD = 65_536  # bytes of a text file in which its header must end
MAX_LINE = MAX_COLUMNS * MAX_CELL  # bytes; a longer line cannot be right, and would be read whole
MAX_SHOWN = 120  # characters of a name that a sentence shows

UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")  # a spreadsheet's "Unicode text"
MAGIC = {
    b"PK\x03\x04": "a zip archive or a spreadsheet",
    b"PK\x05\x06": "an empty zip archive",
    b"\x1f\x8b": "a gzip archive",
    b"PAR1": "a Parquet file",
    b"\xd0\xcf\x11\xe0": "an old .xls or a password-protected spreadsheet",
    b"%PDF": "a PDF document",
    b"SQLite f": "a database file",
    b"\x89PNG": "a picture",
    b"{\\rtf": "a text document",
    b"Rar!": "a RAR archive",
    b"7z\xbc\xaf": "a 7z archive",
}
EXPECTED = {
    ".xlsx": ((b"PK\x03\x04",), "XLSX"),
    ".zip": ((b"PK\x03\x04", b"PK\x05\x06"), "zip"),
    ".gz": ((b"\x1f\x8b",), "gzip"),
    ".parquet": ((b"PAR1",), "Parquet"),
}


def check_file(path: Path, formats: Collection[str], name: str) -> None:
    """Raises DataProblem where a path is no file, of no format we read, empty or too large."""
    if not path.is_file():
        raise DataProblem(f"{name}: no such file.")
    if path.suffix.lower() not in formats:
        ending = path.suffix or "no ending"
        raise DataProblem(f"{name}: save it as CSV, XLSX or Parquet; {ending} is not read.")
    size = path.stat().st_size
    if size == 0:
        raise DataProblem(f"{name}: the file is empty.")
    if size > MAX_BYTES:
        raise DataProblem(f"{name}: larger than 2 GB. Save it as Parquet or split it.")
    with path.open("rb") as file:
        check_magic(name, path.suffix.lower(), file.read(8))


def check_magic(name: str, suffix: str, first: bytes) -> None:
    """Raises DataProblem where the first bytes are of another kind of file than the ending says."""
    found = next((what for mark, what in MAGIC.items() if first.startswith(mark)), None)
    if suffix == ".csv" and found and first[:2] not in UTF16_MARKS:
        raise DataProblem(f"{name}: named .csv but not a text file: it is {found}. Export it again as CSV in UTF-8.")
    if suffix in EXPECTED and not first.startswith(EXPECTED[suffix][0]):
        is_what = f"it is {found}" if found else "its first bytes are of something else"
        raise DataProblem(
            f"{name}: not a readable {EXPECTED[suffix][1]} file: {is_what}. Export it again, or save it as CSV."
        )


def check_table(name: str, rows: int, columns: int, packed: int) -> None:
    """Raises DataProblem where a table of so many rows and columns in so many bytes is too much to read at once."""
    too_much = f"{name}: {rows:,} rows x {columns:,} columns is too much to read at once. Split the file."
    if columns > MAX_COLUMNS:
        raise DataProblem(f"{name}: more than {MAX_COLUMNS} columns ({columns:,}). Keep the columns of one table.")
    if rows > MAX_ROWS or rows * columns > MAX_CELLS:
        raise DataProblem(too_much)
    check_ratio(name, rows * columns * 8, packed)


def check_ratio(name: str, unpacked: int, packed: int) -> None:
    """Raises DataProblem where a small file unpacks to a huge one."""
    if unpacked > MAX_UNPACKED:
        raise DataProblem(f"{name}: unpacks to more than 2 GB. Split it.")
    if unpacked > SMALL and unpacked > MAX_RATIO * packed:
        raise DataProblem(
            f"{name}: {packed:,} bytes unpack to more than {MAX_RATIO} times as many. Real exports do not; it is not "
            "opened. Export it again, not compressed."
        )


def check_archive(name: str, tail: bytes) -> None:
    """Raises DataProblem where the list of files at the end of a zip is longer than any of real exports.

    It is read whole by whoever opens the archive. `tail` is the end of the file: 66,000 bytes hold what says how long.
    """
    sizes = [
        int.from_bytes(tail[place + offset : place + offset + length], "little")
        for mark, offset, length in ((b"PK\x05\x06", 12, 4), (b"PK\x06\x06", 40, 8))
        if (place := tail.rfind(mark)) >= 0
    ]
    if any(ENTRY_BYTES * MAX_ENTRIES < size != 0xFFFFFFFF for size in sizes):
        raise DataProblem(f"{name}: more than {MAX_ENTRIES:,} files in one zip. Keep the exports only.")


def shown(name: str) -> str:
    """A name out of a file, as a sentence may show it: printable, and not without an end."""
    return "".join(letter for letter in name if letter.isprintable())[-MAX_SHOWN:]
