"""Give the service's database role its rights, as the owner of the tables; after each migrate.

The role may read and write every table, but only read and insert where a trigger says that the
table is insert-only, and only read the audit chain, which the database itself writes.
"""

from argparse import ArgumentParser
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg2
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from psycopg2 import sql

_INSERT_ONLY = """
SELECT DISTINCT relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
WHERE tgname LIKE '%\\_is\\_insert\\_only' AND relnamespace = 'public'::regnamespace
"""
_READ_ONLY = ("registry_auditlink", "django_migrations")
_GRANTS = (
    "GRANT USAGE ON SCHEMA public TO {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
    "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
)


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--role", help="the role of DATABASE_URL when absent")

    def handle(self, *args: Any, **options: Any) -> None:
        owner_url = settings.DATABASE_OWNER_URL
        if not owner_url:
            raise CommandError(
                "DATABASE_OWNER_URL is not set: who owns the tables gives the rights"
            )
        role = options["role"] or settings.DATABASES["default"]["USER"]
        if unquote(urlsplit(owner_url).username or "") == role:
            self.stderr.write(
                "One role owns the tables and runs the service: insert-only tables are kept by"
                " their triggers alone. Give the service a role of its own."
            )
            return
        with psycopg2.connect(owner_url) as connection, connection.cursor() as cursor:
            for statement in _GRANTS:
                cursor.execute(sql.SQL(statement).format(role=sql.Identifier(role)))
            cursor.execute(_INSERT_ONLY)
            narrow = {table: "INSERT" for (table,) in cursor.fetchall()}
            narrow |= dict.fromkeys(_READ_ONLY, "")
            for table, kept in narrow.items():
                self._narrow(cursor, role, table, keep_insert=bool(kept))
        connection.close()
        self.stdout.write(f"{role} may not change {len(narrow)} tables and may write the others")

    def _narrow(self, cursor: Any, role: str, table: str, *, keep_insert: bool) -> None:
        taken = "UPDATE, DELETE, TRUNCATE" if keep_insert else "INSERT, UPDATE, DELETE, TRUNCATE"
        statement = sql.SQL(f"REVOKE {taken} ON {{table}} FROM {{role}}")
        cursor.execute(statement.format(table=sql.Identifier(table), role=sql.Identifier(role)))
