"""Who is told: never nobody."""

import pytest

from monitoring.alerts import recipients
from monitoring.models import Channel
from tests import cast

pytestmark = pytest.mark.django_db


def names(found):
    return [person.name for person in found]


def gone(person):
    person.is_active = False
    person.save(update_fields=["is_active"])


def test_the_owner_and_the_deputy_are_told(people):
    people.model.deputy = people.ben

    assert names(recipients.people_for(people.model)) == ["Ana", "Ben"]


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

    found = recipients.channels_for(people.model)

    assert [channel.slug for channel in found] == [f"mail-{people.ana.uuid}", "ours"]
