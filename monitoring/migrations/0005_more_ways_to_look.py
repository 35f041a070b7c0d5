"""Fairness, skew, other sources, analyses on request, and what is expected."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import registry.secrets


class Migration(migrations.Migration):
    dependencies = [
        ("monitoring", "0004_alerts_without_a_check"),
        ("registry", "0010_points_read_at"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="batch",
            name="format",
            field=models.CharField(blank=True, default="", max_length=10),
        ),
        migrations.AddField(
            model_name="labelset",
            name="format",
            field=models.CharField(blank=True, default="", max_length=10),
        ),
        migrations.AddField(
            model_name="reading",
            name="adjusted_p",
            field=models.FloatField(null=True),
        ),
        migrations.AddField(
            model_name="reading",
            name="effect",
            field=models.FloatField(null=True),
        ),
        migrations.AddField(
            model_name="reading",
            name="stage",
            field=models.CharField(blank=True, default="", max_length=20),
        ),
        migrations.AddField(
            model_name="reading",
            name="weight",
            field=models.FloatField(null=True),
        ),
        migrations.AddField(
            model_name="source",
            name="kind",
            field=models.CharField(
                choices=[("folder", "Folder"), ("upload", "Upload"), ("sql", "SQL query")],
                default="folder",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="source",
            name="labels_query",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.AddField(
            model_name="source",
            name="query",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.AddField(
            model_name="source",
            name="secret",
            field=registry.secrets.EncryptedTextField(blank=True, default=""),
        ),
        migrations.AlterField(
            model_name="check",
            name="kind",
            field=models.CharField(
                choices=[
                    ("data", "Data and drift"),
                    ("performance", "Performance"),
                    ("metric", "MLflow metric"),
                    ("fairness", "Fairness"),
                    ("skew", "Training-serving skew"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="source",
            name="address",
            field=models.CharField(blank=True, default="", max_length=1000),
        ),
        migrations.AlterField(
            model_name="source",
            name="format",
            field=models.CharField(
                choices=[
                    ("parquet", "Parquet"),
                    ("csv", "CSV"),
                    ("arrow", "Arrow IPC"),
                    ("jsonl", "JSON lines"),
                ],
                default="parquet",
                max_length=10,
            ),
        ),
        migrations.CreateModel(
            name="Expectation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("feature", models.CharField(blank=True, default="", max_length=250)),
                ("segment", models.CharField(blank=True, default="", max_length=250)),
                ("reason", models.CharField(max_length=500)),
                ("until", models.DateTimeField()),
                ("at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "check_ref",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="expectations",
                        to="monitoring.check",
                    ),
                ),
                (
                    "ended_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Analysis",
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
                            ("report", "Full Evidently report"),
                            ("forecast", "Forecast of false alarms"),
                        ],
                        max_length=20,
                    ),
                ),
                ("body", models.JSONField(blank=True, default=dict)),
                ("digest", models.CharField(max_length=64)),
                ("requested_at", models.DateTimeField()),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("lease_token", models.BigIntegerField(default=0)),
                ("attempts", models.IntegerField(default=0)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("fault", models.CharField(blank=True, default="", max_length=1000)),
                ("result", models.JSONField(blank=True, default=dict)),
                ("path", models.CharField(blank=True, default="", max_length=1000)),
                ("size", models.BigIntegerField(blank=True, null=True)),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "model",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="analyses",
                        to="registry.registeredmodel",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="analyses",
                        to="monitoring.run",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("finished_at__isnull", True)),
                        fields=["requested_at"],
                        name="analysis_due",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("kind", "model", "digest"), name="one_analysis_per_question"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="GroupCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("attribute", models.CharField(max_length=200)),
                ("group", models.CharField(max_length=250)),
                ("n", models.BigIntegerField()),
                ("selected", models.BigIntegerField()),
                ("tp", models.BigIntegerField(null=True)),
                ("fp", models.BigIntegerField(null=True)),
                ("fn", models.BigIntegerField(null=True)),
                ("tn", models.BigIntegerField(null=True)),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="group_counts",
                        to="monitoring.run",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("run", "attribute", "group"), name="one_count_per_group"
                    )
                ],
            },
        ),
    ]
