"""Batches in an S3 bucket, simulated by moto's server: listed, digested, judged, and told."""

import boto3
import pytest
import s3fs
from moto.server import ThreadedMotoServer

from bench.poison import Judge
from bench.poisons.poison import week, written
from monitoring import keys, scans, sourcing
from monitoring.data import landing
from monitoring.models import Batch, LabelSet, Source
from registry import clock
from registry.models import AuditEvent
from registry.problems import Invalid
from tests import factories
from tests.monitoring import tables, watching

pytestmark = pytest.mark.django_db(transaction=True)
BUCKET = "muster-landing"


@pytest.fixture(scope="module")
def simulated():
    """S3 as moto plays it, where the environment says that S3 is."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "key")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        client = boto3.client("s3")
        client.create_bucket(Bucket=BUCKET)
        yield client
    server.stop()


@pytest.fixture
def source(simulated, settings):
    settings.MUSTER_SOURCE_ROOTS = [f"s3://{BUCKET}"]
    model = factories.tracked_model(slug="credit")
    address = f"s3://{BUCKET}/credit"
    return sourcing.put_source(watching.ACTOR, model, "requests", at=clock.now(), address=address)[
        0
    ]


def scan():
    at = clock.now()
    Source.objects.update(next_scan_at=at)
    scans.scan_due(at=at, seconds=20)


def test_what_lands_in_a_bucket_becomes_rows_once(source, simulated):
    simulated.put_object(Bucket=BUCKET, Key="credit/batches/2026-08-03.parquet", Body=b"one")
    simulated.put_object(Bucket=BUCKET, Key="credit/batches/.2026-08-10.parquet", Body=b"aside")
    simulated.put_object(Bucket=BUCKET, Key="credit/labels/2026-08-03.parquet", Body=b"labels")

    scan()
    scan()

    (batch,) = Batch.objects.all()
    assert batch.path == f"s3://{BUCKET}/credit/batches/2026-08-03.parquet"
    assert (batch.window_start, batch.size) == (tables.START, 3)
    assert LabelSet.objects.count() == 1

    simulated.put_object(Bucket=BUCKET, Key="credit/batches/2026-08-03.parquet", Body=b"other")
    scan()
    assert Batch.objects.count() == 2


def test_a_folder_or_bucket_that_is_not_there_is_a_fault(source):
    Source.objects.update(address=f"s3://{BUCKET}/nowhere")
    scan()
    assert "does not exist" in Source.objects.get().fault

    Source.objects.update(address="s3://no-such-bucket/credit")
    scan()
    assert Source.objects.get().fault


def test_keys_of_the_source_stand_in_for_those_of_the_environment(source, simulated, monkeypatch):
    simulated.put_object(Bucket=BUCKET, Key="own/batches/2026-08-03.parquet", Body=b"one")
    Source.objects.update(address=f"s3://{BUCKET}/own")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    s3fs.S3FileSystem.clear_instance_cache()
    scan()
    assert Source.objects.get().fault and not Batch.objects.exists()

    made = {"at": clock.now(), "secret": "AKIAOWN:canary/secret+key"}
    found, _ = sourcing.put_source(watching.ACTOR, source.model, "requests", **made)
    scan()

    assert (Source.objects.get().fault, Batch.objects.count()) == ("", 1)
    assert keys.environment(found)["AWS_SECRET_ACCESS_KEY"] == "canary/secret+key"
    assert "canary" not in str(list(AuditEvent.objects.values()))


@pytest.mark.parametrize("secret", ["no-colon", ":x", "a:", "a b:c", "key: padded"])
def test_what_is_no_pair_of_keys_is_refused(source, secret):
    with pytest.raises(Invalid, match="/secret"):
        sourcing.put_source(watching.ACTOR, source.model, "requests", at=clock.now(), secret=secret)


@pytest.mark.parametrize("ending", ["parquet", "csv.gz", "arrow", "jsonl"])
def test_a_batch_is_judged_where_it_lies(simulated, tmp_path_factory, monkeypatch, ending):
    # The judge's process finds S3 by the same environment, and the keys in the job.
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    own = Judge(tmp_path_factory.mktemp("s3"))
    own.start()
    key = f"credit/batches/2026-08-03.{ending}"
    simulated.put_object(Bucket=BUCKET, Key=key, Body=written(week(), ending))

    mine = {"environment": {"AWS_ACCESS_KEY_ID": "AKIAOWN", "AWS_SECRET_ACCESS_KEY": "x"}}
    found = own.ask(own.job(f"s3://{BUCKET}/{key}", landing.format_of(key), **mine))
    gone = own.ask(own.job(f"s3://{BUCKET}/credit/batches/gone.parquet", "parquet", **mine))
    locked = own.ask(own.job(f"s3://{BUCKET}/{key}", landing.format_of(key)))

    assert own.stop()
    assert (found.state, found.rows) == ("ok", 400), found.reason
    assert (gone.state, locked.state) == ("source_fault", "source_fault")
    assert "no longer there" in gone.reason
