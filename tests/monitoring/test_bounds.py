"""What one check or source may not do to the others."""

import json
from datetime import timedelta

import pytest
from django.test import Client

from monitoring import sourcing, windows
from monitoring.models import Check, CheckVersion
from registry import access, clock
from registry.problems import Invalid
from tests import factories
from tests.cast import acting, bearer, cast
from tests.monitoring import watching
from tests.monitoring.watching import after, watched

pytestmark = pytest.mark.django_db


def test_a_poisoned_check_does_not_stop_the_planning_of_others(tmp_path, caplog):
    made = watched(tmp_path)
    sound = watching.check(made)
    poisoned = watching.check(made, "poisoned")
    poisoned.versions.all()._raw_delete("default")
    CheckVersion.objects.create(
        check_ref=poisoned, number=1, spec={"every_days": "never"}, at=clock.now()
    )
    Check.objects.filter(pk=poisoned.pk).update(next_plan_at=after(0))
    Check.objects.filter(pk=sound.pk).update(next_plan_at=after(0) + timedelta(hours=1))

    windows.plan_due(at=after(1), seconds=5)

    assert sound.windows.count() == 1
    poisoned.refresh_from_db()
    assert poisoned.next_plan_at > after(1)
    assert "Unable to plan check" in caplog.text


@pytest.mark.parametrize(
    "start",
    [
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "9999-12-31T23:59:59Z",
        "1900-01-01T00:00:00Z",
        "2999-01-01T00:00:00Z",
    ],
)
def test_a_start_outside_the_calendar_is_refused_by_name(start):
    people = cast()
    body = {"kind": "data", "spec": {"start": start}}

    answer = Client().put(
        f"/api/v1/models/{people.model.slug}/checks/data/",
        json.dumps(body),
        "application/json",
        headers=bearer(people.ana),
    )

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/spec/start"


def test_a_folder_of_another_unit_is_refused(settings, tmp_path):
    people = cast()
    settings.MUSTER_SOURCE_ROOTS = [str(tmp_path)]
    theirs = factories.tracked_model(slug="ads", unit=people.retail, owner=people.chris)
    at = clock.now()
    sourcing.put_source(
        acting(people.chris), theirs, "requests", at=at, address=str(tmp_path / "ads")
    )

    for address in ("ads", "ads/batches", ""):
        with pytest.raises(Invalid, match="another business unit"):
            sourcing.put_source(
                acting(people.ana),
                people.model,
                "requests",
                at=at,
                address=str(tmp_path / address).rstrip("/"),
            )
    assert access.visible_models(acting(people.ana)).count() == 1


def test_a_link_that_leads_out_of_the_roots_is_refused(settings, tmp_path):
    people = cast()
    root = tmp_path / "landing"
    root.mkdir()
    (root / "way-out").symlink_to("/etc")
    settings.MUSTER_SOURCE_ROOTS = [str(root)]

    with pytest.raises(Invalid, match="/address"):
        sourcing.put_source(
            acting(people.ana),
            people.model,
            "requests",
            at=clock.now(),
            address=str(root / "way-out"),
        )
