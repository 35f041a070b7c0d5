"""Tables for history, scope, tiers, operations; columns for servers and integrity."""

import uuid

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations, models

import registry.secrets


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0002_clock_insert_only_and_audit_chain"),
    ]

    operations = [
        BtreeGistExtension(),
        migrations.CreateModel(
            name="IdempotentRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=255)),
                ("address", models.CharField(max_length=500)),
                ("body_digest", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField()),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("status", models.SmallIntegerField(blank=True, null=True)),
                ("headers", models.JSONField(blank=True, default=dict)),
                ("body", registry.secrets.EncryptedTextField(blank=True, default="")),
            ],
        ),
        migrations.CreateModel(
            name="MLflowDelivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("delivery_id", models.CharField(max_length=200)),
                ("received_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="ModelRevision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.IntegerField()),
                ("validity", django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                ("snapshot", models.JSONField()),
                ("reason", models.CharField(blank=True, default="", max_length=500)),
            ],
        ),
        migrations.CreateModel(
            name="Operation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("import_mlflow", "Import from MLflow"),
                            ("import_inventory", "Import of an inventory file"),
                        ],
                        max_length=40,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="queued",
                        max_length=20,
                    ),
                ),
                ("request_id", models.CharField(blank=True, default="", max_length=64)),
                ("body", models.JSONField()),
                ("total", models.IntegerField(default=0)),
                ("results", models.JSONField(blank=True, default=list)),
                ("fault", models.CharField(blank=True, default="", max_length=1000)),
                ("created_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("lease_token", models.BigIntegerField(default=0)),
                ("attempts", models.IntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="ScopeDecision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("regime", models.SlugField(max_length=60)),
                ("pack_version", models.CharField(max_length=20)),
                (
                    "result",
                    models.CharField(
                        choices=[
                            ("in", "In scope"),
                            ("out", "Out of scope"),
                            ("not_applicable", "Not applicable"),
                            ("unknown", "Not decided"),
                        ],
                        max_length=20,
                    ),
                ),
                ("facts", models.JSONField(blank=True, default=dict)),
                ("reason", models.CharField(max_length=1000)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="TierOverride",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("tier", models.SmallIntegerField()),
                ("computed_tier", models.SmallIntegerField()),
                ("reason", models.CharField(max_length=1000)),
                ("requested_at", models.DateTimeField()),
                ("approved_at", models.DateTimeField(blank=True, null=True)),
                ("ends_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("end_reason", models.CharField(blank=True, default="", max_length=500)),
            ],
        ),
        migrations.AddField(
            model_name="mlflowserver",
            name="breaker_until",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="mlflowserver",
            name="ca_certificate",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.AddField(
            model_name="mlflowserver",
            name="metrics_read_fully_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="mlflowserver",
            name="progress",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name="mlflowserver",
            name="resolved_addresses",
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AddField(
            model_name="mlflowserver",
            name="webhook_secret",
            field=registry.secrets.EncryptedTextField(blank=True, default=""),
        ),
        migrations.AddField(
            model_name="modelversion",
            name="integrity_checked_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="modelversion",
            name="integrity_fault",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.AddField(
            model_name="modelversion",
            name="next_integrity_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="registeredmodel",
            name="computed_tier",
            field=models.SmallIntegerField(default=1),
        ),
        migrations.AddField(
            model_name="registeredmodel",
            name="record",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name="sourcemodel",
            name="dismiss_reason",
            field=models.CharField(blank=True, default="", max_length=500),
        ),
        migrations.AddField(
            model_name="sourcemodel",
            name="dismissed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="sourcemodel",
            name="dismissed_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="modelevent",
            name="kind",
            field=models.CharField(
                choices=[
                    ("version_added", "Version added"),
                    ("version_deleted", "Version deleted in MLflow"),
                    ("alias_moved", "Alias moved"),
                    ("serving_without_approval", "Serving without approval"),
                    ("model_missing", "Model missing from MLflow"),
                    ("model_renamed", "Model renamed in MLflow"),
                    ("model_returned", "Model is back in MLflow"),
                    ("artifact_changed", "Files of a version were overwritten"),
                    ("run_deleted", "Training run deleted in MLflow"),
                    ("logged_model_deleted", "Logged model deleted in MLflow"),
                    ("integrity_restored", "Files of a version are as recorded again"),
                ],
                max_length=40,
            ),
        ),
        migrations.AddIndex(
            model_name="modelversion",
            index=models.Index(
                condition=models.Q(("next_integrity_at__isnull", False)),
                fields=["next_integrity_at"],
                name="integrity_due",
            ),
        ),
        migrations.AddField(
            model_name="idempotentrequest",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="idempotentrequest",
            name="token",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="registry.apitoken",
            ),
        ),
        migrations.AddField(
            model_name="mlflowdelivery",
            name="server",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="deliveries",
                to="registry.mlflowserver",
            ),
        ),
        migrations.AddField(
            model_name="modelrevision",
            name="by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="modelrevision",
            name="model",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="revisions",
                to="registry.registeredmodel",
            ),
        ),
        migrations.AddField(
            model_name="modelrevision",
            name="unit",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="registry.businessunit",
            ),
        ),
        migrations.AddField(
            model_name="operation",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="operations",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="operation",
            name="token",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="registry.apitoken",
            ),
        ),
        migrations.AddField(
            model_name="scopedecision",
            name="by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="scopedecision",
            name="model",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="scope_decisions",
                to="registry.registeredmodel",
            ),
        ),
        migrations.AddField(
            model_name="tieroverride",
            name="approved_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="tieroverride",
            name="ended_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="tieroverride",
            name="model",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="tier_overrides",
                to="registry.registeredmodel",
            ),
        ),
        migrations.AddField(
            model_name="tieroverride",
            name="requested_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="idempotentrequest",
            index=models.Index(fields=["created_at"], name="idempotent_by_age"),
        ),
        migrations.AddConstraint(
            model_name="idempotentrequest",
            constraint=models.UniqueConstraint(
                fields=("person", "key"), name="one_request_per_key"
            ),
        ),
        migrations.AddConstraint(
            model_name="mlflowdelivery",
            constraint=models.UniqueConstraint(
                fields=("server", "delivery_id"), name="one_row_per_mlflow_delivery"
            ),
        ),
        migrations.AddIndex(
            model_name="modelrevision",
            index=django.contrib.postgres.indexes.GistIndex(
                fields=["validity"], name="revisions_as_of"
            ),
        ),
        migrations.AddConstraint(
            model_name="modelrevision",
            constraint=models.UniqueConstraint(
                fields=("model", "number"), name="one_revision_per_number"
            ),
        ),
        migrations.AddConstraint(
            model_name="modelrevision",
            constraint=models.UniqueConstraint(
                condition=models.Q(("validity__upper_inf", True)),
                fields=("model",),
                name="one_open_revision_per_model",
            ),
        ),
        migrations.AddConstraint(
            model_name="modelrevision",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[("model", "="), ("validity", "&&")], name="revisions_do_not_overlap"
            ),
        ),
        migrations.AddIndex(
            model_name="operation",
            index=models.Index(
                condition=models.Q(("finished_at__isnull", True)),
                fields=["created_at"],
                name="operation_due",
            ),
        ),
        migrations.AddIndex(
            model_name="scopedecision",
            index=models.Index(fields=["model", "regime", "-at"], name="scope_as_of"),
        ),
        migrations.AddConstraint(
            model_name="tieroverride",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True)),
                fields=("model",),
                name="one_tier_override_per_model",
            ),
        ),
        migrations.AddConstraint(
            model_name="tieroverride",
            constraint=models.CheckConstraint(
                condition=models.Q(("tier__gte", 1), ("tier__lte", 4)),
                name="overridden_tier_is_one_to_four",
            ),
        ),
        migrations.AddConstraint(
            model_name="tieroverride",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("approved_by__isnull", True),
                    models.Q(("approved_by", models.F("requested_by")), _negated=True),
                    _connector="OR",
                ),
                name="nobody_approves_their_own_tier",
            ),
        ),
        migrations.AddConstraint(
            model_name="tieroverride",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("tier__lte", models.F("computed_tier")),
                    ("ends_at__isnull", False),
                    _connector="OR",
                ),
                name="a_lighter_tier_ends",
            ),
        ),
    ]
