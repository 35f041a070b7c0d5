"""An alert may tell what happened in MLflow, without a check."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("monitoring", "0003_files_and_waiting"),
        ("registry", "0004_revisions_only_grow"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="alert",
            name="check_ref",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="alerts",
                to="monitoring.check",
            ),
        ),
        migrations.AddConstraint(
            model_name="alert",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("check_ref__isnull", True), models.Q(("state", "resolved"), _negated=True)
                ),
                fields=("model", "condition", "segment"),
                name="one_open_alert_per_event_condition",
            ),
        ),
    ]
