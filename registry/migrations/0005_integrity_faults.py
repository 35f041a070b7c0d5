"""Faults of integrity are kept by kind, so that each can begin and end by itself."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0004_revisions_only_grow"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="modelversion",
            name="integrity_due",
        ),
        migrations.RemoveField(
            model_name="modelversion",
            name="integrity_fault",
        ),
        migrations.AddField(
            model_name="modelversion",
            name="integrity_faults",
            field=models.JSONField(blank=True, default=dict),
        ),
    ]
