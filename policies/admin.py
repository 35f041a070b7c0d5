"""The back office: everything of policies to look at, nothing to change.

Policies and trainers are changed by their operations, through pages or API; the rest is history.
"""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from policies.models import (
    ControlResult,
    Decision,
    Evaluation,
    GateResult,
    Job,
    PolicyVersion,
    RetrainingPolicy,
    Trainer,
)


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """Shows rows; a secret is never among the fields."""

    exclude = ("secret",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


for model in (
    ControlResult,
    Decision,
    Evaluation,
    GateResult,
    Job,
    PolicyVersion,
    RetrainingPolicy,
    Trainer,
):
    admin.site.register(model, ReadOnly)
