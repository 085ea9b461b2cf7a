"""A connection that cannot write, as far as a database lets a session say so."""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from engine.errors import DataProblem
from engine.shop.databases.address import DRIVERS, Database

CONNECT_SECONDS = 10
QUERY_SECONDS = 300  # also for whoever else uses the database: nothing of ours runs longer there
LOCK_SECONDS = 10

_READ_ONLY = {"sqlite": ("PRAGMA query_only = ON",), "mysql": ("SET SESSION TRANSACTION READ ONLY",)}


@contextmanager
def connected(database: Database) -> Iterator[Any]:
    """An Ibis connection that cannot write, as far as the database lets a session say so. Raises DataProblem."""
    error = driver(database.kind)
    import ibis

    if database.kind == "sqlite" and not Path(_file(database)).is_file():
        raise DataProblem(f"{database.place}: no such file.")  # it would be made
    try:
        connection = ibis.connect(database.url, **_settings(database))
        for statement in _READ_ONLY.get(database.kind, ()):
            connection.raw_sql(statement)
    except (error, ibis.IbisError, OSError, TypeError, ValueError) as problem:  # the latter two: unknown parameters
        raise DataProblem(
            f"Cannot connect to {database.place}: {database.scrubbed(problem)}. Check the address, the user's name and "
            "password, and that this machine may reach the database."
        ) from None
    try:
        yield connection
    finally:
        connection.disconnect()


def _settings(database: Database) -> dict[str, Any]:
    """What is said to a backend beside the address, where the address cannot or must not say otherwise."""
    if database.kind == "duckdb":
        return {"read_only": True, "autoinstall_known_extensions": False}
    parts = urlsplit(database.url)
    said: dict[str, Any] = {}
    # Ibis leaves a user as it is written in the address, so that %40 stays %40, and takes a password's + for a space.
    if parts.username:
        said["user"] = unquote(parts.username)
    if parts.password:
        said["password"] = unquote(parts.password)
    if database.kind == "snowflake":
        said["create_object_udfs"] = False  # it would write functions of its own
    return said | _of_postgres(parts) if database.kind == "postgres" else said


def _of_postgres(parts: SplitResult) -> dict[str, Any]:
    given = dict(parse_qsl(parts.query))
    name = unquote(parts.path.strip("/").partition("/")[0])
    return ({"database": name} if name else {}) | {
        "application_name": "offerlab",
        "connect_timeout": given.get("connect_timeout", CONNECT_SECONDS),
        # The last word counts: a longer time may be asked for in the address, writing may not.
        "options": f"-c statement_timeout={QUERY_SECONDS * 1000:.0f} -c lock_timeout={LOCK_SECONDS * 1000:.0f} "
        f"{given.get('options', '')} -c default_transaction_read_only=on",
    }


def hold_the_moment(database: Database, connection: Any) -> None:
    """One read-only transaction until the end: an order that comes while we read is in no table, nor its customer.

    A pooler may have dropped the session's options; this it lets through.
    """
    if database.kind != "postgres":
        return
    from psycopg import IsolationLevel

    session = connection.con
    session.autocommit, session.read_only, session.isolation_level = False, True, IsolationLevel.REPEATABLE_READ
    session.execute("SELECT 1")  # begins it, so that those that Ibis opens lie inside


def driver(kind: str) -> type[Exception]:
    """The driver's kind of error. Raises DataProblem where the driver is not installed."""
    module, error, package = DRIVERS[kind]
    try:
        return getattr(importlib.import_module(module), error)
    except ImportError:
        raise DataProblem(
            f"The driver for {kind} is not installed on this machine. Install it: .venv/bin/pip install '{package}'"
        ) from None


def _file(database: Database) -> str:
    parts = urlsplit(database.url)
    return parts.netloc + parts.path
