"""Ask a database for the rows of one window and write them as Parquet; a process of its own.

`python -m monitoring.data.query` reads one request as JSON from its input and writes one answer:
`{"rows", "size", "digest"}`, or `{"error"}` with a sentence. The database may be slow, enormous or
hostile: the transaction reads only, the statement has a time, the process a bound on its memory.
"""

import hashlib
import json
import resource
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.errors
import pyarrow as pa
from pyarrow import parquet

_MEMORY = 4 * 2**30
_PART = 20_000
_LONGEST_ERROR = 300
_CONNECT_SECONDS = 5
# PostgreSQL's type numbers; every other type is taken as its text.
_FLAGS, _WHOLE, _NUMBERS = {16}, {20, 21, 23, 26}, {700, 701, 1700}
_DAYS, _TIMES = {1082}, {1114, 1184}


class CannotAsk(Exception):
    """The database gave no rows; the message says why and what to do."""


def run(request: dict[str, Any]) -> dict[str, Any]:
    """Write the rows of the query, or raise CannotAsk."""
    where = f"{request['host']}:{request['port']}"
    try:
        connection = psycopg2.connect(
            host=request["host"], port=request["port"], dbname=request["database"],
            user=request["user"], password=request["password"], sslmode=request["sslmode"],
            connect_timeout=_CONNECT_SECONDS, application_name="muster",
            tcp_user_timeout=int(request["seconds"] * 1000),
        )  # fmt: skip
    except psycopg2.OperationalError as error:
        raise CannotAsk(_no_connection(str(error), where, request["user"])) from error
    try:
        return _fetch(connection, request)
    except psycopg2.errors.QueryCanceled as error:
        seconds = request["seconds"]
        raise CannotAsk(
            f"The query took more than {seconds:.0f} seconds at {where} and was ended;"
            " make it faster (an index on its time column), or let files land instead"
        ) from error
    except psycopg2.Error as error:
        said = (error.diag.message_primary or str(error)).splitlines()[0][:_LONGEST_ERROR]
        raise CannotAsk(f"The database at {where} refuses the query: {said}") from error
    finally:
        connection.close()


def _no_connection(error: str, where: str, user: str) -> str:
    if "password authentication failed" in error or "no password supplied" in error:
        return f"The database at {where} refuses the sign-in of {user}; correct the secret"
    if "does not exist" in error:
        return f"The database at {where} has no such database or user; correct the secret"
    return f"The database at {where} could not be reached; is it up, and may Muster reach it?"


def _fetch(connection: Any, request: dict[str, Any]) -> dict[str, Any]:
    connection.set_session(readonly=True, isolation_level="REPEATABLE READ")
    with connection.cursor() as settings:
        settings.execute("SET statement_timeout = %s", [int(request["seconds"] * 1000)])
        settings.execute("SET TIME ZONE 'UTC'")
    with connection.cursor(name="muster") as cursor:
        cursor.itersize = _PART
        cursor.execute(bound(request["query"]), {"start": request["start"], "end": request["end"]})
        rows = _write(Path(request["path"]), _parts(cursor), cursor, request["most_rows"])
    content = Path(request["path"])
    with content.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"rows": rows, "size": content.stat().st_size, "digest": digest}


def bound(query: str) -> str:
    """Return the query with {start} and {end} as parameters, everything else as it stands."""
    text = query.replace("%", "%%")
    return text.replace("{start}", "%(start)s").replace("{end}", "%(end)s")


def _parts(cursor: Any) -> Iterator[list[tuple[Any, ...]]]:
    part = cursor.fetchmany(_PART)
    yield part  # also when there is no row: the columns are known only now
    while len(part) == _PART:
        part = cursor.fetchmany(_PART)
        yield part


def _write(path: Path, parts: Iterator[list[tuple[Any, ...]]], cursor: Any, most: int) -> int:
    rows, writer, schema = 0, None, pa.schema([])
    for part in parts:
        if writer is None:
            schema = pa.schema([(one.name, _type(one.type_code)) for one in cursor.description])
            writer = parquet.ParquetWriter(str(path), schema)
        rows += len(part)
        if rows > most:
            raise CannotAsk(
                f"The query returns more than {most:,} rows for one window; let it choose fewer"
                " rows or columns, or let files land instead"
            )
        columns = zip(*part, strict=True) if part else [[] for _ in schema]
        arrays = [
            pa.array([_plain(value, field.type) for value in values], field.type)
            for values, field in zip(columns, schema, strict=True)
        ]
        writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
    if writer is not None:
        writer.close()
    return rows


def _type(number: int) -> Any:
    if number in _FLAGS:
        return pa.bool_()
    if number in _WHOLE:
        return pa.int64()
    if number in _NUMBERS:
        return pa.float64()
    if number in _DAYS | _TIMES:
        return pa.timestamp("us", tz="UTC")
    return pa.string()


def _plain(value: Any, kind: Any) -> Any:
    if value is None:
        return None
    if pa.types.is_floating(kind):
        return float(value)
    if pa.types.is_string(kind):
        return value if isinstance(value, str) else str(value)
    if pa.types.is_timestamp(kind):
        if not isinstance(value, datetime):
            value = datetime.combine(value, time(), UTC)
        value = value if value.tzinfo else value.replace(tzinfo=UTC)
        return (value - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    return value


def main() -> int:
    """Answer the one request on the input."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    request = json.load(sys.stdin)
    try:
        answer = run(request)
    except CannotAsk as error:
        answer = {"error": str(error)}
    except MemoryError:
        answer = {"error": "The rows of the query need more memory than a worker may use"}
    json.dump(answer, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
