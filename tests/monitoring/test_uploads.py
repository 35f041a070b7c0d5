"""Uploads: a file over HTTP becomes a batch, is judged, and what fails leaves nothing behind."""

import gzip
import io
import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pyarrow import csv as arrow_csv
from pyarrow import parquet

from monitoring import sourcing, uploads
from monitoring.incoming import Incoming
from monitoring.models import Batch, LabelSet, Source
from registry import clock
from registry.models import AuditEvent, Membership
from registry.problems import Invalid
from tests.cast import bearer, cast
from tests.monitoring import tables, watching
from tests.monitoring.watching import after, look, think, watched, week

PARQUET = "application/vnd.apache.parquet"
ARROW = "application/vnd.apache.arrow.file"
START = "2026-08-03"
URL = "/api/v1/models/card-fraud/sources/sent/"


@pytest.fixture
def people(db, settings, tmp_path):
    settings.MUSTER_DATA_DIR = tmp_path
    found = cast()
    made = {"at": clock.now(), "kind": "upload"}
    sourcing.put_source(watching.ACTOR, found.model, "sent", **made)
    return found


def send(client, who, body=b"PAR1", kind=PARQUET, query=f"?window={START}", what="batches", **more):
    headers = {**bearer(who), **more}
    return client.post(f"{URL}{what}/{query}", body, content_type=kind, headers=headers)


def written(table: pd.DataFrame, kind: str) -> bytes:
    frame = pa.Table.from_pandas(table, preserve_index=False)
    sink = io.BytesIO()
    if kind == "parquet":
        parquet.write_table(frame, sink)
    elif kind == "csv":
        arrow_csv.write_csv(frame, sink)
    elif kind == "arrow":
        with pa.ipc.new_file(sink, frame.schema) as writer:
            writer.write_table(frame)
    elif kind == "stream":
        with pa.ipc.new_stream(sink, frame.schema) as writer:
            writer.write_table(frame)
    else:
        return table.to_json(orient="records", lines=True, date_format="iso").encode()
    return sink.getvalue()


def sender(made: watching.Watched) -> dict[str, str]:
    """Let the model's owner in, and return what signs them in."""
    person = made.model.owner
    Membership.objects.get_or_create(person=person, unit=made.model.unit, role="owner")
    return bearer(person)


def left_behind(settings) -> list[str]:
    return [path.name for path in Path(settings.MUSTER_DATA_DIR).rglob(".aside-*")]


def test_an_upload_is_a_batch_and_the_same_bytes_are_one(client, people, settings):
    first, again = send(client, people.ana), send(client, people.ana)

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    batch = Batch.objects.get()
    assert Path(batch.path).read_bytes() == b"PAR1"
    assert Path(batch.path).is_relative_to(settings.MUSTER_DATA_DIR)
    assert AuditEvent.objects.filter(action="source.uploaded").count() == 1
    listed = client.get(URL + "batches/", headers=bearer(people.ben)).json()["results"]
    assert [one["digest"] for one in listed] == [batch.digest]
    assert left_behind(settings) == []


def test_other_bytes_are_another_batch_of_the_window(client, people):
    send(client, people.ana)
    send(client, people.ana, b"other")
    back = send(client, people.ana)

    assert back.status_code == 201
    assert Batch.objects.count() == 2
    assert Batch.objects.order_by("landed_at").last().digest == back.json()["digest"]


def test_a_dry_run_keeps_nothing(client, people, settings):
    answer = send(client, people.ana, query=f"?window={START}&dry_run=true")

    assert answer.status_code == 201
    assert not Batch.objects.exists()
    assert [path for path in Path(settings.MUSTER_DATA_DIR).rglob("*") if path.is_file()] == []


def test_an_idempotency_key_answers_as_before_and_refuses_another_body(client, people, settings):
    keyed = {"Idempotency-Key": "batch-1", **bearer(people.ana)}
    first, again = (send(client, people.ana, **keyed) for _ in range(2))
    other = send(client, people.ana, b"other", **keyed)

    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
    assert again["Idempotent-Replayed"] == "true"
    assert left_behind(settings) == []


@pytest.mark.parametrize(
    ("given", "status", "pointer"),
    [
        ({"query": ""}, 400, "/window"),
        ({"query": "?window=monday"}, 400, "/window"),
        ({"query": "?window=2026-02-31"}, 400, "/window"),
        ({"query": "?window=1999-01-04"}, 400, "/window"),
        ({"query": "?window=2026-08-03T00:00:00"}, 400, "/window"),
        ({"body": b""}, 400, "/"),
        ({"kind": "application/json"}, 415, "/Content-Type"),
        ({"kind": "application/octet-stream"}, 415, "/Content-Type"),
        ({"kind": "multipart/form-data; boundary=x"}, 415, "/Content-Type"),
        ({"Content-Encoding": "gzip"}, 400, "/Content-Encoding"),
        ({"Content-Encoding": "br", "kind": "text/csv"}, 400, "/Content-Encoding"),
        ({"what": "labels", "query": "?name=../../etc/passwd"}, 400, "/name"),
        ({"what": "labels", "query": "?name=.hidden"}, 400, "/name"),
        ({"what": "labels", "query": ""}, 400, "/name"),
    ],
)
def test_a_wrong_upload_is_told_what_is_wrong(client, people, settings, given, status, pointer):
    answer = send(client, people.ana, **given)

    assert answer.status_code == status
    (error,) = answer.json()["errors"]
    assert error["pointer"] == pointer and error["fix"]
    assert not Batch.objects.exists() and not LabelSet.objects.exists()
    assert left_behind(settings) == []


def test_a_file_above_the_cap_is_refused_whatever_it_announces(client, people, settings):
    settings.MUSTER_UPLOAD_MB = 1
    answer = send(client, people.ana, b"x" * (2**20 + 1))

    assert answer.status_code == 413
    assert answer.json()["errors"][0]["code"] == "too_large"
    assert [path for path in Path(settings.MUSTER_DATA_DIR).rglob("*") if path.is_file()] == []


def test_an_upload_that_breaks_off_is_not_kept(people, settings):
    source = Source.objects.get()
    incoming = Incoming(io.BytesIO(b"PAR1"), "parquet", announced=4000)
    with pytest.raises(Invalid, match="broke off"):
        uploads.take_batch(watching.ACTOR, source, incoming, START, at=clock.now(), dry=False)
    incoming.discard()

    assert not Batch.objects.exists()
    assert left_behind(settings) == []


def test_who_may_not_watch_may_not_upload(client, people, settings):
    assert send(client, people.vera).status_code == 403
    assert send(client, people.chris).status_code == 404
    assert not Batch.objects.exists()


def test_a_folder_takes_no_uploads(client, people, settings, tmp_path):
    settings.MUSTER_SOURCE_ROOTS = [str(tmp_path)]
    sourcing.put_source(
        watching.ACTOR, people.model, "landed", at=clock.now(), address=str(tmp_path / "x")
    )
    answer = client.post(
        "/api/v1/models/card-fraud/sources/landed/batches/?window=2026-08-03",
        b"PAR1",
        content_type=PARQUET,
        headers=bearer(people.ana),
    )

    assert answer.status_code == 400
    assert "upload" in answer.json()["errors"][0]["fix"]


def test_a_window_that_no_check_has_is_refused_with_those_near_it(client, people):
    made = watching.Watched(people.model, Path("/nowhere"))
    watching.check(made, source="sent")

    answer = send(client, people.ana, query="?window=2026-08-05")
    right = send(client, people.ana, query="?window=2026-08-10")

    assert answer.status_code == 400
    assert "2026-08-03, 2026-08-10" in answer.json()["errors"][0]["fix"]
    assert right.status_code == 201


def test_a_source_keeps_its_kind_and_uploads_have_no_address(client, people, settings):
    settings.MUSTER_SOURCE_ROOTS = ["/data"]
    for body, pointer in (
        ({"kind": "folder", "address": "/data/x"}, "/kind"),
        ({"address": "/data/x"}, "/address"),
    ):
        answer = client.put(URL, body, content_type="application/json", headers=bearer(people.ana))
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["pointer"] == pointer


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("kind", "content_type", "packed"),
    [
        ("parquet", PARQUET, False),
        ("csv", "text/csv; charset=utf-8", False),
        ("csv", "text/csv", True),
        ("arrow", ARROW, False),
        ("stream", "application/vnd.apache.arrow.stream", False),
        ("jsonl", "application/x-ndjson", False),
        ("jsonl", "application/jsonl", True),
    ],
)
def test_every_format_is_judged_alike(
    client, tmp_path, judge, settings, kind, content_type, packed
):
    made = watched(tmp_path)
    sourcing.put_source(watching.ACTOR, made.model, "sent", at=clock.now(), kind="upload")
    check = watching.check(made, source="sent")
    body = written(week(), kind)
    answer = client.post(
        f"/api/v1/models/{made.model.slug}/sources/sent/batches/?window={START}",
        gzip.compress(body) if packed else body,
        content_type=content_type,
        headers={**sender(made), **({"Content-Encoding": "gzip"} if packed else {})},
    )
    assert answer.status_code == 201, answer.content

    think(after(1))

    (run,) = made.runs(check)
    assert (run.state, run.reason, run.rows) == ("ok", "", 600)


@pytest.mark.django_db(transaction=True)
def test_uploaded_labels_give_a_performance(client, tmp_path, judge):
    made = watched(tmp_path)
    sourcing.put_source(watching.ACTOR, made.model, "sent", at=clock.now(), kind="upload")
    check = watching.check(made, "auc", "performance", source="sent", min_labels=50)
    batch = week()
    labels = batch[["request_id"]].assign(label=(batch["prediction"] > 0.5).astype(int))
    base = f"/api/v1/models/{made.model.slug}/sources/sent/"
    who = sender(made)
    for address, table, kind, media in (
        ("batches/?window=2026-08-03", batch, "parquet", PARQUET),
        ("labels/?name=2026-08-03", labels, "jsonl", "application/jsonl"),
    ):
        answer = client.post(base + address, written(table, kind), content_type=media, headers=who)
        assert answer.status_code == 201, answer.content

    think(after(1))

    (run,) = made.runs(check)
    assert (run.state, run.completeness) == ("ok", 1.0)
    labels_row = LabelSet.objects.get()
    assert labels_row.window_start == tables.START
    assert json.loads(client.get(base + "labels/", headers=who).content)["results"][0]["format"]


@pytest.mark.django_db(transaction=True)
def test_a_window_without_an_upload_is_missed(tmp_path, judge):
    made = watched(tmp_path)
    sourcing.put_source(watching.ACTOR, made.model, "sent", at=clock.now(), kind="upload")
    check = watching.check(made, source="sent")

    look(after(1, hours=25))

    assert made.states(check) == ["missed"]


def test_a_file_is_uploaded_by_hand(client, people, settings):
    client.force_login(people.ana)
    page = "/m/card-fraud/sources/sent/upload/"
    name = SimpleUploadedFile("week.csv.gz", gzip.compress(b"a\n1\n"))
    done = client.post(page, {"kind": "batch", "window": START, "file": name})
    wrong = client.post(page, {"kind": "batch", "window": "monday", "file": name})

    assert done.status_code == 302
    assert Batch.objects.get().path.endswith(".csv.gz")
    assert wrong.status_code == 400
    assert "is not the start of a window" in wrong.content.decode()
    settings.MUSTER_UPLOAD_MB = 0
    large = client.post(page, {"kind": "batch", "window": START, "file": name})
    assert large.status_code == 413
    assert "too large for Muster" in large.content.decode()
