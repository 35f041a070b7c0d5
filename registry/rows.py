"""Insert rows of several tables in one trip to the database.

A record that is born is a row in each of six tables. One by one they cost six trips, and for most
of that time the server and the client wait for each other.
"""

from collections.abc import Iterable
from functools import lru_cache
from itertools import groupby
from typing import Any

from django.db import connection, transaction
from django.db.models import Field, Model


class NotInTransaction(Exception):
    """Rows of several tables belong together: they are written in a transaction, or not at all."""


def insert(rows: Iterable[Model]) -> None:
    """Insert new rows in the order given, those of one table that follow each other at once.

    What refers to another of them needs its key beforehand. Keys that the database gives are not
    read back. Every column holds a value, never an expression.
    """
    if not transaction.get_connection().in_atomic_block:
        raise NotInTransaction(NotInTransaction.__doc__)
    statements: list[str] = []
    values: list[Any] = []
    # A key that is there and one that is not make two kinds of statement.
    for (table, has_key), group in groupby(rows, lambda row: (type(row), row.pk is not None)):
        objects = list(group)
        fields, head, cells = _shape(table, has_key)
        statements.append(head + ", ".join([cells] * len(objects)))
        for row in objects:
            for field in fields:
                given = field.pre_save(row, add=True)
                values.append(field.get_db_prep_save(given, connection=connection))
            row._state.adding, row._state.db = False, connection.alias
    if statements:
        with connection.cursor() as cursor:
            cursor.execute(";\n".join(statements), values)


@lru_cache(maxsize=100)
def _shape(table: type[Model], has_key: bool) -> tuple["list[Field[Any, Any]]", str, str]:
    """Return the columns of an INSERT, how it begins, and the places of one row's values.

    Put together once: the ORM would do it again for each row, which takes longer than the insert.
    """
    known = table._meta.concrete_fields
    fields = [field for field in known if has_key or not field.primary_key]
    names = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    name = connection.ops.quote_name(table._meta.db_table)
    head = f"INSERT INTO {name} ({names}) VALUES "  # noqa: S608 -- the models' own names
    return fields, head, f"({', '.join(map(_place, fields))})"


def _place(field: "Field[Any, Any]") -> str:
    # An array needs its type beside it: an empty one has none of its own.
    typed = getattr(field, "get_placeholder", None)
    return typed(None, None, connection) if typed else "%s"
