from django.db import migrations, models


class Migration(migrations.Migration):
    """One more kind of long work; only the list of choices knows of it."""

    dependencies = [
        ("registry", "0008_revisions_by_slug"),
    ]

    operations = [
        migrations.AlterField(
            model_name="operation",
            name="kind",
            field=models.CharField(
                choices=[
                    ("import_mlflow", "Import from MLflow"),
                    ("import_inventory", "Import of an inventory file"),
                    ("bulk_models", "Many models at once"),
                ],
                max_length=40,
            ),
        ),
    ]
