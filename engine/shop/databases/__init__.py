"""Tables of a database a shop already has, read through Ibis and never written: brought in as files are.

An address is a URL as Ibis takes it, with the tables that are meant: postgresql://user@host/shop?table=public.orders.
`table` may stand in it several times. The session is read-only, a table is counted before it is read, and the password
stays in `Database.url`: no name, sentence or report is made of that.
"""

from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np
import pandas as pd
import pyarrow as pa

from engine.errors import DataProblem
from engine.shop.databases import rows, session
from engine.shop.databases.address import Database, at, is_url
from engine.shop.databases.rows import SMALLER, Progress
from engine.shop.gate import Sheet

__all__ = ["Database", "at", "is_url", "sheets"]

SHOWN = 20  # tables named where none or a wrong one was said


def sheets(database: Database, head: int | None = None, progress: Progress = lambda share, text: None) -> list[Sheet]:
    """The tables of an address, all as of one moment where the database can do that; the first `head` rows of each.

    Numbers and texts are as a CSV file of the table would have them. Rows are sorted by their columns, in order: a
    database has no first row, and the same content must be the same sheet again. sha256: of that content.
    Raises DataProblem where the database cannot be reached, or a table is not there, not allowed, or too much.
    """
    progress(0.02, f"Connecting to {database.place}")
    with session.connected(database) as connection:
        session.hold_the_moment(database, connection)
        if not database.tables:
            raise DataProblem(f"{database.place}: which table? Say ?table=NAME in the address. {_there(connection)}")
        return [_sheet(database, connection, table, head, progress) for table in database.tables]


def _there(connection: Any, schema: str | None = None) -> str:
    found = connection.list_tables(database=schema) if schema else connection.list_tables()
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return f"There are: {', '.join(found[:SHOWN])}{more}." if found else "There is none that this user can see."


def _sheet(database: Database, connection: Any, table: str, head: int | None, progress: Progress) -> Sheet:
    import ibis

    schema, _, name = table.rpartition(".")
    shown = f"{database.place}/{table}"
    try:
        shown = _shown(database, schema or connection.current_database or "", name)
        asked, notes = rows.as_written(database.kind, shown, connection.table(name, database=schema or None))
        total = rows.counted(shown, asked) if head is None else head
        found = rows.read(shown, asked if head is None else asked.limit(head), total, progress)
    except ibis.common.exceptions.TableNotFound:
        raise DataProblem(f"{shown}: no such table or view. {_there(connection, schema)}") from None
    except (session.driver(database.kind), ibis.IbisError, pa.ArrowException) as error:
        raise DataProblem(_refused(database, shown, error)) from None
    frame = rows.in_order(found).to_pandas()
    nothing = pd.DataFrame({"line": pd.Series(dtype="int64"), "fields": pd.Series(dtype="object")})
    content = "" if head is not None else rows.content(frame)
    return Sheet(shown, frame, np.arange(1, len(frame) + 1), nothing, content, notes=notes)


def _shown(database: Database, schema: str, name: str) -> str:
    """The same for a table whether or not its schema was said. Its last part is the table's own name."""
    again = PurePosixPath(database.place).name == schema  # of MySQL and BigQuery the address names the schema
    return "/".join(part for part in (database.place, "" if again else schema, name) if part)


def _refused(database: Database, shown: str, error: Exception) -> str:
    """Why a table was not given, by the states of the SQL standard that PostgreSQL reports, else in its own words."""
    kind = session.driver(database.kind)
    while isinstance(error.__context__, kind):  # what went wrong first, not in tidying up after it
        error = error.__context__
    user = unquote(urlsplit(database.url).username or "") or "this user"
    known = {
        "42501": f"{user} may not read it. Whoever runs the database can allow that: GRANT SELECT ON the table.",
        "57014": f"the database gave up: no answer within {session.QUERY_SECONDS:g} seconds. {SMALLER}",
        "55P03": "somebody is changing the table's columns and holds it locked. Try again later.",
        "25006": "reading it would change something in the database, and that is not allowed here. Name another view.",
    }
    said = known.get(getattr(error, "sqlstate", None) or "")
    return f"{shown}: {said or f'the database did not give its rows: {database.scrubbed(error)}. {SMALLER}'}"
