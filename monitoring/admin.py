"""The back office: every table of monitoring to look at, none to change.

What may be changed has an operation with its rights and its audit; a form beside it would not.
"""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from monitoring import models


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """Show rows; add, change and delete nothing."""

    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(models.Source)
class SourceAdmin(ReadOnly):
    list_display = ("model", "name", "address", "format", "scanned_at", "fault")
    list_select_related = ("model",)
    exclude = ("secret",)


@admin.register(models.Check)
class CheckAdmin(ReadOnly):
    list_display = ("model", "slug", "kind", "paused", "next_window_start", "next_plan_at")
    list_select_related = ("model",)


@admin.register(models.Run)
class RunAdmin(ReadOnly):
    list_display = ("id", "window", "revision", "current", "state", "attempts", "finished_at")
    list_filter = ("state", "current")
    list_select_related = ("window",)


@admin.register(models.Alert)
class AlertAdmin(ReadOnly):
    list_display = ("id", "model", "condition", "segment", "state", "severity", "headline")
    list_filter = ("state", "severity", "condition")
    list_select_related = ("model",)


@admin.register(models.Incident)
class IncidentAdmin(ReadOnly):
    list_display = ("id", "title", "state", "severity", "opened_at", "closed_at", "verdict")
    list_filter = ("state", "severity")


@admin.register(models.Delivery)
class DeliveryAdmin(ReadOnly):
    list_display = ("id", "alert", "channel", "kind", "state", "route", "due_at", "message")
    list_filter = ("state", "kind", "route")
    list_select_related = ("alert", "channel", "message")


@admin.register(models.Message)
class MessageAdmin(ReadOnly):
    list_display = ("id", "channel", "kind", "state", "attempts", "due_at", "sent_at")
    list_filter = ("state", "kind")
    list_select_related = ("channel",)


@admin.register(models.Channel)
class ChannelAdmin(ReadOnly):
    list_display = ("slug", "kind", "address", "disabled_at")
    exclude = ("secret",)


@admin.register(models.Health)
class HealthAdmin(ReadOnly):
    list_display = ("model", "state", "since", "observed_at", "stale_at")
    list_filter = ("state",)
    list_select_related = ("model",)


# Only to look things up by; their rows are shown on the pages of a model.
admin.site.register(
    [
        models.AlertNote,
        models.Analysis,
        models.Baseline,
        models.Batch,
        models.CheckVersion,
        models.Contract,
        models.ContractVersion,
        models.Expectation,
        models.HealthSpan,
        models.Heartbeat,
        models.Invariant,
        models.LabelSet,
        models.NotificationSetting,
        models.Silence,
        models.Thread,
        models.UnitNotification,
        models.Window,
    ],
    ReadOnly,
)


@admin.register(models.Tidying)
class TidyingAdmin(ReadOnly):
    list_display = ("day", "batches", "label_sets", "reports", "strays", "freed", "finished_at")
