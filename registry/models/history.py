"""What a record said and when: one row per change, so that any past day can be asked."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import Q
from django.db.models.fields.json import KeyTextTransform

from registry.models.models import RegisteredModel
from registry.models.people import BusinessUnit, Person


class ModelRevision(models.Model):
    """The whole record as it stood during `validity`, a range [from, to) that is open today.

    Written once; the database lets only the end of an open range be set, when the next one begins.
    """

    model = models.ForeignKey(RegisteredModel, on_delete=models.CASCADE, related_name="revisions")
    number = models.IntegerField()
    validity = DateTimeRangeField()
    # Whose it was then: a model that moved to another unit stays findable where it was.
    unit = models.ForeignKey(BusinessUnit, on_delete=models.PROTECT, related_name="+")
    snapshot = models.JSONField()
    by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL)
    reason = models.CharField(max_length=500, default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["model", "number"], name="one_revision_per_number"),
            models.UniqueConstraint(
                fields=["model"],
                condition=Q(validity__upper_inf=True),
                name="one_open_revision_per_model",
            ),
            ExclusionConstraint(
                name="revisions_do_not_overlap",
                expressions=[
                    ("model", RangeOperators.EQUAL),
                    ("validity", RangeOperators.OVERLAPS),
                ],
            ),
        ]
        indexes = [
            # Serves the inventory as of a day.
            GistIndex(fields=["validity"], name="revisions_as_of"),
            # Serves a page of that inventory, which is in the order of the slugs of then.
            models.Index(KeyTextTransform("slug", "snapshot"), name="revisions_by_slug"),
        ]

    def __str__(self) -> str:
        return f"revision {self.number} of {self.model_id}"
