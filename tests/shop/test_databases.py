"""A shop's tables are read out of a real PostgreSQL server: the same rows as from its own CSV export, and no trace."""

import glob
import json
import logging
import os
import pwd
import shutil
import socket
import sqlite3
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import quote

import pandas as pd
import pytest
from click.testing import CliRunner

from engine.__main__ import main
from engine.errors import DataProblem
from engine.shop import databases, intake, store
from engine.shop.databases import rows, session
from engine.shop.gate import limits

PASSWORD = "h@sh/w0rd+1#:?"
READER = "shop reader"  # a name that must be unquoted, too
WRITTEN = quote(PASSWORD, safe="+")

SHOP = """
create type state as enum ('paid', 'sent');
create table orders (
    order_id bigint, customer_id text, ordered_at timestamp, product_id char(4), quantity smallint,
    unit_price numeric(10, 2), discount numeric, status state, refunded real, sales_channel varchar(20)
);
insert into orders
select 9007199254740993 + i / 2, lpad((i % 40)::text, 3, '0'), timestamp '2026-01-05 10:00' + i * interval '1 hour',
    'p' || i % 7, case when i % 50 = 0 then -1 else 1 + i % 3 end, (i % 997 + 1) / 100.0, i % 5 * 0.1,
    case when i % 3 = 0 then 'paid'::state end, case when i % 20 = 0 then 0.1 end, case when i % 2 = 0 then '网店' end
from generate_series(1, 600) i;
insert into orders values (1, null, '2026-01-05', 'p1', 1, 9.5, 0, 'paid', null, 'web');
create table customers (
    customer_id text, joined_at date, email_consent boolean, tier text, visits int, born date, score float8,
    password_hash text, "apiToken" text, photo bytea
);
insert into customers
select lpad(i::text, 3, '0'), date '2025-01-01' + i, case when i % 4 > 0 then i % 2 = 0 end, 'gold',
    case when i > 0 then i end, '1990-05-17', i / 3.0, 'hidden', 'hidden', '\\x00'
from generate_series(0, 39) i;
create table times (order_id int, customer_id text, ordered_at timestamptz, product_id text, quantity int,
    unit_price numeric);
insert into times values (1, 'c1', '2026-01-05 23:30+00', 'p1', 1, 10);
insert into times values (2, 'c1', '2026-07-05 23:30:00.25+00', 'p1', 1, 10);
create table sales_export ("Beleg" int, "Kunde" text, "Datum" date, "Artikel" text, "Menge" int, "Einzel" numeric);
insert into sales_export values (1, 'c1', '2026-02-01', 'p1', 2, 12.5);
create table private (customer_id text);
create schema hidden; create table hidden.orders (order_id text);
create view slow as select order_id, pg_sleep(5)::text from orders;
create sequence numbers; create view counting as select nextval('numbers') as order_id;
create table far (customer_id text, joined_at timestamp); insert into far values ('c1', 'infinity');
create table long (customer_id text, note text); insert into long values ('c1', repeat('x', 70000));
"""


def programs() -> Path | None:
    """Folder of the server's programs."""
    found = shutil.which("initdb") or next(iter(sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))[::-1]), None)
    return Path(found).parent if found else None


def _server_user() -> str | None:
    """PostgreSQL refuses to be run by root."""
    if os.geteuid():
        return None
    return next((user.pw_name for user in pwd.getpwall() if user.pw_name == "postgres"), "nobody")


@pytest.fixture(scope="module")
def port():
    """A server of its own on a free port, empty but for a user."""
    binaries = programs()
    if binaries is None:
        pytest.skip("PostgreSQL's server is not installed: apt-get install postgresql")
    folder, user = Path(tempfile.mkdtemp(prefix="pg")), _server_user()
    (folder / "password").write_text(PASSWORD)
    if user:
        for path in (folder, folder / "password"):
            shutil.chown(path, user)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]

    def run(program: str, *arguments: str) -> None:
        command = [str(binaries / program), "-D", str(folder / "data"), *arguments]
        options = {"user": user, "extra_groups": []} if user else {}
        ended = subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True, timeout=120, **options,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stderr

    run("initdb", "-U", "owner", "-A", "scram-sha-256", "--pwfile", str(folder / "password"), "--no-sync",
        "-E", "UTF8", "--locale", "C.UTF-8")  # fmt: skip
    run("pg_ctl", "-w", "-l", str(folder / "log"), "start",
        "-o", f"-p {number} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off")  # fmt: skip
    try:
        yield number
    finally:
        run("pg_ctl", "-m", "immediate", "stop")
        shutil.rmtree(folder)


def owner(port, database):
    import psycopg

    return psycopg.connect(
        host="127.0.0.1", port=port, user="owner", password=PASSWORD, dbname=database, autocommit=True
    )


def fill(connection):
    """The shop as it was in the beginning, of which a user may read most."""
    connection.execute("drop schema if exists public, hidden cascade; create schema public")
    connection.execute(SHOP)
    told = "customer_id, joined_at, email_consent, tier, visits, born, score"
    for given in ("usage on schema public", "usage on all sequences in schema public",
                  "select on all tables in schema public"):  # fmt: skip
        connection.execute(f'grant {given} to "{READER}"')
    connection.execute(f'revoke select on private, customers from "{READER}"')
    connection.execute(f'grant select ({told}) on customers to "{READER}"')


@pytest.fixture(scope="module")
def shop(port):
    """The owner's connection to a database with a shop in it, which no test changes."""
    with owner(port, "postgres") as connection:
        connection.execute("create database shop")
        connection.execute(f"create role \"{READER}\" login password '{PASSWORD}'")
    with owner(port, "shop") as connection:
        fill(connection)
        yield connection


@pytest.fixture
def changing(shop):
    """The same to a test that changes it."""
    yield shop
    fill(shop)


@pytest.fixture
def url(port):
    return f"postgresql://{quote(READER)}:{WRITTEN}@127.0.0.1:{port}/shop"


def read(url):
    return databases.sheets(databases.at(url))


def bring(url, into, **options):
    return intake.import_files([databases.at(url)], into, **options)


def csv_of(connection, table, path, columns="*"):
    """The table as PostgreSQL itself exports it."""
    with connection.cursor().copy(f"copy (select {columns} from {table}) to stdout csv header") as copy:
        path.write_bytes(b"".join(copy))
    return path


def stored(into, table):
    frame = store.open_shop(into).table(table)
    return frame.sort_values(list(frame.columns), ignore_index=True)


def state(into):
    return {str(p.relative_to(into)): p.read_bytes() for p in into.rglob("*") if p.is_file() and p.name != ".lock"}


# --- the same rows ---


def test_orders_from_the_database_equal_the_same_orders_from_csv_types_included(shop, url, tmp_path):
    report = bring(f"{url}?table=orders", tmp_path / "base")
    intake.import_files([csv_of(shop, "orders", tmp_path / "orders.csv")], tmp_path / "file")
    from_base, from_file = stored(tmp_path / "base", "orders"), stored(tmp_path / "file", "orders")
    pd.testing.assert_frame_equal(from_base, from_file)
    assert len(from_base) == 600
    assert from_base["unit_price"].sum() == pytest.approx(sum((i % 997 + 1) / 100 for i in range(1, 601)))
    assert "9007199254740995" in set(from_base["order_id"])  # beyond what a float can hold
    assert report["tables"]["orders"] | {"flagged": {}} == {
        "files": ["127.0.0.1/shop/public/orders"], "rows_in": 601, "kept": 600, "set_aside": 1,
        "set_aside_by_reason": {"customer_id is empty": 1}, "flagged": {},
    }  # fmt: skip


def test_customers_and_their_attributes_equal_those_from_csv(shop, url, tmp_path):
    columns = "customer_id, joined_at, email_consent::int, tier, visits, born, score"
    bring(f"{url}?table=customers", tmp_path / "base")
    intake.import_files([csv_of(shop, "customers", tmp_path / "customers.csv", columns)], tmp_path / "file")
    pd.testing.assert_frame_equal(stored(tmp_path / "base", "customers"), stored(tmp_path / "file", "customers"))


def test_secrets_and_pictures_of_accounts_are_not_even_asked_for(shop, url, tmp_path):
    # The user may not read those columns: naming one of them would be refused.
    report = bring(f"{url}?table=public.customers", tmp_path / "shop")
    assert report["notes"] == [
        "127.0.0.1/shop/public/customers: not read, as its name says that it is secret: password_hash, apiToken.",
        "127.0.0.1/shop/public/customers: not read, as it is no text: photo.",
    ]
    assert not {"password_hash", "apiToken", "photo"} & set(stored(tmp_path / "shop", "customers"))


def test_an_instant_of_the_database_is_told_on_the_shops_clock(shop, url, tmp_path):
    store.create_shop(tmp_path / "shop", {"time_zone": "Europe/Berlin"})
    bring(f"{url}?table=times", tmp_path / "shop", table="orders")
    assert stored(tmp_path / "shop", "orders")["ordered_at"].tolist() == [
        pd.Timestamp("2026-01-06 00:30"), pd.Timestamp("2026-07-06 01:30:00.25"),
    ]  # fmt: skip


def test_a_row_set_aside_names_the_table_it_came_from(shop, url, tmp_path):
    bring(f"{url}?table=orders", tmp_path / "shop")
    (lost,) = intake.set_aside(store.open_shop(tmp_path / "shop"))["orders"].to_dict("records")
    assert (lost["file"], lost["line"], lost["column"]) == ("127.0.0.1/shop/public/orders", "1", "customer_id")
    assert json.loads(lost["row"])["ordered_at"] == "2026-01-05 00:00:00"


def test_several_tables_come_by_one_address_and_refer_to_each_other(changing, url, tmp_path):
    changing.execute("insert into orders select 5, 'nobody', ordered_at, product_id, 1, 1 from orders limit 1")
    report = bring(f"{url}?table=orders&table=customers", tmp_path / "shop")
    assert report["tables"]["customers"]["kept"] == 40
    assert report["tables"]["orders"]["set_aside_by_reason"] == {
        "customer_id is empty": 1,
        "customer_id is not in customers": 1,
    }


# --- again and later ---


def test_the_same_table_again_changes_nothing_however_the_server_orders_its_rows(changing, url, tmp_path):
    bring(f"{url}?table=orders", tmp_path / "shop")
    before = state(tmp_path / "shop")
    changing.execute("create temp table again as select * from orders order by customer_id, order_id desc")
    changing.execute("truncate orders")
    changing.execute("insert into orders select * from again")
    report = bring(f"{url}?table=public.orders", tmp_path / "shop")
    assert (report["tables"], report["unchanged_files"]) == ({}, ["127.0.0.1/shop/public/orders"])
    assert state(tmp_path / "shop") == before


def test_next_months_rows_add_and_a_changed_one_takes_the_old_ones_place(changing, url, tmp_path):
    bring(f"{url}?table=orders", tmp_path / "shop")
    changing.execute(
        "insert into orders values (7, '001', '2026-03-01', 'p1', 1, 20), (8, '002', '2026-03-02', 'p1', 1, 20)"
    )
    changing.execute("update orders set quantity = 9 where order_id = 9007199254740995")
    bring(f"{url}?table=orders", tmp_path / "shop")
    later = stored(tmp_path / "shop", "orders")
    assert len(later) == 602
    assert later.loc[later["order_id"] == "9007199254740995", "quantity"].tolist() == [9, 9]
    assert len(intake.set_aside(store.open_shop(tmp_path / "shop"))["orders"]) == 1


# --- nothing is written ---


@pytest.mark.parametrize("asked", ["", "?options=-c%20default_transaction_read_only%3Doff"])
def test_writing_is_impossible_through_our_connection_even_for_the_owner(shop, port, asked):
    import psycopg

    database = databases.at(f"postgresql://owner:{WRITTEN}@127.0.0.1:{port}/shop{asked}")
    before = shop.execute("select count(*) from orders").fetchone()
    for statement in ("insert into orders (order_id) values (1)", "create table mine (a int)", "drop table orders"):
        with session.connected(database) as connection, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.raw_sql(statement)
    assert shop.execute("select count(*) from orders").fetchone() == before


def test_a_pooler_that_drops_the_sessions_settings_cannot_make_it_writable(shop, port):
    import psycopg

    database = databases.at(f"postgresql://owner:{WRITTEN}@127.0.0.1:{port}/shop")
    with session.connected(database) as connection:
        connection.raw_sql("set default_transaction_read_only = off")
        session.hold_the_moment(database, connection)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.raw_sql("insert into orders (order_id) values (1)")


def test_what_is_counted_is_what_is_read_in_every_table(changing, url, monkeypatch):
    """An order and its customer come in between two tables: of one moment, neither is there."""
    counted = rows.counted

    def meanwhile(shown, asked):
        total = counted(shown, asked)
        if shown.endswith("orders"):
            changing.execute("insert into orders values (3, 'new', '2026-03-01', 'p1', 1, 20)")
            changing.execute("insert into customers (customer_id) values ('new')")
        return total

    monkeypatch.setattr(rows, "counted", meanwhile)
    orders, customers = read(f"{url}?table=orders&table=customers")
    assert (len(orders.frame), len(customers.frame)) == (601, 40)
    assert [len(one.frame) for one in read(f"{url}?table=orders&table=customers")] == [602, 41]


# --- what is wrong ---


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("", r"which table\? Say \?table=NAME in the address. There are: .*orders, "),
        ("?table=order", r"shop/public/order: no such table or view. There are: .*orders, "),
        ("?table=Orders", r"public/Orders: no such table or view"),
        ("?table=none.orders", r"none/orders: no such table or view. There is none that this user can see"),
        ("?table=orders'%3B--", r"no such table or view"),
        ("?table=private", r"public/private: shop reader may not read it. .* GRANT SELECT"),
        ("?table=hidden.orders", r"hidden/orders: shop reader may not read it"),
        ("?table=counting", r"counting: reading it would change something in the database"),
        ("?table=far", r"far: the database did not give its rows: .*infinity.* Name a view instead"),
        ("?table=long", r"long: note has a cell of more than 65,536 characters"),
        ("?table=orders&oops=1", r'Cannot connect to 127.0.0.1/shop: invalid connection option "oops"'),
        ("?table=orders&connect_timeout=soon", r"Cannot connect to 127.0.0.1/shop: .*connect_timeout"),
    ],
)
def test_what_a_database_refuses_is_a_sentence_and_changes_nothing(shop, url, tmp_path, table, said):
    with pytest.raises(DataProblem, match=said):
        bring(url + table, tmp_path / "shop")
    assert not (tmp_path / "shop").exists()


def test_a_table_that_takes_too_long_or_is_locked_is_given_up(shop, url, monkeypatch):
    monkeypatch.setattr(session, "QUERY_SECONDS", 0.3)
    with pytest.raises(DataProblem, match=r"public/slow: the database gave up: no answer within 0.3 seconds"):
        read(f"{url}?table=slow")
    monkeypatch.setattr(session, "LOCK_SECONDS", 0.1)
    with shop.transaction():
        shop.execute("lock table orders")
        with pytest.raises(DataProblem, match=r"public/orders: somebody is changing .* Try again later"):
            read(f"{url}?table=orders")


@pytest.mark.parametrize(
    ("limit", "value", "said"),
    [
        ("MAX_ROWS", 600, r"orders: 601 rows x 10 columns is too much to read at once. Name a view instead"),
        ("MAX_CELLS", 6_009, r"orders: 601 rows x 10 columns is too much"),
        ("MAX_COLUMNS", 9, r"orders: more than 9 columns \(10\)"),
    ],
)
def test_too_much_is_refused_before_any_row_is_read(shop, url, monkeypatch, limit, value, said):
    monkeypatch.setattr(limits, limit, value)
    monkeypatch.setattr(rows, "read", lambda *_: pytest.fail("rows were read"))
    with pytest.raises(DataProblem, match=said):
        read(f"{url}?table=orders")


def test_rows_that_are_larger_than_they_are_many_are_refused_on_the_way(shop, url, monkeypatch):
    monkeypatch.setattr(limits, "MAX_UNPACKED", 1_000)
    with pytest.raises(DataProblem, match=r"orders: more than 2 GB after 601 of 601 rows. Name a view instead"):
        read(f"{url}?table=orders")


def test_the_rows_read_are_told_with_their_speed(shop, url, monkeypatch):
    monkeypatch.setattr(rows, "BATCH", 250)
    told = []
    databases.sheets(databases.at(f"{url}?table=orders"), progress=lambda share, text: told.append((share, text)))
    counts = [text.partition(": ")[2].partition(",")[0] for _, text in told[1:]]
    assert counts == ["250 of 601 rows", "500 of 601 rows", "601 of 601 rows"]
    assert told[-1][1].endswith(" a second") and [share for share, _ in told] == sorted(share for share, _ in told)


# --- addresses and passwords ---


@pytest.mark.parametrize(
    ("url", "place", "tables"),
    [
        ("postgresql://u:p@db.example.com:5432/shop?table=public.orders", "db.example.com/shop", ("public.orders",)),
        ("postgres://db/shop?table=a&sslmode=require&table=b", "db/shop", ("a", "b")),
        ("postgresql+psycopg://u:p%40@db/shop", "db/shop", ()),
        ("postgresql:///shop?host=/var/run/postgresql&table=orders", "localhost/shop", ("orders",)),
        ("mysql://u:p@db/shop?table=orders", "db/shop", ("orders",)),
        ("bigquery://project/dataset?table=orders", "project/dataset", ("orders",)),
        ("sqlite:///home/ana/shop.db?table=orders", "shop.db", ("orders",)),
        ("duckdb://exports/shop.duckdb?table=orders", "shop.duckdb", ("orders",)),
    ],
)  # fmt: skip
def test_an_address_says_where_and_which_tables(url, place, tables):
    database = databases.at(url)
    assert (database.place, database.tables) == (place, tables)
    assert "table=" not in database.url and "+" not in database.url


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://ana:hush/hush@db/shop?table=orders", "The address of the database cannot be read"),
        ("postgresql://ana:1234/hush@db/shop?table=orders", "The address of the database cannot be read"),
        ("postgresql://ana:1234#hush@db/shop?table=orders", "The address of the database cannot be read"),
        ("postgresql://ana:1234?hush@db/shop?table=orders", "The address of the database cannot be read"),
        ("postgresql://[ana:hush@db/shop", "The address of the database cannot be read"),
        ("https://ana:hush@example.com/orders.csv", "https:// is no database that can be read. Known are postgresql, "),
        ("snowflake://ana:hush@account/db?table=x", "The driver for snowflake is not installed on this machine"),
        ("sqlite://hush:hush@nowhere.db?table=x", "nowhere.db: no such file"),
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_used_is_refused_without_being_repeated(url, said, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataProblem) as refused:
        read(url)
    assert str(refused.value).startswith(said) and "hush" not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_what_a_driver_says_is_quoted_without_the_password_and_other_keys():
    database = databases.at("postgresql://ana:s%40lt@db/shop?sslpassword=pepper&sslmode=require")
    said = database.scrubbed(OSError('no "s@lt", s%40lt or pepper for ana, sslmode "require"\nsecond line'))
    assert said == 'no "***", *** or *** for ana, sslmode "require"'
    assert "lt" not in repr(database) and "pepper" not in repr(database)


def test_the_password_is_in_no_output_file_or_log(shop, url, port, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    into, said = tmp_path / "shop", ""
    wrong = url.replace(WRITTEN, f"{WRITTEN}no")
    for address in (
        *(f"{url}?table={table}" for table in ("orders", "private", "none")), url, f"{wrong}?table=orders",
        url.replace(str(port), "1"), url.replace("127.0.0.1", "nowhere.invalid"), f"{url}?oops=1",
    ):  # fmt: skip
        ended = CliRunner().invoke(main, ["import", address, "--into", str(into)])
        assert (ended.exit_code, ended.exception.__class__) in [(0, type(None)), (2, SystemExit)], ended.output
        said += ended.output
    assert "password authentication failed for user" in said and '"kept": 600' in said
    files = b"".join(state(into).values()).decode("utf-8", "replace")
    for secret in (PASSWORD, WRITTEN):
        assert secret not in said + files + caplog.text


def test_the_password_may_stay_out_of_the_address(shop, url, monkeypatch):
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    (sheet,) = read(url.replace(f":{WRITTEN}", "") + "?table=times")
    assert len(sheet.frame) == 2


def test_a_server_is_reached_by_its_socket_too(shop, port):
    (folder,) = shop.execute("show unix_socket_directories").fetchone()
    (sheet,) = read(f"postgresql://{quote(READER)}:{WRITTEN}@/shop?host={folder}&port={port}&table=times")
    assert (sheet.name, len(sheet.frame)) == ("localhost/shop/public/times", 2)


def test_a_query_may_be_given_more_time_in_the_address(shop, url):
    with session.connected(databases.at(f"{url}?options=-c%20statement_timeout%3D900000")) as connection:
        assert connection.raw_sql("show statement_timeout").fetchone() == ("15min",)


# --- the command ---


def test_the_command_takes_addresses_beside_files_with_a_mapping(shop, url, tmp_path):
    into, written = tmp_path / "shop", tmp_path / "map.toml"
    (tmp_path / "reviews.csv").write_text("rating,text\n5,good\n")
    written.write_text(
        '[orders]\nBeleg = "order_id"\nKunde = "customer_id"\nDatum = "ordered_at"\nArtikel = "product_id"\n'
        'Menge = "quantity"\nEinzel = "unit_price"\n'
    )
    address = f"{url}?table=sales_export"
    command = ["import", address, str(tmp_path / "reviews.csv"), "--into", str(into), "--map", str(written)]
    ended = CliRunner().invoke(main, command)
    assert ended.exit_code == 0, ended.output
    (order,) = stored(into, "orders").to_dict("records")
    assert order == {
        "order_id": "1", "customer_id": "c1", "ordered_at": pd.Timestamp("2026-02-01"), "product_id": "p1",
        "quantity": 2.0, "unit_price": 12.5,
    }  # fmt: skip
    assert store.open_shop(into).rows("reviews") == 1
    names = {source["name"] for source in intake.provenance(store.open_shop(into))["files"].values()}
    assert names == {"127.0.0.1/shop/public/sales_export", "reviews.csv"}


def test_the_mapping_of_a_table_can_be_written_looked_at_and_given_back(shop, url, tmp_path):
    out = tmp_path / "map.toml"
    found = CliRunner().invoke(main, ["mapping", f"{url}?table=times", "--table", "orders", "--out", str(out)])
    assert found.exit_code == 0, found.output
    report = bring(f"{url}?table=times", tmp_path / "shop", map_file=out)
    assert report["tables"]["orders"]["kept"] == 2


# --- files that are databases ---


@pytest.fixture
def in_a_file(tmp_path, request):
    """The same two orders in a SQLite or DuckDB file."""
    path = tmp_path / f"shop.{request.param}"
    if request.param == "sqlite":
        connection = sqlite3.connect(path)
    else:
        import duckdb

        connection = duckdb.connect(str(path))
    connection.execute(
        "create table orders (order_id integer, customer_id varchar, ordered_at timestamp, product_id varchar, "
        "quantity integer, unit_price decimal(10, 2))"
    )
    connection.execute("insert into orders values (2, '007', '2026-01-05 10:00:00', 'p1', 1, 0.07)")
    connection.execute("insert into orders values (1, '007', '2026-01-06 10:00:00', 'p1', 3, 19.99)")
    connection.commit()
    connection.close()
    return databases.at(f"{request.param}://{path}?table=orders")


@pytest.mark.parametrize("in_a_file", ["sqlite", "duckdb"], indirect=True)
def test_a_database_file_is_read_like_a_server(in_a_file, tmp_path):
    report = intake.import_files([in_a_file], tmp_path / "into")
    assert report["tables"]["orders"]["files"] == [f"{in_a_file.place}/main/orders"]
    assert stored(tmp_path / "into", "orders").to_dict("list") == {
        "order_id": ["1", "2"], "customer_id": ["007", "007"],
        "ordered_at": [pd.Timestamp("2026-01-06 10:00"), pd.Timestamp("2026-01-05 10:00")],
        "product_id": ["p1", "p1"], "quantity": [3.0, 1.0], "unit_price": [19.99, 0.07],
    }  # fmt: skip


@pytest.mark.parametrize("in_a_file", ["sqlite", "duckdb"], indirect=True)
def test_a_database_file_cannot_be_written_either(in_a_file):
    with session.connected(in_a_file) as connection, pytest.raises(Exception, match=r"read-?only"):
        connection.raw_sql("insert into orders (order_id) values (3)")
