"""What was deleted on a day of the files that Muster stored itself."""

from django.db import models


class Tidying(models.Model):
    """One day's look for files that are too old, or that nothing knows of; claimed by lease."""

    day = models.DateField(unique=True)
    batches = models.BigIntegerField(default=0)
    label_sets = models.BigIntegerField(default=0)
    reports = models.BigIntegerField(default=0)
    strays = models.BigIntegerField(default=0)
    freed = models.BigIntegerField(default=0)  # bytes
    place = models.CharField(max_length=300, default="", blank=True)  # looked for strays up to here

    lease_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.BigIntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"files of {self.day}"
