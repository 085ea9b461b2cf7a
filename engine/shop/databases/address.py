"""Where a database is and which of its tables are meant, read from a URL that is never repeated."""

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from engine.errors import DataProblem

# Ibis's backends by the scheme of their URLs: the driver's module, its kind of error, and how it is installed.
DRIVERS = {
    "postgres": ("psycopg", "Error", "psycopg[binary]"),
    "sqlite": ("sqlite3", "Error", ""),
    "duckdb": ("duckdb", "Error", ""),
    "mysql": ("MySQLdb", "Error", "ibis-framework[mysql]"),
    "mssql": ("pyodbc", "Error", "ibis-framework[mssql]"),
    "snowflake": ("snowflake.connector", "Error", "ibis-framework[snowflake]"),
    "bigquery": ("google.api_core.exceptions", "GoogleAPIError", "ibis-framework[bigquery]"),
}
IN_FILES = ("sqlite", "duckdb")
FORM = "postgresql://user@host:5432/database?table=public.orders"

# Parameters that an error may quote; any other may be a key to the database.
_OPEN = {"host", "port", "user", "database", "schema", "sslmode", "connect_timeout", "options", "warehouse"}


@dataclass(frozen=True, slots=True)
class Database:
    """An address that was read. place: what people know it by, "host/database" or a file's name. tables: those meant.

    url: with user and password, for Ibis alone.
    """

    kind: str
    place: str
    tables: tuple[str, ...]
    url: str = field(repr=False)

    def scrubbed(self, error: BaseException) -> str:
        """The first line of what a driver said, without anything that was given to it in confidence."""
        said = (str(error).strip() or type(error).__name__).splitlines()[0]
        parts = urlsplit(self.url)
        secrets = [value for key, value in parse_qsl(parts.query) if key not in _OPEN]
        secrets += [parts.password or "", unquote(parts.password or "")]
        for secret in sorted(filter(None, {*secrets, *map(quote, secrets)}), key=len, reverse=True):
            said = said.replace(secret, "***")
        return said


def is_url(text: str) -> bool:
    """Whether a text is an address, and not the path of a file.

    >>> is_url("postgresql://host/shop"), is_url("C://orders.csv"), is_url("exports/orders.csv")
    (True, False, False)
    """
    return re.match(r"[A-Za-z][\w+.-]+://", text) is not None


def at(url: str) -> Database:
    """The database of an address. Raises DataProblem, which never repeats the address: a password may stand in it."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise DataProblem(_unreadable()) from None
    # What follows an @ or # that belongs to a password is read as its host, path or query, and would be shown as such.
    if parts.fragment or "@" in parts.path + parts.query:
        raise DataProblem(_unreadable())
    kind = parts.scheme.partition("+")[0].lower().replace("postgresql", "postgres")
    if kind not in DRIVERS:
        known = ", ".join(name.replace("postgres", "postgresql") for name in DRIVERS)
        raise DataProblem(f"{parts.scheme}:// is no database that can be read. Known are {known}; as in {FORM}")
    given = parse_qsl(parts.query, keep_blank_values=True)
    query = urlencode([(key, value) for key, value in given if key != "table"], quote_via=quote)
    tables = tuple(value for key, value in given if key == "table" and value)
    rest = parts._replace(scheme=kind, query=query)
    # urlunsplit would make one slash of the three of sqlite:///folder/file, which is another path
    address = urlunsplit(rest) if parts.netloc else f"{kind}://{rest.path}" + (f"?{query}" if query else "")
    return Database(kind, _place(kind, parts, dict(given)), tables, address)


def _unreadable() -> str:
    return (
        f"The address of the database cannot be read. It has the form {FORM}; letters such as @ : / # ? in a user or "
        "password are written as %40 %3A %2F %23 %3F. Better, leave the password out and keep it in ~/.pgpass."
    )


def _place(kind: str, parts: SplitResult, given: dict[str, str]) -> str:
    path = unquote(parts.path).strip("/")
    if kind in IN_FILES:
        return PurePosixPath(unquote(parts.netloc + parts.path)).name.rpartition("@")[2] or kind
    host = parts.hostname or given.get("host", "")
    host = "localhost" if host.startswith("/") or not host else host  # a folder: the server's socket
    return "/".join(part for part in (host, path) if part)
