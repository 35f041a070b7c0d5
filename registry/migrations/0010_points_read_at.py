from django.db import migrations, models


class Migration(migrations.Migration):
    """When a look at the points of a version's run last began."""

    dependencies = [("registry", "0009_many_models_at_once")]

    operations = [
        migrations.AddField(
            model_name="modelversion",
            name="points_read_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
