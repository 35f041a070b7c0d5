"""An owner's week and a unit's month: owed once, complete, and switched off by who wants to."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitoring import reports as duty
from monitoring.alerts import reports
from monitoring.models import Message, NotificationSetting, UnitNotification
from registry.models.people import UnitRole
from tests import cast
from tests.monitoring.history import History, of_week

pytestmark = pytest.mark.django_db
BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 9, 7, 9, 0, tzinfo=UTC)


def work(at):
    return duty.report_due(at=at, seconds=20)


def letters():
    found = Message.objects.order_by("pk")
    return [(message.channel.person.name, message.content["letter"]) for message in found]


def said(letter):
    return "\n".join([letter["lead"], *(line for _, lines in letter["parts"] for line in lines)])


@pytest.mark.parametrize(
    ("after", "due"),
    [
        (datetime(2026, 9, 6, 12, tzinfo=UTC), datetime(2026, 9, 7, 6, 30, tzinfo=UTC)),
        (datetime(2026, 9, 7, 6, 30, tzinfo=UTC), datetime(2026, 9, 14, 6, 30, tzinfo=UTC)),
        # The clocks go back on 25 October: the wall shows 8:30 an hour later in UTC.
        (datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2026, 10, 26, 7, 30, tzinfo=UTC)),
    ],
)
def test_a_week_begins_on_monday_on_the_readers_wall(after, due):
    assert reports.next_week(after, wall=time(8, 30), zone=BERLIN) == due


def test_a_month_begins_on_its_first_also_over_the_year():
    at = time(8, 30)
    assert reports.next_month(MONDAY, wall=at) == datetime(2026, 10, 1, 8, 30, tzinfo=UTC)
    december = datetime(2026, 12, 31, 23, tzinfo=UTC)
    assert reports.next_month(december, wall=at) == datetime(2027, 1, 1, 8, 30, tzinfo=UTC)
    assert reports.month_before(datetime(2027, 1, 1, 8, 30, tzinfo=UTC)) == datetime(
        2026, 12, 1, tzinfo=UTC
    )


def test_the_first_report_comes_on_the_next_monday_and_each_once(people):
    assert work(MONDAY) == 0, "nobody gets a report about a week that nobody watched"
    assert NotificationSetting.objects.get().person == people.ana
    monday = MONDAY + timedelta(days=7)
    assert [work(monday), work(monday), work(monday + timedelta(days=1))] == [1, 0, 0]

    [(name, letter)] = letters()
    assert (name, letter["state"]) == ("Ana", "unknown")
    assert "Nothing watches this model." in said(letter)
    assert "Could not be looked at" in [label for label, _ in letter["parts"]]
    assert "/account/notifications/" in letter["footer"][0]


def test_it_tells_what_happened_in_the_week(people):
    work(MONDAY)
    history = History(people.model)
    for week in (1, 2):
        history.week(week, "drift", income=0.41)
    assert of_week(3) < MONDAY
    # The fixed history is older than the report's week, so its alert is open and not new.
    work(MONDAY + timedelta(days=7))

    [(_, letter)] = letters()
    assert letter["subject"].startswith("▲ Your week, 7 Sep to 14 Sep 2026: 1 watch")
    assert "0 alerts opened, 0 ended" in said(letter)
    assert "1 are open" in said(letter)
    assert "PSI of income" in said(letter)


def test_after_an_outage_one_report_covers_the_gap(people):
    work(MONDAY)
    assert work(MONDAY + timedelta(days=30)) == 1
    assert NotificationSetting.objects.get().weekly_report_at > MONDAY + timedelta(days=30)


def test_who_switched_it_off_or_left_gets_none(people):
    work(MONDAY)
    NotificationSetting.objects.update(weekly_report=False)
    assert work(MONDAY + timedelta(days=7)) == 0
    NotificationSetting.objects.update(weekly_report=True)
    people.ana.is_active = False
    people.ana.save(update_fields=["is_active"])
    assert work(MONDAY + timedelta(days=7)) == 0
    assert not Message.objects.exists()


def test_a_units_admins_get_its_month(people):
    head = cast.person("head", people.fraud, UnitRole.UNIT_ADMIN)
    work(MONDAY)
    first = datetime(2026, 10, 1, 9, tzinfo=UTC)
    NotificationSetting.objects.update(weekly_report=False)
    assert work(first) == 1

    [(name, letter)] = letters()
    assert name == head.name
    assert letter["subject"].startswith("? The month of Fraud, 1 Sep to 30 Sep 2026")
    UnitNotification.objects.update(monthly_report=False, monthly_report_at=first)
    assert work(first) == 0
