"""The back office: look at everything the registry holds, change nothing past its operations."""

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from registry.models import (
    AliasEvent,
    ApiToken,
    AuditEvent,
    AuditLink,
    BusinessUnit,
    FleetRole,
    Membership,
    MLflowServer,
    ModelEvent,
    ModelUse,
    ModelVersion,
    Person,
    RegisteredModel,
    SlugHistory,
    SourceModel,
    TierAssessment,
)

# allauth's pages in the back office change rows past Muster's operations, and show secrets.
for _model in (
    Authenticator,
    EmailAddress,
    EmailConfirmation,
    SocialAccount,
    SocialApp,
    SocialToken,
    UserSession,
):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Show rows to staff and refuse every change: those are made, and audited, elsewhere."""

    show_full_result_count = False
    list_per_page = 50

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return bool(request.user.is_active and request.user.is_staff)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


@admin.register(BusinessUnit)
class BusinessUnitAdmin(ReadOnlyAdmin):
    list_display = ("slug", "name", "created_at")
    search_fields = ("slug", "name")
    ordering = ("slug",)


@admin.register(Person)
class PersonAdmin(ReadOnlyAdmin):
    list_display = ("email", "name", "is_active", "is_staff", "last_login")
    search_fields = ("email", "name")
    ordering = ("email",)
    exclude = ("password", "groups", "user_permissions")


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin):
    list_display = ("person", "unit", "role")
    list_filter = ("role", "unit")
    list_select_related = ("person", "unit")


@admin.register(FleetRole)
class FleetRoleAdmin(ReadOnlyAdmin):
    list_display = ("person", "role")
    list_select_related = ("person",)


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    list_display = ("name", "person", "unit", "expires_at", "last_used_at", "revoked_at")
    list_select_related = ("person", "unit")
    exclude = ("digest",)


@admin.register(MLflowServer)
class MLflowServerAdmin(ReadOnlyAdmin):
    list_display = ("slug", "origin", "workspace", "swept_at", "fault", "failures")
    exclude = ("password", "token", "webhook_secret", "progress")


@admin.register(RegisteredModel)
class RegisteredModelAdmin(ReadOnlyAdmin):
    list_display = ("slug", "name", "unit", "owner", "tier", "lifecycle", "updated_at")
    list_filter = ("tier", "lifecycle", "task", "unit")
    list_select_related = ("unit", "owner")
    search_fields = ("slug", "name", "purpose")
    ordering = ("slug",)


@admin.register(SourceModel)
class SourceModelAdmin(ReadOnlyAdmin):
    list_display = ("name", "server", "registered_model", "presence", "seen_at")
    list_filter = ("presence", "server")
    list_select_related = ("server", "registered_model")
    search_fields = ("name",)


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnlyAdmin):
    list_display = ("source_model", "number", "status", "created_at", "evidence_read_at")
    list_select_related = ("source_model",)
    search_fields = ("source_model__name", "run_id")


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "actor_label", "action", "object_type", "object_label", "unit")
    list_select_related = ("unit",)
    search_fields = ("object_label", "actor_label", "action")
    ordering = ("-id",)


@admin.register(AuditLink)
class AuditLinkAdmin(ReadOnlyAdmin):
    list_display = ("sequence", "event_id", "hash")
    ordering = ("-sequence",)


@admin.register(ModelEvent)
class ModelEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "kind", "model", "source_model", "version")
    list_filter = ("kind",)
    list_select_related = ("model", "source_model", "version")
    ordering = ("-id",)


@admin.register(AliasEvent, ModelUse, SlugHistory, TierAssessment)
class PlainAdmin(ReadOnlyAdmin):
    """Rows whose own words say enough."""
