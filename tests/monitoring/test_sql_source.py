"""SQL sources: a query becomes a batch; what a database or a query does wrong is told."""

import json
import socket

import pytest
from django.db import connection

from monitoring import sourcing
from monitoring.data import query
from monitoring.models import Batch, LabelSet, Source
from registry import clock
from registry.models import AuditEvent
from tests.cast import bearer, cast
from tests.monitoring import watching
from tests.monitoring.watching import after, look, watched, week

URL = "/api/v1/models/card-fraud/sources/warehouse/"
QUERY = (
    "SELECT request_id, income, age, balance, region, employed, prediction, time"
    " FROM scored WHERE time >= {start} AND time < {end} AND region LIKE '%'"
)
LABELS = "SELECT request_id, label FROM scored WHERE time >= {start} AND time < {end}"


def address(**changes) -> str:
    """The address of the test's own database."""
    own = {**connection.settings_dict, **changes}
    host = own["HOST"] or "127.0.0.1"
    port = own["PORT"] or 5432
    return f"postgresql://{own['USER']}:{own['PASSWORD']}@{host}:{port}/{own['NAME']}"


@pytest.fixture
def allowed(settings):
    settings.MUSTER_SQL_HOSTS = [connection.settings_dict["HOST"] or "127.0.0.1"]
    return settings


@pytest.fixture
def scored(transactional_db):
    table = week()
    table["label"] = (table["prediction"] > 0.5).astype(int)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE scored (request_id text, income double precision, age int,"
            " balance numeric, region varchar(9), employed bool, prediction real,"
            " time timestamptz, label smallint)"
        )
        for row in table.itertuples(index=False):
            values = [value.item() if hasattr(value, "item") else value for value in row]
            cursor.execute("INSERT INTO scored VALUES (%s,%s,%s,%s,%s,%s,%s,%s,%s)", values)
    yield table
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE scored")


def source(made, **fields) -> Source:
    given = {"kind": "sql", "secret": address(), "query": QUERY, **fields}
    found, _ = sourcing.put_source(watching.ACTOR, made.model, "warehouse", at=clock.now(), **given)
    return found


def test_a_query_is_judged_like_a_file_and_asked_again_when_the_grace_is_over(
    tmp_path, judge, allowed, scored
):
    made = watched(tmp_path)
    source(made, labels_query=LABELS)
    check = watching.check(made, source="warehouse")
    auc = watching.check(made, "auc", "performance", source="warehouse", min_labels=50)

    look(after(1))
    look(after(1, hours=1))

    (run,) = made.runs(check)
    assert (run.state, run.reason, run.rows) == ("ok", "", 600)
    assert made.states(auc) == ["ok"]
    assert LabelSet.objects.get().window_start == Batch.objects.get().window_start

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO scored SELECT 'late' || request_id, income + 1, age, balance, region,"
            " employed, prediction, time, label FROM scored LIMIT 50"
        )
    look(after(1, hours=25))

    (run,) = made.runs(check)
    assert (run.state, run.rows, run.revision) == ("ok", 650, 2)


def test_no_rows_are_no_batch_until_the_grace_is_over(tmp_path, judge, allowed, scored):
    made = watched(tmp_path)
    source(made, query=QUERY.replace("region LIKE '%'", "false"))
    check = watching.check(made, source="warehouse")

    look(after(1))
    assert made.states(check) == []
    look(after(1, hours=25))
    assert made.states(check) == ["data_fault"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"query": "SELECT pg_sleep(9), {start}::timestamptz, {end}::timestamptz"}, "was ended"),
        ({"query": "SELECT nonsense, {start}, {end}"}, "refuses the query: column"),
        ({"query": QUERY.replace("scored", "(SELECT * FROM scored, generate_series(1, 9)) s")},
         "more than 1,000 rows"),
        ({"query": "WITH gone AS (DELETE FROM scored WHERE time >= {start} AND time < {end}"
                   " RETURNING *) SELECT * FROM gone"}, "refuses the query"),
        ({"secret": address(PASSWORD="wrong")}, "refuses the sign-in"),
        ({"secret": address(NAME="nowhere")}, "no such database"),
        ({"secret": address(PORT=1)}, "could not be reached"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_a_source_fault_with_a_sentence(
    tmp_path, judge, allowed, scored, fields, words
):
    allowed.MUSTER_SQL_SECONDS, allowed.MUSTER_SQL_ROWS = 2.0, 1000
    made = watched(tmp_path)
    source(made, **fields)
    check = watching.check(made, source="warehouse")

    look(after(1, hours=25))

    (run,) = made.runs(check)
    assert run.state == "source_fault"
    assert words in run.reason
    assert connection.settings_dict["PASSWORD"] not in run.reason
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM scored")
        assert cursor.fetchone() == (600,)


def test_a_database_that_accepts_and_says_nothing_is_given_up(tmp_path, judge, allowed, scored):
    allowed.MUSTER_SQL_SECONDS = 1.0
    with socket.create_server(("127.0.0.1", 0)) as silent:
        allowed.MUSTER_SQL_HOSTS = ["127.0.0.1"]
        made = watched(tmp_path)
        source(made, secret=f"postgresql://a:b@127.0.0.1:{silent.getsockname()[1]}/c")
        watching.check(made, source="warehouse")
        look(after(1))

    assert "is it up" in Source.objects.get(name="warehouse").fault


def test_the_secret_is_stored_encrypted_and_shown_nowhere(client, db, settings):
    people = cast()
    settings.MUSTER_SQL_HOSTS = ["db.example:5433"]
    body = {
        "kind": "sql",
        "secret": "postgresql://reader:canary-password@db.example:5433/warehouse",
        "query": QUERY,
    }
    who = bearer(people.ana)
    made = client.put(URL, body, content_type="application/json", headers=who)
    changed = client.put(
        URL,
        {"secret": body["secret"].replace("canary", "canary-2")},
        content_type="application/json",
        headers=who,
    )
    shown = client.get(URL, headers=who)

    assert (made.status_code, changed.status_code) == (201, 200)
    assert shown.json()["address"] == "postgresql://reader@db.example:5433/warehouse"
    assert shown.json()["has_secret"] is True
    client.force_login(people.ana)
    page = (
        client.get("/m/card-fraud/").content
        + client.get("/m/card-fraud/sources/warehouse/").content
    )
    events = list(AuditEvent.objects.filter(action__startswith="source").values())
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM monitoring_source")
        rows = str(cursor.fetchall())
    told = [made.content, changed.content, shown.content, page, str(events).encode(), rows.encode()]
    assert [one for one in told if b"canary" in one] == []
    assert len(events) == 2


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"secret": "postgresql://a:b@elsewhere.example/c"}, "/secret"),
        ({"secret": "postgresql://a:b@db.example/c?host=elsewhere.example"}, "/secret"),
        ({"secret": "postgresql://a:b@db.example/c?sslmode=x"}, "/secret"),
        ({"secret": "mysql://a:b@db.example/c"}, "/secret"),
        ({"secret": "postgresql://db.example/c"}, "/secret"),
        ({"secret": "postgresql://a:b@db.example"}, "/secret"),
        ({"secret": "postgresql://a:b@[::1/c"}, "/secret"),
        ({"secret": None}, "/secret"),
        ({"query": "DELETE FROM scored WHERE {start} < {end}"}, "/query"),
        ({"query": "SELECT 1, {start}, {end}; COMMIT; DROP TABLE scored"}, "/query"),
        ({"query": "SELECT 1"}, "/query"),
        ({"query": None}, "/query"),
        ({"labels_query": "SELECT 1, {start}"}, "/labels_query"),
        ({"address": "/data/x"}, "/address"),
    ],
)
def test_a_wrong_sql_source_is_refused(client, db, settings, change, pointer):
    people = cast()
    settings.MUSTER_SQL_HOSTS = ["db.example"]
    body = {"kind": "sql", "secret": "postgresql://a:b@db.example/c", "query": QUERY, **change}
    sent = {key: value for key, value in body.items() if value is not None}
    answer = client.put(URL, sent, content_type="application/json", headers=bearer(people.ana))

    assert answer.status_code == 400, answer.content
    (error,) = answer.json()["errors"]
    assert (error["pointer"], bool(error["fix"])) == (pointer, True)
    assert "a:b@" not in json.dumps(error).replace("reader:password@", "")


def test_only_start_and_end_are_bound():
    assert query.bound("a LIKE '%x' AND t >= {start} AND {other}") == (
        "a LIKE '%%x' AND t >= %(start)s AND {other}"
    )


def test_a_query_is_set_on_the_page_and_its_secret_kept_when_empty(client, db, settings):
    people = cast()
    settings.MUSTER_SQL_HOSTS = ["db.example"]
    client.force_login(people.ana)
    page = "/m/card-fraud/sources/warehouse/"
    first = {"kind": "sql", "secret": "postgresql://a:canary@db.example/c", "query": QUERY}
    made = client.post(page, {**first, "format": "parquet"})
    changed = client.post(page, {"secret": "", "query": QUERY + " AND true"})
    shown = client.get(page).content.decode()

    assert (made.status_code, changed.status_code) == (302, 302), changed.content.decode()
    found = Source.objects.get()
    assert found.secret == first["secret"] and found.query.endswith("AND true")
    assert "AND true" in shown and "canary" not in shown
