"""The roles and databases of a fresh cluster: one role owns and migrates, another one runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg2
from psycopg2 import sql

from script.runner.part import RunnerError

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

OWNER = "muster_owner"
APP = "muster"
_EXTENSIONS = ("btree_gist", "pg_trgm")


@contextmanager
def _connected(url: str) -> "Iterator[Connection]":
    """Connect without a transaction: databases cannot be created inside one."""
    try:
        connection = psycopg2.connect(url, connect_timeout=5)
    except psycopg2.OperationalError as error:
        raise RunnerError(f"PostgreSQL does not let the runner in: {error}") from error
    connection.autocommit = True
    try:
        yield connection
    finally:
        connection.close()


def ensure_role(admin_url: str, *, role: str, password: str, may_create: bool = False) -> None:
    """Make the role, or give the known one this password; never a superuser."""
    rights = sql.SQL("LOGIN NOSUPERUSER NOCREATEROLE {} PASSWORD {}").format(
        sql.SQL("CREATEDB" if may_create else "NOCREATEDB"), sql.Literal(password)
    )
    with _connected(admin_url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        verb = sql.SQL("ALTER" if cursor.fetchone() else "CREATE")
        cursor.execute(sql.SQL("{} ROLE {} {}").format(verb, sql.Identifier(role), rights))


def ensure_database(admin_url: str, *, name: str, owner: str) -> None:
    """Make the database unless it is there."""
    with _connected(admin_url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if cursor.fetchone() is None:
            cursor.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(
                    sql.Identifier(name), sql.Identifier(owner)
                )
            )
            # Only the owner and the roles it lets in may connect.
            cursor.execute(
                sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name))
            )


def let_in(admin_url: str, *, role: str, database: str) -> None:
    """Allow a role to connect; what it may do inside, `manage.py grant` says."""
    with _connected(admin_url) as connection, connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(
                sql.Identifier(database), sql.Identifier(role)
            )
        )


def ensure_extensions(database_url: str) -> None:
    """Install the extensions that migrations rely on (needs the superuser)."""
    with _connected(database_url) as connection, connection.cursor() as cursor:
        for name in _EXTENSIONS:
            cursor.execute(
                sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(name))
            )
