"""Insert rows of several tables in one trip to the database.

A record that is born is a row in each of six tables. One by one they cost six trips, and for most
of that time the server and the client wait for each other.
"""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from django.db import connection, transaction
from django.db.models import Model
from django.db.models.sql import InsertQuery


class NotInTransaction(Exception):
    """Rows of several tables belong together: they are written in a transaction, or not at all."""


def insert(rows: Iterable[Model]) -> None:
    """Insert new rows in the order given, those of one table that follow each other at once.

    What refers to another of them needs its key beforehand. Keys that the database gives are not
    read back.
    """
    if not transaction.get_connection().in_atomic_block:
        raise NotInTransaction(NotInTransaction.__doc__)
    statements: list[str] = []
    values: list[Any] = []
    # A key that is there and one that is not make two kinds of statement.
    for (table, has_key), group in groupby(rows, lambda row: (type(row), row.pk is not None)):
        objects = list(group)
        fields = [f for f in table._meta.concrete_fields if has_key or not f.primary_key]
        query = InsertQuery(table)
        query.insert_values(fields, objects)
        for statement, given in query.get_compiler(connection=connection).as_sql():
            statements.append(statement)
            values += given
        for row in objects:
            row._state.adding, row._state.db = False, connection.alias
    if statements:
        with connection.cursor() as cursor:
            cursor.execute(";\n".join(statements), values)
