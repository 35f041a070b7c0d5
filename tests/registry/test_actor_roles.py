"""An actor reads its roles once, and never lives on with rights that were taken away."""

from dataclasses import replace

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from registry import access, catalogue, clock
from registry.access import Right
from registry.imports import from_mlflow
from registry.imports.mapping import MLflowImport
from registry.models import FleetRole, Membership, RegisteredModel
from tests import factories
from tests.cast import acting
from tests.registry.api import Caller

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.registry.urls")]
BODY = {
    "name": "Churn",
    "business_unit": "fraud",
    "owner": "ana@example.com",
    "purpose": "Says who leaves.",
    "task": "classification",
    "decision_role": "one_input",
}


def statements(work):
    """Return the SQL statements that `work` sends."""
    with CaptureQueriesContext(connection) as seen:
        work()
    return [query["sql"] for query in seen.captured_queries]


def test_writing_a_model_reads_the_actors_roles_once(people):
    actor = acting(people.ana)

    asked = statements(lambda: catalogue.put_model(actor, "churn", BODY, at=clock.now()))

    # Of Ana before the unit is looked up, then of all who act or answer for the model together.
    assert sum("registry_fleetrole" in sql for sql in asked) == 2
    assert len(asked) <= 9


def test_a_batch_of_imported_rows_reads_the_actors_roles_once(people):
    server = factories.MLflowServerFactory.create(slug="prod")
    tags = {"bu": "fraud", "owner": "ana@example.com"}
    names = [f"model {number}" for number in range(5)]
    for name in names:
        factories.SourceModelFactory.create(server=server, name=name, tags=tags, description="x")
    wanted = MLflowImport.model_validate(
        {
            "server": "prod",
            "models": names,
            "map": {"business_unit": "tag:bu", "owner": "tag:owner", "purpose": "description"},
            "defaults": {"task": "classification", "decision_role": "one_input"},
        }
    )
    actor = acting(people.ana)

    asked = statements(lambda: from_mlflow.work(actor, wanted, start=0, stop=5, at=clock.now()))

    assert RegisteredModel.objects.filter(mlflow_name__in=names).count() == 5
    assert sum("registry_fleetrole" in sql for sql in asked) == 1 + 5
    assert len(asked) / 5 <= 26


def test_a_role_that_was_taken_away_counts_at_the_next_request(people):
    chris = Caller(people.chris)
    FleetRole.objects.create(person=people.chris, role="platform_admin")
    allowed = chris.put("models/churn/", BODY)

    FleetRole.objects.filter(person=people.chris).delete()
    refused = chris.put("models/churn/", {"name": "Other"})

    assert (allowed.status_code, refused.status_code) == (201, 404)


def test_a_membership_that_was_taken_away_counts_at_the_next_request(people):
    ana = Caller(people.ana)
    FleetRole.objects.create(person=people.ana, role="risk_reader")
    allowed = ana.put("models/churn/", BODY)

    Membership.objects.filter(person=people.ana).delete()
    refused = ana.put("models/churn/", {"name": "Other"})

    assert (allowed.status_code, refused.status_code) == (201, 403)


def test_who_changes_roles_is_asked_anew_ever_after_even_when_the_change_is_undone(people):
    FleetRole.objects.create(person=people.ana, role="platform_admin")
    actor = acting(people.pat)
    assert access.can(actor, Right.MANAGE_PLATFORM, None)

    with transaction.atomic():
        catalogue.put_person(actor, people.pat.email, {"fleet_roles": []}, at=clock.now())
        within = access.can(actor, Right.MANAGE_PLATFORM, None)
        transaction.set_rollback(True)

    assert within is False
    assert access.can(actor, Right.MANAGE_PLATFORM, None)


def test_who_leaves_a_unit_has_no_right_in_it_within_the_same_request(people):
    Membership.objects.create(person=people.ana, unit=people.fraud, role="unit_admin")
    actor = acting(people.ana)

    catalogue.put_member(
        actor, people.fraud, people.ana.email, {"roles": ["viewer"]}, at=clock.now()
    )

    assert access.rights(actor, people.fraud) == {Right.SEE}


def test_a_narrower_actor_made_of_another_reads_its_own_roles(people):
    wide = acting(people.pat)
    access.rights(wide, None)

    other = replace(wide, person=people.ana)

    assert access.rights(other, None) == set()
    assert wide == acting(people.pat)
