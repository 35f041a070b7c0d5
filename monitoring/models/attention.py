"""When people want to hear what: silences, and how a person or a unit is told."""

from datetime import time

from django.db import models
from django.db.models import F, Q

from monitoring.models.checks import Check
from registry.models import BusinessUnit, Person, RegisteredModel


class Silence(models.Model):
    """A time in which news of a model, a check, or a whole unit waits; it always ends.

    One that begins later is a planned downtime. What fires meanwhile is told when the silence is
    over. Critical news of a tier 1 model passes until a second person has agreed.
    """

    unit = models.ForeignKey(BusinessUnit, on_delete=models.CASCADE, related_name="silences")
    model = models.ForeignKey(
        RegisteredModel, null=True, blank=True, on_delete=models.CASCADE, related_name="silences"
    )
    check_ref = models.ForeignKey(
        Check, null=True, blank=True, on_delete=models.CASCADE, related_name="silences"
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=500)
    made_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    agreed_by = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    agreed_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="silence_ends_after_it_starts"
            ),
            models.CheckConstraint(
                condition=Q(check_ref=None) | Q(model__isnull=False),
                name="silence_of_a_check_names_its_model",
            ),
            models.CheckConstraint(
                condition=Q(agreed_by=None) | ~Q(agreed_by=F("made_by")),
                name="silence_is_agreed_by_somebody_else",
            ),
        ]
        indexes = [models.Index(fields=["unit", "ends_at"], name="silences_of_unit")]

    def __str__(self) -> str:
        return f"silence of unit {self.unit_id} until {self.ends_at:%Y-%m-%d %H:%M}"


class NotificationSetting(models.Model):
    """How one person is told; times are in the person's own zone."""

    person = models.OneToOneField(
        Person, on_delete=models.CASCADE, related_name="notification_setting"
    )
    quiet_from = models.TimeField(default=time(19, 0))
    quiet_until = models.TimeField(default=time(7, 30))
    quiet_weekends = models.BooleanField(default=True)
    digest_at = models.TimeField(default=time(8, 30))
    interruptions = models.SmallIntegerField(default=2)  # in twelve hours; more go into a digest
    watch_in_digest = models.BooleanField(default=False)  # what is not critical can wait
    weekly_report = models.BooleanField(default=True)
    weekly_report_at = models.DateTimeField(null=True, blank=True)  # when the next one is due

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(interruptions__gte=1) & Q(interruptions__lte=50),
                name="a_person_can_be_interrupted",
            ),
        ]

    def __str__(self) -> str:
        return f"how person {self.person_id} is told"


class UnitNotification(models.Model):
    """How a unit's people are told: which of the limits on noise hold for its models.

    A limit of which nobody has chosen (null) is as MUSTER_NOISE_LIMITS says.
    """

    unit = models.OneToOneField(BusinessUnit, on_delete=models.CASCADE, related_name="notification")
    quiet_hours = models.BooleanField(null=True, blank=True)
    budgets = models.BooleanField(null=True, blank=True)
    monthly_report = models.BooleanField(default=True)
    monthly_report_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"how unit {self.unit_id} is told"
