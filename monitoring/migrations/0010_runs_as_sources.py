"""Runs in MLflow as a source of batches: which files they log, and which run a batch is of."""

from django.db import migrations, models

_FORMATS = [
    ("parquet", "Parquet"),
    ("csv", "CSV"),
    ("arrow", "Arrow IPC"),
    ("jsonl", "JSON lines"),
    ("table", "Table of MLflow (JSON)"),
]
_KINDS = [
    ("folder", "Folder"),
    ("upload", "Upload"),
    ("sql", "SQL query"),
    ("mlflow", "Runs in MLflow"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("monitoring", "0009_news_travels_in_messages"),
    ]

    operations = [
        migrations.AddField(
            model_name="batch",
            name="origin",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name="labelset",
            name="origin",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name="source",
            name="artifact",
            field=models.CharField(blank=True, default="", max_length=250),
        ),
        migrations.AddField(
            model_name="source",
            name="labels_artifact",
            field=models.CharField(blank=True, default="", max_length=250),
        ),
        migrations.AlterField(
            model_name="source",
            name="format",
            field=models.CharField(choices=_FORMATS, default="parquet", max_length=10),
        ),
        migrations.AlterField(
            model_name="source",
            name="kind",
            field=models.CharField(choices=_KINDS, default="folder", max_length=10),
        ),
    ]
