"""Answers kept for a day, so that a repeated POST changes nothing twice."""

from django.db import models

from registry.models.people import ApiToken, Person
from registry.secrets import EncryptedTextField


class IdempotentRequest(models.Model):
    """One POST with an Idempotency-Key and, once it was answered, its answer."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    token = models.ForeignKey(
        ApiToken, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    key = models.CharField(max_length=255)
    address = models.CharField(max_length=500)  # method and path
    body_digest = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)  # in flight until then
    status = models.SmallIntegerField(null=True, blank=True)
    headers = models.JSONField(default=dict, blank=True)
    # Encrypted: an answer may hold a token that is shown once.
    body = EncryptedTextField(default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "key"], name="one_request_per_key"),
        ]
        indexes = [
            # Serves forgetting what is older than a day.
            models.Index(fields=["created_at"], name="idempotent_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.address} {self.key}"
