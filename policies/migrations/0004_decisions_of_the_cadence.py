"""A decision may be asked for by the cadence alone, once for each time at which it asks."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("monitoring", "0004_alerts_without_a_check"),
        ("policies", "0003_evaluation_cursor"),
        ("registry", "0008_revisions_by_slug"),
    ]

    operations = [
        migrations.AddField(
            model_name="decision",
            name="cadence_due",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="decision",
            name="trigger_run",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="decisions",
                to="monitoring.run",
            ),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.UniqueConstraint(
                condition=models.Q(("trigger_run", None)),
                fields=("policy_version", "model", "cadence_due"),
                name="one_decision_per_cadence_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.CheckConstraint(
                condition=models.Q(("trigger_run", None), ("cadence_due", None), _connector="XOR"),
                name="a_run_or_the_cadence_asked",
            ),
        ),
    ]
