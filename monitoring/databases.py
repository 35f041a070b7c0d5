"""Which databases a source may ask, and what a query may be."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

from django.conf import settings

from registry.problems import Invalid, invalid

_SCHEMES = ("postgres", "postgresql")
_SSL = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_LONGEST = 20_000
_EXAMPLE = "postgresql://reader:password@db.example:5432/warehouse"


@dataclass(frozen=True)
class Database:
    """Where a query is sent; the parts are named one by one, so that none hides in another."""

    host: str
    port: int
    database: str
    user: str
    password: str
    sslmode: str = "prefer"

    @property
    def shown(self) -> str:
        """Return the address without the password."""
        return f"postgresql://{self.user}@{self.host}:{self.port}/{self.database}"


def read(secret: str) -> Database:
    """Return the parts of an address, or raise Invalid."""
    try:
        parts = urlsplit(secret)
        options, port = dict(parse_qsl(parts.query)), parts.port or 5432
    except ValueError as error:
        raise _wrong("it is no address") from error
    if parts.scheme not in _SCHEMES or not parts.hostname or not parts.username:
        raise _wrong("it is not the address of a PostgreSQL database with its user")
    name = unquote(parts.path.lstrip("/"))
    if not name or "/" in name or parts.fragment:
        raise _wrong("it names no database")
    if set(options) - {"sslmode"} or options.get("sslmode", "prefer") not in _SSL:
        raise _wrong("it may hold no other option than sslmode")
    return Database(
        host=parts.hostname, port=port, database=name,
        user=unquote(parts.username), password=unquote(parts.password or ""),
        sslmode=options.get("sslmode", "prefer"),
    )  # fmt: skip


def _wrong(why: str) -> Invalid:
    return invalid("/secret", "invalid", f"the secret cannot be used: {why}", _EXAMPLE)


def require_allowed(database: Database) -> None:
    """Queries are sent from inside the firm's network: only where the platform says."""
    for name in settings.MUSTER_SQL_HOSTS:
        if name in (database.host, f"{database.host}:{database.port}"):
            return
    hosts = ", ".join(settings.MUSTER_SQL_HOSTS) or "none is set (MUSTER_SQL_HOSTS)"
    detail = f"queries may not be sent to {database.host}:{database.port}"
    raise invalid("/secret", "outside_hosts", detail, f"a database at: {hosts}")


def require_query(query: str, pointer: str) -> None:
    """Refuse what is not one SELECT of one window.

    A statement that ends inside the text could end the read-only transaction too, so that no
    semicolon may stand anywhere; what the database's role may do is the real limit.
    """
    text = query.strip()
    if not text.lower().startswith(("select", "with")):
        raise invalid(pointer, "invalid", "a query begins with SELECT or WITH", "write one SELECT")
    if ";" in text:
        fix = "take it out; in a text write chr(59)"
        raise invalid(pointer, "invalid", "a query holds no semicolon", fix)
    if "{start}" not in text or "{end}" not in text:
        fix = "WHERE time >= {start} AND time < {end}"
        detail = "the query does not say {start} and {end}, so every window would be the same"
        raise invalid(pointer, "no_window", detail, fix)
    if len(text) > _LONGEST:
        detail = f"a query has at most {_LONGEST:,} characters"
        raise invalid(pointer, "too_long", detail, "make it a view in the database")
