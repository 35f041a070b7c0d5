"""Who is told: never nobody."""

import pytest

from monitoring.alerts import recipients
from monitoring.models import Channel, Source
from tests import cast
from tests.monitoring.history import History

pytestmark = pytest.mark.django_db


def names(found):
    return [person.name for person in found]


def gone(person):
    person.is_active = False
    person.save(update_fields=["is_active"])


def test_the_owner_is_told_and_without_an_active_one_the_deputy(people):
    people.model.deputy = people.ben

    assert names(recipients.people_for(people.model)) == ["Ana"]
    gone(people.ana)
    assert names(recipients.people_for(people.model)) == ["Ben"]


def test_without_an_active_owner_or_deputy_the_units_admins_are_told(people):
    gone(people.ana)
    admin = cast.person("ute", people.fraud, "unit_admin")

    assert recipients.people_for(people.model) == [admin]


def test_without_unit_admins_the_platforms_are_told(people):
    gone(people.ana)

    assert names(recipients.people_for(people.model)) == ["Pat"]


def test_a_mailbox_is_made_on_first_need_and_follows_the_address(people):
    first = recipients.mailbox(people.ana)
    people.ana.email = "ana.new@example.com"
    second = recipients.mailbox(people.ana)

    assert first.pk == second.pk
    assert Channel.objects.get().address == "ana.new@example.com"


def test_the_units_webhooks_are_told_but_not_the_disabled_and_not_other_units(people):
    from django.utils import timezone

    made = {
        slug: Channel.objects.create(slug=slug, kind="webhook", unit=unit, address="https://x")
        for slug, unit in [("ours", people.fraud), ("off", people.fraud), ("theirs", people.retail)]
    }
    Channel.objects.filter(pk=made["off"].pk).update(disabled_at=timezone.now())

    critical = Channel.objects.create(
        slug="pager", kind="pagerduty", unit=people.fraud, address="https://x", hears="critical"
    )
    [alert] = History(people.model).week(1, "missed", "no batch came").opened

    found = recipients.channels_for(alert)
    alert.severity = "critical"
    grave = recipients.channels_for(alert)

    assert [channel.slug for channel in found] == [f"mail-{people.ana.uuid}", "ours"]
    assert grave == [*found, critical]


def test_whoever_looks_after_the_pipeline_hears_of_its_faults_first(people):
    history = History(people.model)
    Source.objects.update(owner=people.ben)
    performance = History(people.model, "performance", "performance")

    [missed] = history.week(1, "missed", "no batch came").opened
    [breach] = performance.week(2, "not_evaluated", "labels never came").opened

    assert names(recipients.first_for(missed)) == ["Ben"]
    assert names(recipients.first_for(breach)) == ["Ana"]
    gone(people.ben)
    assert names(recipients.first_for(missed)) == ["Ana"]


def test_where_a_step_of_escalation_finds_nobody_the_next_link_is_told(people):
    [alert] = History(people.model).week(1, "missed", "no batch came").opened

    assert names(recipients.of_step(alert, "deputy")) == ["Pat"]
    admin = cast.person("ute", people.fraud, "unit_admin")
    assert recipients.of_step(alert, "deputy") == [admin]
    alert.model.deputy = people.ben
    assert names(recipients.of_step(alert, "deputy")) == ["Ben"]
    assert names(recipients.of_step(alert, "owner")) == ["Ana"]
