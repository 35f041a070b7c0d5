"""The only importer of pyspark: open a file with Spark and ask it in SQL; rows come as tuples.

Nothing is loaded before a session is opened: the package is large and optional. The Java process
that a local master needs is started then, and ends with the process that asked for it.
"""

import contextlib
import importlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_REMOTE = "sc://"
# What a local master needs beside its heap is kept small; nothing listens beyond this machine.
_QUIET = {
    "spark.ui.enabled": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.warehouse.dir": "/nonexistent",
}
_SQL = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.caseSensitive": "true",
    "spark.sql.ansi.enabled": "false",  # an overflow is a null to be counted, not an error
    # Nanoseconds come as whole numbers: Spark's own times end at microseconds.
    "spark.sql.legacy.parquet.nanosAsLong": "true",
    # With only the asked columns parsed, a torn line would go unseen.
    "spark.sql.csv.parser.columnPruning.enabled": "false",
}


class Unavailable(Exception):
    """Spark cannot be used; the message says what to do."""


class Refused(Exception):
    """Spark could not answer: the file, the address or the cluster; the message is one line."""

    def __init__(self, error: Exception) -> None:
        super().__init__(_first_line(error))
        self.out_of_memory = "OutOfMemoryError" in str(error)


@dataclass(frozen=True)
class Opened:
    """A file that can be asked: the name of its view, and what Spark takes each column for."""

    view: str
    types: dict[str, str]


class Session:
    """One Spark session, of a local or remote master, or of a Spark Connect server."""

    def __init__(self, session: Any, errors: tuple[type[Exception], ...], version: str) -> None:
        self._session, self._errors, self.version = session, errors, version
        self._views = 0

    def open(self, path: str, *, kind: str) -> Opened:
        """Open a Parquet or CSV file; of a CSV every column is text."""
        address = _address(path)
        try:
            reader = self._session.read
            if kind == "csv":
                frame = reader.csv(address, header=True, quote='"', escape='"', mode="FAILFAST")
            else:
                frame = reader.parquet(address)
            self._views += 1
            name = f"muster_{self._views}"
            frame.createOrReplaceTempView(name)
            return Opened(
                name, {field.name: field.dataType.simpleString() for field in frame.schema}
            )
        except self._errors as error:
            raise Refused(error) from error

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query, which must be few."""
        try:
            return [tuple(row) for row in self._session.sql(sql).collect()]
        except self._errors as error:
            raise Refused(error) from error

    def stop(self) -> None:
        """End the session and, with a local master, its Java process."""
        with contextlib.suppress(*self._errors):  # it may be gone already
            self._session.stop()


def start(*, master: str, memory: str) -> Session:
    """Start a session, or raise Unavailable with what is missing."""
    try:
        pyspark = importlib.import_module("pyspark")
        sql = importlib.import_module("pyspark.sql")
        errors = importlib.import_module("pyspark.errors")
    except ImportError as error:
        raise Unavailable(
            "pyspark is not installed; install requirements-spark.txt where `manage.py spark` runs"
        ) from error
    builder = sql.SparkSession.builder.appName("muster")
    remote = master.startswith(_REMOTE)
    if not remote and not _java():
        raise Unavailable(
            "there is no Java; install Java 17 or newer (JAVA_HOME or java on the PATH)"
            " where `manage.py spark` runs"
        )
    builder = builder.remote(master) if remote else builder.master(master)
    local = master.startswith("local")
    settings = dict(_SQL)
    if local:
        settings |= _QUIET | {"spark.sql.shuffle.partitions": "8"}
    if not remote:
        settings |= {"spark.driver.memory": memory, "spark.ui.enabled": "false"}
    for name, value in settings.items():
        builder = builder.config(name, value)
    try:
        session = builder.getOrCreate()
    except Exception as error:  # Java, py4j and gRPC each raise their own
        raise Unavailable(f"Spark did not start with {master}: {_first_line(error)}") from error
    if not remote:
        session.sparkContext.setLogLevel("ERROR")
    return Session(session, _errors(errors), pyspark.__version__)


def _errors(module: Any) -> tuple[type[Exception], ...]:
    found: list[type[Exception]] = [module.PySparkException, ConnectionError, OSError]
    for name, place in (("Py4JError", "py4j.protocol"), ("RpcError", "grpc")):
        try:
            found.append(getattr(importlib.import_module(place), name))
        except ImportError:
            continue
    return tuple(found)


def _java() -> bool:
    home = os.environ.get("JAVA_HOME")
    return bool(home and (Path(home) / "bin" / "java").exists()) or shutil.which("java") is not None


def _address(path: str) -> str:
    if "://" not in path:
        return Path(path).resolve().as_uri()
    # Hadoop's name for the same stores.
    return "s3a://" + path.removeprefix("s3://") if path.startswith("s3://") else path


def _first_line(error: Exception) -> str:
    text = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    return (text or type(error).__name__)[:300]
