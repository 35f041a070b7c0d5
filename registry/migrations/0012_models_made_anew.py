"""When a model in MLflow was first tied to a record, and news of models that were made anew."""

from django.db import migrations, models

_KINDS = [
    ("version_added", "Version added"),
    ("version_deleted", "Version deleted in MLflow"),
    ("alias_moved", "Alias moved"),
    ("serving_without_approval", "Serving without approval"),
    ("model_missing", "Model missing from MLflow"),
    ("model_renamed", "Model renamed in MLflow"),
    ("model_returned", "Model is back in MLflow"),
    ("model_made_anew", "Model deleted and made anew in MLflow"),
    ("model_retied", "Record tied to the model made anew"),
    ("artifact_changed", "Files of a version were overwritten"),
    ("run_deleted", "Training run deleted in MLflow"),
    ("logged_model_deleted", "Logged model deleted in MLflow"),
    ("integrity_restored", "Files of a version are as recorded again"),
]


class Migration(migrations.Migration):
    dependencies = [("registry", "0011_passwords_set_by_others")]

    operations = [
        migrations.AddField(
            model_name="sourcemodel",
            name="tied_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="modelevent",
            name="kind",
            field=models.CharField(choices=_KINDS, max_length=40),
        ),
    ]
