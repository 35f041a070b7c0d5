"""Leases, tokens, order and pauses of owed messages."""

from datetime import timedelta

import pytest

from monitoring.alerts import claims
from monitoring.leases import LEASE_SECONDS
from monitoring.models import Delivery
from tests import cast
from tests.monitoring.history import History
from tests.monitoring.shifted import shifted

pytestmark = pytest.mark.django_db


@pytest.fixture
def history():
    made = History(cast.cast().model)
    made.week(1, "missed", "no batch came")
    return made


def test_a_leased_message_is_not_leased_again_before_the_lease_ends(history):
    [first] = claims.claim()

    assert claims.claim() == []
    with shifted(timedelta(seconds=LEASE_SECONDS + 1)):
        [second] = claims.claim()

    assert (first.attempts, second.attempts) == (1, 2)
    assert second.token == first.token + 1


def test_whoever_lost_the_lease_writes_nothing(history):
    [slow] = claims.claim()
    with shifted(timedelta(seconds=LEASE_SECONDS + 1)):
        [quick] = claims.claim()

    assert claims.mark_sent(slow, receipt="slow") is False
    assert claims.put_off(slow, error="slow", pause=timedelta(hours=1)) is False
    assert claims.mark_sent(quick, receipt="quick") is True
    assert claims.mark_dead(slow, error="slow") is False
    assert Delivery.objects.get().receipt == "quick"


def test_a_recovery_waits_until_the_alarm_is_out(history):
    history.week(2)
    assert Delivery.objects.count() == 2

    [firing] = claims.claim()
    assert Delivery.objects.get(pk=firing.delivery_id).kind == "firing"
    claims.put_off(firing, error="busy", pause=timedelta(hours=1))
    assert claims.claim() == []

    with shifted(timedelta(hours=2)):
        [firing] = claims.claim()
        claims.mark_sent(firing, receipt="x")
        [resolved] = claims.claim()
    assert Delivery.objects.get(pk=resolved.delivery_id).kind == "resolved"


def test_channels_and_kinds_that_fail_are_left_out(history):
    channel = Delivery.objects.get().channel_id

    assert claims.claim(skip_channels={channel}) == []
    assert claims.claim(skip_kinds={"mail"}) == []
    assert len(claims.claim(skip_kinds={"webhook"})) == 1


def test_what_was_handed_back_counts_no_attempt(history):
    [row] = claims.claim()
    claims.hand_back(row)

    [again] = claims.claim()

    assert again.attempts == 1


def test_pauses_grow_to_a_cap_and_honor_what_the_receiver_asks():
    pauses = [claims.pause_after(n, key="k").total_seconds() for n in (1, 4, 30)]
    caps = (15, 120, claims.LONGEST_PAUSE_SECONDS)

    assert all(cap * 0.75 <= pause <= cap * 1.25 for pause, cap in zip(pauses, caps, strict=True))
    assert claims.pause_after(1, key="k", asked=300).total_seconds() == 300
    assert claims.pause_after(1, key="k", asked=1e9) == timedelta(hours=6)
    assert claims.pause_after(1, key="a") != claims.pause_after(1, key="b")
