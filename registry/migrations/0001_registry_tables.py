"""The registry's tables, with the keys the decisions fix from the start."""

import uuid

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import registry.secrets


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="BusinessUnit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(max_length=60, unique=True)),
                ("name", models.CharField(max_length=120)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name="ModelEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("version_added", "Version added"),
                            ("version_deleted", "Version deleted in MLflow"),
                            ("alias_moved", "Alias moved"),
                            ("serving_without_approval", "Serving without approval"),
                            ("model_missing", "Model missing from MLflow"),
                            ("model_renamed", "Model renamed in MLflow"),
                        ],
                        max_length=40,
                    ),
                ),
                ("detail", models.JSONField(blank=True, default=dict)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="ModelVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.IntegerField()),
                ("run_id", models.CharField(blank=True, default="", max_length=64)),
                ("source", models.CharField(blank=True, default="", max_length=1000)),
                ("mlflow_model_id", models.CharField(blank=True, default="", max_length=80)),
                ("status", models.CharField(blank=True, default="", max_length=40)),
                ("description", models.TextField(blank=True, default="")),
                ("tags", models.JSONField(blank=True, default=dict)),
                ("created_at", models.DateTimeField()),
                ("first_seen_at", models.DateTimeField()),
                ("deleted_at", models.DateTimeField(blank=True, null=True)),
                ("run_tags", models.JSONField(blank=True, default=dict)),
                ("params", models.JSONField(blank=True, default=dict)),
                ("metrics", models.JSONField(blank=True, default=dict)),
                ("signature", models.JSONField(blank=True, default=dict)),
                ("datasets", models.JSONField(blank=True, default=list)),
                ("files", models.JSONField(blank=True, default=dict)),
                ("documents", models.JSONField(blank=True, default=dict)),
                ("digest", models.CharField(blank=True, default="", max_length=64)),
                ("evidence_read_at", models.DateTimeField(blank=True, null=True)),
                ("evidence_fault", models.TextField(blank=True, default="")),
            ],
        ),
        migrations.CreateModel(
            name="Person",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                (
                    "last_login",
                    models.DateTimeField(blank=True, null=True, verbose_name="last login"),
                ),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("email", models.EmailField(max_length=254, unique=True)),
                ("name", models.CharField(max_length=120)),
                ("time_zone", models.CharField(default="UTC", max_length=64)),
                ("is_active", models.BooleanField(default=True)),
                ("is_staff", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "manager",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="reports",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="AuditEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("actor_label", models.CharField(max_length=200)),
                ("action", models.CharField(max_length=60)),
                ("object_type", models.CharField(max_length=40)),
                ("object_id", models.CharField(max_length=64)),
                ("object_label", models.CharField(max_length=300)),
                ("request_id", models.CharField(blank=True, default="", max_length=64)),
                ("reason", models.CharField(blank=True, default="", max_length=500)),
                ("before", models.JSONField(blank=True, null=True)),
                ("after", models.JSONField(blank=True, null=True)),
                (
                    "actor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="registry.businessunit",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="AuditLink",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sequence", models.BigIntegerField(unique=True)),
                ("previous_hash", models.CharField(max_length=64)),
                ("hash", models.CharField(max_length=64)),
                (
                    "event",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="link",
                        to="registry.auditevent",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ApiToken",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("name", models.CharField(max_length=120)),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField()),
                ("last_used_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tokens",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="registry.businessunit",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="FleetRole",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("risk_reader", "Risk reader"),
                            ("auditor", "Auditor"),
                            ("platform_admin", "Platform admin"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="fleet_roles",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("viewer", "Viewer"),
                            ("developer", "Developer"),
                            ("owner", "Owner"),
                            ("validator", "Validator"),
                            ("approver", "Approver"),
                            ("unit_admin", "Unit admin"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memberships",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to="registry.businessunit",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="MLflowServer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(max_length=60, unique=True)),
                ("origin", models.CharField(max_length=300)),
                ("workspace", models.CharField(blank=True, default="", max_length=120)),
                ("username", models.CharField(blank=True, default="", max_length=120)),
                ("password", registry.secrets.EncryptedTextField(blank=True, default="")),
                ("token", registry.secrets.EncryptedTextField(blank=True, default="")),
                ("next_sweep_at", models.DateTimeField()),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("lease_token", models.BigIntegerField(default=0)),
                ("sweeps_completed", models.BigIntegerField(default=0)),
                ("swept_at", models.DateTimeField(blank=True, null=True)),
                ("fault", models.TextField(blank=True, default="")),
                ("fault_since", models.DateTimeField(blank=True, null=True)),
                ("failures", models.IntegerField(default=0)),
            ],
            options={
                "indexes": [models.Index(fields=["next_sweep_at"], name="server_due")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("origin", "workspace"), name="one_server_per_origin_and_workspace"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MetricPoint",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("run_id", models.CharField(max_length=64)),
                ("key", models.CharField(max_length=250)),
                ("step", models.BigIntegerField()),
                ("at", models.DateTimeField()),
                ("value", models.CharField(max_length=40)),
                ("number", models.FloatField(null=True)),
                (
                    "server",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="registry.mlflowserver"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="EventAnswer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("consumer", models.CharField(max_length=40)),
                ("at", models.DateTimeField()),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="answers",
                        to="registry.modelevent",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="modelevent",
            name="version",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                to="registry.modelversion",
            ),
        ),
        migrations.CreateModel(
            name="RegisteredModel",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("slug", models.SlugField(max_length=100, unique=True)),
                ("name", models.CharField(max_length=200)),
                ("purpose", models.TextField()),
                ("description", models.TextField(blank=True, default="")),
                (
                    "task",
                    models.CharField(
                        choices=[
                            ("classification", "Classification"),
                            ("regression", "Regression"),
                            ("ranking", "Ranking"),
                            ("forecasting", "Forecasting"),
                            ("clustering", "Clustering"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "lifecycle",
                    models.CharField(
                        choices=[
                            ("proposed", "Proposed"),
                            ("in_development", "In development"),
                            ("active", "Active"),
                            ("restricted", "Restricted"),
                            ("suspended", "Suspended"),
                            ("decommissioning", "Decommissioning"),
                            ("decommissioned", "Decommissioned"),
                        ],
                        default="in_development",
                        max_length=20,
                    ),
                ),
                (
                    "decision_role",
                    models.CharField(
                        choices=[
                            ("information_only", "Information only"),
                            ("one_input", "One input among others"),
                            ("recommendation_reviewed", "Recommendation, reviewed"),
                            ("recommendation_rarely_overruled", "Recommendation, rarely overruled"),
                            ("fully_automated", "Fully automated"),
                        ],
                        max_length=40,
                    ),
                ),
                (
                    "jurisdictions",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=6),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                (
                    "tags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                ("tier", models.SmallIntegerField(default=1)),
                ("tier_answers", models.JSONField(blank=True, default=dict)),
                ("tier_reasons", models.JSONField(blank=True, default=list)),
                ("mlflow_name", models.CharField(blank=True, default="", max_length=300)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "deputy",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deputized_models",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "mlflow_server",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="claims",
                        to="registry.mlflowserver",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="owned_models",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="models",
                        to="registry.businessunit",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ModelUse",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("purpose", models.TextField()),
                ("population", models.TextField(blank=True, default="")),
                (
                    "jurisdictions",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=6),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                ("is_default", models.BooleanField(default=False)),
                (
                    "model",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="uses",
                        to="registry.registeredmodel",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="modelevent",
            name="model",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="events",
                to="registry.registeredmodel",
            ),
        ),
        migrations.CreateModel(
            name="SlugHistory",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(max_length=100, unique=True)),
                (
                    "model",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="slugs",
                        to="registry.registeredmodel",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SourceModel",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=300)),
                ("created_ms", models.BigIntegerField()),
                (
                    "presence",
                    models.CharField(
                        choices=[
                            ("present", "Present"),
                            ("missing", "Missing"),
                            ("forbidden", "Not readable with our credentials"),
                        ],
                        default="present",
                        max_length=20,
                    ),
                ),
                ("description", models.TextField(blank=True, default="")),
                ("tags", models.JSONField(blank=True, default=dict)),
                ("aliases", models.JSONField(blank=True, default=dict)),
                ("first_seen_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
                ("absent_sweeps", models.IntegerField(default=0)),
                (
                    "registered_model",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="source_models",
                        to="registry.registeredmodel",
                    ),
                ),
                (
                    "server",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="source_models",
                        to="registry.mlflowserver",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="modelversion",
            name="source_model",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="versions",
                to="registry.sourcemodel",
            ),
        ),
        migrations.AddField(
            model_name="modelevent",
            name="source_model",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="events",
                to="registry.sourcemodel",
            ),
        ),
        migrations.CreateModel(
            name="AliasEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("alias", models.CharField(max_length=255)),
                ("from_number", models.IntegerField(blank=True, null=True)),
                ("to_number", models.IntegerField(blank=True, null=True)),
                ("seen_at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "source_model",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="alias_events",
                        to="registry.sourcemodel",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TierAssessment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("answers", models.JSONField()),
                ("rule_version", models.CharField(max_length=20)),
                ("tier", models.SmallIntegerField()),
                ("reasons", models.JSONField()),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "model",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="assessments",
                        to="registry.registeredmodel",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="person",
            constraint=models.CheckConstraint(
                condition=models.Q(("email", django.db.models.functions.text.Lower("email"))),
                name="person_email_is_lower_case",
            ),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["object_type", "object_id", "-id"], name="audit_of_object"),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["unit", "-id"], name="audit_of_unit"),
        ),
        migrations.AddConstraint(
            model_name="fleetrole",
            constraint=models.UniqueConstraint(
                fields=("person", "role"), name="one_fleet_role_per_person"
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.UniqueConstraint(
                fields=("person", "unit", "role"), name="one_membership_per_person_unit_and_role"
            ),
        ),
        migrations.AddIndex(
            model_name="metricpoint",
            index=models.Index(fields=["run_id", "key", "at"], name="metric_series"),
        ),
        migrations.AddConstraint(
            model_name="metricpoint",
            constraint=models.UniqueConstraint(
                fields=("server", "run_id", "key", "step", "at", "value"),
                name="one_point_per_run_key_step_and_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="eventanswer",
            constraint=models.UniqueConstraint(
                fields=("event", "consumer"), name="one_answer_per_consumer"
            ),
        ),
        migrations.AddIndex(
            model_name="registeredmodel",
            index=models.Index(fields=["unit", "slug"], name="model_by_unit"),
        ),
        migrations.AddIndex(
            model_name="registeredmodel",
            index=django.contrib.postgres.indexes.GinIndex(fields=["tags"], name="model_by_tag"),
        ),
        migrations.AddConstraint(
            model_name="registeredmodel",
            constraint=models.CheckConstraint(
                condition=models.Q(("tier__gte", 1), ("tier__lte", 4)), name="tier_is_one_to_four"
            ),
        ),
        migrations.AddConstraint(
            model_name="registeredmodel",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("deputy__isnull", True),
                    models.Q(("deputy", models.F("owner")), _negated=True),
                    _connector="OR",
                ),
                name="deputy_is_not_the_owner",
            ),
        ),
        migrations.AddConstraint(
            model_name="registeredmodel",
            constraint=models.UniqueConstraint(
                condition=models.Q(("mlflow_server__isnull", False)),
                fields=("mlflow_server", "mlflow_name"),
                name="one_record_per_mlflow_model",
            ),
        ),
        migrations.AddConstraint(
            model_name="modeluse",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_default", True)),
                fields=("model",),
                name="one_default_use_per_model",
            ),
        ),
        migrations.AddConstraint(
            model_name="sourcemodel",
            constraint=models.UniqueConstraint(
                fields=("server", "name", "created_ms"), name="one_source_model_per_creation"
            ),
        ),
        migrations.AddIndex(
            model_name="modelversion",
            index=models.Index(fields=["run_id"], name="version_by_run"),
        ),
        migrations.AddConstraint(
            model_name="modelversion",
            constraint=models.UniqueConstraint(
                fields=("source_model", "number"), name="one_version_per_number"
            ),
        ),
        migrations.AddIndex(
            model_name="modelevent",
            index=models.Index(fields=["model", "-at"], name="events_of_model"),
        ),
        migrations.AddIndex(
            model_name="aliasevent",
            index=models.Index(fields=["source_model", "alias", "seen_at"], name="alias_as_of"),
        ),
    ]
