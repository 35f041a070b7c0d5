"""People, the business units they work in, and the tokens their scripts use."""

import uuid
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower


class UnitRole(models.TextChoices):
    VIEWER = "viewer", "Viewer"
    DEVELOPER = "developer", "Developer"
    OWNER = "owner", "Owner"
    VALIDATOR = "validator", "Validator"
    APPROVER = "approver", "Approver"
    UNIT_ADMIN = "unit_admin", "Unit admin"


class FleetRoleName(models.TextChoices):
    RISK_READER = "risk_reader", "Risk reader"
    AUDITOR = "auditor", "Auditor"
    PLATFORM_ADMIN = "platform_admin", "Platform admin"


class PersonManager(BaseUserManager["Person"]):
    """Make people the way Django's own commands expect."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "Person":
        person = self.model(email=email.lower(), **fields)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "Person":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "Person":
        return self.get(email=(username or "").lower())


class Person(AbstractBaseUser, PermissionsMixin):
    """Somebody who can sign in, own a model, or be told about one."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    manager = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="reports"
    )
    time_zone = models.CharField(max_length=64, default="UTC")
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    # When somebody else set the password: since then, and until when the mail about it is owed.
    must_choose_password = models.BooleanField(default=False)
    password_set_at = models.DateTimeField(null=True, blank=True)
    password_notice_due_at = models.DateTimeField(null=True, blank=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects = PersonManager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")), name="person_email_is_lower_case"
            ),
        ]
        indexes = [
            # passwords.tell_due: the few who are to be told.
            models.Index(
                fields=["password_notice_due_at"],
                condition=models.Q(password_notice_due_at__isnull=False),
                name="person_password_notice_due",
            ),
        ]

    def __str__(self) -> str:
        return self.email


class BusinessUnit(models.Model):
    """A part of the company that owns models and keeps them from the eyes of others."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.slug


class Membership(models.Model):
    """One role of one person in one unit; a person may hold several."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="memberships")
    unit = models.ForeignKey(BusinessUnit, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=20, choices=UnitRole.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "unit", "role"], name="one_membership_per_person_unit_and_role"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} is {self.role} in {self.unit_id}"


class FleetRole(models.Model):
    """A role over all units: who reads the whole fleet, who runs the platform."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="fleet_roles")
    role = models.CharField(max_length=20, choices=FleetRoleName.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "role"], name="one_fleet_role_per_person"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} is {self.role}"


class ApiToken(models.Model):
    """A key a script signs in with; only its digest is kept."""

    digest = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=120)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="tokens")
    unit = models.ForeignKey(BusinessUnit, null=True, blank=True, on_delete=models.CASCADE)
    scopes = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} of {self.person.email}"
