"""Say on each check who may claim its runs: the judge of a machine, or Spark."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0006_estimate_of_a_window")]

    operations = [
        migrations.AddField(
            model_name="check",
            name="engine",
            field=models.CharField(default="local", max_length=10),
        ),
    ]
