"""Files that are deleted for their age: rows say so, and each day has its count."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("monitoring", "0012_what_the_watcher_reads"),
    ]

    operations = [
        migrations.CreateModel(
            name="Tidying",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField(unique=True)),
                ("batches", models.BigIntegerField(default=0)),
                ("label_sets", models.BigIntegerField(default=0)),
                ("reports", models.BigIntegerField(default=0)),
                ("strays", models.BigIntegerField(default=0)),
                ("freed", models.BigIntegerField(default=0)),
                ("place", models.CharField(blank=True, default="", max_length=300)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("lease_token", models.BigIntegerField(default=0)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.AddField(
            model_name="analysis",
            name="file_deleted_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="batch",
            name="file_deleted_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="labelset",
            name="file_deleted_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
