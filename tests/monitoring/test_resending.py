"""What was given up is sent again by a person, as the same message."""

import pytest

from monitoring import resending
from monitoring.alerts import delivery
from monitoring.models import Channel, Delivery, Message
from registry import clock
from registry.access import NotAllowed
from registry.models import AuditEvent
from registry.problems import Invalid
from tests import cast
from tests.cast import acting
from tests.monitoring.history import History

pytestmark = pytest.mark.django_db


@pytest.fixture
def given_up(people, smtp_catcher):
    """A message to Ana that the mail server refused for good."""
    smtp_catcher.refusal = "554 no"
    History(people.model).week(1, "missed", "no batch came")
    delivery.deliver_due(at=clock.now(), seconds=20)
    smtp_catcher.refusal = ""
    return Delivery.objects.get(channel__person=people.ana)


def test_it_is_the_same_message_with_the_same_key(people, smtp_catcher, given_up):
    admin = acting(cast.person("ute", people.fraud, "unit_admin"))
    before = Message.objects.get(pk=given_up.message_id)
    assert (given_up.state, before.state) == ("dead", "dead")

    again = resending.resend(admin, given_up.pk, at=clock.now())
    assert (again.state, again.message.attempts) == ("owed", 0)
    delivery.deliver_due(at=clock.now(), seconds=20)

    after = Message.objects.get(pk=given_up.message_id)
    assert (after.state, after.key, after.content) == ("sent", before.key, before.content)
    assert smtp_catcher.messages[-1]["Message-ID"] == f"<{before.key}@testserver>"
    assert AuditEvent.objects.get(action="message.resent").after["message"] == after.pk


def test_only_what_was_given_up_is_sent_again(people, given_up):
    admin = acting(cast.person("ute", people.fraud, "unit_admin"))
    resending.resend(admin, given_up.pk, at=clock.now())

    with pytest.raises(Invalid, match="this delivery is owed"):
        resending.resend(admin, given_up.pk, at=clock.now())


def test_a_channel_that_is_off_is_mended_first(people, given_up):
    admin = acting(cast.person("ute", people.fraud, "unit_admin"))
    Channel.objects.filter(pk=given_up.channel_id).update(disabled_at=clock.now())

    with pytest.raises(Invalid, match="switched off"):
        resending.resend(admin, given_up.pk, at=clock.now())


def test_it_takes_who_keeps_the_unit(people, given_up):
    with pytest.raises(NotAllowed):
        resending.resend(acting(people.ana), given_up.pk, at=clock.now())
    with pytest.raises(Delivery.DoesNotExist):
        resending.resend(acting(people.chris), given_up.pk, at=clock.now())
