"""Leases, tokens, order and pauses of owed messages."""

from datetime import timedelta

import pytest

from monitoring.alerts import claims, messages
from monitoring.leases import LEASE_SECONDS
from monitoring.models import Delivery, Message
from registry import clock
from tests import cast
from tests.monitoring.history import History
from tests.monitoring.shifted import shifted

pytestmark = pytest.mark.django_db


@pytest.fixture
def history():
    made = History(cast.cast().model)
    made.week(1, "missed", "no batch came")
    messages.make_due(at=clock.now())
    return made


def message():
    return Message.objects.get()


def kinds(claimed):
    return list(Delivery.objects.filter(message=claimed.message_id).values_list("kind", flat=True))


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

    assert claims.mark_sent(slow, message(), receipt="slow") is False
    assert claims.put_off(slow, error="slow", pause=timedelta(hours=1)) is False
    assert claims.mark_sent(quick, message(), receipt="quick") is True
    assert claims.mark_dead(slow, error="slow") is False
    assert message().receipt == "quick"
    assert Delivery.objects.get().state == "sent"


def test_a_recovery_waits_until_the_alarm_is_out(history):
    [firing] = claims.claim()
    assert claims.freeze(firing, {"event": "firing"})
    history.week(2)
    messages.make_due(at=clock.now())

    assert kinds(firing) == ["firing"]
    claims.put_off(firing, error="busy", pause=timedelta(hours=1))
    assert claims.claim() == []

    with shifted(timedelta(hours=2)):
        [firing] = claims.claim()
        claims.mark_sent(firing, Message.objects.get(pk=firing.message_id), receipt="x")
        [resolved] = claims.claim()
    assert kinds(resolved) == ["resolved"]


def test_news_joins_a_message_that_nobody_has_composed_yet(history):
    history.week(2)
    messages.make_due(at=clock.now())

    [claimed] = claims.claim()
    assert kinds(claimed) == ["firing", "resolved"]


def test_whoever_composed_without_the_news_that_joined_cannot_freeze_it(history):
    [slow] = claims.claim()
    history.week(2)
    with shifted(timedelta(seconds=LEASE_SECONDS + 1)):
        messages.make_due(at=clock.now())

    assert Message.objects.count() == 1
    assert claims.freeze(slow, {"event": "firing"}) is False


def test_while_somebody_holds_it_nothing_joins(history):
    [claimed] = claims.claim()
    history.week(2)
    messages.make_due(at=clock.now())

    assert kinds(claimed) == ["firing"]
    assert Message.objects.count() == 2


def test_what_nobody_has_seen_may_be_told_with_more(history):
    [claimed] = claims.claim()
    claims.freeze(claimed, {"event": "firing"})
    claims.put_off(claimed, error="refused", pause=timedelta(0), untouched=True)

    history.week(2)
    messages.make_due(at=clock.now())

    assert message().content is None
    assert kinds(claimed) == ["firing", "resolved"]


def test_what_somebody_may_have_seen_stays_as_it_was(history):
    [claimed] = claims.claim()
    claims.freeze(claimed, {"event": "firing"})
    claims.put_off(claimed, error="cut", pause=timedelta(0))

    [again] = claims.claim()

    assert message().content == {"event": "firing"}
    assert claims.freeze(again, {"event": "other"}) is False


def test_channels_and_kinds_that_fail_are_left_out(history):
    channel = message().channel_id

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
