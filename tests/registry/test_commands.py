"""The commands that set a deployment up and prove its audit."""

import json
import os
from io import StringIO

import psycopg2
import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection

from registry import access, actors, tokens
from registry.access import Right
from registry.models import AuditEvent, MLflowServer, Person
from tests import factories
from tests.cast import cast

PASSWORD = "a long enough phrase"


def run(name, *arguments):
    out = StringIO()
    call_command(name, *arguments, stdout=out, stderr=out)
    return out.getvalue().splitlines()


@pytest.fixture(autouse=True)
def password(monkeypatch):
    monkeypatch.setenv("MUSTER_BOOTSTRAP_PASSWORD", PASSWORD)


def bootstrap():
    return run("bootstrap", "--email", "pat@example.com")


@pytest.mark.django_db
def test_bootstrap_makes_an_admin_whose_token_works_and_may_run_twice(settings):
    settings.MLFLOW_TRACKING_URI = "http://mlflow.example.com"
    keys = [json.loads(bootstrap()[-1])["token"] for _ in range(2)]
    pat = Person.objects.get()

    assert all(tokens.find(key).token.person == pat for key in keys)
    assert access.can(actors.of_person(pat), Right.MANAGE_PLATFORM, None)
    assert (pat.check_password(PASSWORD), pat.is_staff, pat.is_superuser) == (True, True, False)
    assert MLflowServer.objects.get(slug="default").origin == "http://mlflow.example.com"
    assert AuditEvent.objects.filter(action="person.added").count() == 1


@pytest.mark.django_db
def test_bootstrap_follows_the_environment_to_another_address(settings):
    for port in (5001, 5002):
        settings.MLFLOW_TRACKING_URI = f"http://127.0.0.1:{port}"
        bootstrap()

    assert MLflowServer.objects.get().origin == "http://127.0.0.1:5002"


@pytest.mark.django_db
def test_bootstrap_opens_a_closed_account_only_when_told_to():
    bootstrap()
    Person.objects.update(is_active=False)

    with pytest.raises(CommandError, match="is closed, and this would open it"):
        run("bootstrap", "--email", "Pat@example.com")
    assert not Person.objects.get().is_active
    assert "pat@example.com is open again" in run(
        "bootstrap", "--email", "pat@example.com", "--reopen"
    )
    assert Person.objects.get().is_active


@pytest.mark.django_db
def test_bootstrap_refuses_a_password_that_is_too_simple(monkeypatch):
    monkeypatch.setenv("MUSTER_BOOTSTRAP_PASSWORD", "x")
    with pytest.raises(CommandError, match="password"):
        bootstrap()


@pytest.mark.django_db
def test_bootstrap_takes_no_password_from_its_arguments_and_says_where_from(monkeypatch):
    with pytest.raises(CommandError, match="unrecognized arguments"):
        run("bootstrap", "--email", "pat@example.com", "--password", PASSWORD)
    monkeypatch.delenv("MUSTER_BOOTSTRAP_PASSWORD")
    monkeypatch.setattr("sys.stdin", StringIO())

    with pytest.raises(CommandError, match="Set MUSTER_BOOTSTRAP_PASSWORD"):
        bootstrap()
    assert not Person.objects.exists()


def test_a_new_key_encrypts():
    (key,) = run("new_key")

    assert Fernet(key.encode()).decrypt(Fernet(key.encode()).encrypt(b"x")) == b"x"


@pytest.mark.django_db(transaction=True)
def test_the_chain_is_sound_until_somebody_changes_an_event():
    cast()
    for _ in range(3):
        bootstrap()
    sound = run("verify_audit")[0]
    event = AuditEvent.objects.order_by("pk")[1]
    with connection.cursor() as cursor:
        # What a database administrator could do, and the triggers cannot stop.
        cursor.execute("ALTER TABLE registry_auditevent DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE registry_auditevent SET reason = 'nothing to see' WHERE id = %s", [event.pk]
        )
        cursor.execute("ALTER TABLE registry_auditevent ENABLE TRIGGER USER")

    assert "links are sound" in sound
    with pytest.raises(CommandError, match="link 2 does not fit its event"):
        run("verify_audit")


@pytest.fixture
def service_role(settings):
    """A connection as the service's role, after `grant`."""
    told = connection.settings_dict
    role, _, password = os.environ["MUSTER_TEST_APP_ROLE"].partition(":")
    place = f"{told['HOST']}:{told['PORT']}/{told['NAME']}"
    settings.DATABASE_OWNER_URL = f"postgres://{told['USER']}:{told['PASSWORD']}@{place}"
    run("grant", "--role", role)
    with connection.cursor() as cursor:
        cursor.execute(f'GRANT CONNECT ON DATABASE "{told["NAME"]}" TO "{role}"')
    service = psycopg2.connect(f"postgres://{role}:{password}@{place}")
    service.autocommit = True
    yield service.cursor()
    service.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("MUSTER_TEST_APP_ROLE" not in os.environ, reason="one role only: own server")
def test_the_service_writes_what_it_must_and_cannot_rewrite_history(service_role):
    unit = factories.UnitFactory.create()
    service_role.execute("UPDATE registry_businessunit SET name = 'x' WHERE id = %s", [unit.pk])
    service_role.execute(
        "INSERT INTO registry_auditevent (at, actor_label, action, object_type, object_id,"
        " object_label, request_id, reason) VALUES (now(), 'x', 'x', 'x', '1', 'x', '', '')"
    )
    service_role.execute("SELECT count(*) FROM registry_auditlink")
    linked = service_role.fetchone()
    refused = [
        "UPDATE registry_auditevent SET reason = ''",
        "DELETE FROM registry_auditevent",
        "TRUNCATE registry_auditevent CASCADE",
        "INSERT INTO registry_auditlink VALUES (9, 'x', 'x', 9)",
        "UPDATE policies_decision SET reasons = '[]'",
        "DELETE FROM django_migrations",
        "ALTER TABLE registry_auditevent DISABLE TRIGGER USER",
        "ALTER TABLE registry_auditlink DISABLE TRIGGER ALL",
        "DROP TRIGGER audit_event_is_linked ON registry_auditevent",
        "SET session_replication_role = replica",
        "CREATE OR REPLACE FUNCTION registry_link_audit_event() RETURNS trigger LANGUAGE plpgsql"
        " AS 'BEGIN RETURN NULL; END'",
        "DROP TABLE registry_auditlink",
        "ALTER TABLE registry_auditevent ADD COLUMN more text",
    ]

    assert linked == (1,)
    for statement in refused:
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            service_role.execute(statement)


@pytest.mark.django_db
def test_rotated_secrets_need_the_old_key_no_more(settings):
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.MUSTER_FERNET_KEYS = [old]
    server = factories.MLflowServerFactory.create(password="hush", token="")
    settings.MUSTER_FERNET_KEYS = [new, old]
    assert run("rotate_secrets") == ["1 secrets encrypted anew, 0 had the first key already"]
    assert run("rotate_secrets") == ["0 secrets encrypted anew, 1 had the first key already"]
    settings.MUSTER_FERNET_KEYS = [new]
    assert MLflowServer.objects.get(pk=server.pk).password == "hush"


@pytest.mark.django_db
def test_a_secret_no_key_opens_is_named_and_the_others_are_renewed(settings):
    lost, old, new = (Fernet.generate_key().decode() for _ in range(3))
    settings.MUSTER_FERNET_KEYS = [lost]
    gone = factories.MLflowServerFactory.create(password="lost")
    settings.MUSTER_FERNET_KEYS = [old]
    kept = factories.MLflowServerFactory.create(token="kept")
    settings.MUSTER_FERNET_KEYS = [new, old]
    with pytest.raises(CommandError, match=f"registry_mlflowserver {gone.pk}"):
        run("rotate_secrets")
    settings.MUSTER_FERNET_KEYS = [new]
    assert MLflowServer.objects.values_list("token", flat=True).get(pk=kept.pk) == "kept"


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("MUSTER_TEST_APP_ROLE" not in os.environ, reason="one role only: own server")
def test_every_table_that_only_grows_is_kept_from_the_service(service_role):
    service_role.execute(
        "SELECT relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
        " WHERE tgname LIKE '%\\_is\\_insert\\_only'"
    )
    tables = [name for (name,) in service_role.fetchall()]

    assert {"registry_auditevent", "registry_auditlink", "policies_decision"} <= set(tables)
    for table in tables:
        column = "sequence" if table == "registry_auditlink" else "id"
        for statement in (
            f"UPDATE {table} SET {column} = {column}",
            f"DELETE FROM {table}",
            f"TRUNCATE {table} CASCADE",
            f"ALTER TABLE {table} DISABLE TRIGGER USER",
        ):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                service_role.execute(statement)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("MUSTER_TEST_APP_ROLE" not in os.environ, reason="one role only: own server")
def test_a_temporary_table_of_the_service_cannot_stand_in_for_the_chain(service_role):
    with connection.cursor() as cursor:
        name, user = connection.settings_dict["NAME"], os.environ["MUSTER_TEST_APP_ROLE"]
        cursor.execute(f'GRANT TEMPORARY ON DATABASE "{name}" TO "{user.partition(":")[0]}"')
    service_role.execute("CREATE TEMP TABLE registry_auditlink (LIKE public.registry_auditlink)")
    service_role.execute("GRANT ALL ON pg_temp.registry_auditlink TO public")
    service_role.execute(
        "INSERT INTO registry_auditevent (at, actor_label, action, object_type, object_id,"
        " object_label, request_id, reason) VALUES (now(), 'x', 'x', 'x', '1', 'x', '', '')"
    )
    service_role.execute("SELECT count(*) FROM public.registry_auditlink")

    assert service_role.fetchone() == (1,)


def test_a_sweep_of_a_duty_that_is_none_is_refused_with_the_list():
    with pytest.raises(CommandError) as refused:
        run("sweep", "--once", "--only", "judge,nosuch")

    said = "there is no duty nosuch; the duties are heartbeat, checkpoint, reconcile, sync, answer"
    assert said in str(refused.value)
