"""The servers every other test leans on are real, fresh and reachable."""

import os
from urllib.parse import urlsplit

import psycopg2
import pytest
import redis


def query(sql: str) -> object:
    with psycopg2.connect(os.environ["DATABASE_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()


def test_postgresql_is_real_and_its_role_is_no_superuser():
    assert query("SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user") == (
        False,
        True,
    )


def test_databases_hold_the_extensions():
    names = query("SELECT array_agg(extname ORDER BY extname) FROM pg_extension")

    assert names == (["btree_gist", "pg_trgm", "plpgsql"],)


def test_valkey_wants_a_password():
    address = urlsplit(os.environ["REDIS_URL"])

    assert redis.Redis.from_url(os.environ["REDIS_URL"]).ping()
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(host=address.hostname, port=address.port).ping()


def test_temporary_folders_lie_under_a_source_root(tmp_path):
    assert str(tmp_path).startswith(os.environ["MUSTER_SOURCE_ROOTS"])


def test_mlflow_is_a_real_server(mlflow_server):
    import requests

    answer = requests.post(
        f"{mlflow_server}/api/2.0/mlflow/registered-models/create",
        json={"name": "probe"},
        timeout=20,
    )

    assert answer.json()["registered_model"]["name"] == "probe"


def test_mail_goes_through_a_real_smtp_server(smtp_catcher):
    from django.core.mail import send_mail

    send_mail("Drift in churn", "Look here", "muster@localhost", ["ana@example.org"])

    assert smtp_catcher.recipients == ["ana@example.org"]
    assert smtp_catcher.messages[0]["Subject"] == "Drift in churn"


@pytest.mark.django_db
def test_processes_are_pointed_at_the_test_database(process_environment):
    assert "/test_muster" in process_environment["DATABASE_URL"]
